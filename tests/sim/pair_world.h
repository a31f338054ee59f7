/**
 * @file tests/sim/pair_world.h
 * @brief Two apps of a seeded Marathon, balancers before them, and requests under way.
 */
#pragma once

#include "server/engine/cluster.h"
#include "server/engine/probe.h"
#include "server/engine/router.h"
#include "strategies/model/decision.h"
#include "strategies/strategy.h"

#define PAIR_TASKS_MAX 32
#define PAIR_BALANCERS_MAX 3
#define PAIR_ADDRESS "10.0.0.%d:%d" /* of a port of a task: the port's index and its number */
#define PAIR_TASK "sim.%d"          /* the id of a task: its number */
#define PAIR_FIRST_PORT 10000
#define PAIR_REQUESTS_MAX 24 /* under way at the same time */
#define PAIR_CALM_MS 150000  /* after this long no new fault happens */

enum task_state {
    TASK_FREE, /* no such task, and no balancer lists it */
    TASK_STAGED,
    TASK_RUNNING,
    TASK_HEALTHY,
    TASK_ENDING, /* Marathon has told it to end; it may serve until it does */
    TASK_ENDED,
};

struct pair_task {
    enum task_state state;
    enum zdd_pair_side side;
    bool outdated;         /* of the definition before the present one */
    bool served;           /* was healthy when it was told to end: answers until it ends */
    bool removed;          /* it ends because we have removed its app */
    bool ill;              /* was healthy since it runs, and is not any more */
    int number;            /* in its address; never used twice */
    int64_t healthy_at_ms; /* since when */
};

struct pair_app {
    enum zdd_definition definition; /* ABSENT: no such app */
    int32_t wanted;
    int version, config_version;
    int deployment; /* its number; 0: Marathon has nothing to do with it */
    /* the last look at it */
    enum zdd_definition seen;
    int32_t seen_wanted;
};

/* An order to kill, as long as it may be on its way. */
struct pair_kill {
    const char *task[PAIR_TASKS_MAX];
    char text[PAIR_TASKS_MAX][16];
};

/* A server in a balancer's list. */
struct pair_row {
    bool listed, asked; /* asked: since it was listed */
    int64_t listed_at_ms;
    int64_t requests; /* that it has got since the worker process started */
    struct zdd_side_setting setting;
};

struct pair_balancer {
    int64_t cut_until_ms, lags_until_ms;
    int64_t reload_at_ms; /* it has seen that the list is old; 0: it has not */
    int64_t started_at_ms;
    double share_pct; /* of the new version, at the engine's last look; below 0: silent */
    struct pair_row row[PAIR_TASKS_MAX]; /* by task */
};

struct pair_request {
    bool busy, hidden; /* hidden: a worker process before the present one has it */
    int task, balancer;
    int64_t began_ms, ends_ms;
};

struct pair_world {
    int ports;
    bool goes_far;         /* somebody has said to go to the next gate, or the promotion, at once */
    bool answers_too_long; /* some requests take longer than the plan allows */
    int last_number, last_deployment;
    struct pair_app app[ZDD_SIDE_COUNT];
    struct pair_task task[PAIR_TASKS_MAX];
    int balancer_count;
    struct pair_balancer balancer[PAIR_BALANCERS_MAX];
    struct pair_request request[PAIR_REQUESTS_MAX];
    int64_t begun[ZDD_VERSION_COUNT]; /* requests so far */
    struct zdd_split counted_from;    /* the run's split, and begun[] before it began */
    /* what the server answers when a balancer asks for a weight */
    bool is_said[PAIR_TASKS_MAX];
    struct zdd_side_setting said[PAIR_TASKS_MAX];
    struct zdd_traffic told, ordered; /* ordered: without the watchdog's help */
    struct pair_kill kill[2];         /* one may be late when the next is given */
    int64_t looked_at_ms;     /* when the last look at the new app, the first of a pair's, began */
    int64_t servers_known_ms; /* … before the last look at the balancers */
    /* the watchdog */
    int64_t ill_until_ms[ZDD_SIDE_COUNT]; /* no instance of this version turns healthy */
    int64_t watch_at_ms;                  /* when it looks next */
    int64_t low_since_ms; /* fewer serve than promised, and nothing excuses it; 0: not so */
    unsigned violations;  /* that it has noticed */
    char probed[ZDD_VERIFY_SET_MAX][ZDD_ROUND_MAX + 1]; /* what rounds of each set of checks have
                                                           found, in the present try */
    int64_t probed_at_ms[ZDD_VERIFY_SET_MAX];
    int64_t removal_look_ms; /* the look at Marathon that the last removal rests on */
    int64_t removal_sent_ms; /* when the first one went out; it may arrive late; 0: none did */
};

