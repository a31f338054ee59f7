/**
 * @file server/engine/wards.c
 * @brief The pairs whose deployments run, as they were last seen.
 */
#include "server/engine/wards.h"

#include "strategies/pair.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define TELL_MAX 8 /* times that others came in between while one was told; then theirs counts */
#define NOTE_MAX 2 /* a violation and its end; of what happens in a row without a log, the last */
#define ROOM_MIN 8

struct ward {
    struct zdd_ward seen; /* its `broken` is not used: see watch */
    bool promised;
    bool old_goes;    /* the removal of the old version may be under way */
    uint64_t changes; /* of what the balancers are told */
    struct zdd_floor_watch watch;
    struct zdd_ward_look look; /* the last one that showed anything */
    size_t note_count;
    struct zdd_ward_note note[NOTE_MAX]; /* not in the event log yet, oldest first */
};

struct zdd_wards {
    pthread_mutex_t lock;
    /* below: guarded by lock */
    struct ward **ward;
    size_t count, room;
    uint64_t violations;
};

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
static struct ward *find(const struct zdd_wards *wards, const char *pair)
{
    for (size_t i = 0; i < wards->count; i++) {
        if (strcmp(wards->ward[i]->seen.pair, pair) == 0)
            return wards->ward[i];
    }
    return NULL;
}

static struct ward *find_run(const struct zdd_wards *wards, const char *run_id)
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

/* What a process that has just started may still know: nothing of orders that went out before. */
static void begin(struct ward *ward, const struct zdd_plan *plan, const struct zdd_run *run)
{
    zdd_fleet_release(&ward->seen.fleet);
    *ward = (struct ward){.changes = ward->changes};
    memcpy(ward->seen.pair, run->app_id, sizeof(ward->seen.pair));
    memcpy(ward->seen.run_id, run->id, sizeof(ward->seen.run_id));
    ward->seen.floor = plan->pair.floor;
    ward->old_goes = zdd_pair_is_past_return(&(struct zdd_facts){plan, run, NULL});
}

