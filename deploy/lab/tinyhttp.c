/**
 * @file deploy/lab/tinyhttp.c
 * @brief poll(), a table of connections, and nothing else.
 */
#define _GNU_SOURCE /* accept4 */
#include "deploy/lab/tinyhttp.h"

#include "server/base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTION_MAX 1000
#define REQUEST_MAX 16384 /* head and body together */
#define IDLE_MS 60000     /* a connection that says nothing for that long is closed */
#define DRAIN_MS 2000     /* the end takes no longer */
#define LINGER_MS 250     /* how long idle connections may still be used at the end */
#define HANDSHAKE_MS                                                                               \
    5 /* what was let in has arrived by then; a SYN dropped meanwhile costs its sender a second */
#define WAIT_MAX_MS 1000
#define TCP_FLAGS_AT 13 /* in the header, RFC 9293 section 3.1 */
#define TCP_SYN 0x02
#define TCP_ACK 0x10

/* A filter for SO_ATTACH_FILTER, as the kernel reads it (socket(7); classic BPF). */
struct instruction {
    uint16_t code;
    uint8_t if_skip, if_not_skip;
    uint32_t k;
};

struct program {
    uint16_t count;
    const struct instruction *first;
};

struct connection {
    int fd;
    char in[REQUEST_MAX + 1];
    size_t in_size, request_size; /* request_size 0: no whole request yet */
    bool wants_close;
    struct zdd_tiny_answer answer;
    int64_t answer_at_ms; /* when the answer is due */
    struct zdd_buf out;   /* being written */
    size_t out_sent;
    int64_t seen_ms;
    char remote[64];
};

struct server {
    int listener; /* -1: closed */
    bool stopping;
    int64_t stop_ms;            /* when the end began */
    int64_t shut_ms, closed_ms; /* when no more were let in; when the listener was closed */
    zdd_tiny_handler *handle;
    void *cls;
    struct connection *connection[CONNECTION_MAX];
    size_t count;
};

static int listen_on(uint16_t port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
        listen(fd, SOMAXCONN) == 0)
        return fd;
    fprintf(stderr, "simpleservice: port %u: %s\n", port, strerror(errno));
    close(fd);
    return -1;
}

static void drop(struct server *server, size_t at)
{
    struct connection *c = server->connection[at];

    close(c->fd);
    zdd_buf_release(&c->answer.body);
    zdd_buf_release(&c->out);
    free(c);
    server->connection[at] = server->connection[--server->count];
}

static bool accept_one(struct server *server)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof(address);
    struct connection *c;
    const int fd =
        accept4(server->listener, (struct sockaddr *)&address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return false;
    c = calloc(1, sizeof(*c));
    if (!c) {
        close(fd);
        return true;
    }
    c->fd = fd;
    c->seen_ms = zdd_mono_ms();
    (void)inet_ntop(AF_INET, &address.sin_addr, c->remote, sizeof(c->remote));
    server->connection[server->count++] = c;
    return true;
}

/* @return true when at least one came in */
static bool accept_all(struct server *server)
{
    bool any = false;

    while (server->listener >= 0 && server->count < CONNECTION_MAX && accept_one(server))
        any = true;
    return any;
}

/* Copy the value of header @p name; "" when it is not there. */
static void read_header(const char *head, const char *name, char *ret, size_t size)
{
    const size_t length = strlen(name);

    *ret = '\0';
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        const char *value = line + 2 + length;

        if (strncasecmp(line + 2, name, length) != 0 || *value != ':')
            continue;
        value += 1 + strspn(value + 1, " \t");
        snprintf(ret, size, "%.*s", (int)strcspn(value, "\r"), value);
        return;
    }
}

static bool read_line(const char *head, struct zdd_tiny_request *request, bool *ret_old)
{
    char version[16] = "";
    char target[256] = "";

    if (sscanf(head, "%7s %255s %15s", request->method, target, version) != 3 || *target != '/')
        return false;
    snprintf(request->path, sizeof(request->path), "%.*s", (int)strcspn(target, "?"), target);
    *ret_old = strcmp(version, "HTTP/1.0") == 0;
    return strncmp(version, "HTTP/1.", 7) == 0;
}

/* @return the bytes of the whole request at the start of c->in, 0 when it is not all there, -1 when
 * it never will be */
