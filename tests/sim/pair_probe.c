/**
 * @file tests/sim/pair_probe.c
 * @brief Rounds of checks: they pass, fail, say nothing, hang, or cannot be made at all.
 */
#include "tests/sim/checks.h"

#include <stdio.h>

#define HANG_MS 5000

static void hang(struct world *w)
{
    const int64_t until_ms = w->now_ms + HANG_MS;

    while (w->now_ms < until_ms)
        w->tick(w);
}

static enum zdd_err measure(void *cls, const struct zdd_probe_ask *ask,
                            struct zdd_probe_report *ret_report)
{
    struct sim *s = cls;
    struct world *w = &s->world;
    const bool fault = world_fault(w, w->faults.check_fails);
    char *record;

    reload(s);
    record = s->pair.probed[ask->set];
    pair_check_probe(s, ask->set);
    world_linger(w);
    if (fault && world_chance(w, 10))
        return ZDD_ERR_NO_MEMORY;
    if (ask->spots->count == 0 && w->faults.task_dies == 0)
        violate(s, "nobody is there to be checked");
    *ret_report = (struct zdd_probe_report){.result = ZDD_FINDING_PASSED, .data = "[]"};
    if (fault) {
        ret_report->result = world_chance(w, 50) ? ZDD_FINDING_FAILED : ZDD_FINDING_ERROR;
        snprintf(ret_report->words, sizeof(ret_report->words), "/ready said no");
        if (world_chance(w, 30))
            hang(w);
    }
    /* What is not written counts for nothing: the record of the server is the one that goes on. */
    snprintf(record, ZDD_ROUND_MAX + 1, "%s",
             ask->set == ZDD_VERIFY_BESIDE ? s->run.trial.rounds : s->run.rounds);
    zdd_rounds_add(record, ret_report->result);
    s->pair.probed_at_ms[ask->set] = w->now_ms;
    world_tell(w, "a round of checks: %s", zdd_finding_name(ret_report->result));
    return ZDD_ERR_NONE;
}

static const struct zdd_probe_ops ops = {.measure = measure};

struct zdd_probe pair_probe(struct sim *s)
{
    return (struct zdd_probe){&ops, s};
}
