/**
 * @file server/api/deployment_json.c
 * @brief A deployment as callers see it. Everything is derived from the run and its plan; nothing
 * is read.
 */
#include "server/api/deployment_json.h"

#include "server/api/share_json.h"
#include "server/api/steps.h"
#include "server/api/trial_json.h"
#include "strategies/advice.h"
#include "strategies/share.h"
#include "strategies/strategy.h"
#include "strategies/timing.h"

#include <math.h>
#include <string.h>

static double share(int32_t part, int32_t whole)
{
    if (whole <= 0)
        return part > 0 ? 1 : 0;
    return part >= whole ? 1 : (double)part / (double)whole;
}

static double rounded(double value, double digits)
{
    return round(value * digits) / digits;
}

/* One when the strategy is not known any more. */
static double step_count(const struct zdd_run *run, const struct zdd_note *note)
{
    const struct zdd_strategy *strategy = zdd_strategy_find(run->strategy);

    if (note->program_steps > 0)
        return (double)note->program_steps;
    return strategy && strategy->step_count > 0 ? (double)strategy->step_count : 1;
}

/* Over a pair, the old version is whole all the time, and the new one goes. */
static double undone(const struct zdd_run *run, const struct zdd_note *note)
{
    if (note->program_steps > 0)
        return 1 - share(run->new_side.instances, note->target_instances);
    return share(run->old_side.healthy, note->old_instances);
}

double zdd_deployment_progress(const struct zdd_run *run, const struct zdd_note *note)
{
    const enum zdd_state state = zdd_run_state(run);
    const double replaced = share(run->new_side.healthy, note->target_instances);
    const double steps = step_count(run, note);
    double here = 0; /* of the present step */

    if (state == ZDD_STATE_SUCCEEDED || state == ZDD_STATE_ROLLED_BACK)
        return 1;
    if (zdd_phase_is_undo(run->phase))
        return rounded(undone(run, note), 100);
    if (zdd_state_is_final(state))
        return rounded(replaced, 100);
    if (run->phase == ZDD_PHASE_ROLLING)
        here = replaced;
    if (run->phase == ZDD_PHASE_STOPPING)
        here = 1 - share(run->old_side.instances, note->old_instances);
    return rounded(fmin(1, ((double)run->step + here) / steps), 100);
}

/* Of a deployment over one app: none is at hand. */
static const struct zdd_plan *plan_of(const struct zdd_deployment_view *view)
{
    return view->note.program_steps > 0 ? view->plan : NULL;
}

static void write_step(struct zdd_writer *w, const struct zdd_deployment_view *view)
{
    const struct zdd_run *run = view->run;
    const struct zdd_strategy *strategy = zdd_strategy_find(run->strategy);
    struct zdd_step_row row;
    int32_t count;

    if (!strategy || !zdd_step_describe(strategy, plan_of(view), run->step, &row)) {
        zdd_w_null(w, "step");
        return;
    }
    count = zdd_step_count(strategy, plan_of(view));
    zdd_w_object(w, "step");
    zdd_w_int(w, "index", run->step);
    /* The way back counts as a step only for who is on it. */
    zdd_w_int(w, "of", (int64_t)count + (run->step == count));
    zdd_w_text(w, "kind", row.kind);
    zdd_w_text(w, "text", row.text);
    zdd_w_end_object(w);
}

static void write_addresses(struct zdd_writer *w, const char *addresses)
{
    zdd_w_array(w, "addresses");
    while (*addresses) {
        const size_t size = strcspn(addresses, " ");
        char address[ZDD_ADDRESSES_SIZE];

        memcpy(address, addresses, size);
        address[size] = '\0';
        zdd_w_text(w, NULL, address);
        addresses += size + (addresses[size] == ' ');
    }
    zdd_w_end_array(w);
}

/* What the present step wants the share to be; going back, the old version gets all. */
static double wanted_share(const struct zdd_deployment_view *view, enum zdd_pair_side side)
{
    const int32_t share = zdd_share_now(view->plan, view->run);

    return (double)(side == ZDD_SIDE_NEW ? share : ZDD_SHARE_ALL - share) / ZDD_SHARE_PERCENT;
}

static void write_side(struct zdd_writer *w, const char *key,
                       const struct zdd_deployment_view *view, enum zdd_pair_side side)
{
    const struct zdd_run *run = view->run;
    const struct zdd_tally *tally = side == ZDD_SIDE_OLD ? &run->old_side : &run->new_side;
    const char *app_id = run->app_id;

    if (view->note.program_steps > 0)
        app_id = side == ZDD_SIDE_OLD ? view->plan->pair.old_id : view->plan->pair.new_id;
    zdd_w_object(w, key);
    zdd_w_text(w, "appId", *app_id ? app_id : run->app_id);
    zdd_w_text(w, "version", tally->version[0] ? tally->version : NULL);
    zdd_w_int(w, "instances", tally->instances);
    zdd_w_int(w, "healthy", tally->healthy);
    zdd_w_real(w, "weight", rounded(zdd_share_given(run, view->note.program_steps > 0, side), 100));
    if (view->note.program_steps > 0)
        zdd_w_real(w, "wantedWeight", wanted_share(view, side));
    if (view->note.program_steps > 0 && side == ZDD_SIDE_NEW) {
        zdd_w_measured(w, view->plan, run);
        write_addresses(w, run->new_addresses);
    }
    zdd_w_end_object(w);
}

