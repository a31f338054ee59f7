/**
 * @file tests/unit/strategies/test_preview_pair.c
 * @brief What a blue-green plan says it will do: program, figures, timeline, steps, the way back.
 */
#include "strategies/preview_pair.h"

#include "strategies/advice.h"
#include "strategies/builtin.h"
#include "strategies/pair_shed.h"
#include "tests/support/pair_options.h"
#include "tests/unit/strategies/facts.h"

#include <string.h>

struct wish {
    bool first, adopts, sticky;
    int32_t old, new, ill; /* ill: of the old ones */
    union zdd_option_value option[PAIR_OPTIONS];
};

#define a_wish(...) ((struct wish){.old = 4, .new = 4, .option = pair_options(), __VA_ARGS__})
#define stepwise(...) pair_options([CUTOVER] = STEPWISE, __VA_ARGS__)

static struct zdd_plan plan_of(struct wish wish)
{
    struct zdd_plan plan = {
        .app_id = "/shop/cart",
        .strategy = "blue-green",
        .action = wish.first ? ZDD_ACTION_CREATE : ZDD_ACTION_UPGRADE,
        .pair = {.new_id = "/shop/cart-blue", .must_adopt = wish.adopts, .by_users = wish.sticky},
        .target = facts_of_app()};

    plan.target.instances = wish.new;
    if (!wish.first) {
        plan.old = (struct zdd_app_facts)facts_of_app();
        plan.old.instances = wish.old;
        plan.pair.old_serving = wish.old - wish.ill;
        memcpy(plan.pair.old_id, "/shop/cart-green", sizeof("/shop/cart-green"));
    }
    zdd_blue_green.write_program(wish.option, &plan);
    return plan;
}

static struct zdd_preview preview(struct wish wish)
{
    const struct zdd_plan plan = plan_of(wish);
    struct zdd_preview v;

    memset(&v, 0x5a, sizeof(v)); /* nothing of it may be left */
    zdd_preview_make(&zdd_blue_green, &plan, &v);
    return v;
}

static void assert_program(struct wish wish, const char *expected)
{
    const struct zdd_plan plan = plan_of(wish);
    char text[ZDD_PROGRAM_TEXT_SIZE];

    zdd_program_print(&plan.program, text);
    assert_string_equal(text, expected);
}

static const struct zdd_moment *last(const struct zdd_preview *v)
{
    assert_true(v->moment_count > 0);
    return &v->moment[v->moment_count - 1];
}

static bool is_told(const struct zdd_preview *v, const char *note)
{
    for (size_t i = 0; i < v->moment_count; i++) {
        if (strcmp(v->moment[i].note, note) == 0)
            return true;
    }
    return false;
}

static const struct zdd_warning *warning(const struct zdd_preview *v, const char *code)
{
    for (size_t i = 0; i < v->warning_count; i++) {
        if (strcmp(v->warning[i].code, code) == 0)
            return &v->warning[i];
    }
    return NULL;
}

static void the_options_write_the_program(void **state)
{
    (void)state;
    assert_program(a_wish(), "shift 0;start 4;join;shift 10000;keep 300000;drain;retire;settle");
    assert_program(a_wish(.new = 7, .adopts = true),
                   "adopt;shift 0;start 7;join;shift 10000;keep 300000;drain;retire;settle");
    assert_program(a_wish(.option = pair_options([PROMOTE] = {.choice = 1},
                                                 [KEEP_OLD] = {.integer = 0}, [DRAIN] = ABSENT)),
                   "shift 0;start 4;join;gate;shift 10000;drain;retire;settle");
    assert_program(
        a_wish(.option = pair_options([KEEP_OLD] = {.integer = 86400}, [DRAIN] = ABSENT)),
        "shift 0;start 4;join;shift 10000;keep 86400000;drain;retire;settle");
}

static void the_first_deployment_has_nobody_to_take_over_from(void **state)
{
    (void)state;
    assert_program(a_wish(.first = true), "start 4;join;settle");
    /* Nor anybody who could wait for a promotion. */
    assert_program(
        a_wish(.first = true,
               .option =
                   pair_options([PROMOTE] = {.choice = 1}, [KEEP_OLD] = ABSENT, [DRAIN] = ABSENT)),
        "start 4;join;settle");
}

