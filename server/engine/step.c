/**
 * @file server/engine/step.c
 * @brief One step of one deployment.
 */
#include "server/engine/step.h"

#include "server/base/log.h"
#include "server/engine/act.h"
#include "server/engine/backoff.h"
#include "server/engine/commit.h"
#include "server/engine/figures.h"
#include "server/engine/move.h"
#include "server/engine/scene.h"
#include "server/engine/tell.h"
#include "server/engine/wards.h"
#include "storage/plans.h"
#include "storage/runs.h"
#include "strategies/pair.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define DECISIONS_MAX                                                                              \
    8 /* phases that one look can carry a deployment through; the longest table needs 4 */
#define RETRY_BASE_MS 500 /* first wait after an order without a clear answer */
#define RETRY_MAX_MS 30000
#define BALANCER_CONFIRM_MS 100 /* balancers send no events, and ask for weights that often */
#define CONFIRM_MS 1000         /* after an accepted order: look even if no event comes */

/* Everything that one step works with. */
struct work {
    struct zdd_stepper *stepper;
    struct zdd_step_report *report;
    const struct zdd_strategy *strategy;
    struct zdd_plan plan;
    struct zdd_plan_texts texts;
    struct zdd_run run;
    struct zdd_scene scene;
    bool shared;  /* see struct zdd_look */
    bool put_off; /* there are orders to give, and the look is shared */
    int64_t now_ms;
    enum zdd_outcome outcome; /* of this step's last order */
    int64_t unsure_before_ms; /* run.unsure_until_ms before the orders of this step */
};

static bool dies(struct work *w, enum zdd_point point)
{
    if (w->stepper->dies && w->stepper->dies(w->stepper->fate, point))
        w->report->died = true;
    return w->report->died;
}

