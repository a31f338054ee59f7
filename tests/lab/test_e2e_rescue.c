/**
 * @file tests/lab/test_e2e_rescue.c
 * @brief What a killed zdd.py leaves, behind a real HAProxy with requests running: it is
 * recognised, finished and gone back.
 */
#include "tests/support/spec.h"

#include "tests/lab/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALT_PORT STAGE_PORT + 1
#define TARGET 4

/* Of so many requests one may fail while Marathon replaces tasks for their labels: it ends each at
 * once, whatever it is answering. From then on none may. */
#define FAILS_ONE_OF 200

static void label(json_t *app, const char *name, const char *value)
{
    assert_int_equal(json_object_set_new(json_object_get(app, "labels"), name, json_string(value)),
                     0);
}

/* As PREPARE makes it (marathon-lb.md §2.2): the app of the file with a colour behind its id. */
static json_t *zdd_py_app(const char *colour, const char *version, int instances,
                          const char *started_at)
{
    json_t *app = site_app(version, "/health");
    char id[40], alt[16];

    snprintf(id, sizeof(id), "/shop/web-%s", colour);
    snprintf(alt, sizeof(alt), "%d", ALT_PORT);
    json_object_set_new(app, "id", json_string(id));
    json_object_set_new(app, "instances", json_integer(instances));
    label(app, "HAPROXY_DEPLOYMENT_GROUP", "web");
    label(app, "HAPROXY_DEPLOYMENT_ALT_PORT", alt);
    label(app, "HAPROXY_DEPLOYMENT_COLOUR", colour);
    label(app, "HAPROXY_DEPLOYMENT_STARTED_AT", started_at);
    label(app, "HAPROXY_DEPLOYMENT_TARGET_INSTANCES", "4");
    label(app, "HAPROXY_DEPLOYMENT_NEW_INSTANCES", "0");
    label(app, "HAPROXY_APP_ID", "/shop/web");
    return app;
}

static void put(struct site *site, json_t *app)
{
    ZDD_AUTO_JSON json_t *owned = app;
    char path[80], *text = json_dumps(owned, JSON_COMPACT);

    snprintf(path, sizeof(path), "/v2/apps%s", zdd_json_text(owned, "id", ""));
    assert_in_range(lab_call(site->e->lab, "PUT", path, text, NULL), 200, 201);
    free(text);
    lab_until_json(site->e->lab, "/v2/deployments", "", "[]");
}

/* Killed between "kill old" and "scale new": three of four blue ones, one green one. */
static struct site *open_half_way(void)
{
    /* As long as a balancer takes to notice: no real process starts in less, and two dead ones side
     * by side would cost requests that no cluster's replacing costs. */
    static const char *const unhurried[] = {"--start-delay", "800", NULL};
    struct site *site = site_open_with(unhurried);

    put(site, zdd_py_app("blue", "0.9", TARGET, "2024-05-01T10:00:00.123456"));
    put(site, zdd_py_app("green", "1.0", 1, "2024-05-02T10:00:00.654321"));
    put(site, zdd_py_app("blue", "0.9", TARGET - 1, "2024-05-01T10:00:00.123456"));
    stage_until(site->stage, 0, "web_10080", "UP", TARGET);
    return site;
}

static json_t *seen(struct site *site, const char *path)
{
    struct apiclient_answer answer = apiclient_get(site->e->api, path);
    json_t *json = json_incref(answer.json);

    assert_int_equal(answer.status, 200);
    apiclient_answer_release(&answer);
    return json;
}

/* The body of an offer, as it is. */
static json_t *offered(struct site *site, const char *what)
{
    ZDD_AUTO_JSON json_t *app = seen(site, "/v1/apps/%2Fshop%2Fweb");
    size_t index;
    json_t *offer;

    json_array_foreach(zdd_json_at(app, "/pair/offers"), index, offer)
    {
        if (strcmp(zdd_json_text(offer, "do", ""), what) == 0)
            return json_deep_copy(json_object_get(offer, "request"));
    }
    fail_msg("no offer to %s", what);
    return NULL;
}

static void what_is_left_is_recognised(void **state)
{
    struct site *site = open_half_way();
    static const char *const paths[] = {"/v1/apps/%2Fshop%2Fweb", "/v1/apps/%2Fshop%2Fweb-blue",
                                        "/v1/apps/%2Fshop%2Fweb-green"};

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ZDD_AUTO_JSON json_t *app = seen(site, paths[i]);

        assert_string_equal(zdd_json_text(zdd_json_at(app, "/pair"), "condition", ""), "two-apps");
        assert_int_equal(json_array_size(zdd_json_at(app, "/pair/apps")), 2);
        assert_int_equal(json_array_size(zdd_json_at(app, "/pair/offers")), 3);
    }
    site_close(site);
}

