/**
 * @file tests/lab/stage.c
 * @brief Driving a lab with balancers from a test.
 */
#define _GNU_SOURCE /* prctl, pipe2, strcasestr */
#include "tests/support/spec.h"

#include "tests/lab/stage.h"

#include "server/base/buf.h"
#include "server/base/clock.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_NS 10000000L
#define OPTION_MAX 24
#define LINE_SIZE 1024

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

struct stage *stage_start(const char *const *options)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    static unsigned count; /* of the stages of this process */
    const unsigned own = (unsigned)getpid();
    const unsigned last = 1 + 4 * (count++ % 60);
    char balancer[32];
    const char *argv[OPTION_MAX] = {"--speed", "50", "--balancer", balancer};
    size_t argc = 4;

    assert_non_null(stage);
    /* Two processes that live at the same time hardly ever have the same remainder. */
    snprintf(stage->host, STAGE_HOST_SIZE, "127.%u.%u.%u", own / 250 % 250 + 1, own % 250, last);
    snprintf(stage->second, STAGE_HOST_SIZE, "127.%u.%u.%u", own / 250 % 250 + 1, own % 250,
             last + 1);
    snprintf(balancer, sizeof(balancer), "%s:0", stage->host);
    for (; options && *options && argc + 1 < OPTION_MAX; options++)
        argv[argc++] = *options;
    stage->lab = lab_start(argv);
    return stage;
}

struct stage *stage_stop(struct stage *stage)
{
    lab_stop(stage->lab);
    free(stage);
    return NULL;
}

/* A check each 100 ms of real time; no failure of it kills, and HAProxy wants two in a row. */
static const char checks[] =
    ",\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/health\",\"gracePeriodSeconds\":300,"
    "\"intervalSeconds\":5,\"timeoutSeconds\":20,\"maxConsecutiveFailures\":100}]";

static void write_app(const struct stage_app *app, struct zdd_buf *buf)
{
    zdd_buf_printf(
        buf,
        "{\"instances\":%d,\"cpus\":0.1,\"mem\":32,\"container\":{\"type\":\"DOCKER\","
        "\"docker\":{\"image\":\"mhausenblas/simpleservice:0.4.0\"}},"
        "\"networks\":[{\"mode\":\"host\"}],\"portDefinitions\":[{\"port\":0}],"
        "\"env\":{\"SIMPLE_SERVICE_VERSION\":\"%s\",\"HEALTH_MIN\":\"%d\",\"HEALTH_MAX\":\"%d\"},"
        "\"labels\":{\"HAPROXY_GROUP\":"
        "\"external\",\"HAPROXY_0_PORT\":\"%d\",\"HAPROXY_0_MODE\":\"http\"%s%s}%s%s%s}",
        app->instances, app->version, app->health_ms, app->health_ms,
        app->port ? app->port : STAGE_PORT, app->labels ? "," : "", app->labels ? app->labels : "",
        app->unchecked ? "" : checks, app->members ? "," : "", app->members ? app->members : "");
    assert_int_equal(buf->err, ZDD_ERR_NONE);
}

static void send_app(struct stage *stage, const struct stage_app *app, char ret_id[static 64])
{
    struct zdd_buf body = {0};
    char path[200];
    long status;

    write_app(app, &body);
    snprintf(path, sizeof(path), "/v2/apps/%s", app->id);
    status = lab_change(stage->lab, "PUT", path, body.data, ret_id);
    if (status != 200 && status != 201)
        fail_msg("PUT %s: %ld: %s", app->id, status, body.data);
    zdd_buf_release(&body);
}

void stage_put(struct stage *stage, const struct stage_app *app)
{
    char id[64];

    send_app(stage, app, id);
}

void stage_deploy(struct stage *stage, const struct stage_app *app)
{
    char id[64];

    send_app(stage, app, id);
    assert_true(lab_await(stage->lab, id));
}

