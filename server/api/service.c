/**
 * @file server/api/service.c
 * @brief /livez, /readyz, /version, /openapi.json: what machines ask about the service itself.
 */
#include "server/api/handlers.h"
#include "server/api/inside.h"
#include "server/json/writer.h"

static const unsigned char openapi[] = {
#include "openapi.inc"
};

enum zdd_err zdd_api_get_livez(struct zdd_call *call)
{
    zdd_buf_text(&call->reply, "{\"status\":\"alive\"}");
    return zdd_answer(call, zdd_ask_known(call, NULL, 0));
}

enum zdd_err zdd_api_get_readyz(struct zdd_call *call)
{
    struct zdd_api *api = zdd_api_of(call);
    struct zdd_writer w = {.buf = &call->reply};
    struct zdd_engine_stats stats = {.stream_live = true};
    enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err != ZDD_ERR_NONE)
        return err;
    if (atomic_load(&api->draining))
        return ZDD_ERR_DRAINING;
    if (!zdd_store_writable(api->options.store)) {
        call->status = 503; /* not 507: who asks wants to know about us, not about its own call */
        return zdd_call_fail(call, ZDD_ERR_STORE_FULL, "the database cannot be written");
    }
    if (api->options.engine)
        zdd_engine_stats(api->options.engine, &stats);
    zdd_w_object(&w, NULL);
    zdd_w_text(&w, "status", "ready");
    zdd_w_object(&w, "checks");
    zdd_w_text(&w, "database", "pass");
    zdd_w_text(&w, "marathonEvents", stats.stream_live ? "pass" : "warn");
    zdd_w_end_object(&w);
    zdd_w_end_object(&w);
    return zdd_answer(call, ZDD_ERR_NONE);
}

enum zdd_err zdd_api_get_version(struct zdd_call *call)
{
    const struct zdd_api *api = zdd_api_of(call);
    struct zdd_writer w = {.buf = &call->reply};

    zdd_w_object(&w, NULL);
    zdd_w_text(&w, "name", "zdd-server");
    zdd_w_text(&w, "version", api->options.version);
    zdd_w_text(&w, "api", "v1");
    zdd_w_time(&w, "startedAt", api->started_ms);
    zdd_w_end_object(&w);
    return zdd_answer(call, zdd_ask_known(call, NULL, 0));
}

enum zdd_err zdd_api_get_openapi(struct zdd_call *call)
{
    zdd_buf_append(&call->reply, openapi, sizeof(openapi));
    return zdd_answer(call, zdd_ask_known(call, NULL, 0));
}
