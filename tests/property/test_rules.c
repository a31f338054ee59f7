/**
 * @file tests/property/test_rules.c
 * @brief What holds for every strategy of the registry in every state that can be told apart.
 *
 * Not a sample: the states are counted through, some million of them. A new strategy is
 * in it as soon as it has its row in the registry.
 */
#include "server/engine/move.h"
#include "strategies/clearing.h"
#include "strategies/guards.h"
#include "strategies/timing.h"
#include "tests/support/spec.h"

#include <assert.h>
#include <string.h>

#define NOW 10000000
#define OLD 4 /* instances before … */
#define NEW 6 /* … and wanted */
#define RULES_MAX 128
#define CHAIN_MAX 8 /* decisions that the engine takes on one look */

/* Those of a deployment over one app; the others: test_pair.c. */
static const enum zdd_phase phases[] = {
    ZDD_PHASE_PENDING,  ZDD_PHASE_STOPPING,  ZDD_PHASE_APPLYING, ZDD_PHASE_ROLLING,
    ZDD_PHASE_CLEARING, ZDD_PHASE_REVERTING, ZDD_PHASE_UNDOING,
};
#define PHASES ZDD_COUNT(phases)

struct state {
    const struct zdd_strategy *strategy;
    struct zdd_plan plan;
    struct zdd_run run;
    struct zdd_observation seen;
};

/* Which rows have fired, for the check that none is dead. */
static const char *fired[RULES_MAX];
static size_t fired_count;

static void note_fired(const char *rule)
{
    for (size_t i = 0; i < fired_count; i++) {
        if (fired[i] == rule)
            return;
    }
    assert_true(fired_count < RULES_MAX);
    fired[fired_count++] = rule;
}

static bool has_fired(const char *rule)
{
    for (size_t i = 0; i < fired_count; i++) {
        if (strcmp(fired[i], rule) == 0)
            return true;
    }
    return false;
}

static void describe(const struct state *s)
{
    print_error("%s/%s on-failure %s, phase %s hold %s command %s cause %s outcome %s%s\n",
                s->strategy->name, zdd_action_name(s->plan.action),
                zdd_on_failure_name(s->plan.on_failure), zdd_phase_name(s->run.phase),
                zdd_hold_name(s->run.hold), zdd_command_name(s->run.command),
                zdd_cause_name(s->run.cause), zdd_outcome_name(s->run.outcome),
                s->run.ordered ? " ordered" : "");
    print_error(
        "seen: %s definition %d instances %d%s%s current %d/%d/%d/%d outdated %d/%d\n",
        s->seen.reachable ? "reachable" : "silent", (int)s->seen.definition, (int)s->seen.instances,
        s->seen.locked ? " locked" : "", s->seen.locked_by_us ? " by us" : "",
        (int)s->seen.current.total, (int)s->seen.current.staged, (int)s->seen.current.running,
        (int)s->seen.current.healthy, (int)s->seen.outdated.total, (int)s->seen.outdated.healthy);
    print_error("ordered %lld ms ago, step ends in %lld ms, whole in %lld ms, waiting '%s'\n",
                (long long)(s->seen.now_ms - s->run.ordered_at_ms),
                (long long)(s->run.step_deadline_at_ms - s->seen.now_ms),
                (long long)(s->run.deadline_at_ms - s->seen.now_ms), s->run.waiting_code);
}

#define must(s, condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("violated: %s\n", #condition);                                             \
            describe(s);                                                                           \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

/* The next digit of the number of a state; the digits are its dimensions. */
static int digit(uint64_t *number, int base)
{
    const int value = (int)(*number % (uint64_t)base);

    *number /= (uint64_t)base;
    return value;
}

