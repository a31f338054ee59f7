/**
 * @file tests/api/test_stream_end.c
 * @brief An event stream, and a call that waits, end with what let them in.
 */
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "storage/sessions.h"
#include "tests/api/api_world.h"
#include "tests/api/wire.h"

#include <stdio.h>
#include <string.h>

#define SOON_MS 3000    /* until what ends by itself does so; long enough to open a stream before */
#define HEADER_SIZE 120 /* "Cookie: …", "Authorization: …" */

/* Ask for a stream, showing @p header. */
static struct wire ask(struct api_world *world, const char *path, const char *header)
{
    struct wire wire = wire_open(world->port);
    char request[400];

    snprintf(request, sizeof(request),
             "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\nAccept: text/event-stream\r\n\r\n", path, header);
    wire_send(&wire, request);
    return wire;
}

/* The same, and it is open. */
static struct wire stream(struct api_world *world, const char *path, const char *header)
{
    struct wire wire = ask(world, path, header);

    assert_true(wire_expect(&wire, "retry: "));
    return wire;
}

static void bearer(const char *token, char header[static HEADER_SIZE])
{
    snprintf(header, HEADER_SIZE, "Authorization: Bearer %s", token);
}

static struct wire stream_of_token(struct api_world *world, const char *token)
{
    char header[HEADER_SIZE];

    bearer(token, header);
    return stream(world, "/v1/events", header);
}

/* It says why it ends, and ends. */
static void expect_end(struct wire *wire, const char *code)
{
    char wanted[100];

    snprintf(wanted, sizeof(wanted), "event: end\ndata: {\"code\":\"%s\",\"detail\":\"", code);
    if (!wire_expect(wire, wanted))
        fail_msg("the stream ended without a word: %s", wire->data);
    assert_true(wire_expect(wire, "\r\n0\r\n\r\n"));
    wire_close(wire);
}

/* It goes on, and has not ended before. */
static void expect_news(struct api_world *world, struct wire *wire)
{
    api_world_events(world, "deployment.paused", "/zdd/news", 1);
    assert_true(wire_expect(wire, "/zdd/news"));
    assert_null(strstr(wire->data, "event: end"));
    wire_close(wire);
}

struct browser {
    char cookie[HEADER_SIZE], csrf[HEADER_SIZE];
};

static void log_in(struct api_world *world, const char *token, struct browser *ret_browser)
{
    char body[HEADER_SIZE];
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    const char *set;

    snprintf(body, sizeof(body), "{\"token\":\"%s\"}", token);
    answer = apiclient_send(world->client, &(struct apiclient_request){
                                               .path = "/v1/session", .token = "", .body = body});
    set = apiclient_header(&answer, "Set-Cookie");
    assert_int_equal(answer.status, 201);
    assert_non_null(set);
    snprintf(ret_browser->cookie, HEADER_SIZE, "Cookie: %.*s", (int)strcspn(set, ";"), set);
    snprintf(ret_browser->csrf, HEADER_SIZE, "X-CSRF-Token: %s",
             apiclient_text(&answer, "/csrfToken"));
}

static void logging_out_ends_the_streams_of_that_session_alone(void **state)
{
    struct api_world *world = *state;
    struct browser browser, other;
    struct wire first, second, others, tokens;

    log_in(world, world->token, &browser);
    log_in(world, world->token, &other);
    first = stream(world, "/v1/events", browser.cookie);
    second = stream(world, "/v1/events?type=deployment.paused", browser.cookie);
    others = stream(world, "/v1/events", other.cookie);
    tokens = stream_of_token(world, world->token);
    apiclient_expect(
        apiclient_send(world->client,
                       &(struct apiclient_request){.method = "DELETE",
                                                   .path = "/v1/session",
                                                   .token = "",
                                                   .header = {browser.cookie, browser.csrf}}),
        204, NULL);
    expect_end(&first, "session-unknown");
    expect_end(&second, "session-unknown");
    expect_news(world, &others);
    expect_news(world, &tokens);
}

static void one_login_too_many_ends_the_streams_of_the_oldest_session(void **state)
{
    struct api_world *world = *state;
    struct browser oldest, further;
    struct wire wire;

    log_in(world, world->token, &oldest);
    wire = stream(world, "/v1/events", oldest.cookie);
    for (int i = 0; i < ZDD_SESSION_MAX; i++)
        log_in(world, world->token, &further);
    expect_end(&wire, "session-unknown");
}

static void a_revoked_token_takes_its_streams_and_its_sessions_along(void **state)
{
    struct api_world *world = *state;
    char token[ZDD_TOKEN_SIZE], header[HEADER_SIZE], path[100], id[ZDD_ID_SIZE];
    struct browser browser;
    struct wire all, one, page, others;

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    snprintf(path, sizeof(path), "/v1/deployments/%s/events", id);
    api_world_token(world, "short", ZDD_SCOPE_READ, "/", 0, token);
    log_in(world, token, &browser);
    bearer(token, header);
    all = stream(world, "/v1/events", header);
    one = stream(world, path, header);
    page = stream(world, "/v1/events", browser.cookie);
    others = stream_of_token(world, world->token);
    api_world_revoke(world, token);
    expect_end(&all, "token-unknown");
    expect_end(&one, "token-unknown");
    expect_end(&page, "session-unknown");
    expect_news(world, &others);
}

