/**
 * @file strategies/judge/verdict.c
 * @brief A round's finding from the balancers' counters.
 */
#include "strategies/judge/verdict.h"

#include "strategies/judge/suspicion.h"
#include "strategies/judge/trial.h"
#include "strategies/say.h"

#include <string.h>

#define US_OF_MS 1000
#define SAYABLE (100 * 100) /* a share in hundredths of a percent, as zdd_say() has it */

static int64_t count_of(const struct zdd_window *window, enum zdd_metric metric)
{
    return metric == ZDD_METRIC_ERROR_RATE ? window->failures : window->refused;
}

static double rate_of(const struct zdd_window *window, enum zdd_metric metric)
{
    return window->requests > 0 ? (double)count_of(window, metric) / (double)window->requests : 0;
}

static double value_of(const struct zdd_hearing *h, const struct zdd_tried *side,
                       enum zdd_metric metric)
{
    return metric == ZDD_METRIC_RESPONSE_MS ? (double)side->answer_us / US_OF_MS
                                            : rate_of(&side->round[h->kind], metric);
}

static int64_t sayable(double rate)
{
    return (int64_t)(rate * SAYABLE + 0.5);
}

/* Write behind what @p words has already. */
static void say_more(char words[static ZDD_MEASURED_SIZE], const char *pattern, int64_t a,
                     int64_t b)
{
    const size_t used = strlen(words);

    zdd_say(words + used, ZDD_MEASURED_SIZE - used, pattern, a, b);
}

static const char *const sentences[] = {
    [ZDD_METRIC_ERROR_RATE] = "%.1 %% of %2 requests failed",
    [ZDD_METRIC_CONNECT_ERRORS] = "%.1 %% of %2 requests found no connection",
    [ZDD_METRIC_RESPONSE_MS] = "an answer takes %1 ms",
};

static void say_value(char words[static ZDD_MEASURED_SIZE], const struct zdd_tried *side,
                      const struct zdd_window *window, enum zdd_metric metric)
{
    if (metric == ZDD_METRIC_RESPONSE_MS)
        say_more(words, sentences[metric], side->answer_us / US_OF_MS, 0);
    else
        say_more(words, sentences[metric], sayable(rate_of(window, metric)), window->requests);
}

static bool is_above(const struct zdd_hearing *h, const struct zdd_counted *check)
{
    const struct zdd_tried *side = &h->trial->new_side;
    const struct zdd_window *round = &side->round[h->kind];
    const int64_t least = h->verify->min_requests;

    if (!check->has_max)
        return false;
    if (check->metric == ZDD_METRIC_RESPONSE_MS)
        return round->requests >= least && side->answer_us > check->max;
    return (double)count_of(round, check->metric) * ZDD_MILLION >
           (double)check->max * (double)(round->requests > least ? round->requests : least);
}

static void say_above(const struct zdd_hearing *h, const struct zdd_counted *check,
                      char words[static ZDD_MEASURED_SIZE])
{
    const struct zdd_tried *side = &h->trial->new_side;

    say_value(words, side, &side->round[h->kind], check->metric);
    if (check->metric == ZDD_METRIC_RESPONSE_MS)
        say_more(words, ", %1 ms may", check->max / US_OF_MS, 0);
    else
        say_more(words, ", %.1 %% may", check->max / (ZDD_MILLION / SAYABLE), 0);
}

static void say_worse(const struct zdd_trial *trial, const struct zdd_counted *check,
                      char words[static ZDD_MEASURED_SIZE])
{
    say_value(words, &trial->new_side, &trial->new_side.all, check->metric);
    say_more(words, ", of the old version ", 0, 0);
    if (check->metric == ZDD_METRIC_RESPONSE_MS)
        say_more(words, "%1 ms", trial->old_side.answer_us / US_OF_MS, 0);
    else
        say_more(words, "%.1 %% of %2", sayable(rate_of(&trial->old_side.all, check->metric)),
                 trial->old_side.all.requests);
    say_more(words, ": that is no chance", 0, 0);
}

static void compare(const struct zdd_trial *trial, enum zdd_metric metric,
                    struct zdd_verdict *verdict)
{
    const struct zdd_suspicion *suspicion =
        metric == ZDD_METRIC_ERROR_RATE ? &trial->errors : &trial->refusals;

    if (metric == ZDD_METRIC_RESPONSE_MS) {
        verdict->p = trial->pace.p;
        return;
    }
    verdict->p = suspicion->p;
    verdict->odds = zdd_suspicion_odds(suspicion);
}

/* What a round says that is not bad. */
static void find_rest(const struct zdd_hearing *h, const struct zdd_counted *check,
                      struct zdd_verdict *verdict)
{
    const int64_t requests = h->trial->new_side.round[h->kind].requests;
    const int64_t least = h->verify->min_requests > 1 ? h->verify->min_requests : 1;

    if (!h->told) {
        verdict->finding = ZDD_FINDING_ERROR;
        say_more(verdict->words, "no balancer has told its counters", 0, 0);
    } else if (requests < least) {
        verdict->finding = ZDD_FINDING_INCONCLUSIVE;
        say_more(verdict->words, "%1 of %2 requests", requests, least);
    } else if (check->worse_than_old && h->trial->old_side.round[h->kind].requests == 0) {
        verdict->finding = ZDD_FINDING_INCONCLUSIVE;
        say_more(verdict->words, "the old version had no request to compare with", 0, 0);
    }
}

struct zdd_verdict zdd_verdict_of(const struct zdd_hearing *hearing,
                                  const struct zdd_counted *check)
{
    const struct zdd_trial *trial = hearing->trial;
    struct zdd_verdict verdict = {
        .finding = ZDD_FINDING_PASSED,
        .value = value_of(hearing, &trial->new_side, check->metric),
        .old_value = value_of(hearing, &trial->old_side, check->metric),
    };

    if (check->worse_than_old)
        compare(trial, check->metric, &verdict);
    if (check->worse_than_old && zdd_trial_is_condemned(trial, check->metric)) {
        verdict.finding = ZDD_FINDING_FAILED;
        say_worse(trial, check, verdict.words);
    } else if (is_above(hearing, check)) {
        verdict.finding = ZDD_FINDING_FAILED;
        say_above(hearing, check, verdict.words);
    } else {
        find_rest(hearing, check, &verdict);
    }
    return verdict;
}

bool zdd_finding_outweighs(enum zdd_finding finding, enum zdd_finding other)
{
    static const int weights[] = {
        [ZDD_FINDING_PASSED] = 0,
        [ZDD_FINDING_INCONCLUSIVE] = 1,
        [ZDD_FINDING_ERROR] = 2,
        [ZDD_FINDING_FAILED] = 3,
    };

    return weights[finding] > weights[other];
}
