/**
 * @file tests/api/test_http.c
 * @brief What the HTTP server does on the wire: requests, replies, bodies and limits.
 */
#include "server/base/clock.h"
#include "tests/api/http_world.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_MAX 1000
#define TRICKLE_MS_MAX 60000 /* ample, for a busy machine */

static int start(void **state)
{
    static struct world world;

    world_start(&world, (struct zdd_http_options){.body_max = BODY_MAX, .connection_max = 64});
    *state = &world;
    return 0;
}

static int stop(void **state)
{
    world_stop(*state);
    return 0;
}

/* Ask, check the status, give the reply. */
static struct wire_reply ask(struct world *world, const char *text, int status)
{
    struct wire_reply reply = wire_ask(world->port, text);

    if (reply.status != status)
        fail_msg("status %d instead of %d: %s%s", reply.status, status, reply.head, reply.body);
    return reply;
}

static void has(const struct wire_reply *reply, const char *name, const char *expected)
{
    const char *value = wire_header(reply, name);

    if (!value || strcmp(value, expected) != 0)
        fail_msg("%s is '%s', not '%s' in %s", name, value ? value : "(absent)", expected,
                 reply->head);
}

static void has_not(const struct wire_reply *reply, const char *name)
{
    if (wire_header(reply, name))
        fail_msg("there is a %s in %s", name, reply->head);
}

/* Ask, expect a problem with this status and code. */
static struct wire_reply problem(struct world *world, const char *text, int status,
                                 const char *code)
{
    struct wire_reply reply = ask(world, text, status);
    char member[100];

    has(&reply, "Content-Type", "application/problem+json");
    snprintf(member, sizeof(member), "\"status\":%d,", status);
    assert_non_null(strstr(reply.body, member));
    snprintf(member, sizeof(member), "\"code\":\"%s\"", code);
    if (!strstr(reply.body, member))
        fail_msg("no %s in %s", member, reply.body);
    return reply;
}

static void is_problem(struct world *world, const char *text, int status, const char *code)
{
    struct wire_reply reply = problem(world, text, status, code);

    wire_reply_free(&reply);
}

