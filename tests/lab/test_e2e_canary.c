/**
 * @file tests/lab/test_e2e_canary.c
 * @brief Canaries through a real HAProxy, with requests running all the time: shares are what they
 * are said to be, and no request fails, whatever happens to the deployment.
 */
#include "tests/support/spec.h"

#include "server/base/clock.h"
#include "tests/lab/site.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The ZDD lab's case: one new instance gets a fifth, and then somebody lets it have all. */
#define GATED                                                                                      \
    "{\"steps\":[{\"weight\":20},{\"gate\":\"go\"}],\"keepOldSeconds\":1,\"drainSeconds\":2}"
/* All kinds of steps, quickly. */
#define STEPS                                                                                      \
    "{\"steps\":[{\"weight\":10},{\"pauseSeconds\":1},{\"scale\":2},{\"weight\":50},"              \
    "{\"pauseSeconds\":1},{\"gate\":\"go\",\"expiresSeconds\":1,\"onExpiry\":\"approve\"}],"       \
    "\"keepOldSeconds\":1,\"drainSeconds\":2}"

static json_t *canary(const char *version, const char *options)
{
    json_t *request = site_blue_green(site_app(version, "/health"), options);

    json_object_set_new(request, "strategy", json_string("canary"));
    return request;
}

/* One that is there, and requests that run from now on. */
static struct site *open_with_old(int balancers)
{
    struct site *site = site_open(balancers);

    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), SITE_QUICK));
    site_load(site);
    return site;
}

static void post(struct site *site, const char *id, const char *what, const char *body)
{
    char path[160];

    snprintf(path, sizeof(path), "/v1/deployments/%s/%s", id, what);
    apiclient_expect(apiclient_post(site->e->api, path, body), 202, NULL);
}

static double real_of(struct site *site, const char *id, const char *pointer)
{
    ZDD_AUTO_JSON json_t *run = e2e_get(site->e, id);

    return json_number_value(zdd_json_at(run, pointer));
}

/* Wait until so many requests have been counted with the present weights. @return the new version's
 * part of them, percent */
static double measure(struct site *site, const char *id, double requests)
{
    const int64_t until_ms = zdd_mono_ms() + 2 * E2E_WAIT_MS;

    while (real_of(site, id, "/new/measuredRequests") < requests) {
        assert_true(zdd_mono_ms() < until_ms);
        stage_load_more(&site->load, 100);
    }
    return real_of(site, id, "/new/measuredWeight");
}

static void one_beside_three_gets_a_fifth_and_then_all(void **state)
{
    struct site *site = open_with_old(1);
    char id[E2E_ID_SIZE];
    double share;

    (void)state;
    e2e_deploy(site->e, canary("1.0", GATED), id);
    e2e_until(site->e, id, "/state", "waiting");
    assert_true(real_of(site, id, "/new/instances") == 1);
    assert_true(real_of(site, id, "/old/instances") == 3);
    share = measure(site, id, 1000);
    print_message("20 %% wanted, %.2f %% measured\n", share);
    assert_true(fabs(share - 20) < 1);
    post(site, id, "gates/go/decisions", "{\"decision\":\"approve\"}");
    e2e_await(site->e, id, "succeeded");
    site_only(site, "/shop/web-green");
    site_serves(site, "1.0");
    site_none_failed(site);
    site_close(site);
}

static void with_two_balancers_both_have_each_share(void **state)
{
    struct site *site = open_with_old(2);
    char id[E2E_ID_SIZE];
    double share;

    (void)state;
    e2e_deploy(site->e, canary("1.0", GATED), id);
    e2e_until(site->e, id, "/state", "waiting");
    share = measure(site, id, 1000);
    print_message("20 %% wanted, %.2f %% measured\n", share);
    assert_true(fabs(share - 20) < 1);
    e2e_command(site->e, id, "promote");
    e2e_await(site->e, id, "succeeded");
    site_only(site, "/shop/web-green");
    site_none_failed(site);
    site_close(site);
}

/* By the command, up and down again; 20 000 requests of each share with ZDD_PROOF=full. */
static void shares_are_what_they_are_said_to_be(void **state)
{
    static const struct {
        double share, points;
    } rows[] = {{50, 0.3}, {20, 0.3}, {5, 0.3}, {1, 0.1}, {0.5, 0.1}};
    const char *proof = getenv("ZDD_PROOF");
    const bool full = proof && strcmp(proof, "full") == 0;
    struct site *site = open_with_old(1);
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy(site->e, canary("1.0", GATED), id);
    e2e_until(site->e, id, "/state", "waiting");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char body[60];
        double share;

        snprintf(body, sizeof(body), "{\"weight\":%g,\"reason\":\"measure\"}", rows[i].share);
        post(site, id, "weight", body);
        while (real_of(site, id, "/new/wantedWeight") != rows[i].share ||
               real_of(site, id, "/new/measuredRequests") > 0)
            stage_load_more(&site->load, 20);
        share = measure(site, id, full ? 20000 : 1500);
        print_message("%g %% wanted, %.3f %% of %.0f measured\n", rows[i].share, share,
                      real_of(site, id, "/new/measuredRequests"));
        assert_true(fabs(share - rows[i].share) < (full ? rows[i].points : 3 * rows[i].points));
    }
    e2e_command(site->e, id, "rollback");
    e2e_await(site->e, id, "rolled-back");
    site_only(site, "/shop/web-blue");
    site_none_failed(site);
    site_close(site);
}

