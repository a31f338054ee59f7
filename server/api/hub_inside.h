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

/** What streams were let in by; one for all of a token or session. */
struct zdd_hub_pass {
    struct zdd_hub_pass *next; /* freed by the hub's thread alone */
    struct zdd_ticket shown;
    /* under hub->lock; written by the hub's thread alone, but for streams */
    unsigned streams;
    bool known;            /* was looked up */
    int64_t expires_at_ms; /* 0: never */
    enum zdd_err verdict;  /* NONE, or why it is over */
};

/** Whether any token or session has changed: both numbers are as they were. */
struct zdd_hub_mark {
    uint64_t stamp;
    int64_t revoked;
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

    struct zdd_hub_pass *passes;
    struct zdd_hub_mark mark; /* for the hub's thread alone */
    int64_t next_look_mono_ms;

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

/** Wake the streams whose pass is over. Under hub->lock. */
void zdd_hub_wake_ended(struct zdd_hub *hub);

/** Look at passes as soon as possible. Under hub->lock. */
void zdd_hub_hurry(struct zdd_hub *hub);

/* ---- hub_pass.c ---- */

/** @return the pass for one more stream by @p shown; NULL without memory. Under hub->lock. */
struct zdd_hub_pass *zdd_hub_pass_take(struct zdd_hub *hub, const struct zdd_ticket *shown);

/** Append the last event of a stream whose pass is over. */
void zdd_hub_pass_farewell(const struct zdd_hub_pass *pass, struct zdd_buf *frames);

/** Look whether passes have ended. By the hub's thread, without the lock. @return true: some have
 */
ZDD_MUST_CHECK bool zdd_hub_passes_look(struct zdd_hub *hub);

/** No stream is open and the thread has ended. */
void zdd_hub_passes_free(struct zdd_hub *hub);
