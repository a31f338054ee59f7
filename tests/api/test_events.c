/**
 * @file tests/api/test_events.c
 * @brief Events as pages and as streams: nothing lost, nothing twice, nobody waited for.
 */
#include "server/api/event_json.h"
#include "server/json/json.h"
#include "tests/api/sse_reader.h"

#include <stdio.h>
#include <string.h>

#define TYPE "deployment.paused"

static void events_are_pages_oldest_first(void **state)
{
    struct api_world *world = *state;
    char path[300];
    APICLIENT_AUTO struct apiclient_answer first = {0}, second = {0};

    api_world_events(world, TYPE, "/zdd/a", 3);
    first = apiclient_get(world->client, "/v1/events?limit=2");
    assert_int_equal(apiclient_int(&first, "/items/0/seq"), 1);
    assert_int_equal(apiclient_int(&first, "/items/1/seq"), 2);
    snprintf(path, sizeof(path), "/v1/events?limit=2&cursor=%s",
             apiclient_text(&first, "/nextCursor"));
    second = apiclient_get(world->client, path);
    assert_int_equal(apiclient_int(&second, "/items/0/seq"), 3);
    assert_int_equal(json_array_size(json_object_get(second.json, "items")), 1);
}

static void pages_are_filtered_by_app_deployment_type_and_position(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], paths[5][200];
    static const size_t counts[] = {2, 1, 2, 0, 1};

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    api_world_events(world, TYPE, "/zdd/a", 2);
    snprintf(paths[0], sizeof(paths[0]), "/v1/events?appId=/zdd/a");
    snprintf(paths[1], sizeof(paths[1]), "/v1/events?deploymentId=%s", id);
    snprintf(paths[2], sizeof(paths[2]), "/v1/events?type=" TYPE);
    snprintf(paths[3], sizeof(paths[3]), "/v1/events?deploymentId=%s&appId=/zdd/a", id);
    snprintf(paths[4], sizeof(paths[4]), "/v1/events?lastEventId=2");
    for (size_t i = 0; i < ZDD_COUNT(paths); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = apiclient_get(world->client, paths[i]);

        if (json_array_size(json_object_get(answer.json, "items")) != counts[i])
            fail_msg("%s: %s", paths[i], answer.body);
    }
}

static void a_stream_brings_what_happens_from_now_on(void **state)
{
    struct api_world *world = *state;
    struct sse_reader reader;

    api_world_events(world, TYPE, "/zdd/a", 2);
    sse_open(&reader, world, "/v1/events", NULL);
    assert_non_null(strstr(reader.head, "text/event-stream"));
    assert_non_null(strstr(reader.head, "no-store"));
    api_world_events(world, "deployment.resumed", "/zdd/a", 1);
    assert_int_equal(sse_expect(&reader, "deployment.resumed"), 3);
    sse_close(&reader);
}

static void a_reader_that_comes_back_misses_nothing_and_sees_nothing_twice(void **state)
{
    struct api_world *world = *state;
    struct sse_reader reader;
    int64_t seen;

    sse_open(&reader, world, "/v1/events", NULL);
    api_world_events(world, TYPE, "/zdd/a", 2);
    sse_expect(&reader, TYPE);
    seen = sse_expect(&reader, TYPE);
    sse_close(&reader);
    api_world_events(world, TYPE, "/zdd/a", 3);
    assert_int_equal(seen, 2);
    sse_open(&reader, world, "/v1/events", "2");
    for (int64_t id = 3; id <= 5; id++)
        assert_int_equal(sse_expect(&reader, TYPE), id);
    api_world_events(world, TYPE, "/zdd/a", 1);
    assert_int_equal(sse_expect(&reader, TYPE), 6);
    sse_close(&reader);
}

static void the_position_may_stand_in_the_query_but_the_header_wins(void **state)
{
    struct api_world *world = *state;
    struct sse_reader reader;

    api_world_events(world, TYPE, "/zdd/a", 3);
    sse_open(&reader, world, "/v1/events?lastEventId=1", NULL);
    assert_int_equal(sse_expect(&reader, TYPE), 2);
    sse_close(&reader);
    sse_open(&reader, world, "/v1/events?lastEventId=0", "2");
    assert_int_equal(sse_expect(&reader, TYPE), 3);
    sse_close(&reader);
}

static void a_stream_longer_than_the_ring_comes_from_the_database(void **state)
{
    struct api_world *world = api_world_new(&(struct api_world_options){.ring_size = 64});
    struct sse_reader reader;

    (void)state;
    api_world_events(world, TYPE, "/zdd/a", 300);
    sse_open(&reader, world, "/v1/events", "0");
    for (int64_t id = 1; id <= 300; id++)
        assert_int_equal(sse_expect(&reader, TYPE), id);
    api_world_events(world, TYPE, "/zdd/a", 1);
    assert_int_equal(sse_expect(&reader, TYPE), 301);
    sse_close(&reader);
    api_world_free(world);
}