struct revocation {
    struct zdd_store *store;
    const char *hash;
};

static enum zdd_err revoke(struct zdd_tx *tx, void *cls)
{
    const struct revocation *job = cls;
    struct zdd_token token;
    const enum zdd_err err = zdd_token_find(job->store, job->hash, zdd_now_ms(), &token);

    return err == ZDD_ERR_NONE ? zdd_token_revoke(tx, token.id, zdd_now_ms()) : err;
}

/* As "zdd-server token revoke" does it while the server runs. */
static void revoke_from_elsewhere(struct api_world *world, const char *token)
{
    char path[100], reason[300] = "", hash[ZDD_SHA256_HEX_SIZE];
    const struct zdd_store_options options = {
        .path = path, .holder = "test", .inline_writer = true, .beside = true, .reader_count = 1};
    struct revocation job = {.hash = hash};

    snprintf(path, sizeof(path), "%s/zdd.db", world->folder);
    zdd_sha256_hex(token, strlen(token), hash);
    if (zdd_store_open(&options, &job.store, reason) != ZDD_ERR_NONE)
        fail_msg("%s", reason);
    assert_int_equal(zdd_store_write(job.store, revoke, &job), ZDD_ERR_NONE);
    zdd_store_free(job.store);
}

static void a_token_that_another_process_revokes_takes_its_streams_along(void **state)
{
    struct api_world *world = *state;
    char token[ZDD_TOKEN_SIZE];
    struct wire wire;

    api_world_token(world, "short", ZDD_SCOPE_READ, "/", 0, token);
    wire = stream_of_token(world, token);
    revoke_from_elsewhere(world, token);
    expect_end(&wire, "token-unknown");
}

/* The server still knows it for half a second: the stream is let in, and ends all the same. */
static void a_stream_that_opens_just_after_the_revocation_ends_as_well(void **state)
{
    struct api_world *world = *state;
    char token[ZDD_TOKEN_SIZE], header[HEADER_SIZE];
    struct wire first, second;

    api_world_token(world, "short", ZDD_SCOPE_READ, "/", 0, token);
    first = stream_of_token(world, token);
    wire_close(&first);
    revoke_from_elsewhere(world, token);
    bearer(token, header);
    second = ask(world, "/v1/events", header);
    assert_true(wire_expect(&second, "token-unknown")); /* refused already, or let in and ended */
    wire_close(&second);
}

static void streams_end_when_the_time_of_token_or_session_is_over(void **state)
{
    struct api_world *world = *state;
    char token[ZDD_TOKEN_SIZE];
    struct browser browser;
    struct wire tokens, sessions;

    api_world_token(world, "soon", ZDD_SCOPE_READ, "/", zdd_now_ms() + SOON_MS, token);
    log_in(world, token, &browser);
    tokens = stream_of_token(world, token);
    sessions = stream(world, "/v1/events", browser.cookie);
    expect_end(&tokens, "token-unknown");
    expect_end(&sessions, "session-unknown");
}

/* Whoever waits with a token that is gone by then learns nothing new. */
static void a_call_that_waits_is_refused_when_its_token_has_gone(void **state)
{
    struct api_world *world = *state;
    char token[ZDD_TOKEN_SIZE], id[ZDD_ID_SIZE], request[400];
    struct wire wire = wire_open(world->port);
    struct wire_reply reply;

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    api_world_token(world, "short", ZDD_SCOPE_READ, "/", 0, token);
    snprintf(request, sizeof(request),
             "GET /v1/deployments/%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
             "Prefer: wait=60\r\n\r\n",
             id, token);
    wire_send(&wire, request);
    assert_true(wire_is_silent(&wire, 100)); /* it waits, or comes late: refused in any case */
    api_world_revoke(world, token);
    api_world_move(world, id, ZDD_PHASE_APPLYING, "deployment.started");
    reply = wire_read(&wire);
    assert_int_equal(reply.status, 401);
    assert_non_null(strstr(reply.body, "token-unknown"));
    wire_reply_free(&reply);
    wire_close(&wire);
}

/* Without heartbeats: a stream that does not end is silent, and the wait for it has an end. */
static int setup(void **state)
{
    *state = api_world_new(&(struct api_world_options){.heartbeat_ms = 3600000});
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, api_world_teardown)
        TEST(logging_out_ends_the_streams_of_that_session_alone),
        TEST(one_login_too_many_ends_the_streams_of_the_oldest_session),
        TEST(a_revoked_token_takes_its_streams_and_its_sessions_along),
        TEST(a_token_that_another_process_revokes_takes_its_streams_along),
        TEST(a_stream_that_opens_just_after_the_revocation_ends_as_well),
        TEST(streams_end_when_the_time_of_token_or_session_is_over),
        TEST(a_call_that_waits_is_refused_when_its_token_has_gone),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
