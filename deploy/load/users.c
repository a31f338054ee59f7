/**
 * @file deploy/load/users.c
 * @brief Who met which version.
 */
#include "deploy/load/users.h"

#include <stdio.h>
#include <string.h>

const char *user_header(const struct user *user, const char *header,
                        char room[static USER_HEADER_SIZE])
{
    const bool has_cookies = user && *user->cookies.text;

    if (!has_cookies)
        return header;
    snprintf(room, USER_HEADER_SIZE, "%s%sCookie: %s", header ? header : "", header ? "\r\n" : "",
             user->cookies.text);
    return room;
}

void user_note(struct user *user, const char *version)
{
    if (*user->version && strcmp(user->version, version) != 0)
        user->moves++;
    snprintf(user->version, sizeof(user->version), "%s", version);
}

/* @return true when no user before this one has met the same version last */
static bool is_first(const struct user *users, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(users[i].version, users[index].version) == 0)
            return false;
    }
    return *users[index].version != '\0';
}

static int64_t count_of(const struct user *users, size_t count, const char *version)
{
    int64_t found = 0;

    for (size_t i = 0; i < count; i++)
        found += strcmp(users[i].version, version) == 0;
    return found;
}

void users_report(struct zdd_writer *w, const struct user *users, size_t count)
{
    int64_t moved = 0, moves = 0;

    for (size_t i = 0; i < count; i++) {
        moved += users[i].moves > 0;
        moves += (int64_t)users[i].moves;
    }
    zdd_w_object(w, "users");
    zdd_w_int(w, "count", (int64_t)count);
    zdd_w_int(w, "moved", moved);
    zdd_w_int(w, "moves", moves);
    zdd_w_object(w, "versions");
    for (size_t i = 0; i < count; i++) {
        if (is_first(users, i))
            zdd_w_int(w, users[i].version, count_of(users, count, users[i].version));
    }
    zdd_w_end_object(w);
    zdd_w_end_object(w);
}