static const char *const phases[] = {"shifting", "applying", "rolling", "joining",  "weighing",
                                     "pausing",  "gated",    "keeping", "draining", "retiring"};

static void whoever_goes_back_in_any_phase_has_the_old_version_whole(void **state)
{
    struct site *site = open_with_old(1);

    (void)state;
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]) - 2; i++) {
        const char *command = i % 2 == 0 ? "rollback" : "abort";
        char id[E2E_ID_SIZE];
        ZDD_AUTO_JSON json_t *run = NULL;

        e2e_deploy(site->e, canary("1.0", STEPS), id);
        site_until_phase(site, id, phases[i]);
        e2e_command(site->e, id, command);
        e2e_await(site->e, id, i % 2 == 0 ? "rolled-back" : "canceled");
        site_only(site, "/shop/web-blue");
        site_serves(site, "0.9");
    }
    site_none_failed(site);
    site_close(site);
}

static void a_server_killed_in_any_phase_goes_on_where_it_was(void **state)
{
    struct site *site = open_with_old(1);
    char version[16];

    (void)state;
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        char id[E2E_ID_SIZE];

        snprintf(version, sizeof(version), "v%zu", i);
        e2e_deploy(site->e, canary(version, STEPS), id);
        site_until_phase(site, id, phases[i]);
        e2e_kill(site->e);
        e2e_boot(site->e);
        e2e_await(site->e, id, "succeeded");
        site_serves(site, version);
    }
    site_none_failed(site);
    site_close(site);
}

static void a_rejection_takes_the_canary_away(void **state)
{
    struct site *site = open_with_old(1);
    ZDD_AUTO_JSON json_t *run = NULL;
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy(site->e, canary("1.0", GATED), id);
    e2e_until(site->e, id, "/state", "waiting");
    post(site, id, "gates/go/decisions", "{\"decision\":\"reject\",\"reason\":\"too slow\"}");
    e2e_await(site->e, id, "rolled-back");
    run = e2e_get(site->e, id);
    assert_string_equal(zdd_json_text(json_object_get(run, "error"), "code", ""), "gate-rejected");
    site_only(site, "/shop/web-blue");
    site_none_failed(site);
    site_close(site);
}

static void a_gate_that_expires_stands_among_the_decisions(void **state)
{
    struct site *site = open_with_old(1);
    APICLIENT_AUTO struct apiclient_answer gates = {0};
    char id[E2E_ID_SIZE], path[100];

    (void)state;
    e2e_deploy(site->e, canary("1.0", STEPS), id);
    e2e_await(site->e, id, "succeeded");
    snprintf(path, sizeof(path), "/v1/deployments/%s/gates", id);
    gates = apiclient_get(site->e->api, path);
    assert_int_equal(gates.status, 200);
    assert_string_equal(apiclient_text(&gates, "/items/0/state"), "approved");
    assert_string_equal(apiclient_text(&gates, "/items/0/decisions/0/by"), "engine");
    site_none_failed(site);
    site_close(site);
}

static void promote_skips_what_only_takes_time(void **state)
{
    static const char slow[] =
        "{\"steps\":[{\"weight\":10},{\"pauseSeconds\":3600},{\"weight\":30},{\"pauseSeconds\":"
        "3600},{\"weight\":60},{\"pauseSeconds\":3600}],\"keepOldSeconds\":1,\"drainSeconds\":2}";
    struct site *site = open_with_old(1);
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy(site->e, canary("1.0", slow), id);
    e2e_until(site->e, id, "/phase", "pausing");
    e2e_command(site->e, id, "promote");
    while (real_of(site, id, "/new/wantedWeight") != 30)
        stage_load_more(&site->load, 20);
    e2e_until(site->e, id, "/phase", "pausing");
    post(site, id, "promote", "{\"full\":true}");
    e2e_await(site->e, id, "succeeded");
    site_only(site, "/shop/web-green");
    site_serves(site, "1.0");
    site_none_failed(site);
    site_close(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_beside_three_gets_a_fifth_and_then_all),
        cmocka_unit_test(with_two_balancers_both_have_each_share),
        cmocka_unit_test(shares_are_what_they_are_said_to_be),
        cmocka_unit_test(whoever_goes_back_in_any_phase_has_the_old_version_whole),
        cmocka_unit_test(a_server_killed_in_any_phase_goes_on_where_it_was),
        cmocka_unit_test(a_rejection_takes_the_canary_away),
        cmocka_unit_test(a_gate_that_expires_stands_among_the_decisions),
        cmocka_unit_test(promote_skips_what_only_takes_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
