/**
 * @file tests/bench/support/talk.h
 * @brief One request at a time to a server or a lab; whatever goes wrong ends the benchmark.
 */
#pragma once

#include <stdint.h>

/** Ask port @p port of 127.0.0.1, which has to answer @p status. @param token  bearer, or NULL
 * @param body  JSON, or NULL @return the body of the reply, to free() */
char *talk(uint16_t port, unsigned status, const char *method, const char *path, const char *token,
           const char *body);

/** GET @p path again and again until the reply has @p wanted; it must not say that a deployment has
 * failed. */
void talk_until(uint16_t port, const char *path, const char *token, const char *wanted);
