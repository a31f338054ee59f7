/**
 * @file server/engine/measured.c
 * @brief A round of checks becomes part of its deployment.
 */
#include "server/engine/measured.h"

#include "server/base/clock.h"
#include "server/engine/tell.h"
#include "storage/events.h"
#include "strategies/judge/trial.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum zdd_err zdd_measured_tell(struct zdd_tx *tx, const char *run_id, int32_t index,
                               struct zdd_buf *buf)
{
    ZDD_AUTO_TEXT struct zdd_text rounds = {0};
    enum zdd_err err = zdd_step_rounds(tx, run_id, index, &rounds);

    if (err != ZDD_ERR_NONE || !rounds.data || !*rounds.data)
        return err;
    zdd_buf_text(buf, ",\"rounds\":[");
    zdd_buf_text(buf, rounds.data);
    zdd_buf_text(buf, "]");
    return buf->err;
}

static void tell_failures(struct zdd_buf *buf, const char *name, const struct zdd_window *window)
{
    zdd_buf_printf(buf, ",\"%s\":{\"requests\":%" PRId64 ",\"failures\":%" PRId64 "}", name,
                   window->requests, window->failures);
}

void zdd_measured_tell_acknowledged(struct zdd_buf *buf, const struct zdd_run *run)
{
    zdd_buf_text(buf, ",\"acknowledged\":{\"text\":");
    zdd_buf_json_string(buf, *run->measured ? run->measured : NULL);
    if (run->trial.since_ms > 0) {
        tell_failures(buf, "new", &run->trial.new_side.all);
        tell_failures(buf, "old", &run->trial.old_side.all);
    }
    zdd_buf_text(buf, "}");
}

/* What came since the last round that could say something goes on to be counted. */
static void close_round(const struct zdd_probe_report *report, const struct zdd_plan *plan,
                        int32_t set, struct zdd_run *run)
{
    struct zdd_trial *trial = &run->trial;

    trial->edition++;
    if (report->result == ZDD_FINDING_PASSED || report->result == ZDD_FINDING_FAILED)
        zdd_trial_end_round(trial, zdd_trial_kind(set));
    zdd_trial_tell(trial, &plan->verifies, set);
}

void zdd_measured_take(const struct zdd_probe_report *report, const struct zdd_plan *plan,
                       int32_t set, int64_t now_ms, struct zdd_run *run)
{
    const struct zdd_verify *verify = zdd_verifies_set(&plan->verifies, set);
    const bool beside = set == ZDD_VERIFY_BESIDE;

    zdd_verify_add(verify, beside ? run->trial.rounds : run->rounds, report->result);
    if (beside) {
        run->trial.round_count++;
        run->trial.measured_at_ms = now_ms;
    } else {
        run->round_count++;
        run->measured_at_ms = now_ms;
    }
    close_round(report, plan, set, run);
    if (report->result != ZDD_FINDING_PASSED)
        snprintf(run->measured, sizeof(run->measured), "%s", report->words);
    if (!beside)
        zdd_tell_verify(run, plan);
}

static void tell_round(struct zdd_buf *buf, const struct zdd_run *run,
                       const struct zdd_probe_report *report, int32_t set, int64_t now_ms)
{
    const bool beside = set == ZDD_VERIFY_BESIDE;
    char at[ZDD_TIME_SIZE];

    zdd_time_format(now_ms, at);
    zdd_buf_printf(buf, "{\"round\":%d,\"at\":\"%s\",\"result\":\"%s\",\"checks\":%s%s}",
                   (int)(beside ? run->trial.round_count : run->round_count), at,
                   zdd_finding_name(report->result), report->data,
                   beside ? ",\"beside\":true" : "");
}

static enum zdd_err add_event(struct zdd_tx *tx, const struct zdd_plan *plan,
                              const struct zdd_run *run, const char *round, int64_t now_ms)
{
    ZDD_AUTO_BUF struct zdd_buf data = {0};
    struct zdd_event event = {.time_ms = now_ms,
                              .type = "deployment.verify.measured",
                              .run_id = run->id,
                              .app_id = run->app_id};

    zdd_tell_run(&data, plan, run, NULL);
    zdd_buf_text(&data, ",\"measured\":");
    zdd_buf_text(&data, round);
    zdd_buf_text(&data, "}");
    if (data.err != ZDD_ERR_NONE)
        return data.err;
    event.data = data.data;
    return zdd_event_append(tx, &event);
}

static enum zdd_err write_evidence(struct zdd_tx *tx, const struct zdd_plan *plan,
                                   const struct zdd_run *run)
{
    ZDD_AUTO_BUF struct zdd_buf evidence = {0};
    const struct zdd_step_row row = {.index = run->step, .state = "running"};
    enum zdd_err err;

    zdd_tell_run(&evidence, plan, run, NULL);
    err = zdd_measured_tell(tx, run->id, run->step, &evidence);
    zdd_buf_text(&evidence, "}");
    if (err == ZDD_ERR_NONE)
        err = evidence.err;
    return err == ZDD_ERR_NONE ? zdd_step_update(tx, run->id, &row, evidence.data) : err;
}

enum zdd_err zdd_measured_write(struct zdd_tx *tx, const struct zdd_plan *plan,
                                const struct zdd_run *run, const struct zdd_probe_report *report,
                                int32_t set, int64_t now_ms)
{
    ZDD_AUTO_BUF struct zdd_buf round = {0};
    enum zdd_err err;

    tell_round(&round, run, report, set, now_ms);
    if (round.err != ZDD_ERR_NONE)
        return round.err;
    err = zdd_step_add_round(tx, run->id, run->step, round.data);
    if (err == ZDD_ERR_NONE)
        err = write_evidence(tx, plan, run);
    return err == ZDD_ERR_NONE ? add_event(tx, plan, run, round.data, now_ms) : err;
}
