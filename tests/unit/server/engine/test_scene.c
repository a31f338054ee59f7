/**
 * @file tests/unit/server/engine/test_scene.c
 * @brief One look at a deployment: whom it asks, what it tells the balancers, what it makes of the
 * answers.
 */
#include "server/engine/scene.h"

#include "server/engine/wards.h"

#include "tests/unit/strategies/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A cluster of two apps, and balancers that note what they are told. */
struct world {
    enum zdd_err cluster_err; /* of the look at the app with this colour … */
    const char *deaf;         /* … "" is every one */
    enum zdd_err router_err;
    char asked[200]; /* "id target previous; " for each */
    struct zdd_app_view view[ZDD_SIDE_COUNT];
    int tells, looks;
    struct zdd_traffic told;
    size_t endpoints[ZDD_SIDE_COUNT];
    struct zdd_stepper stepper;
    struct zdd_plan plan;
    struct zdd_scene scene;
};

static enum zdd_err observe(void *cls, const struct zdd_app_ask *asks, size_t count,
                            struct zdd_app_view *ret_views,
                            char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct world *w = cls;
    const size_t used = strlen(w->asked);
    const bool is_new = strstr(asks->app_id, "-green") != NULL;

    assert_int_equal(count, 1);
    snprintf(w->asked + used, sizeof(w->asked) - used, "%s %s %s; ", asks->app_id,
             asks->target ? asks->target : "-", asks->previous ? asks->previous : "-");
    if (w->cluster_err != ZDD_ERR_NONE && strstr(asks->app_id, w->deaf)) {
        snprintf(reason, ZDD_CLUSTER_REASON_SIZE, "nobody there");
        return w->cluster_err;
    }
    *ret_views = w->view[is_new ? ZDD_SIDE_NEW : ZDD_SIDE_OLD];
    if (!asks->spots)
        return ZDD_ERR_NONE;
    asks->spots->spot = calloc(1, sizeof(*asks->spots->spot));
    assert_non_null(asks->spots->spot);
    asks->spots->count = 1;
    asks->spots->spot[0] = (struct zdd_spot){.healthy = true, .port_count = 1};
    snprintf(asks->spots->spot[0].address[0], ZDD_SPOT_SIZE, "10.0.0.%d:1", is_new ? 2 : 1);
    return ZDD_ERR_NONE;
}

static enum zdd_err tell(void *cls, const struct zdd_router_order *order,
                         char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct world *w = cls;

    w->tells++;
    for (int i = 0; i < ZDD_SIDE_COUNT; i++) {
        w->told.side[i] = (struct zdd_side_setting){order->side[i].serving, order->side[i].weight};
        w->endpoints[i] = order->side[i].endpoint_count;
    }
    if (w->router_err != ZDD_ERR_NONE)
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "deaf");
    return w->router_err;
}

static enum zdd_err watch(void *cls, const struct zdd_router_ask *asks, size_t count,
                          int64_t max_age_ms, struct zdd_router_view *ret_views,
                          char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct world *w = cls;

    (void)asks;
    (void)max_age_ms;
    (void)reason;
    assert_int_equal(count, 1);
    w->looks++;
    *ret_views = (struct zdd_router_view){
        .balancer_count = 1,
        .balancer = {
            {.reachable = true,
             .started_at_ms = 5,
             .side = {{.servers = 1, .listed = 1, .up = 1, .weight_min = 1, .weight_max = 1},
                      {.servers = 1, .listed = 1, .up = 1, .weight_min = 1, .weight_max = 1}}}}};
    return w->router_err;
}

static const struct zdd_cluster_ops cluster_ops = {.observe = observe};
static const struct zdd_router_ops router_ops = {.set = tell, .observe = watch};

static int64_t clock_now(void *cls)
{
    (void)cls;
    return T0;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->deaf = "";
    w->stepper.cluster = (struct zdd_cluster){&cluster_ops, w};
    w->stepper.router = (struct zdd_router){&router_ops, w};
    w->stepper.now_ms = clock_now;
    w->stepper.wards = zdd_wards_new();
    assert_non_null(w->stepper.wards);
    w->plan = a_plan(.pair = {.old_id = "/shop-blue", .new_id = "/shop-green"}, .seen = {0});
    zdd_program_add(&w->plan.program, ZDD_STEP_START, 4);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    zdd_scene_release(&w->scene);
    zdd_wards_free(w->stepper.wards);
    free(w);
    return 0;
}

