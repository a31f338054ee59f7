/**
 * @file tests/api/test_http_later.c
 * @brief Answers that come later: from other threads, all at once, too late, or for nobody.
 */
#include "server/base/clock.h"
#include "tests/api/http_world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HOLD "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"
#define GRACE_MS 20000

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

static void expect(struct wire *wire, int status, const char *body)
{
    struct wire_reply reply = wire_read(wire);

    assert_int_equal(reply.status, status);
    if (body)
        assert_string_equal(reply.body, body);
    wire_reply_free(&reply);
}

static void an_answer_may_come_before_the_handler_returns_or_after_it(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);

    for (int i = 0; i < 200; i++) {
        wire_send(&wire, i % 2 ? "GET /hurry HTTP/1.1\r\nHost: x\r\n\r\n"
                               : "GET /race HTTP/1.1\r\nHost: x\r\n\r\n");
        expect(&wire, 200, "\"from another thread\"");
    }
    assert_int_equal(world->handler_count, 200); /* never twice for one request */
    wire_close(&wire);
}

static void a_deferred_call_can_fail(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);

    wire_send(&wire, HOLD);
    world_wait_held(world, 1);
    world_finish_held(world, ZDD_ERR_APP_BUSY);
    expect(&wire, 409, NULL);
    wire_send(&wire, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(&wire, 200, NULL);
    wire_close(&wire);
}

static void a_deferred_call_outlasts_the_timeout_of_connections(void **state)
{
    struct world *world = *state;
    struct wire wire = wire_open(world->port);

    wire_send(&wire, HOLD);
    world_wait_held(world, 1);
    assert_true(wire_is_silent(&wire, 2500)); /* timeout_s is 1 */
    world_finish_held(world, ZDD_ERR_NONE);
    expect(&wire, 200, "\"held\"");
    wire_close(&wire);
}

/* Exactly 128 connections resumed together once stalled a poller; so try around it, with each
 * number of threads. */
static void many_answers_at_once_reach_everybody(void **state)
{
    static const size_t counts[] = {1, 2, 127, 128, 129, 255, 256, 257};
    struct wire wires[300];

    (void)state;
    for (unsigned threads = 1; threads <= 4; threads++) {
        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
            struct world world;

            world_start(&world, (struct zdd_http_options){.thread_count = threads});
            for (size_t round = 0; round < 2;
                 round++) { /* the second time on the same connections */
                for (size_t j = 0; j < counts[i]; j++) {
                    if (round == 0)
                        wires[j] = wire_open(world.port);
                    wire_send(&wires[j], HOLD);
                }
                world_wait_held(&world, counts[i]);
                world_finish_held(&world, ZDD_ERR_NONE);
                for (size_t j = 0; j < counts[i]; j++)
                    expect(&wires[j], 200, "\"held\"");
            }
            for (size_t j = 0; j < counts[i]; j++)
                wire_close(&wires[j]);
            world_stop(&world);
        }
    }
}

static void a_caller_who_has_said_all_still_hears_the_answer(void **state)
{
    static const char *const requests[] = {
        HOLD,
        "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        "POST /hold HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    };
    struct world *world = *state;

    for (size_t i = 0; i < 3 * sizeof(requests) / sizeof(requests[0]); i++) {
        struct wire wire = wire_open(world->port);

        wire_send(&wire, requests[i / 3]);
        if (i % 3 == 0)
            shutdown(wire.fd, SHUT_WR); /* with the request, or before, or after it waits */
        world_wait_held(world, 1);
        shutdown(wire.fd, SHUT_WR);
        if (i % 3 == 2)
            assert_true(wire_is_silent(&wire, 50));
        world_finish_held(world, ZDD_ERR_NONE);
        expect(&wire, 200, "\"held\"");
        assert_true(wire_closes(&wire, WIRE_WAIT_MS));
        wire_close(&wire);
    }
}

static void a_caller_who_hangs_up_meanwhile_does_no_harm(void **state)
{
    struct world *world = *state;
    struct wire wires[50];

    for (int i = 0; i < 50; i++) {
        wires[i] = wire_open(world->port);
        wire_send(&wires[i], HOLD);
    }
    world_wait_held(world, 50);
    for (int i = 0; i < 50; i++)
        wire_close(&wires[i]);
    assert_int_equal(world->after_count, 0); /* the calls are still in use */
    world_finish_held(world, ZDD_ERR_NONE);
    world_wait(world, &world->after_count, 50);
}

static void *free_server(void *cls)
{
    struct world *world = cls;

    zdd_http_free(world->http, GRACE_MS);
    return NULL;
}

static void a_server_being_freed_waits_for_answers_under_way(void **state)
{
    struct world world;
    struct wire wires[20];
    pthread_t thread;
    struct wire late;

    (void)state;
    world_start(&world, (struct zdd_http_options){0});
    for (int i = 0; i < 20; i++) {
        wires[i] = wire_open(world.port);
        wire_send(&wires[i], HOLD);
    }
    world_wait_held(&world, 20);
    assert_int_equal(pthread_create(&thread, NULL, free_server, &world), 0);
    while (wire_try_open(world.port, &late)) /* until it listens no more */
        wire_close(&late);
    world_finish_held(&world, ZDD_ERR_NONE);
    for (int i = 0; i < 20; i++)
        expect(&wires[i], 200, "\"held\"");
    pthread_join(thread, NULL);
    world.http = NULL;
    assert_int_equal(world.after_count, 20);
    for (int i = 0; i < 20; i++)
        wire_close(&wires[i]);
    world_stop(&world);
}

