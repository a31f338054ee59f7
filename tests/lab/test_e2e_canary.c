/**
 * @file tests/lab/test_e2e_canary.c
 * @brief Canaries through a real HAProxy, with requests running all the time: shares are what they
 * are said to be, and no request fails. What may happen to them: proof/.
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
/* One at which nobody decides. */
#define LAPSING                                                                                     \
    "{\"steps\":[{\"weight\":50},{\"gate\":\"go\",\"expiresSeconds\":1,\"onExpiry\":\"approve\"}]," \
    "\"keepOldSeconds\":1,\"drainSeconds\":2}"

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
    struct site *site = site_open_old(1);
    char id[E2E_ID_SIZE];
    double share;

    (void)state;
    e2e_deploy(site->e, site_canary("1.0", GATED), id);
    e2e_until(site->e, id, "/state", "waiting");
    assert_true(real_of(site, id, "/new/instances") == 1);
    assert_true(real_of(site, id, "/old/instances") == 3);
    share = measure(site, id, 1000);
    print_message("20 %% wanted, %.2f %% measured\n", share);
    assert_true(fabs(share - 20) < 1);
    post(site, id, "gates/go/decisions", "{\"decision\":\"approve\"}");
    site_ends(site, id, "succeeded", SITE_GREEN, "1.0");
    site_close_well(site);
}

static void with_two_balancers_both_have_each_share(void **state)
{
    struct site *site = site_open_old(2);
    char id[E2E_ID_SIZE];
    double share;

    (void)state;
    e2e_deploy(site->e, site_canary("1.0", GATED), id);
    e2e_until(site->e, id, "/state", "waiting");
    share = measure(site, id, 1000);
    print_message("20 %% wanted, %.2f %% measured\n", share);
    assert_true(fabs(share - 20) < 1);
    e2e_command(site->e, id, "promote");
    e2e_await(site->e, id, "succeeded");
    site_only(site, SITE_GREEN);
    site_close_well(site);
}

static void a_rejection_takes_the_canary_away(void **state)
{
    struct site *site = site_open_old(1);
    ZDD_AUTO_JSON json_t *run = NULL;
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy(site->e, site_canary("1.0", GATED), id);
    e2e_until(site->e, id, "/state", "waiting");
    post(site, id, "gates/go/decisions", "{\"decision\":\"reject\",\"reason\":\"too slow\"}");
    e2e_await(site->e, id, "rolled-back");
    run = e2e_get(site->e, id);
    assert_string_equal(zdd_json_text(json_object_get(run, "error"), "code", ""), "gate-rejected");
    site_only(site, SITE_BLUE);
    site_close_well(site);
}

static void a_gate_that_expires_stands_among_the_decisions(void **state)
{
    struct site *site = site_open_old(1);
    APICLIENT_AUTO struct apiclient_answer gates = {0};
    char id[E2E_ID_SIZE], path[100];

    (void)state;
    e2e_deploy(site->e, site_canary("1.0", LAPSING), id);
    e2e_await(site->e, id, "succeeded");
    snprintf(path, sizeof(path), "/v1/deployments/%s/gates", id);
    gates = apiclient_get(site->e->api, path);
    assert_int_equal(gates.status, 200);
    assert_string_equal(apiclient_text(&gates, "/items/0/state"), "approved");
    assert_string_equal(apiclient_text(&gates, "/items/0/decisions/0/by"), "engine");
    site_close_well(site);
}

static void promote_skips_what_only_takes_time(void **state)
{
    static const char slow[] =
        "{\"steps\":[{\"weight\":10},{\"pauseSeconds\":3600},{\"weight\":30},{\"pauseSeconds\":"
        "3600},{\"weight\":60},{\"pauseSeconds\":3600}],\"keepOldSeconds\":1,\"drainSeconds\":2}";
    struct site *site = site_open_old(1);
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy(site->e, site_canary("1.0", slow), id);
    e2e_until(site->e, id, "/phase", "pausing");
    e2e_command(site->e, id, "promote");
    while (real_of(site, id, "/new/wantedWeight") != 30)
        stage_load_more(&site->load, 20);
    e2e_until(site->e, id, "/phase", "pausing");
    post(site, id, "promote", "{\"full\":true}");
    site_ends(site, id, "succeeded", SITE_GREEN, "1.0");
    site_close_well(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_beside_three_gets_a_fifth_and_then_all),
        cmocka_unit_test(with_two_balancers_both_have_each_share),
        cmocka_unit_test(a_rejection_takes_the_canary_away),
        cmocka_unit_test(a_gate_that_expires_stands_among_the_decisions),
        cmocka_unit_test(promote_skips_what_only_takes_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
