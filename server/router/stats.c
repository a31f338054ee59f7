/**
 * @file server/router/stats.c
 * @brief What all balancers show.
 */
#include "server/router/stats.h"

#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/router/hangs.h"
#include "server/router/view.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* One balancer in one look. */
struct part {
    struct zdd_stats *stats;
    struct zdd_place place;
    struct zdd_stats_answer answer;
    enum zdd_err err;
    char reason[ZDD_ROUTER_REASON_SIZE];
    int64_t told_ms;            /* its start, as we tell it on: another one for each process */
    struct zdd_process process; /* the last one that was seen, perhaps in an earlier look */
    bool left_out;              /* it hangs: err and reason say so */
    int64_t took_ms;
    pthread_t thread;
    bool threaded;
};

/* One look. Shared by count; whoever gives it back last frees it. */
struct look {
    unsigned users;
    int64_t begun_mono_ms, begun_ms;
    size_t count;
    bool too_many;
    struct part part[ZDD_BALANCER_MAX];
};

struct zdd_stats {
    struct zdd_stats_options options;
    pthread_mutex_t lock;
    pthread_cond_t looked;
    bool looking;
    struct zdd_hangs *hangs;
    int64_t not_before_ms; /* monotonic: looks that did not begin later are of no use */
    struct look *last;
};

struct zdd_stats *zdd_stats_open(const struct zdd_stats_options *options)
{
    struct zdd_stats *stats = calloc(1, sizeof(*stats));

    if (!stats)
        return NULL;
    stats->options = *options;
    if (stats->options.limit_ms == 0)
        stats->options.limit_ms = ZDD_STATS_LIMIT_MS;
    if (pthread_mutex_init(&stats->lock, NULL) != 0) {
        free(stats);
        return NULL;
    }
    if (pthread_cond_init(&stats->looked, NULL) != 0) {
        pthread_mutex_destroy(&stats->lock);
        free(stats);
        return NULL;
    }
    stats->hangs = zdd_hangs_new(stats->options.look, stats->options.cls, stats->options.limit_ms);
    return stats->hangs ? stats : zdd_stats_close(stats);
}

/* With the lock held, or alone. */
static void give_back(struct look *look)
{
    if (!look || --look->users > 0)
        return;
    for (size_t i = 0; i < look->count; i++)
        zdd_stats_table_release(&look->part[i].answer.table);
    free(look);
}

struct zdd_stats *zdd_stats_close(struct zdd_stats *stats)
{
    if (!stats)
        return NULL;
    assert(!stats->looking);
    zdd_hangs_free(stats->hangs);
    give_back(stats->last);
    pthread_cond_destroy(&stats->looked);
    pthread_mutex_destroy(&stats->lock);
    free(stats);
    return NULL;
}

void zdd_stats_expire(struct zdd_stats *stats)
{
    pthread_mutex_lock(&stats->lock);
    stats->not_before_ms = zdd_mono_ms();
    pthread_mutex_unlock(&stats->lock);
}

static void *ask(void *cls)
{
    struct part *part = cls;
    const struct zdd_stats_options *options = &part->stats->options;
    const int64_t begun_ms = zdd_mono_ms();

    if (part->place.known) {
        part->err = options->look(options->cls, &part->place, options->limit_ms, &part->answer,
                                  part->reason);
    } else {
        part->err = ZDD_ERR_ROUTER_DOWN;
        snprintf(part->reason, sizeof(part->reason), "%s: no address of it is known",
                 part->place.name);
    }
    part->took_ms = zdd_mono_ms() - begun_ms;
    return NULL;
}

/* What is told on is the start of the process, and grows with each process and only with it. */
static void tell_processes_apart(struct part *part, const struct part *before)
{
    bool first;

    if (before) {
        part->process = before->process;
        part->told_ms = before->told_ms;
    }
    if (part->err != ZDD_ERR_NONE)
        return;
    first = !part->process.known;
    if (zdd_process_follow(&part->process, &part->answer.process) || first)
        part->told_ms = part->process.start_ms > part->told_ms || first ? part->process.start_ms
                                                                        : part->told_ms + 1;
}

static const struct part *find_part(const struct look *look, const char *name)
{
    for (size_t i = 0; look && i < look->count; i++) {
        if (strcmp(look->part[i].place.name, name) == 0)
            return &look->part[i];
    }
    return NULL;
}

/* One that hung when it was asked last would make all others old. */
static void leave_out(struct zdd_hangs *hangs, struct look *look)
{
    for (size_t i = 0; i < look->count; i++) {
        struct part *part = &look->part[i];

        part->left_out = part->place.known && zdd_hangs_does(hangs, &part->place, part->reason);
        if (part->left_out)
            part->err = ZDD_ERR_ROUTER_DOWN;
    }
}

/* All at once: one slow balancer must not make the others old. The last one is asked by ourselves.
 */
