/**
 * @file server/api/commands.c
 * @brief POST /v1/deployments/{id}/{command}: an operator leaves a command, the engine takes it.
 */
#include "server/api/deployment_json.h"
#include "server/api/gates.h"
#include "server/api/handlers.h"
#include "server/api/plan_request.h"
#include "server/api/post.h"
#include "server/api/run_event.h"
#include "server/base/cleanup.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IF_MATCH_SIZE 256 /* an ETag has some 20 bytes; of a longer list the first ones count */

/* A command on its way from the handler to the writer. */
struct command_job {
    struct zdd_post post; /* first: the store hands back its address */
    enum zdd_command command;
    int32_t value; /* see zdd_run.command_value */
    bool conditional;
    char if_match[IF_MATCH_SIZE]; /* headers are gone when the writer comes to it */
    struct zdd_run run;
    struct zdd_plan plan;
    char audit[400]; /* JSON, or "" */
    char *labels;    /* owned */
};

struct command_body {
    double weight;
    bool full;
    const char *reason;
};

static const struct zdd_field plain_fields[] = {
    {.name = "reason",
     .kind = ZDD_FIELD_TEXT,
     .offset = offsetof(struct command_body, reason),
     .max = ZDD_REASON_MAX},
    {.kind = ZDD_FIELD_END},
};

static const struct zdd_field promote_fields[] = {
    {.name = "full", .kind = ZDD_FIELD_BOOL, .offset = offsetof(struct command_body, full)},
    {.name = "reason",
     .kind = ZDD_FIELD_TEXT,
     .offset = offsetof(struct command_body, reason),
     .max = ZDD_REASON_MAX},
    {.kind = ZDD_FIELD_END},
};

static const struct zdd_field weight_fields[] = {
    {.name = "weight",
     .kind = ZDD_FIELD_REAL,
     .offset = offsetof(struct command_body, weight),
     .required = true,
     .max = 100},
    {.name = "reason",
     .kind = ZDD_FIELD_TEXT,
     .offset = offsetof(struct command_body, reason),
     .max = ZDD_REASON_MAX},
    {.kind = ZDD_FIELD_END},
};

static void job_free(struct command_job *job)
{
    free(job->labels);
    free(job);
}

/* What the table, or the state, says against it; and what would be possible. */
static enum zdd_err refuse(struct command_job *job, struct zdd_tx *tx, enum zdd_err err)
{
    struct zdd_call *call = job->post.call;
    const enum zdd_state state = zdd_run_state(&job->run);
    const bool pending = err == ZDD_ERR_COMMAND_REFUSED && zdd_run_allows(&job->run, job->command);
    const bool in_vain = zdd_command_allowed(state, job->command);

    job->post.etag = job->run.revision;
    zdd_answer_allowed(call, &job->run);
    if (pending)
        (void)zdd_call_fail(call, err, "%s was asked for a moment ago and is not taken yet",
                            zdd_command_name(job->run.command));
    else if (err == ZDD_ERR_COMMAND_REFUSED && in_vain)
        (void)zdd_call_fail(call, err, "%s would change nothing while the deployment is %s",
                            zdd_command_name(job->command), zdd_phase_name(job->run.phase));
    else if (err == ZDD_ERR_COMMAND_REFUSED)
        (void)zdd_call_fail(call, err, "%s is not possible while the deployment is %s",
                            zdd_command_name(job->command), zdd_state_name(state));
    else if (err == ZDD_ERR_RUN_FINISHED)
        (void)zdd_call_fail(call, err, "it has ended: %s", zdd_state_name(state));
    return zdd_post_refuse(&job->post, tx, err);
}

static enum zdd_err write_answer(struct command_job *job, struct zdd_tx *tx)
{
    struct zdd_call *call = job->post.call;
    struct zdd_writer w = {.buf = &call->reply};
    struct zdd_deployment_view view = {.run = &job->run, .labels = job->labels, .plan = &job->plan};
    enum zdd_err err = zdd_notes_get(zdd_api_of(call)->notes, job->run.plan_id, &view.note);

    if (err != ZDD_ERR_NONE)
        return err;
    zdd_w_deployment(&w, NULL, &view);
    call->status = 202;
    job->post.etag = job->run.revision;
    err = zdd_post_accept(&job->post, tx, job->audit);
    return err == ZDD_ERR_NONE ? zdd_post_keep(&job->post, tx) : err;
}

/* Promote at a gate is somebody's approval; the gate decides whether it is enough. */
static enum zdd_err promote_gate(struct command_job *job, struct zdd_tx *tx)
{
    struct zdd_call *call = job->post.call;
    const char *reason = zdd_caller_of(call)->reason;
    struct zdd_gate_tally tally;
    enum zdd_err err = zdd_gate_say(tx, call,
                                    &(struct zdd_saying){.plan = &job->plan,
                                                         .approves = true,
                                                         .full = job->value > 0,
                                                         .reason = reason ? reason : ""},
                                    &job->run, &tally);

    if (err == ZDD_ERR_NONE)
        zdd_gate_audit(&job->plan, &job->run, true, &tally, job->audit, sizeof(job->audit));
    return err;
}

/* Whoever goes on although the checks are against it has seen what they said. */
static enum zdd_err audit_acknowledged(struct command_job *job)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};

    zdd_buf_text(&buf, "{\"acknowledged\":");
    zdd_buf_json_string(&buf, job->run.measured);
    zdd_buf_text(&buf, "}");
    if (buf.err == ZDD_ERR_NONE)
        snprintf(job->audit, sizeof(job->audit), "%s", buf.data);
    return buf.err;
}

static enum zdd_err leave_command(struct command_job *job, struct zdd_tx *tx)
{
    const bool goes_on = job->command == ZDD_COMMAND_RESUME || job->command == ZDD_COMMAND_RETRY;

