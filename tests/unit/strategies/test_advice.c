/**
 * @file tests/unit/strategies/test_advice.c
 * @brief Verdict, warnings, suggestion and the price of going back: when they are given, and when
 * not.
 */
#include "strategies/preview.h"

#include "tests/unit/strategies/facts.h"

#include <string.h>

static struct zdd_preview preview(struct zdd_plan plan)
{
    struct zdd_preview v;

    zdd_preview_make(zdd_strategy_find(plan.strategy), &plan, &v);
    return v;
}

/* @p n healthy instances are replaced within these shares. */
static struct zdd_plan replacing(int32_t n, double health, double over)
{
    return a_plan(.old = facts_of_app(.instances = n),
                  .target = facts_of_app(.instances = n, .minimum_health_capacity = health,
                                         .maximum_over_capacity = over),
                  .seen = {.exists = true, .running = n, .healthy = n});
}

static const char *warning(const struct zdd_preview *v, const char *code)
{
    const char *found = NULL;

    for (size_t i = 0; i < v->warning_count; i++) {
        if (strcmp(v->warning[i].code, code) != 0)
            continue;
        assert_null(found); /* one of each code at most */
        found = v->warning[i].text;
    }
    return found;
}

#define assert_warns(plan, code, says)                                                             \
    do {                                                                                           \
        const struct zdd_preview made = preview(plan);                                             \
                                                                                                   \
        assert_non_null(warning(&made, code));                                                     \
        assert_string_equal(warning(&made, code), says);                                           \
    } while (0)
#define assert_silent(plan, code)                                                                  \
    do {                                                                                           \
        const struct zdd_preview made = preview(plan);                                             \
                                                                                                   \
        assert_null(warning(&made, code));                                                         \
    } while (0)

static void a_good_plan_is_warned_of_nothing(void **state)
{
    const struct zdd_preview v = preview(replacing(4, 1, 0.25));

    (void)state;
    assert_int_equal(v.warning_count, 0);
    assert_false(v.has_suggestion);
}

static void a_deadline_that_nobody_can_keep_is_told(void **state)
{
    struct zdd_plan plan = replacing(4, 1, 0.25); /* four waves */

    (void)state;
    plan.deadline_ms = 1000;
    assert_warns(
        plan, "deadline-short",
        "The deadline of 1 s ends before this can be done, which then goes back; 800 s do.");
    plan.deadline_ms = 4 * ZDD_LAUNCH_LEAST_MS;
    assert_silent(plan, "deadline-short");
    plan.deadline_ms = 1000;
    plan.action = ZDD_ACTION_NONE;
    assert_silent(plan, "deadline-short");
}

static void kills_at_the_start_are_told(void **state)
{
    struct zdd_plan plan = replacing(4, 0.25, 0.25);

    (void)state;
    assert_warns(plan, "kills-at-once", "3 of 4 instances are killed at the start.");
    assert_silent(replacing(4, 1, 1), "kills-at-once");
    memcpy(plan.strategy, "recreate", sizeof("recreate"));
    assert_warns(plan, "kills-at-once", "4 of 4 instances are killed at the start.");
    /* Fewer instances are what was asked for. */
    assert_silent(a_plan(.strategy = "scale", .action = ZDD_ACTION_SCALE,
                         .target = facts_of_app(.instances = 1)),
                  "kills-at-once");
    plan = replacing(4, 1, 1);
    plan.target.instances = 0;
    assert_silent(plan, "kills-at-once");
}

static void the_bent_cap_is_told(void **state)
{
    struct zdd_plan plan = replacing(4, 1, 0);

    (void)state;
    assert_warns(
        plan, "cap-exceeded",
        "Marathon runs 5 instances for a moment, one more than maximumOverCapacity allows, because nothing could move otherwise.");
    assert_silent(replacing(4, 1, 0.25), "cap-exceeded");
    assert_silent(replacing(4, 0.75, 0), "cap-exceeded");
    plan.target.resident = true;
    assert_silent(plan, "cap-exceeded");
}

static void checks_that_what_runs_never_had_are_told(void **state)
{
    struct zdd_plan plan = a_plan(.old = facts_of_app(.has_health_checks = false),
                                  .target = facts_of_app(.has_health_checks = true));

    (void)state;
    assert_warns(
        plan, "checks-are-new",
        "What runs now has no health results. A balancer that goes by them (Marathon-LB with --health-check) takes it out at once, until new instances are healthy.");
    plan.seen.healthy = 0; /* nothing served before either */
    assert_silent(plan, "checks-are-new");
    plan.seen.healthy = 4;
    plan.target.instances = 0;
    assert_silent(plan, "checks-are-new");
    assert_silent(a_plan(.old = facts_of_app(.has_health_checks = true),
                         .target = facts_of_app(.has_health_checks = true)),
                  "checks-are-new");
    assert_silent(a_plan(.action = ZDD_ACTION_CREATE, .old = {0}, .seen = {0},
                         .target = facts_of_app(.has_health_checks = true)),
                  "checks-are-new");
}

