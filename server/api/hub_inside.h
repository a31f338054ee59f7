/**
 * @file server/api/hub_inside.h
 * @brief Inside the hub only: what its thread (hub.c) and its streams (hub_stream.c) share.
 */
#pragma once

#include "server/api/hub.h"

#include <pthread.h>

/** One event, rendered once for all streams. Freed when the ring and the last reader let go. */
struct zdd_frame {
    unsigned references; /* under hub->lock */
    int64_t seq;
    bool ends_run; /* nothing follows for its deployment */
    size_t size;
    const char *type, *app_id, *run_id; /* into text; "" for none */
    char text[]; /* the frame, then the three texts above, each with its NUL */
};

/** A deferred call that waits for news of one deployment. */
struct zdd_waiter {
    struct zdd_waiter *next;
    struct zdd_call *call;
    char run_id[ZDD_ID_SIZE];
    int64_t revision;
    int64_t until_mono_ms;
    bool check; /* there may be news */
};

struct zdd_hub {
    struct zdd_hub_options options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool dirty; /* the store has more events than the ring */
    bool draining, stop;
    int64_t next_beat_mono_ms;

    struct zdd_frame **ring; /* the latest frame_count events, seq newest_seq last; by seq modulo
                                ring_size */
    unsigned frame_count;
    int64_t newest_seq; /* of the ring; all older events are in the store */
    uint64_t frames_made, cut_count;

    struct zdd_hub_client *clients;
    unsigned client_count;
    struct zdd_waiter *waiters;
    unsigned waiter_count;
};

/** @return the frame of @p event; NULL without memory */
struct zdd_frame *zdd_frame_new(const struct zdd_event *event);
/** Under hub->lock. */
void zdd_frame_release(struct zdd_frame *frame);

/** @return the oldest event that the ring still has; newest_seq + 1 when it is empty. Under
 * hub->lock. */
static inline int64_t zdd_hub_oldest(const struct zdd_hub *hub)
{
    return hub->newest_seq - (int64_t)hub->frame_count + 1;
}

/** There is news, and with @p beat a comment is due: wake every stream. Under hub->lock. */
void zdd_hub_wake_clients(struct zdd_hub *hub, bool beat);
