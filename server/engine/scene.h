/**
 * @file server/engine/scene.h
 * @brief Everything that one look shows of a deployment: its app, or its two apps and the balancers
 * before them.
 */
#pragma once

#include "server/engine/balance.h"
#include "server/engine/step.h"
#include "server/engine/wards.h"
#include "storage/plans.h"
#include "strategies/model/run.h"

struct zdd_scene {
    bool reachable; /* false: Marathon did not tell, and `reason` says why */
    char reason[ZDD_CLUSTER_REASON_SIZE];
    struct zdd_app_view app;     /* of a pair: the new one */
    struct zdd_app_view old_app; /* of a pair */
    struct zdd_fleet fleet;      /* of a pair; owned */
    struct zdd_spots new_spots;  /* of a pair: where the new instances are; owned */
    bool balanced;               /* the balancers were asked and answered, perhaps they alone */
    struct zdd_router_view balancers;
    char router_reason[ZDD_ROUTER_REASON_SIZE]; /* why not, or which of them did not */
    struct zdd_ward_times times;                /* of a pair */
    bool floor_broken;                          /* of a pair: see wards.h */
};

/** @return the question about one app of a pair; borrows the texts and @p spots, which are filled
 */
struct zdd_app_ask zdd_scene_ask(const struct zdd_plan *plan, const struct zdd_plan_texts *texts,
                                 enum zdd_pair_side side,
                                 struct zdd_spots spots[static ZDD_SIDE_COUNT]);

/** Look now. */
void zdd_scene_look(struct zdd_stepper *stepper, const struct zdd_run *run,
                    const struct zdd_plan *plan, const struct zdd_plan_texts *texts,
                    struct zdd_scene *ret_scene);
/** Take over what somebody else saw of an app, or that Marathon did not tell. */
void zdd_scene_take(const struct zdd_look *look, struct zdd_scene *ret_scene);
/** Take over what somebody else saw of a pair, its spots with it, and look at the balancers. */
void zdd_scene_take_pair(struct zdd_stepper *stepper, const struct zdd_run *run,
                         const struct zdd_plan *plan, const struct zdd_plan_texts *texts,
                         const struct zdd_look *look, struct zdd_scene *ret_scene);
/** Marathon is silent: look at the balancers of a pair all the same, for its instances as they were
 * seen last by this process. @p scene has been looked at, in vain. */
void zdd_scene_look_blind(struct zdd_stepper *stepper, const struct zdd_run *run,
                          struct zdd_scene *scene);
void zdd_scene_release(struct zdd_scene *scene);

/** Note in @p run what callers want to see of @p scene. */
void zdd_scene_note(const struct zdd_scene *scene, const struct zdd_plan *plan,
                    const struct zdd_observation *seen, struct zdd_run *run);

/** @return the observation of @p scene at @p now_ms for @p run of @p plan */
struct zdd_observation zdd_scene_observe(const struct zdd_scene *scene, const struct zdd_plan *plan,
                                         const struct zdd_run *run, int64_t now_ms);
