/**
 * @file tests/lab/proof/test_bad.c
 * @brief Bad canaries under load: each is stopped, and no request fails but those that the canary
 * has spoilt itself. How many that were is the table.
 *
 * In every test run some are played once; with ZDD_PROOF=full all of them, several times.
 */
#include "tests/support/spec.h"

#include "tests/lab/site.h"

#include "server/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAUSE_NS 10000000L
#define FULL_ROUNDS 3
#define BEFORE 300 /* answers before the canary comes */
#define FAILED_PART                                                                                \
    100              /* of a version with 5 % errors: fewer than one of so many requests fails     \
                      */
#define BACKOFF_S 50 /* a second at the lab's speed, as Marathon's own default takes */
#define OLD "0.9"
#define NEW "1.0"

/* Ten percent for an hour, judged beside. */
#define JUDGED(checks)                                                                              \
    "{\"steps\":[{\"weight\":10},{\"pauseSeconds\":3600}],\"keepOldSeconds\":1,\"drainSeconds\":1," \
    "\"verify\":{\"checks\":[" checks "],\"intervalSeconds\":5,\"count\":1,\"failureLimit\":0,"     \
    "\"minRequests\":100}}"
#define ERRORS "{\"source\":\"haproxy\",\"measure\":\"errorRate\",\"worseThanOld\":true}"
#define SLOWNESS "{\"source\":\"haproxy\",\"measure\":\"responseMs\",\"max\":25}"

static const struct bad {
    const char *what;
    const char *variable, *value; /* of simpleservice */
    const char *checks, *error;   /* by which it goes back */
    bool names_itself;            /* its failures are answers of its own */
    bool mild;                    /* few of its requests fail */
    bool brief;                   /* also in every test run */
} bads[] = {
    {"5 % errors", "ERROR_PERCENT", "5", JUDGED(ERRORS), "verify-failed", true, true, true},
    {"20 % errors", "ERROR_PERCENT", "20", JUDGED(ERRORS), "verify-failed", true, false, false},
    {"all errors", "ERROR_PERCENT", "100", JUDGED(ERRORS), "verify-failed", true, false, false},
    {"5 % dropped", "DROP_PERCENT", "5", JUDGED(ERRORS), "verify-failed", false, true, true},
    {"50 ms slower", "DELAY_MS", "50", JUDGED(SLOWNESS), "verify-failed", true, true, true},
    {"crashes after 200", "CRASH_AFTER", "200", JUDGED(ERRORS), "canary-unwell", false, true, true},
};
#define BADS (sizeof(bads) / sizeof(bads[0]))

/* What clients have seen, of all versions and of the canary. */
struct seen {
    long all, failed;       /* requests */
    long canary, by_canary; /* that it has answered, and of these badly */
    long by_old;            /* badly */
};

static struct {
    const char *what;
    size_t rounds;
    long worst_canary, worst_all, worst_failed;
    long canary, all, failed; /* of all rounds */
} row[BADS];

static struct seen look(struct site *site)
{
    ZDD_AUTO_JSON json_t *counts = stage_load_counts(&site->load);
    const json_t *well = json_object_get(counts, "versions");
    const json_t *badly = json_object_get(counts, "failedBy");
    struct seen seen = {.failed = (long)zdd_json_int(counts, "failed", -1),
                        .by_canary = (long)zdd_json_int(badly, NEW, 0),
                        .by_old = (long)zdd_json_int(badly, OLD, 0)};

    seen.all = (long)zdd_json_int(counts, "answered", -1) + seen.failed;
    seen.canary = (long)zdd_json_int(well, NEW, 0) + seen.by_canary;
    return seen;
}

static bool is_over(struct site *site, const char *id)
{
    ZDD_AUTO_JSON json_t *run = e2e_get(site->e, id);

    return json_is_string(json_object_get(run, "endedAt"));
}

/* Watch the clients until the end. @return what they have seen from the canary's first answer to
 * its last one */
static struct seen watch(struct site *site, const char *id, struct seen before)
{
    const int64_t until_ms = zdd_mono_ms() + 2 * E2E_WAIT_MS;
    struct seen first = {0}, last = before;

