/**
 * @file tests/unit/server/engine/test_act.c
 * @brief Which order becomes which request, and what its answer means.
 */
#include "server/engine/act.h"

#include "server/engine/wards.h"

#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

struct fake {
    enum zdd_err answer;
    const char *called;
    struct zdd_cluster_order order;
};

static enum zdd_err answer(struct fake *fake, const char *called,
                           const struct zdd_cluster_order *order, struct zdd_cluster_ack *ret_ack)
{
    fake->called = called;
    fake->order = *order;
    snprintf(ret_ack->version, sizeof(ret_ack->version), "v2");
    return fake->answer;
}

static enum zdd_err put(void *cls, const struct zdd_cluster_order *order,
                        struct zdd_cluster_ack *ret_ack)
{
    return answer(cls, "put", order, ret_ack);
}

static enum zdd_err restart(void *cls, const struct zdd_cluster_order *order,
                            struct zdd_cluster_ack *ret_ack)
{
    return answer(cls, "restart", order, ret_ack);
}

static enum zdd_err take_away(void *cls, const struct zdd_cluster_order *order,
                              struct zdd_cluster_ack *ret_ack)
{
    return answer(cls, "remove", order, ret_ack);
}

static const struct zdd_cluster_ops ops = {.put = put, .restart = restart, .remove = take_away};

static enum zdd_err act(struct fake *fake, struct zdd_order order, struct zdd_cluster_ack *ret_ack)
{
    const struct zdd_cluster cluster = {&ops, fake};
    static char target[] = "{target}", previous[] = "{previous}", adopted[] = "{adopted}";
    const struct zdd_plan_texts texts = {
        .target = {target}, .previous = {previous}, .adopted = {adopted}};
    static const struct zdd_run run = {.id = "0190", .app_id = "/shop/cart"};
    static const struct zdd_plan plan = {.app_id = "/shop/cart"};
    const struct zdd_act_scene with = {
        .cluster = &cluster, .plan = &plan, .texts = &texts, .run = &run};

    memset(ret_ack, 'x', sizeof(*ret_ack)); /* nothing of it may be left */
    return zdd_act(&with, &order, ret_ack);
}

