/**
 * @file server/metrics/labels.c
 * @brief The families, and the values that their labels can have.
 */
#include "server/metrics/metrics_inside.h"
#include "strategies/model/limits.h"
#include "strategies/strategy.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Statuses that Marathon is known to answer with (marathon.md §1), and 0 for no answer. */
static const int codes[] = {0,   200, 201, 202, 204, 304, 400, 401, 403,
                            404, 409, 415, 422, 429, 500, 502, 503, 504};

static const enum zdd_phase outcomes[] = {ZDD_PHASE_SUCCEEDED, ZDD_PHASE_ROLLED_BACK,
                                          ZDD_PHASE_FAILED, ZDD_PHASE_CANCELED};

const int32_t zdd_buckets[ZDD_KIND_COUNT][ZDD_BUCKET_MAX + 1] = {
    [ZDD_KIND_CALL] = {5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000},
    [ZDD_KIND_WORK] = {1000, 5000, 10000, 30000, 60000, 120000, 300000, 600000, 1800000, 3600000,
                       14400000, 86400000},
    [ZDD_KIND_WAIT] = {10000, 60000, 300000, 900000, 3600000, 14400000, 43200000, 86400000,
                       604800000},
};

const struct zdd_family_row zdd_families[ZDD_FAMILY_COUNT] = {
#define ZDD_FAMILY(id, name, kind, a, b, help)                                                     \
    [ZDD_FAMILY_##id] = {name, ZDD_KIND_##kind, {ZDD_LABEL_##a, ZDD_LABEL_##b}, help},
#include "server/metrics/families.def"
#undef ZDD_FAMILY
};

static size_t strategy_count(void)
{
    size_t count = 0;

    while (zdd_strategy_at(count))
        count++;
    return count;
}

size_t zdd_label_size(enum zdd_label label)
{
    switch (label) {
    case ZDD_LABEL_STRATEGY:
        return strategy_count();
    case ZDD_LABEL_OUTCOME:
        return ZDD_COUNT(outcomes);
    case ZDD_LABEL_PHASE:
        return ZDD_PHASE_COUNT;
    case ZDD_LABEL_TRIGGER:
        return ZDD_CAUSE_COUNT;
    case ZDD_LABEL_CODE:
        return ZDD_COUNT(codes) + 1; /* and all others */
    case ZDD_LABEL_NONE:
    case ZDD_LABEL_COUNT:
        break;
    }
    return 1;
}

const char *zdd_label_value(enum zdd_label label, size_t index)
{
    static _Thread_local char code[8];

    switch (label) {
    case ZDD_LABEL_STRATEGY:
        return zdd_strategy_at(index)->name;
    case ZDD_LABEL_OUTCOME:
        return zdd_phase_name(outcomes[index]);
    case ZDD_LABEL_PHASE:
        return zdd_phase_name((enum zdd_phase)index);
    case ZDD_LABEL_TRIGGER:
        return zdd_cause_name((enum zdd_cause)index);
    case ZDD_LABEL_CODE:
        if (index == ZDD_COUNT(codes))
            return "other";
        snprintf(code, sizeof(code), "%d", codes[index]);
        return codes[index] == 0 ? "none" : code;
    case ZDD_LABEL_NONE:
    case ZDD_LABEL_COUNT:
        break;
    }
    return "";
}

size_t zdd_label_strategy(const char *name)
{
    size_t index = 0;

    while (zdd_strategy_at(index) && strcmp(zdd_strategy_at(index)->name, name) != 0)
        index++;
    return index;
}

size_t zdd_label_outcome(enum zdd_phase end)
{
    size_t index = 0;

    while (index < ZDD_COUNT(outcomes) && outcomes[index] != end)
        index++;
    return index;
}

size_t zdd_label_code(long status)
{
    size_t index = 0;

    while (index < ZDD_COUNT(codes) && codes[index] != status)
        index++;
    return index;
}

size_t zdd_bucket_count(enum zdd_family_kind kind)
{
    size_t count = 0;

    while (count < ZDD_BUCKET_MAX && zdd_buckets[kind][count] > 0)
        count++;
    return count;
}

static size_t series_size(enum zdd_family_kind kind)
{
    return kind == ZDD_KIND_COUNTER ? 1 : zdd_bucket_count(kind) + 2;
}

size_t zdd_family_size(const struct zdd_family_row *family)
{
    return series_size(family->kind) * zdd_label_size(family->label[0]) *
           zdd_label_size(family->label[1]);
}

size_t zdd_series_place(const struct zdd_metrics *metrics, enum zdd_family family, size_t a,
                        size_t b)
{
    const struct zdd_family_row *row = &zdd_families[family];
    const size_t width = zdd_label_size(row->label[1]);

    assert(a < zdd_label_size(row->label[0]) && b < width);
    return metrics->first[family] + (a * width + b) * series_size(row->kind);
}
