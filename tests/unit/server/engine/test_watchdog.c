/**
 * @file tests/unit/server/engine/test_watchdog.c
 * @brief The watchdog's look: whom it asks, when it helps, what it records.
 */
#include "server/engine/watchdog.h"

#include "server/base/log.h"
#include "tests/unit/storage/fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FLOOR 3
#define EVENT_MAX 8
#define PAUSE_NS 5000000L

struct world {
    struct zdd_store *store;
    struct zdd_wards *wards;
    struct zdd_watch watch;
    atomic_int looks, wakes;
    int asked, tells;
    int32_t new_up; /* of the new version, which has all requests */
    bool deaf;
    struct zdd_traffic told;
    char woken[100];
    int event_count;
    struct {
        char type[40], data[400];
    } event[EVENT_MAX];
};

static enum zdd_err set(void *cls, const struct zdd_router_order *order,
                        char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct world *w = cls;

    (void)reason;
    w->tells++;
    for (int i = 0; i < ZDD_SIDE_COUNT; i++)
        w->told.side[i] = (struct zdd_side_setting){order->side[i].serving, order->side[i].weight};
    return ZDD_ERR_NONE;
}

static enum zdd_err observe(void *cls, const struct zdd_router_ask *asks, size_t count,
                            int64_t max_age_ms, struct zdd_router_view *ret_views,
                            char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct world *w = cls;

    (void)asks;
    (void)reason;
    assert_in_range(max_age_ms, 1, ZDD_WATCH_MS - 1);
    atomic_fetch_add(&w->looks, 1);
    w->asked = (int)count;
    for (size_t i = 0; i < count; i++)
        ret_views[i] =
            (struct zdd_router_view){.balancer_count = 1,
                                     .balancer = {{.name = "lb:9090",
                                                   .reachable = !w->deaf,
                                                   .serving = w->new_up,
                                                   .side = {{.servers = FLOOR, .up = FLOOR},
                                                            {.servers = FLOOR, .up = w->new_up}}}}};
    return w->deaf ? ZDD_ERR_ROUTER_DOWN : ZDD_ERR_NONE;
}

static const struct zdd_router_ops ops = {.set = set, .observe = observe};

static int64_t now_ms(void *cls)
{
    (void)cls;
    return 123456;
}

static void wake(void *cls, const char *run_id, const char *pair)
{
    struct world *w = cls;

    atomic_fetch_add(&w->wakes, 1);
    snprintf(w->woken, sizeof(w->woken), "%s %s", run_id, pair);
}

/* A deployment that has given the new version all requests. */
static void deploy(struct world *w, int number)
{
    static const struct zdd_fleet fleet = {
        .instances = {FLOOR, FLOOR}, .healthy = {FLOOR, FLOOR}, .ports = 1};
    struct zdd_plan plan = a_plan(.pair = {.floor = FLOOR});
    struct zdd_run run = a_run(.phase = ZDD_PHASE_KEEPING);
    char busy[ZDD_ID_SIZE], next[ZDD_ID_SIZE];

    snprintf(plan.id, sizeof(plan.id), "plan-%d", number);
    snprintf(run.id, sizeof(run.id), "run-%d", number);
    snprintf(run.app_id, sizeof(run.app_id), "/shop-%d", number);
    memcpy(run.plan_id, plan.id, sizeof(run.plan_id));
    memcpy(plan.app_id, run.app_id, sizeof(plan.app_id));
    assert_good(insert_plan(w->store, &plan, "{}"));
    assert_good(insert_run(w->store, &run, ZDD_WHEN_BUSY_REJECT, busy));
    run.phase = ZDD_PHASE_KEEPING;
    run.ordered = true;
    run.traffic = (struct zdd_traffic){.side = {{ZDD_DRAINS, 0}, {ZDD_SERVES, 256}},
                                       .old_stay = ZDD_INSTANCES_MAX};
    assert_good(advance_run(w->store, &run, run.revision, false, next));
    assert_good(zdd_wards_see(w->wards, &plan, &run, &fleet, 1000));
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    zdd_log_level_set(ZDD_LOG_ERROR);
    w->store = open_memory();
    w->wards = zdd_wards_new();
    assert_non_null(w->wards);
    w->new_up = FLOOR;
    w->watch = (struct zdd_watch){.wards = w->wards,
                                  .router = {&ops, w},
                                  .store = w->store,
                                  .now_ms = now_ms,
                                  .wake = wake,
                                  .cls = w};
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    zdd_wards_free(w->wards);
    zdd_store_free(w->store);
    free(w);
    return 0;
}

static bool take_event(void *cls, const struct zdd_event *event)
{
    struct world *w = cls;

    assert_in_range(w->event_count, 0, EVENT_MAX - 1);
    snprintf(w->event[w->event_count].type, sizeof(w->event[0].type), "%s", event->type);
    snprintf(w->event[w->event_count].data, sizeof(w->event[0].data), "%s", event->data);
    w->event_count++;
    return true;
}

static int read_events(struct world *w)
{
    w->event_count = 0;
    assert_good(
        zdd_event_list(w->store, &(struct zdd_event_filter){.limit = EVENT_MAX}, take_event, w));
    return w->event_count;
}