static const struct kind {
    const char *strategy;
    enum zdd_action action;
} kinds[] = {
    {"rolling", ZDD_ACTION_NONE},     {"rolling", ZDD_ACTION_CREATE},
    {"rolling", ZDD_ACTION_UPGRADE},  {"rolling", ZDD_ACTION_SCALE},
    {"recreate", ZDD_ACTION_NONE},    {"recreate", ZDD_ACTION_CREATE},
    {"recreate", ZDD_ACTION_UPGRADE}, {"recreate", ZDD_ACTION_SCALE},
    {"scale", ZDD_ACTION_NONE},       {"scale", ZDD_ACTION_SCALE},
    {"restart", ZDD_ACTION_RESTART},
};

static void make_plan(struct state *s, int kind, int on_failure)
{
    const struct zdd_app_facts facts = {.instances = OLD,
                                        .minimum_health_capacity = 1,
                                        .maximum_over_capacity = 1,
                                        .has_health_checks = true,
                                        .has_marathon_checks = true,
                                        .start_ms = 60000};

    s->strategy = zdd_strategy_find(kinds[kind].strategy);
    s->plan = (struct zdd_plan){.action = kinds[kind].action,
                                .on_failure = (enum zdd_on_failure)on_failure,
                                .deadline_ms = 600000,
                                .old = facts,
                                .target = facts,
                                .seen = {.exists = true, .running = OLD, .healthy = OLD}};
    if (s->plan.action == ZDD_ACTION_CREATE) {
        s->plan.old = (struct zdd_app_facts){0};
        s->plan.seen = (struct zdd_precondition){0};
    }
    if (s->plan.action != ZDD_ACTION_RESTART && s->plan.action != ZDD_ACTION_NONE)
        s->plan.target.instances = NEW;
}

/* Before every deadline; the last order may be given again; the step is late; the whole is. */
static void set_time(struct state *s, int time)
{
    s->seen.now_ms = NOW;
    s->run.started_at_ms = s->run.phase_since_ms = NOW - 500000;
    s->run.ordered_at_ms = time == 0 ? NOW - ZDD_RESEND_MS + 1 : NOW - ZDD_RESEND_MS;
    s->run.attempt = 100; /* so that a failed order waits as long as an accepted one */
    s->run.step_deadline_at_ms = time == 2 ? NOW : NOW + 2000;
    s->run.deadline_at_ms = time == 3 ? NOW : NOW + 1000;
}

static void set_sides(struct state *s, int sides)
{
    struct zdd_side *now = &s->seen.current, *old = &s->seen.outdated;

    switch (sides) {
    case 0: /* nothing exists */
        break;
    case 1: /* all that are wanted serve */
        now->total = now->running = now->healthy = s->seen.instances;
        break;
    case 2: /* the originals serve, the new ones are sick or starting */
        *now = (struct zdd_side){.total = 3, .staged = 1, .running = 2};
        *old = (struct zdd_side){.total = OLD, .running = OLD, .healthy = OLD};
        break;
    case 3: /* in the middle, all serve */
        *now = (struct zdd_side){.total = 2, .running = 2, .healthy = 2};
        *old = (struct zdd_side){.total = 3, .running = 2, .healthy = 2};
        break;
    case 4: /* in the middle, some serve */
        *now = (struct zdd_side){.total = 4, .running = 4, .healthy = 2};
        *old = (struct zdd_side){.total = 2, .running = 2, .healthy = 2};
        break;
    default: /* the last ones are ending */
        now->total = 2;
        old->total = 1;
        break;
    }
    now->ready = now->healthy;
    old->ready = old->healthy;
}

