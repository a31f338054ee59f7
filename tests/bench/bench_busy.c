/**
 * @file tests/bench/bench_busy.c
 * @brief The page and the API while 200 deployments run in zdd-lab and dashboards are open: what a
 * caller waits for, route by route, against the same server at rest.
 *
 * Tasks, checks, Marathon, dashboards and callers share the machine with the server: a bare hello
 * in the same round tells what that alone costs, and two rows of Marathon what the lab takes for
 * what some routes ask of it.
 */
#include "tests/bench/support/churn.h"
#include "tests/bench/support/figures.h"
#include "tests/bench/support/hello.h"
#include "tests/bench/support/load.h"
#include "tests/bench/support/talk.h"
#include "tests/bench/support/viewers.h"
#include "tests/support/labrun.h"
#include "tests/support/serverrun.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RUNNING 200   /* deployments at the same time */
#define SPARE 20      /* apps beside them: one that has ended is not followed at once */
#define SAMPLES 20000 /* of one route, at most */
#define BATCH 10      /* requests of a route in a row, on one connection */
#define PAUSE_MS 3    /* between two requests: a caller, not a load */
#define TARGET_MS 50
#define SERVER_THREADS 2
#define SETTLE_S 2 /* beside the time between two checks, before it is measured */

enum load_of { AT_REST, BUSY, LOADS };

struct bench {
    struct labrun lab;
    struct serverrun server;
    uint16_t port, hello_port;
    char run_path[100], assets[80];
    unsigned version;
};

struct route {
    const char *what;
    unsigned status;
    size_t (*make)(struct bench *bench, uint64_t number, char text[static LOAD_REQUEST_SIZE]);
    uint16_t (*port)(const struct bench *bench);
    bool judged;
    double ms[LOADS][SAMPLES];
    size_t count[LOADS];
};

static uint16_t ours(const struct bench *bench)
{
    return bench->port;
}

static uint16_t of_hello(const struct bench *bench)
{
    return bench->hello_port;
}

static uint16_t of_lab(const struct bench *bench)
{
    return bench->lab.port;
}

static size_t make_hello(struct bench *bench, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    (void)bench;
    (void)number;
    return load_browse(text, "/", NULL);
}

static size_t make_asset(struct bench *bench, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    static const char *const names[] = {"base.css", "views.css", "app.js", "room.js", "plan.js"};
    char path[120];

    snprintf(path, sizeof(path), "%s%s", bench->assets,
             names[number % (sizeof(names) / sizeof(names[0]))]);
    return load_browse(text, path, NULL);
}

static size_t ask(const struct bench *bench, const char *path, char text[static LOAD_REQUEST_SIZE])
{
    return load_browse(text, path, bench->server.token);
}

static size_t make_page(struct bench *bench, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    (void)number;
    return ask(bench, "/v1/deployments", text);
}

static size_t make_list(struct bench *bench, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    (void)number;
    return ask(bench, "/v1/deployments?ended=false&limit=200", text);
}

static size_t make_one(struct bench *bench, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    (void)number;
    return ask(bench, bench->run_path, text);
}

static size_t make_apps(struct bench *bench, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    (void)number;
    return ask(bench, "/v1/apps", text);
}

static size_t make_session(struct bench *bench, uint64_t number,
                           char text[static LOAD_REQUEST_SIZE])
{
    (void)number;
    return ask(bench, "/v1/session", text);
}

static size_t make_plan(struct bench *bench, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    char body[1400];

    churn_request((unsigned)(number % RUNNING), ++bench->version, body);
    return load_post(text, "/v1/plans", bench->server.token, body);
}

static size_t make_lab_app(struct bench *bench, uint64_t number,
                           char text[static LOAD_REQUEST_SIZE])
{
    char path[64];

    (void)bench;
    snprintf(path, sizeof(path), "/v2/apps//bench/busy-%03u", (unsigned)(number % RUNNING));
    return load_get(text, path, NULL);
}

static size_t make_lab_apps(struct bench *bench, uint64_t number,
                            char text[static LOAD_REQUEST_SIZE])
{
    (void)bench;
    (void)number;
    return load_get(text, "/v2/apps?embed=apps.tasks&embed=apps.deployments", NULL);
}

static struct route routes[] = {
    {"a bare hello", 200, make_hello, of_hello, false, {{0}}, {0}},
    {"GET /", 200, make_hello, ours, true, {{0}}, {0}},
    {"the page's files", 200, make_asset, ours, true, {{0}}, {0}},
    {"GET /v1/session", 200, make_session, ours, true, {{0}}, {0}},
    {"GET /v1/deployments/{id}", 200, make_one, ours, true, {{0}}, {0}},
    {"GET /v1/deployments", 200, make_page, ours, true, {{0}}, {0}},
    {"GET /v1/deployments of all that run", 200, make_list, ours, true, {{0}}, {0}},
    {"first event of a new stream", 200, NULL, ours, true, {{0}}, {0}},
    {"POST /v1/plans", 201, make_plan, ours, true, {{0}}, {0}},
    {"GET /v1/apps", 200, make_apps, ours, true, {{0}}, {0}},
    {"Marathon's own app", 200, make_lab_app, of_lab, false, {{0}}, {0}},
    {"Marathon's own apps with tasks", 200, make_lab_apps, of_lab, false, {{0}}, {0}},
};
#define ROUTES (sizeof(routes) / sizeof(routes[0]))

