/**
 * @file tests/unit/server/engine/test_observe.c
 * @brief From what the cluster shows to what strategies look at, and what callers see of it.
 */
#include "server/engine/observe.h"

#include "tests/unit/strategies/facts.h"

#define A "aaaaaaaa-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"
#define V1 "2024-05-01T10:00:01.000Z"
#define V2 "2024-05-01T10:00:02.000Z"

#define a_view(...)                                                                                \
    ((struct zdd_app_view){.exists = true,                                                         \
                           .fits_previous = true,                                                  \
                           .instances = 4,                                                         \
                           .version = V1,                                                          \
                           .config_version = V1,                                                   \
                           .current = serving(4),                                                  \
                           __VA_ARGS__})
#define target_view(...) a_view(.fits_previous = false, .fits_target = true, __VA_ARGS__)

static struct zdd_observation look(struct zdd_plan plan, struct zdd_run run,
                                   struct zdd_app_view view)
{
    return zdd_observe(&plan, &run, &view, T0);
}

static void silence_is_no_observation(void **state)
{
    const struct zdd_plan plan = a_plan();
    const struct zdd_run run = a_run();
    const struct zdd_observation o = zdd_observe(&plan, &run, NULL, T0 + 5);

    (void)state;
    assert_false(o.reachable);
    assert_int_equal(o.now_ms, T0 + 5);
    assert_false(o.locked || o.locked_by_us);
}

static void counts_are_taken_over(void **state)
{
    const struct zdd_observation o = look(
        a_plan(), a_run(), a_view(.instances = 7, .current = serving(2), .outdated = serving(3)));

    (void)state;
    assert_true(o.reachable);
    assert_int_equal(o.instances, 7);
    assert_int_equal(o.current.healthy, 2);
    assert_int_equal(o.outdated.healthy, 3);
}

static void whose_definition_it_is_follows_from_what_fits(void **state)
{
    (void)state;
    assert_int_equal(look(a_plan(), a_run(), (struct zdd_app_view){0}).definition,
                     ZDD_DEFINITION_ABSENT);
    assert_int_equal(look(a_plan(), a_run(), a_view()).definition, ZDD_DEFINITION_PREVIOUS);
    assert_int_equal(look(a_plan(), a_run(), target_view()).definition, ZDD_DEFINITION_TARGET);
    assert_int_equal(look(a_plan(), a_run(), a_view(.fits_previous = false)).definition,
                     ZDD_DEFINITION_FOREIGN);
}

static void who_put_it_back_is_told_by_the_version(void **state)
{
    const struct zdd_run ours = a_run(.phase = ZDD_PHASE_UNDOING, .revert_version = V1);
    struct zdd_run unanswered = a_run(.phase = ZDD_PHASE_REVERTING);
    const struct zdd_plan plan = a_plan();
    const struct zdd_app_view view = a_view(.instances = 5);
    struct zdd_observation o = look(plan, ours, view);

    (void)state;
    assert_true(o.put_back_by_us);
    assert_false(look(plan, ours, a_view(.version = V2)).put_back_by_us);
    assert_false(look(plan, a_run(.phase = ZDD_PHASE_UNDOING), view).put_back_by_us);
    assert_false(look(plan, ours, target_view()).put_back_by_us);
    /* While the answer is not known it is taken for ours, and remembered. */
    o = look(plan, unanswered, view);
    assert_true(o.put_back_by_us);
    zdd_observe_note(&plan, &view, &o, &unanswered);
    assert_string_equal(unanswered.revert_version, V1);
    unanswered =
        a_run(.phase = ZDD_PHASE_REVERTING, .outcome = ZDD_OUTCOME_ACKED, .revert_version = V2);
    assert_false(look(plan, unanswered, view).put_back_by_us);
}

static void only_failures_since_the_start_count(void **state)
{
    const struct zdd_plan plan = a_plan();

    (void)state;
    assert_true(look(plan, a_run(), a_view(.failed_at_ms = T0)).tasks_fail);
    assert_false(look(plan, a_run(), a_view(.failed_at_ms = T0 - 1)).tasks_fail);
    assert_false(look(plan, a_run(.started_at_ms = 0), a_view(.failed_at_ms = T0)).tasks_fail);
}

static void a_scale_is_told_by_its_count(void **state)
{
    const struct zdd_plan plan =
        a_plan(.action = ZDD_ACTION_SCALE, .target = facts_of_app(.instances = 6));

    (void)state;
    assert_int_equal(look(plan, a_run(), a_view(.fits_target = true, .instances = 6)).definition,
                     ZDD_DEFINITION_TARGET);
    assert_int_equal(look(plan, a_run(), a_view(.fits_target = true, .instances = 5)).definition,
                     ZDD_DEFINITION_PREVIOUS);
}

