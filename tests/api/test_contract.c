/**
 * @file tests/api/test_contract.c
 * @brief The routes and openapi/openapi.json are one: neither has what the other has not.
 */
#include "server/api/inside.h"
#include "server/json/json.h"
#include "tests/support/contract.h"
#include "tests/support/schema.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int load(void **state)
{
    *state = contract_load();
    return 0;
}

static int release(void **state)
{
    json_decref(*state);
    return 0;
}

static const struct zdd_route *route_of(const char *operation)
{
    for (size_t i = 0; i < zdd_route_count; i++) {
        if (strcmp(zdd_routes[i].operation, operation) == 0)
            return &zdd_routes[i];
    }
    return NULL;
}

/* Walk all operations of the contract. */
static void each_operation(const json_t *contract,
                           void (*visit)(const json_t *contract, const char *path,
                                         const char *method, const json_t *operation))
{
    json_t *paths = json_object_get(contract, "paths");
    const char *path;
    json_t *methods;

    json_object_foreach(paths, path, methods)
    {
        const char *method;
        json_t *operation;

        json_object_foreach(methods, method, operation) visit(contract, path, method, operation);
    }
}

static void has_a_route(const json_t *contract, const char *path, const char *method,
                        const json_t *operation)
{
    const char *id = zdd_json_text(operation, "operationId", "");
    const struct zdd_route *route = route_of(id);

    (void)contract;
    if (!route) {
        fail_msg("no route carries out %s (%s %s)", id, method, path);
        return;
    }
    assert_string_equal(route->path, path);
    assert_true(strlen(route->method) == strlen(method) && route->method[0] == method[0] - 32);
}

static void every_operation_of_the_contract_has_its_route(void **state)
{
    each_operation(*state, has_a_route);
}

static void every_route_has_its_operation_in_the_contract(void **state)
{
    for (size_t i = 0; i < zdd_route_count; i++) {
        const json_t *operation =
            contract_operation(*state, zdd_routes[i].method, zdd_routes[i].path);

        if (!operation)
            fail_msg("%s %s is not in the contract", zdd_routes[i].method, zdd_routes[i].path);
        assert_string_equal(zdd_json_text(operation, "operationId", ""), zdd_routes[i].operation);
    }
}

/* The flags of the operation's route; fails the test when it has none. */
static unsigned flags_of(const json_t *operation)
{
    const char *id = zdd_json_text(operation, "operationId", "");
    const struct zdd_route *route = route_of(id);

    if (!route) {
        fail_msg("no route carries out %s", id);
        return 0;
    }
    return route->flags;
}

static unsigned scopes_of(const json_t *operation)
{
    const json_t *names = zdd_json_at(operation, "/security/0/token");
    unsigned scopes = 0;
    size_t index;
    json_t *name;

    json_array_foreach(names, index, name) scopes |= zdd_scopes_parse(json_string_value(name));
    return scopes;
}

static void says_its_scope(const json_t *contract, const char *path, const char *method,
                           const json_t *operation)
{
    const unsigned flags = flags_of(operation), scopes = scopes_of(operation);

    (void)contract;
    (void)method;
    if ((flags & ZDD_ROUTE_SCOPES) != scopes)
        fail_msg("%s: the contract says other scopes than the route", path);
    /* An operation for whoever is known has a security of its own, without a scope. */
    assert_int_equal(!!(flags & ZDD_ROUTE_OPEN),
                     json_array_size(json_object_get(operation, "security")) == 0);
}

static void each_operation_says_the_scope_that_it_needs(void **state)
{
    each_operation(*state, says_its_scope);
}

static bool answers(const json_t *contract, const json_t *operation, const char *media)
{
    const json_t *response =
        schema_follow(contract, json_object_get(json_object_get(operation, "responses"), "200"));

    return json_object_get(json_object_get(response, "content"), media) != NULL;
}

