/**
 * @file server/api/post.c
 * @brief Idempotency and audit of everything that changes something.
 */
#include "server/api/post.h"

#include "server/base/cleanup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEPT_MS (24 * INT64_C(3600000)) /* as openapi.json promises */
#define PRUNE_MAX 4

/* The draft's form is a quoted string; most clients leave the quotes away. */
static enum zdd_err read_key(struct zdd_post *post)
{
    const char *header = zdd_call_header(post->call, "Idempotency-Key");
    size_t size = header ? strlen(header) : 0;

    if (!header)
        return ZDD_ERR_NONE;
    if (size >= 2 && header[0] == '"' && header[size - 1] == '"') {
        header++;
        size -= 2;
    }
    if (size < 1 || size > ZDD_KEY_MAX)
        return zdd_call_fail(post->call, ZDD_ERR_QUERY_INVALID,
                             "Idempotency-Key must have 1 to %d characters", ZDD_KEY_MAX);
    memcpy(post->key, header, size);
    post->key[size] = '\0';
    return ZDD_ERR_NONE;
}

static struct zdd_idem idem_of(const struct zdd_post *post)
{
    return (struct zdd_idem){
        .owner = zdd_caller_of(post->call)->token.id,
        .key = post->key,
        .operation = post->operation,
        .body_hash = post->body_hash,
    };
}

/* "createPlan " and "pauseDeployment 018f…", without the blank of a call without argument. */
static int size_of(const char *operation)
{
    const size_t size = strlen(operation);

    return (int)(size > 0 && operation[size - 1] == ' ' ? size - 1 : size);
}

/* What the key was used for, and what to do. */
static enum zdd_err refuse_reuse(const struct zdd_post *post, const char *operation)
{
    if (strcmp(operation, post->operation) == 0)
        return zdd_call_fail(post->call, ZDD_ERR_KEY_REUSED,
                             "this call was made before with the same key and another body: who "
                             "asks again sends the same bytes, and a new call needs a new key");
    return zdd_call_fail(post->call, ZDD_ERR_KEY_REUSED,
                         "the key was used for %.*s, and this is %.*s: a new call needs a new key",
                         size_of(operation), operation, size_of(post->operation), post->operation);
}

/* The answer of the earlier call becomes the answer of this one. */
static enum zdd_err replay(struct zdd_post *post, enum zdd_err found,
                           struct zdd_idem_answer *answer)
{
    if (found == ZDD_ERR_RUN_UNKNOWN)
        return ZDD_ERR_NONE; /* the key is new */
    if (found == ZDD_ERR_KEY_REUSED)
        return refuse_reuse(post, answer->operation);
    if (found != ZDD_ERR_NONE)
        return found;
    post->replayed = true;
    post->etag = -1; /* it may have changed since */
    post->call->status = (unsigned)answer->status;
    memcpy(post->location, answer->location, sizeof(post->location));
    zdd_buf_clear(&post->call->reply);
    zdd_buf_text(&post->call->reply, answer->body.data ? answer->body.data : "");
    return post->call->reply.err;
}

enum zdd_err zdd_post_open(struct zdd_post *post, struct zdd_call *call)
{
    struct zdd_idem_answer answer = {0};
    char body_hash[ZDD_SHA256_HEX_SIZE];
    enum zdd_err err;

    *post = (struct zdd_post){.call = call, .etag = -1};
    err = read_key(post);
    if (err != ZDD_ERR_NONE || !post->key[0])
        return err;
    snprintf(post->operation, sizeof(post->operation), "%s %s", call->route->operation,
             call->arg[0] ? call->arg[0] : "");
    zdd_sha256_hex(call->body ? call->body : "", call->body_size, body_hash);
    zdd_secrets_body_digest(zdd_api_of(call)->options.secrets, body_hash, post->body_hash);

    const struct zdd_idem idem = idem_of(post);

    err = replay(post, zdd_idem_find(zdd_store_of(call), &idem, &answer), &answer);
    zdd_text_release(&answer.body);
    return err;
}

