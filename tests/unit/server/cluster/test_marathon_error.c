/**
 * @file tests/unit/server/cluster/test_marathon_error.c
 * @brief Each error body Marathon is known to send, and what callers get to read.
 */
#include "server/cluster/marathon_error.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

#define JSON "application/json"
#define HTML "text/html"

/* An answer with its JSON, if it is some. */
struct heard {
    struct zdd_answer answer;
    json_t *json;
    char words[ZDD_DETAIL_SIZE];
    char errors[2048];
};

static struct heard hear(long status, const char *type, const char *body)
{
    struct heard heard = {.answer.status = status};

    snprintf(heard.answer.type, sizeof(heard.answer.type), "%s", type);
    zdd_buf_text(&heard.answer.body, body);
    if (zdd_json_read(body, strlen(body), &heard.json, NULL) != ZDD_ERR_NONE)
        heard.json = NULL;
    zdd_marathon_words(&heard.answer, heard.json, heard.words, sizeof(heard.words));
    zdd_marathon_errors(heard.json, heard.errors, sizeof(heard.errors));
    return heard;
}

static void forget(struct heard *heard)
{
    zdd_answer_release(&heard->answer);
    json_decref(heard->json);
}

static enum zdd_err verdict(enum zdd_marathon_verb verb, long status, const char *type,
                            const char *body)
{
    struct heard heard = hear(status, type, body);
    const enum zdd_err err = zdd_marathon_judge(verb, &heard.answer, heard.json);

    forget(&heard);
    return err;
}

static void statuses_become_errors(void **state)
{
    static const struct {
        enum zdd_marathon_verb verb;
        long status;
        const char *type, *body;
        enum zdd_err err;
    } rows[] = {
        {ZDD_MARATHON_GET, 200, JSON, "{}", ZDD_ERR_NONE},
        {ZDD_MARATHON_PUT, 201, JSON, "{\"version\":\"x\"}", ZDD_ERR_NONE},
        {ZDD_MARATHON_GET, 200, HTML, "<html>login</html>", ZDD_ERR_CLUSTER_NONSENSE},
        {ZDD_MARATHON_PUT, 200, JSON, "{\"version\":\"20", ZDD_ERR_CLUSTER_NONSENSE},
        {ZDD_MARATHON_PUT, 200, "", "", ZDD_ERR_CLUSTER_NONSENSE},
        {ZDD_MARATHON_GET, 304, "", "", ZDD_ERR_CLUSTER_NONSENSE},
        {ZDD_MARATHON_PUT, 400, JSON, "{\"message\":\"Invalid JSON\",\"details\":\"at 3\"}",
         ZDD_ERR_CLUSTER_REFUSED},
        {ZDD_MARATHON_PUT, 400, HTML, "<html>bad gateway</html>", ZDD_ERR_CLUSTER_NONSENSE},
        {ZDD_MARATHON_GET, 401, HTML, "<html>", ZDD_ERR_CLUSTER_FORBIDDEN},
        {ZDD_MARATHON_PUT, 401, "", "", ZDD_ERR_CLUSTER_FORBIDDEN},
        {ZDD_MARATHON_PUT, 403, JSON,
         "{\"message\":\"Max number (100) of running deployments is achieved. Wait for existing "
         "deployments to complete or cancel one using force=true parameter.\"}",
         ZDD_ERR_CLUSTER_LIMIT},
        {ZDD_MARATHON_PUT, 403, JSON, "{\"message\":\"Not Authorized to perform this action!\"}",
         ZDD_ERR_CLUSTER_FORBIDDEN},
        {ZDD_MARATHON_PUT, 403, HTML, "<html>Forbidden</html>", ZDD_ERR_CLUSTER_FORBIDDEN},
        {ZDD_MARATHON_GET, 403, JSON, "{\"message\":\"max deployments\"}",
         ZDD_ERR_CLUSTER_FORBIDDEN},
        {ZDD_MARATHON_GET, 404, JSON, "{\"message\":\"App '/x' does not exist\"}",
         ZDD_ERR_APP_UNKNOWN},
        {ZDD_MARATHON_OTHER, 404, JSON, "{\"message\":\"App '/x' does not exist\"}",
         ZDD_ERR_APP_UNKNOWN},
        {ZDD_MARATHON_PUT, 404, JSON, "{\"message\":\"App '/x' does not exist\"}",
         ZDD_ERR_CLUSTER_REFUSED},
        {ZDD_MARATHON_GET, 404, HTML, "<h1>nginx</h1>", ZDD_ERR_CLUSTER_NONSENSE},
        {ZDD_MARATHON_GET, 404, JSON, "{\"message\":\"URI not found: /p\"}",
         ZDD_ERR_CLUSTER_NONSENSE},
        {ZDD_MARATHON_GET, 404, JSON, "{\"message\":null}", ZDD_ERR_CLUSTER_NONSENSE},
        {ZDD_MARATHON_GET, 405, JSON, "{\"message\":null}", ZDD_ERR_CLUSTER_NONSENSE},
        {ZDD_MARATHON_OTHER, 409, JSON,
         "{\"message\":\"App is locked by one or more deployments\",\"deployments\":"
         "[{\"id\":\"3f0c6c1e-0a61-4c55-a3f2-9b1f7a2b7d11\"}]}",
         ZDD_ERR_CLUSTER_LOCKED},
        {ZDD_MARATHON_PUT, 409, JSON, "{\"message\":\"An app with id [/x] already exists.\"}",
         ZDD_ERR_CLUSTER_REFUSED},
        {ZDD_MARATHON_PUT, 409, JSON, "{\"message\":\"exists\",\"deployments\":[]}",
         ZDD_ERR_CLUSTER_REFUSED},
        {ZDD_MARATHON_PUT, 422, JSON, "{\"message\":\"Object is not valid\",\"details\":[]}",
         ZDD_ERR_CLUSTER_REFUSED},
        {ZDD_MARATHON_GET, 429, "", "", ZDD_ERR_CLUSTER_UNWELL},
        {ZDD_MARATHON_GET, 500, JSON, "{\"message\":\"URI not found\"}", ZDD_ERR_CLUSTER_UNWELL},
        {ZDD_MARATHON_PUT, 502, HTML, "<html>", ZDD_ERR_CLUSTER_UNWELL},
        {ZDD_MARATHON_GET, 503, "", "", ZDD_ERR_CLUSTER_UNWELL},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        const enum zdd_err err = verdict(rows[i].verb, rows[i].status, rows[i].type, rows[i].body);

        if (err != rows[i].err)
            fail_msg("row %zu, status %ld: %s, not %s", i, rows[i].status, zdd_err_slug(err),
                     zdd_err_slug(rows[i].err));
    }
}

