/**
 * @file deploy/lab/balancer/runtime.h
 * @brief Asking a running HAProxy through its unix socket.
 */
#pragma once

#include "server/base/buf.h"

#include <stdbool.h>

/**
 * Send one command and append the whole answer.
 * @param dir_fd  the directory the socket lies in
 * @return false when nobody answers within 5 s; then @p buf holds a part
 */
bool zdd_haproxy_ask(int dir_fd, const char *command, struct zdd_buf *buf);

/** @return the pid of the worker that answers now, 0 when none does */
long zdd_haproxy_worker(int dir_fd);
