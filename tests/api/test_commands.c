/**
 * @file tests/api/test_commands.c
 * @brief POST /v1/deployments/{id}/{command}: the table of state × command, as callers feel it.
 */
#include "server/json/json.h"
#include "tests/api/api_world.h"

#include <stdio.h>
#include <string.h>

static struct apiclient_answer command(struct api_world *world, const char *id, const char *name,
                                       const char *header)
{
    char path[120];
    const char *body =
        strcmp(name, "weight") == 0 ? "{\"weight\":20,\"reason\":\"why\"}" : "{\"reason\":\"why\"}";

    snprintf(path, sizeof(path), "/v1/deployments/%s/%s", id, name);
    return apiclient_send(
        world->client, &(struct apiclient_request){.path = path, .body = body, .header = {header}});
}

/* How a deployment of /zdd/base gets into each state. */
static void make(struct api_world *world, enum zdd_state state, char ret_id[static ZDD_ID_SIZE])
{
    char first[ZDD_ID_SIZE];

    if (state == ZDD_STATE_QUEUED)
        api_world_deploy(world, "0.9.9", "", first);
    api_world_deploy(world, "1.0", ",\"whenBusy\":\"queue\"", ret_id);
    switch (state) {
    case ZDD_STATE_PAUSED:
        api_world_hold(world, ret_id, ZDD_HOLD_OPERATOR);
        break;
    case ZDD_STATE_WAITING:
        api_world_hold(world, ret_id, ZDD_HOLD_GATE);
        break;
    case ZDD_STATE_ROLLING_BACK:
        api_world_move(world, ret_id, ZDD_PHASE_REVERTING, "deployment.rolling-back");
        break;
    case ZDD_STATE_SUCCEEDED:
        api_world_move(world, ret_id, ZDD_PHASE_SUCCEEDED, "deployment.succeeded");
        break;
    case ZDD_STATE_ROLLED_BACK:
        api_world_move(world, ret_id, ZDD_PHASE_ROLLED_BACK, "deployment.rolled-back");
        break;
    case ZDD_STATE_FAILED:
        api_world_move(world, ret_id, ZDD_PHASE_FAILED, "deployment.failed");
        break;
    case ZDD_STATE_CANCELED:
        api_world_move(world, ret_id, ZDD_PHASE_CANCELED, "deployment.canceled");
        break;
    case ZDD_STATE_QUEUED:
    case ZDD_STATE_RUNNING:
    case ZDD_STATE_COUNT:
        break;
    }
}

/* Free the app for the next one. */
static void end(struct api_world *world)
{
    for (;;) {
        char id[ZDD_ID_SIZE];

        assert_int_equal(zdd_run_of_app(world->store, "/zdd/base", id), ZDD_ERR_NONE);
        if (!id[0])
            return;
        api_world_move(world, id, ZDD_PHASE_FAILED, "deployment.failed");
    }
}

/* Without a share there is none to move, and what neither pauses nor stands at a gate has nothing
 * to be promoted past: tests/api/test_canary.c tries those. */
static bool is_allowed(enum zdd_state state, enum zdd_command command)
{
    return zdd_command_allowed(state, command) && command != ZDD_COMMAND_WEIGHT &&
           command != ZDD_COMMAND_PROMOTE;
}

static void check_refusal(const struct apiclient_answer *answer, enum zdd_state state)
{
    const json_t *allowed = json_object_get(answer->json, "allowedCommands");
    size_t index, count = 0;
    json_t *name;

    assert_int_equal(answer->status, 409);
    assert_string_equal(apiclient_text(answer, "/code"),
                        zdd_state_is_final(state) ? "deployment-finished" : "command-refused");
    json_array_foreach(allowed, index, name)
    {
        enum zdd_command c;

        assert_true(zdd_command_parse(json_string_value(name), &c));
        assert_true(is_allowed(state, c));
    }
    for (enum zdd_command c = ZDD_COMMAND_PAUSE; c < ZDD_COMMAND_COUNT; c++)
        count += is_allowed(state, c);
    assert_int_equal(json_array_size(allowed), count);
}

static void the_table_decides_in_every_state_about_every_command(void **state)
{
    struct api_world *world = *state;

    api_world_base(world);
    for (enum zdd_state s = 0; s < ZDD_STATE_COUNT; s++) {
        for (enum zdd_command c = ZDD_COMMAND_PAUSE; c < ZDD_COMMAND_COUNT; c++) {
            char id[ZDD_ID_SIZE];
            APICLIENT_AUTO struct apiclient_answer answer = {0};

            make(world, s, id);
            answer = command(world, id, zdd_command_name(c), NULL);
            if (is_allowed(s, c))
                assert_int_equal(answer.status, 202);
            else
                check_refusal(&answer, s);
            end(world);
        }
    }
}

