/**
 * @file tests/unit/server/router/test_agent.c
 * @brief The agent on a real port: who is answered, who is cut off, and that nothing stays behind.
 */
#include "server/router/agent.h"

#include "server/base/clock.h"
#include "tests/support/sockets.h"
#include "tests/support/spec.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 20000

static const struct zdd_endpoint blue[] = {{"svc_80", "10.0.0.1:1001"}};

struct desk {
    struct zdd_answers *answers;
    struct zdd_agent *agent;
    char reason[ZDD_ROUTER_REASON_SIZE];
};

static void start(struct desk *desk, const char *listen)
{
    if (zdd_agent_start(listen, desk->answers, NULL, &desk->agent, desk->reason) != ZDD_ERR_NONE)
        fail_msg("%s", desk->reason);
}

static void say(struct desk *desk, int32_t weight)
{
    const struct zdd_router_order order = {
        .pair = "/svc", .side[ZDD_SIDE_OLD] = {ZDD_SERVES, weight, blue, ZDD_COUNT(blue)}};

    assert_int_equal(zdd_answers_set(desk->answers, &order), ZDD_ERR_NONE);
}

static int set_up(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    assert_non_null(desk);
    desk->answers = zdd_answers_new();
    assert_non_null(desk->answers);
    say(desk, 42);
    start(desk, "127.0.0.1:0");
    *state = desk;
    return 0;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;

    zdd_agent_free(desk->agent);
    zdd_answers_free(desk->answers);
    free(desk);
    return 0;
}

static int dial(const struct desk *desk)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(zdd_agent_port(desk->agent)),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void put(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Read up to a line feed or the end. @return bytes; -1 when the connection was reset */
static ssize_t get(int fd, char *text, size_t max)
{
    size_t size = 0;

    while (size < max - 1) {
        struct pollfd polled = {.fd = fd, .events = POLLIN};
        ssize_t got;

        assert_int_equal(poll(&polled, 1, PATIENCE_MS), 1);
        got = recv(fd, text + size, max - 1 - size, 0);
        if (got < 0)
            return -1;
        size += (size_t)got;
        if (got == 0 || text[size - 1] == '\n')
            break;
    }
    text[size] = '\0';
    return (ssize_t)size;
}

static void assert_answer(int fd, const char *wanted)
{
    char text[64];

    assert_int_equal(get(fd, text, sizeof(text)), strlen(wanted));
    assert_string_equal(text, wanted);
}

static void assert_cut(int fd)
{
    char text[64];

    assert_true(get(fd, text, sizeof(text)) <= 0);
}

static struct zdd_agent_stats stats(const struct desk *desk)
{
    struct zdd_agent_stats now;

    zdd_agent_stats(desk->agent, &now);
    return now;
}

static void await_open(const struct desk *desk, uint32_t wanted)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    const int64_t until_ms = zdd_mono_ms() + PATIENCE_MS;

    while (stats(desk).open != wanted && zdd_mono_ms() < until_ms)
        nanosleep(&pause, NULL);
    assert_int_equal(stats(desk).open, wanted);
}

