/**
 * @file strategies/pair_steps.c
 * @brief The steps of a program in words.
 */
#include "strategies/pair_steps.h"

#include "strategies/model/limits.h"
#include "strategies/model/traffic.h"
#include "strategies/say.h"

#include <string.h>

#define MS_OF_S 1000

/* %1 is the step's value in whole units. */
static const struct {
    const char *pattern;
    int32_t unit;
    const char *one; /* for a value of 1; NULL: the same */
} sentences[] = {
    [ZDD_STEP_ADOPT] =
        {"Give the old app the labels of a pair; Marathon replaces its instances one by one.", 1,
         NULL},
    [ZDD_STEP_SHIFT] = {"Give the new version %.1 %% of the requests, seen on every balancer.", 1,
                        NULL},
    [ZDD_STEP_START] = {"Start %1 instances of the new version; healthy and ready.", 1,
                        "Start 1 instance of the new version; healthy and ready."},
    [ZDD_STEP_JOIN] = {"Wait until every balancer has all new instances UP.", 1, NULL},
    [ZDD_STEP_VERIFY] = {"Check the new version, %1 rounds.", 1, "Check the new version, 1 round."},
    [ZDD_STEP_GATE] = {"Wait until somebody decides.", 1, NULL},
    [ZDD_STEP_WEIGHT] = {"Give the new version %.1 %% of the requests, seen on every balancer.", 1,
                         NULL},
    [ZDD_STEP_PAUSE] = {"Wait %1 s.", MS_OF_S, NULL},
    [ZDD_STEP_KEEP] = {"Keep the old version hot for %1 s.", MS_OF_S, NULL},
    [ZDD_STEP_DRAIN] = {"Wait until no request is under way at the old version.", 1, NULL},
    [ZDD_STEP_RETIRE] = {"Remove the old app.", 1, NULL},
    [ZDD_STEP_SETTLE] = {"Give every server its own weight again.", 1, NULL},
    [ZDD_STEP_SPREAD] = {"Let every instance of both versions serve alike, on every balancer.", 1,
                         NULL},
    [ZDD_STEP_SHED] = {"Keep %1 old instances; the others, oldest first, drain and go.", 1,
                       "Keep 1 old instance; the others, oldest first, drain and go."},
};
_Static_assert(ZDD_COUNT(sentences) == ZDD_STEP_KIND_COUNT, "each kind of step needs a sentence");

void zdd_pair_step_say(const struct zdd_program_step *step, char *text, size_t size)
{
    const int32_t unit = sentences[step->kind].unit;
    const char *one = step->value == 1 ? sentences[step->kind].one : NULL;

    zdd_say(text, size, one ? one : sentences[step->kind].pattern, step->value / unit, 0);
}

static const char *const counted[] = {
    [ZDD_METRIC_ERROR_RATE] = "errors",
    [ZDD_METRIC_CONNECT_ERRORS] = "refused connections",
    [ZDD_METRIC_RESPONSE_MS] = "times",
};

/* Each word once. */
static void say_metrics(const struct zdd_verify *verify, char *text, size_t size)
{
    bool any = false;

    for (int metric = 0; metric < ZDD_METRIC_COUNT; metric++) {
        bool wanted = false;

        for (int32_t i = 0; i < verify->counted_count; i++)
            wanted = wanted || (int)verify->counted[i].metric == metric;
        if (!wanted)
            continue;
        zdd_say(text + strlen(text), size - strlen(text), any ? ", " : " ", 0, 0);
        zdd_say(text + strlen(text), size - strlen(text), counted[metric], 0, 0);
        any = true;
    }
}

void zdd_pair_step_tell(const struct zdd_plan *plan, int32_t index, char *text, size_t size)
{
    const struct zdd_program_step *step = &plan->program.step[index];
    const struct zdd_verify *verify =
        zdd_verifies_set(&plan->verifies, zdd_program_verify(&plan->program, index));

    if (step->kind != ZDD_STEP_VERIFY || verify->counted_count == 0) {
        zdd_pair_step_say(step, text, size);
        return;
    }
    zdd_say(text, size, "Watch both versions for %1 s by the balancers' counters:",
            (int64_t)verify->rounds * verify->interval_ms / MS_OF_S, 0);
    say_metrics(verify, text, size);
    zdd_say(text + strlen(text), size - strlen(text), ".", 0, 0);
}
