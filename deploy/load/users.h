/**
 * @file deploy/load/users.h
 * @brief Users who come back with their cookies, and which versions they meet.
 *
 * Each user belongs to one caller, who asks for them in turn; the counts belong to load->lock.
 */
#pragma once

#include "deploy/load/cookies.h"
#include "server/json/writer.h"

#include <stdbool.h>
#include <stddef.h>

#define USERS_MAX 10000
#define USER_HEADER_SIZE 640

struct user {
    struct cookies cookies; /* its caller's alone */
    char version[32];       /* that answered last, "" before the first answer */
    unsigned long moves;    /* times that another version answered than before */
};

/** The header lines of a request: @p header (NULL for none) and the user's cookies.
 * @return @p room, or NULL when there are neither */
const char *user_header(const struct user *user, const char *header,
                        char room[static USER_HEADER_SIZE]);

/** @p version has answered him. */
void user_note(struct user *user, const char *version);

/** Add the member users: how many there are, how many of them another version has answered than
 * before, how often that was, and how many each version answered last. */
void users_report(struct zdd_writer *w, const struct user *users, size_t count);
