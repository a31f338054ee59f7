/**
 * @file tests/unit/server/engine/test_due.c
 * @brief Which deployment is looked at when.
 */
#include "server/engine/due.h"

#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct zdd_due_queue *new_queue(void)
{
    struct zdd_due_queue *queue = calloc(1, sizeof(*queue));

    assert_non_null(queue);
    assert_true(zdd_due_init(queue));
    return queue;
}

static void free_queue(struct zdd_due_queue *queue)
{
    zdd_due_release(queue);
    free(queue);
}

static struct zdd_due *of_app(const struct zdd_due_queue *queue, const char *app_id)
{
    return zdd_due_of_app(queue, app_id, strlen(app_id));
}

static void the_one_that_waited_longest_comes_first_and_none_before_its_time(void **state)
{
    struct zdd_due_queue *queue = new_queue();
    struct zdd_due *due;

    (void)state;
    assert_int_equal(zdd_due_next_ms(queue), INT64_MAX);
    assert_null(zdd_due_take(queue, INT64_MAX));
    assert_true(zdd_due_wake(queue, "b", "/b", 200));
    assert_true(zdd_due_wake(queue, "a", "/a", 100));
    assert_true(zdd_due_wake(queue, "c", "/c", 300));
    assert_int_equal(zdd_due_next_ms(queue), 100);
    assert_null(zdd_due_take(queue, 99));
    due = zdd_due_take(queue, 100);
    assert_string_equal(due->run_id, "a");
    assert_string_equal(due->lock, "/a");
    assert_null(zdd_due_take(queue, 199));
    assert_string_equal(zdd_due_take(queue, 5000)->run_id, "b");
    assert_string_equal(zdd_due_take(queue, 5000)->run_id, "c");
    assert_null(zdd_due_take(queue, 5000));
    assert_int_equal(queue->count, 3);
    free_queue(queue);
}

static void a_wake_brings_it_nearer_and_never_farther(void **state)
{
    struct zdd_due_queue *queue = new_queue();

    (void)state;
    assert_true(zdd_due_wake(queue, "a", "/a", 500));
    assert_true(zdd_due_wake(queue, "b", "/b", 400));
    assert_true(zdd_due_wake(queue, "a", "/a", 900));
    assert_int_equal(zdd_due_next_ms(queue), 400);
    assert_true(zdd_due_wake(queue, "a", "/a", 100));
    assert_int_equal(zdd_due_next_ms(queue), 100);
    assert_int_equal(queue->count, 2);
    assert_int_equal(queue->heap_count, 2);
    free_queue(queue);
}

static void who_is_woken_while_busy_is_looked_at_again_at_once(void **state)
{
    struct zdd_due_queue *queue = new_queue();
    struct zdd_due *due;

    (void)state;
    assert_true(zdd_due_wake(queue, "a", "/a", 0));
    due = zdd_due_take(queue, 0);
    zdd_due_return(queue, due, 1000, 10);
    assert_int_equal(zdd_due_next_ms(queue), 1000);

    due = zdd_due_take(queue, 1000);
    assert_true(zdd_due_wake(queue, "a", "/a", 5000)); /* however far the new moment is */
    assert_null(zdd_due_take(queue, INT64_MAX));
    zdd_due_return(queue, due, 9000, 1010);
    assert_int_equal(zdd_due_next_ms(queue), 1010);

    due = zdd_due_take(queue, 1010);
    zdd_due_return(queue, due, 9000, 1020); /* the wake has been used up */
    assert_int_equal(zdd_due_next_ms(queue), 9000);
    free_queue(queue);
}

static void who_is_due_at_0_is_not_due_by_itself(void **state)
{
    struct zdd_due_queue *queue = new_queue();
    struct zdd_due *due;

    (void)state;
    assert_true(zdd_due_wake(queue, "a", "/a", 5));
    due = zdd_due_take(queue, 5);
    zdd_due_return(queue, due, 0, 10);
    assert_null(zdd_due_take(queue, INT64_MAX - 1));
    assert_true(zdd_due_wake(queue, "a", "/a", 20));
    assert_non_null(zdd_due_take(queue, 20));
    free_queue(queue);
}

static void the_apps_of_a_pair_lead_to_its_deployment(void **state)
{
    struct zdd_due_queue *queue = new_queue();

    (void)state;
    assert_true(zdd_due_wake(queue, "a", "/shop", 5));
    assert_true(zdd_due_wake(queue, "b", "/cart-green", 5));
    assert_string_equal(of_app(queue, "/shop")->run_id, "a");
    assert_string_equal(of_app(queue, "/shop-blue")->run_id, "a");
    assert_string_equal(of_app(queue, "/shop/green")->run_id, "a");
    assert_string_equal(of_app(queue, "/cart")->run_id, "b");
    assert_string_equal(of_app(queue, "/cart-green")->run_id, "b");
    assert_string_equal(zdd_due_of_app(queue, "/shop-blue\",...", 10)->run_id, "a");
    assert_null(zdd_due_of_app(queue, "/shop-blue\",...", 9));
    assert_null(of_app(queue, "/shop-red"));
    free_queue(queue);
}

