/**
 * @file tests/support/apiclient.h
 * @brief A caller of the API over a real socket, that holds each answer against the contract.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct apiclient;

#define APICLIENT_HEADER_MAX 8

struct apiclient_request {
    const char *method; /* NULL: GET, or POST with a body */
    const char *path;   /* with query */
    const char *token;  /* NULL: the client's; "" sends none */
    const char *body;   /* NULL: none */
    size_t body_size;   /* 0: strlen(body) */
    const char *type;   /* of the body; NULL: application/json; "" sends none */
    const char *header[APICLIENT_HEADER_MAX]; /* "If-Match: \"3\"" */
    bool outside;    /* known to be outside of the contract: do not hold the answer against it */
    bool may_be_cut; /* the server may die: no answer is then one with status 0 */
};

struct apiclient_answer {
    long status;
    char type[128]; /* Content-Type, "" for none */
    char *head;     /* all headers, as received */
    char *body;     /* NUL-terminated */
    size_t size;
    json_t *json; /* NULL when it is none */
};

/** @param url like "http://127.0.0.1:8090"; @param token the usual one, copied */
struct apiclient *apiclient_new(const char *url, const char *token);
/** NULL is fine. @return NULL */
struct apiclient *apiclient_free(struct apiclient *client);

/** The contract that answers are held against; borrowed. */
const json_t *apiclient_contract(const struct apiclient *client);

/** Send and receive; fails the test when there is no answer within 30 s or the contract is broken.
 * One client serves one thread. */
struct apiclient_answer apiclient_send(struct apiclient *client,
                                       const struct apiclient_request *request);

/* The usual ones. */
struct apiclient_answer apiclient_get(struct apiclient *client, const char *path);
struct apiclient_answer apiclient_post(struct apiclient *client, const char *path,
                                       const char *body);

/** @return value of header @p name in a static buffer of this thread, or NULL */
const char *apiclient_header(const struct apiclient_answer *answer, const char *name);

/** @return the text at JSON pointer @p pointer, or "" */
const char *apiclient_text(const struct apiclient_answer *answer, const char *pointer);
/** @return the number there, or -1 */
int64_t apiclient_int(const struct apiclient_answer *answer, const char *pointer);

#define APICLIENT_AUTO __attribute__((cleanup(apiclient_answer_release)))
void apiclient_answer_release(struct apiclient_answer *answer);

/** Release the answer after failing the test unless it has this status (and, for a problem, this
 * code). */
void apiclient_expect(struct apiclient_answer answer, long status, const char *code);