enum zdd_err zdd_post_open_plain(struct zdd_post *post, struct zdd_call *call)
{
    const enum zdd_err err = zdd_ask_known(call, NULL, 0);

    return err == ZDD_ERR_NONE ? zdd_post_open(post, call) : err;
}

enum zdd_err zdd_post_find_tx(struct zdd_post *post, struct zdd_tx *tx)
{
    struct zdd_idem_answer answer = {0};
    const struct zdd_idem idem = idem_of(post);
    enum zdd_err err;

    if (!post->key[0])
        return ZDD_ERR_NONE;
    err = replay(post, zdd_idem_find_tx(tx, &idem, &answer), &answer);
    zdd_text_release(&answer.body);
    return err;
}

enum zdd_err zdd_post_keep(struct zdd_post *post, struct zdd_tx *tx)
{
    const struct zdd_call *call = post->call;
    const struct zdd_idem idem = idem_of(post);
    enum zdd_err err;

    if (call->reply.err != ZDD_ERR_NONE)
        return ZDD_ERR_NO_MEMORY;
    if (!post->key[0])
        return ZDD_ERR_NONE;
    err =
        zdd_idem_keep(tx, &idem, (int)call->status, post->location, call->reply.data, call->now_ms);
    /* Each new answer takes a few old ones along: no timer, and no pile. */
    return err == ZDD_ERR_NONE ? zdd_idem_prune(tx, call->now_ms - KEPT_MS, PRUNE_MAX) : err;
}

/* "createDeployment" is noted as "deployment.create": noun first, so that a prefix is a family. */
static const struct {
    const char *operation;
    const char *action;
} actions[] = {
    {"createPlan", "plan.create"},
    {"createDeployment", "deployment.create"},
    {"pauseDeployment", "deployment.pause"},
    {"resumeDeployment", "deployment.resume"},
    {"promoteDeployment", "deployment.promote"},
    {"abortDeployment", "deployment.abort"},
    {"rollbackDeployment", "deployment.rollback"},
    {"retryDeployment", "deployment.retry"},
    {"setDeploymentWeight", "deployment.weight"},
    {"decideGate", "gate.decide"},
    {"createSession", "session.create"},
    {"deleteSession", "session.delete"},
};

const char *zdd_post_action(size_t index)
{
    return index < ZDD_COUNT(actions) ? actions[index].action : NULL;
}

static const char *action_of(const struct zdd_route *route)
{
    for (size_t i = 0; i < ZDD_COUNT(actions); i++) {
        if (strcmp(actions[i].operation, route->operation) == 0)
            return actions[i].action;
    }
    return "read"; /* of these the audit knows refusals only, and which one stands in its data */
}

static enum zdd_err append(struct zdd_tx *tx, const struct zdd_call *call, const char *result,
                           const char *data)
{
    const struct zdd_caller *caller = zdd_caller_of(call);

    return zdd_audit_append(tx, &(struct zdd_audit){
                                    .time_ms = call->now_ms,
                                    .actor = caller->actor,
                                    .remote = call->remote ? call->remote : "",
                                    .action = action_of(call->route),
                                    .app_id = caller->app_id,
                                    .run_id = caller->run_id,
                                    .reason = caller->reason ? caller->reason : "",
                                    .result = result,
                                    .request_id = call->request_id,
                                    .data = data,
                                });
}

enum zdd_err zdd_post_accept(struct zdd_post *post, struct zdd_tx *tx, const char *data)
{
    return append(tx, post->call, "accepted", data);
}

enum zdd_err zdd_post_refuse(struct zdd_post *post, struct zdd_tx *tx, enum zdd_err err)
{
    char result[64];

    snprintf(result, sizeof(result), "refused: %s", zdd_err_slug(err));
    post->refusal = err;
    zdd_caller_of(post->call)->audited = true;
    return append(tx, post->call, result, "");
}

enum zdd_err zdd_post_submit(struct zdd_post *post, zdd_tx_body *body,
                             void (*done)(void *cls, enum zdd_err err))
{
    const enum zdd_err err = zdd_store_submit(zdd_store_of(post->call), body, post, done);

    return err == ZDD_ERR_NONE ? ZDD_ERR_LATER : err;
}

