/**
 * @file server/router/probe.h
 * @brief Whether Runtime APIs can be used: reached, HAProxy's, and of level admin.
 */
#pragma once

#include "server/router/routers.h"

#define ZDD_PROBE_LIMIT_MS 2000 /* for one address */

/** One sentence about an address that cannot be used. */
typedef void zdd_probe_say(void *cls, const char *text);

/**
 * Ask each of @p options' balancers for an order to a server that does not exist, which only the
 * level admin may give.
 * @return true when all of them can be used; else each fault has been said
 */
bool zdd_haproxy_probe(const struct zdd_router_options *options, zdd_probe_say *say, void *cls);
