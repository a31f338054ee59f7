/**
 * @file server/api/plans.c
 * @brief POST and GET /v1/plans.
 */
#include "server/api/handlers.h"
#include "server/api/page.h"
#include "server/api/plan_ask.h"
#include "server/api/plan_blueprint.h"
#include "server/api/post.h"
#include "server/base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* POST /v1/plans on its way: handler, worker, writer. */
struct plan_job {
    struct zdd_post post;            /* first: the store hands back its address */
    struct zdd_blueprint *blueprint; /* or NULL */
    struct zdd_plan_request request;
    struct zdd_plan plan;
    struct zdd_plan_texts texts;
};

static void job_free(struct plan_job *job)
{
    zdd_plan_texts_release(&job->texts);
    zdd_blueprint_free(job->blueprint);
    free(job);
}

static enum zdd_err write_plan(struct zdd_tx *tx, void *cls)
{
    struct plan_job *job = cls;
    struct zdd_call *call = job->post.call;
    enum zdd_err err = zdd_post_find_tx(&job->post, tx);

    if (err != ZDD_ERR_NONE || job->post.replayed)
        return err;
    err = zdd_plan_insert(tx, &job->plan, &job->texts, zdd_caller_of(call)->actor);
    if (err != ZDD_ERR_NONE)
        return err;
    call->status = 201;
    zdd_buf_text(&call->reply, job->texts.body.data);
    snprintf(job->post.location, sizeof(job->post.location), "/v1/plans/%s", job->plan.id);
    err = zdd_post_accept(&job->post, tx, "");
    return err == ZDD_ERR_NONE ? zdd_post_keep(&job->post, tx) : err;
}

static void plan_done(void *cls, enum zdd_err err)
{
    struct plan_job *job = cls;

    zdd_post_finish(&job->post, err);
    job_free(job);
}

static void make_plan(void *cls)
{
    struct plan_job *job = cls;
    enum zdd_err err =
        zdd_plan_make_any(job->post.call, job->blueprint, &job->request, &job->plan, &job->texts);

    if (err == ZDD_ERR_NONE)
        err = zdd_post_submit(&job->post, write_plan, plan_done);
    if (err != ZDD_ERR_LATER)
        plan_done(job, err);
}

static enum zdd_err read_request(struct plan_job *job, struct zdd_call *call)
{
    const enum zdd_err err = zdd_plan_body_read(call, &job->texts.secrets, &job->blueprint);

    return err == ZDD_ERR_NONE && !job->blueprint
               ? zdd_plan_ask(call, &job->texts.secrets, &job->request)
               : err;
}

enum zdd_err zdd_api_create_plan(struct zdd_call *call)
{
    struct plan_job *job = calloc(1, sizeof(*job));
    enum zdd_err err;

    if (!job)
        return ZDD_ERR_NO_MEMORY;
    err = zdd_post_open_plain(&job->post, call);
    if (err == ZDD_ERR_NONE && !job->post.replayed)
        err = read_request(job, call);
    err = zdd_post_go_on(&job->post, err, make_plan, plan_done);
    if (err != ZDD_ERR_LATER)
        job_free(job);
    return err;
}

static bool list_plan(void *cls, const char *id, const char *body)
{
    struct zdd_page *page = cls;

    if (!zdd_page_item(page, id))
        return false;
    zdd_w_raw(&page->w, NULL, body);
    return true;
}

enum zdd_err zdd_api_list_plans(struct zdd_call *call)
{
    static const char *const filters[] = {"appId"};
    struct zdd_page page;
    enum zdd_err err = zdd_page_open(&page, call, filters, ZDD_COUNT(filters));

    if (err != ZDD_ERR_NONE)
        return err;

    const struct zdd_plan_filter filter = {
        .app_id = zdd_call_query(call, "appId"),
        .app_prefix = zdd_caller_prefix(zdd_caller_of(call)),
        .before_id = page.after[0] ? page.after : NULL,
        .limit = page.ask,
    };

    err = zdd_plan_list(zdd_store_of(call), &filter, list_plan, &page);
    return err == ZDD_ERR_NONE ? zdd_page_close(&page) : err;
}

enum zdd_err zdd_api_get_plan(struct zdd_call *call)
{
    struct zdd_plan plan;
    ZDD_AUTO_PLAN_TEXTS struct zdd_plan_texts texts = {0};
    const char *id;
    enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err == ZDD_ERR_NONE)
        err = zdd_ask_id(call, 0, ZDD_ERR_PLAN_UNKNOWN, &id);
    if (err == ZDD_ERR_NONE)
        err = zdd_plan_load(zdd_store_of(call), id, &plan, &texts);
    if (err != ZDD_ERR_NONE)
        return err;
    if (!zdd_caller_reaches(zdd_caller_of(call), plan.app_id))
        return ZDD_ERR_PLAN_UNKNOWN;
    zdd_buf_text(&call->reply, texts.body.data);
    return zdd_answer(call, ZDD_ERR_NONE);
}
