/**
 * @file tests/lab/test_balancer_life.c
 * @brief The lab's HAProxy as a process: reloaded when it must be, keeping what it knows, coming
 * back when it dies, gone when the lab is.
 */
#define _GNU_SOURCE
#include "tests/support/spec.h"

#include "tests/lab/stage.h"

#include "server/base/buf.h"
#include "server/base/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BACKEND "shop_10080"
#define PAUSE_NS 5000000L

static const struct stage_app shop = {.id = "shop", .version = "0.9", .instances = 2};

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

static void until_more(struct stage *stage, const char *key, int64_t before)
{
    const int64_t until_ms = zdd_mono_ms() + LAB_WAIT_MS;

    while (stage_number(stage, 0, key) <= before && zdd_mono_ms() < until_ms)
        pause_shortly();
    assert_true(stage_number(stage, 0, key) > before);
}

/* Ask it to look at the apps again, and wait until it has. */
static void look_again(struct stage *stage)
{
    const int64_t before = stage_number(stage, 0, "looks");
    char *answer = stage_stats(stage, 0, "/_mlb_signal/hup");

    assert_int_equal(stage_status(answer), 200);
    assert_non_null(strstr(answer, "Sent SIGHUP signal to marathon-lb"));
    free(answer);
    until_more(stage, "looks", before);
}

static void reload(struct stage *stage)
{
    const int64_t before = stage_number(stage, 0, "reloads");
    char *answer = stage_stats(stage, 0, "/_mlb_signal/usr1");

    assert_int_equal(stage_status(answer), 200);
    assert_non_null(strstr(answer, "Sent SIGUSR1 signal to marathon-lb"));
    free(answer);
    until_more(stage, "reloads", before);
}

static long start_time(struct stage *stage)
{
    static const char key[] = "\nhaproxy_process_start_time_seconds ";
    char *answer = stage_stats(stage, 0, "/metrics");
    const char *at = strstr(answer, key);
    long seconds;

    assert_non_null(at);
    seconds = strtol(at + sizeof(key) - 1, NULL, 10);
    free(answer);
    return seconds;
}

static struct stage *start_with_shop(const char *const *options, const struct stage_app *app)
{
    struct stage *stage = stage_start(options);

    stage_deploy(stage, app);
    stage_until(stage, 0, BACKEND, "UP", app->instances);
    stage_until_status(stage->host, STAGE_PORT, NULL, 200, (char[32]){""});
    look_again(stage); /* what its last event asks for is done now */
    return stage;
}

static void the_worker_changes_only_when_the_text_does(void **state)
{
    struct stage *stage = start_with_shop(NULL, &shop);
    const struct stage_app other = {
        .id = "other", .version = "0.9", .instances = 1, .port = 10081, .unchecked = true};
    const int64_t worker = stage_number(stage, 0, "worker");
    const int64_t reloads = stage_number(stage, 0, "reloads");
    const long started = start_time(stage);
    char id[64];

    (void)state;
    /* Events enough, and nothing of it for the balancer: an app without HAPROXY_GROUP. */
    assert_int_equal(lab_change(stage->lab, "PUT", "/v2/apps/quiet",
                                "{\"cmd\":\"sleep 1000\",\"instances\":2}", id),
                     201);
    assert_true(lab_await(stage->lab, id));
    look_again(stage);
    assert_int_equal(stage_number(stage, 0, "worker"), worker);
    assert_int_equal(stage_number(stage, 0, "reloads"), reloads);
    assert_int_equal(start_time(stage), started);

    nanosleep(&(struct timespec){.tv_sec = 1}, NULL); /* start times are whole seconds */
    stage_deploy(stage, &other);
    until_more(stage, "reloads", reloads);
    assert_int_not_equal(stage_number(stage, 0, "worker"), worker);
    assert_true(start_time(stage) > started);
    stage_stop(stage);
}

/* One command to the Runtime API over TCP; without a wish for its answer. */
static void command(struct stage *stage, const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)stage_number(stage, 0, "adminPort"))};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    char answer[1024];
    size_t size = 0;

    assert_int_equal(inet_pton(AF_INET, stage->host, &address.sin_addr), 1);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (int)strlen(text));
    for (ssize_t n = 1; n > 0 && size<sizeof(answer) - 1; size += n> 0 ? (size_t)n : 0)
        n = recv(fd, answer + size, sizeof(answer) - 1 - size, 0);
    answer[size] = '\0';
    close(fd);
    assert_int_equal(strspn(answer, "\n"), size); /* nothing to complain about */
}