static long measure(struct connection *c)
{
    char text[32];
    const char *end;
    long body;

    c->in[c->in_size] = '\0';
    end = strstr(c->in, "\r\n\r\n");
    if (!end)
        return c->in_size == REQUEST_MAX ? -1 : 0;
    read_header(c->in, "Content-Length", text, sizeof(text));
    body = strtol(text, NULL, 10);
    if (body < 0 || body > REQUEST_MAX)
        return -1;
    body += (long)(end + 4 - c->in);
    if (body > REQUEST_MAX)
        return -1;
    return (size_t)body <= c->in_size ? body : 0;
}

/* Turn what has come in into an answer that is due, once a whole request is there. */
static void understand(struct server *server, struct connection *c)
{
    struct zdd_tiny_request request = {0};
    char wish[32];
    bool old = false;
    long size;

    if (c->request_size)
        return; /* one at a time; the next one waits in the buffer */
    size = measure(c);
    if (!size)
        return;
    c->answer = (struct zdd_tiny_answer){.status = 400};
    if (size > 0 && read_line(c->in, &request, &old)) {
        read_header(c->in, "Host", request.host, sizeof(request.host));
        read_header(c->in, "Connection", wish, sizeof(wish));
        snprintf(request.remote, sizeof(request.remote), "%s", c->remote);
        c->wants_close =
            strcasecmp(wish, "close") == 0 || (old && strcasecmp(wish, "keep-alive") != 0);
        server->handle(server->cls, &request, &c->answer);
        c->request_size = (size_t)size;
    } else {
        c->wants_close = true;
        c->request_size = c->in_size ? c->in_size : 1;
    }
    c->answer_at_ms = zdd_mono_ms() + c->answer.delay_ms;
}

static const char *reason_of(int status)
{
    if (status == 200)
        return "OK";
    if (status >= 500)
        return "Server Error";
    return status == 404 ? "Not Found" : "Bad Request";
}

/* The head is written as late as possible: only then is it known whether this is the last answer.
 */
static void begin_answer(const struct server *server, struct connection *c)
{
    c->wants_close = c->wants_close || server->stopping;
    zdd_buf_printf(&c->out,
                   "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
                   "Content-Length: %zu\r\nConnection: %s\r\n\r\n",
                   c->answer.status, reason_of(c->answer.status), c->answer.body.size,
                   c->wants_close ? "close" : "keep-alive");
    zdd_buf_append(&c->out, c->answer.body.data, c->answer.body.size);
    zdd_buf_release(&c->answer.body);
}

/* @return false when the connection is over */
static bool write_out(struct connection *c)
{
    while (c->out_sent < c->out.size) {
        const ssize_t n =
            send(c->fd, c->out.data + c->out_sent, c->out.size - c->out_sent, MSG_NOSIGNAL);

        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        c->out_sent += (size_t)n;
    }
    if (c->wants_close) {
        (void)shutdown(c->fd, SHUT_WR);
        return false;
    }
    zdd_buf_clear(&c->out);
    c->out_sent = 0;
    c->in_size -= c->request_size;
    memmove(c->in, c->in + c->request_size, c->in_size);
    c->request_size = 0;
    return true;
}

/* @return false when the connection is over */
static bool read_in(struct connection *c)
{
    while (c->in_size < REQUEST_MAX) {
        const ssize_t n = recv(c->fd, c->in + c->in_size, REQUEST_MAX - c->in_size, 0);

        if (n == 0)
            return false;
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        c->in_size += (size_t)n;
        c->seen_ms = zdd_mono_ms();
    }
    return true;
}

/* @return false when the connection is over */
static bool move(struct server *server, struct connection *c)
{
    const int64_t now_ms = zdd_mono_ms();

    understand(server, c);
    if (!c->request_size)
        return now_ms - c->seen_ms < IDLE_MS;
    if (!c->out.size && (server->stopping || now_ms >= c->answer_at_ms)) {
        if (c->answer.status == ZDD_TINY_DROPPED)
            return false;
        begin_answer(server, c);
    }
    return !c->out.size || write_out(c);
}

