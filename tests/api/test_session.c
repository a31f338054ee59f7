/**
 * @file tests/api/test_session.c
 * @brief Logging in from a browser: what a cookie opens, what it does not, and when it ends.
 */
#include "server/api/inside.h"
#include "server/base/clock.h"
#include "tests/api/api_world.h"

#include <stdio.h>
#include <string.h>

#define PLAN "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\"}"

/* What a browser has after logging in, as headers. */
struct browser {
    char cookie[110]; /* "Cookie: zdd_session_8090=…" */
    char csrf[100];   /* "X-CSRF-Token: …" */
};

static struct apiclient_answer log_in_with(struct api_world *world, const char *token,
                                           const char *header)
{
    char body[120];

    snprintf(body, sizeof(body), "{\"token\":\"%s\"}", token);
    return apiclient_send(
        world->client, &(struct apiclient_request){
                           .path = "/v1/session", .token = "", .body = body, .header = {header}});
}

static void log_in(struct api_world *world, const char *token, struct browser *ret_browser)
{
    APICLIENT_AUTO struct apiclient_answer answer = log_in_with(world, token, NULL);
    const char *set = apiclient_header(&answer, "Set-Cookie");

    assert_int_equal(answer.status, 201);
    assert_non_null(set);
    snprintf(ret_browser->cookie, sizeof(ret_browser->cookie), "Cookie: %.*s",
             (int)strcspn(set, ";"), set);
    snprintf(ret_browser->csrf, sizeof(ret_browser->csrf), "X-CSRF-Token: %s",
             apiclient_text(&answer, "/csrfToken"));
}

static struct apiclient_answer ask(struct api_world *world, const struct browser *browser,
                                   const char *method, const char *path, const char *more)
{
    const bool writes = strcmp(method, "POST") == 0;

    return apiclient_send(world->client,
                          &(struct apiclient_request){.method = method,
                                                      .path = path,
                                                      .token = "",
                                                      .body = writes ? PLAN : NULL,
                                                      .header = {browser->cookie, more}});
}

static void a_token_is_exchanged_for_a_cookie_that_scripts_and_other_sites_cannot_use(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = log_in_with(world, world->token, NULL);
    const char *cookie = apiclient_header(&answer, "Set-Cookie");
    char name[40];

    snprintf(name, sizeof(name), "zdd_session_%u=zdd_", (unsigned)world->port);
    assert_int_equal(answer.status, 201);
    assert_int_equal(strncmp(cookie, name, strlen(name)), 0);
    assert_non_null(strstr(cookie, "; HttpOnly"));
    assert_non_null(strstr(cookie, "; SameSite=Strict"));
    assert_non_null(strstr(cookie, "; Path=/;"));
    assert_non_null(strstr(cookie, "; Max-Age=43200"));
    assert_null(strstr(cookie, "Secure"));
    assert_null(strstr(cookie, world->token));
    assert_null(strstr(answer.body, world->token));
    assert_string_equal(apiclient_text(&answer, "/actor"), "token:all");
}

static void behind_a_proxy_with_tls_the_cookie_goes_over_tls_only(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer =
        log_in_with(world, world->token, "X-Forwarded-Proto: https");

    const char *cookie = apiclient_header(&answer, "Set-Cookie");
    char sent[120];

    assert_int_equal(strncmp(cookie, "__Host-zdd_session_", 19), 0);
    assert_non_null(strstr(cookie, "; Secure"));
    assert_non_null(strstr(cookie, "; Path=/;"));
    assert_null(strstr(cookie, "Domain"));

    /* It counts where it comes by TLS again, under that name alone. */
    snprintf(sent, sizeof(sent), "Cookie: %.*s", (int)strcspn(cookie, ";"), cookie);
    apiclient_expect(
        apiclient_send(world->client,
                       &(struct apiclient_request){.path = "/v1/plans",
                                                   .token = "",
                                                   .header = {sent, "X-Forwarded-Proto: https"}}),
        200, NULL);
    memmove(sent + 8, sent + 15, strlen(sent) - 14); /* without the prefix */
    assert_non_null(strstr(sent, "Cookie: zdd_session_"));
    apiclient_expect(
        apiclient_send(world->client,
                       &(struct apiclient_request){.path = "/v1/plans",
                                                   .token = "",
                                                   .header = {sent, "X-Forwarded-Proto: https"}}),
        401, "token-missing");
}

