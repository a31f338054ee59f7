/**
 * @file strategies/preview.c
 * @brief What a plan will do: the strategy's own rules, played against the twin of the app.
 */
#include "strategies/preview.h"

#include "strategies/advice.h"
#include "strategies/capacity.h"
#include "strategies/pair.h"
#include "strategies/pair_steps.h"
#include "strategies/preview_pair.h"
#include "strategies/say.h"
#include "strategies/timing.h"
#include "strategies/twin.h"

#include <assert.h>
#include <string.h>

#define ROUNDS_MAX                                                                                 \
    200000 /* orders and events of one play; 10 000 instances one by one need some 40 000 */

/* One play, from before the first order to the end. */
struct play {
    const struct zdd_strategy *strategy;
    const struct zdd_plan *plan;
    struct zdd_preview *preview;
    struct zdd_twin twin;
    struct zdd_run run;
    int32_t first_generation; /* the app's tasks before anything is done */
    bool first_order_given;
    bool crowded; /* kills end last, and only the peak is of interest */
};

static const char *const proofs[] = {[ZDD_PROOF_PROVED] = "proved",
                                     [ZDD_PROOF_REFUTED] = "refuted",
                                     [ZDD_PROOF_UNKNOWN] = "unknown"};

const char *zdd_proof_name(enum zdd_proof proof)
{
    return proofs[proof];
}

static void measure(struct play *p)
{
    const int32_t serving = zdd_twin_serving(&p->twin);
    const int32_t waiting = zdd_twin_possible(&p->twin, ZDD_TWIN_RELAUNCHED);
    const int32_t existing = zdd_twin_total(&p->twin) - waiting;

    if (serving < p->preview->lowest_serving)
        p->preview->lowest_serving = serving;
    if (existing > p->preview->peak_instances)
        p->preview->peak_instances = existing;
}

/* When the timeline is full, every second moment goes: long roll-outs repeat themselves. */
static void thin_out(struct zdd_preview *v)
{
    size_t kept = 0;

    for (size_t i = 0; i < v->moment_count; i += 2)
        v->moment[kept++] = v->moment[i];
    v->moment_count = kept;
}

static struct zdd_moment look(const struct play *p, int32_t t)
{
    struct zdd_moment m = {.t = t};

    for (int32_t i = 0; i <= p->twin.current; i++) {
        const struct zdd_twin_generation *g = &p->twin.generation[i];
        const int32_t here = g->starting + g->fresh + g->healthy + g->ill;

        m.ending += g->killing;
        if (i > p->first_generation || !p->plan->seen.exists) {
            m.new_instances += here;
            m.healthy_new += g->healthy;
        } else {
            m.old_instances += here;
            m.healthy_old += g->healthy;
        }
    }
    return m;
}

static void record(struct play *p, const char *pattern, int64_t a, int64_t b)
{
    struct zdd_preview *v = p->preview;
    if (p->crowded)
        return;

    int32_t t = v->moment_count > 0 ? v->moment[v->moment_count - 1].t + 1 : 0;
    struct zdd_moment m = look(p, t);

    zdd_say(m.note, sizeof(m.note), pattern, a, b);
    if (v->moment_count == ZDD_TIMELINE_MAX)
        thin_out(v);
    v->moment[v->moment_count++] = m;
}

static struct zdd_observation observe(const struct play *p)
{
    struct zdd_observation seen = {
        .now_ms = 0,
        .reachable = true,
        .definition = p->twin.definition,
        .instances = p->twin.facts.instances,
        .locked = p->twin.deployment != ZDD_TWIN_IDLE,
        .locked_by_us = true,
    };

    zdd_twin_sides(&p->twin, &seen.current, &seen.outdated);
    return seen;
}