static void says_its_media(const json_t *contract, const char *path, const char *method,
                           const json_t *operation)
{
    const unsigned flags = flags_of(operation);

    (void)path;
    if (strcmp(method, "get") != 0)
        return;
    assert_int_equal(answers(contract, operation, "text/event-stream"), !!(flags & ZDD_ROUTE_SSE));
    assert_int_equal(answers(contract, operation, "application/x-ndjson"),
                     !!(flags & ZDD_ROUTE_NDJSON));
    assert_int_equal(answers(contract, operation, "text/plain"),
                     !!(flags & (ZDD_ROUTE_TEXT | ZDD_ROUTE_TEXT_ONLY)));
    assert_int_equal(answers(contract, operation, "application/json"),
                     !(flags & (ZDD_ROUTE_TEXT_ONLY | ZDD_ROUTE_PAGE)));
}

static void each_operation_says_the_media_types_that_it_answers(void **state)
{
    each_operation(*state, says_its_media);
}

static void is_described(const json_t *contract, const char *path, const char *method,
                         const json_t *operation)
{
    (void)contract;
    (void)method;
    if (!*zdd_json_text(operation, "summary", "") || !*zdd_json_text(operation, "description", ""))
        fail_msg("%s has no summary or description", path);
}

static void each_operation_is_described(void **state)
{
    each_operation(*state, is_described);
}

/* What a browser shows as it is. */
static bool is_file(const char *type)
{
    return strcmp(type, "text/html") == 0 || strcmp(type, "text/css") == 0 ||
           strcmp(type, "text/javascript") == 0 || strncmp(type, "image/", 6) == 0;
}

static void has_examples(const char *path, const char *what, const json_t *body)
{
    json_t *content = json_object_get(body, "content");
    const char *type;
    json_t *media;

    json_object_foreach(content, type, media)
    {
        if (!is_file(type) && json_object_size(json_object_get(media, "examples")) == 0)
            fail_msg("%s: the %s as %s has no example", path, what, type);
    }
}

static void shows_examples(const json_t *contract, const char *path, const char *method,
                           const json_t *operation)
{
    json_t *responses = json_object_get(operation, "responses");
    const char *status;
    json_t *response;

    (void)method;
    has_examples(path, "request", json_object_get(operation, "requestBody"));
    json_object_foreach(responses, status, response)
        has_examples(path, status, schema_follow(contract, response));
}

static void each_body_that_an_operation_reads_or_answers_has_an_example(void **state)
{
    each_operation(*state, shows_examples);
}

/* Every "schema" with "examples" beside it, wherever it stands. */
static void check_examples(const json_t *contract, const json_t *json)
{
    const json_t *schema = json_object_get(json, "schema");
    json_t *examples = json_object_get(json, "examples");
    json_t *object = (json_t *)(uintptr_t)json;
    const char *key;
    json_t *value;
    size_t index;

    if (schema && json_is_object(examples)) {
        json_object_foreach(examples, key, value)
        {
            char error[SCHEMA_ERROR_SIZE];
            const json_t *example = json_object_get(schema_follow(contract, value), "value");

            assert_non_null(example);
            if (!schema_fits(contract, schema, example, error))
                fail_msg("the example %s: %s", key, error);
        }
    }
    json_object_foreach(object, key, value) check_examples(contract, value);
    json_array_foreach(json, index, value) check_examples(contract, value);
}

static void each_example_fits_its_schema(void **state)
{
    check_examples(*state, *state);
}

static void every_reference_leads_somewhere(void **state)
{
    const json_t *schemas = zdd_json_at(*state, "/components/schemas");
    json_t *all = (json_t *)(uintptr_t)schemas;
    ZDD_AUTO_JSON json_t *nothing = json_null();
    const char *name;
    json_t *schema;

    json_object_foreach(all, name, schema)
    {
        char error[SCHEMA_ERROR_SIZE];

        /* Also fails on keywords that the check does not know. */
        (void)schema_fits(*state, schema, nothing, error);
    }
}

