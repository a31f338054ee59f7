/**
 * @file tests/lab/test_load_client.c
 * @brief zdd-load's client hides nothing that a balancer does to its callers.
 */
#include "tests/support/spec.h"

#include "deploy/load/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ACT_MAX 4
#define PATIENCE_S 20
#define URL_SIZE 40

/* What the server does about one request. */
struct act {
    const char *reply; /* NULL: nothing */
    bool ends;         /* the connection, without a word about it */
};

struct server {
    int listener;
    char url[URL_SIZE];
    struct act act[ACT_MAX];
    size_t count;
    pthread_t thread;
    sem_t acted; /* once for each act that is over */
};

static const char good[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

/* @return true when a whole request has come */
static bool read_request(int fd)
{
    char text[1000] = "";
    size_t at = 0;
    ssize_t n = 1;

    while (n > 0 && !strstr(text, "\r\n\r\n")) {
        n = recv(fd, text + at, sizeof(text) - 1 - at, 0);
        at += n > 0 ? (size_t)n : 0;
        text[at] = '\0';
    }
    return n > 0;
}

static void *serve(void *cls)
{
    struct server *server = cls;
    int fd = -1;

    for (size_t i = 0; i < server->count; i++) {
        const struct act *act = &server->act[i];

        if (fd < 0)
            fd = accept(server->listener, NULL, NULL);
        if (read_request(fd) && act->reply)
            (void)send(fd, act->reply, strlen(act->reply), MSG_NOSIGNAL);
        if (act->ends) {
            close(fd);
            fd = -1;
        }
        sem_post(&server->acted);
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

static void start(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    const struct timeval patience = {.tv_sec = PATIENCE_S};

    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(server->listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(bind(server->listener, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(server->listener, ACT_MAX), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(sem_init(&server->acted, 0, 0), 0);
    while (server->count < ACT_MAX &&
           (server->act[server->count].reply || server->act[server->count].ends))
        server->count++;
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server)
{
    pthread_join(server->thread, NULL);
    close(server->listener);
    sem_destroy(&server->acted);
}

/* Ask, and wait until the server has done what it does about it. @return the status, 0 for a
 * failure */
static int ask(struct client *client, struct server *server, char words[static CLIENT_WORDS_SIZE])
{
    struct client_answer answer = {0};
    const bool answered = client_get(client, "/", NULL, &answer, words);

    sem_wait(&server->acted);
    zdd_buf_release(&answer.body);
    return answered ? answer.status : 0;
}

static void a_connection_that_idles_may_be_closed(void **state)
{
    struct server server = {.act = {{good, false}, {good, true}, {good, false}}};
    char words[CLIENT_WORDS_SIZE];
    struct client *client;

    (void)state;
    start(&server);
    client = client_new(server.url);
    assert_int_equal(ask(client, &server, words), 200);
    assert_int_equal(ask(client, &server, words), 200);
    assert_int_equal(client_opened(client), 1);
    assert_int_equal(ask(client, &server, words), 200);
    assert_int_equal(client_opened(client), 2);
    client_free(client);
    stop(&server);
}

static void a_request_whose_connection_ends_has_failed(void **state)
{
    struct server server = {.act = {{good, false}, {NULL, true}, {good, false}}};
    char words[CLIENT_WORDS_SIZE];
    struct client *client;

    (void)state;
    start(&server);
    client = client_new(server.url);
    assert_int_equal(ask(client, &server, words), 200);
    assert_int_equal(ask(client, &server, words), 0); /* a library would have asked again */
    assert_string_equal(words, "connection closed after 0 bytes of the answer");
    assert_int_equal(client_opened(client), 1);
    assert_int_equal(ask(client, &server, words), 200);
    client_free(client);
    stop(&server);
}

static void half_an_answer_is_a_failure(void **state)
{
    struct server server = {
        .act = {
            {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}", true},
            {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", true},
            {"HTTP/1.1 200 OK\r\nConte", true},
            {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", false}}};
    char words[CLIENT_WORDS_SIZE];
    struct client *client;

    (void)state;
    start(&server);
    client = client_new(server.url);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(client, &server, words), 0);
        assert_non_null(strstr(words, "connection closed after"));
    }
    assert_int_equal(ask(client, &server, words), 200);
    client_free(client);
    stop(&server);
}

static void nobody_there_is_told(void **state)
{
    struct client *client = client_new("http://127.0.0.1:1");
    char words[CLIENT_WORDS_SIZE];
    struct client_answer answer;

    (void)state;
    assert_false(client_get(client, "/", NULL, &answer, words));
    assert_non_null(strstr(words, "no connection: "));
    client_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_that_idles_may_be_closed),
        cmocka_unit_test(a_request_whose_connection_ends_has_failed),
        cmocka_unit_test(half_an_answer_is_a_failure),
        cmocka_unit_test(nobody_there_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
