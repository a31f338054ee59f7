/**
 * @file server/router/label.h
 * @brief The label that makes an unchanged Marathon-LB ask our agent (marathon-lb.md §4.e).
 */
#pragma once

#include "server/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define ZDD_AGENT_INTERVAL_MS 200 /* up to some 200 servers; beyond, 500 to 1000 (§4.g) */

/**
 * Append the value of HAPROXY_{n}_BACKEND_SERVER_OPTIONS: Marathon-LB's own server line with base
 * weight 1 and an agent at @p advertise ("HOST:PORT", as balancers reach it), asked every
 * @p interval_ms with "ip:port" of the server.
 *
 * The same value belongs on both apps of a pair from their first deployment on: Marathon-LB takes
 * the older app's for both, and a changed label is a new version of the app. It ends in a line
 * feed, without which the next server would stand on the same line. An address is better than a
 * name in @p advertise: HAProxy looks names up when it starts, and does not start when it cannot.
 *
 * @param interval_ms  10 to 60000
 * @return ZDD_ERR_NONE; ZDD_ERR_BODY_INVALID, nothing appended, when @p advertise is no HOST:PORT
 *         with a port or @p interval_ms is out of its bounds; ZDD_ERR_NO_MEMORY,
 * ZDD_ERR_BODY_TOO_BIG
 */
ZDD_MUST_CHECK enum zdd_err zdd_agent_label(struct zdd_buf *buf, const char *advertise,
                                            int64_t interval_ms);

/** The same without an agent: who moves requests sets the weights himself, over the Runtime API.
 * @return ZDD_ERR_NONE, ZDD_ERR_NO_MEMORY, ZDD_ERR_BODY_TOO_BIG */
ZDD_MUST_CHECK enum zdd_err zdd_plain_label(struct zdd_buf *buf);

/** @return true for what one of the two above has written */
bool zdd_label_is_ours(const char *label);
