/**
 * @file tests/unit/server/cluster/test_marathon.c
 * @brief The adapter against a server of raw bytes: what it sends, and what it makes of good and
 * bad days.
 */
#include "server/base/clock.h"
#include "server/cluster/marathon.h"
#include "server/json/json.h"
#include "tests/support/spec.h"
#include "tests/unit/server/net/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX 12
#define VERSION "2024-05-01T10:00:00.000Z"
#define APP_JSON                                                                                   \
    "{\"id\":\"/shop/cart\",\"cmd\":\"sleep 1\",\"instances\":2,\"version\":\"" VERSION            \
    "\",\"tasks\":[],\"deployments\":[]}"

/* Answers in the order of requests; the last one is repeated. NULL: none, until the client goes. */
struct script {
    size_t count;
    char *answer[ANSWER_MAX];
    bool cut; /* close the connection instead of the last answer */
};

/* One or two Marathons and an adapter. */
struct scene {
    struct peer peer[2];
    struct script script[2];
    struct zdd_marathon *marathon;
    struct zdd_cluster cluster;
    char reason[ZDD_CLUSTER_REASON_SIZE];
    struct zdd_app_view view[3];
    struct zdd_cluster_ack ack;
};

static void serve_script(struct peer *peer, int fd, int index)
{
    struct script *script = peer->cls;

    (void)index;
    while (peer_read(peer, fd)) {
        const size_t request = (size_t)peer->requests - 1;
        const size_t last = script->count - 1;

        if (script->cut && request >= last)
            return;
        if (!script->answer[request < last ? request : last]) {
            peer_wait_close(fd);
            return;
        }
        peer_say(fd, script->answer[request < last ? request : last]);
    }
}

/* Append an answer: status and further header lines, each with CRLF at its end; a body. */
__attribute__((format(printf, 4, 5))) static void add(struct script *script, const char *status,
                                                      const char *headers, const char *format, ...)
{
    char body[2000], *answer = malloc(4000);
    va_list args;

    assert_non_null(answer);
    assert_true(script->count < ANSWER_MAX);
    va_start(args, format);
    vsnprintf(body, sizeof(body), format, args);
    va_end(args);
    snprintf(answer, 4000, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status, headers,
             strlen(body), body);
    script->answer[script->count++] = answer;
}

#define JSON "Content-Type: application/json\r\n"
#define HTML "Content-Type: text/html;charset=iso-8859-1\r\n"

static void open_with(struct scene *scene, const char *const *urls, size_t count,
                      struct zdd_marathon_options options)
{
    options.urls = urls;
    options.url_count = count;
    scene->marathon = zdd_marathon_open(&options);
    assert_non_null(scene->marathon);
    scene->cluster = zdd_marathon_cluster(scene->marathon);
}

static void start(struct scene *scene)
{
    memset(scene, 0, sizeof(*scene));
    peer_start(&scene->peer[0], serve_script, &scene->script[0]);
    peer_start(&scene->peer[1], serve_script, &scene->script[1]);
}

/* An adapter with the first peer only. */
static void open_one(struct scene *scene)
{
    const char *const urls[] = {scene->peer[0].url};

    open_with(scene, urls, 1, (struct zdd_marathon_options){0});
}

static void open_both(struct scene *scene, struct zdd_marathon_options options)
{
    const char *const urls[] = {scene->peer[0].url, scene->peer[1].url};

    open_with(scene, urls, 2, options);
}

static void stop(struct scene *scene)
{
    assert_null(zdd_marathon_free(scene->marathon));
    for (int i = 0; i < 2; i++) {
        peer_stop(&scene->peer[i]);
        for (size_t j = 0; j < scene->script[i].count; j++)
            free(scene->script[i].answer[j]);
    }
}

static enum zdd_err look(struct scene *scene)
{
    const struct zdd_app_ask ask = {"/shop/cart", NULL, NULL, NULL};

    return scene->cluster.ops->observe(scene->cluster.cls, &ask, 1, scene->view, scene->reason);
}

static const struct zdd_cluster_order order = {
    .app_id = "/shop/cart",
    .definition = "{\"cmd\":\"sleep 1\",\"id\":\"/shop/cart\",\"instances\":9}",
    .instances = 4,
    .request_id = "0192f000-0000-7000-8000-000000000000",
};

static enum zdd_err put(struct scene *scene)
{
    return scene->cluster.ops->put(scene->cluster.cls, &order, &scene->ack);
}

static void assert_request(struct scene *scene, int peer, int index, const char *line)
{
    const char *request = peer_request(&scene->peer[peer], index);

    if (strncmp(request, line, strlen(line)) != 0)
        fail_msg("expected %s, got %.200s", line, request);
}