static void streams_are_filtered_live_and_from_the_past(void **state)
{
    struct api_world *world = *state;
    struct sse_reader past, live;

    sse_open(&live, world, "/v1/events?appId=/zdd/b&type=deployment.failed", NULL);
    api_world_events(world, TYPE, "/zdd/a", 2);
    api_world_events(world, TYPE, "/zdd/b", 2);
    api_world_events(world, "deployment.failed", "/zdd/b", 1);
    sse_open(&past, world, "/v1/events?appId=/zdd/b&type=deployment.failed&lastEventId=0", NULL);
    assert_int_equal(sse_expect(&live, "deployment.failed"), 5);
    assert_int_equal(sse_expect(&past, "deployment.failed"), 5);
    sse_close(&live);
    sse_close(&past);
}

static void a_token_streams_only_what_its_prefix_covers(void **state)
{
    struct api_world *world = *state;
    struct sse_reader reader;
    char token[ZDD_TOKEN_SIZE];

    api_world_token(world, "part", ZDD_SCOPE_READ, "/zdd/b", 0, token);
    memcpy(world->token, token, sizeof(token));
    sse_open(&reader, world, "/v1/events", NULL);
    api_world_events(world, TYPE, "/zdd/a", 1);
    api_world_events(world, TYPE, "/zdd/bb", 1);
    api_world_events(world, TYPE, "/zdd/b/c", 1);
    assert_int_equal(sse_expect(&reader, TYPE), 3);
    sse_close(&reader);
}

static void a_deployments_stream_begins_with_its_first_event_and_ends_with_its_last(void **state)
{
    struct api_world *world = *state;
    struct sse_reader reader;
    struct sse_event event;
    char id[ZDD_ID_SIZE], path[100];

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    snprintf(path, sizeof(path), "/v1/deployments/%s/events", id);
    sse_open(&reader, world, path, NULL);
    sse_expect(&reader, "deployment.queued");
    api_world_events(world, TYPE, "/zdd/base", 1); /* of no deployment */
    api_world_move(world, id, ZDD_PHASE_APPLYING, "deployment.started");
    sse_expect(&reader, "deployment.started");
    api_world_move(world, id, ZDD_PHASE_SUCCEEDED, "deployment.succeeded");
    sse_expect(&reader, "deployment.succeeded");
    assert_false(sse_next(&reader, &event));
    sse_close(&reader);
}

static void the_past_of_a_finished_deployment_is_streamed_and_then_there_is_nothing(void **state)
{
    struct api_world *world = *state;
    struct sse_reader reader;
    struct sse_event event;
    char id[ZDD_ID_SIZE], path[120], last[32];

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    api_world_move(world, id, ZDD_PHASE_FAILED, "deployment.failed");
    snprintf(path, sizeof(path), "/v1/deployments/%s/events?type=deployment.failed", id);
    sse_open(&reader, world, path, NULL);
    snprintf(last, sizeof(last), "%lld", (long long)sse_expect(&reader, "deployment.failed"));
    assert_false(sse_next(&reader, &event));
    sse_close(&reader);
    snprintf(path, sizeof(path), "/v1/deployments/%s/events?lastEventId=%s", id, last);
    apiclient_expect(apiclient_send(world->client,
                                    &(struct apiclient_request){
                                        .path = path, .header = {"Accept: text/event-stream"}}),
                     204, NULL);
}

static void an_event_that_never_was_is_answered_with_a_reset(void **state)
{
    struct api_world *world = *state;
    struct sse_reader reader;

    api_world_events(world, TYPE, "/zdd/a", 2);
    sse_open(&reader, world, "/v1/events", "1000");
    assert_int_equal(sse_expect(&reader, "reset"), 2);
    api_world_events(world, TYPE, "/zdd/a", 1);
    assert_int_equal(sse_expect(&reader, TYPE), 3);
    sse_close(&reader);
}

static void silence_is_filled_with_comments(void **state)
{
    struct api_world *world = api_world_new(&(struct api_world_options){.heartbeat_ms = 50});
    struct sse_reader reader;

    (void)state;
    sse_open(&reader, world, "/v1/events", NULL);
    for (int i = 0; i < 3; i++)
        sse_expect_comment(&reader);
    sse_close(&reader);
    api_world_free(world);
}

static void a_reader_that_falls_far_behind_is_cut_and_can_resume(void **state)
{
    struct api_world *world = api_world_new(&(struct api_world_options){.ring_size = 16});
    struct sse_reader reader, again;
    struct sse_event event;
    char last[32];
    int64_t seen = 0;

    (void)state;
    sse_open(&reader, world, "/v1/events", NULL);
    api_world_events(world, TYPE, "/zdd/a", 1);
    sse_expect(&reader, TYPE);
    /* Without reading: more than sockets and ring can hold. */
    for (int i = 0; i < 400; i++)
        api_world_events(world, TYPE, "/zdd/a", 100);
    while (sse_next(&reader, &event)) {
        seen = event.id;
        json_decref(event.data);
    }
    assert_true(seen > 1 && seen < 40001);
    sse_close(&reader);
    snprintf(last, sizeof(last), "%lld", (long long)seen);
    sse_open(&again, world, "/v1/events", last);
    assert_int_equal(sse_expect(&again, TYPE), seen + 1);
    sse_close(&again);
    api_world_free(world);
}