enum zdd_err zdd_wards_see(struct zdd_wards *wards, const struct zdd_plan *plan,
                           const struct zdd_run *run, const struct zdd_fleet *fleet)
{
    struct ward *ward;

    pthread_mutex_lock(&wards->lock);
    ward = find(wards, run->app_id);
    if (!ward)
        ward = add(wards);
    if (ward) {
        if (strcmp(ward->seen.run_id, run->id) != 0)
            begin(ward, plan, run);
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

void zdd_wards_order(struct zdd_wards *wards, const char *pair, const struct zdd_traffic *traffic)
{
    struct ward *ward;

    pthread_mutex_lock(&wards->lock);
    ward = find(wards, pair);
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
};

static bool begin_telling(struct zdd_wards *wards, const char *pair, struct telling *t)
{
    const struct ward *ward;

    pthread_mutex_lock(&wards->lock);
    ward = find(wards, pair);
    if (ward) {
        const bool helps = ward->watch.broken && !ward->old_goes;

        t->traffic = helps ? zdd_floor_traffic(&ward->seen.traffic) : ward->seen.traffic;
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
    ward = find(wards, pair);
    holds = !ward || ward->changes == t->changes;
    pthread_mutex_unlock(&wards->lock);
    return holds;
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
        if (end_telling(wards, pair, &t))
            break;
    }
    return err;
}

bool zdd_wards_is_broken(struct zdd_wards *wards, const char *pair)
{
    const struct ward *ward;
    bool broken;

    pthread_mutex_lock(&wards->lock);
    ward = find(wards, pair);
    broken = ward && ward->watch.broken;
    pthread_mutex_unlock(&wards->lock);
    return broken;
}

bool zdd_wards_may_remove(struct zdd_wards *wards, const char *pair, enum zdd_pair_side side)
{
    struct ward *ward;
    bool may;

    pthread_mutex_lock(&wards->lock);
    ward = find(wards, pair);
    may = !ward || !ward->watch.broken;
    if (ward && may && side == ZDD_SIDE_OLD) {
        ward->old_goes = true;
        ward->changes++;
    }
    pthread_mutex_unlock(&wards->lock);
    return may;
}

void zdd_wards_drop(struct zdd_wards *wards, const char *run_id)
{
    pthread_mutex_lock(&wards->lock);
    for (size_t i = 0; i < wards->count; i++) {
        if (strcmp(wards->ward[i]->seen.run_id, run_id) != 0)
            continue;
        free_ward(wards->ward[i]);
        wards->ward[i] = wards->ward[--wards->count];
        break;
    }
    pthread_mutex_unlock(&wards->lock);
}

static struct zdd_ward copy_of(const struct ward *ward)
{
    struct zdd_ward copy = ward->seen;

    copy.fleet = zdd_fleet_share(&ward->seen.fleet);
    copy.broken = ward->watch.broken;
    return copy;
}

size_t zdd_wards_watched(struct zdd_wards *wards, struct zdd_ward **ret_list)
{
    struct zdd_ward *list = NULL;
    size_t count = 0;

    pthread_mutex_lock(&wards->lock);
    if (wards->count > 0)
        list = calloc(wards->count, sizeof(*list));
    for (size_t i = 0; list && i < wards->count; i++) {
        if (wards->ward[i]->promised)
            list[count++] = copy_of(wards->ward[i]);
    }
    pthread_mutex_unlock(&wards->lock);
    *ret_list = list;
    return count;
}

void zdd_wards_release(struct zdd_ward *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        zdd_fleet_release(&list[i].fleet);
    free(list);
}

static void add_note(struct ward *ward, enum zdd_floor_news news)
{
    if (ward->note_count == NOTE_MAX)
        ward->note_count = 0;
    ward->note[ward->note_count++] = (struct zdd_ward_note){news, ward->seen.floor, ward->look};
}

enum zdd_floor_news zdd_wards_judge(struct zdd_wards *wards, const struct zdd_ward *ward,
                                    const struct zdd_ward_look *look)
{
    enum zdd_floor_news news = ZDD_FLOOR_NO_NEWS;
    struct ward *mine;

    pthread_mutex_lock(&wards->lock);
    mine = find_run(wards, ward->run_id);
    if (mine && look->sight.known) {
        mine->look = *look;
        news = zdd_floor_judge(&mine->watch, mine->seen.floor, &look->sight);
    }
    if (news != ZDD_FLOOR_NO_NEWS) {
        add_note(mine, news);
        mine->changes++;
        wards->violations += news == ZDD_FLOOR_VIOLATED;
    }
    pthread_mutex_unlock(&wards->lock);
    return news;
}

struct zdd_ward_note zdd_wards_unnoted(struct zdd_wards *wards, const struct zdd_ward *ward)
{
    struct zdd_ward_note note = {.news = ZDD_FLOOR_NO_NEWS};
    const struct ward *mine;

    pthread_mutex_lock(&wards->lock);
    mine = find_run(wards, ward->run_id);
    if (mine && mine->note_count > 0)
        note = mine->note[0];
    pthread_mutex_unlock(&wards->lock);
    return note;
}

void zdd_wards_noted(struct zdd_wards *wards, const struct zdd_ward *ward, enum zdd_floor_news news)
{
    struct ward *mine;

    pthread_mutex_lock(&wards->lock);
    mine = find_run(wards, ward->run_id);
    if (mine && mine->note_count > 0 && mine->note[0].news == news) {
        mine->note_count--;
        memmove(&mine->note[0], &mine->note[1], mine->note_count * sizeof(mine->note[0]));
    }
    pthread_mutex_unlock(&wards->lock);
}

void zdd_wards_state(struct zdd_wards *wards, const char *run_id, struct zdd_ward_state *ret_state)
{
    const struct ward *ward;

    *ret_state = (struct zdd_ward_state){0};
    pthread_mutex_lock(&wards->lock);
    ward = find_run(wards, run_id);
    if (ward && ward->promised && ward->look.sight.known)
        *ret_state =
            (struct zdd_ward_state){true, ward->watch.broken, ward->seen.floor, ward->look};
    pthread_mutex_unlock(&wards->lock);
}

void zdd_wards_stats(struct zdd_wards *wards, struct zdd_wards_stats *ret_stats)
{
    struct zdd_wards_stats stats = {0};

    pthread_mutex_lock(&wards->lock);
    for (size_t i = 0; i < wards->count; i++)
        stats.broken += wards->ward[i]->watch.broken;
    stats.violations = wards->violations;
    pthread_mutex_unlock(&wards->lock);
    *ret_stats = stats;
}