    while (!is_over(site, id)) {
        const struct seen now = look(site);

        assert_true(zdd_mono_ms() < until_ms);
        if (first.all == 0 && (now.canary > before.canary || now.failed > before.failed))
            first = now;
        if (now.canary > last.canary || now.failed > last.failed)
            last = now;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    return (struct seen){
        .all = last.all - first.all,
        .failed = last.failed - before.failed,
        .canary = last.canary - before.canary,
        .by_canary = last.by_canary - before.by_canary,
        .by_old = last.by_old - before.by_old,
    };
}

static void note(size_t index, const struct seen *seen)
{
    row[index].what = bads[index].what;
    row[index].rounds++;
    row[index].canary += seen->canary;
    row[index].all += seen->all;
    row[index].failed += seen->failed;
    if (seen->canary > row[index].worst_canary)
        row[index].worst_canary = seen->canary;
    if (seen->all > row[index].worst_all)
        row[index].worst_all = seen->all;
    if (seen->failed > row[index].worst_failed)
        row[index].worst_failed = seen->failed;
}

static void is_stopped(struct site *site, size_t index)
{
    const struct bad *bad = &bads[index];
    json_t *request = site_canary(NEW, bad->checks);
    ZDD_AUTO_JSON json_t *run = NULL;
    struct seen before, seen;
    json_t *app = json_object_get(request, "app");
    char id[E2E_ID_SIZE];

    json_object_set_new(json_object_get(app, "env"), bad->variable, json_string(bad->value));
    json_object_set_new(app, "backoffSeconds", json_integer(BACKOFF_S));
    (void)stage_load_more(&site->load, BEFORE);
    before = look(site);
    e2e_deploy(site->e, request, id);
    seen = watch(site, id, before);
    site_ends(site, id, "rolled-back", SITE_BLUE, OLD);
    run = e2e_get(site->e, id);
    print_message("%-20s %6ld requests, %5ld of the canary, %4ld failed: %s\n", bad->what, seen.all,
                  seen.canary, seen.failed,
                  zdd_json_text(json_object_get(run, "error"), "text", ""));
    assert_string_equal(zdd_json_text(json_object_get(run, "error"), "code", ""), bad->error);
    assert_int_equal(seen.by_old, 0);
    assert_true(json_is_integer(zdd_json_at(run, "/verify/old/failures")));
    assert_int_equal(json_integer_value(zdd_json_at(run, "/verify/old/failures")), 0);
    assert_true(!bad->mild || seen.failed * FAILED_PART < seen.all);
    if (bad->names_itself)
        assert_int_equal(seen.failed, seen.by_canary);
    note(index, &seen);
}

static void bad_canaries_are_stopped_and_only_they_cost_requests(void **state)
{
    const char *wish = getenv("ZDD_PROOF");
    const bool full = wish && strcmp(wish, "full") == 0;
    struct site *site = site_open_old(1);

    (void)state;
    for (size_t i = 0; i < BADS; i++) {
        for (int round = 0; round < (full ? FULL_ROUNDS : bads[i].brief); round++)
            is_stopped(site, i);
    }
    (void)stage_load_stop(&site->load, NULL);
    site_close(site);
}

static void too_few_requests_ask_somebody_who_lets_it_go_on(void **state)
{
    static const char options[] =
        "{\"steps\":[{\"weight\":10},{\"verify\":{\"checks\":[" ERRORS "],\"intervalSeconds\":1,"
        "\"count\":1,\"minRequests\":1000000,\"onInconclusive\":\"gate\"}}],"
        "\"keepOldSeconds\":1,\"drainSeconds\":1}";
    struct site *site = site_open_old(1);
    char id[E2E_ID_SIZE], path[160];

    (void)state;
    e2e_deploy(site->e, site_canary(NEW, options), id);
    e2e_until(site->e, id, "/state", "waiting");
    e2e_until_explained(site->e, id, "of 1000000 requests");
    snprintf(path, sizeof(path), "/v1/deployments/%s/gates/verify-1/decisions", id);
    apiclient_expect(apiclient_post(site->e->api, path, "{\"decision\":\"approve\"}"), 202, NULL);
    site_ends(site, id, "succeeded", SITE_GREEN, NEW);
    site_close_well(site);
}

static int print_rows(void **state)
{
    (void)state;
    printf("%-20s %21s %21s %21s\n", "Bad canary at 10 %", "its requests", "all meanwhile",
           "failed");
    for (size_t i = 0; i < BADS; i++)
        if (row[i].rounds)
            printf("%-20s %8.0f (worst %5ld) %8.0f (worst %5ld) %8.1f (worst %5ld) %.2f %%\n",
                   row[i].what, (double)row[i].canary / (double)row[i].rounds, row[i].worst_canary,
                   (double)row[i].all / (double)row[i].rounds, row[i].worst_all,
                   (double)row[i].failed / (double)row[i].rounds, row[i].worst_failed,
                   100.0 * (double)row[i].failed / (double)row[i].all);
    fflush(stdout);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_canaries_are_stopped_and_only_they_cost_requests),
        cmocka_unit_test(too_few_requests_ask_somebody_who_lets_it_go_on),
    };

    return cmocka_run_group_tests(tests, NULL, print_rows);
}
