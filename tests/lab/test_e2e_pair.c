/**
 * @file tests/lab/test_e2e_pair.c
 * @brief Blue-green through a real HAProxy, with requests running all the time: none fails,
 * whatever happens to the deployment.
 */
#include "tests/support/spec.h"

#include "tests/lab/e2e.h"
#include "tests/lab/stage.h"

#include "server/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGENT_PORT 23000
#define OPTION_MAX 8

/* A lab with balancers and a server that knows them. */
struct site {
    struct stage *stage;
    struct e2e *e;
    char balancers[160], agent[64];
    const char *options[OPTION_MAX];
    struct stage_load load;
    char urls[2][64];
};

/* The agent's port stays when the server starts again: it stands in the apps' labels. */
static struct site *open_site(int balancers)
{
    static const char *const two[] = {"--balancers", "2", NULL};
    struct site *site = calloc(1, sizeof(*site));

    assert_non_null(site);
    site->stage = stage_start(balancers == 2 ? two : NULL);
    snprintf(site->balancers, sizeof(site->balancers), "http://%s:%d", site->stage->host,
             (int)stage_number(site->stage, 0, "port"));
    if (balancers == 2) {
        const size_t used = strlen(site->balancers);

        snprintf(site->balancers + used, sizeof(site->balancers) - used, ",http://%s:%d",
                 site->stage->second, (int)stage_number(site->stage, 1, "port"));
    }
    snprintf(site->agent, sizeof(site->agent), "%s:%d", site->stage->host, AGENT_PORT);
    site->options[0] = "--balancer";
    site->options[1] = site->balancers;
    site->options[2] = "--agent-listen";
    site->options[3] = site->agent;
    site->e = e2e_on(site->stage->lab, site->options);
    return site;
}

static void close_site(struct site *site)
{
    e2e_stop(site->e);
    free(site->stage); /* its lab has ended with the rest */
    free(site);
}

static json_t *web(const char *version, const char *health_path)
{
    char port[16];

    snprintf(port, sizeof(port), "%d", STAGE_PORT);
    return json_pack("{s:s, s:i, s:f, s:i, s:{s:s, s:{s:s}}, s:[{s:s}], s:{s:s}, s:{s:s, s:s, s:s},"
                     " s:[{s:s, s:s, s:i, s:i, s:i, s:i}]}",
                     "id", "/shop/web", "instances", 3, "cpus", 0.1, "mem", 32, "container", "type",
                     "DOCKER", "docker", "image", "mhausenblas/simpleservice:0.4.0", "networks",
                     "mode", "host", "env", "SIMPLE_SERVICE_VERSION", version, "labels",
                     "HAPROXY_GROUP", "external", "HAPROXY_0_PORT", port, "HAPROXY_0_MODE", "http",
                     "healthChecks", "protocol", "HTTP", "path", health_path, "gracePeriodSeconds",
                     300, "intervalSeconds", 5, "timeoutSeconds", 20, "maxConsecutiveFailures",
                     100);
}

/* @param options  members of "options", JSON */
static json_t *blue_green(json_t *app, const char *options)
{
    json_t *request = e2e_request("blue-green", app);

    assert_int_equal(json_object_set_new(request, "options", json_loads(options, 0, NULL)), 0);
    return request;
}

static const char quick[] = "{\"keepOldSeconds\":1,\"drainSeconds\":2}";
static const char hot[] = "{\"keepOldSeconds\":300,\"drainSeconds\":2}";

static void ask_all_the_time(struct site *site, int balancers)
{
    const char *urls[3] = {site->urls[0], balancers == 2 ? site->urls[1] : NULL, NULL};

    snprintf(site->urls[0], sizeof(site->urls[0]), "http://%s:%d", site->stage->host, STAGE_PORT);
    snprintf(site->urls[1], sizeof(site->urls[1]), "http://%s:%d", site->stage->second, STAGE_PORT);
    site->load = stage_load_start(urls, NULL);
}

