/**
 * @file server/api/answer.c
 * @brief Small steps on the way to an answer.
 */
#include "server/api/inside.h"

#include <stdio.h>
#include <string.h>

enum zdd_err zdd_answer(struct zdd_call *call, enum zdd_err err)
{
    if (err != ZDD_ERR_NONE)
        return err;
    return call->reply.err == ZDD_ERR_BODY_TOO_BIG ? ZDD_ERR_INTERNAL : call->reply.err;
}

enum zdd_err zdd_answer_later(struct zdd_call *call, void (*work)(void *cls), void *cls)
{
    struct zdd_api *api = zdd_api_of(call);

    if (!api->options.engine)
        work(cls);
    else if (!zdd_engine_submit(api->options.engine, work, cls))
        return atomic_load(&api->draining) ? ZDD_ERR_DRAINING : ZDD_ERR_TOO_MANY_CALLS;
    return ZDD_ERR_LATER;
}

enum zdd_err zdd_answer_cluster(struct zdd_call *call, enum zdd_err err, const char *reason)
{
    if (err != ZDD_ERR_NONE && reason[0])
        return zdd_call_fail(call, err, "%s", reason);
    return err;
}

void zdd_answer_wake(struct zdd_api *api, const char *run_id, const char *app_id)
{
    if (api->options.engine && !atomic_load(&api->draining))
        zdd_engine_wake(api->options.engine, run_id, app_id);
}

void zdd_answer_allowed(struct zdd_call *call, const struct zdd_run *run)
{
    size_t used = strlen(call->extra);
    const char *comma = "";

    used += (size_t)snprintf(call->extra + used, sizeof(call->extra) - used,
                             "%s\"allowedCommands\":[", used ? "," : "");
    for (enum zdd_command c = ZDD_COMMAND_PAUSE; c < ZDD_COMMAND_COUNT; c++) {
        if (!zdd_run_allows(run, c))
            continue;
        used += (size_t)snprintf(call->extra + used, sizeof(call->extra) - used, "%s\"%s\"", comma,
                                 zdd_command_name(c));
        comma = ",";
    }
    snprintf(call->extra + used, sizeof(call->extra) - used, "]");
}