static void look(struct world *w, struct zdd_run run)
{
    static char target[] = "{target}", previous[] = "{previous}", adopted[] = "{adopted}",
                backends[] = "shop_80";
    const struct zdd_plan_texts texts = {
        .target = {target}, .previous = {previous}, .adopted = {adopted}, .backends = {backends}};

    memcpy(run.id, "run-1", sizeof("run-1"));
    memcpy(run.app_id, "/shop", sizeof("/shop"));
    zdd_scene_release(&w->scene);
    w->scene = (struct zdd_scene){0};
    w->asked[0] = '\0';
    w->tells = w->looks = 0;
    if (run.traffic.old_stay == 0)
        run.traffic.old_stay = ZDD_INSTANCES_MAX;
    zdd_scene_look(&w->stepper, &run, &w->plan, &texts, &w->scene);
}

static void each_app_is_held_against_its_own_definitions(void **state)
{
    struct world *w = *state;

    look(w, a_run(.phase = ZDD_PHASE_PENDING));
    assert_true(w->scene.reachable);
    assert_string_equal(w->asked, "/shop-green {target} -; /shop-blue {adopted} {previous}; ");
    assert_int_equal(w->stepper.looks, 2);
    assert_int_equal(w->scene.fleet.endpoint_count[ZDD_SIDE_OLD], 1);
    assert_string_equal(w->scene.fleet.endpoints[ZDD_SIDE_NEW][0].address, "10.0.0.2:1");
    assert_string_equal(w->scene.fleet.endpoints[ZDD_SIDE_NEW][0].backend, "shop_80");
}

static void without_an_old_app_only_the_new_one_is_asked_for(void **state)
{
    struct world *w = *state;

    w->plan.pair.old_id[0] = '\0';
    look(w, a_run(.phase = ZDD_PHASE_JOINING, .ordered = true));
    assert_string_equal(w->asked, "/shop-green {target} -; ");
    assert_int_equal(w->endpoints[ZDD_SIDE_OLD], 0);
    assert_int_equal(w->endpoints[ZDD_SIDE_NEW], 1);
}

static void a_deployment_over_one_app_leaves_balancers_alone(void **state)
{
    struct world *w = *state;

    w->plan.program.count = 0;
    look(w, a_run(.phase = ZDD_PHASE_ROLLING, .ordered = true));
    assert_string_equal(w->asked, "/shop {target} {previous}; ");
    assert_int_equal(w->tells + w->looks, 0);
    assert_false(w->scene.balanced);
}

static void before_the_first_order_balancers_are_not_ours_to_tell(void **state)
{
    struct world *w = *state;

    look(w, a_run(.phase = ZDD_PHASE_SHIFTING, .ordered = false));
    assert_int_equal(w->tells, 0);
    assert_int_equal(w->looks, 1);
    assert_true(w->scene.balanced);
    look(w, a_run(.phase = ZDD_PHASE_SHIFTING, .ordered = true,
                  .traffic = {.side = {{ZDD_DRAINS, 0}, {ZDD_SERVES, 256}}}));
    assert_int_equal(w->tells, 1);
    assert_int_equal(w->told.side[ZDD_SIDE_OLD].serving, ZDD_DRAINS);
    assert_int_equal(w->told.side[ZDD_SIDE_NEW].weight, 256);
    assert_int_equal(w->endpoints[ZDD_SIDE_OLD], 1);
}

static void balancers_are_told_always_and_watched_where_it_matters(void **state)
{
    static const enum zdd_phase watched[] = {
        ZDD_PHASE_SHIFTING,  ZDD_PHASE_JOINING,  ZDD_PHASE_LEAVING,   ZDD_PHASE_SHEDDING,
        ZDD_PHASE_REGROWING, ZDD_PHASE_DRAINING, ZDD_PHASE_RETIRING,  ZDD_PHASE_SETTLING,
        ZDD_PHASE_RETURNING, ZDD_PHASE_CLEARING, ZDD_PHASE_REVERTING, ZDD_PHASE_UNDOING,
        ZDD_PHASE_WEIGHING,  ZDD_PHASE_PAUSING};
    struct world *w = *state;

    for (int phase = ZDD_PHASE_PENDING; phase < ZDD_PHASE_SUCCEEDED; phase++) {
        bool wanted = false;

        for (size_t i = 0; i < ZDD_COUNT(watched); i++)
            wanted = wanted || (int)watched[i] == phase;
        look(w, a_run(.phase = (enum zdd_phase)phase, .ordered = true));
        assert_int_equal(w->tells, 1); /* new instances have to hear their weight in any phase */
        assert_int_equal(w->looks, wanted);
        assert_int_equal(w->scene.balanced, wanted);
    }
}

