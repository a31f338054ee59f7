/**
 * @file tests/lab/test_balancer_traffic.c
 * @brief What clients get through the lab's HAProxy while apps come, grow, change and go.
 */
#include "tests/support/spec.h"

#include "tests/lab/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKEND "shop_10080"
#define VERSION(text) ((char[32]){text})

static const struct stage_app shop = {.id = "shop", .version = "0.9", .instances = 2};

static void a_service_port_leads_to_the_tasks(void **state)
{
    struct stage *stage = stage_start(NULL);
    char version[32];

    (void)state;
    stage_deploy(stage, &shop);
    stage_until_status(stage->host, STAGE_PORT, NULL, 200, version);
    assert_string_equal(version, "0.9");
    stage_until(stage, 0, BACKEND, "UP", 2);
    stage_stop(stage);
}

static struct stage_load load_on(const struct stage *stage, char url[static 64], const char *header)
{
    const char *const urls[] = {url, NULL};

    snprintf(url, 64, "http://%s:%d", stage->host, STAGE_PORT);
    return stage_load_start(urls, header);
}

/* Downwards one by one. Who finds a dead task is sent on to another one, never to the same again;
 * but between two dead ones the four tries of a request may go to and fro, and a worker that a
 * reload has replaced still knows both while it ends. */
static void scale_down(struct stage *stage, struct stage_app *app, int to)
{
    while (app->instances > to) {
        app->instances--;
        stage_deploy(stage, app);
        stage_until(stage, 0, BACKEND, "", app->instances);
        stage_until_one_worker(stage, 0);
    }
}

static void scaling_loses_no_request(void **state)
{
    struct stage *stage = stage_start(NULL);
    struct stage_app app = shop;
    struct stage_load load;
    char url[64];
    long answered;

    (void)state;
    stage_deploy(stage, &app);
    stage_until_status(stage->host, STAGE_PORT, NULL, 200, VERSION(""));
    load = load_on(stage, url, NULL);
    for (int round = 0; round < 2; round++) {
        app.instances = 4;
        stage_deploy(stage, &app);
        stage_until(stage, 0, BACKEND, "UP", 4);
        (void)stage_load_more(&load, 200);
        scale_down(stage, &app, 2);
        (void)stage_load_more(&load, 200);
    }
    assert_int_equal(stage_load_stop(&load, &answered), 0);
    assert_true(answered >= 800);
    assert_true(stage_number(stage, 0, "reloads") >= 6);
    stage_stop(stage);
}

static void reloads_cut_no_connection(void **state)
{
    static const char *const headers[] = {NULL, "Connection: close"};
    struct stage *stage = stage_start(NULL);
    char url[64];

    (void)state;
    stage_deploy(stage, &shop);
    stage_until_status(stage->host, STAGE_PORT, NULL, 200, VERSION(""));
    for (size_t i = 0; i < 2; i++) {
        struct stage_load load = load_on(stage, url, headers[i]);

        for (int64_t round = 0; round < 8; round++) {
            const int64_t before = stage_number(stage, 0, "reloads");

            free(stage_stats(stage, 0, "/_mlb_signal/usr1"));
            (void)stage_load_more(&load, 60);
            while (stage_number(stage, 0, "reloads") == before)
                (void)stage_load_more(&load, 10);
        }
        assert_int_equal(stage_load_stop(&load, NULL), 0);
    }
    stage_stop(stage);
}

/* The old worker lives as long as somebody waits for an answer of it, through several reloads. */
static void a_slow_request_outlives_the_reloads(void **state)
{
    struct stage *stage = stage_start(NULL);
    struct stage_app app = shop;
    char *answer;
    int fd;

    (void)state;
    app.unchecked = true;
    app.health_ms = 2500;
    stage_deploy(stage, &app);
    stage_until_status(stage->host, STAGE_PORT, NULL, 200, VERSION(""));
    fd = stage_ask(stage->host, STAGE_PORT, "/health", NULL);
    assert_true(fd >= 0);
    for (int i = 0; i < 3; i++) {
        const int64_t before = stage_number(stage, 0, "reloads");

        free(stage_stats(stage, 0, "/_mlb_signal/usr1"));
        while (stage_number(stage, 0, "reloads") == before)
            stage_until_status(stage->host, STAGE_PORT, NULL, 200, VERSION(""));
    }
    answer = stage_answer(fd);
    assert_int_equal(stage_status(answer), 200);
    assert_non_null(strstr(answer, "\"healthy\": true"));
    free(answer);
    stage_stop(stage);
}

#define GROUP(colour, started, target)                                                             \
    "\"HAPROXY_DEPLOYMENT_GROUP\":\"shop\",\"HAPROXY_DEPLOYMENT_COLOUR\":\"" colour "\","          \
    "\"HAPROXY_DEPLOYMENT_STARTED_AT\":\"" started "\","                                           \
    "\"HAPROXY_DEPLOYMENT_TARGET_INSTANCES\":\"" target "\","                                      \
    "\"HAPROXY_DEPLOYMENT_NEW_INSTANCES\":\"0\""

