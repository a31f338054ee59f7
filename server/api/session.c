/**
 * @file server/api/session.c
 * @brief /v1/session: log in with a token, who am I, log out.
 */
#include "server/api/session.h"

#include "server/api/handlers.h"
#include "server/api/inside.h"
#include "server/api/post.h"
#include "server/json/fields.h"
#include "server/json/writer.h"
#include "storage/sessions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COOKIE_SIZE 40 /* of its name */
#define CSRF_SALT "csrf "
#define TOKEN_TEXT_MAX 200 /* a token has 47 bytes; what is longer is none */

/* Somebody logs in or out, on the way from the handler to the writer. */
struct session_job {
    struct zdd_post post; /* first: the store hands back its address */
    struct zdd_session session;
    char cookie[ZDD_TOKEN_SIZE];
};

/* It comes by TLS: to us, or to a proxy before us that says so. */
static bool is_secure(const struct zdd_call *call)
{
    const char *scheme = zdd_call_header(call, "X-Forwarded-Proto");

    return zdd_api_of(call)->options.https || (scheme && strcasecmp(scheme, "https") == 0);
}

/* Browsers know cookies by host, not by port: two servers of one machine would log each other out.
 * With the prefix they take it from this host and by TLS only, so nobody else can plant one. */
static void name_cookie(const struct zdd_call *call, char ret_name[static COOKIE_SIZE])
{
    snprintf(ret_name, COOKIE_SIZE, "%szdd_session_%u", is_secure(call) ? "__Host-" : "",
             (unsigned)call->port);
}

bool zdd_session_cookie(const struct zdd_call *call, char ret_cookie[static ZDD_TOKEN_SIZE])
{
    char name[COOKIE_SIZE];

    name_cookie(call, name);
    return zdd_cookie_read(zdd_call_header(call, "Cookie"), name, ret_cookie, ZDD_TOKEN_SIZE);
}

void zdd_session_csrf(const char *cookie, char ret_csrf[static ZDD_SHA256_HEX_SIZE])
{
    char text[sizeof(CSRF_SALT) + ZDD_TOKEN_SIZE];
    const int size = snprintf(text, sizeof(text), CSRF_SALT "%s", cookie);

    zdd_sha256_hex(text, (size_t)size, ret_csrf);
}

enum zdd_err zdd_session_same_site(struct zdd_call *call)
{
    const char *site = zdd_call_header(call, "Sec-Fetch-Site");

    /* "none" is the user himself: a bookmark, the address bar. */
    if (!site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0)
        return ZDD_ERR_NONE;
    return zdd_call_fail(call, ZDD_ERR_CSRF_REFUSED, "a page of another site makes this call");
}

/* Max-Age 0 takes it away. */
static void set_cookie(struct zdd_call *call, const char *value, int64_t max_age_s)
{
    char name[COOKIE_SIZE];

    name_cookie(call, name);
    zdd_call_add_header(call, "Set-Cookie",
                        "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%" PRId64 "%s", name,
                        value, max_age_s, is_secure(call) ? "; Secure" : "");
}

/* "GET /v1/plans": so a page needs to know neither scopes nor which operation needs which. */
static void write_allowed(struct zdd_writer *w, unsigned scopes)
{
    char text[160];

    zdd_w_array(w, "allowedOperations");
    for (size_t i = 0; i < zdd_route_count; i++) {
        const struct zdd_route *route = &zdd_routes[i];
        const unsigned needed = route->flags & ZDD_ROUTE_SCOPES;

        if (needed == 0 || (scopes & needed) != needed)
            continue;
        snprintf(text, sizeof(text), "%s %s", route->method, route->path);
        zdd_w_text(w, NULL, text);
    }
    zdd_w_end_array(w);
}

/* Who calls; @p cookie is NULL for a token in the header. */
static void write_session(struct zdd_call *call, const char *cookie)
{
    const struct zdd_caller *caller = zdd_caller_of(call);
    struct zdd_writer writer = {.buf = &call->reply};
    struct zdd_writer *w = &writer;
    char csrf[ZDD_SHA256_HEX_SIZE];

    if (cookie)
        zdd_session_csrf(cookie, csrf);
    zdd_w_object(w, NULL);
    zdd_w_text(w, "actor", caller->actor);
    zdd_w_text(w, "name", caller->token.name);
    zdd_w_array(w, "scopes");
    for (unsigned bit = ZDD_SCOPE_READ; bit <= ZDD_SCOPE_ADMIN; bit <<= 1) {
        if (caller->token.scopes & bit)
            zdd_w_text(w, NULL, zdd_scope_name((enum zdd_scope)bit));
    }
    zdd_w_end_array(w);
    zdd_w_text(w, "appPrefix", caller->token.app_prefix);
    zdd_w_time(w, "expiresAt", caller->token.expires_at_ms);
    zdd_w_text(w, "csrfToken", cookie ? csrf : NULL);
    write_allowed(w, caller->token.scopes);
    zdd_w_end_object(w);
}

enum zdd_err zdd_api_get_session(struct zdd_call *call)
{
    const bool by_token = zdd_call_header(call, "Authorization") != NULL;
    char cookie[ZDD_TOKEN_SIZE];
    const enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err == ZDD_ERR_NONE)
        write_session(call, !by_token && zdd_session_cookie(call, cookie) ? cookie : NULL);
    return zdd_answer(call, err);
}

