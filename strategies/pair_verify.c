/**
 * @file strategies/pair_verify.c
 * @brief The new version is checked in a step of its own.
 */
#include "strategies/pair_verify.h"

#include "strategies/guards.h"
#include "strategies/judge/trial.h"
#include "strategies/pair.h"
#include "strategies/pair_watch.h"

static const struct zdd_verify *checks_of(const struct zdd_facts *f)
{
    return zdd_verifies_set(&f->plan->verifies, f->run->verify_set);
}

static bool is_bad(const struct zdd_facts *f)
{
    return zdd_verify_is_bad(checks_of(f), f->run->rounds) ||
           zdd_trial_has_told(&f->run->trial, &f->plan->verifies, f->run->verify_set);
}

bool zdd_pair_fails_and_stays(const struct zdd_facts *f)
{
    return is_bad(f) && f->plan->on_failure == ZDD_ON_FAILURE_HOLD;
}

bool zdd_pair_fails_and_returns(const struct zdd_facts *f)
{
    return is_bad(f) && f->plan->on_failure == ZDD_ON_FAILURE_ROLLBACK;
}

bool zdd_pair_is_verified(const struct zdd_facts *f)
{
    return zdd_verify_is_good(checks_of(f), f->run->rounds);
}

bool zdd_pair_is_unsure(const struct zdd_facts *f)
{
    return zdd_verify_is_unsure(checks_of(f), f->run->rounds);
}

bool zdd_pair_is_own_gate(const struct zdd_plan *plan, int32_t step)
{
    const struct zdd_program *program = &plan->program;
    const int32_t set = zdd_program_verify(program, step);

    return step > 0 && step < program->count && program->step[step].kind == ZDD_STEP_GATE &&
           program->step[step - 1].kind == ZDD_STEP_VERIFY &&
           zdd_verifies_set(&plan->verifies, set)->on_inconclusive == ZDD_INCONCLUSIVE_GATES;
}

void zdd_pair_pass_verified(const struct zdd_facts *f, struct zdd_decision *d)
{
    const int32_t next = f->run->step + 1;

    zdd_pair_enter(f, zdd_pair_is_own_gate(f->plan, next) ? next + 1 : next, d);
}

bool zdd_pair_lacks_instances(const struct zdd_facts *f)
{
    return f->seen->current.ready < zdd_wanted(f);
}

/* The first round is made at once, unless requests have to come for it first. */
static int64_t next_round_ms(const struct zdd_facts *f)
{
    if (!f->run->rounds[0] && checks_of(f)->counted_count == 0)
        return 0;
    return zdd_run_round_begun_ms(f->run) + checks_of(f)->interval_ms;
}

/* A clock that was set back must not put the next round off for hours. */
bool zdd_pair_should_measure(const struct zdd_facts *f)
{
    const int64_t now_ms = f->seen->now_ms;

    return now_ms >= next_round_ms(f) || now_ms < zdd_run_round_begun_ms(f->run) ||
           zdd_trial_must_tell(&f->run->trial, &f->plan->verifies, f->run->verify_set);
}

void zdd_pair_note_unverified(const struct zdd_facts *f, struct zdd_decision *d)
{
    (void)f;
    d->cause = ZDD_CAUSE_VERIFY_FAILED;
    d->hold = ZDD_HOLD_NONE;
}

void zdd_pair_hold_unverified(const struct zdd_facts *f, struct zdd_decision *d)
{
    zdd_pair_note_unverified(f, d);
    d->hold = ZDD_HOLD_FAILURE;
}

void zdd_pair_measure(const struct zdd_facts *f, struct zdd_decision *d)
{
    zdd_emit(d, ZDD_ORDER_MEASURE, f->run->verify_set, false);
}

void zdd_pair_wait_for_round(const struct zdd_facts *f, struct zdd_decision *d)
{
    const int64_t poll_ms = f->seen->now_ms + ZDD_JUDGE_POLL_MS;

    d->wake_at_ms = next_round_ms(f);
    if (zdd_pair_is_watched(f) && poll_ms < d->wake_at_ms)
        d->wake_at_ms = poll_ms;
}
