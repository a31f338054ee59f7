/**
 * @file tests/lab/lab.c
 * @brief Driving a zdd-lab from a test.
 */
#include "tests/support/spec.h"

#include "tests/lab/lab.h"

#include "server/base/clock.h"
#include "server/base/wait.h"
#include "server/net/fetch.h"
#include "server/net/sse.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_NS 5000000L

/* Frames are "event: …" CRLF "data: …" CRLF CRLF; the data line alone says everything. */
static void take_line(struct lab *lab, const char *line)
{
    json_t *event;

    if (strncmp(line, "data: ", 6) != 0)
        return;
    event = json_loads(line + 6, 0, NULL);
    if (!event)
        return;
    pthread_mutex_lock(&lab->lock);
    json_array_append_new(lab->events, event);
    pthread_cond_broadcast(&lab->changed);
    pthread_mutex_unlock(&lab->lock);
}

static void *record(void *cls)
{
    struct lab *lab = cls;
    struct zdd_buf line = {0};
    char data[4096];

    for (ssize_t n = recv(lab->stream_fd, data, sizeof(data), 0); n > 0;
         n = recv(lab->stream_fd, data, sizeof(data), 0)) {
        for (ssize_t i = 0; i < n; i++) {
            if (data[i] != '\n' && data[i] != '\r') {
                zdd_buf_append(&line, data + i, 1);
            } else if (line.size) {
                take_line(lab, line.data);
                zdd_buf_clear(&line);
            }
        }
    }
    zdd_buf_release(&line);
    return NULL;
}

static int open_stream(uint16_t port)
{
    static const char request[] = "GET /v2/events HTTP/1.1\r\nHost: lab\r\n"
                                  "Accept: text/event-stream\r\n\r\n";
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL),
                     (int)sizeof(request) - 1);
    return fd;
}

static bool has_any(const json_t *events, const void *cls)
{
    (void)cls;
    return json_array_size(events) > 0;
}

struct lab *lab_start(const char *const *options)
{
    struct lab *lab = calloc(1, sizeof(*lab));

    assert_non_null(lab);
    assert_true(labrun_start(&lab->run, options));
    lab->fetch = zdd_fetch_new(&(struct zdd_fetch_auth){0});
    assert_non_null(lab->fetch);
    lab->events = json_array();
    pthread_mutex_init(&lab->lock, NULL);
    zdd_cond_init(&lab->changed);
    lab->stream_fd = open_stream(lab->run.port);
    assert_int_equal(pthread_create(&lab->reader, NULL, record, lab), 0);
    lab_until(lab, has_any, NULL); /* the greeting: from now on nothing is missed */
    return lab;
}

struct lab *lab_leave(struct lab *lab)
{
    (void)shutdown(lab->stream_fd, SHUT_RDWR);
    pthread_join(lab->reader, NULL);
    close(lab->stream_fd);
    zdd_fetch_free(lab->fetch);
    json_decref(lab->events);
    pthread_cond_destroy(&lab->changed);
    pthread_mutex_destroy(&lab->lock);
    free(lab);
    return NULL;
}

struct lab *lab_stop(struct lab *lab)
{
    assert_int_equal(labrun_stop(&lab->run), 0);
    return lab_leave(lab);
}

static long send_call(struct lab *lab, const char *method, const char *path, const char *body,
                      struct zdd_answer *ret_answer)
{
    struct zdd_request request = {.method = method, .body = body, .timeout_ms = LAB_WAIT_MS};
    char url[512];
    char reason[200] = "";

    snprintf(url, sizeof(url), "%s%s", lab->run.url, path);
    request.url = url;
    if (zdd_fetch_send(lab->fetch, &request, ret_answer, reason) != ZDD_ERR_NONE)
        return -1;
    return ret_answer->status;
}

