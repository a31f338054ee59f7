/**
 * @file strategies/twin.h
 * @brief A model of one app in Marathon, as a pure function of what happens: the preview runs it,
 * and so does the simulator.
 *
 * Instances are counted, not named: by generation (each config change makes a
 * new one) and by state. Rules: marathon.md §4.1–§4.8 and §1.6. What Marathon
 * leaves open (which task is killed, what happens next) the caller chooses.
 */
#pragma once

#include "strategies/model/observation.h"
#include "strategies/model/plan.h"

#define ZDD_TWIN_GENERATIONS                                                                       \
    6 /* original, target, put back, and changes by others; the oldest are merged */

/** Instances of one generation that have not ended, by state. */
struct zdd_twin_generation {
    int32_t starting; /* launched, not running */
    int32_t fresh;    /* running, has not been healthy and ready yet */
    int32_t healthy;  /* running and serving */
    int32_t ill; /* running, was healthy, is not any more: still counts for a replace (rule 7) */
    int32_t killing; /* asked to end; still occupies capacity */
    int32_t waiting; /* has crashed and waits for its next start, or was never launched: counts, and
                        is listed nowhere */
};

enum zdd_twin_deployment { ZDD_TWIN_IDLE, ZDD_TWIN_REPLACE, ZDD_TWIN_SCALE, ZDD_TWIN_STOP };

/** What can happen to the tasks next. */
enum zdd_twin_event {
    ZDD_TWIN_ENDED,      /* a killed task is gone */
    ZDD_TWIN_STARTED,    /* a launched task runs */
    ZDD_TWIN_HEALTHY,    /* a running task is healthy and ready, as far as it has checks */
    ZDD_TWIN_DIED,       /* a task of its own accord; Marathon starts it again */
    ZDD_TWIN_ILL,        /* a healthy task fails its checks */
    ZDD_TWIN_CRASHED,    /* as DIED, but Marathon waits before it starts it again (§7.1) … */
    ZDD_TWIN_RELAUNCHED, /* … until now */
    ZDD_TWIN_EVENT_COUNT
};

struct zdd_twin {
    enum zdd_replace_rule rule;
    bool exists;
    enum zdd_definition definition; /* PREVIOUS, TARGET or FOREIGN while it exists */
    struct zdd_app_facts facts;     /* of that definition; instances too */
    struct zdd_app_facts old_facts; /* of the generation before */
    int32_t current;                /* index of the generation of this definition */
    struct zdd_twin_generation generation[ZDD_TWIN_GENERATIONS];

    enum zdd_twin_deployment deployment;
    int32_t deployment_number; /* grows with each; names it */
    int32_t max_instances;     /* of the replace under way */
    int32_t awaited;           /* of the scale under way: launched, not healthy yet */
    int32_t cluster_max;       /* instances the cluster has room for; 0: any number */

    /** Which of @p count equal candidates: 0..count-1. NULL: the first, which is a serving one. */
    int32_t (*choose)(void *cls, int32_t count);
    void *cls;
};

/** An app as @p plan saw it, before anything is done; @p healthy of its running instances serve. */
void zdd_twin_init(struct zdd_twin *twin, const struct zdd_plan *plan);

/**
 * Carry out a PUT of the definition @p definition with @p facts.
 * @return false when another deployment locks the app and @p force is not given; then nothing
 * changes
 */
bool zdd_twin_put(struct zdd_twin *twin, enum zdd_definition definition,
                  const struct zdd_app_facts *facts, bool force);
/** POST restart. @return as zdd_twin_put() */
bool zdd_twin_restart(struct zdd_twin *twin, bool force);
/** DELETE app; one that is gone already stays so. @return as zdd_twin_put() */
bool zdd_twin_delete(struct zdd_twin *twin, bool force);
/** DELETE deployment with force: it stops where it is. */
void zdd_twin_cancel(struct zdd_twin *twin);

/** A new leader takes over: the deployment under way begins again at its first step, same id
 * (§3.2). */
void zdd_twin_failover(struct zdd_twin *twin);

/** @return how many tasks @p event could happen to now */
int32_t zdd_twin_possible(const struct zdd_twin *twin, enum zdd_twin_event event);
/** Let @p event happen to one of them; what Marathon does in answer is done at once. It must be
 * possible. */
void zdd_twin_happen(struct zdd_twin *twin, enum zdd_twin_event event);

/** Count what a client can see. */
void zdd_twin_sides(const struct zdd_twin *twin, struct zdd_side *ret_current,
                    struct zdd_side *ret_outdated);
/** @return instances that exist, killing ones too */
int32_t zdd_twin_total(const struct zdd_twin *twin);
/** @return instances that serve: healthy and not being killed */
int32_t zdd_twin_serving(const struct zdd_twin *twin);