static bool lists(const struct apiclient_answer *answer, const char *pointer, const char *wanted)
{
    const json_t *list = zdd_json_at(answer->json, pointer);
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        if (strcmp(json_string_value(one), wanted) == 0)
            return true;
    }
    return false;
}

static void a_session_may_what_its_token_may_and_says_so(void **state)
{
    struct api_world *world = *state;
    char reader[ZDD_TOKEN_SIZE];
    struct browser browser;
    APICLIENT_AUTO struct apiclient_answer who = {0};

    api_world_token(world, "reader", ZDD_SCOPE_READ, "/zdd", 0, reader);
    log_in(world, reader, &browser);
    who = ask(world, &browser, "GET", "/v1/session", NULL);
    assert_int_equal(who.status, 200);
    assert_string_equal(apiclient_text(&who, "/name"), "reader");
    assert_string_equal(apiclient_text(&who, "/appPrefix"), "/zdd");
    assert_true(lists(&who, "/scopes", "read"));
    assert_false(lists(&who, "/scopes", "plan"));
    assert_true(lists(&who, "/allowedOperations", "GET /v1/deployments/{id}"));
    assert_false(lists(&who, "/allowedOperations", "POST /v1/plans"));
    apiclient_expect(ask(world, &browser, "GET", "/v1/plans", NULL), 200, NULL);
    apiclient_expect(ask(world, &browser, "POST", "/v1/plans", browser.csrf), 403, "scope-missing");
}

static void a_write_needs_the_csrf_token_of_the_same_session(void **state)
{
    struct api_world *world = *state;
    struct browser browser, other;

    api_world_base(world);
    log_in(world, world->token, &browser);
    log_in(world, world->token, &other);
    apiclient_expect(ask(world, &browser, "POST", "/v1/plans", NULL), 403, "csrf-refused");
    apiclient_expect(ask(world, &browser, "POST", "/v1/plans", "X-CSRF-Token: "), 403,
                     "csrf-refused");
    apiclient_expect(ask(world, &browser, "POST", "/v1/plans", other.csrf), 403, "csrf-refused");
    apiclient_expect(ask(world, &browser, "DELETE", "/v1/session", NULL), 403, "csrf-refused");
    apiclient_expect(ask(world, &browser, "POST", "/v1/plans", browser.csrf), 201, NULL);
}

static void what_another_site_s_page_asks_for_is_refused(void **state)
{
    struct api_world *world = *state;
    struct browser browser;

    log_in(world, world->token, &browser);
    apiclient_expect(ask(world, &browser, "GET", "/v1/plans", "Sec-Fetch-Site: cross-site"), 403,
                     "csrf-refused");
    apiclient_expect(ask(world, &browser, "GET", "/v1/plans", "Sec-Fetch-Site: same-site"), 403,
                     "csrf-refused");
    apiclient_expect(ask(world, &browser, "GET", "/v1/plans", "Sec-Fetch-Site: same-origin"), 200,
                     NULL);
    apiclient_expect(ask(world, &browser, "GET", "/v1/plans", "Sec-Fetch-Site: none"), 200, NULL);
    apiclient_expect(log_in_with(world, world->token, "Sec-Fetch-Site: cross-site"), 403,
                     "csrf-refused");
}

