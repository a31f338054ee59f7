/**
 * @file server/api/hub.c
 * @brief The thread that brings news: from the store to the ring, to the streams, to who waits.
 */
#include "server/api/hub_inside.h"
#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/base/wait.h"

#include <assert.h>
#include <string.h>

#define BATCH 256            /* events read at once */
#define RETRY_MS 500         /* when the store could not be read */
#define LOOK_MS 1000         /* how often it is asked whether tokens or sessions have ended */
#define IDLE_WAIT_MS 3600000 /* with nothing to do, look at the clock once an hour */

/* Called by the store's writer after a commit: must be quick. */
static void there_is_more(void *cls, int64_t last_seq)
{
    struct zdd_hub *hub = cls;

    (void)last_seq;
    pthread_mutex_lock(&hub->lock);
    hub->dirty = true;
    pthread_cond_signal(&hub->changed);
    pthread_mutex_unlock(&hub->lock);
}

/* Under the lock. */
static void keep(struct zdd_hub *hub, struct zdd_frame *frame)
{
    struct zdd_frame **place = &hub->ring[frame->seq % hub->options.ring_size];

    assert(frame->seq == hub->newest_seq + 1);
    if (*place)
        zdd_frame_release(*place);
    *place = frame;
    hub->newest_seq = frame->seq;
    if (hub->frame_count < hub->options.ring_size)
        hub->frame_count++;
    hub->frames_made++;
    for (struct zdd_waiter *w = hub->waiters; w; w = w->next)
        w->check = w->check || strcmp(w->run_id, frame->run_id) == 0;
}

/* Forget the ring and go on after @p seq: what lies between is read from the store by who wants it.
 * Under the lock. */
static void skip_to(struct zdd_hub *hub, int64_t seq)
{
    for (unsigned i = 0; i < hub->options.ring_size; i++) {
        if (hub->ring[i])
            zdd_frame_release(hub->ring[i]);
        hub->ring[i] = NULL;
    }
    hub->frame_count = 0;
    hub->newest_seq = seq;
}

struct reading {
    struct zdd_hub *hub;
    int count;
    bool failed;
};

static bool take_event(void *cls, const struct zdd_event *event)
{
    struct reading *reading = cls;
    struct zdd_frame *frame = zdd_frame_new(event);

    if (!frame) {
        reading->failed = true;
        return false;
    }
    reading->count++;
    pthread_mutex_lock(&reading->hub->lock);
    if (event->seq != reading->hub->newest_seq + 1)
        skip_to(reading->hub, event->seq - 1); /* old events were removed meanwhile */
    keep(reading->hub, frame);
    pthread_mutex_unlock(&reading->hub->lock);
    return true;
}

/* Without the lock; only the hub's thread moves newest_seq. @return false when the store or the
 * memory failed */
static bool read_events(struct zdd_hub *hub)
{
    struct reading reading = {.hub = hub};

    do {
        const struct zdd_event_filter filter = {.after_seq = hub->newest_seq, .limit = BATCH};

        reading.count = 0;
        if (zdd_event_list(hub->options.store, &filter, take_event, &reading) != ZDD_ERR_NONE)
            return false;
    } while (reading.count == BATCH && !reading.failed);
    return !reading.failed;
}

/* Take out of the list who may be answered. Under the lock. */
static struct zdd_waiter *take_waiters(struct zdd_hub *hub, int64_t now)
{
    struct zdd_waiter *taken = NULL;
    struct zdd_waiter **place = &hub->waiters;

    while (*place) {
        struct zdd_waiter *waiter = *place;

        if (!waiter->check && now < waiter->until_mono_ms && !hub->draining) {
            place = &waiter->next;
            continue;
        }
        *place = waiter->next;
        waiter->next = taken;
        taken = waiter;
    }
    return taken;
}

/* Answer them, or put them back. Without the lock. */
static void settle(struct zdd_hub *hub, struct zdd_waiter *waiter, int64_t now, bool last_chance)
{
    while (waiter) {
        struct zdd_waiter *next = waiter->next;
        const bool late = last_chance || now >= waiter->until_mono_ms;
        const bool done = hub->options.settle(waiter->call, waiter->run_id, waiter->revision, late);

        pthread_mutex_lock(&hub->lock);
        if (done) {
            hub->waiter_count--;
            free(waiter);
        } else {
            assert(!late && "the last chance must be taken");
            waiter->check = false;
            waiter->next = hub->waiters;
            hub->waiters = waiter;
        }
        pthread_mutex_unlock(&hub->lock);
        waiter = next;
    }
}

/* Under the lock: sleep until there is something to do. */
static void sleep_until_due(struct zdd_hub *hub, int64_t retry_at)
{
    int64_t due = zdd_mono_ms() + IDLE_WAIT_MS;

    for (const struct zdd_waiter *w = hub->waiters; w; w = w->next) {
        if (w->check || hub->draining)
            return;
        due = w->until_mono_ms < due ? w->until_mono_ms : due;
    }
    due = hub->next_beat_mono_ms < due ? hub->next_beat_mono_ms : due;
    due = hub->passes && hub->next_look_mono_ms < due ? hub->next_look_mono_ms : due;
    due = retry_at && retry_at < due ? retry_at : due;
    if (hub->stop || (hub->dirty && !retry_at) || due <= zdd_mono_ms())
        return;
    (void)zdd_cond_wait(&hub->changed, &hub->lock, due);
}