    if (job->command == ZDD_COMMAND_PROMOTE && zdd_run_is_at_gate(&job->run))
        return promote_gate(job, tx);
    if (goes_on && zdd_run_is_condemned(&job->run)) {
        const enum zdd_err err = audit_acknowledged(job);

        if (err != ZDD_ERR_NONE)
            return err;
    }
    return zdd_run_tell(tx, job->command, job->value, job->post.call->now_ms, &job->run);
}

static enum zdd_err write_command(struct zdd_tx *tx, void *cls)
{
    struct command_job *job = cls;
    const int64_t now_ms = job->post.call->now_ms;
    char id[ZDD_ID_SIZE];
    enum zdd_err err = zdd_post_find_tx(&job->post, tx);

    if (err != ZDD_ERR_NONE || job->post.replayed)
        return err;
    memcpy(id, job->run.id, sizeof(id));
    err = zdd_run_load_tx(tx, id, &job->run);
    if (err != ZDD_ERR_NONE)
        return err;
    if (job->conditional && !zdd_etag_listed(job->if_match, job->run.revision))
        return refuse(job, tx, ZDD_ERR_RUN_STALE);
    err = leave_command(job, tx);
    if (err == ZDD_ERR_COMMAND_REFUSED || err == ZDD_ERR_RUN_FINISHED ||
        err == ZDD_ERR_NOT_APPROVER)
        return refuse(job, tx, err);
    /* A queued deployment ends here and now: no engine will tell. */
    if (err == ZDD_ERR_NONE && job->run.phase == ZDD_PHASE_CANCELED)
        err = zdd_run_event(tx, NULL, &job->run, "deployment.canceled", now_ms, NULL);
    return err == ZDD_ERR_NONE ? write_answer(job, tx) : err;
}

static void command_done(void *cls, enum zdd_err err)
{
    struct command_job *job = cls;
    if (err == ZDD_ERR_NONE && job->run.active && !job->post.replayed)
        zdd_answer_wake(zdd_api_of(job->post.call), job->run.id, job->run.app_id);
    zdd_post_finish(&job->post, err);
    job_free(job);
}

/* The last segment of the route is the command. */
static enum zdd_command command_of(const struct zdd_route *route)
{
    enum zdd_command command = ZDD_COMMAND_NONE;
    const bool known = zdd_command_parse(strrchr(route->path, '/') + 1, &command);

    assert(known && "a route of a command ends in its name");
    return command;
}

static const struct zdd_field *fields_of(enum zdd_command command)
{
    if (command == ZDD_COMMAND_WEIGHT)
        return weight_fields;
    return command == ZDD_COMMAND_PROMOTE ? promote_fields : plain_fields;
}

/* A part of the new version cannot have all requests. */
static enum zdd_err check_weight(const struct command_job *job, struct zdd_call *call)
{
    const int32_t started = zdd_program_started(&job->plan.program, job->run.step);

    if (job->value < ZDD_SHARE_ALL || started >= job->plan.target.instances)
        return ZDD_ERR_NONE;
    zdd_field_error_add(zdd_call_errors(call), "#/weight",
                        "must be below 100 while the new version has %d of its %d instances; "
                        "promote lets it grow first",
                        (int)started, (int)job->plan.target.instances);
    return ZDD_ERR_BODY_INVALID;
}

static enum zdd_err read_body(struct command_job *job, struct zdd_call *call)
{
    const enum zdd_command command = job->command;
    struct command_body body = {.reason = ""};
    enum zdd_err err;

    if (call->body_size == 0 && command != ZDD_COMMAND_WEIGHT)
        return ZDD_ERR_NONE; /* a reason is wanted, not needed */
    err = zdd_call_json(call);
    if (err != ZDD_ERR_NONE)
        return err;
    if (!zdd_fields_read(fields_of(command), call->json, "#", &body, zdd_call_errors(call)))
        return ZDD_ERR_BODY_INVALID;
    job->value = command == ZDD_COMMAND_WEIGHT ? (int32_t)lround(body.weight * ZDD_SHARE_PERCENT)
                                               : (int32_t)body.full;
    zdd_caller_note(zdd_caller_of(call), NULL, NULL, body.reason);
    return command == ZDD_COMMAND_WEIGHT ? check_weight(job, call) : ZDD_ERR_NONE;
}

static enum zdd_err read_job(struct command_job *job, struct zdd_call *call)
{
    const char *if_match = zdd_call_header(call, "If-Match");
    enum zdd_err err = zdd_ask_known(call, NULL, 0);

    job->command = command_of(call->route);
    job->conditional = if_match != NULL;
    snprintf(job->if_match, sizeof(job->if_match), "%s", if_match ? if_match : "");
    if (err == ZDD_ERR_NONE)
        err = zdd_ask_run(call, &job->run, &job->labels);
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_caller_note(zdd_caller_of(call), job->run.app_id, job->run.id, NULL);
    err = zdd_plan_load(zdd_store_of(call), job->run.plan_id, &job->plan, NULL);
    if (err != ZDD_ERR_NONE && err != ZDD_ERR_PLAN_UNKNOWN)
        return err;
    err = zdd_post_open(&job->post, call);
    if (err != ZDD_ERR_NONE || job->post.replayed)
        return err;
    return read_body(job, call);
}

enum zdd_err zdd_api_send_command(struct zdd_call *call)
{
    struct command_job *job = calloc(1, sizeof(*job));
    enum zdd_err err;

    if (!job)
        return ZDD_ERR_NO_MEMORY;
    err = zdd_post_write(&job->post, read_job(job, call), write_command, command_done);
    if (err != ZDD_ERR_LATER)
        job_free(job);
    return err;
}
