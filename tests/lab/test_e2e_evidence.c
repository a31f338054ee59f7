/**
 * @file tests/lab/test_e2e_evidence.c
 * @brief What a blue-green deployment can prove afterwards: what was seen of real balancers when
 * each step ended; and where the new version can be reached before it has any share.
 */
#include "tests/support/spec.h"

#include "tests/lab/site.h"

#include "server/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASKED_WHILE_WAITING 100

/* The evidence of the last step of this kind, which has ended well; new reference. */
static json_t *evidence_of(struct site *site, const char *id, const char *kind)
{
    APICLIENT_AUTO struct apiclient_answer steps = {0};
    json_t *found = NULL;
    char path[100];
    size_t index;
    json_t *step;

    snprintf(path, sizeof(path), "/v1/deployments/%s/steps", id);
    steps = apiclient_get(site->e->api, path);
    json_array_foreach(zdd_json_at(steps.json, "/items"), index, step)
    {
        if (strcmp(zdd_json_text(step, "kind", ""), kind) == 0)
            found = step;
    }
    if (!found || strcmp(zdd_json_text(found, "state", ""), "succeeded") != 0)
        e2e_tell(site->e, id);
    assert_non_null(found);
    assert_string_equal(zdd_json_text(found, "state", ""), "succeeded");
    return json_incref(json_object_get(found, "evidence"));
}

static int64_t number(const json_t *json, const char *pointer)
{
    const json_t *found = zdd_json_at(json, pointer);

    if (!json_is_integer(found))
        fail_msg("%s is no whole number", pointer);
    return json_integer_value(found);
}

static double real(const json_t *json, const char *pointer)
{
    const json_t *found = zdd_json_at(json, pointer);

    if (!json_is_number(found))
        fail_msg("%s is no number", pointer);
    return json_number_value(found);
}

/* Every balancer of the site is named, by its statistics' address. */
static void assert_balancers(struct site *site, const json_t *evidence)
{
    const json_t *list = json_object_get(evidence, "balancers");
    const char *hosts[] = {site->stage->host, site->stage->second};

    assert_int_equal(json_array_size(list), site->balancers);
    for (int i = 0; i < site->balancers; i++) {
        const json_t *one = json_array_get(list, (size_t)i);
        char name[80];

        snprintf(name, sizeof(name), "%s:%d", hosts[i], (int)stage_number(site->stage, i, "port"));
        assert_string_equal(zdd_json_text(one, "name", ""), name);
        assert_true(json_is_string(json_object_get(one, "workerStartedAt")));
    }
}

static void assert_of_each(struct site *site, const json_t *evidence, const char *what,
                           int64_t expected)
{
    for (int i = 0; i < site->balancers; i++) {
        char pointer[80];

        snprintf(pointer, sizeof(pointer), "/balancers/%d/%s", i, what);
        assert_int_equal(number(evidence, pointer), expected);
    }
}

/* Who asks has the answers of all six servers; on one machine all balancers come from one address.
 */
static void assert_receipts(const json_t *evidence)
{
    const json_t *list = json_object_get(evidence, "receipts");
    size_t index;
    json_t *one;

    assert_int_equal(json_array_size(list), 1);
    json_array_foreach(list, index, one)
    {
        assert_int_equal(zdd_json_int(one, "fetched", -1), 6);
        assert_int_equal(zdd_json_int(one, "total", -1), 6);
        assert_true(json_is_string(json_object_get(one, "lastAt")));
    }
}

static void check_the_way_to_the_switch(struct site *site, const char *id)
{
    ZDD_AUTO_JSON json_t *start = evidence_of(site, id, "start");
    ZDD_AUTO_JSON json_t *join = evidence_of(site, id, "join");
    ZDD_AUTO_JSON json_t *shift = evidence_of(site, id, "shift");

    assert_int_equal(number(start, "/marathon/new/healthy"), 3);
    assert_int_equal(number(start, "/marathon/new/ready"), 3);
    assert_true(json_is_string(zdd_json_at(start, "/marathon/new/version")));
    assert_balancers(site, join);
    assert_of_each(site, join, "new/up", 3);
    assert_balancers(site, shift);
    assert_of_each(site, shift, "old/weightMax", 0);
    assert_of_each(site, shift, "new/weightMin", 256);
    assert_true(real(shift, "/share/wanted") == 100);
    assert_true(real(shift, "/share/achieved") == 100);
    assert_true(real(shift, "/share/errorPoints") == 0);
    assert_receipts(shift);
}

static void check_the_end(struct site *site, const char *id)
{
    ZDD_AUTO_JSON json_t *keep = evidence_of(site, id, "keep");
    ZDD_AUTO_JSON json_t *drain = evidence_of(site, id, "drain");
    ZDD_AUTO_JSON json_t *retire = evidence_of(site, id, "retire");
    ZDD_AUTO_JSON json_t *settle = evidence_of(site, id, "settle");

    assert_true(strcmp(zdd_json_text(zdd_json_at(keep, "/kept"), "since", "z"),
                       zdd_json_text(zdd_json_at(keep, "/kept"), "until", "")) < 0);
    assert_balancers(site, drain);
    assert_of_each(site, drain, "old/sessions", 0);
    assert_of_each(site, drain, "old/queue", 0);
    assert_of_each(site, drain, "old/stopped", 3);
    assert_int_equal(number(drain, "/drain/underWay"), 0);
    assert_true(json_is_string(zdd_json_at(drain, "/drain/proof")));
    assert_true(json_is_string(zdd_json_at(drain, "/drain/toldAt")));
    assert_true(json_is_string(zdd_json_at(drain, "/drain/newestWorkerSeenAt")));
    assert_true(json_is_false(zdd_json_at(retire, "/marathon/old/exists")));
    assert_int_equal(number(retire, "/marathon/old/total"), 0);
    assert_int_equal(number(retire, "/marathon/new/healthy"), 3);
    assert_of_each(site, settle, "new/weightMax", 1);
}