/* As zdd.py goes: green grows, old tasks are drained as many as green ones are healthy. */
static void the_labels_of_a_deployment_disable_old_tasks(void **state)
{
    struct stage *stage = stage_start(NULL);
    struct stage_app blue = {.id = "shop-blue",
                             .version = "0.9",
                             .instances = 4,
                             .labels = GROUP("blue", "2024-05-01T09:00:00.000001", "4")};
    struct stage_app green = {.id = "shop-green",
                              .version = "1.0",
                              .instances = 1,
                              .labels = GROUP("green", "2024-05-01T10:00:00.000001", "4")};
    struct stage_load load;
    char url[64];

    (void)state;
    stage_deploy(stage, &blue);
    stage_until(stage, 0, BACKEND, "UP", 4);
    load = load_on(stage, url, NULL);
    stage_deploy(stage, &green);
    stage_until(stage, 0, BACKEND, "UP", 4);
    stage_until(stage, 0, BACKEND, "MAINT", 1);
    green.instances = 3;
    stage_deploy(stage, &green);
    stage_until(stage, 0, BACKEND, "MAINT", 3);
    stage_until(stage, 0, BACKEND, "UP", 4);
    (void)stage_load_more(&load, 200);
    assert_int_equal(stage_load_stop(&load, NULL), 0);
    stage_stop(stage);
}

static void a_target_out_of_reach_keeps_all_tasks_in_service(void **state)
{
    struct stage *stage = stage_start(NULL);
    struct stage_app blue = {.id = "shop-blue",
                             .version = "0.9",
                             .instances = 2,
                             .labels = GROUP("blue", "2024-05-01T09:00:00", "1000000")};
    struct stage_app green = {.id = "shop-green",
                              .version = "1.0",
                              .instances = 2,
                              .labels = GROUP("green", "2024-05-01T10:00:00", "1000000")};

    (void)state;
    stage_deploy(stage, &blue);
    stage_deploy(stage, &green);
    stage_until(stage, 0, BACKEND, "UP", 4);
    assert_int_equal(stage_count(stage, 0, BACKEND, ""), 4);
    stage_stop(stage);
}

static void a_task_enters_when_its_check_has_passed(void **state)
{
    struct stage *stage = stage_start(NULL);
    const struct stage_app sick = {
        .id = "sick",
        .version = "0.9",
        .instances = 1,
        .port = 10081,
        .unchecked = true,
        .members = "\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/nowhere\","
                   "\"intervalSeconds\":5,\"maxConsecutiveFailures\":1000}]"};

    (void)state;
    stage_put(stage, &sick);
    lab_until_json(stage->lab, "/v2/apps/sick", "/app/tasksUnhealthy", "1");
    stage_deploy(stage, &shop); /* when this one is in, the other one was looked at, too */
    stage_until(stage, 0, BACKEND, "UP", 2);
    assert_int_equal(stage_count(stage, 0, "sick_10081", ""), 0);
    stage_stop(stage);
}

/* The new leader knows no health result; the balancer remembers what it has heard. */
static void a_change_of_marathons_leader_takes_nobody_out(void **state)
{
    struct stage *stage = stage_start(NULL);
    struct stage_app app = shop;
    struct stage_load load;
    char url[64];
    int64_t looks;

    (void)state;
    app.members = "\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/health\","
                  "\"intervalSeconds\":100}]"; /* so that no result comes soon */
    app.unchecked = true;
    stage_deploy(stage, &app);
    stage_until(stage, 0, BACKEND, "UP", 2);
    stage_until_status(stage->host, STAGE_PORT, NULL, 200, VERSION(""));
    load = load_on(stage, url, NULL);
    assert_int_equal(lab_call(stage->lab, "DELETE", "/v2/leader", NULL, NULL), 200);
    lab_until_json(stage->lab, "/v2/apps/shop", "/app/tasksHealthy", "0");
    looks = stage_number(stage, 0, "looks");
    free(stage_stats(stage, 0, "/_mlb_signal/hup"));
    while (stage_number(stage, 0, "looks") <= looks)
        (void)stage_load_more(&load, 10);
    assert_int_equal(stage_count(stage, 0, BACKEND, "UP"), 2);
    assert_int_equal(stage_load_stop(&load, NULL), 0);
    stage_stop(stage);
}

/* @return the port of the task that has answered /env */
static long task_of(const char *answer)
{
    static const char key[] = "\"PORT0\": \"";
    const char *at = answer ? strstr(answer, key) : NULL;

    assert_non_null(at);
    return strtol(at + sizeof(key) - 1, NULL, 10);
}