static void every_code_of_a_problem_is_explained(void **state)
{
    FILE *file = fopen(ZDD_PROBLEMS, "r");
    static char text[65536];
    size_t size;

    (void)state;
    assert_non_null(file);
    size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = '\0';
    for (enum zdd_err err = ZDD_ERR_BODY_MALFORMED; err < ZDD_ERR_COUNT; err++) {
        char row[80];

        snprintf(row, sizeof(row), "\n| `%s` |", zdd_err_slug(err));
        if (!strstr(text, row))
            fail_msg("problems.md does not explain %s", zdd_err_slug(err));
    }
}

/* No operation answers these. */
static bool is_of_no_operation(enum zdd_err err)
{
    return err == ZDD_ERR_METHOD_UNKNOWN       /* the path has no operation for it */
           || err == ZDD_ERR_FLOOR_BROKEN      /* the engine's, in the audit */
           || err == ZDD_ERR_STORE_HELD        /* the server does not start */
           || err == ZDD_ERR_TOKEN_NAME_TAKEN; /* of the command line */
}

/* The example of a problem, in the response that all operations share; borrowed, NULL for none. */
static const json_t *problem_of(const json_t *contract, const char *code)
{
    json_t *responses = json_object_get(json_object_get(contract, "components"), "responses");
    const char *name;
    json_t *response;

    json_object_foreach(responses, name, response)
    {
        const json_t *media =
            json_object_get(json_object_get(response, "content"), "application/problem+json");
        const json_t *example = json_object_get(json_object_get(media, "examples"), code);

        if (example)
            return json_object_get(example, "value");
    }
    return NULL;
}

static void every_problem_that_an_operation_answers_has_its_example(void **state)
{
    for (enum zdd_err err = ZDD_ERR_BODY_MALFORMED; err < ZDD_ERR_COUNT; err++) {
        const json_t *problem = problem_of(*state, zdd_err_slug(err));

        if (is_of_no_operation(err)) {
            assert_null(problem);
            continue;
        }
        if (!problem)
            fail_msg("no response of the contract shows %s", zdd_err_slug(err));
        assert_string_equal(zdd_json_text(problem, "code", ""), zdd_err_slug(err));
        assert_string_equal(zdd_json_text(problem, "title", ""), zdd_err_text(err));
        assert_int_equal(zdd_json_int(problem, "status", 0), zdd_status_of(err));
    }
}

static void stands_where_its_status_is(const json_t *contract, const char *path, const char *method,
                                       const json_t *operation)
{
    json_t *responses = json_object_get(operation, "responses");
    const char *status;
    json_t *response;

    (void)method;
    json_object_foreach(responses, status, response)
    {
        json_t *examples = json_object_get(
            json_object_get(json_object_get(schema_follow(contract, response), "content"),
                            "application/problem+json"),
            "examples");
        const char *code;
        json_t *example;

        json_object_foreach(examples, code, example)
        {
            const json_t *problem = json_object_get(example, "value");

            if (zdd_json_int(problem, "status", 0) != strtol(status, NULL, 10))
                fail_msg("%s shows %s under %s", path, code, status);
        }
    }
}

static void each_problem_stands_under_its_status(void **state)
{
    each_operation(*state, stands_where_its_status_is);
}

/* The code of a problem as an error; fails the test when there is none. */
static enum zdd_err error_of(const char *code)
{
    enum zdd_err err = ZDD_ERR_BODY_MALFORMED;

    while (err < ZDD_ERR_COUNT && strcmp(zdd_err_slug(err), code) != 0)
        err++;
    if (err == ZDD_ERR_COUNT)
        fail_msg("%s is no problem", code);
    return err;
}

/* One answer has another status than its problem usually has. */
static unsigned status_in(const char *operation, enum zdd_err err)
{
    return err == ZDD_ERR_STORE_FULL && strcmp(operation, "getReadyz") == 0 ? 503
                                                                            : zdd_status_of(err);
}

