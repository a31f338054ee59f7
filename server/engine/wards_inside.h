/**
 * @file server/engine/wards_inside.h
 * @brief PRIVATE to server/engine/: what the files of wards.h share.
 */
#pragma once

#include "server/engine/wards.h"

#include <pthread.h>

#define ZDD_WARD_NOTE_MAX                                                                          \
    2 /* a violation and its end; of what happens in a row without a log, the last */

/* The process of a balancer. */
struct worker {
    char name[ZDD_BALANCER_NAME_SIZE];
    int64_t started_at_ms; /* by the balancer's clock: only tells processes apart */
    int64_t since_ms;      /* it is known to us */
    int64_t seen_ms;       /* the last time */
};

struct ward {
    struct zdd_ward seen; /* its `broken` is not used: see watch */
    bool promised;
    bool old_goes;     /* the removal of the old version may be under way */
    int32_t kill_stay; /* those may be being killed that leave when so many stay; -1: none */
    uint64_t changes;  /* of what the balancers are told */
    int64_t same_since_ms;
    int64_t seen_ms, seen_before_ms; /* the instances, the last two times; 0: never */
    int64_t blind_ms;                /* when the last time ended in which nobody had looked */
    size_t worker_count;
    struct worker worker[ZDD_BALANCER_MAX];
    struct zdd_floor_watch watch;
    struct zdd_ward_look look; /* the last one that showed anything */
    size_t note_count;
    struct zdd_ward_note note[ZDD_WARD_NOTE_MAX]; /* not in the event log yet, oldest first */
};

struct zdd_wards {
    pthread_mutex_t lock;
    /* below: guarded by lock */
    struct ward **ward;
    size_t count, room;
    uint64_t violations;
};

/* With the lock held. @return NULL when there is none */
struct ward *zdd_wards_find(const struct zdd_wards *wards, const char *pair);
struct ward *zdd_wards_find_run(const struct zdd_wards *wards, const char *run_id);