static void keep(struct route *route, enum load_of load, int64_t begun_ns)
{
    if (route->count[load] < SAMPLES)
        route->ms[load][route->count[load]++] = (double)(bench_now_ns() - begun_ns) / 1e6;
}

/* One batch under way: its requests come one after the other. */
struct batch {
    struct bench *bench;
    struct route *route;
    enum load_of load;
    int64_t sent_ns;
};

static size_t make_next(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    struct batch *batch = cls;
    const size_t size =
        batch->route->make(batch->bench, batch->route->count[batch->load] + number, text);

    bench_sleep_ms(PAUSE_MS);
    batch->sent_ns = bench_now_ns();
    return size;
}

static void take_reply(void *cls, uint64_t number, const char *text, size_t size)
{
    const struct batch *batch = cls;

    (void)number;
    (void)text;
    (void)size;
    keep(batch->route, batch->load, batch->sent_ns);
}

static void run_batch(struct bench *bench, struct route *route, enum load_of load)
{
    struct batch batch = {bench, route, load, 0};
    const struct load_options options = {.port = route->port(bench),
                                         .connections = 1,
                                         .request_max = BATCH,
                                         .time_max_ms = 30000,
                                         .status = route->status,
                                         .make = make_next,
                                         .reply = take_reply,
                                         .cls = &batch};
    struct load_result result;

    if (!load_run(&options, &result))
        bench_fail("%s: status %u", route->what, result.last_status);
}

/* Connect, ask for the events since the first one, read until the first has come. */
static void open_stream(struct bench *bench, struct route *route, enum load_of load)
{
    char text[65536];
    size_t size = load_get(text, "/v1/events?lastEventId=1", bench->server.token) - 2, got = 0;
    const int64_t begun_ns = bench_now_ns();
    const int fd = load_dial(bench->port);

    size += (size_t)snprintf(text + size, sizeof(text) - size, "Accept: text/event-stream\r\n\r\n");
    if (fd < 0 || send(fd, text, size, MSG_NOSIGNAL) != (ssize_t)size)
        bench_fail("no stream");
    do {
        const ssize_t here = recv(fd, text + got, sizeof(text) - 1 - got, 0);

        if (here <= 0)
            bench_fail("a stream without events: %s", text);
        got += (size_t)here;
        text[got] = '\0';
    } while (!strstr(text, "\ndata:"));
    keep(route, load, begun_ns);
    close(fd);
    bench_sleep_ms(PAUSE_MS);
}

static void measure(struct bench *bench, enum load_of load, int64_t ms)
{
    const int64_t end_ns = bench_now_ns() + ms * 1000000;

    while (bench_now_ns() < end_ns) {
        for (size_t i = 0; i < ROUTES; i++) {
            if (routes[i].make)
                run_batch(bench, &routes[i], load);
            else
                open_stream(bench, &routes[i], load);
        }
    }
}

static void say(struct route *route)
{
    double p50[LOADS], p99[LOADS];
    char note[200], what[100];

    for (int i = 0; i < LOADS; i++) {
        p50[i] = bench_percentile(route->ms[i], route->count[i], 50);
        p99[i] = bench_percentile(route->ms[i], route->count[i], 99);
    }
    snprintf(what, sizeof(what), "%s, %d deployments running, p99", route->what, RUNNING);
    snprintf(note, sizeof(note),
             "p50 %.2f ms, longest %.1f; at rest %.2f and p99 %.2f: %.1f × and %.1f ×; %zu calls",
             p50[BUSY], bench_percentile(route->ms[BUSY], route->count[BUSY], 100), p50[AT_REST],
             p99[AT_REST], p50[BUSY] / p50[AT_REST], p99[BUSY] / p99[AT_REST], route->count[BUSY]);
    bench_say(&(struct bench_figure){0, what, "ms", p99[BUSY],
                                     route->judged ? BENCH_AT_MOST : BENCH_ONLY_SAID, TARGET_MS,
                                     note});
}

/* What the page would find: an id, and where its files are. */
static void find_paths(struct bench *bench)
{
    char *page = talk(bench->port, 200, "GET", "/", NULL, NULL);
    char *list =
        talk(bench->port, 200, "GET", "/v1/deployments?limit=1", bench->server.token, NULL);
    const char *assets = strstr(page, "/ui/"), *id = strstr(list, "\"id\":\"");

    if (!assets || !id)
        bench_fail("no files or no deployment: %s %s", page, list);
    snprintf(bench->assets, sizeof(bench->assets), "%.*s", (int)(strcspn(assets + 4, "/") + 5),
             assets);
    snprintf(bench->run_path, sizeof(bench->run_path), "/v1/deployments/%.36s",
             id + strlen("\"id\":\""));
    free(page);
    free(list);
}

