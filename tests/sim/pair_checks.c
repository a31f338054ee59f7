/**
 * @file tests/sim/pair_checks.c
 * @brief What must hold of two apps behind balancers, whatever goes wrong.
 */
#include "storage/intents.h"
#include "strategies/pair_shed.h"
#include "tests/sim/checks.h"

#include <string.h>

#define HELP_MS 5000

/* Instances that fall ill or die by themselves: nobody can promise an answer then. */
static bool is_rough(const struct sim *s)
{
    return s->world.faults.task_dies > 0 || s->world.faults.version_ill > 0;
}

/* Fewer take requests than promised on some balancer, and the watchdog can know it. */
static bool is_low(const struct sim *s)
{
    const struct faults *f = &s->world.faults;
    struct zdd_ward_state ward;

    zdd_wards_state(s->stepper.wards, s->run.id, &ward);
    if (!ward.watched)
        return false; /* a new process has to look first */
    if (f->router_fails > 0 || f->balancer_cut > 0 || f->look_fails > 0 ||
        !zdd_floor_is_promised(&s->plan, &s->run) || zdd_phase_is_undo(s->run.phase) ||
        s->run.phase == ZDD_PHASE_RETIRING || s->run.phase == ZDD_PHASE_SETTLING ||
        !zdd_floor_new_serves(&s->run.traffic))
        return false;
    for (int b = 0; b < s->pair.balancer_count; b++) {
        if (pair_takers(s, b, ZDD_SIDE_OLD) + pair_takers(s, b, ZDD_SIDE_NEW) < s->plan.pair.floor)
            return true;
    }
    return false;
}

/* Two looks find it, and then the old version is told to help. */
static void check_help(struct sim *s)
{
    const struct zdd_side_setting *old = &s->pair.told.side[ZDD_SIDE_OLD];

    if (!is_low(s))
        s->pair.low_since_ms = 0;
    else if (s->pair.low_since_ms == 0)
        s->pair.low_since_ms = s->world.now_ms;
    else if (s->world.now_ms - s->pair.low_since_ms > HELP_MS &&
             (old->serving != ZDD_SERVES || old->weight != ZDD_WEIGHT_MAX))
        violate(s, "too few have served for %d ms, and the old version does not help",
                (int)(s->world.now_ms - s->pair.low_since_ms));
}

void pair_check_moment(struct sim *s)
{
    const int promise = (int)zdd_pair_promise(&s->plan);

    check_help(s);
    if (s->pair.violations > 0 && !is_rough(s) && s->world.troubles.foreign == 0)
        violate(s, "a floor is broken, and all instances are well");
    if (!*s->plan.pair.old_id || is_rough(s))
        return;
    for (int b = 0; b < s->pair.balancer_count; b++) {
        const int takers = pair_takers(s, b, ZDD_SIDE_OLD) + pair_takers(s, b, ZDD_SIDE_NEW);

        if (takers < (s->world.troubles.foreign > 0 ? 1 : promise))
            violate(s, "balancer %d has %d to answer, and %d are promised", b, takers, promise);
    }
}

void pair_check_kill(struct sim *s, int task)
{
    s->pair.removal_look_ms = s->pair.looked_at_ms;
    for (int b = 0; b < s->pair.balancer_count; b++) {
        const struct pair_row *row = &s->pair.balancer[b].row[task];

        if (row->listed && row->setting.serving == ZDD_SERVES && row->setting.weight > 0)
            violate(s, "task %d is killed, and balancer %d still sends requests there",
                    s->pair.task[task].number, b);
    }
}

void pair_check_lost(struct sim *s, int task, const struct pair_request *request)
{
    const struct pair_task *t = &s->pair.task[task];
    const int64_t age_ms = s->world.now_ms - request->began_ms;

    if (!t->removed)
        return; /* Marathon replaces what is adopted, and tasks die */
    /* One that turned healthy after the look that the removal rests on was not seen. */
    if (t->side == ZDD_SIDE_NEW && (is_rough(s) || t->healthy_at_ms >= s->pair.removal_look_ms))
        return;
    /* Nor was one that came in the place of another while a late order was on its way. */
    if (is_rough(s) && s->pair.removal_sent_ms > 0 && t->healthy_at_ms >= s->pair.removal_sent_ms)
        return;
    if (age_ms < s->plan.pair.drain_ms)
        violate(s, "a request of %d ms loses its %s instance, and %d ms are promised", (int)age_ms,
                t->side == ZDD_SIDE_OLD ? "old" : "new", (int)s->plan.pair.drain_ms);
    else if (t->side == ZDD_SIDE_OLD && !request->hidden && !s->plan.pair.kill_undrained)
        violate(s, "a request that everybody sees loses its old instance");
}

