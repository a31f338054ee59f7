/**
 * @file strategies/advice.c
 * @brief Verdict, warnings, suggestion and the price of going back.
 */
#include "strategies/advice.h"

#include "strategies/advice_pair.h"
#include "strategies/capacity.h"
#include "strategies/pair_take.h"
#include "strategies/say.h"
#include "strategies/share.h"
#include "strategies/timing.h"

#include <assert.h>
#include <string.h>

#define TRAFFIC_ESTIMATE_MS 1000 /* two agent intervals and what is between them */
#define SETTLE_ESTIMATE_MS 15000 /* launch and kill of one wave, as usually seen */
#define HEALTHY_ESTIMATE_MS                                                                        \
    60000 /* few services need longer; grace periods say more than is used */

/* Every task that runs now ends, another one takes its place. */
static bool is_new_version(const struct zdd_plan *plan)
{
    return plan->action == ZDD_ACTION_UPGRADE || plan->action == ZDD_ACTION_RESTART;
}

static bool is_replace(const struct zdd_strategy *strategy, const struct zdd_plan *plan)
{
    return is_new_version(plan) && strategy->step_count > 0 &&
           strategy->steps[0].phase == ZDD_PHASE_APPLYING && plan->target.instances > 0;
}

/* Instances that exist before anything is done. */
static int32_t running_now(const struct zdd_plan *plan)
{
    return plan->seen.running + (plan->program.count > 0 ? plan->pair.old_serving : 0);
}

static struct zdd_capacity capacity_with(const struct zdd_plan *plan, double health, double over)
{
    return zdd_capacity_of(&(struct zdd_capacity_ask){
        .rule = plan->replace_rule,
        .wanted = plan->target.instances,
        .minimum_health_capacity = health,
        .maximum_over_capacity = over,
        .resident = plan->target.resident,
        .counted = zdd_capacity_counted(plan->replace_rule, &plan->old, zdd_capacity_present(plan),
                                        plan->seen.healthy),
        .known = zdd_capacity_present(plan),
    });
}

static void reason(struct zdd_preview *v, const char *pattern, int64_t a, int64_t b)
{
    assert(v->reason_count < ZDD_COUNT(v->reason));
    zdd_say(v->reason[v->reason_count++], ZDD_PREVIEW_TEXT_SIZE, pattern, a, b);
}

/* The bounds as Marathon takes them; for what is no replace, what the play showed. */
static void set_bounds(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                       struct zdd_preview *v)
{
    v->min_healthy = v->lowest_serving;
    v->max_instances = v->peak_instances;
    if (is_replace(strategy, plan)) {
        const struct zdd_capacity c = capacity_with(plan, plan->target.minimum_health_capacity,
                                                    plan->target.maximum_over_capacity);

        v->min_healthy = c.min_healthy;
        v->max_instances = c.max_instances;
        if (c.cap_exceeded)
            zdd_advice_warn(
                v, "cap-exceeded",
                "Marathon runs %1 instances for a moment, one more than maximumOverCapacity allows, because nothing could move otherwise.",
                c.max_instances, 0);
    }
    if (v->peak_instances > running_now(plan)) {
        const double extra = (double)(v->peak_instances - running_now(plan));

        v->peak_extra_cpus = extra * plan->target.cpus;
        v->peak_extra_mem_mib = extra * plan->target.mem_mib;
    }
}

static void judge_arithmetic(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                             struct zdd_preview *v)
{
    int32_t floor = v->min_healthy < plan->seen.healthy ? v->min_healthy : plan->seen.healthy;

    v->arithmetic = ZDD_PROOF_PROVED;
    if (v->hangs) {
        v->arithmetic = ZDD_PROOF_REFUTED;
        reason(
            v,
            "Marathon neither kills nor starts anything: it may run %1 instances and %2 exist already.",
            v->max_instances, v->peak_instances);
    } else if (is_replace(strategy, plan) && v->lowest_serving < floor) {
        v->arithmetic = ZDD_PROOF_REFUTED;
        reason(v, "At one moment only %1 instances serve; %2 are promised.", v->lowest_serving,
               floor);
    }
}

static void judge_placement(const struct zdd_plan *plan, struct zdd_preview *v)
{
    v->placement = ZDD_PROOF_PROVED;
    v->resources = ZDD_PROOF_UNKNOWN;
    if (plan->target.fixed_ports || plan->target.unique_hostname) {
        v->placement = ZDD_PROOF_UNKNOWN;
        reason(
            v,
            plan->target.fixed_ports
                ? "requirePorts: no two instances fit on one agent, so %1 agents must be free for it."
                : "The constraint hostname UNIQUE needs %1 agents while the most instances run.",
            v->peak_instances, 0);
    }
    if (v->peak_instances > running_now(plan))
        reason(
            v,
            "Whether the cluster has room for %1 more instances shows only when Mesos offers it.",
            v->peak_instances - running_now(plan), 0);
    else
        v->resources = ZDD_PROOF_PROVED; /* never more than runs now */
}

