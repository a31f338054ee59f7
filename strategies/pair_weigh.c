/**
 * @file strategies/pair_weigh.c
 * @brief Steps in which both versions serve, each its share.
 */
#include "strategies/pair_weigh.h"

#include "strategies/guards.h"
#include "strategies/pair.h"
#include "strategies/pair_verify.h"
#include "strategies/pair_watch.h"
#include "strategies/share.h"

/* Phases whose own rows do not look after the share. */
static bool goes_on_beside(enum zdd_phase phase)
{
    return phase == ZDD_PHASE_APPLYING || phase == ZDD_PHASE_ROLLING ||
           phase == ZDD_PHASE_JOINING || phase == ZDD_PHASE_PAUSING || phase == ZDD_PHASE_VERIFYING;
}

bool zdd_pair_has_share(const struct zdd_facts *f)
{
    const enum zdd_phase phase = f->run->phase;

    return goes_on_beside(phase) || phase == ZDD_PHASE_SHIFTING || phase == ZDD_PHASE_WEIGHING ||
           phase == ZDD_PHASE_GATED;
}

bool zdd_pair_is_tilted(const struct zdd_facts *f)
{
    struct zdd_traffic aim;

    if (!f->seen->reachable || !zdd_share_is_split(f->plan, f->run))
        return false;
    aim = zdd_pair_aim(f);
    return !zdd_pair_is_ordered(f, &aim) && zdd_pair_can_go_straight(f, &aim);
}

bool zdd_pair_should_keep_share(const struct zdd_facts *f)
{
    return zdd_pair_is(f) && goes_on_beside(f->run->phase) && zdd_pair_is_tilted(f);
}

bool zdd_pair_stands_at_gate(const struct zdd_facts *f)
{
    return zdd_pair_is(f) && f->run->phase == ZDD_PHASE_GATED && f->run->hold == ZDD_HOLD_GATE;
}

bool zdd_pair_can_be_steered(const struct zdd_facts *f)
{
    const enum zdd_phase phase = f->run->phase;

    return (phase == ZDD_PHASE_WEIGHING && f->run->hold == ZDD_HOLD_NONE) ||
           (phase == ZDD_PHASE_PAUSING && f->run->hold == ZDD_HOLD_NONE) ||
           zdd_pair_stands_at_gate(f);
}

bool zdd_pair_is_told_a_share(const struct zdd_facts *f)
{
    return f->run->command == ZDD_COMMAND_WEIGHT && zdd_pair_can_be_steered(f);
}

void zdd_pair_take_share(const struct zdd_facts *f, struct zdd_decision *d)
{
    d->take_command = true;
    d->steered = true;
    d->share = f->run->command_value;
}

bool zdd_pair_is_steering(const struct zdd_facts *f)
{
    return f->run->steered && f->seen->reachable && !zdd_pair_is_shifted(f);
}

/* From here on it counts whom requests go to. */
void zdd_pair_pass_weighed(const struct zdd_facts *f, struct zdd_decision *d)
{
    d->sight = ZDD_SIGHT_SEEN;
    zdd_pair_pass(f, d);
}

static int64_t pause_ends_ms(const struct zdd_facts *f)
{
    return f->run->phase_since_ms + f->plan->program.step[f->run->step].value;
}

bool zdd_pair_has_paused(const struct zdd_facts *f)
{
    return f->seen->now_ms >= pause_ends_ms(f);
}

static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

/* The next look that counts requests; a share of none has nothing to count. */
static int64_t next_look_ms(const struct zdd_facts *f)
{
    if (zdd_pair_is_watched(f))
        return sooner(zdd_pair_watch_next_ms(f), f->seen->now_ms + ZDD_JUDGE_POLL_MS);
    return zdd_share_is_split(f->plan, f->run) ? f->seen->now_ms + ZDD_SHARE_POLL_MS : INT64_MAX;
}

static void note_sight(const struct zdd_facts *f, struct zdd_decision *d)
{
    if (f->run->traffic_seen_at_ms == 0 && zdd_pair_is_shifted(f))
        d->sight = ZDD_SIGHT_SEEN;
}

void zdd_pair_pause(const struct zdd_facts *f, struct zdd_decision *d)
{
    note_sight(f, d);
    d->wake_at_ms = sooner(pause_ends_ms(f), next_look_ms(f));
}

static struct zdd_gate gate_of(const struct zdd_facts *f)
{
    return zdd_plan_gate(f->plan, f->run->step);
}

