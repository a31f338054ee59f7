/**
 * @file tests/sim/pair_checks_end.c
 * @brief What must hold when a play over two apps is over.
 */
#include "strategies/pair_shed.h"
#include "tests/sim/checks.h"

#include <string.h>

struct steps {
    struct sim *sim;
    int32_t count, ran, failed, left_out;
    bool pending, back;
    const char *contradiction;
};

/* Only these are: nobody gets past a gate by saying more. */
static bool is_left_out(const char *kind)
{
    return strcmp(kind, "weight") == 0 || strcmp(kind, "pause") == 0 ||
           strcmp(kind, "verify") == 0 || strcmp(kind, "start") == 0 || strcmp(kind, "join") == 0;
}

static bool take_step_row(void *cls, const struct zdd_step_row *row, const char *evidence)
{
    struct steps *t = cls;
    const bool pending = strcmp(row->state, "skipped") == 0; /* never taken */
    const bool back = row->index == t->sim->plan.program.count;

    t->count++;
    t->back = back;
    t->left_out += pending && t->sim->pair.goes_far && is_left_out(row->kind);
    t->ran += !pending;
    t->failed += strcmp(row->state, "failed") == 0;
    if (strcmp(row->state, "running") == 0 || strcmp(row->state, "pending") == 0)
        t->contradiction = "a step still runs or waits after the end";
    if (!pending && t->pending && !back)
        t->contradiction = "a step was taken, and the one before it was not";
    if (pending && t->sim->pair.goes_far && is_left_out(row->kind))
        return true; /* somebody has said: all the way */
    if (pending != (row->started_at_ms == 0))
        t->contradiction = "a step's start and its state do not fit";
    if (!pending && (row->ended_at_ms == 0 || !evidence || !*evidence))
        t->contradiction = "a step is over without an end or evidence";
    world_tell(&t->sim->world, "step %d %s %s, %d to %d ms", (int)row->index, row->kind, row->state,
               (int)row->started_at_ms, (int)row->ended_at_ms);
    t->pending = t->pending || pending;
    return true;
}

static void check_steps(struct sim *s)
{
    struct steps t = {.sim = s};
    const bool succeeded = s->run.phase == ZDD_PHASE_SUCCEEDED;

    if (zdd_step_list(s->store, s->run.id, take_step_row, &t) != ZDD_ERR_NONE)
        violate(s, "the steps cannot be read");
    if (t.contradiction)
        violate(s, "%s", t.contradiction);
    /* One that takes over leaves both as they are, and may do so in one step. */
    if (!(s->plan.seen.exists && t.back) &&
        t.count != s->plan.program.count + (s->undo_seen ? 1 : 0))
        violate(s, "%d steps of %d, and it %s back", (int)t.count, (int)s->plan.program.count,
                s->undo_seen ? "went" : "did not go");
    if (succeeded && (t.ran + t.left_out != t.count || t.failed > 0))
        violate(s, "it succeeded with %d of %d steps taken, %d failed", (int)t.ran, (int)t.count,
                (int)t.failed);
}

static int healthy_of(const struct sim *s, enum zdd_pair_side side)
{
    int n = 0;

    for (int i = 0; i < PAIR_TASKS_MAX; i++)
        n += s->pair.task[i].side == side && s->pair.task[i].state == TASK_HEALTHY;
    return n;
}

/* As many of the old ones stay as the program says, and serve. */
static void check_rest(struct sim *s)
{
    const int32_t stay = zdd_program_stay(&s->plan.program, s->plan.program.count);
    const int32_t rest = stay < s->plan.old.instances ? stay : s->plan.old.instances;

    if (s->pair.app[ZDD_SIDE_OLD].wanted != rest)
        violate(s, "%d old instances are wanted, and %d should stay",
                (int)s->pair.app[ZDD_SIDE_OLD].wanted, (int)rest);
    if (!pair_is_rough(s) && healthy_of(s, ZDD_SIDE_OLD) != rest)
        violate(s, "%d of %d old instances that stay are healthy", healthy_of(s, ZDD_SIDE_OLD),
                (int)rest);
}

