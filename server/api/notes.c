/**
 * @file server/api/notes.c
 * @brief A table of the latest plans' figures, one place for each hash: a newer one takes it over.
 */
#include "server/api/notes.h"

#include "strategies/advice.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PLACES 4096 /* power of two; 80 bytes each */

struct place {
    char plan_id[ZDD_ID_SIZE];
    struct zdd_note note;
};

struct zdd_notes {
    struct zdd_store *store;
    pthread_mutex_t lock;
    struct place places[PLACES];
};

struct zdd_notes *zdd_notes_new(struct zdd_store *store)
{
    struct zdd_notes *notes = calloc(1, sizeof(*notes));

    if (!notes)
        return NULL;
    notes->store = store;
    pthread_mutex_init(&notes->lock, NULL);
    return notes;
}

struct zdd_notes *zdd_notes_free(struct zdd_notes *notes)
{
    if (!notes)
        return NULL;
    pthread_mutex_destroy(&notes->lock);
    free(notes);
    return NULL;
}

/* FNV-1a: ids differ mostly in their last digits, and all of them count here. */
static struct place *place_of(struct zdd_notes *notes, const char *plan_id)
{
    uint32_t hash = 2166136261U;

    for (; *plan_id; plan_id++)
        hash = (hash ^ (unsigned char)*plan_id) * 16777619U;
    return &notes->places[hash & (PLACES - 1)];
}

void zdd_note_read(const struct zdd_plan *plan, struct zdd_note *ret_note)
{
    const struct zdd_way_back way = zdd_advice_way_back(plan);

    *ret_note = (struct zdd_note){
        .target_instances = plan->target.instances,
        .old_instances = plan->old.instances,
        .rollback_s = (double)way.estimate_ms / 1000,
        .program_steps = plan->program.count,
    };
    snprintf(ret_note->rollback_mode, sizeof(ret_note->rollback_mode), "%s", way.mode);
}

static bool find(struct zdd_notes *notes, const char *plan_id, struct zdd_note *ret_note)
{
    const struct place *place = place_of(notes, plan_id);
    bool known;

    pthread_mutex_lock(&notes->lock);
    known = strcmp(place->plan_id, plan_id) == 0;
    if (known)
        *ret_note = place->note;
    pthread_mutex_unlock(&notes->lock);
    return known;
}

static void keep(struct zdd_notes *notes, const char *plan_id, const struct zdd_note *note)
{
    struct place *place = place_of(notes, plan_id);

    pthread_mutex_lock(&notes->lock);
    snprintf(place->plan_id, sizeof(place->plan_id), "%s", plan_id);
    place->note = *note;
    pthread_mutex_unlock(&notes->lock);
}

enum zdd_err zdd_notes_get(struct zdd_notes *notes, const char *plan_id, struct zdd_note *ret_note)
{
    struct zdd_plan plan;
    enum zdd_err err;

    if (find(notes, plan_id, ret_note))
        return ZDD_ERR_NONE;
    *ret_note = (struct zdd_note){.rollback_mode = "none"};
    err = zdd_plan_load(notes->store, plan_id, &plan, NULL);
    if (err == ZDD_ERR_PLAN_UNKNOWN)
        return ZDD_ERR_NONE;
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_note_read(&plan, ret_note);
    keep(notes, plan_id, ret_note);
    return ZDD_ERR_NONE;
}
