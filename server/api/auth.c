/**
 * @file server/api/auth.c
 * @brief Who asks, what they may do, and which apps they may see.
 */
#include "server/api/inside.h"
#include "server/api/limits.h"
#include "server/api/session.h"
#include "server/base/clock.h"
#include "server/base/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* @return the token in header Authorization, NULL when there is none */
static const char *bearer(const struct zdd_call *call)
{
    const char *header = zdd_call_header(call, "Authorization");

    if (!header || strncasecmp(header, "Bearer ", 7) != 0)
        return NULL;
    header += 7;
    header += strspn(header, " ");
    return *header ? header : NULL;
}

/* Names of the scopes in @p scopes, with blanks between. */
static void scope_names(unsigned scopes, char *ret_text, size_t size)
{
    size_t used = 0;

    ret_text[0] = '\0';
    for (unsigned bit = 1; bit <= ZDD_SCOPE_ADMIN; bit <<= 1) {
        if ((scopes & bit) && used < size)
            used += (size_t)snprintf(ret_text + used, size - used, "%s%s", used ? " " : "",
                                     zdd_scope_name((enum zdd_scope)bit));
    }
}

/* A page of another site can make a browser send the cookie, but neither read the session's CSRF
 * token nor set a header that this server does not allow it. */
static enum zdd_err check_origin(struct zdd_call *call, const char *cookie)
{
    const char *shown = zdd_call_header(call, "X-CSRF-Token");
    char wanted[ZDD_SHA256_HEX_SIZE];
    enum zdd_err err = zdd_session_same_site(call);

    if (err != ZDD_ERR_NONE || strcmp(call->method, "GET") == 0 ||
        strcmp(call->method, "HEAD") == 0)
        return err;
    zdd_session_csrf(cookie, wanted);
    if (shown && zdd_secret_equal(shown, wanted))
        return ZDD_ERR_NONE;
    return zdd_call_fail(call, ZDD_ERR_CSRF_REFUSED,
                         "with a session's cookie, send its csrfToken as header X-CSRF-Token");
}

/* What a caller shows, by its hash from here on. */
static enum zdd_err find_pass(struct zdd_call *call, enum zdd_pass kind, const char *secret)
{
    struct zdd_caller *caller = zdd_caller_of(call);

    caller->shown.kind = kind;
    zdd_sha256_hex(secret, strlen(secret), caller->shown.secret_hash);
    return zdd_passes_find_hash(zdd_api_of(call)->passes, kind, caller->shown.secret_hash,
                                call->now_ms, &caller->token);
}

static enum zdd_err find_session(struct zdd_call *call, const char *cookie)
{
    struct zdd_caller *caller = zdd_caller_of(call);
    const enum zdd_err err = find_pass(call, ZDD_PASS_SESSION, cookie);

    if (err != ZDD_ERR_NONE)
        return err;
    zdd_caller_is(caller, &caller->token); /* also when it is refused next: the audit tells */
    return check_origin(call, cookie);
}

static enum zdd_err find_token(struct zdd_call *call, const char *token)
{
    const enum zdd_err err = find_pass(call, ZDD_PASS_TOKEN, token);

    if (err == ZDD_ERR_TOKEN_UNKNOWN)
        zdd_call_add_header(call, "WWW-Authenticate",
                            "Bearer realm=\"zdd\", error=\"invalid_token\"");
    return err;
}

/* @return the ticket of a call that wants a stream; NULL when there is none */
static const char *ticket_of(const struct zdd_call *call)
{
    const unsigned flags = call->route->flags;

    return zdd_accept_choose(zdd_call_header(call, "Accept"), flags) == ZDD_MEDIA_SSE
               ? zdd_call_query(call, "ticket")
               : NULL;
}

static enum zdd_err find_ticket(struct zdd_call *call, const char *text)
{
    struct zdd_caller *caller = zdd_caller_of(call);
    struct zdd_ticket *shown = &caller->shown;

    if (!zdd_tickets_take(zdd_api_of(call)->tickets, text, zdd_mono_ms(), shown))
        return zdd_call_fail(call, ZDD_ERR_TICKET_UNKNOWN,
                             "a ticket opens one stream, within %d s; ask for another one by POST "
                             "/v1/stream-tickets",
                             ZDD_TICKET_MS / 1000);
    return zdd_passes_find_hash(zdd_api_of(call)->passes, shown->kind, shown->secret_hash,
                                call->now_ms, &caller->token);
}

