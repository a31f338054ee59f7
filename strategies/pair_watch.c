/**
 * @file strategies/pair_watch.c
 * @brief Checks beside the steps.
 */
#include "strategies/pair_watch.h"

#include "strategies/guards.h"
#include "strategies/judge/trial.h"
#include "strategies/pair.h"
#include "strategies/pair_weigh.h"
#include "strategies/share.h"

static const struct zdd_verify *beside(const struct zdd_facts *f)
{
    return &f->plan->verifies.beside;
}

static bool both_get_requests(const struct zdd_facts *f)
{
    return zdd_pair_is(f) && zdd_pair_has_share(f) && zdd_share_is_split(f->plan, f->run) &&
           f->run->traffic.side[ZDD_SIDE_NEW].weight > 0;
}

static bool is_under_way(const struct zdd_facts *f)
{
    return beside(f)->rounds > 0 && both_get_requests(f) &&
           (f->run->hold == ZDD_HOLD_NONE || f->run->hold == ZDD_HOLD_GATE);
}

bool zdd_pair_is_watched(const struct zdd_facts *f)
{
    if (f->run->phase == ZDD_PHASE_VERIFYING &&
        zdd_verifies_set(&f->plan->verifies, f->run->verify_set)->counted_count > 0)
        return true;
    return both_get_requests(f) && beside(f)->rounds > 0;
}

/* It has been said why; before, a round is made that says it. */
static bool is_bad(const struct zdd_facts *f)
{
    const struct zdd_trial *trial = &f->run->trial;

    return zdd_verify_is_bad(beside(f), zdd_rounds_last(trial->rounds, beside(f)->rounds)) ||
           zdd_trial_has_told(trial, &f->plan->verifies, ZDD_VERIFY_BESIDE);
}

bool zdd_pair_watch_goes_back(const struct zdd_facts *f)
{
    return is_under_way(f) && is_bad(f) && f->plan->on_failure == ZDD_ON_FAILURE_ROLLBACK;
}

bool zdd_pair_watch_stays(const struct zdd_facts *f)
{
    return is_under_way(f) && is_bad(f) && f->plan->on_failure == ZDD_ON_FAILURE_HOLD;
}

/* What each of these phases waits for meanwhile; in the others an order is due, and no round puts
 * it off. New instances may take minutes to start, beside those that have a share. */
static const char *waiting_in(enum zdd_phase phase)
{
    switch ((int)phase) {
    case ZDD_PHASE_ROLLING:
        return "tasks";
    case ZDD_PHASE_PAUSING:
        return "pause";
    case ZDD_PHASE_GATED:
        return "promote";
    case ZDD_PHASE_VERIFYING:
        return "verify";
    case ZDD_PHASE_WEIGHING:
    case ZDD_PHASE_JOINING:
        return "balancer";
    default:
        return NULL;
    }
}

/* When the present round has begun. */
static int64_t begun_ms(const struct zdd_trial *trial)
{
    return trial->measured_at_ms != 0 ? trial->measured_at_ms : trial->since_ms;
}

int64_t zdd_pair_watch_next_ms(const struct zdd_facts *f)
{
    const struct zdd_trial *trial = &f->run->trial;

    return beside(f)->rounds > 0 && trial->since_ms > 0 ? begun_ms(trial) + beside(f)->interval_ms
                                                        : INT64_MAX;
}

int64_t zdd_pair_watch_wakes_ms(const struct zdd_facts *f)
{
    const int64_t poll_ms = f->seen->now_ms + ZDD_JUDGE_POLL_MS;
    const int64_t next_ms = zdd_pair_watch_next_ms(f);

    if (!is_under_way(f) || !waiting_in(f->run->phase) || f->run->trial.since_ms == 0)
        return INT64_MAX;
    return poll_ms < next_ms ? poll_ms : next_ms;
}

/* A clock that was set back must not put the next round off for hours. */
static bool is_time(const struct zdd_facts *f)
{
    return f->seen->now_ms >= zdd_pair_watch_next_ms(f) ||
           f->seen->now_ms < begun_ms(&f->run->trial);
}

/* Rounds that cannot be made are tried again and again: neither what somebody says nor a deadline
 * waits for them. At a gate no deadline runs. */
static bool others_come_first(const struct zdd_facts *f)
{
    return f->run->command != ZDD_COMMAND_NONE ||
           (f->run->phase != ZDD_PHASE_GATED && zdd_is_late(f));
}

bool zdd_pair_watch_is_due(const struct zdd_facts *f)
{
    return is_under_way(f) && f->seen->reachable && waiting_in(f->run->phase) &&
           !others_come_first(f) &&
           (is_time(f) ||
            zdd_trial_must_tell(&f->run->trial, &f->plan->verifies, ZDD_VERIFY_BESIDE));
}

void zdd_pair_watch(const struct zdd_facts *f, struct zdd_decision *d)
{
    d->waiting = waiting_in(f->run->phase);
    zdd_emit(d, ZDD_ORDER_MEASURE, ZDD_VERIFY_BESIDE, false);
}
