/**
 * @file tests/api/test_tickets.c
 * @brief Event streams for who can send no header.
 */
#include "tests/api/api_world.h"
#include "tests/api/wire.h"

#include <stdio.h>
#include <string.h>

static void make_ticket(struct api_world *world, const char *token, char ret_text[static 100])
{
    APICLIENT_AUTO struct apiclient_answer answer = apiclient_send(
        world->client, &(struct apiclient_request){
                           .method = "POST", .path = "/v1/stream-tickets", .token = token});

    assert_int_equal(answer.status, 201);
    snprintf(ret_text, 100, "%s", apiclient_text(&answer, "/ticket"));
}

/* Ask for events with a ticket alone, as EventSource does, until @p text comes. */
static void expect(struct api_world *world, const char *ticket, const char *accept,
                   const char *text)
{
    struct wire wire = wire_open(world->port);
    char request[400];

    snprintf(request, sizeof(request),
             "GET /v1/events?lastEventId=0&ticket=%s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\n\r\n",
             ticket, accept);
    wire_send(&wire, request);
    if (!wire_expect(&wire, text))
        fail_msg("no \"%s\" in %.*s", text, (int)wire.size, wire.data);
    assert_null(strstr(wire.data, "/hidden"));
    wire_close(&wire);
}

static void a_ticket_opens_one_stream(void **state)
{
    struct api_world *world = *state;
    char ticket[100];

    api_world_events(world, "deployment.paused", "/zdd/a", 1);
    make_ticket(world, NULL, ticket);
    expect(world, ticket, "text/event-stream", "event: deployment.paused");
    expect(world, ticket, "text/event-stream", "ticket-unknown");
    expect(world, ticket, "text/event-stream", "ask for another one by POST /v1/stream-tickets");
}

static void it_may_what_its_token_may_and_as_long_as_that(void **state)
{
    struct api_world *world = *state;
    char token[ZDD_TOKEN_SIZE], ticket[100], late[100];

    api_world_token(world, "shop", ZDD_SCOPE_READ, "/shop", 0, token);
    api_world_events(world, "deployment.paused", "/hidden/a", 1);
    api_world_events(world, "deployment.resumed", "/shop/a", 1);
    make_ticket(world, token, ticket);
    make_ticket(world, token, late);
    expect(world, ticket, "text/event-stream", "event: deployment.resumed");
    api_world_revoke(world, token);
    expect(world, late, "text/event-stream", "token-unknown");
}

static void it_is_for_streams_only(void **state)
{
    struct api_world *world = *state;
    char ticket[100];

    make_ticket(world, NULL, ticket);
    expect(world, ticket, "application/json", "token-missing");
    expect(world, ticket, "text/event-stream", "HTTP/1.1 200 OK");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(a_ticket_opens_one_stream),
        TEST(it_may_what_its_token_may_and_as_long_as_that),
        TEST(it_is_for_streams_only),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