static void the_drain_is_as_long_and_as_strict_as_asked(void **state)
{
    struct zdd_plan plan = plan_of(a_wish());

    (void)state;
    assert_int_equal(plan.pair.drain_ms, 300000);
    assert_false(plan.pair.kill_undrained);
    plan = plan_of(a_wish(.option = pair_options([KEEP_OLD] = ABSENT, [DRAIN] = {.integer = 1},
                                                 [ON_DRAIN_TIMEOUT] = {.choice = 1})));
    assert_int_equal(plan.pair.drain_ms, 1000);
    assert_true(plan.pair.kill_undrained);
    plan =
        plan_of(a_wish(.option = pair_options([KEEP_OLD] = ABSENT, [DRAIN] = {.integer = 86400})));
    assert_int_equal(plan.pair.drain_ms, 86400000);
}

/* Never fewer that serve than before, never more than both together. */
static void check_figures(struct wish wish)
{
    const struct zdd_preview v = preview(wish);
    const int32_t old = wish.first ? 0 : wish.old;
    const int32_t least = old < wish.new ? old : wish.new;

    assert_int_equal(v.lowest_serving, least);
    assert_int_equal(v.peak_instances, old + wish.new);
    assert_int_equal(v.min_healthy, least);
    assert_int_equal(v.max_instances, old + wish.new);
    assert_int_equal(v.killed_at_once, 0);
    assert_false(v.hangs);
    assert_int_equal(v.arithmetic, ZDD_PROOF_PROVED);
    assert_true(v.peak_extra_cpus == 0.5 * wish.new);
    assert_true(v.peak_extra_mem_mib == 64.0 * wish.new);
    assert_string_equal(v.moment[0].note, "before");
    assert_int_equal(v.moment[0].old_instances, old);
    assert_int_equal(v.moment[0].healthy_old, old);
    assert_int_equal(v.moment[0].new_instances, 0);
    for (size_t i = 1; i < v.moment_count; i++) {
        assert_int_equal(v.moment[i].t, v.moment[i - 1].t + 1);
        assert_true(strlen(v.moment[i].note) > 0);
    }
    assert_string_equal(last(&v)->note, "done");
    assert_int_equal(last(&v)->old_instances, 0);
    assert_int_equal(last(&v)->new_instances, wish.new);
    assert_int_equal(last(&v)->healthy_new, wish.new);
}

static void no_number_of_instances_serves_fewer_than_the_smaller_version_has(void **state)
{
    static const int32_t counts[] = {1, 2, 4, 7, 100};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(counts); i++) {
        check_figures(a_wish(.first = true, .new = counts[i]));
        for (size_t j = 0; j < ZDD_COUNT(counts); j++) {
            check_figures(a_wish(.old = counts[i], .new = counts[j]));
            check_figures(a_wish(.old = counts[i], .new = counts[j], .adopts = true));
        }
    }
}

static void the_timeline_tells_the_story_in_its_order(void **state)
{
    static const char *const story[] = {
        "before",
        "4 old replaced, for their labels",
        "the new version has 0 % of the requests",
        "6 new started",
        "6 new are healthy",
        "the new version has 100 % of the requests",
        "the old app removed",
        "done",
    };
    const struct zdd_preview v = preview(a_wish(.new = 6, .adopts = true));

    (void)state;
    assert_int_equal(v.moment_count, ZDD_COUNT(story));
    for (size_t i = 0; i < ZDD_COUNT(story); i++)
        assert_string_equal(v.moment[i].note, story[i]);
    /* New ones are counted as serving only once they are healthy. */
    assert_int_equal(v.moment[3].new_instances, 6);
    assert_int_equal(v.moment[3].healthy_new, 0);
    assert_int_equal(v.moment[4].healthy_new, 6);
    assert_false(is_told(&v, "4 new started"));
}