static void a_marathon_that_does_not_tell_leaves_all_unknown(void **state)
{
    static const char *const deaf[] = {"", "-green", "-blue"};
    struct world *w = *state;

    w->cluster_err = ZDD_ERR_CLUSTER_DOWN;
    for (size_t i = 0; i < ZDD_COUNT(deaf); i++) {
        const struct zdd_run run = a_run(.phase = ZDD_PHASE_SHIFTING, .ordered = true);
        struct zdd_observation seen;

        w->deaf = deaf[i];
        look(w, run);
        assert_false(w->scene.reachable);
        assert_string_equal(w->scene.reason, "nobody there");
        assert_int_equal(w->tells + w->looks, 0);
        seen = zdd_scene_observe(&w->scene, &w->plan, &run, T0);
        assert_false(seen.reachable);
        assert_false(seen.balance.known);
    }
}

static void without_marathon_balancers_are_asked_for_those_seen_last(void **state)
{
    struct world *w = *state;
    struct zdd_run run = a_run(.phase = ZDD_PHASE_RETURNING, .ordered = true);
    struct zdd_observation seen;

    memcpy(run.id, "run-1", sizeof("run-1"));
    memcpy(run.app_id, "/shop", sizeof("/shop"));
    zdd_scene_look_blind(&w->stepper, &run, &w->scene); /* nothing was ever seen */
    assert_false(w->scene.balanced);
    assert_int_equal(w->looks, 0);
    look(w, run);
    w->cluster_err = ZDD_ERR_CLUSTER_DOWN;
    look(w, run);
    assert_false(w->scene.balanced);
    zdd_scene_look_blind(&w->stepper, &run, &w->scene);
    assert_true(w->scene.balanced && !w->scene.reachable);
    assert_int_equal(w->looks, 1);
    assert_int_equal(w->scene.fleet.endpoint_count[ZDD_SIDE_NEW], 1);
    seen = zdd_scene_observe(&w->scene, &w->plan, &run, T0);
    assert_false(seen.reachable);
    assert_true(seen.balance.known);
    assert_int_equal(seen.balance.side[ZDD_SIDE_OLD].up, 1);
}

static void deaf_balancers_leave_marathon_s_answer_standing(void **state)
{
    struct world *w = *state;
    const struct zdd_run run = a_run(.phase = ZDD_PHASE_SHIFTING, .ordered = true);
    struct zdd_observation seen;

    w->router_err = ZDD_ERR_ROUTER_DOWN;
    look(w, run);
    assert_true(w->scene.reachable);
    assert_false(w->scene.balanced);
    assert_int_equal(w->looks, 0); /* who cannot be told need not be asked */
    assert_string_equal(w->scene.router_reason, "deaf");
    seen = zdd_scene_observe(&w->scene, &w->plan, &run, T0);
    assert_true(seen.reachable);
    assert_false(seen.balance.known);
}

static void the_old_app_is_told_by_what_it_fits(void **state)
{
    static const struct {
        struct zdd_app_view view;
        enum zdd_definition definition;
    } rows[] = {
        {{.exists = false}, ZDD_DEFINITION_ABSENT},
        {{.exists = true, .fits_target = true}, ZDD_DEFINITION_TARGET},
        {{.exists = true, .fits_previous = true}, ZDD_DEFINITION_PREVIOUS},
        {{.exists = true}, ZDD_DEFINITION_FOREIGN},
    };
    struct world *w = *state;

    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        const struct zdd_run run = a_run(.phase = ZDD_PHASE_SHIFTING);
        struct zdd_observation seen;

        w->view[ZDD_SIDE_OLD] = rows[i].view;
        w->view[ZDD_SIDE_OLD].instances = 3;
        w->view[ZDD_SIDE_OLD].lock_count = i;
        w->view[ZDD_SIDE_OLD].current.total = 2;
        w->view[ZDD_SIDE_OLD].outdated.total = 1;
        look(w, run);
        seen = zdd_scene_observe(&w->scene, &w->plan, &run, T0 + 7);
        assert_int_equal(seen.now_ms, T0 + 7);
        assert_int_equal(seen.peer.definition, rows[i].definition);
        assert_int_equal(seen.peer.instances, 3);
        assert_int_equal(seen.peer.current.total, 2);
        assert_int_equal(seen.peer.outdated.total, 1);
        assert_int_equal(seen.peer.locked, i > 0);
    }
}

