/**
 * @file tests/property/test_pair.c
 * @brief Deployments over a pair with everything left to chance: whatever the balancers, Marathon
 * and the operators do, there is always somebody to answer a request, no request under way loses
 * its instance, and every deployment ends as it says.
 *
 * Pure: no store, no engine, no network. `SEED=n` in the environment replays one and tells its
 * story, `SEEDS=n` plays so many.
 */
#include "server/engine/move.h"
#include "server/engine/wards.h"
#include "strategies/builtin.h"
#include "strategies/floor.h"
#include "strategies/judge/trial.h"
#include "strategies/pair.h"
#include "strategies/pair_shed.h"
#include "strategies/preview.h"
#include "strategies/share.h"
#include "strategies/timing.h"
#include "tests/support/canary_options.h"
#include "tests/support/pair_options.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define SEEDS 5000 /* so many show what the sanitizers look for, in a tenth of the time … */
#    define ALL_ROWS_FIRE false /* … and not every row: those are looked for without them */
#else
#    define SEEDS 28000
#    define ALL_ROWS_FIRE true
#endif
#define ROUNDS_MAX 60000
#define BALANCER_MAX 3
#define REQUEST_MAX 24 /* under way at the same time */
#define DECISIONS_MAX 8

/* A request under way: at whose instance, on which balancer, and whether a reload hid it. */
struct request {
    bool busy, hidden;
    enum zdd_pair_side side; /* OLD or NEW */
    int32_t number;          /* of the old instance */
    int balancer;
    int64_t began_ms, ends_ms;
};

struct balancer {
    bool down;
    int64_t started_at_ms;
    int64_t told_start_ms, seen_ms;    /* as it was seen last, and when */
    int32_t known[2];                  /* servers of each version, since its last reload */
    int32_t unasked[2];                /* of these: the youngest, still at their base weight */
    struct zdd_side_setting actual[2]; /* of those that it has asked for */
    int32_t resting;                   /* the oldest of the old ones, that it gives no requests */
};

struct world {
    uint64_t seed, random;
    bool tells;
    const struct zdd_strategy *strategy;
    struct zdd_wishes wishes; /* of a canary */
    struct zdd_plan plan;
    struct zdd_run run;
    /* Marathon */
    enum zdd_definition old_definition, new_definition;
    int32_t
        old_first; /* number of the oldest; the others follow, and the ill ones are the youngest */
    int32_t old_wanted, old_tasks, old_healthy, old_outdated, old_ending;
    int32_t new_wanted, new_starting, new_running, new_healthy;
    int32_t new_ill; /* that have been healthy */
    bool silent, new_is_sick;
    bool meddled;  /* somebody else has changed one of the apps */
    bool is_rough; /* healthy instances fall ill: nobody can promise an answer then */
    /* balancers */
    int balancer_count;
    struct balancer balancer[BALANCER_MAX];
    struct zdd_traffic told;        /* what the router says */
    struct zdd_balance before;      /* what the last decision rests on … */
    int64_t crew, same_since_ms;    /* which instances are healthy, and since when */
    int64_t crew_seen_ms, blind_ms; /* looked at last; the last time after a while without */
    int32_t was_stay;               /* … and what was ordered then */
    struct zdd_floor_watch watch;
    int64_t watch_at_ms; /* when it looks next */
    struct request request[REQUEST_MAX];
    int64_t now_ms;
    bool may_condemn;               /* the balancers' counters may speak against the new version */
    int32_t checks_pass;            /* percent of the rounds */
    char probed[ZDD_ROUND_MAX + 1]; /* what rounds found, since the first of the present try */
    bool killed_by_leave; /* requests took longer than the plan allows, and the plan says kill */
    int trouble_left;     /* faults that may still happen, so that each play ends */
};

/* Which rows have fired, for the check that none is dead. */
static bool fired[ZDD_PAIR_RULES];

static void note_fired(const char *rule)
{
    for (size_t i = 0; i < ZDD_PAIR_RULES; i++)
        fired[i] = fired[i] || zdd_pair_rules[i].id == rule;
}

