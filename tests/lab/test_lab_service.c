/**
 * @file tests/lab/test_lab_service.c
 * @brief simpleservice: what it answers, and that its end loses no request.
 */
#include "tests/support/spec.h"

#include "server/base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLIENT_COUNT 4
#define ROUND_COUNT 4
#define START_MS 10000

struct service {
    pid_t pid;
    uint16_t port;
};

/* A port that was free a moment ago; the range of the tests' labs is left alone. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* @return a connected socket, or -1 with errno */
static int reach(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = 10};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    failed = errno;
    close(fd);
    errno = failed;
    return -1;
}

/* Send one request on @p fd and read the answer to the end of its JSON. @return its status, -1 when
 * there is none */
static int ask(int fd, const char *path, char *ret_text, size_t size)
{
    char request[200];
    const int length =
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: me:1\r\n\r\n", path);
    size_t at = 0;

    if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length)
        return -1;
    do {
        const ssize_t n = recv(fd, ret_text + at, size - 1 - at, 0);

        if (n <= 0)
            return -1;
        at += (size_t)n;
        ret_text[at] = '\0';
    } while (!strstr(ret_text, "}\n"));
    return (int)strtol(ret_text + 9, NULL, 10);
}

/* @param flaw  "NAME=value" for its environment, or NULL; kept by the child alone */
static struct service start_with(const char *health_ms, const char *flaw)
{
    struct service service = {.port = free_port()};
    const int64_t until_ms = zdd_mono_ms() + START_MS;
    const struct timespec pause = {.tv_nsec = 2000000};
    int fd = -1;

    service.pid = fork();
    if (service.pid == 0) {
        char port[8];

        snprintf(port, sizeof(port), "%u", service.port);
        setenv("PORT0", port, 1);
        setenv("SIMPLE_SERVICE_VERSION", "1.0", 1);
        setenv("HEALTH_MIN", health_ms, 1);
        setenv("HEALTH_MAX", health_ms, 1);
        if (flaw) {
            char name[32];

            snprintf(name, sizeof(name), "%.*s", (int)strcspn(flaw, "="), flaw);
            setenv(name, strchr(flaw, '=') + 1, 1);
        }
        (void)dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
        execl(SERVICE_PROGRAM, SERVICE_PROGRAM, (char *)NULL);
        _exit(127);
    }
    while (fd < 0 && zdd_mono_ms() < until_ms) {
        nanosleep(&pause, NULL);
        fd = reach(service.port);
    }
    assert_true(fd >= 0);
    close(fd);
    return service;
}

static struct service start(const char *health_ms)
{
    return start_with(health_ms, NULL);
}

