/**
 * @file tests/lab/test_e2e_vamp.c
 * @brief Deployments whose requests VAMP shares: a real server, a cluster, and a stand-in for VAMP
 * that finds the tasks by itself, as VAMP does.
 */
#include "tests/support/spec.h"

#include "server/base/clock.h"
#include "server/net/fetch.h"
#include "tests/lab/e2e.h"
#include "tests/unit/server/router/vamp_stand.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define GATEWAY_NAME "shop/web"
#define GATEWAY(blue, green)                                                                       \
    "{\"name\":\"" GATEWAY_NAME "\",\"port\":\"10080/http\",\"routes\":{"                          \
    "\"blue\":{\"weight\":\"" blue "%\",\"targets\":[]},"                                          \
    "\"green\":{\"weight\":\"" green "%\",\"targets\":[]}}}"

/* VAMP tells nothing of requests under way, so nobody waits for their end here. */
#define HASTY "\"drainSeconds\":1,\"onDrainTimeout\":\"kill\""
#define QUICK "\"keepOldSeconds\":1," HASTY ",\"router\":\"vamp\""
#define GATED "{\"steps\":[{\"weight\":20},{\"gate\":\"go\"}]," QUICK "}"

struct world {
    struct vamp_stand stand;
    struct zdd_fetch *fetch; /* for the stand-in alone */
    char tasks_url[160];
    const char *options[3];
    struct e2e *e;
};

static json_t *target_of(const json_t *task)
{
    return json_pack(
        "{s:s, s:I}", "host", zdd_json_text(task, "host", ""), "port",
        (json_int_t)json_integer_value(json_array_get(json_object_get(task, "ports"), 0)));
}

/* Healthy tasks of the apps /shop/web-blue and /shop/web-green become targets. */
static void discover(void *cls, json_t *gateways)
{
    struct world *world = cls;
    struct zdd_answer answer;
    char reason[200];
    json_t *all = NULL, *routes, *task;
    size_t i;

    if (zdd_fetch_send(world->fetch,
                       &(struct zdd_request){.method = "GET", .url = world->tasks_url}, &answer,
                       reason) == ZDD_ERR_NONE)
        all = json_loads(answer.body.data ? answer.body.data : "", 0, NULL);
    zdd_answer_release(&answer);
    routes = json_object_get(json_array_get(gateways, 0), "routes");
    json_object_set_new(json_object_get(routes, "blue"), "targets", json_array());
    json_object_set_new(json_object_get(routes, "green"), "targets", json_array());
    json_array_foreach(json_object_get(all, "tasks"), i, task)
    {
        const char *colour = strrchr(zdd_json_text(task, "appId", "-"), '-');
        const json_t *result = zdd_json_at(task, "/healthCheckResults/0/alive");

        if (colour && json_is_true(result))
            json_array_append_new(json_object_get(json_object_get(routes, colour + 1), "targets"),
                                  target_of(task));
    }
    json_decref(all);
}

static struct world *open_world(void)
{
    static const char *const quick[] = {"--speed", "50", NULL};
    static struct world world;
    struct lab *lab = lab_start(quick);

    world = (struct world){.fetch = zdd_fetch_new(&(struct zdd_fetch_auth){0})};
    vamp_stand_start(&world.stand);
    snprintf(world.tasks_url, sizeof(world.tasks_url), "%s/v2/tasks", lab->run.url);
    vamp_stand_add(&world.stand, GATEWAY("60", "60")); /* what makes no sense is put right */
    vamp_stand_discover(&world.stand, discover, &world);
    world.options[0] = "--vamp";
    world.options[1] = world.stand.peer.url;
    world.e = e2e_on(lab, world.options);
    return &world;
}

static void close_world(struct world *world)
{
    e2e_stop(world->e);
    vamp_stand_stop(&world->stand);
    zdd_fetch_free(world->fetch);
}

static json_t *request(const char *strategy, const char *version, const char *options)
{
    json_t *request = e2e_request(
        strategy,
        e2e_app(&(struct e2e_app){
            .id = "/shop/web", .version = version, .instances = 3, .checks = E2E_HEALTH}));

    assert_int_equal(json_object_set_new(request, "options", json_loads(options, 0, NULL)), 0);
    return request;
}