static bool sent(struct scene *scene, int peer, int index, const char *text)
{
    return strstr(peer_request(&scene->peer[peer], index), text) != NULL;
}

/* A port of loopback where nobody listens, kept by a socket that never will. */
static int take_dead_port(char url[static 64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    snprintf(url, 64, "http://127.0.0.1:%u", ntohs(address.sin_port));
    return fd;
}

static void one_app_is_one_request(void **state)
{
    struct scene scene;

    (void)state;
    start(&scene);
    add(&scene.script[0], "200 OK", JSON, "{\"app\":%s}", APP_JSON);
    open_one(&scene);
    assert_int_equal(look(&scene), ZDD_ERR_NONE);
    assert_true(scene.view[0].exists);
    assert_int_equal(scene.view[0].instances, 2);
    assert_int_equal(scene.peer[0].requests, 1);
    assert_request(&scene, 0, 0, "GET /v2/apps/shop/cart?embed=app.readiness HTTP/1.1\r\n");
    stop(&scene);
}

static void several_apps_are_one_request_too(void **state)
{
    const struct zdd_app_ask asks[] = {{"/shop/cart", NULL, NULL, NULL},
                                       {"/shop/cart", NULL, NULL, NULL}};
    struct scene scene;

    (void)state;
    start(&scene);
    add(&scene.script[0], "200 OK", JSON, "{\"apps\":[%s]}", APP_JSON);
    open_one(&scene);
    assert_int_equal(
        scene.cluster.ops->observe(scene.cluster.cls, asks, 2, scene.view, scene.reason),
        ZDD_ERR_NONE);
    assert_true(scene.view[0].exists && scene.view[1].exists);
    assert_int_equal(scene.peer[0].requests, 1);
    assert_request(&scene, 0, 0,
                   "GET /v2/apps?embed=apps.tasks&embed=apps.deployments"
                   "&embed=apps.lastTaskFailure&embed=apps.readiness HTTP/1.1\r\n");
    stop(&scene);
}

static void no_app_asked_for_is_no_request(void **state)
{
    struct scene scene;

    (void)state;
    start(&scene);
    open_one(&scene);
    assert_int_equal(
        scene.cluster.ops->observe(scene.cluster.cls, NULL, 0, scene.view, scene.reason),
        ZDD_ERR_NONE);
    assert_int_equal(scene.peer[0].requests, 0);
    stop(&scene);
}

static void a_missing_app_may_still_be_under_removal(void **state)
{
    const struct zdd_app_ask asks[] = {{"/shop/cart", NULL, NULL, NULL},
                                       {"/gone", NULL, NULL, NULL}};
    struct scene scene;

    (void)state;
    start(&scene);
    add(&scene.script[0], "404 Not Found", JSON, "{\"message\":\"App '/x' does not exist\"}");
    add(&scene.script[0], "200 OK", JSON, "[{\"id\":\"d1\",\"affectedApps\":[\"/shop/cart\"]}]");
    add(&scene.script[0], "200 OK", JSON, "{\"apps\":[%s]}", APP_JSON);
    add(&scene.script[0], "200 OK", JSON, "[{\"id\":\"d2\",\"affectedApps\":[\"/gone\"]}]");
    open_one(&scene);
    assert_int_equal(look(&scene), ZDD_ERR_NONE);
    assert_false(scene.view[0].exists);
    assert_int_equal(scene.view[0].lock_count, 1);
    assert_string_equal(scene.view[0].lock[0], "d1");
    assert_request(&scene, 0, 1, "GET /v2/deployments HTTP/1.1\r\n");

    assert_int_equal(
        scene.cluster.ops->observe(scene.cluster.cls, asks, 2, scene.view, scene.reason),
        ZDD_ERR_NONE);
    assert_true(scene.view[0].exists);
    assert_int_equal(scene.view[0].lock_count, 0);
    assert_false(scene.view[1].exists);
    assert_string_equal(scene.view[1].lock[0], "d2");
    stop(&scene);
}

static void a_404_that_is_not_marathons_does_not_make_the_app_disappear(void **state)
{
    struct scene scene;

    (void)state;
    start(&scene);
    add(&scene.script[0], "404 Not Found", HTML, "<html>nginx</html>");
    open_one(&scene);
    assert_int_equal(look(&scene), ZDD_ERR_CLUSTER_NONSENSE);
    assert_non_null(strstr(scene.reason, "answered 404 with an HTML page"));
    assert_null(strstr(scene.reason, "nginx"));
    stop(&scene);
}

static void bad_answers_to_a_look_have_a_name_each(void **state)
{
    static const struct {
        const char *status, *headers, *body;
        enum zdd_err err;
    } rows[] = {
        {"200 OK", HTML, "<html>please log in</html>", ZDD_ERR_CLUSTER_NONSENSE},
        {"200 OK", JSON, "{\"app\":{\"id\":\"/sho", ZDD_ERR_CLUSTER_NONSENSE},
        {"200 OK", JSON, "{\"app\":{\"id\":\"/other\"}}", ZDD_ERR_CLUSTER_NONSENSE},
        {"200 OK", JSON, "{\"*\":[]}", ZDD_ERR_CLUSTER_NONSENSE},
        {"503 Service Unavailable", HTML, "<html>", ZDD_ERR_CLUSTER_UNWELL},
        {"500 Server Error", JSON, "{\"message\":\"boom\"}", ZDD_ERR_CLUSTER_UNWELL},
        {"401 Unauthorized", HTML, "<html>", ZDD_ERR_CLUSTER_FORBIDDEN},
        {"302 Found", "Location: mailto:x\r\n", "", ZDD_ERR_CLUSTER_NONSENSE},
        {"304 Not Modified", "", "", ZDD_ERR_CLUSTER_NONSENSE},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct scene scene;

        start(&scene);
        add(&scene.script[0], rows[i].status, rows[i].headers, "%s", rows[i].body);
        open_one(&scene);
        if (look(&scene) != rows[i].err)
            fail_msg("row %zu: %s", i, scene.reason);
        assert_true(scene.reason[0] != '\0');
        stop(&scene);
    }
}

/* Send half of what was announced, then close. */
static void serve_half(struct peer *peer, int fd, int index)
{
    (void)index;
    if (peer_read(peer, fd))
        peer_say(fd, "HTTP/1.1 200 OK\r\n" JSON "Content-Length: 4900\r\n\r\n{\"app\":{\"id\"");
}

/* Whatever goes wrong with the list of all: no app may seem to be gone because of it. */
static void bad_answers_about_all_apps_make_none_of_them_disappear(void **state)
{
    static const struct zdd_app_ask asks[] = {{"/shop/cart", NULL, NULL, NULL},
                                              {"/gone", NULL, NULL, NULL}};
    static const char deployments[] = "[{\"id\":\"d2\",\"affectedApps\":[\"/gone\"]}]";
    static const struct {
        const char *status, *apps;
        const char *then_status, *then;
        const char *reason;
    } rows[] = {
        {"404 Not Found", "{\"message\":\"nothing here\"}", NULL, NULL,
         "what answers /v2/apps is not Marathon"},
        {"200 OK", "{\"app\":[]}", NULL, NULL, "Marathon's answer about all apps has none"},
        {"200 OK", "{\"apps\":{}}", NULL, NULL, "Marathon's answer about all apps has none"},
        {"200 OK", "{\"apps\":[{\"id\":\"/shop/cart\",\"instances\":\"two\"}]}", "200 OK",
         deployments, "Marathon's answer about /shop/cart is no app"},
        {"200 OK", "{\"apps\":[" APP_JSON "]}", "200 OK", "{\"deployments\":[]}",
         "Marathon's answer about deployments is no list"},
        {"200 OK", "{\"apps\":[" APP_JSON "]}", "404 Not Found", "{\"message\":\"no such thing\"}",
         "what answers /v2/deployments is not Marathon"},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct scene scene;

        start(&scene);
        add(&scene.script[0], rows[i].status, JSON, "%s", rows[i].apps);
        if (rows[i].then)
            add(&scene.script[0], rows[i].then_status, JSON, "%s", rows[i].then);
        open_one(&scene);
        assert_int_equal(
            scene.cluster.ops->observe(scene.cluster.cls, asks, 2, scene.view, scene.reason),
            ZDD_ERR_CLUSTER_NONSENSE);
        if (!strstr(scene.reason, rows[i].reason))
            fail_msg("row %zu: %s", i, scene.reason);
        stop(&scene);
    }
}

static void a_definition_that_is_none_is_not_sent(void **state)
{
    static const char *const broken[] = {"{\"id\":", "[]", ""};
    struct scene scene;

    (void)state;
    start(&scene);
    open_one(&scene);
    for (size_t i = 0; i < ZDD_COUNT(broken); i++) {
        const struct zdd_cluster_order bad = {
            .app_id = "/shop/cart", .definition = broken[i], .instances = 2, .request_id = "r"};

        assert_int_not_equal(scene.cluster.ops->put(scene.cluster.cls, &bad, &scene.ack),
                             ZDD_ERR_NONE);
        assert_true(*scene.ack.words);
    }
    assert_int_equal(scene.peer[0].requests, 0);
    stop(&scene);
}

static void an_answer_that_breaks_off_is_no_answer(void **state)
{
    struct scene scene = {0};

    (void)state;
    peer_start(&scene.peer[0], serve_half, NULL);
    peer_start(&scene.peer[1], serve_half, NULL);
    open_both(&scene, (struct zdd_marathon_options){0});
    assert_int_equal(look(&scene), ZDD_ERR_CLUSTER_DOWN);
    assert_int_equal(scene.peer[0].requests, 1);
    assert_int_equal(scene.peer[1].requests, 1);
    assert_int_equal(put(&scene), ZDD_ERR_CLUSTER_DOWN);
    assert_int_equal(scene.peer[0].requests + scene.peer[1].requests, 3);
    stop(&scene);
}

static void nobody_there_is_down_and_the_reason_names_the_place(void **state)
{
    struct scene scene;
    char url[64];
    const int fd = take_dead_port(url);
    const char *const urls[] = {url};

    (void)state;
    start(&scene);
    open_with(&scene, urls, 1, (struct zdd_marathon_options){0});
    assert_int_equal(look(&scene), ZDD_ERR_CLUSTER_DOWN);
    assert_non_null(strstr(scene.reason, url));
    stop(&scene);
    close(fd);
}

static void the_next_address_is_tried_and_kept(void **state)
{
    struct scene scene;
    char dead[64];
    const int fd = take_dead_port(dead);

    (void)state;
    start(&scene);
    add(&scene.script[0], "503 Service Unavailable", HTML, "<html>no leader</html>");
    add(&scene.script[1], "200 OK", JSON, "{\"app\":%s}", APP_JSON);

    const char *const urls[] = {dead, scene.peer[0].url, scene.peer[1].url};

    open_with(&scene, urls, 3, (struct zdd_marathon_options){0});
    assert_int_equal(look(&scene), ZDD_ERR_NONE);
    assert_int_equal(look(&scene), ZDD_ERR_NONE);
    assert_int_equal(scene.peer[0].requests, 1);
    assert_int_equal(scene.peer[1].requests, 2);
    stop(&scene);
    close(fd);
}

static void when_all_addresses_fail_each_is_named(void **state)
{
    struct scene scene;
    char dead[64];
    const int fd = take_dead_port(dead);

    (void)state;
    start(&scene);
    add(&scene.script[0], "503 Service Unavailable", HTML, "<html>no leader</html>");

    const char *const urls[] = {dead, scene.peer[0].url};

    open_with(&scene, urls, 2, (struct zdd_marathon_options){0});
    assert_int_equal(look(&scene), ZDD_ERR_CLUSTER_UNWELL); /* tells more than "down" */
    assert_non_null(strstr(scene.reason, dead));
    assert_non_null(strstr(scene.reason, scene.peer[0].url));
    stop(&scene);
    close(fd);
}

static void a_slow_address_leaves_time_for_the_next(void **state)
{
    struct scene scene;
    int64_t began_ms;

    (void)state;
    start(&scene);
    scene.script[0].count = 1; /* never answers */
    add(&scene.script[1], "200 OK", JSON, "{\"app\":%s}", APP_JSON);
    open_both(&scene, (struct zdd_marathon_options){.timeout_ms = 2000});
    assert_int_equal(look(&scene), ZDD_ERR_NONE);
    stop(&scene);

    start(&scene);
    scene.script[0].count = 1;
    scene.script[1].count = 1;
    open_both(&scene, (struct zdd_marathon_options){.timeout_ms = 400});
    began_ms = zdd_mono_ms();
    assert_int_equal(look(&scene), ZDD_ERR_CLUSTER_SLOW);
    assert_true(zdd_mono_ms() - began_ms >= 390);
    stop(&scene);
}

static void a_put_sends_the_whole_definition_with_its_length(void **state)
{
    struct scene scene;

    (void)state;
    start(&scene);
    add(&scene.script[0], "200 OK", JSON "Marathon-Deployment-Id: d1\r\n",
        "{\"version\":\"" VERSION "\",\"deploymentId\":\"d1\"}");
    open_one(&scene);
    assert_int_equal(put(&scene), ZDD_ERR_NONE);
    assert_string_equal(scene.ack.version, VERSION);
    assert_string_equal(scene.ack.deployment_id, "d1");
    assert_int_equal(scene.ack.status, 200);
    assert_request(&scene, 0, 0,
                   "PUT /v2/apps/shop/cart?partialUpdate=false&force=false HTTP/1.1\r\n");
    assert_true(sent(&scene, 0, 0, "\r\nX-Request-Id: 0192f000-0000-7000-8000-000000000000\r\n"));
    assert_true(sent(&scene, 0, 0, "\r\ntraceparent: 00-0192f000000070008000000000000000-"));
    assert_true(sent(&scene, 0, 0, "\r\nContent-Type: application/json\r\n"));
    assert_true(sent(&scene, 0, 0, "\r\nContent-Length: 49\r\n"));
    assert_false(sent(&scene, 0, 0, "Transfer-Encoding"));
    assert_true(
        sent(&scene, 0, 0, "\r\n\r\n{\"cmd\":\"sleep 1\",\"id\":\"/shop/cart\",\"instances\":4}"));
    stop(&scene);
}

static void restart_and_remove_always_say_whether_to_force(void **state)
{
    struct zdd_cluster_order forced = order;
    struct scene scene;

    (void)state;
    forced.force = true;
    start(&scene);
    add(&scene.script[0], "200 OK", JSON, "{\"version\":\"v\",\"deploymentId\":\"d\"}");
    open_one(&scene);

    const struct zdd_cluster_ops *ops = scene.cluster.ops;
    void *cls = scene.cluster.cls;

    assert_int_equal(ops->restart(cls, &order, &scene.ack), ZDD_ERR_NONE);
    assert_int_equal(ops->restart(cls, &forced, &scene.ack), ZDD_ERR_NONE);
    assert_int_equal(ops->remove(cls, &order, &scene.ack), ZDD_ERR_NONE);
    assert_int_equal(ops->remove(cls, &forced, &scene.ack), ZDD_ERR_NONE);
    assert_request(&scene, 0, 0, "POST /v2/apps/shop/cart/restart?force=false HTTP/1.1\r\n");
    assert_request(&scene, 0, 1, "POST /v2/apps/shop/cart/restart?force=true HTTP/1.1\r\n");
    assert_request(&scene, 0, 2, "DELETE /v2/apps/shop/cart?force=false HTTP/1.1\r\n");
    assert_request(&scene, 0, 3, "DELETE /v2/apps/shop/cart?force=true HTTP/1.1\r\n");
    stop(&scene);
}

static void a_refused_order_brings_marathons_words_and_pointers(void **state)
{
    struct scene scene;

    (void)state;
    start(&scene);
    add(&scene.script[0], "422 Unprocessable Entity", JSON,
        "{\"message\":\"Object is not valid\",\"details\":[{\"path\":\"/cmd\",\"errors\":"
        "[\"is too short\"]}]}");
    add(&scene.script[0], "409 Conflict", JSON,
        "{\"message\":\"App is locked\",\"deployments\":[{\"id\":\"d1\"},{\"id\":\"d2\"}]}");
    add(&scene.script[0], "502 Bad Gateway", HTML, "<html>secret</html>");
    open_one(&scene);
    assert_int_equal(put(&scene), ZDD_ERR_CLUSTER_REFUSED);
    assert_int_equal(scene.ack.status, 422);
    assert_string_equal(scene.ack.words, "Object is not valid: is too short (#/app/cmd)");
    assert_string_equal(scene.ack.errors,
                        "[{\"pointer\":\"#/app/cmd\",\"detail\":\"is too short\"}]");

    assert_int_equal(put(&scene), ZDD_ERR_CLUSTER_LOCKED);
    assert_int_equal(scene.ack.lock_count, 2);
    assert_string_equal(scene.ack.lock[1], "d2");
    assert_string_equal(scene.ack.errors, "");

    assert_int_equal(put(&scene), ZDD_ERR_CLUSTER_UNWELL);
    assert_string_equal(scene.ack.words, "answered 502 with an HTML page");
    stop(&scene);
}

/* Marathon quotes what it refuses; a text too long for the ack is cut after that. */
static void a_refused_order_is_not_quoted_where_it_was_secret(void **state)
{
    static const struct zdd_unspoken secret = {"hunter2 \"q\"", "<secret>"};
    struct scene scene;

    (void)state;
    start(&scene);
    add(&scene.script[0], "422 Unprocessable Entity", JSON,
        "{\"message\":\"Object is not valid\",\"details\":[{\"path\":\"/env(A)\",\"errors\":"
        "[\"is hunter2 \\\"q\\\", from {\\\"A\\\":\\\"hunter2 \\\\\\\"q\\\\\\\"\\\"}\"]}]}");
    open_one(&scene);

    const struct zdd_cluster_order quiet = {.app_id = "/shop/cart",
                                            .definition = "{}",
                                            .instances = 1,
                                            .unspoken = {.count = 1, .item = &secret}};

    assert_int_equal(scene.cluster.ops->put(scene.cluster.cls, &quiet, &scene.ack),
                     ZDD_ERR_CLUSTER_REFUSED);
    assert_string_equal(
        scene.ack.words,
        "Object is not valid: is <secret>, from {\"A\":\"<secret>\"} (#/app/env/A)");
    assert_null(strstr(scene.ack.errors, "hunter2"));
    stop(&scene);
}

static const int kept;

static enum zdd_err conceal(const void *secrets, json_t *app)
{
    json_t *failure = json_object_get(app, "lastTaskFailure");

    assert_ptr_equal(secrets, &kept);
    return json_object_set_new(failure, "message", json_string("told so")) == 0 ? ZDD_ERR_NONE
                                                                                : ZDD_ERR_NO_MEMORY;
}
/* What comes from outside is concealed before anybody else sees it. */
static void why_a_task_failed_is_told_without_secrets(void **state)
{
    static const char app[] = "{\"app\":{\"id\":\"/shop/cart\",\"instances\":1,\"tasks\":[],"
                              "\"lastTaskFailure\":{\"state\":\"TASK_FAILED\",\"message\":"
                              "\"docker run -e A=hunter2\",\"timestamp\":"
                              "\"2024-05-01T09:00:00.000Z\"}}}";
    struct scene scene;

    (void)state;
    start(&scene);
    add(&scene.script[0], "200 OK", JSON, "%s", app);
    open_both(&scene, (struct zdd_marathon_options){.conceal = conceal, .secrets = &kept});
    assert_int_equal(look(&scene), ZDD_ERR_NONE);
    assert_string_equal(scene.view[0].failure, "TASK_FAILED: told so");
    stop(&scene);
}

static void an_order_is_never_sent_twice(void **state)
{
    struct scene scene;

    (void)state;
    start(&scene);
    add(&scene.script[0], "200 OK", JSON, "{}");
    scene.script[0].cut = true;
    add(&scene.script[1], "200 OK", JSON, "{\"version\":\"v\",\"deploymentId\":\"d\"}");
    open_both(&scene, (struct zdd_marathon_options){0});
    assert_int_equal(put(&scene), ZDD_ERR_CLUSTER_DOWN);
    assert_int_equal(scene.ack.status, 0);
    assert_true(scene.ack.words[0] != '\0');
    assert_int_equal(scene.peer[0].requests, 1);
    assert_int_equal(scene.peer[1].requests, 0);
    assert_int_equal(put(&scene), ZDD_ERR_NONE); /* the caller's decision; it goes elsewhere */
    assert_int_equal(scene.peer[0].requests, 1);
    assert_int_equal(scene.peer[1].requests, 1);
    stop(&scene);
}

static void an_order_without_an_answer_in_time_is_slow(void **state)
{
    struct scene scene;

    (void)state;
    start(&scene);
    scene.script[0].count = 1; /* never answers */
    open_both(&scene, (struct zdd_marathon_options){.timeout_ms = 300});
    assert_int_equal(put(&scene), ZDD_ERR_CLUSTER_SLOW);
    assert_int_equal(scene.peer[0].requests, 1);
    assert_int_equal(scene.peer[1].requests, 0);
    stop(&scene);
}

static void a_look_follows_a_redirect_with_credentials_to_known_places_only(void **state)
{
    struct scene scene;
    char location[200], elsewhere[64];
    const char *const urls[] = {scene.peer[0].url};
    const struct zdd_marathon_options options = {.auth.basic = "user:secret"};

    (void)state;
    start(&scene);
    snprintf(location, sizeof(location), "Location: %s/v2/apps/shop/cart?x=1\r\n",
             scene.peer[1].url);
    add(&scene.script[0], "302 Found", location, "%s", "");
    /* another name of the same machine is another host as far as credentials go */
    snprintf(elsewhere, sizeof(elsewhere), "http://localhost%s", strrchr(scene.peer[1].url, ':'));
    snprintf(location, sizeof(location), "Location: %s/v2/apps/shop/cart?x=1\r\n", elsewhere);
    add(&scene.script[0], "307 Temporary Redirect", location, "%s", "");
    add(&scene.script[1], "200 OK", JSON, "{\"app\":%s}", APP_JSON);
    open_with(&scene, urls, 1, options);

    assert_int_equal(look(&scene), ZDD_ERR_NONE);
    assert_request(&scene, 1, 0, "GET /v2/apps/shop/cart?x=1 HTTP/1.1\r\n");
    assert_true(sent(&scene, 1, 0, "\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n"));

    assert_int_equal(look(&scene), ZDD_ERR_NONE);
    assert_true(sent(&scene, 0, 1, "\r\nAuthorization: Basic "));
    assert_false(sent(&scene, 1, 1, "Authorization"));
    stop(&scene);
}

static void redirects_in_a_circle_end(void **state)
{
    struct scene scene;

    (void)state;
    start(&scene);
    add(&scene.script[0], "301 Moved Permanently", "Location: /v2/apps/shop/cart\r\n", "%s", "");
    open_one(&scene);
    assert_int_equal(look(&scene), ZDD_ERR_CLUSTER_NONSENSE);
    assert_int_equal(scene.peer[0].requests, 4);
    assert_non_null(strstr(scene.reason, "redirects more than 3 times"));
    stop(&scene);
}

static void a_redirected_order_keeps_its_method_and_query(void **state)
{
    struct scene scene;
    char location[200];

    (void)state;
    start(&scene);
    snprintf(location, sizeof(location), "Location: %s/v2/apps/shop/cart\r\n", scene.peer[1].url);
    add(&scene.script[0], "302 Found", location, "%s", "");
    add(&scene.script[1], "200 OK", JSON, "{\"version\":\"v\",\"deploymentId\":\"d\"}");
    open_both(&scene, (struct zdd_marathon_options){0});
    assert_int_equal(put(&scene), ZDD_ERR_NONE);
    assert_request(&scene, 1, 0,
                   "PUT /v2/apps/shop/cart?partialUpdate=false&force=false HTTP/1.1\r\n");
    assert_true(sent(&scene, 1, 0, "\"instances\":4}"));
    assert_int_equal(put(&scene), ZDD_ERR_NONE); /* straight to where it worked */
    assert_int_equal(scene.peer[0].requests, 1);
    stop(&scene);
}

static void an_order_is_redirected_to_the_leader_but_to_no_stranger(void **state)
{
    struct scene scene;
    char headers[300];

    (void)state;
    start(&scene);
    snprintf(headers, sizeof(headers), "Location: %s/v2/apps/shop/cart\r\n", scene.peer[1].url);
    add(&scene.script[0], "302 Found", headers, "%s", "");
    snprintf(headers, sizeof(headers),
             "Location: %s/v2/apps/shop/cart\r\nX-Marathon-Leader: %s\r\n", scene.peer[1].url,
             scene.peer[1].url);
    add(&scene.script[0], "302 Found", headers, "%s", "");
    add(&scene.script[1], "200 OK", JSON, "{\"version\":\"v\",\"deploymentId\":\"d\"}");
    open_one(&scene);
    assert_int_equal(put(&scene), ZDD_ERR_CLUSTER_NONSENSE);
    assert_int_equal(scene.peer[1].requests, 0);
    assert_non_null(strstr(scene.ack.words, "redirects orders to a place that is not known"));
    assert_int_equal(put(&scene), ZDD_ERR_NONE);
    assert_request(&scene, 1, 0,
                   "PUT /v2/apps/shop/cart?partialUpdate=false&force=false HTTP/1.1\r\n");
    stop(&scene);
}

static void a_base_path_and_a_token_are_used_as_given(void **state)
{
    struct scene scene;
    char base[100];
    const char *const urls[] = {base};

    (void)state;
    start(&scene);
    snprintf(base, sizeof(base), "%s/service/marathon//", scene.peer[0].url);
    add(&scene.script[0], "200 OK", JSON, "{\"app\":%s}", APP_JSON);
    open_with(&scene, urls, 1,
              (struct zdd_marathon_options){.auth.header = "Authorization: token=abc"});
    assert_int_equal(look(&scene), ZDD_ERR_NONE);
    assert_request(&scene, 0, 0, "GET /service/marathon/v2/apps/shop/cart?");
    assert_true(sent(&scene, 0, 0, "\r\nAuthorization: token=abc\r\n"));
    stop(&scene);
}

static void info_is_asked_for_once_a_minute(void **state)
{
    struct zdd_cluster_info info;
    struct scene scene;

    (void)state;
    start(&scene);
    add(&scene.script[0], "200 OK", JSON, "{\"name\":\"nginx\",\"version\":\"1.2\"}");
    add(&scene.script[0], "200 OK", JSON, "{\"name\":\"marathon\",\"version\":\"1.10.19\"}");
    open_one(&scene);
    assert_int_equal(scene.cluster.ops->info(scene.cluster.cls, &info, scene.reason),
                     ZDD_ERR_CLUSTER_NONSENSE);
    assert_non_null(strstr(scene.reason, "not Marathon"));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(scene.cluster.ops->info(scene.cluster.cls, &info, scene.reason),
                         ZDD_ERR_NONE);
        assert_int_equal(info.replace_rule, ZDD_REPLACE_1_10);
    }
    assert_int_equal(scene.peer[0].requests, 2);
    stop(&scene);
}