static void obey(struct play *p, const struct zdd_order *order)
{
    struct zdd_app_facts facts =
        order->kind == ZDD_ORDER_PUT_PREVIOUS ? p->plan->old : p->plan->target;
    bool done = false;

    facts.instances = order->instances;
    switch (order->kind) {
    case ZDD_ORDER_PUT_TARGET: {
        /* Another number of instances is no other definition (marathon.md §2.3). */
        const bool same_config = p->plan->action == ZDD_ACTION_SCALE;

        done = zdd_twin_put(&p->twin, same_config ? p->twin.definition : ZDD_DEFINITION_TARGET,
                            &facts, order->force);
        p->twin.definition = ZDD_DEFINITION_TARGET;
        break;
    }
    case ZDD_ORDER_PUT_PREVIOUS:
        done = zdd_twin_put(&p->twin, ZDD_DEFINITION_PREVIOUS, &facts, order->force);
        break;
    case ZDD_ORDER_RESTART:
        done = zdd_twin_restart(&p->twin, order->force);
        break;
    case ZDD_ORDER_DELETE: /* deletes what it has created when it goes back; a preview never does */
    case ZDD_ORDER_SET_TRAFFIC:
    case ZDD_ORDER_ADOPT_OLD:
    case ZDD_ORDER_DELETE_OLD:
    case ZDD_ORDER_MEASURE:
    case ZDD_ORDER_KILL_LEAVING:
    case ZDD_ORDER_RESTORE_OLD:
    case ZDD_ORDER_KIND_COUNT:
        break;
    }
    assert(done && "in a preview nobody else locks the app");
}

static void note_orders(struct play *p)
{
    const int32_t killed = zdd_twin_possible(&p->twin, ZDD_TWIN_ENDED);
    const int32_t started = zdd_twin_possible(&p->twin, ZDD_TWIN_STARTED);

    if (!p->first_order_given)
        p->preview->killed_at_once = killed;
    p->first_order_given = true;
    measure(p);
    if (killed > 0 && started > 0)
        record(p, "%1 told to end at once, %2 started", killed, started);
    else if (killed > 0)
        record(p, "%1 told to end at once", killed, 0);
    else
        record(p, started > 0 ? "%1 started" : "ordered, nothing moves yet", started, 0);
}

/* One decision of the strategy. @return false when it has ended or waits for events */
static bool decide(struct play *p)
{
    const struct zdd_observation seen = observe(p);
    const struct zdd_decision d =
        zdd_strategy_decide(p->strategy, &(struct zdd_facts){p->plan, &p->run, &seen});
    const bool moved = d.phase != p->run.phase;

    p->run.phase = d.phase;
    if (moved)
        p->run.outcome = ZDD_OUTCOME_NONE;
    for (size_t i = 0; i < d.order_count; i++)
        obey(p, &d.order[i]);
    if (d.order_count > 0) {
        p->run.ordered = true;
        p->run.outcome = ZDD_OUTCOME_ACKED;
        note_orders(p);
    }
    return moved && !zdd_phase_is_final(d.phase);
}

/* Let all of @p event happen that can happen now; as one moment of the timeline. */
static int32_t let_happen(struct play *p, enum zdd_twin_event event)
{
    const int32_t most = zdd_twin_possible(&p->twin, event);
    int32_t count = 0;

    /* What Marathon does in answer to one may leave fewer: it may kill a surplus. */
    for (; count < most && zdd_twin_possible(&p->twin, event) > 0; count++) {
        zdd_twin_happen(&p->twin, event);
        measure(p);
    }
    return count;
}

static void record_served(struct play *p, int32_t count)
{
    const int32_t killed = zdd_twin_possible(&p->twin, ZDD_TWIN_ENDED);

    record(p, killed > 0 ? "%1 more serve, %2 told to end" : "%1 more serve", count, killed);
}

static bool let_end(struct play *p)
{
    const int32_t count = let_happen(p, ZDD_TWIN_ENDED);
    const int32_t starting = zdd_twin_possible(&p->twin, ZDD_TWIN_STARTED);

    if (count > 0)
        record(p, starting > 0 ? "%1 ended, %2 starting" : "%1 ended", count, starting);
    return count > 0;
}

