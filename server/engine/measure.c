/**
 * @file server/engine/measure.c
 * @brief Requests of both versions of a pair, summed over balancers and their reloads.
 */
#include "server/engine/measure.h"

#include "strategies/judge/window.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Deployments that are measured at the same time; beyond, the one not seen for longest loses what
 * came since its last look. */
#define ENTRY_MAX 64

/* What one balancer said last. */
struct last {
    char name[ZDD_BALANCER_NAME_SIZE];
    struct zdd_counts old_side, new_side;
};

struct entry {
    char run_id[ZDD_ID_SIZE];
    int64_t used_ms;
    struct zdd_split sum; /* since_ms 0: nothing yet */
    size_t count;
    struct last last[ZDD_BALANCER_MAX];
};

struct zdd_measure {
    pthread_mutex_t lock;
    struct entry entry[ENTRY_MAX];
};

struct zdd_measure *zdd_measure_new(void)
{
    struct zdd_measure *measure = calloc(1, sizeof(*measure));

    if (measure)
        pthread_mutex_init(&measure->lock, NULL);
    return measure;
}

struct zdd_measure *zdd_measure_free(struct zdd_measure *measure)
{
    if (!measure)
        return NULL;
    pthread_mutex_destroy(&measure->lock);
    free(measure);
    return NULL;
}

/* The run's entry, or the one that is used longest ago for it. */
static struct entry *entry_of(struct zdd_measure *measure, const char *run_id)
{
    struct entry *oldest = &measure->entry[0];

    for (size_t i = 0; i < ENTRY_MAX; i++) {
        struct entry *entry = &measure->entry[i];

        if (strcmp(entry->run_id, run_id) == 0)
            return entry;
        if (entry->used_ms < oldest->used_ms)
            oldest = entry;
    }
    memset(oldest, 0, sizeof(*oldest));
    memcpy(oldest->run_id, run_id, ZDD_ID_SIZE);
    return oldest;
}

static struct zdd_counts counts_of(const struct zdd_balancer_view *balancer,
                                   enum zdd_pair_side which)
{
    const struct zdd_side_traffic *side = &balancer->side[which];

    return (struct zdd_counts){
        .started_ms = balancer->started_at_ms,
        .requests = side->counters.requests,
        .chosen = side->counters.chosen,
        .answers = side->counters.answers,
        .errors = side->counters.errors,
        .refused = side->counters.refused,
        .running = side->sessions,
    };
}

static struct last *last_of(struct entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->count; i++) {
        if (strcmp(entry->last[i].name, name) == 0)
            return &entry->last[i];
    }
    return NULL;
}

/* What one side has got since the last look. */
static void add(const struct zdd_counts *before, const struct zdd_counts *now, int64_t *requests,
                int64_t *chosen)
{
    const struct zdd_window window = zdd_window_between(before, now);

    *requests += window.requests;
    *chosen += window.chosen;
}

static void count(struct entry *entry, const struct zdd_balancer_view *balancer)
{
    const struct zdd_counts old_side = counts_of(balancer, ZDD_SIDE_OLD);
    const struct zdd_counts new_side = counts_of(balancer, ZDD_SIDE_NEW);
    struct last *last = last_of(entry, balancer->name);

    if (last) {
        add(&last->old_side, &old_side, &entry->sum.old_requests, &entry->sum.old_chosen);
        add(&last->new_side, &new_side, &entry->sum.new_requests, &entry->sum.new_chosen);
    } else if (entry->count < ZDD_BALANCER_MAX) {
        last = &entry->last[entry->count++];
        memcpy(last->name, balancer->name, sizeof(last->name));
    } else {
        return;
    }
    last->old_side = old_side;
    last->new_side = new_side;
}

static void measure_run(struct entry *entry, const struct zdd_router_view *view, int64_t now_ms,
                        struct zdd_run *run)
{
    const int64_t since_ms = run->traffic_seen_at_ms;

    if (entry->sum.since_ms != since_ms) {
        /* After a restart, what was summed up before goes on. */
        entry->sum =
            run->split.since_ms == since_ms ? run->split : (struct zdd_split){.since_ms = since_ms};
        entry->count = 0;
    }
    for (size_t i = 0; i < view->balancer_count; i++) {
        if (view->balancer[i].reachable)
            count(entry, &view->balancer[i]);
    }
    entry->sum.until_ms = now_ms;
    entry->used_ms = now_ms;
    run->split = entry->sum;
}

void zdd_measure_note(struct zdd_measure *measure, const struct zdd_router_view *view,
                      int64_t now_ms, struct zdd_run *run)
{
    if (run->traffic_seen_at_ms == 0) {
        run->split = (struct zdd_split){0};
        return;
    }
    if (!measure || !view)
        return;
    pthread_mutex_lock(&measure->lock);
    measure_run(entry_of(measure, run->id), view, now_ms, run);
    pthread_mutex_unlock(&measure->lock);
}
