/**
 * @file tests/lab/test_e2e_secrets.c
 * @brief A canary in every secret place of a definition: Marathon gets it, and nobody else.
 *
 * Everything that the server gives out is looked through, and every byte that it keeps.
 */
#include "tests/support/spec.h"

#include "server/api/api.h"
#include "server/secrets/marker.h"
#include "tests/lab/e2e.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOP "/shop"
#define CANARY "cAnArY" /* with a number behind it for each release */
#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static char key_file[] = "/tmp/zdd-e2e-key-XXXXXX";
static const char *const fast[] = {"--speed", "50", NULL};
static const char *const options[] = {"--log-level", "debug", "--secrets-key-file", key_file, NULL};

static int make_key(void **state)
{
    const int fd = mkstemp(key_file);

    (void)state;
    if (fd < 0 || write(fd, KEY "\n", strlen(KEY) + 1) != (ssize_t)strlen(KEY) + 1)
        return -1;
    return close(fd);
}

static int remove_key(void **state)
{
    (void)state;
    return unlink(key_file);
}

/* Release @p number: everything secret in it is a canary with that number. */
static json_t *shop(const char *version, int number)
{
    json_t *app = e2e_app(
        &(struct e2e_app){.id = SHOP, .version = version, .instances = 2, .checks = E2E_HEALTH});
    char secrets[1200];
    json_t *more, *env;

    snprintf(secrets, sizeof(secrets),
             "{\"env\":{\"DB_PASSWORD\":\"" CANARY "%d\",\"MAIL\":\"smtp://u:" CANARY "%d@mail\","
             "\"STORE\":{\"secret\":\"" CANARY "%d\"}},"
             "\"secrets\":{\"" CANARY "%d\":{\"source\":\"/" CANARY "%d\"}},"
             "\"labels\":{\"HAPROXY_0_AUTH\":\"r:u:" CANARY "%d\",\"API_KEY\":\"" CANARY "%d\"},"
             "\"fetch\":[{\"uri\":\"https://u:" CANARY "%d@h/a.tgz?token=" CANARY "%d\"}]}",
             number, number, number, number, number, number, number, number, number);
    more = json_loads(secrets, 0, NULL);
    assert_non_null(more);
    env = json_object_get(more, "env");
    assert_int_equal(json_object_update_missing(env, json_object_get(app, "env")), 0);
    assert_int_equal(json_object_update(app, more), 0);
    json_decref(more);
    return app;
}

/* What Marathon runs has all canaries of that number, and no marker. */
static void check_marathon(struct e2e *e, int number)
{
    json_t *answer = NULL;
    char canary[32];
    char *text;
    int found = 0;

    snprintf(canary, sizeof(canary), CANARY "%d", number);
    assert_int_equal(lab_call(e->lab, "GET", "/v2/apps" SHOP, NULL, &answer), 200);
    text = json_dumps(json_object_get(answer, "app"), JSON_COMPACT);
    for (const char *at = strstr(text, canary); at; at = strstr(at + 1, canary))
        found++;
    if (found != 9 || strstr(text, ZDD_MARKER_HEAD))
        fail_msg("%d canaries in %s", found, text);
    free(text);
    json_decref(answer);
}

static void look_through(const char *what, const char *text, size_t size)
{
    if (memmem(text, size, CANARY, strlen(CANARY)))
        fail_msg("%s has a canary: %.3000s", what, text);
}

static void look_through_file(const char *path)
{
    FILE *file = fopen(path, "r");
    struct stat status;
    char *bytes;

    if (!file)
        return; /* a log that was copied back and cut off */
    assert_int_equal(fstat(fileno(file), &status), 0);
    bytes = malloc((size_t)status.st_size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)status.st_size, file), status.st_size);
    bytes[status.st_size] = '\0';
    look_through(path, bytes, (size_t)status.st_size);
    free(bytes);
    fclose(file);
}

/* The path of a route with what there is in place of its arguments; false: there is nothing. */
static bool path_of(const struct zdd_route *route, const char *id, const char *plan_id,
                    char *ret_path, size_t size)
{
    const char *argument = strchr(route->path, '{');
    const char *value = strstr(route->path, "/plans/") ? plan_id : id;
    const char *end = argument ? strchr(argument, '}') + 1 : NULL;

    if (strcmp(route->method, "GET") != 0 || strstr(route->path, "{file}"))
        return false;
    if (!argument)
        snprintf(ret_path, size, "%s", route->path);
    else
        snprintf(ret_path, size, "%.*s%s%s", (int)(argument - route->path), route->path,
                 strstr(route->path, "{appId}") ? "%2Fshop" : value, end);
    return true;
}

