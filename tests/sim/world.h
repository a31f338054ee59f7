/**
 * @file tests/sim/world.h
 * @brief A seeded Marathon with faults, behind the engine's cluster interface. Time is a counter,
 * chance is one seed.
 */
#pragma once

#include "server/engine/cluster.h"
#include "strategies/model/decision.h"
#include "strategies/twin.h"

#include <stdio.h>

/** What may go wrong, in percent per call or per tick; all zero is a perfect world. */
struct faults {
    unsigned look_fails;  /* GET without an answer */
    unsigned order_lost;  /* an order that never arrives */
    unsigned answer_lost; /* an order that is carried out, its answer lost */
    unsigned
        order_late; /* an order that is carried out up to 12 s after its failure was reported */
    unsigned order_refused; /* 422 */
    unsigned event_lost, event_doubled, event_late;
    unsigned task_dies, task_ill;
    unsigned leader_change; /* Marathon's plans begin again at step 1 */
    unsigned tasks_stuck;   /* for half a minute no task starts and none ends */
    unsigned clock_jump;    /* the wall clock is set, up to ten minutes either way */
    unsigned foreign_change, foreign_scale, foreign_cancel;
    unsigned engine_dies; /* at each point of a step */
    unsigned command;     /* an operator does something */
};

/** What the caller wants to know about things that lower the floor without our doing. */
struct troubles {
    int cluster; /* tasks that died or fell ill */
    int foreign; /* changes by others */
};

struct late_order {
    bool pending;
    int64_t at_ms;
    enum zdd_order_kind kind;
    struct zdd_cluster_order order;
};

struct world {
    uint64_t seed, random;
    int64_t now_ms;
    bool calm;             /* no more faults: from here on everything must end */
    bool sick_target;      /* instances of the target never turn healthy … */
    bool crashing_target;  /* … and crash soon after their start */
    int64_t crashed_at_ms; /* the last time; 0: never */
    int32_t forced;        /* what choose() gives next, -1: anything */
    struct faults faults;
    struct troubles troubles;
    const struct zdd_plan *plan;
    struct zdd_twin twin;
    int version, config_version; /* counters behind the timestamps */
    int32_t first_target_generation;
    int64_t stuck_until_ms;
    int64_t clock_skew_ms; /* what the engine's clock shows beyond now_ms */
    int clock_jumps;
    bool event_waits; /* something happened that Marathon would tell */
    int64_t event_at_ms;
    struct late_order late;
    unsigned orders_seen;
    FILE *story; /* NULL: nobody reads it */
    /** Called before each order takes effect: the journal must know it. */
    void (*on_order)(void *cls, enum zdd_order_kind kind, const struct zdd_cluster_order *order);
    void *cls;
};

void world_init(struct world *w, uint64_t seed, const struct zdd_plan *plan);
/** The cluster as the engine sees it. */
struct zdd_cluster world_cluster(struct world *w);
/** Half a second passes. */
void world_tick(struct world *w);

uint64_t world_draw(struct world *w);
bool world_chance(struct world *w, unsigned percent);
/** With a fault's probability, never when calm. */
bool world_fault(struct world *w, unsigned percent);
__attribute__((format(printf, 2, 3))) void world_tell(struct world *w, const char *format, ...);
