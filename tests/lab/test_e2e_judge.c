/**
 * @file tests/lab/test_e2e_judge.c
 * @brief Canaries that are judged by what a real HAProxy counts, with requests running: a bad one
 * is stopped, and nobody meets an error but those whom it has answered itself.
 *
 * All tests share one site: each leaves the old version as it was, and the last one takes over.
 */
#include "tests/support/spec.h"

#include "tests/lab/relay.h"
#include "tests/lab/site.h"

#include <stdio.h>
#include <string.h>

#define BACKEND "shop_web_10080"

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

/* The last one; new reference. */
static json_t *resumed(struct site *site, const char *id)
{
    char path[200];
    ZDD_AUTO_JSON json_t *events = NULL;
    json_t *last;

    snprintf(path, sizeof(path), "/v1/events?deploymentId=%s&type=deployment.resumed", id);
    events = e2e_all(site->e, path);
    assert_true(json_array_size(events) > 0);
    last = json_array_get(events, json_array_size(events) - 1);
    return json_incref(last);
}

/* Rounds, and requests of the new version, since the checks have begun. */
struct tried {
    char since[32];
    json_int_t rounds, requests;
};

static struct tried tried_by(struct site *site, const char *id)
{
    ZDD_AUTO_JSON json_t *run = e2e_get(site->e, id);
    struct tried tried = {
        .rounds = json_integer_value(zdd_json_at(run, "/verify/rounds/made")),
        .requests = json_integer_value(zdd_json_at(run, "/verify/new/requests")),
    };

    snprintf(tried.since, sizeof(tried.since), "%s",
             zdd_json_text(json_object_get(run, "verify"), "since", ""));
    return tried;
}

/* Resume is no "look the other way": the checks begin anew, and find what there is. */
static void whoever_resumes_has_read_the_verdict_and_checks_begin_anew(void **state)
{
    struct site *site = *state;
    json_t *request = canary("ERROR_PERCENT", "5", BESIDE);
    ZDD_AUTO_JSON json_t *event = NULL;
    const json_t *read;
    char id[E2E_ID_SIZE];
    struct tried before, after;

    json_object_set_new(request, "onFailure", json_string("hold"));
    e2e_deploy(site->e, request, id);
    e2e_until(site->e, id, "/state", "paused");
    assert_error(site, id, "verify-failed");
    before = tried_by(site, id);
    e2e_command(site->e, id, "resume");
    e2e_until(site->e, id, "/state", "running");
    e2e_until(site->e, id, "/state", "paused");
    assert_error(site, id, "verify-failed");
    after = tried_by(site, id);
    assert_true(strcmp(after.since, before.since) > 0);
    assert_true(after.rounds >= 1);
    event = resumed(site, id);
    read = zdd_json_at(event, "/data/acknowledged");
    assert_non_null(strstr(zdd_json_text(read, "text", ""), "requests failed"));
    assert_int_equal(json_integer_value(zdd_json_at(read, "/new/requests")), before.requests);
    e2e_command(site->e, id, "rollback");
    e2e_await(site->e, id, "rolled-back");
    site_only(site, "/shop/web-blue");
}

static void a_server_that_was_killed_judges_on_with_what_it_had(void **state)
{
    struct site *site = *state;
    const long failed = failed_by_now(site);
    struct tried before, after;
    char id[E2E_ID_SIZE];

    e2e_deploy(site->e, canary(NULL, NULL, BESIDE), id);
    e2e_until_least(site->e, id, "/verify/rounds/made", 2);
    before = tried_by(site, id);
    assert_true(before.requests > 0);
    e2e_kill(site->e);
    e2e_boot(site->e);
    e2e_until_least(site->e, id, "/verify/rounds/made", before.rounds + 2);
    after = tried_by(site, id);
    assert_string_equal(after.since, before.since);
    assert_true(after.requests > before.requests);
    e2e_command(site->e, id, "rollback");
    e2e_await(site->e, id, "rolled-back");
    site_only(site, "/shop/web-blue");
    assert_int_equal(failed_by_now(site), failed);
}

/* The server starts again, and asks Marathon at this port. */
static void move_to(struct site *site, unsigned port)
{
    assert_int_equal(e2e_drain(site->e), 0);
    snprintf(site->e->server.marathon, sizeof(site->e->server.marathon), "http://127.0.0.1:%u",
             port);
    e2e_boot(site->e);
}

/* Weights go to the balancers without Marathon: nobody has to bear a bad version until it is back.
 */
static void a_rollback_takes_the_share_at_once_while_marathon_is_away(void **state)
{
    struct site *site = *state;
    const long failed = failed_by_now(site);
    struct relay *relay = relay_open(site->e->lab->run.port);
    char id[E2E_ID_SIZE];

    move_to(site, relay_port(relay));
    site_begin(site, canary(NULL, NULL, BESIDE), "pausing", id);
    relay_cut(relay);
    e2e_command(site->e, id, "rollback");
    stage_until(site->stage, 0, BACKEND, "DRAIN", 1);
    assert_int_equal(stage_count(site->stage, 0, BACKEND, "UP"), 3);
    e2e_until(site->e, id, "/waitingFor/code", "marathon");
    relay_mend(relay);
    e2e_await(site->e, id, "rolled-back");
    site_only(site, "/shop/web-blue");
    move_to(site, site->e->lab->run.port);
    relay_close(relay);
    assert_int_equal(failed_by_now(site), failed);
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

/* Nobody shall decide about a version that is not there any more. */
static void a_gate_sees_that_its_app_is_gone(void **state)
{
    struct site *site = *state;
    ZDD_AUTO_JSON json_t *decided = NULL;
    char id[E2E_ID_SIZE], path[160];

    e2e_deploy(
        site->e,
        canary(NULL, NULL, "{\"steps\":[{\"weight\":5},{\"gate\":\"go\"}],\"drainSeconds\":2}"),
        id);
    e2e_until(site->e, id, "/state", "waiting");
    assert_int_equal(lab_call(site->e->lab, "DELETE", "/v2/apps//shop/web-green", NULL, NULL), 200);
    e2e_until(site->e, id, "/state", "paused");
    assert_error(site, id, "foreign-change");
    snprintf(path, sizeof(path), "/v1/events?deploymentId=%s&type=deployment.gate.decided", id);
    decided = e2e_all(site->e, path);
    assert_int_equal(json_array_size(decided), 0);
    e2e_command(site->e, id, "rollback");
    e2e_await(site->e, id, "rolled-back");
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
        cmocka_unit_test(whoever_resumes_has_read_the_verdict_and_checks_begin_anew),
        cmocka_unit_test(a_server_that_was_killed_judges_on_with_what_it_had),
        cmocka_unit_test(a_rollback_takes_the_share_at_once_while_marathon_is_away),
        cmocka_unit_test(a_version_that_crashes_goes_back_without_any_check),
        cmocka_unit_test(a_gate_sees_that_its_app_is_gone),
        cmocka_unit_test(too_few_requests_ask_somebody),
        cmocka_unit_test(a_good_version_passes),
    };

    return cmocka_run_group_tests(tests, open_site, close_site);
}
