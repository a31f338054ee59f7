/**
 * @file server/api/service.c
 * @brief /livez, /readyz, /version, /openapi.json: what machines ask about the service itself.
 */
#include "server/api/handlers.h"
#include "server/api/inside.h"
#include "server/json/writer.h"

#include <stdio.h>

static const unsigned char openapi[] = {
#include "openapi.inc"
};

enum zdd_err zdd_api_get_livez(struct zdd_call *call)
{
    zdd_buf_text(&call->reply, "{\"status\":\"alive\"}");
    return zdd_answer(call, zdd_ask_known(call, NULL, 0));
}

/* What is missing, of what this server can do without for a while. */
struct missing {
    bool stream;
    size_t router_count;
    struct zdd_presence_row router[ZDD_PRESENCE_ROUTER_MAX];
};

static struct missing look_for_missing(const struct zdd_api *api)
{
    struct zdd_engine_stats stats = {.stream_live = true};
    struct missing missing = {0};

    if (api->options.engine)
        zdd_engine_stats(api->options.engine, &stats);
    missing.stream = !stats.stream_live;
    missing.router_count = zdd_presence_read(api->options.presence, missing.router);
    return missing;
}

static void write_checks(struct zdd_writer *w, const struct missing *missing)
{
    bool silent = false;

    for (size_t i = 0; i < missing->router_count; i++)
        silent = silent || missing->router[i].silent > 0;
    zdd_w_object(w, "checks");
    zdd_w_text(w, "database", "pass");
    zdd_w_text(w, "marathonEvents", missing->stream ? "warn" : "pass");
    if (missing->router_count > 0)
        zdd_w_text(w, "balancers", silent ? "warn" : "pass");
    zdd_w_end_object(w);
}

/* No addresses: whoever asks need not be anybody we know. The log has them. */
static void write_degraded(struct zdd_writer *w, const struct missing *missing)
{
    zdd_w_array(w, "degraded");
    if (missing->stream)
        zdd_w_text(w, NULL, "Marathon's event stream is down: changes are seen by asking.");
    for (size_t i = 0; i < missing->router_count; i++) {
        const struct zdd_presence_row *row = &missing->router[i];
        char text[160];

        if (row->silent == 0)
            continue;
        snprintf(text, sizeof(text), "Router %s: %zu of %zu balancers do not answer.", row->router,
                 row->silent, row->balancers);
        zdd_w_text(w, NULL, text);
    }
    zdd_w_end_array(w);
}

enum zdd_err zdd_api_get_readyz(struct zdd_call *call)
{
    struct zdd_api *api = zdd_api_of(call);
    struct zdd_writer w = {.buf = &call->reply};
    enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err != ZDD_ERR_NONE)
        return err;
    if (atomic_load(&api->draining))
        return ZDD_ERR_DRAINING;
    if (!zdd_store_writable(api->options.store)) {
        call->status = 503; /* not 507: who asks wants to know about us, not about its own call */
        return zdd_call_fail(call, ZDD_ERR_STORE_FULL, "the database cannot be written");
    }

    const struct missing missing = look_for_missing(api);

    zdd_w_object(&w, NULL);
    zdd_w_text(&w, "status", "ready");
    write_checks(&w, &missing);
    write_degraded(&w, &missing);
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
