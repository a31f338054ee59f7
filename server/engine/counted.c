/**
 * @file server/engine/counted.c
 * @brief Verdicts on the balancers' counters, as a part of a round.
 */
#include "server/engine/counted.h"

#include "strategies/judge/suspicion.h"
#include "strategies/judge/trial.h"
#include "strategies/judge/verdict.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void tell_side(struct zdd_buf *buf, const char *name, const struct zdd_window *window)
{
    zdd_buf_printf(buf,
                   ",\"%s\":{\"requests\":%" PRId64 ",\"failures\":%" PRId64 ",\"refused\":%" PRId64
                   ",\"econ\":%" PRId64 ",\"eresp\":%" PRId64 ",\"wretr\":%" PRId64
                   ",\"wredis\":%" PRId64 "}",
                   name, window->requests, window->failures, window->refused, window->refused,
                   window->broken, window->retried, window->rerouted);
}

static void tell(struct zdd_buf *buf, const struct zdd_hearing *h, const struct zdd_counted *check,
                 const struct zdd_verdict *verdict)
{
    zdd_buf_printf(buf,
                   "{\"check\":%d,\"result\":\"%s\",\"measure\":\"%s\",\"value\":%.6g,"
                   "\"oldValue\":%.6g",
                   (int)check->place, zdd_finding_name(verdict->finding),
                   zdd_metric_name(check->metric), verdict->value, verdict->old_value);
    tell_side(buf, "new", &h->trial->new_side.round[h->kind]);
    tell_side(buf, "old", &h->trial->old_side.round[h->kind]);
    if (verdict->p > 0)
        zdd_buf_printf(buf, ",\"p\":%.3g", verdict->p);
    if (verdict->odds > 0)
        zdd_buf_printf(buf, ",\"odds\":%.4g", fmin(verdict->odds, ZDD_ODDS_SHOWN_MAX));
    zdd_buf_text(buf, ",\"text\":");
    zdd_buf_json_string(buf, *verdict->words ? verdict->words : NULL);
    zdd_buf_text(buf, check->observe_only ? ",\"observeOnly\":true}" : "}");
}

static void weigh(const struct zdd_verdict *verdict, struct zdd_probe_report *report)
{
    if (!zdd_finding_outweighs(verdict->finding, report->result))
        return;
    report->result = verdict->finding;
    snprintf(report->words, sizeof(report->words), "%s", verdict->words);
}

/* Behind those that are there; what has no room is left out, and the finding says it all the same.
 */
static void append(const struct zdd_buf *buf, char data[static ZDD_PROBE_DATA_MAX])
{
    const size_t used = strlen(data) - strlen("]");

    if (buf->err != ZDD_ERR_NONE || used + buf->size + sizeof(",]") > ZDD_PROBE_DATA_MAX)
        return;
    snprintf(data + used, ZDD_PROBE_DATA_MAX - used, "%s%s]", used > strlen("[") ? "," : "",
             buf->data);
}

/* Told just now counts whatever the clock says: it may have been set back since the last round. */
static struct zdd_hearing hearing_of(const struct zdd_plan *plan, const struct zdd_run *run,
                                     int32_t set, int64_t now_ms)
{
    const bool beside = set == ZDD_VERIFY_BESIDE;
    const int64_t since_ms = beside ? run->trial.measured_at_ms : zdd_run_round_begun_ms(run);

    return (struct zdd_hearing){
        .trial = &run->trial,
        .verify = zdd_verifies_set(&plan->verifies, set),
        .kind = zdd_trial_kind(set),
        .told = run->trial.until_ms > since_ms || run->trial.until_ms == now_ms,
    };
}

void zdd_counted_add(const struct zdd_plan *plan, const struct zdd_run *run, int32_t set,
                     int64_t now_ms, struct zdd_probe_report *report)
{
    const struct zdd_hearing h = hearing_of(plan, run, set, now_ms);

    for (int32_t i = 0; i < h.verify->counted_count; i++) {
        const struct zdd_counted *check = &h.verify->counted[i];
        const struct zdd_verdict verdict = zdd_verdict_of(&h, check);
        ZDD_AUTO_BUF struct zdd_buf buf = {0};

        tell(&buf, &h, check, &verdict);
        append(&buf, report->data);
        if (!check->observe_only)
            weigh(&verdict, report);
    }
}
