/**
 * @file tests/api/test_metrics.c
 * @brief GET /metrics: what promtool and the dashboard in deploy/grafana need to find.
 */
#include "server/base/clock.h"
#include "server/json/json.h"
#include "tests/api/api_world.h"
#include "tests/support/contract.h"

#include <ctype.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_SIZE 400

extern char **environ;

/* The value of a metric, or -1. */
static double value_of(const char *text, const char *name)
{
    char line[160];
    const char *found;

    snprintf(line, sizeof(line), "\n%s ", name);
    found = strstr(text, line);
    return found ? strtod(found + strlen(line), NULL) : -1;
}

static struct apiclient_answer scrape(struct api_world *world)
{
    struct apiclient_answer answer = apiclient_get(world->client, "/metrics");

    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.type, "text/plain; version=0.0.4; charset=utf-8");
    return answer;
}

static void what_was_asked_and_written_is_counted(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    double commits;

    apiclient_expect(apiclient_get(world->client, "/v1/plans/7"), 404, NULL);
    api_world_events(world, "deployment.paused", "/zdd/a", 3);
    answer = scrape(world);
    commits = value_of(answer.body, "zdd_store_commits_total");
    assert_true(value_of(answer.body, "zdd_ready") == 1);
    assert_true(value_of(answer.body, "zdd_http_answers_total{class=\"4xx\"}") == 1);
    assert_true(value_of(answer.body, "zdd_store_transactions_total") >= 2);
    assert_true(commits >= 2);
    assert_true(value_of(answer.body, "zdd_store_batch_transactions_bucket{le=\"+Inf\"}") ==
                commits);
    assert_true(value_of(answer.body, "zdd_build_info{version=\"1.2.3-test\"}") == 1);
}

/* Everything that can be counted, once. */
static void count_all(struct zdd_metrics *metrics)
{
    zdd_metrics_ended(metrics, "canary", ZDD_PHASE_ROLLED_BACK, 1000, 43000);
    zdd_metrics_ended(metrics, "no-such", ZDD_PHASE_SUCCEEDED, 1000, 2000);
    zdd_metrics_ended(metrics, "rolling", ZDD_PHASE_ROLLING, 1000, 2000);
    zdd_metrics_left(metrics, ZDD_PHASE_DRAINING, 2500);
    zdd_metrics_left(metrics, ZDD_PHASE_DRAINING, -5);
    zdd_metrics_rollback(metrics, ZDD_CAUSE_VERIFY_FAILED);
    zdd_metrics_gate(metrics, 61000);
    zdd_metrics_marathon(metrics, 200, 7);
    zdd_metrics_marathon(metrics, 0, 31000);
    zdd_metrics_marathon(metrics, 418, 10);
    zdd_metrics_heard(metrics, 1);
    zdd_metrics_poll(metrics, "10.0.0.5");
    zdd_metrics_poll(metrics, "10.0.0.5");
    for (int i = 0; i < 16; i++) {
        char address[20];

        snprintf(address, sizeof(address), "10.0.1.%d", i);
        zdd_metrics_poll(metrics, address);
    }
}

