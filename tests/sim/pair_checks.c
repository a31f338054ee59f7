/**
 * @file tests/sim/pair_checks.c
 * @brief What must hold of two apps behind balancers, whatever goes wrong.
 */
#include "storage/intents.h"
#include "strategies/pair_shed.h"
#include "strategies/share.h"
#include "tests/sim/checks.h"

#include <string.h>

#define HELP_MS 5000

bool pair_is_rough(const struct sim *s)
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
    if (s->pair.violations > 0 && !pair_is_rough(s) && s->world.troubles.foreign == 0)
        violate(s, "a floor is broken, and all instances are well");
    if (!*s->plan.pair.old_id || pair_is_rough(s))
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
    if (t->side == ZDD_SIDE_NEW &&
        (pair_is_rough(s) || t->healthy_at_ms >= s->pair.removal_look_ms))
        return;
    /* Nor was one that came in the place of another while a late order was on its way. */
    if (pair_is_rough(s) && s->pair.removal_sent_ms > 0 &&
        t->healthy_at_ms >= s->pair.removal_sent_ms)
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
static void check_raised(struct sim *s, const struct zdd_traffic *before, enum zdd_pair_side side)
{
    const struct zdd_side_setting *told = &before->side[side];

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
static bool is_watchdogs(const struct sim *s, const struct zdd_traffic *last,
                         const struct zdd_traffic *told)
{
    struct zdd_traffic helped_before = zdd_floor_traffic(&s->pair.ordered);
    struct zdd_traffic helped = zdd_floor_traffic(last);
    struct zdd_traffic ordered = s->pair.ordered;
    struct zdd_wards_stats floors;

    /* Who leaves is looked at elsewhere. */
    ordered.old_stay = helped.old_stay = helped_before.old_stay = told->old_stay;
    zdd_wards_stats(s->stepper.wards, &floors);
    return floors.violations > 0 &&
           (zdd_traffic_same(&ordered, told) || zdd_traffic_same(&helped_before, told) ||
            zdd_traffic_same(&helped, told));
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

static bool both_serve(const struct zdd_traffic *traffic)
{
    for (int side = ZDD_SIDE_OLD; side <= ZDD_SIDE_NEW; side++) {
        if (traffic->side[side].serving != ZDD_SERVES || traffic->side[side].weight == 0)
            return false;
    }
    return true;
}

/* Both versions have a share before and after: nobody is left alone. */
static bool is_split(const struct zdd_plan *plan, const struct zdd_traffic *before,
                     const struct zdd_traffic *traffic)
{
    return zdd_program_has(&plan->program, ZDD_STEP_WEIGHT) && both_serve(before) &&
           both_serve(traffic);
}

/* The other version has a share already, shown on every balancer, and gets all. */
static bool gets_all(const struct zdd_plan *plan, const struct zdd_traffic *before,
                     const struct zdd_traffic *traffic, enum zdd_pair_side other)
{
    return zdd_program_has(&plan->program, ZDD_STEP_WEIGHT) && both_serve(before) &&
           traffic->side[other].weight == ZDD_WEIGHT_MAX;
}

/* Requests are taken from one version, or from instances that leave: others have been raised. */
static void check_falls(struct sim *s, const struct zdd_traffic *before,
                        const struct zdd_traffic *traffic)
{
    const bool is_calm = !pair_is_rough(s) && s->world.troubles.foreign == 0;

    for (int side = ZDD_SIDE_OLD; side <= ZDD_SIDE_NEW; side++) {
        const enum zdd_pair_side other = side == ZDD_SIDE_OLD ? ZDD_SIDE_NEW : ZDD_SIDE_OLD;
        const bool settles = traffic->side[other].weight == ZDD_WEIGHT_BASE;
        const bool rises = traffic->side[other].weight > before->side[other].weight;

        if (!falls(&before->side[side], &traffic->side[side]) ||
            is_split(&s->plan, before, traffic))
            continue;
        if (!settles && (falls(&before->side[other], &traffic->side[other]) ||
                         (rises && !gets_all(&s->plan, before, traffic, other))))
            violate(s, "both versions' weights move at once");
        if (traffic->side[other].weight > 0 && is_calm && !settles)
            check_raised(s, before, other);
    }
    if (traffic->old_stay < before->old_stay && is_calm) {
        check_raised(s, before, ZDD_SIDE_OLD);
        check_raised(s, before, ZDD_SIDE_NEW);
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
    if (!zdd_traffic_same(&last.traffic, traffic) && !is_watchdogs(s, &last.traffic, traffic))
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
    if (!pair_is_rough(s) && s->world.troubles.foreign == 0 && *s->plan.pair.old_id &&
        !zdd_phase_is_undo(s->run.phase) &&
        traffic->side[ZDD_SIDE_NEW].weight > before.side[ZDD_SIDE_NEW].weight &&
        !is_split(&s->plan, &before, traffic))
        check_joined(s);
    if (*s->plan.pair.old_id && s->plan.verifies.count > 0 && s->scenery != &canary &&
        traffic->side[ZDD_SIDE_NEW].weight > before.side[ZDD_SIDE_NEW].weight &&
        !zdd_verify_is_good(&s->plan.verifies.step[0], s->pair.probed[1]))
        violate(s, "the new version gets requests, and its checks said \"%s\"", s->pair.probed[1]);
}

void pair_check_probe(struct sim *s, int32_t set)
{
    const int64_t since_ms = s->world.now_ms - s->pair.probed_at_ms[set];
    const struct zdd_verify *verify = zdd_verifies_set(&s->plan.verifies, set);

    const char *record = set == ZDD_VERIFY_BESIDE ? s->run.trial.rounds : s->run.rounds;
    const struct faults *f = &s->world.faults;
    const bool forgets = f->engine_dies > 0 || f->store_fails > 0 || f->store_breaks > 0;

    if (set == ZDD_VERIFY_BESIDE && !zdd_share_is_split(&s->plan, &s->run))
        violate(s, "the new version is checked beside the steps, and has no share");
    if (set != ZDD_VERIFY_BESIDE && s->run.phase != ZDD_PHASE_VERIFYING)
        violate(s, "the new version is checked while it is %s", zdd_phase_name(s->run.phase));
    if (record[0] && s->world.clock_jumps == 0 && !forgets && since_ms < verify->interval_ms)
        violate(s, "checked again after %d of %d ms", (int)since_ms, (int)verify->interval_ms);
    if (set != ZDD_VERIFY_BESIDE && zdd_verify_is_bad(verify, record))
        violate(s, "checked again, and \"%s\" is bad already", record);
}