static void two_servers_of_one_host_do_not_log_each_other_out(void **state)
{
    struct api_world *world = *state;
    struct api_world *other = api_world_new(&(struct api_world_options){0});
    struct browser here, there;
    char both[250];

    log_in(world, world->token, &here);
    log_in(other, other->token, &there);
    /* What a browser keeps and sends to either of them: ports do not count. */
    snprintf(both, sizeof(both), "%s; %s", here.cookie, there.cookie + strlen("Cookie: "));
    apiclient_expect(apiclient_send(world->client, &(struct apiclient_request){.path = "/v1/plans",
                                                                               .token = "",
                                                                               .header = {both}}),
                     200, NULL);
    apiclient_expect(apiclient_send(other->client, &(struct apiclient_request){.path = "/v1/plans",
                                                                               .token = "",
                                                                               .header = {both}}),
                     200, NULL);
    assert_int_not_equal(strncmp(here.cookie, there.cookie, strcspn(here.cookie, "=")), 0);
    api_world_free(other);
}

static void a_cookie_is_no_token_and_a_token_no_cookie(void **state)
{
    struct api_world *world = *state;
    struct browser browser;
    char header[120];

    log_in(world, world->token, &browser);
    apiclient_expect(
        apiclient_send(world->client,
                       &(struct apiclient_request){.path = "/v1/plans",
                                                   .token = strchr(browser.cookie, '=') + 1}),
        401, "token-unknown");
    snprintf(header, sizeof(header), "Cookie: zdd_session_%u=%s", (unsigned)world->port,
             world->token);
    apiclient_expect(apiclient_send(world->client, &(struct apiclient_request){.path = "/v1/plans",
                                                                               .token = "",
                                                                               .header = {header}}),
                     401, "session-unknown");
}

static void a_token_in_the_header_counts_before_the_cookie(void **state)
{
    struct api_world *world = *state;
    struct browser browser;
    APICLIENT_AUTO struct apiclient_answer who = {0};
    char reader[ZDD_TOKEN_SIZE];

    api_world_token(world, "reader", ZDD_SCOPE_READ, "/", 0, reader);
    log_in(world, world->token, &browser);
    who = apiclient_send(world->client, &(struct apiclient_request){.path = "/v1/session",
                                                                    .token = reader,
                                                                    .header = {browser.cookie}});
    assert_string_equal(apiclient_text(&who, "/name"), "reader");
    assert_true(json_is_null(json_object_get(who.json, "csrfToken")));
    apiclient_expect(
        apiclient_send(world->client, &(struct apiclient_request){.method = "DELETE",
                                                                  .path = "/v1/session",
                                                                  .token = reader}),
        204, NULL);
}

static void logging_out_ends_the_session_for_the_next_call(void **state)
{
    struct api_world *world = *state;
    struct browser browser, other;
    APICLIENT_AUTO struct apiclient_answer out = {0};

    log_in(world, world->token, &browser);
    log_in(world, world->token, &other);
    for (int i = 0; i < 3; i++) /* by now it is kept in memory */
        apiclient_expect(ask(world, &browser, "GET", "/v1/plans", NULL), 200, NULL);
    out = ask(world, &browser, "DELETE", "/v1/session", browser.csrf);
    assert_int_equal(out.status, 204);
    assert_int_equal(strncmp(apiclient_header(&out, "Set-Cookie"), browser.cookie + 8,
                             strcspn(browser.cookie + 8, "=") + 1),
                     0);
    assert_non_null(strstr(apiclient_header(&out, "Set-Cookie"), "=; "));
    assert_non_null(strstr(apiclient_header(&out, "Set-Cookie"), "Max-Age=0"));
    apiclient_expect(ask(world, &browser, "GET", "/v1/plans", NULL), 401, "session-unknown");
    apiclient_expect(ask(world, &other, "GET", "/v1/plans", NULL), 200, NULL);
}

static void a_session_ends_with_its_token(void **state)
{
    struct api_world *world = *state;
    struct browser browser;
    char token[ZDD_TOKEN_SIZE];

    api_world_token(world, "short", ZDD_SCOPE_ALL, "/", 0, token);
    log_in(world, token, &browser);
    apiclient_expect(ask(world, &browser, "GET", "/v1/plans", NULL), 200, NULL);
    api_world_revoke(world, token);
    apiclient_expect(ask(world, &browser, "GET", "/v1/plans", NULL), 401, "session-unknown");
}

