/**
 * @file server/metrics/metrics.h
 * @brief What is counted as it happens; GET /metrics shows it.
 *
 * The families are the rows of families.def: a counter or a distribution of times for each value of
 * its labels, all known beforehand, so that nothing that a caller sends can make a new series.
 * Counters begin at 0 with the process, as Prometheus expects. Counting is an atomic addition or
 * two, from any thread; NULL for `metrics` is fine everywhere and counts nothing.
 */
#pragma once

#include "server/base/buf.h"
#include "strategies/model/names.h"

#include <stdint.h>

struct zdd_metrics;

enum zdd_family {
#define ZDD_FAMILY(name, text, kind, a, b, help) ZDD_FAMILY_##name,
#include "server/metrics/families.def"
#undef ZDD_FAMILY
    ZDD_FAMILY_COUNT
};

/** @return NULL without memory */
struct zdd_metrics *zdd_metrics_new(void);
/** @return NULL; NULL is fine */
struct zdd_metrics *zdd_metrics_free(struct zdd_metrics *metrics);

/** A deployment of @p strategy, started at @p started_ms (0: never), has ended in phase @p end. */
void zdd_metrics_ended(struct zdd_metrics *metrics, const char *strategy, enum zdd_phase end,
                       int64_t started_ms, int64_t now_ms);
/** A deployment has left @p phase after @p took_ms. */
void zdd_metrics_left(struct zdd_metrics *metrics, enum zdd_phase phase, int64_t took_ms);
void zdd_metrics_rollback(struct zdd_metrics *metrics, enum zdd_cause trigger);
void zdd_metrics_gate(struct zdd_metrics *metrics, int64_t waited_ms);
/** @p status 0: no answer */
void zdd_metrics_marathon(struct zdd_metrics *metrics, long status, int64_t took_ms);

/** A balancer at @p source has asked for a weight. Sixteen are told apart; of more, the rest is one
 * called "other". */
void zdd_metrics_poll(struct zdd_metrics *metrics, const char *source);

/** Marathon's event stream was heard at @p mono_ms, by zdd_mono_ms(). */
void zdd_metrics_heard(struct zdd_metrics *metrics, int64_t mono_ms);
/** @return when that was last; 0: never */
int64_t zdd_metrics_heard_ms(const struct zdd_metrics *metrics);

/** Append all families in Prometheus' text format 0.0.4. */
void zdd_metrics_print(struct zdd_metrics *metrics, struct zdd_buf *buf);

/** Append figures of this process, by the names that Prometheus' client libraries have for them.
 * What the system does not tell is left out. */
void zdd_metrics_print_process(struct zdd_buf *buf);
