/**
 * @file tests/lab/test_e2e_badday.c
 * @brief Marathon is away, slow, confused or forgetful; the disk is full; the directory may not be
 * written.
 */
#define _GNU_SOURCE /* prlimit, unshare */
#include "tests/support/spec.h"

#include "tests/lab/e2e.h"
#include "tests/lab/relay.h"

#include "server/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SHOP "/shop"

static const char *const fast[] = {"--speed", "50", NULL};
static const char *const impatient[] = {"--marathon-timeout", "1s", "--sweep", "1s", NULL};

static json_t *shop(const char *version)
{
    return e2e_app(
        &(struct e2e_app){.id = SHOP, .version = version, .instances = 4, .checks = E2E_HEALTH});
}

static json_t *gated(const char *version, const char *gate)
{
    return e2e_app(&(struct e2e_app){
        .id = SHOP, .version = version, .instances = 4, .checks = E2E_HEALTH, .gate = gate});
}

static json_t *rolling_to(const char *version)
{
    return e2e_rolling(shop(version), 1, 1);
}

/* The server behind a wire that can be cut. */
static struct e2e *behind_a_wire(struct relay **ret_relay)
{
    struct e2e *e = e2e_start(fast, impatient);

    *ret_relay = relay_open(e->lab->run.port);
    assert_int_equal(e2e_drain(e), 0);
    snprintf(e->server.marathon, sizeof(e->server.marathon), "http://127.0.0.1:%u",
             (unsigned)relay_port(*ret_relay));
    e2e_boot(e);
    return e;
}

static void callers_hear_that_marathon_is_away(void **state)
{
    struct relay *relay;
    struct e2e *e = behind_a_wire(&relay);
    struct apiclient_answer refused;

    (void)state;
    e2e_deploy_well(e, rolling_to("0.9"));
    relay_cut(relay);
    refused = e2e_refused(e, rolling_to("1.0"), 502, "marathon-unreachable");
    assert_string_not_equal(apiclient_text(&refused, "/detail"), "");
    apiclient_answer_release(&refused);
    apiclient_expect(apiclient_get(e->api, "/v1/apps"), 502, "marathon-unreachable");
    apiclient_expect(apiclient_get(e->api, "/v1/deployments"), 200, NULL);
    apiclient_expect(apiclient_get(e->api, "/readyz"), 200, NULL);
    relay_mend(relay);
    e2e_deploy_well(e, rolling_to("1.0"));
    e2e_stop(e);
    relay_close(relay);
}

static void a_deployment_waits_while_marathon_is_away(void **state)
{
    struct relay *relay;
    struct e2e *e = behind_a_wire(&relay);
    ZDD_AUTO_JSON json_t *run = NULL;
    char gate[128];
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_gate(e, gate);
    e2e_deploy_well(e, rolling_to("0.9"));
    e2e_deploy(e, e2e_rolling(gated("1.0", gate), 1, 1), id);
    e2e_until(e, id, "/waitingFor/code", "tasks");
    relay_cut(relay);
    e2e_until(e, id, "/waitingFor/code", "marathon");
    run = e2e_get(e, id);
    assert_non_null(strstr(json_string_value(zdd_json_at(run, "/waitingFor/text")),
                           "Marathon does not answer"));
    e2e_until_explained(e, id, "whoever runs Marathon");
    e2e_gate_open(gate); /* Marathon itself goes on */
    lab_until_json(e->lab, "/v2/deployments", "", "[]");
    relay_mend(relay);
    e2e_await(e, id, "succeeded");
    e2e_check_app(e, SHOP, "1.0", 4);
    assert_int_equal(e2e_version_count(e, SHOP), 2);
    e2e_stop(e);
    relay_close(relay);
}

static void it_goes_back_although_marathon_was_away_at_the_deadline(void **state)
{
    struct relay *relay;
    struct e2e *e = behind_a_wire(&relay);
    json_t *request;
    char gate[128];
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_gate(e, gate);
    e2e_deploy_well(e, rolling_to("0.9"));
    request = e2e_rolling(gated("1.0", gate), 1, 1);
    json_object_set_new(request, "deadlineSeconds", json_integer(5)); /* once it waits for tasks */
    e2e_deploy(e, request, id);
    e2e_until(e, id, "/waitingFor/code", "tasks");
    relay_cut(relay);
    e2e_until(e, id, "/state", "rolling-back");
    e2e_until(e, id, "/waitingFor/code", "marathon");
    relay_mend(relay);
    e2e_await(e, id, "rolled-back");
    e2e_check_app(e, SHOP, "0.9", 4);
    e2e_stop(e);
    relay_close(relay);
}

