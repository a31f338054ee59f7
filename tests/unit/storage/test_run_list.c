/**
 * @file tests/unit/storage/test_run_list.c
 * @brief Deployments: lists, pages, filters, counts.
 */
#include "tests/unit/storage/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)

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

static void add(struct zdd_store *store, struct zdd_run run)
{
    char busy[ZDD_ID_SIZE];

    assert_good(insert_run(store, &run, ZDD_WHEN_BUSY_QUEUE, busy));
}

/* What a list showed: the ids with a space after each. */
struct seen {
    char ids[400];
    int count;
    int stop_after; /* 0: never */
};

static void note(struct seen *seen, const char *id)
{
    const size_t size = strlen(seen->ids);

    (void)snprintf(seen->ids + size, sizeof(seen->ids) - size, "%s ", id);
    seen->count++;
}

static bool see_run(void *cls, const struct zdd_run_peek *peek)
{
    struct seen *seen = cls;
    struct zdd_run run;
    char *labels = NULL;

    assert_good(zdd_run_peek_load(peek, &run, &labels));
    assert_string_equal(labels, "{\"commit\":\"4f0c6c1\"}");
    assert_string_equal(run.id, peek->id);
    assert_int_equal(run.revision, peek->revision);
    free(labels);
    note(seen, peek->id);
    return seen->count != seen->stop_after;
}

#define a_filter(...) ((struct zdd_run_filter){.state = -1, .limit = 100, __VA_ARGS__})

static void assert_list(struct zdd_store *store, struct zdd_run_filter filter, const char *ids)
{
    struct seen seen = {0};

    assert_good(zdd_run_list(store, &filter, see_run, &seen));
    assert_string_equal(seen.ids, ids);
}

/* Five deployments of three apps; c is queued behind a. */
static void add_some(struct zdd_store *store)
{
    add(store, a_run(.id = "a", .app_id = "/shop", .created_at_ms = 10 * HOUR_MS));
    add(store, a_run(.id = "b", .app_id = "/shop/cart", .created_at_ms = 20 * HOUR_MS,
                     .strategy = "scale"));
    add(store, a_run(.id = "c", .app_id = "/shop", .created_at_ms = 30 * HOUR_MS));
    add(store, a_run(.id = "d", .app_id = "/shopping", .created_at_ms = 40 * HOUR_MS));
    add(store, a_run(.id = "e", .app_id = "/bank", .created_at_ms = 50 * HOUR_MS,
                     .strategy = "scale", .hold = ZDD_HOLD_OPERATOR));
}

static void the_newest_comes_first(void **state)
{
    assert_list(*state, a_filter(.app_id = NULL), "");
    add_some(*state);
    assert_list(*state, a_filter(.app_id = NULL), "e d c b a ");
}

static void pages_go_on_where_the_last_one_ended(void **state)
{
    add_some(*state);
    assert_list(*state, a_filter(.limit = 2), "e d ");
    assert_list(*state, a_filter(.limit = 2, .before_id = "d"), "c b ");
    assert_list(*state, a_filter(.limit = 2, .before_id = "b"), "a ");
    assert_list(*state, a_filter(.limit = 2, .before_id = "a"), "");
    assert_list(*state, a_filter(.before_id = "nobody"), "");
}

static void each_filter_leaves_out_what_it_says(void **state)
{
    add_some(*state);
    assert_list(*state, a_filter(.app_id = "/shop"), "c a ");
    assert_list(*state, a_filter(.app_id = "/shop", .before_id = "c"), "a ");
    assert_list(*state, a_filter(.state = ZDD_STATE_QUEUED), "c ");
    assert_list(*state, a_filter(.state = ZDD_STATE_RUNNING), "d b a ");
    assert_list(*state, a_filter(.state = ZDD_STATE_PAUSED), "e ");
    assert_list(*state, a_filter(.strategy = "scale"), "e b ");
    assert_list(*state, a_filter(.strategy = "scale", .state = ZDD_STATE_RUNNING), "b ");
    assert_list(*state, a_filter(.app_id = "/shop", .state = ZDD_STATE_QUEUED), "c ");
    assert_list(*state, a_filter(.app_id = "/shop", .strategy = "scale"), "");
    assert_list(*state, a_filter(.app_id = "/bank", .app_prefix = "/shop"), "");
}