static uint64_t draw(struct world *w)
{
    /* SplitMix64 (Vigna, 2015): any seed is a good seed. */
    uint64_t z = (w->random += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int32_t below(struct world *w, int32_t count)
{
    return (int32_t)(draw(w) % (uint64_t)count);
}

static bool chance(struct world *w, int32_t percent)
{
    return below(w, 100) < percent;
}

#define tell(w, ...)                                                                               \
    do {                                                                                           \
        if ((w)->tells)                                                                            \
            print_message(__VA_ARGS__);                                                            \
    } while (0)

#define must(w, condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("seed %llu violates %s (replay with SEED=%llu)\n",                         \
                        (unsigned long long)(w)->seed, #condition, (unsigned long long)(w)->seed); \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* The old instances that leave, as the engine counts them. */
static int32_t leaving_by(const struct world *w, int32_t stay)
{
    const struct zdd_plan *plan = &w->plan;
    const int32_t before = zdd_phase_is_undo(w->run.phase)
                               ? ZDD_INSTANCES_MAX
                               : zdd_program_stay(&plan->program, w->run.step - 1);
    const int32_t all = smaller(w->old_tasks > w->old_wanted ? w->old_tasks : w->old_wanted,
                                smaller(before, plan->old.instances));

    return all > stay ? smaller(all - stay, w->old_tasks) : 0;
}

/* As they are told now, by the watchdog too. */
static int32_t leaving(const struct world *w)
{
    return leaving_by(w, w->told.old_stay);
}

/* As it was ordered: that is what looks are measured against. */
static int32_t ordered_to_leave(const struct world *w)
{
    return leaving_by(w, w->run.traffic.old_stay);
}

static int32_t healthy_of(const struct world *w, enum zdd_pair_side side)
{
    return side == ZDD_SIDE_OLD ? w->old_healthy : w->new_healthy;
}

/* Servers of @p side that balancer @p b would give a request to: those that it has asked for by
 * their weight, the others for sure. */
static int32_t takers(const struct world *w, const struct balancer *b, enum zdd_pair_side side)
{
    const bool serves = b->actual[side].serving == ZDD_SERVES && b->actual[side].weight > 0;
    const int32_t known = smaller(b->known[side], healthy_of(w, side));
    const int32_t unasked = smaller(b->unasked[side], known);
    int32_t asked = known - unasked;

    if (side == ZDD_SIDE_OLD)
        asked = asked > b->resting ? asked - b->resting : 0;
    return (serves ? asked : 0) + unasked;
}

/* That enough answer at all is the world's first law. */
static void check_service(struct world *w)
{
    if (!*w->plan.pair.old_id || w->is_rough)
        return;
    for (int i = 0; i < w->balancer_count; i++)
        must(w,
             takers(w, &w->balancer[i], ZDD_SIDE_OLD) + takers(w, &w->balancer[i], ZDD_SIDE_NEW) >=
                 zdd_pair_promise(&w->plan));
}

static bool is_of(const struct world *w, const struct request *r, enum zdd_pair_side side)
{
    const bool leaves = r->side == ZDD_SIDE_OLD && r->number < w->old_first + ordered_to_leave(w);

    return side == ZDD_SIDE_LEAVING ? leaves : r->side == side && !leaves;
}

static int32_t requests_at(const struct world *w, enum zdd_pair_side side)
{
    int32_t count = 0;

    for (int i = 0; i < REQUEST_MAX; i++) {
        const struct request *r = &w->request[i];

        count += r->busy && !r->hidden && is_of(w, r, side) ? 1 : 0;
    }
    return count;
}

/* Instances of @p side are killed, the old ones below @p number: no request within its allowance
 * may be under way there. */
static void check_kill(struct world *w, enum zdd_pair_side side, int32_t number)
{
    for (int i = 0; i < REQUEST_MAX; i++) {
        struct request *r = &w->request[i];

        if (!r->busy || r->side != side || (side == ZDD_SIDE_OLD && r->number >= number))
            continue;
        /* One that falls ill and comes back is taken in anew, and may get a request each time. */
        if (side == ZDD_SIDE_OLD || !w->is_rough)
            must(w, w->now_ms - r->began_ms >= w->plan.pair.drain_ms);
        if (side == ZDD_SIDE_OLD && !r->hidden)
            must(w, w->plan.pair.kill_undrained);
        r->busy = false;
    }
}

static bool is_told(const struct world *w, enum zdd_pair_side side)
{
    const int32_t leavers = smaller(ordered_to_leave(w), w->old_healthy);

    for (int i = 0; i < w->balancer_count; i++) {
        const struct balancer *b = &w->balancer[i];

        if (side == ZDD_SIDE_LEAVING) {
            if (b->resting < leavers)
                return false;
            continue;
        }
        if (b->known[side] != healthy_of(w, side) || b->unasked[side] > 0)
            return false;
        if (side == ZDD_SIDE_OLD && b->resting > ordered_to_leave(w))
            return false;
        if (b->known[side] > 0 && (b->actual[side].weight != w->told.side[side].weight ||
                                   b->actual[side].serving != w->told.side[side].serving))
            return false;
    }
    return true;
}

static struct zdd_balance see_balance(const struct world *w)
{
    struct zdd_balance seen = {.known = true};
    const int32_t leavers = smaller(ordered_to_leave(w), w->old_healthy);

    seen.side[ZDD_SIDE_OLD].up = w->old_healthy - leavers;
    seen.side[ZDD_SIDE_NEW].up = w->new_healthy;
    for (int i = 0; i < w->balancer_count; i++) {
        const struct balancer *b = &w->balancer[i];
        const int32_t old_up = b->known[ZDD_SIDE_OLD] - leavers;

        if (b->down)
            return (struct zdd_balance){0};
        if (b->known[ZDD_SIDE_NEW] > seen.side[ZDD_SIDE_NEW].servers)
            seen.side[ZDD_SIDE_NEW].servers = b->known[ZDD_SIDE_NEW];
        seen.side[ZDD_SIDE_NEW].up = smaller(seen.side[ZDD_SIDE_NEW].up, b->known[ZDD_SIDE_NEW]);
        seen.side[ZDD_SIDE_OLD].up = smaller(seen.side[ZDD_SIDE_OLD].up, old_up > 0 ? old_up : 0);
        if (b->started_at_ms > seen.reloaded_at_ms)
            seen.reloaded_at_ms = b->started_at_ms;
    }
    for (int side = 0; side < ZDD_SIDE_COUNT; side++) {
        seen.side[side].sessions = requests_at(w, (enum zdd_pair_side)side);
        seen.side[side].told = is_told(w, (enum zdd_pair_side)side);
    }
    return seen;
}

/* As the engine does it at each look. */
static void note_crew(struct world *w)
{
    const int64_t crew = ((int64_t)w->old_first * 1000 + w->old_healthy) * 1000 + w->new_healthy;

    if (w->silent)
        return;
    if (crew != w->crew)
        w->same_since_ms = w->now_ms;
    w->crew = crew;
    if (w->now_ms - w->crew_seen_ms > ZDD_WARD_BLIND_MS)
        w->blind_ms = w->now_ms;
    w->crew_seen_ms = w->now_ms;
    for (int i = 0; i < w->balancer_count; i++) {
        struct balancer *b = &w->balancer[i];

        if (b->down)
            continue;
        if (b->started_at_ms != b->told_start_ms && w->blind_ms >= b->seen_ms)
            w->same_since_ms = w->now_ms;
        b->told_start_ms = b->started_at_ms;
        b->seen_ms = w->now_ms;
    }
}

static struct zdd_observation look(const struct world *w)
{
    struct zdd_observation seen = {
        .now_ms = w->now_ms, .reachable = !w->silent, .floor_broken = w->watch.broken};

    if (w->silent) { /* the balancers are asked all the same where they alone may help */
        if (zdd_pair_gives_back(&w->plan, &w->run) &&
            (zdd_phase_is_undo(w->run.phase) || w->run.command == ZDD_COMMAND_ROLLBACK))
            seen.balance = see_balance(w);
        return seen;
    }
    seen.definition = w->new_definition;
    if (w->new_definition != ZDD_DEFINITION_ABSENT)
        seen.instances = w->new_wanted;
    seen.current.staged = w->new_starting;
    seen.current.total = w->new_starting + w->new_running;
    seen.current.running = w->new_running;
    seen.current.healthy = seen.current.ready = w->new_healthy;
    seen.current.sick = w->new_ill;
    seen.locked = w->new_healthy < seen.instances ||
                  (w->new_definition == ZDD_DEFINITION_ABSENT && seen.current.total > 0);
    seen.locked_by_us = true;
    seen.peer.definition = w->old_definition;
    seen.peer.instances = w->old_definition == ZDD_DEFINITION_ABSENT ? 0 : w->old_wanted;
    seen.peer.current.total = w->old_tasks + w->old_ending - w->old_outdated;
    seen.peer.current.healthy = w->old_healthy - w->old_outdated;
    seen.peer.current.ready = seen.peer.current.healthy;
    seen.peer.outdated.total = w->old_outdated;
    seen.peer.locked = w->old_outdated > 0 || w->old_ending > 0 || w->old_tasks < w->old_wanted ||
                       (w->old_definition == ZDD_DEFINITION_ABSENT && w->old_tasks > 0);
    seen.balance = see_balance(w);
    seen.same_since_ms = w->same_since_ms;
    return seen;
}

/* As the watchdog counts: on the balancers that answer. */
static struct zdd_floor_sight count_serving(const struct world *w)
{
    struct zdd_floor_sight sight = {.complete = true, .serving = INT32_MAX, .carried = 0};

    for (int i = 0; i < w->balancer_count; i++) {
        const struct balancer *b = &w->balancer[i];
        const int32_t serving = takers(w, b, ZDD_SIDE_OLD) + takers(w, b, ZDD_SIDE_NEW);

        sight.known = sight.known || !b->down;
        sight.complete = sight.complete && !b->down;
        if (!b->down && serving < sight.serving)
            sight.serving = serving;
    }
    for (int side = ZDD_SIDE_OLD; side <= ZDD_SIDE_NEW; side++) {
        if (w->run.traffic.side[side].serving == ZDD_SERVES && w->run.traffic.side[side].weight > 0)
            sight.carried += side == ZDD_SIDE_OLD ? w->old_healthy : w->new_healthy;
    }
    return sight;
}

/* What is told as ordered, and what the watchdog asks for on top. */
static struct zdd_traffic with_help(const struct world *w, const struct zdd_traffic *ordered)
{
    const bool helps = w->watch.broken && w->old_definition != ZDD_DEFINITION_ABSENT;

    return helps ? zdd_floor_traffic(ordered) : *ordered;
}

static void watch_floor(struct world *w)
{
    const struct zdd_floor_sight sight = count_serving(w);
    enum zdd_floor_news news;

    if (w->now_ms < w->watch_at_ms || !zdd_floor_is_promised(&w->plan, &w->run))
        return;
    w->watch_at_ms = w->now_ms + 1000;
    w->watch.reached = w->watch.reached || zdd_floor_new_serves(&w->run.traffic);
    news = zdd_floor_judge(&w->watch, w->plan.pair.floor, &sight);
    if (news == ZDD_FLOOR_NO_NEWS)
        return;
    tell(w, "%8lld the floor of %d is %s\n", (long long)w->now_ms, (int)w->plan.pair.floor,
         news == ZDD_FLOOR_VIOLATED ? "broken" : "well again");
    must(w, news != ZDD_FLOOR_VIOLATED || w->is_rough || w->meddled);
    w->told = with_help(w, &w->run.traffic);
}

/* Whoever is given up before all others can carry it. */
static void check_spared(struct world *w, const struct zdd_traffic *next)
{
    const struct zdd_balance seen = w->before;
    const int32_t cut = smaller(w->was_stay, w->plan.old.instances) - next->old_stay;
    const int32_t left = seen.side[ZDD_SIDE_OLD].up > cut ? seen.side[ZDD_SIDE_OLD].up - cut : 0;

    if (cut <= 0 || w->watch.broken)
        return;
    must(w, seen.known && seen.side[ZDD_SIDE_OLD].told && seen.side[ZDD_SIDE_NEW].told);
    must(w, left + seen.side[ZDD_SIDE_NEW].up >= zdd_pair_promise(&w->plan));
}

/*
 * No version loses its requests to one that cannot carry them, and the new one gets none before all
 * of it that has been started is there.
 */
static void check_traffic(struct world *w, const struct zdd_traffic *next)
{
    const struct zdd_balance seen = w->before;
    const int32_t started = zdd_program_started(&w->plan.program, w->run.step);

    for (int side = ZDD_SIDE_OLD; side <= ZDD_SIDE_NEW; side++) {
        const int other = side == ZDD_SIDE_OLD ? ZDD_SIDE_NEW : ZDD_SIDE_OLD;
        const int32_t wanted =
            other == ZDD_SIDE_OLD ? w->plan.pair.old_serving : w->plan.target.instances;

        if (next->side[side].weight > 0 || w->told.side[side].weight == 0)
            continue;
        must(w, !w->watch.broken);
        must(w, seen.known);
        must(w, seen.side[other].up >= wanted || seen.side[other].up >= seen.side[side].up);
    }
    if (!w->is_rough && seen.known && !zdd_phase_is_undo(w->run.phase) &&
        next->side[ZDD_SIDE_NEW].weight > w->told.side[ZDD_SIDE_NEW].weight &&
        (w->strategy != &zdd_canary || w->told.side[ZDD_SIDE_NEW].weight == 0))
        must(w, seen.side[ZDD_SIDE_NEW].up >= started);
    if (*w->plan.pair.old_id && w->plan.verifies.count > 0 && w->strategy != &zdd_canary &&
        next->side[ZDD_SIDE_NEW].weight > w->told.side[ZDD_SIDE_NEW].weight)
        must(w, zdd_verify_is_good(&w->plan.verifies.step[0], w->probed));
    check_spared(w, next);
}

/* Beside the steps, or in one: what balancers count is part of it. */
static enum zdd_finding find(struct world *w, const struct zdd_verify *verify)
{
    if (zdd_trial_condemns(&w->run.trial, verify))
        return ZDD_FINDING_FAILED;
    if (chance(w, w->checks_pass))
        return ZDD_FINDING_PASSED;
    if (verify->counted_count > 0 && chance(w, 50))
        return ZDD_FINDING_INCONCLUSIVE;
    return chance(w, 50) ? ZDD_FINDING_FAILED : ZDD_FINDING_ERROR;
}

static void measure_beside(struct world *w)
{
    const struct zdd_verify *verify = &w->plan.verifies.beside;
    struct zdd_trial *trial = &w->run.trial;

    must(w, verify->rounds > 0 && zdd_share_is_split(&w->plan, &w->run));
    must(w, w->run.hold == ZDD_HOLD_NONE || w->run.hold == ZDD_HOLD_GATE);
    must(w, trial->measured_at_ms == 0 || zdd_trial_condemns(trial, verify) ||
                w->now_ms >= trial->measured_at_ms + verify->interval_ms);
    zdd_verify_add(verify, trial->rounds, find(w, verify));
    zdd_trial_tell(trial, &w->plan.verifies, ZDD_VERIFY_BESIDE);
    trial->measured_at_ms = w->now_ms;
}

/* One round of checks, which everything that can be asked must answer. */
static void measure(struct world *w)
{
    const struct zdd_verify *verify = zdd_verifies_set(&w->plan.verifies, w->run.verify_set);
    const enum zdd_finding finding = find(w, verify);
    const bool waits = w->run.rounds[0] || verify->counted_count > 0;

    must(w, !waits || w->run.measured_at_ms == 0 || zdd_trial_condemns(&w->run.trial, verify) ||
                w->now_ms >= w->run.measured_at_ms + verify->interval_ms);
    if (!w->run.rounds[0])
        w->probed[0] = '\0';
    zdd_rounds_add(w->probed, finding);
    zdd_verify_add(verify, w->run.rounds, finding);
    zdd_trial_tell(&w->run.trial, &w->plan.verifies, w->run.verify_set);
    w->run.measured_at_ms = w->now_ms;
}

static void put_target(struct world *w, int32_t instances)
{
    if (w->new_definition == ZDD_DEFINITION_ABSENT)
        w->new_wanted = 0;
    else if (w->new_definition == ZDD_DEFINITION_FOREIGN)
        return;
    must(w, instances >= w->new_wanted);
    w->new_definition = ZDD_DEFINITION_TARGET;
    w->new_starting += instances - w->new_wanted;
    w->new_wanted = instances;
}

/* All that leave are killed. */
static void kill_leaving(struct world *w, int32_t stay)
{
    const int32_t count = ordered_to_leave(w);

    check_kill(w, ZDD_SIDE_OLD, w->old_first + count);
    for (int i = 0; i < w->balancer_count; i++) {
        struct balancer *b = &w->balancer[i];

        must(w, b->resting >= smaller(count, w->old_healthy));
        b->resting -= smaller(b->resting, count);
        b->known[ZDD_SIDE_OLD] -= smaller(b->known[ZDD_SIDE_OLD], count);
    }
    w->old_first += count;
    w->old_wanted -= count;
    w->old_tasks -= count;
    w->old_healthy -= smaller(w->old_healthy, count);
    w->old_ending += count;
    must(w, w->old_wanted == stay);
}

static void delete_old(struct world *w)
{
    for (int i = 0; i < w->balancer_count; i++)
        must(w, takers(w, &w->balancer[i], ZDD_SIDE_OLD) == 0);
    check_kill(w, ZDD_SIDE_OLD, INT32_MAX);
    w->old_definition = ZDD_DEFINITION_ABSENT;
}

/* @return false: it is lost, or refused */
static bool arrives(struct world *w)
{
    if (w->trouble_left > 0 && chance(w, 20)) {
        w->trouble_left--;
        w->run.outcome = ZDD_OUTCOME_FAILED;
        w->run.unsure_until_ms = w->now_ms + ZDD_UNSURE_MS;
        w->run.attempt++;
        return false;
    }
    if (w->trouble_left > 0 && chance(w, 4)) {
        w->trouble_left--;
        w->run.outcome = ZDD_OUTCOME_REFUSED;
        return false;
    }
    w->run.attempt = 0;
    if (w->trouble_left > 0 && chance(w, 4)) { /* accepted, and then Marathon's leader dies */
        w->trouble_left--;
        return false;
    }
    return true;
}

static void carry_out(struct world *w, const struct zdd_order *order)
{
    switch (order->kind) {
    case ZDD_ORDER_PUT_TARGET:
        put_target(w, order->instances);
        break;
    case ZDD_ORDER_DELETE:
        must(w, !w->plan.seen.exists); /* it was there before: nobody knows which one was right */
        must(w, !w->watch.broken);
        check_kill(w, ZDD_SIDE_NEW, 0);
        w->new_definition = ZDD_DEFINITION_ABSENT;
        break;
    case ZDD_ORDER_ADOPT_OLD:
        w->old_definition = ZDD_DEFINITION_TARGET;
        w->old_outdated = w->old_tasks;
        break;
    case ZDD_ORDER_DELETE_OLD:
        must(w, !w->watch.broken);
        delete_old(w);
        break;
    case ZDD_ORDER_KILL_LEAVING:
        must(w, !w->watch.broken);
        kill_leaving(w, order->instances);
        break;
    case ZDD_ORDER_RESTORE_OLD:
        must(w, w->told.old_stay == ZDD_INSTANCES_MAX);
        w->old_wanted = order->instances;
        break;
    case ZDD_ORDER_PUT_PREVIOUS:
    case ZDD_ORDER_RESTART:
    case ZDD_ORDER_SET_TRAFFIC:
    case ZDD_ORDER_MEASURE:
    case ZDD_ORDER_KIND_COUNT:
        fail_msg("a pair has no use for %s", zdd_order_name(order->kind));
    }
}

/* Carry out one order, or lose it. @return whether the next one of the same decision goes out */
static bool obey(struct world *w, const struct zdd_order *order, int64_t unsure_before_ms)
{
    tell(w, "%8lld order %s(%d) old %d:%d, %d stay, new %d:%d\n", (long long)w->now_ms,
         zdd_order_name(order->kind), (int)order->instances, (int)order->traffic.side[0].serving,
         (int)order->traffic.side[0].weight, (int)order->traffic.old_stay,
         (int)order->traffic.side[1].serving, (int)order->traffic.side[1].weight);
    w->run.ordered_at_ms = w->now_ms;
    w->run.unsure_until_ms = unsure_before_ms;
    w->run.outcome = ZDD_OUTCOME_ACKED;
    if (order->kind == ZDD_ORDER_SET_TRAFFIC) {
        check_traffic(w, &order->traffic);
        w->told = with_help(w, &order->traffic);
        return true;
    }
    if (order->kind == ZDD_ORDER_MEASURE && order->instances == ZDD_VERIFY_BESIDE) {
        measure_beside(w);
        return true;
    }
    if (order->kind == ZDD_ORDER_MEASURE) {
        measure(w);
        return true;
    }
    if (!arrives(w))
        return false;
    carry_out(w, order);
    return true;
}

/* What was wanted has come, whatever number of instances there is. */
static void check_share(struct world *w, const struct zdd_observation *seen)
{
    const double wanted = (double)zdd_share_now(&w->plan, &w->run) / ZDD_SHARE_PERCENT;
    const int32_t old = seen->peer.current.ready + seen->peer.outdated.ready;
    const int32_t new = seen->current.ready;
    const double share = zdd_weights_share(w->told.side[ZDD_SIDE_OLD].weight, old,
                                           w->told.side[ZDD_SIDE_NEW].weight, new);

    if (wanted < 2 || wanted > 98 || old == 0 || new == 0)
        return; /* at the ends of what can be had */
    must(w, share > wanted - 0.1 && share < wanted + 0.1);
}

/* A new version that has a share and loses an instance does not keep it, unless somebody has said
 * so or is about to. */
static void check_unwell(struct world *w, const struct zdd_observation *seen,
                         const struct zdd_decision *d)
{
    const bool decided = w->run.hold == ZDD_HOLD_OPERATOR || w->run.hold == ZDD_HOLD_FAILURE ||
                         w->run.hold == ZDD_HOLD_FOREIGN || w->run.command != ZDD_COMMAND_NONE;

    if (!seen->reachable || seen->current.sick == 0 || w->meddled || decided ||
        w->run.phase == ZDD_PHASE_PENDING || !zdd_share_is_split(&w->plan, &w->run) ||
        w->run.traffic.side[ZDD_SIDE_NEW].weight == 0)
        return;
    must(w, zdd_phase_is_undo(d->phase) || zdd_phase_is_final(d->phase) ||
                d->hold == ZDD_HOLD_FAILURE);
}

/* As the engine does it while both versions get requests. */
static void count_requests(struct world *w)
{
    struct zdd_trial *trial = &w->run.trial;

    if (!zdd_share_is_split(&w->plan, &w->run) || w->run.traffic.side[ZDD_SIDE_NEW].weight == 0)
        return;
    if (trial->since_ms == 0)
        trial->since_ms = w->now_ms;
    trial->until_ms = w->now_ms;
    if (w->may_condemn && chance(w, 2))
        trial->errors.condemned = true;
}

static void step(struct world *w)
{
    if (zdd_phase_is_final(w->run.phase))
        return;
    for (int i = 0; i < DECISIONS_MAX; i++) {
        const enum zdd_phase phase = w->run.phase;
        const int32_t at = w->run.step;
        struct zdd_observation seen;
        struct zdd_decision d;

        zdd_move_start(&w->plan, &w->run, w->now_ms);
        count_requests(w);
        note_crew(w);
        seen = look(w);
        d = zdd_strategy_decide(w->strategy, &(struct zdd_facts){&w->plan, &w->run, &seen});
        note_fired(d.rule);
        if (strcmp(d.rule, "pair/weighed") == 0)
            check_share(w, &seen);
        check_unwell(w, &seen, &d);
        const int64_t unsure_before_ms = w->run.unsure_until_ms;

        w->before = see_balance(w);
        w->was_stay = w->run.traffic.old_stay;
        zdd_move(w->strategy, &w->plan, &d, w->now_ms, &w->run);
        w->run.new_side.healthy = seen.current.healthy;
        w->run.old_side.healthy = seen.peer.current.ready + seen.peer.outdated.ready;
        if (d.take_command)
            w->run.command = ZDD_COMMAND_NONE;
        if (w->run.phase != phase || w->run.step != at)
            tell(w, "%8lld %s: %s\n", (long long)w->now_ms, d.rule, zdd_phase_name(w->run.phase));
        for (size_t k = 0; k < d.order_count; k++) {
            if (!obey(w, &d.order[k], unsure_before_ms))
                break;
        }
        check_service(w);
        if (d.order_count > 0 || zdd_phase_is_final(w->run.phase))
            return;
        if (w->run.phase == phase && w->run.step == at && !d.take_command)
            return;
        must(w, i + 1 < DECISIONS_MAX);
    }
}

static void reload(struct world *w, int i)
{
    struct balancer *b = &w->balancer[i];

    b->started_at_ms = w->now_ms;
    for (int side = ZDD_SIDE_OLD; side <= ZDD_SIDE_NEW; side++) {
        const int32_t healthy = healthy_of(w, (enum zdd_pair_side)side);

        if (healthy > b->known[side])
            b->unasked[side] += healthy - b->known[side];
        b->known[side] = healthy;
        b->unasked[side] = smaller(b->unasked[side], healthy);
    }
    for (int k = 0; k < REQUEST_MAX; k++)
        w->request[k].hidden |= w->request[k].busy && w->request[k].balancer == i;
}

static void ask_for_weight(struct world *w)
{
    struct balancer *b = &w->balancer[below(w, w->balancer_count)];
    const int side = below(w, ZDD_SIDE_COUNT);

    if (b->down)
        return;
    if (side == ZDD_SIDE_LEAVING) {
        if (b->resting < leaving(w))
            b->resting = leaving(w);
        return;
    }
    b->actual[side] = w->told.side[side];
    b->unasked[side] = 0;
    if (side == ZDD_SIDE_OLD)
        b->resting = smaller(b->resting, leaving(w));
}

/* Any of the old ones that take requests; the youngest may be the only one. */
static int32_t number_of_taker(struct world *w, const struct balancer *b, int32_t count)
{
    const bool serves =
        b->actual[ZDD_SIDE_OLD].serving == ZDD_SERVES && b->actual[ZDD_SIDE_OLD].weight > 0;
    const int32_t last = w->old_first + smaller(b->known[ZDD_SIDE_OLD], w->old_healthy) - 1;

    return serves ? last - below(w, count) : last;
}

static void begin_request(struct world *w)
{
    const int i = below(w, w->balancer_count);
    const struct balancer *b = &w->balancer[i];
    const int32_t old = takers(w, b, ZDD_SIDE_OLD), new = takers(w, b, ZDD_SIDE_NEW);
    struct request *r = &w->request[below(w, REQUEST_MAX)];
    /* Some take longer than the plan allows. */
    const int64_t length_ms = chance(w, 5)
                                  ? 4 * w->plan.pair.drain_ms
                                  : 1 + (int64_t)(draw(w) % (uint64_t)w->plan.pair.drain_ms);

    if (r->busy || old + new == 0)
        return;
    *r = (struct request){.busy = true,
                          .side = below(w, old + new) < old ? ZDD_SIDE_OLD : ZDD_SIDE_NEW,
                          .balancer = i,
                          .began_ms = w->now_ms,
                          .ends_ms = w->now_ms + length_ms};
    if (r->side == ZDD_SIDE_OLD)
        r->number = number_of_taker(w, b, old);
}

static void end_requests(struct world *w)
{
    for (int i = 0; i < REQUEST_MAX; i++)
        w->request[i].busy = w->request[i].busy && w->now_ms < w->request[i].ends_ms;
}

static void marathon_moves(struct world *w)
{
    switch (below(w, 4)) {
    case 0:
        if (w->new_starting > 0 && w->new_definition == ZDD_DEFINITION_TARGET) {
            w->new_starting--;
            w->new_running++;
        }
        break;
    case 1:
        if (w->new_healthy < w->new_running && !w->new_is_sick) {
            w->new_healthy++;
            w->new_ill -= w->new_ill > 0;
        }
        break;
    case 2: /* Marathon kills what has been removed */
        if (w->new_definition == ZDD_DEFINITION_ABSENT) {
            w->new_starting = w->new_running = w->new_healthy = w->new_ill = 0;
            for (int i = 0; i < w->balancer_count; i++)
                w->balancer[i].known[ZDD_SIDE_NEW] = w->balancer[i].unasked[ZDD_SIDE_NEW] = 0;
        }
        w->old_ending = 0;
        if (w->old_definition == ZDD_DEFINITION_ABSENT)
            w->old_wanted = w->old_tasks = w->old_healthy = w->old_outdated = 0;
        break;
    default:
        if (w->old_outdated > 0)
            w->old_outdated--;
        else if (w->old_tasks < w->old_wanted)
            w->old_tasks++;
        else if (w->old_healthy < w->old_tasks)
            w->old_healthy++;
        break;
    }
}

static void operator_speaks(struct world *w)
{
    static const enum zdd_command words[] = {
        ZDD_COMMAND_PAUSE,    ZDD_COMMAND_RESUME, ZDD_COMMAND_PROMOTE, ZDD_COMMAND_ABORT,
        ZDD_COMMAND_ROLLBACK, ZDD_COMMAND_RETRY,  ZDD_COMMAND_WEIGHT,
    };
    const enum zdd_command word = words[below(w, (int32_t)ZDD_COUNT(words))];

    if (zdd_phase_is_final(w->run.phase) || !zdd_run_allows(&w->run, word))
        return;
    tell(w, "%8lld operator says %s\n", (long long)w->now_ms, zdd_command_name(word));
    w->run.command = word;
    w->run.command_value = word == ZDD_COMMAND_WEIGHT ? below(w, ZDD_SHARE_ALL) : chance(w, 30);
}

/* Whatever holds the deployment, somebody comes by in the end. */
static void operator_helps(struct world *w, bool has_patience)
{
    if (w->run.command != ZDD_COMMAND_NONE || w->run.hold == ZDD_HOLD_NONE)
        return;
    if (w->run.hold == ZDD_HOLD_GATE)
        w->run.command = ZDD_COMMAND_PROMOTE;
    else
        w->run.command = has_patience && chance(w, 50) ? ZDD_COMMAND_RETRY
                         : chance(w, 50)               ? ZDD_COMMAND_ROLLBACK
                                                       : ZDD_COMMAND_ABORT;
}

static void health_changes(struct world *w)
{
    const enum zdd_pair_side side = chance(w, 50) ? ZDD_SIDE_NEW : ZDD_SIDE_OLD;
    int32_t *healthy = side == ZDD_SIDE_NEW ? &w->new_healthy : &w->old_healthy;
    const int32_t most = side == ZDD_SIDE_NEW ? w->new_running : w->old_tasks;
    const int32_t before = w->new_healthy;

    if (chance(w, 50) && *healthy > 0) {
        *healthy = chance(w, 30) ? 0 : *healthy - 1;
        /* What an ill instance has accepted is lost, whoever removes it later. */
        for (int i = 0; i < REQUEST_MAX; i++)
            w->request[i].busy &= w->request[i].side != side;
    } else if (*healthy < most) {
        (*healthy)++;
    }
    w->new_ill += before - w->new_healthy;
    w->new_ill = w->new_ill < 0 ? 0 : w->new_ill;
}

/* Another definition in the place of one that exists. */
static void meddle(struct world *w)
{
    enum zdd_definition *definition = chance(w, 50) ? &w->old_definition : &w->new_definition;

    if (!chance(w, 10) || *definition == ZDD_DEFINITION_ABSENT)
        return;
    tell(w, "%8lld somebody else changes the %s app\n", (long long)w->now_ms,
         definition == &w->old_definition ? "old" : "new");
    *definition = ZDD_DEFINITION_FOREIGN;
    w->meddled = true;
}

static void trouble(struct world *w)
{
    /* While the old app is removed is the worst moment to fall ill, and a short one. */
    if (w->trouble_left > 0 && w->is_rough && w->run.phase == ZDD_PHASE_RETIRING && chance(w, 20)) {
        w->trouble_left--;
        health_changes(w);
    }
    if (w->trouble_left == 0 || !chance(w, 3))
        return;
    w->trouble_left--;
    switch (below(w, 7)) {
    case 4:
        if (w->is_rough)
            health_changes(w);
        break;
    case 5:
        meddle(w);
        break;
    case 6: /* the machine slept */
        if (chance(w, 10))
            w->now_ms += w->plan.deadline_ms;
        break;
    case 0:
        w->silent = !w->silent;
        break;
    case 1: {
        struct balancer *b = &w->balancer[below(w, w->balancer_count)];

        b->down = !b->down;
        break;
    }
    case 2:
        reload(w, below(w, w->balancer_count));
        break;
    default:
        operator_speaks(w);
    }
}

static void round_trip(struct world *w, int round)
{
    w->now_ms += 1 + below(w, 400);
    end_requests(w);
    for (int i = below(w, 6); i > 0; i--) {
        switch (below(w, 4)) {
        case 0:
            ask_for_weight(w);
            break;
        case 1:
            begin_request(w);
            break;
        case 2:
            marathon_moves(w);
            break;
        default:
            /* A balancer reads its configuration anew when servers have come. */
            for (int k = 0; k < w->balancer_count; k++) {
                if ((w->balancer[k].known[ZDD_SIDE_NEW] != w->new_healthy ||
                     w->balancer[k].known[ZDD_SIDE_OLD] != w->old_healthy) &&
                    !w->balancer[k].down)
                    reload(w, k);
            }
        }
        check_service(w);
    }
    trouble(w);
    watch_floor(w);
    if (w->trouble_left == 0) {
        w->silent = false;
        w->old_healthy = w->old_tasks;
        for (int i = 0; i < w->balancer_count; i++)
            w->balancer[i].down = false;
    }
    if (round % 200 == 199)
        operator_helps(w, round < ROUNDS_MAX / 2);
    if (round % 4 != 0 || chance(w, 60))
        step(w);
}

static struct zdd_verify draw_verify(struct world *w)
{
    struct zdd_verify verify = {.rounds = 1 + below(w, 5),
                                .interval_ms = 1000 * (1 + below(w, 5)),
                                .on_inconclusive = ZDD_INCONCLUSIVE_FAILS};

    verify.failure_limit = verify.error_limit = below(w, verify.rounds);
    if (w->strategy == &zdd_canary)
        verify.on_inconclusive = (enum zdd_on_inconclusive)below(w, ZDD_INCONCLUSIVE_COUNT);
    w->checks_pass = chance(w, 70) ? 100 : below(w, 100);
    return verify;
}

/* Checks that compare what balancers count. */
static struct zdd_verify draw_counted(struct world *w)
{
    struct zdd_verify verify = draw_verify(w);

    verify.counted_count = 1;
    verify.counted[0] =
        (struct zdd_counted){.metric = ZDD_METRIC_ERROR_RATE, .worse_than_old = true};
    w->may_condemn = chance(w, 30);
    return verify;
}

/* Some weights, pauses, growth and gates, in any order. */
static void draw_wishes(struct world *w, int32_t first)
{
    struct zdd_wishes *wishes = &w->wishes;
    int32_t size = first;
    bool shares = false; /* both versions get requests */

    for (int32_t i = 1 + below(w, 6); i > 0; i--) {
        struct zdd_wish *wish = &wishes->wish[wishes->count];
        struct zdd_gate gate = zdd_gate_plain();

        *wish = (struct zdd_wish){.kind = (enum zdd_wish_kind)below(w, ZDD_WISH_LINEAR)};
        if (wish->kind == ZDD_WISH_WEIGHT) {
            wish->value = below(w, ZDD_SHARE_ALL);
            shares = wish->value > 0;
        }
        if (wish->kind == ZDD_WISH_PAUSE)
            wish->value = 1000 * (1 + below(w, 10));
        if (wish->kind == ZDD_WISH_SCALE)
            wish->value = size += below(w, w->plan.target.instances - size + 1);
        if (wish->kind == ZDD_WISH_GATE) {
            gate.name[0] = (char)('a' + wishes->gates.count);
            gate.expires_ms = chance(w, 50) ? 5000 : 0;
            gate.on_expiry = (enum zdd_gate_default)below(w, ZDD_GATE_DEFAULT_COUNT);
            zdd_gates_add(&wishes->gates, &gate);
        }
        if (wish->kind == ZDD_WISH_VERIFY) {
            const struct zdd_verify verify =
                shares && chance(w, 50) ? draw_counted(w) : draw_verify(w);

            zdd_verifies_add(&wishes->verifies, &verify);
        }
        wishes->count++;
    }
}

static void write_canary(struct world *w)
{
    const int32_t first = 1 + below(w, w->plan.target.instances);
    struct zdd_verify beside;
    union zdd_option_value options[] =
        canary_options(wishes_of(&w->wishes), [CANARY_INSTANCES] = {.integer = first},
                       [CANARY_KEEP] = {.integer = below(w, 3) * 10},
                       [CANARY_DRAIN] = {.integer = 1 + below(w, 20)},
                       [CANARY_ON_DRAIN] = {.choice = chance(w, 40)});
    struct zdd_complaint complaint[ZDD_COMPLAINT_MAX];

    draw_wishes(w, first);
    if (chance(w, 30)) {
        beside = draw_counted(w);
        options[CANARY_VERIFY].verify = &beside;
    }
    assert_int_equal(zdd_canary.param_count, CANARY_OPTIONS);
    assert_int_equal(zdd_canary.check(options, &w->plan, complaint), 0);
    zdd_canary.write_program(options, &w->plan);
}

static void init_plan(struct world *w)
{
    static struct zdd_preview preview;
    union zdd_option_value options[PAIR_OPTIONS] = pair_options();
    struct zdd_complaint complaint[ZDD_COMPLAINT_MAX];
    struct zdd_plan *plan = &w->plan;
    struct zdd_verify verify;

    options[PROMOTE].choice = chance(w, 30);
    options[KEEP_OLD].integer = below(w, 3) * 10;
    options[DRAIN].integer = 1 + below(w, 20);
    options[ON_DRAIN_TIMEOUT].choice = chance(w, 40);
    options[CUTOVER].choice = chance(w, 60);
    assert_int_equal(zdd_blue_green.param_count, PAIR_OPTIONS);
    plan->action = ZDD_ACTION_CREATE;
    plan->on_failure = chance(w, 70) ? ZDD_ON_FAILURE_ROLLBACK : ZDD_ON_FAILURE_HOLD;
    plan->target = (struct zdd_app_facts){.instances = 1 + below(w, 4),
                                          .start_ms = 1000,
                                          .minimum_health_capacity = 1,
                                          .maximum_over_capacity = 1};
    memcpy(plan->pair.new_id, "/x-green", sizeof("/x-green"));
    if (chance(w, 90)) {
        memcpy(plan->pair.old_id, "/x", sizeof("/x"));
        plan->old = plan->target;
        plan->old.instances = 1 + below(w, 4);
        plan->pair.old_serving = plan->old.instances;
        plan->pair.must_adopt = chance(w, 30);
    }
    if (*plan->pair.old_id && w->seed % 5 == 0) { /* both exist, and one takes over */
        plan->action = ZDD_ACTION_UPGRADE;
        plan->seen.exists = true;
        plan->seen.running = plan->seen.healthy = 1 + below(w, plan->target.instances);
        options[CUTOVER].choice = 0;
    } else if (*plan->pair.old_id && plan->target.instances > 1 && chance(w, 20)) {
        options[NEW_INSTANCES].integer = 1 + below(w, plan->target.instances - 1);
    }
    if (chance(w, 20)) {
        verify = draw_verify(w);
        options[VERIFY].verify = &verify;
    }
    if (options[CUTOVER].choice == 1 || options[NEW_INSTANCES].integer > 0)
        options[KEEP_OLD].integer = INT64_MIN;
    w->strategy = w->seed % 3 == 1 && !plan->seen.exists ? &zdd_canary : &zdd_blue_green;
    if (w->strategy == &zdd_canary) {
        write_canary(w);
    } else {
        assert_int_equal(zdd_blue_green.check(options, plan, complaint), 0);
        zdd_blue_green.write_program(options, plan);
    }
    plan->deadline_ms = 900000;
    zdd_preview_make(w->strategy, plan, &preview);
    plan->pair.floor = preview.lowest_serving;
}

static void init(struct world *w, uint64_t seed, bool tells)
{
    *w = (struct world){.seed = seed, .random = seed, .tells = tells, .now_ms = 1000000};
    init_plan(w);
    w->run = (struct zdd_run){.active = true};
    w->old_wanted = w->old_tasks = w->old_healthy = w->plan.old.instances;
    if (chance(w, 1))
        w->new_definition = ZDD_DEFINITION_FOREIGN; /* somebody was first */
    w->meddled = w->new_definition == ZDD_DEFINITION_FOREIGN;
    if (w->plan.seen.exists && !w->meddled)
        w->new_definition = ZDD_DEFINITION_PREVIOUS;
    if (w->plan.seen.exists)
        w->new_wanted = w->new_running = w->new_healthy = w->plan.seen.running;
    if (*w->plan.pair.old_id)
        w->old_definition =
            w->plan.pair.must_adopt ? ZDD_DEFINITION_PREVIOUS : ZDD_DEFINITION_TARGET;
    w->new_is_sick = chance(w, 15);
    w->is_rough = chance(w, 25);
    if (chance(w, 10) && w->old_definition == ZDD_DEFINITION_TARGET)
        w->old_outdated = w->old_tasks; /* Marathon is still at work on it */
    w->balancer_count = 1 + below(w, BALANCER_MAX);
    w->trouble_left = below(w, 30);
    w->told = w->run.traffic = zdd_traffic_base();
    for (int i = 0; i < w->balancer_count; i++) {
        w->balancer[i].known[ZDD_SIDE_OLD] = w->old_healthy;
        for (int side = ZDD_SIDE_OLD; side <= ZDD_SIDE_NEW; side++)
            w->balancer[i].actual[side].weight = ZDD_WEIGHT_BASE;
    }
    for (int i = 0; i < w->balancer_count; i++)
        w->balancer[i].known[ZDD_SIDE_NEW] = w->new_healthy;
}

static void check_end(struct world *w)
{
    const bool done = w->run.phase == ZDD_PHASE_SUCCEEDED;

    tell(w, "%8lld ends %s (%s)\n", (long long)w->now_ms, zdd_phase_name(w->run.phase),
         zdd_cause_name(w->run.cause));
    if (w->run.phase == ZDD_PHASE_FAILED || w->meddled)
        return; /* only that the law was kept */
    if (done) {
        const int32_t count = w->plan.program.count;
        const int32_t wanted = zdd_program_started(&w->plan.program, count);
        const int32_t stay =
            zdd_pair_keeps_both(&w->plan)
                ? smaller(w->plan.old.instances, zdd_program_stay(&w->plan.program, count))
                : 0;

        must(w, w->old_tasks == stay && w->new_running == wanted);
        for (int set = 0; set < ZDD_VERIFY_SET_MAX; set++)
            must(w, !w->run.trial.told[set]);
        must(w, w->is_rough || w->new_healthy == wanted);
        must(w, w->told.side[ZDD_SIDE_NEW].weight == ZDD_WEIGHT_BASE);
        return;
    }
    must(w, w->old_tasks == w->plan.old.instances);
    if (w->plan.seen.exists) {
        const struct zdd_traffic base = zdd_traffic_base();

        must(w, w->new_definition != ZDD_DEFINITION_ABSENT);
        must(w, w->new_running >= w->plan.seen.running);
        must(w, zdd_traffic_same(&w->run.traffic, &base));
        must(w, w->watch.broken || zdd_traffic_same(&w->told, &base));
        return;
    }
    must(w, w->told.old_stay == ZDD_INSTANCES_MAX);
    if (w->run.ordered) {
        must(w, w->new_definition == ZDD_DEFINITION_ABSENT);
        must(w, w->told.side[ZDD_SIDE_OLD].weight == ZDD_WEIGHT_BASE || !*w->plan.pair.old_id);
    }
}

static enum zdd_phase play(uint64_t seed, bool tells)
{
    struct world w;

    init(&w, seed, tells);
    for (int round = 0; round < ROUNDS_MAX; round++) {
        round_trip(&w, round);
        if (zdd_phase_is_final(w.run.phase)) {
            check_end(&w);
            return w.run.phase;
        }
    }
    must(&w, zdd_phase_is_final(w.run.phase));
    return w.run.phase;
}

static void somebody_always_answers_and_every_deployment_ends(void **state)
{
    const char *one = getenv("SEED"), *many = getenv("SEEDS");
    const uint64_t count = many ? strtoull(many, NULL, 10) : SEEDS;
    int ends[ZDD_PHASE_COUNT] = {0};

    (void)state;
    if (one) {
        play(strtoull(one, NULL, 10), true);
        return;
    }
    for (uint64_t seed = 1; seed <= count; seed++)
        ends[play(seed, false)]++;
    print_message("%d succeeded, %d rolled back, %d canceled, %d failed\n",
                  ends[ZDD_PHASE_SUCCEEDED], ends[ZDD_PHASE_ROLLED_BACK], ends[ZDD_PHASE_CANCELED],
                  ends[ZDD_PHASE_FAILED]);
    /* All of them happen, or the world is too kind. */
    assert_true(ends[ZDD_PHASE_SUCCEEDED] > (int)count / 4);
    assert_true(ends[ZDD_PHASE_ROLLED_BACK] > 0 && ends[ZDD_PHASE_CANCELED] > 0);
}

static void no_row_is_dead(void **state)
{
    (void)state;
    if (!ALL_ROWS_FIRE || getenv("SEED"))
        skip();
    for (size_t i = 0; i < ZDD_PAIR_RULES; i++) {
        if (!fired[i])
            print_error("never fired: %s\n", zdd_pair_rules[i].id);
        assert_true(fired[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(somebody_always_answers_and_every_deployment_ends),
        cmocka_unit_test(no_row_is_dead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
