/**
 * @file tests/unit/server/http/test_call.c
 * @brief What handlers read from a call and write to it, without a server.
 */
#include "server/http/call.h"
#include "tests/support/spec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opens a call on @p target; release it. */
static struct zdd_call a_call(const char *target)
{
    struct zdd_call call = {.method = "GET", .status = 200};

    assert_int_equal(zdd_call_open(&call, target), ZDD_ERR_NONE);
    return call;
}

static void refuses_target(const char *target)
{
    struct zdd_call call = {.method = "GET", .status = 200};

    if (zdd_call_open(&call, target) != ZDD_ERR_QUERY_INVALID)
        fail_msg("'%s' must be refused", target);
    assert_string_not_equal(call.detail, "");
    assert_non_null(call.path);
    zdd_call_release(&call);
}

static void the_path_is_kept_as_sent_and_the_query_is_decoded(void **state)
{
    struct zdd_call call = a_call("/v1/apps/%2Fzdd%2Fbase?state=a+b%20c&q=%C3%BC&flag&empty=");

    (void)state;
    assert_string_equal(call.path, "/v1/apps/%2Fzdd%2Fbase");
    assert_string_equal(zdd_call_query(&call, "state"), "a b c");
    assert_string_equal(zdd_call_query(&call, "q"), "\xC3\xBC");
    assert_string_equal(zdd_call_query(&call, "flag"), "");
    assert_string_equal(zdd_call_query(&call, "empty"), "");
    assert_null(zdd_call_query(&call, "absent"));
    zdd_call_release(&call);
}

