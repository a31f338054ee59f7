/**
 * @file tests/api/test_audit.c
 * @brief /v1/audit: what was done and what was refused, as pages, as lines, and as a chain.
 */
#include "server/base/clock.h"
#include "server/json/json.h"
#include "tests/api/api_world.h"
#include "tests/support/contract.h"

#include <stdio.h>
#include <string.h>

#define RESTART "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\",\"reason\":\"new keys\"}"
#define WAIT_MS 10000

static struct apiclient_answer audit(struct api_world *world, const char *query)
{
    char path[300];

    snprintf(path, sizeof(path), "/v1/audit%s", query);
    return apiclient_get(world->client, path);
}

/* Refusals before any transaction are noted beside the answer: wait for the entry. */
static void expect_entry(struct api_world *world, const char *action, const char *result,
                         const char *app_id)
{
    const int64_t until = zdd_mono_ms() + WAIT_MS;

    while (zdd_mono_ms() < until) {
        APICLIENT_AUTO struct apiclient_answer answer = audit(world, "?limit=1");

        if (strcmp(apiclient_text(&answer, "/items/0/result"), result) != 0)
            continue;
        assert_string_equal(apiclient_text(&answer, "/items/0/action"), action);
        assert_string_equal(apiclient_text(&answer, "/items/0/actor"), "token:all");
        assert_string_equal(apiclient_text(&answer, "/items/0/appId"), app_id);
        assert_string_equal(apiclient_text(&answer, "/items/0/remote"), "127.0.0.1");
        return;
    }
    fail_msg("%s, %s is not in the audit", action, result);
}

static void what_was_done_is_noted_with_who_why_and_from_where(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer made = {0}, entries = {0};

    api_world_base(world);
    made = apiclient_send(world->client,
                          &(struct apiclient_request){.path = "/v1/deployments",
                                                      .body = RESTART,
                                                      .header = {"X-Request-Id: my-request-7"}});
    assert_int_equal(made.status, 202);
    entries = audit(world, "");
    assert_string_equal(apiclient_text(&entries, "/items/0/action"), "deployment.create");
    assert_string_equal(apiclient_text(&entries, "/items/0/result"), "accepted");
    assert_string_equal(apiclient_text(&entries, "/items/0/reason"), "new keys");
    assert_string_equal(apiclient_text(&entries, "/items/0/requestId"), "my-request-7");
    assert_string_equal(apiclient_text(&entries, "/items/0/deploymentId"),
                        apiclient_text(&made, "/id"));
    assert_string_equal(apiclient_text(&entries, "/items/0/data/planId"),
                        apiclient_text(&made, "/planId"));
}

static void refusals_are_noted_wherever_they_come_from(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[100];

    apiclient_expect(apiclient_post(world->client, "/v1/deployments", "{"), 400, NULL);
    expect_entry(world, "deployment.create", "refused: body-malformed", "");
    apiclient_expect(apiclient_post(world->client, "/v1/deployments", RESTART), 404, NULL);
    expect_entry(world, "deployment.create", "refused: app-unknown", "/zdd/base");
    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    apiclient_expect(apiclient_post(world->client, "/v1/deployments", RESTART), 409, NULL);
    expect_entry(world, "deployment.create", "refused: app-busy", "/zdd/base");
    snprintf(path, sizeof(path), "/v1/deployments/%s/promote", id);
    apiclient_expect(apiclient_post(world->client, path, NULL), 409, NULL);
    expect_entry(world, "deployment.promote", "refused: command-refused", "/zdd/base");
    zdd_api_drain(world->api);
    apiclient_expect(apiclient_post(world->client, "/v1/plans", RESTART), 503, NULL);
    expect_entry(world, "plan.create", "refused: draining", "");
}

static void who_lacks_the_scope_is_noted_and_who_is_nobody_is_not(void **state)
{
    struct api_world *world = *state;
    char token[ZDD_TOKEN_SIZE];
    const int64_t until = zdd_mono_ms() + WAIT_MS;

    api_world_token(world, "weak", ZDD_SCOPE_READ, "/", 0, token);
    apiclient_expect(
        apiclient_send(world->client, &(struct apiclient_request){.path = "/v1/deployments",
                                                                  .body = RESTART,
                                                                  .token = "zdd_nobody"}),
        401, NULL);
    apiclient_expect(
        apiclient_send(world->client, &(struct apiclient_request){.path = "/v1/deployments",
                                                                  .body = RESTART,
                                                                  .token = token}),
        403, NULL);
    for (;;) {
        APICLIENT_AUTO struct apiclient_answer answer = audit(world, "");
        const size_t count = json_array_size(json_object_get(answer.json, "items"));

        assert_true(zdd_mono_ms() < until);
        if (count == 0)
            continue;
        assert_int_equal(count, 1);
        assert_string_equal(apiclient_text(&answer, "/items/0/actor"), "token:weak");
        assert_string_equal(apiclient_text(&answer, "/items/0/result"), "refused: scope-missing");
        return;
    }
}

static void reading_and_replays_leave_no_trace(void **state)
{
    struct api_world *world = *state;

    api_world_base(world);
    for (int i = 0; i < 2; i++)
        apiclient_expect(
            apiclient_send(world->client,
                           &(struct apiclient_request){.path = "/v1/plans",
                                                       .body = RESTART,
                                                       .header = {"Idempotency-Key: k"}}),
            201, NULL);
    apiclient_expect(apiclient_get(world->client, "/v1/plans"), 200, NULL);
    apiclient_expect(apiclient_get(world->client, "/v1/plans/7"), 404, NULL);
    {
        APICLIENT_AUTO struct apiclient_answer answer = audit(world, "");

        assert_int_equal(json_array_size(json_object_get(answer.json, "items")), 1);
    }
}

