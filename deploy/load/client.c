/**
 * @file deploy/load/client.c
 * @brief HTTP/1.1 over a blocking socket, as much of it as a balancer's answer needs.
 */
#define _GNU_SOURCE /* strcasestr */
#include "deploy/load/client.h"

#include "server/base/clock.h"
#include "server/net/url.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SCHEME "http://"
#define HOST_SIZE 64
#define PART_SIZE 4096
#define ANSWER_MAX (1024 * 1024)
#define PATIENCE_S 30 /* HAProxy's own patience with a server, in Marathon-LB's head */

struct client {
    char host[HOST_SIZE];
    uint16_t port;
    int fd; /* -1: none */
    unsigned long opened;
    struct zdd_buf in; /* what has come of an answer */
};

bool client_can_reach(const char *url)
{
    char host[HOST_SIZE];
    uint16_t port;

    return strncmp(url, SCHEME, strlen(SCHEME)) == 0 &&
           zdd_hostport_parse(url + strlen(SCHEME), host, &port);
}

struct client *client_new(const char *url)
{
    struct client *client = calloc(1, sizeof(*client));

    if (!client)
        return NULL;
    client->fd = -1;
    client->in.max = ANSWER_MAX;
    (void)zdd_hostport_parse(url + strlen(SCHEME), client->host, &client->port);
    return client;
}

static void hang_up(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

struct client *client_free(struct client *client)
{
    if (!client)
        return NULL;
    hang_up(client);
    zdd_buf_release(&client->in);
    free(client);
    return NULL;
}

const char *client_answered(const struct client *client)
{
    return client->in.data;
}

unsigned long client_opened(const struct client *client)
{
    return client->opened;
}

/* @return a connected socket, or -1 with errno */
static int connect_one(const struct addrinfo *address)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const int on = 1;
    const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed;

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    failed = errno;
    close(fd);
    errno = failed;
    return -1;
}

static bool dial(struct client *client, char words[static CLIENT_WORDS_SIZE])
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char port[8];
    int err;

    snprintf(port, sizeof(port), "%u", client->port);
    err = getaddrinfo(client->host, port, &hints, &list);
    if (err != 0) {
        snprintf(words, CLIENT_WORDS_SIZE, "%s: %s", client->host, gai_strerror(err));
        return false;
    }
    for (const struct addrinfo *at = list; at && client->fd < 0; at = at->ai_next)
        client->fd = connect_one(at);
    if (client->fd < 0)
        snprintf(words, CLIENT_WORDS_SIZE, "no connection: %s", strerror(errno));
    else
        client->opened++;
    freeaddrinfo(list);
    return client->fd >= 0;
}

