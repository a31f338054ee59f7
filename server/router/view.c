/**
 * @file server/router/view.c
 * @brief From a balancer's statistics to what the engine asks of a pair.
 */
#include "server/router/view.h"

#include "server/router/names.h"

#include <string.h>

/* The algorithms that give each server its share, whatever the load (marathon-lb.md §4.a). */
static const char *const obedient[] = {"roundrobin", "random"};

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool zdd_row_fits(const struct zdd_stats_row *row, const struct zdd_endpoint *endpoint)
{
    if (!row->server)
        return false;
    if (*row->address && strcmp(row->address, endpoint->address) == 0)
        return true;
    return zdd_server_fits(row->server, endpoint->address);
}

enum zdd_serving zdd_row_serving(const struct zdd_stats_row *row)
{
    if (begins(row->status, "MAINT"))
        return ZDD_RESTS;
    return begins(row->status, "DRAIN") ? ZDD_DRAINS : ZDD_SERVES;
}

/* HAProxy shows a server in drain as such only while its checks are well. */
static bool is_up(const struct zdd_stats_row *row)
{
    return begins(row->status, "UP") || begins(row->status, "DRAIN") ||
           strcmp(row->status, "no check") == 0;
}

static bool obeys(const struct zdd_stats_row *backend)
{
    for (size_t i = 0; i < ZDD_COUNT(obedient); i++) {
        if (strcmp(backend->algorithm, obedient[i]) == 0)
            return true;
    }
    return !*backend->algorithm;
}

static int32_t narrow(int64_t value)
{
    return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

static void add(int64_t *sum, int64_t value)
{
    *sum = value > INT64_MAX - *sum ? INT64_MAX : *sum + value;
}

static void add_counters(struct zdd_traffic_counters *counters, const struct zdd_stats_row *row)
{
    const bool huge = row->answer_ms > 0 && row->answers > INT64_MAX / row->answer_ms;

    add(&counters->requests, row->requests);
    add(&counters->chosen, row->chosen);
    add(&counters->answers, row->answers);
    add(&counters->errors, row->errors);
    add(&counters->broken, row->broken);
    add(&counters->refused, row->refused);
    add(&counters->retried, row->retried);
    add(&counters->rerouted, row->rerouted);
    add(&counters->answer_ms, huge ? INT64_MAX : row->answer_ms * row->answers);
}

/* FNV-1a (G. Fowler, L. C. Noll, P. Vo). */
static uint64_t mark_of(const struct zdd_stats_row *row)
{
    const char *const names[] = {row->backend, row->server, row->address};
    uint64_t mark = 0xcbf29ce484222325u;

    for (size_t i = 0; i < ZDD_COUNT(names); i++) {
        for (const char *at = names[i]; *at; at++)
            mark = (mark ^ (unsigned char)*at) * 0x100000001b3u;
        mark = (mark ^ '/') * 0x100000001b3u;
    }
    return mark;
}

/* It gets new requests. */
static bool takes(const struct zdd_stats_row *row)
{
    return is_up(row) && zdd_row_serving(row) == ZDD_SERVES && row->weight > 0;
}

static void add_server(struct zdd_side_traffic *side, const struct zdd_stats_row *row)
{
    const bool stopped = zdd_row_serving(row) != ZDD_SERVES;
    const int32_t weight = narrow(row->weight);

    side->weight_min = side->servers == 0 || weight < side->weight_min ? weight : side->weight_min;
    side->weight_max = weight > side->weight_max ? weight : side->weight_max;
    side->servers++;
    side->mark += mark_of(row); /* in whatever order */
    side->stopped += stopped;
    if (is_up(row) && !stopped)
        add(&side->weight_sum, weight);
    side->sessions = narrow((int64_t)side->sessions + narrow(row->sessions));
    side->queue = narrow((int64_t)side->queue + narrow(row->queue));
    add_counters(&side->counters, row);
}

/* The side that the server belongs to; ZDD_SIDE_COUNT: neither. */
static enum zdd_pair_side side_of(const struct zdd_router_ask *ask, const struct zdd_stats_row *row)
{
    for (enum zdd_pair_side s = 0; s < ZDD_SIDE_COUNT; s++) {
        for (size_t i = 0; i < ask->endpoint_count[s]; i++) {
            const struct zdd_endpoint *endpoint = &ask->endpoints[s][i];

            if (strcmp(endpoint->backend, row->backend) == 0 && zdd_row_fits(row, endpoint))
                return s;
        }
    }
    return ZDD_SIDE_COUNT;
}

/* What one backend has. */
struct part {
    int32_t listed[ZDD_SIDE_COUNT], up[ZDD_SIDE_COUNT];
    int32_t serving; /* of both sides, and strangers */
};

static void add_row(struct zdd_balancer_view *view, const struct zdd_stats_row *row,
                    const struct zdd_router_ask *ask, struct part *part)
{
    enum zdd_pair_side side;

    if (!row->server) {
        view->weights_obeyed = view->weights_obeyed && obeys(row);
        return;
    }
    side = side_of(ask, row);
    part->serving += takes(row);
    if (side == ZDD_SIDE_COUNT) {
        view->strangers++;
        return;
    }
    add_server(&view->side[side], row);
    part->listed[side]++;
    part->up[side] += is_up(row);
}

static int32_t lower_of(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static void add_backend(struct zdd_balancer_view *view, const struct zdd_stats_table *table,
                        const struct zdd_router_ask *ask, const char *backend, bool only)
{
    const struct zdd_stats_row *row;
    size_t count = zdd_stats_backend(table, backend, &row);
    struct part part = {{0}, {0}, 0};

    for (; count > 0; count--, row++)
        add_row(view, row, ask, &part);
    view->serving = only ? part.serving : lower_of(view->serving, part.serving);
    for (int s = 0; s < ZDD_SIDE_COUNT; s++) {
        struct zdd_side_traffic *side = &view->side[s];

        side->listed = only ? part.listed[s] : lower_of(side->listed, part.listed[s]);
        side->up = only ? part.up[s] : lower_of(side->up, part.up[s]);
    }
}

/* Whether endpoint @p index of side @p side is the first one of its backend. */
static bool is_first(const struct zdd_router_ask *ask, enum zdd_pair_side side, size_t index)
{
    const char *backend = ask->endpoints[side][index].backend;

    for (enum zdd_pair_side s = 0; s <= side; s++) {
        const size_t count = s == side ? index : ask->endpoint_count[s];

        for (size_t i = 0; i < count; i++) {
            if (strcmp(ask->endpoints[s][i].backend, backend) == 0)
                return false;
        }
    }
    return true;
}

void zdd_view_fill(struct zdd_balancer_view *view, const struct zdd_stats_table *table,
                   const struct zdd_router_ask *ask)
{
    bool any = false;

    view->weights_obeyed = true;
    view->strangers = view->serving = 0;
    memset(view->side, 0, sizeof(view->side));
    for (enum zdd_pair_side s = 0; s < ZDD_SIDE_COUNT; s++) {
        for (size_t i = 0; i < ask->endpoint_count[s]; i++) {
            if (!is_first(ask, s, i))
                continue;
            add_backend(view, table, ask, ask->endpoints[s][i].backend, !any);
            any = true;
        }
    }
}
