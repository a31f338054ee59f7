/**
 * @file tests/api/test_explain.c
 * @brief /v1/deployments/{id}/explain: what it waits for and who can help, in JSON and in
 * sentences.
 */
#include "server/json/json.h"
#include "tests/api/api_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct apiclient_answer explain(struct api_world *world, const char *id, const char *accept)
{
    char path[120];

    snprintf(path, sizeof(path), "/v1/deployments/%s/explain", id);
    return apiclient_send(world->client,
                          &(struct apiclient_request){.path = path, .header = {accept}});
}

static enum zdd_err write_waiting(struct zdd_tx *tx, void *cls)
{
    struct zdd_run run;
    char next[ZDD_ID_SIZE];
    enum zdd_err err = zdd_run_load_tx(tx, cls, &run);

    run.phase = ZDD_PHASE_ROLLING;
    run.started_at_ms = run.created_at_ms;
    run.waiting_since_ms = run.created_at_ms;
    snprintf(run.waiting_code, sizeof(run.waiting_code), "tasks");
    snprintf(run.waiting_text, sizeof(run.waiting_text), "2 of 4 new instances healthy.");
    return err == ZDD_ERR_NONE ? zdd_run_advance(tx, &run, run.revision, false, next) : err;
}

/* A deployment that waits for tasks which find no room. */
static void make_stuck(struct api_world *world, char ret_id[static ZDD_ID_SIZE])
{
    api_world_base(world);
    api_world_deploy(world, "1.0", "", ret_id);
    assert_int_equal(zdd_store_write(world->store, write_waiting, ret_id), ZDD_ERR_NONE);
    world->cluster.view = (struct zdd_app_view){
        .fits_target = true,
        .instances = 4,
        .current = {.total = 2, .running = 2, .healthy = 2, .ready = 2},
        .outdated = {.total = 4, .running = 4, .healthy = 4, .ready = 4},
        .lock_count = 1,
        .lock = {"7c3e0000-0000-4000-8000-000000000000"},
    };
    json_decref(world->cluster.queue);
    world->cluster.queue = json_loads(
        "{\"queue\":[{\"app\":{\"id\":\"/zdd/base\"},\"count\":2,\"since\":"
        "\"2024-05-01T10:00:00.000Z\",\"delay\":{\"timeLeftSeconds\":0,\"overdue\":true},"
        "\"processedOffersSummary\":{\"rejectSummaryLaunchAttempt\":[{\"reason\":"
        "\"InsufficientPorts\",\"declined\":1,\"processed\":40},{\"reason\":\"InsufficientMemory\","
        "\"declined\":39,\"processed\":40}]}}]}",
        0, NULL);
}

static void what_is_observed_stands_beside_what_is_wanted(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    make_stuck(world, id);
    answer = explain(world, id, NULL);
    assert_int_equal(answer.status, 200);
    assert_string_equal(apiclient_text(&answer, "/waitingFor/code"), "tasks");
    assert_string_equal(apiclient_text(&answer, "/observed/definition"), "target");
    assert_int_equal(apiclient_int(&answer, "/observed/new/healthy"), 2);
    assert_int_equal(apiclient_int(&answer, "/observed/old/total"), 4);
    assert_int_equal(apiclient_int(&answer, "/wanted/instances"), 4);
    assert_string_equal(apiclient_text(&answer, "/marathon/queue/rejections/0/reason"),
                        "InsufficientMemory");
    assert_int_equal(apiclient_int(&answer, "/marathon/queue/rejections/1/declined"), 1);
    assert_string_equal(apiclient_text(&answer, "/whoCanUnblock/0/who"),
                        "whoever runs the cluster");
}