static void ask_all(struct zdd_hangs *hangs, struct look *look)
{
    for (size_t i = 0; i < look->count; i++) {
        struct part *part = &look->part[i];

        if (part->left_out)
            continue;
        part->threaded = i + 1 < look->count && pthread_create(&part->thread, NULL, ask, part) == 0;
        if (!part->threaded)
            ask(part);
    }
    for (size_t i = 0; i < look->count; i++) {
        struct part *part = &look->part[i];

        if (part->threaded)
            pthread_join(part->thread, NULL);
        if (!part->left_out && part->err != ZDD_ERR_NONE)
            zdd_hangs_note(hangs, &part->place, part->took_ms, part->reason);
    }
}

static struct look *take_look(struct zdd_stats *stats, const struct look *before)
{
    struct zdd_place list[ZDD_BALANCER_MAX];
    struct look *look = calloc(1, sizeof(*look));
    size_t count;

    if (!look)
        return NULL;
    count = zdd_places_list(stats->options.places, stats->options.limit_ms, list);
    look->too_many = count > ZDD_BALANCER_MAX;
    look->count = look->too_many ? 0 : count;
    look->users = 1;
    look->begun_mono_ms = zdd_mono_ms();
    look->begun_ms = zdd_now_ms();
    for (size_t i = 0; i < look->count; i++) {
        look->part[i].stats = stats;
        look->part[i].place = list[i];
    }
    leave_out(stats->hangs, look);
    ask_all(stats->hangs, look);
    for (size_t i = 0; i < look->count; i++)
        tell_processes_apart(&look->part[i], find_part(before, look->part[i].place.name));
    return look;
}

/* @return a look not older than wanted, to be given back; NULL without memory */
static struct look *fresh_look(struct zdd_stats *stats, int64_t max_age_ms)
{
    const int64_t oldest_ms = zdd_mono_ms() - max_age_ms;
    struct look *look = NULL, *before;

    pthread_mutex_lock(&stats->lock);
    for (;;) {
        if (stats->last && stats->last->begun_mono_ms > oldest_ms &&
            stats->last->begun_mono_ms > stats->not_before_ms) {
            look = stats->last;
            look->users++;
            break;
        }
        if (!stats->looking) {
            before = stats->last;
            stats->looking = true;
            pthread_mutex_unlock(&stats->lock);
            look = take_look(stats, before); /* nobody else changes `last` meanwhile */
            pthread_mutex_lock(&stats->lock);
            stats->looking = false;
            pthread_cond_broadcast(&stats->looked);
            if (look) {
                look->users++; /* one for `last`, one for the caller */
                stats->last = look;
                give_back(before);
            }
            break;
        }
        pthread_cond_wait(&stats->looked, &stats->lock);
    }
    pthread_mutex_unlock(&stats->lock);
    return look;
}

static void fill_view(const struct look *look, const struct zdd_router_ask *ask,
                      struct zdd_router_view *view)
{
    *view = (struct zdd_router_view){.taken_at_ms = look->begun_ms, .balancer_count = look->count};
    for (size_t i = 0; i < look->count; i++) {
        const struct part *part = &look->part[i];
        struct zdd_balancer_view *balancer = &view->balancer[i];

        snprintf(balancer->name, sizeof(balancer->name), "%s", part->place.name);
        balancer->reachable = part->err == ZDD_ERR_NONE;
        if (!balancer->reachable)
            continue;
        balancer->started_at_ms = part->told_ms;
        zdd_view_fill(balancer, &part->answer.table, ask);
    }
}

static enum zdd_err judge(const struct look *look, char reason[static ZDD_ROUTER_REASON_SIZE])
{
    if (look->too_many) {
        snprintf(reason, ZDD_ROUTER_REASON_SIZE,
                 "the host names of the load balancers have more than %d addresses",
                 ZDD_BALANCER_MAX);
        return ZDD_ERR_ROUTER_DOWN;
    }
    for (size_t i = 0; i < look->count; i++) {
        if (look->part[i].err == ZDD_ERR_NONE)
            return ZDD_ERR_NONE;
    }
    memcpy(reason, look->part[0].reason, ZDD_ROUTER_REASON_SIZE);
    return ZDD_ERR_ROUTER_DOWN;
}

enum zdd_err zdd_stats_observe(struct zdd_stats *stats, const struct zdd_router_ask *asks,
                               size_t count, int64_t max_age_ms, struct zdd_router_view *ret_views,
                               char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct look *look = fresh_look(stats, max_age_ms);
    enum zdd_err err;

    if (!look)
        return ZDD_ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        fill_view(look, &asks[i], &ret_views[i]);
    err = judge(look, reason);
    pthread_mutex_lock(&stats->lock);
    give_back(look);
    pthread_mutex_unlock(&stats->lock);
    return err;
}