/* Requests go on for a while after the last change, and none has failed. */
static void none_failed(struct site *site)
{
    long answered;

    stage_load_more(&site->load, 200);
    assert_int_equal(stage_load_stop(&site->load, &answered), 0);
    assert_true(answered > 200);
}

static void serves(struct site *site, const char *version)
{
    char seen[32];

    stage_until_status(site->stage->host, STAGE_PORT, NULL, 200, seen);
    assert_string_equal(seen, version);
}

/* Exactly this one of the pair's apps is there. */
static void only(struct site *site, const char *app_id)
{
    ZDD_AUTO_JSON json_t *apps = NULL;
    const json_t *list;

    assert_int_equal(lab_call(site->e->lab, "GET", "/v2/apps", NULL, &apps), 200);
    list = json_object_get(apps, "apps");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(zdd_json_text(json_array_get(list, 0), "id", ""), app_id);
}

static void a_new_version_takes_over_and_the_next_one_from_it(void **state)
{
    struct site *site = open_site(1);

    (void)state;
    e2e_deploy_well(site->e, blue_green(web("0.9", "/health"), quick));
    only(site, "/shop/web-blue");
    ask_all_the_time(site, 1);
    e2e_deploy_well(site->e, blue_green(web("1.0", "/health"), quick));
    only(site, "/shop/web-green");
    serves(site, "1.0");
    e2e_deploy_well(site->e, blue_green(web("1.1", "/health"), quick));
    only(site, "/shop/web-blue");
    serves(site, "1.1");
    none_failed(site);
    close_site(site);
}

static void with_two_balancers_both_have_switched_before_anything_goes(void **state)
{
    struct site *site = open_site(2);

    (void)state;
    e2e_deploy_well(site->e, blue_green(web("0.9", "/health"), quick));
    ask_all_the_time(site, 2);
    e2e_deploy_well(site->e, blue_green(web("1.0", "/health"), quick));
    only(site, "/shop/web-green");
    none_failed(site);
    close_site(site);
}

static void after_the_switch_going_back_is_one_weight(void **state)
{
    struct site *site = open_site(1);
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(site->e, blue_green(web("0.9", "/health"), quick));
    ask_all_the_time(site, 1);
    e2e_deploy(site->e, blue_green(web("1.0", "/health"), hot), id);
    e2e_until(site->e, id, "/phase", "keeping");
    serves(site, "1.0");
    e2e_command(site->e, id, "rollback");
    e2e_await(site->e, id, "rolled-back");
    only(site, "/shop/web-blue");
    serves(site, "0.9");
    none_failed(site);
    close_site(site);
}

static void promote_switches_and_abort_takes_the_new_version_away(void **state)
{
    static const char gated[] = "{\"promote\":\"manual\",\"keepOldSeconds\":0,\"drainSeconds\":2}";
    struct site *site = open_site(1);
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(site->e, blue_green(web("0.9", "/health"), gated));
    ask_all_the_time(site, 1);
    e2e_deploy(site->e, blue_green(web("1.0", "/health"), gated), id);
    e2e_until(site->e, id, "/state", "waiting");
    serves(site, "0.9");
    e2e_command(site->e, id, "abort");
    e2e_await(site->e, id, "canceled");
    only(site, "/shop/web-blue");
    e2e_deploy(site->e, blue_green(web("1.0", "/health"), gated), id);
    e2e_until(site->e, id, "/state", "waiting");
    e2e_command(site->e, id, "promote");
    e2e_await(site->e, id, "succeeded");
    only(site, "/shop/web-green");
    serves(site, "1.0");
    none_failed(site);
    close_site(site);
}

static void a_sick_version_gets_no_request_and_goes_by_the_deadline(void **state)
{
    struct site *site = open_site(1);
    json_t *request;
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(site->e, blue_green(web("0.9", "/health"), quick));
    ask_all_the_time(site, 1);
    request = blue_green(web("1.0", "/there-is-no-such-path"), quick);
    json_object_set_new(request, "deadlineSeconds", json_integer(5));
    e2e_deploy(site->e, request, id);
    e2e_await(site->e, id, "rolled-back");
    only(site, "/shop/web-blue");
    serves(site, "0.9");
    none_failed(site);
    close_site(site);
}

