/**
 * @file tests/lab/test_marathon_s1_3.c
 * @brief Every row of the table of errors, marathon.md §1.3.
 */
#include "tests/support/spec.h"

#include "tests/lab/marathon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON "Content-Type: application/json\r\n"

/* Assert the status line, one header line, and something in the body. */
static void assert_bytes(char *text, const char *status, const char *header, const char *body)
{
    char line[64];

    snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
    if (strncmp(text, line, strlen(line)) != 0 || !strstr(text, header) ||
        !strstr(strstr(text, "\r\n\r\n"), body))
        fail_msg("not %s, %s, %s: %s", status, header, body, text);
    free(text);
}

static void s1_3_400_malformed_json_has_details_as_a_string(void **state)
{
    ZDD_AUTO_JSON json_t *answer = marathon_get(*state, "POST /v2/apps", "{\"id\":\"/a\"", 400);

    marathon_members(answer, "message details");
    marathon_at(answer, "/message", "\"Invalid JSON\"");
    assert_true(json_is_string(json_object_get(answer, "details")));
}

static void s1_3_400_an_empty_body_has_details_as_a_string(void **state)
{
    struct lab *lab = *state;
    char *text = marathon_bytes(lab, "PUT /v2/apps/a", "", JSON);
    ZDD_AUTO_JSON json_t *answer = json_loads(strstr(text, "\r\n\r\n") + 4, 0, NULL);

    assert_int_equal(strncmp(text, "HTTP/1.1 400 ", 13), 0);
    assert_true(json_is_string(json_object_get(answer, "details")));
    marathon_at(answer, "/message", "*");
    free(text);
}

static void s1_3_400_scale_with_wipe_and_a_bad_task_id_have_a_message_only(void **state)
{
    ZDD_AUTO_JSON json_t *both =
        marathon_get(*state, "POST /v2/tasks/delete?scale=true&wipe=true", "{\"ids\":[]}", 400);
    ZDD_AUTO_JSON json_t *bad =
        marathon_get(*state, "POST /v2/tasks/delete", "{\"ids\":[\"nonsense\"]}", 400);

    marathon_members(both, "message");
    marathon_members(bad, "message");
}

static void s1_3_401_basic_auth_is_html_with_the_realm_mesosphere(void **state)
{
    static const char *const options[] = {"--credentials", "anna:se:cret", NULL};
    struct labrun run;
    struct lab lab = {0};

    /* The recorder of lab_start() has no credentials: only a bare lab is started here. */
    assert_true(labrun_start(&run, options));
    lab.run = run;
    assert_bytes(marathon_bytes(&lab, "GET /v2/apps", NULL, ""), "401",
                 "\r\nWWW-Authenticate: Basic realm=\"Mesosphere\"\r\n", "<html>");
    assert_bytes(marathon_bytes(&lab, "GET /ping", NULL, ""), "401",
                 "\r\nContent-Type: text/html\r\n", "<html>");
    assert_bytes(
        marathon_bytes(&lab, "GET /v2/apps", NULL, "Authorization: Basic YW5uYTpzZTpjcmVk\r\n"),
        "401", "\r\nContent-Type: text/html\r\n", "<html>");
    assert_bytes(
        marathon_bytes(&lab, "GET /v2/apps", NULL, "Authorization: Basic YW5uYTpzZTpjcmV0\r\n"),
        "200", "\r\nContent-Type: application/json\r\n", "{\"apps\":[]}");
    assert_int_equal(labrun_stop(&run), 0);
    (void)state;
}

/* 100 apps that wait for room in a cluster that is full. */
static struct lab *fill_up(void **state, char ret_id[static 64])
{
    static const char *const full[] = {"--speed", "100", "--max-instances", "1", NULL};
    struct lab *lab = marathon_other(state, full);

    marathon_create(lab, "/v2/apps/only", SLEEPER);
    for (int i = 0; i < 100; i++) {
        char call[40];

        snprintf(call, sizeof(call), "PUT /v2/apps/w%d", i);
        marathon_begin(lab, call, "{" SLEEPER "}", 201, ret_id);
    }
    return lab;
}

static void s1_3_403_when_100_deployments_run(void **state)
{
    char id[64];
    struct lab *lab = fill_up(state, id);
    ZDD_AUTO_JSON json_t *list = marathon_get(lab, "GET /v2/deployments", NULL, 200);
    ZDD_AUTO_JSON json_t *answer = NULL;
    char call[120];

    assert_int_equal(json_array_size(list), 100);
    answer = marathon_get(lab, "PUT /v2/apps/one-more", "{" SLEEPER "}", 403);
    marathon_members(answer, "message");
    marathon_says(lab, "GET /v2/apps/one-more", NULL, 404, NULL, NULL);
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s", id);
    marathon_says(lab, call, NULL, 403, "/message", "*"); /* it makes one more */
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s?force=true", id);
    marathon_says(lab, call, NULL, 202, NULL, NULL);
    marathon_says(lab, "PUT /v2/apps/one-more", "{" SLEEPER "}", 201, "/deploymentId", "*");
}

