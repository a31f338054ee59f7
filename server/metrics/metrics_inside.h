/**
 * @file server/metrics/metrics_inside.h
 * @brief PRIVATE to server/metrics/: one array of cells, in which each family has its stretch.
 */
#pragma once

#include "server/metrics/metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#define ZDD_SOURCE_SLOTS 16
#define ZDD_SOURCE_TEXT 46 /* an address without port, IPv6 at most */
#define ZDD_BUCKET_MAX 12

enum zdd_label {
    ZDD_LABEL_NONE,
    ZDD_LABEL_STRATEGY,
    ZDD_LABEL_OUTCOME,
    ZDD_LABEL_PHASE,
    ZDD_LABEL_TRIGGER,
    ZDD_LABEL_CODE,
    ZDD_LABEL_COUNT
};

enum zdd_family_kind {
    ZDD_KIND_COUNTER,
    ZDD_KIND_SUMMARY,
    ZDD_KIND_CALL,
    ZDD_KIND_WORK,
    ZDD_KIND_WAIT,
    ZDD_KIND_COUNT
};

struct zdd_family_row {
    const char *name;
    enum zdd_family_kind kind;
    enum zdd_label label[2];
    const char *help;
};
extern const struct zdd_family_row zdd_families[ZDD_FAMILY_COUNT];

/** Upper bounds in milliseconds, ended by 0. */
extern const int32_t zdd_buckets[ZDD_KIND_COUNT][ZDD_BUCKET_MAX + 1];

struct zdd_source {
    char address[ZDD_SOURCE_TEXT]; /* "": a free slot; so are all behind it */
    uint64_t polls;
};

struct zdd_metrics {
    size_t first[ZDD_FAMILY_COUNT]; /* cell of each family */
    atomic_llong heard_ms;
    pthread_mutex_t lock; /* of the sources */
    struct zdd_source source[ZDD_SOURCE_SLOTS];
    uint64_t other_polls;
    atomic_ullong cell[];
};

/** @return how many values @p label has; 1 for NONE */
size_t zdd_label_size(enum zdd_label label);
/** @return the name of value @p index, in a buffer of this thread */
const char *zdd_label_value(enum zdd_label label, size_t index);
/** @return the index of a value; zdd_label_size() when it has none (a status: that of the others)
 */
size_t zdd_label_strategy(const char *name);
size_t zdd_label_outcome(enum zdd_phase end);
size_t zdd_label_code(long status);
size_t zdd_bucket_count(enum zdd_family_kind kind);
/** The first cell of one series: of a counter its number; of times their buckets, then the sum in
 * milliseconds, then their number. */
size_t zdd_series_place(const struct zdd_metrics *metrics, enum zdd_family family, size_t a,
                        size_t b);
/** @return cells of the whole family */
size_t zdd_family_size(const struct zdd_family_row *family);