/* Combinations that the engine cannot bring about. */
static bool is_impossible(const struct state *s)
{
    const enum zdd_action action = s->plan.action;
    const enum zdd_phase phase = s->run.phase;
    const bool silent = !s->seen.reachable;

    if (silent && (s->seen.definition != 0 || s->seen.locked || s->seen.instances != 0 ||
                   s->seen.current.total + s->seen.outdated.total > 0))
        return true; /* nothing is known: one state */
    if (action == ZDD_ACTION_NONE && phase != ZDD_PHASE_PENDING)
        return true;
    if (action == ZDD_ACTION_RESTART && zdd_phase_is_undo(phase))
        return true;
    if (phase == ZDD_PHASE_STOPPING &&
        (strcmp(s->strategy->name, "recreate") != 0 || action == ZDD_ACTION_CREATE))
        return true;
    if (phase == ZDD_PHASE_PENDING && (s->run.ordered || s->run.outcome != ZDD_OUTCOME_NONE))
        return true;
    if (!s->run.ordered && phase != ZDD_PHASE_PENDING && phase != ZDD_PHASE_ROLLING)
        return true; /* these begin with an order, or go back because of one */
    if (phase == ZDD_PHASE_ROLLING && s->run.outcome != ZDD_OUTCOME_NONE)
        return true;
    if (!zdd_phase_is_undo(phase) && s->run.hold == ZDD_HOLD_NONE && s->run.cause != ZDD_CAUSE_NONE)
        return true;
    if (zdd_phase_is_undo(phase) && s->run.cause == ZDD_CAUSE_NONE)
        return true;
    if (silent)
        return false;
    if (!s->plan.seen.exists && s->seen.definition == ZDD_DEFINITION_PREVIOUS)
        return true;
    if (action == ZDD_ACTION_SCALE && s->seen.definition <= ZDD_DEFINITION_TARGET &&
        s->seen.definition != ZDD_DEFINITION_ABSENT &&
        (s->seen.definition == ZDD_DEFINITION_TARGET) !=
            (s->seen.instances == s->plan.target.instances))
        return true;
    return s->seen.definition == ZDD_DEFINITION_ABSENT && s->seen.instances != 0;
}

static void look(struct state *s, int look)
{
    s->seen.reachable = look > 0;
    s->seen.definition = look > 0 ? (enum zdd_definition)(look - 1) : ZDD_DEFINITION_ABSENT;
}

#define LOOKS (1 + ZDD_DEFINITION_COUNT)

/* Without a command and unheld: everything else in all combinations. @return false for an
 * impossible one */
static bool make_free(uint64_t number, struct state *s)
{
    static const enum zdd_cause causes[] = {ZDD_CAUSE_NONE, ZDD_CAUSE_OPERATOR, ZDD_CAUSE_ABORTED};
    static const int32_t instances[] = {0, OLD, NEW, OLD + 1};
    int locked;
    bool long_ago;

    s->run = (struct zdd_run){.active = true};
    s->seen = (struct zdd_observation){0};
    s->run.phase = phases[digit(&number, PHASES)];
    s->run.cause = causes[digit(&number, 3)];
    s->run.outcome = (enum zdd_outcome)digit(&number, ZDD_OUTCOME_COUNT);
    s->run.ordered = digit(&number, 2) != 0;
    look(s, digit(&number, LOOKS));
    locked = digit(&number, 3);
    s->seen.locked = locked > 0;
    s->seen.locked_by_us = locked == 2;
    s->seen.instances = instances[digit(&number, 4)];
    set_time(s, digit(&number, 4));
    set_sides(s, digit(&number, 6));
    long_ago = digit(&number, 2) != 0;
    if (long_ago) {
        memcpy(s->run.waiting_code, "marathon-settles", sizeof("marathon-settles"));
        s->run.waiting_since_ms = NOW - ZDD_SETTLE_MS;
    }
    s->run.unsure_until_ms = long_ago ? NOW : NOW + 1;
    s->seen.put_back_by_us = long_ago && s->seen.definition == ZDD_DEFINITION_PREVIOUS &&
                             zdd_phase_is_undo(s->run.phase);
    assert(number == 0);
    return !is_impossible(s);
}

#define FREE_STATES ((uint64_t)PHASES * 3 * ZDD_OUTCOME_COUNT * 2 * LOOKS * 3 * 4 * 4 * 6 * 2)

