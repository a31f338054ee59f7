/**
 * @file tests/api/test_http_pages.c
 * @brief What browsers need of the HTTP server: pages of other origins, and replies in gzip.
 */
#include "tests/api/http_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPS "https://ops.example"

static int start(void **state)
{
    static struct world world;

    world_start(&world, (struct zdd_http_options){.cors_origins = OPS ",http://127.0.0.1:3000",
                                                  .squeezes = true});
    *state = &world;
    return 0;
}

static int stop(void **state)
{
    world_stop(*state);
    return 0;
}

/* Ask with these headers, each ended by CR LF. */
static struct wire_reply ask(struct world *world, const char *start_line, const char *headers)
{
    char text[4000];

    snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: x\r\n%sConnection: close\r\n\r\n",
             start_line, headers);
    return wire_ask(world->port, text);
}

static void has(const struct wire_reply *reply, const char *name, const char *expected)
{
    const char *value = wire_header(reply, name);

    if (!expected ? value != NULL : !value || strcmp(value, expected) != 0)
        fail_msg("%s is '%s', not '%s' in %s", name, value ? value : "(absent)",
                 expected ? expected : "(absent)", reply->head);
}

static void a_page_of_an_allowed_origin_may_read_the_reply(void **state)
{
    struct wire_reply reply = ask(*state, "GET /hello", "Origin: " OPS "\r\n");

    assert_int_equal(reply.status, 200);
    has(&reply, "Access-Control-Allow-Origin", OPS);
    has(&reply, "Access-Control-Allow-Credentials", NULL);
    assert_non_null(strstr(wire_header(&reply, "Access-Control-Expose-Headers"), "ETag"));
    assert_non_null(strstr(reply.head, "Vary: Origin"));
    wire_reply_free(&reply);

    /* What fails is read too: the page shows why. */
    reply = ask(*state, "GET /nowhere", "Origin: " OPS "\r\n");
    assert_int_equal(reply.status, 404);
    has(&reply, "Access-Control-Allow-Origin", OPS);
    wire_reply_free(&reply);
}

static void other_pages_get_nothing_that_helps_them(void **state)
{
    static const char *const origins[] = {"Origin: https://evil.example\r\n", "Origin: null\r\n",
                                          ""};

    for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
        struct wire_reply reply = ask(*state, "GET /hello", origins[i]);

        has(&reply, "Access-Control-Allow-Origin", NULL);
        assert_non_null(strstr(reply.head, "Vary: Origin")); /* caches must not mix them up */
        wire_reply_free(&reply);
    }
}

static void whoever_asks_before_is_told_what_may_be_asked(void **state)
{
    struct world *world = *state;
    struct wire_reply reply = ask(world, "OPTIONS /echo",
                                  "Origin: " OPS "\r\nAccess-Control-Request-Method: POST\r\n"
                                  "Access-Control-Request-Headers: authorization,content-type\r\n");

    assert_int_equal(reply.status, 204);
    has(&reply, "Access-Control-Allow-Origin", OPS);
    assert_non_null(strstr(wire_header(&reply, "Access-Control-Allow-Methods"), "POST"));
    assert_non_null(strstr(wire_header(&reply, "Access-Control-Allow-Headers"), "Authorization"));
    assert_non_null(strstr(wire_header(&reply, "Access-Control-Allow-Headers"), "If-Match"));
    assert_int_equal(world->handler_count, 0);
    assert_int_equal(world->before_count, 0); /* browsers send no token with it */
    wire_reply_free(&reply);
}

static void a_question_from_elsewhere_is_a_method_that_there_is_not(void **state)
{
    static const char *const headers[] = {
        "Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n",
        "Origin: " OPS "\r\n",
        "Access-Control-Request-Method: POST\r\n",
    };

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct wire_reply reply = ask(*state, "OPTIONS /echo", headers[i]);

        assert_int_equal(reply.status, 405);
        has(&reply, "Access-Control-Allow-Methods", NULL);
        wire_reply_free(&reply);
    }
}