static void stop(const struct service *service)
{
    int status = 0;

    assert_int_equal(kill(service->pid, SIGTERM), 0);
    assert_int_equal(waitpid(service->pid, &status, 0), service->pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void each_path_answers_on_one_connection(void **state)
{
    const struct service service = start("0");
    const int fd = reach(service.port);
    char text[65536];

    (void)state;
    assert_int_equal(ask(fd, "/endpoint0", text, sizeof(text)), 200);
    assert_non_null(strstr(text, "{\"host\": \"me:1\", \"version\": \"1.0\", \"result\": "
                                 "\"all is well\"}\n"));
    assert_int_equal(ask(fd, "/health", text, sizeof(text)), 200);
    assert_int_equal(ask(fd, "/info", text, sizeof(text)), 200);
    assert_non_null(strstr(text, "\"from\": \"127.0.0.1\""));
    assert_int_equal(ask(fd, "/env", text, sizeof(text)), 200);
    assert_non_null(strstr(text, "\"SIMPLE_SERVICE_VERSION\": \"1.0\""));
    assert_int_equal(ask(fd, "/other", text, sizeof(text)), 404);
    close(fd);
    stop(&service);
}

static void health_takes_its_time_unless_the_end_has_come(void **state)
{
    const struct service service = start("300");
    const int64_t began_ms = zdd_mono_ms();
    int fd = reach(service.port);
    char text[1000];

    (void)state;
    assert_int_equal(ask(fd, "/health", text, sizeof(text)), 200);
    assert_in_range(zdd_mono_ms() - began_ms, 299, 5000);
    assert_non_null(strstr(text, "Connection: keep-alive"));
    close(fd);
    stop(&service);
}

static void a_slow_answer_takes_as_long_as_was_asked(void **state)
{
    const struct service service = start("0");
    const int64_t began_ms = zdd_mono_ms();
    int fd = reach(service.port);
    char text[1000];

    (void)state;
    assert_int_equal(ask(fd, "/slow/300", text, sizeof(text)), 200);
    assert_in_range(zdd_mono_ms() - began_ms, 299, 5000);
    assert_int_equal(ask(fd, "/slow/10001", text, sizeof(text)), 404);
    assert_int_equal(ask(fd, "/slow/", text, sizeof(text)), 404);
    close(fd);
    stop(&service);
}

static void of_a_hundred_requests_five_are_answered_500(void **state)
{
    const struct service service = start_with("0", "ERROR_PERCENT=5");
    const int fd = reach(service.port);
    char text[1000];
    int errors = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        errors += ask(fd, "/endpoint0", text, sizeof(text)) == 500;
        assert_int_equal(ask(fd, "/health", text, sizeof(text)), 200);
    }
    assert_int_equal(errors, 5);
    close(fd);
    stop(&service);
}

static void a_dropped_request_is_the_end_of_its_connection(void **state)
{
    const struct service service = start_with("0", "DROP_PERCENT=50");
    char text[1000];

    (void)state;
    for (int i = 0; i < 4; i++) {
        const int fd = reach(service.port);

        assert_int_equal(ask(fd, "/endpoint0", text, sizeof(text)), 200);
        assert_int_equal(ask(fd, "/endpoint0", text, sizeof(text)), -1);
        close(fd);
    }
    stop(&service);
}

static void a_delay_is_that_of_each_answer(void **state)
{
    const struct service service = start_with("0", "DELAY_MS=200");
    const int64_t began_ms = zdd_mono_ms();
    const int fd = reach(service.port);
    char text[1000];

    (void)state;
    assert_int_equal(ask(fd, "/endpoint0", text, sizeof(text)), 200);
    assert_in_range(zdd_mono_ms() - began_ms, 199, 5000);
    close(fd);
    stop(&service);
}

static void after_so_many_requests_it_crashes(void **state)
{
    const struct service service = start_with("0", "CRASH_AFTER=3");
    const int fd = reach(service.port);
    char text[1000];
    int status;

    (void)state;
    assert_int_equal(ask(fd, "/endpoint0", text, sizeof(text)), 200);
    assert_int_equal(ask(fd, "/endpoint0", text, sizeof(text)), 200);
    assert_int_equal(ask(fd, "/endpoint0", text, sizeof(text)), -1);
    close(fd);
    assert_int_equal(waitpid(service.pid, &status, 0), service.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void after_so_many_requests_its_health_is_bad(void **state)
{
    const struct service service = start_with("0", "SICK_AFTER=2");
    const int fd = reach(service.port);
    char text[1000];

    (void)state;
    assert_int_equal(ask(fd, "/endpoint0", text, sizeof(text)), 200);
    assert_int_equal(ask(fd, "/health", text, sizeof(text)), 200);
    assert_int_equal(ask(fd, "/endpoint0", text, sizeof(text)), 200);
    assert_int_equal(ask(fd, "/health", text, sizeof(text)), 503);
    close(fd);
    stop(&service);
}

struct client {
    uint16_t port;
    atomic_int *answered;
    atomic_int *lost;
    bool keep_alive;
};

/* Like a balancer's client: a refused connection is tried elsewhere, everything else is a loss. */
static void *hammer(void *cls)
{
    const struct client *client = cls;
    char text[1000];
    int fd = -1;

    while (true) {
        if (fd < 0)
            fd = reach(client->port);
        if (fd < 0) {
            if (errno != ECONNREFUSED)
                atomic_fetch_add(client->lost, 1);
            return NULL;
        }
        if (ask(fd, "/endpoint0", text, sizeof(text)) == 200)
            atomic_fetch_add(client->answered, 1);
        else
            atomic_fetch_add(client->lost, 1);
        if (!client->keep_alive || strstr(text, "Connection: close")) {
            close(fd);
            fd = -1;
        }
    }
}

static void end_under_load(bool keep_alive)
{
    for (int round = 0; round < ROUND_COUNT; round++) {
        const struct service service = start("0");
        atomic_int answered = 0;
        atomic_int lost = 0;
        struct client client = {service.port, &answered, &lost, keep_alive};
        const struct timespec pause = {.tv_nsec = 1000000};
        pthread_t threads[CLIENT_COUNT];

        for (size_t i = 0; i < CLIENT_COUNT; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, hammer, &client), 0);
        while (atomic_load(&answered) < 200 && !atomic_load(&lost))
            nanosleep(&pause, NULL);
        stop(&service);
        for (size_t i = 0; i < CLIENT_COUNT; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(atomic_load(&lost), 0);
    }
}

static void its_end_loses_no_request_on_new_connections(void **state)
{
    (void)state;
    end_under_load(false);
}

static void its_end_loses_no_request_on_kept_connections(void **state)
{
    (void)state;
    end_under_load(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_path_answers_on_one_connection),
        cmocka_unit_test(health_takes_its_time_unless_the_end_has_come),
        cmocka_unit_test(a_slow_answer_takes_as_long_as_was_asked),
        cmocka_unit_test(of_a_hundred_requests_five_are_answered_500),
        cmocka_unit_test(a_dropped_request_is_the_end_of_its_connection),
        cmocka_unit_test(a_delay_is_that_of_each_answer),
        cmocka_unit_test(after_so_many_requests_it_crashes),
        cmocka_unit_test(after_so_many_requests_its_health_is_bad),
        cmocka_unit_test(its_end_loses_no_request_on_new_connections),
        cmocka_unit_test(its_end_loses_no_request_on_kept_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
