/**
 * @file tests/lab/e2e.c
 * @brief Driving zdd-lab and zdd-server together.
 */
#include "tests/support/spec.h"

#include "tests/lab/e2e.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAUSE_NS 5000000L
#define LOG_LINES 60

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

struct e2e *e2e_start(const char *const *lab_options, const char *const *server_options)
{
    return e2e_on(lab_start(lab_options), server_options);
}

struct e2e *e2e_on(struct lab *lab, const char *const *server_options)
{
    struct e2e *e = calloc(1, sizeof(*e));

    assert_non_null(e);
    assert_true(zdd_crypto_init());
    e->lab = lab;
    e->server_options = server_options;
    assert_true(serverrun_open(&e->server, e->lab->run.url));
    assert_true(serverrun_token(&e->server));
    e2e_boot(e);
    return e;
}

void e2e_boot(struct e2e *e)
{
    assert_true(serverrun_start(&e->server, e->server_options));
    e->api = apiclient_new(e->server.url, e->server.token);
}

void e2e_kill(struct e2e *e)
{
    serverrun_kill(&e->server);
    e->api = apiclient_free(e->api);
}

int e2e_drain(struct e2e *e)
{
    e->api = apiclient_free(e->api);
    return serverrun_stop(&e->server);
}

struct e2e *e2e_stop(struct e2e *e)
{
    int status;

    e2e_check_records(e);
    status = e2e_drain(e);
    if (status != 0)
        serverrun_log_tail(&e->server, LOG_LINES, stderr);
    assert_int_equal(status, 0);
    serverrun_close(&e->server);
    lab_stop(e->lab);
    free(e);
    return NULL;
}

/* Health checks that a slow machine does not fail: at speed 50 their timeout is six seconds, and
 * no failure kills. */
static const char health_checks[] =
    "[{\"protocol\":\"HTTP\",\"path\":\"/health\",\"gracePeriodSeconds\":300,"
    "\"intervalSeconds\":5,\"timeoutSeconds\":300,\"maxConsecutiveFailures\":0}]";
static const char readiness_checks[] =
    "[{\"protocol\":\"HTTP\",\"path\":\"/health\",\"portName\":\"main-api\","
    "\"intervalSeconds\":10,\"timeoutSeconds\":9,\"httpStatusCodesForReady\":[200]}]";

static json_t *read_text(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);

    assert_non_null(json);
    return json;
}

void e2e_gate(const struct e2e *e, char ret_path[static 128])
{
    snprintf(ret_path, 128, "%s/gate", e->server.dir);
    (void)remove(ret_path);
}

void e2e_gate_open(const char *path)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fclose(file);
}

static void set_program(const struct e2e_app *app, json_t *json)
{
    char waits[512];

    snprintf(waits, sizeof(waits), "while [ ! -e '%s' ]; do sleep 0.02; done; exec '%s'",
             app->gate ? app->gate : "", E2E_SERVICE);
    if (app->gate)
        json_object_set_new(json, "cmd", json_string(waits));
    else if (app->cmd)
        json_object_set_new(json, "cmd", json_string(app->cmd));
    else
        json_object_set_new(json, "container",
                            json_pack("{s:s, s:{s:s}}", "type", "DOCKER", "docker", "image",
                                      app->image ? app->image : "mhausenblas/simpleservice:0.4.0"));
}

json_t *e2e_app(const struct e2e_app *app)
{
    const int health_ms = app->sick ? 600000 : app->health_ms;
    char delay[16];
    json_t *json;

    snprintf(delay, sizeof(delay), "%d", health_ms);
    json =
        json_pack("{s:s, s:f, s:i, s:i, s:[{s:s, s:s, s:i}], s:{s:s, s:s, s:s}}", "id", app->id,
                  "cpus", 0.1, "mem", 32, "taskKillGracePeriodSeconds", 20, "portDefinitions",
                  "protocol", "tcp", "name", "main-api", "port", 0, "env", "SIMPLE_SERVICE_VERSION",
                  app->version, "HEALTH_MIN", delay, "HEALTH_MAX", delay);
    assert_non_null(json);
    set_program(app, json);
    if (app->instances)
        json_object_set_new(json, "instances", json_integer(app->instances));
    if (app->checks == E2E_HEALTH)
        json_object_set_new(json, "healthChecks", read_text(health_checks));
    if (app->checks == E2E_READY)
        json_object_set_new(json, "readinessChecks", read_text(readiness_checks));
    return json;
}

