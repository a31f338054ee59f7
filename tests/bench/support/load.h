/**
 * @file tests/bench/support/load.h
 * @brief A load client: one thread, epoll, N keep-alive connections, raw HTTP/1.1, nothing parsed
 * beyond status and length.
 *
 * Each connection sends a request, waits for the whole reply, sends the next: so N callers. The
 * client has to cost less than the server it measures.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_REQUEST_SIZE 8192
#define LOAD_CONNECTIONS_MAX 1024

struct load_options {
    uint16_t port; /* on 127.0.0.1 */
    unsigned connections;
    uint64_t request_max; /* stop after so many … */
    int64_t time_max_ms;  /* … or after that time, whichever is first */
    unsigned status;      /* that is expected; others are counted as wrong */
    /** Write request @p number (from 0) to @p text. @return its bytes */
    size_t (*make)(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE]);
    /** Called with each whole reply (headers and body, NUL-terminated); may be NULL. */
    void (*reply)(void *cls, uint64_t number, const char *text, size_t size);
    void *cls;
};

struct load_result {
    uint64_t answered;
    uint64_t wrong;       /* another status, or a connection that broke */
    unsigned last_status; /* of the last wrong one; 0 when the connection broke */
    double seconds;
    double per_second;
    double p50_ms, p99_ms, max_ms;
    double server_us; /* CPU of this process besides the client's, for each answer */
};

/** Run to the end; what is wrong is told on stderr. @return false when nothing could be measured */
bool load_run(const struct load_options *options, struct load_result *ret_result);

/** @return the body of a whole reply */
const char *load_body(const char *reply);

/** "GET @p path" with the bearer @p token (NULL: none). @return its bytes */
size_t load_get(char text[static LOAD_REQUEST_SIZE], const char *path, const char *token);

/** The same as a browser asks: it takes gzip. */
size_t load_browse(char text[static LOAD_REQUEST_SIZE], const char *path, const char *token);

/** Connect to @p port of 127.0.0.1. @return a socket; -1 with a word on stderr */
int load_dial(uint16_t port);

/** "POST @p path" with a JSON @p body. @return its bytes */
size_t load_post(char text[static LOAD_REQUEST_SIZE], const char *path, const char *token,
                 const char *body);
