/**
 * @file tests/unit/server/net/peer.h
 * @brief A server of raw bytes on a free port of loopback: each test says what it sends, and reads
 * back what it got.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_CONNECTION_MAX 160

struct peer;

/** Serve one connection, in a thread of its own; @p index counts connections from 0. The caller
 * closes @p fd. */
typedef void peer_serve(struct peer *peer, int fd, int index);

struct peer {
    void *cls;           /* the test's own */
    char url[64];        /* "http://127.0.0.1:PORT" */
    atomic_int requests; /* read so far with peer_read() */
    atomic_int connections;

    peer_serve *serve;
    int listener;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char *request[PEER_CONNECTION_MAX]; /* as read, in order */
    struct peer_connection {
        struct peer *peer;
        int fd, index;
        pthread_t thread;
    } connection[PEER_CONNECTION_MAX];
};

void peer_start(struct peer *peer, peer_serve *serve, void *cls);

/** Cut all connections, wait for all threads, free what was recorded. */
void peer_stop(struct peer *peer);

/** Read one request with its body and keep a copy. @return false when the client has gone */
bool peer_read(struct peer *peer, int fd);

/** Read one request with its body, which is not kept: for who gets more than PEER_CONNECTION_MAX.
 * @return to be freed; NULL when the client has gone */
char *peer_take(int fd, size_t *ret_size);

/** Wait until the client closes the connection. */
void peer_wait_close(int fd);

/** @return false when the client has gone */
bool peer_send(int fd, const void *data, size_t size);
bool peer_say(int fd, const char *text);

/** Wait, at most 10 s, until @p count requests have been read. @return whether they were */
bool peer_wait_requests(struct peer *peer, int count);

/** @return request @p index as text, "" when there was none; valid until peer_stop() */
const char *peer_request(struct peer *peer, int index);