json_t *e2e_request(const char *strategy, json_t *app)
{
    json_t *request =
        json_pack("{s:s, s:o, s:s}", "strategy", strategy, "app", app, "reason", "end to end");

    assert_non_null(request);
    return request;
}

json_t *e2e_rolling(json_t *app, double m, double o)
{
    json_t *request = e2e_request("rolling", app);

    json_object_set_new(
        request, "options",
        json_pack("{s:f, s:f}", "minimumHealthCapacity", m, "maximumOverCapacity", o));
    return request;
}

static struct apiclient_answer post(struct e2e *e, const char *path, const json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    struct apiclient_answer answer = apiclient_post(e->api, path, text);

    free(text);
    return answer;
}

/* The body of an answer that must have this status. */
static json_t *body_of(struct e2e *e, struct apiclient_answer *answer, long status)
{
    json_t *json = json_incref(answer->json);

    if (answer->status != status) {
        serverrun_log_tail(&e->server, LOG_LINES, stderr);
        fail_msg("expected %ld, got %ld: %s", status, answer->status, answer->body);
    }
    apiclient_answer_release(answer);
    return json;
}

json_t *e2e_plan(struct e2e *e, const json_t *request)
{
    struct apiclient_answer answer = post(e, "/v1/plans", request);

    return body_of(e, &answer, 201);
}

static void take_id(struct e2e *e, struct apiclient_answer *answer, char ret_id[static E2E_ID_SIZE])
{
    ZDD_AUTO_JSON json_t *run = body_of(e, answer, 202);

    snprintf(ret_id, E2E_ID_SIZE, "%s", zdd_json_text(run, "id", ""));
    assert_string_not_equal(ret_id, "");
}

void e2e_deploy_plan(struct e2e *e, const json_t *plan, char ret_id[static E2E_ID_SIZE])
{
    ZDD_AUTO_JSON json_t *reference =
        json_pack("{s:s, s:s}", "planId", zdd_json_text(plan, "id", ""), "digest",
                  zdd_json_text(plan, "digest", ""));
    struct apiclient_answer answer = post(e, "/v1/deployments", reference);

    take_id(e, &answer, ret_id);
}

void e2e_deploy(struct e2e *e, json_t *request, char ret_id[static E2E_ID_SIZE])
{
    struct apiclient_answer answer = post(e, "/v1/deployments", request);

    json_decref(request);
    take_id(e, &answer, ret_id);
}

void e2e_deploy_well(struct e2e *e, json_t *request)
{
    char id[E2E_ID_SIZE];

    e2e_deploy(e, request, id);
    e2e_await(e, id, "succeeded");
}

struct apiclient_answer e2e_refused(struct e2e *e, json_t *request, long status, const char *code)
{
    struct apiclient_answer answer = post(e, "/v1/deployments", request);

    json_decref(request);
    if (answer.status != status || strcmp(apiclient_text(&answer, "/code"), code) != 0)
        fail_msg("expected %ld %s, got %ld: %s", status, code, answer.status, answer.body);
    return answer;
}

bool e2e_try_command(struct e2e *e, const char *id, const char *command)
{
    struct apiclient_answer answer;
    char path[128];
    bool taken;

    snprintf(path, sizeof(path), "/v1/deployments/%s/%s", id, command);
    answer = apiclient_post(e->api, path, "{\"reason\":\"the test says so\"}");
    taken = answer.status == 202;
    if (!taken && answer.status != 409) {
        e2e_tell(e, id);
        fail_msg("%s: %ld %s", command, answer.status, answer.body);
    }
    apiclient_answer_release(&answer);
    return taken;
}

void e2e_command(struct e2e *e, const char *id, const char *command)
{
    if (e2e_try_command(e, id, command))
        return;
    e2e_tell(e, id);
    fail_msg("%s is refused", command);
}

json_t *e2e_get(struct e2e *e, const char *id)
{
    struct apiclient_answer answer;
    char path[128];

    snprintf(path, sizeof(path), "/v1/deployments/%s", id);
    answer = apiclient_get(e->api, path);
    return body_of(e, &answer, 200);
}

