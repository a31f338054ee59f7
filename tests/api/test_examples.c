/**
 * @file tests/api/test_examples.c
 * @brief Each example of a request in openapi/openapi.json is sent, and answered as said here.
 *
 * A row for every example, and an example for every row: one that is new fails until it is here.
 */
#include "server/base/cleanup.h"
#include "server/json/json.h"
#include "tests/api/api_world.h"
#include "tests/support/contract.h"
#include "tests/support/schema.h"

#include <stdio.h>
#include <string.h>

/* What an example finds when it comes. */
enum scene { NOTHING, APP, PAIR, RUNNING, HELD, STUCK, PAUSING, AT_GATE, ENDED };

static const struct {
    const char *operation, *name; /* a parameter's example has the parameter's name */
    enum scene scene;
    long status;
    const char *code; /* of the problem, NULL for none */
} rows[] = {
    {"createPlan", "wholeDefinition", APP, 201, NULL},
    {"createPlan", "blueGreen", PAIR, 201, NULL},
    {"createPlan", "stepwise", PAIR, 201, NULL},
    {"createPlan", "change", APP, 201, NULL},
    {"createPlan", "scale", APP, 201, NULL},
    {"createPlan", "canary", NOTHING, 201, NULL},
    /* Nobody has made this plan; how one is made and started, tests/contract tells. */
    {"createDeployment", "plan", APP, 404, "plan-unknown"},
    {"createDeployment", "atOnce", APP, 202, NULL},
    {"createDeployment", "canary", NOTHING, 202, NULL},
    {"getDeployment", "Prefer", ENDED, 200, NULL},
    {"pauseDeployment", "pause", RUNNING, 202, NULL},
    {"resumeDeployment", "resume", HELD, 202, NULL},
    {"promoteDeployment", "promote", AT_GATE, 202, NULL},
    {"abortDeployment", "abort", RUNNING, 202, NULL},
    {"rollbackDeployment", "rollback", RUNNING, 202, NULL},
    {"retryDeployment", "retry", STUCK, 202, NULL},
    {"setDeploymentWeight", "weight", PAUSING, 202, NULL},
    {"decideGate", "approve", AT_GATE, 202, NULL},
    {"listAudit", "action", APP, 200, NULL},
    /* No token looks like this one. */
    {"createSession", "login", APP, 401, "token-unknown"},
};

static bool seen[ZDD_COUNT(rows)];

#define GATE "go-live"
#define CANARY_APP(version)                                                                        \
    "{\"id\":\"/zdd/base\",\"instances\":3,\"cpus\":0.1,\"mem\":32,\"cmd\":\"./serve\","           \
    "\"env\":{\"VERSION\":\"" version "\"},\"healthChecks\":[{\"protocol\":\"HTTP\","              \
    "\"path\":\"/health\"}],\"labels\":{\"HAPROXY_GROUP\":\"external\","                           \
    "\"HAPROXY_0_PORT\":\"10000\"}}"

/* A canary of /zdd/base, whose first version runs. */
#define CANARY                                                                                     \
    "{\"strategy\":\"canary\",\"app\":" CANARY_APP(                                                \
        "2") ",\"options\":{\"steps\":[{\"weight\":20},"                                           \
             "{\"pauseSeconds\":60},{\"gate\":\"" GATE "\"}]}}"
enum { PAUSE_STEP = 5, GATE_STEP = 6 }; /* adopt shift start join weight pause gate */

static void start_canary(struct api_world *world, enum scene scene, char ret_id[static ZDD_ID_SIZE])
{
    APICLIENT_AUTO struct apiclient_answer answer =
        apiclient_post(world->client, "/v1/deployments", CANARY);

    assert_int_equal(answer.status, 202);
    snprintf(ret_id, ZDD_ID_SIZE, "%s", apiclient_text(&answer, "/id"));
    if (scene == AT_GATE)
        api_world_stand(world, &(struct api_world_standing){.id = ret_id,
                                                            .phase = ZDD_PHASE_GATED,
                                                            .hold = ZDD_HOLD_GATE,
                                                            .step = GATE_STEP});
    else
        api_world_stand(world, &(struct api_world_standing){
                                   .id = ret_id, .phase = ZDD_PHASE_PAUSING, .step = PAUSE_STEP});
}

static void start_rolling(struct api_world *world, enum scene scene,
                          char ret_id[static ZDD_ID_SIZE])
{
    api_world_base(world);
    api_world_deploy(world, "1.0", "", ret_id);
    if (scene == RUNNING)
        api_world_move(world, ret_id, ZDD_PHASE_ROLLING, "deployment.started");
    else if (scene == ENDED)
        api_world_move(world, ret_id, ZDD_PHASE_SUCCEEDED, "deployment.succeeded");
    else
        api_world_hold(world, ret_id, scene == HELD ? ZDD_HOLD_OPERATOR : ZDD_HOLD_FAILURE);
}

/* A service of its own for each example. @p ret_id: of the deployment, "" without one */
static struct api_world *open_scene(enum scene scene, char ret_id[static ZDD_ID_SIZE])
{
    struct api_world *world = api_world_new(&(struct api_world_options){.agent = "10.0.0.9:8091"});

