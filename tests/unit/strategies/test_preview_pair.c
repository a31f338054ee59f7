/**
 * @file tests/unit/strategies/test_preview_pair.c
 * @brief What a blue-green plan says it will do: program, figures, timeline, steps, the way back.
 */
#include "strategies/preview_pair.h"

#include "strategies/builtin.h"
#include "tests/unit/strategies/facts.h"

#include <string.h>

enum { PROMOTE, KEEP_OLD, DRAIN, ON_DRAIN_TIMEOUT, OPTIONS };

struct wish {
    bool first, adopts, sticky;
    int32_t old, new;
    union zdd_option_value option[OPTIONS];
};

/* Every number absent, every choice the first, unless said otherwise. */
#define ABSENT                                                                                     \
    {                                                                                              \
        .integer = INT64_MIN                                                                       \
    }
#define a_wish(...)                                                                                \
    ((struct wish){                                                                                \
        .old = 4, .new = 4, .option = {[KEEP_OLD] = ABSENT, [DRAIN] = ABSENT}, __VA_ARGS__})

static struct zdd_plan plan_of(struct wish wish)
{
    struct zdd_plan plan = {
        .app_id = "/shop/cart",
        .strategy = "blue-green",
        .action = wish.first ? ZDD_ACTION_CREATE : ZDD_ACTION_UPGRADE,
        .pair = {.new_id = "/shop/cart-blue", .must_adopt = wish.adopts, .sticky = wish.sticky},
        .target = facts_of_app()};

    plan.target.instances = wish.new;
    if (!wish.first) {
        plan.old = (struct zdd_app_facts)facts_of_app();
        plan.old.instances = plan.pair.old_serving = wish.old;
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
    assert_program(
        a_wish(.option =
                   {[PROMOTE] = {.choice = 1}, [KEEP_OLD] = {.integer = 0}, [DRAIN] = ABSENT}),
        "shift 0;start 4;join;gate;shift 10000;drain;retire;settle");
    assert_program(a_wish(.option = {[KEEP_OLD] = {.integer = 86400}, [DRAIN] = ABSENT}),
                   "shift 0;start 4;join;shift 10000;keep 86400000;drain;retire;settle");
}

static void the_first_deployment_has_nobody_to_take_over_from(void **state)
{
    (void)state;
    assert_program(a_wish(.first = true), "start 4;join;settle");
    /* Nor anybody who could wait for a promotion. */
    assert_program(
        a_wish(.first = true,
               .option = {[PROMOTE] = {.choice = 1}, [KEEP_OLD] = ABSENT, [DRAIN] = ABSENT}),
        "start 4;join;settle");
}

static void the_drain_is_as_long_and_as_strict_as_asked(void **state)
{
    struct zdd_plan plan = plan_of(a_wish());

    (void)state;
    assert_int_equal(plan.pair.drain_ms, 300000);
    assert_false(plan.pair.kill_undrained);
    plan = plan_of(a_wish(.option = {[KEEP_OLD] = ABSENT,
                                     [DRAIN] = {.integer = 1},
                                     [ON_DRAIN_TIMEOUT] = {.choice = 1}}));
    assert_int_equal(plan.pair.drain_ms, 1000);
    assert_true(plan.pair.kill_undrained);
    plan = plan_of(a_wish(.option = {[KEEP_OLD] = ABSENT, [DRAIN] = {.integer = 86400}}));
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
    const struct wish wish = a_wish(.option = {[PROMOTE] = {.choice = 1},
                                               [KEEP_OLD] = {.integer = 60},
                                               [DRAIN] = {.integer = 30}});
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
        preview(a_wish(.option = {[KEEP_OLD] = {.integer = 310}, [DRAIN] = ABSENT})).deadline_ms -
            usual,
        10000);
    assert_int_equal(
        preview(a_wish(.option = {[KEEP_OLD] = ABSENT, [DRAIN] = {.integer = 310}})).deadline_ms -
            usual,
        10000);
}

/* Time that is only waited for costs the preview nothing. */
static void a_day_of_waiting_is_previewed_too(void **state)
{
    struct zdd_plan plan =
        plan_of(a_wish(.option = {[KEEP_OLD] = {.integer = 86400}, [DRAIN] = {.integer = 86400}}));
    struct zdd_preview v;

    (void)state;
    zdd_preview_make(&zdd_blue_green, &plan, &v);
    assert_string_equal(last(&v)->note, "done");
    plan.program.count = 0;
    plan.verify = (struct zdd_verify){.rounds = 60, .interval_ms = 3600000};
    zdd_blue_green.write_program(a_wish().option, &plan);
    zdd_preview_make(&zdd_blue_green, &plan, &v);
    assert_string_equal(last(&v)->note, "done");
}

static void checks_are_a_step_before_the_switch_with_time_for_each_round(void **state)
{
    struct zdd_plan plan = plan_of(a_wish());
    const int64_t usual = preview(a_wish()).deadline_ms;
    struct zdd_preview v;

    (void)state;
    plan.program.count = 0;
    plan.verify = (struct zdd_verify){.rounds = 6, .interval_ms = 10000, .failure_limit = 1};
    zdd_blue_green.write_program(a_wish().option, &plan);
    zdd_preview_make(&zdd_blue_green, &plan, &v);
    assert_string_equal(v.step[3].kind, "verify");
    assert_string_equal(v.step[3].text,
                        "Check the new instances directly, 6 times, before the switch.");
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
    const union zdd_option_value options[] = {
        [PROMOTE] = {.choice = 0}, [KEEP_OLD] = ABSENT, [DRAIN] = ABSENT, [ON_DRAIN_TIMEOUT] = {0}};

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
    };

    return cmocka_run_group_tests_name("strategies/preview_pair", tests, NULL, NULL);
}
