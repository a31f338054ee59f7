/**
 * @file tests/bench/bench_secrets.c
 * @brief What it costs that definitions have no secrets inside: for one without, for one with
 * five, on the way out, and for all of an old database.
 *
 * The definition has 20 variables; with a key each new value is sealed.
 */
#include "server/base/cleanup.h"
#include "server/json/json.h"
#include "server/secrets/settle.h"
#include "storage/plans.h"
#include "tests/bench/support/figures.h"
#include "tests/support/secrets_open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLES 20
#define SECRETS 5
#define TURNS 2000
#define OLD_PLANS_DEFAULT 10000
#define BATCH 500
#define TEXT_SIZE 2000

/* A definition whose first @p secrets variables are passwords, in release @p number. */
static void write_definition(char text[static TEXT_SIZE], int secrets, int number)
{
    size_t used = (size_t)snprintf(text, TEXT_SIZE, "{\"id\":\"/shop\",\"env\":{");

    for (int i = 0; i < VARIABLES; i++)
        used +=
            (size_t)snprintf(text + used, TEXT_SIZE - used, "%s\"%s_%d\":\"value %d of %d\"",
                             i ? "," : "", i < secrets ? "DB_PASSWORD" : "VARIABLE", i, i, number);
    snprintf(text + used, TEXT_SIZE - used, "}}");
}

static json_t *definition_of(int secrets, int number)
{
    char text[TEXT_SIZE];
    json_t *json = NULL;

    write_definition(text, secrets, number);
    if (zdd_json_read(text, strlen(text), &json, NULL) != ZDD_ERR_NONE)
        bench_fail("the definition is no JSON");
    return json;
}

/* @return microseconds of one definition on its way in */
static double come_in(const struct zdd_secrets *secrets, int count)
{
    int64_t spent_ns = 0;

    for (int turn = 0; turn < TURNS; turn++) {
        ZDD_AUTO_SECRETS_KEPT struct zdd_secrets_kept kept = {0};
        ZDD_AUTO_JSON json_t *json = definition_of(count, turn);
        const struct zdd_conceal how = {.app_id = "/shop", .pointer = "#", .kept = &kept};
        const int64_t begun_ns = bench_now_ns();

        if (zdd_secrets_conceal(secrets, &how, json) != ZDD_ERR_NONE)
            bench_fail("no memory");
        spent_ns += bench_now_ns() - begun_ns;
        if (kept.count != (size_t)count)
            bench_fail("%zu secrets were found, not %d", kept.count, count);
    }
    return (double)spent_ns / TURNS / 1e3;
}

static enum zdd_err write_kept(struct zdd_tx *tx, void *cls)
{
    return zdd_secrets_write(tx, cls);
}

/* @return microseconds of one definition on its way out, vault included */
static double go_out(struct zdd_store *store, const struct zdd_secrets *secrets)
{
    ZDD_AUTO_SECRETS_KEPT struct zdd_secrets_kept kept = {0};
    ZDD_AUTO_JSON json_t *json = definition_of(SECRETS, 0);
    ZDD_AUTO_FREE char *text = NULL;
    const struct zdd_conceal how = {.app_id = "/shop", .pointer = "#", .kept = &kept};
    int64_t begun_ns;

    if (zdd_secrets_conceal(secrets, &how, json) != ZDD_ERR_NONE ||
        zdd_store_write(store, write_kept, &kept) != ZDD_ERR_NONE)
        bench_fail("the vault cannot be written");
    text = zdd_json_canonical(json);
    begun_ns = bench_now_ns();
    for (int turn = 0; turn < TURNS; turn++) {
        ZDD_AUTO_REVEALED struct zdd_revealed revealed = {0};

        if (zdd_secrets_reveal(secrets, "/shop", text, &revealed) != ZDD_ERR_NONE)
            bench_fail("a value is lost");
    }
    return (double)(bench_now_ns() - begun_ns) / TURNS / 1e3;
}

