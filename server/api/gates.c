/**
 * @file server/api/gates.c
 * @brief GET /v1/deployments/{id}/gates and POST …/gates/{name}/decisions.
 */
#include "server/api/gates.h"

#include "server/api/handlers.h"
#include "server/api/plan_request.h"
#include "server/api/post.h"
#include "server/base/cleanup.h"
#include "server/json/fields.h"
#include "server/json/writer.h"
#include "storage/plans.h"
#include "storage/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One gate of a deployment, to be shown. */
struct gate_view {
    const struct zdd_plan *plan;
    struct zdd_gate gate;
    int32_t step;
    struct zdd_step_row row;
    struct zdd_gate_tally tally;
    struct zdd_writer *w; /* while its words are written */
};

static bool count_word(void *cls, const struct zdd_word *word)
{
    struct gate_view *v = cls;

    if (word->step == v->step) {
        v->tally.approvals += word->approves;
        v->tally.rejected = v->tally.rejected || !word->approves;
    }
    return true;
}

static bool write_word(void *cls, const struct zdd_word *word)
{
    const struct gate_view *v = cls;

    if (word->step != v->step)
        return true;
    zdd_w_object(v->w, NULL);
    zdd_w_text(v->w, "by", word->actor);
    zdd_w_text(v->w, "decision", word->approves ? "approve" : "reject");
    zdd_w_text(v->w, "reason", word->reason);
    zdd_w_time(v->w, "at", word->time_ms);
    zdd_w_end_object(v->w);
    return true;
}

/* The step says how far it is; the words say it a moment earlier, before the engine has heard them.
 */
static const char *state_of(const struct gate_view *v)
{
    if (v->tally.rejected)
        return "rejected";
    if (strcmp(v->row.state, "succeeded") == 0 || v->tally.approvals >= v->gate.quorum)
        return "approved";
    if (strcmp(v->row.state, "running") == 0)
        return "open";
    return strcmp(v->row.state, "pending") == 0 ? "pending" : "canceled";
}

static void write_approvers(struct zdd_writer *w, const char *approvers)
{
    zdd_w_array(w, "approvers");
    while (*approvers) {
        const size_t size = strcspn(approvers, ",");
        char name[ZDD_APPROVERS_SIZE];

        snprintf(name, sizeof(name), "%.*s", (int)size, approvers);
        zdd_w_text(w, NULL, name);
        approvers += size;
        approvers += *approvers == ',';
    }
    zdd_w_end_array(w);
}

static void write_head(struct zdd_writer *w, const struct gate_view *v)
{
    const int64_t opened_ms = v->row.started_at_ms;
    const int64_t expires_ms =
        opened_ms > 0 && v->gate.expires_ms > 0 ? opened_ms + v->gate.expires_ms : 0;

    zdd_w_text(w, "name", v->gate.name);
    zdd_w_int(w, "step", v->step);
    zdd_w_text(w, "state", state_of(v));
    write_approvers(w, v->gate.approvers);
    zdd_w_int(w, "quorum", v->gate.quorum);
    zdd_w_int(w, "approvals", v->tally.approvals);
    zdd_w_time(w, "openedAt", opened_ms);
    zdd_w_time(w, "decidedAt", v->row.ended_at_ms);
    zdd_w_time(w, "expiresAt", expires_ms);
    if (v->gate.expires_ms > 0)
        zdd_w_real(w, "expiresSeconds", (double)v->gate.expires_ms / 1000);
    else
        zdd_w_null(w, "expiresSeconds");
    zdd_w_text(w, "onExpiry", zdd_gate_default_name(v->gate.on_expiry));
    zdd_w_text(w, "planDigest", v->plan->digest);
}

static enum zdd_err write_gate(struct zdd_writer *w, struct zdd_store *store, const char *run_id,
                               struct gate_view *v)
{
    int32_t count;
    enum zdd_err err = zdd_step_load(store, run_id, v->step, &v->row, &count);

    if (err == ZDD_ERR_NONE)
        err = zdd_decision_list(store, run_id, count_word, v);
    if (err != ZDD_ERR_NONE)
        return err;
    v->w = w;
    zdd_w_object(w, NULL);
    write_head(w, v);
    zdd_w_array(w, "decisions");
    err = zdd_decision_list(store, run_id, write_word, v);
    zdd_w_end_array(w);
    zdd_w_end_object(w);
    return err;
}