static void each_order_becomes_its_request(void **state)
{
    static const struct {
        enum zdd_order_kind kind;
        const char *called;
        const char *definition;
    } rows[] = {
        {ZDD_ORDER_PUT_TARGET, "put", "{target}"},
        {ZDD_ORDER_PUT_PREVIOUS, "put", "{previous}"},
        {ZDD_ORDER_RESTART, "restart", NULL},
        {ZDD_ORDER_DELETE, "remove", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        for (int force = 0; force <= 1; force++) {
            struct fake fake = {0};
            struct zdd_cluster_ack ack;

            assert_int_equal(
                act(&fake,
                    (struct zdd_order){.kind = rows[i].kind, .instances = 5, .force = force != 0},
                    &ack),
                ZDD_ERR_NONE);
            assert_string_equal(fake.called, rows[i].called);
            assert_string_equal(fake.order.app_id, "/shop/cart");
            assert_string_equal(fake.order.request_id, "0190");
            assert_int_equal(fake.order.instances, 5);
            assert_int_equal(fake.order.force, force);
            if (rows[i].definition)
                assert_string_equal(fake.order.definition, rows[i].definition);
            else
                assert_null(fake.order.definition);
            assert_string_equal(ack.version, "v2");
            assert_string_equal(ack.words, "");
            assert_int_equal(ack.lock_count, 0);
        }
    }
}

struct fake_router {
    enum zdd_err answer;
    const char *words;
    struct zdd_router_order order;
    int calls;
};

static enum zdd_err set(void *cls, const struct zdd_router_order *order,
                        char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct fake_router *router = cls;

    router->calls++;
    router->order = *order;
    snprintf(reason, ZDD_ROUTER_REASON_SIZE, "%s", router->words ? router->words : "");
    return router->answer;
}

static const struct zdd_router_ops router_ops = {.set = set};

static const struct zdd_plan pair_plan = {
    .app_id = "/shop/cart",
    .pair = {.old_id = "/shop/cart-green", .new_id = "/shop/cart-blue", .floor = 3},
    .program = {.count = 1, .step = {{ZDD_STEP_SETTLE, 0}}}};
static const struct zdd_run pair_run = {
    .id = "0190", .app_id = "/shop/cart", .phase = ZDD_PHASE_KEEPING, .ordered = true};

static struct zdd_wards *see_pair(void)
{
    static const struct zdd_fleet fleet = {.ports = 1};
    struct zdd_wards *wards = zdd_wards_new();

    assert_non_null(wards);
    assert_int_equal(zdd_wards_see(wards, &pair_plan, &pair_run, &fleet, 1000), ZDD_ERR_NONE);
    return wards;
}

/* As act(), for a deployment of /shop/cart over a pair. */
static enum zdd_err act_with(struct zdd_wards *wards, struct fake *fake,
                             struct fake_router *fake_router, struct zdd_order order,
                             struct zdd_cluster_ack *ret_ack)
{
    const struct zdd_cluster cluster = {&ops, fake};
    const struct zdd_router router = {&router_ops, fake_router};
    static char target[] = "{target}", previous[] = "{previous}", adopted[] = "{adopted}";
    const struct zdd_plan_texts texts = {
        .target = {target}, .previous = {previous}, .adopted = {adopted}};
    const struct zdd_act_scene with = {.cluster = &cluster,
                                       .router = &router,
                                       .plan = &pair_plan,
                                       .texts = &texts,
                                       .run = &pair_run,
                                       .wards = wards};

    memset(ret_ack, 'x', sizeof(*ret_ack)); /* nothing of it may be left */
    return zdd_act(&with, &order, ret_ack);
}

/* The same, for a pair that has been looked at and whose floor holds. */
static enum zdd_err act_on_pair(struct fake *fake, struct fake_router *fake_router,
                                struct zdd_order order, struct zdd_cluster_ack *ret_ack)
{
    struct zdd_wards *wards = see_pair();
    const enum zdd_err err = act_with(wards, fake, fake_router, order, ret_ack);

    zdd_wards_free(wards);
    return err;
}

static void each_order_about_a_pair_reaches_the_right_app(void **state)
{
    static const struct {
        enum zdd_order_kind kind;
        const char *called, *app_id, *definition;
    } rows[] = {
        {ZDD_ORDER_PUT_TARGET, "put", "/shop/cart-blue", "{target}"},
        {ZDD_ORDER_ADOPT_OLD, "put", "/shop/cart-green", "{adopted}"},
        {ZDD_ORDER_DELETE, "remove", "/shop/cart-blue", NULL},
        {ZDD_ORDER_DELETE_OLD, "remove", "/shop/cart-green", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct fake fake = {0};
        struct fake_router router = {0};
        struct zdd_cluster_ack ack;

        assert_int_equal(act_on_pair(&fake, &router,
                                     (struct zdd_order){.kind = rows[i].kind, .instances = 5},
                                     &ack),
                         ZDD_ERR_NONE);
        assert_string_equal(fake.called, rows[i].called);
        assert_string_equal(fake.order.app_id, rows[i].app_id);
        assert_string_equal(fake.order.request_id, "0190");
        assert_int_equal(fake.order.instances, 5);
        if (rows[i].definition)
            assert_string_equal(fake.order.definition, rows[i].definition);
        else
            assert_null(fake.order.definition);
        assert_int_equal(router.calls, 0);
    }
}

static void break_floor(struct zdd_wards *wards, int32_t serving)
{
    const struct zdd_ward ward = {.run_id = "0190"};

    for (int i = 0; i < ZDD_FLOOR_LOOKS; i++)
        (void)zdd_wards_judge(wards, &ward,
                              &(struct zdd_ward_look){{true, true, serving, serving}, ""});
}

/* Whatever the step has seen: the watchdog may have seen more since. */
static void nothing_is_removed_while_too_few_serve(void **state)
{
    static const enum zdd_order_kind kinds[] = {ZDD_ORDER_DELETE, ZDD_ORDER_DELETE_OLD};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(kinds); i++) {
        struct zdd_wards *wards = see_pair();
        struct fake fake = {0};
        struct fake_router router = {0};
        struct zdd_cluster_ack ack;
        const struct zdd_order order = {.kind = kinds[i]};
        enum zdd_err err;

        break_floor(wards, 3);
        break_floor(wards, 2);
        err = act_with(wards, &fake, &router, order, &ack);
        assert_int_equal(err, ZDD_ERR_FLOOR_BROKEN);
        assert_null(fake.called);
        assert_string_equal(ack.words, zdd_err_text(ZDD_ERR_FLOOR_BROKEN));
        assert_int_equal(zdd_act_outcome(err), ZDD_OUTCOME_LOCKED); /* for certain not sent */
        break_floor(wards, 3);
        assert_int_equal(act_with(wards, &fake, &router, order, &ack), ZDD_ERR_NONE);
        assert_string_equal(fake.called, "remove");
        zdd_wards_free(wards);
    }
}

static void traffic_goes_to_the_balancers_and_not_to_marathon(void **state)
{
    struct fake fake = {0};
    struct fake_router router = {0};
    struct zdd_cluster_ack ack;

    (void)state;
    assert_int_equal(
        act_on_pair(&fake, &router,
                    (struct zdd_order){.kind = ZDD_ORDER_SET_TRAFFIC,
                                       .traffic = {{{ZDD_DRAINS, 0}, {ZDD_SERVES, 256}}}},
                    &ack),
        ZDD_ERR_NONE);
    assert_null(fake.called);
    assert_int_equal(router.calls, 1);
    assert_string_equal(router.order.pair, "/shop/cart");
    assert_int_equal(router.order.side[ZDD_SIDE_OLD].serving, ZDD_DRAINS);
    assert_int_equal(router.order.side[ZDD_SIDE_NEW].weight, 256);
    assert_string_equal(ack.words, "");
}

static void balancers_that_do_not_listen_are_told_in_their_words(void **state)
{
    struct fake fake = {0};
    struct fake_router router = {.answer = ZDD_ERR_ROUTER_DOWN, .words = "10.0.0.5: refused"};
    const struct zdd_order order = {.kind = ZDD_ORDER_SET_TRAFFIC};
    struct zdd_cluster_ack ack;

    (void)state;
    assert_int_equal(act_on_pair(&fake, &router, order, &ack), ZDD_ERR_ROUTER_DOWN);
    assert_string_equal(ack.words, "10.0.0.5: refused");
    assert_int_equal(zdd_act_outcome(ZDD_ERR_ROUTER_DOWN), ZDD_OUTCOME_FAILED);
    router.words = NULL;
    assert_int_equal(act_on_pair(&fake, &router, order, &ack), ZDD_ERR_ROUTER_DOWN);
    assert_string_equal(ack.words, zdd_err_text(ZDD_ERR_ROUTER_DOWN));
}

static void an_old_app_that_is_gone_has_been_removed_and_cannot_be_adopted(void **state)
{
    struct fake fake = {.answer = ZDD_ERR_APP_UNKNOWN};
    struct fake_router router = {0};
    struct zdd_cluster_ack ack;

    (void)state;
    assert_int_equal(
        act_on_pair(&fake, &router, (struct zdd_order){.kind = ZDD_ORDER_DELETE_OLD}, &ack),
        ZDD_ERR_NONE);
    assert_int_equal(
        act_on_pair(&fake, &router, (struct zdd_order){.kind = ZDD_ORDER_ADOPT_OLD}, &ack),
        ZDD_ERR_APP_UNKNOWN);
}

static void what_is_gone_already_has_been_deleted(void **state)
{
    struct fake fake = {.answer = ZDD_ERR_APP_UNKNOWN};
    struct zdd_cluster_ack ack;

    (void)state;
    assert_int_equal(
        act(&fake, (struct zdd_order){.kind = ZDD_ORDER_DELETE, .instances = 0, .force = false},
            &ack),
        ZDD_ERR_NONE);
    assert_int_equal(
        act(&fake, (struct zdd_order){.kind = ZDD_ORDER_RESTART, .instances = 4, .force = false},
            &ack),
        ZDD_ERR_APP_UNKNOWN);
    fake.answer = ZDD_ERR_CLUSTER_DOWN;
    assert_int_equal(
        act(&fake, (struct zdd_order){.kind = ZDD_ORDER_DELETE, .instances = 0, .force = false},
            &ack),
        ZDD_ERR_CLUSTER_DOWN);
}

static void only_what_would_be_refused_again_is_refused_for_good(void **state)
{
    (void)state;
    for (int i = 0; i < ZDD_ERR_COUNT; i++) {
        enum zdd_outcome wanted = ZDD_OUTCOME_FAILED;

        if (i == ZDD_ERR_NONE)
            wanted = ZDD_OUTCOME_ACKED;
        if (i == ZDD_ERR_CLUSTER_LOCKED || i == ZDD_ERR_FLOOR_BROKEN)
            wanted = ZDD_OUTCOME_LOCKED;
        if (i == ZDD_ERR_CLUSTER_REFUSED || i == ZDD_ERR_APP_UNKNOWN)
            wanted = ZDD_OUTCOME_REFUSED;
        assert_int_equal(zdd_act_outcome((enum zdd_err)i), wanted);
    }
}

struct fake_probe {
    enum zdd_err answer;
    struct zdd_probe_ask ask;
};

static enum zdd_err probe_answers(void *cls, const struct zdd_probe_ask *ask,
                                  struct zdd_probe_report *ret_report)
{
    struct fake_probe *probe = cls;

    probe->ask = *ask;
    *ret_report = (struct zdd_probe_report){.result = ZDD_FINDING_FAILED};
    return probe->answer;
}

static enum zdd_err measure(struct fake_probe *fake, char *checks,
                            struct zdd_probe_report *ret_report)
{
    static const struct zdd_probe_ops probe_ops = {.measure = probe_answers};
    static const struct zdd_spots spots = {.count = 3};
    static const struct zdd_run run = {.id = "0190", .app_id = "/shop/cart"};
    const struct zdd_probe probe = {fake ? &probe_ops : NULL, fake};
    const struct zdd_plan_texts texts = {.checks = {checks}};
    const struct zdd_plan plan = {.verifies = {.count = 1, .step = {{.rounds = 3}}}};
    const struct zdd_act_scene with = {.texts = &texts,
                                       .plan = &plan,
                                       .run = &run,
                                       .probe = &probe,
                                       .new_spots = &spots,
                                       .report = ret_report};
    struct zdd_cluster_ack ack;

    return zdd_act(&with, &(struct zdd_order){.kind = ZDD_ORDER_MEASURE, .instances = 1}, &ack);
}

static void a_round_of_checks_asks_the_new_instances_by_the_plan_s_checks(void **state)
{
    struct fake_probe fake = {0};
    struct zdd_probe_report report;
    char checks[] = "[1]";

    (void)state;
    assert_int_equal(measure(&fake, checks, &report), ZDD_ERR_NONE);
    assert_string_equal(fake.ask.checks, "[1]");
    assert_int_equal(fake.ask.spots->count, 3);
    assert_string_equal(fake.ask.request_id, "0190");
    assert_int_equal(report.result, ZDD_FINDING_FAILED);
    /* What cannot be measured is no refusal: it is tried again. */
    fake.answer = ZDD_ERR_NO_MEMORY;
    assert_int_equal(zdd_act_outcome(measure(&fake, checks, &report)), ZDD_OUTCOME_FAILED);
    assert_int_equal(zdd_act_outcome(measure(&fake, NULL, &report)), ZDD_OUTCOME_FAILED);
    assert_int_equal(zdd_act_outcome(measure(NULL, checks, &report)), ZDD_OUTCOME_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_order_becomes_its_request),
        cmocka_unit_test(each_order_about_a_pair_reaches_the_right_app),
        cmocka_unit_test(nothing_is_removed_while_too_few_serve),
        cmocka_unit_test(traffic_goes_to_the_balancers_and_not_to_marathon),
        cmocka_unit_test(balancers_that_do_not_listen_are_told_in_their_words),
        cmocka_unit_test(an_old_app_that_is_gone_has_been_removed_and_cannot_be_adopted),
        cmocka_unit_test(what_is_gone_already_has_been_deleted),
        cmocka_unit_test(only_what_would_be_refused_again_is_refused_for_good),
        cmocka_unit_test(a_round_of_checks_asks_the_new_instances_by_the_plan_s_checks),
    };

    return cmocka_run_group_tests_name("server/engine/act", tests, NULL, NULL);
}
