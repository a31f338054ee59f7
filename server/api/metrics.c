/**
 * @file server/api/metrics.c
 * @brief GET /metrics: the rows of metrics.def, what was counted as it happened, the deployments
 * that run, and the process, in Prometheus' text format 0.0.4.
 *
 * It needs a token like every other look inside: scrapers can send one.
 */
#include "server/metrics/metrics.h"
#include "server/api/handlers.h"
#include "server/api/inside.h"
#include "server/api/metrics_runs.h"
#include "server/base/clock.h"

#include <string.h>

#define MS_OF_S 1000

/* All figures, taken together. */
struct sample {
    struct zdd_engine_stats engine;
    struct zdd_store_stats store;
    struct zdd_hub_stats hub;
    unsigned long long answered[ZDD_STATUS_CLASSES];
    double uptime_s;
    double stream_age_s; /* since the event stream was heard; since the start when it never was */
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
    int64_t heard_ms;

    *s = (struct sample){.uptime_s = (double)(now_ms - api->started_ms) / MS_OF_S};
    heard_ms = zdd_metrics_heard_ms(api->options.metrics);
    s->stream_age_s = heard_ms > 0 ? (double)(zdd_mono_ms() - heard_ms) / MS_OF_S : s->uptime_s;
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

static void write_batches(struct zdd_buf *buf, const struct zdd_store_stats *stats)
{
    static const char name[] = "zdd_store_batch_transactions";
    unsigned long long so_far = 0;

    zdd_buf_printf(buf, "# HELP %s Transactions that one commit carried.\n# TYPE %s histogram\n",
                   name, name);
    for (size_t i = 0; i < ZDD_BATCH_BUCKETS; i++) {
        so_far += stats->batch[i];
        zdd_buf_printf(buf, "%s_bucket{le=\"%d\"} %llu\n", name, 1 << i, so_far);
    }
    if (stats->commits > so_far)
        so_far = stats->commits;
    zdd_buf_printf(buf, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %llu\n%s_count %llu\n", name, so_far,
                   name, (unsigned long long)stats->bodies, name, so_far);
}

enum zdd_err zdd_api_get_metrics(struct zdd_call *call)
{
    struct zdd_api *api = zdd_api_of(call);
    struct sample sample;
    enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err == ZDD_ERR_NONE)
        err = zdd_metrics_write_runs(call);
    if (err != ZDD_ERR_NONE)
        return err;
    take_sample(api, call->now_ms, &sample);
    write_all(&call->reply, &sample);
    write_batches(&call->reply, &sample.store);
    zdd_metrics_print(api->options.metrics, &call->reply);
    zdd_metrics_print_process(&call->reply);
    zdd_buf_printf(&call->reply,
                   "# HELP zdd_build_info The build that runs.\n# TYPE zdd_build_info gauge\n"
                   "zdd_build_info{version=\"%s\"} 1\n",
                   api->options.version);
    call->type = "text/plain; version=0.0.4; charset=utf-8";
    return zdd_answer(call, ZDD_ERR_NONE);
}
