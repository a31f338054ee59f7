/**
 * @file server/api/api.c
 * @brief What surrounds every call: who asks, what is counted and logged, how it fails.
 */
#include "server/api/api.h"

#include "server/api/catalogue.h"
#include "server/api/deployments.h"
#include "server/api/inside.h"
#include "server/api/limits.h"
#include "server/api/post.h"
#include "server/api/views.h"
#include "server/base/clock.h"
#include "server/base/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define RING_SIZE 1024
#define STREAM_MAX 4096
#define WAITER_MAX 1024
#define HEARTBEAT_MS 15000
#define SESSION_MS (12 * INT64_C(3600000)) /* a shift, and some */

static enum zdd_err refuse_media(struct zdd_call *call)
{
    char offered[80];

    zdd_accept_words(call->route->flags, offered, sizeof(offered));
    return zdd_call_fail(call, ZDD_ERR_NOT_ACCEPTABLE, "this operation answers %s", offered);
}

static enum zdd_err before(struct zdd_call *call)
{
    struct zdd_api *api = zdd_api_of(call);
    const unsigned flags = call->route->flags;
    struct zdd_caller *caller = calloc(1, sizeof(*caller));
    enum zdd_err err;

    if (!caller)
        return ZDD_ERR_NO_MEMORY;
    call->caller = caller;
    caller->begun_mono_ms = zdd_mono_ms();
    if (!(flags & ZDD_ROUTE_OPEN)) {
        err = zdd_api_authenticate(call);
        if (err != ZDD_ERR_NONE)
            return err;
    }
    caller->media = zdd_accept_choose(zdd_call_header(call, "Accept"), flags);
    if (caller->media == ZDD_MEDIA_NONE && !(flags & ZDD_ROUTE_PAGE))
        return refuse_media(call);
    if ((flags & ZDD_ROUTE_WORK) && atomic_load(&api->draining))
        return ZDD_ERR_DRAINING;
    return ZDD_ERR_NONE;
}

/* Who may not even look is of interest too; what is not there, or asked for wrongly, is not. */
static bool is_audited(const struct zdd_route *route, enum zdd_err err)
{
    return err != ZDD_ERR_RATE_LIMITED && /* the disk would pay for who calls too often */
           ((route->flags & ZDD_ROUTE_CHANGE) || err == ZDD_ERR_SCOPE_MISSING ||
            err == ZDD_ERR_APP_FORBIDDEN);
}

static void fail(struct zdd_call *call, enum zdd_err err)
{
    zdd_call_problem(call, err);
    if (call->route && is_audited(call->route, err))
        zdd_audit_refusal(call, err);
}

/* Reads are many and dull; what changes something or fails is worth a line, unless told otherwise.
 */
static enum zdd_log_level level_of(const struct zdd_call *call)
{
    const bool news =
        call->status >= 400 || (call->route && (call->route->flags & ZDD_ROUTE_CHANGE));

    if (call->status >= 500)
        return ZDD_LOG_WARN;
    switch (zdd_api_of(call)->options.log_calls) {
    case ZDD_LOG_CALLS_CHANGES:
        return news ? ZDD_LOG_INFO : ZDD_LOG_DEBUG;
    case ZDD_LOG_CALLS_ALL:
        return ZDD_LOG_INFO;
    case ZDD_LOG_CALLS_OFF:
        break;
    }
    return ZDD_LOG_DEBUG;
}

static void log_call(const struct zdd_call *call)
{
    const struct zdd_caller *caller = zdd_caller_of(call);
    char status[16], took[32] = "";

    snprintf(status, sizeof(status), "%u", call->status);
    if (caller)
        snprintf(took, sizeof(took), "%" PRId64, zdd_mono_ms() - caller->begun_mono_ms);
    /* The path without its query: what is asked for may be nobody's business. */
    zdd_log(level_of(call), "http.call", "request", call->request_id, "trace",
            call->trace_id[0] ? call->trace_id : NULL, "method", call->method, "path", call->path,
            "status", status, "ms", caller ? took : NULL, "actor",
            caller && caller->actor[0] ? caller->actor : NULL, "remote", call->remote, "detail",
            call->status == 500 && call->detail[0] ? call->detail : NULL, NULL);
}

static void after(struct zdd_call *call)
{
    struct zdd_api *api = zdd_api_of(call);
    struct zdd_caller *caller = zdd_caller_of(call);
    const unsigned class = call->status / 100;

    if (class < ZDD_STATUS_CLASSES)
        atomic_fetch_add(&api->answered[class], 1);
    log_call(call);
    if (caller)
        free(caller->reason);
    free(caller);
    call->caller = NULL;
}

void zdd_api_serve(struct zdd_api *api, struct zdd_http_options *http)
{
    http->routes = zdd_routes;
    http->route_count = zdd_route_count;
    http->app = api;
    http->before = before;
    http->fail = fail;
    http->after = after;
}

static unsigned or_default(unsigned value, unsigned otherwise)
{
    return value ? value : otherwise;
}

struct zdd_api *zdd_api_new(const struct zdd_api_options *options)
{
    struct zdd_api *api = calloc(1, sizeof(*api));
    struct zdd_hub_options hub = {
        .store = options->store,
        .ring_size = or_default(options->ring_size, RING_SIZE),
        .stream_max = or_default(options->stream_max, STREAM_MAX),
        .waiter_max = or_default(options->waiter_max, WAITER_MAX),
        .heartbeat_ms = options->heartbeat_ms ? options->heartbeat_ms : HEARTBEAT_MS,
        .settle = zdd_deployment_settle,
    };

    assert(options->secrets && "nothing comes in without");
    if (!api)
        return NULL;
    api->options = *options;
    if (!api->options.session_ms)
        api->options.session_ms = SESSION_MS;
    api->started_ms = zdd_now_ms();
    api->catalogue = zdd_catalogue_new();
    api->notes = zdd_notes_new(options->store);
    api->passes = hub.passes = zdd_passes_new(options->store);
    api->views = api->notes ? zdd_views_new(options->store, api->notes) : NULL;
    api->tickets = zdd_tickets_new();
    api->limits = zdd_limits_new(&(struct zdd_limits_options){.per_second = options->rate_limit});
    api->hub = api->catalogue && api->passes && api->views && api->limits && api->tickets
                   ? zdd_hub_new(&hub)
                   : NULL;
    return api->hub ? api : zdd_api_free(api);
}

static enum zdd_err write_nothing(struct zdd_tx *tx, void *cls)
{
    (void)tx;
    (void)cls;
    return ZDD_ERR_NONE;
}

struct zdd_api *zdd_api_free(struct zdd_api *api)
{
    enum zdd_err err;

    if (!api)
        return NULL;
    zdd_hub_free(api->hub);
    /* Bodies that the store still has end before this one: after it nobody knows the api. */
    err = zdd_store_write(api->options.store, write_nothing, NULL);
    (void)err; /* when the disk fails, they have ended all the same */
    zdd_views_free(api->views);
    zdd_tickets_free(api->tickets);
    zdd_limits_free(api->limits);
    zdd_passes_free(api->passes);
    zdd_notes_free(api->notes);
    free(api->catalogue);
    free(api);
    return NULL;
}

void zdd_api_drain(struct zdd_api *api)
{
    atomic_store(&api->draining, true);
    zdd_hub_drain(api->hub);
}
