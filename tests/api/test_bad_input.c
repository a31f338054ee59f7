/**
 * @file tests/api/test_bad_input.c
 * @brief Everything a caller can get wrong: each answer says what, where, and what would be right.
 */
#include "server/json/json.h"
#include "tests/api/api_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1024 * 1024)

static struct apiclient_answer post_raw(struct api_world *world, const char *path, const char *type,
                                        const char *body, size_t size)
{
    return apiclient_send(
        world->client,
        &(struct apiclient_request){
            .method = "POST", .path = path, .type = type, .body = body, .body_size = size});
}

static void what_is_no_json_is_malformed_and_the_place_is_named(void **state)
{
    static const struct {
        const char *body;
        size_t size;
    } bodies[] = {
        {"{\"strategy\":", 0},
        {"", 0},
        {"{} {}", 0},
        {"{\"strategy\":\"rolling\",\"strategy\":\"restart\"}", 0},
        {"{\"reason\":\"\xff\xfe\"}", 0},
        {"{\"reason\":\"\\u0000\"}", 0},
        {"{'strategy':1}", 0},
        {"{\"a\":1e999}", 0},
        {"{}\0{}", 5},
    };

    for (size_t i = 0; i < ZDD_COUNT(bodies); i++) {
        APICLIENT_AUTO struct apiclient_answer answer =
            post_raw(*state, "/v1/deployments", NULL, bodies[i].body, bodies[i].size);

        if (answer.status != 400)
            fail_msg("body %zu was answered %ld: %s", i, answer.status, answer.body);
        assert_string_equal(apiclient_text(&answer, "/code"), "body-malformed");
        assert_true(strlen(apiclient_text(&answer, "/detail")) > 10);
    }
}

static void a_body_that_is_nested_too_deeply_is_malformed(void **state)
{
    static char body[16000]; /* far too deep, and not yet too many values */

    memset(body, '[', sizeof(body) - 1);
    apiclient_expect(post_raw(*state, "/v1/plans", NULL, body, 0), 400, "body-malformed");
    for (size_t depth = ZDD_JSON_DEPTH_MAX; depth <= ZDD_JSON_DEPTH_MAX + 1; depth++) {
        memset(body, '[', depth);
        memset(body + depth, ']', depth);
        body[2 * depth] = '\0';
        apiclient_expect(post_raw(*state, "/v1/plans", NULL, body, 0),
                         depth == ZDD_JSON_DEPTH_MAX ? 422 : 400, NULL);
    }
}

static void a_body_of_more_than_a_mebibyte_is_too_big(void **state)
{
    char *body = malloc(MIB + 2);

    assert_non_null(body);
    memset(body, ' ', MIB + 1);
    body[MIB + 1] = '\0';
    apiclient_expect(post_raw(*state, "/v1/plans", NULL, body, MIB + 1), 413, "body-too-big");
    /* On the boundary it is read: and found to hold nothing. */
    apiclient_expect(post_raw(*state, "/v1/plans", NULL, body, MIB), 400, "body-malformed");
    free(body);
}

static void a_compressed_body_is_not_read(void **state)
{
    struct api_world *world = *state;
    static const char *const codings[] = {"Content-Encoding: gzip", "Content-Encoding: br, gzip"};
    static const char *const types[] = {"application/json", "application/yaml"};

    for (size_t i = 0; i < ZDD_COUNT(codings) * ZDD_COUNT(types); i++)
        apiclient_expect(
            apiclient_send(world->client, &(struct apiclient_request){.path = "/v1/plans",
                                                                      .body = "{}",
                                                                      .type = types[i % 2],
                                                                      .header = {codings[i / 2]}}),
            415, "media-type");
    apiclient_expect(
        apiclient_send(world->client,
                       &(struct apiclient_request){.path = "/v1/plans",
                                                   .body = "{}",
                                                   .header = {"Content-Encoding: identity"}}),
        422, "body-invalid");
}

static void another_media_type_than_json_is_not_read(void **state)
{
    static const char *const types[] = {"text/plain", "application/x-www-form-urlencoded", "",
                                        "application/jsonx"};

    for (size_t i = 0; i < ZDD_COUNT(types); i++)
        apiclient_expect(post_raw(*state, "/v1/plans", types[i], "{}", 0), 415, "media-type");
    apiclient_expect(post_raw(*state, "/v1/plans", "application/json; charset=utf-8", "{}", 0), 422,
                     "body-invalid");
}

