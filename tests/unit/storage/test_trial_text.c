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
    trial.new_side.answers = ZDD_COUNT_MAX;
    trial.share_since_ms = 1764000000002;
    trial.old_side.answer_us = 11;
    trial.errors = (struct zdd_suspicion){
        {{13, 12}, {15, 14}}, {17, 20, 18, 1.0 / 7}, {0.1, -1e300, 3, 1e-300, 5}, 2, 0.25, true};
    trial.refusals.log_ratio[4] = log(3);
    trial.pace.count = 2;
    trial.pace.new_ms[1] = 1.0 / 3;
    trial.pace.old_ms[0] = 2.5;
    trial.pace.looks = 1;
    trial.told[2] = true;
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
    assert_true(back.errors.condemned && back.told[2] && !back.told[1]);
    assert_true(back.errors.closed.expected == trial.errors.closed.expected);
    assert_int_equal(back.errors.closed.new_failures, 18);
    assert_int_equal(back.share_since_ms, 1764000000002);
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

/* As it was written before there were strata, and a word for each set. */
static const char first_edition[] =
    "1764000000000 1764000000001 7 "
    "1000 2 3 40 5 6 7 8 9 0 0 0 0 0 0 0 0 0 0 0 0 0 0 10 9223372036854775807 0 "
    "4000 0 0 15 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 11 "
    "1000 40 4000 15 0.5 -1 3 0.25 5 2 0.25 1 "
    "1000 0 4000 0 0 0 0 0 0 2 1 0 "
    "1 0.5 2.5 1 0.75 0 1 ppfi 70 16 ";

static void a_text_of_the_first_edition_goes_on_as_one_stratum(void **state)
{
    struct zdd_trial back;
    char again[ZDD_TRIAL_TEXT_SIZE];

    (void)state;
    assert_true(zdd_trial_parse(first_edition, &back));
    assert_int_equal(back.edition, 7);
    assert_int_equal(back.errors.open.new_side.failures, 40);
    assert_int_equal(back.errors.open.old_side.requests, 4000);
    assert_int_equal(back.errors.closed.requests, 0);
    assert_int_equal(back.errors.looks, 2);
    assert_true(back.errors.condemned && !back.refusals.condemned);
    assert_int_equal(back.new_side.answers, ZDD_COUNT_MAX); /* sums had no bound */
    assert_int_equal(back.old_side.answer_us, 11);
    for (int set = 0; set < ZDD_VERIFY_SET_MAX; set++)
        assert_true(back.told[set]);
    assert_string_equal(back.rounds, "ppfi");
    assert_int_equal(back.measured_at_ms, 16);
    zdd_trial_print(&back, again);
    assert_true(zdd_trial_parse(again, &back));
    assert_int_equal(back.errors.open.new_side.failures, 40);
}

static void figures_that_cannot_be_are_refused(void **state)
{
    struct zdd_trial trial = a_trial();
    struct zdd_trial back;
    char text[ZDD_TRIAL_TEXT_SIZE];

    (void)state;
    trial.errors.open.new_side = (struct zdd_tries){1, 2};
    zdd_trial_print(&trial, text);
    assert_false(zdd_trial_parse(text, &back));
    trial = a_trial();
    trial.errors.closed.new_failures = trial.errors.closed.failures + 1;
    zdd_trial_print(&trial, text);
    assert_false(zdd_trial_parse(text, &back));
    trial = a_trial();
    trial.refusals.closed.expected = NAN;
    zdd_trial_print(&trial, text);
    assert_false(zdd_trial_parse(text, &back));
    trial = a_trial();
    trial.old_side.all.broken = -1;
    zdd_trial_print(&trial, text);
    assert_false(zdd_trial_parse(text, &back));
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
    assert_false(zdd_trial_parse("v2 ", &back));
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
        cmocka_unit_test(a_text_of_the_first_edition_goes_on_as_one_stratum),
        cmocka_unit_test(figures_that_cannot_be_are_refused),
        cmocka_unit_test(what_was_never_written_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