/* What Marathon makes of the previous definition's own capacity when that is put back over @p
 * healthy new instances. */
static struct zdd_capacity capacity_going_back(const struct zdd_plan *plan, int32_t healthy)
{
    return zdd_capacity_of(&(struct zdd_capacity_ask){
        .rule = plan->replace_rule,
        .wanted = plan->old.instances,
        .minimum_health_capacity = plan->old.minimum_health_capacity,
        .maximum_over_capacity = plan->old.maximum_over_capacity,
        .resident = plan->old.resident,
        .counted =
            zdd_capacity_counted(plan->replace_rule, &plan->target, plan->old.instances, healthy),
        .known = plan->old.instances,
    });
}

static int32_t killed_going_back(const struct zdd_plan *plan)
{
    return plan->old.instances > 0 ? capacity_going_back(plan, plan->old.instances).kill_at_once
                                   : 0;
}

/* Neither a kill nor room for one more, should the new ones be sick: a way back that never ends. */
static bool hangs_going_back(const struct zdd_plan *plan)
{
    struct zdd_capacity c;

    if (plan->action != ZDD_ACTION_UPGRADE || plan->old.instances < 1)
        return false;
    c = capacity_going_back(plan, 0);
    return c.kill_at_once == 0 && c.max_instances <= plan->old.instances;
}

static void warn_of_losses(const struct zdd_plan *plan, struct zdd_preview *v)
{
    const bool stays_up = plan->seen.healthy > 0 && plan->target.instances > 0;

    if (v->killed_at_once > 0 && plan->target.instances > 0 && plan->action != ZDD_ACTION_SCALE)
        zdd_advice_warn(v, "kills-at-once", "%1 of %2 instances are killed at the start.",
                        v->killed_at_once, plan->seen.running);
    if (stays_up && v->lowest_serving == 0)
        zdd_advice_warn(v, "serves-none", "There is a moment in which no instance serves.", 0, 0);
    if (v->hangs)
        zdd_advice_warn(
            v, "hangs-on-1.10",
            "By the rule of Marathon 1.10 this never ends: it does not see this app's health and kills nothing.",
            0, 0);
    else if (hangs_going_back(plan))
        zdd_advice_warn(
            v, "hangs-on-1.10",
            "By the rule of Marathon 1.10 going back may never end: the previous definition's maximumOverCapacity leaves no room.",
            0, 0);
}

/* Marathon checks each version by that version's own checks: what runs has no results. */
static bool checks_are_new(const struct zdd_plan *plan)
{
    return plan->action == ZDD_ACTION_UPGRADE && plan->target.instances > 0 &&
           plan->seen.healthy > 0 && !plan->old.has_health_checks && plan->target.has_health_checks;
}

static void warn_of_settings(const struct zdd_plan *plan, struct zdd_preview *v)
{
    if (checks_are_new(plan))
        zdd_advice_warn(
            v, "checks-are-new",
            "What runs now has no health results. A balancer that goes by them (Marathon-LB with --health-check) takes it out at once, until new instances are healthy.",
            0, 0);
    if (plan->target.instances > 0 && !plan->target.has_health_checks &&
        !plan->target.has_readiness_checks)
        zdd_advice_warn(
            v, "no-health-checks",
            "The app has no health or readiness checks: a task counts as soon as it runs, whether it answers or not.",
            0, 0);
    if (plan->target.instances == 1 && plan->seen.healthy > 0 && is_new_version(plan) &&
        (plan->target.single_instance || v->lowest_serving == 0))
        zdd_advice_warn(
            v, "single-instance",
            plan->target.single_instance
                ? "MARATHON_SINGLE_INSTANCE_APP: the only instance stops before the new one starts."
                : "The app has one instance: nothing serves while it is replaced.",
            0, 0);
}

/* One extra instance, none missing: what people mean by minimal overcapacity. */
static void suggest(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                    struct zdd_preview *v)
{
    const int32_t n = plan->target.instances;
    struct zdd_capacity better;
    int32_t percent;
    double over;

    /* Only where it can be followed. */
    if (!is_replace(strategy, plan) || strategy->param_count == 0 || plan->target.single_instance ||
        plan->target.resident)
        return;
    percent = (100 + n - 1) / n; /* rounded up, so that it gives one whole instance */
    over = (double)percent / 100.0;
    better = capacity_with(plan, 1.0, over);
    if (!v->hangs && better.kill_at_once >= v->killed_at_once)
        return; /* nothing is lost, or fewer instances are wanted: no capacity changes that */
    v->has_suggestion = true;
    v->suggested_minimum_health_capacity = 1.0;
    v->suggested_maximum_over_capacity = over;
}