static void a_large_reply_is_compressed_for_who_takes_it(void **state)
{
    struct world *world = *state;
    char path[3000], line[3100];
    struct wire_reply plain, squeezed, small;

    memset(path, '7', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    snprintf(line, sizeof(line), "GET /args/first/%s", path);
    squeezed = ask(world, line, "Accept-Encoding: gzip\r\n");
    assert_int_equal(squeezed.status, 200);
    has(&squeezed, "Content-Encoding", "gzip");
    assert_true(squeezed.body_size > 10 && squeezed.body_size < 1000);
    assert_int_equal((unsigned char)squeezed.body[0], 0x1f);
    assert_non_null(strstr(squeezed.head, "Vary: Accept-Encoding"));

    plain = ask(world, line, "");
    has(&plain, "Content-Encoding", NULL);
    assert_true(plain.body_size > strlen(path));
    assert_non_null(strstr(plain.head, "Vary: Accept-Encoding"));

    small = ask(world, "GET /hello", "Accept-Encoding: gzip\r\n");
    has(&small, "Content-Encoding", NULL);
    wire_reply_free(&squeezed);
    wire_reply_free(&plain);
    wire_reply_free(&small);
}

static void expect_tag(struct world *world, const char *line, const char *headers, const char *tag)
{
    struct wire_reply reply = ask(world, line, headers);

    has(&reply, "ETag", tag);
    has(&reply, "Vary", "Origin");
    assert_non_null(strstr(reply.head, "Vary: Accept-Encoding"));
    wire_reply_free(&reply);
}

static void other_bytes_have_another_tag(void **state)
{
    static const char gzip[] = "Accept-Encoding: gzip\r\n";

    expect_tag(*state, "GET /tagged/2000", gzip, "\"7-gzip\"");
    expect_tag(*state, "GET /tagged/2000", "", "\"7\"");
    expect_tag(*state, "GET /tagged/20", gzip, "\"7\""); /* too small: as it is */
}

static void what_is_not_modified_has_the_tag_that_the_caller_keeps(void **state)
{
    static const struct {
        const char *known, *tag;
    } rows[] = {
        {"If-None-Match: \"7\"\r\n", "\"7\""},
        {"If-None-Match: \"7-gzip\"\r\n", "\"7-gzip\""},
        {"If-None-Match: \"5\", W/\"7-gzip\"\r\n", "\"7-gzip\""},
        {"If-None-Match: \"7-gzip\", \"7\"\r\n", "\"7\""},
        {"If-None-Match: *\r\n", "\"7\""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_tag(*state, "GET /tagged/2000", rows[i].known, rows[i].tag);
}

static void where_all_origins_may_call_none_is_sent_back(void **state)
{
    struct world *world = *state;
    char header[1100] = "Origin: https://";
    struct wire_reply reply;

    memset(header + strlen(header), 'x', 1000);
    memcpy(header + 1016, "\r\n", 3);
    world_stop(world);
    world_start(world, (struct zdd_http_options){.cors_origins = "*"});
    reply = ask(world, "GET /hello", header);
    assert_int_equal(reply.status, 200);
    has(&reply, "Access-Control-Allow-Origin", "*");
    wire_reply_free(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
        TEST(a_page_of_an_allowed_origin_may_read_the_reply),
        TEST(other_pages_get_nothing_that_helps_them),
        TEST(whoever_asks_before_is_told_what_may_be_asked),
        TEST(a_question_from_elsewhere_is_a_method_that_there_is_not),
        TEST(a_large_reply_is_compressed_for_who_takes_it),
        TEST(other_bytes_have_another_tag),
        TEST(what_is_not_modified_has_the_tag_that_the_caller_keeps),
        TEST(where_all_origins_may_call_none_is_sent_back),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
