/**
 * @file tests/unit/storage/test_events.c
 * @brief The event log: numbers, filters, the listener.
 */
#include "tests/unit/storage/fixture.h"

#include <stdio.h>
#include <string.h>

static int setup(void **state)
{
    *state = open_memory();
    return 0;
}

static int teardown(void **state)
{
    *state = zdd_store_free(*state);
    return 0;
}

struct seen {
    char text[400];
    int stop_after;
    int count;
};

static bool see(void *cls, const struct zdd_event *event)
{
    struct seen *seen = cls;
    const size_t size = strlen(seen->text);

    (void)snprintf(seen->text + size, sizeof(seen->text) - size, "%d ", (int)event->seq);
    seen->count++;
    return seen->count != seen->stop_after;
}

static void assert_list(struct zdd_store *store, struct zdd_event_filter filter,
                        const char *expected)
{
    struct seen seen = {0};

    assert_good(zdd_event_list(store, &filter, see, &seen));
    assert_string_equal(seen.text, expected);
}

#define a_filter(...) ((struct zdd_event_filter){.limit = 100, __VA_ARGS__})

static void add_some(struct zdd_store *store)
{
    assert_good(append_event(store, a_new_event(.app_id = "/shop", .run_id = "a")));
    assert_good(append_event(store, a_new_event(.app_id = "/shop/cart", .run_id = "b")));
    assert_good(append_event(store, a_new_event(.type = "server.started")));
    assert_good(append_event(store, a_new_event(.app_id = "/shopping", .run_id = "c")));
    assert_good(append_event(
        store, a_new_event(.app_id = "/shop", .run_id = "a", .type = "deployment.failed")));
}

static enum zdd_err append_two(struct zdd_tx *tx, void *cls)
{
    struct zdd_event *events = cls;
    const enum zdd_err err = zdd_event_append(tx, &events[0]);

    return err == ZDD_ERR_NONE ? zdd_event_append(tx, &events[1]) : err;
}

static enum zdd_err append_and_fail(struct zdd_tx *tx, void *cls)
{
    const enum zdd_err err = append_two(tx, cls);

    return err == ZDD_ERR_NONE ? ZDD_ERR_APP_BUSY : err;
}

static void numbers_start_with_one_and_are_told(void **state)
{
    struct zdd_event events[2] = {a_new_event(.time_ms = 1), a_new_event(.time_ms = 2)};

    assert_good(zdd_store_write(*state, append_two, events));
    assert_int_equal(events[0].seq, 1);
    assert_int_equal(events[1].seq, 2);
}

static void a_body_that_is_undone_leaves_no_gap(void **state)
{
    struct zdd_event events[2] = {a_new_event(.time_ms = 1), a_new_event(.time_ms = 2)};

    assert_err(ZDD_ERR_APP_BUSY, zdd_store_write(*state, append_and_fail, events));
    assert_list(*state, a_filter(.after_seq = 0), "");
    assert_good(zdd_store_write(*state, append_two, events));
    assert_err(ZDD_ERR_APP_BUSY, zdd_store_write(*state, append_and_fail, events));
    assert_good(append_event(*state, a_new_event(.time_ms = 3)));
    assert_list(*state, a_filter(.after_seq = 0), "1 2 3 ");
}

static void each_filter_leaves_out_what_it_says(void **state)
{
    add_some(*state);
    assert_list(*state, a_filter(.after_seq = 0), "1 2 3 4 5 ");
    assert_list(*state, a_filter(.after_seq = 4), "5 ");
    assert_list(*state, a_filter(.after_seq = 5), "");
    assert_list(*state, a_filter(.limit = 2), "1 2 ");
    assert_list(*state, a_filter(.run_id = "a"), "1 5 ");
    assert_list(*state, a_filter(.run_id = "a", .after_seq = 1), "5 ");
    assert_list(*state, a_filter(.app_id = "/shop"), "1 5 ");
    assert_list(*state, a_filter(.app_id = "/shop", .run_id = "b"), "");
    assert_list(*state, a_filter(.type = "deployment.started"), "1 2 4 ");
    assert_list(*state, a_filter(.type = "deployment.failed", .app_id = "/shop"), "5 ");
}

