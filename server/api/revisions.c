/**
 * @file server/api/revisions.c
 * @brief GET /v1/apps/{appId}/revisions: every definition this service deployed.
 */
#include "storage/revisions.h"

#include "server/api/handlers.h"
#include "server/api/inside.h"
#include "server/api/page.h"

static bool list_revision(void *cls, const struct zdd_revision *revision)
{
    struct zdd_page *page = cls;
    struct zdd_writer *w = &page->w;

    if (!zdd_page_number(page, revision->number))
        return false;
    zdd_w_object(w, NULL);
    zdd_w_int(w, "number", revision->number);
    zdd_w_text(w, "appId", revision->app_id);
    zdd_w_text(w, "deploymentId", revision->run_id);
    zdd_w_text(w, "digest", revision->digest);
    zdd_w_text(w, "version", revision->version[0] ? revision->version : NULL);
    zdd_w_time(w, "createdAt", revision->created_at_ms);
    zdd_w_raw(w, "definition", revision->definition);
    zdd_w_end_object(w);
    return true;
}

enum zdd_err zdd_api_list_revisions(struct zdd_call *call)
{
    struct zdd_page page;
    const char *app_id;
    int64_t before;
    enum zdd_err err = zdd_ask_app(call, 0, &app_id);

    if (err == ZDD_ERR_NONE)
        err = zdd_page_open(&page, call, NULL, 0);
    if (err == ZDD_ERR_NONE)
        err = zdd_page_after_number(&page, &before);
    if (err == ZDD_ERR_NONE)
        err = zdd_revision_list(zdd_store_of(call), app_id, before, page.ask, list_revision, &page);
    return err == ZDD_ERR_NONE ? zdd_page_close(&page) : err;
}
