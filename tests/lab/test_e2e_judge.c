/**
 * @file tests/lab/test_e2e_judge.c
 * @brief Canaries that are judged by what a real HAProxy counts, with requests running: a bad one
 * is stopped, and nobody meets an error but those whom it has answered itself.
 *
 * All tests share one site: each leaves the old version as it was, and the last one takes over.
 */
#include "tests/support/spec.h"

#include "tests/lab/site.h"

#include <stdio.h>
#include <string.h>

/* Six seconds of both versions, unless it is clear before. */
#define CHECK                                                                                      \
    "{\"source\":\"haproxy\",\"measure\":\"errorRate\",\"max\":0.02,\"worseThanOld\":true}"
#define VERIFY(requests, on_inconclusive)                                                          \
    "{\"checks\":[" CHECK "],\"intervalSeconds\":2,\"count\":3,\"failureLimit\":0,"                \
    "\"minRequests\":" requests ",\"onInconclusive\":\"" on_inconclusive "\"}"
#define STEP(requests, on_inconclusive)                                                            \
    "{\"steps\":[{\"weight\":20},{\"verify\":" VERIFY(requests,                                    \
                                                      on_inconclusive) "}],\"keepOldSeconds\":1,"  \
                                                                       "\"drainSeconds\":2}"
#define BESIDE                                                                                     \
    "{\"steps\":[{\"weight\":20},{\"pauseSeconds\":3600}],\"verify\":" VERIFY(                     \
        "50", "wait") ",\"keepOldSeconds\":1,\"drainSeconds\":2}"

/* @param flaw  a variable of simpleservice that makes it a bad version, or NULL */
static json_t *canary(const char *flaw, const char *value, const char *options)
{
    json_t *app = site_app("1.0", "/health");
    json_t *request;

    if (flaw)
        json_object_set_new(json_object_get(app, "env"), flaw, json_string(value));
    request = site_blue_green(app, options);
    json_object_set_new(request, "strategy", json_string("canary"));
    return request;
}

static void assert_error(struct site *site, const char *id, const char *code)
{
    ZDD_AUTO_JSON json_t *run = e2e_get(site->e, id);

    print_message("%s\n", zdd_json_text(json_object_get(run, "error"), "text", "no error"));
    assert_string_equal(zdd_json_text(json_object_get(run, "error"), "code", ""), code);
}

static long failed_by_now(struct site *site)
{
    ZDD_AUTO_JSON json_t *counts = stage_load_counts(&site->load);

    return (long)zdd_json_int(counts, "failed", -1);
}

/* What the rounds' events tell of both versions together. */
struct told {
    int rounds;
    json_int_t new_failures, old_failures;
};

static struct told told_of(struct site *site, const char *id)
{
    char path[200];
    ZDD_AUTO_JSON json_t *events = NULL;
    struct told told = {0};
    size_t i;
    json_t *event;

    snprintf(path, sizeof(path), "/v1/events?deploymentId=%s&type=deployment.verify.measured", id);
    events = e2e_all(site->e, path);
    json_array_foreach(events, i, event)
    {
        const json_t *check = zdd_json_at(event, "/data/measured/checks/0");

        told.rounds++;
        told.new_failures += json_integer_value(zdd_json_at(check, "/new/failures"));
        told.old_failures += json_integer_value(zdd_json_at(check, "/old/failures"));
    }
    return told;
}

/* It is stopped by what it has answered itself, and by nothing else. */
static void assert_stopped(struct site *site, const char *options)
{
    const long before = failed_by_now(site);
    char id[E2E_ID_SIZE];
    struct told told;
    long failed;

    e2e_deploy(site->e, canary("ERROR_PERCENT", "5", options), id);
    e2e_await(site->e, id, "rolled-back");
    assert_error(site, id, "verify-failed");
    site_only(site, "/shop/web-blue");
    told = told_of(site, id);
    failed = failed_by_now(site) - before;
    print_message("%d rounds, %ld requests failed\n", told.rounds, failed);
    assert_true(told.rounds >= 1 && told.new_failures > 0);
    assert_int_equal(told.old_failures, 0);
    assert_true(failed >= told.new_failures);
    assert_true(failed < 200);
}

static void a_step_stops_a_version_with_errors(void **state)
{
    assert_stopped(*state, STEP("50", "wait"));
}

static void checks_beside_the_steps_stop_it_in_a_pause(void **state)
{
    assert_stopped(*state, BESIDE);
}

static void a_version_that_crashes_goes_back_without_any_check(void **state)
{
    struct site *site = *state;
    char id[E2E_ID_SIZE];

    e2e_deploy(site->e,
               canary("CRASH_AFTER", "40",
                      "{\"steps\":[{\"weight\":20},{\"pauseSeconds\":3600}],\"drainSeconds\":2}"),
               id);
    e2e_await(site->e, id, "rolled-back");
    assert_error(site, id, "canary-unwell");
    site_only(site, "/shop/web-blue");
}

static void too_few_requests_ask_somebody(void **state)
{
    struct site *site = *state;
    char id[E2E_ID_SIZE], path[160];

    e2e_deploy(site->e, canary(NULL, NULL, STEP("1000000", "gate")), id);
    e2e_until(site->e, id, "/state", "waiting");
    e2e_until_explained(site->e, id, "of 1000000 requests");
    snprintf(path, sizeof(path), "/v1/deployments/%s/gates/verify-1/decisions", id);
    apiclient_expect(
        apiclient_post(site->e->api, path, "{\"decision\":\"reject\",\"reason\":\"too few\"}"), 202,
        NULL);
    e2e_await(site->e, id, "rolled-back");
    assert_error(site, id, "gate-rejected");
}

static void a_good_version_passes(void **state)
{
    struct site *site = *state;
    const long before = failed_by_now(site);
    char id[E2E_ID_SIZE];
    struct told told;

    e2e_deploy(site->e, canary(NULL, NULL, STEP("50", "wait")), id);
    e2e_await(site->e, id, "succeeded");
    told = told_of(site, id);
    assert_true(told.rounds >= 3);
    assert_int_equal(told.new_failures + told.old_failures, 0);
    site_only(site, "/shop/web-green");
    site_serves(site, "1.0");
    assert_int_equal(failed_by_now(site), before);
}

static int open_site(void **state)
{
    struct site *site = site_open(1);

    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), SITE_QUICK));
    site_load(site);
    *state = site;
    return 0;
}

static int close_site(void **state)
{
    struct site *site = *state;

    (void)stage_load_stop(&site->load, NULL);
    site_close(site);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_stops_a_version_with_errors),
        cmocka_unit_test(checks_beside_the_steps_stop_it_in_a_pause),
        cmocka_unit_test(a_version_that_crashes_goes_back_without_any_check),
        cmocka_unit_test(too_few_requests_ask_somebody),
        cmocka_unit_test(a_good_version_passes),
    };

    return cmocka_run_group_tests(tests, open_site, close_site);
}