/* The label's value in what is left of the pair. */
static void assert_label(const json_t *app, const char *name, const char *value)
{
    const char *found = zdd_json_text(json_object_get(app, "labels"), name, "(none)");

    if (strcmp(found, value) != 0)
        fail_msg("%s: %s, not %s", name, found, value);
}

/* zdd.py's LIST, PREPARE and SWAP read these of the last app (marathon-lb.md §2.2). */
static void zdd_py_can_go_on(struct site *site, const char *id, const char *colour,
                             const char *started_at)
{
    ZDD_AUTO_JSON json_t *answer = NULL;
    const json_t *app;
    char path[80];

    snprintf(path, sizeof(path), "/v2/apps%s", id);
    assert_int_equal(lab_call(site->e->lab, "GET", path, NULL, &answer), 200);
    app = json_object_get(answer, "app");
    assert_int_equal(zdd_json_int(app, "instances", 0), TARGET);
    assert_label(app, "HAPROXY_DEPLOYMENT_GROUP", "web");
    assert_label(app, "HAPROXY_DEPLOYMENT_COLOUR", colour);
    assert_label(app, "HAPROXY_DEPLOYMENT_ALT_PORT", "10081");
    assert_label(app, "HAPROXY_DEPLOYMENT_STARTED_AT", started_at);
    assert_label(app, "HAPROXY_APP_ID", "/shop/web");
    assert_label(app, "HAPROXY_0_PORT", "10080");
}

static void take(const char *what, const char *id, const char *version, const char *started_at)
{
    struct site *site = open_half_way();
    const char *colour = strrchr(id, '-') + 1;
    char run[E2E_ID_SIZE];
    json_t *request = offered(site, what);
    long failed, answered;

    json_object_set_new(json_object_get(request, "options"), "keepOldSeconds", json_integer(1));
    json_object_set_new(json_object_get(request, "options"), "drainSeconds", json_integer(2));
    site_load(site);
    e2e_deploy(site->e, request, run);
    e2e_await(site->e, run, "succeeded");
    stage_load_more(&site->load, 200);
    failed = stage_load_stop(&site->load, &answered);
    print_message("%s: %ld answered, %ld failed, 4 instances replaced for their labels\n", what,
                  answered, failed);
    assert_true(failed >= 0 && failed * FAILS_ONE_OF <= answered);
    site_only(site, id);
    site_serves(site, version);
    zdd_py_can_go_on(site, id, colour, started_at);
    site_close(site);
}

static void it_is_finished(void **state)
{
    (void)state;
    take("finish", SITE_GREEN, "1.0", "2024-05-02T10:00:00.654321");
}

static void it_goes_back(void **state)
{
    (void)state;
    take("go-back", SITE_BLUE, "0.9", "2024-05-01T10:00:00.123456");
}

/* From here on nothing is replaced for labels, so nothing may fail. */
static void an_abort_leaves_both_with_even_weights(void **state)
{
    struct site *site = open_half_way();
    char run[E2E_ID_SIZE], weight[64];
    json_t *request = offered(site, "finish");

    (void)state;
    json_object_set_new(json_object_get(request, "options"), "drainSeconds", json_integer(2));
    e2e_deploy(site->e, request, run); /* keeps the old app hot for five minutes */
    site_until_phase(site, run, "keeping");
    site_serves(site, "1.0");
    site_load(site);
    e2e_command(site->e, run, "abort");
    e2e_await(site->e, run, "canceled");
    stage_until(site->stage, 0, "web_10080", "UP", 2 * TARGET - 1);
    stage_cell(site->stage, 0, "web_10080", "BACKEND", "weight", weight);
    assert_string_equal(weight, "7");

    /* Both are ours by now: the next one costs no request. */
    request = offered(site, "go-back");
    json_object_set_new(json_object_get(request, "options"), "keepOldSeconds", json_integer(0));
    json_object_set_new(json_object_get(request, "options"), "drainSeconds", json_integer(2));
    e2e_deploy(site->e, request, run);
    e2e_await(site->e, run, "succeeded");
    site_none_failed(site);
    site_only(site, SITE_BLUE);
    site_serves(site, "0.9");
    site_close(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_is_recognised),
        cmocka_unit_test(it_is_finished),
        cmocka_unit_test(it_goes_back),
        cmocka_unit_test(an_abort_leaves_both_with_even_weights),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
