/**
 * @file server/engine/evidence.c
 * @brief What was seen when a step of a pair's program ended.
 */
#include "server/engine/evidence.h"

#include "server/base/clock.h"
#include "strategies/pair.h"
#include "strategies/share.h"

#include <inttypes.h>

/* A worker that tells no time has a small number instead (router.h): nothing was that early. */
#define TELLS_TIME_FROM_MS INT64_C(1000000000000)

static const char *const side_names[] = {
    [ZDD_SIDE_OLD] = "old", [ZDD_SIDE_NEW] = "new", [ZDD_SIDE_LEAVING] = "leaving"};

static void tell_time(struct zdd_buf *buf, const char *key, int64_t ms)
{
    char text[ZDD_TIME_SIZE];

    if (ms <= 0) {
        zdd_buf_printf(buf, "\"%s\":null", key);
        return;
    }
    zdd_time_format(ms, text);
    zdd_buf_printf(buf, "\"%s\":\"%s\"", key, text);
}

static void tell_worker_time(struct zdd_buf *buf, const char *key, int64_t started_at_ms)
{
    tell_time(buf, key, started_at_ms >= TELLS_TIME_FROM_MS ? started_at_ms : 0);
}

static void tell_app(struct zdd_buf *buf, enum zdd_pair_side side, const struct zdd_app_view *app)
{
    zdd_buf_printf(buf, "\"%s\":{\"exists\":%s,\"version\":", side_names[side],
                   app->exists ? "true" : "false");
    zdd_buf_json_string(buf, app->exists && *app->version ? app->version : NULL);
    zdd_buf_printf(buf,
                   ",\"instances\":%d,\"total\":%d,\"running\":%d,\"healthy\":%d,\"ready\":%d,"
                   "\"outdated\":%d,\"locked\":%s}",
                   (int)app->instances, (int)app->current.total, (int)app->current.running,
                   (int)app->current.healthy, (int)app->current.ready, (int)app->outdated.total,
                   app->lock_count > 0 ? "true" : "false");
}

static void tell_marathon(struct zdd_buf *buf, const struct zdd_evidence *e)
{
    zdd_buf_text(buf, ",\"marathon\":{");
    if (*e->plan->pair.old_id) {
        tell_app(buf, ZDD_SIDE_OLD, &e->scene->old_app);
        zdd_buf_text(buf, ",");
    }
    tell_app(buf, ZDD_SIDE_NEW, &e->scene->app);
    zdd_buf_text(buf, "}");
}

/* The part of the requests that a balancer gives the new version by what it shows. */
static double share_of(const struct zdd_balancer_view *b)
{
    const int64_t old_sum = b->side[ZDD_SIDE_OLD].weight_sum;
    const int64_t new_sum = b->side[ZDD_SIDE_NEW].weight_sum;

    return old_sum + new_sum > 0 ? 100.0 * (double)new_sum / (double)(old_sum + new_sum) : 0;
}

static void tell_side(struct zdd_buf *buf, enum zdd_pair_side side,
                      const struct zdd_side_traffic *seen)
{
    zdd_buf_printf(buf,
                   ",\"%s\":{\"servers\":%d,\"up\":%d,\"stopped\":%d,\"weightMin\":%d,"
                   "\"weightMax\":%d,\"sessions\":%d,\"queue\":%d}",
                   side_names[side], (int)seen->servers, (int)seen->up, (int)seen->stopped,
                   (int)seen->weight_min, (int)seen->weight_max, (int)seen->sessions,
                   (int)seen->queue);
}

static void tell_balancer(struct zdd_buf *buf, const struct zdd_balancer_view *b)
{
    zdd_buf_text(buf, "{\"name\":");
    zdd_buf_json_string(buf, b->name);
    zdd_buf_printf(buf, ",\"reachable\":%s", b->reachable ? "true" : "false");
    if (b->reachable) {
        zdd_buf_text(buf, ",");
        tell_worker_time(buf, "workerStartedAt", b->started_at_ms);
        zdd_buf_printf(buf, ",\"share\":%.2f,\"strangers\":%d", share_of(b), (int)b->strangers);
        for (int side = 0; side < ZDD_SIDE_COUNT; side++)
            tell_side(buf, (enum zdd_pair_side)side, &b->side[side]);
    }
    zdd_buf_text(buf, "}");
}

static void tell_balancers(struct zdd_buf *buf, const struct zdd_router_view *view)
{
    zdd_buf_text(buf, ",");
    tell_time(buf, "balancersSeenAt", view->taken_at_ms);
    zdd_buf_text(buf, ",\"balancers\":[");
    for (size_t i = 0; i < view->balancer_count; i++) {
        if (i > 0)
            zdd_buf_text(buf, ",");
        tell_balancer(buf, &view->balancer[i]);
    }
    zdd_buf_text(buf, "]");
}

static double distance(double a, double b)
{
    return a > b ? a - b : b - a;
}