void pair_check_removal(struct sim *s, enum zdd_pair_side side)
{
    s->pair.removal_look_ms = s->pair.looked_at_ms;
    for (int b = 0; b < s->pair.balancer_count && side == ZDD_SIDE_OLD; b++) {
        if (pair_takers(s, b, side) > 0)
            violate(s, "the old app is removed, and balancer %d still sends requests there", b);
    }
}

struct last_traffic {
    struct zdd_traffic traffic;
    unsigned count;
};

static bool take_traffic(void *cls, const struct zdd_intent_row *row, const char *detail)
{
    struct last_traffic *last = cls;

    (void)detail;
    if (row->order.kind != ZDD_ORDER_SET_TRAFFIC)
        return true;
    last->traffic = row->order.traffic;
    last->count++;
    return true;
}

static bool falls(const struct zdd_side_setting *from, const struct zdd_side_setting *to)
{
    return to->weight < from->weight || (from->serving == ZDD_SERVES && to->serving != ZDD_SERVES);
}

/* Whoever takes over shows on every balancer what it was told before: raised first, then lowered.
 */
static void check_raised(struct sim *s, enum zdd_pair_side side)
{
    const struct zdd_side_setting *told = &s->pair.told.side[side];

    for (int b = 0; b < s->pair.balancer_count; b++) {
        for (int i = 0; i < PAIR_TASKS_MAX; i++) {
            const struct pair_row *row = &s->pair.balancer[b].row[i];

            if (s->pair.task[i].side != side || s->pair.task[i].state != TASK_HEALTHY ||
                !row->listed || row->listed_at_ms >= s->pair.servers_known_ms)
                continue;
            if (row->setting.weight != told->weight || row->setting.serving != told->serving)
                violate(s,
                        "requests are taken from one version before balancer %d shows the other "
                        "with weight %d",
                        b, (int)told->weight);
        }
    }
}

/* The new version gets a share when all of it is there. */
static void check_joined(struct sim *s)
{
    const int32_t started = zdd_program_started(&s->plan.program, s->run.step);

    for (int b = 0; b < s->pair.balancer_count; b++) {
        int32_t listed = 0;

        for (int i = 0; i < PAIR_TASKS_MAX; i++)
            listed += s->pair.task[i].side == ZDD_SIDE_NEW && s->pair.balancer[b].row[i].listed;
        if (listed < started)
            violate(s, "the new version gets requests with %d of %d instances on balancer %d",
                    (int)listed, (int)started, b);
    }
}

/* What the watchdog may say by itself: what was ordered before, and that the old version helps. */
static bool is_watchdogs(const struct sim *s, const struct zdd_traffic *told)
{
    struct zdd_traffic helped = zdd_floor_traffic(&s->pair.ordered);
    struct zdd_traffic ordered = s->pair.ordered;
    struct zdd_wards_stats floors;

    ordered.old_stay = helped.old_stay = told->old_stay; /* who leaves is looked at elsewhere */
    zdd_wards_stats(s->stepper.wards, &floors);
    return floors.violations > 0 &&
           (zdd_traffic_same(&ordered, told) || zdd_traffic_same(&helped, told));
}

/* Whoever stays has come after everybody who leaves. */
static void check_leavers(struct sim *s, const struct zdd_router_order *order)
{
    const struct zdd_side_order *side = order->side;

    for (size_t i = 0; i < side[ZDD_SIDE_LEAVING].endpoint_count; i++) {
        const int leaver = pair_task_of(s, &side[ZDD_SIDE_LEAVING].endpoints[i], ZDD_SIDE_LEAVING);

        for (size_t k = 0; k < side[ZDD_SIDE_OLD].endpoint_count && leaver >= 0; k++) {
            const int stayer = pair_task_of(s, &side[ZDD_SIDE_OLD].endpoints[k], ZDD_SIDE_OLD);

            if (stayer >= 0 && s->pair.task[stayer].number < s->pair.task[leaver].number)
                violate(s, "task %d leaves before the older task %d", s->pair.task[leaver].number,
                        s->pair.task[stayer].number);
        }
    }
}