static void an_app_is_found_by_its_whole_id(void **state)
{
    struct zdd_due_queue *queue = new_queue();

    (void)state;
    assert_true(zdd_due_wake(queue, "a", "/shop/cart", 5));
    assert_true(zdd_due_wake(queue, "b", "/shop/cart2", 5));
    assert_string_equal(zdd_due_of_app(queue, "/shop/cart2\",...", 11)->run_id, "b");
    assert_string_equal(zdd_due_of_app(queue, "/shop/cart2\",...", 10)->run_id, "a");
    assert_null(zdd_due_of_app(queue, "/shop/cart2\",...", 9));
    assert_null(of_app(queue, ""));
    zdd_due_drop(queue, zdd_due_take(queue, 5));
    assert_int_equal(queue->count, 1);
    free_queue(queue);
}

static void what_is_dropped_is_gone_from_every_index(void **state)
{
    struct zdd_due_queue *queue = new_queue();
    struct zdd_due *due;

    (void)state;
    assert_true(zdd_due_wake(queue, "a", "/a", 5));
    assert_true(zdd_due_wake(queue, "b", "/a", 9)); /* the next one of the same app */
    due = zdd_due_take(queue, 5);
    assert_string_equal(due->run_id, "a");
    zdd_due_drop(queue, due);
    assert_string_equal(of_app(queue, "/a")->run_id, "b");
    assert_true(zdd_due_wake(queue, "a", "/a", 7)); /* a new entry, not the freed one */
    assert_int_equal(queue->count, 2);
    free_queue(queue);
}

static void a_sweep_claims_who_is_not_due(void **state)
{
    struct zdd_due_queue *queue = new_queue();
    struct zdd_due *due;

    (void)state;
    for (int i = 0; i < 9; i++) {
        char id[8];

        snprintf(id, sizeof(id), "%d", i);
        assert_true(zdd_due_wake(queue, id, id, 1000 - i * 10));
    }
    due = zdd_due_claim(queue, "4", queue->touches);
    assert_ptr_equal(due, of_app(queue, "4"));
    assert_true(due->busy);
    assert_int_equal(queue->heap_count, 8);
    for (int i = 8; i >= 0; i--) {
        if (i != 4)
            assert_int_equal(zdd_due_take(queue, INT64_MAX)->wake_at_ms, 1000 - i * 10);
    }
    assert_null(zdd_due_take(queue, INT64_MAX));
    free_queue(queue);
}

static void a_sweep_leaves_alone_who_has_newer_news(void **state)
{
    struct zdd_due_queue *queue = new_queue();
    const char *const ids[] = {"busy", "gone", "taken", "woken", "same"};
    uint64_t touches;

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(ids); i++)
        assert_true(zdd_due_wake(queue, ids[i], ids[i], 100 + (int64_t)i));
    assert_string_equal(zdd_due_take(queue, 100)->run_id, "busy");
    touches = queue->touches;
    zdd_due_drop(queue, zdd_due_take(queue, 101));
    zdd_due_return(queue, zdd_due_take(queue, 102), 5000, 102);
    assert_true(zdd_due_wake(queue, "woken", "woken", 9000)); /* farther, but it is news */
    assert_true(zdd_due_wake(queue, "new", "new", 9000));
    assert_true(zdd_due_add(queue, "same", "same"));
    for (size_t i = 0; i + 1 < ZDD_COUNT(ids); i++)
        assert_null(zdd_due_claim(queue, ids[i], touches));
    assert_null(zdd_due_claim(queue, "new", touches));
    assert_string_equal(zdd_due_claim(queue, "same", touches)->run_id, "same");
    assert_string_equal(zdd_due_claim(queue, "taken", queue->touches)->run_id, "taken");
    free_queue(queue);
}

static void who_is_added_waits_for_a_sweep_and_who_is_there_stays_as_it_is(void **state)
{
    struct zdd_due_queue *queue = new_queue();

    (void)state;
    assert_true(zdd_due_wake(queue, "a", "/a", 100));
    assert_true(zdd_due_add(queue, "a", "/a"));
    assert_true(zdd_due_add(queue, "b", "/b"));
    assert_int_equal(queue->count, 2);
    assert_string_equal(zdd_due_take(queue, 100)->run_id, "a");
    assert_null(zdd_due_take(queue, INT64_MAX - 1));
    assert_true(zdd_due_wake(queue, "b", "/b", 200));
    assert_string_equal(zdd_due_take(queue, 200)->run_id, "b");
    free_queue(queue);
}

struct tour {
    size_t count;
    int64_t sum;
};

static void visit(void *cls, struct zdd_due *due)
{
    struct tour *tour = cls;

    tour->count++;
    tour->sum += due->wake_at_ms;
}

