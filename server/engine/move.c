/**
 * @file server/engine/move.c
 * @brief A decision applied to a deployment's record.
 */
#include "server/engine/move.h"

#include "strategies/judge/trial.h"
#include "strategies/timing.h"

#include <string.h>

#define MEASURED_EVERY_MS 4000 /* below ZDD_SHARE_POLL_MS: each look of a pause is written */
#define TELLING_WORDS_SIZE 24  /* of a waiting text: "Marathon does not answer", "… show" */

bool zdd_move_start(const struct zdd_plan *plan, struct zdd_run *run, int64_t now_ms)
{
    if (run->started_at_ms != 0)
        return false;
    run->started_at_ms = now_ms;
    run->phase_since_ms = now_ms;
    run->deadline_at_ms = now_ms + plan->deadline_ms;
    run->step_deadline_at_ms = now_ms + zdd_timing_limit_ms(plan, run->phase);
    return true;
}

/* The step that runs in @p phase: a program says it with each decision, else the phase does. */
static int32_t step_in(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                       enum zdd_phase phase, int32_t step)
{
    if (plan->program.count == 0)
        return zdd_strategy_step_of(strategy, phase);
    return zdd_phase_is_undo(phase) ? plan->program.count : step;
}

static void forget_rounds(struct zdd_run *run)
{
    run->rounds[0] = run->measured[0] = '\0';
    run->round_count = 0;
    run->measured_at_ms = 0;
}

/* What spoke against the new version counts no more. */
static void forget_trial(struct zdd_run *run)
{
    run->trial = (struct zdd_trial){.edition = run->trial.edition + 1};
}

static void enter_phase(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                        const struct zdd_decision *d, int64_t now_ms, struct zdd_run *run)
{
    const enum zdd_phase phase = d->phase;
    /* Clearing and putting back take turns when orders get lost: one deadline for both, one row of
     * failures. */
    const bool same_undo = zdd_phase_is_undo(run->phase) && zdd_phase_is_undo(phase) &&
                           run->phase != ZDD_PHASE_UNDOING && phase != ZDD_PHASE_UNDOING;
    const bool failed = phase == ZDD_PHASE_FAILED || phase == ZDD_PHASE_CANCELED;

    /* The step in which it ended stays; otherwise the phase says which step it is. */
    if (!failed && phase != ZDD_PHASE_ROLLED_BACK)
        run->step = step_in(strategy, plan, phase, d->step);
    run->phase = phase;
    run->phase_since_ms = now_ms;
    run->outcome = ZDD_OUTCOME_NONE;
    if (!same_undo)
        run->attempt = 0;
    if (phase == ZDD_PHASE_VERIFYING) {
        forget_rounds(run);
        run->trial.edition++;
        zdd_trial_end_round(&run->trial, ZDD_ROUND_STEP);
        run->verify_set = zdd_program_verify(&plan->program, run->step);
    }
    if (zdd_phase_is_final(phase)) {
        run->ended_at_ms = now_ms;
        run->wake_at_ms = 0;
    } else if (!same_undo) {
        run->step_deadline_at_ms = now_ms + zdd_timing_limit_ms(plan, phase);
    }
}

static void change_hold(enum zdd_hold hold, int64_t now_ms, struct zdd_run *run)
{
    if (hold != ZDD_HOLD_NONE && run->hold == ZDD_HOLD_NONE)
        run->held_since_ms = now_ms;
    if (hold == ZDD_HOLD_NONE && run->hold != ZDD_HOLD_NONE) {
        /* Time that people took is not the deployment's. */
        run->deadline_at_ms += now_ms - run->held_since_ms;
        run->step_deadline_at_ms += now_ms - run->held_since_ms;
        run->held_since_ms = 0;
    }
    run->hold = hold;
}

static void start_clocks_anew(const struct zdd_plan *plan, int64_t now_ms, struct zdd_run *run)
{
    run->step_deadline_at_ms = now_ms + zdd_timing_limit_ms(plan, run->phase);
    run->deadline_at_ms = now_ms + plan->deadline_ms;
    run->outcome = ZDD_OUTCOME_NONE;
    run->attempt = 0;
}

static void start_checks_anew(int64_t now_ms, struct zdd_run *run)
{
    forget_rounds(run);
    run->measured_at_ms = now_ms;
    forget_trial(run);
}

