/**
 * @file tests/lab/test_e2e_pair.c
 * @brief Blue-green through a real HAProxy, with requests running all the time: none fails,
 * whatever happens to the deployment.
 */
#include "tests/support/spec.h"

#include "tests/lab/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void a_new_version_takes_over_and_the_next_one_from_it(void **state)
{
    struct site *site = site_open(1);

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), SITE_QUICK));
    site_only(site, SITE_BLUE);
    site_load(site);
    e2e_deploy_well(site->e, site_blue_green(site_app("1.0", "/health"), SITE_QUICK));
    site_only(site, SITE_GREEN);
    site_serves(site, "1.0");
    e2e_deploy_well(site->e, site_blue_green(site_app("1.1", "/health"), SITE_QUICK));
    site_only(site, SITE_BLUE);
    site_serves(site, "1.1");
    site_close_well(site);
}

static void with_two_balancers_both_have_switched_before_anything_goes(void **state)
{
    struct site *site = site_open_old(2);

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(site_app("1.0", "/health"), SITE_QUICK));
    site_only(site, SITE_GREEN);
    site_close_well(site);
}

/* No agent: the weights go over the Runtime API, and outlive the reloads by the new apps. */
static void the_router_haproxy_switches_and_goes_back_without_an_agent(void **state)
{
    static const char quick[] = "{\"keepOldSeconds\":1,\"drainSeconds\":2,\"router\":\"haproxy\"}";
    struct site *site = site_open_runtime();
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), quick));
    site_load(site);
    e2e_deploy_well(site->e, site_blue_green(site_app("1.0", "/health"), quick));
    site_only(site, SITE_GREEN);
    site_serves(site, "1.0");
    e2e_deploy(site->e, site_blue_green(site_app("1.1", "/health"), SITE_HOT), id);
    e2e_until(site->e, id, "/phase", "keeping");
    site_serves(site, "1.1");
    e2e_command(site->e, id, "rollback");
    site_ends(site, id, "rolled-back", SITE_GREEN, "1.0");
    site_close_well(site);
}

static void after_the_switch_going_back_is_one_weight(void **state)
{
    struct site *site = site_open_old(1);
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy(site->e, site_blue_green(site_app("1.0", "/health"), SITE_HOT), id);
    e2e_until(site->e, id, "/phase", "keeping");
    site_serves(site, "1.0");
    e2e_command(site->e, id, "rollback");
    site_ends(site, id, "rolled-back", SITE_BLUE, "0.9");
    site_close_well(site);
}

static void promote_switches_and_abort_takes_the_new_version_away(void **state)
{
    static const char gated[] = "{\"promote\":\"manual\",\"keepOldSeconds\":0,\"drainSeconds\":2}";
    struct site *site = site_open(1);
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), gated));
    site_load(site);
    e2e_deploy(site->e, site_blue_green(site_app("1.0", "/health"), gated), id);
    e2e_until(site->e, id, "/state", "waiting");
    site_serves(site, "0.9");
    e2e_command(site->e, id, "abort");
    e2e_await(site->e, id, "canceled");
    site_only(site, SITE_BLUE);
    e2e_deploy(site->e, site_blue_green(site_app("1.0", "/health"), gated), id);
    e2e_until(site->e, id, "/state", "waiting");
    e2e_command(site->e, id, "promote");
    site_ends(site, id, "succeeded", SITE_GREEN, "1.0");
    site_close_well(site);
}

static void a_sick_version_gets_no_request_and_goes_by_the_deadline(void **state)
{
    struct site *site = site_open_old(1);
    json_t *request;
    char id[E2E_ID_SIZE];

    (void)state;
    request = site_blue_green(site_app("1.0", "/there-is-no-such-path"), SITE_QUICK);
    json_object_set_new(request, "deadlineSeconds", json_integer(5));
    e2e_deploy(site->e, request, id);
    site_ends(site, id, "rolled-back", SITE_BLUE, "0.9");
    site_close_well(site);
}

static json_t *quickly(const char *version)
{
    return site_blue_green(site_app(version, "/health"), SITE_QUICK);
}

static void a_server_killed_in_any_phase_goes_on_where_it_was(void **state)
{
    static const char *const phases[] = {"shifting", "rolling",  "joining", "keeping",
                                         "draining", "retiring", "settling"};
    struct site *site = site_open_old(1);

    (void)state;
    site_kill_in_each(site, quickly, phases, sizeof(phases) / sizeof(phases[0]));
    site_close_well(site);
}

