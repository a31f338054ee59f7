/**
 * @file tests/api/test_http_stream.c
 * @brief Streams: no event lost, no reader kept that is gone, an end to everything.
 */
#include "server/base/clock.h"
#include "tests/api/http_world.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STREAM "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"
#define PLAIN "GET /plain HTTP/1.1\r\nHost: x\r\n\r\n"

static int start(void **state)
{
    static struct world world;

    world_start(&world, (struct zdd_http_options){.timeout_s = 1});
    *state = &world;
    return 0;
}

static int stop(void **state)
{
    world_stop(*state);
    return 0;
}

static void end_streams(struct world *world)
{
    pthread_mutex_lock(&world->lock);
    world->ended = true;
    pthread_mutex_unlock(&world->lock);
    world_publish(world, 0);
}

/* Read a chunked stream to its end; it must have all @p count events in order. */
static void expect_events(struct wire *wire, unsigned count)
{
    ZDD_AUTO_BUF struct zdd_buf expected = {0};
    struct wire_reply reply = wire_read(wire);

    assert_int_equal(reply.status, 200);
    for (unsigned i = 0; i < count; i++)
        zdd_buf_printf(&expected, "data: %u\n\n", i);
    assert_string_equal(reply.body, expected.data ? expected.data : "");
    wire_reply_free(&reply);
}

static void a_stream_brings_each_event_once_and_then_its_end(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);

    wire_send(&wire, STREAM);
    world_wait_streams(world, 1);
    world_publish(world, 1);
    assert_true(wire_expect(&wire, "data: 0\n\n"));
    world_publish(world, 2);
    assert_true(wire_expect(&wire, "data: 2\n\n"));
    end_streams(world);
    assert_true(wire_expect(&wire, "\r\n0\r\n\r\n"));
    expect_events(&wire, 3);
    world_wait(world, &world->close_count, 1);
    wire_send(&wire, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"); /* the connection goes on */
    struct wire_reply reply = wire_read(&wire);
    assert_int_equal(reply.status, 200);
    wire_reply_free(&reply);
    wire_close(&wire);
    world_wait(world, &world->after_count, 2);
    assert_int_equal(world->close_count, 1);
}

static void a_chunked_stream_looks_so_on_the_wire(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);
    struct wire_reply head;

    wire_send(&wire, STREAM);
    world_wait_streams(world, 1);
    world_publish(world, 1);
    assert_true(wire_expect(&wire, "data: 0"));
    head = wire_read_head(&wire);
    assert_string_equal(wire_header(&head, "Transfer-Encoding"), "chunked");
    assert_string_equal(wire_header(&head, "Content-Type"), "text/event-stream");
    assert_null(wire_header(&head, "Content-Length"));
    wire_reply_free(&head);
    assert_true(wire_fill(&wire, 14));
    assert_memory_equal(wire.data, "9\r\ndata: 0\n\n\r\n", 14);
    wire_close(&wire);
}

static void a_plain_stream_looks_so_on_the_wire(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);
    struct wire_reply head;

    wire_send(&wire, PLAIN);
    world_wait_streams(world, 1);
    world_publish(world, 2);
    assert_true(wire_expect(&wire, "data: 1\n\n"));
    head = wire_read_head(&wire);
    assert_memory_equal(head.head, "HTTP/1.1 200 OK\r\n", 17);
    assert_null(wire_header(&head, "Transfer-Encoding"));
    assert_null(wire_header(&head, "Content-Length"));
    assert_string_equal(wire_header(&head, "Connection"), "close");
    assert_string_equal(wire_header(&head, "Content-Type"), "text/event-stream");
    wire_reply_free(&head);
    assert_int_equal(wire.size, 18);
    assert_memory_equal(wire.data, "data: 0\n\ndata: 1\n\n", 18);
    end_streams(world);
    assert_true(wire_closes(&wire, WIRE_WAIT_MS));
    assert_int_equal(wire.size, 18);
    wire_close(&wire);
}

static void an_idle_stream_outlasts_the_timeout_of_connections(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);

    wire_send(&wire, PLAIN);
    assert_true(wire_expect(&wire, "\r\n\r\n"));
    assert_true(wire_is_silent(&wire, 2500)); /* timeout_s is 1 */
    world_publish(world, 1);
    assert_true(wire_expect(&wire, "data: 0\n\n"));
    wire_close(&wire);
}

static void a_reader_who_does_not_read_is_cut(void **state)
{
    struct world *world = *state;
    const int64_t start_ms = zdd_mono_ms();
    struct wire wire = wire_open(world->port);

    wire_shrink(&wire);
    wire_send(&wire, "GET /flood HTTP/1.1\r\nHost: x\r\n\r\n");
    world_wait(world, &world->close_count, 1);
    assert_in_range(zdd_mono_ms() - start_ms, 1000, WIRE_WAIT_MS); /* timeout_s is 1 */
    wire_close(&wire);
}