/* Under the lock, which is given up while the database is read. */
static void look_at_passes(struct zdd_hub *hub, int64_t now)
{
    bool ended;

    if (!hub->passes || now < hub->next_look_mono_ms)
        return;
    hub->next_look_mono_ms = now + LOOK_MS;
    pthread_mutex_unlock(&hub->lock);
    ended = zdd_hub_passes_look(hub);
    pthread_mutex_lock(&hub->lock);
    if (ended)
        zdd_hub_wake_ended(hub);
}

static void *run(void *cls)
{
    struct zdd_hub *hub = cls;
    int64_t retry_at = 0; /* the store failed: not before then again */

    pthread_mutex_lock(&hub->lock);
    while (!hub->stop) {
        struct zdd_waiter *taken;
        int64_t now;
        bool read, beat, last_chance;

        sleep_until_due(hub, retry_at);
        now = zdd_mono_ms();
        read = hub->dirty && now >= retry_at;
        beat = now >= hub->next_beat_mono_ms;
        if (beat)
            hub->next_beat_mono_ms = now + hub->options.heartbeat_ms;
        if (read) {
            hub->dirty = false;
            pthread_mutex_unlock(&hub->lock);
            retry_at = read_events(hub) ? 0 : now + RETRY_MS;
            pthread_mutex_lock(&hub->lock);
            hub->dirty = hub->dirty || retry_at;
        }
        if (read || beat)
            zdd_hub_wake_clients(hub, beat);
        look_at_passes(hub, now);
        taken = take_waiters(hub, now);
        last_chance = hub->draining;
        pthread_mutex_unlock(&hub->lock);
        settle(hub, taken, now, last_chance);
        pthread_mutex_lock(&hub->lock);
    }
    pthread_mutex_unlock(&hub->lock);
    return NULL;
}

enum zdd_err zdd_hub_wait(struct zdd_hub *hub, struct zdd_call *call, const char *run_id,
                          int64_t revision, int64_t wait_ms)
{
    struct zdd_waiter *waiter = calloc(1, sizeof(*waiter));
    bool room;

    if (!waiter)
        return ZDD_ERR_NO_MEMORY;
    waiter->call = call;
    waiter->revision = revision;
    waiter->until_mono_ms = zdd_mono_ms() + wait_ms;
    waiter->check = true; /* it may have changed since the caller looked */
    memcpy(waiter->run_id, run_id, strlen(run_id) + 1);
    pthread_mutex_lock(&hub->lock);
    room = hub->waiter_count < hub->options.waiter_max && !hub->draining;
    if (room) {
        waiter->next = hub->waiters;
        hub->waiters = waiter;
        hub->waiter_count++;
        pthread_cond_signal(&hub->changed);
    }
    pthread_mutex_unlock(&hub->lock);
    if (room)
        return ZDD_ERR_LATER; /* the list has it now */
    free(waiter);
    return ZDD_ERR_TOO_MANY_CALLS;
}

void zdd_hub_hurry(struct zdd_hub *hub)
{
    hub->next_look_mono_ms = 0;
    pthread_cond_signal(&hub->changed);
}

void zdd_hub_recheck(struct zdd_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    zdd_hub_hurry(hub);
    pthread_mutex_unlock(&hub->lock);
}

void zdd_hub_drain(struct zdd_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->draining = true;
    pthread_cond_signal(&hub->changed);
    pthread_mutex_unlock(&hub->lock);
}

void zdd_hub_stats(struct zdd_hub *hub, struct zdd_hub_stats *ret_stats)
{
    pthread_mutex_lock(&hub->lock);
    *ret_stats = (struct zdd_hub_stats){
        .streams = hub->client_count,
        .waiters = hub->waiter_count,
        .events = hub->frames_made,
        .cut = hub->cut_count,
    };
    pthread_mutex_unlock(&hub->lock);
}

static void init_locks(struct zdd_hub *hub)
{
    pthread_mutex_init(&hub->lock, NULL);
    zdd_cond_init(&hub->changed);
}

static void destroy(struct zdd_hub *hub)
{
    pthread_cond_destroy(&hub->changed);
    pthread_mutex_destroy(&hub->lock);
    free(hub->ring);
    free(hub);
}

struct zdd_hub *zdd_hub_new(const struct zdd_hub_options *options)
{
    struct zdd_hub *hub = calloc(1, sizeof(*hub));
    int64_t first;

    if (!hub)
        return NULL;
    hub->options = *options;
    hub->ring = calloc(options->ring_size, sizeof(struct zdd_frame *));
    hub->next_beat_mono_ms = zdd_mono_ms() + options->heartbeat_ms;
    init_locks(hub);
    if (!hub->ring || zdd_event_range(options->store, &first, &hub->newest_seq) != ZDD_ERR_NONE ||
        pthread_create(&hub->thread, NULL, run, hub) != 0) {
        destroy(hub);
        return NULL;
    }
    zdd_event_listen(options->store, there_is_more, hub);
    there_is_more(hub, 0); /* an event may have come before the listener was in place */
    return hub;
}

struct zdd_hub *zdd_hub_free(struct zdd_hub *hub)
{
    if (!hub)
        return NULL;
    zdd_event_listen(hub->options.store, NULL, NULL);
    zdd_hub_drain(hub);
    pthread_mutex_lock(&hub->lock);
    hub->stop = true;
    pthread_cond_signal(&hub->changed);
    pthread_mutex_unlock(&hub->lock);
    pthread_join(hub->thread, NULL);
    assert(!hub->clients && !hub->waiters && "free the HTTP server first");
    skip_to(hub, 0);
    zdd_hub_passes_free(hub);
    destroy(hub);
    return NULL;
}
