/**
 * @file server/engine/observe.c
 * @brief From what the cluster shows to what strategies look at.
 */
#include "server/engine/observe.h"

#include "strategies/timing.h"

#include <string.h>

static enum zdd_definition definition_of(const struct zdd_plan *plan,
                                         const struct zdd_app_view *view)
{
    const bool both = view->fits_target && view->fits_previous;

    if (!view->exists)
        return ZDD_DEFINITION_ABSENT;
    if (both && plan->action == ZDD_ACTION_SCALE) /* only the number of instances changes */
        return view->instances == plan->target.instances ? ZDD_DEFINITION_TARGET
                                                         : ZDD_DEFINITION_PREVIOUS;
    /* A restart changes nothing else, and a port 0 fits any: whether it was done shows in the
     * version. */
    if (both || (view->fits_target && plan->action == ZDD_ACTION_RESTART))
        return strcmp(view->config_version, plan->seen.config_version) != 0
                   ? ZDD_DEFINITION_TARGET
                   : ZDD_DEFINITION_PREVIOUS;
    if (view->fits_target)
        return ZDD_DEFINITION_TARGET;
    return view->fits_previous ? ZDD_DEFINITION_PREVIOUS : ZDD_DEFINITION_FOREIGN;
}

static bool all_locks_are(const struct zdd_app_view *view, const char *deployment_id)
{
    if (view->lock_count == 0 || view->lock_count > ZDD_LOCK_MAX || !*deployment_id)
        return false;
    for (size_t i = 0; i < view->lock_count; i++) {
        if (strcmp(view->lock[i], deployment_id) != 0)
            return false;
    }
    return true;
}

/* The last order got no answer, or we died before we could note it. */
static bool is_unanswered(const struct zdd_run *run)
{
    return run->ordered &&
           (!*run->deployment_id || run->unsure_until_ms >= run->ordered_at_ms + ZDD_UNSURE_MS);
}

/*
 * The answer to our order got lost, but the order arrived: our definition is in place
 * and one deployment carries it out. It can only be ours, and going back needs to know it.
 */
static bool is_ours_unanswered(const struct zdd_run *run, enum zdd_definition definition,
                               const struct zdd_app_view *view)
{
    return definition == ZDD_DEFINITION_TARGET && is_unanswered(run) && view->lock_count == 1;
}

/*
 * The version tells whose order it was. While its answer is not known, it is taken for ours: who
 * else would put back what we have just ordered to be put back?
 */
static bool is_put_back_by_us(const struct zdd_run *run, enum zdd_definition definition,
                              const struct zdd_app_view *view)
{
    if (definition != ZDD_DEFINITION_PREVIOUS)
        return false;
    if (run->phase == ZDD_PHASE_REVERTING && run->outcome != ZDD_OUTCOME_ACKED)
        return true;
    return *run->revert_version && strcmp(view->version, run->revert_version) == 0;
}

struct zdd_observation zdd_observe(const struct zdd_plan *plan, const struct zdd_run *run,
                                   const struct zdd_app_view *view, int64_t now_ms)
{
    struct zdd_observation seen = {.now_ms = now_ms};

    if (!view)
        return seen;
    seen.reachable = true;
    seen.definition = definition_of(plan, view);
    seen.instances = view->instances;
    seen.current = view->current;
    seen.outdated = view->outdated;
    seen.locked = view->lock_count > 0;
    seen.locked_by_us =
        all_locks_are(view, run->deployment_id) || is_ours_unanswered(run, seen.definition, view);
    seen.tasks_fail = run->started_at_ms > 0 && view->failed_at_ms >= run->started_at_ms;
    seen.put_back_by_us = is_put_back_by_us(run, seen.definition, view);
    return seen;
}

struct zdd_tally zdd_tally_of(const struct zdd_side *side, const char *version)
{
    /* What is not ready does not serve yet, and people ask for what serves. */
    struct zdd_tally t = {.instances = side->total, .healthy = side->ready};

    if (side->total > 0)
        memcpy(t.version, version, sizeof(t.version));
    return t;
}

void zdd_observe_note(const struct zdd_plan *plan, const struct zdd_app_view *view,
                      const struct zdd_observation *seen, struct zdd_run *run)
{
    const struct zdd_tally now = zdd_tally_of(&view->current, view->config_version);
    const struct zdd_tally before = zdd_tally_of(&view->outdated, view->outdated_version);
    const bool target = seen->definition == ZDD_DEFINITION_TARGET;

    if (is_ours_unanswered(run, seen->definition, view))
        memcpy(run->deployment_id, view->lock[0], sizeof(run->deployment_id));
    if (seen->put_back_by_us && zdd_phase_is_undo(run->phase))
        memcpy(run->revert_version, view->version, sizeof(run->revert_version));
    if (target && plan->action != ZDD_ACTION_NONE)
        memcpy(run->target_version, view->version, sizeof(run->target_version));
    run->new_side = target ? now : before;
    run->old_side = target ? before : now;
    if (!target && !zdd_phase_is_undo(run->phase)) {
        /* Going forward, everything that is not ours is old, however many versions there are. */
        run->old_side.instances += before.instances;
        run->old_side.healthy += before.healthy;
        run->new_side = (struct zdd_tally){0};
    }
}