static void get_hands_the_json_on(void **state)
{
    struct scene scene;
    json_t *json = NULL;

    (void)state;
    start(&scene);
    add(&scene.script[0], "200 OK", JSON, "{\"queue\": []}");
    add(&scene.script[0], "404 Not Found", JSON, "{\"message\":\"App '/x' does not exist\"}");
    open_one(&scene);

    const struct zdd_cluster_ops *ops = scene.cluster.ops;

    assert_int_equal(ops->get(scene.cluster.cls, "/queue?embed=x", &json, scene.reason),
                     ZDD_ERR_NONE);
    assert_true(json_is_array(json_object_get(json, "queue")));
    json_decref(json);
    assert_int_equal(ops->get(scene.cluster.cls, "/apps//x", &json, scene.reason),
                     ZDD_ERR_APP_UNKNOWN);
    assert_request(&scene, 0, 0, "GET /v2/queue?embed=x HTTP/1.1\r\n");
    assert_request(&scene, 0, 1, "GET /v2/apps//x HTTP/1.1\r\n");
    stop(&scene);
}

static void *look_in_a_thread(void *cls)
{
    struct scene *scene = cls;

    scene->ack.status = (long)look(scene);
    return NULL;
}

static void callers_beyond_the_pool_wait_but_not_for_ever(void **state)
{
    struct scene scene;
    struct zdd_app_view view;
    const struct zdd_app_ask ask = {"/shop/cart", NULL, NULL, NULL};
    char reason[ZDD_CLUSTER_REASON_SIZE];
    pthread_t thread;

    (void)state;
    start(&scene);
    scene.script[0].count = 1; /* never answers: the first caller holds the only client */

    const char *const urls[] = {scene.peer[0].url};

    open_with(&scene, urls, 1, (struct zdd_marathon_options){.client_max = 1, .timeout_ms = 600});
    assert_int_equal(pthread_create(&thread, NULL, look_in_a_thread, &scene), 0);
    assert_true(peer_wait_requests(&scene.peer[0], 1));
    /* gets the client when the first gives up, and what is left of its own time */
    assert_int_equal(scene.cluster.ops->observe(scene.cluster.cls, &ask, 1, &view, reason),
                     ZDD_ERR_CLUSTER_SLOW);
    pthread_join(thread, NULL);
    assert_int_equal(scene.ack.status, ZDD_ERR_CLUSTER_SLOW);
    stop(&scene);
}

