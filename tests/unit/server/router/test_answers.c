/**
 * @file tests/unit/server/router/test_answers.c
 * @brief What is said of which server, and who has fetched it.
 */
#include "server/router/answers.h"
#include "tests/support/spec.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define LB1 "10.0.0.5"
#define LB2 "10.0.0.6"

static const struct zdd_endpoint blue[] = {{"svc_80", "10.0.0.1:1001"},
                                           {"svc_80", "10.0.0.1:1002"}};
static const struct zdd_endpoint green[] = {{"svc_80", "10.0.0.2:2001"}};

static int set_up(void **state)
{
    *state = zdd_answers_new();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    *state = zdd_answers_free(*state);
    return 0;
}

static void set(struct zdd_answers *answers, const char *pair, struct zdd_side_order old,
                struct zdd_side_order new)
{
    const struct zdd_router_order order = {.pair = pair, .side = {old, new}};

    assert_int_equal(zdd_answers_set(answers, &order), ZDD_ERR_NONE);
}

#define olds(how, number) ((struct zdd_side_order){how, number, blue, ZDD_COUNT(blue)})
#define news(how, number) ((struct zdd_side_order){how, number, green, ZDD_COUNT(green)})
#define nobody ((struct zdd_side_order){ZDD_SERVES, 0, NULL, 0})

static void assert_said_to(struct zdd_answers *answers, const char *source, const char *address,
                           const char *wanted)
{
    char text[ZDD_ANSWER_SIZE] = "";
    const size_t size = zdd_answers_fetch(answers, address, source, 1000, text);

    assert_int_equal(size, strlen(wanted));
    assert_string_equal(text, wanted);
}

static void assert_said(struct zdd_answers *answers, const char *address, const char *wanted)
{
    assert_said_to(answers, LB1, address, wanted);
}

static void a_weight_is_said_in_percent_of_one(void **state)
{
    set(*state, "/svc", olds(ZDD_SERVES, 100), news(ZDD_SERVES, 75));
    assert_said(*state, "10.0.0.1:1001", "up ready 10000%\n");
    assert_said(*state, "10.0.0.2:2001", "up ready 7500%\n");
    set(*state, "/svc", olds(ZDD_SERVES, ZDD_WEIGHT_MAX), news(ZDD_SERVES, 0));
    assert_said(*state, "10.0.0.1:1002", "up ready 25600%\n");
    assert_said(*state, "10.0.0.2:2001", "up ready 0%\n");
}

static void each_answer_says_all_that_could_undo_another(void **state)
{
    set(*state, "/svc", olds(ZDD_DRAINS, 0), news(ZDD_RESTS, 0));
    assert_said(*state, "10.0.0.1:1001", "up drain\n");
    assert_said(*state, "10.0.0.2:2001", "up maint\n");
}

static void nothing_is_said_of_strangers(void **state)
{
    assert_said(*state, "10.0.0.1:1001", "");
    set(*state, "/svc", olds(ZDD_SERVES, 1), news(ZDD_SERVES, 1));
    assert_said(*state, "10.0.0.1:1003", "");
    assert_said(*state, "10.0.0.1:100", "");
    assert_said(*state, "10.0.0.1:10011", "");
    assert_said(*state, "", "");
    assert_said(*state, "~", "");
}

static void an_order_replaces_all_of_the_pair_and_nothing_else(void **state)
{
    static const struct zdd_endpoint other[] = {{"web_81", "10.0.0.3:3001"}};

    set(*state, "/svc", olds(ZDD_SERVES, 5), news(ZDD_SERVES, 6));
    set(*state, "/web", (struct zdd_side_order){ZDD_SERVES, 7, other, 1}, nobody);
    set(*state, "/svc", nobody, news(ZDD_SERVES, 8));
    assert_said(*state, "10.0.0.1:1001", "");
    assert_said(*state, "10.0.0.2:2001", "up ready 800%\n");
    assert_said(*state, "10.0.0.3:3001", "up ready 700%\n");
    zdd_answers_forget(*state, "/svc");
    zdd_answers_forget(*state, "/svc");
    zdd_answers_forget(*state, "/nobody");
    assert_said(*state, "10.0.0.2:2001", "");
    assert_said(*state, "10.0.0.3:3001", "up ready 700%\n");
}

