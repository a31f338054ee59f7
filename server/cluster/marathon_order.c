/**
 * @file server/cluster/marathon_order.c
 * @brief Orders, with the traps of marathon.md §9 avoided.
 */
#include "server/base/cleanup.h"
#include "server/cluster/marathon_calls.h"
#include "server/cluster/marathon_http.h"
#include "server/cluster/marathon_read.h"
#include "server/cluster/marathon_tasks.h"
#include "server/json/json_hush.h"
#include "server/json/words.h"

#include <stdio.h>
#include <string.h>

static void read_ack(const struct zdd_marathon_reply *reply, struct zdd_cluster_ack *ack)
{
    const char *id = zdd_json_text(reply->json, "deploymentId", reply->answer.deployment_id);

    zdd_marathon_version(zdd_json_text(reply->json, "version", ""), ack->version);
    zdd_words_cut(id, ack->deployment_id, sizeof(ack->deployment_id));
    zdd_words_plain(ack->deployment_id); /* from a header it may be any bytes */
}

/* Marathon's complaint, or what happened on the way to it. */
static void read_refusal(struct zdd_marathon_reply *reply, enum zdd_err err, const char *reason,
                         const struct zdd_unspoken_list *unspoken, struct zdd_cluster_ack *ack)
{
    snprintf(ack->words, sizeof(ack->words), "%s", reason);
    if (reply->answer.status < 400 || err == ZDD_ERR_CLUSTER_NONSENSE)
        return;
    /* Whole, before any of it is cut: a complaint may quote what was sent. */
    if (!zdd_json_hush(reply->json, unspoken)) {
        snprintf(ack->words, sizeof(ack->words), "answered %ld with what cannot be told",
                 reply->answer.status);
        return;
    }
    zdd_marathon_words(&reply->answer, reply->json, ack->words, sizeof(ack->words));
    zdd_marathon_errors(reply->json, ack->errors, sizeof(ack->errors));
    if (err == ZDD_ERR_CLUSTER_LOCKED)
        ack->lock_count =
            zdd_marathon_read_ids(json_object_get(reply->json, "deployments"), ack->lock);
}

static enum zdd_err command(struct zdd_marathon *marathon, const struct zdd_marathon_order *order,
                            const struct zdd_unspoken_list *unspoken,
                            struct zdd_cluster_ack *ret_ack)
{
    ZDD_AUTO_REPLY struct zdd_marathon_reply reply = {0};
    char reason[ZDD_CLUSTER_REASON_SIZE];
    const enum zdd_err err = zdd_marathon_command(marathon, order, &reply, reason);

    *ret_ack = (struct zdd_cluster_ack){.status = reply.answer.status};
    if (err == ZDD_ERR_NONE)
        read_ack(&reply, ret_ack);
    else
        read_refusal(&reply, err, reason, unspoken, ret_ack);
    return err;
}

/* The whole definition goes out, never a partial update: it could not unset members, and would
 * lose resourceLimits (marathon.md §1.4). */
static enum zdd_err body_of(const struct zdd_cluster_order *order, char **ret_body)
{
    ZDD_AUTO_JSON json_t *definition = NULL;
    enum zdd_err err =
        zdd_json_read(order->definition, strlen(order->definition), &definition, NULL);

    if (err == ZDD_ERR_NO_MEMORY)
        return err;
    if (err != ZDD_ERR_NONE || !json_is_object(definition))
        return ZDD_ERR_INTERNAL;
    if (json_object_set_new(definition, "instances", json_integer(order->instances)) != 0)
        return ZDD_ERR_NO_MEMORY;
    *ret_body = zdd_json_canonical(definition);
    return *ret_body ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;
}

static enum zdd_err give_up(enum zdd_err err, struct zdd_cluster_ack *ret_ack)
{
    *ret_ack = (struct zdd_cluster_ack){0};
    snprintf(ret_ack->words, sizeof(ret_ack->words), "%s", zdd_err_text(err));
    return err;
}

enum zdd_err zdd_marathon_put(void *cls, const struct zdd_cluster_order *order,
                              struct zdd_cluster_ack *ret_ack)
{
    ZDD_AUTO_FREE char *path =
        zdd_marathon_app_path(order->app_id, order->force ? "?partialUpdate=false&force=true"
                                                          : "?partialUpdate=false&force=false");
    ZDD_AUTO_FREE char *body = NULL;
    const enum zdd_err err = body_of(order, &body);

    if (err != ZDD_ERR_NONE || !path)
        return give_up(err != ZDD_ERR_NONE ? err : ZDD_ERR_NO_MEMORY, ret_ack);
    return command(cls,
                   &(struct zdd_marathon_order){.verb = ZDD_MARATHON_PUT,
                                                .method = "PUT",
                                                .path = path,
                                                .body = body,
                                                .request_id = order->request_id},
                   &order->unspoken, ret_ack);
}

enum zdd_err zdd_marathon_restart(void *cls, const struct zdd_cluster_order *order,
                                  struct zdd_cluster_ack *ret_ack)
{
    ZDD_AUTO_FREE char *path = zdd_marathon_app_path(
        order->app_id, order->force ? "/restart?force=true" : "/restart?force=false");

    if (!path)
        return give_up(ZDD_ERR_NO_MEMORY, ret_ack);
    return command(cls,
                   &(struct zdd_marathon_order){.verb = ZDD_MARATHON_OTHER,
                                                .method = "POST",
                                                .path = path,
                                                .body = "{}", /* so that there is a length */
                                                .request_id = order->request_id},
                   &order->unspoken, ret_ack);
}

static char *ids_of(const struct zdd_cluster_order *order)
{
    ZDD_AUTO_JSON json_t *body = json_pack("{s:[]}", "ids");
    json_t *ids = json_object_get(body, "ids");

    for (size_t i = 0; ids && i < order->task_count; i++) {
        if (json_array_append_new(ids, json_string(order->tasks[i])) != 0)
            return NULL;
    }
    return ids ? zdd_json_canonical(body) : NULL;
}

enum zdd_err zdd_marathon_kill(void *cls, const struct zdd_cluster_order *order,
                               struct zdd_cluster_ack *ret_ack)
{
    ZDD_AUTO_FREE char *body = ids_of(order);

    if (!body)
        return give_up(ZDD_ERR_NO_MEMORY, ret_ack);
    return command(cls,
                   &(struct zdd_marathon_order){
                       .verb = ZDD_MARATHON_OTHER,
                       .method = "POST",
                       .path = order->force ? "/v2/tasks/delete?scale=true&force=true"
                                            : "/v2/tasks/delete?scale=true&force=false",
                       .body = body,
                       .request_id = order->request_id},
                   &order->unspoken, ret_ack);
}

/* Marathon's own default for `force` is true here, and only here: always say it. */
enum zdd_err zdd_marathon_remove(void *cls, const struct zdd_cluster_order *order,
                                 struct zdd_cluster_ack *ret_ack)
{
    ZDD_AUTO_FREE char *path =
        zdd_marathon_app_path(order->app_id, order->force ? "?force=true" : "?force=false");

    if (!path)
        return give_up(ZDD_ERR_NO_MEMORY, ret_ack);
    return command(cls,
                   &(struct zdd_marathon_order){.verb = ZDD_MARATHON_OTHER,
                                                .method = "DELETE",
                                                .path = path,
                                                .request_id = order->request_id},
                   &order->unspoken, ret_ack);
}