enum zdd_err zdd_post_go_on(struct zdd_post *post, enum zdd_err err, void (*work)(void *cls),
                            void (*done)(void *cls, enum zdd_err err))
{
    if (err != ZDD_ERR_NONE)
        return err;
    if (!post->replayed)
        return zdd_answer_later(post->call, work, post);
    done(post, err);
    return ZDD_ERR_LATER;
}

enum zdd_err zdd_post_write(struct zdd_post *post, enum zdd_err err, zdd_tx_body *body,
                            void (*done)(void *cls, enum zdd_err err))
{
    if (err != ZDD_ERR_NONE)
        return err;
    if (!post->replayed)
        return zdd_post_submit(post, body, done);
    done(post, err);
    return ZDD_ERR_LATER;
}

void zdd_post_finish(struct zdd_post *post, enum zdd_err err)
{
    struct zdd_call *call = post->call;

    if (err == ZDD_ERR_NONE)
        err = post->refusal;
    if (err == ZDD_ERR_NONE && post->location[0])
        zdd_call_add_header(call, "Location", "%s", post->location);
    if (post->etag >= 0)
        zdd_call_add_header(call, "ETag", "\"%" PRId64 "\"", post->etag);
    if (err == ZDD_ERR_NONE && post->replayed)
        zdd_call_add_header(call, "Idempotent-Replayed", "true");
    zdd_call_finish(call, err);
}

/* A refusal on its own way into the audit: the call may be answered before. */
struct refusal {
    char actor[ZDD_ACTOR_SIZE], remote[64], request_id[64], result[64];
    char app_id[ZDD_APP_ID_SIZE], run_id[ZDD_ID_SIZE], reason[ZDD_REASON_SIZE];
    char data[80];
    const char *action;
    int64_t time_ms;
};

static enum zdd_err write_refusal(struct zdd_tx *tx, void *cls)
{
    const struct refusal *r = cls;

    return zdd_audit_append(tx, &(struct zdd_audit){
                                    .time_ms = r->time_ms,
                                    .actor = r->actor,
                                    .remote = r->remote,
                                    .action = r->action,
                                    .app_id = r->app_id,
                                    .run_id = r->run_id,
                                    .reason = r->reason,
                                    .result = r->result,
                                    .request_id = r->request_id,
                                    .data = r->data,
                                });
}

static void refusal_done(void *cls, enum zdd_err err)
{
    (void)err; /* nothing was changed, so nothing can be wrong but the disk: readyz tells */
    free(cls);
}

void zdd_audit_refusal(struct zdd_call *call, enum zdd_err err)
{
    struct zdd_caller *caller = zdd_caller_of(call);
    struct refusal *r;

    /* Without a token there is no actor, and everybody could fill the disk: the log has it. */
    if (!caller || caller->audited || !caller->actor[0])
        return;
    caller->audited = true;
    r = calloc(1, sizeof(*r));
    if (!r)
        return;
    r->action = action_of(call->route);
    if (!(call->route->flags & ZDD_ROUTE_CHANGE))
        snprintf(r->data, sizeof(r->data), "{\"operation\":\"%s\"}", call->route->operation);
    r->time_ms = call->now_ms;
    memcpy(r->actor, caller->actor, sizeof(r->actor));
    memcpy(r->app_id, caller->app_id, sizeof(r->app_id));
    memcpy(r->run_id, caller->run_id, sizeof(r->run_id));
    snprintf(r->reason, sizeof(r->reason), "%s", caller->reason ? caller->reason : "");
    memcpy(r->request_id, call->request_id, sizeof(r->request_id));
    snprintf(r->remote, sizeof(r->remote), "%s", call->remote ? call->remote : "");
    snprintf(r->result, sizeof(r->result), "refused: %s", zdd_err_slug(err));
    if (zdd_store_submit(zdd_store_of(call), write_refusal, r, refusal_done) != ZDD_ERR_NONE)
        free(r);
}