static void a_prefix_is_a_path_and_no_beginning_of_a_name(void **state)
{
    add_some(*state);
    assert_list(*state, a_filter(.app_prefix = "/"), "e d c b a ");
    assert_list(*state, a_filter(.app_prefix = "/shop"), "c b a ");
    assert_list(*state, a_filter(.app_prefix = "/shop/"), "c b a ");
    assert_list(*state, a_filter(.app_prefix = "/shop/cart"), "b ");
    assert_list(*state, a_filter(.app_prefix = "/sho"), "");
    assert_list(*state, a_filter(.app_prefix = "/shop", .limit = 1, .before_id = "c"), "b ");
    /* the neighbours of '/' in the order of characters */
    add(*state, a_run(.id = "f", .app_id = "/shop.x"));
    add(*state, a_run(.id = "g", .app_id = "/shop0"));
    add(*state, a_run(.id = "h", .app_id = "/shop0/x"));
    assert_list(*state, a_filter(.app_prefix = "/shop"), "c b a ");
}

static void a_prefix_that_is_too_long_matches_nothing(void **state)
{
    char longest[ZDD_APP_ID_SIZE];
    char too_long[ZDD_APP_ID_SIZE + 1];

    memset(longest, 'x', sizeof(longest) - 1);
    longest[0] = '/';
    longest[sizeof(longest) - 1] = '\0';
    memset(too_long, 'x', sizeof(too_long) - 1);
    too_long[0] = '/';
    too_long[sizeof(too_long) - 1] = '\0';
    add_some(*state);

    struct zdd_run run = a_run(.id = "long");

    memcpy(run.app_id, longest, sizeof(longest));
    add(*state, run);
    assert_list(*state, a_filter(.app_prefix = longest), "long ");
    assert_list(*state, a_filter(.app_prefix = too_long), "");
}

static void times_include_the_first_and_exclude_the_last_moment(void **state)
{
    add_some(*state);
    assert_list(*state, a_filter(.since_ms = 20 * HOUR_MS), "e d c b ");
    assert_list(*state, a_filter(.since_ms = 20 * HOUR_MS + 1), "e d c ");
    assert_list(*state, a_filter(.until_ms = 20 * HOUR_MS), "a ");
    assert_list(*state, a_filter(.until_ms = 20 * HOUR_MS + 1), "b a ");
    assert_list(*state, a_filter(.since_ms = 20 * HOUR_MS, .until_ms = 40 * HOUR_MS), "c b ");
    assert_list(*state, a_filter(.since_ms = 60 * HOUR_MS), "");
    assert_list(*state, a_filter(.until_ms = 1), "");
    assert_list(*state, a_filter(.since_ms = 10 * HOUR_MS, .limit = 1, .before_id = "c"), "b ");
    assert_list(*state, a_filter(.since_ms = 20 * HOUR_MS, .app_id = "/shop"), "c ");
}

static void a_clock_that_was_set_back_hides_nothing(void **state)
{
    add(*state, a_run(.id = "a", .app_id = "/a", .created_at_ms = 100 * HOUR_MS));
    add(*state, a_run(.id = "b", .app_id = "/b", .created_at_ms = 99 * HOUR_MS + 1));
    add(*state, a_run(.id = "c", .app_id = "/c", .created_at_ms = 100 * HOUR_MS - 1));
    add(*state, a_run(.id = "d", .app_id = "/d", .created_at_ms = 101 * HOUR_MS));
    assert_list(*state, a_filter(.since_ms = 100 * HOUR_MS), "d a ");
    assert_list(*state, a_filter(.until_ms = 100 * HOUR_MS), "c b ");
    assert_list(*state, a_filter(.since_ms = 99 * HOUR_MS, .until_ms = 100 * HOUR_MS), "c b ");
}