static void look_at_all_that_is_given_out(struct e2e *e, const char *id)
{
    ZDD_AUTO_JSON json_t *run = e2e_get(e, id);
    const char *plan_id = json_string_value(json_object_get(run, "planId"));
    struct zdd_http_options http = {0};
    size_t seen = 0;

    zdd_api_serve(NULL, &http);
    for (size_t i = 0; i < http.route_count; i++) {
        char path[200];

        if (!path_of(&http.routes[i], id, plan_id, path, sizeof(path)))
            continue;

        APICLIENT_AUTO struct apiclient_answer answer = apiclient_get(e->api, path);

        look_through(path, answer.body ? answer.body : "", answer.size);
        seen++;
    }
    assert_true(seen > 15);
}

static void look_at_all_that_is_kept(struct e2e *e)
{
    char path[160];

    look_through_file(e->server.log);
    look_through_file(e->server.db);
    snprintf(path, sizeof(path), "%s-wal", e->server.db);
    look_through_file(path);
}

/* What revision @p number from the newest shows is sent back as it is. */
static json_t *revision(struct e2e *e, size_t number)
{
    ZDD_AUTO_JSON json_t *all = e2e_all(e, "/v1/apps/%2Fshop/revisions");
    json_t *definition = json_object_get(json_array_get(all, number), "definition");

    assert_non_null(definition);
    return json_incref(definition);
}

static void what_is_secret_reaches_marathon_and_nobody_else(void **state)
{
    struct e2e *e = e2e_start(fast, options);
    struct e2e_stream *stream = e2e_stream_open(e, "/v1/events?lastEventId=0");
    ZDD_AUTO_JSON json_t *plan = NULL;
    ZDD_AUTO_JSON json_t *request = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[E2E_ID_SIZE];
    char *text;

    (void)state;
    e2e_deploy_well(e, e2e_rolling(shop("0.9", 1), 1, 1));
    check_marathon(e, 1);

    request = e2e_rolling(shop("1.0", 2), 1, 1);
    plan = e2e_plan(e, request);
    text = json_dumps(plan, JSON_COMPACT);
    look_through("the plan", text, strlen(text));
    assert_non_null(strstr(text, "/env/DB_PASSWORD")); /* the change is seen … */
    free(text);
    e2e_deploy_plan(e, plan, id);
    e2e_await(e, id, "succeeded");
    check_marathon(e, 2);

    e2e_deploy_well(e, e2e_rolling(revision(e, 1), 1, 1)); /* … and can be taken back */
    check_marathon(e, 1);

    look_at_all_that_is_given_out(e, id);
    e2e_stream_until(stream, "deployment.succeeded", id);
    events = e2e_stream_close(stream);
    text = json_dumps(events, JSON_COMPACT);
    look_through("the stream", text, strlen(text));
    free(text);
    look_at_all_that_is_kept(e);
    e2e_kill(e);
    e2e_boot(e);
    look_at_all_that_is_kept(e);
    e2e_stop(e);
}

static void a_marker_of_another_app_is_refused_by_its_place(void **state)
{
    struct e2e *e = e2e_start(fast, options);
    json_t *definition;
    struct apiclient_answer answer;

    (void)state;
    e2e_deploy_well(e, e2e_rolling(shop("0.9", 1), 1, 1));
    definition = revision(e, 0);
    assert_int_equal(json_object_set_new(definition, "id", json_string("/thief")), 0);
    answer = e2e_refused(e, e2e_rolling(definition, 1, 1), 422, "body-invalid");
    assert_non_null(strstr(answer.body, "#/app/env/DB_PASSWORD"));
    apiclient_answer_release(&answer);
    e2e_stop(e);
}

/* Nothing is served and nothing is lost by a start without the key. */
static void a_server_without_the_key_does_not_start_and_says_what_to_do(void **state)
{
    static const char *const none[] = {NULL};
    struct e2e *e = e2e_start(fast, options);

    (void)state;
    e2e_deploy_well(e, e2e_rolling(shop("0.9", 1), 1, 1));
    e2e_kill(e);
    assert_true(serverrun_spawn(&e->server, none));
    assert_int_equal(serverrun_wait(&e->server, 20000), 1);
    assert_true(serverrun_log_has(&e->server, "no key is configured"));
    e2e_boot(e);
    e2e_deploy_well(e, e2e_rolling(revision(e, 0), 1, 1));
    check_marathon(e, 1);
    e2e_stop(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_secret_reaches_marathon_and_nobody_else),
        cmocka_unit_test(a_marker_of_another_app_is_refused_by_its_place),
        cmocka_unit_test(a_server_without_the_key_does_not_start_and_says_what_to_do),
    };

    return cmocka_run_group_tests(tests, make_key, remove_key);
}