static void steps_are_those_of_the_program(void **state)
{
    static const char *const kinds[] = {"shift", "start", "join",   "gate",  "shift",
                                        "keep",  "drain", "retire", "settle"};
    const struct wish wish =
        a_wish(.option = pair_options([PROMOTE] = {.choice = 1}, [KEEP_OLD] = {.integer = 60},
                                      [DRAIN] = {.integer = 30}));
    const struct zdd_plan plan = plan_of(wish);
    const struct zdd_preview v = preview(wish);
    int64_t sum = 0;

    (void)state;
    assert_int_equal(v.step_count, ZDD_COUNT(kinds));
    for (size_t i = 0; i < v.step_count; i++) {
        assert_string_equal(v.step[i].kind, kinds[i]);
        assert_true(v.step[i].deadline_ms > 0);
        sum += v.step[i].deadline_ms;
    }
    assert_string_equal(v.step[5].text, "Keep the old version hot for 60 s.");
    assert_int_equal(v.step[5].deadline_ms, 60000 + ZDD_SHIFT_LIMIT_MS);
    assert_int_equal(v.step[6].deadline_ms, 30000 + ZDD_SHIFT_LIMIT_MS);
    /* The whole has room for the slowest of each. */
    assert_int_equal(v.deadline_ms, zdd_timing_deadline_ms(&plan));
    assert_true(v.deadline_ms > 60000 + 30000);
    assert_true(sum >= v.deadline_ms);
}

static void a_longer_keep_and_a_longer_drain_give_a_later_deadline(void **state)
{
    const int64_t usual = preview(a_wish()).deadline_ms;

    (void)state;
    assert_int_equal(
        preview(a_wish(.option = pair_options([KEEP_OLD] = {.integer = 310}, [DRAIN] = ABSENT)))
                .deadline_ms -
            usual,
        10000);
    assert_int_equal(
        preview(a_wish(.option = pair_options([KEEP_OLD] = ABSENT, [DRAIN] = {.integer = 310})))
                .deadline_ms -
            usual,
        20000); /* the removal may have to wait for another drain */
}

/* Time that is only waited for costs the preview nothing. */
static void a_day_of_waiting_is_previewed_too(void **state)
{
    const struct zdd_verify verify = {.rounds = 60, .interval_ms = 3600000};
    struct zdd_plan plan =
        plan_of(a_wish(.option = {[KEEP_OLD] = {.integer = 86400}, [DRAIN] = {.integer = 86400}}));
    struct zdd_preview v;

    (void)state;
    zdd_preview_make(&zdd_blue_green, &plan, &v);
    assert_string_equal(last(&v)->note, "done");
    plan.program.count = 0;
    zdd_blue_green.write_program(
        a_wish(.option = pair_options([VERIFY] = {.verify = &verify})).option, &plan);
    zdd_preview_make(&zdd_blue_green, &plan, &v);
    assert_string_equal(last(&v)->note, "done");
}

static void checks_are_a_step_before_the_switch_with_time_for_each_round(void **state)
{
    const struct zdd_verify verify = {.rounds = 6, .interval_ms = 10000, .failure_limit = 1};
    struct zdd_plan plan = plan_of(a_wish());
    const int64_t usual = preview(a_wish()).deadline_ms;
    struct zdd_preview v;

    (void)state;
    plan.program.count = 0;
    zdd_blue_green.write_program(
        a_wish(.option = pair_options([VERIFY] = {.verify = &verify})).option, &plan);
    zdd_preview_make(&zdd_blue_green, &plan, &v);
    assert_string_equal(v.step[3].kind, "verify");
    assert_string_equal(v.step[3].text, "Check the new version, 6 rounds.");
    assert_int_equal(v.step[3].deadline_ms, 6 * 15000 + ZDD_SHIFT_LIMIT_MS);
    assert_string_equal(v.step[4].kind, "shift");
    assert_int_equal(v.deadline_ms - usual, v.step[3].deadline_ms);
}

static void going_back_is_a_matter_of_weights_while_there_is_an_old_version(void **state)
{
    struct zdd_preview v = preview(a_wish());

    (void)state;
    assert_string_equal(v.rollback_mode, "traffic");
    assert_int_equal(v.rollback_ms, 1000);
    assert_non_null(strstr(v.rollback_text, "by its weight"));
    v = preview(a_wish(.first = true));
    assert_string_equal(v.rollback_mode, "delete");
    assert_string_equal(v.rollback_text, "The new app is deleted again.");
}