static void wrong_addresses_are_not_opened(void **state)
{
    static const char *const wrong[] = {"ftp://a", "a:8080", "http://", "http://a?x", ""};
    const struct zdd_marathon_options none = {0};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(wrong); i++) {
        const struct zdd_marathon_options options = {.urls = &wrong[i], .url_count = 1};

        assert_null(zdd_marathon_open(&options));
    }
    assert_null(zdd_marathon_open(&none));
    assert_null(zdd_marathon_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_app_is_one_request),
        cmocka_unit_test(several_apps_are_one_request_too),
        cmocka_unit_test(no_app_asked_for_is_no_request),
        cmocka_unit_test(a_missing_app_may_still_be_under_removal),
        cmocka_unit_test(a_404_that_is_not_marathons_does_not_make_the_app_disappear),
        cmocka_unit_test(bad_answers_to_a_look_have_a_name_each),
        cmocka_unit_test(bad_answers_about_all_apps_make_none_of_them_disappear),
        cmocka_unit_test(a_definition_that_is_none_is_not_sent),
        cmocka_unit_test(an_answer_that_breaks_off_is_no_answer),
        cmocka_unit_test(nobody_there_is_down_and_the_reason_names_the_place),
        cmocka_unit_test(the_next_address_is_tried_and_kept),
        cmocka_unit_test(when_all_addresses_fail_each_is_named),
        cmocka_unit_test(a_slow_address_leaves_time_for_the_next),
        cmocka_unit_test(a_put_sends_the_whole_definition_with_its_length),
        cmocka_unit_test(restart_and_remove_always_say_whether_to_force),
        cmocka_unit_test(a_refused_order_brings_marathons_words_and_pointers),
        cmocka_unit_test(a_refused_order_is_not_quoted_where_it_was_secret),
        cmocka_unit_test(why_a_task_failed_is_told_without_secrets),
        cmocka_unit_test(an_order_is_never_sent_twice),
        cmocka_unit_test(an_order_without_an_answer_in_time_is_slow),
        cmocka_unit_test(a_look_follows_a_redirect_with_credentials_to_known_places_only),
        cmocka_unit_test(redirects_in_a_circle_end),
        cmocka_unit_test(a_redirected_order_keeps_its_method_and_query),
        cmocka_unit_test(an_order_is_redirected_to_the_leader_but_to_no_stranger),
        cmocka_unit_test(a_base_path_and_a_token_are_used_as_given),
        cmocka_unit_test(info_is_asked_for_once_a_minute),
        cmocka_unit_test(get_hands_the_json_on),
        cmocka_unit_test(callers_beyond_the_pool_wait_but_not_for_ever),
        cmocka_unit_test(wrong_addresses_are_not_opened),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
