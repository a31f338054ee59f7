/**
 * @file server/http/exchange.h
 * @brief Inside server/http only: one request on its way through libmicrohttpd.
 *
 * An exchange belongs to the one thread of libmicrohttpd that polls its connection. Other threads
 * may only finish it or wake its stream; what these touch is guarded by zdd_http.lock:
 *
 *     handler returns LATER ──▶ waiting (suspended) ──finish──▶ resumed, answered
 *              └── finished already ───────────────────────────▶ answered at once
 *     waiting ── server freed ──▶ orphaned ──finish──▶ freed
 *
 *     read gives 0 ──▶ idle (suspended) ──wake──▶ resumed, read again
 *              └── woken meanwhile ─────────────▶ read again
 *
 * MHD_suspend_connection() and MHD_resume_connection() are called under the lock, together with the
 * change of the flag: so each suspended connection is resumed exactly once.
 */
#pragma once

#include "server/http/linger.h"
#include "server/http/remote.h"
#include "server/http/server.h"
#include "server/http/visits.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

struct zdd_exchange;

struct zdd_http {
    struct MHD_Daemon *daemon;
    struct zdd_http_options options; /* defaults filled in */
    struct zdd_linger *linger;
    struct zdd_visits *visits;
    uint16_t port;
    int quiesced_fd; /* the listening socket, ours again after quiescing; else -1 */
    _Atomic unsigned connection_count;
    _Atomic bool draining; /* new calls get 503 and streams end; set under the lock */

    pthread_mutex_t lock;
    pthread_cond_t changed;     /* active_count fell */
    struct zdd_exchange *first; /* all exchanges that have begun */
    unsigned active_count;      /* how many those are */
    unsigned orphan_count;      /* deferred calls that outlive their connections */
    bool stopping;              /* nothing may be suspended any more */
    bool freed;                 /* by its owner: the last orphan frees this struct */
};

struct zdd_stream {
    struct zdd_exchange *exchange;
    struct zdd_stream_source source;
    bool open; /* source.close is owed */
    bool plain;
    bool idle;  /* under the lock: suspended until woken */
    bool woken; /* under the lock: since the last read began */
};

struct zdd_exchange {
    struct zdd_call call;
    struct zdd_http *http;
    struct MHD_Connection *connection;
    struct zdd_exchange *next, *previous; /* under the lock */
    struct zdd_buf body;
    struct zdd_stream stream;
    size_t discarded;         /* bytes of a body that is not kept */
    int64_t body_end_mono_ms; /* when the body must have arrived */
    enum zdd_err verdict;
    char method[24];
    char remote[ZDD_REMOTE_SIZE];
    bool begun;                 /* the headers have arrived; options.after is owed */
    bool is_old;                /* HTTP/1.0 */
    bool whole;                 /* the reply is there already: no handler */
    bool ran;                   /* the handler was called, or is not to be */
    bool answered;              /* a response is queued */
    bool lingers;               /* … before the body was read: keep the socket a little longer */
    bool deferred;              /* under the lock: the handler returned ZDD_ERR_LATER */
    bool finished;              /* under the lock: zdd_call_finish() was called … */
    enum zdd_err finished_with; /* … with this */
    bool waiting;               /* under the lock: suspended until finished */
    bool orphaned;              /* under the lock: its connection is gone */
};

/** What to do with the connection now. */
enum zdd_progress { ZDD_PROGRESS_ANSWER, ZDD_PROGRESS_WAIT, ZDD_PROGRESS_CUT };

/** Listen on an address. @return a socket that does not block, or -1 and why, as one sentence */
int zdd_http_listen(const char *host, uint16_t port, uint16_t *ret_port,
                    char ret_reason[static 200]);

/** Begin, with the request target as sent (may be NULL). @return NULL without memory */
struct zdd_exchange *zdd_exchange_new(struct zdd_http *http, struct MHD_Connection *connection,
                                      const char *target);

/** The headers have arrived: check them, find the route, ask options.before. */
void zdd_exchange_begin(struct zdd_exchange *exchange, const char *method, const char *version,
                        bool over_limit);

/** @return true when the request announces a body */
bool zdd_exchange_has_body(const struct zdd_exchange *exchange);

/** A piece of the body. @return false when too much came, or too slowly: cut the connection */
bool zdd_exchange_take(struct zdd_exchange *exchange, const char *data, size_t size);

/** The request is complete, or the deferred call goes on. The handler runs once at most. */
enum zdd_progress zdd_exchange_run(struct zdd_exchange *exchange);

/** Fill the reply for the verdict, which is no success. */
void zdd_exchange_fail(struct zdd_exchange *exchange);

/** Queue the response. @return what the access handler returns to libmicrohttpd */
enum MHD_Result zdd_exchange_answer(struct zdd_exchange *exchange);

/** libmicrohttpd has done with it: call options.after and free it, unless it is an orphan now. */
void zdd_exchange_end(struct zdd_exchange *exchange);

/** Wake what waits: every stream, and with @p deferred every deferred call too. Under the lock. */
void zdd_exchange_resume_all(struct zdd_http *http, bool deferred);

/** @return a response that reads the exchange's stream; NULL without memory */
struct MHD_Response *zdd_stream_response(struct zdd_exchange *exchange);

/** zdd_carrier.stream */
struct zdd_stream *zdd_stream_open(struct zdd_call *call, struct zdd_stream_source source,
                                   bool plain);

/** Call source.close, if that is still owed. */
void zdd_stream_close(struct zdd_stream *stream);

/** Free the struct; nothing uses it any more. */
void zdd_http_destroy(struct zdd_http *http);