static void has_the_statuses_of_its_problems(const json_t *contract, const char *path,
                                             const char *method, const json_t *operation)
{
    const char *id = zdd_json_text(operation, "operationId", "");
    json_t *responses = json_object_get(operation, "responses");
    const json_t *codes = json_object_get(operation, "x-problems");
    bool used[600] = {false};
    const char *status;
    json_t *one;
    size_t i;

    (void)contract;
    (void)path;
    (void)method;
    json_array_foreach(codes, i, one)
    {
        const enum zdd_err err = error_of(json_string_value(one));
        char text[16];

        snprintf(text, sizeof(text), "%u", status_in(id, err));
        if (!json_object_get(responses, text))
            fail_msg("%s answers %s but has no %s", id, zdd_err_slug(err), text);
        used[status_in(id, err)] = true;
    }
    json_object_foreach(responses, status, one)
    {
        const long number = strtol(status, NULL, 10);

        if (number >= 400 && !used[number])
            fail_msg("%s has a status %s and no problem for it", id, status);
    }
}

static void each_operation_has_the_statuses_of_its_problems_and_no_others(void **state)
{
    each_operation(*state, has_the_statuses_of_its_problems);
}

static void lists(const json_t *operation, enum zdd_err err, bool wanted)
{
    if (contract_lists_problem(operation, zdd_err_slug(err)) != wanted)
        fail_msg("%s: x-problems %s %s", zdd_json_text(operation, "operationId", ""),
                 wanted ? "lacks" : "has", zdd_err_slug(err));
}

/* What its flags make possible, whatever its handler does. */
static void has_the_problems_of_its_flags(const json_t *contract, const char *path,
                                          const char *method, const json_t *operation)
{
    static const enum zdd_err of_all[] = {ZDD_ERR_QUERY_INVALID, ZDD_ERR_TOO_MANY_CALLS,
                                          ZDD_ERR_DRAINING, ZDD_ERR_NO_MEMORY, ZDD_ERR_INTERNAL};
    static const enum zdd_err of_known[] = {ZDD_ERR_TOKEN_MISSING,   ZDD_ERR_TOKEN_UNKNOWN,
                                            ZDD_ERR_SESSION_UNKNOWN, ZDD_ERR_CSRF_REFUSED,
                                            ZDD_ERR_RATE_LIMITED,    ZDD_ERR_STORE_BUSY,
                                            ZDD_ERR_STORE_BROKEN,    ZDD_ERR_STORE_CORRUPT};
    const unsigned flags = flags_of(operation);
    const bool reads_body = json_object_get(operation, "requestBody");

    (void)contract;
    (void)path;
    (void)method;
    for (size_t i = 0; i < ZDD_COUNT(of_all); i++)
        lists(operation, of_all[i], true);
    for (size_t i = 0; !(flags & ZDD_ROUTE_OPEN) && i < ZDD_COUNT(of_known); i++)
        lists(operation, of_known[i], true);
    lists(operation, ZDD_ERR_SCOPE_MISSING, flags & ZDD_ROUTE_SCOPES);
    lists(operation, ZDD_ERR_TICKET_UNKNOWN, flags & ZDD_ROUTE_SSE);
    lists(operation, ZDD_ERR_NOT_ACCEPTABLE, !(flags & ZDD_ROUTE_PAGE));
    lists(operation, ZDD_ERR_STORE_READ_ONLY, flags & ZDD_ROUTE_CHANGE);
    lists(operation, ZDD_ERR_BODY_MALFORMED, reads_body);
    lists(operation, ZDD_ERR_BODY_INVALID, reads_body);
    lists(operation, ZDD_ERR_MEDIA_TYPE, reads_body);
}

static void each_operation_lists_the_problems_that_its_route_makes_possible(void **state)
{
    each_operation(*state, has_the_problems_of_its_flags);
}

