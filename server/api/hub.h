/**
 * @file server/api/hub.h
 * @brief Who waits for news: event streams, and calls with "Prefer: wait". One thread feeds them.
 *
 * The store's writer says only "there is more". The hub's thread reads the new events once,
 * renders each once and keeps the latest in a ring that all streams share; a stream holds a
 * position and no buffer. Who is further back than the ring reads the database, a bounded piece at
 * a time, until it has caught up. Who was live and falls 16 rings behind is cut, and resumes by
 * Last-Event-ID; who does not read at all is cut by the HTTP server.
 *
 * A stream ends, with an event that says why, within about a second after the token or session that
 * opened it has ended.
 *
 * Locks: hub->lock may be held while zdd_stream_wake() is called, and is taken in read and close.
 */
#pragma once

#include "server/api/tickets.h"
#include "server/http/call.h"
#include "storage/events.h"

#include <stdint.h>

struct zdd_hub;

struct zdd_hub_options {
    struct zdd_store *store;   /* borrowed */
    struct zdd_passes *passes; /* borrowed */
    unsigned ring_size;
    unsigned stream_max;
    unsigned waiter_max;
    int64_t heartbeat_ms;
    /** Answer a waiting call, or say that there is nothing new: called from the hub's thread.
     * @return true when zdd_call_finish() was called */
    bool (*settle)(struct zdd_call *call, const char *run_id, int64_t revision, bool last_chance);
};

/** @return NULL without memory or thread, or when the store cannot be read */
struct zdd_hub *zdd_hub_new(const struct zdd_hub_options *options);
/** All streams must be closed and all waiting calls be answered. NULL is fine. @return NULL */
struct zdd_hub *zdd_hub_free(struct zdd_hub *hub);

/** Answer all waiting calls now and let no further one wait. */
void zdd_hub_drain(struct zdd_hub *hub);

/**
 * Hold @p call back until options.settle() answers it: tried at once, at each event of
 * @p run_id, and for the last time after @p wait_ms.
 * @return ZDD_ERR_LATER; ZDD_ERR_TOO_MANY_CALLS when waiter_max wait already (or draining): then
 * the caller answers
 */
ZDD_MUST_CHECK enum zdd_err zdd_hub_wait(struct zdd_hub *hub, struct zdd_call *call,
                                         const char *run_id, int64_t revision, int64_t wait_ms);

/** A token or session may have ended just now: look at once. From any thread. */
void zdd_hub_recheck(struct zdd_hub *hub);

/** What a stream wants; texts are copied. */
struct zdd_hub_ask {
    const struct zdd_ticket *shown;                  /* what let it in; copied */
    const char *app_id, *run_id, *type, *app_prefix; /* as in struct zdd_event_filter */
    int64_t after_seq;                               /* -1: only what comes from now on */
    bool until_end;                                  /* end after the last event of run_id */
};

/** Answer @p call with a stream of events. @return NONE, TOO_MANY_CALLS, NO_MEMORY or a store error
 */
ZDD_MUST_CHECK enum zdd_err zdd_hub_stream(struct zdd_hub *hub, struct zdd_call *call,
                                           const struct zdd_hub_ask *ask);

struct zdd_hub_stats {
    unsigned streams, waiters;
    uint64_t events; /* rendered since the start */
    uint64_t cut;    /* streams cut for falling behind */
};
void zdd_hub_stats(struct zdd_hub *hub, struct zdd_hub_stats *ret_stats);
