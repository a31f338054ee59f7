/**
 * @file tests/fault/test_memory_router.c
 * @brief The router while one allocation after the other fails: what fails says so, changes
 * nothing, and works when it is tried again.
 */
#include "server/router/algorithms.h"
#include "server/router/answers.h"
#include "server/router/label.h"
#include "server/router/routers.h"
#include "server/router/stats.h"
#include "tests/fault/failing_memory.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES_MAX 500

static const struct zdd_endpoint blue[] = {{"svc_80", "10.0.0.1:1001"},
                                           {"svc_80", "10.0.0.1:1002"}};
static const struct zdd_endpoint green[] = {{"svc_80", "10.0.0.2:2001"}};
static const struct zdd_router_ask asked = {
    .pair = "/svc", .endpoints = {blue, green}, .endpoint_count = {2, 1}};

/* Do @p what with the first, second, … allocation failing, until none does. */
static void try_all(bool (*what)(void), int at_least)
{
    int n = 1;
    bool came = true;

    for (; came; n++) {
        bool worked;

        assert_true(n < TRIES_MAX);
        memory_fail_at(n);
        worked = what();
        came = memory_heal();
        assert_true(came || worked); /* untouched it works */
    }
    assert_true(n > at_least);
}

static bool is_fine(enum zdd_err err)
{
    assert_true(err == ZDD_ERR_NONE || err == ZDD_ERR_NO_MEMORY);
    return err == ZDD_ERR_NONE;
}

static struct zdd_router_order order_of(int32_t old_weight, int32_t new_weight)
{
    return (struct zdd_router_order){
        .pair = "/svc",
        .side = {{ZDD_SERVES, old_weight, blue, 2}, {ZDD_SERVES, new_weight, green, 1}}};
}

static void assert_said(struct zdd_answers *answers, const char *wanted)
{
    char text[ZDD_ANSWER_SIZE] = "";

    assert_true(zdd_answers_fetch(answers, "10.0.0.1:1002", "10.0.0.5", 1, text) > 0);
    assert_string_equal(text, wanted);
}

static bool say(void)
{
    const struct zdd_router_order before = order_of(5, 1), after = order_of(6, 1);
    struct zdd_answers *answers = zdd_answers_new();
    bool worked;

    if (!answers)
        return false;
    memory_inside(false);
    assert_int_equal(zdd_answers_set(answers, &before), ZDD_ERR_NONE);
    memory_inside(true);
    worked = is_fine(zdd_answers_set(answers, &after));
    memory_inside(false);
    assert_said(answers, worked ? "up ready 600%\n" : "up ready 500%\n");
    assert_int_equal(zdd_answers_set(answers, &after), ZDD_ERR_NONE);
    assert_said(answers, "up ready 600%\n");
    zdd_answers_free(answers);
    memory_inside(true);
    return worked;
}

static void an_order_without_memory_changes_nothing(void **state)
{
    (void)state;
    memory_inside(true);
    try_all(say, 3);
    memory_inside(false);
}

static bool read_texts(void)
{
    static const char page[] = "pxname,svname,status,weight,scur,qcur,stot\n"
                               "svc_80,10_0_0_1_1001,UP,1,0,0,0\nsvc_80,BACKEND,UP,1,0,0,0\n";
    struct zdd_stats_table table = {0};
    struct zdd_algorithms algorithms = {0};
    struct zdd_buf label = {0};
    bool worked = false;
    char *text;

    memory_inside(false);
    text = strdup(page);
    memory_inside(true);
    if (is_fine(zdd_stats_parse(text, &table)) &&
        is_fine(zdd_algorithms_parse("backend svc_80\n balance uri\nbackend b\n", &algorithms)) &&
        is_fine(zdd_agent_label(&label, "10.0.0.9:8091", 200))) {
        worked = true;
        zdd_algorithms_apply(&algorithms, &table);
    }
    zdd_stats_table_release(&table);
    zdd_algorithms_release(&algorithms);
    zdd_buf_release(&label);
    return worked;
}