static void of_two_pairs_with_one_address_the_later_order_counts(void **state)
{
    set(*state, "/a", olds(ZDD_SERVES, 5), nobody);
    set(*state, "/b", olds(ZDD_SERVES, 6), nobody);
    assert_said(*state, "10.0.0.1:1001", "up ready 600%\n");
    set(*state, "/a", olds(ZDD_SERVES, 7), nobody);
    assert_said(*state, "10.0.0.1:1001", "up ready 700%\n");
    zdd_answers_forget(*state, "/a");
    assert_said(*state, "10.0.0.1:1001", "up ready 600%\n");
}

static void assert_receipt(struct zdd_answers *answers, const char *source, int fetched, int total)
{
    struct zdd_router_receipt receipt[ZDD_SOURCE_MAX];
    const size_t count = zdd_answers_receipts(answers, "/svc", receipt);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(receipt[i].source, source) != 0)
            continue;
        assert_int_equal(receipt[i].fetched, fetched);
        assert_int_equal(receipt[i].total, total);
        assert_int_equal(receipt[i].last_ms, 1000);
        return;
    }
    assert_int_equal(total, 0); /* none is expected */
}

static void each_balancer_has_a_receipt_of_its_own(void **state)
{
    set(*state, "/svc", olds(ZDD_SERVES, 5), news(ZDD_SERVES, 6));
    assert_receipt(*state, LB1, 0, 0);
    assert_said_to(*state, LB1, "10.0.0.1:1001", "up ready 500%\n");
    assert_said_to(*state, LB1, "10.0.0.1:1001", "up ready 500%\n");
    assert_receipt(*state, LB1, 1, 3);
    assert_receipt(*state, LB2, 0, 0);
    assert_said_to(*state, LB1, "10.0.0.1:1002", "up ready 500%\n");
    assert_said_to(*state, LB1, "10.0.0.2:2001", "up ready 600%\n");
    assert_said_to(*state, LB2, "10.0.0.2:2001", "up ready 600%\n");
    assert_receipt(*state, LB1, 3, 3);
    assert_receipt(*state, LB2, 1, 3);
}

static void a_changed_answer_has_to_be_fetched_again_an_equal_one_not(void **state)
{
    set(*state, "/svc", olds(ZDD_SERVES, 5), news(ZDD_SERVES, 6));
    assert_said(*state, "10.0.0.1:1001", "up ready 500%\n");
    assert_said(*state, "10.0.0.1:1002", "up ready 500%\n");
    assert_said(*state, "10.0.0.2:2001", "up ready 600%\n");
    set(*state, "/svc", olds(ZDD_SERVES, 5), news(ZDD_SERVES, 6));
    assert_receipt(*state, LB1, 3, 3);
    set(*state, "/svc", olds(ZDD_SERVES, 5), news(ZDD_SERVES, 7));
    assert_receipt(*state, LB1, 2, 3);
    set(*state, "/svc", olds(ZDD_DRAINS, 5), news(ZDD_SERVES, 7));
    assert_receipt(*state, LB1, 0, 3);
}

static void an_address_in_two_backends_counts_once(void **state)
{
    static const struct zdd_endpoint twice[] = {{"svc_80", "10.0.0.1:1001"},
                                                {"svc_81", "10.0.0.1:1001"}};

    set(*state, "/svc", (struct zdd_side_order){ZDD_SERVES, 3, twice, 2}, nobody);
    assert_said(*state, "10.0.0.1:1001", "up ready 300%\n");
    assert_receipt(*state, LB1, 1, 1);
}

