/**
 * @file server/metrics/print.c
 * @brief All families in Prometheus' text format 0.0.4.
 */
#include "server/metrics/metrics_inside.h"

#include "strategies/model/limits.h"

#include <stdio.h>

#define MS_OF_S 1000

static const char *const label_names[] = {
    [ZDD_LABEL_NONE] = "",       [ZDD_LABEL_STRATEGY] = "strategy", [ZDD_LABEL_OUTCOME] = "outcome",
    [ZDD_LABEL_PHASE] = "phase", [ZDD_LABEL_TRIGGER] = "trigger",   [ZDD_LABEL_CODE] = "code",
};
_Static_assert(ZDD_COUNT(label_names) == ZDD_LABEL_COUNT, "each label needs a name");

/* One series while it is printed. */
struct series {
    const struct zdd_family_row *family;
    size_t value[2];
    const atomic_ullong *cell;
};

/* name_suffix{labels,le="…"} and a blank. @p le NULL: no bucket */
static void print_name(struct zdd_buf *buf, const struct series *s, const char *suffix,
                       const char *le)
{
    const char *mark = "{";

    zdd_buf_printf(buf, "%s%s", s->family->name, suffix);
    for (size_t i = 0; i < 2; i++) {
        if (s->family->label[i] == ZDD_LABEL_NONE)
            continue;
        zdd_buf_printf(buf, "%s%s=\"%s\"", mark, label_names[s->family->label[i]],
                       zdd_label_value(s->family->label[i], s->value[i]));
        mark = ",";
    }
    if (le)
        zdd_buf_printf(buf, "%sle=\"%s\"", mark, le);
    zdd_buf_text(buf, le || *mark == ',' ? "} " : " ");
}

static void print_times(struct zdd_buf *buf, const struct series *s)
{
    const enum zdd_family_kind kind = s->family->kind;
    const size_t size = zdd_bucket_count(kind);
    const unsigned long long number = atomic_load(&s->cell[size + 1]);
    unsigned long long so_far = 0;
    char le[24];

    for (size_t i = 0; i < size; i++) {
        so_far += atomic_load(&s->cell[i]);
        snprintf(le, sizeof(le), "%g", (double)zdd_buckets[kind][i] / MS_OF_S);
        print_name(buf, s, "_bucket", le);
        zdd_buf_printf(buf, "%llu\n", so_far);
    }
    if (size > 0) {
        /* Somebody may count meanwhile: what is in a bucket is in the last one too. */
        print_name(buf, s, "_bucket", "+Inf");
        zdd_buf_printf(buf, "%llu\n", number > so_far ? number : so_far);
    }
    print_name(buf, s, "_sum", NULL);
    zdd_buf_printf(buf, "%.17g\n", (double)atomic_load(&s->cell[size]) / MS_OF_S);
    print_name(buf, s, "_count", NULL);
    zdd_buf_printf(buf, "%llu\n", number > so_far ? number : so_far);
}

static const char *type_of(enum zdd_family_kind kind)
{
    return kind == ZDD_KIND_COUNTER   ? "counter"
           : kind == ZDD_KIND_SUMMARY ? "summary"
                                      : "histogram";
}

static void print_family(const struct zdd_metrics *metrics, enum zdd_family number,
                         struct zdd_buf *buf)
{
    const struct zdd_family_row *family = &zdd_families[number];
    const size_t rows = zdd_label_size(family->label[0]);
    const size_t width = zdd_label_size(family->label[1]);

    zdd_buf_printf(buf, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
                   type_of(family->kind));
    for (size_t a = 0; a < rows; a++) {
        for (size_t b = 0; b < width; b++) {
            const struct series s = {
                family, {a, b}, &metrics->cell[zdd_series_place(metrics, number, a, b)]};

            if (family->kind != ZDD_KIND_COUNTER) {
                print_times(buf, &s);
                continue;
            }
            print_name(buf, &s, "", NULL);
            zdd_buf_printf(buf, "%llu\n", atomic_load(s.cell));
        }
    }
}

static void print_sources(struct zdd_metrics *metrics, struct zdd_buf *buf)
{
    zdd_buf_text(buf, "# HELP zdd_agent_polls_total Questions of balancers for the weight of a "
                      "server, by address.\n# TYPE zdd_agent_polls_total counter\n");
    pthread_mutex_lock(&metrics->lock);
    for (size_t i = 0; i < ZDD_SOURCE_SLOTS && metrics->source[i].address[0]; i++)
        zdd_buf_printf(buf, "zdd_agent_polls_total{balancer=\"%s\"} %llu\n",
                       metrics->source[i].address, (unsigned long long)metrics->source[i].polls);
    zdd_buf_printf(buf, "zdd_agent_polls_total{balancer=\"other\"} %llu\n",
                   (unsigned long long)metrics->other_polls);
    pthread_mutex_unlock(&metrics->lock);
}

void zdd_metrics_print(struct zdd_metrics *metrics, struct zdd_buf *buf)
{
    if (!metrics)
        return;
    for (int i = 0; i < ZDD_FAMILY_COUNT; i++)
        print_family(metrics, (enum zdd_family)i, buf);
    print_sources(metrics, buf);
}
