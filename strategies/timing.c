/**
 * @file strategies/timing.c
 * @brief How long each phase may take.
 */
#include "strategies/timing.h"

#include "strategies/capacity.h"
#include "strategies/clearing.h"
#include "strategies/pair.h"
#include "strategies/pair_verify.h"

static int64_t within(int64_t value, int64_t low, int64_t high)
{
    if (value < low)
        return low;
    return value > high ? high : value;
}

int32_t zdd_timing_waves(const struct zdd_plan *plan, const struct zdd_app_facts *facts)
{
    int32_t room = facts->instances;

    if (facts->instances < 1)
        return 1;
    if (plan->action == ZDD_ACTION_UPGRADE || plan->action == ZDD_ACTION_RESTART) {
        const int32_t present = zdd_capacity_present(plan);
        const struct zdd_capacity c = zdd_capacity_of(&(struct zdd_capacity_ask){
            .rule = plan->replace_rule,
            .wanted = facts->instances,
            .minimum_health_capacity = facts->minimum_health_capacity,
            .maximum_over_capacity = facts->maximum_over_capacity,
            .resident = facts->resident,
            .counted = zdd_capacity_counted(plan->replace_rule, facts, present, plan->seen.healthy),
            .known = present,
        });
        const int32_t stay = present - c.kill_at_once;

        /* As many start together as may exist beyond those that are not killed at once. */
        room = c.max_instances - (stay > 0 ? stay : 0);
        if (room < 1)
            room = 1;
    }
    return (facts->instances + room - 1) / room;
}

int64_t zdd_timing_roll_ms(const struct zdd_plan *plan, const struct zdd_app_facts *facts)
{
    const int64_t wave = (int64_t)facts->start_ms + ZDD_LAUNCH_MS + ZDD_KILL_MS;

    return (int64_t)zdd_timing_waves(plan, facts) * wave;
}

/* Twice what a slow but healthy roll-out needs, so that the deadline speaks of trouble only. */
static int64_t patience_ms(const struct zdd_plan *plan, const struct zdd_app_facts *facts)
{
    return within(2 * zdd_timing_roll_ms(plan, facts), ZDD_DEADLINE_MIN_MS, ZDD_DEADLINE_MAX_MS);
}

static int64_t longest_ms(const struct zdd_plan *plan, enum zdd_step_kind kind)
{
    int64_t longest = 0;

    for (int32_t i = 0; i < plan->program.count; i++) {
        const struct zdd_program_step *step = &plan->program.step[i];

        if (step->kind == kind && step->value > longest)
            longest = step->value;
    }
    return longest;
}

static int64_t rounds_ms(const struct zdd_verify *verify)
{
    const int64_t rounds_ms = (int64_t)verify->rounds * (verify->interval_ms + ZDD_PROBE_MS);
    const bool waits =
        verify->counted_count > 0 && verify->on_inconclusive == ZDD_INCONCLUSIVE_WAITS;

    return waits ? ZDD_TRIAL_PATIENCE * rounds_ms : rounds_ms;
}

static int64_t longest_rounds_ms(const struct zdd_plan *plan)
{
    int64_t longest = 0;

    for (int32_t i = 0; i < plan->verifies.count; i++) {
        if (rounds_ms(&plan->verifies.step[i]) > longest)
            longest = rounds_ms(&plan->verifies.step[i]);
    }
    return longest;
}

/* Of a program: what each of its steps may take, the longest of them the start of the new app. */
static int64_t program_ms(const struct zdd_plan *plan)
{
    struct zdd_plan patient = *plan;
    int64_t sum = 0;
    int64_t pauses = 0; /* are wanted, however long */

    patient.deadline_ms = patience_ms(plan, &plan->target);
    for (int32_t i = 0; i < plan->program.count; i++) {
        const enum zdd_step_kind kind = plan->program.step[i].kind;

        if (kind == ZDD_STEP_PAUSE) {
            pauses += plan->program.step[i].value + ZDD_SHIFT_LIMIT_MS;
            continue;
        }
        sum += zdd_timing_limit_ms(&patient, zdd_pair_phase_of(kind));
        if (kind == ZDD_STEP_SHED)
            sum += zdd_timing_limit_ms(&patient, ZDD_PHASE_SHEDDING);
    }
    return within(sum, ZDD_DEADLINE_MIN_MS, ZDD_DEADLINE_MAX_MS) + pauses;
}

/* What the steps of a program wait for by the clock, up to the last one that changes something. */
static int64_t waits_ms(const struct zdd_plan *plan)
{
    int64_t sum = 0;

    for (int32_t i = 0; i < plan->program.count; i++) {
        const struct zdd_program_step *step = &plan->program.step[i];

        if (step->kind == ZDD_STEP_PAUSE || step->kind == ZDD_STEP_KEEP)
            sum += step->value;
    }
    for (int32_t i = 0; i < plan->verifies.count; i++)
        sum += (int64_t)(plan->verifies.step[i].rounds - 1) * plan->verifies.step[i].interval_ms;
    return sum;
}