static void assert_weights(struct world *world, int blue, int green)
{
    assert_int_equal(vamp_stand_weight(&world->stand, GATEWAY_NAME, "blue"), blue);
    assert_int_equal(vamp_stand_weight(&world->stand, GATEWAY_NAME, "green"), green);
}

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

static void until_weights(struct world *world, int blue, int green)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;

    while (zdd_mono_ms() < until_ms &&
           (vamp_stand_weight(&world->stand, GATEWAY_NAME, "blue") != blue ||
            vamp_stand_weight(&world->stand, GATEWAY_NAME, "green") != green))
        pause_shortly();
    assert_weights(world, blue, green);
}

static void the_route_of_the_new_version_gets_all_and_back(void **state)
{
    static const char hot[] = "{\"keepOldSeconds\":300," HASTY ",\"router\":\"auto\"}";
    struct world *world = open_world();
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(world->e, request("blue-green", "0.9", "{" QUICK "}"));
    assert_weights(world, 100, 0);
    e2e_deploy_well(world->e, request("blue-green", "1.0", "{" QUICK "}"));
    assert_weights(world, 0, 100);
    e2e_deploy(world->e, request("blue-green", "1.1", hot), id);
    e2e_until(world->e, id, "/phase", "keeping");
    assert_weights(world, 100, 0);
    e2e_command(world->e, id, "rollback");
    e2e_await(world->e, id, "rolled-back");
    assert_weights(world, 0, 100);
    e2e_check_app(world->e, "/shop/web-green", "1.0", 3);
    close_world(world);
}

static void a_share_outlives_strangers_silence_wrong_answers_and_restarts(void **state)
{
    struct world *world = open_world();
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(world->e, request("blue-green", "0.9", "{" QUICK "}"));
    e2e_deploy(world->e, request("canary", "1.0", GATED), id);
    e2e_until(world->e, id, "/state", "waiting");
    assert_weights(world, 80, 20);

    vamp_stand_set(&world->stand, GATEWAY_NAME, "blue",
                   50); /* by somebody else, and not even 100 */
    until_weights(world, 80, 20);

    e2e_kill(world->e);
    vamp_stand_set(&world->stand, GATEWAY_NAME, "blue", 0);
    vamp_stand_set(&world->stand, GATEWAY_NAME, "green", 100);
    e2e_boot(world->e);
    until_weights(world, 80, 20);

    vamp_stand_spoil(&world->stand, 0, "<html>");
    e2e_command(world->e, id, "promote");
    e2e_until_explained(world->e, id, "is no JSON");
    vamp_stand_spoil(&world->stand, 500, NULL);
    assert_weights(world, 80, 20);
    vamp_stand_spoil(&world->stand, 0, NULL);
    e2e_await(world->e, id, "succeeded");
    assert_weights(world, 0, 100);
    close_world(world);
}

static void a_silent_vamp_is_told_before_anybody_deploys(void **state)
{
    struct world *world = open_world();
    int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;

    (void)state;
    vamp_stand_mute(&world->stand, true);
    e2e_drain(world->e);
    e2e_boot(world->e);
    while (!serverrun_log_has(&world->e->server, "balancer.silence") && zdd_mono_ms() < until_ms)
        pause_shortly();
    APICLIENT_AUTO struct apiclient_answer answer = apiclient_get(world->e->api, "/readyz");

    assert_int_equal(answer.status, 200);
    assert_string_equal(apiclient_text(&answer, "/checks/balancers"), "warn");
    assert_string_equal(apiclient_text(&answer, "/degraded/0"),
                        "Router vamp: 1 of 1 balancers do not answer.");
    close_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_route_of_the_new_version_gets_all_and_back),
        cmocka_unit_test(a_share_outlives_strangers_silence_wrong_answers_and_restarts),
        cmocka_unit_test(a_silent_vamp_is_told_before_anybody_deploys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