static void first_server(struct stage *stage, char ret_name[static 64])
{
    ZDD_AUTO_JSON json_t *app = NULL;

    assert_int_equal(lab_call(stage->lab, "GET", "/v2/apps/shop", NULL, &app), 200);
    snprintf(ret_name, 64, "127_0_0_1_%d",
             (int)json_integer_value(zdd_json_at(app, "/app/tasks/0/ports/0")));
}

static void weights_and_drains_survive_a_reload(void **state)
{
    static const char *const admin[] = {"--balancer-admin", NULL};
    struct stage *stage = start_with_shop(admin, &shop);
    const int64_t worker = stage_number(stage, 0, "worker");
    char server[64];
    char line[256];
    char cell[64];

    (void)state;
    first_server(stage, server);
    snprintf(line, sizeof(line),
             "set weight " BACKEND "/%s 7; set server " BACKEND "/%s state drain\n", server,
             server);
    command(stage, line);
    for (int i = 0; i < 2; i++) {
        reload(stage);
        stage_cell(stage, 0, BACKEND, server, "weight", cell);
        assert_string_equal(cell, "7");
        stage_cell(stage, 0, BACKEND, server, "status", cell);
        assert_string_equal(cell, "DRAIN");
    }
    assert_int_not_equal(stage_number(stage, 0, "worker"), worker);
    stage_stop(stage);
}

static void without_the_switch_there_is_no_runtime_api_over_tcp(void **state)
{
    struct stage *stage = stage_start(NULL);

    (void)state;
    assert_int_equal(stage_number(stage, 0, "adminPort"), -1);
    stage_stop(stage);
}

/* An agent as HAProxy asks it: a line in, a line out. */
struct agent {
    int fd;
    pthread_t thread;
    pthread_mutex_t lock;
    char asked[64]; /* the last line that came */
    int times;
};

static void *serve_agent(void *cls)
{
    static const char answer[] = "up ready 300%\n";
    struct agent *agent = cls;

    for (int fd = accept(agent->fd, NULL, NULL); fd >= 0; fd = accept(agent->fd, NULL, NULL)) {
        char line[64] = "";
        const ssize_t n = recv(fd, line, sizeof(line) - 1, 0);

        if (n > 0) {
            pthread_mutex_lock(&agent->lock);
            memcpy(agent->asked, line, sizeof(line));
            agent->times++;
            pthread_mutex_unlock(&agent->lock);
            (void)!send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
            (void)!recv(fd, line, sizeof(line), 0); /* HAProxy closes first */
        }
        close(fd);
    }
    return NULL;
}

