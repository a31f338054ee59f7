/**
 * @file tests/unit/storage/test_prefix.c
 * @brief What a path shows does not depend on how much is below it.
 */
#include "tests/unit/storage/fixture.h"

#include <string.h>

#define NARROW 1999 /* with the one at the path itself: 2000, the most that is looked up by app */
#define PAGE 150

/* One walk through all pages of a list. */
struct walk {
    int count;   /* rows in all */
    int outside; /* of these, not below /shop */
    int at_path; /* of these, of the app /shop itself */
    char last_id[ZDD_ID_SIZE];
    int64_t last_seq;
};

static void note(struct walk *walk, const char *app_id)
{
    walk->count++;
    walk->at_path += strcmp(app_id, "/shop") == 0;
    walk->outside += strcmp(app_id, "/shop") != 0 && strncmp(app_id, "/shop/", 6) != 0;
}

static bool see_run(void *cls, const struct zdd_run_peek *peek)
{
    struct walk *walk = cls;
    struct zdd_run run;

    assert_good(zdd_run_peek_load(peek, &run, NULL));
    note(walk, run.app_id);
    memcpy(walk->last_id, run.id, sizeof(walk->last_id));
    return true;
}

static bool see_plan(void *cls, const char *id, const char *body)
{
    struct walk *walk = cls;
    const size_t size = strlen(id) + 1;

    (void)body;
    note(walk, id); /* which is the app's here */
    assert_true(size <= sizeof(walk->last_id));
    memcpy(walk->last_id, id, size);
    return true;
}

static bool see_event(void *cls, const struct zdd_event *event)
{
    struct walk *walk = cls;

    assert_true(event->seq > walk->last_seq);
    note(walk, event->app_id);
    walk->last_seq = event->seq;
    return true;
}

static bool see_entry(void *cls, const struct zdd_audit *entry)
{
    struct walk *walk = cls;

    assert_true(walk->last_seq == 0 || entry->seq < walk->last_seq);
    note(walk, entry->app_id);
    walk->last_seq = entry->seq;
    return true;
}

static struct walk walk_runs(struct zdd_store *store, int state)
{
    struct walk walk = {0};
    int before;

    do {
        const struct zdd_run_filter filter = {.app_prefix = "/shop",
                                              .state = state,
                                              .before_id = walk.count > 0 ? walk.last_id : NULL,
                                              .limit = PAGE};

        before = walk.count;
        assert_good(zdd_run_list(store, &filter, see_run, &walk));
    } while (walk.count > before); /* ends with the rows */
    return walk;
}

static struct walk walk_plans(struct zdd_store *store)
{
    struct walk walk = {0};
    int before;

    do {
        const struct zdd_plan_filter filter = {.app_prefix = "/shop",
                                               .before_id = walk.count > 0 ? walk.last_id : NULL,
                                               .limit = PAGE};

        before = walk.count;
        assert_good(zdd_plan_list(store, &filter, see_plan, &walk));
    } while (walk.count > before); /* ends with the rows */
    return walk;
}

static struct walk walk_events(struct zdd_store *store)
{
    struct walk walk = {0};
    int before;

    do {
        const struct zdd_event_filter filter = {
            .app_prefix = "/shop", .after_seq = walk.last_seq, .limit = PAGE};

        before = walk.count;
        assert_good(zdd_event_list(store, &filter, see_event, &walk));
    } while (walk.count > before); /* ends with the rows */
    return walk;
}

static struct walk walk_audit(struct zdd_store *store, const char *actor)
{
    struct walk walk = {0};
    int before;

    do {
        const struct zdd_audit_filter filter = {
            .app_prefix = "/shop", .actor = actor, .before_seq = walk.last_seq, .limit = PAGE};

        before = walk.count;
        assert_good(zdd_audit_list(store, &filter, see_entry, &walk));
    } while (walk.count > before); /* ends with the rows */
    return walk;
}

static void assert_walk(struct walk walk, int count)
{
    assert_int_equal(walk.count, count);
    assert_int_equal(walk.at_path, 1);
    assert_int_equal(walk.outside, 0);
}

/* @p below apps below /shop, the app /shop, and others beside it. */
static struct zdd_store *store_with(int below)
{
    struct zdd_store *store = open_memory();
    struct zdd_run run = a_run(.app_id = "/shop");
    char busy[ZDD_ID_SIZE];

    add_many(store, "/sho", 20);
    add_many(store, "/shop", below);
    add_many(store, "/shop-2", 20);
    assert_good(insert_run(store, &run, ZDD_WHEN_BUSY_REJECT, busy));
    assert_good(insert_plan(store, &a_plan(.id = "/shop", .app_id = "/shop"), "{}"));
    assert_good(append_event(store, a_new_event(.app_id = "/shop")));
    assert_good(append_entry(store, a_new_entry(.app_id = "/shop")));
    add_many(store, "/shopping", 20);
    return store;
}

static void check(int below)
{
    struct zdd_store *store = store_with(below);

    assert_walk(walk_runs(store, -1), below + 1);
    assert_walk(walk_runs(store, ZDD_STATE_RUNNING), below + 1);
    assert_int_equal(walk_runs(store, ZDD_STATE_FAILED).count, 0);
    assert_walk(walk_plans(store), below + 1);
    assert_walk(walk_events(store), below + 1);
    assert_walk(walk_audit(store, NULL), below + 1);
    assert_walk(walk_audit(store, "token:ci"), below + 1);
    assert_int_equal(walk_audit(store, "engine").count, 0);
    zdd_store_free(store);
}

static void a_path_with_little_below_it_shows_all_of_it(void **state)
{
    (void)state;
    check(0);
    check(10);
    check(NARROW);
}

static void a_path_with_much_below_it_shows_all_of_it(void **state)
{
    (void)state;
    check(NARROW + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_with_little_below_it_shows_all_of_it),
        cmocka_unit_test(a_path_with_much_below_it_shows_all_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