static uint64_t draw(struct zdd_stepper *stepper)
{
    /* SplitMix64 (Vigna, 2015): any start value is a good one. */
    uint64_t z = atomic_fetch_add(&stepper->random, 0x9e3779b97f4a7c15u) + 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static enum zdd_err load(struct work *w, const char *run_id)
{
    enum zdd_err err = zdd_run_load(w->stepper->store, run_id, &w->run, NULL);

    if (err != ZDD_ERR_NONE)
        return err;
    if (!w->run.active || zdd_phase_is_final(w->run.phase))
        return ZDD_ERR_RUN_FINISHED;
    err = zdd_plan_load(w->stepper->store, w->run.plan_id, &w->plan, &w->texts);
    if (err != ZDD_ERR_NONE)
        return err;
    w->strategy = zdd_strategy_find(w->run.strategy);
    return w->strategy ? ZDD_ERR_NONE : ZDD_ERR_STORE_CORRUPT;
}

/* Weights go to the balancers without Marathon, and whoever goes back wants that first. */
static bool goes_back(const struct work *w)
{
    const enum zdd_command command = w->run.command;

    return zdd_pair_gives_back(&w->plan, &w->run) &&
           (command == ZDD_COMMAND_ROLLBACK || command == ZDD_COMMAND_ABORT ||
            zdd_phase_is_undo(w->run.phase));
}

static void look(struct work *w, const struct zdd_look *known)
{
    const bool pair = w->plan.program.count > 0;

    if (known && (!pair || known->err != ZDD_ERR_NONE))
        zdd_scene_take(known, &w->scene);
    else if (known && known->spots)
        zdd_scene_take_pair(w->stepper, &w->run, &w->plan, &w->texts, known, &w->scene);
    else
        zdd_scene_look(w->stepper, &w->run, &w->plan, &w->texts, &w->scene);
    if (!w->scene.reachable && goes_back(w))
        zdd_scene_look_blind(w->stepper, &w->run, &w->scene);
    w->scene.floor_broken = pair && zdd_wards_is_broken(w->stepper->wards, w->run.app_id);
    w->shared = known && known->shared;
    w->report->unreachable = !w->scene.reachable;
    if (!w->scene.reachable)
        snprintf(w->report->reason, sizeof(w->report->reason), "%s", w->scene.reason);
}

static const struct zdd_app_view *view_of(const struct work *w)
{
    return w->scene.reachable ? &w->scene.app : NULL;
}

/* Who was silent, and why. */
static const char *reason_of(const struct work *w)
{
    return w->scene.reachable ? w->scene.router_reason : w->scene.reason;
}

/* An order does, and whatever a pair does: where its instances are is told to the balancers. */
static bool needs_own_look(const struct work *w, const struct zdd_decision *d)
{
    const bool moves = d->phase != w->run.phase || d->step != w->run.step || d->take_command;

    return d->order_count > 0 || (w->plan.program.count > 0 && moves);
}

/* Decide and make it durable, unless it is put off. @p ret_seq gets the journal's names of the
 * orders */
static enum zdd_err decide(struct work *w, struct zdd_decision *ret_decision,
                           int64_t ret_seq[static ZDD_ORDER_MAX])
{
    const struct zdd_run before = w->run;
    struct zdd_observation seen;
    struct zdd_intent_commit commit = {.strategy = w->strategy,
                                       .plan = &w->plan,
                                       .target = w->texts.target.data,
                                       .before = &before,
                                       .after = &w->run,
                                       .decision = ret_decision,
                                       .scene = &w->scene,
                                       .seen = &seen,
                                       .now_ms = w->now_ms};
    enum zdd_err err;

    w->unsure_before_ms = before.unsure_until_ms;
    (void)zdd_move_start(&w->plan, &w->run, w->now_ms);
    zdd_measure_look(w->stepper->measure, &w->plan, w->scene.balanced ? &w->scene.balancers : NULL,
                     w->now_ms, &w->run);
    seen = zdd_scene_observe(&w->scene, &w->plan, &w->run, w->now_ms);
    *ret_decision = zdd_strategy_decide(w->strategy, &(struct zdd_facts){&w->plan, &w->run, &seen});
    w->put_off = w->shared && needs_own_look(w, ret_decision);
    if (w->put_off) {
        w->report->wake_at_ms = w->now_ms;
        return ZDD_ERR_NONE;
    }
    zdd_move(w->strategy, &w->plan, ret_decision, w->now_ms, &w->run);
    if (w->scene.reachable)
        zdd_scene_note(&w->scene, &w->plan, &seen, &w->run);
    zdd_measure_note(w->stepper->measure, w->scene.balanced ? &w->scene.balancers : NULL, w->now_ms,
                     &w->run);
    zdd_tell_waiting(&w->run, ret_decision->waiting, &w->plan, &seen, view_of(w), reason_of(w));
    if (w->run.cause != before.cause)
        zdd_tell_error(&w->run, &w->plan, view_of(w));
    w->report->wake_at_ms = w->run.wake_at_ms;
    if (!zdd_move_matters(&before, &w->run) && ret_decision->order_count == 0 &&
        !ret_decision->take_command)
        return ZDD_ERR_NONE; /* a step that changes nothing writes nothing */
    if (dies(w, ZDD_POINT_BEFORE_INTENT))
        return ZDD_ERR_NONE;

    err = zdd_commit_intent(w->stepper->store, &commit);
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_figures_note(w->stepper->metrics, &before, &w->run, w->now_ms);
    memcpy(ret_seq, commit.intent_seq, sizeof(commit.intent_seq));
    if (*commit.next_id)
        memcpy(w->report->next_id, commit.next_id, sizeof(w->report->next_id));
    if (before.phase != w->run.phase || ret_decision->order_count > 0)
        zdd_log(ZDD_LOG_INFO, "run.step", "run", w->run.id, "app", w->run.app_id, "rule",
                ret_decision->rule, "phase", zdd_phase_name(w->run.phase), NULL);
    return ZDD_ERR_NONE;
}

static enum zdd_err act_one(struct work *w, const struct zdd_order *order, int64_t seq)
{
    struct zdd_probe_report report = {0};
    const struct zdd_act_scene with = {
        .cluster = &w->stepper->cluster,
        .router = &w->stepper->router,
        .plan = &w->plan,
        .texts = &w->texts,
        .run = &w->run,
        .fleet = &w->scene.fleet,
        .wards = w->stepper->wards,
        .probe = &w->stepper->probe,
        .new_spots = &w->scene.new_spots,
        .report = &report,
        .looked_at_ms = w->now_ms,
    };
    struct zdd_cluster_ack ack;
    struct zdd_outcome_commit commit = {.run_id = w->run.id,
                                        .order = order,
                                        .intent_seq = seq,
                                        .ack = &ack,
                                        .plan = &w->plan,
                                        .report = &report,
                                        .unsure_before_ms = w->unsure_before_ms};
    enum zdd_err err;

    atomic_fetch_add(&w->stepper->orders, 1);
    commit.err = zdd_act(&with, order, &ack);
    if (dies(w, ZDD_POINT_AFTER_ORDER))
        return ZDD_ERR_NONE;
    commit.outcome = zdd_act_outcome(commit.err);
    commit.now_ms = w->stepper->now_ms(w->stepper->clock);
    err = zdd_commit_outcome(w->stepper->store, &commit);
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_log(commit.err == ZDD_ERR_NONE ? ZDD_LOG_INFO : ZDD_LOG_WARN, "run.order", "run", w->run.id,
            "app", w->run.app_id, "order", zdd_order_name(order->kind), "outcome",
            zdd_outcome_name(commit.outcome), "words", ack.words, NULL);
    w->run = commit.run;
    w->outcome = commit.outcome;
    (void)dies(w, ZDD_POINT_AFTER_OUTCOME); /* the report says so */
    return ZDD_ERR_NONE;
}

/* Send the orders one by one, stop at the first that is not accepted, and say when to look again.
 */
static enum zdd_err act(struct work *w, const struct zdd_decision *d,
                        const int64_t seq[static ZDD_ORDER_MAX])
{
    const bool to_balancers = d->order[0].kind == ZDD_ORDER_SET_TRAFFIC;
    int64_t wait_ms = to_balancers ? BALANCER_CONFIRM_MS : CONFIRM_MS;

    if (d->order[0].kind == ZDD_ORDER_MEASURE)
        wait_ms = 0; /* what was found is known at once */
    for (size_t i = 0; i < d->order_count; i++) {
        enum zdd_err err = act_one(w, &d->order[i], seq[i]);

        if (err != ZDD_ERR_NONE || w->report->died)
            return err;
        if (w->outcome != ZDD_OUTCOME_ACKED)
            break;
    }
    if (w->outcome == ZDD_OUTCOME_REFUSED) {
        wait_ms = 0;
    } else if (w->outcome != ZDD_OUTCOME_ACKED) {
        atomic_fetch_add(&w->stepper->retries, 1);
        wait_ms = zdd_backoff_ms(w->run.attempt, RETRY_BASE_MS, RETRY_MAX_MS, draw(w->stepper));
    }
    w->report->wake_at_ms = w->now_ms + wait_ms;
    return ZDD_ERR_NONE;
}

/* One look carries the deployment as far as it gets without a new one. */
static enum zdd_err proceed(struct work *w)
{
    for (int i = 0; i < DECISIONS_MAX; i++) {
        const enum zdd_phase phase = w->run.phase;
        const int32_t step = w->run.step;
        struct zdd_decision d;
        int64_t seq[ZDD_ORDER_MAX] = {0};
        enum zdd_err err = decide(w, &d, seq);

        if (err != ZDD_ERR_NONE || w->put_off)
            return err;
        if (w->report->died || dies(w, ZDD_POINT_AFTER_INTENT))
            return ZDD_ERR_NONE;
        if (d.order_count > 0)
            return act(w, &d, seq);
        if (zdd_phase_is_final(w->run.phase)) {
            w->report->ended = true;
            return ZDD_ERR_NONE;
        }
        if (w->run.phase == phase && w->run.step == step && !d.take_command)
            return ZDD_ERR_NONE;
        if (d.take_command)
            w->run.command = ZDD_COMMAND_NONE;
    }
    assert(false && "no table goes round in circles");
    return ZDD_ERR_INTERNAL;
}

/* It has ended before: perhaps in a commit that nobody heard of, and then nobody was told either
 * who comes next. */
static enum zdd_err find_next(struct work *w)
{
    w->report->ended = true;
    if (!zdd_phase_is_final(w->run.phase))
        return ZDD_ERR_NONE; /* unknown, or queued itself */
    return zdd_run_of_app(w->stepper->store, w->run.app_id, w->report->next_id);
}

static void forget_pair(struct zdd_stepper *stepper, const char *run_id)
{
    if (stepper->wards)
        zdd_wards_drop(stepper->wards, &stepper->router, run_id);
}

enum zdd_err zdd_step(struct zdd_stepper *stepper, const char *run_id, const struct zdd_look *known,
                      struct zdd_step_report *ret_report)
{
    struct work w = {.stepper = stepper, .report = ret_report};
    enum zdd_err err;

    memset(ret_report, 0, sizeof(*ret_report));
    atomic_fetch_add(&stepper->steps, 1);
    err = load(&w, run_id);
    if (err == ZDD_ERR_RUN_FINISHED || err == ZDD_ERR_RUN_UNKNOWN) {
        forget_pair(stepper, run_id);
        return find_next(&w);
    }
    if (err == ZDD_ERR_NONE) {
        look(&w, known);
        w.now_ms = stepper->now_ms(stepper->clock);
        if (!dies(&w, ZDD_POINT_AFTER_LOOK))
            err = proceed(&w);
    }
    if (err == ZDD_ERR_REVISION_STALE) {
        /* Another writer has moved it since it was loaded; the next step, at once, sees that. */
        ret_report->wake_at_ms = w.now_ms;
        err = ZDD_ERR_NONE;
    }
    if (ret_report->ended)
        forget_pair(stepper, run_id);
    zdd_scene_release(&w.scene);
    zdd_plan_texts_release(&w.texts);
    return err;
}
