/**
 * @file tests/api/test_access_log.c
 * @brief Which calls are logged, at which setting, and what a line tells.
 */
#include "tests/api/api_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ "path=/v1/plans status=200"
#define MISS "path=/v1/nothing status=404"
#define LOGIN "method=POST path=/v1/session status=401"

/* What is written to standard error while some calls are made. */
static void overhear(enum zdd_log_calls calls, char *ret_text, size_t size)
{
    struct api_world *world = api_world_new(&(struct api_world_options){.log_calls = calls});
    FILE *file = tmpfile();
    const int usual = dup(STDERR_FILENO);

    assert_non_null(file);
    assert_true(usual >= 0);
    zdd_log_level_set(ZDD_LOG_INFO);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    apiclient_expect(apiclient_send(world->client,
                                    &(struct apiclient_request){
                                        .path = "/v1/plans?limit=7",
                                        .header = {"X-Request-Id: mine",
                                                   "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e47"
                                                   "36-00f067aa0ba902b7-01"}}),
                     200, NULL);
    apiclient_expect(apiclient_get(world->client, "/v1/nothing"), 404, "route-unknown");
    apiclient_expect(
        apiclient_send(world->client, &(struct apiclient_request){.path = "/v1/session",
                                                                  .token = "",
                                                                  .body = "{\"token\":\"wrong\"}"}),
        401, "token-unknown");
    api_world_free(world); /* every call has been logged then */
    assert_true(dup2(usual, STDERR_FILENO) >= 0);
    close(usual);
    zdd_log_level_set(ZDD_LOG_ERROR);
    rewind(file);
    ret_text[fread(ret_text, 1, size - 1, file)] = '\0';
    fclose(file);
}

static void changes_and_failures_are_logged_and_reads_are_not(void **state)
{
    char text[4000];

    (void)state;
    overhear(ZDD_LOG_CALLS_CHANGES, text, sizeof(text));
    assert_null(strstr(text, READ));
    assert_non_null(strstr(text, MISS));
    assert_non_null(strstr(text, LOGIN));
}

static void all_calls_are_logged_when_that_is_wanted(void **state)
{
    char text[4000];

    (void)state;
    overhear(ZDD_LOG_CALLS_ALL, text, sizeof(text));
    assert_non_null(strstr(text, READ));
    assert_non_null(strstr(text, MISS));
    assert_non_null(strstr(text, "level=info event=http.call request=mine "
                                 "trace=4bf92f3577b34da6a3ce929d0e0e4736 method=GET"));
    assert_non_null(strstr(text, "actor=token:all remote=127.0.0.1"));
    assert_null(strstr(text, "limit=7")); /* what is asked for may be nobody's business */
    assert_null(strstr(text, "wrong"));
    assert_null(strstr(text, "zdd_"));
}

static void no_call_is_logged_when_that_is_wanted(void **state)
{
    char text[4000];

    (void)state;
    overhear(ZDD_LOG_CALLS_OFF, text, sizeof(text));
    assert_null(strstr(text, "http.call"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_and_failures_are_logged_and_reads_are_not),
        cmocka_unit_test(all_calls_are_logged_when_that_is_wanted),
        cmocka_unit_test(no_call_is_logged_when_that_is_wanted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
