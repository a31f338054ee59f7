/**
 * @file server/engine/step.h
 * @brief One step of one deployment: observe, decide, commit the intent, act, commit the outcome.
 *
 * A function of the store, the cluster and a clock, without threads: the engine's
 * workers call it, and so does the simulator. A crash anywhere inside is met by calling it again:
 * it observes again and decides again, nothing is replayed blindly (design.md §4).
 */
#pragma once

#include "server/engine/cluster.h"
#include "server/engine/measure.h"
#include "server/engine/points.h"
#include "server/engine/probe.h"
#include "server/engine/router.h"
#include "strategies/model/limits.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct zdd_store;
struct zdd_metrics;
struct zdd_wards;

struct zdd_stepper {
    struct zdd_store *store;     /* borrowed */
    struct zdd_cluster cluster;  /* borrowed */
    struct zdd_router router;    /* borrowed; without ops: no deployment over a pair is begun */
    struct zdd_wards *wards;     /* borrowed; NULL only where no deployment over a pair is begun */
    struct zdd_probe probe;      /* borrowed; without ops: no plan has checks */
    struct zdd_measure *measure; /* borrowed; NULL: what balancers count is not kept */
    struct zdd_metrics *metrics; /* borrowed; NULL: nothing is counted */
    int64_t (*now_ms)(void *cls);
    void *clock;             /* handed to now_ms */
    _Atomic uint64_t random; /* for jitter; any start value */
    _Atomic uint64_t steps, looks, orders, retries;
    zdd_dies *dies; /* NULL: never */
    void *fate;     /* handed to dies */
};

/** What a step found out, for whoever schedules the next. */
struct zdd_step_report {
    bool ended;         /* the deployment is over (or unknown, or queued): nothing more to do */
    bool unreachable;   /* Marathon did not tell; look again when it answers */
    bool died;          /* zdd_stepper.dies said so */
    int64_t wake_at_ms; /* look again at the latest then; 0: only an event, a command or a sweep
                           brings news */
    char next_id[ZDD_ID_SIZE];            /* when it has ended: the app's live deployment, or "" */
    char reason[ZDD_CLUSTER_REASON_SIZE]; /* when unreachable: why */
};

/** A look that somebody else took, for all deployments in one request. */
struct zdd_look {
    enum zdd_err err;
    const struct zdd_app_view *view; /* when err is NONE; of a pair: the new app */
    const char *reason;              /* else */
    bool shared; /* others wait for this step, and the look grows old: whoever has to give an order
                    takes another step, at once, with a look of its own; so does a pair that has
                    anything to do */
    const struct zdd_app_view *old_view; /* of a pair … */
    struct zdd_spots *spots; /* … ZDD_SIDE_COUNT of them; the step may take what is in them. NULL:
                                of a pair nothing is known */
};

/**
 * Take one step of deployment @p run_id.
 * @param look  what is known of its app; NULL: look now
 * @return ZDD_ERR_NONE, also when Marathon did not answer (the report says so); a store error, and
 * then nothing more was ordered than is committed
 */
ZDD_MUST_CHECK enum zdd_err zdd_step(struct zdd_stepper *stepper, const char *run_id,
                                     const struct zdd_look *look,
                                     struct zdd_step_report *ret_report);