static void every_form_of_a_target_has_a_path(void **state)
{
    static const struct {
        const char *target;
        const char *path;
    } rows[] = {
        {"/", "/"},
        {"", ""},
        {NULL, ""},
        {"*", "*"},
        {"/a?", "/a"},
        {"/a?&&", "/a"},
        {"http://host:80/a/b?c=d", "/a/b"},
        {"HTTP://host", "/"},
        {"https://host/a", "/a"},
        {"HTTPS://host", "/"},
        {"/http://host/a", "/http://host/a"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct zdd_call call = a_call(rows[i].target);

        assert_string_equal(call.path, rows[i].path);
        zdd_call_release(&call);
    }
}

static void broken_percent_encoding_is_refused(void **state)
{
    (void)state;
    refuses_target("/a?b=%");
    refuses_target("/a?b=%4");
    refuses_target("/a?b=%4g");
    refuses_target("/a?b=%g4");
    refuses_target("/a?%zz");
    refuses_target("/a?b=%00");
    refuses_target("/a?b=%ff");
    refuses_target("/a?b=%C3");
}

static void thirty_two_parameters_are_read_and_one_more_is_refused(void **state)
{
    char target[400] = "/a?";
    struct zdd_call call;

    (void)state;
    for (int i = 0; i < ZDD_CALL_QUERY_MAX; i++)
        snprintf(target + strlen(target), sizeof(target) - strlen(target), "p%d=%d&", i, i);
    call = a_call(target);
    assert_int_equal(call.query_count, ZDD_CALL_QUERY_MAX);
    assert_string_equal(zdd_call_query(&call, "p31"), "31");
    zdd_call_release(&call);
    strncat(target, "more", sizeof(target) - strlen(target) - 1);
    refuses_target(target);
}

static void join(void *cls, const char *name, const char *value)
{
    zdd_buf_printf(cls, "%s=%s;", name, value);
}

static void a_repeated_parameter_is_seen_each_time_but_read_once(void **state)
{
    struct zdd_call call = a_call("/a?x=1&y=2&x=3");
    ZDD_AUTO_BUF struct zdd_buf all = {0};

    (void)state;
    zdd_call_queries(&call, join, &all);
    assert_string_equal(all.data, "x=1;y=2;x=3;");
    assert_string_equal(zdd_call_query(&call, "x"), "1");
    zdd_call_release(&call);
}

static void limit_is(const char *target, enum zdd_err expected, int64_t value)
{
    struct zdd_call call = a_call(target);
    int64_t limit = -99;

    assert_int_equal(zdd_call_query_int(&call, "limit", 1, 500, 50, &limit), expected);
    assert_int_equal(limit, value);
    assert_int_equal(call.detail[0] != '\0', expected != ZDD_ERR_NONE);
    zdd_call_release(&call);
}

static void an_integer_parameter_has_bounds_and_a_default(void **state)
{
    (void)state;
    limit_is("/a", ZDD_ERR_NONE, 50);
    limit_is("/a?limit=1", ZDD_ERR_NONE, 1);
    limit_is("/a?limit=500", ZDD_ERR_NONE, 500);
    limit_is("/a?limit=0", ZDD_ERR_QUERY_INVALID, -99);
    limit_is("/a?limit=501", ZDD_ERR_QUERY_INVALID, -99);
    limit_is("/a?limit=", ZDD_ERR_QUERY_INVALID, -99);
    limit_is("/a?limit=-1", ZDD_ERR_QUERY_INVALID, -99);
    limit_is("/a?limit=%2B5", ZDD_ERR_QUERY_INVALID, -99);
    limit_is("/a?limit=%205", ZDD_ERR_QUERY_INVALID, -99);
    limit_is("/a?limit=5x", ZDD_ERR_QUERY_INVALID, -99);
    limit_is("/a?limit=99999999999999999999", ZDD_ERR_QUERY_INVALID, -99);
}

static void a_negative_integer_is_read_when_the_bounds_allow_it(void **state)
{
    struct zdd_call call = a_call("/a?n=-7");
    int64_t n = 0;

    (void)state;
    assert_int_equal(zdd_call_query_int(&call, "n", INT64_MIN, INT64_MAX, 0, &n), ZDD_ERR_NONE);
    assert_int_equal(n, -7);
    zdd_call_release(&call);
}

static const char *content_type;

static const char *header_of(const struct zdd_call *call, const char *name)
{
    (void)call;
    return strcmp(name, "Content-Type") == 0 ? content_type : NULL;
}

static const struct zdd_carrier carrier = {.header = header_of};

static enum zdd_err json_of(const char *type, const char *body, char detail[static 600])
{
    struct zdd_call call = a_call("/a");
    enum zdd_err err;

    content_type = type;
    call.carrier = &carrier;
    call.body = body;
    call.body_size = body ? strlen(body) : 0;
    err = zdd_call_json(&call);
    assert_int_equal(call.json != NULL, err == ZDD_ERR_NONE);
    if (err == ZDD_ERR_NONE)
        assert_int_equal(zdd_call_json(&call), ZDD_ERR_NONE); /* twice is once */
    memcpy(detail, call.detail, sizeof(call.detail));
    zdd_call_release(&call);
    return err;
}

static void a_media_type_is_compared_without_case_and_parameters(void **state)
{
    static const struct {
        const char *type;
        bool is_yaml;
    } rows[] = {
        {"application/yaml", true},
        {"Application/YAML; charset=utf-8", true},
        {"application/yaml ;x", true},
        {"application/yamls", false},
        {"application/yam", false},
        {"application/yaml text", false},
        {"text/plain; application/yaml", false},
        {"", false},
        {";", false},
        {NULL, false},
    };
    struct zdd_call call = a_call("/a");

    (void)state;
    call.carrier = &carrier;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        content_type = rows[i].type;
        if (zdd_call_has_type(&call, "application/yaml") != rows[i].is_yaml)
            fail_msg("'%s'", rows[i].type ? rows[i].type : "(none)");
    }
    zdd_call_release(&call);
}

static void json_bodies_need_a_json_content_type(void **state)
{
    static const char *const good[] = {
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;x",
        "application/merge-patch+json",
        "application/json ; charset=utf-8",
    };
    static const char *const bad[] = {
        "",
        "text/plain",
        "application/jsonp",
        "application/x-www-form-urlencoded",
        "+json",
        "application/json text",
        "text/plain; application/json",
    };
    char detail[600];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (json_of(good[i], "{}", detail) != ZDD_ERR_NONE)
            fail_msg("'%s' is JSON", good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (json_of(bad[i], "{}", detail) != ZDD_ERR_MEDIA_TYPE)
            fail_msg("'%s' is no JSON", bad[i]);
    }
    assert_int_equal(json_of(NULL, "{}", detail), ZDD_ERR_MEDIA_TYPE);
}

static void malformed_json_is_told_by_line_and_column(void **state)
{
    char detail[600];

    (void)state;
    assert_int_equal(json_of("application/json", "{\n  \"a\": x}", detail), ZDD_ERR_BODY_MALFORMED);
    assert_memory_equal(detail, "line 2, column ", 15);
    assert_int_equal(json_of("application/json", NULL, detail), ZDD_ERR_BODY_MALFORMED);
    assert_non_null(strstr(detail, "no body"));
}

