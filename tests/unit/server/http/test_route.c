/**
 * @file tests/unit/server/http/test_route.c
 * @brief Which row of a route table answers which path.
 */
#include "server/http/call.h"
#include "tests/support/spec.h"

#include <string.h>

static const struct zdd_route routes[] = {
    {"GET", "/", NULL, "root", 0},
    {"GET", "/v1/apps", NULL, "listApps", 0},
    {"GET", "/v1/apps/all", NULL, "allApps", 0},
    {"GET", "/v1/apps/{id}", NULL, "getApp", 0},
    {"DELETE", "/v1/apps/{id}", NULL, "deleteApp", 0},
    {"GET", "/v1/apps/{id}/revisions/{n}", NULL, "getRevision", 0},
    {"POST", "/v1/apps", NULL, "addApp", 0},
    {"GET", "/v2/tree/{path*}", NULL, "getTree", 0},
    {"PUT", "/v2/tree/{path*}", NULL, "putTree", 0},
    {"OPTIONS", "/v1/cors", NULL, "preflight", 0},
    {"POST", "/v1/cors", NULL, "cors", 0},
};

static struct zdd_call route(const char *method, const char *target, enum zdd_err expected)
{
    struct zdd_call call = {.method = method, .status = 200};
    enum zdd_err err;

    assert_int_equal(zdd_call_open(&call, target), ZDD_ERR_NONE);
    err = zdd_call_route(&call, routes, sizeof(routes) / sizeof(routes[0]));
    if (err != expected)
        fail_msg("%s %s gives %s, not %s", method, target, zdd_err_slug(err),
                 zdd_err_slug(expected));
    return call;
}

/* The operation that answers, and its first two arguments (NULL when there are none). */
static void goes_to(const char *method, const char *target, const char *operation,
                    const char *first, const char *second)
{
    struct zdd_call call = route(method, target, ZDD_ERR_NONE);

    assert_string_equal(call.route->operation, operation);
    if (first)
        assert_string_equal(call.arg[0], first);
    else
        assert_null(call.arg[0]);
    if (second)
        assert_string_equal(call.arg[1], second);
    zdd_call_release(&call);
}

static void goes_nowhere(const char *method, const char *target)
{
    struct zdd_call call = route(method, target, ZDD_ERR_ROUTE_UNKNOWN);

    assert_null(call.route);
    assert_int_equal(call.header_count, 0);
    zdd_call_release(&call);
}

static void allows(const char *method, const char *target, const char *methods)
{
    struct zdd_call call = route(method, target, ZDD_ERR_METHOD_UNKNOWN);

    assert_null(call.route);
    assert_string_equal(zdd_call_added(&call, "Allow"), methods);
    zdd_call_release(&call);
}

static void the_first_row_that_fits_answers(void **state)
{
    (void)state;
    goes_to("GET", "/", "root", NULL, NULL);
    goes_to("GET", "/v1/apps", "listApps", NULL, NULL);
    goes_to("POST", "/v1/apps", "addApp", NULL, NULL);
    goes_to("GET", "/v1/apps/all", "allApps", NULL, NULL);
    goes_to("GET", "/v1/apps/al", "getApp", "al", NULL);
    goes_to("DELETE", "/v1/apps/all", "deleteApp", "all", NULL);
    goes_to("GET", "/v1/apps/a/revisions/7?x=y", "getRevision", "a", "7");
}

static void paths_that_fit_no_row_are_unknown(void **state)
{
    (void)state;
    goes_nowhere("GET", "");
    goes_nowhere("GET", "*");
    goes_nowhere("GET", "/v1");
    goes_nowhere("GET", "/v1/apps/");
    goes_nowhere("GET", "/v1//apps");
    goes_nowhere("GET", "/v1/appsx");
    goes_nowhere("GET", "/V1/apps");
    goes_nowhere("GET", "/v1/apps/a/");
    goes_nowhere("GET", "/v1/apps//revisions/7");
    goes_nowhere("GET", "/v1/apps/a/revisions/");
    goes_nowhere("GET", "/v1/apps/a/revisions/7/8");
    goes_nowhere("GET", "/v2/tree/");
    goes_nowhere("NONSENSE", "/v1");
}

static void an_argument_is_decoded_after_the_path_was_split(void **state)
{
    (void)state;
    goes_to("GET", "/v1/apps/%2Fzdd%2Fbase", "getApp", "/zdd/base", NULL);
    goes_to("GET", "/v1/apps/%2fzdd%2fbase/revisions/%37", "getRevision", "/zdd/base", "7");
    goes_to("GET", "/v1/apps/a+b%20c", "getApp", "a+b c", NULL);
    goes_to("GET", "/v1/apps/all%3Fx", "getApp", "all?x", NULL);
    goes_to("GET", "/v1/apps/..", "getApp", "..", NULL);
}

static void the_rest_of_a_path_can_be_one_argument(void **state)
{
    (void)state;
    goes_to("GET", "/v2/tree/a", "getTree", "a", NULL);
    goes_to("GET", "/v2/tree//zdd/base", "getTree", "/zdd/base", NULL);
    goes_to("PUT", "/v2/tree/a/b%2Fc/", "putTree", "a/b/c/", NULL);
}

static void broken_encoding_in_an_argument_is_refused(void **state)
{
    static const char *const targets[] = {"/v1/apps/%",   "/v1/apps/%0",  "/v1/apps/%00",
                                          "/v1/apps/%zz", "/v1/apps/%80", "/v2/tree/a/%C3/b"};

    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct zdd_call call = route("GET", targets[i], ZDD_ERR_QUERY_INVALID);

        assert_string_not_equal(call.detail, "");
        zdd_call_release(&call);
    }
}

static void get_answers_head(void **state)
{
    (void)state;
    goes_to("HEAD", "/v1/apps/a", "getApp", "a", NULL);
    allows("HEAD", "/v1/cors", "OPTIONS, POST");
}

static void another_method_hears_which_ones_there_are(void **state)
{
    (void)state;
    allows("PUT", "/v1/apps", "GET, HEAD, POST");
    allows("PATCH", "/v1/apps/a", "GET, HEAD, DELETE");
    allows("POST", "/v1/apps/all", "GET, HEAD, DELETE");
    allows("OPTIONS", "/v1/apps", "GET, HEAD, POST");
    allows("get", "/v1/apps", "GET, HEAD, POST");
    goes_to("OPTIONS", "/v1/cors", "preflight", NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_row_that_fits_answers),
        cmocka_unit_test(paths_that_fit_no_row_are_unknown),
        cmocka_unit_test(an_argument_is_decoded_after_the_path_was_split),
        cmocka_unit_test(the_rest_of_a_path_can_be_one_argument),
        cmocka_unit_test(broken_encoding_in_an_argument_is_refused),
        cmocka_unit_test(get_answers_head),
        cmocka_unit_test(another_method_hears_which_ones_there_are),
    };

    return cmocka_run_group_tests_name("server/http/route", tests, NULL, NULL);
}
