/**
 * @file tests/unit/server/engine/test_reach.c
 * @brief Whether Marathon answers: how long nobody asks again.
 */
#include "server/engine/reach.h"

#include "tests/support/spec.h"

#include <string.h>

#define NOW INT64_C(1000000)

static void each_silence_in_a_row_is_waited_for_longer_up_to_a_limit(void **state)
{
    struct zdd_reach reach = {0};
    int64_t span_ms = 250;

    (void)state;
    for (int i = 0; i < 40; i++) {
        zdd_reach_note(&reach, false, "connection refused", NOW);
        assert_in_range(reach.silent_until_ms, NOW + span_ms / 2, NOW + span_ms);
        span_ms = 2 * span_ms < 15000 ? 2 * span_ms : 15000;
    }
    assert_string_equal(reach.silence, "connection refused");
}

static void an_answer_ends_the_silence_and_its_history(void **state)
{
    struct zdd_reach reach = {0};

    (void)state;
    for (int i = 0; i < 8; i++)
        zdd_reach_note(&reach, false, "timed out", NOW);
    zdd_reach_note(&reach, true, "", NOW + 1);
    assert_int_equal(reach.silent_until_ms, 0);
    assert_string_equal(reach.silence, "");
    zdd_reach_note(&reach, false, "timed out", NOW + 2);
    assert_in_range(reach.silent_until_ms, NOW + 2 + 125, NOW + 2 + 250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_silence_in_a_row_is_waited_for_longer_up_to_a_limit),
        cmocka_unit_test(an_answer_ends_the_silence_and_its_history),
    };

    return cmocka_run_group_tests_name("server/engine/reach", tests, NULL, NULL);
}