static void a_restart_is_told_by_its_version(void **state)
{
    struct zdd_plan plan =
        a_plan(.action = ZDD_ACTION_RESTART, .seen = {.exists = true, .config_version = V1});

    (void)state;
    assert_int_equal(look(plan, a_run(), a_view(.fits_target = true)).definition,
                     ZDD_DEFINITION_PREVIOUS);
    assert_int_equal(
        look(plan, a_run(), a_view(.fits_target = true, .config_version = V2)).definition,
        ZDD_DEFINITION_TARGET);
    assert_int_equal(look(plan, a_run(), target_view(.config_version = V2)).definition,
                     ZDD_DEFINITION_TARGET);
    assert_int_equal(
        look(plan, a_run(), a_view(.fits_previous = false, .config_version = V2)).definition,
        ZDD_DEFINITION_FOREIGN);
}

static void an_upgrade_that_fits_both_is_told_by_its_version_too(void **state)
{
    const struct zdd_plan plan = a_plan(.seen = {.exists = true, .config_version = V1});

    (void)state;
    /* From port 0 to a fixed one: the old definition fits the new app as well. */
    assert_int_equal(look(plan, a_run(), a_view(.fits_target = true)).definition,
                     ZDD_DEFINITION_PREVIOUS);
    assert_int_equal(
        look(plan, a_run(), a_view(.fits_target = true, .config_version = V2, .instances = 9))
            .definition,
        ZDD_DEFINITION_TARGET);
}

static void only_our_last_deployment_is_ours(void **state)
{
    const struct zdd_run ours = a_run(.ordered = true, .deployment_id = A, .ordered_at_ms = T0);

    (void)state;
    assert_false(look(a_plan(), ours, target_view()).locked);
    assert_false(look(a_plan(), ours, target_view()).locked_by_us);
    assert_true(look(a_plan(), ours, target_view(.lock_count = 1, .lock = {A})).locked);
    assert_true(look(a_plan(), ours, target_view(.lock_count = 1, .lock = {A})).locked_by_us);
    assert_false(look(a_plan(), ours, target_view(.lock_count = 1, .lock = {B})).locked_by_us);
    assert_false(look(a_plan(), ours, target_view(.lock_count = 2, .lock = {A, B})).locked_by_us);
    assert_true(look(a_plan(), ours, target_view(.lock_count = 2, .lock = {A, B})).locked);
    /* More than are remembered: among the others may be anybody. (The sanitizers see whether the
     * fifth is looked for.) */
    assert_false(
        look(a_plan(), ours, target_view(.lock_count = 5, .lock = {A, A, A, A})).locked_by_us);
}

static void what_carries_out_our_definition_after_a_lost_answer_is_ours(void **state)
{
    const struct zdd_app_view view = target_view(.lock_count = 1, .lock = {B});
    struct zdd_run run = a_run(.ordered = true);

    (void)state;
    assert_true(look(a_plan(), run, view).locked_by_us);
    run.ordered = false;
    assert_false(look(a_plan(), run, view).locked_by_us);
    run.ordered = true;
    assert_false(look(a_plan(), run, a_view(.lock_count = 1, .lock = {B})).locked_by_us);
    assert_false(look(a_plan(), run, target_view(.lock_count = 2, .lock = {B, A})).locked_by_us);
}

static void an_earlier_answer_does_not_make_a_later_lost_one_somebody_elses(void **state)
{
    const struct zdd_app_view view = target_view(.lock_count = 1, .lock = {B});
    struct zdd_run run = a_run(.ordered = true, .deployment_id = A, .ordered_at_ms = T0);

    (void)state;
    run.unsure_until_ms = T0 + ZDD_UNSURE_MS; /* as after FAILED at T0 */
    assert_true(look(a_plan(), run, view).locked_by_us);
    run.unsure_until_ms = T0 + 1 + ZDD_UNSURE_MS; /* as after a crash behind the intent */
    assert_true(look(a_plan(), run, view).locked_by_us);
    run.unsure_until_ms = T0 - 1 + ZDD_UNSURE_MS; /* an older one; the last one was answered */
    assert_false(look(a_plan(), run, view).locked_by_us);
    run.unsure_until_ms = 0;
    assert_false(look(a_plan(), run, view).locked_by_us);
}

static struct zdd_run note(struct zdd_plan plan, struct zdd_run run, struct zdd_app_view view)
{
    const struct zdd_observation o = zdd_observe(&plan, &run, &view, T0);

    zdd_observe_note(&plan, &view, &o, &run);
    return run;
}