static void s1_3_403_at_the_limit_that_was_set(void **state)
{
    static const char *const full[] = {
        "--speed", "100", "--max-instances", "1", "--max-running-deployments", "2", NULL};
    struct lab *lab = marathon_other(state, full);
    ZDD_AUTO_JSON json_t *answer = NULL;
    char id[64];

    marathon_create(lab, "/v2/apps/only", SLEEPER);
    marathon_begin(lab, "PUT /v2/apps/w0", "{" SLEEPER "}", 201, id);
    marathon_begin(lab, "PUT /v2/apps/w1", "{" SLEEPER "}", 201, id);
    answer = marathon_get(lab, "PUT /v2/apps/one-more", "{" SLEEPER "}", 403);
    assert_string_equal(zdd_json_text(answer, "message", ""),
                        "Max number (2) of running deployments reached.");
}

static void s1_3_404_for_each_unknown_thing(void **state)
{
    static const struct marathon_row rows[] = {
        {"GET /v2/apps/x", NULL, 404, "/message", "\"App '/x' does not exist\""},
        {"PUT /v2/apps/a", "{\"version\":\"2001-01-01T00:00:00.000Z\"}", 404, "/message", "*"},
        {"DELETE /v2/apps/a/tasks/a.x", NULL, 404, "/message", "\"Task 'a.x' does not exist\""},
        {"GET /v2/groups/x", NULL, 404, "/message", "\"Group '/x' does not exist\""},
        {"DELETE /v2/deployments/x", NULL, 404, "/message", "*"},
        {"GET /v2/apps/a/versions/2001-01-01T00:00:00.000Z", NULL, 404, "/message", "*"},
    };

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    MARATHON_ROWS(*state, rows);
}

static void s1_3_405_406_415_have_the_reason_phrase(void **state)
{
    marathon_says(*state, "DELETE /v2/info", NULL, 405, "", "{\"message\":\"Method Not Allowed\"}");
    assert_bytes(marathon_bytes(*state, "GET /v2/apps", NULL, "Accept: text/html\r\n"), "406",
                 "\r\nContent-Type: application/json\r\n", "{\"message\":\"Not Acceptable\"}");
    assert_bytes(
        marathon_bytes(*state, "POST /v2/apps", "{\"id\":\"/a\"}", "Content-Type: text/plain\r\n"),
        "415", "\r\nContent-Type: application/json\r\n",
        "{\"message\":\"Unsupported Media Type\"}");
}

static void s1_3_409_for_a_duplicate_has_no_deployments(void **state)
{
    ZDD_AUTO_JSON json_t *answer = NULL;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    answer = marathon_get(*state, "POST /v2/apps", "{\"id\":\"/a\"," SLEEPER "}", 409);
    marathon_members(answer, "message");
}

static void s1_3_409_for_a_lock_lists_the_deployments(void **state)
{
    ZDD_AUTO_JSON json_t *answer = NULL;
    char expected[100];
    char id[64];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    answer = marathon_get(*state, "PUT /v2/apps/a", "{\"instances\":2}", 409);
    marathon_members(answer, "message deployments");
    assert_int_equal(
        strncmp(marathon_text(answer, "/message"), "App is locked by one or more deployments", 40),
        0);
    snprintf(expected, sizeof(expected), "[{\"id\":\"%s\"}]", id);
    marathon_at(answer, "/deployments", expected);
}

