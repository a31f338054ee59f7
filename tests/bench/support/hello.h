/**
 * @file tests/bench/support/hello.h
 * @brief The yardstick: bare libmicrohttpd that answers the same bytes to everything.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HELLO_SIZE 100 /* bytes of a plain hello */

struct hello;

/** Serve @p size bytes on a free port with @p threads in poll mode, as the server does. Ends the
 * program when it cannot. */
struct hello *hello_start(unsigned threads, size_t size, uint16_t *ret_port);
void hello_stop(struct hello *hello);
