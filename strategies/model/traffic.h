/**
 * @file strategies/model/traffic.h
 * @brief Two versions behind one balancer: what each shall get, and what is seen of it.
 *
 * Weights belong to servers, not to versions: three old ones at 100 and one new at 75 share 80 to
 * 20. How requests are moved without losing one: marathon-lb.md §4.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ZDD_WEIGHT_BASE 1     /* what a server has that nobody has said anything about */
#define ZDD_SHARE_PERCENT 100 /* a share counts in hundredths of a percent */
#define ZDD_SHARE_ALL (100 * ZDD_SHARE_PERCENT)

/** The two versions of a pair, and of the old one the instances that are about to go. */
enum zdd_pair_side { ZDD_SIDE_OLD, ZDD_SIDE_NEW, ZDD_SIDE_LEAVING, ZDD_SIDE_COUNT };

#define ZDD_VERSION_COUNT 2 /* the sides that are versions come first */

/** What a server shall do. */
enum zdd_serving {
    ZDD_SERVES, /* takes requests by its weight; weight 0: no new ones, sticky users stay */
    ZDD_DRAINS, /* no new requests, sticky users stay, those under way end */
    ZDD_RESTS,  /* no requests at all, sticky users move; those under way end */
    ZDD_SERVING_COUNT
};

/** What all servers of one side get. */
struct zdd_side_setting {
    enum zdd_serving serving;
    int32_t weight; /* of each server, 0 to ZDD_WEIGHT_MAX */
};

/** What all sides get: absolute, so the same one twice is harmless. */
struct zdd_traffic {
    struct zdd_side_setting side[ZDD_SIDE_COUNT];
    int32_t old_stay; /* instances of the old version that stay; the oldest beyond so many are the
                         leaving side. ZDD_INSTANCES_MAX: all stay */
};

/** What the balancers show of one side, all together. */
struct zdd_side_balance {
    int32_t servers;  /* that are listed, on the balancer that has the most */
    int32_t up;       /* servers that take requests, on the balancer that has the fewest */
    int32_t sessions; /* requests under way and waiting, summed over the balancers */
    bool told; /* every healthy instance is listed on every balancer, and has the setting that
                  was last ordered */
};

/** What the balancers show of a pair. */
struct zdd_balance {
    bool known;             /* every balancer has answered; false: nothing below is known */
    int64_t reloaded_at_ms; /* the newest start of a worker: older ones may still have requests
                               that nobody sees */
    bool weights_ignored;   /* one spreads requests by an algorithm that does not obey weights */
    struct zdd_side_balance side[ZDD_SIDE_COUNT];
};

/** @return what balancers do while nobody has said anything */
struct zdd_traffic zdd_traffic_base(void);
bool zdd_traffic_same(const struct zdd_traffic *a, const struct zdd_traffic *b);

const char *zdd_serving_name(enum zdd_serving serving); /* "serves", "drains", "rests" */
/** @return false, and the result untouched, when there is no such word */
bool zdd_serving_parse(const char *name, enum zdd_serving *ret_serving);