static void print_get(struct e2e *e, const char *id, const char *what, const char *accept)
{
    struct apiclient_request request = {.header = {accept}};
    struct apiclient_answer answer;
    char path[128];

    snprintf(path, sizeof(path), "/v1/deployments/%s%s", id, what);
    request.path = path;
    answer = apiclient_send(e->api, &request);
    fprintf(stderr, "%s: %s\n", path, answer.body ? answer.body : "");
    apiclient_answer_release(&answer);
}

void e2e_tell(struct e2e *e, const char *id)
{
    json_t *apps = NULL;

    print_get(e, id, "", NULL);
    print_get(e, id, "/steps", NULL);
    print_get(e, id, "/explain", "Accept: text/plain");
    fputs("The server's log ends so:\n", stderr);
    serverrun_log_tail(&e->server, LOG_LINES, stderr);
    (void)lab_call(e->lab, "GET", "/v2/apps?embed=apps.tasks&embed=apps.deployments", NULL, &apps);
    fputs("Marathon has: ", stderr);
    json_dumpf(apps, stderr, JSON_COMPACT);
    fputs("\n", stderr);
    json_decref(apps);
}

static bool has_text(const json_t *run, const char *pointer, const char *text)
{
    const char *seen = json_string_value(zdd_json_at(run, pointer));

    return seen && strcmp(seen, text) == 0;
}

static bool has_ended(const json_t *run)
{
    return json_is_string(json_object_get(run, "endedAt"));
}

/* The deployment as soon as it differs from @p revision, or after a second. */
static json_t *get_newer(struct e2e *e, const char *id, int64_t revision)
{
    char etag[64];
    char path[128];
    const struct apiclient_request request = {.path = path, .header = {etag, "Prefer: wait=1"}};
    struct apiclient_answer answer;

    snprintf(etag, sizeof(etag), "If-None-Match: \"%" PRId64 "\"", revision);
    snprintf(path, sizeof(path), "/v1/deployments/%s", id);
    answer = apiclient_send(e->api, &request);
    if (answer.status != 304)
        return body_of(e, &answer, 200);
    apiclient_answer_release(&answer);
    return NULL;
}

/* @return the deployment once it fits, or as it was at the end of the wait */
static json_t *follow(struct e2e *e, const char *id,
                      bool (*fits)(const json_t *run, const char *a, const char *b), const char *a,
                      const char *b)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;
    json_t *run = e2e_get(e, id);

    while (!fits(run, a, b) && !has_ended(run) && zdd_mono_ms() < until_ms) {
        json_t *newer = get_newer(e, id, zdd_json_int(run, "revision", 0));

        if (newer) {
            json_decref(run);
            run = newer;
        }
    }
    return run;
}

void e2e_until(struct e2e *e, const char *id, const char *pointer, const char *text)
{
    ZDD_AUTO_JSON json_t *run = follow(e, id, has_text, pointer, text);

    if (has_text(run, pointer, text))
        return;
    e2e_tell(e, id);
    fail_msg("%s is not \"%s\"", pointer, text);
}

static bool has_least(const json_t *run, const char *pointer, const char *least)
{
    return json_integer_value(zdd_json_at(run, pointer)) >= strtoll(least, NULL, 10);
}

void e2e_until_least(struct e2e *e, const char *id, const char *pointer, json_int_t least)
{
    char text[32];

    snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, least);

    ZDD_AUTO_JSON json_t *run = follow(e, id, has_least, pointer, text);

    if (has_least(run, pointer, text))
        return;
    e2e_tell(e, id);
    fail_msg("%s is below %s", pointer, text);
}

static bool never(const json_t *run, const char *a, const char *b)
{
    (void)run;
    (void)a;
    (void)b;
    return false;
}

void e2e_await(struct e2e *e, const char *id, const char *state)
{
    ZDD_AUTO_JSON json_t *run = follow(e, id, never, NULL, NULL);

    if (has_text(run, "/state", state))
        return;
    e2e_tell(e, id);
    fail_msg("expected the end \"%s\"", state);
}

