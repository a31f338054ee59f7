/**
 * @file server/engine/probe.h
 * @brief What the engine needs of whoever checks a new version, as an interface: HTTP behind it, or
 * the simulator.
 *
 * Calls are bounded in time (ZDD_PROBE_MS and a little) and may be made from several threads at
 * once.
 */
#pragma once

#include "server/base/buf.h"
#include "server/engine/cluster.h"
#include "strategies/model/plan.h"

#define ZDD_PROBE_DATA_MAX 5000 /* bytes of JSON about one round, its words full of escapes */

struct zdd_probe_ask {
    const char *checks; /* as the plan has them, JSON: a list for each set … */
    int32_t set;        /* … and which of them is asked for now */
    const struct zdd_plan *plan;
    const struct zdd_spots *spots; /* the new instances */
    const char *request_id;        /* the deployment's id */
};

/** What one round found. Checks that are only observed stand in `data` alone. */
struct zdd_probe_report {
    enum zdd_finding result;
    char words[ZDD_MEASURED_SIZE]; /* what was not well first: "/ready of 10.0.0.7:31005 said 503";
                                      "" when all was */
    char data[ZDD_PROBE_DATA_MAX]; /* JSON array, an object for each check but those by counters */
};

struct zdd_probe_ops {
    /** @return ZDD_ERR_NONE whatever was found; ZDD_ERR_NO_MEMORY or ZDD_ERR_INTERNAL when nobody
     * could be asked at all */
    enum zdd_err (*measure)(void *cls, const struct zdd_probe_ask *ask,
                            struct zdd_probe_report *ret_report);
};

struct zdd_probe {
    const struct zdd_probe_ops *ops;
    void *cls;
};