/* One deployment, to its end: at rest there is one to look at. */
static void deploy_one(struct bench *bench)
{
    char body[1400], path[100];
    char *reply;
    const char *id;

    churn_request(0, 1, body);
    reply = talk(bench->port, 202, "POST", "/v1/deployments", bench->server.token, body);
    id = strstr(reply, "\"id\":\"");
    if (!id)
        bench_fail("no id: %s", reply);
    snprintf(path, sizeof(path), "/v1/deployments/%.36s", id + strlen("\"id\":\""));
    free(reply);
    talk_until(bench->port, path, bench->server.token, "\"state\":\"succeeded\"");
}

static void start(struct bench *bench)
{
    /* 64 ports, which is what tests get, do not suffice; these are above the kernel's own. */
    static const char *const lab_options[] = {"--host-ports", "61000-64000",
                                              "--max-running-deployments", "1000", NULL};

    if (!labrun_start(&bench->lab, lab_options))
        bench_fail("no lab");
    if (!serverrun_open(&bench->server, bench->lab.url) || !serverrun_token(&bench->server) ||
        !serverrun_start(&bench->server, NULL))
        bench_fail("no server");
    bench->port = (uint16_t)strtoul(strrchr(bench->server.url, ':') + 1, NULL, 10);
    churn_prepare(bench->lab.port, RUNNING + SPARE);
    deploy_one(bench);
    find_paths(bench);
}

/* Seconds of processor time that process @p pid has used. */
static double cpu_of(long pid)
{
    char path[64], text[600] = "";
    const char *at;
    unsigned long user = 0, system = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    file = fopen(path, "re");
    at = file && fgets(text, sizeof(text), file) ? strrchr(text, ')') : NULL;
    for (int field = 2; at && field < 14; field++) /* to the 14th and 15th field */
        at = strchr(at + 1, ' ');
    if (at) {
        char *end = NULL;

        user = strtoul(at, &end, 10);
        system = strtoul(end, NULL, 10);
    }
    if (file)
        fclose(file);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Deployments that fail at once would be busy with something else. */
static void check_none_failed(const struct bench *bench)
{
    char *list = talk(bench->port, 200, "GET", "/v1/deployments?state=failed&limit=1",
                      bench->server.token, NULL);

    if (!strstr(list, "\"items\":[]"))
        bench_fail("a deployment has failed: %s", list);
    free(list);
}

static void measure_busy(struct bench *bench, int64_t ms)
{
    struct churn *churn = churn_start(bench->port, bench->server.token, RUNNING + SPARE);
    struct churn_counts counts = {0}, before;
    int64_t begun_ns;
    double server_s, lab_s, seconds;
    char note[200];

    while (counts.begun < RUNNING + SPARE) {
        bench_sleep_ms(100);
        churn_counts(churn, &counts);
    }
    bench_sleep_ms((CHURN_INTERVAL_S + SETTLE_S) * 1000);
    find_paths(bench);
    churn_count_anew(churn);
    churn_counts(churn, &before);
    begun_ns = bench_now_ns();
    server_s = cpu_of(bench->server.pid);
    lab_s = cpu_of(bench->lab.pid);
    measure(bench, BUSY, ms);
    seconds = (double)(bench_now_ns() - begun_ns) / 1e9;
    churn_counts(churn, &counts);
    check_none_failed(bench);
    snprintf(note, sizeof(note),
             "%.1f deployments begun a second; the server took %.0f %% of a core, the lab %.0f %%",
             (double)(counts.begun - before.begun) / seconds,
             (cpu_of(bench->server.pid) - server_s) / seconds * 100,
             (cpu_of(bench->lab.pid) - lab_s) / seconds * 100);
    bench_say(&(struct bench_figure){0, "deployments under way at the same time, fewest", "",
                                     counts.fewest, BENCH_AT_LEAST, RUNNING, note});
    churn_free(churn);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const int64_t ms = bench_option(argc, argv, "ms", 60000);
    const unsigned count = (unsigned)bench_option(argc, argv, "viewers", 10);
    struct hello *hello = hello_start(SERVER_THREADS, HELLO_SIZE, &bench.hello_port);
    struct viewers *viewers;
    struct viewers_counts seen;

    start(&bench);
    viewers = viewers_start(bench.port, bench.server.token, count);
    measure(&bench, AT_REST, ms / 2);
    measure_busy(&bench, ms);
    viewers_counts(viewers, &seen);
    fprintf(stderr, "%u dashboards heard %llu events, read %llu lists and %llu deployments\n",
            count, (unsigned long long)seen.events, (unsigned long long)seen.lists,
            (unsigned long long)seen.singles);
    viewers_free(viewers);
    for (size_t i = 0; i < ROUTES; i++)
        say(&routes[i]);
    if (serverrun_stop(&bench.server) != 0)
        bench_fail("the server did not end well");
    serverrun_close(&bench.server);
    (void)labrun_stop(&bench.lab);
    hello_stop(hello);
    return 0;
}
