/**
 * @file tests/lab/proof/proof.c
 * @brief Loads, rounds and the table.
 */
#include "tests/support/spec.h"

#include "tests/lab/proof/proof.h"

#include "server/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAUSE_NS 5000000L
#define ROW_MAX 16
#define INSTANCES 3 /* of site_app() */
#define MS_OF_S 1000
#define MOMENT_MS 300 /* a slow request where slowness is not the point */
#define BRIEF_DRAIN_S 1
#define WHILE_ANSWERS 100
#define KEPT_SHARE_MAX 0.2 /* connections for each request, where they are kept */

struct load_size {
    const char *rate, *threads;
};

static const struct load_size brief[] = {{"250", "5"}, {"50", "2"}, {"100", "4"}};
static const struct load_size full[] = {{"1100", "16"}, {"250", "6"}, {"100", "8"}};
enum { KEPT, FRESH, SLOW };

/* The first deployment makes the blue app, each that takes over the other one. */
static const char *const versions[] = {"0.9", "1.0"};
static const char *const apps[] = {"/shop/web-blue", "/shop/web-green"};

static struct {
    const char *scenario;
    long answered, failed;
} row[ROW_MAX];
static size_t row_count;

const char *proof_old(const struct proof *proof)
{
    return versions[proof->taken_over % 2];
}

const char *proof_new(const struct proof *proof)
{
    return versions[(proof->taken_over + 1) % 2];
}

static void start_loads(struct proof *proof)
{
    const struct load_size *size = proof->full ? full : brief;
    const struct site *site = proof->site;
    char first[64], second[64], slow_ms[16];
    const char *const urls[] = {first, site->balancers == 2 ? second : NULL, NULL};
    const char *const kept[] = {"--rate", size[KEPT].rate, "--threads", size[KEPT].threads, NULL};
    const char *const fresh[] = {"--rate",   size[FRESH].rate,    "--threads", size[FRESH].threads,
                                 "--header", "Connection: close", NULL};
    const char *const slow[] = {"--rate", size[SLOW].rate, "--threads", size[SLOW].threads,
                                "--slow", slow_ms,         NULL};

    snprintf(first, sizeof(first), "http://%s:%d", site->stage->host, STAGE_PORT);
    snprintf(second, sizeof(second), "http://%s:%d", site->stage->second, STAGE_PORT);
    snprintf(slow_ms, sizeof(slow_ms), "%d", proof->slow_ms);
    proof->kept = stage_load_open(urls, kept);
    proof->fresh = stage_load_open(urls, fresh);
    proof->slow = stage_load_open(urls, slow);
}

struct proof *proof_open(const char *scenario, int balancers, int slow_s)
{
    const char *wish = getenv("ZDD_PROOF");
    struct proof *proof = calloc(1, sizeof(*proof));
    json_t *first;

    assert_non_null(proof);
    proof->scenario = scenario;
    proof->full = wish && strcmp(wish, "full") == 0;
    proof->slow_ms = slow_s ? slow_s * MS_OF_S : MOMENT_MS;
    proof->drain_s = slow_s + BRIEF_DRAIN_S + (slow_s ? 2 : 0);
    proof->site = site_open(balancers);
    first = site_blue_green(site_app(proof_old(proof), "/health"), SITE_QUICK);
    e2e_deploy_well(proof->site->e, first);
    site_serves(proof->site, proof_old(proof));
    start_loads(proof);
    return proof;
}

static long number_of(struct stage_load *load, const char *key)
{
    ZDD_AUTO_JSON json_t *counts = stage_load_counts(load);

    return (long)zdd_json_int(counts, key, -1);
}

bool proof_is_enough(struct proof *proof)
{
    long answered;

    answered = number_of(&proof->kept, "answered") + number_of(&proof->fresh, "answered") +
               number_of(&proof->slow, "answered");
    return !proof->full || answered >= PROOF_REQUESTS;
}