/* Held, or with a command: what else there is matters little, so fewer values of it do. */
static bool make_told(uint64_t number, struct state *s)
{
    static const enum zdd_cause causes[] = {ZDD_CAUSE_NONE, ZDD_CAUSE_OPERATOR, ZDD_CAUSE_ABORTED,
                                            ZDD_CAUSE_FOREIGN_CHANGE, ZDD_CAUSE_DEADLINE};

    s->run = (struct zdd_run){.active = true};
    s->seen = (struct zdd_observation){0};
    s->run.phase = phases[digit(&number, PHASES)];
    s->run.hold = (enum zdd_hold)digit(&number, ZDD_HOLD_COUNT);
    s->run.command = (enum zdd_command)digit(&number, ZDD_COMMAND_COUNT);
    s->run.cause = causes[digit(&number, 5)];
    s->run.outcome = digit(&number, 2) ? ZDD_OUTCOME_REFUSED : ZDD_OUTCOME_NONE;
    s->run.ordered = digit(&number, 2) != 0;
    look(s, digit(&number, LOOKS));
    s->seen.locked = digit(&number, 2) != 0;
    if (s->seen.reachable && s->seen.definition != ZDD_DEFINITION_ABSENT)
        s->seen.instances = s->seen.definition == ZDD_DEFINITION_TARGET ? s->plan.target.instances
                                                                        : s->plan.old.instances;
    set_time(s, digit(&number, 4));
    if (digit(&number, 2))
        memcpy(s->run.superseded_by, "another", sizeof("another"));
    assert(number == 0);
    if (s->run.hold == ZDD_HOLD_NONE && s->run.command == ZDD_COMMAND_NONE)
        return false;
    return !is_impossible(s);
}

#define TOLD_STATES                                                                                \
    ((uint64_t)PHASES * ZDD_HOLD_COUNT * ZDD_COMMAND_COUNT * 5 * 2 * 2 * LOOKS * 2 * 4 * 2)

static struct zdd_decision decide(const struct state *s)
{
    return zdd_strategy_decide(s->strategy, &(struct zdd_facts){&s->plan, &s->run, &s->seen});
}

static bool is_somebody_elses(const struct state *s)
{
    return s->seen.definition == ZDD_DEFINITION_FOREIGN ||
           (s->seen.definition == ZDD_DEFINITION_ABSENT && s->plan.seen.exists);
}

static void check_forward_order(const struct state *s, const struct zdd_order *order)
{
    must(s, order->kind != ZDD_ORDER_DELETE);
    must(s, s->run.phase != ZDD_PHASE_ROLLING);
    must(s, !order->force);
    must(s, !s->seen.locked);
    if (order->kind == ZDD_ORDER_PUT_PREVIOUS) {
        /* The old ones are stopped by recreate alone, on its way forward. */
        must(s, strcmp(s->strategy->name, "recreate") == 0);
        must(s, s->run.phase == ZDD_PHASE_PENDING || s->run.phase == ZDD_PHASE_STOPPING);
        must(s, order->instances == 0);
        return;
    }
    if (s->run.phase ==
        ZDD_PHASE_STOPPING) /* what stops the old ones would stop the new ones too */
        must(s, s->seen.now_ms >= s->run.unsure_until_ms);
    must(s, order->instances == s->plan.target.instances);
    must(s, (order->kind == ZDD_ORDER_RESTART) == (s->plan.action == ZDD_ACTION_RESTART));
}

