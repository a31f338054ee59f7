/**
 * @file tests/support/sockets.h
 * @brief What the kernel tells about sockets.
 */
#pragma once

#include <stdint.h>

/** @return IPv4 sockets of local port @p port in TIME_WAIT: connections that this side closed
 * first; -1 when the kernel does not tell */
int sockets_in_time_wait(uint16_t port);