void zdd_w_waiting(struct zdd_writer *w, const struct zdd_run *run)
{
    const bool queued =
        zdd_run_state(run) == ZDD_STATE_QUEUED; /* the engine does not know it yet */

    if (!run->waiting_code[0] && !queued) {
        zdd_w_null(w, "waitingFor");
        return;
    }
    zdd_w_object(w, "waitingFor");
    zdd_w_text(w, "code", queued ? "turn" : run->waiting_code);
    zdd_w_text(w, "text",
               queued ? "Another deployment of the app has to end first." : run->waiting_text);
    zdd_w_time(w, "since", queued ? run->created_at_ms : run->waiting_since_ms);
    zdd_w_end_object(w);
}

static void write_commands(struct zdd_writer *w, const struct zdd_run *run)
{
    const enum zdd_command suggested = zdd_run_suggests(run);

    zdd_w_array(w, "allowedCommands");
    for (enum zdd_command c = ZDD_COMMAND_PAUSE; c < ZDD_COMMAND_COUNT; c++) {
        if (zdd_run_allows(run, c))
            zdd_w_text(w, NULL, zdd_command_name(c));
    }
    zdd_w_end_array(w);
    zdd_w_text(w, "suggestedCommand",
               suggested == ZDD_COMMAND_NONE ? NULL : zdd_command_name(suggested));
}

static void write_error(struct zdd_writer *w, const struct zdd_run *run)
{
    if (!run->error_code[0]) {
        zdd_w_null(w, "error");
        return;
    }
    zdd_w_object(w, "error");
    zdd_w_text(w, "code", run->error_code);
    zdd_w_text(w, "text", run->error_text);
    zdd_w_end_object(w);
}

static void write_rollback(struct zdd_writer *w, const struct zdd_deployment_view *view)
{
    const struct zdd_run *run = view->run;
    const bool has_way = strcmp(view->note.rollback_mode, "none") != 0;
    struct zdd_way_back way = {view->note.rollback_mode, 0};
    double seconds = view->note.rollback_s;

    if (view->note.program_steps > 0) {
        way = zdd_advice_way_back_now(view->plan, view->run);
        seconds = (double)way.estimate_ms / 1000;
    }
    zdd_w_object(w, "rollback");
    zdd_w_bool(w, "possible", has_way && zdd_run_allows(run, ZDD_COMMAND_ROLLBACK));
    zdd_w_text(w, "mode", way.mode);
    zdd_w_real(w, "estimateSeconds", seconds);
    zdd_w_end_object(w);
}

static void write_history(struct zdd_writer *w, const struct zdd_deployment_view *view)
{
    const struct zdd_run *run = view->run;

    zdd_w_text(w, "createdBy", run->created_by);
    zdd_w_text(w, "reason", run->reason);
    zdd_w_raw(w, "labels", view->labels && view->labels[0] ? view->labels : "{}");
    zdd_w_time(w, "createdAt", run->created_at_ms);
    zdd_w_time(w, "startedAt", run->started_at_ms);
    zdd_w_time(w, "endedAt", run->ended_at_ms);
    zdd_w_time(w, "deadlineAt", run->deadline_at_ms);
    zdd_w_int(w, "revision", run->revision);
}

void zdd_w_deployment(struct zdd_writer *w, const char *key, const struct zdd_deployment_view *view)
{
    const struct zdd_run *run = view->run;
    const enum zdd_state state = zdd_run_state(run);

    zdd_w_object(w, key);
    zdd_w_text(w, "id", run->id);
    zdd_w_text(w, "planId", run->plan_id);
    zdd_w_text(w, "appId", run->app_id);
    zdd_w_text(w, "strategy", run->strategy);
    zdd_w_text(w, "state", zdd_state_name(state));
    zdd_w_text(w, "phase", zdd_phase_name(run->phase));
    write_step(w, view);
    zdd_w_real(w, "progress", zdd_deployment_progress(run, &view->note));
    write_side(w, "old", view, ZDD_SIDE_OLD);
    write_side(w, "new", view, ZDD_SIDE_NEW);
    if (view->note.program_steps > 0)
        zdd_w_trial(w, view->plan, run);
    zdd_w_waiting(w, run);
    zdd_w_time(w, "waitingUntil",
               view->note.program_steps > 0 ? zdd_timing_until_ms(view->plan, run) : 0);
    write_rollback(w, view);
    write_commands(w, run);
    write_history(w, view);
    write_error(w, run);
    zdd_w_end_object(w);
}
