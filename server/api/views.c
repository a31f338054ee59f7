/**
 * @file server/api/views.c
 * @brief A table of texts, a few places for each hash of an id: newer ones take them over.
 */
#include "server/api/views.h"

#include "server/api/deployment_json.h"
#include "server/base/cleanup.h"
#include "storage/stamps.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SETS 512 /* power of two */
#define WAYS 4   /* places of a set: so a page of neighbours does not push itself out */
#define LOCKS 16 /* a power of two, too: callers seldom meet */
#define TEXT_MAX                                                                                   \
    3584 /* bytes; longer ones (labels) are written each time: the table stays below 8 MiB */
#define STAMP_NONE 1 /* odd: known by its revision only */

struct place {
    struct zdd_view *view; /* NULL: free */
    uint64_t stamp;        /* of the deployment, from before it was read */
};

struct set {
    struct place places[WAYS];
    unsigned next; /* the place that a new one takes over */
};

struct zdd_views {
    struct zdd_store *store;
    struct zdd_notes *notes;
    pthread_mutex_t locks[LOCKS]; /* set i is under lock i % LOCKS */
    struct set sets[SETS];
};

struct zdd_views *zdd_views_new(struct zdd_store *store, struct zdd_notes *notes)
{
    struct zdd_views *views = calloc(1, sizeof(*views));

    if (!views)
        return NULL;
    views->store = store;
    views->notes = notes;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&views->locks[i], NULL);
    return views;
}

struct zdd_views *zdd_views_free(struct zdd_views *views)
{
    if (!views)
        return NULL;
    for (size_t i = 0; i < SETS; i++) {
        for (size_t k = 0; k < WAYS; k++)
            zdd_view_drop(views->sets[i].places[k].view);
    }
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&views->locks[i]);
    free(views);
    return NULL;
}

void zdd_view_drop(struct zdd_view *view)
{
    if (view && atomic_fetch_sub(&view->users, 1) == 1)
        free(view);
}

void zdd_view_auto(struct zdd_view **view)
{
    zdd_view_drop(*view);
}

/* Ids begin with the time; what makes them differ is at the end: the last 16 digits. */
static size_t set_of(const char *id)
{
    const size_t size = strlen(id);
    uint64_t words[2] = {0, 0};

    memcpy(words, id + (size > sizeof(words) ? size - sizeof(words) : 0),
           size < sizeof(words) ? size : sizeof(words));
    return ((words[0] ^ words[1] * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93)) >>
               32 &
           (SETS - 1);
}

static pthread_mutex_t *lock_of(struct zdd_views *views, size_t at)
{
    return &views->locks[at % LOCKS];
}

/* The place of @p id, or NULL. The set is locked. */
static struct place *place_of(struct set *set, const char *id)
{
    for (size_t i = 0; i < WAYS; i++) {
        struct place *place = &set->places[i];

        if (place->view && strcmp(place->view->id, id) == 0)
            return place;
    }
    return NULL;
}

/* The kept view of @p id, in any revision, or NULL. */
static struct zdd_view *find(struct zdd_views *views, const char *id, uint64_t *ret_stamp)
{
    const size_t at = set_of(id);
    const struct place *place;
    struct zdd_view *view = NULL;

    pthread_mutex_lock(lock_of(views, at));
    place = place_of(&views->sets[at], id);
    if (place) {
        view = place->view;
        atomic_fetch_add(&view->users, 1);
        *ret_stamp = place->stamp;
    }
    pthread_mutex_unlock(lock_of(views, at));
    return view;
}

static void keep(struct zdd_views *views, struct zdd_view *view, uint64_t stamp)
{
    const size_t at = set_of(view->id);
    struct set *set = &views->sets[at];
    struct zdd_view *before;
    struct place *place;

    if (view->size > TEXT_MAX)
        return;
    atomic_fetch_add(&view->users, 1);
    pthread_mutex_lock(lock_of(views, at));
    place = place_of(set, view->id);
    if (!place)
        place = &set->places[set->next++ % WAYS];
    before = place->view;
    *place = (struct place){view, zdd_stamp_rests(stamp) ? stamp : STAMP_NONE};
    pthread_mutex_unlock(lock_of(views, at));
    zdd_view_drop(before);
}

static enum zdd_err write(struct zdd_views *views, const struct zdd_run *run, const char *labels,
                          struct zdd_view **ret_view)
{
    struct zdd_plan plan;
    struct zdd_deployment_view view = {.run = run, .labels = labels, .plan = &plan};
    ZDD_AUTO_BUF struct zdd_buf text = {0};
    struct zdd_writer w = {.buf = &text};
    struct zdd_view *made;
    enum zdd_err err = zdd_notes_get(views->notes, run->plan_id, &view.note);

    if (err == ZDD_ERR_NONE && view.note.program_steps > 0)
        err = zdd_plan_load(views->store, run->plan_id, &plan, NULL);
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_w_deployment(&w, NULL, &view);
    made = text.err == ZDD_ERR_NONE ? malloc(sizeof(*made) + text.size + 1) : NULL;
    if (!made)
        return ZDD_ERR_NO_MEMORY;
    atomic_init(&made->users, 1);
    made->revision = run->revision;
    made->ended = zdd_phase_is_final(run->phase);
    memcpy(made->id, run->id, sizeof(made->id));
    memcpy(made->app_id, run->app_id, sizeof(made->app_id));
    made->size = text.size;
    memcpy(made->text, text.data, text.size + 1);
    *ret_view = made;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_view_get(struct zdd_views *views, const char *id, struct zdd_view **ret_view)
{
    const uint64_t stamp = zdd_stamp_of(views->store, id); /* before anything is read */
    ZDD_AUTO_VIEW struct zdd_view *kept = NULL;
    ZDD_AUTO_FREE char *labels = NULL;
    uint64_t kept_stamp = STAMP_NONE;
    struct zdd_run run;
    enum zdd_err err;

    kept = find(views, id, &kept_stamp);
    if (kept && kept_stamp == stamp && zdd_stamp_rests(stamp)) {
        *ret_view = ZDD_TAKE(kept);
        return ZDD_ERR_NONE;
    }
    err = zdd_run_load(views->store, id, &run, &labels);
    if (err != ZDD_ERR_NONE)
        return err;
    if (!kept || kept->revision != run.revision) {
        zdd_view_auto(&kept);
        kept = NULL;
        err = write(views, &run, labels, &kept);
    }
    if (err != ZDD_ERR_NONE)
        return err;
    keep(views, kept, stamp);
    *ret_view = ZDD_TAKE(kept);
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_view_peek(struct zdd_views *views, const struct zdd_run_peek *peek,
                           struct zdd_view **ret_view)
{
    ZDD_AUTO_VIEW struct zdd_view *kept = NULL;
    ZDD_AUTO_FREE char *labels = NULL;
    uint64_t stamp = STAMP_NONE;
    struct zdd_run run;
    enum zdd_err err;

    kept = find(views, peek->id, &stamp);
    if (kept && kept->revision == peek->revision) {
        *ret_view = ZDD_TAKE(kept);
        return ZDD_ERR_NONE;
    }
    err = zdd_run_peek_load(peek, &run, &labels);
    if (err == ZDD_ERR_NONE)
        err = write(views, &run, labels, ret_view);
    /* The list began before this call: no stamp from now would be right for what it sees. */
    if (err == ZDD_ERR_NONE && (!kept || kept->revision < peek->revision))
        keep(views, *ret_view, STAMP_NONE);
    return err;
}
