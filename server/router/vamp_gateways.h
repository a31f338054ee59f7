/**
 * @file server/router/vamp_gateways.h
 * @brief PRIVATE to server/router/: VAMP's gateways as JSON, and what a pair gets of them.
 *
 * A gateway (0.9) shares requests among its routes in whole percents; a route has targets, which
 * are instances. To which side a route belongs is told by the addresses of its targets: names do
 * not matter. Weights of servers become percents of sides.
 */
#pragma once

#include "server/engine/router.h"
#include "server/json/json.h"

/** What was said of a pair last. */
struct zdd_vamp_order {
    enum zdd_serving serving[ZDD_VERSION_COUNT];
    int32_t weight[ZDD_VERSION_COUNT];
};

/** What a pair gets of all gateways. */
struct zdd_vamp_sight {
    struct zdd_balancer_view view; /* but for name, reachable and sessions */
    bool idle[ZDD_VERSION_COUNT];  /* no route of the side gets any request */
};

/**
 * The percents of both sides: whole ones that add up to 100. A side that is to get something gets 1
 * at least and leaves 1 to the other one; when none gets anything both are 0.
 */
void zdd_vamp_percents(const struct zdd_vamp_order *order, const size_t servers[ZDD_VERSION_COUNT],
                       int32_t ret_percents[ZDD_VERSION_COUNT]);

/**
 * Look at all @p gateways (an array) for the pair.
 * @param order  what was said last; NULL: nothing, then a side has weight 1 or 0
 */
void zdd_vamp_look(const json_t *gateways, const struct zdd_router_ask *ask,
                   const struct zdd_vamp_order *order, struct zdd_vamp_sight *ret_sight);

/**
 * How many requests of a side may be under way. VAMP does not tell: one for each server, and none
 * when the side has been seen without a share for a minute, which is longer than the time-outs of
 * VAMP's own HAProxy template.
 *
 * @param since_mono_ms  when it was first seen so, 0 for not; brought up to date. NULL: nobody
 *                       remembers
 */
int32_t zdd_vamp_sessions(int64_t *since_mono_ms, bool idle, int32_t servers, int64_t now_mono_ms);

/** Called for each gateway that has to change. @return what zdd_vamp_change() returns then */
typedef enum zdd_err zdd_vamp_put(void *cls, const char *name, const json_t *gateway,
                                  char reason[static ZDD_ROUTER_REASON_SIZE]);

/**
 * Carry @p order out: call @p put with each gateway of the pair whose weights differ, all else in
 * it as it was. A side without a route in a gateway leaves its share to the other one there.
 * @return ZDD_ERR_NONE; ZDD_ERR_ROUTER_DOWN with a reason: a route leads to both sides, or one that
 *         leads to neither gets requests; what @p put returns; ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_vamp_change(const json_t *gateways,
                                            const struct zdd_router_ask *ask,
                                            const struct zdd_vamp_order *order, zdd_vamp_put *put,
                                            void *cls, char reason[static ZDD_ROUTER_REASON_SIZE]);