bool e2e_had_nothing_to_undo(struct e2e *e, const char *id)
{
    ZDD_AUTO_JSON json_t *run = e2e_get(e, id);
    char step[300];

    snprintf(step, sizeof(step), "run=%s app=%s rule=undo/nothing-to-undo", id,
             zdd_json_text(run, "appId", ""));
    return serverrun_log_has(&e->server, step);
}

void e2e_until_explained(struct e2e *e, const char *id, const char *text)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;
    char path[128];
    const struct apiclient_request request = {.path = path, .header = {"Accept: text/plain"}};
    bool found = false;

    snprintf(path, sizeof(path), "/v1/deployments/%s/explain", id);
    while (!found && zdd_mono_ms() < until_ms) {
        struct apiclient_answer answer = apiclient_send(e->api, &request);

        assert_int_equal(answer.status, 200);
        found = strstr(answer.body, text) != NULL;
        apiclient_answer_release(&answer);
        if (!found)
            pause_shortly();
    }
    if (found)
        return;
    e2e_tell(e, id);
    fail_msg("explain never says \"%s\"", text);
}

json_t *e2e_all(struct e2e *e, const char *path)
{
    json_t *items = json_array();
    char cursor[512] = "";

    do {
        char full[1024];
        struct apiclient_answer answer;
        ZDD_AUTO_JSON json_t *page = NULL;

        snprintf(full, sizeof(full), "%s%climit=200%s%s", path, strchr(path, '?') ? '&' : '?',
                 *cursor ? "&cursor=" : "", cursor);
        answer = apiclient_get(e->api, full);
        page = body_of(e, &answer, 200);
        json_array_extend(items, json_object_get(page, "items"));
        snprintf(cursor, sizeof(cursor), "%s", zdd_json_text(page, "nextCursor", ""));
    } while (*cursor);
    return items;
}

void e2e_check_records(struct e2e *e)
{
    ZDD_AUTO_JSON json_t *events = e2e_all(e, "/v1/events");
    struct apiclient_answer answer = apiclient_get(e->api, "/v1/audit/verify");
    ZDD_AUTO_JSON json_t *verified = body_of(e, &answer, 200);

    assert_true(zdd_json_bool(verified, "ok", false));
    for (size_t i = 0; i < json_array_size(events); i++)
        assert_int_equal(zdd_json_int(json_array_get(events, i), "seq", -1), (int64_t)i + 1);
}

static json_t *app_of(struct e2e *e, const char *app_id)
{
    json_t *answer = NULL;
    json_t *app;
    char path[300];

    snprintf(path, sizeof(path), "/v2/apps/%s", app_id);
    assert_int_equal(lab_call(e->lab, "GET", path, NULL, &answer), 200);
    app = json_incref(json_object_get(answer, "app"));
    json_decref(answer);
    assert_non_null(app);
    return app;
}

void e2e_check_app(struct e2e *e, const char *app_id, const char *version, int instances)
{
    ZDD_AUTO_JSON json_t *app = app_of(e, app_id);
    const json_t *tasks = json_object_get(app, "tasks");
    const bool checked = json_array_size(json_object_get(app, "healthChecks")) > 0;
    const char *since =
        zdd_json_text(json_object_get(app, "versionInfo"), "lastConfigChangeAt", "?");

    assert_string_equal(zdd_json_text(json_object_get(app, "env"), "SIMPLE_SERVICE_VERSION", ""),
                        version);
    assert_int_equal(zdd_json_int(app, "instances", -1), instances);
    assert_int_equal(json_array_size(tasks), instances);
    assert_int_equal(json_array_size(json_object_get(app, "deployments")), 0);
    assert_int_equal(zdd_json_int(app, "tasksRunning", -1), instances);
    if (checked)
        assert_int_equal(zdd_json_int(app, "tasksHealthy", -1), instances);
    for (size_t i = 0; i < json_array_size(tasks); i++)
        assert_true(strcmp(zdd_json_text(json_array_get(tasks, i), "version", ""), since) >= 0);
}

size_t e2e_version_count(struct e2e *e, const char *app_id)
{
    ZDD_AUTO_JSON json_t *answer = NULL;
    char path[300];

    snprintf(path, sizeof(path), "/v2/apps/%s/versions", app_id);
    assert_int_equal(lab_call(e->lab, "GET", path, NULL, &answer), 200);
    return json_array_size(json_object_get(answer, "versions"));
}