static void set_options(json_t *options, const char *more)
{
    ZDD_AUTO_JSON json_t *members = json_loads(more, 0, NULL);

    assert_non_null(members);
    json_object_update(options, members);
}

json_t *proof_request(struct proof *proof, const char *more)
{
    json_t *request = site_blue_green(site_app(proof_new(proof), "/health"), SITE_QUICK);
    json_t *options = json_object_get(request, "options");

    if (strstr(more, "\"steps\""))
        json_object_set_new(request, "strategy", json_string("canary"));
    json_object_set_new(options, "drainSeconds", json_integer(proof->drain_s));
    set_options(options, more);
    return request;
}

void proof_begin(struct proof *proof, const char *more, char ret_id[static E2E_ID_SIZE])
{
    e2e_deploy(proof->site->e, proof_request(proof, more), ret_id);
}

void proof_ends(struct proof *proof, const char *id, const char *state)
{
    e2e_await(proof->site->e, id, state);
    if (strcmp(state, "succeeded") == 0)
        proof->taken_over++;
    site_serves(proof->site, proof_old(proof));
    site_only(proof->site, apps[proof->taken_over % 2]);
    e2e_check_app(proof->site->e, apps[proof->taken_over % 2], proof_old(proof), INSTANCES);
}

size_t proof_next_phase(struct proof *proof, const char *id, const char *const *phases, size_t from,
                        size_t count)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;

    while (zdd_mono_ms() < until_ms) {
        ZDD_AUTO_JSON json_t *run = e2e_get(proof->site->e, id);
        const char *phase = zdd_json_text(run, "phase", "");

        for (size_t i = from; i < count; i++)
            if (strcmp(phase, phases[i]) == 0)
                return i;
        if (json_is_string(json_object_get(run, "endedAt")))
            return count;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    e2e_tell(proof->site->e, id);
    fail_msg("it stays in one phase");
    return count;
}

void proof_go_on(struct proof *proof)
{
    (void)stage_load_more(&proof->kept, WHILE_ANSWERS);
}

long proof_answered_by(struct stage_load *load, const char *version)
{
    ZDD_AUTO_JSON json_t *counts = stage_load_counts(load);

    return (long)zdd_json_int(json_object_get(counts, "versions"), version, 0);
}

/* Add what a load has counted; it ends. @return how many connections it has opened for each answer
 */
static double add_up(struct stage_load *load, long *answered, long *failed)
{
    ZDD_AUTO_JSON json_t *counts = stage_load_end(load);
    const long more = (long)zdd_json_int(counts, "answered", -1);

    assert_true(more > 0);
    *answered += more;
    *failed += (long)zdd_json_int(counts, "failed", -1);
    return (double)zdd_json_int(counts, "connections", -1) / (double)more;
}

static void end_all(struct proof *proof, long *ret_answered, long *ret_failed)
{
    proof_go_on(proof);
    *ret_answered = 0;
    *ret_failed = 0;
    assert_true(add_up(&proof->kept, ret_answered, ret_failed) < KEPT_SHARE_MAX);
    assert_true(add_up(&proof->fresh, ret_answered, ret_failed) >= 1);
    (void)add_up(&proof->slow, ret_answered, ret_failed);
    site_close(proof->site);
}

void proof_close(struct proof *proof)
{
    long answered, failed;

    end_all(proof, &answered, &failed);
    assert_true(row_count < ROW_MAX);
    row[row_count].scenario = proof->scenario;
    row[row_count].answered = answered;
    row[row_count++].failed = failed;
    free(proof);
    assert_int_equal(failed, 0);
}

long proof_close_counting(struct proof *proof)
{
    long answered, failed;

    end_all(proof, &answered, &failed);
    free(proof);
    return failed;
}

int proof_print(void **state)
{
    (void)state;
    printf("%-44s %10s %8s\n", "Scenario", "requests", "failed");
    for (size_t i = 0; i < row_count; i++)
        printf("%-44s %10ld %8ld\n", row[i].scenario, row[i].answered + row[i].failed,
               row[i].failed);
    fflush(stdout);
    return 0;
}
