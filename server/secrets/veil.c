/**
 * @file server/secrets/veil.c
 * @brief Between those who decide and Marathon.
 */
#include "server/secrets/veil.h"

#include "server/base/cleanup.h"
#include "server/json/words.h"

#include <stdio.h>
#include <stdlib.h>

static const char missing[] = "a secret of the definition cannot be read from the vault, so "
                              "nothing was sent";

static enum zdd_err put(void *cls, const struct zdd_cluster_order *order,
                        struct zdd_cluster_ack *ret_ack)
{
    const struct zdd_veil *veil = cls;
    ZDD_AUTO_REVEALED struct zdd_revealed revealed = {0};
    struct zdd_cluster_order whole = *order;
    const enum zdd_err err =
        zdd_secrets_reveal(veil->secrets, order->app_id, order->definition, &revealed);

    if (err != ZDD_ERR_NONE) {
        *ret_ack = (struct zdd_cluster_ack){0};
        snprintf(ret_ack->words, sizeof(ret_ack->words), "%s",
                 err == ZDD_ERR_STORE_CORRUPT ? missing : zdd_err_text(err));
        return err;
    }
    if (revealed.text)
        whole.definition = revealed.text;
    whole.unspoken = (struct zdd_unspoken_list){.count = revealed.count, .item = revealed.unspoken};
    return veil->inner.ops->put(veil->inner.cls, &whole, ret_ack);
}

/* What is compared for one app. */
struct comparison {
    struct zdd_revealed target, previous;
};

static enum zdd_err lift(const struct zdd_veil *veil, const struct zdd_app_ask *ask,
                         struct comparison *c, struct zdd_app_ask *ret_ask)
{
    enum zdd_err err = zdd_secrets_reveal(veil->secrets, ask->app_id, ask->target, &c->target);

    if (err == ZDD_ERR_NONE)
        err = zdd_secrets_reveal(veil->secrets, ask->app_id, ask->previous, &c->previous);
    *ret_ask = *ask;
    if (c->target.text)
        ret_ask->target = c->target.text;
    if (c->previous.text)
        ret_ask->previous = c->previous.text;
    return err;
}

/* A task of the version before may have failed: what it was given Marathon's app has no more. */
static void hush(const struct zdd_revealed *revealed, struct zdd_app_view *view)
{
    const struct zdd_unspoken_list list = {.count = revealed->count, .item = revealed->unspoken};
    ZDD_AUTO_BUF struct zdd_buf said = {0};

    if (zdd_hush(&said, view->failure, &list) || said.err != ZDD_ERR_NONE)
        snprintf(view->failure, sizeof(view->failure), "%s",
                 said.err == ZDD_ERR_NONE ? said.data : "");
    zdd_words_trim(view->failure);
}

static enum zdd_err observe(void *cls, const struct zdd_app_ask *asks, size_t count,
                            struct zdd_app_view *ret_views,
                            char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    const struct zdd_veil *veil = cls;
    ZDD_AUTO_FREE struct zdd_app_ask *whole = calloc(count + 1, sizeof(*whole));
    ZDD_AUTO_FREE struct comparison *compared = calloc(count + 1, sizeof(*compared));
    enum zdd_err err = whole && compared ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;

    reason[0] = '\0';
    for (size_t i = 0; i < count && err == ZDD_ERR_NONE; i++)
        err = lift(veil, &asks[i], &compared[i], &whole[i]);
    if (err == ZDD_ERR_NONE)
        err = veil->inner.ops->observe(veil->inner.cls, whole, count, ret_views, reason);
    else
        snprintf(reason, ZDD_CLUSTER_REASON_SIZE, "%s", zdd_err_text(err));
    for (size_t i = 0; compared && i < count; i++) {
        if (err == ZDD_ERR_NONE) {
            hush(&compared[i].target, &ret_views[i]);
            hush(&compared[i].previous, &ret_views[i]);
        }
        zdd_revealed_release(&compared[i].target);
        zdd_revealed_release(&compared[i].previous);
    }
    return err;
}

static enum zdd_err restart(void *cls, const struct zdd_cluster_order *order,
                            struct zdd_cluster_ack *ret_ack)
{
    const struct zdd_veil *veil = cls;

    return veil->inner.ops->restart(veil->inner.cls, order, ret_ack);
}

static enum zdd_err take_away(void *cls, const struct zdd_cluster_order *order,
                              struct zdd_cluster_ack *ret_ack)
{
    const struct zdd_veil *veil = cls;

    return veil->inner.ops->remove(veil->inner.cls, order, ret_ack);
}

static enum zdd_err end_tasks(void *cls, const struct zdd_cluster_order *order,
                              struct zdd_cluster_ack *ret_ack)
{
    const struct zdd_veil *veil = cls;

    return veil->inner.ops->kill(veil->inner.cls, order, ret_ack);
}

static enum zdd_err info(void *cls, struct zdd_cluster_info *ret_info,
                         char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    const struct zdd_veil *veil = cls;

    return veil->inner.ops->info(veil->inner.cls, ret_info, reason);
}

/* The API conceals what it is handed: it knows for whom the values are kept. */
static enum zdd_err get(void *cls, const char *path, struct json_t **ret_json,
                        char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    const struct zdd_veil *veil = cls;

    return veil->inner.ops->get(veil->inner.cls, path, ret_json, reason);
}

static const struct zdd_cluster_ops ops = {
    .observe = observe,
    .put = put,
    .restart = restart,
    .remove = take_away,
    .kill = end_tasks,
    .info = info,
    .get = get,
};

struct zdd_cluster zdd_veil_cluster(struct zdd_veil *veil)
{
    return (struct zdd_cluster){.ops = &ops, .cls = veil};
}
