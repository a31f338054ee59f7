/**
 * @file server/api/hub_pass.c
 * @brief Streams end with what let them in: nobody goes on reading after a logout, a revocation, or
 * the end of a session or token.
 *
 * Streams of one token or session share a pass. The hub's thread looks once a second whether any
 * token or session has changed at all: a number in memory, and one row of the database for what
 * other processes revoke. Only then, and when one expires, passes are looked up.
 */
#include "server/api/hub_inside.h"
#include "server/api/passes.h"
#include "server/base/clock.h"
#include "storage/stamps.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool is_same(const struct zdd_ticket *a, const struct zdd_ticket *b)
{
    return a->kind == b->kind && strcmp(a->secret_hash, b->secret_hash) == 0;
}

struct zdd_hub_pass *zdd_hub_pass_take(struct zdd_hub *hub, const struct zdd_ticket *shown)
{
    struct zdd_hub_pass *pass = hub->passes;

    while (pass && !is_same(&pass->shown, shown))
        pass = pass->next;
    if (!pass) {
        pass = calloc(1, sizeof(*pass));
        if (!pass)
            return NULL;
        pass->shown = *shown;
        pass->next = hub->passes;
        hub->passes = pass;
        zdd_hub_hurry(hub); /* it may have ended since the call was let in */
    }
    pass->streams++;
    return pass;
}

void zdd_hub_pass_farewell(const struct zdd_hub_pass *pass, struct zdd_buf *frames)
{
    zdd_buf_printf(frames, "event: end\ndata: {\"code\":\"%s\",\"detail\":\"%s\"}\n\n",
                   zdd_err_slug(pass->verdict), zdd_err_text(pass->verdict));
}

/* What changes with each token or session that comes or goes. @return false: it cannot be known */
static bool read_mark(struct zdd_hub *hub, struct zdd_hub_mark *ret_mark)
{
    ret_mark->stamp = zdd_stamp_of(hub->options.store, ZDD_STAMP_TOKENS);
    return zdd_token_revoked(hub->options.store, &ret_mark->revoked) == ZDD_ERR_NONE &&
           zdd_stamp_rests(ret_mark->stamp);
}

/* @return true when the pass has an answer: good, or over */
static bool look_up(struct zdd_hub *hub, struct zdd_hub_pass *pass, int64_t now_ms)
{
    struct zdd_token token;
    /* Not from memory: the mark, which was read before, must be no younger than the answer. */
    const enum zdd_err err = zdd_passes_ask_hash(hub->options.passes, pass->shown.kind,
                                                 pass->shown.secret_hash, now_ms, &token);
    const bool over = err == ZDD_ERR_TOKEN_UNKNOWN || err == ZDD_ERR_SESSION_UNKNOWN;

    if (err != ZDD_ERR_NONE && !over)
        return false;
    pthread_mutex_lock(&hub->lock);
    pass->known = true;
    pass->verdict = err;
    pass->expires_at_ms = over ? 0 : token.expires_at_ms;
    pthread_mutex_unlock(&hub->lock);
    return true;
}

static bool is_due(const struct zdd_hub_pass *pass, int64_t now_ms)
{
    return !pass->known || (pass->expires_at_ms > 0 && pass->expires_at_ms <= now_ms);
}

/* Passes without streams go. Only here, so the thread may walk the list without the lock. */
static struct zdd_hub_pass *sweep(struct zdd_hub *hub)
{
    struct zdd_hub_pass **place = &hub->passes;
    struct zdd_hub_pass *first;

    pthread_mutex_lock(&hub->lock);
    while (*place) {
        struct zdd_hub_pass *pass = *place;

        if (pass->streams > 0) {
            place = &pass->next;
            continue;
        }
        *place = pass->next;
        free(pass);
    }
    first = hub->passes;
    pthread_mutex_unlock(&hub->lock);
    return first;
}

bool zdd_hub_passes_look(struct zdd_hub *hub)
{
    const int64_t now_ms = zdd_now_ms();
    struct zdd_hub_mark mark;
    bool over = false;
    bool all = read_mark(hub, &mark);
    const bool changed = !all || mark.stamp != hub->mark.stamp || mark.revoked != hub->mark.revoked;

    for (struct zdd_hub_pass *pass = sweep(hub); pass; pass = pass->next) {
        if (pass->verdict != ZDD_ERR_NONE || (!changed && !is_due(pass, now_ms)))
            continue;
        all = look_up(hub, pass, now_ms) && all;
        over = over || pass->verdict != ZDD_ERR_NONE;
    }
    if (all)
        hub->mark = mark; /* else everything is looked at again */
    return over;
}

void zdd_hub_passes_free(struct zdd_hub *hub)
{
    const struct zdd_hub_pass *left = sweep(hub);

    assert(!left && "streams are still open");
    (void)left;
}