static int64_t wait_of(const struct server *server)
{
    const int64_t now_ms = zdd_mono_ms();
    int64_t wait_ms = server->stopping ? 5 : WAIT_MAX_MS;

    for (size_t i = 0; i < server->count; i++) {
        const struct connection *c = server->connection[i];

        if (c->request_size && !c->out.size && c->answer_at_ms - now_ms < wait_ms)
            wait_ms = c->answer_at_ms > now_ms ? c->answer_at_ms - now_ms : 0;
    }
    return wait_ms;
}

/* Wait, then read; @return true when the order to stop has come */
static bool wait_and_read(struct server *server, int stop_fd)
{
    struct pollfd polled[CONNECTION_MAX + 2];
    const size_t count = server->count;

    polled[0] = (struct pollfd){.fd = server->stopping ? -1 : stop_fd, .events = POLLIN};
    polled[1] = (struct pollfd){.fd = server->count < CONNECTION_MAX ? server->listener : -1,
                                .events = POLLIN};
    for (size_t i = 0; i < count; i++) {
        const struct connection *c = server->connection[i];

        polled[i + 2] = (struct pollfd){.fd = c->fd,
                                        .events = (short)(c->out.size ? POLLIN | POLLOUT : POLLIN)};
    }
    if (poll(polled, count + 2, (int)wait_of(server)) <= 0)
        return false;
    for (size_t i = count; i > 0; i--)
        if ((polled[i + 1].revents & (POLLIN | POLLHUP | POLLERR)) &&
            !read_in(server->connection[i - 1]) && !server->connection[i - 1]->request_size)
            drop(server, i - 1);
    (void)accept_all(server);
    return polled[0].revents != 0;
}

static bool is_busy(const struct server *server)
{
    for (size_t i = 0; i < server->count; i++)
        if (server->connection[i]->request_size || server->connection[i]->in_size)
            return true;
    return false;
}

/*
 * A connection that arrives between the last accept() and close() would be reset with its request.
 * So the door is shut first: new SYNs are dropped (their senders repeat them, to a closed port
 * then), handshakes under way may end, and what waits is accepted before the listener is closed.
 */
static void shut_door(struct server *server)
{
    static const struct instruction no_syn[] = {
        {.code = 0x30, .k = TCP_FLAGS_AT},              /* load that byte */
        {.code = 0x54, .k = TCP_SYN | TCP_ACK},         /* of it, these two bits */
        {.code = 0x15, .k = TCP_SYN, .if_not_skip = 1}, /* a first SYN? */
        {.code = 0x06, .k = 0},                         /* then keep nothing of it */
        {.code = 0x06, .k = UINT32_MAX},                /* else all */
    };
    const struct program program = {sizeof(no_syn) / sizeof(no_syn[0]), no_syn};

    (void)setsockopt(server->listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
    server->shut_ms = zdd_mono_ms();
}

static void close_listener(struct server *server)
{
    (void)accept_all(server);
    close(server->listener);
    server->listener = -1;
    server->closed_ms = zdd_mono_ms();
}

/* @return true when nothing is left to be done */
static bool drain(struct server *server)
{
    const int64_t now_ms = zdd_mono_ms();

    if (!server->shut_ms && !is_busy(server))
        shut_door(server);
    if (server->listener >= 0 && server->shut_ms && now_ms - server->shut_ms >= HANDSHAKE_MS)
        close_listener(server);
    if (now_ms - server->stop_ms >= DRAIN_MS || (!server->count && server->listener < 0))
        return true;
    return server->listener < 0 && now_ms - server->closed_ms >= LINGER_MS && !is_busy(server);
}

int zdd_tiny_serve(uint16_t port, int stop_fd, zdd_tiny_handler *handle, void *cls)
{
    struct server server = {.handle = handle, .cls = cls};

    server.listener = listen_on(port);
    if (server.listener < 0)
        return 1;
    do {
        if (wait_and_read(&server, stop_fd)) {
            server.stopping = true;
            server.stop_ms = zdd_mono_ms();
        }
        for (size_t i = server.count; i > 0; i--)
            if (!move(&server, server.connection[i - 1]))
                drop(&server, i - 1);
    } while (!server.stopping || !drain(&server));
    while (server.count)
        drop(&server, server.count - 1);
    if (server.listener >= 0)
        close(server.listener);
    return 0;
}