/* Dead tasks may stay in the list for a while; they count for nobody. */
static void until_only_living_tasks_are_listed(struct e2e *e)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;
    size_t dead;

    do {
        ZDD_AUTO_JSON json_t *answer = NULL;
        const json_t *tasks;

        assert_int_equal(lab_call(e->lab, "GET", "/v2/apps/shop/tasks", NULL, &answer), 200);
        tasks = json_object_get(answer, "tasks");
        dead = 0;
        for (size_t i = 0; i < json_array_size(tasks); i++)
            dead +=
                strcmp(zdd_json_text(json_array_get(tasks, i), "state", ""), "TASK_KILLED") == 0;
    } while (dead > 0 && zdd_mono_ms() < until_ms);
    assert_int_equal(dead, 0);
}

/* Faults that are there before the order goes out. */
static void no_bad_answer_spoils_a_deployment(void **state)
{
    static const struct {
        const char *title, *faults; /* as the lab wants them */
    } faults[] = {
        {"503 in HTML to the order",
         "[{\"name\":\"answer-503-html\",\"method\":\"PUT\",\"count\":3}]"},
        {"409 to the order", "[{\"name\":\"answer-409\",\"method\":\"PUT\",\"count\":2}]"},
        {"the order's answer is lost",
         "[{\"name\":\"lost-answer\",\"method\":\"PUT\",\"count\":1}]"},
        {"the order's answer breaks off",
         "[{\"name\":\"truncated-json\",\"method\":\"PUT\",\"count\":1}]"},
        {"the order's answer comes too late",
         "[{\"name\":\"slow-answer\",\"method\":\"PUT\",\"count\":1,\"ms\":2000}]"},
        {"events come twice", "[{\"name\":\"duplicate-events\"}]"},
        {"events change places", "[{\"name\":\"reorder-events\",\"probability\":0.5}]"},
        {"no event comes", "[{\"name\":\"drop-events\"}]"},
        {"dead tasks stay in the list", "[{\"name\":\"late-vanish\",\"ms\":500}]"},
        {"tasks fail to start", "[{\"name\":\"task-start-fail\",\"count\":3}]"},
        {"one answer in four is bad",
         "[{\"name\":\"answer-503-html\",\"probability\":0.1,\"skip\":2},"
         "{\"name\":\"truncated-json\",\"probability\":0.1,\"skip\":2},"
         "{\"name\":\"lost-answer\",\"probability\":0.1,\"skip\":2}]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct e2e *e = e2e_start(fast, impatient);
        char id[E2E_ID_SIZE];

        print_message("[          ] %s\n", faults[i].title);
        e2e_deploy_well(e, rolling_to("0.9"));
        lab_faults(e->lab, faults[i].faults);
        e2e_deploy(e, rolling_to("1.0"), id);
        e2e_await(e, id, "succeeded");
        lab_faults(e->lab, "[]");
        until_only_living_tasks_are_listed(e);
        e2e_check_app(e, SHOP, "1.0", 4);
        assert_int_equal(e2e_version_count(e, SHOP), 2); /* one PUT each */
        e2e_stop(e);
    }
}

/* Faults in the middle: it says what is wrong, and goes on. */
static void a_confused_marathon_is_told_as_such(void **state)
{
    static const struct {
        const char *title, *faults, *words;
    } faults[] = {
        {"503 in HTML", "[{\"name\":\"answer-503-html\",\"method\":\"GET\",\"path\":\"/v2/apps\"}]",
         "HTML"},
        {"half of the JSON",
         "[{\"name\":\"truncated-json\",\"method\":\"GET\",\"path\":\"/v2/apps\"}]", "broken"},
        {"no answer in time",
         "[{\"name\":\"slow-answer\",\"method\":\"GET\",\"path\":\"/v2/apps\",\"ms\":3000}]",
         "time"},
        {"cut off", "[{\"name\":\"lost-answer\",\"method\":\"GET\",\"path\":\"/v2/apps\"}]", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct e2e *e = e2e_start(fast, impatient);
        ZDD_AUTO_JSON json_t *run = NULL;
        const char *text;
        char gate[128];
        char id[E2E_ID_SIZE];

        e2e_gate(e, gate);
        e2e_deploy_well(e, rolling_to("0.9"));
        e2e_deploy(e, e2e_rolling(gated("1.0", gate), 1, 1), id);
        e2e_until(e, id, "/waitingFor/code", "tasks");
        lab_faults(e->lab, faults[i].faults);
        e2e_until(e, id, "/waitingFor/code", "marathon");
        run = e2e_get(e, id);
        text = json_string_value(zdd_json_at(run, "/waitingFor/text"));
        print_message("             %s: %s\n", faults[i].title, text);
        assert_non_null(strstr(text, faults[i].words));
        lab_faults(e->lab, "[]");
        e2e_gate_open(gate);
        e2e_await(e, id, "succeeded");
        e2e_check_app(e, SHOP, "1.0", 4);
        assert_int_equal(e2e_version_count(e, SHOP), 2);
        e2e_stop(e);
    }
}

static void a_new_leader_starts_the_plan_again_and_it_still_ends(void **state)
{
    static const char *const streams[] = {
        "[]",
        "[{\"name\":\"events-302\",\"count\":2}]",
        "[{\"name\":\"events-200-close\",\"count\":2}]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        struct e2e *e = e2e_start(fast, impatient);
        char gate[128];
        char id[E2E_ID_SIZE];

        e2e_gate(e, gate);
        e2e_deploy_well(e, rolling_to("0.9"));
        e2e_deploy(e, e2e_rolling(gated("1.0", gate), 1, 1), id);
        e2e_until(e, id, "/waitingFor/code", "tasks");
        lab_faults(e->lab, streams[i]);
        assert_int_equal(lab_call(e->lab, "DELETE", "/v2/leader", NULL, NULL), 200);
        e2e_gate_open(gate);
        e2e_await(e, id, "succeeded");
        e2e_check_app(e, SHOP, "1.0", 4);
        assert_int_equal(e2e_version_count(e, SHOP), 2);
        e2e_drain(e); /* the recorder's own stream was cut as well: no lab_stop() */
        e2e_boot(e);
        e2e_stop(e);
    }
}

/* A disk that can be filled and emptied. */
struct disk {
    void (*fill)(struct e2e *e);
    void (*empty)(struct e2e *e);
};

static void limit_file_size(struct e2e *e, rlim_t size)
{
    const struct rlimit limit = {.rlim_cur = size, .rlim_max = RLIM_INFINITY};

    assert_int_equal(prlimit(e->server.pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void no_file_may_grow(struct e2e *e)
{
    limit_file_size(e, 4096);
}

static void files_may_grow(struct e2e *e)
{
    limit_file_size(e, RLIM_INFINITY);
}

static void ballast_path(const struct e2e *e, char ret_path[static 160])
{
    snprintf(ret_path, 160, "%s/disk/ballast", e->server.dir);
}

static void fill_up(struct e2e *e)
{
    static const char zeros[4096];
    char path[160];
    int fd;

    ballast_path(e, path);
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (write(fd, zeros, sizeof(zeros)) > 0)
        ;
    assert_int_equal(errno, ENOSPC);
    close(fd);
}

static void make_room(struct e2e *e)
{
    char path[160];

    ballast_path(e, path);
    assert_int_equal(unlink(path), 0);
}

static void until_ready(struct e2e *e, long status)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;
    long seen;

    do {
        struct apiclient_answer answer = apiclient_get(e->api, "/readyz");

        seen = answer.status;
        apiclient_answer_release(&answer);
    } while (seen != status && zdd_mono_ms() < until_ms);
    assert_int_equal(seen, status);
}

/* The disk fills up in mid-roll, Marathon goes on, room returns. */
static void survive(struct e2e *e, const struct disk *disk)
{
    char gate[128];
    char id[E2E_ID_SIZE];
    size_t events;
    ZDD_AUTO_JSON json_t *before = NULL;
    ZDD_AUTO_JSON json_t *during = NULL;

    e2e_gate(e, gate);
    e2e_deploy_well(e, rolling_to("0.9"));
    e2e_deploy(e, e2e_rolling(gated("1.0", gate), 1, 1), id);
    e2e_until(e, id, "/waitingFor/code", "tasks");
    before = e2e_all(e, "/v1/events");
    events = json_array_size(before);

    disk->fill(e);
    for (int i = 0; i < 3; i++) {
        struct apiclient_answer refused = e2e_refused(
            e,
            e2e_rolling(
                e2e_app(&(struct e2e_app){.id = "/other", .version = "1.0", .instances = 1}), 1, 1),
            507, "store-full");

        apiclient_answer_release(&refused);
    }
    until_ready(e, 503);
    during = e2e_all(e, "/v1/events"); /* reading goes on */
    assert_int_equal(json_array_size(during), events);
    e2e_gate_open(gate);
    lab_until_json(e->lab, "/v2/deployments", "", "[]");
    e2e_check_app(e, SHOP, "1.0", 4);

    disk->empty(e);
    e2e_await(e, id, "succeeded");
    until_ready(e, 200);
    assert_int_equal(lab_call(e->lab, "GET", "/v2/apps/other", NULL, NULL), 404);
    e2e_deploy_well(e, rolling_to("1.1"));
    e2e_check_app(e, SHOP, "1.1", 4);
    assert_int_equal(e2e_version_count(e, SHOP), 3);
}

static void files_that_may_not_grow_lose_nothing(void **state)
{
    static const struct disk disk = {no_file_may_grow, files_may_grow};
    struct e2e *e = e2e_start(fast, NULL);

    (void)state;
    survive(e, &disk);
    e2e_stop(e);
}

/* Mounts of this process and its children, nobody else's; see main(). */
static bool mounts_are_private;

static void a_full_disk_loses_nothing(void **state)
{
    static const struct disk disk = {fill_up, make_room};
    char home[96];
    char dir[128];
    struct e2e *e;

    (void)state;
    if (!mounts_are_private) {
        print_message("             skipped: this system lets us mount nothing\n");
        skip();
    }
    e = e2e_start(fast, NULL);
    assert_int_equal(e2e_drain(e), 0);
    snprintf(dir, sizeof(dir), "%s/disk", e->server.dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(mount("none", dir, "tmpfs", 0, "size=16m"), 0);
    snprintf(e->server.db, sizeof(e->server.db), "%.100s/disk/zdd.db", e->server.dir);
    assert_true(serverrun_token(&e->server));
    e2e_boot(e);
    survive(e, &disk);
    snprintf(home, sizeof(home), "%s", e->server.dir);
    e2e_stop(e);
    assert_int_equal(umount(dir), 0);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(rmdir(home), 0);
}

static void a_directory_that_may_not_be_written_is_said_at_once(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    struct serverrun other = e->server;
    char dir[128];

    (void)state;
    snprintf(dir, sizeof(dir), "%s/locked", e->server.dir);
    assert_int_equal(mkdir(dir, 0500), 0);
    snprintf(other.db, sizeof(other.db), "%.100s/locked/zdd.db", e->server.dir);
    snprintf(other.log, sizeof(other.log), "%.100s/other.log", e->server.dir);
    assert_true(serverrun_spawn(&other, NULL));
    assert_int_equal(serverrun_wait(&other, 10000), 1);
    assert_true(serverrun_log_has(&other, other.db));
    assert_true(serverrun_log_has(&other, "may not write there"));
    e2e_stop(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callers_hear_that_marathon_is_away),
        cmocka_unit_test(a_deployment_waits_while_marathon_is_away),
        cmocka_unit_test(it_goes_back_although_marathon_was_away_at_the_deadline),
        cmocka_unit_test(no_bad_answer_spoils_a_deployment),
        cmocka_unit_test(a_confused_marathon_is_told_as_such),
        cmocka_unit_test(a_new_leader_starts_the_plan_again_and_it_still_ends),
        cmocka_unit_test(files_that_may_not_grow_lose_nothing),
        cmocka_unit_test(a_full_disk_loses_nothing),
        cmocka_unit_test(a_directory_that_may_not_be_written_is_said_at_once),
    };

    mounts_are_private = unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
    mounts_are_private =
        mounts_are_private && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