static void a_reader_who_is_gone_is_noticed_by_heartbeats(void **state)
{
    struct world *world = *state;
    struct wire wires[10];

    for (int i = 0; i < 10; i++) {
        wires[i] = wire_open(world->port);
        wire_send(&wires[i], i % 2 ? STREAM : PLAIN);
        assert_true(wire_expect(&wires[i], "\r\n\r\n"));
    }
    world_wait_streams(world, 10);
    for (int i = 0; i < 10; i++)
        wire_close(&wires[i]);
    /* To the first heartbeat the reader's system says that nobody is there; the next one fails. */
    for (int64_t end_ms = zdd_mono_ms() + WIRE_WAIT_MS;
         world_stream_count(world) > 0 && zdd_mono_ms() < end_ms;) {
        world_publish(world, 1);
        poll(NULL, 0, 5);
    }
    assert_int_equal(world_stream_count(world), 0);
    world_wait(world, &world->close_count, 10);
}

static void a_head_or_a_failure_closes_the_source_unread(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);
    struct wire_reply reply;

    world_publish(world, 1);
    wire_send(&wire, "HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    reply = wire_read_head(&wire);
    assert_int_equal(reply.status, 200);
    wire_reply_free(&reply);
    world_wait(world, &world->close_count, 1);
    assert_true(wire_closes(&wire, WIRE_WAIT_MS));
    assert_int_equal(wire.size, 0);
    wire_close(&wire);
    wire = wire_open(world->port);
    wire_send(&wire, "GET /stream-then-fail HTTP/1.1\r\nHost: x\r\n\r\n");
    reply = wire_read(&wire);
    assert_int_equal(reply.status, 409);
    assert_non_null(strstr(reply.body, "app-busy"));
    wire_reply_free(&reply);
    world_wait(world, &world->close_count, 2);
    wire_close(&wire);
}

static void a_reader_of_http_1_0_gets_a_plain_stream(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);

    wire_send(&wire, "GET /stream HTTP/1.0\r\n\r\n");
    world_wait_streams(world, 1);
    world_publish(world, 1);
    assert_true(wire_expect(&wire, "\r\n\r\ndata: 0\n\n"));
    assert_null(strstr(wire.data, "chunked"));
    end_streams(world);
    assert_true(wire_closes(&wire, WIRE_WAIT_MS));
    wire_close(&wire);
}

static void an_event_that_comes_while_the_source_is_being_read_is_not_lost(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);

    wire_send(&wire, "GET /tardy HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(wire_expect(&wire, "data: 0\n\n"));
    wire_close(&wire);
}

static unsigned reads(struct world *world)
{
    unsigned count;

    pthread_mutex_lock(&world->lock);
    count = world->read_count;
    pthread_mutex_unlock(&world->lock);
    return count;
}

static void an_idle_stream_is_not_read_again_and_again(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);
    unsigned before;

    wire_send(&wire, STREAM);
    for (unsigned event = 0; event < 50; event++) {
        char text[20];

        snprintf(text, sizeof(text), "data: %u\n\n", event);
        world_publish(world, 1);
        world_publish(world, 0);
        assert_true(wire_expect(&wire, text));
    }
    assert_true(wire_is_silent(&wire, 100));
    before = reads(world);
    assert_true(wire_is_silent(&wire, 300));
    assert_int_equal(reads(world), before);
    wire_close(&wire);
}

#define STORM_THREADS 4
#define STORM_EVENTS 500

static void *storm(void *cls)
{
    for (int i = 0; i < STORM_EVENTS; i++)
        world_publish(cls, 1);
    return NULL;
}

static void *many_empty_wakes(void *cls)
{
    for (int i = 0; i < 5000; i++)
        world_publish(cls, 0);
    return NULL;
}

static void a_storm_of_wakes_loses_no_event(void **state)
{
    struct world *world = *state;
    struct wire wires[20];
    pthread_t thread[STORM_THREADS + 1];

    for (int i = 0; i < 20; i++) {
        wires[i] = wire_open(world->port);
        wire_send(&wires[i], STREAM);
    }
    world_wait_streams(world, 20);
    for (int i = 0; i <= STORM_THREADS; i++)
        assert_int_equal(
            pthread_create(&thread[i], NULL, i < STORM_THREADS ? storm : many_empty_wakes, world),
            0);
    for (int i = 0; i <= STORM_THREADS; i++)
        pthread_join(thread[i], NULL);
    end_streams(world);
    for (int i = 0; i < 20; i++) {
        expect_events(&wires[i], STORM_THREADS * STORM_EVENTS);
        wire_close(&wires[i]);
    }
    world_wait(world, &world->close_count, 20);
}