struct sim;
struct step_seen;
struct world;

/* What is asked for. */

/** Write a program into @p plan, whose two apps are known. */
typedef void pair_draw(struct zdd_plan *plan, struct world *dice);
/** Throw the dice for a deployment by @p strategy, and write the request. */
void pair_begin(struct sim *s, uint64_t seed, const struct zdd_strategy *strategy, pair_draw *draw);
/** Some rounds of checks. */
struct zdd_verify pair_draw_verify(struct world *dice);
/** Of what it says to the balancers a new process knows what was stored, or nothing. */
void pair_forget(struct sim *s);

/* Marathon's part. */

struct zdd_cluster pair_cluster(struct sim *s);
/** What becomes of an order that arrives. */
bool pair_carry_out(struct world *w, enum zdd_order_kind kind,
                    const struct zdd_cluster_order *order, unsigned rests_on);
/** A new task of @p side. @return NULL when there is no room for its number */
struct pair_task *pair_launch(struct sim *s, enum zdd_pair_side side, enum task_state state);
/** Marathon's own life. */
void pair_marathon_lives(struct sim *s);
/** A task is over: what was under way there is lost. */
void pair_end_task(struct sim *s, int task);

/* The balancers' part. */

struct zdd_router pair_router(struct sim *s);
/** The watchdog, which has time of its own: none passes for the engine while it looks. */
void pair_watch(struct sim *s);
void pair_balancers_live(struct sim *s);
void pair_requests_live(struct sim *s);
/** Balancer @p b reads its list anew. */
void pair_reload(struct sim *s, int b);
/** @return how many of @p side balancer @p b would give a request to */
int pair_takers(const struct sim *s, int b, enum zdd_pair_side side);
/** @return true when every balancer has @p task in its list and it serves */
bool pair_serves_everywhere(const struct sim *s, int task);

/* The new version as it is checked. */

struct zdd_probe pair_probe(struct sim *s);

/* What must hold, whatever goes wrong. */

/** Instances fall ill or die by themselves: nobody can promise an answer then. */
bool pair_is_rough(const struct sim *s);
/** Somebody answers on every balancer; who is too few gets help. */
void pair_check_moment(struct sim *s);
/** A round of the checks @p set is made: when it is its time. */
void pair_check_probe(struct sim *s, int32_t set);
/** The server says @p order: it is what was last ordered, lowers nothing too soon, and lets the
 * oldest leave. */
void pair_check_told(struct sim *s, const struct zdd_router_order *order);
/** @p task is killed: nobody sends requests there. */
void pair_check_kill(struct sim *s, int task);
/** @return which task has the address of @p endpoint; -1: it is no more */
int pair_task_of(struct sim *s, const struct zdd_endpoint *endpoint, enum zdd_pair_side side);
/** An app is removed: nobody sends requests there. */
void pair_check_removal(struct sim *s, enum zdd_pair_side side);
/** @p task ends while @p request is under way there. */
void pair_check_lost(struct sim *s, int task, const struct pair_request *request);
/** After a step: nobody has got past a gate without a decision; who got past a weight has it on
 * every balancer; what was counted was there. */
void pair_check_step(struct sim *s, const struct step_seen *seen);
/** At the end: who was rejected has not succeeded, and nobody has without each decision. */
void pair_check_words(struct sim *s);
/** Both apps, the weights and the steps are what the last phase says. */
void pair_check_end(struct sim *s);

/** The rows of every scenery with two apps; a play of its own differs in how it begins. */
#define PAIR_WORLD                                                                                 \
    .cluster = pair_cluster, .router = pair_router, .probe = pair_probe,                           \
    .check_moment = pair_check_moment, .check_step = pair_check_step, .check_end = pair_check_end, \
    .on_death = pair_forget, .calm_ms = PAIR_CALM_MS
