/**
 * @file tests/api/test_wait.c
 * @brief "Prefer: wait": answers that are held back until there is news; and the end of the
 * service, when nothing may be held back any more.
 */
#include "server/base/clock.h"
#include "server/json/json.h"
#include "tests/api/api_world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A call in a thread of its own. */
struct call {
    pthread_t thread;
    struct apiclient *client;
    char path[120];
    const char *header[3];
    struct apiclient_answer answer;
};

static void *run(void *cls)
{
    struct call *call = cls;
    struct apiclient_request request = {.path = call->path};

    memcpy(request.header, call->header, sizeof(call->header));
    call->answer = apiclient_send(call->client, &request);
    return NULL;
}

static unsigned waiting_calls(struct api_world *world)
{
    APICLIENT_AUTO struct apiclient_answer answer = apiclient_get(world->client, "/metrics");
    const char *found = strstr(answer.body, "\nzdd_waiting_calls ");

    assert_non_null(found);
    return (unsigned)strtoul(found + strlen("\nzdd_waiting_calls "), NULL, 10);
}

/* Send it, and come back when the service holds it. */
static void begin(struct api_world *world, struct call *call, const char *id, const char *prefer,
                  const char *etag)
{
    const unsigned before = waiting_calls(world);
    char url[64];

    *call = (struct call){.header = {prefer, etag}};
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", (unsigned)world->port);
    snprintf(call->path, sizeof(call->path), "/v1/deployments/%s", id);
    call->client = apiclient_new(url, world->token);
    assert_int_equal(pthread_create(&call->thread, NULL, run, call), 0);
    while (waiting_calls(world) == before) { /* ends: each look is a call over the socket */
    }
}

static void join(struct call *call)
{
    pthread_join(call->thread, NULL);
    apiclient_free(call->client);
}

static void the_answer_comes_with_the_change(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    struct call call;

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    begin(world, &call, id, "Prefer: wait=30", NULL);
    api_world_move(world, id, ZDD_PHASE_APPLYING, "deployment.started");
    join(&call);
    assert_int_equal(call.answer.status, 200);
    assert_string_equal(apiclient_text(&call.answer, "/phase"), "applying");
    assert_string_equal(apiclient_header(&call.answer, "Preference-Applied"), "wait=30");
    assert_string_equal(apiclient_header(&call.answer, "ETag"), "\"1\"");
    apiclient_answer_release(&call.answer);
}

static void news_of_others_wake_nobody(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    struct call call;

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    begin(world, &call, id, "Prefer: wait=30", NULL);
    api_world_events(world, "deployment.paused", "/zdd/base", 10);
    assert_int_equal(waiting_calls(world), 1);
    api_world_move(world, id, ZDD_PHASE_FAILED, "deployment.failed");
    join(&call);
    assert_string_equal(apiclient_text(&call.answer, "/state"), "failed");
    apiclient_answer_release(&call.answer);
}

static void without_news_the_answer_comes_when_the_time_is_up(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[100];
    int64_t begun;

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    snprintf(path, sizeof(path), "/v1/deployments/%s", id);
    begun = zdd_mono_ms();

    APICLIENT_AUTO struct apiclient_answer answer = apiclient_send(
        world->client, &(struct apiclient_request){.path = path, .header = {"Prefer: wait=1"}});
    assert_int_equal(answer.status, 200);
    assert_true(zdd_mono_ms() - begun >= 1000);

    APICLIENT_AUTO struct apiclient_answer same = apiclient_send(
        world->client, &(struct apiclient_request){
                           .path = path, .header = {"Prefer: wait=1", "If-None-Match: \"0\""}});
    assert_int_equal(same.status, 304);
}

static void who_is_behind_gets_the_answer_at_once(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[100];

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    api_world_move(world, id, ZDD_PHASE_APPLYING, "deployment.started");
    snprintf(path, sizeof(path), "/v1/deployments/%s", id);
    apiclient_expect(
        apiclient_send(world->client,
                       &(struct apiclient_request){
                           .path = path, .header = {"Prefer: wait=60", "If-None-Match: \"0\""}}),
        200, NULL);
}

