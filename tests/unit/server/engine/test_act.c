/**
 * @file tests/unit/server/engine/test_act.c
 * @brief Which order becomes which request, and what its answer means.
 */
#include "server/engine/act.h"

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
    const struct zdd_definitions definitions = {"{target}", "{previous}"};
    static const struct zdd_run run = {.id = "0190", .app_id = "/shop/cart"};

    memset(ret_ack, 'x', sizeof(*ret_ack)); /* nothing of it may be left */
    return zdd_act(&cluster, &run, &definitions, &order, ret_ack);
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

            assert_int_equal(act(&fake, (struct zdd_order){rows[i].kind, 5, force != 0}, &ack),
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

static void what_is_gone_already_has_been_deleted(void **state)
{
    struct fake fake = {.answer = ZDD_ERR_APP_UNKNOWN};
    struct zdd_cluster_ack ack;

    (void)state;
    assert_int_equal(act(&fake, (struct zdd_order){ZDD_ORDER_DELETE, 0, false}, &ack),
                     ZDD_ERR_NONE);
    assert_int_equal(act(&fake, (struct zdd_order){ZDD_ORDER_RESTART, 4, false}, &ack),
                     ZDD_ERR_APP_UNKNOWN);
    fake.answer = ZDD_ERR_CLUSTER_DOWN;
    assert_int_equal(act(&fake, (struct zdd_order){ZDD_ORDER_DELETE, 0, false}, &ack),
                     ZDD_ERR_CLUSTER_DOWN);
}

static void only_what_would_be_refused_again_is_refused_for_good(void **state)
{
    (void)state;
    for (int i = 0; i < ZDD_ERR_COUNT; i++) {
        enum zdd_outcome wanted = ZDD_OUTCOME_FAILED;

        if (i == ZDD_ERR_NONE)
            wanted = ZDD_OUTCOME_ACKED;
        if (i == ZDD_ERR_CLUSTER_LOCKED)
            wanted = ZDD_OUTCOME_LOCKED;
        if (i == ZDD_ERR_CLUSTER_REFUSED || i == ZDD_ERR_APP_UNKNOWN)
            wanted = ZDD_OUTCOME_REFUSED;
        assert_int_equal(zdd_act_outcome((enum zdd_err)i), wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_order_becomes_its_request),
        cmocka_unit_test(what_is_gone_already_has_been_deleted),
        cmocka_unit_test(only_what_would_be_refused_again_is_refused_for_good),
    };

    return cmocka_run_group_tests_name("server/engine/act", tests, NULL, NULL);
}