static void check_undo_order(const struct state *s, const struct zdd_order *order)
{
    const int32_t originals = s->seen.outdated.staged + s->seen.outdated.running;

    must(s, order->kind != ZDD_ORDER_RESTART);
    must(s, order->force == s->seen.locked);
    if (s->run.phase == ZDD_PHASE_UNDOING) { /* what was put back on top goes */
        must(s, s->seen.put_back_by_us && s->seen.instances > s->plan.old.instances);
        must(s, order->kind == ZDD_ORDER_PUT_PREVIOUS);
        must(s, order->instances == s->plan.old.instances);
        return;
    }
    must(s, s->run.phase == ZDD_PHASE_CLEARING);
    must(s, s->seen.now_ms >= s->run.unsure_until_ms);
    must(s, (order->kind == ZDD_ORDER_DELETE) == !s->plan.seen.exists);
    if (order->kind == ZDD_ORDER_PUT_PREVIOUS) {
        must(s, order->instances >= s->plan.old.instances);
        must(s, order->instances <= zdd_clearing_restored_max(&s->plan));
    }
    if (order->kind != ZDD_ORDER_PUT_TARGET)
        return;
    /* Clearing takes new ones and never an original. */
    must(s, s->plan.action == ZDD_ACTION_UPGRADE);
    must(s, s->seen.definition == ZDD_DEFINITION_TARGET);
    must(s, order->instances >= originals);
    must(s, order->instances <= originals + s->seen.current.running + 1);
    must(s, order->instances != s->seen.instances); /* that would do nothing */
}

static void check_orders(const struct state *s, const struct zdd_decision *d)
{
    must(s, d->order_count <= 1);
    if (d->order_count == 0)
        return;
    must(s, s->seen.reachable);
    must(s, s->run.hold == ZDD_HOLD_NONE && d->hold == ZDD_HOLD_NONE);
    must(s, s->run.command == ZDD_COMMAND_NONE);
    must(s, !zdd_phase_is_final(d->phase));
    must(s, !s->seen.locked || s->seen.locked_by_us);
    must(s, s->run.outcome != ZDD_OUTCOME_REFUSED || d->phase != s->run.phase);
    must(s, !is_somebody_elses(s) ||
                (zdd_phase_is_undo(s->run.phase) && s->run.cause == ZDD_CAUSE_OPERATOR));
    must(s, d->order[0].instances >= 0 && d->order[0].instances <= ZDD_INSTANCES_MAX);
    if (zdd_phase_is_undo(d->phase))
        check_undo_order(s, &d->order[0]);
    else
        check_forward_order(s, &d->order[0]);
}

/* A phase leads only to these; a step back needs an operator. */
static void check_phase(const struct state *s, const struct zdd_decision *d)
{
    const bool told = s->run.command != ZDD_COMMAND_NONE;
    const enum zdd_phase from = s->run.phase, to = d->phase;

    if (to == from)
        return;
    if (zdd_phase_is_undo(from)) {
        must(s, zdd_phase_is_undo(to) || zdd_phase_is_final(to));
        must(s, to != ZDD_PHASE_SUCCEEDED);
        must(s, from != ZDD_PHASE_UNDOING || told || zdd_phase_is_final(to));
    } else {
        must(s, to > from);
        must(s, !zdd_phase_is_undo(to) || to == ZDD_PHASE_CLEARING);
        must(s, to != ZDD_PHASE_ROLLED_BACK);
        must(s, to != ZDD_PHASE_CLEARING || s->run.ordered); /* nothing ordered, nothing undone */
    }
    if (zdd_phase_is_undo(to) && !zdd_phase_is_undo(from) && !told)
        must(s, s->plan.on_failure == ZDD_ON_FAILURE_ROLLBACK || d->cause == ZDD_CAUSE_REFUSED);
}

