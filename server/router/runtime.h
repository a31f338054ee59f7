/**
 * @file server/router/runtime.h
 * @brief One line to HAProxy's Runtime API, over TCP or a unix socket, and its whole answer.
 */
#pragma once

#include "server/base/buf.h"
#include "server/router/places.h"

/* Fits into one packet of an Ethernet. */
#define ZDD_RUNTIME_LINE_MAX 1200

/**
 * @param line         commands with ';' between them and none at the end, without a line feed. What
 *                     comes in a second packet may find the connection ended: orders of more than
 *                     ZDD_RUNTIME_LINE_MAX bytes go into several lines.
 * @param until_ms     monotonic; all of it ends by then
 * @param[out] ret_text  the answer is appended; its max bounds it
 * @param[out] reason  on failure, one sentence
 * @return ZDD_ERR_NONE; ZDD_ERR_ROUTER_DOWN: not reached, cut off, too slow or too much;
 *         ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_runtime_ask(const struct zdd_place *place, const char *line,
                                            int64_t until_ms, struct zdd_buf *ret_text,
                                            char reason[static ZDD_ROUTER_REASON_SIZE]);