static void what_happens_is_counted_by_its_labels(void **state)
{
    static const struct {
        const char *name;
        double value;
    } rows[] = {
        {"zdd_deployments_ended_total{strategy=\"canary\",outcome=\"rolled-back\"}", 1},
        {"zdd_deployments_ended_total{strategy=\"canary\",outcome=\"succeeded\"}", 0},
        {"zdd_deployments_ended_total{strategy=\"rolling\",outcome=\"succeeded\"}", 0},
        {"zdd_deployment_duration_seconds_bucket{strategy=\"canary\",le=\"30\"}", 0},
        {"zdd_deployment_duration_seconds_bucket{strategy=\"canary\",le=\"60\"}", 1},
        {"zdd_deployment_duration_seconds_sum{strategy=\"canary\"}", 42},
        {"zdd_deployment_duration_seconds_count{strategy=\"rolling\"}", 0},
        {"zdd_phase_duration_seconds_sum{phase=\"draining\"}", 2.5},
        {"zdd_phase_duration_seconds_count{phase=\"draining\"}", 2},
        {"zdd_rollbacks_total{trigger=\"verify-failed\"}", 1},
        {"zdd_rollbacks_total{trigger=\"aborted\"}", 0},
        {"zdd_gate_wait_seconds_bucket{le=\"60\"}", 0},
        {"zdd_gate_wait_seconds_bucket{le=\"300\"}", 1},
        {"zdd_marathon_calls_total{code=\"200\"}", 1},
        {"zdd_marathon_calls_total{code=\"none\"}", 1},
        {"zdd_marathon_calls_total{code=\"other\"}", 1},
        {"zdd_marathon_call_duration_seconds_bucket{le=\"0.005\"}", 0},
        {"zdd_marathon_call_duration_seconds_bucket{le=\"0.01\"}", 2},
        {"zdd_marathon_call_duration_seconds_bucket{le=\"30\"}", 2},
        {"zdd_marathon_call_duration_seconds_bucket{le=\"+Inf\"}", 3},
        {"zdd_agent_polls_total{balancer=\"10.0.0.5\"}", 2},
        {"zdd_agent_polls_total{balancer=\"10.0.1.14\"}", 1},
        {"zdd_agent_polls_total{balancer=\"other\"}", 1},
    };
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    count_all(world->metrics);
    answer = scrape(world);
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        if (value_of(answer.body, rows[i].name) != rows[i].value)
            fail_msg("%s is %g, not %g", rows[i].name, value_of(answer.body, rows[i].name),
                     rows[i].value);
    }
    assert_true(value_of(answer.body, "zdd_marathon_stream_age_seconds") > 0);
}

static void the_process_is_there_under_the_usual_names(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = scrape(world);

    assert_true(value_of(answer.body, "process_resident_memory_bytes") > 1024 * 1024);
    assert_true(value_of(answer.body, "process_virtual_memory_bytes") >
                value_of(answer.body, "process_resident_memory_bytes"));
    assert_true(value_of(answer.body, "process_open_fds") >= 3);
    assert_true(value_of(answer.body, "process_max_fds") >= 64);
    assert_true(value_of(answer.body, "process_threads") >= 2);
    assert_true(value_of(answer.body, "process_cpu_seconds_total") >= 0);
    /* After 2020, and not in the future. */
    assert_true(value_of(answer.body, "process_start_time_seconds") > 1577836800);
    assert_true(value_of(answer.body, "process_start_time_seconds") <=
                (double)zdd_now_ms() / 1000 + 1);
}

static void a_deployment_that_runs_is_seen_by_those_who_may(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], token[ZDD_TOKEN_SIZE];
    APICLIENT_AUTO struct apiclient_answer all = {0}, part = {0};

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    api_world_move(world, id, ZDD_PHASE_ROLLING, "deployment.started");
    api_world_token(world, "shop", ZDD_SCOPE_READ, "/shop", 0, token);
    all = scrape(world);
    part = apiclient_send(world->client,
                          &(struct apiclient_request){.path = "/metrics", .token = token});
    assert_true(value_of(all.body, "zdd_deployment_instances{app=\"/zdd/base\",side=\"new\"}") >=
                0);
    assert_int_equal(part.status, 200);
    assert_null(strstr(part.body, "/zdd/base"));
}

static void each_family_is_described_once(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = apiclient_get(world->client, "/metrics");

    for (const char *line = strstr(answer.body, "# TYPE "); line;
         line = strstr(line + 1, "# TYPE ")) {
        char name[120];

        snprintf(name, sizeof(name), "%.*s", (int)strcspn(line + 7, " ") + 8, line);
        assert_null(strstr(line + 1, name));
    }
}

