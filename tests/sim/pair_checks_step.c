/**
 * @file tests/sim/pair_checks_step.c
 * @brief What must hold of a step over two apps: at gates, of shares, and of what is counted.
 */
#include "storage/decisions.h"
#include "strategies/share.h"
#include "strategies/weights.h"
#include "tests/sim/checks.h"

#include <string.h>

#define SHARE_POINTS 0.1 /* from what is wanted, where whole weights can have it … */
#define SHARE_LOW 2      /* … which is between these */
#define SHARE_HIGH 98
#define SAME_POINTS 1e-6

struct words {
    int32_t step;
    const struct zdd_gate *gate;
    int32_t approvals;
    bool rejected, expired;
    const char *contradiction;
};

static bool count_word(void *cls, const struct zdd_word *word)
{
    struct words *w = cls;

    if (word->step != w->step)
        return true;
    if (strcmp(word->actor, "engine") == 0)
        w->expired = true;
    else if (!zdd_gate_allows(w->gate, word->actor))
        w->contradiction = "somebody decides who may not";
    w->approvals += word->approves;
    w->rejected = w->rejected || !word->approves;
    return true;
}

static bool is_in_time(struct sim *s, const struct zdd_run *before, const struct zdd_gate *gate)
{
    return s->world.clock_jumps > 0 || sim_now(s) >= before->phase_since_ms + gate->expires_ms;
}

/* The gate of @p step has been passed. */
static void check_passed(struct sim *s, const struct zdd_run *before, int32_t step)
{
    const struct zdd_gate gate = zdd_plan_gate(&s->plan, step);
    struct words w = {.step = step, .gate = &gate};

    if (zdd_decision_list(s->store, s->run.id, count_word, &w) != ZDD_ERR_NONE)
        violate(s, "the words at the gates cannot be read");
    if (w.contradiction)
        violate(s, "%s at gate %s", w.contradiction, gate.name);
    /* It may have expired while the rejection came: that is heard next. */
    if (w.rejected && s->run.command != ZDD_COMMAND_ROLLBACK && s->run.command != ZDD_COMMAND_ABORT)
        violate(s, "gate %s was rejected, and it goes on", gate.name);
    if (w.expired && (gate.expires_ms == 0 || gate.on_expiry != ZDD_GATE_APPROVES ||
                      !is_in_time(s, before, &gate)))
        violate(s, "gate %s lets pass as if it had expired", gate.name);
    if (!w.expired && w.approvals < gate.quorum)
        violate(s, "gate %s is passed with %d of %d approvals", gate.name, (int)w.approvals,
                (int)gate.quorum);
}

/* Whoever is past a gate was let pass. */
static void check_gates(struct sim *s, const struct zdd_run *before)
{
    if (zdd_phase_is_undo(s->run.phase) || zdd_phase_is_final(s->run.phase))
        return;
    for (int32_t i = before->step; i < s->run.step; i++) {
        if (s->plan.program.step[i].kind == ZDD_STEP_GATE)
            check_passed(s, before, i);
    }
}

/* Whoever has passed a check was found to be good. */
static void check_verified(struct sim *s, const struct zdd_run *before)
{
    const struct zdd_program *program = &s->plan.program;

    if (zdd_phase_is_undo(s->run.phase) || zdd_phase_is_final(s->run.phase) || s->pair.goes_far)
        return;
    for (int32_t i = before->step; i < s->run.step; i++) {
        const int32_t set = zdd_program_verify(program, i);

        if (program->step[i].kind == ZDD_STEP_VERIFY &&
            !zdd_verify_is_good(zdd_verifies_set(&s->plan.verifies, set), s->pair.probed[set]))
            violate(s, "checks that said \"%s\" are passed", s->pair.probed[set]);
    }
}