static void note_traffic(const struct zdd_decision *d, int64_t now_ms, struct zdd_run *run)
{
    if (d->sight == ZDD_SIGHT_SEEN && run->traffic_seen_at_ms == 0)
        run->traffic_seen_at_ms = now_ms;
    if (d->sight == ZDD_SIGHT_LOST)
        run->traffic_seen_at_ms = 0;
    for (size_t i = 0; i < d->order_count; i++) {
        if (d->order[i].kind != ZDD_ORDER_SET_TRAFFIC)
            continue;
        run->traffic = d->order[i].traffic;
        run->traffic_seen_at_ms = 0;
    }
}

/* Another share has as much time to get to the balancers as that of a step. */
static void steer(const struct zdd_plan *plan, const struct zdd_decision *d, int64_t now_ms,
                  struct zdd_run *run)
{
    if (d->steered && (!run->steered || d->share != run->share))
        run->step_deadline_at_ms = now_ms + zdd_timing_limit_ms(plan, run->phase);
    run->steered = d->steered;
    run->share = d->share;
}

void zdd_move(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
              const struct zdd_decision *d, int64_t now_ms, struct zdd_run *run)
{
    change_hold(d->hold, now_ms, run);
    run->cause = d->cause;
    if (d->fresh_deadlines)
        start_clocks_anew(plan, now_ms, run);
    if (d->fresh_evidence)
        start_checks_anew(now_ms, run);
    if (d->phase != run->phase || (plan->program.count > 0 && d->step != run->step))
        enter_phase(strategy, plan, d, now_ms, run);
    note_traffic(d, now_ms, run);
    steer(plan, d, now_ms, run);
    if (d->order_count > 0 && d->order[0].kind != ZDD_ORDER_MEASURE) {
        run->ordered = true;
        /* Until its answer says otherwise; a crash before that leaves it so. */
        run->unsure_until_ms = now_ms + ZDD_UNSURE_MS;
    }
    run->wake_at_ms = d->wake_at_ms;
}

static bool tally_differs(const struct zdd_tally *a, const struct zdd_tally *b)
{
    return a->instances != b->instances || a->healthy != b->healthy ||
           strcmp(a->version, b->version) != 0;
}

/* Counters change all the time; what is shown of them need not. A clock that was set back does not
 * keep them from being written. */
static bool split_enough(const struct zdd_split *a, const struct zdd_split *b)
{
    return a->since_ms != b->since_ms || b->until_ms < a->until_ms ||
           b->until_ms - a->until_ms >= MEASURED_EVERY_MS;
}

/* These codes cover several things, as silence, an unclear answer, and an order without effect.
 * They begin differently; the numbers further on change all the time and are not worth a write. */
static bool words_differ(const struct zdd_run *a, const struct zdd_run *b)
{
    static const char *const codes[] = {"marathon", "balancer", "drain"};
    bool several = false;

    for (size_t i = 0; i < ZDD_COUNT(codes); i++)
        several = several || strcmp(b->waiting_code, codes[i]) == 0;
    return several && strncmp(a->waiting_text, b->waiting_text, TELLING_WORDS_SIZE) != 0;
}

bool zdd_move_matters(const struct zdd_run *a, const struct zdd_run *b)
{
    return a->phase != b->phase || a->hold != b->hold || a->cause != b->cause ||
           a->step != b->step || a->started_at_ms != b->started_at_ms || a->outcome != b->outcome ||
           a->deadline_at_ms != b->deadline_at_ms ||
           a->traffic_seen_at_ms != b->traffic_seen_at_ms || a->steered != b->steered ||
           a->share != b->share || split_enough(&a->split, &b->split) ||
           a->unsure_until_ms != b->unsure_until_ms ||
           a->step_deadline_at_ms != b->step_deadline_at_ms ||
           tally_differs(&a->old_side, &b->old_side) || tally_differs(&a->new_side, &b->new_side) ||
           a->round_count != b->round_count || a->trial.edition != b->trial.edition ||
           strcmp(a->waiting_code, b->waiting_code) != 0 || words_differ(a, b) ||
           strcmp(a->error_code, b->error_code) != 0 ||
           strcmp(a->new_addresses, b->new_addresses) != 0 ||
           strcmp(a->target_version, b->target_version) != 0 ||
           strcmp(a->deployment_id, b->deployment_id) != 0;
}