struct zdd_way_back zdd_advice_way_back(const struct zdd_plan *plan)
{
    const int64_t start =
        plan->old.start_ms < HEALTHY_ESTIMATE_MS ? plan->old.start_ms : HEALTHY_ESTIMATE_MS;
    const int64_t again = zdd_timing_waves(plan, &plan->old) * (SETTLE_ESTIMATE_MS + start);

    if (plan->program.count > 0 && *plan->pair.old_id) {
        const bool sheds = zdd_program_has(&plan->program, ZDD_STEP_SHED);

        /* They all start together: nothing is replaced. */
        return sheds ? (struct zdd_way_back){"restart",
                                             SETTLE_ESTIMATE_MS + start + TRAFFIC_ESTIMATE_MS}
                     : (struct zdd_way_back){"traffic", TRAFFIC_ESTIMATE_MS};
    }
    switch (plan->action) {
    case ZDD_ACTION_CREATE:
        return (struct zdd_way_back){"delete", SETTLE_ESTIMATE_MS};
    case ZDD_ACTION_SCALE:
        return (struct zdd_way_back){"scale", again};
    case ZDD_ACTION_UPGRADE:
        return (struct zdd_way_back){"restart", again};
    case ZDD_ACTION_NONE:
    case ZDD_ACTION_RESTART:
    case ZDD_ACTION_COUNT:
        break;
    }
    return (struct zdd_way_back){"none", 0};
}

struct zdd_way_back zdd_advice_way_back_now(const struct zdd_plan *plan, const struct zdd_run *run)
{
    const bool whole = run->traffic.old_stay == ZDD_INSTANCES_MAX;

    if (*plan->pair.old_id && whole)
        return (struct zdd_way_back){"traffic", TRAFFIC_ESTIMATE_MS};
    return zdd_advice_way_back(plan);
}

static void warn_of_deadline(const struct zdd_plan *plan, struct zdd_preview *v)
{
    if (plan->deadline_ms < zdd_timing_least_ms(plan))
        zdd_advice_warn(
            v, "deadline-short",
            "The deadline of %1 s ends before this can be done, which then goes back; %2 s do.",
            plan->deadline_ms / 1000, v->deadline_ms / 1000);
}

static void price_of_going_back(const struct zdd_plan *plan, struct zdd_preview *v)
{
    const struct zdd_way_back way = zdd_advice_way_back(plan);

    v->rollback_mode = way.mode;
    v->rollback_ms = way.estimate_ms;
    if (strcmp(way.mode, "traffic") == 0) {
        zdd_say(v->rollback_text, sizeof(v->rollback_text),
                zdd_plan_takes_over(plan)
                    ? "Both apps are left as they are then, with even weights, and serve together; "
                      "nothing is removed or put back."
                    : "All requests go back to the old version by its weight, as long as it is "
                      "there; then the new app is removed.",
                0, 0);
        return;
    }
    if (plan->program.count > 0 && *plan->pair.old_id) {
        zdd_say(v->rollback_text, sizeof(v->rollback_text),
                "The old version first gets all its %1 instances again; then all requests go back "
                "to it, and the new app is removed. Before the first of them goes, one weight "
                "does it.",
                plan->old.instances, 0);
        return;
    }
    switch (plan->action) {
    case ZDD_ACTION_CREATE:
        zdd_say(v->rollback_text, sizeof(v->rollback_text), "The new app is deleted again.", 0, 0);
        break;
    case ZDD_ACTION_SCALE:
        zdd_say(v->rollback_text, sizeof(v->rollback_text),
                "The app is scaled back to %1 instances.", plan->old.instances, 0);
        break;
    case ZDD_ACTION_UPGRADE:
        zdd_say(
            v->rollback_text, sizeof(v->rollback_text),
            killed_going_back(plan) > 0
                ? "The previous definition is put back; Marathon then replaces all %1 instances once more, %2 of them at once: its own capacity allows that."
                : "The previous definition is put back; Marathon then replaces all %1 instances once more.",
            plan->old.instances, killed_going_back(plan));
        break;
    case ZDD_ACTION_NONE:
    case ZDD_ACTION_RESTART:
    case ZDD_ACTION_COUNT:
        zdd_say(v->rollback_text, sizeof(v->rollback_text),
                plan->action == ZDD_ACTION_RESTART
                    ? "There is nothing to go back to: old and new tasks have the same definition."
                    : "Nothing changes.",
                0, 0);
        break;
    }
}

void zdd_advice_give(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                     struct zdd_preview *preview)
{
    set_bounds(strategy, plan, preview);
    judge_arithmetic(strategy, plan, preview);
    judge_placement(plan, preview);
    if (plan->program.count > 0) {
        zdd_advice_of_pair(plan, preview);
    } else if (plan->action != ZDD_ACTION_NONE) {
        warn_of_losses(plan, preview);
        warn_of_settings(plan, preview);
    }
    warn_of_deadline(plan, preview);
    suggest(strategy, plan, preview);
    price_of_going_back(plan, preview);
}
