/**
 * @file tests/lab/test_lab_processes.c
 * @brief Tasks as processes: what they get, how they end, and that none is ever left over.
 */
#define _GNU_SOURCE
#include "tests/support/spec.h"

#include "tests/lab/lab.h"

#include "server/base/clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 10000

static const char *const fast[] = {"--speed", "100", NULL};

/* @return how many processes have @p text in their environment */
static int count_with(const char *text)
{
    DIR *dir = opendir("/proc");
    static char environment[262144];
    int count = 0;

    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char path[300];
        FILE *file;
        size_t size;

        snprintf(path, sizeof(path), "/proc/%s/environ", entry->d_name);
        file = fopen(path, "re");
        if (!file)
            continue;
        size = fread(environment, 1, sizeof(environment), file);
        fclose(file);
        count += size > 0 && memmem(environment, size, text, strlen(text)) != NULL;
    }
    closedir(dir);
    return count;
}

/* Wait until there are @p wanted of them. @return how many there are */
static int count_until(const char *text, int wanted)
{
    const int64_t until_ms = zdd_mono_ms() + WAIT_MS;
    const struct timespec pause = {.tv_nsec = 5000000};
    int count = count_with(text);

    while (count != wanted && zdd_mono_ms() < until_ms) {
        nanosleep(&pause, NULL);
        count = count_with(text);
    }
    return count;
}

static void run_app(struct lab *lab, const char *body)
{
    char id[64];

    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a", body, id), 201);
    assert_true(lab_await(lab, id));
}

/* Children, grandchildren, and one that left its process group and its session. */
static const char family[] = "{\"cmd\":\"sleep 1000 & setsid sleep 1000 & (sleep 1000; true) & "
                             "wait\",\"portDefinitions\":[],\"instances\":2}";

static void start_family(struct lab *lab, char ret_mark[static 100])
{
    ZDD_AUTO_JSON json_t *inside = NULL;

    run_app(lab, family);
    assert_int_equal(lab_call(lab, "GET", "/lab/state", NULL, &inside), 200);
    snprintf(ret_mark, 100, "%s", zdd_json_text(inside, "mark", "none"));
    assert_int_equal(count_until(ret_mark, 10), 10); /* the shells have forked */
}

static void nothing_survives_a_crash_of_the_lab(void **state)
{
    struct lab *lab = lab_start(fast);
    char mark[100];

    (void)state;
    start_family(lab, mark);
    labrun_crash(&lab->run);
    assert_int_equal(count_until(mark, 0), 0);
    lab_leave(lab);
}

static void nothing_survives_the_end_of_the_lab(void **state)
{
    struct lab *lab = lab_start(fast);
    char mark[100];

    (void)state;
    start_family(lab, mark);
    assert_int_equal(labrun_stop(&lab->run), 0);
    assert_int_equal(count_with(mark), 0);
    lab_leave(lab);
}

static void the_end_of_a_task_takes_its_group_with_it(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *inside = NULL;
    char id[64];

    (void)state;
    run_app(lab, "{\"cmd\":\"sleep 1000 & sleep 1000 & wait\",\"portDefinitions\":[]}");
    assert_int_equal(lab_call(lab, "GET", "/lab/state", NULL, &inside), 200);
    assert_int_equal(lab_change(lab, "DELETE", "/v2/apps/a", NULL, id), 200);
    assert_true(lab_await(lab, id));
    assert_int_equal(count_until(zdd_json_text(inside, "mark", "none"), 0), 0);
    lab_stop(lab);
}

static void who_ignores_sigterm_is_killed_after_its_grace(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[64];
    int64_t began_ms;

    (void)state;
    run_app(lab, "{\"cmd\":\"trap '' TERM; ARMED=yes sleep 1000; sleep 1000\","
                 "\"portDefinitions\":[],\"taskKillGracePeriodSeconds\":1}");
    assert_int_equal(count_until("ARMED=yes", 1), 1); /* the sleep after the trap was set */
    began_ms = zdd_mono_ms();
    assert_int_equal(lab_change(lab, "DELETE", "/v2/apps/a", NULL, id), 200);
    assert_true(lab_await(lab, id));
    assert_in_range(zdd_mono_ms() - began_ms, 950, 5000);
    events = lab_events(lab, 0);
    assert_int_equal(lab_count(events, "status_update_event", "message",
                               "Command terminated with signal Killed"),
                     1);
    lab_stop(lab);
}

