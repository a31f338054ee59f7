/**
 * @file tests/unit/strategies/model/test_names.c
 * @brief The public words, both ways, and the table of state × command.
 */
#include "strategies/model/names.h"

#include "strategies/model/decision.h"
#include "strategies/model/plan.h"
#include "strategies/model/run.h"
#include "tests/support/spec.h"

#include <string.h>

/* Every value has a word of its own that leads back to it, and nothing else does. */
#define assert_words(kind, count, name, parse)                                                     \
    do {                                                                                           \
        kind value = (kind)0;                                                                      \
                                                                                                   \
        for (int i = 0; i < (count); i++) {                                                        \
            assert_true(strlen(name((kind)i)) > 0);                                                \
            assert_true(strlen(name((kind)i)) < ZDD_NAME_SIZE);                                    \
            assert_int_equal(strspn(name((kind)i), "abcdefghijklmnopqrstuvwxyz0123456789.-"),      \
                             strlen(name((kind)i)));                                               \
            assert_true(parse(name((kind)i), &value));                                             \
            assert_int_equal(value, i);                                                            \
        }                                                                                          \
        value = (kind)1;                                                                           \
        assert_false(parse("", &value));                                                           \
        assert_false(parse("no-such-word", &value));                                               \
        assert_false(parse(NULL, &value));                                                         \
        assert_int_equal(value, 1);                                                                \
    } while (0)

static void every_value_has_a_word_that_leads_back_to_it(void **state)
{
    (void)state;
    assert_words(enum zdd_phase, ZDD_PHASE_COUNT, zdd_phase_name, zdd_phase_parse);
    assert_words(enum zdd_hold, ZDD_HOLD_COUNT, zdd_hold_name, zdd_hold_parse);
    assert_words(enum zdd_command, ZDD_COMMAND_COUNT, zdd_command_name, zdd_command_parse);
    assert_words(enum zdd_cause, ZDD_CAUSE_COUNT, zdd_cause_name, zdd_cause_parse);
    assert_words(enum zdd_state, ZDD_STATE_COUNT, zdd_state_name, zdd_state_parse);
    assert_words(enum zdd_action, ZDD_ACTION_COUNT, zdd_action_name, zdd_action_parse);
    assert_words(enum zdd_outcome, ZDD_OUTCOME_COUNT, zdd_outcome_name, zdd_outcome_parse);
    assert_words(enum zdd_replace_rule, ZDD_REPLACE_COUNT, zdd_replace_rule_name,
                 zdd_replace_rule_parse);
    assert_words(enum zdd_on_failure, ZDD_ON_FAILURE_COUNT, zdd_on_failure_name,
                 zdd_on_failure_parse);
}

static void orders_have_words_of_their_own(void **state)
{
    (void)state;
    for (int i = 0; i < ZDD_ORDER_KIND_COUNT; i++) {
        for (int k = 0; k < i; k++)
            assert_string_not_equal(zdd_order_name((enum zdd_order_kind)i),
                                    zdd_order_name((enum zdd_order_kind)k));
    }
}

static void every_cause_is_a_sentence_and_fits_the_error_code(void **state)
{
    (void)state;
    for (int i = 0; i < ZDD_CAUSE_COUNT; i++) {
        const char *text = zdd_cause_text((enum zdd_cause)i);

        assert_int_equal(text[strlen(text) - 1], '.');
        assert_true(strlen(zdd_cause_name((enum zdd_cause)i)) <
                    sizeof(((struct zdd_run *)0)->error_code));
    }
}

static void final_and_undo_phases_are_what_they_say(void **state)
{
    (void)state;
    for (int i = 0; i < ZDD_PHASE_COUNT; i++) {
        const enum zdd_phase phase = (enum zdd_phase)i;

        assert_int_equal(zdd_phase_is_final(phase),
                         phase == ZDD_PHASE_SUCCEEDED || phase == ZDD_PHASE_ROLLED_BACK ||
                             phase == ZDD_PHASE_FAILED || phase == ZDD_PHASE_CANCELED);
        assert_int_equal(zdd_phase_is_undo(phase),
                         phase == ZDD_PHASE_REGROWING || phase == ZDD_PHASE_RETURNING ||
                             phase == ZDD_PHASE_CLEARING || phase == ZDD_PHASE_REVERTING ||
                             phase == ZDD_PHASE_UNDOING);
    }
}

#define state_of(...) zdd_run_state(&(struct zdd_run){.active = true, __VA_ARGS__})