/* A weight step has ended: every balancer has it, as it showed at the look. */
static void check_weighed(struct sim *s, const struct zdd_run *before)
{
    const double wanted = (double)zdd_share_now(&s->plan, before) / ZDD_SHARE_PERCENT;
    const int32_t old = s->plan.old.instances;
    const int32_t new = zdd_program_started(&s->plan.program, before->step);
    const double best = zdd_weights_for(wanted, old, new).share_pct;

    if (before->phase != ZDD_PHASE_WEIGHING || s->run.step <= before->step ||
        zdd_phase_is_undo(s->run.phase) || before->command != ZDD_COMMAND_NONE ||
        pair_is_rough(s) || s->world.troubles.foreign > 0)
        return;
    for (int b = 0; b < s->pair.balancer_count; b++) {
        const double error = s->pair.balancer[b].share_pct - wanted;
        const double off = s->pair.balancer[b].share_pct - best;

        if (off > SAME_POINTS || off < -SAME_POINTS)
            violate(s, "a weight of %.2f %% ends, and balancer %d has %.3f %%; %.3f can be had",
                    wanted, b, s->pair.balancer[b].share_pct, best);
        if (wanted >= SHARE_LOW && wanted <= SHARE_HIGH &&
            (error > SHARE_POINTS || error < -SHARE_POINTS))
            violate(s, "a weight of %.2f %% ends, and balancer %d has %.3f %%", wanted, b,
                    s->pair.balancer[b].share_pct);
    }
}

/* What is counted since a moment came since then. */
static void check_counted(struct sim *s, const struct step_seen *seen)
{
    const struct zdd_split *split = &s->run.split;
    struct zdd_split *from = &s->pair.counted_from;

    if (split->since_ms == 0)
        return;
    if (split->since_ms != from->since_ms) {
        *from = (struct zdd_split){.since_ms = split->since_ms,
                                   .old_requests = seen->begun[ZDD_SIDE_OLD],
                                   .new_requests = seen->begun[ZDD_SIDE_NEW]};
    }
    if (split->old_requests > s->pair.begun[ZDD_SIDE_OLD] - from->old_requests ||
        split->new_requests > s->pair.begun[ZDD_SIDE_NEW] - from->new_requests)
        violate(s, "%d and %d requests are counted, and there were %d and %d",
                (int)split->old_requests, (int)split->new_requests,
                (int)(s->pair.begun[ZDD_SIDE_OLD] - from->old_requests),
                (int)(s->pair.begun[ZDD_SIDE_NEW] - from->new_requests));
}

/* No instance has failed: then none is blamed for it. */
static void check_unwell(struct sim *s)
{
    if (s->run.cause == ZDD_CAUSE_UNWELL && s->world.troubles.tasks == 0 &&
        s->world.target_health == TARGET_WELL && s->world.troubles.foreign == 0)
        violate(s, "an instance is said to have failed, and none has");
}

void pair_check_step(struct sim *s, const struct step_seen *seen)
{
    check_gates(s, &seen->before);
    check_verified(s, &seen->before);
    check_weighed(s, &seen->before);
    check_counted(s, seen);
    check_unwell(s);
}

void pair_check_words(struct sim *s)
{
    for (int32_t i = 0; i < s->plan.program.count; i++) {
        const struct zdd_gate gate = zdd_plan_gate(&s->plan, i);
        struct words w = {.step = i, .gate = &gate};

        if (s->plan.program.step[i].kind != ZDD_STEP_GATE)
            continue;
        if (zdd_decision_list(s->store, s->run.id, count_word, &w) != ZDD_ERR_NONE)
            violate(s, "the words at the gates cannot be read");
        if (w.rejected && s->run.phase == ZDD_PHASE_SUCCEEDED)
            violate(s, "gate %s was rejected, and it succeeded", gate.name);
        if (!w.rejected && !w.expired && w.approvals < gate.quorum &&
            s->run.phase == ZDD_PHASE_SUCCEEDED)
            violate(s, "it succeeded without a decision at gate %s", gate.name);
    }
}