static void a_burst_of_more_than_the_ring_loses_nothing(void **state)
{
    struct api_world *world = api_world_new(&(struct api_world_options){.ring_size = 16});
    struct sse_reader reader;

    (void)state;
    sse_open(&reader, world, "/v1/events", NULL);
    api_world_events(world, TYPE, "/zdd/a", 1);
    sse_expect(&reader, TYPE);
    api_world_events(world, TYPE, "/zdd/a", 200);
    for (int64_t id = 2; id <= 201; id++)
        assert_int_equal(sse_expect(&reader, TYPE), id);
    sse_close(&reader);
    api_world_free(world);
}

static void too_many_streams_are_turned_away(void **state)
{
    struct api_world *world = api_world_new(&(struct api_world_options){.stream_max = 1});
    struct sse_reader reader;

    (void)state;
    sse_open(&reader, world, "/v1/events", NULL);
    apiclient_expect(
        apiclient_send(world->client,
                       &(struct apiclient_request){.path = "/v1/events",
                                                   .header = {"Accept: text/event-stream"}}),
        503, "too-many-calls");
    sse_close(&reader);
    api_world_free(world);
}

static void a_hundred_readers_get_the_same(void **state)
{
    struct api_world *world = *state;
    static struct sse_reader readers[100];

    for (size_t i = 0; i < ZDD_COUNT(readers); i++)
        sse_open(&readers[i], world, "/v1/events", NULL);
    api_world_events(world, TYPE, "/zdd/a", 5);
    for (size_t i = 0; i < ZDD_COUNT(readers); i++) {
        for (int64_t id = 1; id <= 5; id++)
            assert_int_equal(sse_expect(&readers[i], TYPE), id);
        sse_close(&readers[i]);
    }
}

static void the_types_of_the_filter_are_those_of_the_contract(void **state)
{
    struct api_world *world = *state;
    const json_t *types =
        zdd_json_at(apiclient_contract(world->client), "/components/schemas/EventType/enum");
    size_t index;
    json_t *type;

    assert_int_equal(json_array_size(types), zdd_event_type_count);
    json_array_foreach(types, index, type)
        assert_string_equal(json_string_value(type), zdd_event_types[index]);
}

static void a_type_that_no_event_can_have_is_refused_with_those_there_are(void **state)
{
    static const char *const accepts[] = {"Accept: application/json", "Accept: text/event-stream"};
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[120];

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    for (size_t i = 0; i < 4; i++) {
        const struct apiclient_request request = {.path = path, .header = {accepts[i / 2]}};

        snprintf(path, sizeof(path), "/v1/%s%s%s?type=deployment.faild",
                 i % 2 ? "deployments/" : "", i % 2 ? id : "", i % 2 ? "/events" : "events");

        APICLIENT_AUTO struct apiclient_answer answer = apiclient_send(world->client, &request);

        assert_int_equal(answer.status, 400);
        assert_string_equal(apiclient_text(&answer, "/code"), "query-invalid");
        for (size_t k = 0; k < zdd_event_type_count; k++)
            assert_non_null(strstr(apiclient_text(&answer, "/detail"), zdd_event_types[k]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(the_types_of_the_filter_are_those_of_the_contract),
        TEST(a_type_that_no_event_can_have_is_refused_with_those_there_are),
        TEST(events_are_pages_oldest_first),
        TEST(pages_are_filtered_by_app_deployment_type_and_position),
        TEST(a_stream_brings_what_happens_from_now_on),
        TEST(a_reader_that_comes_back_misses_nothing_and_sees_nothing_twice),
        TEST(the_position_may_stand_in_the_query_but_the_header_wins),
        cmocka_unit_test(a_stream_longer_than_the_ring_comes_from_the_database),
        TEST(streams_are_filtered_live_and_from_the_past),
        TEST(a_token_streams_only_what_its_prefix_covers),
        TEST(a_deployments_stream_begins_with_its_first_event_and_ends_with_its_last),
        TEST(the_past_of_a_finished_deployment_is_streamed_and_then_there_is_nothing),
        TEST(an_event_that_never_was_is_answered_with_a_reset),
        cmocka_unit_test(silence_is_filled_with_comments),
        cmocka_unit_test(a_reader_that_falls_far_behind_is_cut_and_can_resume),
        cmocka_unit_test(a_burst_of_more_than_the_ring_loses_nothing),
        cmocka_unit_test(too_many_streams_are_turned_away),
        TEST(a_hundred_readers_get_the_same),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