/* What the other tests look for, and must not find. */
static void whoever_closes_first_waits_for_a_minute(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    const int listener = socket(AF_INET, SOCK_STREAM, 0), caller = socket(AF_INET, SOCK_STREAM, 0);
    char byte;
    int fd;

    (void)state;
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(connect(caller, (const struct sockaddr *)&address, sizeof(address)), 0);
    fd = accept(listener, NULL, NULL);
    close(fd);
    assert_int_equal(recv(caller, &byte, 1, 0), 0);
    close(caller);
    close(listener);
    for (int i = 0; sockets_in_time_wait(ntohs(address.sin_port)) == 0 && i < 1000; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_int_equal(sockets_in_time_wait(ntohs(address.sin_port)), 1);
}

static void a_known_server_is_answered_and_the_caller_closes_first(void **state)
{
    struct desk *desk = *state;

    for (int i = 0; i < 50; i++) {
        const int fd = dial(desk);

        put(fd, i % 2 ? "10.0.0.1:1001\n" : "10.0.0.1:1001\r\n");
        assert_answer(fd, "up ready 4200%\n");
        close(fd);
    }
    await_open(desk, 0);
    assert_int_equal(stats(desk).answered, 50);
    assert_int_equal(stats(desk).cut, 0);
    assert_int_equal(sockets_in_time_wait(zdd_agent_port(desk->agent)), 0);
}

static void an_answer_is_the_one_of_the_moment(void **state)
{
    struct desk *desk = *state;
    const int early = dial(desk), late = dial(desk);

    put(early, "10.0.0.1:1001\n");
    assert_answer(early, "up ready 4200%\n");
    say(desk, 7);
    put(late, "10.0.0.1:1001\n");
    assert_answer(late, "up ready 700%\n");
    close(early);
    close(late);
}

static void a_payload_may_come_in_pieces(void **state)
{
    struct desk *desk = *state;
    const int fd = dial(desk);

    for (const char *at = "10.0.0.1:1001\n"; *at; at++)
        put(fd, (char[]){*at, '\0'});
    assert_answer(fd, "up ready 4200%\n");
    close(fd);
}

static void a_caller_that_has_said_all_may_close_its_half(void **state)
{
    struct desk *desk = *state;
    const int fd = dial(desk);

    put(fd, "10.0.0.1:1001\n");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_answer(fd, "up ready 4200%\n");
    close(fd);
    await_open(desk, 0);
}

static void an_unknown_server_is_cut_off_without_an_answer(void **state)
{
    static const char *const payloads[] = {"10.0.0.9:1\n", "\n", "GET / HTTP/1.1\r\n",
                                           "10.0.0.1:1001 \n", "pay 10.0.0.1:1001\n"};
    struct desk *desk = *state;

    for (size_t i = 0; i < ZDD_COUNT(payloads); i++) {
        const int fd = dial(desk);

        put(fd, payloads[i]);
        assert_cut(fd);
        close(fd);
    }
    assert_int_equal(stats(desk).unknown, ZDD_COUNT(payloads));
    assert_int_equal(stats(desk).answered, 0);
    assert_int_equal(sockets_in_time_wait(zdd_agent_port(desk->agent)), 0);
}

static void whoever_says_too_much_is_cut_off(void **state)
{
    struct desk *desk = *state;
    const int babbler = dial(desk), repeater = dial(desk);
    char text[200];

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    put(babbler, text);
    assert_cut(babbler);
    put(repeater, "10.0.0.1:1001\n");
    assert_answer(repeater, "up ready 4200%\n");
    put(repeater, "10.0.0.1:1001\n");
    assert_cut(repeater);
    assert_int_equal(stats(desk).cut, 2);
    close(babbler);
    close(repeater);
}

static void whoever_does_not_close_is_cut_off_in_time(void **state)
{
    struct desk *desk = *state;
    const int silent = dial(desk), stays = dial(desk);
    const int64_t start_ms = zdd_mono_ms();

    put(stays, "10.0.0.1:1001\n");
    assert_answer(stays, "up ready 4200%\n");
    assert_cut(silent);
    assert_cut(stays);
    assert_true(zdd_mono_ms() - start_ms >= ZDD_AGENT_LIFE_MS / 2);
    await_open(desk, 0);
    assert_int_equal(sockets_in_time_wait(zdd_agent_port(desk->agent)), 0);
    close(silent);
    close(stays);
}

static void too_many_connections_push_out_the_oldest(void **state)
{
    struct desk *desk = *state;
    const int64_t start_ms = zdd_mono_ms();
    static int crowd[ZDD_AGENT_CONNECTION_MAX + 20];
    int fd;

    for (size_t i = 0; i < ZDD_COUNT(crowd); i++)
        crowd[i] = dial(desk);
    fd = dial(desk);
    put(fd, "10.0.0.1:1001\n");
    assert_answer(fd, "up ready 4200%\n");
    assert_true(stats(desk).open <= ZDD_AGENT_CONNECTION_MAX);
    if (zdd_mono_ms() - start_ms < ZDD_AGENT_LIFE_MS) /* else all are gone by age */
        assert_true(stats(desk).cut >= 21);
    assert_cut(crowd[0]);
    for (size_t i = 0; i < ZDD_COUNT(crowd); i++)
        close(crowd[i]);
    close(fd);
    await_open(desk, 0);
}

static void it_ends_with_callers_connected_and_starts_again_on_its_port(void **state)
{
    struct desk *desk = *state;
    const int waiting = dial(desk), answered = dial(desk);
    char listen[32];
    int fd;

    put(answered, "10.0.0.1:1001\n");
    assert_answer(answered, "up ready 4200%\n");
    snprintf(listen, sizeof(listen), "127.0.0.1:%u", zdd_agent_port(desk->agent));
    desk->agent = zdd_agent_free(desk->agent);
    assert_cut(waiting);
    start(desk, listen);
    fd = dial(desk);
    put(fd, "10.0.0.1:1001\n");
    assert_answer(fd, "up ready 4200%\n");
    close(fd);
    close(waiting);
    close(answered);
}

static void a_port_that_cannot_be_had_is_named(void **state)
{
    struct desk *desk = *state;
    struct zdd_agent *second = NULL;
    char listen[32];

    snprintf(listen, sizeof(listen), "127.0.0.1:%u", zdd_agent_port(desk->agent));
    assert_int_equal(zdd_agent_start(listen, desk->answers, NULL, &second, desk->reason),
                     ZDD_ERR_INTERNAL);
    assert_non_null(strstr(desk->reason, listen));
    assert_non_null(strstr(desk->reason, "in use"));
    assert_int_equal(zdd_agent_start("nonsense", desk->answers, NULL, &second, desk->reason),
                     ZDD_ERR_INTERNAL);
    assert_non_null(strstr(desk->reason, "HOST:PORT"));
    assert_null(second);
}

static void the_source_of_a_caller_is_its_address(void **state)
{
    struct desk *desk = *state;
    struct zdd_router_receipt receipt[ZDD_SOURCE_MAX];
    const int fd = dial(desk);

    put(fd, "10.0.0.1:1001\n");
    assert_answer(fd, "up ready 4200%\n");
    close(fd);
    assert_int_equal(zdd_answers_receipts(desk->answers, "/svc", receipt), 1);
    assert_string_equal(receipt[0].source, "127.0.0.1");
    assert_int_equal(receipt[0].fetched, 1);
}

/* A balancer that reaches a listener of both families has one name. */
static void an_ipv4_caller_of_an_ipv6_listener_is_named_as_ipv4(void **state)
{
    struct desk *desk = *state;
    const int probe = socket(AF_INET6, SOCK_STREAM, 0);
    struct zdd_router_receipt receipt[ZDD_SOURCE_MAX];
    int fd;

    if (probe < 0)
        skip();
    close(probe);
    zdd_agent_free(desk->agent);
    desk->agent = NULL;
    if (zdd_agent_start("[::]:0", desk->answers, NULL, &desk->agent, desk->reason) != ZDD_ERR_NONE)
        skip();
    fd = dial(desk);
    put(fd, "10.0.0.1:1001\n");
    assert_answer(fd, "up ready 4200%\n");
    close(fd);
    assert_int_equal(zdd_answers_receipts(desk->answers, "/svc", receipt), 1);
    assert_string_equal(receipt[0].source, "127.0.0.1");
}

#define SPEC(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_closes_first_waits_for_a_minute),
        SPEC(a_known_server_is_answered_and_the_caller_closes_first),
        SPEC(an_answer_is_the_one_of_the_moment),
        SPEC(a_payload_may_come_in_pieces),
        SPEC(a_caller_that_has_said_all_may_close_its_half),
        SPEC(an_unknown_server_is_cut_off_without_an_answer),
        SPEC(whoever_says_too_much_is_cut_off),
        SPEC(whoever_does_not_close_is_cut_off_in_time),
        SPEC(too_many_connections_push_out_the_oldest),
        SPEC(it_ends_with_callers_connected_and_starts_again_on_its_port),
        SPEC(a_port_that_cannot_be_had_is_named),
        SPEC(the_source_of_a_caller_is_its_address),
        SPEC(an_ipv4_caller_of_an_ipv6_listener_is_named_as_ipv4),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
