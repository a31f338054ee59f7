/**
 * @file deploy/lab/timers.c
 * @brief The lab's clock, and a heap of wake-ups.
 */
#include "deploy/lab/lab.h"
#include "server/base/clock.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define HEAP_FIRST 64

int64_t zdd_lab_now(const struct zdd_lab *lab)
{
    return zdd_mono_ms() - lab->started_mono_ms;
}

int64_t zdd_lab_utc(const struct zdd_lab *lab)
{
    return lab->started_utc_ms + zdd_lab_now(lab);
}

int64_t zdd_lab_version_new(struct zdd_lab *lab)
{
    int64_t version = zdd_lab_utc(lab);

    if (version <= lab->last_version_ms)
        version = lab->last_version_ms + 1;
    lab->last_version_ms = version;
    return version;
}

int64_t zdd_lab_scaled(const struct zdd_lab *lab, int64_t ms)
{
    const int64_t scaled = (int64_t)llround((double)ms / lab->options->speed);

    return ms > 0 && scaled < 1 ? 1 : scaled;
}

static void put(struct zdd_lab *lab, size_t place, struct zdd_lab_timer *timer)
{
    lab->heap[place - 1] = timer;
    timer->place = place;
}

static void sift_up(struct zdd_lab *lab, struct zdd_lab_timer *timer)
{
    size_t place = timer->place;

    while (place > 1 && lab->heap[place / 2 - 1]->due_ms > timer->due_ms) {
        put(lab, place, lab->heap[place / 2 - 1]);
        place /= 2;
    }
    put(lab, place, timer);
}

static void sift_down(struct zdd_lab *lab, struct zdd_lab_timer *timer)
{
    size_t place = timer->place;

    while (place * 2 <= lab->heap_count) {
        size_t child = place * 2;

        if (child < lab->heap_count && lab->heap[child]->due_ms < lab->heap[child - 1]->due_ms)
            child++;
        if (lab->heap[child - 1]->due_ms >= timer->due_ms)
            break;
        put(lab, place, lab->heap[child - 1]);
        place = child;
    }
    put(lab, place, timer);
}

void zdd_lab_timer_stop(struct zdd_lab *lab, struct zdd_lab_timer *timer)
{
    struct zdd_lab_timer *last;

    if (!timer->place)
        return;
    last = lab->heap[lab->heap_count - 1];
    lab->heap_count--;
    if (last != timer) {
        put(lab, timer->place, last);
        sift_up(lab, last);
        sift_down(lab, last);
    }
    timer->place = 0;
}

static void grow(struct zdd_lab *lab)
{
    const size_t capacity = lab->heap_capacity ? lab->heap_capacity * 2 : HEAP_FIRST;
    struct zdd_lab_timer **heap = realloc(lab->heap, capacity * sizeof(struct zdd_lab_timer *));

    if (!heap) {
        fputs("zdd-lab: out of memory\n", stderr);
        abort();
    }
    lab->heap = heap;
    lab->heap_capacity = capacity;
}

void zdd_lab_timer_set(struct zdd_lab *lab, struct zdd_lab_timer *timer, int64_t in_ms,
                       void (*fire)(struct zdd_lab *lab, void *cls), void *cls)
{
    zdd_lab_timer_stop(lab, timer);
    if (lab->heap_count == lab->heap_capacity)
        grow(lab);
    timer->due_ms = zdd_lab_now(lab) + in_ms;
    timer->fire = fire;
    timer->cls = cls;
    timer->place = ++lab->heap_count;
    sift_up(lab, timer);
}

int64_t zdd_lab_timers_fire(struct zdd_lab *lab, int64_t max_ms)
{
    const int64_t now_ms = zdd_lab_now(lab);

    while (lab->heap_count && lab->heap[0]->due_ms <= now_ms) {
        struct zdd_lab_timer *timer = lab->heap[0];

        zdd_lab_timer_stop(lab, timer); /* before: it may set itself again, or be freed */
        timer->fire(lab, timer->cls);
    }
    if (!lab->heap_count)
        return max_ms;

    const int64_t wait_ms = lab->heap[0]->due_ms - now_ms;

    return wait_ms < max_ms ? wait_ms : max_ms;
}