static void a_moment_without_service_is_told(void **state)
{
    struct zdd_plan plan = replacing(4, 0, 0);

    (void)state;
    assert_warns(plan, "serves-none", "There is a moment in which no instance serves.");
    assert_silent(replacing(4, 0.25, 0.25), "serves-none");
    plan.seen.healthy = 0; /* nothing served before either */
    assert_silent(plan, "serves-none");
    plan = replacing(4, 1, 1);
    plan.target.instances = 0; /* it is wanted */
    assert_silent(plan, "serves-none");
    assert_silent(a_plan(.action = ZDD_ACTION_CREATE, .old = {0}, .seen = {0}), "serves-none");
}

static void a_hang_is_told(void **state)
{
    struct zdd_plan plan = replacing(4, 1, 0);

    (void)state;
    assert_silent(plan, "hangs-on-1.10");
    plan.replace_rule = ZDD_REPLACE_1_10;
    assert_warns(
        plan, "hangs-on-1.10",
        "By the rule of Marathon 1.10 this never ends: it does not see this app's health and kills nothing.");
    plan.target.maximum_over_capacity = 0.25;
    assert_silent(plan, "hangs-on-1.10");
}

static void a_way_back_that_hangs_is_told(void **state)
{
    struct zdd_plan plan = replacing(4, 1, 1);

    (void)state;
    plan.old.maximum_over_capacity = 0.2; /* 4.8 is cut to 4 */
    assert_silent(plan, "hangs-on-1.10");
    plan.old.minimum_health_capacity = 0.5; /* no room, but two are killed */
    assert_silent(plan, "hangs-on-1.10");
    plan.old.minimum_health_capacity = 1;
    plan.replace_rule = ZDD_REPLACE_1_10;
    assert_warns(
        plan, "hangs-on-1.10",
        "By the rule of Marathon 1.10 going back may never end: the previous definition's maximumOverCapacity leaves no room.");
    plan.target.has_marathon_checks = false; /* COMMAND checks: as soon as one is sick */
    {
        const struct zdd_preview made = preview(plan);

        assert_non_null(warning(&made, "hangs-on-1.10"));
    }
    plan.target.has_health_checks = false; /* without checks all count as healthy */
    assert_silent(plan, "hangs-on-1.10");
    plan.target.has_health_checks = plan.target.has_marathon_checks = true;
    plan.action = ZDD_ACTION_SCALE;
    assert_silent(plan, "hangs-on-1.10");
    plan.action = ZDD_ACTION_UPGRADE;
    plan.old.maximum_over_capacity = 0.25;
    assert_silent(plan, "hangs-on-1.10");
}

static void missing_checks_are_told(void **state)
{
    struct zdd_plan plan = replacing(4, 1, 0.25);
    struct zdd_preview v;

    (void)state;
    plan.target.has_health_checks = plan.target.has_marathon_checks = false;
    v = preview(plan);
    assert_non_null(warning(&v, "no-health-checks"));
    plan.target.has_readiness_checks = true;
    assert_silent(plan, "no-health-checks");
    plan.target.has_readiness_checks = false;
    plan.target.has_health_checks = true;
    assert_silent(plan, "no-health-checks");
    plan.target.has_health_checks = false;
    plan.target.instances = 0;
    assert_silent(plan, "no-health-checks");
    plan = replacing(4, 1, 0.25);
    plan.target.has_health_checks = false;
    plan.action = ZDD_ACTION_NONE;
    assert_silent(plan, "no-health-checks");
}

static void a_single_instance_that_has_to_stop_first_is_told(void **state)
{
    struct zdd_plan plan = replacing(1, 0, 0);

    (void)state;
    assert_warns(plan, "single-instance",
                 "The app has one instance: nothing serves while it is replaced.");
    plan.target.single_instance = true;
    assert_warns(
        plan, "single-instance",
        "MARATHON_SINGLE_INSTANCE_APP: the only instance stops before the new one starts.");
    assert_silent(replacing(1, 1, 1), "single-instance");
    assert_silent(replacing(2, 0, 0), "single-instance");
    /* Nothing is replaced where nothing ran, or where only the number changes. */
    assert_silent(a_plan(.strategy = "scale", .action = ZDD_ACTION_SCALE,
                         .old = facts_of_app(.instances = 0),
                         .target = facts_of_app(.instances = 1), .seen = {.exists = true}),
                  "single-instance");
    assert_silent(a_plan(.strategy = "scale", .action = ZDD_ACTION_SCALE,
                         .target = facts_of_app(.instances = 1, .single_instance = true)),
                  "single-instance");
    assert_silent(a_plan(.action = ZDD_ACTION_CREATE, .old = {0}, .seen = {0},
                         .target = facts_of_app(.instances = 1)),
                  "single-instance");
}

