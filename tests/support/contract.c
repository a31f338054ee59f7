/**
 * @file tests/support/contract.c
 * @brief Holding answers against the contract.
 */
#include "tests/support/contract.h"

#include "server/json/json.h"
#include "tests/support/schema.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

json_t *contract_load(void)
{
    json_error_t error;
    json_t *contract = json_load_file(ZDD_OPENAPI, JSON_REJECT_DUPLICATES, &error);

    if (!contract)
        fail_msg("%s: line %d: %s", ZDD_OPENAPI, error.line, error.text);
    return contract;
}

static bool path_fits(const char *pattern, const char *path)
{
    while (*pattern) {
        if (*pattern == '{') {
            const size_t size = strcspn(path, "/");

            if (size == 0)
                return false;
            path += size;
            pattern = strchr(pattern, '}') + 1;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

/* "GET" → "get"; HEAD is answered as GET is. */
static void method_name(const char *method, char ret_name[static 16])
{
    size_t i = 0;

    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (; method[i] && i < 15; i++)
        ret_name[i] = (char)(method[i] >= 'A' && method[i] <= 'Z' ? method[i] + 32 : method[i]);
    ret_name[i] = '\0';
}

const json_t *contract_operation(const json_t *contract, const char *method, const char *path)
{
    json_t *paths = json_object_get(contract, "paths");
    const char *pattern;
    json_t *methods;
    char name[16];

    method_name(method, name);
    json_object_foreach(paths, pattern, methods)
    {
        if (path_fits(pattern, path) && json_object_get(methods, name))
            return json_object_get(methods, name);
    }
    return NULL;
}

void contract_check_value(const json_t *contract, const char *name, const json_t *value)
{
    const json_t *schemas = json_object_get(json_object_get(contract, "components"), "schemas");
    const json_t *schema = json_object_get(schemas, name);
    char error[SCHEMA_ERROR_SIZE];

    assert_non_null(schema);
    if (!schema_fits(contract, schema, value, error))
        fail_msg("no %s: %s", name, error);
}

/* The media type without its parameters. */
static const json_t *media_of(const json_t *content, const char *type)
{
    char bare[80];

    snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(type, "; "), type);
    return json_object_get(content, bare);
}

static void check_body(const json_t *contract, const json_t *response,
                       const struct contract_answer *a)
{
    const json_t *content = json_object_get(response, "content");
    const json_t *media;
    char error[SCHEMA_ERROR_SIZE];

    if (!content || strcmp(a->method, "HEAD") == 0) {
        assert_int_equal(a->size, 0);
        return;
    }
    if (!a->type) {
        fail_msg("%s %s: %ld has no Content-Type", a->method, a->path, a->status);
        return;
    }
    media = media_of(content, a->type);
    if (!media)
        fail_msg("%s %s: %ld is not documented as %s", a->method, a->path, a->status, a->type);
    if (!strstr(a->type, "json") || strstr(a->type, "ndjson"))
        return;
    if (!a->json)
        fail_msg("%s %s: %ld has a body that is no JSON", a->method, a->path, a->status);
    if (!schema_fits(contract, json_object_get(media, "schema"), a->json, error)) {
        char *text = json_dumps(a->json, JSON_INDENT(1));

        fail_msg("%s %s: %ld: %s\n%s", a->method, a->path, a->status, error, text);
    }
}

bool contract_lists_problem(const json_t *operation, const char *code)
{
    const json_t *codes = json_object_get(operation, "x-problems");
    size_t i;
    json_t *one;

    json_array_foreach(codes, i, one)
    {
        if (strcmp(json_string_value(one), code) == 0)
            return true;
    }
    return false;
}

static void check_problem(const json_t *operation, const struct contract_answer *a)
{
    const char *code = zdd_json_text(a->json, "code", "");

    assert_int_equal(zdd_json_int(a->json, "status", 0), a->status);
    if (!contract_lists_problem(operation, code))
        fail_msg("%s %s: x-problems of the operation lacks %s", a->method, a->path, code);
}

void contract_check_answer(const json_t *contract, const struct contract_answer *a)
{
    const json_t *operation = contract_operation(contract, a->method, a->path);
    char status[16];
    const json_t *response;

    if (!operation) {
        if (a->status != 404 && a->status != 405)
            fail_msg("%s %s is not in the contract and was answered %ld", a->method, a->path,
                     a->status);
        assert_string_equal(a->type, "application/problem+json");
        contract_check_value(contract, "Problem", a->json);
        return;
    }
    snprintf(status, sizeof(status), "%ld", a->status);
    response = json_object_get(json_object_get(operation, "responses"), status);
    if (!response)
        fail_msg("%s %s: the contract has no status %s", a->method, a->path, status);
    check_body(contract, schema_follow(contract, response), a);
    if (a->status >= 400 && strcmp(a->method, "HEAD") != 0)
        check_problem(operation, a);
}

void contract_check_request_type(const json_t *contract, const char *method, const char *path,
                                 const char *type)
{
    const json_t *body = json_object_get(contract_operation(contract, method, path), "requestBody");

    if (!json_object_get(json_object_get(body, "content"), type))
        fail_msg("%s %s accepted a body of %s, which the contract does not allow", method, path,
                 type);
}

void contract_check_request(const json_t *contract, const char *method, const char *path,
                            const json_t *body)
{
    const json_t *operation = contract_operation(contract, method, path);
    const json_t *schema =
        zdd_json_at(json_object_get(operation, "requestBody"), "/content/application~1json/schema");
    char error[SCHEMA_ERROR_SIZE];

    if (!schema)
        fail_msg("%s %s takes no body", method, path);
    if (!schema_fits(contract, schema, body, error))
        fail_msg("%s %s accepted a body that the contract does not allow: %s", method, path, error);
}