/* Requests are taken from one version, or from instances that leave: others have been raised. */
static void check_falls(struct sim *s, const struct zdd_traffic *before,
                        const struct zdd_traffic *traffic)
{
    const bool is_calm = !is_rough(s) && s->world.troubles.foreign == 0;

    for (int side = ZDD_SIDE_OLD; side <= ZDD_SIDE_NEW; side++) {
        const enum zdd_pair_side other = side == ZDD_SIDE_OLD ? ZDD_SIDE_NEW : ZDD_SIDE_OLD;
        const bool settles = traffic->side[other].weight == ZDD_WEIGHT_BASE;

        if (!falls(&before->side[side], &traffic->side[side]))
            continue;
        if (!settles && (falls(&before->side[other], &traffic->side[other]) ||
                         traffic->side[other].weight > before->side[other].weight))
            violate(s, "both versions' weights move at once");
        if (traffic->side[other].weight > 0 && is_calm && !settles)
            check_raised(s, other);
    }
    if (traffic->old_stay < before->old_stay && is_calm) {
        check_raised(s, ZDD_SIDE_OLD);
        check_raised(s, ZDD_SIDE_NEW);
    }
}

void pair_check_told(struct sim *s, const struct zdd_router_order *order)
{
    const struct zdd_traffic before = s->pair.told;
    struct last_traffic last = {.traffic = zdd_traffic_base()};
    struct zdd_traffic heard;
    const struct zdd_traffic *traffic = &heard;

    if (zdd_intent_list(s->store, s->run.id, take_traffic, &last) != ZDD_ERR_NONE)
        violate(s, "the journal cannot be read");
    heard.old_stay = last.traffic.old_stay; /* who leaves by it is looked at below */
    for (int side = 0; side < ZDD_SIDE_COUNT; side++)
        heard.side[side] =
            (struct zdd_side_setting){order->side[side].serving, order->side[side].weight};
    check_leavers(s, order);
    if (!zdd_traffic_same(&last.traffic, traffic) && !is_watchdogs(s, traffic))
        violate(s, "the balancers are told %d/%d, and the journal's last is %d/%d",
                (int)traffic->side[ZDD_SIDE_OLD].weight, (int)traffic->side[ZDD_SIDE_NEW].weight,
                (int)last.traffic.side[ZDD_SIDE_OLD].weight,
                (int)last.traffic.side[ZDD_SIDE_NEW].weight);
    if (zdd_traffic_same(&before, traffic))
        return;
    s->pair.told = heard;
    if (zdd_traffic_same(&last.traffic, traffic) && !zdd_traffic_same(&s->pair.ordered, traffic)) {
        s->world.orders_seen++; /* help is none, nor its end */
        s->pair.ordered = *traffic;
    }
    world_tell(&s->world, "the balancers are told: old %s %d, %d stay, new %s %d",
               zdd_serving_name(traffic->side[ZDD_SIDE_OLD].serving),
               (int)traffic->side[ZDD_SIDE_OLD].weight, (int)traffic->old_stay,
               zdd_serving_name(traffic->side[ZDD_SIDE_NEW].serving),
               (int)traffic->side[ZDD_SIDE_NEW].weight);
    check_falls(s, &before, traffic);
    /* On the way back an order from before may be told late. */
    if (!is_rough(s) && s->world.troubles.foreign == 0 && *s->plan.pair.old_id &&
        !zdd_phase_is_undo(s->run.phase) &&
        traffic->side[ZDD_SIDE_NEW].weight > before.side[ZDD_SIDE_NEW].weight)
        check_joined(s);
    if (*s->plan.pair.old_id && s->plan.verifies.count > 0 &&
        traffic->side[ZDD_SIDE_NEW].weight > before.side[ZDD_SIDE_NEW].weight &&
        !zdd_verify_is_good(&s->plan.verifies.step[0], s->pair.probed))
        violate(s, "the new version gets requests, and its checks said \"%s\"", s->pair.probed);
}

