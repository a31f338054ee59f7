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
        {"--listen", "0.0.0.0:8080"}, {"--listen", "nonsense"},
        {"--listen", NULL},           {"--speed", "0"},
        {"--speed", "fast"},          {"--marathon", "1.4"},
        {"--host-ports", "9-3"},      {"--host-ports", "1"},
        {"--max-instances", "0"},     {"--start-delay", "-1"},
        {"--image", "no-command"},    {"--faults", "/no/such/file"},
        {"--unheard-of", NULL},       {"--task-killing=yes", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(run_with(wrong[i].option, wrong[i].value), 2);
    assert_int_equal(run_with("--help", NULL), 0);
    assert_int_equal(run_with("--version", NULL), 0);
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