static enum zdd_err write_plans(struct zdd_tx *tx, void *cls)
{
    int *number = cls;
    enum zdd_err err = ZDD_ERR_NONE;

    for (int i = 0; i < BATCH && err == ZDD_ERR_NONE; i++, (*number)++) {
        char target[TEXT_SIZE], previous[TEXT_SIZE], request[TEXT_SIZE + 20];
        char body[] = "{\"diff\":[]}";
        struct zdd_plan plan = {.app_id = "/shop", .strategy = "rolling"};
        const struct zdd_plan_texts texts = {
            .body = {body}, .request = {request}, .target = {target}, .previous = {previous}};

        write_definition(target, SECRETS, *number + 1);
        write_definition(previous, SECRETS, *number);
        snprintf(request, sizeof(request), "{\"app\":%s}", target);
        snprintf(plan.id, sizeof(plan.id), "%d", *number);
        err = zdd_plan_insert(tx, &plan, &texts, "bench");
    }
    return err;
}

/* @return plans a second, in memory: what the processor does of it */
static double move_old(struct zdd_store *store, const struct zdd_secrets *secrets, int count)
{
    char reason[ZDD_SECRETS_REASON_SIZE];
    struct zdd_settled settled;
    int number = 0;
    int64_t begun_ns;

    while (number < count) {
        if (zdd_store_write(store, write_plans, &number) != ZDD_ERR_NONE)
            bench_fail("plans cannot be written");
    }
    begun_ns = bench_now_ns();
    if (zdd_secrets_settle(secrets, &(struct zdd_settle_watch){0}, &settled, reason) !=
        ZDD_ERR_NONE)
        bench_fail("%s", reason);
    if (settled.definitions != number)
        bench_fail("%lld plans were moved", (long long)settled.definitions);
    return number / ((double)(bench_now_ns() - begun_ns) / 1e9);
}

int main(int argc, char *const *argv)
{
    static const char key_text[] =
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const struct zdd_store_options memory = {
        .path = ":memory:", .holder = "bench", .inline_writer = true};
    const int count = (int)bench_option(argc, argv, "plans", OLD_PLANS_DEFAULT);
    struct zdd_secret_keys keys;
    char reason[ZDD_SECRETS_REASON_SIZE];
    struct zdd_store *store;
    struct zdd_secrets *secrets;

    if (!zdd_crypto_init() || zdd_store_open(&memory, &store, reason) != ZDD_ERR_NONE ||
        !zdd_secret_keys_parse(key_text, strlen(key_text), &keys, reason) ||
        zdd_secrets_open(
            &(struct zdd_secrets_options){.store = store, .patterns = "*PASSWORD*", .keys = &keys},
            &secrets, reason) != ZDD_ERR_NONE)
        bench_fail("%s", reason);
    bench_say(
        &(struct bench_figure){.what = "a definition of 20 variables comes in, no secret in it",
                               .unit = "µs",
                               .value = come_in(secrets, 0),
                               .bound = BENCH_AT_MOST,
                               .target = 20});
    bench_say(&(struct bench_figure){.what = "… five secrets, sealed",
                                     .unit = "µs",
                                     .value = come_in(secrets, SECRETS),
                                     .bound = BENCH_AT_MOST,
                                     .target = 50});
    bench_say(&(struct bench_figure){.what = "… and goes out to Marathon, vault included",
                                     .unit = "µs",
                                     .value = go_out(store, secrets),
                                     .bound = BENCH_AT_MOST,
                                     .target = 200});
    bench_say(&(struct bench_figure){.what = "plans of before moved into the vault",
                                     .unit = "/s",
                                     .value = move_old(store, secrets, count),
                                     .bound = BENCH_ONLY_SAID,
                                     .note = "in memory, five new values each"});
    zdd_secrets_free(secrets);
    zdd_store_free(store);
    return 0;
}