static void what_balancers_show_is_measured_by_what_they_were_told(void **state)
{
    struct world *w = *state;
    struct zdd_run run =
        a_run(.phase = ZDD_PHASE_SHIFTING, .ordered = true, .traffic = zdd_traffic_base());
    struct zdd_observation seen;

    look(w, run);
    seen = zdd_scene_observe(&w->scene, &w->plan, &run, T0);
    assert_true(seen.balance.known);
    /* By our own clock: what a balancer says of its start is of another. */
    assert_int_equal(seen.balance.reloaded_at_ms, T0);
    assert_int_equal(seen.same_since_ms, T0);
    assert_true(seen.balance.side[ZDD_SIDE_OLD].told && seen.balance.side[ZDD_SIDE_NEW].told);
    run.traffic.side[ZDD_SIDE_NEW].weight = 2;
    seen = zdd_scene_observe(&w->scene, &w->plan, &run, T0);
    assert_true(seen.balance.side[ZDD_SIDE_OLD].told);
    assert_false(seen.balance.side[ZDD_SIDE_NEW].told);
}

static void callers_see_each_app_on_its_side(void **state)
{
    struct world *w = *state;
    struct zdd_run run = a_run(.phase = ZDD_PHASE_SHIFTING);
    struct zdd_observation seen;

    w->view[ZDD_SIDE_NEW] =
        (struct zdd_app_view){.exists = true, .config_version = "v2", .current = serving(4)};
    w->view[ZDD_SIDE_OLD] = (struct zdd_app_view){.exists = true,
                                                  .config_version = "v1",
                                                  .current = serving(2),
                                                  .outdated = {.total = 3, .ready = 1}};
    look(w, run);
    seen = zdd_scene_observe(&w->scene, &w->plan, &run, T0);
    zdd_scene_note(&w->scene, &w->plan, &seen, &run);
    assert_string_equal(run.new_side.version, "v2");
    assert_int_equal(run.new_side.instances, 4);
    assert_int_equal(run.new_side.healthy, 4);
    assert_string_equal(run.old_side.version, "v1");
    /* While it is adopted, those without labels are old ones too. */
    assert_int_equal(run.old_side.instances, 5);
    assert_int_equal(run.old_side.healthy, 3);
    assert_string_equal(run.new_addresses, "10.0.0.2:1");
}

static void a_look_of_somebody_else_is_taken_over(void **state)
{
    const struct zdd_app_view view = {.exists = true, .instances = 3};
    struct zdd_scene scene = {0};

    (void)state;
    zdd_scene_take(&(struct zdd_look){.err = ZDD_ERR_NONE, .view = &view}, &scene);
    assert_true(scene.reachable);
    assert_int_equal(scene.app.instances, 3);
    scene = (struct zdd_scene){0};
    zdd_scene_take(&(struct zdd_look){.err = ZDD_ERR_CLUSTER_DOWN, .reason = "gone"}, &scene);
    assert_false(scene.reachable);
    assert_string_equal(scene.reason, "gone");
    zdd_scene_release(&scene);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(each_app_is_held_against_its_own_definitions),
        CASE(without_an_old_app_only_the_new_one_is_asked_for),
        CASE(a_deployment_over_one_app_leaves_balancers_alone),
        CASE(before_the_first_order_balancers_are_not_ours_to_tell),
        CASE(balancers_are_told_always_and_watched_where_it_matters),
        CASE(a_marathon_that_does_not_tell_leaves_all_unknown),
        CASE(without_marathon_balancers_are_asked_for_those_seen_last),
        CASE(deaf_balancers_leave_marathon_s_answer_standing),
        CASE(the_old_app_is_told_by_what_it_fits),
        CASE(what_balancers_show_is_measured_by_what_they_were_told),
        CASE(callers_see_each_app_on_its_side),
        CASE(a_look_of_somebody_else_is_taken_over),
    };

    return cmocka_run_group_tests_name("server/engine/scene", tests, NULL, NULL);
}