static void an_accepted_order_stays_accepted_when_its_body_is_lost(void **state)
{
    struct zdd_answer answer = {.status = 200, .deployment_id = "3f0c6c1e"};

    (void)state;
    assert_int_equal(zdd_marathon_judge(ZDD_MARATHON_PUT, &answer, NULL), ZDD_ERR_NONE);
    assert_int_equal(zdd_marathon_judge(ZDD_MARATHON_GET, &answer, NULL), ZDD_ERR_CLUSTER_NONSENSE);
}

static void details_may_be_a_list_a_text_or_of_before_1_0(void **state)
{
    static const struct {
        const char *body, *words, *errors;
    } rows[] = {
        {"{\"message\":\"Object is not valid\",\"details\":[{\"path\":\"/healthChecks(0)/path\","
         "\"errors\":[\"must not be empty\",\"is odd\"]},{\"path\":\"/\",\"errors\":[\"bad\"]}]}",
         "Object is not valid: must not be empty (#/app/healthChecks/0/path); is odd "
         "(#/app/healthChecks/0/path); bad (#/app)",
         "[{\"pointer\":\"#/app/healthChecks/0/path\",\"detail\":\"must not be empty\"},"
         "{\"pointer\":\"#/app/healthChecks/0/path\",\"detail\":\"is odd\"},"
         "{\"pointer\":\"#/app\",\"detail\":\"bad\"}]"},
        {"{\"message\":\"Invalid JSON\",\"details\":[{\"path\":\"/id\",\"errors\":"
         "[\"error.path.missing\"]}]}",
         "Invalid JSON: error.path.missing (#/app/id)",
         "[{\"pointer\":\"#/app/id\",\"detail\":\"error.path.missing\"}]"},
        {"{\"message\":\"Invalid JSON\",\"details\":\"Unexpected end\"}",
         "Invalid JSON: Unexpected end", "[{\"pointer\":\"#/app\",\"detail\":\"Unexpected end\"}]"},
        {"{\"message\":\"Bean is not valid\",\"errors\":[{\"attribute\":\"upgradeStrategy\","
         "\"error\":\"is greater than 1\"}]}",
         "Bean is not valid: is greater than 1 (#/app/upgradeStrategy)",
         "[{\"pointer\":\"#/app/upgradeStrategy\",\"detail\":\"is greater than 1\"}]"},
        {"{\"message\":\"x\",\"details\":[\"plain\"]}", "x: plain",
         "[{\"pointer\":\"#/app\",\"detail\":\"plain\"}]"},
        {"{\"message\":\"App '/x' does not exist\"}", "App '/x' does not exist", ""},
        {"{\"message\":null}", "answered 422 without a message", ""},
        {"[]", "answered 422 without a message", ""},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct heard heard = hear(422, JSON, rows[i].body);

        assert_string_equal(heard.words, rows[i].words);
        assert_string_equal(heard.errors, rows[i].errors);
        forget(&heard);
    }
}

