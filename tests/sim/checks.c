/**
 * @file tests/sim/checks.c
 * @brief What must hold while a play goes on.
 */
#include "tests/sim/checks.h"

#include "storage/intents.h"

#include <inttypes.h>
#include <string.h>

#define AGAIN_PCT 5       /* of the steps that could be taken twice are */
#define FENCE_PER_MILLE 3 /* of the moments somebody tries what must not work */

struct newest {
    struct zdd_intent_row row;
    bool found;
};

static bool take_newest(void *cls, const struct zdd_intent_row *row, const char *detail)
{
    struct newest *newest = cls;

    (void)detail;
    newest->row = *row;
    newest->found = true;
    return true;
}

void check_order(void *cls, enum zdd_order_kind kind, const struct zdd_cluster_order *order)
{
    struct sim *s = cls;
    struct newest newest = {.found = false};
    const struct zdd_intent_row *row = &newest.row;

    if (zdd_intent_list(s->store, s->run.id, take_newest, &newest) != ZDD_ERR_NONE)
        violate(s, "the journal cannot be read");
    else if (!newest.found || row->closed_at_ms != 0 || row->seq <= s->last_intent_seq ||
             row->order.kind != kind || row->order.instances != order->instances ||
             row->order.force != order->force)
        violate(s, "order %s(%d) has no open intent of its own in the journal",
                zdd_order_name(kind), (int)order->instances);
    else if (s->world.looks_seen == s->last_order_looks)
        violate(s, "order %s(%d) rests on no look since the order before it", zdd_order_name(kind),
                (int)order->instances);
    if (order->instances < 0 ||
        (order->instances > s->bounds.undo_cap + 1 && s->world.troubles.foreign == 0))
        violate(s, "order %s(%d) is absurd", zdd_order_name(kind), (int)order->instances);
    if (strncmp(row->rule, "undo/", strlen("undo/")) == 0)
        s->undo_seen = true;
    s->last_intent_seq = row->seq;
    s->last_order_looks = s->world.looks_seen;
}

/* The same moment, the same look: there is nothing left to write or to order. */
static void check_again(struct sim *s)
{
    const bool calm = s->world.calm;
    const unsigned orders = s->world.orders_seen;
    const int64_t revision = s->run.revision;
    struct zdd_step_report report;

    s->world.calm = true;
    if (zdd_step(&s->stepper, s->run.id, NULL, &report) != ZDD_ERR_NONE)
        violate(s, "a step that has nothing to do fails");
    s->world.calm = calm;
    reload(s);
    if (s->run.revision != revision)
        violate(s, "a step that changes nothing writes something");
    if (s->world.orders_seen != orders)
        violate(s, "a step gives an order that the one before it, with the same look, did not");
}

/* Once on the way back always on the way back: so there is one rollback at the most, and none of a
 * rollback. */
static void check_direction(struct sim *s, const struct zdd_run *before)
{
    const struct zdd_run *now = &s->run;
    const bool back = zdd_phase_is_undo(now->phase);

    if (zdd_phase_is_undo(before->phase) && !back && !zdd_phase_is_final(now->phase))
        violate(s, "a rollback is rolled back: phase %s after %s", zdd_phase_name(now->phase),
                zdd_phase_name(before->phase));
    s->undo_seen = s->undo_seen || back;
    if (zdd_phase_is_final(now->phase) != (now->ended_at_ms != 0) ||
        zdd_phase_is_final(now->phase) == now->active)
        violate(s, "phase %s and the end time or activity do not fit", zdd_phase_name(now->phase));
    if (now->started_at_ms != 0 && (now->deadline_at_ms == 0 || now->step_deadline_at_ms == 0))
        violate(s, "phase %s has no deadline", zdd_phase_name(now->phase));
}

/* Nobody else has touched the app: then nobody else is blamed. */
static void check_blame(struct sim *s)
{
    const struct world *w = &s->world;
    const bool blames = s->run.hold == ZDD_HOLD_FOREIGN || s->run.cause == ZDD_CAUSE_FOREIGN_CHANGE;

    if (blames && w->troubles.foreign == 0 && w->troubles.halves == 0 && w->clock_jumps == 0)
        violate(s, "others are blamed for a change that nobody made");
}

/* Of a pair a second look shows more than the first: its balancers are looked at only in phases
 * that need them, and what is to be seen before the next move has to be noted first. */
static bool may_differ(const struct sim *s, const struct step_seen *seen)
{
    return s->world.blurred || (s->plan.program.count > 0 && seen->bodies > 0);
}