static void a_sticky_client_stays_with_its_task(void **state)
{
    struct stage *stage = stage_start(NULL);
    struct stage_app app = shop;
    char cookie[128] = "Cookie: ";
    char *answer;
    const char *at;
    long task;

    (void)state;
    app.labels = "\"HAPROXY_0_STICKY\":\"true\"";
    stage_deploy(stage, &app);
    stage_until(stage, 0, BACKEND, "UP", 2);
    answer = stage_get(stage->host, STAGE_PORT, "/env", NULL);
    task = task_of(answer);
    at = strstr(answer, "mesosphere_server_id=");
    assert_non_null(at);
    snprintf(cookie + 8, sizeof(cookie) - 8, "%.*s", (int)strcspn(at, ";\r"), at);
    free(answer);
    for (int i = 0; i < 10; i++) {
        answer = stage_get(stage->host, STAGE_PORT, "/env", cookie);
        assert_int_equal(task_of(answer), task);
        free(answer);
    }
    stage_stop(stage);
}

static void a_virtual_host_leads_to_its_app(void **state)
{
    struct stage *stage = stage_start(NULL);
    struct stage_app one = shop;
    struct stage_app two = {.id = "blog", .version = "2.0", .instances = 1, .port = 10081};
    char version[32];
    int port;

    (void)state;
    one.labels = "\"HAPROXY_0_VHOST\":\"http://Shop.Example/\"";
    two.labels =
        "\"HAPROXY_0_VHOST\":\"shop.example,blog.example\",\"HAPROXY_0_PATH\":\"/endpoint\"";
    stage_deploy(stage, &one);
    port = (int)stage_number(stage, 0, "vhostPort");
    stage_until_status(stage->host, port, "Host: shop.example", 200, version);
    assert_string_equal(version, "0.9");
    stage_deploy(stage, &two);
    stage_until_status(stage->host, port, "Host: BLOG.example:8080", 200, version);
    assert_string_equal(version, "2.0");
    stage_until_status(stage->host, port, "Host: shop.example", 200, version);
    assert_string_equal(version, "2.0"); /* the one with a path is asked first */
    stage_until_status(stage->host, port, "Host: other.example", 503, version);
    port = (int)stage_number(stage, 0, "appIdPort");
    stage_until_status(stage->host, port, "X-Marathon-App-Id: /shop", 200, version);
    assert_string_equal(version, "0.9");
    stage_stop(stage);
}

static void stop_and_start_second(struct stage *stage, struct stage_load *load)
{
    assert_int_equal(lab_call(stage->lab, "PUT", "/lab/balancers/2", "{\"running\": false}", NULL),
                     200);
    lab_until_json(stage->lab, "/lab/state", "/balancers/1/running", "false");
    assert_null(stage_get(stage->second, STAGE_PORT, "/endpoint0", NULL));
    (void)stage_load_more(load, 100);
    assert_int_equal(lab_call(stage->lab, "PUT", "/lab/balancers/2", "{\"running\": true}", NULL),
                     200);
    stage_until(stage, 1, BACKEND, "UP", 3);
    stage_until_status(stage->second, STAGE_PORT, NULL, 200, VERSION(""));
}

static void two_balancers_serve_and_one_may_go(void **state)
{
    static const char *const two[] = {"--balancers", "2", NULL};
    struct stage *stage = stage_start(two);
    struct stage_app app = shop;
    char url[2][64];
    const char *const urls[] = {url[0], url[1], NULL};
    struct stage_load load;

    (void)state;
    stage_deploy(stage, &app);
    stage_until(stage, 0, BACKEND, "UP", 2);
    stage_until(stage, 1, BACKEND, "UP", 2);
    stage_until_status(stage->host, STAGE_PORT, NULL, 200, VERSION(""));
    stage_until_status(stage->second, STAGE_PORT, NULL, 200, VERSION(""));
    snprintf(url[0], 64, "http://%s:%d", stage->host, STAGE_PORT);
    snprintf(url[1], 64, "http://%s:%d", stage->second, STAGE_PORT);
    load = stage_load_start(urls, NULL);
    app.instances = 3;
    stage_deploy(stage, &app);
    stage_until(stage, 0, BACKEND, "UP", 3);
    stage_until(stage, 1, BACKEND, "UP", 3);
    stop_and_start_second(stage, &load);
    (void)stage_load_more(&load, 100);
    assert_int_equal(stage_load_stop(&load, NULL), 0);
    assert_int_equal(lab_call(stage->lab, "PUT", "/lab/balancers/3", "{\"running\": false}", NULL),
                     404);
    assert_int_equal(lab_call(stage->lab, "PUT", "/lab/balancers/2", "{}", NULL), 422);
    stage_stop(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_port_leads_to_the_tasks),
        cmocka_unit_test(scaling_loses_no_request),
        cmocka_unit_test(reloads_cut_no_connection),
        cmocka_unit_test(a_slow_request_outlives_the_reloads),
        cmocka_unit_test(the_labels_of_a_deployment_disable_old_tasks),
        cmocka_unit_test(a_target_out_of_reach_keeps_all_tasks_in_service),
        cmocka_unit_test(a_task_enters_when_its_check_has_passed),
        cmocka_unit_test(a_change_of_marathons_leader_takes_nobody_out),
        cmocka_unit_test(a_sticky_client_stays_with_its_task),
        cmocka_unit_test(a_virtual_host_leads_to_its_app),
        cmocka_unit_test(two_balancers_serve_and_one_may_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
