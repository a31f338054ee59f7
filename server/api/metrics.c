/**
 * @file server/api/metrics.c
 * @brief GET /metrics: the rows of metrics.def in Prometheus' text format 0.0.4.
 *
 * It needs a token like every other look inside: scrapers can send one.
 */
#include "server/api/handlers.h"
#include "server/api/inside.h"

#include <string.h>

/* All figures, taken together. */
struct sample {
    struct zdd_engine_stats engine;
    struct zdd_store_stats store;
    struct zdd_hub_stats hub;
    unsigned long long answered[ZDD_STATUS_CLASSES];
    double uptime_s;
    bool ready;
};

struct metric {
    const char *name; /* with labels */
    const char *type;
    const char *text; /* NULL: another row of the family before it */
    double value;
};

static void take_sample(struct zdd_api *api, int64_t now_ms, struct sample *s)
{
    *s = (struct sample){.uptime_s = (double)(now_ms - api->started_ms) / 1000};
    s->ready = !atomic_load(&api->draining) && zdd_store_writable(api->options.store);
    if (api->options.engine)
        zdd_engine_stats(api->options.engine, &s->engine);
    zdd_store_stats(api->options.store, &s->store);
    zdd_hub_stats(api->hub, &s->hub);
    for (size_t i = 0; i < ZDD_STATUS_CLASSES; i++)
        s->answered[i] = atomic_load(&api->answered[i]);
}

static void write_metric(struct zdd_buf *buf, const struct metric *metric)
{
    const int family = (int)strcspn(metric->name, "{");

    if (metric->text)
        zdd_buf_printf(buf, "# HELP %.*s %s\n# TYPE %.*s %s\n", family, metric->name, metric->text,
                       family, metric->name, metric->type);
    zdd_buf_printf(buf, "%s %.17g\n", metric->name, metric->value);
}

static void write_all(struct zdd_buf *buf, const struct sample *s)
{
    const struct metric metrics[] = {
#define ZDD_METRIC(name, type, text, value) {name, #type, text, (double)(value)},
#include "server/api/metrics.def"
#undef ZDD_METRIC
    };

    for (size_t i = 0; i < ZDD_COUNT(metrics); i++)
        write_metric(buf, &metrics[i]);
}

enum zdd_err zdd_api_get_metrics(struct zdd_call *call)
{
    struct zdd_api *api = zdd_api_of(call);
    struct sample sample;
    const enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err != ZDD_ERR_NONE)
        return err;
    take_sample(api, call->now_ms, &sample);
    write_all(&call->reply, &sample);
    zdd_buf_printf(&call->reply,
                   "# HELP zdd_build_info The build that runs.\n# TYPE zdd_build_info gauge\n"
                   "zdd_build_info{version=\"%s\"} 1\n",
                   api->options.version);
    call->type = "text/plain; version=0.0.4; charset=utf-8";
    return zdd_answer(call, ZDD_ERR_NONE);
}