static void the_same_is_said_in_sentences(void **state)
{
    static const char *const sentences[] = {
        "The rolling deployment of /zdd/base is under way.",
        "2 of 4 new instances healthy.",
        "2 instances wait in Marathon's launch queue",
        "no agent has enough free memory",
        "Who can help: whoever runs the cluster",
    };
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];

    make_stuck(world, id);

    APICLIENT_AUTO struct apiclient_answer text = explain(world, id, "Accept: text/plain");
    assert_non_null(strstr(text.type, "text/plain"));
    for (size_t i = 0; i < ZDD_COUNT(sentences); i++) {
        if (!strstr(text.body, sentences[i]))
            fail_msg("\"%s\" is not said:\n%s", sentences[i], text.body);
    }

    APICLIENT_AUTO struct apiclient_answer json = explain(world, id, "Accept: application/json");
    assert_non_null(strstr(apiclient_text(&json, "/text"), sentences[0]));
}

static void tasks_that_fail_are_named_with_their_last_words(void **state)
{
    static const char words[] = "TASK_FAILED: Command exited with status 1";
    struct api_world *world = *state;
    struct zdd_run run;
    char id[ZDD_ID_SIZE];

    make_stuck(world, id);
    assert_int_equal(zdd_run_load(world->store, id, &run, NULL), ZDD_ERR_NONE);
    world->cluster.view.failed_at_ms = run.started_at_ms;
    snprintf(world->cluster.view.failure, sizeof(world->cluster.view.failure), "%s", words);

    APICLIENT_AUTO struct apiclient_answer answer = explain(world, id, NULL);
    assert_string_equal(apiclient_text(&answer, "/marathon/lastTaskFailure/text"), words);
    assert_string_equal(apiclient_text(&answer, "/whoCanUnblock/1/who"), "whoever owns the app");
    assert_non_null(strstr(apiclient_text(&answer, "/whoCanUnblock/1/how"), words));

    /* One that failed before the deployment began is shown, but is nobody's trouble. */
    world->cluster.view.failed_at_ms = run.started_at_ms - 1;

    APICLIENT_AUTO struct apiclient_answer before = explain(world, id, NULL);
    assert_string_equal(apiclient_text(&before, "/marathon/lastTaskFailure/text"), words);
    assert_int_equal(json_array_size(json_object_get(before.json, "whoCanUnblock")), 1);
}

static void an_app_that_is_gone_is_observed_as_absent(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    make_stuck(world, id);
    fake_cluster_remove(&world->cluster, "/zdd/base");
    answer = explain(world, id, NULL);
    assert_int_equal(answer.status, 200);
    assert_string_equal(apiclient_text(&answer, "/observed/definition"), "absent");
}

