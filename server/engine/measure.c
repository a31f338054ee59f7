/**
 * @file server/engine/measure.c
 * @brief Requests of both versions of a pair, summed over balancers and their reloads.
 */
#include "server/engine/measure.h"

#include "strategies/judge/trial.h"
#include "strategies/share.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Deployments that are measured at the same time; beyond, the one not seen for longest loses what
 * came since its last look. */
#define ENTRY_MAX 64
#define US_OF_MS 1000

/* What one balancer said last. */
struct last {
    char name[ZDD_BALANCER_NAME_SIZE];
    uint64_t look; /* the last one in which it was one of the balancers, whether it told or not */
    bool told;     /* below is what it said */
    struct zdd_counts side[ZDD_VERSION_COUNT];
    uint64_t mark[ZDD_VERSION_COUNT];
};

struct entry {
    char run_id[ZDD_ID_SIZE];
    int64_t used_ms;
    struct zdd_split sum; /* since_ms 0: nothing yet */
    struct zdd_trial trial;
    struct zdd_window fresh[ZDD_VERSION_COUNT]; /* that is not in `sum` yet */
    uint64_t looks;
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
        .broken = side->counters.broken,
        .retried = side->counters.retried,
        .rerouted = side->counters.rerouted,
        .running = side->sessions,
    };
}

/* That of the balancer, or else the one that has been no balancer for longest: a host name may lead
 * to ever other addresses. There are never more balancers than places. */
static struct last *last_of(struct entry *entry, const char *name)
{
    struct last *oldest = &entry->last[0];

    for (size_t i = 0; i < ZDD_BALANCER_MAX; i++) {
        struct last *last = &entry->last[i];

        if (strcmp(last->name, name) == 0)
            return last;
        if (last->look < oldest->look)
            oldest = last;
    }
    *oldest = (struct last){.look = entry->looks};
    memcpy(oldest->name, name, sizeof(oldest->name));
    return oldest;
}

/* Of a worker only what the same servers have counted is told apart by time: one that has come or
 * gone brings or takes its own along. */
static void count(struct entry *entry, const struct zdd_balancer_view *balancer)
{
    struct last *last = last_of(entry, balancer->name);

    for (int side = 0; side < ZDD_VERSION_COUNT; side++) {
        struct zdd_counts now = counts_of(balancer, (enum zdd_pair_side)side);
        const uint64_t mark = balancer->side[side].mark;
        const bool is_anew = now.started_ms != last->side[side].started_ms;

        const bool known = last->told && (is_anew || mark == last->mark[side]);

        if (known) {
            const struct zdd_window window = zdd_window_between(&last->side[side], &now);

            zdd_window_add(&entry->fresh[side], &window);
        }
        now.lost = zdd_counts_lost(known ? &last->side[side] : NULL, &now);
        last->side[side] = now;
        last->mark[side] = mark;
    }
    last->told = true;
}

/* How long answers take now, on all balancers. */
static struct zdd_answers answers_of(const struct zdd_router_view *view, enum zdd_pair_side side)
{
    struct zdd_answers answers = {0};
    double sum_ms = 0, count = 0;

    for (size_t i = 0; i < view->balancer_count; i++) {
        const struct zdd_side_traffic *seen = &view->balancer[i].side[side];

        if (!view->balancer[i].reachable)
            continue;
        sum_ms += (double)seen->counters.answer_ms;
        count += (double)seen->counters.answers;
        answers.servers += seen->servers;
    }
    answers.mean_us =
        count > 0 ? (int64_t)fmin(sum_ms * US_OF_MS / count, (double)ZDD_COUNT_MAX) : 0;
    return answers;
}

static void watch(struct entry *entry, const struct zdd_router_view *view, int64_t share_since_ms,
                  int64_t now_ms)
{
    struct zdd_trial *trial = &entry->trial;

    if (trial->since_ms == 0)
        trial->since_ms = now_ms;
    trial->until_ms = now_ms;
    zdd_trial_add(trial, share_since_ms, &entry->fresh[ZDD_SIDE_NEW], &entry->fresh[ZDD_SIDE_OLD]);
    zdd_trial_pace(trial, answers_of(view, ZDD_SIDE_NEW), answers_of(view, ZDD_SIDE_OLD));
}

/* A step may want to know it of the new version even when nobody is left to compare with. */
static bool is_counted(const struct zdd_plan *plan, const struct zdd_run *run)
{
    return run->phase == ZDD_PHASE_VERIFYING ||
           (zdd_share_is_split(plan, run) && run->traffic.side[ZDD_SIDE_NEW].weight > 0);
}

static void look(struct entry *entry, const struct zdd_plan *plan,
                 const struct zdd_router_view *view, int64_t now_ms, struct zdd_run *run)
{
    bool told = false;

    /* After a restart, or when somebody has made a round of it, what stands there goes on. */
    if (entry->used_ms == 0 || entry->trial.edition != run->trial.edition)
        entry->trial = run->trial;
    memset(entry->fresh, 0, sizeof(entry->fresh));
    entry->looks++;
    for (size_t i = 0; i < view->balancer_count; i++)
        last_of(entry, view->balancer[i].name)->look = entry->looks;
    for (size_t i = 0; i < view->balancer_count; i++) {
        told = told || view->balancer[i].reachable;
        if (view->balancer[i].reachable)
            count(entry, &view->balancer[i]);
    }
    if (told && is_counted(plan, run))
        watch(entry, view, run->traffic_seen_at_ms, now_ms);
    entry->used_ms = now_ms;
    run->trial = entry->trial;
}

void zdd_measure_look(struct zdd_measure *measure, const struct zdd_plan *plan,
                      const struct zdd_router_view *view, int64_t now_ms, struct zdd_run *run)
{
    if (!measure || !view)
        return;
    pthread_mutex_lock(&measure->lock);
    look(entry_of(measure, run->id), plan, view, now_ms, run);
    pthread_mutex_unlock(&measure->lock);
}

static void raise_count(int64_t *sum, int64_t more)
{
    *sum = zdd_count_sum(*sum, more);
}

static void note(struct entry *entry, int64_t now_ms, struct zdd_run *run)
{
    const int64_t since_ms = run->traffic_seen_at_ms;

    if (entry->sum.since_ms != since_ms) {
        /* After a restart, what was summed up before goes on. */
        entry->sum =
            run->split.since_ms == since_ms ? run->split : (struct zdd_split){.since_ms = since_ms};
    } else {
        raise_count(&entry->sum.old_requests, entry->fresh[ZDD_SIDE_OLD].requests);
        raise_count(&entry->sum.new_requests, entry->fresh[ZDD_SIDE_NEW].requests);
        raise_count(&entry->sum.old_chosen, entry->fresh[ZDD_SIDE_OLD].chosen);
        raise_count(&entry->sum.new_chosen, entry->fresh[ZDD_SIDE_NEW].chosen);
    }
    memset(entry->fresh, 0, sizeof(entry->fresh));
    entry->sum.until_ms = now_ms;
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
    note(entry_of(measure, run->id), now_ms, run);
    pthread_mutex_unlock(&measure->lock);
}
