/**
 * @file tests/lab/test_canary_check.c
 * @brief The ZDD lab's canary with its own blueprint, and deploy/canary-check, which counts it.
 */
#include "tests/support/spec.h"

#include "server/base/buf.h"
#include "tests/lab/site.h"
#include "tests/support/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLUEPRINT_PORT 10099 /* of the blueprint's gateway */
#define WRONG 2              /* canary-check's exit status for it */

/* What canary-check says. @param words  NULL-terminated */
static struct program check(const char *const *words)
{
    const char *argv[PROGRAM_ARG_MAX] = {CANARY_CHECK};
    size_t argc = 1;

    for (; *words && argc + 1 < PROGRAM_ARG_MAX; words++)
        argv[argc++] = *words;
    assert_null(*words);
    return program_start(argv);
}

static void expect(const char *const *words, int status, const char *text)
{
    program_expect(check(words), status, text);
}

static void post_blueprint(struct site *site, char ret_id[static E2E_ID_SIZE])
{
    ZDD_AUTO_BUF struct zdd_buf text = {0};
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    char part[4096];
    FILE *file = fopen(EXAMPLES "/simpleservice-blueprint.yaml", "re");

    assert_non_null(file);
    for (size_t n = fread(part, 1, sizeof(part), file); n > 0;
         n = fread(part, 1, sizeof(part), file))
        zdd_buf_append(&text, part, n);
    fclose(file);
    answer = apiclient_send(site->e->api, &(struct apiclient_request){.path = "/v1/deployments",
                                                                      .body = text.data,
                                                                      .body_size = text.size,
                                                                      .type = "application/yaml"});
    assert_int_equal(answer.status, 202);
    snprintf(ret_id, E2E_ID_SIZE, "%s", apiclient_text(&answer, "/id"));
}

static void one_beside_three_has_a_fifth_then_all_then_none(void **state)
{
    struct site *site = site_open(1);
    char id[E2E_ID_SIZE], url[80], base[64], path[120];
    const char *const urls[] = {base, NULL};

    (void)state;
    snprintf(base, sizeof(base), "http://%s:%d", site->stage->host, BLUEPRINT_PORT);
    snprintf(url, sizeof(url), "%s/endpoint0", base);
    post_blueprint(site, id);
    e2e_await(site->e, id, "succeeded");
    site_only(site, "/simpleservice-blue");
    site->load = stage_load_start(urls, NULL);
    post_blueprint(site, id);
    e2e_until(site->e, id, "/phase", "gated");
    e2e_check_app(site->e, "/simpleservice-blue", "0.9", 3);
    e2e_check_app(site->e, "/simpleservice-green", "1.0", 1);
    expect((const char *[]){"--expect", "1.0=20", url, NULL}, 0, "20 % of 1.0 expected: found");
    expect((const char *[]){"--expect", "1.0=80", "--requests", "100", url, NULL}, 1, "NOT found");
    snprintf(path, sizeof(path), "/v1/deployments/%s/gates/promote/decisions", id);
    apiclient_expect(apiclient_post(site->e->api, path, "{\"decision\":\"approve\"}"), 202, NULL);
    e2e_until(site->e, id, "/phase", "keeping");
    e2e_check_app(site->e, "/simpleservice-green", "1.0", 3);
    expect((const char *[]){"--expect", "1.0=100", url, NULL}, 0, "found");
    e2e_command(site->e, id, "rollback");
    e2e_until(site->e, id, "/waitingFor/code", "drain");
    e2e_until_explained(site->e, id,
                        "No request is seen at the new version; those that a reload hid may");
    expect((const char *[]){"--expect", "1.0=0", "--requests", "100", url, NULL}, 0, "100.00 %");
    site_close_well(site);
}

static void answers_are_told_apart_by_any_member_and_failures_are_told(void **state)
{
    const struct stage_app app = {.id = "one", .version = "1.0", .instances = 1};
    struct stage *stage = stage_start(NULL);
    char url[80], none[80], nobody[80];

    (void)state;
    snprintf(url, sizeof(url), "http://%s:%d/endpoint0", stage->host, STAGE_PORT);
    snprintf(none, sizeof(none), "http://%s:%d/no-such-path", stage->host, STAGE_PORT);
    snprintf(nobody, sizeof(nobody), "http://%s:1/", stage->host);
    stage_deploy(stage, &app);
    stage_until(stage, 0, "one_10080", "UP", 1);
    expect((const char *[]){"--requests", "20", "--member", "result", url, NULL}, 0,
           "all is well      20  100.00 %");
    expect((const char *[]){"--requests", "20", "--member", "none", url, NULL}, 0,
           "?           20");
    expect((const char *[]){"--requests", "20", "--header", "Host: a.b", url, NULL}, 0,
           "failed       0\n");
    expect((const char *[]){"--requests", "20", "--expect", "1.0=100", none, NULL}, 1,
           "failed      20  (20 with status 404)");
    expect((const char *[]){nobody, NULL}, WRONG, "nobody answers at http://");
    stage_stop(stage);
}

static void wrong_use_is_told(void **state)
{
    static const struct {
        const char *words[4], *text;
    } rows[] = {
        {{NULL}, "which URL"},
        {{"127.0.0.1:10080", NULL}, "a URL looks like"},
        {{"http://a/\" next", NULL}, "a URL looks like"},
        {{"http://a/", "http://b/", NULL}, "one URL only"},
        {{"--versions", NULL}, "there is no option '--versions'"},
        {{"http://a/", "--requests", NULL}, "--requests wants a value"},
        {{"http://a/", "--requests", "0", NULL}, "a number from 1 to 100000, not '0'"},
        {{"http://a/", "--requests", "100001", NULL}, "not '100001'"},
        {{"http://a/", "--expect", "1.0", NULL}, "a version and its share"},
        {{"http://a/", "--expect", "1.0=101", NULL}, "a version and its share"},
        {{"http://a/", "--header", "Host", NULL}, "--header wants a line"},
        {{"http://a/", "--member", "a\"b", NULL}, "--member wants the name"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect(rows[i].words, WRONG, rows[i].text);
    expect((const char *[]){"--help", NULL}, 0, "--requests N");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_beside_three_has_a_fifth_then_all_then_none),
        cmocka_unit_test(answers_are_told_apart_by_any_member_and_failures_are_told),
        cmocka_unit_test(wrong_use_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
