/**
 * @file deploy/lab/tinyhttp.h
 * @brief The little HTTP/1.1 server inside simpleservice: one thread, keep-alive, delayed answers,
 * a careful end.
 */
#pragma once

#include "server/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct zdd_tiny_request {
    char method[8];
    char path[256]; /* without the query */
    char host[256];
    char remote[64];
};

#define ZDD_TINY_DROPPED 0 /* a status: the connection is closed without an answer */

struct zdd_tiny_answer {
    int status;
    struct zdd_buf body; /* JSON; taken over by the server */
    int64_t delay_ms;    /* the answer is sent that much later */
};

typedef void zdd_tiny_handler(void *cls, const struct zdd_tiny_request *request,
                              struct zdd_tiny_answer *answer);

/**
 * Serve @p port on all addresses until @p stop_fd becomes readable; then end without losing a
 * request: answers that wait go out at once, each says "Connection: close", the listener closes
 * when nothing is under way, connections that idle get a moment to be used once more.
 * @return 0; 1 when it cannot listen (a sentence is on stderr)
 */
int zdd_tiny_serve(uint16_t port, int stop_fd, zdd_tiny_handler *handle, void *cls);
