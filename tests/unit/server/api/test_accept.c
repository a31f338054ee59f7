/**
 * @file tests/unit/server/api/test_accept.c
 * @brief Accept, ETags and Prefer, as clients and proxies really send them.
 */
#include "server/api/inside.h"
#include "server/api/session.h"
#include "tests/support/spec.h"

static void the_best_of_what_is_offered_is_chosen(void **state)
{
    static const struct {
        const char *accept;
        unsigned flags;
        enum zdd_media media;
    } cases[] = {
        {NULL, 0, ZDD_MEDIA_JSON},
        {"", ZDD_ROUTE_SSE, ZDD_MEDIA_JSON},
        {"*/*", ZDD_ROUTE_SSE, ZDD_MEDIA_JSON},
        {"text/event-stream", ZDD_ROUTE_SSE, ZDD_MEDIA_SSE},
        {"text/event-stream", 0, ZDD_MEDIA_NONE},
        {"TEXT/Event-Stream", ZDD_ROUTE_SSE, ZDD_MEDIA_SSE},
        {"text/event-stream, */*;q=0.1", ZDD_ROUTE_SSE, ZDD_MEDIA_SSE},
        {"text/event-stream;q=0.5, application/json", ZDD_ROUTE_SSE, ZDD_MEDIA_JSON},
        {"application/json;q=0, */*", ZDD_ROUTE_TEXT, ZDD_MEDIA_TEXT},
        {"application/json;q=0", 0, ZDD_MEDIA_NONE},
        {"application/json; charset=utf-8 ; q=0", 0, ZDD_MEDIA_NONE},
        {"application/*", ZDD_ROUTE_NDJSON, ZDD_MEDIA_JSON},
        {"application/x-ndjson", ZDD_ROUTE_NDJSON, ZDD_MEDIA_NDJSON},
        {"text/*", ZDD_ROUTE_TEXT, ZDD_MEDIA_TEXT},
        {"text/html,application/xhtml+xml,*/*;q=0.8", 0, ZDD_MEDIA_JSON},
        {"text/plain", ZDD_ROUTE_TEXT_ONLY, ZDD_MEDIA_TEXT},
        {"application/json", ZDD_ROUTE_TEXT_ONLY, ZDD_MEDIA_NONE},
        {"application/jsonp", 0, ZDD_MEDIA_NONE},
        {",,, ,", 0, ZDD_MEDIA_NONE},
        {"json", 0, ZDD_MEDIA_NONE},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(cases); i++) {
        if (zdd_accept_choose(cases[i].accept, cases[i].flags) != cases[i].media)
            fail_msg("\"%s\" with flags %x", cases[i].accept ? cases[i].accept : "(none)",
                     cases[i].flags);
    }
}

static void an_etag_is_found_in_its_list_and_nowhere_else(void **state)
{
    (void)state;
    assert_true(zdd_etag_listed("\"7\"", 7));
    assert_true(zdd_etag_listed("\"6\" , \"7\"", 7));
    assert_true(zdd_etag_listed("W/\"7\"", 7));    /* a proxy that compresses makes it weak */
    assert_true(zdd_etag_listed("\"7-gzip\"", 7)); /* what was compressed here */
    assert_true(zdd_etag_listed("\"6-gzip\",W/\"7-gzip\"", 7));
    assert_false(zdd_etag_listed("\"77-gzip\"", 7));
    assert_false(zdd_etag_listed("\"7-gzi\"", 7));
    assert_false(zdd_etag_listed("\"7-gzip", 7));
    assert_false(zdd_etag_listed("-gzip\"", 7));
    assert_true(zdd_etag_listed("*", 7));
    assert_false(zdd_etag_listed("\"77\"", 7));
    assert_false(zdd_etag_listed("7", 7));
    assert_false(zdd_etag_listed("", 7));
    assert_false(zdd_etag_listed("\"-7\"", 7));
}

static void prefer_wait_is_read_and_bounded(void **state)
{
    (void)state;
    assert_int_equal(zdd_prefer_wait(NULL, 60), -1);
    assert_int_equal(zdd_prefer_wait("respond-async", 60), -1);
    assert_int_equal(zdd_prefer_wait("wait=0", 60), 0);
    assert_int_equal(zdd_prefer_wait("respond-async, wait=30", 60), 30);
    assert_int_equal(zdd_prefer_wait("Wait=60", 60), 60);
    assert_int_equal(zdd_prefer_wait("wait=61", 60), 60);
    assert_int_equal(zdd_prefer_wait("wait=99999999999999999999", 60), 60);
    assert_int_equal(zdd_prefer_wait("wait=-1", 60), -1);
    assert_int_equal(zdd_prefer_wait("wait=soon", 60), -1);
}

static void a_cookie_is_found_by_its_whole_name(void **state)
{
    char value[8] = "";

    (void)state;
    assert_false(zdd_cookie_read(NULL, "s", value, sizeof(value)));
    assert_false(zdd_cookie_read("", "s", value, sizeof(value)));
    assert_false(zdd_cookie_read("xs=1; s2=2; s", "s", value, sizeof(value)));
    assert_false(zdd_cookie_read("s=", "s", value, sizeof(value)));
    assert_false(zdd_cookie_read("s=12345678", "s", value, sizeof(value)));
    assert_true(zdd_cookie_read("s=1234567", "s", value, sizeof(value)));
    assert_string_equal(value, "1234567");
    assert_true(zdd_cookie_read("xs=1; s=a=b;s=2", "s", value, sizeof(value)));
    assert_string_equal(value, "a=b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_of_what_is_offered_is_chosen),
        cmocka_unit_test(an_etag_is_found_in_its_list_and_nowhere_else),
        cmocka_unit_test(prefer_wait_is_read_and_bounded),
        cmocka_unit_test(a_cookie_is_found_by_its_whole_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