static void going_forward_all_that_is_not_ours_is_old(void **state)
{
    const struct zdd_run run =
        note(a_plan(), a_run(.phase = ZDD_PHASE_APPLYING),
             a_view(.current = serving(3), .outdated = serving(2), .outdated_version = V2));

    (void)state;
    assert_int_equal(run.old_side.instances, 5);
    assert_int_equal(run.old_side.healthy, 5);
    assert_string_equal(run.old_side.version, V1);
    assert_int_equal(run.new_side.instances, 0);
    assert_string_equal(run.new_side.version, "");
    assert_string_equal(run.target_version, "");
}

static void with_the_target_in_place_the_current_ones_are_new(void **state)
{
    const struct zdd_run run =
        note(a_plan(), a_run(.phase = ZDD_PHASE_ROLLING),
             target_view(.version = V2, .config_version = V2, .outdated_version = V1,
                         .current = {.total = 3, .running = 2, .healthy = 2, .ready = 1},
                         .outdated = {.total = 2, .running = 1, .healthy = 1, .ready = 1}));

    (void)state;
    assert_int_equal(run.new_side.instances, 3);
    assert_int_equal(run.new_side.healthy, 1); /* what is not ready does not serve yet */
    assert_string_equal(run.new_side.version, V2);
    assert_int_equal(run.old_side.instances, 2);
    assert_int_equal(run.old_side.healthy, 1);
    assert_string_equal(run.old_side.version, V1);
    assert_string_equal(run.target_version, V2);
}

static void going_back_the_restored_ones_are_old_and_the_rest_is_new(void **state)
{
    const struct zdd_run run =
        note(a_plan(), a_run(.phase = ZDD_PHASE_UNDOING, .target_version = V2),
             a_view(.current = serving(1), .outdated = serving(2), .outdated_version = V2));

    (void)state;
    assert_int_equal(run.old_side.instances, 1);
    assert_string_equal(run.old_side.version, V1);
    assert_int_equal(run.new_side.instances, 2);
    assert_string_equal(run.new_side.version, V2);
    assert_string_equal(run.target_version, V2);
}

static void a_side_without_tasks_has_no_version(void **state)
{
    const struct zdd_run run = note(a_plan(), a_run(.phase = ZDD_PHASE_ROLLING),
                                    target_view(.current = {0}, .outdated_version = V1));

    (void)state;
    assert_string_equal(run.new_side.version, "");
    assert_string_equal(run.old_side.version, "");
}

static void a_deployment_that_must_be_ours_is_remembered(void **state)
{
    const struct zdd_app_view view = target_view(.lock_count = 1, .lock = {B});

    (void)state;
    assert_string_equal(
        note(a_plan(), a_run(.phase = ZDD_PHASE_ROLLING, .ordered = true), view).deployment_id, B);
    assert_string_equal(note(a_plan(), a_run(.phase = ZDD_PHASE_ROLLING), view).deployment_id, "");
    assert_string_equal(note(a_plan(),
                             a_run(.phase = ZDD_PHASE_ROLLING, .ordered = true, .deployment_id = A,
                                   .ordered_at_ms = T0),
                             view)
                            .deployment_id,
                        A);
}

static void a_plan_that_does_nothing_has_no_target_version(void **state)
{
    (void)state;
    assert_string_equal(
        note(a_plan(.action = ZDD_ACTION_NONE), a_run(), target_view()).target_version, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_no_observation),
        cmocka_unit_test(counts_are_taken_over),
        cmocka_unit_test(whose_definition_it_is_follows_from_what_fits),
        cmocka_unit_test(who_put_it_back_is_told_by_the_version),
        cmocka_unit_test(only_failures_since_the_start_count),
        cmocka_unit_test(a_scale_is_told_by_its_count),
        cmocka_unit_test(a_restart_is_told_by_its_version),
        cmocka_unit_test(an_upgrade_that_fits_both_is_told_by_its_version_too),
        cmocka_unit_test(only_our_last_deployment_is_ours),
        cmocka_unit_test(what_carries_out_our_definition_after_a_lost_answer_is_ours),
        cmocka_unit_test(an_earlier_answer_does_not_make_a_later_lost_one_somebody_elses),
        cmocka_unit_test(going_forward_all_that_is_not_ours_is_old),
        cmocka_unit_test(with_the_target_in_place_the_current_ones_are_new),
        cmocka_unit_test(going_back_the_restored_ones_are_old_and_the_rest_is_new),
        cmocka_unit_test(a_side_without_tasks_has_no_version),
        cmocka_unit_test(a_deployment_that_must_be_ours_is_remembered),
        cmocka_unit_test(a_plan_that_does_nothing_has_no_target_version),
    };

    return cmocka_run_group_tests_name("server/engine/observe", tests, NULL, NULL);
}
