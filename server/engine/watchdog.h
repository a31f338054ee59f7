/**
 * @file server/engine/watchdog.h
 * @brief The watchdog: a thread of its own that counts, each second, the instances behind the
 * balancers of every pair that is deployed, and holds them against the floor of its plan.
 *
 * It needs neither Marathon nor a worker. When the floor is crossed the old version gets requests
 * again (wards.h), no instance is removed any more, the event log says so, and the deployment's
 * rules are woken, which decide about the rest. One look for all pairs; none while there are none.
 */
#pragma once

#include "server/engine/wards.h"

struct zdd_store;

#define ZDD_WATCH_MS 1000 /* from look to look; two make a crossing (floor.h) */

/** All borrowed. */
struct zdd_watch {
    struct zdd_wards *wards;
    struct zdd_router router;
    struct zdd_store *store;
    int64_t (*now_ms)(void *cls); /* the engine's */
    /** The floor of this deployment's pair was crossed, or is well again. */
    void (*wake)(void *cls, const char *run_id, const char *pair);
    void *cls; /* of both */
};

/** Look once: judge, help, record. What the database does not take is recorded at the next look. */
void zdd_watch_look(const struct zdd_watch *watch);

struct zdd_watchdog;

/** @param watch  copied. @return NULL without memory or threads */
struct zdd_watchdog *zdd_watchdog_start(const struct zdd_watch *watch);
/** Waits for a look under way. NULL is fine. @return NULL */
struct zdd_watchdog *zdd_watchdog_free(struct zdd_watchdog *watchdog);
