/**
 * @file tests/lab/test_e2e_verify.c
 * @brief A new version is checked before the switch, through a real HAProxy: a bad one goes without
 * having had a request, a good one takes over, and a server that dies meanwhile goes on.
 */
#include "tests/support/spec.h"

#include "tests/lab/site.h"

#include "server/base/clock.h"
#include "tests/unit/server/net/peer.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define ASKED_WHILE_VERIFYING 100

#define OPTIONS(verify) "{\"keepOldSeconds\":0,\"drainSeconds\":2,\"verify\":{" verify "}}"
#define OF_VERSION(version)                                                                        \
    "{\"source\":\"http\",\"url\":\"/info\",\"pointer\":\"/version\",\"equals\":\"" version "\"}"

static const char missing[] = OPTIONS("\"checks\":[{\"source\":\"http\",\"url\":\"/ready?deep=1\"},"
                                      "{\"source\":\"http\",\"url\":\"/health\"}],"
                                      "\"intervalSeconds\":1,\"count\":10,\"failureLimit\":2");
static const char good[] = OPTIONS(
    "\"checks\":[" OF_VERSION("1.0") "],"
                                     "\"intervalSeconds\":1,\"count\":3,\"failureLimit\":0");
static const char slowly[] =
    OPTIONS("\"checks\":[" OF_VERSION("1.0") "],"
                                             "\"intervalSeconds\":1,\"count\":6");
static const char plain[] = "{\"keepOldSeconds\":0,\"drainSeconds\":2}";

/* The evidence of the step verify; borrowed from @p ret_steps. */
static const json_t *evidence_of(struct site *site, const char *id,
                                 struct apiclient_answer *ret_steps)
{
    char path[100];
    size_t index;
    json_t *step;

    snprintf(path, sizeof(path), "/v1/deployments/%s/steps", id);
    *ret_steps = apiclient_get(site->e->api, path);
    json_array_foreach(zdd_json_at(ret_steps->json, "/items"), index, step)
    {
        if (strcmp(zdd_json_text(step, "kind", ""), "verify") == 0)
            return json_object_get(step, "evidence");
    }
    fail_msg("there is no step verify");
    return NULL;
}

static const char *text(const json_t *json, const char *pointer)
{
    const char *found = json_string_value(zdd_json_at(json, pointer));

    if (!found)
        fail_msg("%s is no text", pointer);
    return found;
}

/* Rounds told by events are those of the evidence. */
static void assert_events(struct site *site, const char *id, const json_t *rounds)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char path[160];
    size_t index, found = 0;
    json_t *event;

    snprintf(path, sizeof(path), "/v1/events?deploymentId=%s", id);
    events = e2e_all(site->e, path);
    json_array_foreach(events, index, event)
    {
        if (strcmp(zdd_json_text(event, "type", ""), "deployment.verify.measured") != 0)
            continue;
        assert_true(
            json_equal(zdd_json_at(event, "/data/measured"), json_array_get(rounds, found)));
        found++;
    }
    assert_int_equal(found, json_array_size(rounds));
}

static void a_version_that_fails_its_checks_goes_without_a_request(void **state)
{
    struct site *site = site_open(1);
    APICLIENT_AUTO struct apiclient_answer steps = {0};
    ZDD_AUTO_JSON json_t *run = NULL;
    const json_t *rounds;
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), plain));
    site_load(site);
    e2e_deploy(site->e, site_blue_green(site_app("1.0", "/health"), missing), id);
    site_until_phase(site, id, "verifying");
    for (int i = 0; i < ASKED_WHILE_VERIFYING; i++)
        site_serves(site, "0.9");
    e2e_until_explained(site->e, id, "verify: 0 of 10 passed, /ready of ");
    site_ends(site, id, "rolled-back", SITE_BLUE, "0.9");
    site_none_failed(site);
    run = e2e_get(site->e, id);
    assert_string_equal(text(run, "/error/code"), "verify-failed");
    assert_non_null(strstr(text(run, "/error/text"), "said 404"));
    assert_null(strstr(text(run, "/error/text"), "deep"));
    rounds = json_object_get(evidence_of(site, id, &steps), "rounds");
    assert_int_equal(json_array_size(rounds), 3); /* more than failureLimit */
    assert_string_equal(text(rounds, "/0/result"), "failed");
    assert_string_equal(text(rounds, "/0/checks/0/result"), "failed");
    assert_int_equal(json_integer_value(zdd_json_at(rounds, "/0/checks/0/asked")), 3);
    assert_int_equal(json_integer_value(zdd_json_at(rounds, "/0/checks/0/passed")), 0);
    assert_int_equal(json_integer_value(zdd_json_at(rounds, "/0/checks/0/value")), 404);
    assert_string_equal(text(rounds, "/0/checks/1/result"), "passed");
    assert_events(site, id, rounds);
    site_close(site);
}