/* The header counts before the cookie: a browser adds the one by itself, and never the other. */
static enum zdd_err find_caller(struct zdd_call *call)
{
    const char *token = bearer(call);
    const char *ticket = token ? NULL : ticket_of(call);
    char cookie[ZDD_TOKEN_SIZE];

    if (token)
        return find_token(call, token);
    if (ticket)
        return find_ticket(call, ticket);
    if (zdd_session_cookie(call, cookie))
        return find_session(call, cookie);
    return zdd_call_fail(call, ZDD_ERR_TOKEN_MISSING,
                         "send the header \"Authorization: Bearer zdd_…\"");
}

static enum zdd_err refuse_pace(struct zdd_call *call, const struct zdd_limit *limit,
                                const char *who)
{
    zdd_call_add_header(call, "Retry-After", "%u", limit->retry_s);
    return zdd_call_fail(call, ZDD_ERR_RATE_LIMITED, "%s: %u at once are served; try again in %u s",
                         who, limit->limit, limit->retry_s);
}

enum zdd_err zdd_api_refuse_pass(struct zdd_call *call, enum zdd_err err)
{
    struct zdd_limit limit;

    if (err != ZDD_ERR_TOKEN_UNKNOWN && err != ZDD_ERR_SESSION_UNKNOWN &&
        err != ZDD_ERR_TICKET_UNKNOWN)
        return err;
    limit = zdd_limits_refused(zdd_api_of(call)->limits, call->remote, zdd_mono_ms());
    return limit.allowed ? err
                         : refuse_pace(call, &limit, "refused tokens and sessions of this address");
}

/* Headers by draft-ietf-httpapi-ratelimit-headers-10. */
static enum zdd_err check_pace(struct zdd_call *call)
{
    const struct zdd_caller *caller = zdd_caller_of(call);
    const struct zdd_limit limit =
        zdd_limits_call(zdd_api_of(call)->limits, caller->token.id, zdd_mono_ms());

    if (limit.limit == 0)
        return ZDD_ERR_NONE;
    zdd_call_add_header(call, "RateLimit-Policy", "\"token\";q=%u;w=%d", limit.limit,
                        ZDD_RATE_BURST_S);
    zdd_call_add_header(call, "RateLimit", "\"token\";r=%u;t=%u", limit.remaining, limit.reset_s);
    return limit.allowed ? ZDD_ERR_NONE : refuse_pace(call, &limit, "calls of this token");
}

enum zdd_err zdd_api_authenticate(struct zdd_call *call)
{
    const unsigned needed = call->route->flags & ZDD_ROUTE_SCOPES;
    struct zdd_caller *caller = zdd_caller_of(call);
    char names[80];
    enum zdd_err err = zdd_api_refuse_pass(call, find_caller(call));

    if (err != ZDD_ERR_NONE)
        return err;
    zdd_caller_is(caller, &caller->token);
    err = check_pace(call);
    if (err != ZDD_ERR_NONE)
        return err;
    if ((caller->token.scopes & needed) == needed)
        return ZDD_ERR_NONE;
    scope_names(needed, names, sizeof(names));
    zdd_call_add_header(call, "WWW-Authenticate",
                        "Bearer realm=\"zdd\", error=\"insufficient_scope\", scope=\"%s\"", names);
    return zdd_call_fail(call, ZDD_ERR_SCOPE_MISSING, "this operation needs the scope \"%s\"",
                         names);
}

void zdd_caller_is(struct zdd_caller *caller, const struct zdd_token *token)
{
    if (token != &caller->token)
        caller->token = *token;
    snprintf(caller->actor, sizeof(caller->actor), "token:%s", caller->token.name);
}

const char *zdd_caller_prefix(const struct zdd_caller *caller)
{
    return strcmp(caller->token.app_prefix, "/") == 0 ? NULL : caller->token.app_prefix;
}

bool zdd_caller_reaches(const struct zdd_caller *caller, const char *app_id)
{
    const char *prefix = zdd_caller_prefix(caller);
    const size_t size = prefix ? strlen(prefix) : 0;

    if (!prefix)
        return true;
    return strncmp(app_id, prefix, size) == 0 && (app_id[size] == '\0' || app_id[size] == '/');
}

void zdd_caller_note(struct zdd_caller *caller, const char *app_id, const char *run_id,
                     const char *reason)
{
    if (app_id)
        snprintf(caller->app_id, sizeof(caller->app_id), "%s", app_id);
    if (run_id)
        snprintf(caller->run_id, sizeof(caller->run_id), "%s", run_id);
    if (reason) {
        free(caller->reason);
        caller->reason =
            strndup(reason, ZDD_REASON_SIZE - 1); /* without memory the audit goes without it */
    }
}