void check_step(struct sim *s, const struct step_seen *seen, bool of_sweep)
{
    const struct zdd_step_report *report = &seen->report;
    const uint64_t own = seen->bodies - s->foreign_bodies;

    if (s->run.revision - seen->before.revision != (int64_t)own)
        violate(s, "%" PRIu64 " commits of a step moved the revision from %" PRId64 " to %" PRId64,
                own, seen->before.revision, s->run.revision);
    check_direction(s, &seen->before);
    check_blame(s);
    if (*seen->before.deployment_id && !*s->run.deployment_id)
        violate(s, "the name of Marathon's deployment is forgotten");
    if (seen->err == ZDD_ERR_NONE && !report->died &&
        report->ended != zdd_phase_is_final(s->run.phase))
        violate(s, "a step says %s, and the phase is %s", report->ended ? "ended" : "not ended",
                zdd_phase_name(s->run.phase));
    if (*s->failure || seen->err != ZDD_ERR_NONE || report->died || report->unreachable ||
        report->ended || of_sweep || may_differ(s, seen) || seen->orders != s->world.orders_seen ||
        seen->at_ms != s->world.now_ms || s->run.command != ZDD_COMMAND_NONE ||
        !world_chance(&s->world, AGAIN_PCT))
        return;
    check_again(s);
}

/* Each task that died or fell ill may be missing, now or when Marathon counted on it; so may each
 * that moved between a look and the order that rests on it. */
static int32_t excused(const struct sim *s)
{
    return s->world.troubles.tasks + s->world.troubles.stale;
}

/* recreate is for apps that cannot run twice. */
static void check_apart(struct sim *s)
{
    const struct world *w = &s->world;
    int32_t of_target = 0, others = 0;

    if (strcmp(s->plan.strategy, "recreate") != 0 || s->undo_seen || w->troubles.foreign)
        return;
    for (int32_t i = 0; i <= w->twin.current; i++) {
        const struct zdd_twin_generation *g = &w->twin.generation[i];

        *(w->is_target[i] ? &of_target : &others) +=
            g->starting + g->fresh + g->healthy + g->ill + g->killing;
    }
    if (of_target > 0 && others > 0)
        violate(s, "%d new instances run beside %d old ones", (int)of_target, (int)others);
}

void check_capacity(struct sim *s)
{
    const struct bounds *b = &s->bounds;
    const int32_t serving = zdd_twin_serving(&s->world.twin);
    const int32_t total = zdd_twin_total(&s->world.twin);
    const int32_t floor = s->undo_seen ? b->undo_floor : b->floor;
    const int32_t cap = s->undo_seen ? b->undo_cap : b->cap;

    check_apart(s);
    if (s->world.troubles.leaders || s->world.troubles.foreign)
        return;
    if (serving < floor - excused(s))
        violate(s, "%d instances serve, %d are promised", (int)serving, (int)floor);
    if (total > cap && s->world.troubles.halves == 0)
        violate(s, "%d instances exist, %d are the most", (int)total, (int)cap);
}

void check_clocks(struct sim *s)
{
    const struct zdd_run *run = &s->run;
    const int64_t now_ms = sim_now(s);

    if (s->world.now_ms > s->bounds.end_by_ms + s->world.clock_jumps * JUMP_MAX_MS)
        violate(s, "it has not ended by all its deadlines, phase %s", zdd_phase_name(run->phase));
    if (s->world.clock_jumps > 0 || run->started_at_ms == 0 || run->hold != ZDD_HOLD_NONE ||
        run->command != ZDD_COMMAND_NONE)
        return;
    if (now_ms > run->step_deadline_at_ms + GRACE_MS)
        violate(s, "phase %s has outlived its deadline by %d s", zdd_phase_name(run->phase),
                (int)((now_ms - run->step_deadline_at_ms) / 1000));
}

struct attempt {
    struct sim *sim;
    enum zdd_err err;
};

static enum zdd_err write_too_late(struct zdd_tx *tx, void *cls)
{
    struct attempt *a = cls;
    struct zdd_run copy = a->sim->run;
    char next_id[ZDD_ID_SIZE];

    copy.phase = ZDD_PHASE_FAILED;
    a->err = zdd_run_advance(tx, &copy, copy.revision - 1, false, next_id);
    return a->err;
}

static enum zdd_err insert_rival(struct zdd_tx *tx, void *cls)
{
    struct attempt *a = cls;
    struct zdd_run rival = a->sim->run;
    char busy[ZDD_ID_SIZE];

    snprintf(rival.id, sizeof(rival.id), "rival");
    a->err = zdd_run_insert(tx, &rival, NULL, ZDD_WHEN_BUSY_REJECT, busy);
    return a->err;
}

void check_fences(struct sim *s)
{
    struct attempt late = {s, ZDD_ERR_NONE};
    struct attempt rival = {s, ZDD_ERR_NONE};

    if (world_draw(&s->world) % 1000 >= FENCE_PER_MILLE || s->world.now_ms < s->broken_until_ms)
        return;
    s->storing = false; /* nothing but the fence may refuse them */
    if (zdd_store_write(s->store, write_too_late, &late) != ZDD_ERR_REVISION_STALE)
        violate(s, "a writer with an old revision gets %s", zdd_err_slug(late.err));
    if (zdd_store_write(s->store, insert_rival, &rival) != ZDD_ERR_APP_BUSY)
        violate(s, "a second deployment of the app gets %s", zdd_err_slug(rival.err));
    s->storing = true;
    s->bodies = 0; /* look, whatever the store counts */
    const int64_t revision = s->run.revision;
    const enum zdd_phase phase = s->run.phase;

    reload(s);
    if (s->run.revision != revision || s->run.phase != phase)
        violate(s, "a writer with an old revision has changed the deployment");
}