/* Closed by the other side while it idled, or something unasked has come. */
static bool is_stale(const struct client *client)
{
    char byte;

    return recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

/* A Host of the caller's own takes the place of ours. */
static bool send_request(struct client *client, const char *path, const char *header)
{
    ZDD_AUTO_BUF struct zdd_buf request = {0};
    size_t sent = 0;

    zdd_buf_printf(&request, "GET %s HTTP/1.1\r\n", path);
    if (!header || strncasecmp(header, "Host:", strlen("Host:")) != 0)
        zdd_buf_printf(&request, "Host: %s:%u\r\n", client->host, client->port);
    zdd_buf_printf(&request, "%s%s\r\n", header ? header : "", header ? "\r\n" : "");
    if (request.err != ZDD_ERR_NONE)
        return false;
    while (sent < request.size) {
        const ssize_t n = send(client->fd, request.data + sent, request.size - sent, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        sent += (size_t)n;
    }
    return true;
}

/* Where the value of a header begins; NULL when it is not there. */
static const char *value_of(const char *head, const char *name)
{
    const char *line = strcasestr(head, name);

    return line ? line + strlen(name) + strspn(line + strlen(name), " \t") : NULL;
}

/* @return the bytes from @p body to the end of the last chunk, 0 while that has not come */
static size_t chunks_size(const char *body)
{
    const char *at = body;
    char *line;

    for (;;) {
        const size_t size = strtoul(at, &line, 16);
        const char *data = strstr(line, "\r\n");

        if (line == at || !data || strlen(data + 2) < size + 2)
            return 0;
        at = data + 2 + size + 2;
        if (size == 0)
            return (size_t)(at - body);
    }
}

struct shape {
    size_t head_size, body_size;
    bool whole, until_end; /* until_end: the end of the connection ends the body */
};

/* How much of the answer is there. */
static struct shape measure(const struct zdd_buf *in)
{
    struct shape shape = {0};
    const char *end = in->size ? strstr(in->data, "\r\n\r\n") : NULL;
    const char *length;
    const char *chunked;

    if (!end)
        return shape;
    shape.head_size = (size_t)(end - in->data) + strlen("\r\n\r\n");
    length = value_of(in->data, "\r\nContent-Length:");
    chunked = value_of(in->data, "\r\nTransfer-Encoding:");
    if (length && length < end) {
        shape.body_size = strtoul(length, NULL, 10);
        shape.whole = in->size - shape.head_size >= shape.body_size;
    } else if (chunked && chunked < end) {
        shape.body_size = chunks_size(in->data + shape.head_size);
        shape.whole = shape.body_size > 0;
    } else {
        shape.until_end = true;
        shape.body_size = in->size - shape.head_size;
    }
    return shape;
}

/* Read until the answer is whole. @return false with the reason */
static bool receive(struct client *client, struct shape *ret_shape, char *words)
{
    char part[PART_SIZE];

    for (*ret_shape = measure(&client->in); !ret_shape->whole; *ret_shape = measure(&client->in)) {
        const ssize_t n = recv(client->fd, part, sizeof(part), 0);

        if (n == 0 && ret_shape->until_end)
            return true;
        if (n > 0)
            zdd_buf_append(&client->in, part, (size_t)n);
        if (n > 0 && client->in.err == ZDD_ERR_NONE)
            continue;
        snprintf(words, CLIENT_WORDS_SIZE, "%s after %zu bytes of the answer",
                 n > 0    ? "too much"
                 : n == 0 ? "connection closed"
                          : strerror(errno),
                 client->in.size);
        return false;
    }
    return true;
}

/* What a program asks for has a body of JSON, which comes in one piece; chunks are left as they
 * are. */
static void take(struct client *client, const struct shape *shape, struct client_answer *answer)
{
    const char *connection = value_of(client->in.data, "\r\nConnection:");
    const bool closes = connection && strncasecmp(connection, "close", strlen("close")) == 0;

    answer->status = (int)strtol(client->in.data + strlen("HTTP/1.1 "), NULL, 10);
    answer->body = (struct zdd_buf){0};
    zdd_buf_append(&answer->body, client->in.data + shape->head_size, shape->body_size);
    if (closes || shape->until_end)
        hang_up(client);
}

bool client_get(struct client *client, const char *path, const char *header,
                struct client_answer *ret_answer, char ret_words[static CLIENT_WORDS_SIZE])
{
    struct shape shape;
    int64_t begun_ms;

    if (client->fd >= 0 && is_stale(client))
        hang_up(client);
    if (client->fd < 0 && !dial(client, ret_words))
        return false;
    zdd_buf_clear(&client->in);
    begun_ms = zdd_mono_ms();
    if (!send_request(client, path, header)) {
        snprintf(ret_words, CLIENT_WORDS_SIZE, "not sent: %s", strerror(errno));
        hang_up(client);
        return false;
    }
    if (!receive(client, &shape, ret_words)) {
        hang_up(client);
        return false;
    }
    take(client, &shape, ret_answer);
    ret_answer->took_ms = zdd_mono_ms() - begun_ms;
    return true;
}