static int listen_at(const char *host, uint16_t port, uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t size = sizeof(address);
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(inet_pton(AF_INET, host, &address.sin_addr), 1);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void agent_start(struct agent *agent, uint16_t *ret_port)
{
    pthread_mutex_init(&agent->lock, NULL);
    agent->fd = listen_at("127.0.0.1", 0, ret_port);
    assert_int_equal(pthread_create(&agent->thread, NULL, serve_agent, agent), 0);
}

static void agent_stop(struct agent *agent)
{
    (void)shutdown(agent->fd, SHUT_RDWR);
    pthread_join(agent->thread, NULL);
    close(agent->fd);
    pthread_mutex_destroy(&agent->lock);
}

static void an_agent_named_by_the_label_sets_the_weights(void **state)
{
    struct agent agent = {0};
    struct stage_app app = shop;
    struct stage *stage;
    char labels[600];
    char server[64];
    char cell[64] = "";
    char payload[64];
    uint16_t port;
    const int64_t until_ms = zdd_mono_ms() + LAB_WAIT_MS;

    (void)state;
    agent_start(&agent, &port);
    snprintf(labels, sizeof(labels),
             "\"HAPROXY_0_BACKEND_SERVER_OPTIONS\":\"  server {serverName} {host_ipv4}:{port} id "
             "{serverId}{cookieOptions}{healthCheckOptions}{otherOptions} weight 1 agent-check "
             "agent-addr 127.0.0.1 agent-port %u agent-inter 50ms agent-send \\\"pay "
             "{host_ipv4}:{port}\\\\n\\\"\\n\"",
             port);
    app.instances = 1;
    app.labels = labels;
    stage = start_with_shop(NULL, &app);
    first_server(stage, server);
    while (strcmp(cell, "3") != 0 && zdd_mono_ms() < until_ms)
        stage_cell(stage, 0, BACKEND, server, "weight", cell);
    assert_string_equal(cell, "3");
    snprintf(payload, sizeof(payload), "pay 127.0.0.1:%s\n", strrchr(server, '_') + 1);
    pthread_mutex_lock(&agent.lock);
    assert_string_equal(agent.asked, payload);
    pthread_mutex_unlock(&agent.lock);
    stage_stop(stage);
    agent_stop(&agent);
}

static void what_haproxy_refuses_is_left_out_alone(void **state)
{
    struct stage *stage = start_with_shop(NULL, &shop);
    struct stage_app bad = {.id = "bad",
                            .version = "1.0",
                            .instances = 1,
                            .port = 10081,
                            .unchecked = true,
                            .labels = "\"HAPROXY_0_BALANCE\":\"nonsense\""};
    struct stage_app late = {
        .id = "late", .version = "2.0", .instances = 1, .port = 10082, .unchecked = true};
    ZDD_AUTO_JSON json_t *inside = NULL;
    char version[32];

    (void)state;
    stage_deploy(stage, &bad);
    stage_deploy(stage, &late); /* listed after the bad one */
    stage_until_status(stage->host, 10082, NULL, 200, version);
    assert_string_equal(version, "2.0");
    look_again(stage);
    assert_null(stage_get(stage->host, 10081, "/endpoint0", NULL));
    stage_until(stage, 0, BACKEND, "UP", 2);
    assert_int_equal(lab_call(stage->lab, "GET", "/lab/state", NULL, &inside), 200);
    assert_int_equal(json_object_size(zdd_json_at(inside, "/balancers/0/leftOut")), 1);
    assert_non_null(
        strstr(zdd_json_text(zdd_json_at(inside, "/balancers/0/leftOut"), "/bad", ""), "balance"));

    bad.labels = NULL;
    stage_deploy(stage, &bad);
    stage_until_status(stage->host, 10081, NULL, 200, version);
    lab_until_json(stage->lab, "/lab/state", "/balancers/0/leftOut", "{}");
    stage_stop(stage);
}

static void an_address_that_is_taken_is_left_out_until_it_is_free(void **state)
{
    struct stage *stage = start_with_shop(NULL, &shop);
    const struct stage_app late = {
        .id = "late", .version = "2.0", .instances = 1, .port = 10082, .unchecked = true};
    uint16_t port;
    const int fd = listen_at(stage->host, 10082, &port);
    char reason[80];

    (void)state;
    snprintf(reason, sizeof(reason), "\"%s:10082: Address already in use\"", stage->host);
    stage_deploy(stage, &late);
    lab_until_json(stage->lab, "/lab/state", "/balancers/0/leftOut/~1late", reason);
    stage_until_status(stage->host, STAGE_PORT, NULL, 200, (char[32]){""});
    close(fd);
    look_again(stage);
    stage_until_status(stage->host, 10082, NULL, 200, (char[32]){""});
    stage_stop(stage);
}

/* Labels that Marathon-LB cannot read stop it from configuring anything: what runs stays. */
static void an_unreadable_deployment_keeps_the_configuration_as_it_is(void **state)
{
    struct stage *stage = start_with_shop(NULL, &shop);
    struct stage_app broken = {.id = "svc-blue",
                               .version = "1.0",
                               .instances = 1,
                               .port = 10081,
                               .unchecked = true,
                               .labels = "\"HAPROXY_DEPLOYMENT_GROUP\":\"svc\","
                                         "\"HAPROXY_DEPLOYMENT_NEW_INSTANCES\":\"0\""};
    int64_t worker;

    (void)state;
    stage_deploy(stage, &broken);
    stage_until(stage, 0, "svc_10081", "", 1);
    look_again(stage);
    worker = stage_number(stage, 0, "worker");
    broken.id = "svc-green"; /* the second of the group: now TARGET_INSTANCES is looked for */
    stage_deploy(stage, &broken);
    look_again(stage);
    assert_int_equal(stage_count(stage, 0, "svc_10081", ""), 1);
    assert_int_equal(stage_number(stage, 0, "worker"), worker);
    lab_until_json(stage->lab, "/lab/state", "/balancers/0/lastReason",
                   "\"/svc: HAPROXY_DEPLOYMENT_TARGET_INSTANCES is missing or no number\"");
    stage_stop(stage);
}

static void endpoints_answer_as_marathon_lbs_do(void **state)
{
    static const char *const paths[] = {"/_haproxy_health_check", "/haproxy?stats", "/metrics",
                                        "/_haproxy_getvhostmap"};
    struct stage *stage = start_with_shop(NULL, &shop);
    char wanted[64];
    char *answer;

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        answer = stage_stats(stage, 0, paths[i]);
        assert_int_equal(stage_status(answer), 200);
        free(answer);
    }
    answer = stage_stats(stage, 0, "/_haproxy_getpids");
    snprintf(wanted, sizeof(wanted), "%ld", (long)stage_number(stage, 0, "worker"));
    assert_non_null(strstr(answer, wanted));
    snprintf(wanted, sizeof(wanted), " %ld\n", (long)stage_number(stage, 0, "master"));
    assert_non_null(strstr(answer, wanted));
    free(answer);
    answer = stage_stats(stage, 0, "/_haproxy_getconfig");
    assert_non_null(strstr(answer, "\nbackend " BACKEND "\n"));
    free(answer);
    answer = stage_stats(stage, 0, "/_haproxy_getappmap");
    assert_non_null(strstr(answer, "\r\n\r\n/shop " BACKEND "\n"));
    free(answer);
    stage_stop(stage);
}