/* What promtool says of @p path, cut to fit. */
static void ask_promtool(const char *path, const char *words_path,
                         char ret_words[static WORDS_SIZE])
{
    char program[] = "promtool", verb[] = "check", what[] = "metrics";
    char *const argv[] = {program, verb, what, NULL};
    posix_spawn_file_actions_t files;
    FILE *file;
    int status;
    pid_t pid;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, path, O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, words_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    assert_int_equal(posix_spawnp(&pid, argv[0], &files, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
        fail_msg("promtool cannot be run: deploy/install-deps --test installs it");
    file = fopen(words_path, "r");
    assert_non_null(file);
    ret_words[fread(ret_words, 1, WORDS_SIZE - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
}

/* Whatever promtool has to say is a fault. */
static void promtool_has_nothing_to_say(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    char path[100], words_path[100];
    char said[WORDS_SIZE];
    FILE *file;

    api_world_base(world);
    count_all(world->metrics);
    answer = scrape(world);
    snprintf(path, sizeof(path), "%s/metrics.txt", world->folder);
    snprintf(words_path, sizeof(words_path), "%s/promtool.txt", world->folder);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(answer.body, 1, answer.size, file), answer.size);
    assert_int_equal(fclose(file), 0);
    ask_promtool(path, words_path, said);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(words_path), 0);
    assert_string_equal(said, "");
}

static bool is_name(int c)
{
    return isalnum(c) || c == '_' || c == ':';
}

/* "zdd_gate_wait_seconds_bucket" is there when its family is. */
static bool is_shown(const char *metrics, const char *name)
{
    static const char *const suffixes[] = {"", "_bucket", "_sum", "_count"};
    char line[160];

    for (size_t i = 0; i < ZDD_COUNT(suffixes); i++) {
        const size_t size = strlen(name), less = strlen(suffixes[i]);

        if (size <= less || strcmp(name + size - less, suffixes[i]) != 0)
            continue;
        snprintf(line, sizeof(line), "\n# TYPE %.*s ", (int)(size - less), name);
        if (strstr(metrics, line))
            return true;
    }
    return false;
}

/* Each word of a query that could be a metric of ours. @return how many there are */
static int check_query(const char *metrics, const char *query)
{
    int count = 0;

    while (*query) {
        size_t size = 0;
        char name[120];

        while (is_name((unsigned char)query[size]))
            size++;
        snprintf(name, sizeof(name), "%.*s", (int)size, query);
        if (strncmp(name, "zdd_", 4) == 0 || strncmp(name, "process_", 8) == 0) {
            if (!is_shown(metrics, name))
                fail_msg("the dashboard asks for %s, which is not there: %s", name, query);
            count++;
        }
        query += size > 0 ? size : 1;
    }
    return count;
}

static int check_panels(const char *metrics, const json_t *panels)
{
    int count = 0;
    size_t i, j;
    const json_t *panel, *target;

    json_array_foreach(panels, i, panel)
    {
        count += check_panels(metrics, json_object_get(panel, "panels"));
        json_array_foreach(json_object_get(panel, "targets"), j, target)
        {
            const char *query = json_string_value(json_object_get(target, "expr"));

            assert_non_null(query);
            count += check_query(metrics, query);
        }
    }
    return count;
}

static void the_dashboard_asks_for_what_there_is(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = scrape(world);
    json_t *dashboard = json_load_file(ZDD_DASHBOARD, JSON_REJECT_DUPLICATES, NULL);

    assert_non_null(dashboard);
    assert_true(check_panels(answer.body, json_object_get(dashboard, "panels")) > 20);
    json_decref(dashboard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(what_was_asked_and_written_is_counted),
        TEST(what_happens_is_counted_by_its_labels),
        TEST(the_process_is_there_under_the_usual_names),
        TEST(a_deployment_that_runs_is_seen_by_those_who_may),
        TEST(each_family_is_described_once),
        TEST(promtool_has_nothing_to_say),
        TEST(the_dashboard_asks_for_what_there_is),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
