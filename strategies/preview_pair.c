/**
 * @file strategies/preview_pair.c
 * @brief What a plan over a pair will do: its own rules, played against two apps and one balancer
 * that do what they are told at once.
 */
#include "strategies/preview_pair.h"

#include "strategies/pair_steps.h"
#include "strategies/pair_take.h"
#include "strategies/say.h"
#include "strategies/timing.h"

#include <assert.h>
#include <string.h>

#define ROUNDS_MAX 1000 /* a program has 48 steps at most, each takes a few rounds */
#define ESTIMATE_SHIFT_MS 1000

struct play {
    const struct zdd_strategy *strategy;
    const struct zdd_plan *plan;
    struct zdd_preview *preview;
    struct zdd_run run;
    struct zdd_traffic told;
    enum zdd_definition old_definition, new_definition;
    int32_t old_wanted; /* that its definition asks for; some of them may be ill */
    int32_t old_running, new_running, new_serving;
    int64_t now_ms, wake_at_ms; /* the second: what is waited for */
};

/* Old instances that have not been told to leave. */
static int32_t staying(const struct play *p)
{
    return p->old_running < p->told.old_stay ? p->old_running : p->told.old_stay;
}

static struct zdd_observation look(const struct play *p)
{
    struct zdd_observation seen = {.now_ms = p->now_ms, .reachable = true};

    seen.definition = p->new_definition;
    if (p->new_definition == ZDD_DEFINITION_TARGET)
        seen.instances = p->new_running;
    seen.current = (struct zdd_side){.total = p->new_running,
                                     .running = p->new_running,
                                     .healthy = p->new_serving,
                                     .ready = p->new_serving};
    seen.locked = p->new_serving < p->new_running;
    seen.locked_by_us = true;
    seen.peer.definition = p->old_definition;
    seen.peer.instances = p->old_wanted; /* all run, and some may not serve */
    seen.peer.current = (struct zdd_side){.total = seen.peer.instances,
                                          .running = seen.peer.instances,
                                          .healthy = p->old_running,
                                          .ready = p->old_running};
    seen.balance.known = true;
    seen.balance.reloaded_at_ms = INT32_MIN; /* long ago */
    seen.balance.side[ZDD_SIDE_OLD] =
        (struct zdd_side_balance){.servers = staying(p), .up = staying(p), .told = true};
    seen.balance.side[ZDD_SIDE_LEAVING].told = true;
    seen.balance.side[ZDD_SIDE_NEW] =
        (struct zdd_side_balance){.servers = p->new_serving, .up = p->new_serving, .told = true};
    return seen;
}

/* Instances that get requests. */
static int32_t serving(const struct play *p)
{
    const struct zdd_side_setting *side = p->told.side;
    int32_t count = 0;

    if (side[ZDD_SIDE_OLD].serving == ZDD_SERVES && side[ZDD_SIDE_OLD].weight > 0)
        count += staying(p);
    if (side[ZDD_SIDE_NEW].serving == ZDD_SERVES && side[ZDD_SIDE_NEW].weight > 0)
        count += p->new_serving;
    return count;
}

static void measure(struct play *p)
{
    struct zdd_preview *v = p->preview;

    if (serving(p) < v->lowest_serving)
        v->lowest_serving = serving(p);
    if (p->old_running + p->new_running > v->peak_instances)
        v->peak_instances = p->old_running + p->new_running;
}

static void record(struct play *p, const char *pattern, int64_t a)
{
    struct zdd_preview *v = p->preview;

    measure(p);
    if (v->moment_count == ZDD_TIMELINE_MAX)
        return; /* the last steps of a very long canary; what they do stands in its steps */
    struct zdd_moment *m = &v->moment[v->moment_count];

    *m = (struct zdd_moment){
        .t = (int32_t)v->moment_count,
        .old_instances = p->old_running,
        .new_instances = p->new_running,
        .healthy_old = p->old_running,
        .healthy_new = p->new_serving,
    };
    zdd_say(m->note, sizeof(m->note), pattern, a, 0);
    v->moment_count++;
}

/* How many of the old ones are ill nobody knows then: all that are left are taken to serve. */
static void shed(struct play *p, int32_t stay)
{
    const int32_t gone = p->old_wanted - stay;

    p->old_wanted = stay;
    if (p->old_running > stay)
        p->old_running = stay;
    record(p, "%1 old removed", gone);
}

static void obey(struct play *p, const struct zdd_order *order)
{
    const int32_t before = p->new_running;

    p->run.outcome = ZDD_OUTCOME_ACKED;
    p->run.ordered = true;
    p->run.ordered_at_ms = p->now_ms;
    switch (order->kind) {
    case ZDD_ORDER_SET_TRAFFIC:
        p->told = p->run.traffic = order->traffic;
        p->run.traffic_seen_at_ms = 0;
        measure(p);
        break;
    case ZDD_ORDER_PUT_TARGET:
        p->new_definition = ZDD_DEFINITION_TARGET;
        if (zdd_plan_takes_over(p->plan) && p->plan->action == ZDD_ACTION_UPGRADE)
            record(p, "%1 replaced, for their labels", p->new_running);
        p->new_running = order->instances;
        if (p->new_serving > p->new_running)
            p->new_serving = p->new_running;
        record(p, "%1 new started", order->instances - before);
        break;
    case ZDD_ORDER_KILL_LEAVING:
        shed(p, order->instances);
        break;
    case ZDD_ORDER_ADOPT_OLD:
        p->old_definition = ZDD_DEFINITION_TARGET;
        record(p, "%1 old replaced, for their labels", p->old_running);
        break;
    case ZDD_ORDER_DELETE_OLD:
        p->old_definition = ZDD_DEFINITION_ABSENT;
        p->old_running = p->old_wanted = 0;
        record(p, "the old app removed", 0);
        break;
    case ZDD_ORDER_MEASURE:
        zdd_rounds_add(p->run.rounds, ZDD_FINDING_PASSED);
        p->run.measured_at_ms = p->now_ms;
        break;
    case ZDD_ORDER_PUT_PREVIOUS:
    case ZDD_ORDER_RESTART:
    case ZDD_ORDER_DELETE:
    case ZDD_ORDER_RESTORE_OLD:
    case ZDD_ORDER_KIND_COUNT:
        assert(false && "the way forward has no such order");
    }
}