static void a_session_ends_when_its_time_is_over(void **state)
{
    struct api_world *world = api_world_new(&(struct api_world_options){.session_ms = 1});
    const int64_t before_ms = zdd_now_ms();
    struct browser browser;

    (void)state;
    log_in(world, world->token, &browser);
    while (zdd_now_ms() <= before_ms + 2) { /* ends with the clock's next ticks */
    }
    apiclient_expect(ask(world, &browser, "GET", "/v1/plans", NULL), 401, "session-unknown");
    api_world_free(world);
}

static void a_token_that_ends_sooner_is_the_session_s_end(void **state)
{
    struct api_world *world = *state;
    const int64_t ends_ms = zdd_now_ms() + 60000;
    char token[ZDD_TOKEN_SIZE], wanted[ZDD_TIME_SIZE];
    struct browser browser;
    APICLIENT_AUTO struct apiclient_answer who = {0};

    api_world_token(world, "soon", ZDD_SCOPE_ALL, "/", ends_ms, token);
    log_in(world, token, &browser);
    who = ask(world, &browser, "GET", "/v1/session", NULL);
    zdd_time_format(ends_ms, wanted);
    assert_string_equal(apiclient_text(&who, "/expiresAt"), wanted);
}

static void who_has_no_token_gets_no_cookie(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = log_in_with(world, "zdd_nobody", NULL);

    assert_int_equal(answer.status, 401);
    assert_string_equal(apiclient_text(&answer, "/code"), "token-unknown");
    assert_null(apiclient_header(&answer, "Set-Cookie"));
    apiclient_expect(log_in_with(world, "", NULL), 422, "body-invalid");
    apiclient_expect(apiclient_get(world->client, "/v1/session"), 200, NULL);
}

static size_t entries(struct api_world *world, const char *query)
{
    APICLIENT_AUTO struct apiclient_answer answer = apiclient_get(world->client, query);

    assert_int_equal(answer.status, 200);
    return json_array_size(json_object_get(answer.json, "items"));
}

static void logging_in_and_out_is_in_the_audit_and_wrong_tokens_are_not(void **state)
{
    struct api_world *world = *state;
    struct browser browser;

    log_in(world, world->token, &browser);
    apiclient_expect(log_in_with(world, "zdd_nobody", NULL), 401, "token-unknown");
    apiclient_expect(ask(world, &browser, "DELETE", "/v1/session", browser.csrf), 204, NULL);
    assert_int_equal(entries(world, "/v1/audit?action=session.create"), 1);
    assert_int_equal(entries(world, "/v1/audit?action=session.delete"), 1);
    assert_int_equal(entries(world, "/v1/audit?action=session.&actor=token:all"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(a_token_is_exchanged_for_a_cookie_that_scripts_and_other_sites_cannot_use),
        TEST(behind_a_proxy_with_tls_the_cookie_goes_over_tls_only),
        TEST(a_session_may_what_its_token_may_and_says_so),
        TEST(a_write_needs_the_csrf_token_of_the_same_session),
        TEST(what_another_site_s_page_asks_for_is_refused),
        TEST(two_servers_of_one_host_do_not_log_each_other_out),
        TEST(a_cookie_is_no_token_and_a_token_no_cookie),
        TEST(a_token_in_the_header_counts_before_the_cookie),
        TEST(logging_out_ends_the_session_for_the_next_call),
        TEST(a_session_ends_with_its_token),
        cmocka_unit_test(a_session_ends_when_its_time_is_over),
        TEST(a_token_that_ends_sooner_is_the_session_s_end),
        TEST(who_has_no_token_gets_no_cookie),
        TEST(logging_in_and_out_is_in_the_audit_and_wrong_tokens_are_not),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