static void of_too_many_sources_the_silent_one_is_forgotten(void **state)
{
    struct zdd_router_receipt receipt[ZDD_SOURCE_MAX];
    char text[ZDD_ANSWER_SIZE], source[ZDD_SOURCE_SIZE];

    set(*state, "/svc", olds(ZDD_SERVES, 5), nobody);
    for (int i = 0; i < ZDD_SOURCE_MAX; i++) {
        snprintf(source, sizeof(source), "10.1.0.%d", i);
        assert_true(zdd_answers_fetch(*state, "10.0.0.1:1001", source, 10 + i, text) > 0);
    }
    assert_true(zdd_answers_fetch(*state, "10.0.0.1:1001", "10.1.0.0", 100, text) > 0);
    assert_true(zdd_answers_fetch(*state, "10.0.0.1:1002", "10.2.0.0", 101, text) > 0);
    assert_int_equal(zdd_answers_receipts(*state, "/svc", receipt), ZDD_SOURCE_MAX);
    for (int i = 0; i < ZDD_SOURCE_MAX; i++) {
        assert_string_not_equal(receipt[i].source, "10.1.0.1");
        assert_int_equal(receipt[i].fetched, 1);
    }
}

static void an_empty_order_says_nothing_any_more(void **state)
{
    set(*state, "/svc", olds(ZDD_SERVES, 5), nobody);
    set(*state, "/svc", nobody, nobody);
    assert_said(*state, "10.0.0.1:1001", "");
    assert_receipt(*state, LB1, 0, 0);
}

struct crowd {
    struct zdd_answers *answers;
    int number;
};

static void *fetch_much(void *cls)
{
    struct crowd *crowd = cls;
    char source[ZDD_SOURCE_SIZE], text[ZDD_ANSWER_SIZE];

    snprintf(source, sizeof(source), "10.0.1.%d", crowd->number);
    for (int i = 0; i < 3000; i++) {
        const size_t size = zdd_answers_fetch(crowd->answers, "10.0.0.1:1001", source, i + 1, text);

        assert_true(size > 0 && text[size - 1] == '\n');
    }
    return NULL;
}

static void orders_and_fetches_may_meet(void **state)
{
    pthread_t thread[3];
    struct crowd crowd[3];
    struct zdd_router_receipt receipt[ZDD_SOURCE_MAX];

    set(*state, "/svc", olds(ZDD_SERVES, 1), news(ZDD_SERVES, 1));
    for (int i = 0; i < 3; i++) {
        crowd[i] = (struct crowd){*state, i};
        assert_int_equal(pthread_create(&thread[i], NULL, fetch_much, &crowd[i]), 0);
    }
    for (int i = 0; i < 500; i++) {
        set(*state, "/svc", olds(ZDD_SERVES, i % 100), news(ZDD_SERVES, 1));
        set(*state, "/web", news(ZDD_SERVES, i % 100), nobody);
        zdd_answers_forget(*state, "/web");
        (void)zdd_answers_receipts(*state, "/svc", receipt);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(zdd_answers_receipts(*state, "/svc", receipt), 3);
}

#define SPEC(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPEC(a_weight_is_said_in_percent_of_one),
        SPEC(each_answer_says_all_that_could_undo_another),
        SPEC(nothing_is_said_of_strangers),
        SPEC(an_order_replaces_all_of_the_pair_and_nothing_else),
        SPEC(of_two_pairs_with_one_address_the_later_order_counts),
        SPEC(each_balancer_has_a_receipt_of_its_own),
        SPEC(a_changed_answer_has_to_be_fetched_again_an_equal_one_not),
        SPEC(an_address_in_two_backends_counts_once),
        SPEC(of_too_many_sources_the_silent_one_is_forgotten),
        SPEC(an_empty_order_says_nothing_any_more),
        SPEC(orders_and_fetches_may_meet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
