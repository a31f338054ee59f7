/**
 * @file strategies/model/decision.h
 * @brief What to do next, and why: the only thing a strategy produces.
 */
#pragma once

#include "strategies/model/limits.h"
#include "strategies/model/names.h"
#include "strategies/model/traffic.h"

#include <stddef.h>
#include <stdint.h>

/** Orders are absolute: the same one twice is harmless. */
enum zdd_order_kind {
    ZDD_ORDER_PUT_TARGET,   /* the target definition with `instances` */
    ZDD_ORDER_PUT_PREVIOUS, /* the previous definition with `instances` */
    ZDD_ORDER_RESTART, /* new tasks of the same definition; given only while no restart is seen */
    ZDD_ORDER_DELETE,  /* the app and its tasks */
    ZDD_ORDER_SET_TRAFFIC,  /* a pair: what both versions get of the requests */
    ZDD_ORDER_ADOPT_OLD,    /* a pair: the old app with the labels that a pair needs */
    ZDD_ORDER_DELETE_OLD,   /* a pair: the old app and its tasks */
    ZDD_ORDER_MEASURE,      /* a pair: one round of checks; changes nothing in the cluster */
    ZDD_ORDER_KILL_LEAVING, /* a pair: the leaving instances, by their ids; `instances` stay */
    ZDD_ORDER_RESTORE_OLD,  /* a pair: the old app with `instances` again */
    ZDD_ORDER_KIND_COUNT
};

/** Whether every balancer shows what was last ordered of it. */
enum zdd_sight { ZDD_SIGHT_UNCHANGED, ZDD_SIGHT_SEEN, ZDD_SIGHT_LOST };

struct zdd_order {
    enum zdd_order_kind kind;
    int32_t instances;
    bool force; /* override our own Marathon deployment; given only when no other one is seen */
    struct zdd_traffic traffic; /* of SET_TRAFFIC */
};

struct zdd_decision {
    enum zdd_phase phase;
    enum zdd_hold hold;
    enum zdd_cause cause;
    int32_t step;         /* of the plan's program, for a pair */
    bool steered;         /* as in the run … */
    int32_t share;        /* … */
    enum zdd_sight sight; /* of what was last ordered of the balancers */
    const char *rule;     /* id of the rule that fired, static storage; ends up in the event log */
    const char *waiting;  /* code of what it waits for, static storage; NULL: nothing */
    int64_t wake_at_ms;   /* look again at the latest then; 0: only an event brings news */
    bool take_command;    /* the operator's command has been used up */
    bool fresh_deadlines; /* start the step's and, if passed, the whole's time anew (retry) */
    bool fresh_evidence;  /* checks begin anew; what spoke against the new version counts no more */
    size_t order_count;
    struct zdd_order order[ZDD_ORDER_MAX];
};

const char *zdd_order_name(enum zdd_order_kind kind);