static void a_tour_visits_each_once_busy_ones_too(void **state)
{
    struct zdd_due_queue *queue = new_queue();
    struct tour tour = {0};

    (void)state;
    for (int i = 0; i < 300; i++) { /* more than there are buckets at first */
        char id[8];

        snprintf(id, sizeof(id), "%d", i);
        assert_true(zdd_due_wake(queue, id, id, i));
    }
    assert_non_null(zdd_due_claim(queue, "7", queue->touches));
    zdd_due_each(queue, visit, &tour);
    assert_int_equal(tour.count, 300);
    assert_int_equal(tour.sum, 299 * 300 / 2);
    free_queue(queue);
}

/* The heap and both indices agree with each other, whatever happened. */
static void check_shape(const struct zdd_due_queue *queue, size_t busy)
{
    assert_int_equal(queue->heap_count + busy, queue->count);
    for (size_t i = 0; i < queue->heap_count; i++) {
        assert_int_equal(queue->heap[i]->place, i);
        assert_false(queue->heap[i]->busy);
        if (i > 0)
            assert_true(queue->heap[(i - 1) / 2]->wake_at_ms <= queue->heap[i]->wake_at_ms);
    }
}

#define RUNS 500

/* Any order of calls against a plain array that does the same slowly. */
static void ten_thousand_random_calls_keep_it_in_shape(void **state)
{
    struct zdd_due_queue *queue = new_queue();
    struct zdd_due *busy[RUNS] = {0};
    int64_t wake_ms[RUNS];
    bool known[RUNS] = {0};
    size_t busy_count = 0, count = 0;
    uint32_t dice = 12345;

    (void)state;
    for (int round = 0; round < 10000; round++) {
        char id[8], app[16];
        int64_t first_ms = INT64_MAX;
        size_t n;

        dice = dice * 1664525u + 1013904223u;
        n = dice / 65536u % RUNS;
        snprintf(id, sizeof(id), "%zu", n);
        snprintf(app, sizeof(app), "/app/%zu", n);
        if (round % 4 == 3 && busy_count > 0) {
            struct zdd_due *due = busy[--busy_count];
            const size_t who = (size_t)strtoul(due->run_id, NULL, 10);

            if (dice & 1u) {
                zdd_due_drop(queue, due);
                known[who] = false;
                count--;
            } else {
                wake_ms[who] = due->again ? round : 1 + (int64_t)(dice % 1000u);
                zdd_due_return(queue, due, due->again ? 77 : wake_ms[who], round);
            }
        } else if (round % 8 == 4 && known[n] && wake_ms[n] != INT64_MAX) {
            busy[busy_count++] = zdd_due_claim(queue, id, queue->touches); /* out of the middle */
            assert_non_null(busy[busy_count - 1]);
            wake_ms[n] = INT64_MAX;
        } else if (round % 4 == 2) {
            struct zdd_due *due = zdd_due_take(queue, 500);

            for (size_t i = 0; i < RUNS; i++) {
                if (known[i] && wake_ms[i] < first_ms)
                    first_ms = wake_ms[i];
            }
            assert_int_equal(due != NULL, first_ms <= 500);
            if (due) {
                assert_int_equal(due->wake_at_ms, first_ms);
                wake_ms[strtoul(due->run_id, NULL, 10)] = INT64_MAX;
                busy[busy_count++] = due;
            }
        } else {
            const int64_t at_ms = 1 + dice % 1000u;

            assert_true(zdd_due_wake(queue, id, app, at_ms));
            count += !known[n];
            if (!known[n] || (wake_ms[n] != INT64_MAX && at_ms < wake_ms[n]))
                wake_ms[n] = at_ms;
            known[n] = true;
            assert_string_equal(of_app(queue, app)->run_id, id);
        }
        assert_int_equal(queue->count, count);
        check_shape(queue, busy_count);
    }
    free_queue(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_that_waited_longest_comes_first_and_none_before_its_time),
        cmocka_unit_test(a_wake_brings_it_nearer_and_never_farther),
        cmocka_unit_test(who_is_woken_while_busy_is_looked_at_again_at_once),
        cmocka_unit_test(who_is_due_at_0_is_not_due_by_itself),
        cmocka_unit_test(the_apps_of_a_pair_lead_to_its_deployment),
        cmocka_unit_test(an_app_is_found_by_its_whole_id),
        cmocka_unit_test(what_is_dropped_is_gone_from_every_index),
        cmocka_unit_test(a_sweep_claims_who_is_not_due),
        cmocka_unit_test(a_sweep_leaves_alone_who_has_newer_news),
        cmocka_unit_test(who_is_added_waits_for_a_sweep_and_who_is_there_stays_as_it_is),
        cmocka_unit_test(a_tour_visits_each_once_busy_ones_too),
        cmocka_unit_test(ten_thousand_random_calls_keep_it_in_shape),
    };

    return cmocka_run_group_tests_name("server/engine/due", tests, NULL, NULL);
}
