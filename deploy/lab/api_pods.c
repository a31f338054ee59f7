/**
 * @file deploy/lab/api_pods.c
 * @brief /v2/pods of a Marathon that has none: lists are empty, each one is unknown, none can be
 * made.
 */
#include "deploy/lab/api.h"

#include <string.h>

static enum zdd_err unknown(struct zdd_call *call)
{
    char id[ZDD_LAB_ID_SIZE];
    char *status;

    zdd_lab_absolute_id(call->arg[0], "/", id, sizeof(id));
    status = strstr(id, "/::");
    if (status)
        *status = '\0';
    return zdd_lab_refuse(call, 404, NULL, "Pod '%s' does not exist", id);
}

enum zdd_err zdd_lab_get_pods(struct zdd_call *call, struct zdd_lab *lab)
{
    (void)lab;
    return zdd_lab_answer(call, 200, json_array());
}

enum zdd_err zdd_lab_get_pod(struct zdd_call *call, struct zdd_lab *lab)
{
    if (strcmp(call->arg[0], "::status") == 0)
        return zdd_lab_get_pods(call, lab);
    return unknown(call);
}

static enum zdd_err refuse_pod(struct zdd_call *call)
{
    const enum zdd_err err = zdd_call_json(call);

    if (err != ZDD_ERR_NONE)
        return err;
    if (!json_is_object(call->json))
        return zdd_lab_answer_kind(call, "/", "error.expected.jsobject");
    if (!json_is_string(json_object_get(call->json, "id")) && !call->arg[0])
        return zdd_lab_answer_kind(call, "/id", "error.path.missing");
    return zdd_lab_refuse(
        call, 422,
        json_pack("[{s:s, s:[s]}]", "path", "/containers", "errors", "zdd-lab runs no pods"),
        "Object is not valid");
}

enum zdd_err zdd_lab_write_pods(struct zdd_call *call, struct zdd_lab *lab)
{
    (void)lab;
    return refuse_pod(call);
}

enum zdd_err zdd_lab_write_pod(struct zdd_call *call, struct zdd_lab *lab)
{
    (void)lab;
    return strcmp(call->method, "PUT") == 0 ? refuse_pod(call) : unknown(call);
}