static void bodies_that_are_no_json_are_named_and_never_shown(void **state)
{
    static const struct {
        const char *type, *body, *words;
    } rows[] = {
        {HTML, "<html><body>secret</body></html>", "answered 502 with an HTML page"},
        {"", "<!DOCTYPE html>secret", "answered 502 with an HTML page"},
        {"", "", "answered 502 with an empty body"},
        {JSON, "{\"message\":\"sec", "answered 502 with JSON that breaks off or is broken"},
        {"text/plain", "secret", "answered 502 with a text that is no JSON"},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct heard heard = hear(502, rows[i].type, rows[i].body);

        assert_string_equal(heard.words, rows[i].words);
        assert_string_equal(heard.errors, "");
        forget(&heard);
    }
}

static void paths_become_pointers(void **state)
{
    static const struct {
        const char *path, *pointer;
    } rows[] = {
        {"", "#/app"},
        {"/", "#/app"},
        {"/id", "#/app/id"},
        {"id", "#/app/id"},
        {"/healthChecks(0)/path", "#/app/healthChecks/0/path"},
        {"/container/portMappings(2)/servicePort", "#/app/container/portMappings/2/servicePort"},
        {"/labels(a/b~c)", "#/app/labels/a~1b~0c"},
        {"/env(A)/x/y", "#/app/env/A/x/y"},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        char pointer[256];

        zdd_marathon_pointer(rows[i].path, pointer, sizeof(pointer));
        assert_string_equal(pointer, rows[i].pointer);
    }
}

static void too_many_words_are_cut_and_the_errors_stay_whole_json(void **state)
{
    struct zdd_buf body = {0};
    struct heard heard;
    json_t *errors = NULL;

    (void)state;
    zdd_buf_text(&body, "{\"message\":\"\xC3\xA4\",\"details\":[");
    for (int i = 0; i < 200; i++)
        zdd_buf_printf(&body, "%s{\"path\":\"/env(K%d)\",\"errors\":[\"wrong \xE2\x82\xAC\"]}",
                       i == 0 ? "" : ",", i);
    zdd_buf_text(&body, "]}");
    heard = hear(422, JSON, body.data);
    assert_true(strlen(heard.words) > ZDD_DETAIL_SIZE - 5);
    assert_int_equal(zdd_json_read(heard.errors, strlen(heard.errors), &errors, NULL),
                     ZDD_ERR_NONE);
    assert_true(json_array_size(errors) > 20 && json_array_size(errors) < 200);
    json_decref(errors);
    forget(&heard);
    zdd_buf_release(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_become_errors),
        cmocka_unit_test(an_accepted_order_stays_accepted_when_its_body_is_lost),
        cmocka_unit_test(details_may_be_a_list_a_text_or_of_before_1_0),
        cmocka_unit_test(bodies_that_are_no_json_are_named_and_never_shown),
        cmocka_unit_test(paths_become_pointers),
        cmocka_unit_test(too_many_words_are_cut_and_the_errors_stay_whole_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
