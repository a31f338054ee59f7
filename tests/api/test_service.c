/**
 * @file tests/api/test_service.c
 * @brief What machines ask about the service: alive, ready, version, contract, figures.
 */
#include "server/json/json.h"
#include "tests/api/api_world.h"
#include "tests/support/contract.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void it_says_that_it_lives_and_can_work_and_what_it_is(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer version = {0};

    apiclient_expect(apiclient_get(world->client, "/livez"), 200, NULL);
    apiclient_expect(apiclient_get(world->client, "/readyz"), 200, NULL);
    version = apiclient_get(world->client, "/version");
    assert_string_equal(apiclient_text(&version, "/version"), "1.2.3-test");
}

static void a_lost_event_stream_is_told_but_is_no_reason_to_be_unready(void **state)
{
    struct api_world *world = api_world_new(&(struct api_world_options){.engine_workers = 1});
    APICLIENT_AUTO struct apiclient_answer lost = {0}, live = {0};

    (void)state;
    lost = apiclient_get(world->client, "/readyz");
    assert_string_equal(apiclient_text(&lost, "/checks/marathonEvents"), "warn");
    zdd_engine_stream(world->engine, true);
    live = apiclient_get(world->client, "/readyz");
    assert_string_equal(apiclient_text(&live, "/checks/marathonEvents"), "pass");
    api_world_free(world);
}

static void it_serves_the_contract_that_it_is_held_against(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = apiclient_get(world->client, "/openapi.json");

    assert_true(json_equal(answer.json, apiclient_contract(world->client)));
}

static void the_callers_request_id_comes_back(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = apiclient_send(
        world->client, &(struct apiclient_request){.path = "/v1/plans/7",
                                                   .header = {"X-Request-Id: my-request-7"}});

    assert_string_equal(apiclient_header(&answer, "X-Request-Id"), "my-request-7");
    assert_string_equal(apiclient_text(&answer, "/requestId"), "my-request-7");
}

static void limit_files(rlim_t size)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_is_told_and_when_there_is_room_again_all_is_well(void **state)
{
    static const char body[] = "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\"}";
    struct api_world *world = *state;
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    api_world_base(world);
    assert_int_equal(sigaction(SIGXFSZ, &ignore, NULL), 0); /* then writing fails instead */
    limit_files(0);
    apiclient_expect(apiclient_post(world->client, "/v1/deployments", body), 507, "store-full");
    apiclient_expect(apiclient_get(world->client, "/readyz"), 503, "store-full");
    apiclient_expect(apiclient_get(world->client, "/v1/deployments"), 200, NULL);
    limit_files(RLIM_INFINITY);
    apiclient_expect(apiclient_post(world->client, "/v1/deployments", body), 202, NULL);
    apiclient_expect(apiclient_get(world->client, "/readyz"), 200, NULL);
    apiclient_expect(apiclient_get(world->client, "/v1/audit/verify"), 200, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(it_says_that_it_lives_and_can_work_and_what_it_is),
        cmocka_unit_test(a_lost_event_stream_is_told_but_is_no_reason_to_be_unready),
        TEST(it_serves_the_contract_that_it_is_held_against),
        TEST(a_full_disk_is_told_and_when_there_is_room_again_all_is_well),
        TEST(the_callers_request_id_comes_back),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