static void a_version_that_passes_takes_over(void **state)
{
    struct site *site = site_open(1);
    APICLIENT_AUTO struct apiclient_answer steps = {0};
    const json_t *rounds;
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), plain));
    site_load(site);
    e2e_deploy(site->e, site_blue_green(site_app("1.0", "/health"), good), id);
    site_ends(site, id, "succeeded", SITE_GREEN, "1.0");
    site_none_failed(site);
    rounds = json_object_get(evidence_of(site, id, &steps), "rounds");
    assert_int_equal(json_array_size(rounds), 3);
    assert_string_equal(text(rounds, "/2/result"), "passed");
    assert_string_equal(text(rounds, "/2/checks/0/value"), "1.0");
    assert_events(site, id, rounds);
    site_close(site);
}

/* Wait until so many rounds have been made. */
static void until_rounds(struct site *site, const char *id, size_t count)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;
    size_t seen = 0;

    while (seen < count && zdd_mono_ms() < until_ms) {
        APICLIENT_AUTO struct apiclient_answer steps = {0};

        seen = json_array_size(json_object_get(evidence_of(site, id, &steps), "rounds"));
    }
    assert_true(seen >= count);
}

static void a_server_killed_between_rounds_goes_on_with_the_next(void **state)
{
    struct site *site = site_open(1);
    APICLIENT_AUTO struct apiclient_answer steps = {0};
    const json_t *rounds;
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), plain));
    site_load(site);
    e2e_deploy(site->e, site_blue_green(site_app("1.0", "/health"), slowly), id);
    until_rounds(site, id, 2);
    e2e_kill(site->e);
    e2e_boot(site->e);
    e2e_await(site->e, id, "succeeded");
    site_serves(site, "1.0");
    site_none_failed(site);
    rounds = json_object_get(evidence_of(site, id, &steps), "rounds");
    assert_int_equal(json_array_size(rounds), 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(zdd_json_int(json_array_get(rounds, i), "round", 0), (int64_t)i + 1);
    site_close(site);
}

/* One that says that all is well, until it is told otherwise. */
static void moody(struct peer *peer, int fd, int index)
{
    const atomic_bool *bad = peer->cls;

    (void)index;
    while (peer_read(peer, fd)) {
        if (!peer_say(fd, atomic_load(bad)
                              ? "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"errors\":9}"
                              : "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"errors\":0}"))
            break;
    }
}

static void another_service_ends_a_canary_in_the_middle_of_a_pause(void **state)
{
    static const char options[] =
        "{\"keepOldSeconds\":0,\"drainSeconds\":2,\"steps\":[{\"weight\":50},{\"pauseSeconds\":3600}],"
        "\"verify\":{\"checks\":[{\"source\":\"http\",\"url\":\"%s/errors\",\"pointer\":\"/errors\","
        "\"max\":5}],\"intervalSeconds\":1,\"count\":3,\"failureLimit\":1}}";
    struct site *site = site_open(1);
    ZDD_AUTO_JSON json_t *run = NULL;
    struct peer service = {0};
    atomic_bool bad = false;
    char text_of[500], id[E2E_ID_SIZE];

    (void)state;
    peer_start(&service, moody, &bad);
    snprintf(text_of, sizeof(text_of), options, service.url);
    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), plain));
    site_load(site);
    e2e_deploy(site->e, site_canary("1.0", text_of), id);
    site_until_phase(site, id, "pausing");
    assert_true(peer_wait_requests(&service, atomic_load(&service.requests) + 2));
    atomic_store(&bad, true);
    site_ends(site, id, "rolled-back", SITE_BLUE, "0.9");
    site_none_failed(site);
    run = e2e_get(site->e, id);
    assert_string_equal(text(run, "/error/code"), "verify-failed");
    assert_non_null(strstr(text(run, "/error/text"), "has 9 at /errors, above 5"));
    peer_stop(&service);
    site_close(site);
}

