/**
 * @file tests/unit/strategies/model/test_traffic.c
 * @brief Settings of a pair: their words, what balancers do unasked, and when two are the same.
 */
#include "strategies/model/traffic.h"

#include "strategies/model/limits.h"
#include "tests/support/spec.h"

static void each_way_of_serving_has_its_word(void **state)
{
    static const char *const words[] = {"serves", "drains", "rests"};

    (void)state;
    assert_int_equal(ZDD_COUNT(words), ZDD_SERVING_COUNT);
    for (int i = 0; i < ZDD_SERVING_COUNT; i++) {
        enum zdd_serving back = ZDD_SERVING_COUNT;

        assert_string_equal(zdd_serving_name((enum zdd_serving)i), words[i]);
        assert_true(zdd_serving_parse(words[i], &back));
        assert_int_equal(back, i);
    }
}

static void any_other_word_is_refused_and_changes_nothing(void **state)
{
    static const char *const words[] = {"",       "serve",   "servess", "Serves",
                                        " rests", "drains ", NULL};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(words); i++) {
        enum zdd_serving serving = ZDD_RESTS;

        assert_false(zdd_serving_parse(words[i], &serving));
        assert_int_equal(serving, ZDD_RESTS);
    }
}

static void unasked_all_servers_serve_alike(void **state)
{
    const struct zdd_traffic base = zdd_traffic_base();

    (void)state;
    assert_int_equal(base.old_stay, ZDD_INSTANCES_MAX); /* none leaves */
    for (int i = ZDD_SIDE_OLD; i <= ZDD_SIDE_NEW; i++) {
        assert_int_equal(base.side[i].serving, ZDD_SERVES);
        assert_int_equal(base.side[i].weight, 1);
    }
}

static void two_are_the_same_when_all_their_parts_are(void **state)
{
    const struct zdd_traffic base = zdd_traffic_base();
    struct zdd_traffic other = base;

    (void)state;
    assert_true(zdd_traffic_same(&base, &base));
    for (int i = 0; i < ZDD_SIDE_COUNT; i++) {
        other = base;
        other.side[i].weight = 7;
        assert_false(zdd_traffic_same(&base, &other));
        assert_false(zdd_traffic_same(&other, &base));
        other = base;
        other.side[i].serving = ZDD_RESTS;
        assert_false(zdd_traffic_same(&base, &other));
        assert_false(zdd_traffic_same(&other, &base));
    }
    other = base;
    other.old_stay = 3;
    assert_false(zdd_traffic_same(&base, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_of_serving_has_its_word),
        cmocka_unit_test(any_other_word_is_refused_and_changes_nothing),
        cmocka_unit_test(unasked_all_servers_serve_alike),
        cmocka_unit_test(two_are_the_same_when_all_their_parts_are),
    };

    return cmocka_run_group_tests_name("strategies/model/traffic", tests, NULL, NULL);
}
