/**
 * @file server/engine/due.c
 * @brief Which deployment is looked at when.
 */
#include "server/engine/due.h"

#include "strategies/model/colours.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_MIN 64

/* FNV-1a (Fowler, Noll, Vo): short keys, no adversary gains anything by collisions among its own
 * apps. */
static size_t hash_of(const char *text, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    return (size_t)hash;
}

static size_t run_bucket(const struct zdd_due_queue *queue, const char *run_id)
{
    return hash_of(run_id, strlen(run_id)) & (queue->bucket_count - 1);
}

static size_t lock_bucket(const struct zdd_due_queue *queue, const char *lock, size_t size)
{
    return hash_of(lock, size) & (queue->bucket_count - 1);
}

static bool make_tables(struct zdd_due_queue *queue, size_t buckets)
{
    queue->by_run = calloc(buckets, sizeof(struct zdd_due *));
    queue->by_lock = calloc(buckets, sizeof(struct zdd_due *));
    queue->bucket_count = buckets;
    return queue->by_run && queue->by_lock;
}

bool zdd_due_init(struct zdd_due_queue *queue)
{
    *queue = (struct zdd_due_queue){0};
    if (make_tables(queue, BUCKETS_MIN))
        return true;
    zdd_due_release(queue);
    return false;
}

void zdd_due_release(struct zdd_due_queue *queue)
{
    for (size_t i = 0; queue->by_run && i < queue->bucket_count; i++) {
        for (struct zdd_due *due = queue->by_run[i]; due;) {
            struct zdd_due *next = due->next_by_run;

            free(due);
            due = next;
        }
    }
    free(queue->by_run);
    free(queue->by_lock);
    free(queue->heap);
    *queue = (struct zdd_due_queue){0};
}

static void link_in(struct zdd_due_queue *queue, struct zdd_due *due)
{
    struct zdd_due **run = &queue->by_run[run_bucket(queue, due->run_id)];
    struct zdd_due **lock = &queue->by_lock[lock_bucket(queue, due->lock, strlen(due->lock))];

    due->next_by_run = *run;
    *run = due;
    due->next_by_lock = *lock;
    *lock = due;
}

static void link_out(struct zdd_due_queue *queue, struct zdd_due *due)
{
    struct zdd_due **run = &queue->by_run[run_bucket(queue, due->run_id)];
    struct zdd_due **lock = &queue->by_lock[lock_bucket(queue, due->lock, strlen(due->lock))];

    while (*run != due)
        run = &(*run)->next_by_run;
    *run = due->next_by_run;
    while (*lock != due)
        lock = &(*lock)->next_by_lock;
    *lock = due->next_by_lock;
}

/* Twice the buckets when they are full; when memory lacks, longer chains do as well. */
static void grow_tables(struct zdd_due_queue *queue)
{
    struct zdd_due_queue grown = *queue;

    if (queue->count < queue->bucket_count)
        return;
    if (!make_tables(&grown, queue->bucket_count * 2)) {
        free(grown.by_run);
        free(grown.by_lock);
        return;
    }
    for (size_t i = 0; i < queue->bucket_count; i++) {
        for (struct zdd_due *due = queue->by_run[i]; due;) {
            struct zdd_due *next = due->next_by_run;

            link_in(&grown, due);
            due = next;
        }
    }
    free(queue->by_run);
    free(queue->by_lock);
    *queue = grown;
}

static void put_at(struct zdd_due_queue *queue, size_t place, struct zdd_due *due)
{
    queue->heap[place] = due;
    due->place = place;
}

static void sift_up(struct zdd_due_queue *queue, size_t place)
{
    struct zdd_due *due = queue->heap[place];

    while (place > 0) {
        const size_t parent = (place - 1) / 2;

        if (queue->heap[parent]->wake_at_ms <= due->wake_at_ms)
            break;
        put_at(queue, place, queue->heap[parent]);
        place = parent;
    }
    put_at(queue, place, due);
}

static void sift_down(struct zdd_due_queue *queue, size_t place)
{
    struct zdd_due *due = queue->heap[place];

    for (;;) {
        size_t child = 2 * place + 1;

        if (child >= queue->heap_count)
            break;
        if (child + 1 < queue->heap_count &&
            queue->heap[child + 1]->wake_at_ms < queue->heap[child]->wake_at_ms)
            child++;
        if (due->wake_at_ms <= queue->heap[child]->wake_at_ms)
            break;
        put_at(queue, place, queue->heap[child]);
        place = child;
    }
    put_at(queue, place, due);
}

/* The heap has room for every entry: memory is taken when an entry is made, never later. */
static bool reserve(struct zdd_due_queue *queue)
{
    size_t capacity = queue->heap_capacity ? queue->heap_capacity * 2 : BUCKETS_MIN;
    struct zdd_due **heap;

    if (queue->count < queue->heap_capacity)
        return true;
    heap = realloc(queue->heap, capacity * sizeof(struct zdd_due *));
    if (!heap)
        return false;
    queue->heap = heap;
    queue->heap_capacity = capacity;
    return true;
}