long lab_call(struct lab *lab, const char *method, const char *path, const char *body,
              json_t **ret_json)
{
    struct zdd_answer answer = {0};
    const long status = send_call(lab, method, path, body, &answer);

    if (ret_json)
        *ret_json = answer.body.data ? json_loads(answer.body.data, JSON_DECODE_ANY, NULL) : NULL;
    zdd_answer_release(&answer);
    return status;
}

long lab_change(struct lab *lab, const char *method, const char *path, const char *body,
                char ret_id[static 64])
{
    struct zdd_answer answer = {0};
    const long status = send_call(lab, method, path, body, &answer);

    memcpy(ret_id, answer.deployment_id, 64);
    zdd_answer_release(&answer);
    return status;
}

void lab_until(struct lab *lab, bool (*fits)(const json_t *events, const void *cls),
               const void *cls)
{
    const int64_t until_ms = zdd_mono_ms() + LAB_WAIT_MS;
    bool in_time = true;
    bool yes;

    pthread_mutex_lock(&lab->lock);
    for (yes = fits(lab->events, cls); !yes && in_time; yes = fits(lab->events, cls))
        in_time = zdd_cond_wait(&lab->changed, &lab->lock, until_ms);
    pthread_mutex_unlock(&lab->lock);
    assert_true(yes);
}

static bool has_ended(const json_t *events, const void *cls)
{
    return lab_count(events, "deployment_success", "id", cls) +
               lab_count(events, "deployment_failed", "id", cls) >
           0;
}

bool lab_await(struct lab *lab, const char *id)
{
    bool good;

    assert_true(*id != '\0');
    lab_until(lab, has_ended, id);
    pthread_mutex_lock(&lab->lock);
    good = lab_count(lab->events, "deployment_success", "id", id) > 0;
    pthread_mutex_unlock(&lab->lock);
    return good;
}

static bool has_caught_up(const json_t *events, const void *cls)
{
    const size_t *published = cls;

    return json_array_size(events) >= *published;
}

/* What the lab has sent may still be on its way: ask how much that was, and wait for it. */
size_t lab_event_count(struct lab *lab)
{
    ZDD_AUTO_JSON json_t *inside = NULL;
    size_t published;

    assert_int_equal(lab_call(lab, "GET", "/lab/state", NULL, &inside), 200);
    published = (size_t)zdd_json_int(inside, "published", 0);
    lab_until(lab, has_caught_up, &published);
    return published;
}

json_t *lab_events(struct lab *lab, size_t from)
{
    json_t *copy = json_array();

    pthread_mutex_lock(&lab->lock);
    for (size_t i = from; i < json_array_size(lab->events); i++)
        json_array_append(copy, json_array_get(lab->events, i));
    pthread_mutex_unlock(&lab->lock);
    return copy;
}

size_t lab_count(const json_t *events, const char *type, const char *key, const char *value)
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);

        if (strcmp(zdd_json_text(event, "eventType", ""), type) == 0 &&
            (!key || strcmp(zdd_json_text(event, key, ""), value) == 0))
            count++;
    }
    return count;
}

void lab_until_json(struct lab *lab, const char *path, const char *pointer, const char *text)
{
    const int64_t until_ms = zdd_mono_ms() + LAB_WAIT_MS;
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    char *seen = NULL;

    do {
        json_t *json = NULL;

        free(seen);
        (void)lab_call(lab, "GET", path, NULL, &json);
        seen = json_dumps(zdd_json_at(json, pointer), JSON_ENCODE_ANY | JSON_COMPACT);
        json_decref(json);
        if (seen && strcmp(seen, text) == 0)
            break;
        nanosleep(&pause, NULL);
    } while (zdd_mono_ms() < until_ms);
    assert_non_null(seen);
    assert_string_equal(seen, text);
    free(seen);
}

void lab_faults(struct lab *lab, const char *faults)
{
    char body[1024];

    snprintf(body, sizeof(body), "{\"seed\": 1, \"faults\": %s}", faults);
    assert_int_equal(lab_call(lab, "POST", "/lab/faults", body, NULL), 200);
}
