/**
 * @file tests/lab/test_bot.c
 * @brief openapi/examples/bot, a bot of a page of shell, drives canaries through a real HAProxy.
 */
#include "tests/support/spec.h"

#include "tests/lab/site.h"
#include "tests/support/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOWHERE "http://127.0.0.1:1"
#define BOT_LINE_MAX 60 /* a page of shell; it shall stay one */
#define GATED                                                                                      \
    "{\"steps\":[{\"weight\":20},{\"gate\":\"go\"}],\"keepOldSeconds\":1,\"drainSeconds\":2}"

/* @param words  of the bot, NULL-terminated */
static struct program bot(struct site *site, const char *const *words)
{
    const char *argv[PROGRAM_ARG_MAX] = {"/usr/bin/env"};
    char url[80], token[100];
    size_t argc = 1;

    (void)snprintf(url, sizeof(url), "ZDD_URL=%s", site ? site->e->server.url : NOWHERE);
    (void)snprintf(token, sizeof(token), "ZDD_TOKEN=%s", site ? site->e->server.token : "zdd_none");
    argv[argc++] = url;
    argv[argc++] = token;
    argv[argc++] = BOT;
    for (; *words && argc + 1 < PROGRAM_ARG_MAX; words++)
        argv[argc++] = *words;
    assert_null(*words);
    return program_start(argv);
}

#define BOT_SAYS(site, status, text, ...)                                                          \
    program_expect(bot(site, (const char *const[]){__VA_ARGS__, NULL}), status, text)

/* Plan @p request, which is stolen, and start the plan; both by the bot. */
static void plan_and_start(struct site *site, json_t *request, char ret_id[static E2E_ID_SIZE])
{
    ZDD_AUTO_JSON json_t *body = request;
    char path[160], plan[40], digest[80];
    struct program_end said;
    const char *last;

    (void)snprintf(path, sizeof(path), "%s/request.json", site->e->server.dir);
    assert_int_equal(json_dump_file(body, path, 0), 0);
    said = program_end(bot(site, (const char *const[]){"plan", path, NULL}));
    if (said.status != 0)
        fail_msg("%s", said.words.data);
    last = strstr(said.words.data, " sha256:");
    assert_true(last && last - said.words.data > 36);
    assert_int_equal(sscanf(last - 36, "%39s %79s", plan, digest), 2);
    zdd_buf_release(&said.words);

    said = program_end(bot(site, (const char *const[]){"start", plan, digest, NULL}));
    if (said.status != 0 || sscanf(said.words.data, "%39s", ret_id) != 1)
        fail_msg("%s", said.words.data);
    zdd_buf_release(&said.words);
}

static void a_bot_plans_starts_watches_approves_and_goes_back(void **state)
{
    struct site *site = site_open(1);
    char id[E2E_ID_SIZE];
    struct program watch;

    (void)state;
    plan_and_start(site, site_blue_green(site_app("0.9", "/health"), SITE_QUICK), id);
    BOT_SAYS(site, 0, "\nsucceeded: ", "watch", id);

    plan_and_start(site, site_canary("1.0", GATED), id);
    watch = bot(site, (const char *const[]){"watch", id, NULL});
    e2e_until(site->e, id, "/state", "waiting");
    BOT_SAYS(site, 0, "Gate go waits for a decision", "why", id);
    BOT_SAYS(site, 1, "bot: gate-unknown: ", "approve", id, "stop");
    BOT_SAYS(site, 0, "approved", "approve", id, "go", "looks good");
    program_expect(watch, 0, "\nsucceeded: ");

    plan_and_start(site, site_canary("1.1", GATED), id);
    e2e_until(site->e, id, "/state", "waiting");
    watch = bot(site, (const char *const[]){"watch", id, NULL});
    BOT_SAYS(site, 0, "asked; it was waiting", "rollback", id, "too slow");
    program_expect(watch, 1, "rolled-back: ");
    BOT_SAYS(site, 1, "bot: deployment-finished: ", "rollback", id);
    site_close(site);
}

static void what_it_is_asked_wrongly_it_says(void **state)
{
    (void)state;
    BOT_SAYS(NULL, 0, "bot approve ID GATE [REASON]", "--help");
    BOT_SAYS(NULL, 2, "bot: 'dance' is no command", "dance");
    BOT_SAYS(NULL, 2, "see bot --help", "watch");
    BOT_SAYS(NULL, 1, "curl: ", "watch", "x");
    program_expect(program_start((const char *const[]){"/usr/bin/env", "-u", "ZDD_TOKEN", BOT,
                                                       "why", "x", NULL}),
                   1, "ZDD_TOKEN: is not set");
}

static void it_is_a_page(void **state)
{
    FILE *file = fopen(BOT, "re");
    int lines = 0;

    (void)state;
    assert_non_null(file);
    for (int c = fgetc(file); c != EOF; c = fgetc(file))
        lines += c == '\n';
    (void)fclose(file);
    assert_in_range(lines, 1, BOT_LINE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bot_plans_starts_watches_approves_and_goes_back),
        cmocka_unit_test(what_it_is_asked_wrongly_it_says),
        cmocka_unit_test(it_is_a_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