static void a_command_is_left_for_the_engine(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    struct zdd_run run;

    api_world_base(world);
    make(world, ZDD_STATE_RUNNING, id);
    apiclient_expect(command(world, id, "rollback", NULL), 202, NULL);
    assert_int_equal(zdd_run_load(world->store, id, &run, NULL), ZDD_ERR_NONE);
    assert_int_equal(run.command, ZDD_COMMAND_ROLLBACK);
    assert_int_equal(run.phase, ZDD_PHASE_PENDING);
}

static void a_second_command_waits_until_the_first_is_taken(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    api_world_base(world);
    make(world, ZDD_STATE_RUNNING, id);
    apiclient_expect(command(world, id, "pause", NULL), 202, NULL);
    answer = command(world, id, "abort", NULL);
    assert_int_equal(answer.status, 409);
    assert_string_equal(apiclient_text(&answer, "/code"), "command-refused");
    assert_non_null(strstr(apiclient_text(&answer, "/detail"), "pause"));
}

static void aborting_what_is_queued_cancels_it_at_once(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[100];
    APICLIENT_AUTO struct apiclient_answer answer = {0}, events = {0};

    api_world_base(world);
    make(world, ZDD_STATE_QUEUED, id);
    answer = command(world, id, "abort", NULL);
    assert_int_equal(answer.status, 202);
    assert_string_equal(apiclient_text(&answer, "/state"), "canceled");
    snprintf(path, sizeof(path), "/v1/deployments/%s/events", id);
    events = apiclient_get(world->client, path);
    assert_string_equal(apiclient_text(&events, "/items/1/type"), "deployment.canceled");
}

static void who_looked_at_an_older_state_is_told(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer stale = {0};

    api_world_base(world);
    make(world, ZDD_STATE_RUNNING, id);
    api_world_move(world, id, ZDD_PHASE_APPLYING, "deployment.started");
    stale = command(world, id, "pause", "If-Match: \"0\"");
    assert_int_equal(stale.status, 412);
    assert_string_equal(apiclient_text(&stale, "/code"), "deployment-stale");
    assert_string_equal(apiclient_header(&stale, "ETag"), "\"1\"");
    apiclient_expect(command(world, id, "pause", "If-Match: \"0\", \"1-gzip\""), 202, NULL);
}

static void any_state_will_do_for_a_star(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];

    api_world_base(world);
    make(world, ZDD_STATE_RUNNING, id);
    apiclient_expect(command(world, id, "pause", "If-Match: *"), 202, NULL);
}

static void a_body_is_welcome_but_not_needed(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[120];

    api_world_base(world);
    make(world, ZDD_STATE_RUNNING, id);
    snprintf(path, sizeof(path), "/v1/deployments/%s/pause", id);
    apiclient_expect(apiclient_post(world->client, path, NULL), 202, NULL);
}

static void bodies_of_commands_are_checked(void **state)
{
    static const struct {
        const char *name, *body;
        long status;
    } cases[] = {
        {"pause", "{\"reson\":\"x\"}", 422},
        {"pause", "{\"reason\":7}", 422},
        {"pause", "[]", 422},
        {"pause", "{", 400},
        {"pause", "{\"weight\":20}", 422},
        {"weight", "{}", 422},
        {"weight", "{\"weight\":101}", 422},
        {"weight", "{\"weight\":-0.1}", 422},
        {"weight", "{\"weight\":\"20\"}", 422},
        {"weight", "{\"weight\":20.5}", 409},
    };
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];

    api_world_base(world);
    make(world, ZDD_STATE_RUNNING, id);
    for (size_t i = 0; i < ZDD_COUNT(cases); i++) {
        char path[120];

        snprintf(path, sizeof(path), "/v1/deployments/%s/%s", id, cases[i].name);
        apiclient_expect(apiclient_post(world->client, path, cases[i].body), cases[i].status, NULL);
    }
    {
        char path[120];

        snprintf(path, sizeof(path), "/v1/deployments/%s/weight", id);
        apiclient_expect(apiclient_post(world->client, path, NULL), 400, "body-malformed");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(the_table_decides_in_every_state_about_every_command),
        TEST(a_command_is_left_for_the_engine),
        TEST(a_second_command_waits_until_the_first_is_taken),
        TEST(aborting_what_is_queued_cancels_it_at_once),
        TEST(who_looked_at_an_older_state_is_told),
        TEST(any_state_will_do_for_a_star),
        TEST(a_body_is_welcome_but_not_needed),
        TEST(bodies_of_commands_are_checked),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
