/**
 * @file tests/unit/server/secrets/test_veil.c
 * @brief Who is behind the veil gets whole definitions, who is before it never sees a value.
 */
#include "tests/support/spec.h"

#include "server/base/cleanup.h"
#include "server/json/json.h"
#include "server/secrets/veil.h"
#include "tests/support/secrets_open.h"
#include "tests/unit/storage/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN "{\"env\":{\"KEY\":\"hunter2\"}}"

struct world {
    struct zdd_store *store;
    struct zdd_secrets *secrets;
    struct zdd_veil veil;
    struct zdd_cluster cluster;
    char *concealed;
    /* behind */
    int puts;
    bool put_whole, target_whole, previous_whole;
};

static enum zdd_err put(void *cls, const struct zdd_cluster_order *order,
                        struct zdd_cluster_ack *ret_ack)
{
    struct world *world = cls;
    ZDD_AUTO_BUF struct zdd_buf said = {0};

    world->puts++;
    world->put_whole = strcmp(order->definition, PLAIN) == 0;
    assert_true(zdd_hush(&said, "hunter2 is wrong", &order->unspoken));
    snprintf(ret_ack->words, sizeof(ret_ack->words), "%s", said.data);
    return ZDD_ERR_CLUSTER_REFUSED;
}

static enum zdd_err observe(void *cls, const struct zdd_app_ask *asks, size_t count,
                            struct zdd_app_view *ret_views,
                            char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct world *world = cls;

    assert_int_equal(count, 1);
    reason[0] = '\0';
    world->target_whole = asks[0].target && strcmp(asks[0].target, PLAIN) == 0;
    world->previous_whole = asks[0].previous && strcmp(asks[0].previous, "{\"cmd\":\"x\"}") == 0;
    memset(ret_views, 0, sizeof(*ret_views));
    snprintf(ret_views->failure, sizeof(ret_views->failure), "TASK_FAILED: -e KEY=hunter2");
    return ZDD_ERR_NONE;
}

static enum zdd_err keep(struct zdd_tx *tx, void *cls)
{
    return zdd_secrets_write(tx, cls);
}

static int setup(void **state)
{
    static const struct zdd_cluster_ops ops = {.observe = observe, .put = put};
    ZDD_AUTO_SECRETS_KEPT struct zdd_secrets_kept kept = {0};
    const struct zdd_conceal how = {.app_id = "/shop/web", .pointer = "#", .kept = &kept};
    ZDD_AUTO_JSON json_t *json = json_loads(PLAIN, 0, NULL);
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    world->store = open_memory();
    world->secrets = secrets_open(world->store);
    world->veil = (struct zdd_veil){world->secrets, {.ops = &ops, .cls = world}};
    world->cluster = zdd_veil_cluster(&world->veil);
    assert_int_equal(zdd_secrets_conceal(world->secrets, &how, json), ZDD_ERR_NONE);
    assert_int_equal(zdd_store_write(world->store, keep, &kept), ZDD_ERR_NONE);
    world->concealed = zdd_json_canonical(json);
    assert_null(strstr(world->concealed, "hunter2"));
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    free(world->concealed);
    zdd_secrets_free(world->secrets);
    zdd_store_free(world->store);
    free(world);
    return 0;
}

static void an_order_goes_out_whole_and_what_is_said_to_it_comes_back_without(void **state)
{
    struct world *world = *state;
    const struct zdd_cluster_order order = {.app_id = "/shop/web-green",
                                            .definition = world->concealed};
    struct zdd_cluster_ack ack = {0};

    assert_int_equal(world->cluster.ops->put(world->cluster.cls, &order, &ack),
                     ZDD_ERR_CLUSTER_REFUSED);
    assert_int_equal(world->puts, 1);
    assert_true(world->put_whole);
    assert_null(strstr(ack.words, "hunter2"));
    assert_non_null(strstr(ack.words, ZDD_MARKER_HEAD));
}

static void an_order_whose_secret_is_lost_is_never_sent(void **state)
{
    struct world *world = *state;
    const struct zdd_cluster_order order = {.app_id = "/other", .definition = world->concealed};
    struct zdd_cluster_ack ack = {0};

    assert_int_equal(world->cluster.ops->put(world->cluster.cls, &order, &ack),
                     ZDD_ERR_STORE_CORRUPT);
    assert_int_equal(world->puts, 0);
    assert_non_null(strstr(ack.words, "nothing was sent"));
}

static void what_runs_is_compared_with_whole_definitions(void **state)
{
    struct world *world = *state;
    const struct zdd_app_ask ask = {
        .app_id = "/shop/web", .target = world->concealed, .previous = "{\"cmd\":\"x\"}"};
    struct zdd_app_view view;
    char reason[ZDD_CLUSTER_REASON_SIZE];

    assert_int_equal(world->cluster.ops->observe(world->cluster.cls, &ask, 1, &view, reason),
                     ZDD_ERR_NONE);
    assert_true(world->target_whole);
    assert_true(world->previous_whole);
    assert_null(strstr(view.failure, "hunter2"));
    assert_non_null(strstr(view.failure, "-e KEY=" ZDD_MARKER_HEAD));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            an_order_goes_out_whole_and_what_is_said_to_it_comes_back_without, setup, teardown),
        cmocka_unit_test_setup_teardown(an_order_whose_secret_is_lost_is_never_sent, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_runs_is_compared_with_whole_definitions, setup,
                                        teardown),
    };

    return zdd_crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
