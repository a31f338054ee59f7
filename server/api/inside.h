/**
 * @file server/api/inside.h
 * @brief Inside server/api only: what handlers share.
 */
#pragma once

#include "server/api/api.h"
#include "server/api/hub.h"
#include "server/api/notes.h"
#include "server/api/passes.h"
#include "server/api/tickets.h"
#include "storage/tokens.h"

#include <stdatomic.h>

/** zdd_route.flags: the low bits are the scope that is needed (enum zdd_scope). */
enum zdd_route_flag {
    ZDD_ROUTE_OPEN = 1 << 8,       /* anybody may call it */
    ZDD_ROUTE_WORK = 1 << 9,       /* starts new work: refused while draining */
    ZDD_ROUTE_CHANGE = 1 << 10,    /* changes something: a refusal goes into the audit */
    ZDD_ROUTE_SSE = 1 << 11,       /* answers text/event-stream too */
    ZDD_ROUTE_NDJSON = 1 << 12,    /* … application/x-ndjson too */
    ZDD_ROUTE_TEXT = 1 << 13,      /* … text/plain too */
    ZDD_ROUTE_TEXT_ONLY = 1 << 14, /* answers text/plain and no JSON */
    ZDD_ROUTE_PAGE = 1 << 15,      /* answers what it has, whatever Accept says: the dashboard */
};
#define ZDD_ROUTE_SCOPES 0xFFU

enum zdd_media { ZDD_MEDIA_NONE, ZDD_MEDIA_JSON, ZDD_MEDIA_SSE, ZDD_MEDIA_NDJSON, ZDD_MEDIA_TEXT };

/** Who asks, and what the audit should know if it is refused. In zdd_call.caller from `before` to
 * `after`. */
struct zdd_caller {
    struct zdd_token token;  /* all zero on open routes */
    struct zdd_ticket shown; /* by what */
    char actor[ZDD_ACTOR_SIZE];
    enum zdd_media media;  /* what to answer */
    int64_t begun_mono_ms; /* when the call came in */
    char app_id[ZDD_APP_ID_SIZE];
    char run_id[ZDD_ID_SIZE];
    char *reason;     /* or NULL; owned: few calls have one, and a stream keeps its caller */
    bool conditional; /* If-None-Match named what was there when the call began to wait */
    bool audited;     /* the refusal is in the audit already */
};

#define ZDD_STATUS_CLASSES 6

struct zdd_views;
struct zdd_limits;

struct zdd_api {
    struct zdd_api_options options;
    struct zdd_hub *hub;
    struct zdd_notes *notes;
    struct zdd_passes *passes;
    struct zdd_views *views;
    struct zdd_limits *limits;
    struct zdd_tickets *tickets;
    char *catalogue; /* the answer of GET /v1/strategies */
    int64_t started_ms;
    atomic_bool draining;
    atomic_ullong answered[ZDD_STATUS_CLASSES]; /* calls by first digit of the status */
};

static inline struct zdd_api *zdd_api_of(const struct zdd_call *call)
{
    return call->app;
}

static inline struct zdd_store *zdd_store_of(const struct zdd_call *call)
{
    return zdd_api_of(call)->options.store;
}

static inline struct zdd_caller *zdd_caller_of(const struct zdd_call *call)
{
    return call->caller;
}

/* ---- auth.c ---- */

/** Find out who asks, by the bearer token or else the session's cookie, and whether the scopes
 * suffice. @return NONE, TOKEN_MISSING, TOKEN_UNKNOWN, SESSION_UNKNOWN, CSRF_REFUSED, SCOPE_MISSING
 * or a store error */
ZDD_MUST_CHECK enum zdd_err zdd_api_authenticate(struct zdd_call *call);

/** From here on it is the one with @p token who calls. */
void zdd_caller_is(struct zdd_caller *caller, const struct zdd_token *token);

/** A token or session was not found: count it against the address it came from. @return @p err, or
 * RATE_LIMITED; what is no refusal is handed through */
ZDD_MUST_CHECK enum zdd_err zdd_api_refuse_pass(struct zdd_call *call, enum zdd_err err);

