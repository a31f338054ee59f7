/**
 * @file tests/unit/server/net/peer.c
 * @brief A server of raw bytes.
 */
#define _GNU_SOURCE /* strcasestr() */
#include "tests/unit/server/net/peer.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define WAIT_S 10 /* longer than any answer takes; only a broken test waits that long */

static void *run_connection(void *cls)
{
    struct peer_connection *connection = cls;

    connection->peer->serve(connection->peer, connection->fd, connection->index);
    shutdown(connection->fd,
             SHUT_RDWR); /* closed in peer_stop(), so that no number is used twice */
    return NULL;
}

static void *run_listener(void *cls)
{
    struct peer *peer = cls;
    const struct timeval patience = {.tv_sec = WAIT_S};
    int fd;

    while (peer->connections < PEER_CONNECTION_MAX) {
        fd = accept(peer->listener, NULL, NULL);
        if (fd < 0)
            break; /* peer_stop() has shut it down */
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        pthread_mutex_lock(&peer->lock);
        const int index = peer->connections++;
        peer->connection[index] = (struct peer_connection){peer, fd, index, 0};
        if (pthread_create(&peer->connection[index].thread, NULL, run_connection,
                           &peer->connection[index]) != 0)
            abort();
        pthread_mutex_unlock(&peer->lock);
    }
    return NULL;
}

void peer_start(struct peer *peer, peer_serve *serve, void *cls)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    memset(peer, 0, sizeof(*peer));
    peer->cls = cls;
    peer->serve = serve;
    pthread_mutex_init(&peer->lock, NULL);
    pthread_cond_init(&peer->changed, NULL);
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(peer->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(peer->listener, 64) != 0 ||
        getsockname(peer->listener, (struct sockaddr *)&address, &size) != 0)
        abort();
    snprintf(peer->url, sizeof(peer->url), "http://127.0.0.1:%u", ntohs(address.sin_port));
    if (pthread_create(&peer->thread, NULL, run_listener, peer) != 0)
        abort();
}

void peer_stop(struct peer *peer)
{
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    for (int i = 0; i < peer->connections; i++)
        shutdown(peer->connection[i].fd, SHUT_RDWR);
    for (int i = 0; i < peer->connections; i++) {
        pthread_join(peer->connection[i].thread, NULL);
        close(peer->connection[i].fd);
    }
    for (int i = 0; i < PEER_CONNECTION_MAX; i++)
        free(peer->request[i]);
    pthread_cond_destroy(&peer->changed);
    pthread_mutex_destroy(&peer->lock);
}

static void keep_request(struct peer *peer, char *text, size_t size)
{
    char *fitting = realloc(text, size + 1);

    pthread_mutex_lock(&peer->lock);
    assert(peer->requests < PEER_CONNECTION_MAX);
    peer->request[peer->requests++] = fitting ? fitting : text;
    pthread_cond_broadcast(&peer->changed);
    pthread_mutex_unlock(&peer->lock);
}

/* Bytes of the whole request once its head is there, else 0. */
static size_t request_size(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, "\r\nContent-Length:");

    if (!end)
        return 0;
    if (!length || length > end)
        return (size_t)(end - text) + 4;
    return (size_t)(end - text) + 4 + strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
}

char *peer_take(int fd, size_t *ret_size)
{
    char *text = calloc(1, REQUEST_MAX_BYTES + 1);
    size_t used = 0;

    if (!text)
        abort();
    while (request_size(text) == 0 || used < request_size(text)) {
        const ssize_t got = recv(fd, text + used, REQUEST_MAX_BYTES - used, 0);

        if (got <= 0) {
            free(text);
            return NULL;
        }
        used += (size_t)got;
    }
    *ret_size = used;
    return text;
}

bool peer_read(struct peer *peer, int fd)
{
    size_t size;
    char *text = peer_take(fd, &size);

    if (text)
        keep_request(peer, text, size);
    return text != NULL;
}

void peer_wait_close(int fd)
{
    char bytes[256];

    while (recv(fd, bytes, sizeof(bytes), 0) > 0)
        ;
}

bool peer_send(int fd, const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        const ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

bool peer_say(int fd, const char *text)
{
    return peer_send(fd, text, strlen(text));
}

bool peer_wait_requests(struct peer *peer, int count)
{
    struct timespec until;
    int failed = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    pthread_mutex_lock(&peer->lock);
    while (peer->requests < count && failed == 0)
        failed = pthread_cond_timedwait(&peer->changed, &peer->lock, &until);
    pthread_mutex_unlock(&peer->lock);
    return peer->requests >= count;
}

const char *peer_request(struct peer *peer, int index)
{
    const char *text;

    pthread_mutex_lock(&peer->lock);
    text = peer->request[index];
    pthread_mutex_unlock(&peer->lock);
    return text ? text : "";
}