/* The balancer whose share is furthest from what is wanted speaks for all. */
static void tell_share(struct zdd_buf *buf, const struct zdd_evidence *e)
{
    const struct zdd_router_view *view = &e->scene->balancers;
    const double wanted = (double)zdd_share_now(e->plan, e->before) / ZDD_SHARE_PERCENT;
    double achieved = wanted;

    for (size_t i = 0; i < view->balancer_count; i++) {
        const double share = share_of(&view->balancer[i]);

        if (view->balancer[i].reachable && distance(share, wanted) > distance(achieved, wanted))
            achieved = share;
    }
    zdd_buf_printf(buf, ",\"share\":{\"wanted\":%.2f,\"achieved\":%.2f,\"errorPoints\":%.2f}",
                   wanted, achieved, achieved - wanted);
}

static void tell_receipts(struct zdd_buf *buf, const struct zdd_router_view *view)
{
    zdd_buf_text(buf, ",\"receipts\":[");
    for (size_t i = 0; i < view->receipt_count; i++) {
        const struct zdd_router_receipt *r = &view->receipt[i];

        zdd_buf_text(buf, i > 0 ? ",{\"source\":" : "{\"source\":");
        zdd_buf_json_string(buf, r->source);
        zdd_buf_printf(buf, ",\"fetched\":%d,\"total\":%d,", (int)r->fetched, (int)r->total);
        tell_time(buf, "lastAt", r->last_ms);
        zdd_buf_text(buf, "}");
    }
    zdd_buf_text(buf, "]");
}

static void tell_span(struct zdd_buf *buf, const char *key, const struct zdd_evidence *e)
{
    zdd_buf_printf(buf, ",\"%s\":{", key);
    tell_time(buf, "since", e->before->phase_since_ms);
    zdd_buf_text(buf, ",");
    tell_time(buf, "until", e->seen->now_ms);
    zdd_buf_text(buf, "}");
}

static const struct {
    const char *slug;
    const char *text;
} proofs[] = {
    [ZDD_DRAIN_OPEN] = {NULL, "Requests may still have been under way at the old version."},
    [ZDD_DRAIN_NO_OLD_WORKER] =
        {"no-young-worker",
         "No request is seen on any balancer, and none has had a worker that started within "
         "drainSeconds: what a worker before it may have hidden has ended."},
    [ZDD_DRAIN_TIME] =
        {"time-over", "No request is seen on any balancer, and every one has given no new request "
                      "since toldAt, for drainSeconds: what an old worker may have hidden has "
                      "ended."},
};

/* The proof that nothing was lost, or what a cut cost. */
static void tell_drain(struct zdd_buf *buf, const struct zdd_evidence *e)
{
    const struct zdd_facts facts = {e->plan, e->before, e->seen};
    const enum zdd_drain proof = zdd_pair_drain_of(&facts, ZDD_SIDE_OLD);
    const struct zdd_balance *b = &e->seen->balance;

    zdd_buf_text(buf, ",\"drain\":{\"proof\":");
    zdd_buf_json_string(buf, proofs[proof].slug);
    zdd_buf_printf(buf, ",\"text\":\"%s\",\"underWay\":", proofs[proof].text);
    if (b->known)
        zdd_buf_printf(buf, "%d", (int)b->side[ZDD_SIDE_OLD].sessions);
    else
        zdd_buf_text(buf, "null");
    zdd_buf_printf(buf, ",\"drainSeconds\":%d,", (int)(e->plan->pair.drain_ms / 1000));
    tell_time(buf, "toldAt", e->before->traffic_seen_at_ms);
    zdd_buf_text(buf, ",");
    tell_worker_time(buf, "newestWorkerSeenAt", b->reloaded_at_ms);
    zdd_buf_text(buf, "}");
}

static void tell_kind(struct zdd_buf *buf, const struct zdd_evidence *e, enum zdd_step_kind kind)
{
    if (kind == ZDD_STEP_GATE)
        tell_span(buf, "gate", e);
    if (kind == ZDD_STEP_KEEP)
        tell_span(buf, "kept", e);
    if (kind == ZDD_STEP_DRAIN)
        tell_drain(buf, e);
    if ((kind == ZDD_STEP_SHIFT || kind == ZDD_STEP_WEIGHT || kind == ZDD_STEP_SETTLE) &&
        e->scene->balanced)
        tell_share(buf, e);
}

void zdd_evidence_tell(struct zdd_buf *buf, const struct zdd_evidence *e)
{
    const struct zdd_program *program = &e->plan->program;

    if (program->count == 0)
        return;
    zdd_buf_text(buf, ",");
    tell_time(buf, "seenAt", e->seen->now_ms);
    if (e->scene->reachable)
        tell_marathon(buf, e);
    if (e->scene->balanced) {
        tell_balancers(buf, &e->scene->balancers);
        tell_receipts(buf, &e->scene->balancers);
    }
    if (e->before->step < program->count) /* else it is the way back */
        tell_kind(buf, e, program->step[e->before->step].kind);
}