/* The check itself: what it lets pass, and what not. */
static const struct {
    const char *schema;
    const char *good;
    const char *bad;
} checks[] = {
    {"{\"type\":\"object\"}", "{}", "[]"},
    {"{\"type\":[\"string\",\"null\"]}", "null", "1"},
    {"{\"type\":\"integer\"}", "3", "3.5"},
    {"{\"type\":\"number\",\"minimum\":0,\"maximum\":1}", "1", "1.1"},
    {"{\"type\":\"number\",\"minimum\":0}", "0", "-1"},
    {"{\"required\":[\"a\"]}", "{\"a\":1}", "{\"b\":1}"},
    {"{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":\"x\"}", "{\"a\":1}"},
    {"{\"properties\":{\"a\":true}}", "{\"a\":1}", "{\"a\":1,\"b\":1}"},
    {"{\"properties\":{\"a\":true},\"additionalProperties\":true}", "{\"b\":1}", NULL},
    {"{\"additionalProperties\":{\"type\":\"string\"}}", "{\"a\":\"x\"}", "{\"a\":1}"},
    {"{\"items\":{\"enum\":[1,\"a\"]}}", "[1,\"a\"]", "[2]"},
    {"{\"const\":true}", "true", "false"},
    {"{\"pattern\":\"^[a-z]+$\"}", "\"abc\"", "\"a1\""},
    {"{\"format\":\"date-time\"}", "\"2024-05-01T10:00:00.000Z\"", "\"yesterday\""},
    {"{\"format\":\"uuid\"}", "\"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b\"", "\"0190\""},
    {"{\"minLength\":2,\"maxLength\":3}", "\"ab\"", "\"abcd\""},
    {"{\"minItems\":1,\"maxItems\":2}", "[1]", "[]"},
    {"{\"maxProperties\":1}", "{\"a\":1}", "{\"a\":1,\"b\":2}"},
    {"{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\"}]}", "\"a\"", "1"},
    {"{\"oneOf\":[{\"type\":\"number\"},{\"minimum\":5}]}", "3", "6"},
    {"{\"$ref\":\"#/properties/a\",\"properties\":{\"a\":{\"type\":\"integer\"}}}", "1", "\"x\""},
};

static void the_check_of_schemas_tells_good_from_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(checks); i++) {
        ZDD_AUTO_JSON json_t *schema = json_loads(checks[i].schema, 0, NULL);
        ZDD_AUTO_JSON json_t *good = json_loads(checks[i].good, JSON_DECODE_ANY, NULL);
        ZDD_AUTO_JSON json_t *bad =
            checks[i].bad ? json_loads(checks[i].bad, JSON_DECODE_ANY, NULL) : NULL;
        char error[SCHEMA_ERROR_SIZE];

        if (!schema_fits(schema, schema, good, error))
            fail_msg("%s refuses %s: %s", checks[i].schema, checks[i].good, error);
        if (bad && schema_fits(schema, schema, bad, error))
            fail_msg("%s accepts %s", checks[i].schema, checks[i].bad);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_of_the_contract_has_its_route),
        cmocka_unit_test(every_route_has_its_operation_in_the_contract),
        cmocka_unit_test(each_operation_says_the_scope_that_it_needs),
        cmocka_unit_test(each_operation_says_the_media_types_that_it_answers),
        cmocka_unit_test(each_operation_is_described),
        cmocka_unit_test(each_body_that_an_operation_reads_or_answers_has_an_example),
        cmocka_unit_test(each_example_fits_its_schema),
        cmocka_unit_test(every_reference_leads_somewhere),
        cmocka_unit_test(every_code_of_a_problem_is_explained),
        cmocka_unit_test(every_problem_that_an_operation_answers_has_its_example),
        cmocka_unit_test(each_problem_stands_under_its_status),
        cmocka_unit_test(each_operation_has_the_statuses_of_its_problems_and_no_others),
        cmocka_unit_test(each_operation_lists_the_problems_that_its_route_makes_possible),
        cmocka_unit_test(the_check_of_schemas_tells_good_from_bad),
    };

    return cmocka_run_group_tests(tests, load, release);
}
