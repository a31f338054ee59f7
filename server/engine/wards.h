/**
 * @file server/engine/wards.h
 * @brief The pairs whose deployments run, as they were last seen: what the watchdog watches over,
 * and the one place that says what the balancers are told of a pair.
 *
 * Thread-safe. No lock is held while a balancer is spoken to: who has told something looks again
 * whether it still holds, and tells it anew if not. So whoever comes last has told the newest.
 *
 * Memory only, and bounded by the pairs that are deployed at the same time: after a start the first
 * look at each fills it again.
 */
#pragma once

#include "server/engine/balance.h"
#include "strategies/floor.h"

/* So long nobody may have looked for what two looks show alike to have been so in between: an
 * instance that fails, leaves the balancers, is well and comes back takes two reloads and longer.
 */
#define ZDD_WARD_BLIND_MS 3000

struct zdd_wards;

/** @return NULL without memory */
struct zdd_wards *zdd_wards_new(void);
/** NULL is fine. @return NULL */
struct zdd_wards *zdd_wards_free(struct zdd_wards *wards);

/**
 * A step has seen where the pair's instances are. Another deployment of the same pair begins anew.
 * @param fleet   shared, not copied
 * @param now_ms  in the engine's time
 * @return ZDD_ERR_NONE, ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_wards_see(struct zdd_wards *wards, const struct zdd_plan *plan,
                                          const struct zdd_run *run, const struct zdd_fleet *fleet,
                                          int64_t now_ms);

/** What this process has seen by itself, in the engine's time. What others say of times, and what
 * the process before wrote down, may be of another clock. */
struct zdd_ward_times {
    int64_t same_since_ms;     /* the healthy instances have been the same; later, when a balancer
                                  began anew while nobody looked */
    int64_t reloaded_since_ms; /* the newest process of any balancer has been there */
};

/** Take the balancers' processes in @p view into account. @return since when they are known */
struct zdd_ward_times zdd_wards_times(struct zdd_wards *wards, const char *pair,
                                      const struct zdd_router_view *view, int64_t now_ms);

/** @return whether run @p run_id was seen; @p ret_fleet gets its instances as they were seen last,
 * to be released */
ZDD_MUST_CHECK bool zdd_wards_fleet(struct zdd_wards *wards, const char *run_id,
                                    struct zdd_fleet *ret_fleet);

/** @p traffic is what is ordered from now on. A pair that was never seen is none of ours. */
void zdd_wards_order(struct zdd_wards *wards, const char *pair, const struct zdd_traffic *traffic);

/** Tell the balancers what is ordered of @p pair, and what the broken floor asks for on top. Never
 * seen: nothing is told. @return as zdd_balance_tell() */
ZDD_MUST_CHECK enum zdd_err zdd_wards_tell(struct zdd_wards *wards, const struct zdd_router *router,
                                           const char *pair,
                                           char reason[static ZDD_ROUTER_REASON_SIZE]);

/** @return true while fewer instances of @p pair serve than promised */
bool zdd_wards_is_broken(struct zdd_wards *wards, const char *pair);

/**
 * The last question before instances of @p side are removed. After a yes for the old version, or
 * for those of it that leave, nobody sends requests there any more.
 * @return false while the floor is broken: send nothing
 */
bool zdd_wards_may_remove(struct zdd_wards *wards, const char *pair, enum zdd_pair_side side);

/** The deployment @p run_id has ended: nothing more is said of its pair. An unknown one is fine. */
void zdd_wards_drop(struct zdd_wards *wards, const struct zdd_router *router, const char *run_id);

/** A pair to be watched over, copied. */
struct zdd_ward {
    char pair[ZDD_APP_ID_SIZE];
    char run_id[ZDD_ID_SIZE];
    int32_t floor;
    struct zdd_traffic traffic; /* as ordered */
    struct zdd_fleet fleet;     /* shared */
    bool broken;
};

/** All pairs to which something is promised. @return how many; @p ret_list goes back to
 * zdd_wards_release(), also when it is NULL: there are none, or no memory */
size_t zdd_wards_watched(struct zdd_wards *wards, struct zdd_ward **ret_list);
void zdd_wards_release(struct zdd_ward *list, size_t count);

/** What a look at the balancers shows of one pair. */
struct zdd_ward_look {
    struct zdd_floor_sight sight;
    char weakest[ZDD_BALANCER_NAME_SIZE]; /* the balancer where fewest serve */
};

/** Judge a look at @p ward. @return what is new by it */
enum zdd_floor_news zdd_wards_judge(struct zdd_wards *wards, const struct zdd_ward *ward,
                                    const struct zdd_ward_look *look);

/** A crossing of the floor that is not in the event log yet. */
struct zdd_ward_note {
    enum zdd_floor_news news; /* NO_NEWS: there is none */
    int32_t floor;
    struct zdd_ward_look look; /* that showed it */
};

/** @return the oldest crossing that was not noted; it stays until zdd_wards_noted() */
struct zdd_ward_note zdd_wards_unnoted(struct zdd_wards *wards, const struct zdd_ward *ward);
void zdd_wards_noted(struct zdd_wards *wards, const struct zdd_ward *ward,
                     enum zdd_floor_news news);

/** The last look at the pair of a deployment. */
struct zdd_ward_state {
    bool watched; /* false: nothing is promised, and nothing below is known */
    bool broken;
    int32_t floor;
    struct zdd_ward_look look;
};
void zdd_wards_state(struct zdd_wards *wards, const char *run_id, struct zdd_ward_state *ret_state);

struct zdd_wards_stats {
    unsigned broken;     /* pairs whose floor is broken now */
    uint64_t violations; /* since the start */
};
void zdd_wards_stats(struct zdd_wards *wards, struct zdd_wards_stats *ret_stats);
