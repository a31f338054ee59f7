/**
 * @file server/api/explain_json.c
 * @brief The JSON form of an explanation.
 */
#include "server/api/app_json.h"
#include "server/api/deployment_json.h"
#include "server/api/explain.h"
#include "server/api/trial_json.h"
#include "server/json/writer.h"

#include <string.h>

static void write_side(struct zdd_writer *w, const char *key, const struct zdd_side *side)
{
    zdd_w_object(w, key);
    zdd_w_int(w, "total", side->total);
    zdd_w_int(w, "staged", side->staged);
    zdd_w_int(w, "running", side->running);
    zdd_w_int(w, "healthy", side->healthy);
    zdd_w_int(w, "ready", side->ready);
    zdd_w_end_object(w);
}

static const char *definition_of(const struct zdd_app_view *view)
{
    if (!view->exists)
        return "absent";
    if (view->fits_target)
        return "target";
    return view->fits_previous ? "previous" : "foreign";
}

static void write_observed(struct zdd_writer *w, const struct zdd_explanation *e)
{
    const struct zdd_app_view *view = &e->view;

    if (!e->reachable) {
        zdd_w_null(w, "observed");
        return;
    }
    zdd_w_object(w, "observed");
    zdd_w_bool(w, "exists", view->exists);
    zdd_w_text(w, "definition", definition_of(view));
    zdd_w_int(w, "instances", view->instances);
    write_side(w, "new", &view->current);
    write_side(w, "old", &view->outdated);
    zdd_w_array(w, "marathonDeployments");
    for (size_t i = 0; i < view->lock_count && i < ZDD_LOCK_MAX; i++)
        zdd_w_text(w, NULL, view->lock[i]);
    zdd_w_end_array(w);
    zdd_w_end_object(w);
}

static void write_wanted(struct zdd_writer *w, const struct zdd_explanation *e)
{
    const bool back = zdd_phase_is_undo(e->run->phase);

    zdd_w_object(w, "wanted");
    zdd_w_text(w, "definition", back ? "previous" : "target");
    zdd_w_int(w, "instances", back ? e->note.old_instances : e->note.target_instances);
    zdd_w_time(w, "deadlineAt", e->run->deadline_at_ms);
    zdd_w_time(w, "stepDeadlineAt", e->run->step_deadline_at_ms);
    zdd_w_end_object(w);
}

static void write_queue(struct zdd_writer *w, const struct zdd_queue_view *queue)
{
    zdd_w_object(w, "queue");
    zdd_w_int(w, "count", queue->count);
    zdd_w_text(w, "since", queue->since[0] ? queue->since : NULL);
    zdd_w_real(w, "delaySeconds", queue->delay_s);
    zdd_w_array(w, "rejections");
    for (size_t i = 0; i < queue->rejection_count; i++) {
        zdd_w_object(w, NULL);
        zdd_w_text(w, "reason", queue->rejection[i].reason);
        zdd_w_int(w, "declined", queue->rejection[i].declined);
        zdd_w_int(w, "processed", queue->rejection[i].processed);
        zdd_w_end_object(w);
    }
    zdd_w_end_array(w);
    zdd_w_end_object(w);
}

static void write_marathon(struct zdd_writer *w, const struct zdd_explanation *e)
{
    zdd_w_object(w, "marathon");
    zdd_w_bool(w, "reachable", e->reachable);
    zdd_w_text(w, "error", e->reachable ? NULL : e->trouble);
    if (e->queue_known && e->queue.waits)
        write_queue(w, &e->queue);
    else
        zdd_w_null(w, "queue");
    if (e->reachable && e->view.failure[0]) {
        zdd_w_object(w, "lastTaskFailure");
        zdd_w_time(w, "time", e->view.failed_at_ms);
        zdd_w_text(w, "text", e->view.failure);
        zdd_w_end_object(w);
    } else {
        zdd_w_null(w, "lastTaskFailure");
    }
    zdd_w_end_object(w);
}

static void write_floor(struct zdd_writer *w, const struct zdd_engine_floor *floor)
{
    if (!floor->watched) {
        zdd_w_null(w, "floor");
        return;
    }
    zdd_w_object(w, "floor");
    zdd_w_int(w, "promised", floor->promised);
    zdd_w_int(w, "serving", floor->serving);
    zdd_w_text(w, "balancer", floor->balancer);
    zdd_w_bool(w, "broken", floor->broken);
    zdd_w_end_object(w);
}

void zdd_explain_json(struct zdd_buf *buf, const struct zdd_explanation *e, const char *text)
{
    struct zdd_writer writer = {.buf = buf};
    struct zdd_writer *w = &writer;

    zdd_w_object(w, NULL);
    zdd_w_text(w, "deploymentId", e->run->id);
    zdd_w_text(w, "state", zdd_state_name(zdd_run_state(e->run)));
    zdd_w_waiting(w, e->run);
    write_observed(w, e);
    write_wanted(w, e);
    write_floor(w, &e->floor);
    if (e->plan)
        zdd_w_trial(w, e->plan, e->run);
    zdd_w_time(w, "since", e->run->waiting_since_ms);
    zdd_w_array(w, "whoCanUnblock");
    for (size_t i = 0; i < e->helper_count; i++) {
        zdd_w_object(w, NULL);
        zdd_w_text(w, "who", e->helper[i].who);
        zdd_w_text(w, "how", e->helper[i].how);
        zdd_w_end_object(w);
    }
    zdd_w_end_array(w);
    write_marathon(w, e);
    zdd_w_text(w, "text", text);
    zdd_w_end_object(w);
}