/* It may be over before anybody has seen it: then the kill comes later, which is as good. */
static void until_phase(struct site *site, const char *id, const char *phase)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;
    bool there = false;

    while (!there && zdd_mono_ms() < until_ms) {
        ZDD_AUTO_JSON json_t *run = e2e_get(site->e, id);

        there = strcmp(zdd_json_text(run, "phase", ""), phase) == 0 ||
                json_is_string(json_object_get(run, "endedAt"));
    }
    assert_true(there);
}

static void a_server_killed_in_any_phase_goes_on_where_it_was(void **state)
{
    static const char *const phases[] = {"shifting", "rolling",  "joining", "keeping",
                                         "draining", "retiring", "settling"};
    struct site *site = open_site(1);
    char version[16] = "v0";

    (void)state;
    e2e_deploy_well(site->e, blue_green(web(version, "/health"), quick));
    ask_all_the_time(site, 1);
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        char id[E2E_ID_SIZE];

        snprintf(version, sizeof(version), "v%zu", i + 1);
        e2e_deploy(site->e, blue_green(web(version, "/health"), quick), id);
        until_phase(site, id, phases[i]);
        e2e_kill(site->e);
        e2e_boot(site->e);
        e2e_await(site->e, id, "succeeded");
        serves(site, version);
    }
    none_failed(site);
    close_site(site);
}

static void a_plain_app_becomes_the_old_one_of_a_pair(void **state)
{
    struct site *site = open_site(1);
    ZDD_AUTO_JSON json_t *request = NULL;
    ZDD_AUTO_JSON json_t *plan = NULL;
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(site->e, e2e_request("rolling", web("0.9", "/health")));
    only(site, "/shop/web");
    request = blue_green(web("1.0", "/health"), quick);
    plan = e2e_plan(site->e, request);
    assert_string_equal(zdd_json_text(zdd_json_at(plan, "/warnings/0"), "code", ""),
                        "restart-for-label");
    e2e_deploy_plan(site->e, plan, id);
    e2e_await(site->e, id, "succeeded");
    only(site, "/shop/web-blue");
    serves(site, "1.0");
    close_site(site);
}

static void refuse(struct site *site, const char *pointer, json_t *value, const char *words)
{
    json_t *app = web("1.0", "/health");
    struct apiclient_answer answer;

    if (strcmp(pointer, "healthChecks") == 0) {
        json_decref(value);
        json_object_del(app, pointer);
    } else {
        json_object_set_new(json_object_get(app, "labels"), pointer, value);
    }
    answer = e2e_refused(site->e, blue_green(app, quick), 422, "body-invalid");
    assert_non_null(strstr(answer.body, words));
    apiclient_answer_release(&answer);
}

static void what_marathon_lb_would_not_obey_is_refused_with_the_reason(void **state)
{
    struct site *site = open_site(1);

    (void)state;
    refuse(site, "healthChecks", NULL, "nobody knows when the new version can take requests");
    refuse(site, "HAPROXY_0_BALANCE", json_string("leastconn"), "does not obey weights");
    refuse(site, "HAPROXY_0_BACKEND_SERVER_OPTIONS", json_string("server x"), "server line");
    refuse(site, "HAPROXY_0_PORT", json_string("no port"), "a service port that stays");
    close_site(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_version_takes_over_and_the_next_one_from_it),
        cmocka_unit_test(with_two_balancers_both_have_switched_before_anything_goes),
        cmocka_unit_test(after_the_switch_going_back_is_one_weight),
        cmocka_unit_test(promote_switches_and_abort_takes_the_new_version_away),
        cmocka_unit_test(a_sick_version_gets_no_request_and_goes_by_the_deadline),
        cmocka_unit_test(a_server_killed_in_any_phase_goes_on_where_it_was),
        cmocka_unit_test(a_plain_app_becomes_the_old_one_of_a_pair),
        cmocka_unit_test(what_marathon_lb_would_not_obey_is_refused_with_the_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