static void the_suggestion_for_a_quarter_and_a_quarter_is_the_documented_one(void **state)
{
    const struct zdd_preview v = preview(replacing(4, 0.25, 0.25));

    (void)state;
    assert_true(v.has_suggestion);
    assert_float_equal(v.suggested_minimum_health_capacity, 1.0, 0);
    assert_float_equal(v.suggested_maximum_over_capacity, 0.25, 0);
}

static void what_is_suggested_loses_nothing_for_any_number_by_both_rules(void **state)
{
    static const double shares[] = {0, 0.1, 0.25, 0.5, 0.75, 0.9};
    size_t suggestions = 0;

    (void)state;
    for (int rule = 0; rule < ZDD_REPLACE_COUNT; rule++) {
        for (int32_t n = 1; n <= 40; n++) {
            for (size_t i = 0; i < ZDD_COUNT(shares); i++) {
                struct zdd_plan plan = replacing(n, shares[i], shares[i]);
                struct zdd_preview v;

                plan.replace_rule = (enum zdd_replace_rule)rule;
                v = preview(plan);
                assert_int_equal(v.has_suggestion, v.killed_at_once > 0 || v.hangs);
                if (!v.has_suggestion)
                    continue;
                plan.target.minimum_health_capacity = v.suggested_minimum_health_capacity;
                plan.target.maximum_over_capacity = v.suggested_maximum_over_capacity;
                v = preview(plan);
                assert_int_equal(v.killed_at_once, 0);
                assert_int_equal(v.lowest_serving, n);
                assert_int_equal(v.arithmetic, ZDD_PROOF_PROVED);
                assert_false(v.hangs);
                assert_false(v.has_suggestion);
                /* Minimal: one more for one instance and for many, never a second fleet. */
                assert_true(v.peak_instances <= n + 1 + n / 100);
                suggestions++;
            }
        }
    }
    assert_true(suggestions > 200);
}

static void nothing_is_suggested_that_changes_nothing(void **state)
{
    struct zdd_plan plan = replacing(4, 1, 0.25);

    (void)state;
    plan.seen.running = plan.seen.healthy = plan.old.instances = 6; /* two go, whatever one says */
    assert_false(preview(plan).has_suggestion);
    assert_int_equal(preview(plan).killed_at_once, 2);
    plan.target.minimum_health_capacity = 0.25;
    assert_true(preview(plan).has_suggestion); /* two are better than five */
}

static void nothing_is_suggested_that_cannot_be_followed(void **state)
{
    struct zdd_plan plan = replacing(4, 0.25, 0.25);

    (void)state;
    plan.target.single_instance = true;
    assert_false(preview(plan).has_suggestion);
    plan = replacing(4, 0.25, 0.25);
    plan.target.resident = true;
    assert_false(preview(plan).has_suggestion);
    plan = replacing(4, 0.25, 0.25);
    memcpy(plan.strategy, "recreate", sizeof("recreate"));
    assert_false(preview(plan).has_suggestion);
    plan = replacing(4, 0.25, 0.25);
    memcpy(plan.strategy, "restart", sizeof("restart"));
    plan.action = ZDD_ACTION_RESTART;
    plan.old = plan.target;
    assert_false(preview(plan).has_suggestion); /* it has no options */
}

static void placement_is_proved_unless_instances_exclude_each_other(void **state)
{
    struct zdd_plan plan = replacing(4, 1, 0.25);
    struct zdd_preview v;

    (void)state;
    assert_int_equal(preview(plan).placement, ZDD_PROOF_PROVED);
    plan.target.unique_hostname = true;
    v = preview(plan);
    assert_int_equal(v.placement, ZDD_PROOF_UNKNOWN);
    assert_string_equal(
        v.reason[0], "The constraint hostname UNIQUE needs 5 agents while the most instances run.");
    plan.target.fixed_ports = true;
    v = preview(plan);
    assert_int_equal(v.placement, ZDD_PROOF_UNKNOWN);
    assert_non_null(strstr(v.reason[0], "requirePorts"));
}

static void resources_are_proved_only_when_nothing_more_is_needed(void **state)
{
    (void)state;
    assert_int_equal(preview(replacing(4, 1, 0.25)).resources, ZDD_PROOF_UNKNOWN);
    assert_int_equal(preview(replacing(4, 0.5, 0)).resources, ZDD_PROOF_PROVED);
    assert_float_equal(preview(replacing(4, 0.5, 0)).peak_extra_cpus, 0, 0);
}

