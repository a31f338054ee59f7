/**
 * @file tests/api/test_pace.c
 * @brief Who calls too often is told so, and everybody else is served on.
 */
#include "tests/api/api_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PER_SECOND 2
#define AT_ONCE (5 * PER_SECOND)
#define TRIES_MAX 200 /* so fast, and a machine so slow, that the bucket never runs out: no */

static int setup(void **state)
{
    *state = api_world_new(&(struct api_world_options){.rate_limit = PER_SECOND});
    return 0;
}

static struct apiclient_answer get_with(struct api_world *world, const char *token)
{
    return apiclient_send(world->client,
                          &(struct apiclient_request){.path = "/v1/strategies", .token = token});
}

/* Call until it is too often. @return how often that went well */
static int call_until_refused(struct api_world *world, const char *token,
                              struct apiclient_answer *ret_answer)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        *ret_answer = get_with(world, token);
        if (ret_answer->status != 200)
            return i;
        assert_non_null(strstr(apiclient_header(ret_answer, "RateLimit"), "\"token\";r="));
        assert_string_equal(apiclient_header(ret_answer, "RateLimit-Policy"), "\"token\";q=10;w=5");
        apiclient_answer_release(ret_answer);
    }
    fail_msg("%d calls of one token were served", TRIES_MAX);
    return 0;
}

static void a_token_that_calls_too_often_hears_when_to_come_again(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    char other[ZDD_TOKEN_SIZE];

    api_world_token(world, "other", ZDD_SCOPE_READ, "/", 0, other);
    assert_true(call_until_refused(world, NULL, &answer) >= AT_ONCE);
    assert_int_equal(answer.status, 429);
    assert_string_equal(apiclient_text(&answer, "/code"), "rate-limited");
    assert_string_equal(apiclient_header(&answer, "Retry-After"), "1");
    assert_non_null(strstr(apiclient_text(&answer, "/detail"), "calls of this token: 10 at once"));
    apiclient_expect(get_with(world, other), 200, NULL);
}

static void too_many_refused_tokens_of_an_address_are_told_so_and_good_ones_served(void **state)
{
    struct api_world *world = *state;
    int refused = 0;

    for (int i = 0; i < TRIES_MAX; i++) {
        APICLIENT_AUTO struct apiclient_answer answer = get_with(world, "zdd_nobody");

        if (answer.status == 429) {
            assert_true(strtol(apiclient_header(&answer, "Retry-After"), NULL, 10) >= 1);
            break;
        }
        assert_int_equal(answer.status, 401);
        refused++;
    }
    assert_in_range(refused, 20, TRIES_MAX - 1);
    apiclient_expect(get_with(world, NULL), 200, NULL);
}

/* Else the disk would pay for it. */
static void who_calls_too_often_leaves_no_trace_in_the_audit(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0}, audit = {0};
    char auditor[ZDD_TOKEN_SIZE];

    api_world_token(world, "auditor", ZDD_SCOPE_ADMIN, "/", 0, auditor);
    (void)call_until_refused(world, NULL, &answer);
    for (int i = 0; i < 3; i++)
        apiclient_answer_release(
            &(struct apiclient_answer[]){apiclient_post(world->client, "/v1/plans", "{")}[0]);
    audit = apiclient_send(world->client,
                           &(struct apiclient_request){.path = "/v1/audit", .token = auditor});
    assert_int_equal(audit.status, 200);
    assert_null(strstr(audit.body, "rate-limited"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, api_world_teardown)
        TEST(a_token_that_calls_too_often_hears_when_to_come_again),
        TEST(too_many_refused_tokens_of_an_address_are_told_so_and_good_ones_served),
        TEST(who_calls_too_often_leaves_no_trace_in_the_audit),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
