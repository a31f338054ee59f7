/**
 * @file server/metrics/metrics.c
 * @brief Counting.
 */
#include "server/metrics/metrics_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct zdd_metrics *zdd_metrics_new(void)
{
    struct zdd_metrics *metrics;
    size_t count = 0;

    for (size_t i = 0; i < ZDD_FAMILY_COUNT; i++)
        count += zdd_family_size(&zdd_families[i]);
    metrics = calloc(1, sizeof(*metrics) + count * sizeof(metrics->cell[0]));
    if (!metrics)
        return NULL;
    for (size_t i = 1; i < ZDD_FAMILY_COUNT; i++)
        metrics->first[i] = metrics->first[i - 1] + zdd_family_size(&zdd_families[i - 1]);
    pthread_mutex_init(&metrics->lock, NULL);
    return metrics;
}

struct zdd_metrics *zdd_metrics_free(struct zdd_metrics *metrics)
{
    if (!metrics)
        return NULL;
    pthread_mutex_destroy(&metrics->lock);
    free(metrics);
    return NULL;
}

static void count(struct zdd_metrics *metrics, enum zdd_family family, size_t a, size_t b)
{
    atomic_fetch_add(&metrics->cell[zdd_series_place(metrics, family, a, b)], 1);
}

/* Into the first bucket that it fits; what is printed sums them up. */
static void count_time(struct zdd_metrics *metrics, enum zdd_family family, size_t a,
                       int64_t took_ms)
{
    const enum zdd_family_kind kind = zdd_families[family].kind;
    const size_t size = zdd_bucket_count(kind);
    atomic_ullong *cell = &metrics->cell[zdd_series_place(metrics, family, a, 0)];
    const int64_t ms = took_ms > 0 ? took_ms : 0; /* a clock may be set back */
    size_t i = 0;

    while (i < size && ms > zdd_buckets[kind][i])
        i++;
    if (i < size)
        atomic_fetch_add(&cell[i], 1);
    atomic_fetch_add(&cell[size], (unsigned long long)ms);
    atomic_fetch_add(&cell[size + 1], 1);
}

void zdd_metrics_ended(struct zdd_metrics *metrics, const char *strategy, enum zdd_phase end,
                       int64_t started_ms, int64_t now_ms)
{
    const size_t row = zdd_label_strategy(strategy);
    const size_t outcome = zdd_label_outcome(end);

    if (!metrics || row == zdd_label_size(ZDD_LABEL_STRATEGY) ||
        outcome == zdd_label_size(ZDD_LABEL_OUTCOME))
        return; /* a strategy of another build; or nothing has ended */
    count(metrics, ZDD_FAMILY_DEPLOYMENTS, row, outcome);
    if (started_ms > 0)
        count_time(metrics, ZDD_FAMILY_DEPLOYMENT_TIME, row, now_ms - started_ms);
}

void zdd_metrics_left(struct zdd_metrics *metrics, enum zdd_phase phase, int64_t took_ms)
{
    if (metrics)
        count_time(metrics, ZDD_FAMILY_PHASE_TIME, phase, took_ms);
}

void zdd_metrics_rollback(struct zdd_metrics *metrics, enum zdd_cause trigger)
{
    if (metrics)
        count(metrics, ZDD_FAMILY_ROLLBACKS, trigger, 0);
}

void zdd_metrics_gate(struct zdd_metrics *metrics, int64_t waited_ms)
{
    if (metrics)
        count_time(metrics, ZDD_FAMILY_GATE_TIME, 0, waited_ms);
}

void zdd_metrics_marathon(struct zdd_metrics *metrics, long status, int64_t took_ms)
{
    if (!metrics)
        return;
    count(metrics, ZDD_FAMILY_MARATHON_CALLS, zdd_label_code(status), 0);
    count_time(metrics, ZDD_FAMILY_MARATHON_TIME, 0, took_ms);
}

static uint64_t *polls_of(struct zdd_metrics *metrics, const char *address)
{
    for (size_t i = 0; i < ZDD_SOURCE_SLOTS; i++) {
        struct zdd_source *source = &metrics->source[i];

        if (source->address[0] == '\0')
            snprintf(source->address, sizeof(source->address), "%s", address);
        if (strcmp(source->address, address) == 0)
            return &source->polls;
    }
    return &metrics->other_polls;
}

void zdd_metrics_poll(struct zdd_metrics *metrics, const char *source)
{
    if (!metrics)
        return;
    pthread_mutex_lock(&metrics->lock);
    ++*polls_of(metrics, source);
    pthread_mutex_unlock(&metrics->lock);
}

void zdd_metrics_heard(struct zdd_metrics *metrics, int64_t mono_ms)
{
    if (metrics)
        atomic_store(&metrics->heard_ms, mono_ms);
}

int64_t zdd_metrics_heard_ms(const struct zdd_metrics *metrics)
{
    return metrics ? atomic_load(&metrics->heard_ms) : 0;
}