/* What is wrong, the pointer that must be named, and words that must be said. */
static const struct {
    const char *body;
    const char *pointer;
    const char *words;
} invalid[] = {
    {"[]", "#", "object"},
    {"7", "#", "object"},
    {"{}", "#/strategy", ""},
    {"{\"stategy\":\"rolling\"}", "#/stategy", "did you mean \"strategy\"?"},
    {"{\"strategy\":\"blue\"}", "#/strategy", "rolling"},
    {"{\"strategy\":7}", "#/strategy", "rolling"},
    {"{\"strategy\":\"rolling\"}", "#/app", "missing"},
    {"{\"strategy\":\"rolling\",\"appId\":\"/a\"}", "#/change", "missing"},
    {"{\"strategy\":\"rolling\",\"change\":{}}", "#/appId", "missing"},
    {"{\"strategy\":\"rolling\",\"app\":{\"id\":\"/a\",\"cmd\":\"./a\"},\"appId\":\"/a\"}",
     "#/appId", "beside"},
    {"{\"strategy\":\"rolling\",\"app\":{\"id\":\"/a\",\"cmd\":\"./a\"},\"change\":{}}", "#/change",
     "beside"},
    {"{\"strategy\":\"rolling\",\"app\":[]}", "#/app", "object"},
    {"{\"strategy\":\"rolling\",\"appId\":\"/A_B\",\"change\":{}}", "#/appId", "/shop/cart"},
    {"{\"strategy\":\"rolling\",\"appId\":\"/a/tasks\",\"change\":{}}", "#/appId", ""},
    {"{\"strategy\":\"rolling\",\"appId\":7,\"change\":{}}", "#/appId", "text"},
    {"{\"strategy\":\"restart\"}", "#/appId", "missing"},
    {"{\"strategy\":\"restart\",\"appId\":\"/a\",\"change\":{}}", "#/change", "no definition"},
    {"{\"strategy\":\"restart\",\"app\":{\"id\":\"/a\"}}", "#/app", "appId"},
    {"{\"strategy\":\"restart\",\"appId\":\"/a\",\"options\":{\"x\":1}}", "#/options/x", ""},
    {"{\"strategy\":\"restart\",\"appId\":\"/a\",\"options\":[]}", "#/options", "object"},
    {"{\"strategy\":\"scale\",\"appId\":\"/a\"}", "#/options/instances", ""},
    {"{\"strategy\":\"scale\",\"appId\":\"/a\",\"options\":{\"instances\":-1}}",
     "#/options/instances", "0"},
    {"{\"strategy\":\"scale\",\"appId\":\"/a\",\"options\":{\"instances\":1.5}}",
     "#/options/instances", "whole"},
    {"{\"strategy\":\"scale\",\"appId\":\"/a\",\"options\":{\"instances\":\"4\"}}",
     "#/options/instances", "the text"},
    {"{\"strategy\":\"rolling\",\"appId\":\"/a\",\"change\":{},\"options\":{"
     "\"minimumHealthCapacity\":1.01}}",
     "#/options/minimumHealthCapacity", "from 0 to 1"},
    {"{\"strategy\":\"rolling\",\"appId\":\"/a\",\"change\":{},\"options\":{"
     "\"minimumHealthCapcity\":1}}",
     "#/options/minimumHealthCapcity", "did you mean \"minimumHealthCapacity\"?"},
    {"{\"strategy\":\"restart\",\"appId\":\"/a\",\"deadlineSeconds\":0}", "#/deadlineSeconds",
     "from 1 to 86400"},
    {"{\"strategy\":\"restart\",\"appId\":\"/a\",\"deadlineSeconds\":86401}", "#/deadlineSeconds",
     ""},
    {"{\"strategy\":\"restart\",\"appId\":\"/a\",\"deadlineSeconds\":1e300}", "#/deadlineSeconds",
     ""},
    {"{\"strategy\":\"restart\",\"appId\":\"/a\",\"onFailure\":\"retry\"}", "#/onFailure", "hold"},
    {"{\"strategy\":\"restart\",\"appId\":\"/a\",\"whenBusy\":\"wait\"}", "#/whenBusy", "queue"},
    {"{\"strategy\":\"restart\",\"appId\":\"/a\",\"reason\":7}", "#/reason", "text"},
    {"{\"strategy\":\"restart\",\"appId\":\"/a\",\"labels\":{\"a/b\":7}}", "#/labels/a~1b", "text"},
    {"{\"strategy\":\"restart\",\"appId\":\"/a\",\"labels\":[]}", "#/labels", ""},
    {"{\"strategy\":\"rolling\",\"app\":{\"cmd\":\"./a\"}}", "#/app/id", ""},
    {"{\"strategy\":\"rolling\",\"app\":{\"id\":\"/a\",\"cmd\":\"./a\",\"instance\":4}}",
     "#/app/instance", "did you mean \"instances\"?"},
    {"{\"strategy\":\"rolling\",\"app\":{\"id\":\"/a\",\"cmd\":\"./a\",\"instances\":1.5}}",
     "#/app/instances", ""},
    {"{\"strategy\":\"rolling\",\"app\":{\"id\":\"/a\",\"cmd\":\"./a\",\"upgradeStrategy\":{"
     "\"minimumHealthCapacity\":1}}}",
     "#/app/upgradeStrategy/maximumOverCapacity", ""},
    {"{\"planId\":\"x\"}", "#/digest", ""},
    {"{\"digest\":\"x\"}", "#/planId", ""},
    {"{\"planId\":\"x\",\"digest\":\"y\",\"strategy\":\"rolling\"}", "#/strategy", ""},
};

