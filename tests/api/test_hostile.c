/**
 * @file tests/api/test_hostile.c
 * @brief Callers that mean harm: whatever they send or do not send, others are served, answers are
 * problems in the form that is promised, and nothing stays behind.
 */
#include "server/base/clock.h"
#include "tests/api/api_world.h"
#include "tests/api/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define COST_MS_MAX 5000     /* of the processor, for a mebibyte; generous for sanitizers */
#define SILENCE_MS_MAX 900   /* less than a timeout_s of 1 */
#define TRICKLE_MS_MAX 60000 /* ample: 50 callers in turns on a busy machine */
#define FILL_MS_MAX 100000   /* until some megabytes of events are written, likewise */
#define HONEST_TRIES 20
#define READERS_WANTED 2000   /* idle event streams */
#define OTHER_FILES 300       /* descriptors for everything else in this process */
#define BODY_BYTES 104857600L /* "100 MB" */

/* The world's API behind a second server with a timeout that a test can wait for. */
struct door {
    struct zdd_http *http;
    uint16_t port;
};

static struct door open_door(struct api_world *world, unsigned timeout_s)
{
    struct zdd_http_options options = {
        .host = "127.0.0.1", .thread_count = 2, .timeout_s = timeout_s};
    char reason[200] = "";
    struct door door = {0};

    zdd_api_serve(world->api, &options);
    door.http = zdd_http_start(&options, reason);
    if (!door.http)
        fail_msg("%s", reason);
    door.port = zdd_http_port(door.http);
    return door;
}

static void close_door(struct door *door)
{
    door->http = zdd_http_free(door->http, 2000);
}

/* An ordinary caller gets an ordinary answer before the client gives up by itself. */
static void others_are_served(struct api_world *world)
{
    apiclient_expect(apiclient_get(world->client, "/v1/plans"), 200, NULL);
}

