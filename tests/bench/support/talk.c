/**
 * @file tests/bench/support/talk.c
 * @brief One request at a time.
 */
#include "tests/bench/support/talk.h"

#include "tests/bench/support/figures.h"
#include "tests/bench/support/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_MS 5
#define PATIENCE_MS 120000

/* One request, and its reply as text to free(). */
struct question {
    const char *method, *path, *token, *body;
    char *reply;
};

static size_t make_question(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    const struct question *q = cls;
    char line[LOAD_REQUEST_SIZE];
    size_t size;

    (void)number;
    if (!q->body)
        return load_get(text, q->path, q->token);
    size = load_post(line, q->path, q->token ? q->token : "none", q->body);
    /* The same with another method. */
    return (size_t)snprintf(text, LOAD_REQUEST_SIZE, "%s%.*s", q->method,
                            (int)(size - strlen("POST")), line + strlen("POST"));
}

static void keep_reply(void *cls, uint64_t number, const char *text, size_t size)
{
    struct question *q = cls;

    (void)number;
    (void)size;
    q->reply = strdup(load_body(text));
}

char *talk(uint16_t port, unsigned status, const char *method, const char *path, const char *token,
           const char *body)
{
    struct question q = {method, path, token, body, NULL};
    const struct load_options options = {.port = port,
                                         .connections = 1,
                                         .request_max = 1,
                                         .time_max_ms = 30000,
                                         .status = status,
                                         .make = make_question,
                                         .reply = keep_reply,
                                         .cls = &q};
    struct load_result result;

    if (!load_run(&options, &result) || !q.reply)
        bench_fail("%s %s: status %u", method, path, result.last_status);
    return q.reply;
}

void talk_until(uint16_t port, const char *path, const char *token, const char *wanted)
{
    const int64_t end_ns = bench_now_ns() + (int64_t)PATIENCE_MS * 1000000;

    for (;;) {
        char *text = talk(port, 200, "GET", path, token, NULL);
        const bool there = strstr(text, wanted) != NULL;

        if (!there && (strstr(text, "\"state\":\"failed\"") || bench_now_ns() > end_ns))
            bench_fail("%s has not come to %s: %s", path, wanted, text);
        free(text);
        if (there)
            return;
        bench_sleep_ms(POLL_MS);
    }
}