static void another_host_is_refused_unless_the_server_allows_it(void **state)
{
    static const char absolute[] =
        OPTIONS("\"checks\":[{\"source\":\"http\",\"url\":\"http://10.255.255.1/x\"}]");
    struct site *site = site_open(1);
    struct apiclient_answer answer;

    (void)state;
    answer = e2e_refused(site->e, site_blue_green(site_app("1.0", "/health"), absolute), 422,
                         "body-invalid");
    assert_non_null(strstr(answer.body, "#/options/verify/checks/0/url"));
    assert_non_null(strstr(answer.body, "verify-hosts"));
    apiclient_answer_release(&answer);
    site_close(site);
}

/* A Prometheus that knows two things: all is up, and half of what is asked of errors. */
static void prometheus(struct peer *peer, int fd, int index)
{
    static const char body[] =
        "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":"
        "[{\"metric\":{},\"value\":[1795443468.704,\"%s\"]}]}}";
    char text[200], head[100];

    if (peer_read(peer, fd)) {
        const bool errors = strstr(peer_request(peer, index), "errors") != NULL;
        const int size = snprintf(text, sizeof(text), body, errors ? "0.5" : "1");

        snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size);
        (void)(peer_say(fd, head) && peer_say(fd, text));
    }
    peer_wait_close(fd);
}

static void each_step_of_a_canary_has_checks_of_its_own(void **state)
{
    static const char options[] =
        "{\"keepOldSeconds\":0,\"drainSeconds\":2,\"steps\":[{\"weight\":50},{\"verify\":{\"checks\":[" OF_VERSION(
            "1.0") ",{\"source\":\"prometheus\",\"url\":\"%s\",\"query\":\"up\",\"min\":1}],"
                   "\"intervalSeconds\":1,\"count\":2}},{\"weight\":80},{\"verify\":{\"checks\":[{\"source\":"
                   "\"prometheus\",\"url\":\"%s\",\"query\":\"errors{app=\\\"{{newAppId}}\\\"}\",\"max\":0.25}],"
                   "\"intervalSeconds\":1,\"count\":3,\"failureLimit\":0}}]}";
    struct site *site = site_open(1);
    APICLIENT_AUTO struct apiclient_answer steps = {0};
    ZDD_AUTO_JSON json_t *run = NULL;
    struct peer service = {0};
    char text_of[1000], id[E2E_ID_SIZE];
    const json_t *first, *second;

    (void)state;
    peer_start(&service, prometheus, NULL);
    snprintf(text_of, sizeof(text_of), options, service.url, service.url);
    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), plain));
    site_load(site);
    e2e_deploy(site->e, site_canary("1.0", text_of), id);
    site_ends(site, id, "rolled-back", SITE_BLUE, "0.9");
    site_none_failed(site);
    run = e2e_get(site->e, id);
    assert_string_equal(text(run, "/error/code"), "verify-failed");
    assert_non_null(
        strstr(text(run, "/error/text"), "errors{app=\"{{newAppId}}\"} is 0.5, above 0.25"));
    first = json_object_get(evidence_of(site, id, &steps), "rounds");
    assert_int_equal(json_array_size(first), 2);
    assert_string_equal(text(first, "/1/checks/0/value"), "1.0");
    assert_int_equal(json_integer_value(zdd_json_at(first, "/1/checks/1/value")), 1);
    second = zdd_json_at(steps.json, "/items/6/evidence/rounds");
    assert_int_equal(json_array_size(second), 1); /* one is more than none */
    assert_string_equal(text(second, "/0/result"), "failed");
    assert_true(json_real_value(zdd_json_at(second, "/0/checks/0/value")) == 0.5);
    assert_non_null(strstr(peer_request(&service, 2), "%2Fshop%2Fweb-green"));
    peer_stop(&service);
    site_close(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_version_that_fails_its_checks_goes_without_a_request),
        cmocka_unit_test(a_version_that_passes_takes_over),
        cmocka_unit_test(a_server_killed_between_rounds_goes_on_with_the_next),
        cmocka_unit_test(each_step_of_a_canary_has_checks_of_its_own),
        cmocka_unit_test(another_service_ends_a_canary_in_the_middle_of_a_pause),
        cmocka_unit_test(another_host_is_refused_unless_the_server_allows_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