static void s1_3_a_plan_conflicts_only_where_its_apps_do(void **state)
{
    char id[64];

    marathon_create(*state, "/v2/apps/g/a", SLEEPER);
    marathon_create(*state, "/v2/apps/g/b", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/g/a", "{" STUCK "}", 200, id);
    marathon_change(*state, "PUT /v2/apps/g/b", "{\"instances\":2}", 200);
    marathon_says(*state, "DELETE /v2/groups/g", NULL, 409, "/deployments/0/id", "*");
}

static void s1_3_a_kill_without_scale_is_never_locked(void **state)
{
    char id[64];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    marathon_says(*state, "DELETE /v2/apps/a/tasks", NULL, 200, "/tasks", "*");
    marathon_says(*state, "DELETE /v2/apps/a/tasks?scale=true", NULL, 409, "/deployments/0/id",
                  "*");
    marathon_says(*state, "DELETE /v2/apps/a/tasks?scale=true&force=true", NULL, 200,
                  "/deploymentId", "*");
}

static void s1_3_422_a_type_error_is_invalid_json_with_paths(void **state)
{
    static const struct marathon_row rows[] = {
        {"POST /v2/apps", "{\"cmd\":\"sleep 1\"}", 422, "/details",
         "[{\"path\":\"/id\",\"errors\":[\"error.path.missing\"]}]"},
        {"PUT /v2/apps/a", "{\"cmd\":\"sleep 1\",\"instances\":\"two\"}", 422, "/message",
         "\"Invalid JSON\""},
        {"PUT /v2/apps/a", "{\"cmd\":\"sleep 1\",\"healthChecks\":[{\"path\":3}]}", 422,
         "/details/0/path", "\"/healthChecks(0)/path\""},
        {"PUT /v2/apps/a", "{\"cmd\":\"sleep 1\",\"healthChecks\":[{\"path\":3}]}", 422, "/message",
         "\"Invalid JSON\""},
        {"PUT /v2/apps/a", "[]", 422, "/details/0/path", "\"/\""},
        {"PUT /v2/groups/g", "{\"apps\":[{\"id\":\"a\",\"cmd\":7}]}", 422, "/message",
         "\"Invalid JSON\""},
    };

    MARATHON_ROWS(*state, rows);
}

static void s1_3_422_a_type_error_in_an_update_is_invalid_json_too(void **state)
{
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_says(*state, "PUT /v2/apps/a", "{\"instances\":1.5}", 422, "/message",
                  "\"Invalid JSON\"");
    marathon_says(*state, "PUT /v2/apps", "[{\"id\":\"/a\",\"uris\":3}]", 422, "/message",
                  "\"Invalid JSON\"");
}

static void s1_3_422_a_rule_violation_is_object_is_not_valid_with_paths(void **state)
{
    static const struct marathon_row rows[] = {
        {"POST /v2/apps", "{\"id\":\"/a\",\"cmd\":\"sleep 1\",\"cpus\":0}", 422, "/message",
         "\"Object is not valid\""},
        {"POST /v2/apps", "{\"id\":\"/a\",\"cmd\":\"sleep 1\",\"cpus\":0}", 422, "/details/0/path",
         "\"/cpus\""},
        {"POST /v2/apps",
         "{\"id\":\"/a\",\"cmd\":\"sleep 1\",\"healthChecks\":[{\"portIndex\":4}]}", 422,
         "/details/0/path", "\"/healthChecks(0)/portIndex\""},
        {"POST /v2/apps", "{\"id\":\"/a\"}", 422, "/details/0/errors/0", "*"},
        {"PUT /v2/groups/g", "{\"apps\":[{\"id\":\"a\",\"cmd\":\"sleep 1\",\"mem\":-1}]}", 422,
         "/message", "\"Object is not valid\""},
    };

    MARATHON_ROWS(*state, rows);
}

static void s1_3_422_an_illegal_argument_has_a_message_only(void **state)
{
    static const char *const calls[][2] = {
        {"GET /v2/apps/a/versions/yesterday", NULL},
        {"GET /v2/apps?label=a+in+(b", NULL},
        {"PUT /v2/apps", "[{\"instances\":1}]"},
        {"PUT /v2/apps/a", "{\"version\":\"yesterday\"}"},
    };

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        ZDD_AUTO_JSON json_t *answer = marathon_get(*state, calls[i][0], calls[i][1], 422);

        marathon_members(answer, "message");
    }
}

static void s1_3_500_for_an_unknown_route(void **state)
{
    marathon_says(*state, "GET /v2/nothing", NULL, 500, "",
                  "{\"message\":\"URI not found: /v2/nothing\"}");
}

static void s1_3_500_for_old_and_new_fields_together_in_an_update(void **state)
{
    static const struct marathon_row rows[] = {
        {"PUT /v2/apps/a", "{\"uris\":[\"http://a/b\"],\"fetch\":[{\"uri\":\"http://a/b\"}]}", 500,
         "/message", "*"},
        {"PUT /v2/apps/a",
         "{\"networks\":[{\"mode\":\"host\"}],\"ipAddress\":{\"networkName\":\"n\"}}", 500,
         "/message", "*"},
        {"PATCH /v2/apps/a", "{\"ports\":[1],\"portDefinitions\":[{\"port\":2}]}", 500, "/message",
         "*"},
        /* on create and full replace they are a rule */
        {"PUT /v2/apps/a?partialUpdate=false",
         "{\"cmd\":\"sleep 1\",\"uris\":[\"http://a/b\"],\"fetch\":[{\"uri\":\"http://a/b\"}]}",
         422, "/details/0/path", "\"/uris\""},
    };

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    MARATHON_ROWS(*state, rows);
}

