/**
 * @file tests/lab/marathon.c
 * @brief Asking a lab what marathon.md says, and looking at what it answers.
 */
#include "tests/support/spec.h"

#include "tests/lab/marathon.h"

#include "server/base/buf.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int marathon_up(void **state)
{
    static const char *const fast[] = {"--speed", "100", NULL};

    *state = lab_start(fast);
    return 0;
}

int marathon_up_killing(void **state)
{
    static const char *const fast[] = {"--speed", "100", "--task-killing", NULL};

    *state = lab_start(fast);
    return 0;
}

int marathon_down(void **state)
{
    *state = lab_stop(*state);
    return 0;
}

struct lab *marathon_other(void **state, const char *const *options)
{
    (void)marathon_down(state);
    *state = lab_start(options);
    return *state;
}

/* 1.15 is not 1.1499999999999999 */
#define AS_TEXT (JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15))

/* "GET /v2/apps" taken apart. */
struct call {
    char method[8];
    const char *path;
};

static struct call read_call(const char *text)
{
    struct call call = {.path = strchr(text, ' ') + 1};

    snprintf(call.method, sizeof(call.method), "%.*s", (int)strcspn(text, " "), text);
    return call;
}

void marathon_at(const json_t *json, const char *pointer, const char *expected)
{
    const json_t *value = zdd_json_at(json, pointer);
    char *text = value ? json_dumps(value, AS_TEXT) : NULL;

    if (!text && expected)
        fail_msg("%s is not there", pointer);
    else if (text && !expected)
        fail_msg("%s is there: %s", pointer, text);
    else if (text && strcmp(expected, "*") != 0 && strcmp(expected, text) != 0)
        fail_msg("%s is %s, not %s", pointer, text, expected);
    free(text);
}

json_t *marathon_get(struct lab *lab, const char *text, const char *body, long status)
{
    const struct call call = read_call(text);
    json_t *json = NULL;
    const long is = lab_call(lab, call.method, call.path, body, &json);
    char *dump = json ? json_dumps(json, JSON_ENCODE_ANY) : NULL;

    if (is != status)
        fail_msg("%s %s: %ld, not %ld: %.1500s", text, body ? body : "", is, status,
                 dump ? dump : "");
    free(dump);
    return json;
}

void marathon_says(struct lab *lab, const char *call, const char *body, long status,
                   const char *pointer, const char *expected)
{
    ZDD_AUTO_JSON json_t *json = marathon_get(lab, call, body, status);

    if (pointer)
        marathon_at(json, pointer, expected);
}

void marathon_rows(struct lab *lab, const struct marathon_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        print_message("  %s\n", rows[i].call);
        marathon_says(lab, rows[i].call, rows[i].body, rows[i].status, rows[i].pointer,
                      rows[i].expected);
    }
}

static int reach(const struct lab *lab)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(lab->run.port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        const ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

        assert_true(n > 0);
        data += n;
        size -= (size_t)n;
    }
}

char *marathon_bytes(struct lab *lab, const char *text, const char *body, const char *headers)
{
    const struct call call = read_call(text);
    const int fd = reach(lab);
    struct zdd_buf request = {0};
    struct zdd_buf answer = {0};
    char data[4096];
    ssize_t n;

    zdd_buf_printf(&request, "%s %s HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n%s", call.method,
                   call.path, headers);
    if (body)
        zdd_buf_printf(&request, "Content-Length: %zu\r\n", strlen(body));
    zdd_buf_printf(&request, "\r\n%s", body ? body : "");
    send_all(fd, request.data, request.size);
    do {
        struct pollfd polled = {.fd = fd, .events = POLLIN};

        assert_int_equal(poll(&polled, 1, LAB_WAIT_MS), 1);
        n = recv(fd, data, sizeof(data), 0);
        if (n > 0)
            zdd_buf_append(&answer, data, (size_t)n);
    } while (n > 0);
    close(fd);
    zdd_buf_release(&request);
    return zdd_buf_take(&answer);
}

void marathon_begin(struct lab *lab, const char *text, const char *body, long status,
                    char ret_id[static 64])
{
    const struct call call = read_call(text);
    const long is = lab_change(lab, call.method, call.path, body, ret_id);

    if (is != status)
        fail_msg("%s %s: %ld, not %ld", text, body ? body : "", is, status);
    assert_true(*ret_id != '\0');
}

void marathon_change(struct lab *lab, const char *call, const char *body, long status)
{
    char id[64];

    marathon_begin(lab, call, body, status, id);
    assert_true(lab_await(lab, id));
}

void marathon_create(struct lab *lab, const char *path, const char *members)
{
    struct zdd_buf call = {0};
    struct zdd_buf body = {0};

    zdd_buf_printf(&call, "PUT %s", path);
    zdd_buf_printf(&body, "{%s}", members);
    marathon_change(lab, call.data, body.data, 201);
    zdd_buf_release(&call);
    zdd_buf_release(&body);
}

const char *marathon_text(const json_t *json, const char *pointer)
{
    const char *text = json_string_value(zdd_json_at(json, pointer));

    return text ? text : "";
}

void marathon_members(const json_t *object, const char *names)
{
    size_t count = 0;

    assert_true(json_is_object(object));
    while (*names) {
        const size_t size = strcspn(names, " ");
        char name[80];

        snprintf(name, sizeof(name), "%.*s", (int)size, names);
        if (!json_object_get(object, name))
            fail_msg("there is no member %s", name);
        count++;
        names += size;
        names += strspn(names, " ");
    }
    if (json_object_size(object) != count) {
        char *text = json_dumps(object, JSON_COMPACT);

        print_error("%s\n", text);
        free(text);
        fail_msg("there are %zu members, not %zu", json_object_size(object), count);
    }
}

json_t *marathon_since(struct lab *lab, size_t from)
{
    (void)lab_event_count(lab);
    return lab_events(lab, from);
}

static bool fits(const json_t *event, const char *type, const char *key, const char *value)
{
    return strcmp(zdd_json_text(event, "eventType", ""), type) == 0 &&
           (!key || strcmp(zdd_json_text(event, key, ""), value) == 0);
}

size_t marathon_place(const json_t *events, size_t from, const char *type, const char *key,
                      const char *value)
{
    for (size_t i = from; i < json_array_size(events); i++)
        if (fits(json_array_get(events, i), type, key, value))
            return i;
    fail_msg("no %s with %s %s from place %zu on", type, key ? key : "", value ? value : "", from);
    return 0;
}

const json_t *marathon_event(const json_t *events, const char *type, const char *key,
                             const char *value)
{
    return json_array_get(events, marathon_place(events, 0, type, key, value));
}

size_t marathon_healthy(const json_t *events, size_t from)
{
    size_t at = marathon_place(events, from, "instance_health_changed_event", NULL, NULL);

    while (!json_is_true(json_object_get(json_array_get(events, at), "healthy")))
        at = marathon_place(events, at + 1, "instance_health_changed_event", NULL, NULL);
    return at;
}

void marathon_story(const json_t *events, char *ret, size_t size)
{
    size_t at = 0;

    *ret = '\0';
    for (size_t i = 0; i < json_array_size(events) && at + 60 < size; i++) {
        const char *type = zdd_json_text(json_array_get(events, i), "eventType", "");

        if (strncmp(type, "instance_", 9) != 0 && strcmp(type, "status_update_event") != 0 &&
            strncmp(type, "event_stream_", 13) != 0)
            at += (size_t)snprintf(ret + at, size - at, "%s%s", at ? " " : "", type);
    }
}
