/**
 * @file tests/fuzz/fuzz_path.c
 * @brief Any request target: paths, queries, percent-encoding, and the route it finds.
 */
#include "server/api/api.h"
#include "server/base/cleanup.h"
#include "server/http/percent.h"
#include "server/net/url.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_problem(struct zdd_call *call, enum zdd_err err)
{
    ZDD_AUTO_JSON json_t *problem = NULL;

    zdd_call_problem(call, err);
    FUZZ_CHECK(call->status >= 400 && call->status <= 599);
    problem = fuzz_must_json(call->reply.data, call->reply.size);
    FUZZ_CHECK(json_is_string(json_object_get(problem, "type")));
    FUZZ_CHECK(json_integer_value(json_object_get(problem, "status")) == (json_int_t)call->status);
}

static void check_query(const struct zdd_call *call)
{
    FUZZ_CHECK(call->query_count <= ZDD_CALL_QUERY_MAX);
    for (size_t i = 0; i < call->query_count; i++) {
        const char *name = call->query[i].name;
        int64_t number = 7;
        struct zdd_call copy = *call; /* of which only the detail is written */

        FUZZ_CHECK(fuzz_is_utf8(name) && fuzz_is_utf8(call->query[i].value));
        FUZZ_CHECK(zdd_call_query(call, name) != NULL);
        if (zdd_call_query_int(&copy, name, -5, 200, 0, &number) == ZDD_ERR_NONE)
            FUZZ_CHECK(number >= -5 && number <= 200);
        else
            FUZZ_CHECK(number == 7 && copy.detail[0]);
    }
}

static void check_route(struct zdd_call *call, const char *method)
{
    enum zdd_err err;

    call->method = method;
    err = zdd_call_route(call, zdd_routes, zdd_route_count);
    if (err != ZDD_ERR_NONE) {
        check_problem(call, err);
        return;
    }
    FUZZ_CHECK(call->route != NULL);
    for (size_t i = 0; i < ZDD_CALL_ARG_MAX && call->arg[i]; i++)
        FUZZ_CHECK(call->arg[i][0] && fuzz_is_utf8(call->arg[i]));
    FUZZ_CHECK(!strchr(call->route->path, '{') || call->arg[0]);
}

static void check_target(const char *target, const char *method)
{
    struct zdd_call call = {.status = 200};
    const enum zdd_err err = zdd_call_open(&call, target);

    FUZZ_CHECK(call.path && !strchr(call.path, '?'));
    if (err == ZDD_ERR_NONE) {
        check_query(&call);
        check_route(&call, method);
    } else {
        check_problem(&call, err);
    }
    zdd_call_release(&call);
}

/* What is encoded decodes to itself, and decoding never makes a text longer. */
static void check_percent(const char *text)
{
    ZDD_AUTO_FREE char *decoded = strdup(text);
    ZDD_AUTO_BUF struct zdd_buf encoded = {0};
    const bool good = decoded && zdd_percent_decode(decoded, false);

    FUZZ_CHECK(decoded != NULL && strlen(decoded) <= strlen(text));
    if (!good || !*decoded)
        return;
    FUZZ_CHECK(fuzz_is_utf8(decoded));
    zdd_url_encode(&encoded, decoded, "/");
    FUZZ_CHECK(encoded.err == ZDD_ERR_NONE && zdd_percent_decode(encoded.data, true));
    FUZZ_CHECK(strcmp(encoded.data, decoded) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 1);

    check_target(parts.text[0], "GET");
    check_target(parts.text[0], "POST");
    check_target(parts.text[0], "");
    check_percent(parts.text[0]);
    return 0;
}
