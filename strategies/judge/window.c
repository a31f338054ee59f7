/**
 * @file strategies/judge/window.c
 * @brief Differences of counters that may begin anew, fall, or lie.
 */
#include "strategies/judge/window.h"

/* A server has gone, and its counters with it. */
static bool has_fallen(const struct zdd_counts *before, const struct zdd_counts *now)
{
    return now->requests < before->requests || now->chosen < before->chosen ||
           now->answers < before->answers || now->errors < before->errors ||
           now->refused < before->refused;
}

static bool is_count(int64_t value)
{
    return value >= 0 && value <= ZDD_COUNT_MAX;
}

static bool is_credible(const struct zdd_counts *c)
{
    return is_count(c->requests) && is_count(c->chosen) && is_count(c->answers) &&
           is_count(c->errors) && is_count(c->refused) && is_count(c->broken) &&
           is_count(c->retried) && is_count(c->rerouted) && is_count(c->running);
}

static int64_t risen(int64_t value)
{
    return value > 0 ? value : 0;
}

static int64_t clamp(int64_t value, int64_t max)
{
    if (value < 0)
        return 0;
    return value > max ? max : value;
}

/* Where the window begins; at its end when nothing is known of it. */
static const struct zdd_counts *begin_of(const struct zdd_counts *before,
                                         const struct zdd_counts *now)
{
    static const struct zdd_counts none = {0};

    if (now->started_ms != before->started_ms)
        return &none;
    return !is_credible(before) || has_fallen(before, now) ? now : before;
}

/* Below the number itself while answers go on. */
static int64_t missing(const struct zdd_counts *c)
{
    return c->requests - c->answers - c->running;
}

int64_t zdd_counts_lost(const struct zdd_counts *before, const struct zdd_counts *now)
{
    const bool goes_on = before && is_credible(now) && begin_of(before, now) == before;
    int64_t low, high;

    if (!is_credible(now))
        return 0;
    low = risen(missing(now));
    high = risen(missing(now) + now->running);
    if (!goes_on || before->lost < low)
        return low;
    return before->lost < high ? before->lost : high;
}

struct zdd_window zdd_window_between(const struct zdd_counts *before, const struct zdd_counts *now)
{
    const struct zdd_counts *from = begin_of(before, now);

    if (!is_credible(now))
        return (struct zdd_window){0};

    const int64_t requests = now->requests - from->requests;
    /* Neither answered nor running: dropped, or given to another server (marathon-lb.md §5). */
    const int64_t lost = from == now ? 0 : missing(now) - from->lost;
    const int64_t errors = now->errors - from->errors;

    return (struct zdd_window){
        .requests = requests,
        .chosen = now->chosen - from->chosen,
        .answers = now->answers - from->answers,
        .failures = clamp(errors + clamp(lost, requests), requests),
        .refused = clamp(now->refused - from->refused, requests),
        .broken = risen(now->broken - from->broken),
        .retried = risen(now->retried - from->retried),
        .rerouted = risen(now->rerouted - from->rerouted),
    };
}

int64_t zdd_count_sum(int64_t a, int64_t b)
{
    return a + b < ZDD_COUNT_MAX ? a + b : ZDD_COUNT_MAX;
}

void zdd_window_add(struct zdd_window *sum, const struct zdd_window *more)
{
    sum->requests = zdd_count_sum(sum->requests, more->requests);
    sum->chosen = zdd_count_sum(sum->chosen, more->chosen);
    sum->answers = zdd_count_sum(sum->answers, more->answers);
    sum->failures = zdd_count_sum(sum->failures, more->failures);
    sum->refused = zdd_count_sum(sum->refused, more->refused);
    sum->broken = zdd_count_sum(sum->broken, more->broken);
    sum->retried = zdd_count_sum(sum->retried, more->retried);
    sum->rerouted = zdd_count_sum(sum->rerouted, more->rerouted);
}