static void what_labels_and_sticky_users_cost_is_warned_of(void **state)
{
    struct zdd_preview v = preview(a_wish());

    (void)state;
    assert_int_equal(v.warning_count, 0);
    v = preview(a_wish(.old = 3, .adopts = true));
    assert_int_equal(v.warning_count, 1);
    assert_non_null(warning(&v, "restart-for-label"));
    assert_non_null(strstr(warning(&v, "restart-for-label")->text, "The 3 instances that run now"));
    v = preview(a_wish(.old = 2, .adopts = true));
    assert_null(warning(&v, "single-instance"));
    v = preview(a_wish(.old = 1, .adopts = true));
    assert_non_null(strstr(warning(&v, "single-instance")->text, "Scale the app to 2 before."));
    v = preview(a_wish(.old = 1));
    assert_null(warning(&v, "single-instance"));
    v = preview(a_wish(.sticky = true));
    assert_int_equal(v.warning_count, 1);
    assert_non_null(warning(&v, "sticky-users-move"));
    assert_null(warning(&v, "sticky-sessions"));
}

static void room_for_the_second_version_shows_only_when_mesos_offers_it(void **state)
{
    const struct zdd_preview v = preview(a_wish(.new = 6));

    (void)state;
    assert_int_equal(v.placement, ZDD_PROOF_PROVED);
    assert_int_equal(v.resources, ZDD_PROOF_UNKNOWN);
    assert_int_equal(v.reason_count, 1);
    assert_non_null(strstr(v.reason[0], "room for 6 more instances"));
    assert_false(v.has_suggestion);
}

/* Three old ones and one new one, of four that are wanted. */
static struct zdd_plan half_way(enum zdd_action action)
{
    struct zdd_plan plan = {
        .app_id = "/shop/cart",
        .strategy = "blue-green",
        .action = action,
        .seen = {.exists = true, .running = 1, .healthy = 1},
        .pair = {.new_id = "/shop/cart-green", .old_id = "/shop/cart-blue", .old_serving = 3},
        .target = facts_of_app(),
        .old = facts_of_app()};
    const union zdd_option_value options[PAIR_OPTIONS] = pair_options();

    plan.target.instances = 4;
    plan.old.instances = 3;
    plan.pair.must_adopt = action == ZDD_ACTION_UPGRADE;
    zdd_blue_green.write_program(options, &plan);
    return plan;
}

static void who_takes_over_serves_from_the_start(void **state)
{
    const struct zdd_plan plan = half_way(ZDD_ACTION_UPGRADE);
    char program[ZDD_PROGRAM_TEXT_SIZE];
    struct zdd_preview v;

    (void)state;
    zdd_program_print(&plan.program, program);
    assert_string_equal(program, "adopt;start 4;join;shift 10000;keep 300000;drain;retire;settle");
    zdd_preview_make(&zdd_blue_green, &plan, &v);
    assert_int_equal(v.moment[0].old_instances, 3);
    assert_int_equal(v.moment[0].new_instances, 1);
    assert_int_equal(v.lowest_serving, 4);
    assert_int_equal(v.peak_instances, 7);
    assert_int_equal(last(&v)->old_instances, 0);
    assert_int_equal(last(&v)->healthy_new, 4);
    assert_true(is_told(&v, "1 replaced, for their labels"));
    assert_string_equal(v.rollback_mode, "traffic");
    assert_non_null(strstr(v.rollback_text, "Both apps are left as they are"));
    assert_string_equal(v.warning[0].code, "restart-for-label");
    assert_string_equal(v.warning[1].code, "survivor-restarts");
    assert_non_null(strstr(v.warning[1].text, "The 1 instances that stay"));
}

/* Some do not serve: the adoption waits for as many as served before, not for all. */
static void an_old_app_that_is_partly_ill_is_adopted(void **state)
{
    struct zdd_plan plan = plan_of(a_wish(.adopts = true));
    struct zdd_preview v;

    (void)state;
    plan.pair.old_serving = 2;
    zdd_preview_make(&zdd_blue_green, &plan, &v);
    assert_int_equal(v.lowest_serving, 2);
    assert_int_equal(last(&v)->healthy_new, 4);
}

