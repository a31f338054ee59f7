/**
 * @file strategies/floor.h
 * @brief The promised floor of a pair: when it counts as broken, and what serves then.
 *
 * A plan says how few instances will take requests at the worst moment. Whoever counts those that
 * do, on each balancer, asks here what the count means. Pure: no clock, no thread.
 */
#pragma once

#include "strategies/model/plan.h"
#include "strategies/model/run.h"

/** Looks in a row that must agree: one alone may have met a reload, or a check that failed once. */
#define ZDD_FLOOR_LOOKS 2

/** What one look at all balancers shows of a pair. */
struct zdd_floor_sight {
    bool known;      /* a balancer has answered; false: nothing below is known */
    bool complete;   /* … and no other one is missing */
    int32_t serving; /* instances that take requests, on the balancer where they are fewest */
    int32_t carried; /* … that are up and of versions that take requests as ordered: what would be
                        left if nobody helped */
};

/** What is remembered from look to look. */
struct zdd_floor_watch {
    bool reached;  /* the floor has been seen, or the new version takes requests: it is promised */
    bool broken;   /* fewer serve; until both figures above are well again */
    int32_t looks; /* in a row that say the opposite of `broken` */
};

enum zdd_floor_news { ZDD_FLOOR_NO_NEWS, ZDD_FLOOR_VIOLATED, ZDD_FLOOR_RESTORED };

/** @return true while there is a promise to watch over: not before the first order to the
 * balancers, nor while Marathon replaces instances that serve for their labels and balancers take
 * them in */
bool zdd_floor_is_promised(const struct zdd_plan *plan, const struct zdd_run *run);

/** @return true when somebody has ordered that the new version takes requests */
bool zdd_floor_new_serves(const struct zdd_traffic *ordered);

/** Take one look into account. Those that show nothing change nothing. */
enum zdd_floor_news zdd_floor_judge(struct zdd_floor_watch *watch, int32_t floor,
                                    const struct zdd_floor_sight *sight);

/** @return what to tell the balancers while the floor is broken: as ordered, but every server of
 * the old version takes requests with full weight, unless it has all of them anyway. Those that
 * were about to leave count as well. Lowers nothing; gives the new version nothing */
struct zdd_traffic zdd_floor_traffic(const struct zdd_traffic *ordered);
