/**
 * @file tests/api/wire.h
 * @brief An HTTP client that sees every byte: what it sends is what the test says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_WAIT_MS 20000 /* longest wait for anything; a test that gets there has failed */

struct wire {
    int fd;
    char *data; /* received, not consumed yet */
    size_t size;
};

struct wire_reply {
    int status;
    char *head; /* status line and headers, NUL-terminated */
    char *body; /* decoded, NUL-terminated */
    size_t body_size;
};

/** Connect to 127.0.0.1; fails the test when that is impossible. */
struct wire wire_open(uint16_t port);

/** @return false when the connection was refused or closed at once */
bool wire_try_open(uint16_t port, struct wire *ret_wire);

/** Limit what the system buffers for us, so that a reader who does not read is soon felt. Before
 * anything is sent. */
void wire_shrink(struct wire *wire);

void wire_close(struct wire *wire);

/** Send all of it; a peer that has closed is no error. */
void wire_send(struct wire *wire, const char *text);
void wire_send_bytes(struct wire *wire, const void *data, size_t size);

/** Read one whole reply (Content-Length, chunked, or to the end). Fails the test when there is
 * none. */
struct wire_reply wire_read(struct wire *wire);

/** The same for the reply to a HEAD: no body follows. */
struct wire_reply wire_read_head(struct wire *wire);

/** Read until @p count bytes lie in wire->data, or the peer closed. @return false when it closed
 * before */
bool wire_fill(struct wire *wire, size_t count);

/** Read until @p text lies in wire->data. @return false when the peer closed before */
bool wire_expect(struct wire *wire, const char *text);

/** @return true when the peer closes (or resets) within @p wait_ms; what still comes is dropped */
bool wire_closes(struct wire *wire, int wait_ms);

/** @return true when nothing comes and nothing closes for @p wait_ms */
bool wire_is_silent(struct wire *wire, int wait_ms);

/** @return the value of header @p name (cut at its end), or NULL; valid until the next call */
const char *wire_header(const struct wire_reply *reply, const char *name);

void wire_reply_free(struct wire_reply *reply);

/** Open, send, read, close. */
struct wire_reply wire_ask(uint16_t port, const char *text);