static void the_state_follows_from_phase_hold_and_turn(void **state)
{
    (void)state;
    assert_int_equal(state_of(.phase = ZDD_PHASE_PENDING), ZDD_STATE_RUNNING);
    assert_int_equal(state_of(.phase = ZDD_PHASE_PENDING, .active = false), ZDD_STATE_QUEUED);
    assert_int_equal(state_of(.phase = ZDD_PHASE_STOPPING), ZDD_STATE_RUNNING);
    assert_int_equal(state_of(.phase = ZDD_PHASE_ROLLING), ZDD_STATE_RUNNING);
    assert_int_equal(state_of(.phase = ZDD_PHASE_CLEARING), ZDD_STATE_ROLLING_BACK);
    assert_int_equal(state_of(.phase = ZDD_PHASE_UNDOING), ZDD_STATE_ROLLING_BACK);
    assert_int_equal(state_of(.phase = ZDD_PHASE_GATED, .hold = ZDD_HOLD_GATE), ZDD_STATE_WAITING);
    for (int hold = ZDD_HOLD_OPERATOR; hold < ZDD_HOLD_GATE; hold++) {
        assert_int_equal(state_of(.phase = ZDD_PHASE_ROLLING, .hold = (enum zdd_hold)hold),
                         ZDD_STATE_PAUSED);
        assert_int_equal(state_of(.phase = ZDD_PHASE_UNDOING, .hold = (enum zdd_hold)hold),
                         ZDD_STATE_PAUSED);
    }
    assert_int_equal(state_of(.phase = ZDD_PHASE_SUCCEEDED, .active = false), ZDD_STATE_SUCCEEDED);
    assert_int_equal(state_of(.phase = ZDD_PHASE_ROLLED_BACK, .active = false),
                     ZDD_STATE_ROLLED_BACK);
    assert_int_equal(state_of(.phase = ZDD_PHASE_FAILED, .hold = ZDD_HOLD_FOREIGN),
                     ZDD_STATE_FAILED);
    assert_int_equal(state_of(.phase = ZDD_PHASE_CANCELED, .active = false), ZDD_STATE_CANCELED);
}

static void the_table_of_commands_is_the_documented_one(void **state)
{
    /* pause resume promote abort rollback retry weight, as in the contract */
    static const char *const rows[ZDD_STATE_COUNT] = {
        [ZDD_STATE_QUEUED] = "---a---",       [ZDD_STATE_RUNNING] = "p-oar-w",
        [ZDD_STATE_PAUSED] = "-r-art-",       [ZDD_STATE_WAITING] = "--oar-w",
        [ZDD_STATE_ROLLING_BACK] = "-------",
    };

    (void)state;
    for (int s = 0; s < ZDD_STATE_COUNT; s++) {
        assert_false(zdd_command_allowed((enum zdd_state)s, ZDD_COMMAND_NONE));
        for (int c = ZDD_COMMAND_PAUSE; c < ZDD_COMMAND_COUNT; c++) {
            const bool wanted = rows[s] && rows[s][c - 1] != '-';

            assert_int_equal(zdd_command_allowed((enum zdd_state)s, (enum zdd_command)c), wanted);
        }
    }
}

static void final_states_are_final(void **state)
{
    (void)state;
    for (int s = 0; s < ZDD_STATE_COUNT; s++) {
        if (!zdd_state_is_final((enum zdd_state)s))
            continue;
        for (int c = 0; c < ZDD_COMMAND_COUNT; c++)
            assert_false(zdd_command_allowed((enum zdd_state)s, (enum zdd_command)c));
    }
    assert_true(zdd_state_is_final(ZDD_STATE_SUCCEEDED));
    assert_true(zdd_state_is_final(ZDD_STATE_CANCELED));
    assert_false(zdd_state_is_final(ZDD_STATE_ROLLING_BACK));
}

static void a_command_is_suggested_that_is_allowed_or_none(void **state)
{
    static const struct {
        enum zdd_phase phase;
        enum zdd_hold hold;
        enum zdd_command suggested;
    } cases[] = {
        {ZDD_PHASE_ROLLING, ZDD_HOLD_NONE, ZDD_COMMAND_ROLLBACK},
        {ZDD_PHASE_GATED, ZDD_HOLD_GATE, ZDD_COMMAND_PROMOTE},
        {ZDD_PHASE_ROLLING, ZDD_HOLD_OPERATOR, ZDD_COMMAND_RESUME},
        {ZDD_PHASE_ROLLING, ZDD_HOLD_FAILURE, ZDD_COMMAND_ROLLBACK},
        {ZDD_PHASE_ROLLING, ZDD_HOLD_FOREIGN, ZDD_COMMAND_NONE},
        {ZDD_PHASE_RETIRING, ZDD_HOLD_NONE, ZDD_COMMAND_NONE},
        {ZDD_PHASE_UNDOING, ZDD_HOLD_NONE, ZDD_COMMAND_NONE},
        {ZDD_PHASE_SUCCEEDED, ZDD_HOLD_NONE, ZDD_COMMAND_NONE},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(cases); i++) {
        const struct zdd_run run = {.active = true, .phase = cases[i].phase, .hold = cases[i].hold};

        assert_int_equal(zdd_run_suggests(&run), cases[i].suggested);
    }
    assert_int_equal(zdd_run_suggests(&(struct zdd_run){.phase = ZDD_PHASE_PENDING}),
                     ZDD_COMMAND_ABORT); /* queued: it has changed nothing yet */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_has_a_word_that_leads_back_to_it),
        cmocka_unit_test(orders_have_words_of_their_own),
        cmocka_unit_test(every_cause_is_a_sentence_and_fits_the_error_code),
        cmocka_unit_test(final_and_undo_phases_are_what_they_say),
        cmocka_unit_test(the_state_follows_from_phase_hold_and_turn),
        cmocka_unit_test(the_table_of_commands_is_the_documented_one),
        cmocka_unit_test(final_states_are_final),
        cmocka_unit_test(a_command_is_suggested_that_is_allowed_or_none),
    };

    return cmocka_run_group_tests_name("strategies/model/names", tests, NULL, NULL);
}
