/**
 * @file strategies/pair_verify.c
 * @brief The new version is checked in a step of its own.
 */
#include "strategies/pair_verify.h"

#include "strategies/guards.h"

static const struct zdd_verify *checks_of(const struct zdd_facts *f)
{
    return zdd_verifies_set(&f->plan->verifies, f->run->verify_set);
}

static bool is_bad(const struct zdd_facts *f)
{
    return zdd_verify_is_bad(checks_of(f), f->run->rounds);
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

bool zdd_pair_lacks_instances(const struct zdd_facts *f)
{
    return f->seen->current.ready < zdd_wanted(f);
}

/* The first round is made at once. */
static int64_t next_round_ms(const struct zdd_facts *f)
{
    return f->run->rounds[0] ? f->run->measured_at_ms + checks_of(f)->interval_ms : 0;
}

/* A clock that was set back must not put the next round off for hours. */
bool zdd_pair_should_measure(const struct zdd_facts *f)
{
    const int64_t now_ms = f->seen->now_ms;

    return now_ms >= next_round_ms(f) || now_ms < f->run->measured_at_ms;
}

void zdd_pair_note_unverified(const struct zdd_facts *f, struct zdd_decision *d)
{
    (void)f;
    d->cause = ZDD_CAUSE_VERIFY_FAILED;
}

void zdd_pair_hold_unverified(const struct zdd_facts *f, struct zdd_decision *d)
{
    zdd_pair_note_unverified(f, d);
    d->hold = ZDD_HOLD_FAILURE;
}

void zdd_pair_measure(const struct zdd_facts *f, struct zdd_decision *d)
{
    (void)f;
    zdd_emit(d, ZDD_ORDER_MEASURE, 0, false);
}

void zdd_pair_wait_for_round(const struct zdd_facts *f, struct zdd_decision *d)
{
    d->wake_at_ms = next_round_ms(f);
}