static bool starts_tasks(const struct zdd_plan *plan)
{
    switch (plan->action) {
    case ZDD_ACTION_CREATE:
    case ZDD_ACTION_UPGRADE:
    case ZDD_ACTION_RESTART:
        return plan->target.instances > 0;
    case ZDD_ACTION_SCALE:
        return plan->target.instances > plan->seen.running;
    case ZDD_ACTION_NONE:
    case ZDD_ACTION_COUNT:
        break;
    }
    return false;
}

int64_t zdd_timing_least_ms(const struct zdd_plan *plan)
{
    const int64_t launches =
        starts_tasks(plan) ? (int64_t)zdd_timing_waves(plan, &plan->target) * ZDD_LAUNCH_LEAST_MS
                           : 0;

    return launches + waits_ms(plan);
}

int64_t zdd_timing_deadline_ms(const struct zdd_plan *plan)
{
    return plan->program.count > 0 ? program_ms(plan) : patience_ms(plan, &plan->target);
}

/* Going back may put more instances back than there were, next to nearly as many others, and then
 * take the surplus away: as if it went back twice. */
static int64_t undo_ms(const struct zdd_plan *plan)
{
    struct zdd_plan crowded = *plan;
    struct zdd_app_facts restored = plan->old;

    restored.instances = zdd_clearing_restored_max(plan);
    if (restored.instances == plan->old.instances)
        return patience_ms(plan, &plan->old);
    crowded.old.instances = crowded.seen.running = crowded.seen.healthy = restored.instances - 1;
    return within(patience_ms(plan, &plan->old) + patience_ms(&crowded, &restored),
                  ZDD_DEADLINE_MIN_MS, ZDD_DEADLINE_MAX_MS);
}

/* What was given up of the old version has to start again before requests go back there. */
static int64_t regrow_ms(const struct zdd_plan *plan)
{
    return zdd_program_has(&plan->program, ZDD_STEP_SHED) ? patience_ms(plan, &plan->old) : 0;
}

int64_t zdd_timing_limit_ms(const struct zdd_plan *plan, enum zdd_phase phase)
{
    switch (phase) {
    case ZDD_PHASE_REGROWING:
    case ZDD_PHASE_RETURNING:
    case ZDD_PHASE_CLEARING:
    case ZDD_PHASE_REVERTING:
        return ZDD_REVERT_LIMIT_MS + plan->pair.drain_ms + regrow_ms(plan);
    case ZDD_PHASE_ADOPTING:
        return patience_ms(plan, &plan->old);
    case ZDD_PHASE_SHIFTING:
    case ZDD_PHASE_WEIGHING:
    case ZDD_PHASE_SETTLING:
        return ZDD_SHIFT_LIMIT_MS;
    case ZDD_PHASE_JOINING:
        return ZDD_JOIN_LIMIT_MS;
    case ZDD_PHASE_VERIFYING:
        return longest_rounds_ms(plan) + ZDD_SHIFT_LIMIT_MS;
    case ZDD_PHASE_KEEPING:
        return longest_ms(plan, ZDD_STEP_KEEP) + ZDD_SHIFT_LIMIT_MS;
    case ZDD_PHASE_PAUSING:
        return longest_ms(plan, ZDD_STEP_PAUSE) + ZDD_SHIFT_LIMIT_MS;
    case ZDD_PHASE_LEAVING:
    case ZDD_PHASE_DRAINING:
        return plan->pair.drain_ms + ZDD_SHIFT_LIMIT_MS;
    case ZDD_PHASE_SHEDDING:
        return ZDD_REVERT_LIMIT_MS;
    case ZDD_PHASE_RETIRING: /* it may have to drain once more */
        return ZDD_REVERT_LIMIT_MS + plan->pair.drain_ms;
    case ZDD_PHASE_UNDOING:
        return undo_ms(plan);
    case ZDD_PHASE_PENDING:
    case ZDD_PHASE_STOPPING:
    case ZDD_PHASE_APPLYING:
    case ZDD_PHASE_ROLLING:
    case ZDD_PHASE_GATED:
    case ZDD_PHASE_SUCCEEDED:
    case ZDD_PHASE_ROLLED_BACK:
    case ZDD_PHASE_FAILED:
    case ZDD_PHASE_CANCELED:
    case ZDD_PHASE_COUNT:
        break;
    }
    return plan->deadline_ms; /* going forward, the whole deadline bounds each step */
}

int64_t zdd_timing_until_ms(const struct zdd_plan *plan, const struct zdd_run *run)
{
    const bool gated = run->phase == ZDD_PHASE_GATED && run->hold == ZDD_HOLD_GATE;
    int64_t lasts_ms = 0;

    if (run->step < 0 || run->step >= plan->program.count)
        return 0;
    if (gated)
        lasts_ms = zdd_plan_gate(plan, run->step).expires_ms;
    else if ((run->phase == ZDD_PHASE_PAUSING || run->phase == ZDD_PHASE_KEEPING) &&
             run->hold == ZDD_HOLD_NONE)
        lasts_ms = plan->program.step[run->step].value;
    return lasts_ms > 0 ? run->phase_since_ms + lasts_ms : 0;
}