static void nobody_waits_for_what_has_ended(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[100];

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    api_world_move(world, id, ZDD_PHASE_SUCCEEDED, "deployment.succeeded");
    snprintf(path, sizeof(path), "/v1/deployments/%s", id);
    apiclient_expect(
        apiclient_send(world->client,
                       &(struct apiclient_request){.path = path,
                                                   .header = {"Prefer: respond-async, wait=60"}}),
        200, NULL);
}

static void when_too_many_wait_the_next_is_answered_at_once(void **state)
{
    struct api_world *world = api_world_new(&(struct api_world_options){.waiter_max = 1});
    char id[ZDD_ID_SIZE], path[100];
    struct call call;

    (void)state;
    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    begin(world, &call, id, "Prefer: wait=30", NULL);
    snprintf(path, sizeof(path), "/v1/deployments/%s", id);
    apiclient_expect(
        apiclient_send(world->client,
                       &(struct apiclient_request){.path = path, .header = {"Prefer: wait=30"}}),
        200, NULL);
    api_world_move(world, id, ZDD_PHASE_APPLYING, "deployment.started");
    join(&call);
    apiclient_answer_release(&call.answer);
    api_world_free(world);
}

static void at_the_end_waiting_calls_are_answered_and_new_work_is_refused(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[100];
    struct call call;
    APICLIENT_AUTO struct apiclient_answer refused = {0};

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    apiclient_expect(apiclient_get(world->client, "/readyz"), 200, NULL);
    begin(world, &call, id, "Prefer: wait=30", NULL);
    zdd_api_drain(world->api);
    join(&call);
    assert_int_equal(call.answer.status, 200);
    apiclient_answer_release(&call.answer);
    apiclient_expect(apiclient_get(world->client, "/readyz"), 503, "draining");
    apiclient_expect(apiclient_get(world->client, "/livez"), 200, NULL);
    refused = apiclient_post(world->client, "/v1/deployments",
                             "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\"}");
    assert_int_equal(refused.status, 503);
    assert_string_equal(apiclient_text(&refused, "/code"), "draining");
    assert_non_null(apiclient_header(&refused, "Retry-After"));
    apiclient_expect(apiclient_post(world->client, "/v1/plans",
                                    "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\"}"),
                     503, "draining");
    /* Reading and stopping stay possible. */
    apiclient_expect(apiclient_get(world->client, "/v1/deployments"), 200, NULL);
    snprintf(path, sizeof(path), "/v1/deployments/%s/abort", id);
    apiclient_expect(apiclient_post(world->client, path, NULL), 202, NULL);
}

static void a_slow_marathon_holds_up_nobody_else(void **state)
{
    struct api_world *world = api_world_new(&(struct api_world_options){.engine_workers = 1});
    struct call calls[3];
    char url[64];

    (void)state;
    api_world_base(world);
    fake_cluster_close(&world->cluster);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", (unsigned)world->port);
    for (size_t i = 0; i < 3; i++) { /* more than the server has threads */
        calls[i] = (struct call){.path = "/v1/apps", .client = apiclient_new(url, world->token)};
        assert_int_equal(pthread_create(&calls[i].thread, NULL, run, &calls[i]), 0);
    }
    fake_cluster_wait(&world->cluster, 1);
    for (int i = 0; i < 20; i++)
        apiclient_expect(apiclient_get(world->client, "/v1/deployments"), 200, NULL);
    fake_cluster_open(&world->cluster);
    for (size_t i = 0; i < 3; i++) {
        join(&calls[i]);
        assert_int_equal(calls[i].answer.status, 200);
        apiclient_answer_release(&calls[i].answer);
    }
    api_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(the_answer_comes_with_the_change),
        TEST(news_of_others_wake_nobody),
        TEST(without_news_the_answer_comes_when_the_time_is_up),
        TEST(who_is_behind_gets_the_answer_at_once),
        TEST(nobody_waits_for_what_has_ended),
        cmocka_unit_test(when_too_many_wait_the_next_is_answered_at_once),
        TEST(at_the_end_waiting_calls_are_answered_and_new_work_is_refused),
        cmocka_unit_test(a_slow_marathon_holds_up_nobody_else),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
