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
    /* calls */
    unsigned look_fails;    /* GET without an answer, or with one that says nothing */
    unsigned call_slow;     /* up to ten seconds pass before the effect, or before the answer */
    unsigned order_lost;    /* never arrives */
    unsigned answer_lost;   /* is carried out, the answer is lost */
    unsigned order_late;    /* is carried out up to 12 s after its failure was reported */
    unsigned order_half;    /* the definition is stored, and Marathon dies before it deploys it */
    unsigned order_twice;   /* something on the way repeats it */
    unsigned order_refused; /* 422 */
    /* events */
    unsigned event_lost, event_doubled, event_late; /* late ones arrive after newer ones */
    /* tasks */
    unsigned task_dies, task_ill;
    unsigned version_ill; /* a pair: all instances of one version, for up to 20 s, now and then */
    unsigned tasks_stuck; /* for half a minute none starts and none ends */
    unsigned tasks_stay;  /* for up to five minutes none ends: they ignore the kill */
    /* Marathon and other people */
    unsigned leader_change; /* silence, forgotten health, and its plans begin again at step 1 */
    unsigned foreign_change, foreign_scale, foreign_cancel, foreign_delete;
    /* a pair's balancers */
    unsigned router_fails;      /* a call to them ends without an answer */
    unsigned balancer_cut;      /* for up to 20 s it neither asks nor tells us; it serves on */
    unsigned balancer_lags;     /* for up to 10 s it does not ask for weights */
    unsigned balancer_reloads;  /* without need */
    unsigned weight_lost;       /* the answer to its question */
    unsigned requests_too_long; /* longer than the plan allows */
    unsigned check_fails;       /* a round of checks finds something, or nobody answers */
    /* our own side */
    unsigned clock_jump;   /* the wall clock is set, up to ten minutes either way */
    unsigned engine_dies;  /* at each point of a step */
    unsigned command;      /* an operator does something */
    unsigned store_fails;  /* one commit */
    unsigned store_breaks; /* all commits, for up to half a minute */
};

/** What the new version does. */
enum target_health {
    TARGET_WELL,
    TARGET_SICK,     /* never turns healthy */
    TARGET_CRASHING, /* never turns healthy, and crashes soon after its start */
    TARGET_STAGED,   /* never starts */
};

/** How much happens in half a second. */
enum pace {
    PACE_STEADY, /* one thing of each kind at the most */
    PACE_BURSTS, /* several at the same moment */
    PACE_SLOW,   /* mostly nothing: there is time for a lot to go wrong */
};

/** What lowers the floor without our doing. */
struct troubles {
    int tasks;   /* that died or fell ill by chance */
    int leaders; /* that came new: what Marathon kills then is beyond us (marathon.md §4.6) */
    int stale; /* things that happened between a look and the arrival of the order that rests on it:
                  the roll-out went on meanwhile, and each may cost one */
    int halves;  /* orders of which Marathon did half: nobody waits then for what still ends */
    int foreign; /* changes by others */
};

struct late_order {
    bool pending;
    int64_t at_ms;
    unsigned rests_on; /* as in struct world */
    enum zdd_order_kind kind;
    struct zdd_cluster_order order;
};

#define WORLD_EVENTS_MAX 8 /* on their way at the same time; more of them tell nothing new */

struct world {
    uint64_t seed, random;
    int64_t now_ms;
    bool calm; /* no more faults: from here on everything must end */
    enum target_health target_health;
    enum pace pace;
    int64_t crashed_at_ms; /* the last time; 0: never */
    int32_t forced;        /* what choose() gives next, -1: anything */
    struct faults faults;
    struct troubles troubles;
    const struct zdd_plan *plan;
    struct zdd_twin twin;
    bool is_target[ZDD_TWIN_GENERATIONS]; /* whose instances are of the target */
    int version, config_version;          /* counters behind the timestamps */
    int64_t stuck_until_ms, stay_until_ms, silent_until_ms;
    int64_t clock_skew_ms; /* what the engine's clock shows beyond now_ms */
    int clock_jumps;
    size_t event_count; /* of Marathon, on their way */
    int64_t event_at_ms[WORLD_EVENTS_MAX];
    struct late_order late;
    unsigned moves;                   /* of tasks, so far */
    unsigned rests_on;                /* moves at the last look */
    unsigned orders_seen, looks_seen; /* looks that got an answer */
    FILE *story;                      /* NULL: nobody reads it */
    bool blurred; /* since this was cleared, a look showed less than there is, or the past */
    /** What happens in one moment, and what becomes of an order: world_tick() and
     * world_carry_out(), or a pair's. */
    void (*tick)(struct world *w);
    bool (*carry_out)(struct world *w, enum zdd_order_kind kind,
                      const struct zdd_cluster_order *order, unsigned rests_on);
    /** Called when an order arrives, before it takes effect: the journal must know it. May be
     * NULL, as all of these. */
    void (*on_order)(void *cls, enum zdd_order_kind kind, const struct zdd_cluster_order *order);
    /** Called when time has passed during a call. */
    void (*on_time)(void *cls);
    void *cls;
};

void world_init(struct world *w, uint64_t seed, const struct zdd_plan *plan);
/** The cluster as the engine sees it. */
struct zdd_cluster world_cluster(struct world *w);
/** Half a second passes. */
void world_tick(struct world *w);
/** @return whether an event of Marathon arrives now; it is taken */
bool world_event(struct world *w);

uint64_t world_draw(struct world *w);
bool world_chance(struct world *w, unsigned percent);
/** With a fault's probability, never when calm. */
bool world_fault(struct world *w, unsigned percent);
__attribute__((format(printf, 2, 3))) void world_tell(struct world *w, const char *format, ...);

/* What the world's files share, and a pair's. */

/** A call takes its time, on the way there or on the way back. */
void world_linger(struct world *w);
/** @return every way of a call to end without a word about the app */
enum zdd_err world_say_nothing(struct world *w);
/** @return whether a look gets no answer */
bool world_is_deaf(struct world *w);
/** @p number as Marathon's timestamps and names of deployments. */
void world_stamp(char text[ZDD_VERSION_SIZE], int number);
void world_name_deployment(int number, char id[ZDD_ID_SIZE]);
/** Send an order on its way, with all that may become of it. */
enum zdd_err world_send(struct world *w, enum zdd_order_kind kind,
                        const struct zdd_cluster_order *order, struct zdd_cluster_ack *ack);
/** What happens to Marathon's leader, the clock and late orders, while time passes. */
void world_tick_around(struct world *w);

/** Something happened that Marathon tells. */
void world_news(struct world *w);
/** Somebody gives the app another definition or number; @return false when it is locked. */
bool world_put(struct world *w, enum zdd_definition definition, const struct zdd_app_facts *facts,
               bool force);
/** Carry an order out that rests on a look when @p rests_on moves had happened. @return false when
 * the app is locked */
bool world_carry_out(struct world *w, enum zdd_order_kind kind,
                     const struct zdd_cluster_order *order, unsigned rests_on);
