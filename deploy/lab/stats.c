/**
 * @file deploy/lab/stats.c
 * @brief Task statistics, embed=apps.taskStats (marathon.md §1.2).
 */
#include "deploy/lab/api.h"
#include "deploy/lab/apps.h"
#include "deploy/lab/tasks.h"

#include <stdlib.h>

#define GROUP_COUNT 4

/* Which tasks a summary counts. */
static const char *const names[GROUP_COUNT] = {"startedAfterLastScaling", "withLatestConfig",
                                               "withOutdatedConfig", "totalSummary"};

struct summary {
    int tasks, staged, running, healthy, unhealthy;
    double *life_s; /* how long each running task has run */
};

static bool belongs(const struct zdd_lab_instance *instance, const struct zdd_lab_spec *spec,
                    size_t group)
{
    switch (group) {
    case 0:
        return instance->staged_ms >= spec->scaled_ms;
    case 1:
        return instance->spec->version_ms >= spec->configured_ms;
    case 2:
        return instance->spec->version_ms < spec->configured_ms;
    default:
        return true;
    }
}

static void add(const struct zdd_lab *lab, const struct zdd_lab_instance *instance,
                struct summary *sum)
{
    const struct zdd_lab_health_count seen = zdd_lab_health_count(instance);

    sum->tasks++;
    sum->staged += instance->condition == ZDD_LAB_PROVISIONED;
    sum->healthy += seen.known > 0 && seen.dead == 0;
    sum->unhealthy += seen.dead > 0;
    if (instance->condition == ZDD_LAB_RUNNING)
        sum->life_s[sum->running++] = (double)(zdd_lab_utc(lab) - instance->started_ms) / 1000.0;
}

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;

    return (a > b) - (a < b);
}

static json_t *summary_json(struct summary *sum)
{
    json_t *stats =
        json_pack("{s:{s:i, s:i, s:i, s:i}}", "counts", "staged", sum->staged, "running",
                  sum->running, "healthy", sum->healthy, "unhealthy", sum->unhealthy);
    const int half = sum->running / 2;
    double total = 0;
    double median;

    if (!sum->running)
        return json_pack("{s:o}", "stats", stats);
    qsort(sum->life_s, (size_t)sum->running, sizeof(*sum->life_s), compare);
    for (int i = 0; i < sum->running; i++)
        total += sum->life_s[i];
    median = sum->running % 2 ? sum->life_s[half] : (sum->life_s[half - 1] + sum->life_s[half]) / 2;
    json_object_set_new(
        stats, "lifeTime",
        json_pack("{s:f, s:f}", "averageSeconds", total / sum->running, "medianSeconds", median));
    return json_pack("{s:o}", "stats", stats);
}

json_t *zdd_lab_stats_json(const struct zdd_lab *lab, const struct zdd_lab_app *app)
{
    json_t *json = json_object();
    size_t count = 1;

    for (const struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i))
        count++;
    for (size_t group = 0; group < GROUP_COUNT; group++) {
        struct summary sum = {.life_s = calloc(count, sizeof(double))};

        if (!sum.life_s)
            abort();
        for (const struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i))
            if (i->incarnation && zdd_lab_is_of(i, app->spec->id) && belongs(i, app->spec, group))
                add(lab, i, &sum);
        if (sum.tasks) /* a summary of nothing is left out */
            json_object_set_new(json, names[group], summary_json(&sum));
        free(sum.life_s);
    }
    return json;
}
