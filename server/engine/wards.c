/**
 * @file server/engine/wards.c
 * @brief The pairs whose deployments run, as they were last seen.
 */
#include "server/engine/wards.h"

#include "server/engine/wards_inside.h"
#include "strategies/pair.h"

#include <stdlib.h>
#include <string.h>

#define TELL_MAX 8 /* times that others came in between while one was told; then theirs counts */
#define ROOM_MIN 8

struct zdd_wards *zdd_wards_new(void)
{
    struct zdd_wards *wards = calloc(1, sizeof(*wards));

    if (wards && pthread_mutex_init(&wards->lock, NULL) != 0) {
        free(wards);
        return NULL;
    }
    return wards;
}

static void free_ward(struct ward *ward)
{
    zdd_fleet_release(&ward->seen.fleet);
    free(ward);
}

struct zdd_wards *zdd_wards_free(struct zdd_wards *wards)
{
    if (!wards)
        return NULL;
    for (size_t i = 0; i < wards->count; i++)
        free_ward(wards->ward[i]);
    free(wards->ward);
    pthread_mutex_destroy(&wards->lock);
    free(wards);
    return NULL;
}

/* There are as many as pairs that are deployed now: few. */
struct ward *zdd_wards_find(const struct zdd_wards *wards, const char *pair)
{
    for (size_t i = 0; i < wards->count; i++) {
        if (strcmp(wards->ward[i]->seen.pair, pair) == 0)
            return wards->ward[i];
    }
    return NULL;
}

struct ward *zdd_wards_find_run(const struct zdd_wards *wards, const char *run_id)
{
    for (size_t i = 0; i < wards->count; i++) {
        if (strcmp(wards->ward[i]->seen.run_id, run_id) == 0)
            return wards->ward[i];
    }
    return NULL;
}

static struct ward *add(struct zdd_wards *wards)
{
    if (wards->count == wards->room) {
        const size_t room = wards->room ? 2 * wards->room : ROOM_MIN;
        struct ward **grown = realloc(wards->ward, room * sizeof(*grown));

        if (!grown)
            return NULL;
        wards->ward = grown;
        wards->room = room;
    }
    wards->ward[wards->count] = calloc(1, sizeof(struct ward));
    return wards->ward[wards->count] ? wards->ward[wards->count++] : NULL;
}

/* A kill may be under way, from the order on until the way back has waited for its end. */
static bool may_be_killing(const struct zdd_run *run)
{
    return run->phase == ZDD_PHASE_SHEDDING || zdd_phase_is_undo(run->phase);
}

/* What a process that has just started may still know: nothing of orders that went out before. */
static void begin(struct ward *ward, const struct zdd_plan *plan, const struct zdd_run *run)
{
    zdd_fleet_release(&ward->seen.fleet);
    *ward = (struct ward){.changes = ward->changes};
    memcpy(ward->seen.pair, run->app_id, sizeof(ward->seen.pair));
    memcpy(ward->seen.run_id, run->id, sizeof(ward->seen.run_id));
    ward->seen.floor = plan->pair.floor;
    ward->old_goes = zdd_pair_is_past_return(&(struct zdd_facts){plan, run, NULL});
    ward->kill_stay = may_be_killing(run) ? run->traffic.old_stay : -1;
}

enum zdd_err zdd_wards_see(struct zdd_wards *wards, const struct zdd_plan *plan,
                           const struct zdd_run *run, const struct zdd_fleet *fleet, int64_t now_ms)
{
    struct ward *ward;

    pthread_mutex_lock(&wards->lock);
    ward = zdd_wards_find(wards, run->app_id);
    if (!ward)
        ward = add(wards);
    if (ward) {
        if (strcmp(ward->seen.run_id, run->id) != 0)
            begin(ward, plan, run);
        if (ward->same_since_ms == 0 || ward->seen.fleet.healthy_mark != fleet->healthy_mark)
            ward->same_since_ms = now_ms;
        ward->seen_before_ms = ward->seen_ms;
        ward->seen_ms = now_ms;
        zdd_fleet_release(&ward->seen.fleet);
        ward->seen.fleet = zdd_fleet_share(fleet);
        ward->seen.traffic = run->traffic;
        ward->promised = zdd_floor_is_promised(plan, run);
        ward->watch.reached = ward->watch.reached || zdd_floor_new_serves(&run->traffic);
        ward->changes++;
    }
    pthread_mutex_unlock(&wards->lock);
    return ward ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;
}