static void one_in_the_queue_points_at_the_one_before_it(void **state)
{
    struct api_world *world = *state;
    char first[ZDD_ID_SIZE], second[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    api_world_base(world);
    api_world_deploy(world, "1.0", "", first);
    api_world_deploy(world, "1.1", ",\"whenBusy\":\"queue\"", second);
    answer = explain(world, second, NULL);
    assert_int_equal(answer.status, 200);
    assert_string_equal(apiclient_text(&answer, "/whoCanUnblock/0/who"),
                        "the deployment before it");
    assert_non_null(
        strstr(apiclient_text(&answer, "/text"), "waits behind another deployment of the app"));
}

static void an_app_that_is_not_there_is_named(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    make_stuck(world, id);
    fake_cluster_remove(&world->cluster, "/zdd/base");
    world->cluster.view = (struct zdd_app_view){0};
    answer = explain(world, id, NULL);
    assert_non_null(
        strstr(apiclient_text(&answer, "/text"), "Marathon has no app /zdd/base now.\n"));
}

static enum zdd_err write_long_wait(struct zdd_tx *tx, void *cls)
{
    struct zdd_run run;
    char next[ZDD_ID_SIZE];
    enum zdd_err err = zdd_run_load_tx(tx, cls, &run);

    run.waiting_since_ms = run.created_at_ms - (2 * 3600 + 5 * 60) * INT64_C(1000);
    return err == ZDD_ERR_NONE ? zdd_run_advance(tx, &run, run.revision, false, next) : err;
}

static void a_long_wait_is_told_in_hours(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    make_stuck(world, id);
    assert_int_equal(zdd_store_write(world->store, write_long_wait, id), ZDD_ERR_NONE);
    answer = explain(world, id, NULL);
    assert_non_null(strstr(apiclient_text(&answer, "/text"), "It has waited for 2 h "));
}

static void it_answers_also_when_marathon_does_not(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    make_stuck(world, id);
    fake_cluster_fail(&world->cluster, ZDD_ERR_CLUSTER_DOWN, "connection refused by 10.0.0.7");
    answer = explain(world, id, NULL);
    assert_int_equal(answer.status, 200);
    assert_true(json_is_null(json_object_get(answer.json, "observed")));
    assert_true(json_is_false(zdd_json_at(answer.json, "/marathon/reachable")));
    assert_string_equal(apiclient_text(&answer, "/marathon/error"),
                        "connection refused by 10.0.0.7");
    assert_non_null(strstr(apiclient_text(&answer, "/text"), "connection refused by 10.0.0.7"));
    assert_string_equal(apiclient_text(&answer, "/whoCanUnblock/0/who"), "whoever runs Marathon");
}

static void an_answer_without_a_queue_is_still_one(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    make_stuck(world, id);
    world->cluster.garbage = strdup("<html>");
    answer = explain(world, id, NULL);
    assert_int_equal(answer.status, 200);
    assert_true(json_is_null(zdd_json_at(answer.json, "/marathon/queue")));
}

static void holds_name_their_ways_out(void **state)
{
    static const struct {
        enum zdd_hold hold;
        const char *how;
    } holds[] = {
        {ZDD_HOLD_OPERATOR, "resume"},
        {ZDD_HOLD_FAILURE, "retry"},
        {ZDD_HOLD_FOREIGN, "who else changed /zdd/base"},
    };
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    for (size_t i = 0; i < ZDD_COUNT(holds); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = {0};

        api_world_hold(world, id, holds[i].hold);
        answer = explain(world, id, NULL);
        assert_string_equal(apiclient_text(&answer, "/whoCanUnblock/0/who"), "an operator");
        assert_non_null(strstr(apiclient_text(&answer, "/whoCanUnblock/0/how"), holds[i].how));
    }
}

static void what_has_ended_needs_nobody(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    api_world_move(world, id, ZDD_PHASE_SUCCEEDED, "deployment.succeeded");
    answer = explain(world, id, NULL);
    assert_int_equal(json_array_size(json_object_get(answer.json, "whoCanUnblock")), 0);
    assert_non_null(strstr(apiclient_text(&answer, "/text"), "has succeeded"));
}

static int setup_hasty(void **state)
{
    *state = api_world_new(&(struct api_world_options){.hasty = true});
    return 0;
}

static void it_does_not_wait_as_long_as_deployments_do(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    make_stuck(world, id);
    fake_cluster_fail(&world->hasty, ZDD_ERR_CLUSTER_SLOW, "no answer for 3 s");
    fake_cluster_close(&world->cluster); /* whoever asks there hangs */
    answer = explain(world, id, NULL);
    fake_cluster_open(&world->cluster);
    assert_int_equal(answer.status, 200);
    assert_true(json_is_false(zdd_json_at(answer.json, "/marathon/reachable")));
    assert_non_null(strstr(apiclient_text(&answer, "/text"),
                           "Marathon does not answer now: no answer for 3 s"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(what_is_observed_stands_beside_what_is_wanted),
        TEST(the_same_is_said_in_sentences),
        TEST(tasks_that_fail_are_named_with_their_last_words),
        TEST(an_app_that_is_gone_is_observed_as_absent),
        TEST(one_in_the_queue_points_at_the_one_before_it),
        TEST(an_app_that_is_not_there_is_named),
        TEST(a_long_wait_is_told_in_hours),
        TEST(it_answers_also_when_marathon_does_not),
        cmocka_unit_test_setup_teardown(it_does_not_wait_as_long_as_deployments_do, setup_hasty,
                                        api_world_teardown),
        TEST(an_answer_without_a_queue_is_still_one),
        TEST(holds_name_their_ways_out),
        TEST(what_has_ended_needs_nobody),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
