/**
 * @file tests/api/test_idempotency.c
 * @brief Idempotency-Key: the same call twice has one effect and one answer.
 */
#include "tests/api/api_world.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define RESTART "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\"}"
#define CALLERS 8

static struct apiclient_answer post(struct apiclient *client, const char *path, const char *key,
                                    const char *body)
{
    char header[300];

    snprintf(header, sizeof(header), "Idempotency-Key: %s", key);
    return apiclient_send(client,
                          &(struct apiclient_request){
                              .method = "POST", .path = path, .body = body, .header = {header}});
}

static size_t count_deployments(struct api_world *world)
{
    APICLIENT_AUTO struct apiclient_answer answer = apiclient_get(world->client, "/v1/deployments");

    return json_array_size(json_object_get(answer.json, "items"));
}

static void the_same_call_again_gets_the_stored_answer(void **state)
{
    static const char *const paths[] = {"/v1/plans", "/v1/deployments"};
    struct api_world *world = *state;

    api_world_base(world);
    for (size_t i = 0; i < ZDD_COUNT(paths); i++) {
        APICLIENT_AUTO struct apiclient_answer first =
            post(world->client, paths[i], i ? "k1" : "k0", RESTART);
        APICLIENT_AUTO struct apiclient_answer again =
            post(world->client, paths[i], i ? "\"k1\"" : "\"k0\"", RESTART);

        assert_true(first.status < 300);
        assert_int_equal(again.status, first.status);
        assert_string_equal(again.body, first.body);
        assert_null(apiclient_header(&first, "Idempotent-Replayed"));
        assert_string_equal(apiclient_header(&again, "Idempotent-Replayed"), "true");
        assert_non_null(strstr(first.head, apiclient_header(&again, "Location")));
    }
    assert_int_equal(count_deployments(world), 1);
}

static void the_answer_stays_when_the_world_moves_on(void **state)
{
    struct api_world *world = *state;

    api_world_base(world);

    APICLIENT_AUTO struct apiclient_answer first =
        post(world->client, "/v1/deployments", "k", RESTART);
    fake_cluster_fail(&world->cluster, ZDD_ERR_CLUSTER_DOWN, "gone");

    APICLIENT_AUTO struct apiclient_answer again =
        post(world->client, "/v1/deployments", "k", RESTART);
    assert_string_equal(again.body, first.body);
}

static void the_same_key_for_another_call_is_refused(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer body = {0}, call = {0};

    api_world_base(world);
    apiclient_expect(post(world->client, "/v1/plans", "k", RESTART), 201, NULL);
    body = post(world->client, "/v1/plans", "k",
                "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\",\"reason\":\"x\"}");
    assert_int_equal(body.status, 422);
    assert_string_equal(apiclient_text(&body, "/code"), "idempotency-key-reused");
    assert_non_null(strstr(apiclient_text(&body, "/detail"), "another body"));
    call = post(world->client, "/v1/deployments", "k", RESTART);
    assert_int_equal(call.status, 422);
    assert_non_null(strstr(apiclient_text(&call, "/detail"),
                           "was used for createPlan, and this is createDeployment:"));
}

static void keys_of_different_callers_never_meet(void **state)
{
    struct api_world *world = *state;
    char token[ZDD_TOKEN_SIZE];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    api_world_base(world);
    api_world_token(world, "second", ZDD_SCOPE_ALL, "/", 0, token);
    apiclient_expect(post(world->client, "/v1/plans", "k", RESTART), 201, NULL);
    answer = apiclient_send(world->client,
                            &(struct apiclient_request){.path = "/v1/plans",
                                                        .body = RESTART,
                                                        .token = token,
                                                        .header = {"Idempotency-Key: k"}});
    assert_int_equal(answer.status, 201);
    assert_null(apiclient_header(&answer, "Idempotent-Replayed"));
}

static void a_refusal_does_not_use_up_the_key(void **state)
{
    struct api_world *world = *state;

    apiclient_expect(post(world->client, "/v1/deployments", "k", RESTART), 404, "app-unknown");
    api_world_base(world);
    apiclient_expect(post(world->client, "/v1/deployments", "k", RESTART), 202, NULL);
    apiclient_expect(post(world->client, "/v1/deployments", "l", RESTART), 409, "app-busy");
}

static void commands_have_keys_too(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[100];
    APICLIENT_AUTO struct apiclient_answer again = {0};

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    snprintf(path, sizeof(path), "/v1/deployments/%s/pause", id);
    apiclient_expect(post(world->client, path, "k", "{}"), 202, NULL);
    again = post(world->client, path, "k", "{}");
    assert_int_equal(again.status, 202);
    assert_string_equal(apiclient_header(&again, "Idempotent-Replayed"), "true");
    snprintf(path, sizeof(path), "/v1/deployments/%s/abort", id);
    apiclient_expect(post(world->client, path, "k", "{}"), 422, "idempotency-key-reused");
}

static void keys_have_a_length(void **state)
{
    struct api_world *world = *state;
    char key[257];

    api_world_base(world);
    memset(key, 'k', sizeof(key));
    key[255] = '\0';
    apiclient_expect(post(world->client, "/v1/plans", key, RESTART), 201, NULL);
    key[255] = 'k';
    key[256] = '\0';
    apiclient_expect(post(world->client, "/v1/plans", key, RESTART), 400, "query-invalid");
    apiclient_expect(post(world->client, "/v1/plans", "\"\"", RESTART), 400, "query-invalid");
}

struct caller {
    pthread_t thread;
    struct apiclient *client;
    struct apiclient_answer answer;
};

static void *call(void *cls)
{
    struct caller *caller = cls;

    caller->answer = post(caller->client, "/v1/deployments", "race", RESTART);
    return NULL;
}

static void equal_calls_at_the_same_moment_have_one_effect(void **state)
{
    /* Workers of an engine hold all calls at the gate of Marathon until all are there; some of
     * the workers are kept for deployments. */
    struct api_world *world =
        api_world_new(&(struct api_world_options){.engine_workers = 2 * CALLERS});
    struct caller callers[CALLERS];
    char url[64];

    (void)state;
    api_world_base(world);
    fake_cluster_close(&world->cluster);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", (unsigned)world->port);
    for (size_t i = 0; i < CALLERS; i++) {
        callers[i].client = apiclient_new(url, world->token);
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    fake_cluster_wait(&world->cluster, CALLERS);
    fake_cluster_open(&world->cluster);
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_int_equal(callers[i].answer.status, 202);
        assert_string_equal(callers[i].answer.body, callers[0].answer.body);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        apiclient_answer_release(&callers[i].answer);
        apiclient_free(callers[i].client);
    }
    assert_int_equal(count_deployments(world), 1);
    api_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(the_same_call_again_gets_the_stored_answer),
        TEST(the_answer_stays_when_the_world_moves_on),
        TEST(the_same_key_for_another_call_is_refused),
        TEST(keys_of_different_callers_never_meet),
        TEST(a_refusal_does_not_use_up_the_key),
        TEST(commands_have_keys_too),
        TEST(keys_have_a_length),
        cmocka_unit_test(equal_calls_at_the_same_moment_have_one_effect),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
