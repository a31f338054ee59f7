/**
 * @file server/engine/due.h
 * @brief Which deployment is looked at when: a timer heap with two indices. Not thread-safe; the
 * engine holds its lock.
 */
#pragma once

#include "strategies/model/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One live deployment. Some 150 bytes and the name of its lock. */
struct zdd_due {
    char run_id[ZDD_ID_SIZE];
    bool busy;          /* a worker has it */
    bool again;         /* woken while busy: look again at once */
    int64_t wake_at_ms; /* INT64_MAX: nothing is due */
    size_t place;       /* in the heap; SIZE_MAX while busy */
    uint64_t touched;   /* zdd_due_queue.touches when it was last woken or taken */
    struct zdd_due *next_by_run, *next_by_lock;
    char lock[]; /* of its app (model/colours.h), with its NUL */
};

struct zdd_due_queue {
    struct zdd_due **heap;
    size_t heap_count, heap_capacity;
    struct zdd_due **by_run, **by_lock; /* chained hash tables of the same size */
    size_t bucket_count;                /* a power of two */
    size_t count;                       /* entries, busy ones too */
    uint64_t touches;                   /* grows when any entry is woken or taken */
};

/** @return false without memory; the queue is then empty and unusable */
bool zdd_due_init(struct zdd_due_queue *queue);
void zdd_due_release(struct zdd_due_queue *queue);

/** Add a deployment, or bring its next look nearer. @return false without memory */
bool zdd_due_wake(struct zdd_due_queue *queue, const char *run_id, const char *app_id,
                  int64_t wake_at_ms);

/** Add a deployment that nothing but a sweep looks at; one that is there already stays as it is.
 * @return false without memory */
bool zdd_due_add(struct zdd_due_queue *queue, const char *run_id, const char *app_id);

/** @return the live deployment that holds the lock of @p app_id (@p size bytes), or NULL */
struct zdd_due *zdd_due_of_app(const struct zdd_due_queue *queue, const char *app_id, size_t size);

/** Bring @p due's next look nearer; never farther. */
void zdd_due_nearer(struct zdd_due_queue *queue, struct zdd_due *due, int64_t wake_at_ms);

/** Take the one that is due longest, marked busy. @return NULL when none is due at @p now_ms */
struct zdd_due *zdd_due_take(struct zdd_due_queue *queue, int64_t now_ms);

/**
 * Take @p run_id, whenever it would be due, marked busy: a sweep has news of it, from when the
 * queue's count of touches was @p touches.
 * @return NULL when it is gone, or busy, or was woken or taken since: then there are newer news
 */
struct zdd_due *zdd_due_claim(struct zdd_due_queue *queue, const char *run_id, uint64_t touches);

/** Give a busy one back; it is due at @p wake_at_ms (0: never by itself), or at once when it was
 * woken meanwhile. */
void zdd_due_return(struct zdd_due_queue *queue, struct zdd_due *due, int64_t wake_at_ms,
                    int64_t now_ms);

/** Forget a busy one. */
void zdd_due_drop(struct zdd_due_queue *queue, struct zdd_due *due);

/** @return when the next one is due, INT64_MAX for never */
int64_t zdd_due_next_ms(const struct zdd_due_queue *queue);

/** @return how many are due at @p now_ms and wait for a worker */
unsigned zdd_due_count(const struct zdd_due_queue *queue, int64_t now_ms);

/** Call @p visit for each entry; it must not change the queue. */
void zdd_due_each(const struct zdd_due_queue *queue, void (*visit)(void *cls, struct zdd_due *due),
                  void *cls);
