/**
 * @file tests/api/wire.c
 * @brief The client that sees every byte.
 */
#include "tests/api/wire.h"

#include "server/base/clock.h"
#include "tests/support/spec.h"

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

bool wire_try_open(uint16_t port, struct wire *ret_wire)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return false;
    }
    *ret_wire = (struct wire){.fd = fd};
    return true;
}

struct wire wire_open(uint16_t port)
{
    struct wire wire;

    assert_true(wire_try_open(port, &wire));
    return wire;
}

void wire_shrink(struct wire *wire)
{
    const int bytes = 4096;

    assert_int_equal(setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)), 0);
}

void wire_close(struct wire *wire)
{
    if (wire->fd >= 0)
        close(wire->fd);
    free(wire->data);
    *wire = (struct wire){.fd = -1};
}

void wire_send_bytes(struct wire *wire, const void *data, size_t size)
{
    const char *from = data;

    while (size > 0) {
        const ssize_t sent = send(wire->fd, from, size, MSG_NOSIGNAL);

        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
            return;
        assert_true(sent > 0);
        from += sent;
        size -= (size_t)sent;
    }
}

void wire_send(struct wire *wire, const char *text)
{
    wire_send_bytes(wire, text, strlen(text));
}

enum got { GOT_BYTES, GOT_END, GOT_NOTHING };

static enum got receive(struct wire *wire, int wait_ms)
{
    struct pollfd poll_fd = {.fd = wire->fd, .events = POLLIN};
    char piece[65536];
    ssize_t size;

    if (poll(&poll_fd, 1, wait_ms) == 0)
        return GOT_NOTHING;
    size = recv(wire->fd, piece, sizeof(piece), 0);
    if (size <= 0)
        return GOT_END;
    wire->data = realloc(wire->data, wire->size + (size_t)size + 1);
    assert_non_null(wire->data);
    memcpy(wire->data + wire->size, piece, (size_t)size);
    wire->size += (size_t)size;
    wire->data[wire->size] = '\0';
    return GOT_BYTES;
}

/* One more piece. @return false at the end */
static bool more(struct wire *wire)
{
    const enum got got = receive(wire, WIRE_WAIT_MS);

    if (got == GOT_NOTHING)
        fail_msg("nothing came for %d ms", WIRE_WAIT_MS);
    return got == GOT_BYTES;
}

bool wire_fill(struct wire *wire, size_t count)
{
    while (wire->size < count) {
        if (!more(wire))
            return false;
    }
    return true;
}

bool wire_expect(struct wire *wire, const char *text)
{
    while (!wire->data || !strstr(wire->data, text)) {
        if (!more(wire))
            return false;
    }
    return true;
}

bool wire_closes(struct wire *wire, int wait_ms)
{
    const int64_t end_ms = zdd_mono_ms() + wait_ms;

    for (int64_t left_ms = wait_ms; left_ms > 0; left_ms = end_ms - zdd_mono_ms()) {
        if (receive(wire, (int)left_ms) == GOT_END)
            return true;
    }
    return false;
}

bool wire_is_silent(struct wire *wire, int wait_ms)
{
    return receive(wire, wait_ms) == GOT_NOTHING;
}

/* Take @p count bytes off the front, as a new text. */
static char *consume(struct wire *wire, size_t count)
{
    char *text = malloc(count + 1);

    assert_non_null(text);
    assert_true(count <= wire->size);
    if (wire->data)
        memcpy(text, wire->data, count);
    text[count] = '\0';
    wire->size -= count;
    if (wire->data)
        memmove(wire->data, wire->data + count, wire->size + 1);
    return text;
}

/* @return bytes up to the end of @p text, which lies in wire->data */
static size_t through(const struct wire *wire, const char *text)
{
    const char *found = wire->data ? strstr(wire->data, text) : NULL;

    assert_non_null(found);
    return found ? (size_t)(found - wire->data) + strlen(text) : 0;
}

const char *wire_header(const struct wire_reply *reply, const char *name)
{
    static _Thread_local char value[1024];
    const size_t size = strlen(name);

    for (const char *line = strstr(reply->head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, size) != 0 || line[2 + size] != ':')
            continue;
        line += 2 + size + 1;
        line += strspn(line, " ");
        snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\r"), line);
        return value;
    }
    return NULL;
}

static void read_chunks(struct wire *wire, struct wire_reply *reply)
{
    size_t size;

    reply->body = calloc(1, 1);
    assert_non_null(reply->body);
    do {
        char *line;
        char *data;

        assert_true(wire_expect(wire, "\r\n"));
        line = consume(wire, through(wire, "\r\n"));
        size = strtoul(line, NULL, 16);
        free(line);
        assert_true(wire_fill(wire, size + 2));
        data = consume(wire, size + 2);
        assert_memory_equal(data + size, "\r\n", 2);
        reply->body = realloc(reply->body, reply->body_size + size + 1);
        assert_non_null(reply->body);
        memcpy(reply->body + reply->body_size, data, size);
        reply->body_size += size;
        reply->body[reply->body_size] = '\0';
        free(data);
    } while (size > 0);
}

static struct wire_reply read_reply(struct wire *wire, bool has_body)
{
    struct wire_reply reply = {0};
    const char *length;

    if (!wire_expect(wire, "\r\n\r\n"))
        fail_msg("the connection ended before a reply came");
    reply.head = consume(wire, through(wire, "\r\n\r\n"));
    assert_memory_equal(reply.head, "HTTP/1.1 ", 9);
    reply.status = (int)strtol(reply.head + 9, NULL, 10);
    if (reply.status == 100) {
        free(reply.head);
        return read_reply(wire, has_body);
    }
    length = wire_header(&reply, "Content-Length");
    if (!has_body || reply.status == 204) {
        reply.body = calloc(1, 1);
    } else if (length) {
        reply.body_size = strtoul(length, NULL, 10);
        assert_true(wire_fill(wire, reply.body_size));
        reply.body = consume(wire, reply.body_size);
    } else if (wire_header(&reply, "Transfer-Encoding")) {
        read_chunks(wire, &reply);
    } else {
        while (more(wire))
            continue;
        reply.body_size = wire->size;
        reply.body = consume(wire, wire->size);
    }
    return reply;
}

struct wire_reply wire_read(struct wire *wire)
{
    return read_reply(wire, true);
}

struct wire_reply wire_read_head(struct wire *wire)
{
    return read_reply(wire, false);
}

void wire_reply_free(struct wire_reply *reply)
{
    free(reply->head);
    free(reply->body);
    *reply = (struct wire_reply){0};
}

struct wire_reply wire_ask(uint16_t port, const char *text)
{
    struct wire wire = wire_open(port);
    struct wire_reply reply;

    wire_send(&wire, text);
    reply = wire_read(&wire);
    wire_close(&wire);
    return reply;
}