struct login_body {
    const char *token;
};

static const struct zdd_field login_fields[] = {
    {.name = "token",
     .kind = ZDD_FIELD_TEXT,
     .offset = offsetof(struct login_body, token),
     .required = true,
     .min = 1,
     .max = TOKEN_TEXT_MAX},
    {.kind = ZDD_FIELD_END},
};

/* Whose token it is. Every failed login passes here, and only here. */
static enum zdd_err check_token(struct zdd_call *call)
{
    struct login_body body = {.token = ""};
    struct zdd_token token;
    enum zdd_err err = zdd_session_same_site(call);

    if (err == ZDD_ERR_NONE)
        err = zdd_ask_known(call, NULL, 0);
    if (err == ZDD_ERR_NONE)
        err = zdd_call_json(call);
    if (err != ZDD_ERR_NONE)
        return err;
    if (!zdd_fields_read(login_fields, call->json, "#", &body, zdd_call_errors(call)))
        return ZDD_ERR_BODY_INVALID;
    err =
        zdd_passes_find(zdd_api_of(call)->passes, ZDD_PASS_TOKEN, body.token, call->now_ms, &token);
    if (err == ZDD_ERR_NONE)
        zdd_caller_is(zdd_caller_of(call), &token);
    return zdd_api_refuse_pass(call, err);
}

static void make_session(struct session_job *job, struct zdd_call *call)
{
    const int64_t length_ms = zdd_api_of(call)->options.session_ms;
    struct zdd_token *token = &zdd_caller_of(call)->token;
    int64_t *expires_at_ms = &job->session.expires_at_ms;

    zdd_token_new(job->cookie);
    zdd_sha256_hex(job->cookie, strlen(job->cookie), job->session.hash);
    memcpy(job->session.token_id, token->id, sizeof(job->session.token_id));
    job->session.created_at_ms = call->now_ms;
    *expires_at_ms = call->now_ms + length_ms;
    if (token->expires_at_ms > 0 && token->expires_at_ms < *expires_at_ms)
        *expires_at_ms = token->expires_at_ms;
    token->expires_at_ms = *expires_at_ms; /* what the answer tells */
}

static enum zdd_err write_login(struct zdd_tx *tx, void *cls)
{
    struct session_job *job = cls;
    const enum zdd_err err = zdd_session_insert(tx, &job->session);

    return err == ZDD_ERR_NONE ? zdd_post_accept(&job->post, tx, "") : err;
}

static void login_done(void *cls, enum zdd_err err)
{
    struct session_job *job = cls;
    struct zdd_call *call = job->post.call;

    if (err == ZDD_ERR_NONE) {
        call->status = 201;
        set_cookie(call, job->cookie,
                   (job->session.expires_at_ms - job->session.created_at_ms) / 1000);
        write_session(call, job->cookie);
        zdd_hub_recheck(zdd_api_of(call)->hub); /* it may have ended the oldest */
    }
    zdd_post_finish(&job->post, err);
    free(job);
}

/* Give the job to the writer; freed by @p done, or here when that is not called. */
static enum zdd_err submit(struct zdd_call *call, struct session_job *job, zdd_tx_body *body,
                           void (*done)(void *cls, enum zdd_err err))
{
    enum zdd_err err;

    job->post = (struct zdd_post){.call = call, .etag = -1};
    err = zdd_post_submit(&job->post, body, done);
    if (err != ZDD_ERR_LATER)
        free(job);
    return err;
}

enum zdd_err zdd_api_create_session(struct zdd_call *call)
{
    const enum zdd_err err = check_token(call);
    struct session_job *job;

    if (err != ZDD_ERR_NONE)
        return err;
    job = calloc(1, sizeof(*job));
    if (!job)
        return ZDD_ERR_NO_MEMORY;
    make_session(job, call);
    return submit(call, job, write_login, login_done);
}

static enum zdd_err write_logout(struct zdd_tx *tx, void *cls)
{
    struct session_job *job = cls;
    const enum zdd_err err = zdd_session_delete(tx, job->session.hash);

    return err == ZDD_ERR_NONE ? zdd_post_accept(&job->post, tx, "") : err;
}

static void logout_done(void *cls, enum zdd_err err)
{
    struct session_job *job = cls;

    if (err == ZDD_ERR_NONE) {
        job->post.call->status = 204;
        set_cookie(job->post.call, "", 0);
        zdd_hub_recheck(zdd_api_of(job->post.call)->hub);
    }
    zdd_post_finish(&job->post, err);
    free(job);
}

enum zdd_err zdd_api_delete_session(struct zdd_call *call)
{
    struct session_job *job;
    const enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err != ZDD_ERR_NONE)
        return err;
    job = calloc(1, sizeof(*job));
    if (!job)
        return ZDD_ERR_NO_MEMORY;
    if (zdd_call_header(call, "Authorization") || !zdd_session_cookie(call, job->cookie)) {
        free(job);
        call->status = 204; /* a token in the header has no session */
        return ZDD_ERR_NONE;
    }
    zdd_sha256_hex(job->cookie, strlen(job->cookie), job->session.hash);
    return submit(call, job, write_logout, logout_done);
}