/* The one of that name, or a new one; when a cluster changes its balancers all the time, the first.
 */
static struct worker *worker_of(struct ward *ward, const char *name)
{
    struct worker *worker = &ward->worker[0];

    for (size_t i = 0; i < ward->worker_count; i++) {
        if (strcmp(ward->worker[i].name, name) == 0)
            return &ward->worker[i];
    }
    if (ward->worker_count < ZDD_BALANCER_MAX)
        worker = &ward->worker[ward->worker_count++];
    *worker = (struct worker){.since_ms = 0};
    memcpy(worker->name, name, sizeof(worker->name));
    return worker;
}

/* A balancer that has read its list anew while nobody looked may have lost an instance and got it
 * back: that one took requests at its own weight, whatever is seen of it now. */
static void note_worker(struct ward *ward, const struct zdd_balancer_view *b, int64_t now_ms)
{
    struct worker *worker = worker_of(ward, b->name);
    const bool known = worker->since_ms != 0;
    const int64_t seen_before_ms = worker->seen_ms;

    worker->seen_ms = now_ms;
    if (known && worker->started_at_ms == b->started_at_ms)
        return;
    if (known && ward->blind_ms >= seen_before_ms)
        ward->same_since_ms = now_ms;
    worker->started_at_ms = b->started_at_ms;
    worker->since_ms = now_ms;
}

static void note_workers(struct ward *ward, const struct zdd_router_view *view, int64_t now_ms)
{
    /* What the look before showed and this one shows again need not have been so all the time. */
    if (ward->seen_before_ms != 0 && now_ms - ward->seen_before_ms > ZDD_WARD_BLIND_MS)
        ward->blind_ms = now_ms;
    for (size_t i = 0; i < view->balancer_count; i++) {
        if (view->balancer[i].reachable)
            note_worker(ward, &view->balancer[i], now_ms);
    }
}

struct zdd_ward_times zdd_wards_times(struct zdd_wards *wards, const char *pair,
                                      const struct zdd_router_view *view, int64_t now_ms)
{
    struct zdd_ward_times times = {now_ms, now_ms}; /* of what was never seen */
    struct ward *ward;

    pthread_mutex_lock(&wards->lock);
    ward = zdd_wards_find(wards, pair);
    if (ward) {
        note_workers(ward, view, now_ms);
        times = (struct zdd_ward_times){.same_since_ms = ward->same_since_ms};
        for (size_t i = 0; i < ward->worker_count; i++) {
            if (ward->worker[i].since_ms > times.reloaded_since_ms)
                times.reloaded_since_ms = ward->worker[i].since_ms;
        }
    }
    pthread_mutex_unlock(&wards->lock);
    return times;
}

bool zdd_wards_fleet(struct zdd_wards *wards, const char *run_id, struct zdd_fleet *ret_fleet)
{
    const struct ward *ward;

    pthread_mutex_lock(&wards->lock);
    ward = zdd_wards_find_run(wards, run_id);
    if (ward)
        *ret_fleet = zdd_fleet_share(&ward->seen.fleet);
    pthread_mutex_unlock(&wards->lock);
    return ward != NULL;
}

void zdd_wards_order(struct zdd_wards *wards, const char *pair, const struct zdd_traffic *traffic)
{
    struct ward *ward;

    pthread_mutex_lock(&wards->lock);
    ward = zdd_wards_find(wards, pair);
    if (ward) {
        ward->seen.traffic = *traffic;
        ward->watch.reached = ward->watch.reached || zdd_floor_new_serves(traffic);
        ward->changes++;
    }
    pthread_mutex_unlock(&wards->lock);
}