static void new_calls_on_open_connections_hear_503_while_the_server_is_being_freed(void **state)
{
    struct world world;
    struct wire held;
    struct wire idle;
    pthread_t thread;
    struct wire late;

    (void)state;
    world_start(&world, (struct zdd_http_options){0});
    held = wire_open(world.port);
    idle = wire_open(world.port);
    wire_send(&idle, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(&idle, 200, NULL);
    wire_send(&held, HOLD);
    world_wait_held(&world, 1);
    assert_int_equal(pthread_create(&thread, NULL, free_server, &world), 0);
    while (wire_try_open(world.port, &late))
        wire_close(&late);
    /* It drains a moment after it stopped listening; calls before that are served. */
    for (int status = 200; status == 200;) {
        struct wire_reply reply;

        wire_send(&idle, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
        reply = wire_read(&idle);
        status = reply.status;
        if (status != 200) {
            assert_int_equal(status, 503);
            assert_non_null(strstr(reply.body, "\"code\":\"draining\""));
            assert_string_equal(wire_header(&reply, "Connection"), "close");
        }
        wire_reply_free(&reply);
    }
    world_finish_held(&world, ZDD_ERR_NONE);
    expect(&held, 200, NULL);
    pthread_join(thread, NULL);
    world.http = NULL;
    wire_close(&idle);
    wire_close(&held);
    world_stop(&world);
}

static void calls_never_finished_in_time_outlive_the_server(void **state)
{
    struct world world;
    struct wire wires[20];
    int64_t start_ms;

    (void)state;
    world_start(&world, (struct zdd_http_options){0});
    for (int i = 0; i < 20; i++) {
        wires[i] = wire_open(world.port);
        wire_send(&wires[i], HOLD);
    }
    world_wait_held(&world, 20);
    start_ms = zdd_mono_ms();
    world.http = zdd_http_free(world.http, 300);
    assert_in_range(zdd_mono_ms() - start_ms, 300, WIRE_WAIT_MS); /* they are held for ever */
    assert_int_equal(world.after_count, 0);
    for (int i = 0; i < 20; i++) {
        assert_true(wire_closes(&wires[i], WIRE_WAIT_MS));
        wire_close(&wires[i]);
    }
    world_finish_held(&world, ZDD_ERR_APP_BUSY); /* still valid, and freed by this */
    assert_int_equal(world.after_count, 20);
    assert_int_equal(world.last_status, 409); /* nobody heard it, but it is what happened */
    world_stop(&world);
}

static void *finish_slowly(void *cls)
{
    struct world *world = cls;

    for (int i = 0; i < 40; i++) {
        struct zdd_call *call = NULL;

        pthread_mutex_lock(&world->lock);
        if (world->held_count > 0)
            call = world->held[--world->held_count];
        pthread_mutex_unlock(&world->lock);
        if (call)
            zdd_call_finish(call, ZDD_ERR_NONE);
    }
    return NULL;
}

/* Whoever comes first, the finisher or the server's end: each call ends once. */
static void finishing_and_freeing_may_race(void **state)
{
    (void)state;
    for (int round = 0; round < 30; round++) {
        struct world world;
        struct wire wires[40];
        pthread_t thread;

        world_start(&world, (struct zdd_http_options){0});
        for (int i = 0; i < 40; i++) {
            wires[i] = wire_open(world.port);
            wire_send(&wires[i], HOLD);
        }
        world_wait_held(&world, 40);
        assert_int_equal(pthread_create(&thread, NULL, finish_slowly, &world), 0);
        world.http = zdd_http_free(world.http, 0);
        pthread_join(thread, NULL);
        assert_int_equal(world.after_count, 40);
        for (int i = 0; i < 40; i++)
            wire_close(&wires[i]);
        world_stop(&world);
    }
}

static void *ask_a_lot(void *cls)
{
    struct world *world = cls;
    struct wire wire = wire_open(world->port);

    for (int i = 0; i < 200; i++) {
        wire_send(&wire, "GET /race HTTP/1.1\r\nHost: x\r\n\r\n");
        expect(&wire, 200, "\"from another thread\"");
    }
    wire_close(&wire);
    return NULL;
}

static void many_callers_with_answers_from_many_threads_lose_none(void **state)
{
    struct world *world = *state;
    pthread_t thread[8];

    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, ask_a_lot, world), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(thread[i], NULL);
    world_wait(world, &world->after_count, 1600);
    assert_int_equal(world->handler_count, 1600);
}

#define SPEC(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPEC(an_answer_may_come_before_the_handler_returns_or_after_it),
        SPEC(a_deferred_call_can_fail),
        SPEC(a_deferred_call_outlasts_the_timeout_of_connections),
        cmocka_unit_test(many_answers_at_once_reach_everybody),
        SPEC(a_caller_who_has_said_all_still_hears_the_answer),
        SPEC(a_caller_who_hangs_up_meanwhile_does_no_harm),
        cmocka_unit_test(a_server_being_freed_waits_for_answers_under_way),
        cmocka_unit_test(new_calls_on_open_connections_hear_503_while_the_server_is_being_freed),
        cmocka_unit_test(calls_never_finished_in_time_outlive_the_server),
        cmocka_unit_test(finishing_and_freeing_may_race),
        SPEC(many_callers_with_answers_from_many_threads_lose_none),
    };

    return cmocka_run_group_tests_name("server/http later", tests, NULL, NULL);
}
