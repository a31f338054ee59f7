/**
 * @file tests/unit/strategies/test_registry.c
 * @brief Finding strategies, their steps, and the timer that every decision gets.
 */
#include "tests/unit/strategies/facts.h"

#include <string.h>

static void each_strategy_is_found_by_its_name_and_by_nothing_else(void **state)
{
    size_t count = 0;

    (void)state;
    for (const struct zdd_strategy *s = zdd_strategy_at(0); s; s = zdd_strategy_at(++count)) {
        assert_ptr_equal(zdd_strategy_find(s->name), s);
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(zdd_strategy_at(i)->name, s->name);
    }
    assert_int_equal(count, 6);
    assert_null(zdd_strategy_find("Rolling"));
    assert_null(zdd_strategy_find(""));
    assert_null(zdd_strategy_find("rolling "));
    assert_null(zdd_strategy_at(SIZE_MAX));
}

static void each_strategy_says_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; zdd_strategy_at(i); i++) {
        const struct zdd_strategy *s = zdd_strategy_at(i);

        assert_true(strlen(s->name) < ZDD_NAME_SIZE);
        assert_true(strlen(s->text) > 20);
        /* The steps of a program are the plan's. */
        assert_true(s->write_program ? s->step_count == 0
                                     : s->step_count > 0 && s->step_count < ZDD_STEP_MAX);
        assert_true(s->rule_count > 0);
        for (size_t p = 0; p < s->param_count; p++) {
            if (s->params[p].kind == ZDD_PARAM_CHOICE)
                assert_non_null(s->params[p].choices[1]);
            else if (s->params[p].kind != ZDD_PARAM_VERIFY && s->params[p].kind != ZDD_PARAM_WATCH)
                assert_true(s->params[p].min < s->params[p].max);
            assert_true(strlen(s->params[p].text) > 10);
        }
        for (size_t k = 0; k < s->step_count; k++) {
            assert_true(strlen(s->steps[k].kind) < ZDD_NAME_SIZE);
            assert_true(strlen(s->steps[k].text) > 10);
            assert_int_equal(zdd_strategy_step_of(s, s->steps[k].phase), k);
        }
    }
}

static void the_step_of_a_phase_never_lies_outside(void **state)
{
    (void)state;
    for (size_t i = 0; zdd_strategy_at(i) && !zdd_strategy_at(i)->write_program; i++) {
        const struct zdd_strategy *s = zdd_strategy_at(i);
        const int32_t last = (int32_t)s->step_count - 1;

        assert_int_equal(zdd_strategy_step_of(s, ZDD_PHASE_PENDING), 0);
        assert_int_equal(zdd_strategy_step_of(s, ZDD_PHASE_CLEARING), last + 1);
        assert_int_equal(zdd_strategy_step_of(s, ZDD_PHASE_REVERTING), last + 1);
        assert_int_equal(zdd_strategy_step_of(s, ZDD_PHASE_UNDOING), last + 1);
        assert_int_equal(zdd_strategy_step_of(s, ZDD_PHASE_SUCCEEDED), last);
        assert_int_equal(zdd_strategy_step_of(s, ZDD_PHASE_CANCELED), last);
    }
    assert_int_equal(zdd_strategy_step_of(zdd_strategy_find("recreate"), ZDD_PHASE_STOPPING), 0);
    assert_int_equal(zdd_strategy_step_of(zdd_strategy_find("recreate"), ZDD_PHASE_ROLLING), 2);
    assert_int_equal(zdd_strategy_step_of(zdd_strategy_find("rolling"), ZDD_PHASE_ROLLING), 1);
}

static void the_earliest_timer_wins(void **state)
{
    const struct zdd_observation silence = seen(.reachable = false);
    struct zdd_run run = a_run(.phase = ZDD_PHASE_ROLLING, .ordered = true,
                               .deadline_at_ms = T0 + 2000, .step_deadline_at_ms = T0 + 3000);

    (void)state;
    assert_int_equal(decide(a_plan(), run, silence).wake_at_ms, T0 + 2000);
    run.step_deadline_at_ms = T0 + 1000;
    assert_int_equal(decide(a_plan(), run, silence).wake_at_ms, T0 + 1000);
    run.phase = ZDD_PHASE_UNDOING;
    run.deadline_at_ms = T0 - 1;
    assert_int_equal(decide(a_plan(), run, silence).wake_at_ms, T0 + 1000);
}

static void a_phase_nobody_has_deadlines_for_is_still_looked_at(void **state)
{
    const struct zdd_run run =
        a_run(.phase = ZDD_PHASE_APPLYING, .ordered = true, .outcome = ZDD_OUTCOME_ACKED,
              .ordered_at_ms = T0, .deadline_at_ms = INT64_MAX, .step_deadline_at_ms = INT64_MAX);

    (void)state;
    assert_int_equal(decide(a_plan(), run, seen()).wake_at_ms, T0 + 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_strategy_is_found_by_its_name_and_by_nothing_else),
        cmocka_unit_test(each_strategy_says_what_it_is),
        cmocka_unit_test(the_step_of_a_phase_never_lies_outside),
        cmocka_unit_test(the_earliest_timer_wins),
        cmocka_unit_test(a_phase_nobody_has_deadlines_for_is_still_looked_at),
    };

    return cmocka_run_group_tests_name("strategies/registry", tests, NULL, NULL);
}
