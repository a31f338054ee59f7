/**
 * @file tests/unit/server/engine/test_wards.c
 * @brief The pairs whose deployments run: what the balancers are told of them, whoever tells it,
 * and when nothing may be removed.
 */
#include "server/engine/wards.h"

#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct zdd_traffic cut_over = {.side = {{ZDD_SERVES, 0}, {ZDD_SERVES, 256}},
                                            .old_stay = ZDD_INSTANCES_MAX};

/* A router that notes what it is told, and during whose first call something happens. */
struct world {
    struct zdd_wards *wards;
    struct zdd_plan plan;
    struct zdd_run run;
    struct zdd_fleet fleet;
    int tells;
    struct zdd_traffic told;
    size_t endpoints;
    const struct zdd_traffic *meanwhile; /* is ordered by somebody else; NULL: nothing */
    int again;                           /* so many times more */
    bool ends;                           /* the deployment, during the call */
    int forgotten;                       /* so often */
};

static void drop(struct world *w, const char *run_id);

static enum zdd_err set(void *cls, const struct zdd_router_order *order,
                        char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct world *w = cls;

    (void)reason;
    assert_string_equal(order->pair, w->run.app_id);
    w->tells++;
    w->told.old_stay = ZDD_INSTANCES_MAX;
    w->endpoints = order->side[ZDD_SIDE_OLD].endpoint_count;
    for (int i = 0; i < ZDD_SIDE_COUNT; i++)
        w->told.side[i] = (struct zdd_side_setting){order->side[i].serving, order->side[i].weight};
    if (w->ends)
        drop(w, w->run.id);
    if (w->meanwhile) {
        zdd_wards_order(w->wards, order->pair, w->meanwhile);
        if (w->again-- == 0)
            w->meanwhile = NULL;
    }
    return ZDD_ERR_NONE;
}

static void forget(void *cls, const char *pair)
{
    struct world *w = cls;

    assert_string_equal(pair, w->run.app_id);
    w->forgotten++;
}

static const struct zdd_router_ops ops = {.set = set, .forget = forget};

static void drop(struct world *w, const char *run_id)
{
    const struct zdd_router router = {&ops, w};

    zdd_wards_drop(w->wards, &router, run_id);
}