static void who_needs_no_label_is_only_brought_to_size(void **state)
{
    const struct zdd_plan plan = half_way(ZDD_ACTION_SCALE);
    struct zdd_preview v;

    (void)state;
    zdd_preview_make(&zdd_blue_green, &plan, &v);
    assert_false(is_told(&v, "1 replaced, for their labels"));
    assert_int_equal(v.warning_count, 0);
    assert_int_equal(last(&v)->healthy_new, 4);
}

static void a_stepwise_cutover_exchanges_a_few_at_a_time(void **state)
{
    (void)state;
    assert_program(a_wish(.option = stepwise()),
                   "shift 0;start 1;join;spread;shed 3;start 2;spread;shed 2;start 3;spread;shed 1;"
                   "start 4;join;shift 10000;drain;retire;settle");
    assert_program(a_wish(.new = 12, .old = 3, .option = stepwise()),
                   "shift 0;start 1;join;spread;start 2;spread;start 3;spread;start 5;spread;"
                   "shed 2;start 8;spread;shed 1;start 12;join;shift 10000;drain;retire;settle");
    assert_program(a_wish(.old = 6, .new = 6,
                          .option = stepwise([INITIAL] = {.integer = 2}, [LINEAR] = {.integer = 3},
                                             [PROMOTE] = {.choice = 1})),
                   "shift 0;start 2;join;gate;spread;shed 4;start 5;spread;shed 1;start 6;join;"
                   "shift 10000;drain;retire;settle");
    assert_program(
        a_wish(.old = 2, .new = 8, .adopts = true, .option = stepwise([GROWTH] = {.real = 3})),
        "adopt;shift 0;start 1;join;spread;start 5;spread;shed 1;start 8;join;"
        "shift 10000;drain;retire;settle");
    /* More at the beginning than there shall be in the end is all of them. */
    assert_program(a_wish(.option = stepwise([INITIAL] = {.integer = 9})),
                   "shift 0;start 4;join;shift 10000;drain;retire;settle");
    assert_program(a_wish(.first = true, .option = stepwise()), "start 4;join;settle");
    assert_program(a_wish(.old = 0, .option = stepwise()),
                   "shift 0;start 4;join;shift 10000;drain;retire;settle");
}

static void with_fewer_new_instances_both_versions_stay(void **state)
{
    (void)state;
    assert_program(a_wish(.option = stepwise([NEW_INSTANCES] = {.integer = 2})),
                   "shift 0;start 1;join;spread;shed 3;start 2;spread;shed 2;settle");
    assert_program(
        a_wish(.old = 10, .new = 10,
               .option = pair_options([NEW_INSTANCES] = {.integer = 3}, [PROMOTE] = {.choice = 1})),
        "shift 0;start 3;join;gate;spread;shed 7;settle");
}

static void the_sizes_are_those_of_zdd_py(void **state)
{
    static const int32_t sizes[] = {1, 2, 3, 5, 8, 12, 18, 27, 41, 62, 93, 140, 200};
    const struct zdd_plan plan = plan_of(a_wish(.old = 200, .new = 200, .option = stepwise()));
    size_t seen = 0;

    (void)state;
    for (int32_t i = 0; i < plan.program.count; i++) {
        if (plan.program.step[i].kind == ZDD_STEP_START)
            assert_int_equal(plan.program.step[i].value, sizes[seen++]);
    }
    assert_int_equal(seen, ZDD_COUNT(sizes));
}

/* However many there are, and however many of the old ones are ill. */
static void check_exchange(struct wish wish)
{
    const struct zdd_plan plan = plan_of(wish);
    const struct zdd_preview v = preview(wish);
    const int32_t promise = zdd_pair_promise(&plan);
    const int32_t serving = wish.old - wish.ill;

    assert_true(v.lowest_serving >= (promise < serving ? promise : serving));
    assert_true(v.peak_instances <= wish.old + wish.new);
    assert_string_equal(last(&v)->note, "done");
    if (zdd_pair_keeps_both(&plan)) {
        const int32_t new = zdd_program_started(&plan.program, plan.program.count);

        assert_int_equal(last(&v)->new_instances, new);
        assert_true(last(&v)->old_instances + new >= promise);
    } else {
        assert_int_equal(last(&v)->old_instances, 0);
        assert_int_equal(last(&v)->new_instances, wish.new);
    }
}