void pair_check_probe(struct sim *s)
{
    const int64_t since_ms = s->world.now_ms - s->pair.probed_at_ms;

    const struct faults *f = &s->world.faults;
    const bool forgets = f->engine_dies > 0 || f->store_fails > 0 || f->store_breaks > 0;

    if (s->run.phase != ZDD_PHASE_VERIFYING)
        violate(s, "the new version is checked while it is %s", zdd_phase_name(s->run.phase));
    if (s->run.rounds[0] && s->world.clock_jumps == 0 && !forgets &&
        since_ms < s->plan.verifies.step[0].interval_ms)
        violate(s, "checked again after %d of %d ms", (int)since_ms,
                (int)s->plan.verifies.step[0].interval_ms);
    if (zdd_verify_is_bad(&s->plan.verifies.step[0], s->run.rounds))
        violate(s, "checked again, and \"%s\" is bad already", s->run.rounds);
}

struct steps {
    struct sim *sim;
    int32_t count, ran, failed;
    bool pending;
    const char *contradiction;
};

static bool take_step_row(void *cls, const struct zdd_step_row *row, const char *evidence)
{
    struct steps *t = cls;
    const bool pending = strcmp(row->state, "skipped") == 0; /* never taken */
    const bool back = row->index == t->sim->plan.program.count;

    t->count++;
    t->ran += !pending;
    t->failed += strcmp(row->state, "failed") == 0;
    if (strcmp(row->state, "running") == 0 || strcmp(row->state, "pending") == 0)
        t->contradiction = "a step still runs or waits after the end";
    if (!pending && t->pending && !back)
        t->contradiction = "a step was taken, and the one before it was not";
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
    if (t.count != s->plan.program.count + (s->undo_seen ? 1 : 0))
        violate(s, "%d steps of %d, and it %s back", (int)t.count, (int)s->plan.program.count,
                s->undo_seen ? "went" : "did not go");
    if (succeeded && (t.ran != t.count || t.failed > 0))
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
    if (!is_rough(s) && healthy_of(s, ZDD_SIDE_OLD) != rest)
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
    if (!is_rough(s) && healthy_of(s, ZDD_SIDE_NEW) != wanted)
        violate(s, "it succeeded with %d of %d healthy", healthy_of(s, ZDD_SIDE_NEW), (int)wanted);
    if (both)
        check_rest(s);
    for (int b = 0; b < p->balancer_count && !is_rough(s); b++) {
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

static void check_return(struct sim *s)
{
    const struct pair_app *old = &s->pair.app[ZDD_SIDE_OLD];
    const bool has_old = *s->plan.pair.old_id != '\0';

    if (has_old != (old->definition != ZDD_DEFINITION_ABSENT) ||
        (has_old && old->wanted != s->plan.old.instances))
        violate(s, "it went back, and the old app is not what it was");
    if (has_old && !is_rough(s) && healthy_of(s, ZDD_SIDE_OLD) < s->plan.old.instances)
        violate(s, "it went back to %d of %d healthy", healthy_of(s, ZDD_SIDE_OLD),
                (int)s->plan.old.instances);
    if (s->pair.app[ZDD_SIDE_NEW].definition != ZDD_DEFINITION_ABSENT)
        violate(s, "it went back, and the new app is still there");
    if (has_old && s->pair.told.side[ZDD_SIDE_OLD].serving != ZDD_SERVES)
        violate(s, "it went back, and the old version is told to rest");
    if (has_old && s->run.traffic.side[ZDD_SIDE_OLD].weight != ZDD_WEIGHT_BASE)
        violate(s, "it went back, and the old version keeps weight %d",
                (int)s->run.traffic.side[ZDD_SIDE_OLD].weight);
}

/* Where nothing goes wrong, nothing but success will do. */
static void check_luck(struct sim *s)
{
    static const struct faults none;

    if (memcmp(&s->world.faults, &none, sizeof(none)) == 0 &&
        s->world.target_health == TARGET_WELL && s->run.phase != ZDD_PHASE_SUCCEEDED)
        violate(s, "nothing went wrong, and it ended %s (%s)", zdd_phase_name(s->run.phase),
                zdd_cause_name(s->run.cause));
}

void pair_check_end(struct sim *s)
{
    check_steps(s);
    check_queue(s);
    check_luck(s);
    if (s->world.late.pending || s->world.troubles.foreign > 0)
        return; /* what the apps are now is not our doing */
    if (s->run.phase == ZDD_PHASE_SUCCEEDED)
        check_success(s);
    if (s->run.phase == ZDD_PHASE_ROLLED_BACK || s->run.phase == ZDD_PHASE_CANCELED)
        check_return(s);
}