static void a_detail_that_is_too_long_is_cut(void **state)
{
    struct zdd_call call = {0};
    char text[1000];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(zdd_call_fail(&call, ZDD_ERR_BODY_INVALID, "%s", text), ZDD_ERR_BODY_INVALID);
    assert_int_equal(strlen(call.detail), sizeof(call.detail) - 1);
}

static void headers_are_added_found_and_cannot_be_forged(void **state)
{
    struct zdd_call call = {0};

    (void)state;
    zdd_call_add_header(&call, "Location", "/v1/plans/%d", 7);
    zdd_call_add_header(&call, "X-Evil", "%s", "a\r\nSet-Cookie: b\x7F");
    assert_int_equal(call.header_count, 2);
    assert_string_equal(zdd_call_added(&call, "location"), "/v1/plans/7");
    assert_string_equal(zdd_call_added(&call, "x-evil"), "a??Set-Cookie: b?");
    assert_null(zdd_call_added(&call, "ETag"));
    zdd_call_release(&call);
}

static void a_header_value_that_is_empty_is_left_out_and_one_that_is_too_long_is_noted(void **state)
{
    struct zdd_call call = {0};
    char text[257];

    (void)state;
    memset(text, 'x', 256);
    text[256] = '\0';
    zdd_call_add_header(&call, "Link", "%s", "");
    assert_null(call.overlong);
    zdd_call_add_header(&call, "Link", "%s", text);
    assert_string_equal(call.overlong, "Link");
    assert_int_equal(call.header_count, 0);
    text[255] = '\0';
    zdd_call_add_header(&call, "Link", "%s", text);
    assert_int_equal(call.header_count, 1);
    zdd_call_release(&call);
}

