/**
 * @file tests/fuzz/fuzz_checks.c
 * @brief Any bytes as `verify`, as the answer to a check, and as the hosts that may be asked.
 */
#include "server/net/url.h"
#include "server/probe/hosts.h"
#include "server/probe/judge.h"
#include "server/probe/prometheus.h"
#include "server/probe/verify.h"
#include "strategies/model/verifies.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define STATUS_FIRST 190
#define STATUS_COUNT 120 /* around those that are good */

static void check_words(const struct zdd_probe_verdict *verdict)
{
    FUZZ_CHECK(verdict->finding >= 0 && verdict->finding < ZDD_FINDING_COUNT);
    FUZZ_CHECK(memchr(verdict->said, '\0', sizeof(verdict->said)) && fuzz_is_utf8(verdict->said));
    FUZZ_CHECK(!strpbrk(verdict->said, "\r\n\t"));
    FUZZ_CHECK(memchr(verdict->value, '\0', sizeof(verdict->value)) != NULL);
    FUZZ_CHECK((verdict->finding == ZDD_FINDING_PASSED) == !*verdict->said);
    if (*verdict->value)
        json_decref(fuzz_must_json(verdict->value, strlen(verdict->value)));
}

static void judge(const struct zdd_check *check, const struct fuzz_parts *parts)
{
    const long status = STATUS_FIRST + (long)(parts->size[1] % STATUS_COUNT);
    struct zdd_probe_verdict verdict;

    memset(&verdict, 'x', sizeof(verdict));
    zdd_probe_judge(check, status, parts->text[1], parts->size[1], &verdict);
    check_words(&verdict);
    /* What is no good page passes nothing, and a version is never excused. */
    if (status < 200 || status > 299)
        FUZZ_CHECK(verdict.finding != ZDD_FINDING_PASSED);
    if (zdd_check_asks_instances(check))
        FUZZ_CHECK(verdict.finding != ZDD_FINDING_ERROR);
}

static void judge_query(const struct zdd_check *check, const struct fuzz_parts *parts)
{
    const struct zdd_plan plan = {.app_id = "/a", .pair = {.old_id = "/b", .new_id = "/c"}};
    struct zdd_probe_verdict verdict;
    struct zdd_buf url = {0};

    FUZZ_CHECK(!strpbrk(check->url, "?#"));
    zdd_prometheus_url(&url, check, &plan);
    FUZZ_CHECK(url.err == ZDD_ERR_NONE && zdd_url_valid(url.data));
    FUZZ_CHECK(!strpbrk(url.data, "\r\n \"{}"));
    zdd_buf_release(&url);
    memset(&verdict, 'x', sizeof(verdict));
    zdd_prometheus_judge(check, 200, parts->text[1], parts->size[1], &verdict);
    check_words(&verdict);
    FUZZ_CHECK(verdict.finding == ZDD_FINDING_ERROR || *verdict.value);
}

static void check_counted(const struct zdd_verify *verify)
{
    struct zdd_verifies verifies = {0}, again;
    char text[ZDD_VERIFIES_TEXT_SIZE], back[ZDD_VERIFIES_TEXT_SIZE];

    for (int32_t i = 0; i < verify->counted_count; i++) {
        const struct zdd_counted *c = &verify->counted[i];

        FUZZ_CHECK(c->has_max || c->worse_than_old);
        FUZZ_CHECK(c->max >= 0 && (c->has_max || c->max == 0));
        FUZZ_CHECK(c->metric == ZDD_METRIC_RESPONSE_MS || c->max <= ZDD_MILLION);
    }
    zdd_verifies_add(&verifies, verify);
    zdd_verifies_print(&verifies, text);
    FUZZ_CHECK(zdd_verifies_parse(text, &again));
    zdd_verifies_print(&again, back);
    FUZZ_CHECK(strcmp(text, back) == 0);
}

static void check_accepted(const struct zdd_verify_options *options, const struct fuzz_parts *parts)
{
    struct zdd_field_errors errors = {0};
    struct zdd_checks checks;

    FUZZ_CHECK(options->verify.rounds >= 1 && options->verify.rounds <= ZDD_ROUND_MAX);
    FUZZ_CHECK(options->verify.interval_ms >= 1000 && options->verify.interval_ms <= 3600000);
    FUZZ_CHECK(options->verify.failure_limit >= 0 &&
               options->verify.failure_limit < options->verify.rounds);
    FUZZ_CHECK(zdd_checks_read(options->checks, "#", &checks, &errors));
    FUZZ_CHECK(checks.count >= 1 && checks.count <= ZDD_CHECK_MAX);
    for (size_t i = 0; i < checks.count; i++) {
        const struct zdd_check *check = &checks.check[i];

        if (check->source == ZDD_SOURCE_HAPROXY)
            continue;
        FUZZ_CHECK(zdd_check_asks_instances(check) || zdd_url_valid(check->url));
        FUZZ_CHECK(!strpbrk(check->url, "\r\n "));
        FUZZ_CHECK(!zdd_check_host_allowed(check->url, ""));
        if (check->source == ZDD_SOURCE_HTTP)
            judge(check, parts);
        else
            judge_query(check, parts);
    }
    (void)zdd_checks_hosts_allowed(options->checks, "#", parts->text[2], &errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 3);
    struct zdd_field_errors errors = {0};
    struct zdd_verify_options options;
    json_t *json = fuzz_json(&parts, 0);

    (void)zdd_check_host_allowed(parts.text[1], parts.text[2]);
    if (json && zdd_verify_read(json, "#/options/verify", ZDD_VERIFY_UNSEEN, &options, &errors)) {
        FUZZ_CHECK(options.verify.counted_count == 0);
        check_accepted(&options, &parts);
    }
    if (json && zdd_verify_read(json, "#/options/verify", ZDD_VERIFY_SHARED, &options, &errors)) {
        check_counted(&options.verify);
        check_accepted(&options, &parts);
    }
    for (size_t i = 0; i < errors.count && i < ZDD_FIELD_ERROR_MAX; i++)
        FUZZ_CHECK(fuzz_is_pointer(errors.error[i].pointer));
    json_decref(json);
    return 0;
}
