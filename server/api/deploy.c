/**
 * @file server/api/deploy.c
 * @brief POST /v1/deployments: a plan that was made before, or one made on the way.
 *
 * Handler (reads the body) → worker (asks Marathon) → writer (one transaction) → answer.
 */
#include "server/api/deploy_start.h"
#include "server/api/handlers.h"
#include "server/api/plan_ask.h"
#include "server/api/plan_blueprint.h"
#include "server/api/plan_make.h"
#include "server/base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void job_free(struct zdd_deploy_job *job)
{
    zdd_plan_texts_release(&job->texts);
    json_decref(job->planned);
    zdd_blueprint_free(job->blueprint);
    free(job->labels);
    free(job);
}

static void deploy_done(void *cls, enum zdd_err err)
{
    struct zdd_deploy_job *job = cls;
    struct zdd_api *api = zdd_api_of(job->post.call);

    if (err == ZDD_ERR_NONE && !job->post.replayed && job->post.refusal == ZDD_ERR_NONE) {
        if (job->run.active)
            zdd_answer_wake(api, job->run.id, job->run.app_id);
        else if (job->when_busy == ZDD_WHEN_BUSY_SUPERSEDE)
            zdd_answer_wake(api, job->busy, job->run.app_id);
    }
    zdd_post_finish(&job->post, err);
    job_free(job);
}

static enum zdd_err make_plan(struct zdd_deploy_job *job, struct zdd_call *call)
{
    const enum zdd_err err =
        zdd_plan_make_any(call, job->blueprint, &job->request, &job->plan, &job->texts);

    if (err != ZDD_ERR_NONE)
        return err;
    job->strategy = job->request.strategy;
    job->reason = job->request.reason;
    job->when_busy = job->request.when_busy;
    return zdd_deploy_keep_labels(job, job->request.labels);
}

/* On a worker: what needs Marathon. */
static void ask_marathon(void *cls)
{
    struct zdd_deploy_job *job = cls;
    struct zdd_call *call = job->post.call;
    enum zdd_err err;

    if (job->by_reference)
        err = zdd_plan_check_fresh(call, &job->plan, &job->texts);
    else
        err = make_plan(job, call);
    if (err == ZDD_ERR_NONE)
        err = zdd_post_submit(&job->post, zdd_deploy_start, deploy_done);
    if (err != ZDD_ERR_LATER)
        deploy_done(job, err);
}

/* What the plan's own request said about it holds unless this call says other. */
static enum zdd_err take_words(struct zdd_deploy_job *job,
                               const struct zdd_plan_reference *reference)
{
    static const char *const names[] = {"reject", "queue", "supersede"};
    const json_t *labels;

    if (zdd_json_read(job->texts.request.data, strlen(job->texts.request.data), &job->planned,
                      NULL) != ZDD_ERR_NONE)
        return ZDD_ERR_STORE_CORRUPT;
    labels = reference->labels ? reference->labels : json_object_get(job->planned, "labels");
    job->reason = reference->reason ? reference->reason : zdd_json_text(job->planned, "reason", "");
    job->when_busy = ZDD_WHEN_BUSY_REJECT;
    for (size_t i = 0; i < ZDD_COUNT(names); i++) {
        if (strcmp(zdd_json_text(job->planned, "whenBusy", ""), names[i]) == 0)
            job->when_busy = (enum zdd_when_busy)i;
    }
    if (reference->when_busy >= 0)
        job->when_busy = (enum zdd_when_busy)reference->when_busy;
    return zdd_deploy_keep_labels(job, labels);
}

static enum zdd_err read_reference(struct zdd_deploy_job *job, struct zdd_call *call)
{
    struct zdd_caller *caller = zdd_caller_of(call);
    struct zdd_plan_reference reference;
    enum zdd_err err;

    job->by_reference = true;
    if (!zdd_plan_reference_read(call->json, &reference, zdd_call_errors(call)))
        return ZDD_ERR_BODY_INVALID;
    err = zdd_plan_load(zdd_store_of(call), reference.plan_id, &job->plan, &job->texts);
    if (err != ZDD_ERR_NONE)
        return err;
    if (!zdd_caller_reaches(caller, job->plan.app_id))
        return ZDD_ERR_PLAN_UNKNOWN;
    err = take_words(job, &reference);
    zdd_caller_note(caller, job->plan.app_id, NULL, job->reason);
    if (err != ZDD_ERR_NONE)
        return err;
    job->strategy = zdd_strategy_find(job->plan.strategy);
    if (!job->strategy)
        return zdd_call_fail(call, ZDD_ERR_PLAN_STALE,
                             "this version of the service has no strategy %s any more",
                             job->plan.strategy);
    if (strcmp(reference.digest, job->plan.digest) != 0)
        return zdd_call_fail(call, ZDD_ERR_DIGEST_WRONG, "the plan's digest is %s",
                             job->plan.digest);
    return ZDD_ERR_NONE;
}

static enum zdd_err read_body(struct zdd_deploy_job *job, struct zdd_call *call)
{
    const enum zdd_err err = zdd_plan_body_read(call, &job->texts.secrets, &job->blueprint);

    if (err != ZDD_ERR_NONE || job->blueprint)
        return err;
    return zdd_plan_is_reference(call->json)
               ? read_reference(job, call)
               : zdd_plan_ask(call, &job->texts.secrets, &job->request);
}

enum zdd_err zdd_api_create_deployment(struct zdd_call *call)
{
    struct zdd_deploy_job *job = calloc(1, sizeof(*job));
    enum zdd_err err;

    if (!job)
        return ZDD_ERR_NO_MEMORY;
    err = zdd_post_open_plain(&job->post, call);
    if (err == ZDD_ERR_NONE && !job->post.replayed)
        err = read_body(job, call);
    err = zdd_post_go_on(&job->post, err, ask_marathon, deploy_done);
    if (err != ZDD_ERR_LATER)
        job_free(job);
    return err;
}
