/**
 * @file server/api/explain.c
 * @brief GET /v1/deployments/{id}/explain: asks Marathon, and answers also when that fails.
 */
#include "server/api/explain.h"

#include "server/api/cluster_app.h"
#include "server/api/handlers.h"
#include "server/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

/* An explanation on its way to a worker. */
struct explain_job {
    struct zdd_call *call;
    struct zdd_run run;
    struct zdd_plan plan;
    struct zdd_explanation explanation;
};

/* Whoever asks why it hangs should not hang as well. */
static const struct zdd_cluster *cluster_of(const struct zdd_call *call)
{
    const struct zdd_api_options *options = &zdd_api_of(call)->options;

    return options->hasty.ops ? &options->hasty : &options->cluster;
}

static void ask_app(struct explain_job *job)
{
    const struct zdd_cluster *cluster = cluster_of(job->call);
    struct zdd_explanation *e = &job->explanation;
    struct zdd_plan *plan = &job->plan;
    ZDD_AUTO_PLAN_TEXTS struct zdd_plan_texts texts = {0};
    struct zdd_app_ask ask = {.app_id = e->app_id};

    if (zdd_plan_load(zdd_store_of(job->call), job->run.plan_id, plan, &texts) == ZDD_ERR_NONE) {
        ask.target = texts.target.data;
        ask.previous = texts.previous.data;
        if (plan->program.count > 0) {
            /* Of a pair the new app: the old one only waits for it. */
            e->plan = plan;
            memcpy(e->app_id, plan->pair.new_id, sizeof(e->app_id));
            ask.previous = NULL;
        }
    }
    e->reachable =
        cluster->ops->observe(cluster->cls, &ask, 1, &e->view, e->trouble) == ZDD_ERR_NONE;
    if (!e->reachable && !e->trouble[0])
        memcpy(e->trouble, "no reason given", sizeof("no reason given"));
}

static void ask_queue(struct explain_job *job)
{
    ZDD_AUTO_JSON json_t *answer = NULL;
    struct zdd_explanation *e = &job->explanation;

    e->queue_known =
        zdd_cluster_json_of(job->call, cluster_of(job->call), "/queue", &answer) == ZDD_ERR_NONE;
    job->call->detail[0] = '\0'; /* it is only left out */
    if (e->queue_known)
        zdd_queue_read(answer, e->app_id, &e->queue);
}

static enum zdd_err explain(struct explain_job *job)
{
    struct zdd_call *call = job->call;
    struct zdd_explanation *e = &job->explanation;
    ZDD_AUTO_BUF struct zdd_buf text = {0};
    enum zdd_err err = zdd_notes_get(zdd_api_of(call)->notes, job->run.plan_id, &e->note);

    if (err != ZDD_ERR_NONE)
        return err;
    e->run = &job->run;
    memcpy(e->app_id, job->run.app_id, sizeof(e->app_id));
    if (zdd_api_of(call)->options.engine)
        zdd_engine_floor(zdd_api_of(call)->options.engine, job->run.id, &e->floor);
    ask_app(job);
    if (e->reachable)
        ask_queue(job);
    zdd_explain_help(e);
    zdd_explain_text(&text, e, call->now_ms);
    if (text.err != ZDD_ERR_NONE)
        return text.err;
    if (zdd_caller_of(call)->media == ZDD_MEDIA_TEXT) {
        call->type = "text/plain; charset=utf-8";
        zdd_buf_append(&call->reply, text.data, text.size);
    } else {
        zdd_explain_json(&call->reply, e, text.data);
    }
    return zdd_answer(call, ZDD_ERR_NONE);
}

static void finish_explain(void *cls)
{
    struct explain_job *job = cls;
    const enum zdd_err err = explain(job);

    zdd_call_finish(job->call, err);
    free(job);
}

enum zdd_err zdd_api_explain(struct zdd_call *call)
{
    struct explain_job *job = calloc(1, sizeof(*job));
    enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (!job)
        return ZDD_ERR_NO_MEMORY;
    job->call = call;
    if (err == ZDD_ERR_NONE)
        err = zdd_ask_run(call, &job->run, NULL);
    if (err == ZDD_ERR_NONE)
        err = zdd_answer_later(call, finish_explain, job);
    if (err != ZDD_ERR_LATER)
        free(job);
    return err;
}