/* One event to all, around the number that once stalled a poller. */
static void one_event_reaches_every_stream(void **state)
{
    static const size_t counts[] = {127, 128, 129, 256};
    struct wire wires[256];

    (void)state;
    for (unsigned threads = 1; threads <= 2; threads++) {
        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
            struct world world;

            world_start(&world, (struct zdd_http_options){.thread_count = threads});
            for (size_t j = 0; j < counts[i]; j++) {
                wires[j] = wire_open(world.port);
                wire_send(&wires[j], STREAM);
                assert_true(wire_expect(&wires[j], "\r\n\r\n"));
            }
            for (unsigned event = 0; event < 3; event++) {
                char text[20];

                snprintf(text, sizeof(text), "data: %u\n\n", event);
                world_publish(&world, 1);
                for (size_t j = 0; j < counts[i]; j++)
                    assert_true(wire_expect(&wires[j], text));
            }
            for (size_t j = 0; j < counts[i]; j++)
                wire_close(&wires[j]);
            world_stop(&world);
        }
    }
}

static void *come_and_go(void *cls)
{
    struct world *world = cls;

    for (int i = 0; i < 50; i++) {
        struct wire wire = wire_open(world->port);

        wire_send(&wire, i % 2 ? STREAM : PLAIN);
        if (i % 3)
            assert_true(wire_expect(&wire, "\r\n\r\n"));
        wire_close(&wire);
    }
    return NULL;
}

static void readers_may_come_and_go_while_events_are_published(void **state)
{
    struct world *world = *state;
    pthread_t thread[4];

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, i < 3 ? come_and_go : storm, world), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    world->http = zdd_http_free(world->http, WIRE_WAIT_MS);
    assert_int_equal(world->close_count, world->handler_count);
}

static void freeing_the_server_ends_streams_properly_and_drops_what_is_deferred(void **state)
{
    struct world world;
    struct wire streams[50];
    struct wire held[20];
    int64_t start_ms;

    (void)state;
    world_start(&world, (struct zdd_http_options){0});
    for (int i = 0; i < 50; i++) {
        streams[i] = wire_open(world.port);
        wire_send(&streams[i], STREAM);
        assert_true(wire_expect(&streams[i], "\r\n\r\n"));
    }
    for (int i = 0; i < 20; i++) {
        held[i] = wire_open(world.port);
        wire_send(&held[i], "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    world_wait_held(&world, 20);
    start_ms = zdd_mono_ms();
    world.http = zdd_http_free(world.http, 500);
    assert_in_range(zdd_mono_ms() - start_ms, 500, WIRE_WAIT_MS); /* they are held for ever */
    assert_int_equal(world.close_count, 50);
    assert_int_equal(world.after_count, 50);
    for (int i = 0; i < 50; i++) {
        expect_events(&streams[i], 0); /* with the last chunk: a proper end */
        wire_close(&streams[i]);
    }
    for (int i = 0; i < 20; i++)
        wire_close(&held[i]);
    world_finish_held(&world, ZDD_ERR_NONE);
    assert_int_equal(world.after_count, 70);
    world_stop(&world);
}

static void freeing_the_server_is_quick_when_only_streams_are_open(void **state)
{
    struct world world;
    struct wire wire;
    int64_t start_ms;

    (void)state;
    world_start(&world, (struct zdd_http_options){0});
    wire = wire_open(world.port);
    wire_send(&wire, PLAIN);
    assert_true(wire_expect(&wire, "\r\n\r\n"));
    start_ms = zdd_mono_ms();
    world.http = zdd_http_free(world.http, WIRE_WAIT_MS);
    assert_in_range(zdd_mono_ms() - start_ms, 0, WIRE_WAIT_MS / 2);
    wire_close(&wire);
    world_stop(&world);
}

#define SPEC(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPEC(a_stream_brings_each_event_once_and_then_its_end),
        SPEC(a_chunked_stream_looks_so_on_the_wire),
        SPEC(a_plain_stream_looks_so_on_the_wire),
        SPEC(an_idle_stream_outlasts_the_timeout_of_connections),
        SPEC(a_reader_who_does_not_read_is_cut),
        SPEC(a_reader_who_is_gone_is_noticed_by_heartbeats),
        SPEC(a_head_or_a_failure_closes_the_source_unread),
        SPEC(a_reader_of_http_1_0_gets_a_plain_stream),
        SPEC(an_event_that_comes_while_the_source_is_being_read_is_not_lost),
        SPEC(an_idle_stream_is_not_read_again_and_again),
        SPEC(a_storm_of_wakes_loses_no_event),
        cmocka_unit_test(one_event_reaches_every_stream),
        SPEC(readers_may_come_and_go_while_events_are_published),
        cmocka_unit_test(freeing_the_server_ends_streams_properly_and_drops_what_is_deferred),
        cmocka_unit_test(freeing_the_server_is_quick_when_only_streams_are_open),
    };

    return cmocka_run_group_tests_name("server/http streams", tests, NULL, NULL);
}