static void an_exchange_never_serves_with_fewer_than_it_promises(void **state)
{
    (void)state;
    for (int32_t old = 1; old <= 12; old++) {
        for (int32_t new = 1; new <= 12; new ++) {
            for (int32_t ill = 0; ill <= old && ill < 3; ill++) {
                check_exchange(a_wish(.old = old, .new = new, .ill = ill, .option = stepwise()));
                check_exchange(a_wish(.old = old, .new = new, .ill = ill, .adopts = true,
                                      .option = stepwise([LINEAR] = {.integer = 2})));
            }
            for (int32_t k = 1; k < new; k++) {
                check_exchange(a_wish(.old = old, .new = new,
                                      .option = stepwise([NEW_INSTANCES] = {.integer = k})));
                check_exchange(a_wish(.old = old, .new = new,
                                      .option = pair_options([NEW_INSTANCES] = {.integer = k})));
            }
        }
    }
}

static void an_exchange_tells_each_of_its_moments(void **state)
{
    static const char *const story[] = {
        "before",
        "the new version has 0 % of the requests",
        "1 new started",
        "1 new are healthy",
        "all 3 serve alike",
        "1 old removed",
        "1 new started",
        "2 new are healthy",
        "the new version has 100 % of the requests",
        "the old app removed",
        "done",
    };
    const struct zdd_preview v = preview(a_wish(.old = 2, .new = 2, .option = stepwise()));

    (void)state;
    assert_int_equal(v.moment_count, ZDD_COUNT(story));
    for (size_t i = 0; i < ZDD_COUNT(story); i++)
        assert_string_equal(v.moment[i].note, story[i]);
    assert_int_equal(v.lowest_serving, 2);
    assert_int_equal(v.peak_instances, 3);
    assert_int_equal(v.moment[5].old_instances, 1);
}

static void whoever_gives_up_instances_needs_longer_to_go_back(void **state)
{
    const struct wish wish = a_wish(.option = stepwise());
    const struct zdd_preview v = preview(wish);
    const struct zdd_plan plan = plan_of(wish);
    struct zdd_run run = {.traffic = zdd_traffic_base()};

    (void)state;
    assert_string_equal(v.rollback_mode, "restart");
    assert_true(v.rollback_ms > 1000);
    assert_non_null(strstr(v.rollback_text, "all its 4 instances again"));
    assert_string_equal(zdd_advice_way_back_now(&plan, &run).mode, "traffic");
    run.traffic.old_stay = 3;
    assert_string_equal(zdd_advice_way_back_now(&plan, &run).mode, "restart");
    assert_int_equal(zdd_advice_way_back_now(&plan, &run).estimate_ms, v.rollback_ms);
}

static void assert_complains(struct wish wish, const char *name, const char *text)
{
    struct zdd_plan plan = plan_of(a_wish(.first = wish.first, .old = wish.old, .new = wish.new));
    struct zdd_complaint complaint[ZDD_COMPLAINT_MAX];

    assert_int_equal(zdd_blue_green.check(wish.option, &plan, complaint), 1);
    assert_string_equal(complaint[0].name, name);
    assert_non_null(strstr(complaint[0].text, text));
}

static void options_that_contradict_each_other_are_refused_with_what_would_be_right(void **state)
{
    (void)state;
    assert_complains(a_wish(.option = pair_options([INITIAL] = {.integer = 1})), "initialInstances",
                     "cutover must be stepwise");
    assert_complains(a_wish(.option = pair_options([LINEAR] = {.integer = 1})), "linearIncrease",
                     "cutover must be stepwise");
    assert_complains(a_wish(.option = pair_options([GROWTH] = {.real = 1.5})), "growth",
                     "cutover must be stepwise");
    assert_complains(a_wish(.option = stepwise([GROWTH] = {.real = 2}, [LINEAR] = {.integer = 1})),
                     "growth", "beside linearIncrease");
    assert_complains(a_wish(.option = stepwise([KEEP_OLD] = {.integer = 1})), "keepOldSeconds",
                     "must be 0 or left out");
    assert_complains(
        a_wish(.option =
                   pair_options([NEW_INSTANCES] = {.integer = 1}, [KEEP_OLD] = {.integer = 1})),
        "keepOldSeconds", "must be 0 or left out");
    assert_complains(a_wish(.option = stepwise([NEW_INSTANCES] = {.integer = 4})), "newInstances",
                     "below the 4 instances");
    assert_complains(a_wish(.first = true, .option = stepwise([NEW_INSTANCES] = {.integer = 1})),
                     "newInstances", "no old version");
    assert_complains(a_wish(.new = 211, .option = stepwise()), "growth",
                     "more than 13 sizes to come to 211 instances");
    assert_complains(a_wish(.new = 14, .option = stepwise([LINEAR] = {.integer = 1})),
                     "linearIncrease", "more than 13 sizes to come to 14 instances");
}