static void texts_without_memory_are_not_read(void **state)
{
    (void)state;
    memory_inside(true);
    try_all(read_texts, 3);
    memory_inside(false);
}

static enum zdd_err look(void *cls, const struct zdd_place *place, int64_t limit_ms,
                         struct zdd_stats_answer *ret_answer,
                         char reason[static ZDD_ROUTER_REASON_SIZE])
{
    static const char page[] = "pxname,svname,status,weight,scur,qcur,stot\n"
                               "svc_80,10_0_0_1_1001,UP,1,0,0,0\n";
    char *text = strdup(page);

    (void)cls;
    (void)limit_ms;
    if (!text)
        return ZDD_ERR_NO_MEMORY;
    snprintf(reason, ZDD_ROUTER_REASON_SIZE, "%s: no memory", place->name);
    return zdd_stats_parse(text, &ret_answer->table);
}

/* Without memory for the one balancer nothing is known, without memory for the look neither. */
static bool observe(void)
{
    static const char *const targets[] = {"10.0.0.5:9090"};
    const struct zdd_places_options where = {.targets = targets, .target_count = 1};
    struct zdd_stats_options options = {.look = look};
    struct zdd_stats *stats = NULL;
    struct zdd_router_view view;
    char reason[ZDD_ROUTER_REASON_SIZE];
    bool worked = false;

    if (!is_fine(zdd_places_open(&where, &options.places, reason)))
        return false;
    stats = zdd_stats_open(&options);
    if (stats) {
        const enum zdd_err err = zdd_stats_observe(stats, &asked, 1, 0, &view, reason);

        assert_true(err == ZDD_ERR_NONE || err == ZDD_ERR_NO_MEMORY || err == ZDD_ERR_ROUTER_DOWN);
        worked = err == ZDD_ERR_NONE;
        memory_inside(false);
        assert_int_equal(zdd_stats_observe(stats, &asked, 1, 0, &view, reason), ZDD_ERR_NONE);
        assert_int_equal(view.balancer[0].side[ZDD_SIDE_OLD].servers, 1);
        memory_inside(true);
    }
    zdd_stats_close(stats);
    zdd_places_close(options.places);
    return worked;
}

static void a_look_without_memory_is_none_and_the_next_one_is(void **state)
{
    (void)state;
    memory_inside(true);
    try_all(observe, 4);
    memory_inside(false);
}

static bool open_router(const char *driver, const char *balancer)
{
    const struct zdd_router_options options = {.driver = driver,
                                               .balancers = &balancer,
                                               .balancer_count = 1,
                                               .auth = {.basic = "a:b"},
                                               .agent_listen = "127.0.0.1:0"};
    const struct zdd_router_order order = order_of(5, 5);
    struct zdd_router router = {0};
    char reason[ZDD_ROUTER_REASON_SIZE];
    bool worked = is_fine(zdd_router_open(&options, &router, reason));

    if (!worked) {
        assert_null(router.ops);
        return false;
    }
    worked = is_fine(zdd_router_start(&router, reason));
    if (strcmp(driver, "marathon-lb") == 0) /* the other one speaks with its balancer at once */
        worked = is_fine(router.ops->set(router.cls, &order, reason)) && worked;
    zdd_router_close(&router);
    return worked;
}

static bool open_marathon_lb(void)
{
    return open_router("marathon-lb", "http://127.0.0.1:1");
}

static bool open_haproxy(void)
{
    return open_router("haproxy", "127.0.0.1:1");
}

static void a_router_that_cannot_be_opened_leaves_nothing_behind(void **state)
{
    (void)state;
    memory_inside(true);
    try_all(open_marathon_lb, 10);
    try_all(open_haproxy, 4);
    memory_inside(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_without_memory_changes_nothing),
        cmocka_unit_test(texts_without_memory_are_not_read),
        cmocka_unit_test(a_look_without_memory_is_none_and_the_next_one_is),
        cmocka_unit_test(a_router_that_cannot_be_opened_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