static bool names(const json_t *problem, const char *pointer, const char *words)
{
    size_t index;
    json_t *error;

    json_array_foreach(json_object_get(problem, "errors"), index, error)
    {
        if (strcmp(zdd_json_text(error, "pointer", ""), pointer) == 0 &&
            strstr(zdd_json_text(error, "detail", ""), words))
            return true;
    }
    return false;
}

static void each_wrong_member_is_named_with_what_would_be_right(void **state)
{
    struct api_world *world = *state;

    for (size_t i = 0; i < ZDD_COUNT(invalid); i++) {
        APICLIENT_AUTO struct apiclient_answer answer =
            apiclient_post(world->client, "/v1/deployments", invalid[i].body);

        if (answer.status != 422 || !names(answer.json, invalid[i].pointer, invalid[i].words))
            fail_msg("%s\nwas answered %ld: %s", invalid[i].body, answer.status, answer.body);
        assert_string_equal(apiclient_text(&answer, "/code"), "body-invalid");
    }
    assert_int_equal(world->cluster.get_count, 0); /* nobody was bothered with it */
}

static void several_mistakes_are_named_at_once(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer =
        apiclient_post(world->client, "/v1/plans",
                       "{\"strategy\":\"scale\",\"appId\":\"/A\",\"options\":{\"instances\":-1},"
                       "\"deadlineSeconds\":0,\"why\":1}");

    assert_int_equal(answer.status, 422);
    assert_true(names(answer.json, "#/appId", ""));
    assert_true(names(answer.json, "#/options/instances", ""));
    assert_true(names(answer.json, "#/deadlineSeconds", ""));
    assert_true(names(answer.json, "#/why", ""));
}

static void bounds_of_texts_and_labels_are_exact(void **state)
{
    struct api_world *world = *state;
    char body[4096], reason[502], labels[600] = "";

    api_world_base(world);
    for (int size = 500; size <= 501; size++) {
        memset(reason, 'r', sizeof(reason));
        reason[size] = '\0';
        snprintf(body, sizeof(body),
                 "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\",\"reason\":\"%s\"}", reason);
        apiclient_expect(apiclient_post(world->client, "/v1/plans", body), size == 500 ? 201 : 422,
                         NULL);
    }
    for (int count = 1; count <= 17; count++) {
        const size_t used = strlen(labels);

        snprintf(labels + used, sizeof(labels) - used, "%s\"l%d\":\"x\"", used ? "," : "", count);
        snprintf(body, sizeof(body),
                 "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\",\"labels\":{%s}}", labels);
        if (count >= 16)
            apiclient_expect(apiclient_post(world->client, "/v1/plans", body),
                             count == 16 ? 201 : 422, NULL);
    }
}

