/**
 * @file deploy/lab/balancer/sha1.h
 * @brief SHA-1, for Marathon-LB's cookie values only: libsodium has none, and nothing secret hangs
 * on it.
 */
#pragma once

#include <stddef.h>

#define ZDD_SHA1_HEX_SIZE 41 /* 40 digits and the final NUL */

/** @param size at most 2^32 bytes */
void zdd_sha1_hex(const void *data, size_t size, char ret_hex[static ZDD_SHA1_HEX_SIZE]);