static void s1_3_500_for_an_app_too_big_to_be_stored(void **state)
{
    const size_t size = 1100000;
    char *body = malloc(size + 100);
    int head;

    assert_non_null(body);
    head = snprintf(body, 100, "{" SLEEPER ",\"env\":{\"BIG\":\"");
    memset(body + head, 'x', size);
    memcpy(body + (size_t)head + size, "\"}}", 4);
    marathon_says(*state, "PUT /v2/apps/a", body, 500, "/message", "*");
    marathon_says(*state, "GET /v2/apps/a", NULL, 404, NULL, NULL);
    free(body);
}

static void s1_3_500_for_a_full_update_queue(void **state)
{
    lab_faults(*state, "[{\"name\":\"answer-500\",\"count\":1}]");
    marathon_says(*state, "GET /v2/apps", NULL, 200, NULL, NULL); /* for changes only */
    marathon_says(*state, "PUT /v2/apps/a", "{" SLEEPER "}", 500, "/message", "*");
    marathon_says(*state, "GET /v2/apps/a", NULL, 404, NULL, NULL);
}

static void s1_3_502_of_a_standby_without_leader_is_html(void **state)
{
    lab_faults(*state, "[{\"name\":\"answer-502-html\",\"count\":1}]");
    assert_bytes(marathon_bytes(*state, "GET /v2/apps", NULL, ""), "502",
                 "\r\nContent-Type: text/html\r\n", "HTTP ERROR 502");
    marathon_says(*state, "GET /v2/apps", NULL, 200, NULL, NULL);
}

static void s1_3_503_is_json_for_a_timeout_and_html_for_the_concurrency_limit(void **state)
{
    lab_faults(*state, "[{\"name\":\"answer-503-json\",\"count\":1},"
                       "{\"name\":\"answer-503-html\",\"count\":1,\"path\":\"/v2/tasks\"}]");
    assert_bytes(marathon_bytes(*state, "GET /v2/apps", NULL, ""), "503",
                 "\r\nContent-Type: application/json\r\n", "{\"message\":\"");
    assert_bytes(marathon_bytes(*state, "GET /v2/tasks", NULL, ""), "503",
                 "\r\nContent-Type: text/html\r\n", "<html>");
}

static void s1_3_a_refused_change_is_told_by_group_change_failed(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    const json_t *event;

    marathon_says(*state, "POST /v2/apps", "{\"id\":\"/g/a\",\"cmd\":\"sleep 1\",\"cpus\":0}", 422,
                  NULL, NULL);
    events = marathon_since(*state, 0);
    event = marathon_event(events, "group_change_failed", "groupId", "/g");
    marathon_members(event, "eventType timestamp groupId version reason");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MARATHON_TEST(s1_3_400_malformed_json_has_details_as_a_string),
        MARATHON_TEST(s1_3_400_an_empty_body_has_details_as_a_string),
        MARATHON_TEST(s1_3_400_scale_with_wipe_and_a_bad_task_id_have_a_message_only),
        MARATHON_TEST(s1_3_401_basic_auth_is_html_with_the_realm_mesosphere),
        MARATHON_TEST(s1_3_403_when_100_deployments_run),
        MARATHON_TEST(s1_3_403_at_the_limit_that_was_set),
        MARATHON_TEST(s1_3_404_for_each_unknown_thing),
        MARATHON_TEST(s1_3_405_406_415_have_the_reason_phrase),
        MARATHON_TEST(s1_3_409_for_a_duplicate_has_no_deployments),
        MARATHON_TEST(s1_3_409_for_a_lock_lists_the_deployments),
        MARATHON_TEST(s1_3_a_plan_conflicts_only_where_its_apps_do),
        MARATHON_TEST(s1_3_a_kill_without_scale_is_never_locked),
        MARATHON_TEST(s1_3_422_a_type_error_is_invalid_json_with_paths),
        MARATHON_TEST(s1_3_422_a_type_error_in_an_update_is_invalid_json_too),
        MARATHON_TEST(s1_3_422_a_rule_violation_is_object_is_not_valid_with_paths),
        MARATHON_TEST(s1_3_422_an_illegal_argument_has_a_message_only),
        MARATHON_TEST(s1_3_500_for_an_unknown_route),
        MARATHON_TEST(s1_3_500_for_old_and_new_fields_together_in_an_update),
        MARATHON_TEST(s1_3_500_for_an_app_too_big_to_be_stored),
        MARATHON_TEST(s1_3_500_for_a_full_update_queue),
        MARATHON_TEST(s1_3_502_of_a_standby_without_leader_is_html),
        MARATHON_TEST(s1_3_503_is_json_for_a_timeout_and_html_for_the_concurrency_limit),
        MARATHON_TEST(s1_3_a_refused_change_is_told_by_group_change_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