static void enter(struct play *p, const struct zdd_decision *d)
{
    const struct zdd_program_step *step = &p->plan->program.step[p->run.step];

    if (p->run.phase == ZDD_PHASE_SHIFTING && step->kind == ZDD_STEP_SPREAD)
        record(p, "all %1 serve alike", serving(p));
    else if (p->run.phase == ZDD_PHASE_SHIFTING || p->run.phase == ZDD_PHASE_WEIGHING)
        record(p, "the new version has %.1 %% of the requests", step->value);
    p->run.phase = d->phase;
    p->run.step = d->step;
    if (d->phase == ZDD_PHASE_VERIFYING) {
        p->run.rounds[0] = '\0';
        p->run.verify_set = zdd_program_verify(&p->plan->program, d->step);
    }
    p->run.hold = ZDD_HOLD_NONE; /* somebody promotes at once */
    p->run.phase_since_ms = p->now_ms;
    p->run.outcome = ZDD_OUTCOME_NONE;
}

/* @return false when nothing has moved: time has to */
static bool decide(struct play *p)
{
    const struct zdd_observation seen = look(p);
    struct zdd_decision d;
    bool moved;

    if (p->run.phase == ZDD_PHASE_GATED) {
        p->run.hold = ZDD_HOLD_GATE;
        p->run.command = ZDD_COMMAND_PROMOTE;
    }
    d = zdd_strategy_decide(p->strategy, &(struct zdd_facts){p->plan, &p->run, &seen});
    p->run.command = ZDD_COMMAND_NONE;
    p->wake_at_ms = d.wake_at_ms;
    if (d.sight == ZDD_SIGHT_SEEN && p->run.traffic_seen_at_ms == 0)
        p->run.traffic_seen_at_ms = p->now_ms;
    p->run.new_side.healthy = p->new_serving;
    p->run.old_side.healthy = p->old_running;
    moved = d.phase != p->run.phase || d.step != p->run.step;
    if (moved)
        enter(p, &d);
    for (size_t i = 0; i < d.order_count; i++)
        obey(p, &d.order[i]);
    return moved || d.order_count > 0;
}

/* Where time itself is waited for, it passes at once: a version may be kept for a day. */
static void pass_time(struct play *p)
{
    p->now_ms += ESTIMATE_SHIFT_MS;
    if (p->run.phase == ZDD_PHASE_PAUSING) /* it is looked at now and then */
        p->wake_at_ms = p->run.phase_since_ms + p->plan->program.step[p->run.step].value;
    if (p->now_ms < p->wake_at_ms &&
        (p->run.phase == ZDD_PHASE_KEEPING || p->run.phase == ZDD_PHASE_VERIFYING ||
         p->run.phase == ZDD_PHASE_PAUSING))
        p->now_ms = p->wake_at_ms;
}

static void play(struct play *p)
{
    p->preview->lowest_serving = serving(p);
    p->preview->peak_instances = p->old_running + p->new_running;
    record(p, "before", 0);
    for (int round = 0; round < ROUNDS_MAX && !zdd_phase_is_final(p->run.phase); round++) {
        if (decide(p))
            continue;
        if (p->new_serving < p->new_running) {
            p->new_serving = p->new_running;
            record(p, "%1 new are healthy", p->new_serving);
        }
        pass_time(p);
    }
    assert(p->run.phase == ZDD_PHASE_SUCCEEDED && "every program comes to its end");
    record(p, "done", 0);
}

void zdd_preview_pair(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                      struct zdd_preview *preview)
{
    struct play p = {.strategy = strategy, .plan = plan, .preview = preview};

    p.old_running = plan->pair.old_serving;
    p.old_wanted = plan->old.instances;
    p.old_definition = *plan->pair.old_id ? ZDD_DEFINITION_PREVIOUS : ZDD_DEFINITION_ABSENT;
    p.new_definition = ZDD_DEFINITION_ABSENT;
    if (zdd_plan_takes_over(plan)) {
        p.new_definition = ZDD_DEFINITION_PREVIOUS;
        p.new_running = plan->seen.running;
        p.new_serving = plan->seen.healthy;
    }
    p.told = p.run.traffic = zdd_traffic_base();
    p.now_ms = ESTIMATE_SHIFT_MS; /* a time of 0 would mean never */
    p.run.active = true;
    p.run.deadline_at_ms = p.run.step_deadline_at_ms = INT64_MAX;
    play(&p);
}