static void check_success(struct sim *s)
{
    const struct pair_world *p = &s->pair;

    const int32_t wanted = zdd_program_started(&s->plan.program, s->plan.program.count);
    const bool both = zdd_pair_keeps_both(&s->plan);

    if ((p->app[ZDD_SIDE_OLD].definition != ZDD_DEFINITION_ABSENT) != both ||
        p->app[ZDD_SIDE_NEW].definition != ZDD_DEFINITION_TARGET ||
        p->app[ZDD_SIDE_NEW].wanted != wanted)
        violate(s, "it succeeded, and the old app is there or the new one is not");
    if (!pair_is_rough(s) && healthy_of(s, ZDD_SIDE_NEW) != wanted)
        violate(s, "it succeeded with %d of %d healthy", healthy_of(s, ZDD_SIDE_NEW), (int)wanted);
    if (both)
        check_rest(s);
    for (int b = 0; b < p->balancer_count && !pair_is_rough(s); b++) {
        for (int i = 0; i < PAIR_TASKS_MAX; i++) {
            const struct pair_row *row = &p->balancer[b].row[i];

            if (row->listed && (both || p->task[i].side == ZDD_SIDE_NEW) &&
                p->task[i].state == TASK_HEALTHY &&
                (row->setting.weight != ZDD_WEIGHT_BASE || row->setting.serving != ZDD_SERVES))
                violate(s, "it succeeded, and balancer %d has a server with weight %d", b,
                        (int)row->setting.weight);
        }
    }
}

/* One should have taken over: both are left, and serve alike. */
static void check_both(struct sim *s)
{
    const struct zdd_traffic base = zdd_traffic_base();

    if (s->pair.app[ZDD_SIDE_NEW].definition == ZDD_DEFINITION_ABSENT ||
        s->pair.app[ZDD_SIDE_NEW].wanted < s->plan.seen.running)
        violate(s, "it went back, and one of both apps is not what it was");
    if (!zdd_traffic_same(&s->run.traffic, &base))
        violate(s, "it went back, and both versions are told to serve %d/%d",
                (int)s->run.traffic.side[ZDD_SIDE_OLD].weight,
                (int)s->run.traffic.side[ZDD_SIDE_NEW].weight);
}

static void check_return(struct sim *s)
{
    const struct pair_app *old = &s->pair.app[ZDD_SIDE_OLD];
    const bool has_old = *s->plan.pair.old_id != '\0';

    if (has_old != (old->definition != ZDD_DEFINITION_ABSENT) ||
        (has_old && old->wanted != s->plan.old.instances))
        violate(s, "it went back, and the old app is not what it was");
    if (has_old && !pair_is_rough(s) && healthy_of(s, ZDD_SIDE_OLD) < s->plan.old.instances)
        violate(s, "it went back to %d of %d healthy", healthy_of(s, ZDD_SIDE_OLD),
                (int)s->plan.old.instances);
    if (s->plan.seen.exists) {
        check_both(s);
        return;
    }
    if (s->pair.app[ZDD_SIDE_NEW].definition != ZDD_DEFINITION_ABSENT)
        violate(s, "it went back, and the new app is still there");
    for (int b = 0; b < s->pair.balancer_count; b++) {
        if (has_old && pair_takers(s, b, ZDD_SIDE_NEW) > 0)
            violate(s, "it went back, and balancer %d gives the new version requests", b);
    }
    if (has_old && s->pair.told.side[ZDD_SIDE_OLD].serving != ZDD_SERVES)
        violate(s, "it went back, and the old version is told to rest");
    if (has_old && s->run.traffic.side[ZDD_SIDE_OLD].weight != ZDD_WEIGHT_BASE)
        violate(s, "it went back, and the old version keeps weight %d",
                (int)s->run.traffic.side[ZDD_SIDE_OLD].weight);
}

/* Where nothing goes wrong and nobody says no, nothing but success will do. */
static void check_luck(struct sim *s)
{
    static const struct faults none;

    if (memcmp(&s->world.faults, &none, sizeof(none)) == 0 &&
        s->world.target_health == TARGET_WELL && s->run.phase != ZDD_PHASE_SUCCEEDED &&
        s->run.cause != ZDD_CAUSE_REJECTED)
        violate(s, "nothing went wrong, and it ended %s (%s)", zdd_phase_name(s->run.phase),
                zdd_cause_name(s->run.cause));
}

void pair_check_end(struct sim *s)
{
    check_steps(s);
    pair_check_words(s);
    check_queue(s);
    check_luck(s);
    if (s->world.late.pending || s->world.troubles.foreign > 0)
        return; /* what the apps are now is not our doing */
    if (s->run.phase == ZDD_PHASE_SUCCEEDED)
        check_success(s);
    if (s->run.phase == ZDD_PHASE_ROLLED_BACK || s->run.phase == ZDD_PHASE_CANCELED)
        check_return(s);
}