static void options_that_go_together_are_not_complained_of(void **state)
{
    const struct wish fine[] = {
        a_wish(),
        a_wish(.option = pair_options([KEEP_OLD] = {.integer = 300})),
        a_wish(.option = stepwise([KEEP_OLD] = {.integer = 0}, [INITIAL] = {.integer = 4},
                                  [GROWTH] = {.real = 1})),
        a_wish(.option = stepwise([NEW_INSTANCES] = {.integer = 3})),
        a_wish(.new = 210, .option = stepwise()),
        a_wish(.new = 13, .option = stepwise([LINEAR] = {.integer = 1})),
        /* What it would need for all of them does not matter. */
        a_wish(.new = 1000, .option = stepwise([NEW_INSTANCES] = {.integer = 3})),
    };
    struct zdd_complaint complaint[ZDD_COMPLAINT_MAX];

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(fine); i++) {
        const struct zdd_plan plan = plan_of(fine[i]);

        assert_int_equal(zdd_blue_green.check(fine[i].option, &plan, complaint), 0);
    }
}

static void the_longest_program_has_room(void **state)
{
    (void)state;
    for (int32_t old = 1; old <= 10000; old = old * 3 + 1) {
        struct wish wish = a_wish(.old = old, .new = 210, .adopts = true,
                                  .option = stepwise([PROMOTE] = {.choice = 1}));

        assert_true(plan_of(wish).program.count <= ZDD_PROGRAM_MAX);
        wish.option[NEW_INSTANCES].integer = 209;
        assert_true(plan_of(wish).program.count <= ZDD_PROGRAM_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_options_write_the_program),
        cmocka_unit_test(the_first_deployment_has_nobody_to_take_over_from),
        cmocka_unit_test(the_drain_is_as_long_and_as_strict_as_asked),
        cmocka_unit_test(no_number_of_instances_serves_fewer_than_the_smaller_version_has),
        cmocka_unit_test(the_timeline_tells_the_story_in_its_order),
        cmocka_unit_test(steps_are_those_of_the_program),
        cmocka_unit_test(a_longer_keep_and_a_longer_drain_give_a_later_deadline),
        cmocka_unit_test(a_day_of_waiting_is_previewed_too),
        cmocka_unit_test(checks_are_a_step_before_the_switch_with_time_for_each_round),
        cmocka_unit_test(going_back_is_a_matter_of_weights_while_there_is_an_old_version),
        cmocka_unit_test(what_labels_and_sticky_users_cost_is_warned_of),
        cmocka_unit_test(room_for_the_second_version_shows_only_when_mesos_offers_it),
        cmocka_unit_test(who_takes_over_serves_from_the_start),
        cmocka_unit_test(an_old_app_that_is_partly_ill_is_adopted),
        cmocka_unit_test(who_needs_no_label_is_only_brought_to_size),
        cmocka_unit_test(a_stepwise_cutover_exchanges_a_few_at_a_time),
        cmocka_unit_test(with_fewer_new_instances_both_versions_stay),
        cmocka_unit_test(the_sizes_are_those_of_zdd_py),
        cmocka_unit_test(an_exchange_never_serves_with_fewer_than_it_promises),
        cmocka_unit_test(an_exchange_tells_each_of_its_moments),
        cmocka_unit_test(whoever_gives_up_instances_needs_longer_to_go_back),
        cmocka_unit_test(options_that_contradict_each_other_are_refused_with_what_would_be_right),
        cmocka_unit_test(options_that_go_together_are_not_complained_of),
        cmocka_unit_test(the_longest_program_has_room),
    };

    return cmocka_run_group_tests_name("strategies/preview_pair", tests, NULL, NULL);
}