static void entries_are_filtered(void **state)
{
    static const struct {
        const char *query;
        size_t count;
    } queries[] = {
        {"", 4},
        {"?action=plan.create", 3},
        {"?action=deployment.", 1},
        {"?action=token.", 0},
        {"?action=order.put-target", 0},
        {"?action=deployment.end", 0},
        {"?actor=token:all", 4},
        {"?actor=engine", 0},
        {"?appId=/zdd/base", 4},
        {"?appId=/zdd", 0},
        {"?since=2999-01-01T00:00:00Z", 0},
        {"?until=2999-01-01T00:00:00Z", 4},
    };
    struct api_world *world = *state;

    api_world_base(world);
    for (int i = 0; i < 3; i++)
        apiclient_expect(apiclient_post(world->client, "/v1/plans", RESTART), 201, NULL);
    apiclient_expect(apiclient_post(world->client, "/v1/deployments", RESTART), 202, NULL);
    for (size_t i = 0; i < ZDD_COUNT(queries); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = audit(world, queries[i].query);

        if (json_array_size(json_object_get(answer.json, "items")) != queries[i].count)
            fail_msg("%s: %s", queries[i].query, answer.body);
    }
}

static void an_action_that_no_entry_can_have_is_refused_with_those_there_are(void **state)
{
    static const char *const queries[] = {"?action=deployment", "?action=plan.creat",
                                          "?action=depl.", "?action="};
    struct api_world *world = *state;

    for (size_t i = 0; i < ZDD_COUNT(queries); i++) {
        for (int lines = 0; lines < 2; lines++) {
            char path[80];
            const struct apiclient_request request = {
                .path = path, .header = {lines ? "Accept: application/x-ndjson" : NULL}};

            snprintf(path, sizeof(path), "/v1/audit%s", queries[i]);

            APICLIENT_AUTO struct apiclient_answer answer = apiclient_send(world->client, &request);

            assert_int_equal(answer.status, 400);
            assert_string_equal(apiclient_text(&answer, "/code"), "query-invalid");
            assert_non_null(strstr(answer.body, "plan.create, deployment.create, "));
            assert_non_null(strstr(answer.body, "order.put-target, "));
            assert_non_null(strstr(answer.body, "token.revoke, read, not "));
        }
    }
}

static void pages_go_from_the_newest_to_the_first(void **state)
{
    struct api_world *world = *state;
    char query[300] = "?limit=2";
    int64_t expected = 5;

    api_world_base(world);
    for (int i = 0; i < 5; i++)
        apiclient_expect(apiclient_post(world->client, "/v1/plans", RESTART), 201, NULL);
    while (query[0]) {
        APICLIENT_AUTO struct apiclient_answer answer = audit(world, query);
        size_t index;
        json_t *item;

        json_array_foreach(json_object_get(answer.json, "items"), index, item)
            assert_int_equal(zdd_json_int(item, "seq", 0), expected--);
        query[0] = '\0';
        if (*apiclient_text(&answer, "/nextCursor"))
            snprintf(query, sizeof(query), "?limit=2&cursor=%s",
                     apiclient_text(&answer, "/nextCursor"));
    }
    assert_int_equal(expected, 0);
}

static void the_export_has_every_entry_as_a_line_oldest_first(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    int64_t count = 0;

    api_world_base(world);
    for (int i = 0; i < 450; i++) /* more than two batches */
        apiclient_expect(apiclient_post(world->client, "/v1/plans", RESTART), 201, NULL);
    answer = apiclient_send(
        world->client, &(struct apiclient_request){.path = "/v1/audit?action=plan.create",
                                                   .header = {"Accept: application/x-ndjson"}});
    assert_int_equal(answer.status, 200);
    for (const char *line = answer.body; *line; line = strchr(line, '\n') + 1) {
        ZDD_AUTO_JSON json_t *entry =
            json_loadb(line, strcspn(line, "\n"), JSON_REJECT_DUPLICATES, NULL);

        contract_check_value(apiclient_contract(world->client), "AuditEntry", entry);
        assert_int_equal(zdd_json_int(entry, "seq", 0), ++count);
    }
    assert_int_equal(count, 450);
}

static void the_chain_is_verified(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer empty = {0}, whole = {0}, entries = {0};

    empty = apiclient_get(world->client, "/v1/audit/verify");
    assert_true(json_is_true(json_object_get(empty.json, "ok")));
    assert_int_equal(apiclient_int(&empty, "/entries"), 0);
    api_world_base(world);
    for (int i = 0; i < 3; i++)
        apiclient_expect(apiclient_post(world->client, "/v1/plans", RESTART), 201, NULL);
    whole = apiclient_get(world->client, "/v1/audit/verify");
    entries = audit(world, "?limit=1");
    assert_true(json_is_true(json_object_get(whole.json, "ok")));
    assert_int_equal(apiclient_int(&whole, "/entries"), 3);
    assert_string_equal(apiclient_text(&whole, "/head"), apiclient_text(&entries, "/items/0/hash"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(what_was_done_is_noted_with_who_why_and_from_where),
        TEST(refusals_are_noted_wherever_they_come_from),
        TEST(who_lacks_the_scope_is_noted_and_who_is_nobody_is_not),
        TEST(reading_and_replays_leave_no_trace),
        TEST(entries_are_filtered),
        TEST(an_action_that_no_entry_can_have_is_refused_with_those_there_are),
        TEST(pages_go_from_the_newest_to_the_first),
        TEST(the_export_has_every_entry_as_a_line_oldest_first),
        TEST(the_chain_is_verified),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
