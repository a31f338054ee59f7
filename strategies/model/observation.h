/**
 * @file strategies/model/observation.h
 * @brief The cluster at one moment, with that moment's time.
 */
#pragma once

#include "strategies/model/limits.h"
#include "strategies/model/traffic.h"

#include <stdbool.h>
#include <stdint.h>

/** Whose definition the app has in Marathon now. */
enum zdd_definition {
    ZDD_DEFINITION_ABSENT,   /* no such app */
    ZDD_DEFINITION_PREVIOUS, /* what ran before, instances aside */
    ZDD_DEFINITION_TARGET,   /* ours, instances aside */
    ZDD_DEFINITION_FOREIGN,  /* neither */
    ZDD_DEFINITION_COUNT
};

/** Tasks of one kind; those that have ended are not counted. */
struct zdd_side {
    int32_t total;   /* launched and not ended, killing ones too */
    int32_t staged;  /* not running yet */
    int32_t running; /* TASK_RUNNING */
    int32_t healthy; /* running and all checks alive; running, when the app has no checks */
    int32_t ready;   /* of the healthy: readiness not refused, as far as Marathon tells */
    int32_t sick;    /* running, and a check that has been well says that it is ill */
};

/** The old app of a pair. */
struct zdd_peer {
    enum zdd_definition definition; /* TARGET: with the labels that a pair needs */
    int32_t instances;
    struct zdd_side current;  /* tasks of the definition's present config version */
    struct zdd_side outdated; /* tasks of any earlier one */
    bool locked;              /* by a Marathon deployment, ours too */
};

struct zdd_observation {
    int64_t now_ms;
    bool reachable; /* false: Marathon did not tell; nothing below is known */
    enum zdd_definition definition;
    int32_t instances;        /* that the definition wants */
    struct zdd_side current;  /* tasks of the definition's present config version */
    struct zdd_side outdated; /* tasks of any earlier one */
    bool locked;              /* a Marathon deployment affects the app */
    bool locked_by_us;        /* … and each of them is our own last one */
    bool
        tasks_fail; /* one has failed since the deployment began; others may wait for a new start */
    struct zdd_peer peer;       /* a pair only; the rest above is the new app then */
    struct zdd_balance balance; /* a pair only */
    int64_t same_since_ms; /* a pair only: its healthy instances have not changed since, as far as
                              this process has seen; 0: long ago */
    bool floor_broken;     /* a pair only: fewer instances serve than the plan promises (floor.h) */
    bool put_back_by_us; /* PREVIOUS stands there by our own order, with our number of instances */
};