static void a_change_is_checked_as_what_it_makes_of_the_app(void **state)
{
    static const struct {
        const char *change;
        const char *pointer;
    } changes[] = {
        {"{\"instances\":-1}", "#/change/instances"},
        {"{\"envv\":{}}", "#/change/envv"},
        {"{\"id\":\"/other\"}", "#/change/id"},
        {"{\"args\":[\"a\"]}", "#/change"},
    };
    struct api_world *world = *state;
    char body[300];

    api_world_base(world);
    for (size_t i = 0; i < ZDD_COUNT(changes); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = {0};

        snprintf(body, sizeof(body),
                 "{\"strategy\":\"rolling\",\"appId\":\"/zdd/base\",\"change\":%s}",
                 changes[i].change);
        answer = apiclient_post(world->client, "/v1/plans", body);
        if (answer.status != 422 || !strstr(answer.body, changes[i].pointer))
            fail_msg("%s was answered %ld: %s", body, answer.status, answer.body);
    }
}

static void a_member_that_only_marathon_knows_is_not_the_callers_fault(void **state)
{
    struct api_world *world = *state;

    fake_cluster_app(&world->cluster,
                     "{\"id\":\"/zdd/base\",\"cmd\":\"./serve\",\"newInMarathon2\":{\"a\":1}}");
    apiclient_expect(apiclient_post(world->client, "/v1/plans",
                                    "{\"strategy\":\"rolling\",\"appId\":\"/zdd/base\",\"change\":{"
                                    "\"env\":{\"A\":\"b\"}}}"),
                     201, NULL);
}

static void queries_that_are_wrong_or_unknown_are_refused(void **state)
{
    static const char *const paths[] = {
        "/v1/deployments?limit=0",
        "/v1/deployments?limit=201",
        "/v1/deployments?limit=ten",
        "/v1/deployments?limit=",
        "/v1/deployments?limit=5&limit=6",
        "/v1/deployments?limmit=5",
        "/v1/deployments?state=started",
        "/v1/deployments?strategy=roling",
        "/v1/deployments?since=yesterday",
        "/v1/deployments?until=2024-13-01T00:00:00Z",
        "/v1/deployments?cursor=!!!",
        "/v1/deployments?cursor=AAAA",
        "/v1/deployments?appId=%ff",
        "/v1/deployments?appId=%zz",
        "/v1/events?lastEventId=-1",
        "/v1/events?lastEventId=x",
        "/v1/plans?state=queued",
        "/v1/strategies?x=1",
        "/v1/audit?until=1",
        "/v1/audit/verify?x",
        "/livez?x=1",
        "/metrics?x=1",
    };
    struct api_world *world = *state;

    for (size_t i = 0; i < ZDD_COUNT(paths); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = apiclient_get(world->client, paths[i]);

        if (answer.status != 400 ||
            strcmp(apiclient_text(&answer, "/code"), "query-invalid") != 0 ||
            !*apiclient_text(&answer, "/detail"))
            fail_msg("%s was answered %ld: %s", paths[i], answer.status, answer.body);
    }
}

static void a_typo_in_the_query_is_answered_with_a_guess(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer =
        apiclient_get(world->client, "/v1/deployments?appid=/a");

    assert_non_null(strstr(apiclient_text(&answer, "/detail"), "did you mean \"appId\"?"));
}

static void a_cursor_fits_only_the_list_it_came_from(void **state)
{
    struct api_world *world = *state;
    char path[500];
    APICLIENT_AUTO struct apiclient_answer page = {0};

    api_world_base(world);
    for (int i = 0; i < 2; i++)
        apiclient_expect(apiclient_post(world->client, "/v1/plans",
                                        "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\"}"),
                         201, NULL);
    page = apiclient_get(world->client, "/v1/plans?limit=1");
    snprintf(path, sizeof(path), "/v1/plans?limit=1&appId=/zdd/base&cursor=%s",
             apiclient_text(&page, "/nextCursor"));
    apiclient_expect(apiclient_get(world->client, path), 400, "query-invalid");
    snprintf(path, sizeof(path), "/v1/deployments?limit=1&cursor=%s",
             apiclient_text(&page, "/nextCursor"));
    apiclient_expect(apiclient_get(world->client, path), 400, "query-invalid");
    snprintf(path, sizeof(path), "/v1/plans?limit=50&cursor=%s",
             apiclient_text(&page, "/nextCursor"));
    apiclient_expect(apiclient_get(world->client, path), 200, NULL);
}