static void see(struct world *w)
{
    assert_int_equal(zdd_wards_see(w->wards, &w->plan, &w->run, &w->fleet, 1000), ZDD_ERR_NONE);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct zdd_spot spot = {.healthy = true, .port_count = 1, .address = {"10.0.0.1:1"}};
    const struct zdd_spots spots[ZDD_SIDE_COUNT] = {{1, &spot}};

    assert_non_null(w);
    w->wards = zdd_wards_new();
    assert_non_null(w->wards);
    w->plan.pair.floor = 3;
    zdd_program_add(&w->plan.program, ZDD_STEP_KEEP, 1000);
    w->run = (struct zdd_run){.id = "run-1",
                              .app_id = "/shop",
                              .phase = ZDD_PHASE_KEEPING,
                              .ordered = true,
                              .traffic = cut_over};
    assert_int_equal(zdd_fleet_of(spots, "shop_80", &w->fleet), ZDD_ERR_NONE);
    see(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    zdd_fleet_release(&w->fleet);
    assert_null(zdd_wards_free(w->wards));
    free(w);
    return 0;
}

static void tell(struct world *w)
{
    const struct zdd_router router = {&ops, w};
    char reason[ZDD_ROUTER_REASON_SIZE];

    w->tells = 0;
    assert_int_equal(zdd_wards_tell(w->wards, &router, "/shop", reason), ZDD_ERR_NONE);
}

/* Look as often as it takes to be believed. */
static enum zdd_floor_news judge(struct world *w, int32_t serving)
{
    const struct zdd_ward_look look = {{true, true, serving, serving}, "lb"};
    enum zdd_floor_news news = ZDD_FLOOR_NO_NEWS;
    struct zdd_ward *list;
    const size_t count = zdd_wards_watched(w->wards, &list);

    assert_int_equal(count, 1);
    for (int i = 0; i < ZDD_FLOOR_LOOKS; i++) {
        assert_int_equal(news, ZDD_FLOOR_NO_NEWS);
        news = zdd_wards_judge(w->wards, &list[0], &look);
    }
    zdd_wards_release(list, count);
    return news;
}

static void balancers_are_told_what_is_ordered(void **state)
{
    struct world *w = *state;
    const struct zdd_traffic next = {.side = {{ZDD_DRAINS, 0}, {ZDD_SERVES, 77}},
                                     .old_stay = ZDD_INSTANCES_MAX};

    tell(w);
    assert_int_equal(w->tells, 1);
    assert_int_equal(w->endpoints, 1);
    assert_true(zdd_traffic_same(&w->told, &cut_over));
    zdd_wards_order(w->wards, "/shop", &next);
    tell(w);
    assert_true(zdd_traffic_same(&w->told, &next));
}

static void a_pair_that_was_never_seen_is_left_alone(void **state)
{
    struct world *w = *state;
    const struct zdd_router router = {&ops, w};
    char reason[ZDD_ROUTER_REASON_SIZE] = "x";

    zdd_wards_order(w->wards, "/other", &cut_over);
    assert_int_equal(zdd_wards_tell(w->wards, &router, "/other", reason), ZDD_ERR_NONE);
    assert_int_equal(w->tells, 0);
    assert_string_equal(reason, "");
    assert_false(zdd_wards_is_broken(w->wards, "/other"));
    assert_true(zdd_wards_may_remove(w->wards, "/other", ZDD_SIDE_OLD));
    drop(w, "run-2");
}

static void while_it_is_broken_the_old_version_helps(void **state)
{
    struct world *w = *state;
    const struct zdd_traffic drained = {.side = {{ZDD_DRAINS, 0}, {ZDD_SERVES, 256}},
                                        .old_stay = ZDD_INSTANCES_MAX};

    assert_int_equal(judge(w, 2), ZDD_FLOOR_VIOLATED);
    assert_true(zdd_wards_is_broken(w->wards, "/shop"));
    tell(w);
    assert_int_equal(w->told.side[ZDD_SIDE_OLD].weight, ZDD_WEIGHT_MAX);
    assert_int_equal(w->told.side[ZDD_SIDE_NEW].weight, 256);
    zdd_wards_order(w->wards, "/shop", &drained); /* an order does not end it, nor does a look */
    see(w);
    tell(w);
    assert_int_equal(w->told.side[ZDD_SIDE_OLD].serving, ZDD_SERVES);
    assert_int_equal(judge(w, 3), ZDD_FLOOR_RESTORED);
    tell(w);
    assert_true(zdd_traffic_same(&w->told, &cut_over));
}

static void nothing_may_be_removed_while_it_is_broken(void **state)
{
    struct world *w = *state;

    assert_int_equal(judge(w, 2), ZDD_FLOOR_VIOLATED);
    assert_false(zdd_wards_may_remove(w->wards, "/shop", ZDD_SIDE_OLD));
    assert_false(zdd_wards_may_remove(w->wards, "/shop", ZDD_SIDE_NEW));
    tell(w);
    assert_int_equal(w->told.side[ZDD_SIDE_OLD].weight, ZDD_WEIGHT_MAX);
    assert_int_equal(judge(w, 3), ZDD_FLOOR_RESTORED);
    assert_true(zdd_wards_may_remove(w->wards, "/shop", ZDD_SIDE_NEW));
    assert_true(zdd_wards_may_remove(w->wards, "/shop", ZDD_SIDE_OLD));
}

static void who_is_about_to_go_gets_no_requests_any_more(void **state)
{
    struct world *w = *state;

    assert_true(zdd_wards_may_remove(w->wards, "/shop", ZDD_SIDE_NEW));
    assert_int_equal(judge(w, 3), ZDD_FLOOR_NO_NEWS);
    assert_true(zdd_wards_may_remove(w->wards, "/shop", ZDD_SIDE_OLD));
    assert_int_equal(judge(w, 2), ZDD_FLOOR_VIOLATED);
    tell(w);
    assert_true(zdd_traffic_same(&w->told, &cut_over));
}

static void a_process_that_starts_while_the_old_version_goes_knows_that(void **state)
{
    struct world *w = *state;

    memcpy(w->run.id, "run-2", sizeof("run-2"));
    w->run.phase = ZDD_PHASE_RETIRING;
    see(w);
    assert_int_equal(judge(w, 2), ZDD_FLOOR_VIOLATED);
    tell(w);
    assert_true(zdd_traffic_same(&w->told, &cut_over));
}

static void another_deployment_begins_anew(void **state)
{
    struct world *w = *state;

    assert_int_equal(judge(w, 2), ZDD_FLOOR_VIOLATED);
    memcpy(w->run.id, "run-2", sizeof("run-2"));
    w->run.traffic = zdd_traffic_base();
    see(w);
    assert_false(zdd_wards_is_broken(w->wards, "/shop"));
    /* Nobody has seen the floor yet. */
    assert_int_equal(judge(w, 2), ZDD_FLOOR_NO_NEWS);
    assert_int_equal(judge(w, 3), ZDD_FLOOR_NO_NEWS);
    assert_int_equal(judge(w, 2), ZDD_FLOOR_VIOLATED);
}

static void who_comes_last_has_told_the_newest(void **state)
{
    static const struct zdd_traffic newer = {.side = {{ZDD_SERVES, 5}, {ZDD_SERVES, 6}},
                                             .old_stay = ZDD_INSTANCES_MAX};
    struct world *w = *state;

    w->meanwhile = &newer;
    tell(w);
    assert_int_equal(w->tells, 2);
    assert_true(zdd_traffic_same(&w->told, &newer));
    /* Those who are told again and again by others have an end. */
    w->meanwhile = &newer;
    w->again = 1000;
    tell(w);
    assert_in_range(w->tells, 2, 20);
}

static void only_what_is_promised_is_watched(void **state)
{
    struct world *w = *state;
    struct zdd_ward_state seen;
    struct zdd_ward *list;

    zdd_wards_state(w->wards, "run-1", &seen);
    assert_false(seen.watched); /* nobody has looked */
    assert_int_equal(judge(w, 2), ZDD_FLOOR_VIOLATED);
    zdd_wards_state(w->wards, "run-1", &seen);
    assert_true(seen.watched && seen.broken);
    assert_int_equal(seen.floor, 3);
    assert_int_equal(seen.look.sight.serving, 2);
    assert_string_equal(seen.look.weakest, "lb");
    w->run.phase = ZDD_PHASE_ADOPTING;
    see(w);
    assert_int_equal(zdd_wards_watched(w->wards, &list), 0);
    zdd_wards_release(list, 0);
    zdd_wards_state(w->wards, "run-1", &seen);
    assert_false(seen.watched);
    drop(w, "run-1");
    assert_int_equal(zdd_wards_watched(w->wards, &list), 0);
    assert_null(list);
}

static void crossings_wait_for_the_log_in_their_order(void **state)
{
    struct world *w = *state;
    struct zdd_wards_stats stats;
    const struct zdd_ward ward = {.run_id = "run-1"};

    assert_int_equal(zdd_wards_unnoted(w->wards, &ward).news, ZDD_FLOOR_NO_NEWS);
    assert_int_equal(judge(w, 1), ZDD_FLOOR_VIOLATED);
    assert_int_equal(judge(w, 4), ZDD_FLOOR_RESTORED);
    assert_int_equal(zdd_wards_unnoted(w->wards, &ward).news, ZDD_FLOOR_VIOLATED);
    assert_int_equal(zdd_wards_unnoted(w->wards, &ward).look.sight.serving, 1);
    assert_int_equal(zdd_wards_unnoted(w->wards, &ward).floor, 3);
    zdd_wards_noted(w->wards, &ward, ZDD_FLOOR_RESTORED); /* that is not the oldest */
    assert_int_equal(zdd_wards_unnoted(w->wards, &ward).news, ZDD_FLOOR_VIOLATED);
    zdd_wards_noted(w->wards, &ward, ZDD_FLOOR_VIOLATED);
    assert_int_equal(zdd_wards_unnoted(w->wards, &ward).news, ZDD_FLOOR_RESTORED);
    assert_int_equal(zdd_wards_unnoted(w->wards, &ward).look.sight.serving, 4);
    /* More than that are not kept: the last is what counts. */
    assert_int_equal(judge(w, 1), ZDD_FLOOR_VIOLATED);
    assert_int_equal(judge(w, 5), ZDD_FLOOR_RESTORED);
    assert_int_equal(zdd_wards_unnoted(w->wards, &ward).look.sight.serving, 5);
    zdd_wards_noted(w->wards, &ward, ZDD_FLOOR_RESTORED);
    assert_int_equal(zdd_wards_unnoted(w->wards, &ward).news, ZDD_FLOOR_NO_NEWS);
    zdd_wards_stats(w->wards, &stats);
    assert_int_equal(stats.violations, 2);
    assert_int_equal(stats.broken, 0);
}

static struct zdd_ward_times times_at(struct world *w, int64_t now_ms, int64_t first,
                                      int64_t second)
{
    const struct zdd_router_view view = {
        .balancer_count = 2,
        .balancer = {{.name = "a", .reachable = first != 0, .started_at_ms = first},
                     {.name = "b", .reachable = second != 0, .started_at_ms = second}}};

    return zdd_wards_times(w->wards, "/shop", &view, now_ms);
}

static void a_process_is_as_old_as_we_know_it(void **state)
{
    struct world *w = *state;

    assert_int_equal(times_at(w, 5000, 17, 99999999).reloaded_since_ms, 5000);
    assert_int_equal(times_at(w, 6000, 17, 99999999).reloaded_since_ms, 5000);
    assert_int_equal(times_at(w, 7000, 16, 99999999).reloaded_since_ms, 7000); /* another clock */
    assert_int_equal(times_at(w, 8000, 16, 0).reloaded_since_ms, 7000); /* one does not answer */
    assert_int_equal(times_at(w, 9000, 16, 1).reloaded_since_ms, 9000);
    assert_int_equal(times_at(w, 9500, 16, 1).reloaded_since_ms, 9000);
}

static void the_instances_are_the_same_since_they_changed(void **state)
{
    struct world *w = *state;

    assert_int_equal(times_at(w, 5000, 1, 1).same_since_ms, 1000);
    w->fleet.healthy_mark++;
    assert_int_equal(zdd_wards_see(w->wards, &w->plan, &w->run, &w->fleet, 2000), ZDD_ERR_NONE);
    assert_int_equal(zdd_wards_see(w->wards, &w->plan, &w->run, &w->fleet, 3000), ZDD_ERR_NONE);
    assert_int_equal(times_at(w, 5000, 1, 1).same_since_ms, 2000);
    /* Another deployment, or another process of ours, knows nothing of before. */
    memcpy(w->run.id, "run-2", sizeof("run-2"));
    assert_int_equal(zdd_wards_see(w->wards, &w->plan, &w->run, &w->fleet, 4000), ZDD_ERR_NONE);
    assert_int_equal(times_at(w, 5000, 1, 1).same_since_ms, 4000);
    assert_int_equal(times_at(w, 5000, 1, 1).reloaded_since_ms, 5000);
}

static void see_at(struct world *w, int64_t now_ms)
{
    assert_int_equal(zdd_wards_see(w->wards, &w->plan, &w->run, &w->fleet, now_ms), ZDD_ERR_NONE);
}

static void what_nobody_watched_may_have_changed_where_a_balancer_began_anew(void **state)
{
    struct world *w = *state;

    assert_int_equal(times_at(w, 1100, 17, 18).same_since_ms, 1000);
    see_at(w, 2000);
    assert_int_equal(times_at(w, 2100, 19, 18).same_since_ms, 1000); /* somebody has looked */
    see_at(w, 20000);
    assert_int_equal(times_at(w, 20100, 19, 0).same_since_ms, 1000); /* none began anew so far */
    see_at(w, 20200);
    assert_int_equal(times_at(w, 20300, 19, 18).same_since_ms, 1000);
    see_at(w, 40000);
    assert_int_equal(times_at(w, 40100, 19, 0).same_since_ms, 1000);
    see_at(w, 40200);
    /* It did not answer at once, and began anew before or after. */
    assert_int_equal(times_at(w, 40300, 19, 20).same_since_ms, 40300);
    see_at(w, 40400);
    assert_int_equal(times_at(w, 40500, 21, 20).same_since_ms, 40300);
    /* A look that takes its time is no better. */
    see_at(w, 40600);
    assert_int_equal(times_at(w, 50000, 22, 20).same_since_ms, 50000);
}

static void of_a_pair_whose_deployment_has_ended_nothing_is_said_any_more(void **state)
{
    struct world *w = *state;

    drop(w, "run-2"); /* another one's */
    assert_int_equal(w->forgotten, 0);
    drop(w, "run-1");
    assert_int_equal(w->forgotten, 1);
    drop(w, "run-1");
    assert_int_equal(w->forgotten, 1);
    see(w);
    w->ends = true;
    tell(w); /* what was on its way comes last */
    assert_int_equal(w->tells, 1);
    assert_int_equal(w->forgotten, 3);
}

static void many_pairs_are_kept_apart(void **state)
{
    struct world *w = *state;
    struct zdd_ward *list;

    for (int i = 2; i <= 50; i++) {
        snprintf(w->run.id, sizeof(w->run.id), "run-%d", i);
        snprintf(w->run.app_id, sizeof(w->run.app_id), "/shop/%d", i);
        see(w);
    }
    assert_int_equal(zdd_wards_watched(w->wards, &list), 50);
    zdd_wards_release(list, 50);
    for (int i = 1; i <= 49; i++) {
        char id[ZDD_ID_SIZE];

        snprintf(id, sizeof(id), "run-%d", i);
        snprintf(w->run.app_id, sizeof(w->run.app_id), i == 1 ? "/shop" : "/shop/%d", i);
        drop(w, id);
    }
    assert_int_equal(zdd_wards_watched(w->wards, &list), 1);
    assert_string_equal(list[0].run_id, "run-50");
    assert_string_equal(list[0].fleet.endpoints[ZDD_SIDE_OLD][0].address, "10.0.0.1:1");
    memcpy(w->run.app_id, "/shop/50", sizeof("/shop/50"));
    drop(w, "run-50");
    assert_int_equal(w->forgotten, 50);
    /* What somebody holds stays. */
    assert_string_equal(list[0].fleet.endpoints[ZDD_SIDE_OLD][0].address, "10.0.0.1:1");
    zdd_wards_release(list, 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(balancers_are_told_what_is_ordered),
        CASE(a_pair_that_was_never_seen_is_left_alone),
        CASE(while_it_is_broken_the_old_version_helps),
        CASE(nothing_may_be_removed_while_it_is_broken),
        CASE(who_is_about_to_go_gets_no_requests_any_more),
        CASE(a_process_that_starts_while_the_old_version_goes_knows_that),
        CASE(another_deployment_begins_anew),
        CASE(who_comes_last_has_told_the_newest),
        CASE(only_what_is_promised_is_watched),
        CASE(crossings_wait_for_the_log_in_their_order),
        CASE(a_process_is_as_old_as_we_know_it),
        CASE(the_instances_are_the_same_since_they_changed),
        CASE(what_nobody_watched_may_have_changed_where_a_balancer_began_anew),
        CASE(of_a_pair_whose_deployment_has_ended_nothing_is_said_any_more),
        CASE(many_pairs_are_kept_apart),
    };

    return cmocka_run_group_tests_name("server/engine/wards", tests, NULL, NULL);
}