static enum zdd_err write_gates(struct zdd_call *call, const struct zdd_plan *plan,
                                const char *run_id)
{
    struct zdd_writer w = {.buf = &call->reply};
    enum zdd_err err = ZDD_ERR_NONE;

    zdd_w_object(&w, NULL);
    zdd_w_array(&w, "items");
    for (int32_t i = 0; i < plan->program.count && err == ZDD_ERR_NONE; i++) {
        struct gate_view view = {.plan = plan, .step = i};

        if (plan->program.step[i].kind != ZDD_STEP_GATE)
            continue;
        view.gate = zdd_plan_gate(plan, i);
        err = write_gate(&w, zdd_store_of(call), run_id, &view);
    }
    zdd_w_end_array(&w);
    zdd_w_null(&w, "nextCursor");
    zdd_w_end_object(&w);
    return err;
}

enum zdd_err zdd_api_list_gates(struct zdd_call *call)
{
    struct zdd_run run;
    struct zdd_plan plan;
    enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err == ZDD_ERR_NONE)
        err = zdd_ask_run(call, &run, NULL);
    if (err == ZDD_ERR_NONE)
        err = zdd_plan_load(zdd_store_of(call), run.plan_id, &plan, NULL);
    if (err == ZDD_ERR_NONE)
        err = write_gates(call, &plan, run.id);
    return zdd_answer(call, err);
}

/* A decision on its way from the handler to the writer. */
struct decision_job {
    struct zdd_post post; /* first: the store hands back its address */
    struct zdd_run run;
    struct zdd_plan plan;
    int32_t step; /* of the gate */
    bool approves;
    char reason[ZDD_REASON_SIZE];
};

struct decision_body {
    int decision;
    const char *reason;
};

static const char *const decisions[] = {"approve", "reject", NULL};

static const struct zdd_field decision_fields[] = {
    {.name = "decision",
     .kind = ZDD_FIELD_CHOICE,
     .offset = offsetof(struct decision_body, decision),
     .required = true,
     .choices = decisions},
    {.name = "reason",
     .kind = ZDD_FIELD_TEXT,
     .offset = offsetof(struct decision_body, reason),
     .max = ZDD_REASON_MAX},
    {.kind = ZDD_FIELD_END},
};

static enum zdd_err find_gate(struct decision_job *job, const char *name)
{
    const struct zdd_program *program = &job->plan.program;

    for (int32_t i = 0; i < program->count; i++) {
        const struct zdd_gate gate = zdd_plan_gate(&job->plan, i);

        if (program->step[i].kind == ZDD_STEP_GATE && strcmp(gate.name, name) == 0) {
            job->step = i;
            return ZDD_ERR_NONE;
        }
    }
    return ZDD_ERR_GATE_UNKNOWN;
}

static enum zdd_err read_body(struct decision_job *job, struct zdd_call *call)
{
    struct decision_body body = {.reason = ""};

    if (!zdd_fields_read(decision_fields, call->json, "#", &body, zdd_call_errors(call)))
        return ZDD_ERR_BODY_INVALID;
    job->approves = body.decision == 0;
    if (!job->approves && !*body.reason) {
        zdd_field_error_add(zdd_call_errors(call), "#/reason", "is missing: a rejection says why");
        return ZDD_ERR_BODY_INVALID;
    }
    snprintf(job->reason, sizeof(job->reason), "%s", body.reason);
    zdd_caller_note(zdd_caller_of(call), NULL, NULL, body.reason);
    return ZDD_ERR_NONE;
}

struct finding {
    const struct decision_job *job;
    const char *actor;
    bool found; /* the same word of the same actor */
};

static bool find_word(void *cls, const struct zdd_word *word)
{
    struct finding *f = cls;

    f->found = f->found || (word->step == f->job->step && strcmp(word->actor, f->actor) == 0 &&
                            word->approves == f->job->approves);
    return !f->found;
}

/* Whoever says again what he has said before a gate was decided is told how it stands. */
static enum zdd_err check_closed(struct decision_job *job, struct zdd_tx *tx)
{
    struct zdd_call *call = job->post.call;
    struct finding f = {.job = job, .actor = zdd_caller_of(call)->actor};
    const struct zdd_gate gate = zdd_plan_gate(&job->plan, job->step);
    enum zdd_err err = zdd_decision_list_tx(tx, job->run.id, find_word, &f);