static void a_reply_has_its_body_type_and_guards(void **state)
{
    struct world *world = *state;
    struct wire_reply reply = ask(world, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", 200);

    assert_string_equal(reply.body, "{\"hello\":true}");
    has(&reply, "Content-Type", "application/json");
    has(&reply, "Content-Length", "14");
    has(&reply, "X-Content-Type-Options", "nosniff");
    has(&reply, "Cache-Control", "no-store");
    assert_non_null(wire_header(&reply, "Date"));
    has_not(&reply, "Connection");
    wire_reply_free(&reply);
    world_wait(world, &world->after_count, 1);
    assert_int_equal(world->before_count, 1);
    assert_int_equal(world->handler_count, 1);
}

static void a_handler_may_replace_guards_and_end_the_connection(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);
    struct wire_reply reply;

    wire_send(&wire, "DELETE /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
    reply = wire_read(&wire);
    assert_int_equal(reply.status, 204);
    has(&reply, "Cache-Control", "max-age=5");
    has(&reply, "Connection", "close");
    has_not(&reply, "Content-Type");
    assert_true(wire_closes(&wire, WIRE_WAIT_MS));
    wire_reply_free(&reply);
    wire_close(&wire);
}

static void a_server_without_guards_adds_none(void **state)
{
    struct world world;
    struct wire_reply reply;

    (void)state;
    world_start(&world, (struct zdd_http_options){.without_guards = true});
    reply = ask(&world, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", 200);
    has_not(&reply, "X-Content-Type-Options");
    has_not(&reply, "Cache-Control");
    assert_non_null(wire_header(&reply, "X-Request-Id"));
    wire_reply_free(&reply);
    world_stop(&world);
}

static void a_sane_request_id_comes_back_and_others_are_replaced(void **state)
{
    static const char *const insane[] = {"", "a b", "a/b", "\xC3\xBC", "x;y"};
    char request[300];
    char id[65];
    struct wire_reply reply;

    memset(id, 'a', 64);
    id[64] = '\0';
    reply = ask(*state, "GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: Az09._-\r\n\r\n", 200);
    has(&reply, "X-Request-Id", "Az09._-");
    wire_reply_free(&reply);
    for (size_t size = 63; size <= 64; size++) {
        snprintf(request, sizeof(request),
                 "GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: %s\r\n\r\n", id + 64 - size);
        reply = ask(*state, request, 200);
        assert_int_equal(strlen(wire_header(&reply, "X-Request-Id")), size == 63 ? 63 : 36);
        wire_reply_free(&reply);
    }
    for (size_t i = 0; i < sizeof(insane) / sizeof(insane[0]); i++) {
        snprintf(request, sizeof(request),
                 "GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: %s\r\n\r\n", insane[i]);
        reply = ask(*state, request, 200);
        assert_true(zdd_uuid_valid(wire_header(&reply, "X-Request-Id")));
        wire_reply_free(&reply);
    }
}

static void a_connection_serves_many_requests(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);

    for (unsigned i = 1; i <= 100; i++) {
        const bool fails = i % 3 == 0;
        struct wire_reply reply;

        wire_send(&wire, fails ? "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
                               : "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
        reply = wire_read(&wire);
        assert_int_equal(reply.status, fails ? 404 : 200);
        wire_reply_free(&reply);
        assert_int_equal(zdd_http_connections(world->http), 1);
    }
    wire_close(&wire);
    world_wait(world, &world->after_count, 100);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);
    struct wire_reply reply;

    wire_send(&wire, "GET /args/1/a HTTP/1.1\r\nHost: x\r\n\r\n"
                     "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\ntwo"
                     "GET /race HTTP/1.1\r\nHost: x\r\n\r\n"
                     "GET /args/4/d HTTP/1.1\r\nHost: x\r\n\r\n");
    reply = wire_read(&wire);
    assert_string_equal(reply.body, "1|a|-|127.0.0.1");
    wire_reply_free(&reply);
    reply = wire_read(&wire);
    assert_string_equal(reply.body, "two");
    wire_reply_free(&reply);
    reply = wire_read(&wire);
    assert_string_equal(reply.body, "\"from another thread\"");
    wire_reply_free(&reply);
    reply = wire_read(&wire);
    assert_string_equal(reply.body, "4|d|-|127.0.0.1");
    wire_reply_free(&reply);
    wire_close(&wire);
    world_wait(world, &world->after_count, 4);
    assert_int_equal(world->handler_count, 4);
}

static void path_and_query_arrive_as_they_were_meant(void **state)
{
    struct wire_reply reply = ask(
        *state, "GET /args/%2Fzdd%2Fbase//a+b%20c?q=x+y%26%C3%BC HTTP/1.1\r\nHost: x\r\n\r\n", 200);

    assert_string_equal(reply.body, "/zdd/base|/a+b c|x y&\xC3\xBC|127.0.0.1");
    wire_reply_free(&reply);
    reply = ask(*state, "GET http://elsewhere/args/1/2?q=3 HTTP/1.1\r\nHost: x\r\n\r\n", 200);
    assert_string_equal(reply.body, "1|2|3|127.0.0.1");
    wire_reply_free(&reply);
    is_problem(*state, "GET /args/%/2 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "query-invalid");
    is_problem(*state, "GET /args/1/%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "query-invalid");
    is_problem(*state, "GET /hello?%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "query-invalid");
}

static void unknown_paths_and_methods_are_problems(void **state)
{
    struct wire_reply reply;

    is_problem(*state, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404, "route-unknown");
    reply = problem(*state, "PUT /hello HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method-unknown");
    has(&reply, "Allow", "GET, HEAD");
    wire_reply_free(&reply);
    reply = problem(*state, "OPTIONS /echo HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method-unknown");
    has(&reply, "Allow", "POST");
    wire_reply_free(&reply);
    is_problem(*state, "AVERYLONGMETHODTHATNOBODYHASHEARDOF /hello HTTP/1.1\r\nHost: x\r\n\r\n",
               405, "method-unknown");
    assert_int_equal(((struct world *)*state)->handler_count, 0);
}

static void head_gives_the_headers_of_get(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);
    struct wire_reply reply;

    wire_send(&wire, "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    reply = wire_read_head(&wire);
    assert_int_equal(reply.status, 200);
    has(&reply, "Content-Length", "14");
    wire_reply_free(&reply);
    wire_send(&wire, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"); /* no body lies in between */
    reply = wire_read(&wire);
    assert_string_equal(reply.body, "{\"hello\":true}");
    wire_reply_free(&reply);
    wire_close(&wire);
}

static void a_refusal_of_the_handler_becomes_a_problem(void **state)
{
    struct wire_reply reply = problem(
        *state, "POST /refuse HTTP/1.1\r\nHost: x\r\nX-Request-Id: r1\r\nContent-Length: 0\r\n\r\n",
        422, "body-invalid");

    assert_string_equal(reply.body,
                        "{\"type\":\"/problems/body-invalid\",\"title\":\"The request body breaks "
                        "a documented rule.\",\"status\":422,\"detail\":\"no good\",\"code\":"
                        "\"body-invalid\",\"errors\":[{\"pointer\":\"#/a\",\"detail\":\"is wrong\"}"
                        "],\"requestId\":\"r1\"}");
    wire_reply_free(&reply);
}

static void a_reply_that_grew_too_big_is_an_internal_error(void **state)
{
    /* The problem does not fit either, so only its status is left. */
    struct wire_reply reply = ask(*state, "GET /too-much HTTP/1.1\r\nHost: x\r\n\r\n", 500);

    assert_string_equal(reply.body, "");
    wire_reply_free(&reply);
}

static void a_reply_never_goes_out_without_a_header_that_was_too_long(void **state)
{
    struct wire_reply reply = ask(*state, "GET /overlong HTTP/1.1\r\nHost: x\r\n\r\n", 500);

    assert_non_null(strstr(reply.body, "header X-Long of the reply has more than 255 bytes"));
    has_not(&reply, "X-Long");
    wire_reply_free(&reply);
}

static void a_problem_names_the_request_and_the_trace_it_belongs_to(void **state)
{
    static const char trace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
    char request[200], expected[80];
    struct wire_reply reply;

    snprintf(request, sizeof(request),
             "GET /nowhere HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\n"
             "traceparent: 00-%s-00f067aa0ba902b7-01\r\n\r\n",
             trace);
    snprintf(expected, sizeof(expected), "\"traceId\":\"%s\"", trace);
    reply = ask(*state, request, 404);
    assert_non_null(strstr(reply.body, "\"requestId\":\"mine\""));
    assert_non_null(strstr(reply.body, expected));
    wire_reply_free(&reply);
    reply = ask(*state, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404);
    assert_null(strstr(reply.body, "traceId"));
    wire_reply_free(&reply);
}

static void answer_of_fail(struct zdd_call *call, enum zdd_err err)
{
    call->status = zdd_status_of(err);
    zdd_buf_clear(&call->reply);
    zdd_buf_printf(&call->reply, "{\"message\":\"%s\"}", zdd_err_slug(err));
}

static void failures_can_be_given_another_shape(void **state)
{
    struct world world;
    struct wire_reply reply;

    (void)state;
    world_start(&world, (struct zdd_http_options){.fail = answer_of_fail});
    reply = ask(&world, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404);
    assert_string_equal(reply.body, "{\"message\":\"route-unknown\"}");
    has(&reply, "Content-Type", "application/json");
    wire_reply_free(&reply);
    world_stop(&world);
}

/* POST /echo with a body of @p size bytes, in chunks of @p chunk bytes if that is not 0. */
static struct wire_reply echo(struct world *world, size_t size, size_t chunk)
{
    struct wire wire = wire_open(world->port);
    char *body = malloc(size + 1);
    struct wire_reply reply;
    char text[100];

    assert_non_null(body);
    memset(body, 'b', size);
    if (chunk == 0) {
        snprintf(text, sizeof(text),
                 "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", size);
        wire_send(&wire, text);
        wire_send_bytes(&wire, body, size);
    } else {
        wire_send(&wire, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (size_t sent = 0; sent < size; sent += chunk) {
            const size_t piece = chunk < size - sent ? chunk : size - sent;

            snprintf(text, sizeof(text), "%zx\r\n", piece);
            wire_send(&wire, text);
            wire_send_bytes(&wire, body + sent, piece);
            wire_send(&wire, "\r\n");
        }
        wire_send(&wire, "0\r\n\r\n");
    }
    reply = wire_read(&wire);
    if (reply.status == 200) {
        assert_int_equal(reply.body_size, size);
        assert_memory_equal(reply.body, body, size);
    }
    free(body);
    wire_close(&wire);
    return reply;
}

static void bodies_up_to_the_limit_arrive_whole(void **state)
{
    static const size_t sizes[] = {0, 1, 2, BODY_MAX - 1, BODY_MAX};
    static const size_t chunks[] = {0, 1, 7, BODY_MAX};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t j = 0; j < sizeof(chunks) / sizeof(chunks[0]); j++) {
            struct wire_reply reply = echo(*state, sizes[i], chunks[j]);
            char size[20];

            assert_int_equal(reply.status, 200);
            snprintf(size, sizeof(size), "%zu", sizes[i]);
            has(&reply, "X-Size", size);
            wire_reply_free(&reply);
        }
    }
}

static void a_body_one_byte_over_the_limit_is_413(void **state)
{
    static const size_t chunks[] = {0, 1, 7, BODY_MAX + 1};
    struct world *world = *state;

    for (size_t j = 0; j < sizeof(chunks) / sizeof(chunks[0]); j++) {
        struct wire_reply reply = echo(*state, BODY_MAX + 1, chunks[j]);

        assert_int_equal(reply.status, 413);
        assert_non_null(strstr(reply.body, "\"code\":\"body-too-big\""));
        assert_non_null(strstr(reply.body, "at most 1000 bytes"));
        wire_reply_free(&reply);
    }
    assert_int_equal(world->handler_count, 0);
}

static void a_content_length_over_the_limit_is_answered_before_the_body(void **state)
{
    struct world *world = *state;
    struct wire_reply reply =
        problem(*state, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413,
                "body-too-big");

    has(&reply, "Connection", "close");
    wire_reply_free(&reply);
    is_problem(*state,
               "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551614\r\n\r\n",
               413, "body-too-big");
    assert_int_equal(world->before_count, 0);
}

static void send_whole_body(struct world *world, const char *head, size_t size, int status)
{
    struct wire wire = wire_open(world->port);
    char *body = calloc(1, size);
    struct wire_reply reply;
    size_t sent = 0;

    assert_non_null(body);
    wire_send(&wire, head);
    while (sent < size) { /* a reset would end this */
        const ssize_t piece = send(wire.fd, body + sent, size - sent, MSG_NOSIGNAL);

        assert_true(piece > 0);
        sent += (size_t)piece;
    }
    reply = wire_read(&wire);
    assert_int_equal(reply.status, status);
    assert_true(wire_closes(&wire, WIRE_WAIT_MS));
    wire_reply_free(&reply);
    free(body);
    wire_close(&wire);
}

static void a_refusal_does_not_reset_the_connection_of_who_still_sends(void **state)
{
    for (int i = 0; i < 5; i++) {
        send_whole_body(*state, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n",
                        5000000, 413);
        send_whole_body(*state,
                        "POST /echo HTTP/1.1\r\nHost: x\r\nAuthorization: nobody\r\n"
                        "Content-Length: 1000\r\n\r\n",
                        1000, 401);
        send_whole_body(*state, "POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n",
                        900, 405);
    }
}

static void who_sends_for_ever_after_a_refusal_is_reset(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);
    char *piece = calloc(1, 65536);
    size_t sent = 0;

    assert_non_null(piece);
    wire_send(&wire, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 500000000\r\n\r\n");
    while (sent < 500000000) {
        const ssize_t size = send(wire.fd, piece, 65536, MSG_NOSIGNAL);

        if (size < 0)
            break;
        sent += (size_t)size;
    }
    assert_in_range(sent, 1000000, 64 << 20); /* 8 MiB, and what the system buffers */
    free(piece);
    wire_close(&wire);
}

static void many_refused_at_once_are_all_answered(void **state)
{
    struct world *world = *state;
    struct wire wires[60]; /* more than may linger */

    for (int i = 0; i < 60; i++) {
        wires[i] = wire_open(world->port);
        wire_send(&wires[i], "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n");
    }
    for (int i = 0; i < 60; i++) {
        struct wire_reply reply = wire_read(&wires[i]);

        assert_int_equal(reply.status, 413);
        wire_reply_free(&reply);
    }
    for (int i = 0; i < 60; i++)
        wire_close(&wires[i]);
}

static void a_body_that_never_ends_is_cut(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);
    char *piece = malloc(65536);
    size_t sent = 0;

    assert_non_null(piece);
    memset(piece, 'x', 65536);
    wire_send(&wire, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    /* A little over 1 MiB is discarded; the rest fills the system's buffers before it is cut. */
    for (; sent < (size_t)64 << 20 && wire_is_silent(&wire, 0); sent += 65536) {
        wire_send(&wire, "10000\r\n");
        wire_send_bytes(&wire, piece, 65536);
        wire_send(&wire, "\r\n");
    }
    assert_true(sent < (size_t)64 << 20);
    free(piece);
    wire_close(&wire);
    world_wait(world, &world->after_count, 1);
    assert_int_equal(world->handler_count, 0);
}

static void who_may_not_is_told_before_the_body_is_read(void **state)
{
    struct world *world = *state;
    struct wire_reply reply = problem(*state,
                                      "POST /echo HTTP/1.1\r\nHost: x\r\nAuthorization: nobody\r\n"
                                      "Content-Length: 1000\r\n\r\n",
                                      401, "token-missing");

    has(&reply, "WWW-Authenticate", "Bearer realm=\"zdd\"");
    wire_reply_free(&reply);
    world_wait(world, &world->after_count, 1);
    assert_int_equal(world->last_status, 401);
    assert_int_equal(world->before_count, 1);
    assert_int_equal(world->handler_count, 0);
}

static void who_may_not_keeps_the_connection_when_there_is_no_body(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);

    for (unsigned i = 1; i <= 3; i++) {
        struct wire_reply reply;

        wire_send(&wire, "GET /hello HTTP/1.1\r\nHost: x\r\nAuthorization: nobody\r\n\r\n");
        reply = wire_read(&wire);
        assert_int_equal(reply.status, 401);
        has_not(&reply, "Connection");
        wire_reply_free(&reply);
        world_wait(world, &world->after_count, i);
        assert_int_equal(world->before_count, i);
    }
    wire_close(&wire);
}

static void expect_continue_is_answered_by_continue_or_by_the_refusal(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);
    struct wire_reply reply;

    wire_send(&wire, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                     "Content-Length: 2\r\n\r\n");
    assert_true(wire_expect(&wire, "HTTP/1.1 100 Continue\r\n\r\n"));
    wire_send(&wire, "ok");
    reply = wire_read(&wire);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "ok");
    wire_reply_free(&reply);
    wire_send(&wire, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                     "Content-Length: 1001\r\n\r\n");
    assert_true(wire_expect(&wire, "\r\n\r\n"));
    assert_memory_equal(wire.data, "HTTP/1.1 413 ", 13);
    wire_close(&wire);
}

static void names_of_headers_are_tokens(void **state)
{
    struct world *world = *state;

    is_problem(world, "GET /hello HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n", 400, "query-invalid");
    is_problem(world, "GET /hello HTTP/1.1\r\nHost: x\r\nX(A): b\r\n\r\n", 400, "query-invalid");
    is_problem(world,
               "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n"
               "Content-Length: 3\r\n\r\n0\r\n",
               400, "query-invalid");
}

static void a_request_says_for_whom_it_is(void **state)
{
    struct wire_reply old;

    is_problem(*state, "GET /hello HTTP/1.1\r\n\r\n", 400, "query-invalid");
    old = ask(*state, "GET /hello HTTP/1.0\r\n\r\n", 200);
    wire_reply_free(&old);
}

static void requests_that_two_readers_could_understand_differently_are_refused(void **state)
{
    is_problem(*state,
               "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
               "Transfer-Encoding: chunked\r\n\r\n",
               400, "query-invalid");
    is_problem(*state, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
               400, "query-invalid");
    is_problem(*state,
               "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
               400, "query-invalid");
    is_problem(*state,
               "GET /hello HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nauthorization: b\r\n\r\n",
               400, "query-invalid");
    is_problem(*state, "GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, "query-invalid");
    assert_int_equal(((struct world *)*state)->before_count, 0);
}

/* A request with @p count headers beside Host, each of @p size bytes as sent. */
static int status_of_headers(struct world *world, unsigned count, size_t size)
{
    ZDD_AUTO_BUF struct zdd_buf request = {0};
    struct wire_reply reply;
    int status;

    zdd_buf_text(&request, "GET /hello HTTP/1.1\r\nHost: x\r\n");
    for (unsigned i = 0; i < count; i++)
        zdd_buf_printf(&request, "X-%02u: %0*d\r\n", i, (int)size - 8, 0);
    zdd_buf_text(&request, "\r\n");
    reply = wire_ask(world->port, request.data);
    status = reply.status;
    wire_reply_free(&reply);
    return status;
}

static void headers_are_limited_in_number_and_size(void **state)
{
    /* request line 21, Host 9, empty line 2; each header weighs 64 more */
    const size_t left = ZDD_HTTP_HEAD_MAX - 21 - 9 - 2 - 64;
    const unsigned many = (unsigned)(left / (64 + 10));

    assert_int_equal(status_of_headers(*state, many, 10), 200);
    assert_int_equal(status_of_headers(*state, many + 1, 10), 431);
    assert_int_equal(status_of_headers(*state, 1, left - 64), 200);
    assert_int_equal(status_of_headers(*state, 1, left - 63), 431);
    assert_int_equal(status_of_headers(*state, 1, 20000), 431);
    assert_int_equal(status_of_headers(*state, 1000, 40), 431);
}

static void the_limit_of_headers_can_be_raised(void **state)
{
    struct world world;

    (void)state;
    world_start(&world, (struct zdd_http_options){.head_max = 16384});
    assert_int_equal(status_of_headers(&world, 1, 16384 - 21 - 9 - 2 - 128), 200);
    assert_int_equal(status_of_headers(&world, 1, 16384 - 21 - 9 - 2 - 127), 431);
    world_stop(&world);
}

static void a_target_that_is_too_long_is_414(void **state)
{
    struct world *world = *state;
    ZDD_AUTO_BUF struct zdd_buf request = {0};
    struct wire_reply reply;

    zdd_buf_printf(&request, "GET /%020000d HTTP/1.1\r\nHost: x\r\n\r\n", 0);
    reply = wire_ask(world->port, request.data);
    assert_int_equal(reply.status, 414);
    wire_reply_free(&reply);
}

static void nonsense_ends_the_connection_and_leaves_the_server_well(void **state)
{
    static const char *const requests[] = {
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "GET\r\n\r\n",
        "GET \r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhi",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct wire wire = wire_open(world->port);

        wire_send(&wire, requests[i]);
        shutdown(wire.fd, SHUT_WR);
        assert_true(wire_closes(&wire, WIRE_WAIT_MS));
        wire_close(&wire);
    }
    assert_int_equal(world->handler_count, 0);
    struct wire_reply reply = ask(world, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", 200);
    wire_reply_free(&reply);
}

static void http_1_0_is_served_too(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);
    struct wire_reply reply;

    wire_send(&wire, "GET /hello HTTP/1.0\r\n\r\n");
    reply = wire_read(&wire);
    assert_int_equal(reply.status, 200);
    assert_true(wire_closes(&wire, WIRE_WAIT_MS));
    wire_reply_free(&reply);
    wire_close(&wire);
}

static void a_request_that_does_not_arrive_is_cut(void **state)
{
    struct world world;
    struct wire idle;
    struct wire half;

    (void)state;
    world_start(&world, (struct zdd_http_options){.timeout_s = 1});
    idle = wire_open(world.port);
    half = wire_open(world.port);
    wire_send(&half, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
    assert_true(wire_closes(&idle, 5000));
    assert_true(wire_closes(&half, 5000));
    world_wait(&world, &world.after_count, 1);
    assert_int_equal(world.handler_count, 0);
    wire_close(&idle);
    wire_close(&half);
    world_stop(&world);
}

static void a_body_that_trickles_for_ever_is_cut(void **state)
{
    const int64_t start_ms = zdd_mono_ms();
    int64_t sent_ms;
    int64_t took_ms = 0;
    struct world world;
    struct wire wire;
    bool late = false; /* a second of silence on a busy machine is cut as well, and sooner */
    bool open = true;

    (void)state;
    world_start(&world, (struct zdd_http_options){.timeout_s = 1});
    wire = wire_open(world.port);
    sent_ms = zdd_mono_ms();
    wire_send(&wire, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
    while (open && took_ms < TRICKLE_MS_MAX) {
        open = wire_is_silent(&wire, 100);
        late = late || zdd_mono_ms() - sent_ms >= 900;
        sent_ms = zdd_mono_ms();
        wire_send(&wire, "x");
        took_ms = zdd_mono_ms() - start_ms;
    }
    assert_false(open);
    if (!late)
        assert_in_range(took_ms, 9500, TRICKLE_MS_MAX); /* ten times timeout_s */
    wire_close(&wire);
    world_stop(&world);
}

static void connections_over_the_limit_hear_503_and_later_ones_are_served(void **state)
{
    struct world *world = *state;
    struct wire wires[64];
    struct wire_reply reply;

    for (unsigned i = 0; i < 64; i++) {
        wires[i] = wire_open(world->port);
        wire_send(&wires[i], "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
        reply = wire_read(&wires[i]);
        assert_int_equal(reply.status, 200);
        wire_reply_free(&reply);
    }
    reply = problem(world, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", 503, "too-many-calls");
    has(&reply, "Retry-After", "2");
    has(&reply, "Connection", "close");
    wire_reply_free(&reply);
    wire_send(&wires[5], "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"); /* old ones go on */
    reply = wire_read(&wires[5]);
    assert_int_equal(reply.status, 200);
    wire_reply_free(&reply);
    for (unsigned i = 0; i < 64; i++)
        wire_close(&wires[i]);
    assert_true(world_wait_connections(world, 0));
    reply = ask(world, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", 200);
    wire_reply_free(&reply);
}

static void connections_far_over_the_limit_are_closed_at_once_not_left_hanging(void **state)
{
    enum { FAR = 300 };
    struct world *world = *state;
    struct wire wires[FAR];
    struct wire_reply reply;

    for (unsigned i = 0; i < FAR; i++)
        wires[i] = wire_open(world->port);
    assert_true(wire_closes(&wires[FAR - 1], WIRE_WAIT_MS));
    /* Its two threads may both let the last one in. */
    assert_in_range(zdd_http_connections(world->http), 64 + 64, 64 + 64 + 1);
    for (unsigned i = 0; i < FAR; i++)
        wire_close(&wires[i]);
    assert_true(world_wait_connections(world, 0));
    reply = ask(world, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", 200);
    wire_reply_free(&reply);
}

static const char *reason_of(const char *host, uint16_t port)
{
    static char reason[200];
    const struct zdd_http_options options = {.host = host, .port = port, .thread_count = 1};

    assert_null(zdd_http_start(&options, reason));
    return reason;
}

static void a_server_that_cannot_listen_says_why(void **state)
{
    struct world *world = *state;
    char expected[100];

    snprintf(expected, sizeof(expected), "127.0.0.1:%u is in use by another program", world->port);
    assert_string_equal(reason_of("127.0.0.1", world->port), expected);
    assert_string_equal(reason_of("localhost", 0), "'localhost' is no IPv4 or IPv6 address");
    assert_string_equal(reason_of("192.0.2.1", 80), "192.0.2.1:80 is no address of this machine");
    assert_string_equal(reason_of("2001:db8::1", 80),
                        "[2001:db8::1]:80 is no address of this machine");
}

static void ipv6_is_served(void **state)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in6 address = any;
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct wire wire = {.fd = fd};
    struct wire_reply reply;
    struct world world;

    (void)state;
    if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) != 0) {
        close(fd);
        skip(); /* a machine without IPv6 */
    }
    world_start(&world, (struct zdd_http_options){.host = "::1", .thread_count = 1});
    address.sin6_port = htons(world.port);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    wire_send(&wire, "GET /args/1/2 HTTP/1.1\r\nHost: x\r\n\r\n");
    reply = wire_read(&wire);
    assert_string_equal(reply.body, "1|2|-|::1");
    wire_reply_free(&reply);
    wire_close(&wire);
    world_stop(&world);
}

static void who_comes_by_ipv4_to_an_ipv6_address_has_an_ipv4_address(void **state)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool possible = fd >= 0 && bind(fd, (const struct sockaddr *)&any, sizeof(any)) == 0;
    struct world world;
    struct wire_reply reply;

    (void)state;
    close(fd);
    if (!possible)
        skip(); /* a machine without IPv6 */
    world_start(&world, (struct zdd_http_options){.host = "::", .thread_count = 1});
    reply = wire_ask(world.port, "GET /args/1/2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_string_equal(reply.body, "1|2|-|127.0.0.1");
    wire_reply_free(&reply);
    world_stop(&world);
}

static void a_quiesced_server_accepts_nobody_but_serves_who_is_there(void **state)
{
    struct world *world = *state;
    struct wire old = wire_open(world->port);
    struct wire_reply reply;
    struct wire late;

    wire_send(&old, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    reply = wire_read(&old);
    wire_reply_free(&reply);
    zdd_http_quiesce(world->http);
    zdd_http_quiesce(world->http); /* twice is once */
    assert_false(wire_try_open(world->port, &late));
    wire_send(&old, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    reply = wire_read(&old);
    assert_int_equal(reply.status, 200);
    wire_reply_free(&reply);
    wire_close(&old);
}

#define SPEC(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPEC(a_reply_has_its_body_type_and_guards),
        SPEC(a_handler_may_replace_guards_and_end_the_connection),
        cmocka_unit_test(a_server_without_guards_adds_none),
        SPEC(a_sane_request_id_comes_back_and_others_are_replaced),
        SPEC(a_connection_serves_many_requests),
        SPEC(pipelined_requests_are_answered_in_order),
        SPEC(path_and_query_arrive_as_they_were_meant),
        SPEC(unknown_paths_and_methods_are_problems),
        SPEC(head_gives_the_headers_of_get),
        SPEC(a_refusal_of_the_handler_becomes_a_problem),
        SPEC(a_reply_that_grew_too_big_is_an_internal_error),
        SPEC(a_reply_never_goes_out_without_a_header_that_was_too_long),
        SPEC(a_problem_names_the_request_and_the_trace_it_belongs_to),
        cmocka_unit_test(failures_can_be_given_another_shape),
        SPEC(bodies_up_to_the_limit_arrive_whole),
        SPEC(a_body_one_byte_over_the_limit_is_413),
        SPEC(a_content_length_over_the_limit_is_answered_before_the_body),
        SPEC(a_refusal_does_not_reset_the_connection_of_who_still_sends),
        SPEC(who_sends_for_ever_after_a_refusal_is_reset),
        SPEC(many_refused_at_once_are_all_answered),
        SPEC(a_body_that_never_ends_is_cut),
        SPEC(who_may_not_is_told_before_the_body_is_read),
        SPEC(who_may_not_keeps_the_connection_when_there_is_no_body),
        SPEC(expect_continue_is_answered_by_continue_or_by_the_refusal),
        SPEC(a_request_says_for_whom_it_is),
        SPEC(names_of_headers_are_tokens),
        SPEC(requests_that_two_readers_could_understand_differently_are_refused),
        SPEC(headers_are_limited_in_number_and_size),
        cmocka_unit_test(the_limit_of_headers_can_be_raised),
        SPEC(a_target_that_is_too_long_is_414),
        SPEC(nonsense_ends_the_connection_and_leaves_the_server_well),
        SPEC(http_1_0_is_served_too),
        cmocka_unit_test(a_request_that_does_not_arrive_is_cut),
        cmocka_unit_test(a_body_that_trickles_for_ever_is_cut),
        SPEC(connections_over_the_limit_hear_503_and_later_ones_are_served),
        SPEC(connections_far_over_the_limit_are_closed_at_once_not_left_hanging),
        SPEC(a_server_that_cannot_listen_says_why),
        cmocka_unit_test(ipv6_is_served),
        cmocka_unit_test(who_comes_by_ipv4_to_an_ipv6_address_has_an_ipv4_address),
        SPEC(a_quiesced_server_accepts_nobody_but_serves_who_is_there),
    };

    return cmocka_run_group_tests_name("server/http", tests, NULL, NULL);
}