/** Note for the audit what the call is about; NULL leaves what is there. */
void zdd_caller_note(struct zdd_caller *caller, const char *app_id, const char *run_id,
                     const char *reason);

/** @return true when the caller's token reaches @p app_id */
bool zdd_caller_reaches(const struct zdd_caller *caller, const char *app_id);

/** @return the prefix of what the caller may see, for storage filters: NULL is all */
const char *zdd_caller_prefix(const struct zdd_caller *caller);

/* ---- accept.c ---- */

/** @return what to answer to header Accept (NULL: none was sent) on a route with @p flags */
enum zdd_media zdd_accept_choose(const char *accept, unsigned flags);

/** Write the media types that a route with @p flags answers: "application/json, text/plain". */
void zdd_accept_words(unsigned flags, char *ret_text, size_t size);

/** @return true when @p list (of If-Match or If-None-Match) names @p revision, or is "*" */
bool zdd_etag_listed(const char *list, int64_t revision);

/** @return true when @p list names @p etag (with its quotes), or is "*". Tags of the compressed
 * reply and weak ones, which proxies make, count as well: they stand for the same state. */
bool zdd_etag_text_listed(const char *list, const char *etag);

/** @return the seconds of "wait=N" in header Prefer, at most @p max; -1 when there is none */
int zdd_prefer_wait(const char *prefer, int max);

/* ---- ask.c ---- */

/** Refuse query parameters that are not among @p known, and repeated ones. */
ZDD_MUST_CHECK enum zdd_err zdd_ask_known(struct zdd_call *call, const char *const known[],
                                          size_t count);
/** Read query parameter @p name as a time; 0 when absent. */
ZDD_MUST_CHECK enum zdd_err zdd_ask_time(struct zdd_call *call, const char *name, int64_t *ret_ms);
/** Read query parameter @p name as one of @p words; NULL when absent. A word that ends in '.'
 * stands for all that begin so, and is not told. @return NONE, or QUERY_INVALID with a detail that
 * names them */
ZDD_MUST_CHECK enum zdd_err zdd_ask_word(struct zdd_call *call, const char *name,
                                         const char *const words[], size_t count,
                                         const char **ret_word);
/** Path argument @p index as an id. @return NONE or @p unknown with a detail */
ZDD_MUST_CHECK enum zdd_err zdd_ask_id(struct zdd_call *call, size_t index, enum zdd_err unknown,
                                       const char **ret_id);
/** Path argument @p index as an app id within the caller's reach. @return NONE or APP_UNKNOWN */
ZDD_MUST_CHECK enum zdd_err zdd_ask_app(struct zdd_call *call, size_t index,
                                        const char **ret_app_id);
/** Load the deployment of path argument 0 if the caller may see it. @return NONE, RUN_UNKNOWN or a
 * store error. @p ret_labels as in zdd_run_load() */
ZDD_MUST_CHECK enum zdd_err zdd_ask_run(struct zdd_call *call, struct zdd_run *ret_run,
                                        char **ret_labels);

/* ---- answer.c ---- */

/** @return @p err, or what went wrong while the reply was written */
ZDD_MUST_CHECK enum zdd_err zdd_answer(struct zdd_call *call, enum zdd_err err);

/** Let a worker of the engine do @p work: the only place for calls to the cluster. @return LATER
 * (@p work will call zdd_call_finish(), perhaps has), or why not */
ZDD_MUST_CHECK enum zdd_err zdd_answer_later(struct zdd_call *call, void (*work)(void *cls),
                                             void *cls);

/** Note the cluster's @p reason as the detail. @return @p err */
enum zdd_err zdd_answer_cluster(struct zdd_call *call, enum zdd_err err, const char *reason);

/** Let the engine look at a deployment now. While draining it is left to the next start: then the
 * engine may be gone already. */
void zdd_answer_wake(struct zdd_api *api, const char *run_id, const char *app_id);

/** Append "allowedCommands" of @p state to the problem's members. */
void zdd_answer_allowed(struct zdd_call *call, const struct zdd_run *run);