static void pause_ms(long ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

/* Everybody who was here is gone, but for the world's own client. */
static void nobody_stays(struct zdd_http *http, unsigned most)
{
    const int64_t end_ms = zdd_mono_ms() + WIRE_WAIT_MS;

    while (zdd_http_connections(http) > most) {
        if (zdd_mono_ms() > end_ms)
            fail_msg("%u connections are still open", zdd_http_connections(http));
        pause_ms(5);
    }
}

/* Every body that says it is JSON is JSON, and a failure is a problem with its own status. */
static void check_reply(const struct wire_reply *reply, const char *asked)
{
    const char *type = wire_header(reply, "Content-Type");
    json_t *json;

    if (!type || !strstr(type, "json") || strstr(type, "ndjson"))
        return;
    json = json_loadb(reply->body, reply->body_size, JSON_REJECT_DUPLICATES, NULL);
    if (!json)
        fail_msg("%.60s was answered with broken JSON: %s", asked, reply->body);
    if (reply->status >= 400) {
        assert_string_equal(wire_header(reply, "Content-Type"), "application/problem+json");
        assert_int_equal(json_integer_value(json_object_get(json, "status")), reply->status);
        assert_true(json_is_string(json_object_get(json, "code")));
    }
    json_decref(json);
}

/* Hear the first reply. @return its status; 0 when the connection ended without one */
static int first_status(struct wire *wire, const char *asked)
{
    int status = 0;

    if (wire_expect(wire, "\r\n\r\n")) {
        struct wire_reply reply = wire_read(wire);

        status = reply.status;
        check_reply(&reply, asked);
        wire_reply_free(&reply);
    }
    wire_close(wire);
    return status;
}

/* Send what may be no whole request, and nothing more. @return as above */
static int status_of(uint16_t port, const char *text, size_t size)
{
    struct wire wire = wire_open(port);

    wire_send_bytes(&wire, text, size);
    shutdown(wire.fd, SHUT_WR);
    return first_status(&wire, text);
}

/* ---- connections ---- */

static void a_head_that_trickles_in_for_ever_is_cut_and_others_are_served(void **state)
{
    struct api_world *world = *state;
    struct door door = open_door(world, 1);
    const int64_t start_ms = zdd_mono_ms();
    int64_t round_ms = start_ms;
    bool silent = false; /* on a busy machine: then they may be cut for that, and sooner */
    struct wire wires[50];
    size_t open = ZDD_COUNT(wires);

    for (size_t i = 0; i < ZDD_COUNT(wires); i++) {
        wires[i] = wire_open(door.port);
        wire_send(&wires[i], "GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    }
    while (open > 0) {
        open = 0;
        for (size_t i = 0; i < ZDD_COUNT(wires); i++) {
            wire_send(&wires[i], "l");
            open += !wire_closes(&wires[i], 1);
        }
        others_are_served(world);
        silent = silent || zdd_mono_ms() - round_ms >= SILENCE_MS_MAX;
        round_ms = zdd_mono_ms();
        assert_in_range(round_ms - start_ms, 0, TRICKLE_MS_MAX);
    }
    if (!silent)
        assert_in_range(zdd_mono_ms() - start_ms, 1900, TRICKLE_MS_MAX); /* twice timeout_s */
    for (size_t i = 0; i < ZDD_COUNT(wires); i++)
        wire_close(&wires[i]);
    nobody_stays(door.http, 0);
    close_door(&door);
}

/* One connection: each request takes a part of the patience, all of them more than one patience.
 * @return false when this process slept too long between two pieces: cut for that, rightly */
static bool asks_slowly(uint16_t port)
{
    struct wire wire = wire_open(port);
    bool late = false;

    for (int i = 0; i < 8; i++) {
        const int64_t start_ms = zdd_mono_ms();
        struct wire_reply reply;

        wire_send(&wire, "GET /livez HTTP/1.1\r\nHost: x\r\n");
        pause_ms(300);
        wire_send(&wire, "X-Slow: but honest\r\n\r\n");
        late = zdd_mono_ms() - start_ms >= SILENCE_MS_MAX;
        if (late)
            break;
        reply = wire_read(&wire);
        assert_int_equal(reply.status, 200);
        wire_reply_free(&reply);
    }
    wire_close(&wire);
    return !late;
}

static void a_slow_but_honest_caller_is_served_again_and_again(void **state)
{
    struct api_world *world = *state;
    struct door door = open_door(world, 1);
    bool served = false;

    for (int i = 0; i < HONEST_TRIES && !served; i++)
        served = asks_slowly(door.port);
    assert_true(served);
    close_door(&door);
}

static void half_open_connections_are_cut_and_others_are_served(void **state)
{
    static const char *const beginnings[] = {
        "",
        "G",
        "GET /v1/pl",
        "GET /v1/plans HTTP/1.1\r\nHost: x\r\n",
        "POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        "POST /v1/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    };
    struct api_world *world = *state;
    struct door door = open_door(world, 1);
    struct wire wires[200];

    for (size_t i = 0; i < ZDD_COUNT(wires); i++) {
        wires[i] = wire_open(door.port);
        wire_send(&wires[i], beginnings[i % ZDD_COUNT(beginnings)]);
        if (i % 3 == 0)
            shutdown(wires[i].fd, SHUT_WR);
    }
    others_are_served(world);
    for (size_t i = 0; i < ZDD_COUNT(wires); i++)
        assert_true(wire_closes(&wires[i], WIRE_WAIT_MS));
    for (size_t i = 0; i < ZDD_COUNT(wires); i++)
        wire_close(&wires[i]);
    nobody_stays(door.http, 0);
    close_door(&door);
    others_are_served(world);
}

static size_t readers_possible(void)
{
    struct rlimit limit;
    size_t most;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(limit.rlim_cur > OTHER_FILES + 20);
    most = ((size_t)limit.rlim_cur - OTHER_FILES) / 2; /* both ends are in this process */
    if (most < READERS_WANTED)
        print_message("only %zu readers instead of %d: RLIMIT_NOFILE\n", most, READERS_WANTED);
    return most < READERS_WANTED ? most : READERS_WANTED;
}

static void open_stream(struct api_world *world, struct wire *wire)
{
    char request[300];

    snprintf(request, sizeof(request),
             "GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
             "Authorization: Bearer %s\r\n\r\n",
             world->token);
    wire_send(wire, request);
}

static void two_thousand_idle_readers_cost_others_nothing_and_each_hears_the_news(void **state)
{
    struct api_world *world = *state;
    const size_t count = readers_possible();
    struct door door = open_door(world, 0);
    struct wire *wires = calloc(count, sizeof(*wires));

    assert_non_null(wires);
    for (size_t i = 0; i < count; i++) {
        wires[i] = wire_open(door.port);
        open_stream(world, &wires[i]);
        if (i % 100 == 99)
            assert_true(wire_expect(&wires[i], "\r\n\r\n")); /* not faster than they are accepted */
    }
    for (size_t i = 0; i < count; i++)
        assert_true(wire_expect(&wires[i], "\r\n\r\n"));
    for (int i = 0; i < 50; i++)
        others_are_served(world);
    api_world_events(world, "deployment.queued", "/zdd/base", 1);
    for (size_t i = 0; i < count; i++)
        assert_true(wire_expect(&wires[i], "event: deployment.queued"));
    others_are_served(world);
    for (size_t i = 0; i < count; i++)
        wire_close(&wires[i]);
    free(wires);
    close_door(&door);
    others_are_served(world);
}

static void a_reader_that_stops_reading_is_cut_and_others_are_served(void **state)
{
    struct api_world *world = *state;
    struct door door = open_door(world, 1);
    struct wire wire;
    const int64_t start_ms = zdd_mono_ms();

    wire = wire_open(door.port);
    wire_shrink(&wire);
    open_stream(world, &wire);
    assert_true(wire_expect(&wire, "\r\n\r\n"));
    /* More than all buffers between us hold, and not a byte of it is read. */
    while (zdd_http_connections(door.http) > 0) {
        api_world_events(world, "deployment.instances.changed", "/zdd/base", 1000);
        others_are_served(world);
        assert_in_range(zdd_mono_ms() - start_ms, 0, FILL_MS_MAX);
    }
    wire_close(&wire);
    close_door(&door);
}

static void a_hundred_requests_in_one_piece_are_answered_in_order(void **state)
{
    enum { COUNT = 100 };
    struct api_world *world = *state;
    struct wire wire = wire_open(world->port);
    ZDD_AUTO_BUF struct zdd_buf text = {0};

    for (int i = 0; i < COUNT; i++)
        zdd_buf_printf(&text, "GET %s HTTP/1.1\r\nHost: x\r\nX-Request-Id: r%d\r\n\r\n",
                       i % 2 ? "/livez" : "/nowhere", i);
    wire_send_bytes(&wire, text.data, text.size);
    for (int i = 0; i < COUNT; i++) {
        struct wire_reply reply = wire_read(&wire);
        char id[16];

        snprintf(id, sizeof(id), "r%d", i);
        assert_int_equal(reply.status, i % 2 ? 200 : 404);
        assert_string_equal(wire_header(&reply, "X-Request-Id"), id);
        check_reply(&reply, "pipelined");
        wire_reply_free(&reply);
    }
    wire_close(&wire);
    others_are_served(world);
}

/* ---- too much ---- */

static void heads_that_are_too_large_are_refused(void **state)
{
    struct api_world *world = *state;
    ZDD_AUTO_BUF struct zdd_buf one = {0};
    ZDD_AUTO_BUF struct zdd_buf many = {0};
    ZDD_AUTO_BUF struct zdd_buf target = {0};
    ZDD_AUTO_BUF struct zdd_buf method = {0};
    int status;

    zdd_buf_text(&one, "GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ");
    zdd_buf_text(&many, "GET /livez HTTP/1.1\r\nHost: x\r\n");
    zdd_buf_text(&target, "GET /livez?");
    for (int i = 0; i < 20000; i++) {
        zdd_buf_text(&one, "xxxxx");
        zdd_buf_text(&target, "xxxxx");
        zdd_buf_text(&method, "XXXXX");
        zdd_buf_printf(&many, "X-%d: y\r\n", i);
    }
    zdd_buf_text(&one, "\r\n\r\n");
    zdd_buf_text(&many, "\r\n");
    zdd_buf_text(&target, " HTTP/1.1\r\nHost: x\r\n\r\n");
    zdd_buf_text(&method, " / HTTP/1.1\r\nHost: x\r\n\r\n");
    /* libmicrohttpd closes with bytes unread; then the reset may overtake the reply. */
    status = status_of(world->port, one.data, one.size);
    assert_true(status == 431 || status == 0);
    status = status_of(world->port, many.data, many.size);
    assert_true(status == 431 || status == 0);
    status = status_of(world->port, target.data, target.size);
    assert_true(status == 414 || status == 431 || status == 0);
    status = status_of(world->port, method.data, method.size);
    assert_true(status >= 400 || status == 0);
    others_are_served(world);
}

static void a_head_a_little_too_large_hears_431(void **state)
{
    struct api_world *world = *state;
    struct wire_reply reply;
    ZDD_AUTO_BUF struct zdd_buf head = {0};

    zdd_buf_text(&head, "GET /livez HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 72; i++)
        zdd_buf_printf(&head, "X-%d: y\r\n", i);
    zdd_buf_text(&head, "\r\n");
    reply = wire_ask(world->port, head.data);
    assert_int_equal(reply.status, 431);
    check_reply(&reply, "many headers");
    wire_reply_free(&reply);
}

static size_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    char line[100] = "";
    char *at = line;
    size_t pages;

    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    fclose(file);
    (void)strtoul(line, &at, 10);
    pages = strtoul(at, NULL, 10);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Send until all is sent or the server has had enough. @return bytes that went out */
static long pour(struct wire *wire, const char *piece, size_t size, long bytes)
{
    long sent = 0;

    while (sent < bytes) {
        const ssize_t here = send(wire->fd, piece, size, MSG_NOSIGNAL);

        if (here <= 0)
            break;
        sent += here;
    }
    return sent;
}

static void a_hundred_megabytes_are_refused_at_once_and_never_kept(void **state)
{
    struct api_world *world = *state;
    struct wire wire = wire_open(world->port);
    const size_t before = resident_bytes();
    const int64_t start_ms = zdd_mono_ms();
    static char piece[65536];
    struct wire_reply reply;
    char head[400];

    snprintf(head, sizeof(head),
             "POST /v1/plans HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
             "Content-Type: application/json\r\nContent-Length: %ld\r\n\r\n",
             world->token, BODY_BYTES);
    wire_send(&wire, head);
    reply = wire_read(&wire); /* before a byte of the body */
    assert_int_equal(reply.status, 413);
    check_reply(&reply, "100 MB");
    wire_reply_free(&reply);
    memset(piece, ' ', sizeof(piece));
    assert_in_range(pour(&wire, piece, sizeof(piece), BODY_BYTES), 0, BODY_BYTES / 2);
    assert_in_range(zdd_mono_ms() - start_ms, 0, WIRE_WAIT_MS);
    assert_in_range(resident_bytes(), 0, before + (size_t)32 * 1024 * 1024);
    wire_close(&wire);
    others_are_served(world);
}

static void chunks_without_an_end_are_cut_and_never_kept(void **state)
{
    struct api_world *world = *state;
    struct wire wire = wire_open(world->port);
    const size_t before = resident_bytes();
    static char piece[4096 + 8];
    char head[400];

    memset(piece, ' ', sizeof(piece));
    memcpy(piece, "1000\r\n", 6);
    memcpy(piece + sizeof(piece) - 2, "\r\n", 2);
    snprintf(head, sizeof(head),
             "POST /v1/plans HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
             "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
             world->token);
    wire_send(&wire, head);
    assert_in_range(pour(&wire, piece, sizeof(piece), BODY_BYTES), 0, BODY_BYTES / 4);
    assert_true(wire_closes(&wire, WIRE_WAIT_MS));
    assert_in_range(resident_bytes(), 0, before + (size_t)32 * 1024 * 1024);
    wire_close(&wire);
    others_are_served(world);
}

static void ten_thousand_wrong_tokens_are_refused_and_leave_no_trace(void **state)
{
    enum { BATCHES = 100, BATCH = 100 };
    struct api_world *world = *state;
    struct wire wire = wire_open(world->port);
    APICLIENT_AUTO struct apiclient_answer audit = {0};

    for (int batch = 0; batch < BATCHES; batch++) {
        ZDD_AUTO_BUF struct zdd_buf text = {0};

        for (int i = 0; i < BATCH; i++)
            zdd_buf_printf(&text,
                           "POST /v1/deployments HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                           "Authorization: Bearer zdd_%d\r\n\r\n",
                           batch * BATCH + i);
        wire_send_bytes(&wire, text.data, text.size);
        for (int i = 0; i < BATCH; i++) {
            struct wire_reply reply = wire_read(&wire);

            assert_int_equal(reply.status, 401);
            assert_non_null(wire_header(&reply, "WWW-Authenticate"));
            wire_reply_free(&reply);
        }
    }
    wire_close(&wire);
    audit = apiclient_get(world->client, "/v1/audit");
    assert_int_equal(json_array_size(json_object_get(audit.json, "items")), 0);
    others_are_served(world);
}

/* ---- two readers, two meanings ---- */

/* Each hides a request for /v1/smuggled from one of two readers. It must never be answered. */
static const char *const smugglers[] = {
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
    "0\r\n\r\nGET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 80\r\n\r\n"
    "0\r\n\r\nGET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n"
    "GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n"
    "0\r\n\r\nGET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n"
    "0\r\n\r\nGET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: "
    "5\r\n\r\n0\r\n\r\nGET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n"
    "GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: 0, 44\r\n\r\n"
    "GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n"
    "GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"
    "GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: 0x0\r\n\r\n"
    "GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n"
    "GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: \r\n\r\n"
    "GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    "10000000000000000\r\nGET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    "-1\r\nGET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\nContent-Length: 3\r\n\r\n"
    "0\r\n\r\nGET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    "0x5\r\nhello\r\nGET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhelloGET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
};

static void what_two_readers_would_understand_differently_smuggles_nothing(void **state)
{
    struct api_world *world = *state;

    for (size_t i = 0; i < ZDD_COUNT(smugglers); i++) {
        struct wire wire = wire_open(world->port);

        wire_send(&wire, smugglers[i]);
        shutdown(wire.fd, SHUT_WR);
        while (wire_fill(&wire, wire.size + 1))
            continue; /* to the end of all answers */
        if (wire.data && (strstr(wire.data, "smuggled") || strstr(wire.data, "HTTP/1.1 2")))
            fail_msg("%s\nwas answered: %s", smugglers[i], wire.data);
        wire_close(&wire);
    }
    others_are_served(world);
}

static void a_length_that_lies_hurts_only_the_liar(void **state)
{
    struct api_world *world = *state;
    const char shorter[] = "POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n"
                           "{}garbage that is no request\r\n\r\n";
    const char longer[] = "POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{}";

    assert_int_equal(status_of(world->port, shorter, sizeof(shorter) - 1), 401);
    (void)status_of(world->port, longer, sizeof(longer) - 1);
    others_are_served(world);
}

/* ---- bytes that do not belong there ---- */

struct bytes {
    const char *data;
    size_t size;
};
#define BYTES(text)                                                                                \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const struct bytes odd_requests[] = {
    BYTES("GET /livez HTTP/1.1\nHost: x\n\n"),
    BYTES("GET /livez HTTP/1.1\rHost: x\r\r"),
    BYTES("GET /li\0vez HTTP/1.1\r\nHost: x\r\n\r\n"),
    BYTES("GET /livez HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n"),
    BYTES("GET /livez HTTP/1.1\r\nHost: x\r\nX-\0: b\r\n\r\n"),
    BYTES("G\0T /livez HTTP/1.1\r\nHost: x\r\n\r\n"),
    BYTES("\0\0\0\0\0\0\0\0\r\n\r\n"),
    BYTES("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), /* TLS */
    BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    BYTES("GET /v1/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n"),
    BYTES("GET /v1/plans?a=\xc3\x28 HTTP/1.1\r\nHost: x\r\n\r\n"),
    BYTES("GET /v1/%ff HTTP/1.1\r\nHost: x\r\n\r\n"),
    BYTES("GET /v1/plans?%c3%28=1 HTTP/1.1\r\nHost: x\r\n\r\n"),
    BYTES("GET /v1/apps/%00 HTTP/1.1\r\nHost: x\r\n\r\n"),
    BYTES("GET /v1/plans HTTP/1.1\r\nHost: x\r\nX-Request-Id: \xff\xff\r\n\r\n"),
    BYTES("GET /v1/plans HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xc3\r\n\r\n"),
    BYTES("GET /v1/plans HTTP/1.1\r\nHost: x\r\nAccept: \xff/\xfe\r\n\r\n"),
    BYTES("\xff\xfe\xfd /v1/plans HTTP/1.1\r\nHost: x\r\n\r\n"),
    BYTES("GET http://elsewhere/v1/plans HTTP/1.1\r\nHost: x\r\n\r\n"),
    BYTES("GET //v1//plans HTTP/1.1\r\nHost: x\r\n\r\n"),
    BYTES("GET * HTTP/1.1\r\nHost: x\r\n\r\n"),
    BYTES("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"),
    BYTES("CONNECT localhost:22 HTTP/1.1\r\nHost: x\r\n\r\n"),
    BYTES("TRACE /livez HTTP/1.1\r\nHost: x\r\nX-Secret: s3cr3t\r\n\r\n"),
    BYTES("GET /livez\r\n\r\n"),
    BYTES("GET /livez HTTP/9.9\r\n\r\n"),
    BYTES("GET  /livez  HTTP/1.1\r\nHost: x\r\n\r\n"),
    BYTES("GET /livez HTTP/1.1\r\n: empty\r\nHost x\r\n\r\n"),
    BYTES("GET /livez HTTP/1.1\r\nHost: x\r\nExpect: 200-maybe\r\n\r\n"),
    BYTES(
        "POST /v1/plans HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"),
    BYTES("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
};

static void bytes_that_do_not_belong_there_are_answered_well_or_cut(void **state)
{
    struct api_world *world = *state;

    for (size_t i = 0; i < ZDD_COUNT(odd_requests); i++) {
        const int status = status_of(world->port, odd_requests[i].data, odd_requests[i].size);

        if (status != 0 && (status < 200 || status > 505 || status == 500))
            fail_msg("number %zu was answered %d", i, status);
    }
    others_are_served(world);
}

static void garbage_is_cut(void **state)
{
    struct api_world *world = *state;
    uint32_t seed = 20240501;

    for (int round = 0; round < 300; round++) {
        char garbage[600];

        for (size_t i = 0; i < sizeof(garbage); i++) {
            seed = seed * 1664525u + 1013904223u;
            garbage[i] = (char)(seed >> 24);
        }
        memcpy(garbage + sizeof(garbage) - 4, "\r\n\r\n", 4);
        if (round % 2)
            memcpy(garbage, "GET /livez HTTP/1.1\r\n", 21);
        (void)status_of(world->port, garbage, sizeof(garbage));
    }
    others_are_served(world);
}

/* ---- bodies ---- */

static int post(struct api_world *world, const char *body, size_t size, const char *header)
{
    struct wire wire = wire_open(world->port);
    ZDD_AUTO_BUF struct zdd_buf text = {0};

    zdd_buf_printf(&text,
                   "POST /v1/plans HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                   "Content-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n",
                   world->token, size, header);
    zdd_buf_append(&text, body, size);
    wire_send_bytes(&wire, text.data, text.size);
    return first_status(&wire, body);
}

static void bodies_that_are_no_honest_json_are_refused(void **state)
{
    static const struct bytes malformed[] = {
        BYTES("{\"strategy\":\"restart\",\"appId\":\"/a\",\"appId\":\"/b\"}"),
        BYTES("{\"strategy\":\"restart\",\"appId\":\"/a\\u0000/b\"}"),
        BYTES("{\"\\u0000\":1}"),
        BYTES("{\"strategy\":\"restart\",\"appId\":\"\\ud800\"}"),
        BYTES("{\"strategy\":\"restart\",\"appId\":\"\\udc00\\ud800\"}"),
        BYTES("{\"strategy\":\"restart\",\"appId\":\"\xff\xfe\"}"),
        BYTES("{\"strategy\":\"restart\",\"appId\":\"\xed\xa0\x80\"}"), /* a surrogate in UTF-8 */
        BYTES("{\"strategy\":\"restart\",\"appId\":\"\xc0\xaf\"}"),     /* overlong */
        BYTES("{\"deadlineSeconds\":1e999}"),
        BYTES("{\"deadlineSeconds\":9223372036854775808}"),
        BYTES("{\"deadlineSeconds\":-9223372036854775809}"),
        BYTES("{\"deadlineSeconds\":NaN}"),
        BYTES("{\"strategy\":\"restart\"}\0{}"),
        BYTES("\xef\xbb\xbf{}"),
        BYTES("{\"a\":1}{}"),
        BYTES("\0"),
    };
    static const struct bytes invalid[] = {
        BYTES("{\"strategy\":\"scale\",\"appId\":\"/a\",\"options\":{\"instances\":"
              "9223372036854775807}}"),
        BYTES("{\"strategy\":\"scale\",\"appId\":\"/a\",\"options\":{\"instances\":1e308}}"),
        BYTES("{\"strategy\":\"scale\",\"appId\":\"/a\",\"options\":{\"instances\":-1e308}}"),
        BYTES("{\"strategy\":\"restart\",\"appId\":\"/a\",\"deadlineSeconds\":1e-320}"),
        BYTES("{\"strategy\":\"rolling\",\"app\":{\"id\":\"/a\",\"cmd\":\"x\",\"instances\":"
              "9223372036854775807}}"),
        BYTES("{\"strategy\":\"restart\",\"appId\":\"/../../etc/passwd\"}"),
        BYTES("{\"strategy\":\"restart\",\"appId\":\"/a/%2e%2e/b\"}"),
        BYTES("{\"strategy\":\"restart\",\"appId\":\"/a'; DROP TABLE run; --\"}"),
        BYTES("{\"strategy\":\"restart\",\"appId\":\"/a\\u007f\\n\"}"),
    };
    struct api_world *world = *state;

    for (size_t i = 0; i < ZDD_COUNT(malformed); i++) {
        if (post(world, malformed[i].data, malformed[i].size, "") != 400)
            fail_msg("%s was not refused as malformed", malformed[i].data);
    }
    for (size_t i = 0; i < ZDD_COUNT(invalid); i++) {
        if (post(world, invalid[i].data, invalid[i].size, "") != 422)
            fail_msg("%s was not refused as invalid", invalid[i].data);
    }
    others_are_served(world);
}

/* The server's and the caller's: how long others keep the processor is not what is asked. */
static double processor_ms(void)
{
    return (double)clock() * 1e3 / (double)CLOCKS_PER_SEC;
}

/* A mebibyte of @p piece between @p start and @p end. */
static void post_large(struct api_world *world, const char *start, const char *piece,
                       const char *end, int status)
{
    ZDD_AUTO_BUF struct zdd_buf body = {0};
    double took_ms;

    zdd_buf_text(&body, start);
    while (body.size + strlen(piece) + strlen(end) <= (size_t)1024 * 1024)
        zdd_buf_text(&body, piece);
    zdd_buf_text(&body, end);
    took_ms = processor_ms();
    assert_int_equal(post(world, body.data, body.size, ""), status);
    took_ms = processor_ms() - took_ms;
    if (took_ms > COST_MS_MAX)
        fail_msg("a mebibyte of %s took %.0f ms of the processor", piece, took_ms);
}

static void the_largest_bodies_cost_little(void **state)
{
    struct api_world *world = *state;

    post_large(world, "", "[", "", 413);
    post_large(world, "", "{\"a\":", "", 413);
    post_large(world, "\"", "[", "\"", 422);
    post_large(world, "{\"strategy\":\"restart\",\"reason\":\"", "x", "\"}", 422);
    post_large(world, "{\"strategy\":\"restart\",\"appId\":\"", "/a", "\"}", 422);
    post_large(world, "{\"strategy\":\"rolling\",\"app\":{\"id\":\"/a\",\"healthChecks\":[{}",
               ",{}", "]}}", 413);
    post_large(world, "{\"strategy\":\"rolling\",\"app\":{\"id\":\"/a\",\"env\":[0", ",0", "]}}",
               413);
    post_large(world, "[0", ",0", "]", 413);
    post_large(world, "1", "0", "", 400);
    others_are_served(world);
}

static void a_key_of_any_bytes_is_kept_or_refused(void **state)
{
    static const char body[] = "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\"}";
    struct api_world *world = *state;

    api_world_base(world);
    assert_int_equal(post(world, body, sizeof(body) - 1, "Idempotency-Key: \xff\xfe'\";--\r\n"),
                     201);
    assert_int_equal(post(world, body, sizeof(body) - 1, "Idempotency-Key: \"\"\r\n"), 400);
    assert_int_equal(
        post(world, body, sizeof(body) - 1, "Idempotency-Key: a\r\nIdempotency-Key: b\r\n"), 400);
    apiclient_expect(apiclient_get(world->client, "/v1/audit"), 200, NULL);
    others_are_served(world);
}

static void ids_that_climb_lead_nowhere(void **state)
{
    static const char *const ids[] = {
        "..",
        "%2e%2e",
        "..%2f..%2fetc%2fpasswd",
        "%2F..%2F..",
        "%2Fa%2F..%2Fb",
        "%2F%2F",
        "%2Fa%0d%0aX-Forged:%20yes",
        "%252Fa",
        "%2Fa%3Fb",
        "%5c..%5c",
        "'%20OR%201=1%20--",
        "%E2%80%AE",
        "%2Frestart",
    };
    static const char *const paths[] = {"/v1/apps/", "/v1/plans/", "/v1/deployments/"};
    struct api_world *world = *state;

    for (size_t i = 0; i < ZDD_COUNT(ids) * ZDD_COUNT(paths); i++) {
        char request[500];
        struct wire_reply reply;

        snprintf(request, sizeof(request),
                 "GET %s%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
                 paths[i % ZDD_COUNT(paths)], ids[i / ZDD_COUNT(paths)], world->token);
        reply = wire_ask(world->port, request);
        if (reply.status != 404)
            fail_msg("%s was answered %d", request, reply.status);
        check_reply(&reply, request);
        assert_null(wire_header(&reply, "X-Forged"));
        wire_reply_free(&reply);
    }
    assert_int_equal(world->cluster.get_count, 0); /* Marathon never heard of them */
    others_are_served(world);
}

static void positions_at_the_edge_of_numbers_are_answered(void **state)
{
    static const char *const headers[] = {
        "Last-Event-ID: 9223372036854775807",
        "Last-Event-ID: 9223372036854775808",
        "Last-Event-ID: -1",
        "Last-Event-ID: 0",
        "If-None-Match: W/\"9223372036854775807\"",
        "Prefer: wait=99999999999999999999",
    };
    static const char *const paths[] = {"/v1/events", "/v1/deployments", "/v1/audit"};
    struct api_world *world = *state;

    api_world_events(world, "deployment.queued", "/zdd/base", 3);
    for (size_t i = 0; i < ZDD_COUNT(headers) * ZDD_COUNT(paths); i++) {
        char request[500];
        int status;

        snprintf(request, sizeof(request),
                 "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n\r\n",
                 paths[i % ZDD_COUNT(paths)], world->token, headers[i / ZDD_COUNT(paths)]);
        status = status_of(world->port, request, strlen(request));
        if (status != 200 && status != 400)
            fail_msg("%s was answered %d", request, status);
    }
    others_are_served(world);
}

static void a_stream_can_begin_anywhere(void **state)
{
    static const char *const positions[] = {"0", "2", "1000000", "9223372036854775806",
                                            "9223372036854775807"};
    struct api_world *world = *state;
    struct door door = open_door(world, 0);

    api_world_events(world, "deployment.queued", "/zdd/base", 3);
    for (size_t i = 0; i < ZDD_COUNT(positions); i++) {
        struct wire wire = wire_open(door.port);
        char request[400];

        snprintf(request, sizeof(request),
                 "GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
                 "Authorization: Bearer %s\r\nLast-Event-ID: %s\r\n\r\n",
                 world->token, positions[i]);
        wire_send(&wire, request);
        assert_true(wire_expect(&wire, "HTTP/1.1 200 OK\r\n"));
        assert_true(wire_expect(&wire, "\r\n\r\n"));
        /* Whoever has seen less than there is gets it, whoever has seen more is told. */
        assert_true(wire_expect(&wire, strlen(positions[i]) > 1 ? "event: reset"
                                                                : "event: deployment.queued"));
        api_world_events(world, "deployment.paused", "/zdd/base", 1);
        assert_true(wire_expect(&wire, "event: deployment.paused"));
        wire_close(&wire);
    }
    close_door(&door);
    others_are_served(world);
}

static int setup(void **state)
{
    return api_world_setup(state);
}

static int teardown(void **state)
{
    struct api_world *world = *state;

    nobody_stays(world->http, 1);
    return api_world_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_head_that_trickles_in_for_ever_is_cut_and_others_are_served),
        TEST(a_slow_but_honest_caller_is_served_again_and_again),
        TEST(half_open_connections_are_cut_and_others_are_served),
        TEST(two_thousand_idle_readers_cost_others_nothing_and_each_hears_the_news),
        TEST(a_reader_that_stops_reading_is_cut_and_others_are_served),
        TEST(a_hundred_requests_in_one_piece_are_answered_in_order),
        TEST(heads_that_are_too_large_are_refused),
        TEST(a_head_a_little_too_large_hears_431),
        TEST(a_hundred_megabytes_are_refused_at_once_and_never_kept),
        TEST(chunks_without_an_end_are_cut_and_never_kept),
        TEST(ten_thousand_wrong_tokens_are_refused_and_leave_no_trace),
        TEST(what_two_readers_would_understand_differently_smuggles_nothing),
        TEST(a_length_that_lies_hurts_only_the_liar),
        TEST(bytes_that_do_not_belong_there_are_answered_well_or_cut),
        TEST(garbage_is_cut),
        TEST(bodies_that_are_no_honest_json_are_refused),
        TEST(the_largest_bodies_cost_little),
        TEST(a_key_of_any_bytes_is_kept_or_refused),
        TEST(ids_that_climb_lead_nowhere),
        TEST(positions_at_the_edge_of_numbers_are_answered),
        TEST(a_stream_can_begin_anywhere),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