static void look_twice(struct world *w)
{
    w->tells = 0;
    zdd_watch_look(&w->watch);
    zdd_watch_look(&w->watch);
}

static void without_pairs_nobody_is_asked(void **state)
{
    struct world *w = *state;

    look_twice(w);
    assert_int_equal(atomic_load(&w->looks), 0);
}

static void one_look_serves_all_pairs(void **state)
{
    struct world *w = *state;

    for (int i = 1; i <= 100; i++)
        deploy(w, i);
    zdd_watch_look(&w->watch);
    assert_int_equal(atomic_load(&w->looks), 1);
    assert_int_equal(w->asked, 100);
    assert_int_equal(w->tells, 0); /* all is well */
    assert_int_equal(read_events(w), 0);
}

static void a_crossing_is_answered_recorded_and_told(void **state)
{
    struct world *w = *state;

    deploy(w, 1);
    w->new_up = FLOOR - 1;
    zdd_watch_look(&w->watch);
    assert_int_equal(w->tells + read_events(w) + atomic_load(&w->wakes), 0);
    zdd_watch_look(&w->watch);
    assert_int_equal(w->tells, 1);
    assert_int_equal(w->told.side[ZDD_SIDE_OLD].serving, ZDD_SERVES);
    assert_int_equal(w->told.side[ZDD_SIDE_OLD].weight, ZDD_WEIGHT_MAX);
    assert_int_equal(w->told.side[ZDD_SIDE_NEW].weight, 256);
    assert_string_equal(w->woken, "run-1 /shop-1");
    assert_int_equal(read_events(w), 1);
    assert_string_equal(w->event[0].type, "deployment.floor.violated");
    assert_non_null(strstr(w->event[0].data, "\"state\":\"running\",\"phase\":\"keeping\""));
    assert_non_null(
        strstr(w->event[0].data, "\"floor\":3,\"serving\":2,\"balancer\":\"lb:9090\"}"));
    zdd_watch_look(&w->watch); /* one who has started anew has forgotten it */
    assert_int_equal(w->tells, 2);
    assert_int_equal(atomic_load(&w->wakes), 1);
    w->new_up = FLOOR;
    look_twice(w);
    assert_int_equal(w->tells, 1); /* at the first: it is not believed yet */
    assert_int_equal(atomic_load(&w->wakes), 2);
    assert_int_equal(read_events(w), 2);
    assert_string_equal(w->event[1].type, "deployment.floor.restored");
    assert_non_null(strstr(w->event[1].data, "\"serving\":3"));
}

static void deaf_balancers_change_nothing(void **state)
{
    struct world *w = *state;

    deploy(w, 1);
    w->new_up = 0;
    w->deaf = true;
    look_twice(w);
    look_twice(w);
    assert_int_equal(w->tells + read_events(w), 0);
}

static void what_the_database_does_not_take_is_recorded_later(void **state)
{
    struct world *w = *state;
    struct place place;

    place_make(&place);
    zdd_store_free(w->store);
    w->watch.store = w->store = open_file(place.path);
    deploy(w, 1);
    w->new_up = 0;
    tamper(place.path, "ALTER TABLE event RENAME TO nobody_finds_it");
    look_twice(w);
    assert_int_equal(w->tells, 1); /* help does not wait for a disk */
    tamper(place.path, "ALTER TABLE nobody_finds_it RENAME TO event");
    assert_int_equal(read_events(w), 0);
    zdd_watch_look(&w->watch);
    assert_int_equal(read_events(w), 1);
    zdd_watch_look(&w->watch);
    assert_int_equal(read_events(w), 1);
    w->store = zdd_store_free(w->store);
    place_remove(&place);
}

static void a_deployment_that_has_ended_gets_no_event_any_more(void **state)
{
    struct world *w = *state;
    struct zdd_run run;
    char next[ZDD_ID_SIZE];

    deploy(w, 1);
    w->new_up = 0;
    zdd_watch_look(&w->watch);
    run = load_run(w->store, "run-1");
    run.phase = ZDD_PHASE_SUCCEEDED;
    run.ended_at_ms = 5000;
    assert_good(advance_run(w->store, &run, run.revision, false, next));
    zdd_watch_look(&w->watch);
    assert_int_equal(read_events(w), 0);
}

static void the_thread_looks_by_itself_until_it_is_ended(void **state)
{
    struct world *w = *state;
    struct zdd_watchdog *dog;

    deploy(w, 1);
    dog = zdd_watchdog_start(&w->watch);
    assert_non_null(dog);
    while (atomic_load(&w->looks) < 2) /* the test's own limit ends it */
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    assert_null(zdd_watchdog_free(dog));
    assert_null(zdd_watchdog_free(NULL));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(without_pairs_nobody_is_asked),
        CASE(one_look_serves_all_pairs),
        CASE(a_crossing_is_answered_recorded_and_told),
        CASE(deaf_balancers_change_nothing),
        CASE(what_the_database_does_not_take_is_recorded_later),
        CASE(a_deployment_that_has_ended_gets_no_event_any_more),
        CASE(the_thread_looks_by_itself_until_it_is_ended),
    };

    return cmocka_run_group_tests_name("server/engine/watchdog", tests, NULL, NULL);
}
