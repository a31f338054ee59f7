/**
 * @file server/router/sticky.h
 * @brief Whose users stick to their server (marathon-lb.md §1.2, §1.3). Pure.
 *
 * Marathon-LB gives each server of a port with HAPROXY_{n}_STICKY a cookie. While there are two
 * versions, the labels of the older one count for both.
 */
#pragma once

#include "server/base/buf.h"
#include "server/json/json.h"

#include <stdbool.h>

/** The labels are named with a comma between, for people; none: size 0. */
struct zdd_sticky {
    bool any;              /* a version has users who would not leave it while it only drains */
    bool now;              /* users stick while both serve: a weight is a share of new ones */
    struct zdd_buf by_old; /* labels that only the old version has, … */
    struct zdd_buf by_new; /* … only the new one, … */
    struct zdd_buf idle;   /* … and those without effect: the port is balanced as TCP */
    struct zdd_buf kept;   /* labels that keep users while both serve, … */
    bool partly;           /* … and at some other port nothing does */
};

/**
 * Read the labels of both versions, at the ports that are routed.
 * @param old  NULL: there is none, so nobody has anything to choose between
 * @param[out] ret_sticky  all zero before; to be released in every case
 * @return ZDD_ERR_NONE; ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_sticky_read(const json_t *target, const json_t *old,
                                            struct zdd_sticky *ret_sticky);
void zdd_sticky_release(struct zdd_sticky *sticky);
