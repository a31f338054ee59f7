/**
 * @file server/api/deploy_start.c
 * @brief The transaction in which a deployment begins: all of it or nothing.
 */
#include "server/api/deploy_start.h"

#include "server/api/deployment_json.h"
#include "server/api/run_event.h"
#include "server/api/steps.h"

#include <stdio.h>
#include <string.h>

enum zdd_err zdd_deploy_keep_labels(struct zdd_deploy_job *job, const json_t *labels)
{
    if (!labels || json_object_size(labels) == 0)
        return ZDD_ERR_NONE;
    job->labels = zdd_json_canonical(labels);
    return job->labels ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;
}

static void fill_run(struct zdd_deploy_job *job)
{
    const struct zdd_call *call = job->post.call;
    const struct zdd_plan *plan = &job->plan;
    struct zdd_run *run = &job->run;

    run->phase = ZDD_PHASE_PENDING;
    run->created_at_ms = call->now_ms;
    run->wake_at_ms = call->now_ms;
    zdd_uuid7(call->now_ms, run->id);
    memcpy(run->plan_id, plan->id, sizeof(run->plan_id));
    memcpy(run->app_id, plan->app_id, sizeof(run->app_id));
    memcpy(run->strategy, plan->strategy, sizeof(run->strategy));
    memcpy(run->created_by, zdd_caller_of(call)->actor, sizeof(run->created_by));
    snprintf(run->reason, sizeof(run->reason), "%s", job->reason);
    memcpy(run->old_side.version, plan->seen.config_version, sizeof(run->old_side.version));
    run->old_side.instances = plan->seen.running;
    run->old_side.healthy = plan->seen.healthy;
    run->traffic = zdd_traffic_base();
    if (plan->program.count > 0) {
        memcpy(run->old_side.version, plan->pair.old_version, sizeof(run->old_side.version));
        run->old_side.instances = plan->old.instances;
        run->old_side.healthy = plan->pair.old_serving;
    }
}

static bool note_queued(void *cls, const char *id)
{
    zdd_buf_append(cls, id, ZDD_ID_SIZE);
    return true;
}

/* Superseding ends what is queued without any engine: tell it here. @p ids are ZDD_ID_SIZE each. */
static enum zdd_err tell_superseded(struct zdd_deploy_job *job, struct zdd_tx *tx,
                                    const struct zdd_buf *ids)
{
    enum zdd_err err = ids->err;

    for (size_t at = 0; at < ids->size && err == ZDD_ERR_NONE; at += ZDD_ID_SIZE) {
        struct zdd_run run;

        err = zdd_run_load_tx(tx, ids->data + at, &run);
        if (err == ZDD_ERR_NONE)
            err =
                zdd_run_event(tx, NULL, &run, "deployment.canceled", job->run.created_at_ms, NULL);
    }
    return err;
}

static enum zdd_err insert_run(struct zdd_deploy_job *job, struct zdd_tx *tx)
{
    ZDD_AUTO_BUF struct zdd_buf ids = {0};
    enum zdd_err err = ZDD_ERR_NONE;

    if (job->when_busy == ZDD_WHEN_BUSY_SUPERSEDE)
        err = zdd_run_queued(tx, job->run.app_id, note_queued, &ids);
    if (err == ZDD_ERR_NONE)
        err = zdd_run_insert(tx, &job->run, job->labels, job->when_busy, job->busy);
    if (err == ZDD_ERR_NONE && !job->run.active)
        err = tell_superseded(job, tx, &ids);
    return err;
}

/* The plan made on the way stays: it changes nothing and tells what would have been done. */
static enum zdd_err refuse_busy(struct zdd_deploy_job *job, struct zdd_tx *tx)
{
    struct zdd_call *call = job->post.call;
    struct zdd_run busy;
    const enum zdd_err err = zdd_run_load_tx(tx, job->busy, &busy);

    if (err != ZDD_ERR_NONE)
        return err;
    snprintf(call->extra, sizeof(call->extra), "\"deploymentId\":\"%s\",\"planId\":\"%s\"",
             job->busy, job->plan.id);
    (void)zdd_call_fail(call, ZDD_ERR_APP_BUSY,
                        "%s is being deployed by %s; wait for its end, or say whenBusy queue or "
                        "supersede",
                        busy.app_id, job->busy);
    return zdd_post_refuse(&job->post, tx, ZDD_ERR_APP_BUSY);
}

static enum zdd_err tell_queued(struct zdd_deploy_job *job, struct zdd_tx *tx)
{
    ZDD_AUTO_BUF struct zdd_buf more = {0};
    struct zdd_writer w = {.buf = &more, .comma = true};

    zdd_w_text(&w, "planId", job->plan.id);
    zdd_w_text(&w, "strategy", job->plan.strategy);
    zdd_w_text(&w, "action", zdd_action_name(job->plan.action));
    zdd_w_text(&w, "createdBy", job->run.created_by);
    zdd_w_text(&w, "reason", job->run.reason);
    zdd_w_text(&w, "behind", job->run.active ? NULL : job->busy);
    if (more.err != ZDD_ERR_NONE)
        return more.err;
    return zdd_run_event(tx, &job->plan, &job->run, "deployment.queued", job->run.created_at_ms,
                         more.data);
}

static enum zdd_err write_answer(struct zdd_deploy_job *job, struct zdd_tx *tx)
{
    struct zdd_call *call = job->post.call;
    struct zdd_writer w = {.buf = &call->reply};
    struct zdd_deployment_view view = {.run = &job->run, .labels = job->labels, .plan = &job->plan};
    char data[ZDD_ID_SIZE + 64];
    enum zdd_err err;

    zdd_note_read(&job->plan, &view.note);
    zdd_w_deployment(&w, NULL, &view);
    call->status = 202;
    job->post.etag = job->run.revision;
    snprintf(job->post.location, sizeof(job->post.location), "/v1/deployments/%s", job->run.id);
    zdd_caller_note(zdd_caller_of(call), job->run.app_id, job->run.id, NULL);
    snprintf(data, sizeof(data), "{\"planId\":\"%s\",\"whenBusy\":\"%s\"}", job->plan.id,
             zdd_when_busy_name(job->when_busy));
    err = zdd_post_accept(&job->post, tx, data);
    return err == ZDD_ERR_NONE ? zdd_post_keep(&job->post, tx) : err;
}

enum zdd_err zdd_deploy_start(struct zdd_tx *tx, void *cls)
{
    struct zdd_deploy_job *job = cls;
    enum zdd_err err = zdd_post_find_tx(&job->post, tx);

    if (err != ZDD_ERR_NONE || job->post.replayed)
        return err;
    fill_run(job);
    if (!job->by_reference)
        err = zdd_plan_insert(tx, &job->plan, &job->texts, zdd_caller_of(job->post.call)->actor);
    if (err == ZDD_ERR_NONE)
        err = insert_run(job, tx);
    if (err == ZDD_ERR_APP_BUSY)
        return refuse_busy(job, tx);
    if (err == ZDD_ERR_NONE)
        err = zdd_steps_insert(tx, job->run.id, job->strategy, &job->plan);
    if (err == ZDD_ERR_NONE)
        err = tell_queued(job, tx);
    if (err == ZDD_ERR_NONE)
        err = write_answer(job, tx);
    return err;
}