static void each_class_of_errors_has_its_status(void **state)
{
    static const struct {
        enum zdd_err err;
        unsigned status;
    } rows[] = {
        {ZDD_ERR_NONE, 200},           {ZDD_ERR_BODY_MALFORMED, 400}, {ZDD_ERR_TOKEN_MISSING, 401},
        {ZDD_ERR_SCOPE_MISSING, 403},  {ZDD_ERR_RUN_UNKNOWN, 404},    {ZDD_ERR_METHOD_UNKNOWN, 405},
        {ZDD_ERR_NOT_ACCEPTABLE, 406}, {ZDD_ERR_APP_BUSY, 409},       {ZDD_ERR_RUN_STALE, 412},
        {ZDD_ERR_BODY_TOO_BIG, 413},   {ZDD_ERR_MEDIA_TYPE, 415},     {ZDD_ERR_BODY_INVALID, 422},
        {ZDD_ERR_INTERNAL, 500},       {ZDD_ERR_CLUSTER_DOWN, 502},   {ZDD_ERR_DRAINING, 503},
        {ZDD_ERR_CLUSTER_SLOW, 504},   {ZDD_ERR_STORE_FULL, 507},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(zdd_status_of(rows[i].err), rows[i].status);
    for (int err = 0; err < ZDD_ERR_COUNT; err++)
        assert_true(zdd_status_of((enum zdd_err)err) >= 200);
}

static void a_problem_has_every_member_that_is_known(void **state)
{
    struct zdd_call call = {.status = 200, .request_id = "req-1"};

    (void)state;
    zdd_field_error_add(zdd_call_errors(&call), "#/a", "must be %d", 1);
    zdd_field_error_add(zdd_call_errors(&call), "#/b", "must be \"x\"");
    snprintf(call.extra, sizeof(call.extra), "\"allowedCommands\":[\"abort\"]");
    zdd_buf_text(&call.reply, "half a reply that the handler had begun");
    zdd_call_problem(&call, zdd_call_fail(&call, ZDD_ERR_BODY_INVALID, "two members"));
    assert_string_equal(
        call.reply.data,
        "{\"type\":\"/problems/body-invalid\",\"title\":\"The request body breaks a documented "
        "rule.\",\"status\":422,\"detail\":\"two members\",\"code\":\"body-invalid\",\"errors\":["
        "{\"pointer\":\"#/a\",\"detail\":\"must be 1\"},"
        "{\"pointer\":\"#/b\",\"detail\":\"must be \\\"x\\\"\"}],"
        "\"requestId\":\"req-1\",\"allowedCommands\":[\"abort\"]}");
    assert_string_equal(call.type, "application/problem+json");
    assert_int_equal(call.status, 422);
    zdd_call_release(&call);
}

static void a_problem_without_details_leaves_them_out(void **state)
{
    struct zdd_call call = {.status = 200, .request_id = "r"};

    (void)state;
    zdd_call_problem(&call, ZDD_ERR_RUN_UNKNOWN);
    assert_string_equal(call.reply.data,
                        "{\"type\":\"/problems/deployment-unknown\",\"title\":\"No deployment has "
                        "this id.\",\"status\":404,\"code\":\"deployment-unknown\",\"requestId\":"
                        "\"r\"}");
    zdd_call_release(&call);
}

static void a_problem_keeps_a_status_that_already_is_a_failure(void **state)
{
    struct zdd_call call = {.status = 431, .request_id = "r"};

    (void)state;
    zdd_call_problem(&call, ZDD_ERR_QUERY_INVALID);
    assert_int_equal(call.status, 431);
    assert_non_null(strstr(call.reply.data, "\"status\":431"));
    zdd_call_release(&call);
}

static void the_hints_of_401_and_503_are_added_unless_there_are_some(void **state)
{
    struct zdd_call missing = {.status = 200};
    struct zdd_call draining = {.status = 200};
    struct zdd_call patient = {.status = 200};

    (void)state;
    zdd_call_problem(&missing, ZDD_ERR_TOKEN_MISSING);
    assert_string_equal(zdd_call_added(&missing, "WWW-Authenticate"), "Bearer realm=\"zdd\"");
    zdd_call_problem(&draining, ZDD_ERR_DRAINING);
    assert_string_equal(zdd_call_added(&draining, "Retry-After"), "2");
    zdd_call_add_header(&patient, "Retry-After", "30");
    zdd_call_problem(&patient, ZDD_ERR_DRAINING);
    assert_int_equal(patient.header_count, 1);
    assert_string_equal(zdd_call_added(&patient, "Retry-After"), "30");
    zdd_call_release(&missing);
    zdd_call_release(&draining);
    zdd_call_release(&patient);
}

static void more_errors_than_fit_are_written_as_far_as_they_fit(void **state)
{
    struct zdd_call call = {.status = 200};

    (void)state;
    for (int i = 0; i < ZDD_FIELD_ERROR_MAX + 3; i++)
        zdd_field_error_add(zdd_call_errors(&call), "#/x", "no %d", i);
    zdd_call_problem(&call, ZDD_ERR_BODY_INVALID);
    assert_non_null(strstr(call.reply.data, "\"no 15\"}]"));
    zdd_call_release(&call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_path_is_kept_as_sent_and_the_query_is_decoded),
        cmocka_unit_test(every_form_of_a_target_has_a_path),
        cmocka_unit_test(broken_percent_encoding_is_refused),
        cmocka_unit_test(thirty_two_parameters_are_read_and_one_more_is_refused),
        cmocka_unit_test(a_repeated_parameter_is_seen_each_time_but_read_once),
        cmocka_unit_test(an_integer_parameter_has_bounds_and_a_default),
        cmocka_unit_test(a_negative_integer_is_read_when_the_bounds_allow_it),
        cmocka_unit_test(a_media_type_is_compared_without_case_and_parameters),
        cmocka_unit_test(json_bodies_need_a_json_content_type),
        cmocka_unit_test(malformed_json_is_told_by_line_and_column),
        cmocka_unit_test(a_detail_that_is_too_long_is_cut),
        cmocka_unit_test(headers_are_added_found_and_cannot_be_forged),
        cmocka_unit_test(
            a_header_value_that_is_empty_is_left_out_and_one_that_is_too_long_is_noted),
        cmocka_unit_test(each_class_of_errors_has_its_status),
        cmocka_unit_test(a_problem_has_every_member_that_is_known),
        cmocka_unit_test(a_problem_without_details_leaves_them_out),
        cmocka_unit_test(a_problem_keeps_a_status_that_already_is_a_failure),
        cmocka_unit_test(the_hints_of_401_and_503_are_added_unless_there_are_some),
        cmocka_unit_test(more_errors_than_fit_are_written_as_far_as_they_fit),
    };

    return cmocka_run_group_tests_name("server/http/call", tests, NULL, NULL);
}