/* @return the whole output file of the first task, to be freed */
static char *read_output(const struct lab *lab, const char *task)
{
    char path[600];
    char *text = calloc(1, 65536);
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s/stdout", lab->run.dir, task);
    file = fopen(path, "re");
    assert_non_null(file);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

static void a_task_gets_marathons_environment(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *tasks = NULL;
    const char *task;
    char expected[100];
    char *text;

    (void)state;
    run_app(lab, "{\"cmd\":\"env; exec sleep 1000\",\"cpus\":0.5,\"labels\":{\"my-key\":\"v\"},"
                 "\"env\":{\"MINE\":\"1\",\"HOST\":\"overridden\"},"
                 "\"portDefinitions\":[{\"name\":\"http\",\"port\":0},{\"port\":0}],"
                 "\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":{\"value\":"
                 "\"grep -q MARATHON stdout\"},\"delaySeconds\":1,\"intervalSeconds\":2}]}");
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a/tasks", NULL, &tasks), 200);
    task = zdd_json_text(zdd_json_at(tasks, "/tasks/0"), "id", "");
    text = read_output(lab, task);
    snprintf(expected, sizeof(expected), "PORT0=%lld\n",
             (long long)json_integer_value(zdd_json_at(tasks, "/tasks/0/ports/0")));
    assert_non_null(strstr(text, expected));
    assert_non_null(strstr(text, "PORT_HTTP="));
    assert_non_null(strstr(text, "PORT_10000="));
    assert_non_null(strstr(text, "PORTS="));
    assert_non_null(strstr(text, "MARATHON_APP_ID=/a\n"));
    assert_non_null(strstr(text, "MARATHON_APP_RESOURCE_CPUS=0.5\n"));
    assert_non_null(strstr(text, "MARATHON_APP_LABEL_MY_KEY=v\n"));
    assert_non_null(strstr(text, "MARATHON_APP_LABELS=MY_KEY\n"));
    assert_non_null(strstr(text, "MINE=1\n"));
    assert_non_null(strstr(text, "HOST=overridden\n"));
    assert_non_null(strstr(text, task));
    free(text);
    lab_stop(lab);
}

/* Run zdd-lab with one wrong option; @return its exit status. */
static int run_with(const char *option, const char *value)
{
    const pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

        (void)dup2(nowhere, STDOUT_FILENO);
        (void)dup2(nowhere, STDERR_FILENO);
        execl(LAB_PROGRAM, LAB_PROGRAM, option, value, (char *)NULL);
        _exit(99);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void wrong_options_end_with_two(void **state)
{
    static const struct {
        const char *option, *value;
    } wrong[] = {
        {"--listen", "0.0.0.0:8080"},
        {"--listen", "nonsense"},
        {"--listen", NULL},
        {"--speed", "0"},
        {"--speed", "fast"},
        {"--marathon", "1.4"},
        {"--host-ports", "9-3"},
        {"--host-ports", "1"},
        {"--max-instances", "0"},
        {"--start-delay", "-1"},
        {"--image", "no-command"},
        {"--faults", "/no/such/file"},
        {"--unheard-of", NULL},
        {"--task-killing=yes", NULL},
        {"--credentials", "anna"},
        {"--tasks-per-offer", "-1"},
        {"--max-running-deployments", "0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(run_with(wrong[i].option, wrong[i].value), 2);
    assert_int_equal(run_with("--help", NULL), 0);
    assert_int_equal(run_with("--version", NULL), 0);
}

/* Run a program to its end with arguments; @return its exit status, and what it said */
static int run_program(const char *const *argv, char *ret_text, size_t size)
{
    int ends[2];
    int status = 0;
    size_t at = 0;
    ssize_t n;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(99);
    }
    close(ends[1]);
    for (n = read(ends[0], ret_text, size - 1); n > 0;
         n = read(ends[0], ret_text + at, size - 1 - at))
        at += (size_t)n;
    ret_text[at] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_state_that_is_no_directory_is_refused_at_the_start(void **state)
{
    static const char *const argv[] = {LAB_PROGRAM, "--listen",  "127.0.0.1:0",
                                       "--state",   "/dev/null", NULL};
    char text[1000];

    (void)state;
    assert_int_equal(run_program(argv, text, sizeof(text)), 1);
    assert_string_equal(text, "zdd-lab: cannot use /dev/null: Not a directory\n");
}

static void both_programs_tell_the_same_version(void **state)
{
    static const char *const lab[] = {LAB_PROGRAM, "--version", NULL};
    static const char *const server[] = {SERVER_PROGRAM, "--version", NULL};
    char ours[200];
    char theirs[200];

    (void)state;
    assert_int_equal(run_program(lab, ours, sizeof(ours)), 0);
    assert_int_equal(run_program(server, theirs, sizeof(theirs)), 0);
    assert_string_equal(strrchr(ours, ' '), strrchr(theirs, ' '));
}

static void a_misspelt_fault_is_told_whole(void **state)
{
    char path[] = "/tmp/zdd-faults.XXXXXX";
    const char *const argv[] = {LAB_PROGRAM, "--faults", path, NULL};
    static const char json[] = "{\"faults\":[{\"name\":\"drop-event\"}]}";
    const int fd = mkstemp(path);
    char text[1000];

    (void)state;
    assert_int_equal(write(fd, json, sizeof(json) - 1), (int)sizeof(json) - 1);
    close(fd);
    assert_int_equal(run_program(argv, text, sizeof(text)), 2);
    (void)unlink(path);
    assert_string_equal(text,
                        "zdd-lab: --faults: #/faults/0/name there is no fault \"drop-event\", "
                        "did you mean \"drop-events\"?; zdd-lab --help names them all\n");
}

/* Start zdd-load against @p marathon and read until @p words have come; then end it. */
static void load_says(const char *marathon, const char *words)
{
    char text[4000] = "";
    size_t at = 0;
    ssize_t n = 1;
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        (void)freopen("/dev/null", "w", stdout);
        execl(LOAD_PROGRAM, LOAD_PROGRAM, "--marathon", marathon, "--app", "/a", (char *)NULL);
        _exit(99);
    }
    close(ends[1]);
    while (!strstr(text, words) && n > 0 && at < 1000) { /* it tells five failures in words */
        struct pollfd polled = {.fd = ends[0], .events = POLLIN};

        n = poll(&polled, 1, WAIT_MS) == 1 ? read(ends[0], text + at, sizeof(text) - 1 - at) : 0;
        at += n > 0 ? (size_t)n : 0;
        text[at] = '\0';
    }
    assert_int_equal(kill(pid, SIGTERM), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(ends[0]);
    if (!strstr(text, words))
        fail_msg("not \"%s\" but: %s", words, text);
}

static void zdd_load_tells_why_it_knows_no_instance(void **state)
{
    struct lab *lab = lab_start(fast);
    char id[64];

    (void)state;
    load_says("http://127.0.0.1:1", "Marathon does not answer: ");
    load_says(lab->run.url, "Marathon answers 404 for the app");
    assert_int_equal(
        lab_change(lab, "PUT", "/v2/apps/a", "{\"cmd\":\"exec sleep 1000\",\"instances\":0}", id),
        201);
    load_says(lab->run.url, "no instance is up");
    lab_stop(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_survives_a_crash_of_the_lab),
        cmocka_unit_test(nothing_survives_the_end_of_the_lab),
        cmocka_unit_test(the_end_of_a_task_takes_its_group_with_it),
        cmocka_unit_test(who_ignores_sigterm_is_killed_after_its_grace),
        cmocka_unit_test(a_task_gets_marathons_environment),
        cmocka_unit_test(wrong_options_end_with_two),
        cmocka_unit_test(a_state_that_is_no_directory_is_refused_at_the_start),
        cmocka_unit_test(both_programs_tell_the_same_version),
        cmocka_unit_test(a_misspelt_fault_is_told_whole),
        cmocka_unit_test(zdd_load_tells_why_it_knows_no_instance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