static void haproxy_comes_back_when_it_is_killed(void **state)
{
    static const char *const keys[] = {"master", "worker"};
    struct stage *stage = start_with_shop(NULL, &shop);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const int64_t starts = stage_number(stage, 0, "starts");

        assert_int_equal(kill((pid_t)stage_number(stage, 0, keys[i]), SIGKILL), 0);
        until_more(stage, "starts", starts);
        stage_until_status(stage->host, STAGE_PORT, NULL, 200, (char[32]){""});
        stage_until(stage, 0, BACKEND, "UP", 2);
    }
    stage_stop(stage);
}

/* A process whose parent did not wait for it is still listed, but has no command line. */
static bool runs(pid_t pid)
{
    char path[64];
    char text[8];
    FILE *file;
    size_t size;

    snprintf(path, sizeof(path), "/proc/%ld/cmdline", (long)pid);
    file = fopen(path, "re");
    if (!file)
        return false;
    size = fread(text, 1, sizeof(text), file);
    fclose(file);
    return size > 0;
}

static void until_gone(pid_t pid)
{
    const int64_t until_ms = zdd_mono_ms() + LAB_WAIT_MS;

    while (runs(pid) && zdd_mono_ms() < until_ms)
        pause_shortly();
    assert_false(runs(pid));
}

static void haproxy_ends_with_the_lab_however_it_ends(void **state)
{
    (void)state;
    for (int crash = 0; crash < 2; crash++) {
        struct stage *stage = start_with_shop(NULL, &shop);
        const pid_t master = (pid_t)stage_number(stage, 0, "master");
        const pid_t worker = (pid_t)stage_number(stage, 0, "worker");

        assert_true(runs(master) && runs(worker));
        if (crash) {
            labrun_crash(&stage->lab->run);
            lab_leave(stage->lab);
            free(stage);
        } else {
            stage_stop(stage);
        }
        until_gone(master);
        until_gone(worker);
    }
}

static void a_lab_without_a_balancer_has_none(void **state)
{
    struct lab *lab = lab_start(NULL); /* labrun says --no-balancer */

    (void)state;
    lab_until_json(lab, "/lab/state", "/balancers", "[]");
    lab_stop(lab);
}

static void a_port_that_is_taken_is_told_at_the_start(void **state)
{
    struct stage *stage = stage_start(NULL);
    struct labrun second;
    char balancer[48];
    const char *const options[] = {"--balancer", balancer, NULL};

    (void)state;
    snprintf(balancer, sizeof(balancer), "%s:%d", stage->host, (int)stage_number(stage, 0, "port"));
    assert_false(labrun_start(&second, options));
    assert_int_equal(labrun_stop(&second), 1);
    stage_stop(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worker_changes_only_when_the_text_does),
        cmocka_unit_test(weights_and_drains_survive_a_reload),
        cmocka_unit_test(without_the_switch_there_is_no_runtime_api_over_tcp),
        cmocka_unit_test(an_agent_named_by_the_label_sets_the_weights),
        cmocka_unit_test(what_haproxy_refuses_is_left_out_alone),
        cmocka_unit_test(an_address_that_is_taken_is_left_out_until_it_is_free),
        cmocka_unit_test(an_unreadable_deployment_keeps_the_configuration_as_it_is),
        cmocka_unit_test(endpoints_answer_as_marathon_lbs_do),
        cmocka_unit_test(haproxy_comes_back_when_it_is_killed),
        cmocka_unit_test(haproxy_ends_with_the_lab_however_it_ends),
        cmocka_unit_test(a_lab_without_a_balancer_has_none),
        cmocka_unit_test(a_port_that_is_taken_is_told_at_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