static void events_without_an_app_are_for_those_who_see_all_apps(void **state)
{
    add_some(*state);
    assert_list(*state, a_filter(.app_prefix = "/"), "1 2 3 4 5 ");
    assert_list(*state, a_filter(.app_prefix = "/shop"), "1 2 5 ");
    assert_list(*state, a_filter(.app_prefix = "/shop/cart"), "2 ");
}

static bool check_texts(void *cls, const struct zdd_event *event)
{
    (void)cls;
    if (event->seq == 3) {
        assert_null(event->run_id);
        assert_null(event->app_id);
    } else {
        assert_non_null(event->run_id);
        assert_non_null(event->app_id);
    }
    assert_int_equal(event->time_ms, 1000);
    assert_string_equal(event->data, "{}");
    return true;
}

static void what_was_null_comes_back_as_null(void **state)
{
    add_some(*state);
    assert_good(zdd_event_list(*state, &a_filter(.after_seq = 0), check_texts, NULL));
}

static void a_visitor_can_stop_a_list(void **state)
{
    struct seen seen = {.stop_after = 2};

    add_some(*state);
    assert_good(zdd_event_list(*state, &a_filter(.after_seq = 0), see, &seen));
    assert_string_equal(seen.text, "1 2 ");
}

static void the_range_is_what_is_kept(void **state)
{
    int64_t first = -1;
    int64_t last = -1;

    assert_good(zdd_event_range(*state, &first, &last));
    assert_int_equal(first, 0);
    assert_int_equal(last, 0);
    add_some(*state);
    assert_good(zdd_event_range(*state, &first, &last));
    assert_int_equal(first, 1);
    assert_int_equal(last, 5);
}

static void wake(void *cls, int64_t last_seq)
{
    char *text = cls;
    const size_t size = strlen(text);

    (void)snprintf(text + size, 100 - size, "%d ", (int)last_seq);
}

static void the_listener_hears_of_commits_with_events_only(void **state)
{
    char heard[100] = "";
    struct zdd_event events[2] = {a_new_event(.time_ms = 1), a_new_event(.time_ms = 2)};

    zdd_event_listen(*state, wake, heard);
    assert_good(zdd_store_write(*state, append_two, events));
    assert_err(ZDD_ERR_APP_BUSY, zdd_store_write(*state, append_and_fail, events));
    assert_good(append_entry(*state, a_new_entry(.time_ms = 1)));
    assert_good(append_event(*state, a_new_event(.time_ms = 3)));
    assert_string_equal(heard, "2 3 ");
    zdd_event_listen(*state, NULL, NULL);
    assert_good(append_event(*state, a_new_event(.time_ms = 4)));
    assert_string_equal(heard, "2 3 ");
}

static void the_count_goes_on_when_the_store_is_opened_again(void **state)
{
    struct place place;
    struct zdd_store *store;

    (void)state;
    place_make(&place);
    store = open_file(place.path);
    add_some(store);
    zdd_store_free(store);
    tamper(place.path, "DELETE FROM event WHERE seq < 5"); /* as whoever forgets old ones would */
    store = open_file(place.path);
    assert_good(append_event(store, a_new_event(.time_ms = 6)));
    assert_list(store, a_filter(.after_seq = 0), "5 6 ");
    zdd_store_free(store);
    place_remove(&place);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(numbers_start_with_one_and_are_told),
        CASE(a_body_that_is_undone_leaves_no_gap),
        CASE(each_filter_leaves_out_what_it_says),
        CASE(events_without_an_app_are_for_those_who_see_all_apps),
        CASE(what_was_null_comes_back_as_null),
        CASE(a_visitor_can_stop_a_list),
        CASE(the_range_is_what_is_kept),
        CASE(the_listener_hears_of_commits_with_events_only),
        CASE(the_count_goes_on_when_the_store_is_opened_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