static void the_price_of_going_back_is_told(void **state)
{
    struct zdd_plan plan = replacing(4, 1, 0.25);
    struct zdd_preview v;

    (void)state;
    v = preview(plan);
    assert_string_equal(v.rollback_mode, "restart");
    assert_string_equal(
        v.rollback_text,
        "The previous definition is put back; Marathon then replaces all 4 instances once more.");
    assert_int_equal(v.rollback_ms, 4 * (15000 + 60000));
    plan.old.start_ms = 5000;
    assert_int_equal(preview(plan).rollback_ms, 4 * (15000 + 5000));
    plan.old.start_ms = 300000; /* a grace period says more than is used */
    assert_int_equal(preview(plan).rollback_ms, 4 * (15000 + 60000));

    plan.old.minimum_health_capacity = 0.25; /* its own strategy governs the way back */
    assert_non_null(strstr(preview(plan).rollback_text, "once more, 3 of them at once"));
    plan.replace_rule = ZDD_REPLACE_1_10;
    assert_null(strstr(preview(plan).rollback_text, "at once"));

    v = preview(a_plan(.action = ZDD_ACTION_CREATE, .old = {0}, .seen = {0}));
    assert_string_equal(v.rollback_mode, "delete");
    v = preview(a_plan(.strategy = "scale", .action = ZDD_ACTION_SCALE,
                       .target = facts_of_app(.instances = 9)));
    assert_string_equal(v.rollback_mode, "scale");
    assert_string_equal(v.rollback_text, "The app is scaled back to 4 instances.");
    plan = replacing(4, 1, 0.25);
    memcpy(plan.strategy, "restart", sizeof("restart"));
    plan.action = ZDD_ACTION_RESTART;
    v = preview(plan);
    assert_string_equal(v.rollback_mode, "none");
    assert_int_equal(v.rollback_ms, 0);
    v = preview(a_plan(.action = ZDD_ACTION_NONE));
    assert_string_equal(v.rollback_mode, "none");
    assert_string_equal(v.rollback_text, "Nothing changes.");
}

static void every_text_fits_with_the_largest_numbers(void **state)
{
    struct zdd_plan plan = replacing(ZDD_INSTANCES_MAX, 0, 0);
    struct zdd_preview v;

    (void)state;
    plan.old.minimum_health_capacity = 0;
    plan.target.unique_hostname = plan.target.fixed_ports = true;
    plan.target.has_health_checks = plan.target.has_marathon_checks = false;
    for (int i = 0; i < 4; i++) {
        plan.replace_rule = i & 1 ? ZDD_REPLACE_1_10 : ZDD_REPLACE_CLASSIC;
        plan.target.minimum_health_capacity = i & 2 ? 1 : 0;
        v = preview(plan);
        for (size_t k = 0; k < v.warning_count; k++)
            assert_int_equal(v.warning[k].text[strlen(v.warning[k].text) - 1], '.');
        for (size_t k = 0; k < v.reason_count; k++)
            assert_int_equal(v.reason[k][strlen(v.reason[k]) - 1], '.');
        assert_int_equal(v.rollback_text[strlen(v.rollback_text) - 1], '.');
    }
}

static void proofs_have_their_words(void **state)
{
    (void)state;
    assert_string_equal(zdd_proof_name(ZDD_PROOF_PROVED), "proved");
    assert_string_equal(zdd_proof_name(ZDD_PROOF_REFUTED), "refuted");
    assert_string_equal(zdd_proof_name(ZDD_PROOF_UNKNOWN), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_plan_is_warned_of_nothing),
        cmocka_unit_test(a_deadline_that_nobody_can_keep_is_told),
        cmocka_unit_test(kills_at_the_start_are_told),
        cmocka_unit_test(the_bent_cap_is_told),
        cmocka_unit_test(checks_that_what_runs_never_had_are_told),
        cmocka_unit_test(a_moment_without_service_is_told),
        cmocka_unit_test(a_hang_is_told),
        cmocka_unit_test(a_way_back_that_hangs_is_told),
        cmocka_unit_test(missing_checks_are_told),
        cmocka_unit_test(a_single_instance_that_has_to_stop_first_is_told),
        cmocka_unit_test(the_suggestion_for_a_quarter_and_a_quarter_is_the_documented_one),
        cmocka_unit_test(what_is_suggested_loses_nothing_for_any_number_by_both_rules),
        cmocka_unit_test(nothing_is_suggested_that_changes_nothing),
        cmocka_unit_test(nothing_is_suggested_that_cannot_be_followed),
        cmocka_unit_test(placement_is_proved_unless_instances_exclude_each_other),
        cmocka_unit_test(resources_are_proved_only_when_nothing_more_is_needed),
        cmocka_unit_test(the_price_of_going_back_is_told),
        cmocka_unit_test(every_text_fits_with_the_largest_numbers),
        cmocka_unit_test(proofs_have_their_words),
    };

    return cmocka_run_group_tests_name("strategies/advice", tests, NULL, NULL);
}