static void check_end(const struct state *s, const struct zdd_decision *d)
{
    const bool told = s->run.command != ZDD_COMMAND_NONE;

    must(s, d->hold == ZDD_HOLD_NONE);
    must(s, d->wake_at_ms == 0);
    must(s, d->waiting == NULL);
    if (d->phase == ZDD_PHASE_SUCCEEDED && s->plan.action != ZDD_ACTION_NONE) {
        must(s, s->seen.reachable && !s->seen.locked);
        must(s, s->seen.definition == ZDD_DEFINITION_TARGET);
        must(s, s->seen.current.healthy == s->plan.target.instances);
        must(s, s->seen.outdated.total == 0);
    }
    if (d->phase == ZDD_PHASE_ROLLED_BACK || (d->phase == ZDD_PHASE_CANCELED && !told)) {
        must(s, s->run.phase == ZDD_PHASE_UNDOING);
        must(s, s->seen.reachable && !s->seen.locked);
        must(s, s->seen.definition ==
                    (s->plan.seen.exists ? ZDD_DEFINITION_PREVIOUS : ZDD_DEFINITION_ABSENT));
    }
    if (d->phase != ZDD_PHASE_SUCCEEDED)
        must(s, d->cause != ZDD_CAUSE_NONE);
}

static void check_timer(const struct state *s, const struct zdd_decision *d)
{
    if (d->hold != ZDD_HOLD_NONE)
        must(s, d->wake_at_ms == 0);
    else if (d->phase != s->run.phase)
        must(s, d->wake_at_ms == s->seen.now_ms);
    else if (!d->take_command)
        must(s, d->wake_at_ms > s->seen.now_ms);
}

static void check_hold(const struct state *s, const struct zdd_decision *d)
{
    if (s->run.hold != ZDD_HOLD_NONE && s->run.command == ZDD_COMMAND_NONE) {
        must(s, d->hold == s->run.hold && d->phase == s->run.phase);
        must(s, d->cause == s->run.cause);
    }
    if (d->hold != ZDD_HOLD_NONE) {
        must(s, d->phase == s->run.phase);
        must(s, strcmp(d->waiting ? d->waiting : "operator", "operator") == 0);
    }
    if (zdd_phase_is_undo(s->run.phase) && s->run.cause != ZDD_CAUSE_NONE)
        must(s, d->cause != ZDD_CAUSE_NONE); /* why it goes back is never forgotten */
}

static void check(const struct state *s)
{
    const struct zdd_decision d = decide(s);
    const struct zdd_decision again = decide(s);

    must(s, d.rule != NULL);
    must(s, again.rule == d.rule && again.phase == d.phase && again.hold == d.hold &&
                again.cause == d.cause && again.wake_at_ms == d.wake_at_ms &&
                again.order_count == d.order_count);
    note_fired(d.rule);
    must(s, d.take_command == (s->run.command != ZDD_COMMAND_NONE));
    must(s, !d.fresh_deadlines || s->run.command == ZDD_COMMAND_RETRY);
    must(s, !d.fresh_evidence || s->run.command == ZDD_COMMAND_RETRY ||
                (s->run.command == ZDD_COMMAND_RESUME && s->run.hold != ZDD_HOLD_NONE));
    check_orders(s, &d);
    check_phase(s, &d);
    check_hold(s, &d);
    if (zdd_phase_is_final(d.phase))
        check_end(s, &d);
    else
        check_timer(s, &d);
}

/* One look carries it to an order, an end or a wait, and never round in circles. */
static void check_chain(const struct state *start)
{
    struct state s = *start;

    for (int i = 0; i < CHAIN_MAX; i++) {
        const enum zdd_phase phase = s.run.phase;
        const struct zdd_decision d = decide(&s);

        zdd_move(s.strategy, &s.plan, &d, s.seen.now_ms, &s.run);
        if (d.order_count > 0 || zdd_phase_is_final(s.run.phase) ||
            (s.run.phase == phase && !d.take_command))
            return;
        if (d.take_command)
            s.run.command = ZDD_COMMAND_NONE;
    }
    print_error("violated: a look ends within %d decisions\n", CHAIN_MAX);
    describe(start);
    fail();
}

/* Count through all that @p make makes of @p count numbers, for each kind of plan. @return how many
 * states were possible */