    ret_id[0] = '\0';
    switch (scene) {
    case NOTHING:
        break;
    case APP:
        api_world_base(world);
        break;
    case PAIR:
        fake_cluster_app(&world->cluster, CANARY_APP("1"));
        break;
    case RUNNING:
    case HELD:
    case STUCK:
    case ENDED:
        start_rolling(world, scene, ret_id);
        break;
    case PAUSING:
    case AT_GATE:
        fake_cluster_app(&world->cluster, CANARY_APP("1"));
        start_canary(world, scene, ret_id);
        break;
    }
    return world;
}

/* One example, on its way. */
struct sample {
    const char *operation, *method, *path, *name;
    const char *type, *body;    /* of a request's body */
    const char *query, *header; /* of a parameter */
};

static size_t row_of(const struct sample *sample)
{
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        if (strcmp(rows[i].operation, sample->operation) == 0 &&
            strcmp(rows[i].name, sample->name) == 0)
            return i;
    }
    fail_msg("the example %s of %s has no row here", sample->name, sample->operation);
    return 0;
}

/* "/v1/deployments/{id}/gates/{name}/decisions" with what there is. */
static void path_of(const struct sample *sample, const char *id, char *ret_path, size_t size)
{
    size_t used = 0;

    for (const char *c = sample->path; *c; c++) {
        const char *text = strncmp(c, "{id}", 4) == 0     ? id
                           : strncmp(c, "{name}", 6) == 0 ? GATE
                                                          : "";

        if (*c == '{')
            c = strchr(c, '}');
        used += (size_t)snprintf(ret_path + used, size - used, "%s%.1s", text, *c == '}' ? "" : c);
        assert_true(used < size);
    }
    if (sample->query)
        assert_true((size_t)snprintf(ret_path + used, size - used, "?%s", sample->query) <
                    size - used);
}

static void send_sample(const struct sample *sample)
{
    const size_t row = row_of(sample);
    char id[ZDD_ID_SIZE], path[200];
    struct api_world *world = open_scene(rows[row].scene, id);
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    seen[row] = true;
    path_of(sample, id, path, sizeof(path));
    answer = apiclient_send(world->client, &(struct apiclient_request){.method = sample->method,
                                                                       .path = path,
                                                                       .body = sample->body,
                                                                       .type = sample->type,
                                                                       .header = {sample->header}});
    if (answer.status != rows[row].status)
        fail_msg("%s of %s: %ld and not %ld: %s", sample->name, sample->operation, answer.status,
                 rows[row].status, answer.body);
    if (rows[row].code)
        assert_string_equal(apiclient_text(&answer, "/code"), rows[row].code);
    api_world_free(world);
}

/* The examples of a request's body, in each of its media types. */
static void send_bodies(const json_t *contract, struct sample sample, const json_t *operation)
{
    json_t *content = json_object_get(json_object_get(operation, "requestBody"), "content");
    json_t *media;

    json_object_foreach(content, sample.type, media)
    {
        json_t *examples = json_object_get(media, "examples"), *example;

        json_object_foreach(examples, sample.name, example)
        {
            const json_t *value = json_object_get(schema_follow(contract, example), "value");
            ZDD_AUTO_FREE char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

            assert_non_null(json);
            sample.body = strstr(sample.type, "json") ? json : json_string_value(value);
            send_sample(&sample);
        }
    }
}

static void send_parameters(const json_t *contract, struct sample sample, const json_t *operation)
{
    const json_t *parameters = json_object_get(operation, "parameters");
    size_t index;
    json_t *at;

    json_array_foreach(parameters, index, at)
    {
        const json_t *parameter = schema_follow(contract, at);
        const char *value = zdd_json_text(parameter, "example", NULL);
        const char *name = zdd_json_text(parameter, "name", "");
        const bool header = strcmp(zdd_json_text(parameter, "in", ""), "header") == 0;
        char text[200];

        if (!value)
            continue;
        snprintf(text, sizeof(text), header ? "%s: %s" : "%s=%s", name, value);
        sample.name = name;
        sample.header = header ? text : NULL;
        sample.query = header ? NULL : text;
        send_sample(&sample);
    }
}

static void each_example_of_a_request_is_sent_and_answered_as_documented(void **state)
{
    ZDD_AUTO_JSON json_t *contract = contract_load();
    json_t *paths = json_object_get(contract, "paths"), *methods, *operation;
    struct sample sample = {0};
    const char *method;

    (void)state;
    json_object_foreach(paths, sample.path, methods)
    {
        json_object_foreach(methods, method, operation)
        {
            sample.operation = zdd_json_text(operation, "operationId", "");
            sample.method = strcmp(method, "post") == 0 ? "POST" : "GET";
            send_bodies(contract, sample, operation);
            send_parameters(contract, sample, operation);
        }
    }
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        if (!seen[i])
            fail_msg("%s has no example %s", rows[i].operation, rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_example_of_a_request_is_sent_and_answered_as_documented),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