/* @return false: there is nobody who could serve next */
static bool let_serve(struct play *p)
{
    int32_t count = let_happen(p, ZDD_TWIN_STARTED);

    if (count > 0 && zdd_twin_possible(&p->twin, ZDD_TWIN_HEALTHY) > 0)
        return true; /* they run and do not serve yet: nothing to show */
    if (count > 0) {
        record(p, "%1 new serve, %2 told to end", count,
               zdd_twin_possible(&p->twin, ZDD_TWIN_ENDED));
        return true;
    }
    count = let_happen(p, ZDD_TWIN_HEALTHY);
    if (count > 0)
        record_served(p, count);
    return count > 0;
}

/* What Marathon could not launch so far: nothing may be built on it, so it comes last. */
static bool let_come(struct play *p)
{
    const int32_t count = let_happen(p, ZDD_TWIN_RELAUNCHED);

    if (count > 0)
        record(p, "%1 started that were missing", count, 0);
    return count > 0;
}

/* What happens next. Kills end first: the order in which least serves for longest. @return false:
 * nothing can */
static bool happen(struct play *p)
{
    const bool moved = p->crowded ? let_serve(p) || let_end(p) : let_end(p) || let_serve(p);

    return moved || let_come(p);
}

static void play(struct play *p)
{
    zdd_twin_init(&p->twin, p->plan);
    p->run = (struct zdd_run){.active = true, .phase = ZDD_PHASE_PENDING};
    p->run.deadline_at_ms = p->run.step_deadline_at_ms = INT64_MAX;
    p->preview->lowest_serving = zdd_twin_serving(&p->twin);
    measure(p);
    record(p, "before", 0, 0);
    for (int32_t round = 0; round < ROUNDS_MAX; round++) {
        if (decide(p))
            continue;
        if (zdd_phase_is_final(p->run.phase))
            return;
        if (!happen(p)) {
            p->preview->hangs = true;
            return;
        }
    }
    assert(false && "a play ends or hangs long before");
}

static void list_steps(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                       struct zdd_preview *v)
{
    const bool pair = plan->program.count > 0;

    v->step_count = pair ? (size_t)plan->program.count : strategy->step_count;
    for (size_t i = 0; i < v->step_count; i++) {
        const struct zdd_program_step *programmed = &plan->program.step[i];
        struct zdd_preview_step *step = &v->step[i];

        step->kind = pair ? zdd_step_kind_name(programmed->kind) : strategy->steps[i].kind;
        step->deadline_ms = zdd_timing_limit_ms(plan, pair ? zdd_pair_phase_of(programmed->kind)
                                                           : strategy->steps[i].phase);
        if (pair)
            zdd_pair_step_tell(plan, (int32_t)i, step->text, sizeof(step->text));
        else
            zdd_say(step->text, sizeof(step->text), strategy->steps[i].text, 0, 0);
    }
}

void zdd_preview_make(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                      struct zdd_preview *ret_preview)
{
    struct zdd_plan timed = *plan;
    struct play p = {.strategy = strategy, .plan = &timed, .preview = ret_preview};

    memset(ret_preview, 0, sizeof(*ret_preview));
    ret_preview->deadline_ms = zdd_timing_deadline_ms(plan);
    if (timed.deadline_ms == 0)
        timed.deadline_ms = ret_preview->deadline_ms;
    if (timed.program.count > 0)
        zdd_preview_pair(strategy, &timed, ret_preview);
    else
        play(&p);
    /* The kill of an instance that is missing makes room at once, others may still be ending. */
    p.crowded = plan->program.count == 0 && zdd_capacity_present(plan) > plan->seen.running;
    if (p.crowded)
        play(&p);
    list_steps(strategy, &timed, ret_preview);
    zdd_advice_give(strategy, &timed, ret_preview);
}
