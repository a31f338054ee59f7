/**
 * @file tests/unit/storage/test_trial_text.c
 * @brief What was counted comes back from its text to the last bit, and nothing else does.
 */
#include "storage/trial_text.h"
#include "strategies/judge/pace.h"
#include "tests/support/spec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Each member has a value of its own. */
static struct zdd_trial a_trial(void)
{
    struct zdd_trial trial = {.since_ms = 1764000000000, .until_ms = 1764000000001, .edition = 7};

    trial.new_side.all = (struct zdd_window){1, 2, 3, 4, 5, 6, 7, 8};
    trial.new_side.round[0].requests = 9;
    trial.new_side.round[1].rerouted = 10;
    trial.new_side.answers = INT64_MAX;
    trial.old_side.answer_us = 11;
    trial.errors =
        (struct zdd_suspicion){{12, 13}, {14, 15}, {0.1, -1e300, 3, 1e-300, 5}, 2, 0.25, true};
    trial.refusals.log_ratio[4] = log(3);
    trial.pace.count = 2;
    trial.pace.new_ms[1] = 1.0 / 3;
    trial.pace.old_ms[0] = 2.5;
    trial.pace.looks = 1;
    trial.told = true;
    snprintf(trial.rounds, sizeof(trial.rounds), "ppfi");
    trial.round_count = 70;
    trial.measured_at_ms = 16;
    return trial;
}

static void all_of_it_comes_back(void **state)
{
    const struct zdd_trial trial = a_trial();
    struct zdd_trial back;
    char text[ZDD_TRIAL_TEXT_SIZE], again[ZDD_TRIAL_TEXT_SIZE];

    (void)state;
    zdd_trial_print(&trial, text);
    assert_true(zdd_trial_parse(text, &back));
    zdd_trial_print(&back, again);
    assert_string_equal(again, text);
    assert_true(back.errors.log_ratio[1] == trial.errors.log_ratio[1]);
    assert_true(back.pace.new_ms[1] == trial.pace.new_ms[1]);
    assert_string_equal(back.rounds, "ppfi");
    assert_int_equal(back.new_side.all.rerouted, 8);
    assert_int_equal(back.round_count, 70);
    assert_true(back.errors.condemned && back.told);
}

static void nothing_is_an_empty_text(void **state)
{
    struct zdd_trial trial = a_trial();
    char text[ZDD_TRIAL_TEXT_SIZE];

    (void)state;
    zdd_trial_print(&(struct zdd_trial){0}, text);
    assert_string_equal(text, "");
    assert_true(zdd_trial_parse("", &trial));
    assert_int_equal(trial.since_ms, 0);
    assert_int_equal(trial.new_side.all.requests, 0);
}

static void the_longest_has_room(void **state)
{
    struct zdd_trial trial = a_trial();
    struct zdd_trial back;
    char text[ZDD_TRIAL_TEXT_SIZE];

    (void)state;
    trial.pace.count = ZDD_PACE_VALUES - 1; /* one more, and two by two become one */
    for (int i = 0; i < ZDD_PACE_VALUES; i++)
        trial.pace.new_ms[i] = trial.pace.old_ms[i] = -2.2250738585072014e-308;
    memset(trial.rounds, 'p', ZDD_ROUND_MAX);
    zdd_trial_print(&trial, text);
    assert_true(zdd_trial_parse(text, &back));
    assert_int_equal(back.pace.count, ZDD_PACE_VALUES - 1);
    zdd_pace_add(&back.pace, 1, 1); /* has room for it */
    assert_int_equal(back.pace.count, ZDD_PACE_VALUES / 2);
}

static void what_was_never_written_is_refused(void **state)
{
    const struct zdd_trial trial = a_trial();
    struct zdd_trial back = {.edition = 99};
    char text[ZDD_TRIAL_TEXT_SIZE];

    (void)state;
    zdd_trial_print(&trial, text);
    for (size_t size = strlen(text) - 1; size > 0; size--) {
        text[size] = '\0';
        assert_false(zdd_trial_parse(text, &back));
    }
    assert_false(zdd_trial_parse("1 2 x", &back));
    zdd_trial_print(&trial, text);
    snprintf(text + strlen(text), 3, "1");
    assert_false(zdd_trial_parse(text, &back));
    assert_int_equal(back.edition, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_comes_back),
        cmocka_unit_test(nothing_is_an_empty_text),
        cmocka_unit_test(the_longest_has_room),
        cmocka_unit_test(what_was_never_written_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