static void the_drain_proof_names_every_balancer_without_sessions(void **state)
{
    struct site *site = site_open_old(2);
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy(site->e, site_blue_green(site_app("1.0", "/health"), SITE_QUICK), id);
    e2e_await(site->e, id, "succeeded");
    site_none_failed(site);
    check_the_way_to_the_switch(site, id);
    check_the_end(site, id);
    site_close(site);
}

/* Its /health takes longer than a test; Marathon asks for /info. */
static json_t *slow_app(const char *version)
{
    json_t *app = site_app(version, "/info");
    json_t *env = json_object_get(app, "env");

    assert_int_equal(json_object_set_new(env, "HEALTH_MIN", json_string("600000")), 0);
    assert_int_equal(json_object_set_new(env, "HEALTH_MAX", json_string("600000")), 0);
    return app;
}

/* Wait until the balancer shows so many requests under way. */
static void until_under_way(struct site *site, const char *count)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;
    char seen[64] = "";

    while (strcmp(seen, count) != 0 && zdd_mono_ms() < until_ms)
        stage_cell(site->stage, 0, "shop_web_10080", "BACKEND", "scur", seen);
    assert_string_equal(seen, count);
}

static void a_drain_that_is_cut_off_says_what_it_cost(void **state)
{
    static const char killing[] = "{\"promote\":\"manual\",\"keepOldSeconds\":0,"
                                  "\"drainSeconds\":1,\"onDrainTimeout\":\"kill\"}";
    struct site *site = site_open(1);
    ZDD_AUTO_JSON json_t *drain = NULL;
    char id[E2E_ID_SIZE];
    int under_way;

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(slow_app("0.9"), killing));
    e2e_deploy(site->e, site_blue_green(site_app("1.0", "/health"), killing), id);
    e2e_until(site->e, id, "/state", "waiting");
    /* Of the worker that has both versions: the next look at it shows the request. */
    under_way = stage_ask(site->stage->host, STAGE_PORT, "/health", NULL);
    assert_true(under_way >= 0);
    until_under_way(site, "1");
    e2e_command(site->e, id, "promote");
    e2e_await(site->e, id, "succeeded");
    free(stage_answer(under_way));
    drain = evidence_of(site, id, "drain");
    assert_string_equal(zdd_json_text(drain, "rule", ""), "pair/drain-cut");
    assert_true(json_is_null(zdd_json_at(drain, "/drain/proof")));
    assert_int_equal(number(drain, "/drain/underWay"), 1);
    assert_of_each(site, drain, "old/sessions", 1);
    site_close(site);
}

/* Ask an instance without any balancer. */
static void answers_directly(const char *address, const char *version)
{
    char host[80], expected[40];
    const char *colon = strrchr(address, ':');
    char *answer;

    assert_non_null(colon);
    snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
    snprintf(expected, sizeof(expected), "\"version\": \"%s\"", version);
    answer = stage_get(host, (int)strtol(colon + 1, NULL, 10), "/endpoint0", NULL);
    assert_int_equal(stage_status(answer), 200);
    assert_non_null(strstr(answer, expected));
    free(answer);
}

static void at_the_gate_the_new_version_answers_whoever_asks_it_directly(void **state)
{
    static const char gated[] = "{\"promote\":\"manual\",\"keepOldSeconds\":0,\"drainSeconds\":2}";
    struct site *site = site_open(1);
    ZDD_AUTO_JSON json_t *run = NULL;
    ZDD_AUTO_JSON json_t *gate = NULL;
    char id[E2E_ID_SIZE];
    size_t index;
    json_t *address;

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), gated));
    e2e_deploy(site->e, site_blue_green(site_app("1.0", "/health"), gated), id);
    e2e_until(site->e, id, "/state", "waiting");
    run = e2e_get(site->e, id);
    assert_true(real(run, "/old/weight") == 100);
    assert_true(real(run, "/new/weight") == 0);
    assert_true(real(run, "/new/wantedWeight") == 0);
    assert_int_equal(json_array_size(zdd_json_at(run, "/new/addresses")), 3);
    json_array_foreach(zdd_json_at(run, "/new/addresses"), index, address)
    {
        answers_directly(json_string_value(address), "1.0");
    }
    for (int i = 0; i < ASKED_WHILE_WAITING; i++)
        site_serves(site, "0.9");
    e2e_command(site->e, id, "promote");
    e2e_await(site->e, id, "succeeded");
    site_serves(site, "1.0");
    gate = evidence_of(site, id, "gate");
    assert_true(json_is_string(zdd_json_at(gate, "/gate/since")));
    site_close(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_drain_proof_names_every_balancer_without_sessions),
        cmocka_unit_test(a_drain_that_is_cut_off_says_what_it_cost),
        cmocka_unit_test(at_the_gate_the_new_version_answers_whoever_asks_it_directly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