/* What the balancers are told, and how many changes that takes into account. */
struct telling {
    struct zdd_traffic traffic;
    struct zdd_fleet fleet; /* shared */
    uint64_t changes;
    bool ended; /* the deployment, meanwhile */
};

static bool begin_telling(struct zdd_wards *wards, const char *pair, struct telling *t)
{
    const struct ward *ward;

    pthread_mutex_lock(&wards->lock);
    ward = zdd_wards_find(wards, pair);
    if (ward) {
        const bool helps = ward->watch.broken && !ward->old_goes;

        t->traffic = helps ? zdd_floor_traffic(&ward->seen.traffic) : ward->seen.traffic;
        if (ward->kill_stay == ward->seen.traffic.old_stay)
            t->traffic.old_stay = ward->kill_stay;
        t->fleet = zdd_fleet_share(&ward->seen.fleet);
        t->changes = ward->changes;
    }
    pthread_mutex_unlock(&wards->lock);
    return ward != NULL;
}

/* @return true when what was told is what shall be told now */
static bool end_telling(struct zdd_wards *wards, const char *pair, struct telling *t)
{
    const struct ward *ward;
    bool holds;

    zdd_fleet_release(&t->fleet);
    pthread_mutex_lock(&wards->lock);
    ward = zdd_wards_find(wards, pair);
    holds = !ward || ward->changes == t->changes;
    t->ended = !ward;
    pthread_mutex_unlock(&wards->lock);
    return holds;
}

static void forget(const struct zdd_router *router, const char *pair)
{
    if (router->ops && router->ops->forget)
        router->ops->forget(router->cls, pair);
}

enum zdd_err zdd_wards_tell(struct zdd_wards *wards, const struct zdd_router *router,
                            const char *pair, char reason[static ZDD_ROUTER_REASON_SIZE])
{
    enum zdd_err err = ZDD_ERR_NONE;

    reason[0] = '\0';
    for (int i = 0; i < TELL_MAX; i++) {
        struct telling t;

        if (!begin_telling(wards, pair, &t))
            break;
        err = zdd_balance_tell(router, pair, &t.traffic, &t.fleet, reason);
        if (end_telling(wards, pair, &t)) {
            if (t.ended)
                forget(router, pair);
            break;
        }
    }
    return err;
}

bool zdd_wards_is_broken(struct zdd_wards *wards, const char *pair)
{
    const struct ward *ward;
    bool broken;

    pthread_mutex_lock(&wards->lock);
    ward = zdd_wards_find(wards, pair);
    broken = ward && ward->watch.broken;
    pthread_mutex_unlock(&wards->lock);
    return broken;
}

bool zdd_wards_may_remove(struct zdd_wards *wards, const char *pair, enum zdd_pair_side side)
{
    struct ward *ward;
    bool may;

    pthread_mutex_lock(&wards->lock);
    ward = zdd_wards_find(wards, pair);
    may = !ward || !ward->watch.broken;
    if (ward && may && side == ZDD_SIDE_OLD) {
        ward->old_goes = true;
        ward->changes++;
    }
    if (ward && may && side == ZDD_SIDE_LEAVING) {
        ward->kill_stay = ward->seen.traffic.old_stay;
        ward->changes++;
    }
    pthread_mutex_unlock(&wards->lock);
    return may;
}

void zdd_wards_drop(struct zdd_wards *wards, const struct zdd_router *router, const char *run_id)
{
    char pair[ZDD_APP_ID_SIZE] = "";

    pthread_mutex_lock(&wards->lock);
    for (size_t i = 0; i < wards->count; i++) {
        if (strcmp(wards->ward[i]->seen.run_id, run_id) != 0)
            continue;
        memcpy(pair, wards->ward[i]->seen.pair, sizeof(pair));
        free_ward(wards->ward[i]);
        wards->ward[i] = wards->ward[--wards->count];
        break;
    }
    pthread_mutex_unlock(&wards->lock);
    if (*pair)
        forget(router, pair);
}
