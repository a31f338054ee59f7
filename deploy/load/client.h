/**
 * @file deploy/load/client.h
 * @brief A strict HTTP client: one connection, kept as long as the other side keeps it, and never
 * a second try.
 *
 * HTTP libraries send a request again when the kept connection breaks under it. Whoever counts
 * what a balancer loses must hear of that: here it is a failure. A connection that was closed while
 * it idled, before anything was sent, is none; a new one is opened.
 */
#pragma once

#include "server/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define CLIENT_WORDS_SIZE 160

struct client;

struct client_answer {
    int status;
    struct zdd_buf body; /* to be released */
    int64_t took_ms;     /* from the first byte sent to the last received */
};

/** @return true when @p url is one client_new() can reach: "http://127.0.0.1:10080", no path */
bool client_can_reach(const char *url);

/** @param url  as client_can_reach() wants it; copied. Connects at the first request. @return NULL
 * without memory */
struct client *client_new(const char *url);
/** @return NULL; NULL is fine */
struct client *client_free(struct client *client);

/**
 * GET @p path with one more @p header line (NULL for none), within 30 s.
 * @param[out] ret_answer  set on success only
 * @param[out] ret_words   why there is no answer
 * @return false when nobody listens or the connection ended before the answer did
 */
bool client_get(struct client *client, const char *path, const char *header,
                struct client_answer *ret_answer, char ret_words[static CLIENT_WORDS_SIZE]);

/** @return the whole of the last answer, its head first; until the next client_get(). Only after
 * one that went well. */
const char *client_answered(const struct client *client);

/** @return how many connections it has opened so far */
unsigned long client_opened(const struct client *client);