static void a_late_row_of_an_early_time_is_listed(void **state)
{
    add(*state, a_run(.id = "a", .app_id = "/a", .created_at_ms = 100 * HOUR_MS));
    add(*state, a_run(.id = "b", .app_id = "/b", .created_at_ms = 100 * HOUR_MS));
    add(*state, a_run(.id = "c", .app_id = "/c", .created_at_ms = 100 * HOUR_MS - 1));
    assert_list(*state, a_filter(.until_ms = 100 * HOUR_MS), "c ");
}

static void a_visitor_can_stop_a_list(void **state)
{
    struct seen seen = {.stop_after = 2};

    add_some(*state);
    assert_good(zdd_run_list(*state, &a_filter(.limit = 100), see_run, &seen));
    assert_string_equal(seen.ids, "e d ");
}

static bool see_live(void *cls, const char *id, const char *app_id, int64_t wake_at_ms)
{
    char text[100];

    (void)snprintf(text, sizeof(text), "%s:%s:%d", id, app_id, (int)wake_at_ms);
    note(cls, text);
    return true;
}

static void only_live_ones_are_live(void **state)
{
    struct seen seen = {0};
    struct zdd_run run;
    char next[ZDD_ID_SIZE];

    add_some(*state);
    run = load_run(*state, "d");
    run.phase = ZDD_PHASE_FAILED;
    assert_good(advance_run(*state, &run, 0, false, next));
    assert_good(zdd_run_live(*state, see_live, &seen));
    assert_string_equal(seen.ids, "e:/bank:1000 a:/shop:1000 b:/shop/cart:1000 ");
}

static void an_app_has_one_live_deployment_or_none(void **state)
{
    char id[ZDD_ID_SIZE] = "x";

    add_some(*state);
    assert_good(zdd_run_of_app(*state, "/shop", id));
    assert_string_equal(id, "a");
    assert_good(zdd_run_of_app(*state, "/sho", id));
    assert_string_equal(id, "");
}

static void an_app_s_deployments_are_counted(void **state)
{
    int64_t count = -1;

    add_some(*state);
    assert_good(zdd_run_count(*state, "/shop", &count));
    assert_int_equal(count, 2);
    assert_good(zdd_run_count(*state, "/nobody", &count));
    assert_int_equal(count, 0);
}

static void those_that_have_not_ended_can_be_asked_for(void **state)
{
    struct place place;
    struct zdd_store *store;

    (void)state;
    place_make(&place);
    store = open_file(place.path);
    add_some(store);
    tamper(place.path, "UPDATE run SET ended_at_ms = 5 WHERE id IN ('b', 'd')");
    assert_list(store, a_filter(.unended = true), "e c a ");
    assert_list(store, a_filter(.unended = true, .limit = 1, .before_id = "d"), "c ");
    assert_list(store, a_filter(.unended = true, .app_id = "/shop/cart"), "");
    assert_list(store, a_filter(.unended = true, .strategy = "scale"), "e ");
    zdd_store_free(store);
    place_remove(&place);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_newest_comes_first),
        CASE(pages_go_on_where_the_last_one_ended),
        CASE(each_filter_leaves_out_what_it_says),
        CASE(a_prefix_is_a_path_and_no_beginning_of_a_name),
        CASE(a_prefix_that_is_too_long_matches_nothing),
        CASE(times_include_the_first_and_exclude_the_last_moment),
        CASE(a_clock_that_was_set_back_hides_nothing),
        CASE(a_late_row_of_an_early_time_is_listed),
        CASE(a_visitor_can_stop_a_list),
        CASE(only_live_ones_are_live),
        CASE(an_app_has_one_live_deployment_or_none),
        CASE(those_that_have_not_ended_can_be_asked_for),
        CASE(an_app_s_deployments_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