static void push(struct zdd_due_queue *queue, struct zdd_due *due)
{
    queue->heap[queue->heap_count] = due;
    queue->heap_count++;
    sift_up(queue, queue->heap_count - 1);
}

static void pull(struct zdd_due_queue *queue, struct zdd_due *due)
{
    const size_t place = due->place;
    struct zdd_due *last = queue->heap[--queue->heap_count];

    if (last != due) {
        put_at(queue, place, last);
        sift_up(queue, place);
        sift_down(queue, last->place);
    }
    due->place = SIZE_MAX;
}

static struct zdd_due *find(const struct zdd_due_queue *queue, const char *run_id)
{
    struct zdd_due *due = queue->by_run[run_bucket(queue, run_id)];

    while (due && strcmp(due->run_id, run_id) != 0)
        due = due->next_by_run;
    return due;
}

static void touch(struct zdd_due_queue *queue, struct zdd_due *due)
{
    due->touched = ++queue->touches;
}

void zdd_due_nearer(struct zdd_due_queue *queue, struct zdd_due *due, int64_t wake_at_ms)
{
    touch(queue, due);
    if (due->busy) {
        due->again = true;
        return;
    }
    if (wake_at_ms >= due->wake_at_ms)
        return;
    due->wake_at_ms = wake_at_ms;
    sift_up(queue, due->place);
}

static bool add(struct zdd_due_queue *queue, const char *run_id, const char *app_id,
                int64_t wake_at_ms)
{
    const size_t lock_size = zdd_lock_size(app_id, strlen(app_id));
    struct zdd_due *due;

    if (!reserve(queue))
        return false;
    due = calloc(1, sizeof(*due) + lock_size + 1);
    if (!due)
        return false;
    memcpy(due->run_id, run_id, strnlen(run_id, ZDD_ID_SIZE - 1));
    memcpy(due->lock, app_id, lock_size);
    due->wake_at_ms = wake_at_ms;
    touch(queue, due);
    link_in(queue, due);
    queue->count++;
    push(queue, due);
    grow_tables(queue);
    return true;
}

bool zdd_due_wake(struct zdd_due_queue *queue, const char *run_id, const char *app_id,
                  int64_t wake_at_ms)
{
    struct zdd_due *due = find(queue, run_id);

    if (!due)
        return add(queue, run_id, app_id, wake_at_ms);
    zdd_due_nearer(queue, due, wake_at_ms);
    return true;
}

bool zdd_due_add(struct zdd_due_queue *queue, const char *run_id, const char *app_id)
{
    return find(queue, run_id) || add(queue, run_id, app_id, INT64_MAX);
}

struct zdd_due *zdd_due_of_app(const struct zdd_due_queue *queue, const char *app_id, size_t size)
{
    const size_t lock_size = zdd_lock_size(app_id, size);
    struct zdd_due *due = queue->by_lock[lock_bucket(queue, app_id, lock_size)];

    while (due && (strncmp(due->lock, app_id, lock_size) != 0 || due->lock[lock_size] != '\0'))
        due = due->next_by_lock;
    return due;
}

static void claim(struct zdd_due_queue *queue, struct zdd_due *due)
{
    pull(queue, due);
    due->busy = true;
    due->again = false;
    touch(queue, due);
}

struct zdd_due *zdd_due_claim(struct zdd_due_queue *queue, const char *run_id, uint64_t touches)
{
    struct zdd_due *due = find(queue, run_id);

    if (!due || due->busy || due->touched > touches)
        return NULL;
    claim(queue, due);
    return due;
}

struct zdd_due *zdd_due_take(struct zdd_due_queue *queue, int64_t now_ms)
{
    struct zdd_due *due = queue->heap_count > 0 ? queue->heap[0] : NULL;

    if (!due || due->wake_at_ms > now_ms)
        return NULL;
    claim(queue, due);
    return due;
}

void zdd_due_return(struct zdd_due_queue *queue, struct zdd_due *due, int64_t wake_at_ms,
                    int64_t now_ms)
{
    assert(due->busy);
    due->wake_at_ms = wake_at_ms == 0 ? INT64_MAX : wake_at_ms;
    if (due->again)
        due->wake_at_ms = now_ms;
    due->busy = false;
    due->again = false;
    push(queue, due);
}

void zdd_due_drop(struct zdd_due_queue *queue, struct zdd_due *due)
{
    assert(due->busy);
    link_out(queue, due);
    queue->count--;
    free(due);
}

int64_t zdd_due_next_ms(const struct zdd_due_queue *queue)
{
    return queue->heap_count > 0 ? queue->heap[0]->wake_at_ms : INT64_MAX;
}

unsigned zdd_due_count(const struct zdd_due_queue *queue, int64_t now_ms)
{
    unsigned count = 0;

    for (size_t i = 0; i < queue->heap_count; i++)
        count += queue->heap[i]->wake_at_ms <= now_ms;
    return count;
}

void zdd_due_each(const struct zdd_due_queue *queue, void (*visit)(void *cls, struct zdd_due *due),
                  void *cls)
{
    for (size_t i = 0; i < queue->bucket_count; i++) {
        for (struct zdd_due *due = queue->by_run[i]; due; due = due->next_by_run)
            visit(cls, due);
    }
}