    if (err != ZDD_ERR_NONE || f.found)
        return err;
    zdd_answer_allowed(call, &job->run);
    return zdd_call_fail(call, ZDD_ERR_GATE_CLOSED, "gate %s is %s", gate.name,
                         job->run.step < job->step && !zdd_phase_is_final(job->run.phase)
                             ? "not open yet"
                             : "not open any more");
}

static enum zdd_err answer(struct decision_job *job, struct zdd_tx *tx,
                           const struct zdd_gate_tally *tally)
{
    struct zdd_call *call = job->post.call;
    struct zdd_writer w = {.buf = &call->reply};
    const struct zdd_gate gate = zdd_plan_gate(&job->plan, job->step);
    char data[400];
    enum zdd_err err;

    zdd_w_object(&w, NULL);
    zdd_w_text(&w, "deploymentId", job->run.id);
    zdd_w_text(&w, "name", gate.name);
    zdd_w_text(&w, "decision", decisions[job->approves ? 0 : 1]);
    zdd_w_int(&w, "approvals", tally->approvals);
    zdd_w_int(&w, "quorum", gate.quorum);
    zdd_w_text(&w, "state",
               tally->rejected                   ? "rejected"
               : tally->approvals >= gate.quorum ? "approved"
                                                 : "open");
    zdd_w_text(&w, "planDigest", job->plan.digest);
    zdd_w_end_object(&w);
    call->status = 202;
    job->post.etag = -1;
    zdd_gate_audit(&job->plan, &job->run, job->approves, tally, data, sizeof(data));
    err = zdd_post_accept(&job->post, tx, data);
    return err == ZDD_ERR_NONE ? zdd_post_keep(&job->post, tx) : err;
}

static enum zdd_err write_decision(struct zdd_tx *tx, void *cls)
{
    struct decision_job *job = cls;
    char id[ZDD_ID_SIZE];
    struct zdd_gate_tally tally = {0};
    enum zdd_err err = zdd_post_find_tx(&job->post, tx);

    if (err != ZDD_ERR_NONE || job->post.replayed)
        return err;
    memcpy(id, job->run.id, sizeof(id));
    err = zdd_run_load_tx(tx, id, &job->run);
    if (err != ZDD_ERR_NONE)
        return err;
    if (zdd_run_is_at_gate(&job->run) && job->run.step == job->step)
        err =
            zdd_gate_say(tx, job->post.call,
                         &(struct zdd_saying){
                             .plan = &job->plan, .approves = job->approves, .reason = job->reason},
                         &job->run, &tally);
    else
        err = check_closed(job, tx);
    if (err == ZDD_ERR_NONE)
        return answer(job, tx, &tally);
    return zdd_err_class(err) == ZDD_CLASS_CONFLICT || err == ZDD_ERR_NOT_APPROVER
               ? zdd_post_refuse(&job->post, tx, err)
               : err;
}

static void decision_done(void *cls, enum zdd_err err)
{
    struct decision_job *job = cls;

    if (err == ZDD_ERR_NONE && job->run.active && !job->post.replayed)
        zdd_answer_wake(zdd_api_of(job->post.call), job->run.id, job->run.app_id);
    zdd_post_finish(&job->post, err);
    free(job);
}

static enum zdd_err read_job(struct decision_job *job, struct zdd_call *call)
{
    enum zdd_err err = zdd_ask_run(call, &job->run, NULL);

    if (err == ZDD_ERR_NONE)
        err = zdd_plan_load(zdd_store_of(call), job->run.plan_id, &job->plan, NULL);
    if (err == ZDD_ERR_NONE)
        err = find_gate(job, call->arg[1]);
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_caller_note(zdd_caller_of(call), job->run.app_id, job->run.id, NULL);
    err = zdd_post_open_plain(&job->post, call);
    if (err != ZDD_ERR_NONE || job->post.replayed)
        return err;
    err = zdd_call_json(call);
    return err == ZDD_ERR_NONE ? read_body(job, call) : err;
}

enum zdd_err zdd_api_decide_gate(struct zdd_call *call)
{
    struct decision_job *job = calloc(1, sizeof(*job));
    enum zdd_err err;

    if (!job)
        return ZDD_ERR_NO_MEMORY;
    err = zdd_post_write(&job->post, read_job(job, call), write_decision, decision_done);
    if (err != ZDD_ERR_LATER)
        free(job);
    return err;
}