/* What was sent to one colour is known for the other: the marker that is shown is enough. */
static void a_secret_goes_from_one_colour_to_the_other_by_its_marker(void **state)
{
    struct site *site = site_open(1);
    json_t *app = site_app("0.9", "/health");
    ZDD_AUTO_JSON json_t *revisions = NULL;
    ZDD_AUTO_JSON json_t *green = NULL;
    const char *marker;

    (void)state;
    assert_int_equal(
        json_object_set_new(json_object_get(app, "env"), "DB_PASSWORD", json_string("cAnArY")), 0);
    e2e_deploy_well(site->e, site_blue_green(app, SITE_QUICK));
    revisions = e2e_all(site->e, "/v1/apps/%2Fshop%2Fweb/revisions");
    marker = json_string_value(zdd_json_at(revisions, "/0/definition/env/DB_PASSWORD"));
    assert_non_null(marker);
    assert_string_not_equal(marker, "cAnArY");
    e2e_deploy_well(site->e, json_pack("{s:s, s:s, s:{s:{s:s, s:s}}, s:{s:i, s:i}}", "strategy",
                                       "blue-green", "appId", "/shop/web", "change", "env",
                                       "SIMPLE_SERVICE_VERSION", "1.0", "DB_PASSWORD", marker,
                                       "options", "keepOldSeconds", 1, "drainSeconds", 2));
    assert_int_equal(lab_call(site->e->lab, "GET", "/v2/apps" SITE_GREEN, NULL, &green), 200);
    assert_string_equal(json_string_value(zdd_json_at(green, "/app/env/DB_PASSWORD")), "cAnArY");
    site_close(site);
}

static void a_plain_app_becomes_the_old_one_of_a_pair(void **state)
{
    struct site *site = site_open(1);
    ZDD_AUTO_JSON json_t *request = NULL;
    ZDD_AUTO_JSON json_t *plan = NULL;
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(site->e, e2e_request("rolling", site_app("0.9", "/health")));
    site_only(site, "/shop/web");
    request = site_blue_green(site_app("1.0", "/health"), SITE_QUICK);
    plan = e2e_plan(site->e, request);
    assert_string_equal(zdd_json_text(zdd_json_at(plan, "/warnings/0"), "code", ""),
                        "restart-for-label");
    e2e_deploy_plan(site->e, plan, id);
    site_ends(site, id, "succeeded", SITE_BLUE, "1.0");
    site_close(site);
}

static void refuse(struct site *site, const char *pointer, json_t *value, const char *words)
{
    json_t *app = site_app("1.0", "/health");
    struct apiclient_answer answer;

    if (strcmp(pointer, "healthChecks") == 0) {
        json_decref(value);
        json_object_del(app, pointer);
    } else {
        json_object_set_new(json_object_get(app, "labels"), pointer, value);
    }
    answer = e2e_refused(site->e, site_blue_green(app, SITE_QUICK), 422, "body-invalid");
    assert_non_null(strstr(answer.body, words));
    apiclient_answer_release(&answer);
}

static void what_marathon_lb_would_not_obey_is_refused_with_the_reason(void **state)
{
    struct site *site = site_open(1);

    (void)state;
    refuse(site, "healthChecks", NULL, "nobody knows when the new version can take requests");
    refuse(site, "HAPROXY_0_BALANCE", json_string("leastconn"), "does not obey weights");
    refuse(site, "HAPROXY_0_BACKEND_SERVER_OPTIONS", json_string("server x"), "server line");
    refuse(site, "HAPROXY_0_PORT", json_string("no port"), "a service port that stays");
    site_close(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_version_takes_over_and_the_next_one_from_it),
        cmocka_unit_test(with_two_balancers_both_have_switched_before_anything_goes),
        cmocka_unit_test(the_router_haproxy_switches_and_goes_back_without_an_agent),
        cmocka_unit_test(after_the_switch_going_back_is_one_weight),
        cmocka_unit_test(promote_switches_and_abort_takes_the_new_version_away),
        cmocka_unit_test(a_sick_version_gets_no_request_and_goes_by_the_deadline),
        cmocka_unit_test(a_server_killed_in_any_phase_goes_on_where_it_was),
        cmocka_unit_test(a_secret_goes_from_one_colour_to_the_other_by_its_marker),
        cmocka_unit_test(a_plain_app_becomes_the_old_one_of_a_pair),
        cmocka_unit_test(what_marathon_lb_would_not_obey_is_refused_with_the_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
