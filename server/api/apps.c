/**
 * @file server/api/apps.c
 * @brief GET /v1/apps and /v1/apps/{appId}: what runs now, live from Marathon.
 */
#include "server/api/app_json.h"
#include "server/api/handlers.h"
#include "server/api/page.h"
#include "server/base/cleanup.h"
#include "storage/revisions.h"
#include "storage/runs.h"

#include <stdlib.h>
#include <string.h>

static const char all_path[] = "/apps?embed=apps.tasks&embed=apps.deployments"
                               "&embed=apps.lastTaskFailure";

static enum zdd_err load_history(struct zdd_store *store, const char *app_id,
                                 struct zdd_app_history *ret_history)
{
    enum zdd_err err = zdd_run_of_app(store, app_id, ret_history->run_id);

    if (err == ZDD_ERR_NONE)
        err = zdd_run_count(store, app_id, &ret_history->runs);
    if (err == ZDD_ERR_NONE)
        err = zdd_revision_count(store, app_id, &ret_history->revisions);
    return err;
}

static enum zdd_err get_app(struct zdd_call *call)
{
    const char *app_id = call->arg[0];
    ZDD_AUTO_APP_PAIR struct zdd_app_pair pair = {0};
    struct zdd_app_history history = {0};
    struct zdd_writer w = {.buf = &call->reply};
    const struct zdd_pair_app *app;
    enum zdd_err err = zdd_app_pair_look(call, app_id, &pair);

    app = zdd_app_pair_lead(&pair, app_id);
    if (err == ZDD_ERR_NONE && !app)
        err = zdd_call_fail(call, ZDD_ERR_APP_UNKNOWN, "Marathon has no app %s", app_id);
    if (err == ZDD_ERR_NONE)
        err = load_history(zdd_store_of(call), app_id, &history);
    if (err == ZDD_ERR_NONE)
        zdd_w_app(&w, app->app.raw, &history, app->app.canonical, &pair);
    return zdd_answer(call, err);
}

static void finish_get_app(void *cls)
{
    zdd_call_finish(cls, get_app(cls));
}

enum zdd_err zdd_api_get_app(struct zdd_call *call)
{
    const char *app_id;
    enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err == ZDD_ERR_NONE)
        err = zdd_ask_app(call, 0, &app_id);
    return err == ZDD_ERR_NONE ? zdd_answer_later(call, finish_get_app, call) : err;
}

/* GET /v1/apps on its way to a worker. */
struct list_job {
    struct zdd_page page; /* in its call the reply has begun */
    struct zdd_call *call;
};

/* One app of Marathon's answer. */
struct listed {
    const char *id;
    const json_t *app;
};

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct listed *)a)->id, ((const struct listed *)b)->id);
}

/* Those the caller may see and that come after the page before, sorted. @return how many */
static size_t select_apps(const struct list_job *job, const json_t *apps, struct listed *ret_apps)
{
    const struct zdd_caller *caller = zdd_caller_of(job->call);
    size_t count = 0, index;
    json_t *app;

    json_array_foreach(apps, index, app)
    {
        const char *id = zdd_json_text(app, "id", "");

        if (id[0] && zdd_caller_reaches(caller, id) && strcmp(id, job->page.after) > 0)
            ret_apps[count++] = (struct listed){id, app};
    }
    qsort(ret_apps, count, sizeof(*ret_apps), by_id);
    return count;
}

static enum zdd_err write_apps(struct list_job *job, const json_t *apps)
{
    ZDD_AUTO_FREE struct listed *selected = calloc(json_array_size(apps) + 1, sizeof(*selected));
    size_t count;

    if (!selected)
        return ZDD_ERR_NO_MEMORY;
    count = select_apps(job, apps, selected);
    for (size_t i = 0; i < count; i++) {
        const char *id = selected[i].id;
        struct zdd_app_history history = {0};
        enum zdd_err err;

        if (!zdd_page_item(&job->page, id))
            break;
        err = load_history(zdd_store_of(job->call), id, &history);
        if (err != ZDD_ERR_NONE)
            return err;
        zdd_w_app(&job->page.w, selected[i].app, &history, NULL, NULL);
    }
    return zdd_page_close(&job->page);
}

static enum zdd_err list_apps(struct list_job *job)
{
    ZDD_AUTO_JSON json_t *answer = NULL;
    const enum zdd_err err = zdd_cluster_json(job->call, all_path, &answer);
    const json_t *apps = json_object_get(answer, "apps");

    if (err == ZDD_ERR_APP_UNKNOWN || (err == ZDD_ERR_NONE && !json_is_array(apps)))
        return zdd_call_fail(job->call, ZDD_ERR_CLUSTER_NONSENSE,
                             "Marathon's answer about all apps has no list of them");
    return err == ZDD_ERR_NONE ? write_apps(job, apps) : err;
}

static void finish_list_apps(void *cls)
{
    struct list_job *job = cls;
    const enum zdd_err err = list_apps(job);

    zdd_call_finish(job->call, err);
    free(job);
}

enum zdd_err zdd_api_list_apps(struct zdd_call *call)
{
    struct list_job *job = calloc(1, sizeof(*job));
    enum zdd_err err;

    if (!job)
        return ZDD_ERR_NO_MEMORY;
    job->call = call;
    err = zdd_page_open(&job->page, call, NULL, 0);
    if (err == ZDD_ERR_NONE)
        err = zdd_answer_later(call, finish_list_apps, job);
    if (err != ZDD_ERR_LATER)
        free(job);
    return err;
}