static int64_t expires_at_ms(const struct zdd_facts *f, const struct zdd_gate *gate)
{
    return gate->expires_ms > 0 ? f->run->phase_since_ms + gate->expires_ms : INT64_MAX;
}

static bool has_expired_with(const struct zdd_facts *f, enum zdd_gate_default on_expiry)
{
    const struct zdd_gate gate = gate_of(f);

    return gate.on_expiry == on_expiry && f->seen->now_ms >= expires_at_ms(f, &gate);
}

bool zdd_pair_gate_passes(const struct zdd_facts *f)
{
    return has_expired_with(f, ZDD_GATE_APPROVES);
}

bool zdd_pair_gate_rejects(const struct zdd_facts *f)
{
    return has_expired_with(f, ZDD_GATE_REJECTS);
}

void zdd_pair_leave_gate(const struct zdd_facts *f, struct zdd_decision *d)
{
    d->hold = ZDD_HOLD_NONE;
    zdd_pair_pass(f, d);
}

void zdd_pair_reject(const struct zdd_facts *f, struct zdd_decision *d)
{
    (void)f;
    d->hold = ZDD_HOLD_NONE;
    d->cause = ZDD_CAUSE_REJECTED;
}

void zdd_pair_hold_gate(const struct zdd_facts *f, struct zdd_decision *d)
{
    const struct zdd_gate gate = gate_of(f);
    const int64_t end_ms = gate.on_expiry == ZDD_GATE_HOLDS ? INT64_MAX : expires_at_ms(f, &gate);
    const int64_t wake_ms = sooner(end_ms, next_look_ms(f));

    note_sight(f, d);
    d->hold = ZDD_HOLD_GATE;
    d->wake_at_ms = wake_ms == INT64_MAX ? 0 : wake_ms;
}

void zdd_pair_steer_gate(const struct zdd_facts *f, struct zdd_decision *d)
{
    d->hold = ZDD_HOLD_GATE;
    zdd_pair_shift(f, d);
}

bool zdd_pair_is_promoted(const struct zdd_facts *f)
{
    return zdd_pair_is(f) && f->run->command == ZDD_COMMAND_PROMOTE &&
           (zdd_pair_stands_at_gate(f) ||
            (f->run->phase == ZDD_PHASE_PAUSING && f->run->hold == ZDD_HOLD_NONE));
}

/* Steps that only take time, look, or lead to a part of the new version. */
static bool is_skipped(const struct zdd_facts *f, int32_t step)
{
    const struct zdd_program_step *s = &f->plan->program.step[step];

    switch (s->kind) {
    case ZDD_STEP_WEIGHT:
    case ZDD_STEP_PAUSE:
    case ZDD_STEP_VERIFY:
        return true;
    case ZDD_STEP_START:
        return s->value < f->plan->target.instances;
    case ZDD_STEP_JOIN:
        return zdd_program_started(&f->plan->program, step) < f->plan->target.instances;
    case ZDD_STEP_GATE: /* without rounds there is nothing to be unsure of */
        return zdd_pair_is_own_gate(f->plan, step);
    case ZDD_STEP_ADOPT:
    case ZDD_STEP_SHIFT:
    case ZDD_STEP_KEEP:
    case ZDD_STEP_DRAIN:
    case ZDD_STEP_RETIRE:
    case ZDD_STEP_SETTLE:
    case ZDD_STEP_SPREAD:
    case ZDD_STEP_SHED:
    case ZDD_STEP_KIND_COUNT:
        break;
    }
    return false;
}

/* The promotion, or the next gate: nobody gets past one by saying more. The size before a gate is
 * part of what is decided there, so the start that leads to it is not left out. */
static int32_t farthest(const struct zdd_facts *f)
{
    const struct zdd_program *program = &f->plan->program;
    int32_t step = f->run->step + 1;
    int32_t start = -1;

    for (; step < program->count && is_skipped(f, step); step++) {
        if (program->step[step].kind == ZDD_STEP_START)
            start = step;
    }
    return start >= 0 && step < program->count && program->step[step].kind == ZDD_STEP_GATE ? start
                                                                                            : step;
}

void zdd_pair_promote(const struct zdd_facts *f, struct zdd_decision *d)
{
    d->take_command = true;
    d->hold = ZDD_HOLD_NONE;
    if (f->run->command_value == 0) {
        zdd_pair_pass(f, d);
        return;
    }
    d->steered = true; /* the share stays what it is, whatever is left out */
    d->share = zdd_share_now(f->plan, f->run);
    zdd_pair_enter(f, farthest(f), d);
}