static void what_cannot_be_answered_as_asked_is_not_acceptable(void **state)
{
    static const struct {
        const char *path, *accept;
        long status;
    } cases[] = {
        {"/v1/plans", "Accept: text/html", 406},
        {"/v1/plans", "Accept: text/event-stream", 406},
        {"/v1/plans", "Accept: application/json;q=0", 406},
        {"/v1/plans", "Accept: text/html, application/*;q=0.1", 200},
        {"/v1/plans", "Accept: text/html,*/*;q=0.8", 200},
        {"/metrics", "Accept: application/json", 406},
        {"/metrics", "Accept: text/plain", 200},
        {"/livez", "Accept: image/png", 406},
    };
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    for (size_t i = 0; i < ZDD_COUNT(cases); i++)
        apiclient_expect(
            apiclient_send(world->client, &(struct apiclient_request){.path = cases[i].path,
                                                                      .header = {cases[i].accept}}),
            cases[i].status, cases[i].status == 406 ? "not-acceptable" : NULL);
    answer =
        apiclient_send(world->client, &(struct apiclient_request){.path = "/v1/audit",
                                                                  .header = {"Accept: text/html"}});
    assert_string_equal(apiclient_text(&answer, "/detail"),
                        "this operation answers application/json, application/x-ndjson");
}

static void paths_and_methods_that_do_not_exist_are_told(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    apiclient_expect(apiclient_get(world->client, "/v2/apps"), 404, "route-unknown");
    apiclient_expect(apiclient_get(world->client, "/v1/plans/"), 404, "route-unknown");
    answer = apiclient_send(world->client,
                            &(struct apiclient_request){.method = "DELETE", .path = "/v1/plans"});
    assert_int_equal(answer.status, 405);
    assert_non_null(strstr(apiclient_header(&answer, "Allow"), "GET"));
    assert_non_null(strstr(apiclient_header(&answer, "Allow"), "POST"));
}

static void ids_that_are_none_are_unknown(void **state)
{
    static const char *const ids[] = {"7", "..", "0190A1B2-C3D4-7E5F-8A6B-7C8D9E0F1A2B",
                                      "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b", "%27%20OR%201"};
    struct api_world *world = *state;
    char path[200];

    for (size_t i = 0; i < ZDD_COUNT(ids); i++) {
        snprintf(path, sizeof(path), "/v1/deployments/%s", ids[i]);
        apiclient_expect(apiclient_get(world->client, path), 404, "deployment-unknown");
        snprintf(path, sizeof(path), "/v1/deployments/%s/pause", ids[i]);
        apiclient_expect(apiclient_post(world->client, path, NULL), 404, "deployment-unknown");
    }
    apiclient_expect(apiclient_get(world->client, "/v1/apps/zdd"), 404, "app-unknown");
    apiclient_expect(apiclient_get(world->client, "/v1/apps/%2FA"), 404, "app-unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(what_is_no_json_is_malformed_and_the_place_is_named),
        TEST(a_body_that_is_nested_too_deeply_is_malformed),
        TEST(a_body_of_more_than_a_mebibyte_is_too_big),
        TEST(a_compressed_body_is_not_read),
        TEST(another_media_type_than_json_is_not_read),
        TEST(each_wrong_member_is_named_with_what_would_be_right),
        TEST(several_mistakes_are_named_at_once),
        TEST(bounds_of_texts_and_labels_are_exact),
        TEST(a_change_is_checked_as_what_it_makes_of_the_app),
        TEST(a_member_that_only_marathon_knows_is_not_the_callers_fault),
        TEST(queries_that_are_wrong_or_unknown_are_refused),
        TEST(a_typo_in_the_query_is_answered_with_a_guess),
        TEST(a_cursor_fits_only_the_list_it_came_from),
        TEST(what_cannot_be_answered_as_asked_is_not_acceptable),
        TEST(paths_and_methods_that_do_not_exist_are_told),
        TEST(ids_that_are_none_are_unknown),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