static int connect_to(const char *host, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(inet_pton(AF_INET, host, &address.sin_addr), 1);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* HAProxy answers its own pages in chunks, also to HTTP/1.0. */
static void join_chunks(struct zdd_buf *text)
{
    char *body = strstr(text->data, "\r\n\r\n");
    char *to;
    size_t size;

    if (!body || !strcasestr(text->data, "\r\ntransfer-encoding: chunked\r\n"))
        return;
    body += 4;
    to = body;
    for (size = strtoul(body, &body, 16); size > 0; size = strtoul(body, &body, 16)) {
        body += 2; /* the end of the line with the size … */
        assert_true(body + size + 2 <= text->data + text->size);
        memmove(to, body, size);
        to += size;
        body += size + 2; /* … and of the chunk */
    }
    *to = '\0';
    text->size = (size_t)(to - text->data);
}

int stage_ask(const char *host, int port, const char *path, const char *header)
{
    const int fd = connect_to(host, port);
    const bool named = header && strncmp(header, "Host:", 5) == 0;
    struct zdd_buf text = {0};

    if (fd < 0)
        return -1;
    zdd_buf_printf(&text, "GET %s HTTP/1.0\r\n%s%s%s\r\n", path, named ? "" : "Host: stage\r\n",
                   header ? header : "", header ? "\r\n" : "");
    (void)!send(fd, text.data, text.size, MSG_NOSIGNAL);
    zdd_buf_release(&text);
    return fd;
}

char *stage_answer(int fd)
{
    struct zdd_buf text = {0};
    char part[4096];

    for (ssize_t n = recv(fd, part, sizeof(part), 0); n > 0; n = recv(fd, part, sizeof(part), 0))
        zdd_buf_append(&text, part, (size_t)n);
    close(fd);
    if (text.size) {
        join_chunks(&text);
        return zdd_buf_take(&text);
    }
    zdd_buf_release(&text);
    return NULL;
}

char *stage_get(const char *host, int port, const char *path, const char *header)
{
    const int fd = stage_ask(host, port, path, header);

    return fd < 0 ? NULL : stage_answer(fd);
}

int stage_status(const char *answer)
{
    return answer && strncmp(answer, "HTTP/1.", 7) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

static void read_version(const char *answer, char ret[static 32])
{
    static const char key[] = "\"version\": \"";
    const char *at = answer ? strstr(answer, key) : NULL;

    *ret = '\0';
    if (at)
        snprintf(ret, 32, "%.*s", (int)strcspn(at + sizeof(key) - 1, "\""), at + sizeof(key) - 1);
}

void stage_until_status(const char *host, int port, const char *header, int status,
                        char ret_version[static 32])
{
    const int64_t until_ms = zdd_mono_ms() + LAB_WAIT_MS;
    int seen = -1;

    while (seen != status && zdd_mono_ms() < until_ms) {
        char *answer = stage_get(host, port, "/endpoint0", header);

        seen = stage_status(answer);
        read_version(answer, ret_version);
        free(answer);
        if (seen != status)
            pause_shortly();
    }
    assert_int_equal(seen, status);
}

static json_t *state_of(struct stage *stage, int index)
{
    ZDD_AUTO_JSON json_t *state = NULL;
    json_t *one;

    assert_int_equal(lab_call(stage->lab, "GET", "/lab/state", NULL, &state), 200);
    one = json_array_get(json_object_get(state, "balancers"), (size_t)index);
    assert_non_null(one);
    return json_incref(one);
}

int64_t stage_number(struct stage *stage, int index, const char *key)
{
    ZDD_AUTO_JSON json_t *one = state_of(stage, index);

    return zdd_json_int(one, key, -1);
}

/* @return true when the worker that is the newest has answered */
static bool is_of_newest(const char *answer, const json_t *one)
{
    static const char key[] = "x-zdd-lab-worker: ";
    const char *at = answer ? strcasestr(answer, key) : NULL;

    return at && strtol(at + sizeof(key) - 1, NULL, 10) == (long)zdd_json_int(one, "worker", 0);
}

/* While it reloads, the old worker may still answer, or break a connection off. */
char *stage_stats(struct stage *stage, int index, const char *path)
{
    const int64_t until_ms = zdd_mono_ms() + LAB_WAIT_MS;
    char *answer = NULL;
    bool newest = false;

    while (!newest && zdd_mono_ms() < until_ms) {
        ZDD_AUTO_JSON json_t *one = NULL;

        free(answer);
        one = state_of(stage, index);
        answer = stage_get(zdd_json_text(one, "address", ""), (int)zdd_json_int(one, "port", 0),
                           path, NULL);
        newest = is_of_newest(answer, one);
    }
    if (!newest)
        fail_msg("balancer %d never answers %s", index + 1, path);
    return answer;
}

/* The place of a column in "# pxname,svname,…"; some columns have no name but '-'. */
static int column_of(const char *head, const char *column)
{
    const size_t size = strlen(column);
    int place = 0;

    for (const char *at = head; *at && *at != '\n'; at += strcspn(at, ",\n"), at += *at == ',') {
        if (strcspn(at, ",\n") == size && strncmp(at, column, size) == 0)
            return place;
        place++;
    }
    fail_msg("no column %s in %.200s", column, head);
    return -1;
}

static void cell_of(const char *line, int place, char ret[static 64])
{
    for (; place > 0; place--) {
        line += strcspn(line, ",\n");
        line += *line == ',';
    }
    snprintf(ret, 64, "%.*s", (int)strcspn(line, ",\n"), line);
}

static const char *next_line(const char *line)
{
    line += strcspn(line, "\n");
    return *line ? line + 1 : line;
}

void stage_cell(struct stage *stage, int index, const char *proxy, const char *server,
                const char *column, char ret[static 64])
{
    char *answer = stage_stats(stage, index, "/haproxy?stats;csv");
    const char *head = strstr(answer, "# pxname");
    char name[64];

    *ret = '\0';
    assert_non_null(head);
    for (const char *line = next_line(head); *line; line = next_line(line)) {
        cell_of(line, 0, name);
        if (strcmp(name, proxy) != 0)
            continue;
        cell_of(line, 1, name);
        if (strcmp(name, server) == 0)
            cell_of(line, column_of(head + 2, column), ret);
    }
    free(answer);
}

int stage_count(struct stage *stage, int index, const char *backend, const char *status)
{
    char *answer = stage_stats(stage, index, "/haproxy?stats;csv");
    const char *head = strstr(answer, "# pxname");
    char cell[64];
    int count = 0;

    assert_non_null(head);
    for (const char *line = next_line(head); *line; line = next_line(line)) {
        cell_of(line, 0, cell);
        if (strcmp(cell, backend) != 0)
            continue;
        cell_of(line, 1, cell);
        if (strcmp(cell, "BACKEND") == 0 || strcmp(cell, "FRONTEND") == 0)
            continue;
        cell_of(line, column_of(head + 2, "status"), cell);
        count += strncmp(cell, status, strlen(status)) == 0;
    }
    free(answer);
    return count;
}

void stage_until(struct stage *stage, int index, const char *backend, const char *status, int count)
{
    const int64_t until_ms = zdd_mono_ms() + LAB_WAIT_MS;
    char *answer;
    int seen = stage_count(stage, index, backend, status);

    for (; seen != count && zdd_mono_ms() < until_ms;
         seen = stage_count(stage, index, backend, status))
        pause_shortly();
    if (seen == count)
        return;
    answer = stage_stats(stage, index, "/haproxy?stats;csv");
    print_error("%s\n", answer);
    free(answer);
    fail_msg("never %d servers %s in %s", count, status, backend);
}

/* "worker master\n" when one is left: a blank for each worker. */
static int count_workers(struct stage *stage, int index)
{
    char *answer = stage_stats(stage, index, "/_haproxy_getpids");
    const char *body = strstr(answer, "\r\n\r\n");
    int count = 0;

    assert_non_null(body);
    for (; *body; body++)
        count += *body == ' ';
    free(answer);
    return count;
}

void stage_until_one_worker(struct stage *stage, int index)
{
    const int64_t until_ms = zdd_mono_ms() + LAB_WAIT_MS;
    int count = count_workers(stage, index);

    for (; count != 1 && zdd_mono_ms() < until_ms; count = count_workers(stage, index))
        pause_shortly();
    assert_int_equal(count, 1);
}

__attribute__((noreturn)) static void become_load(const char *const *urls,
                                                  const char *const *options, int out)
{
    const char *argv[OPTION_MAX] = {ZDD_LOAD_PROGRAM};
    size_t argc = 1;

    for (; *urls && argc + 2 < OPTION_MAX; urls++) {
        argv[argc++] = "--through";
        argv[argc++] = *urls;
    }
    while (*options && argc + 1 < OPTION_MAX)
        argv[argc++] = *options++;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(out, STDOUT_FILENO);
    execv(ZDD_LOAD_PROGRAM, (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* One line of counts; fails the test when none comes. */
static json_t *read_counts(const struct stage_load *load)
{
    const int64_t until_ms = zdd_mono_ms() + LAB_WAIT_MS;
    char line[LINE_SIZE] = "";
    size_t size = 0;
    json_t *json;

    while (size + 1 < sizeof(line) && (size == 0 || line[size - 1] != '\n')) {
        struct pollfd polled = {.fd = load->out, .events = POLLIN};

        if (poll(&polled, 1, (int)(until_ms - zdd_mono_ms())) <= 0 ||
            read(load->out, line + size, 1) != 1)
            fail_msg("zdd-load says nothing (more): \"%s\"", line);
        size++;
    }
    json = json_loads(line, 0, NULL);
    assert_non_null(json);
    return json;
}

struct stage_load stage_load_open(const char *const *urls, const char *const *options)
{
    struct stage_load load = {0};
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    load.pid = fork();
    if (load.pid == 0)
        become_load(urls, options, ends[1]);
    close(ends[1]);
    load.out = ends[0];
    json_decref(read_counts(&load)); /* from now on it hears signals */
    return load;
}

struct stage_load stage_load_start(const char *const *urls, const char *header)
{
    const char *const options[] = {
        "--rate", "300", "--threads", "6", "--header", header ? header : "Accept: */*", NULL};
    struct stage_load load = stage_load_open(urls, options);

    (void)stage_load_more(&load, 20);
    return load;
}

json_t *stage_load_counts(struct stage_load *load)
{
    assert_int_equal(kill(load->pid, SIGUSR1), 0);
    return read_counts(load);
}

static long answered_by(struct stage_load *load)
{
    ZDD_AUTO_JSON json_t *counts = stage_load_counts(load);

    return (long)zdd_json_int(counts, "answered", -1);
}

long stage_load_more(struct stage_load *load, long more)
{
    const int64_t until_ms = zdd_mono_ms() + LAB_WAIT_MS;
    const long wanted = answered_by(load) + more;
    long answered = 0;

    while (answered < wanted && zdd_mono_ms() < until_ms) {
        pause_shortly();
        answered = answered_by(load);
    }
    assert_true(answered >= wanted);
    return answered;
}

json_t *stage_load_end(struct stage_load *load)
{
    json_t *counts;

    assert_int_equal(kill(load->pid, SIGTERM), 0);
    counts = read_counts(load);
    assert_int_equal(waitpid(load->pid, NULL, 0), load->pid);
    close(load->out);
    return counts;
}

long stage_load_stop(struct stage_load *load, long *ret_answered)
{
    ZDD_AUTO_JSON json_t *counts = stage_load_end(load);

    if (ret_answered)
        *ret_answered = (long)zdd_json_int(counts, "answered", -1);
    return (long)zdd_json_int(counts, "failed", -1);
}