static uint64_t check_all(bool (*make)(uint64_t number, struct state *s), uint64_t count)
{
    uint64_t possible = 0;

    for (int plan = 0; plan < (int)ZDD_COUNT(kinds) * ZDD_ON_FAILURE_COUNT; plan++) {
        struct state s = {0};

        make_plan(&s, plan / ZDD_ON_FAILURE_COUNT, plan % ZDD_ON_FAILURE_COUNT);
        for (uint64_t number = 0; number < count; number++) {
            if (!make(number, &s))
                continue;
            possible++;
            check(&s);
            check_chain(&s);
        }
    }
    return possible;
}

static void in_every_free_state_the_promises_hold(void **state)
{
    (void)state;
    assert_true(check_all(make_free, FREE_STATES) > 500000);
}

static void in_every_held_or_commanded_state_too(void **state)
{
    (void)state;
    assert_true(check_all(make_told, TOLD_STATES) > 500000);
}

/* Going back by the rule of 1.10, which counts also those that are ending. */
static void in_the_middle_of_going_back_by_the_rule_of_1_10_too(void **state)
{
    struct state s = {0};

    (void)state;
    make_plan(&s, 2, ZDD_ON_FAILURE_ROLLBACK);
    s.plan.replace_rule = ZDD_REPLACE_1_10;
    s.plan.old.maximum_over_capacity = 0;
    s.run = (struct zdd_run){
        .active = true, .phase = ZDD_PHASE_CLEARING, .ordered = true, .cause = ZDD_CAUSE_ABORTED};
    look(&s, 1 + ZDD_DEFINITION_TARGET);
    set_time(&s, 1);
    for (uint64_t number = 0; number < 2 * 2 * 5 * 5 * 5 * 5; number++) {
        uint64_t rest = number;
        struct zdd_side *now = &s.seen.current, *old = &s.seen.outdated;

        s.seen.locked = s.seen.locked_by_us = digit(&rest, 2) != 0;
        s.seen.instances = digit(&rest, 2) ? NEW : 1;
        now->running = now->healthy = now->ready = digit(&rest, 5);
        now->total = now->running + digit(&rest, 5);
        old->running = old->healthy = old->ready = digit(&rest, 5);
        old->total = old->running + digit(&rest, 5);
        check(&s);
        check_chain(&s);
    }
}

static void check_rows(const struct zdd_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!has_fired(rules[i].id))
            print_error("never fired: %s\n", rules[i].id);
        assert_true(has_fired(rules[i].id));
    }
}

static void no_row_is_dead(void **state)
{
    (void)state;
    check_rows(zdd_command_rules, zdd_command_rule_count);
    check_rows(zdd_forward_rules, zdd_forward_rule_count);
    check_rows(zdd_undo_rules, zdd_undo_rule_count);
    for (size_t i = 0; zdd_strategy_at(i); i++) {
        if (!zdd_strategy_at(i)->write_program) /* those over a pair: test_pair.c */
            check_rows(zdd_strategy_at(i)->rules, zdd_strategy_at(i)->rule_count);
    }
}

static bool is_in_kinds(const char *name)
{
    for (size_t i = 0; i < ZDD_COUNT(kinds); i++) {
        if (strcmp(kinds[i].strategy, name) == 0)
            return true;
    }
    return false;
}

static void no_strategy_escapes(void **state)
{
    (void)state;
    for (size_t i = 0; zdd_strategy_at(i); i++)
        assert_true(zdd_strategy_at(i)->write_program || is_in_kinds(zdd_strategy_at(i)->name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_strategy_escapes),
        cmocka_unit_test(in_every_free_state_the_promises_hold),
        cmocka_unit_test(in_every_held_or_commanded_state_too),
        cmocka_unit_test(in_the_middle_of_going_back_by_the_rule_of_1_10_too),
        cmocka_unit_test(no_row_is_dead),
    };

    return cmocka_run_group_tests_name("property/rules", tests, NULL, NULL);
}
