/**
 * @file server/router/listen.h
 * @brief A socket to listen on.
 */
#pragma once

#include <stdint.h>

/** Listen on @p listen_at ("127.0.0.1:8091", "[::]:8091"; port 0: a free one), not blocking, not
 * for child processes. @return the socket; -1, and why in static words */
int zdd_listen(const char *listen_at, int backlog, const char **ret_why);

/** @return the port of a socket that listens */
uint16_t zdd_listen_port(int fd);
