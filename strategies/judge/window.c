/**
 * @file strategies/judge/window.c
 * @brief Differences of counters that may begin anew, or fall.
 */
#include "strategies/judge/window.h"

/* A server has gone, and its counters with it. */
static bool has_fallen(const struct zdd_counts *before, const struct zdd_counts *now)
{
    return now->requests < before->requests || now->chosen < before->chosen ||
           now->answers < before->answers || now->errors < before->errors ||
           now->refused < before->refused;
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

struct zdd_window zdd_window_between(const struct zdd_counts *before, const struct zdd_counts *now)
{
    static const struct zdd_counts none = {0};
    const bool is_anew = now->started_ms != before->started_ms;
    const struct zdd_counts *from = is_anew ? &none : has_fallen(before, now) ? now : before;
    const int64_t requests = now->requests - from->requests;
    /* Neither answered nor running: dropped, or given to another server (marathon-lb.md §5). */
    const int64_t lost = requests - (now->answers - from->answers) - (now->running - from->running);
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

void zdd_window_add(struct zdd_window *sum, const struct zdd_window *more)
{
    sum->requests += more->requests;
    sum->chosen += more->chosen;
    sum->answers += more->answers;
    sum->failures += more->failures;
    sum->refused += more->refused;
    sum->broken += more->broken;
    sum->retried += more->retried;
    sum->rerouted += more->rerouted;
}
