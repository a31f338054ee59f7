/**
 * @file tests/bench/support/hello.h
 * @brief The yardstick: bare libmicrohttpd that answers 100 bytes to everything.
 */
#pragma once

#include <stdint.h>

struct MHD_Daemon;

/** Serve on a free port with @p threads in poll mode, as the server does. @return NULL when it
 * cannot */
struct MHD_Daemon *hello_start(unsigned threads, uint16_t *ret_port);
void hello_stop(struct MHD_Daemon *hello);
