/**
 * @file tests/fault/test_memory_secrets.c
 * @brief The n-th allocation fails while a definition comes in, goes out, or is moved at rest: an
 * error, and nothing is told or lost.
 */
#include "tests/support/spec.h"

#include "server/base/cleanup.h"
#include "server/json/json.h"
#include "tests/fault/failing_memory.h"
#include "tests/unit/server/secrets/old_database.h"

#include <stdlib.h>
#include <string.h>

#define TURNS_MAX 20000

static const char definition[] =
    "{\"env\":{\"A_PASSWORD\":\"" OLD_CANARY "1\",\"U\":\"http://u:" OLD_CANARY
    "2@h\",\"S\":{\"secret\":\"" OLD_CANARY "3\"}},\"secrets\":{\"" OLD_CANARY
    "3\":{\"source\":\"" OLD_CANARY "4\"}},\"lastTaskFailure\":{\"message\":\"-e A=" OLD_CANARY
    "1\"},\"id\":\"/a\"}";

static enum zdd_err write_kept(struct zdd_tx *tx, void *cls)
{
    return zdd_secrets_write(tx, cls);
}

/* In by Marathon's answer, into the vault, and out again. */
static enum zdd_err there_and_back(struct zdd_store *store, const struct zdd_secrets *secrets)
{
    ZDD_AUTO_SECRETS_KEPT struct zdd_secrets_kept kept = {0};
    ZDD_AUTO_REVEALED struct zdd_revealed revealed = {0};
    ZDD_AUTO_FREE char *shown = NULL;
    ZDD_AUTO_JSON json_t *answer = NULL;
    ZDD_AUTO_JSON json_t *app = NULL;
    enum zdd_err err = zdd_json_read(definition, strlen(definition), &app, NULL);

    if (err != ZDD_ERR_NONE)
        return err;
    answer = json_object();
    if (!answer || json_object_set(answer, "app", app) != 0)
        return ZDD_ERR_NO_MEMORY;
    err = zdd_secrets_conceal_answer(secrets, &kept, answer);
    if (err != ZDD_ERR_NONE)
        return err;
    shown = zdd_json_canonical(app);
    if (!shown)
        return ZDD_ERR_NO_MEMORY;
    assert_null(strstr(shown, OLD_CANARY));
    err = zdd_store_write(store, write_kept, &kept);
    if (err == ZDD_ERR_NONE)
        err = zdd_secrets_reveal(secrets, "/a", shown, &revealed);
    if (err == ZDD_ERR_NONE)
        assert_non_null(strstr(revealed.text, OLD_CANARY "2@h"));
    return err;
}

static void a_definition_comes_in_and_goes_out_or_there_is_an_error(void **state)
{
    struct zdd_store *store = open_memory();
    struct zdd_secrets *secrets;
    char reason[ZDD_SECRETS_REASON_SIZE];
    bool failed = true;
    int n = 0;

    (void)state;
    assert_good(zdd_secrets_open(
        &(struct zdd_secrets_options){.store = store, .patterns = OLD_PATTERNS}, &secrets, reason));
    while (failed && n < TURNS_MAX) {
        enum zdd_err err;

        memory_fail_at(++n);
        memory_inside(true);
        err = there_and_back(store, secrets);
        memory_inside(false);
        failed = memory_heal();
        /* Who has another way needs no error: it came out whole. */
        if (err != ZDD_ERR_NONE)
            assert_err(failed ? ZDD_ERR_NO_MEMORY : ZDD_ERR_NONE, err);
    }
    assert_false(failed);
    assert_true(n > 50);
    zdd_secrets_free(secrets);
    zdd_store_free(store);
}

/* @return whether an allocation failed */
static bool settle_failing(const char *path, int n)
{
    const struct zdd_store_options options = {
        .path = path, .holder = "test", .inline_writer = true};
    struct zdd_store *store = open_with(&options);
    const struct zdd_secrets_options vault = {.store = store, .patterns = OLD_PATTERNS};
    char reason[ZDD_SECRETS_REASON_SIZE];
    struct zdd_settled settled;
    struct zdd_secrets *secrets = NULL;
    enum zdd_err err;
    bool failed;

    memory_fail_at(n);
    memory_inside(true);
    err = zdd_secrets_open(&vault, &secrets, reason);
    if (err == ZDD_ERR_NONE)
        err = zdd_secrets_settle(secrets, &(struct zdd_settle_watch){0}, &settled, reason);
    memory_inside(false);
    failed = memory_heal();
    if (err != ZDD_ERR_NONE)
        assert_err(failed ? ZDD_ERR_NO_MEMORY : ZDD_ERR_NONE, err);
    else
        old_database_check(store, secrets);
    zdd_secrets_free(secrets);
    zdd_store_free(store);
    return failed;
}

static void what_is_at_rest_is_moved_however_often_memory_is_short(void **state)
{
    struct place place;
    int n = 1;

    (void)state;
    place_make(&place);
    old_database_make(place.path);
    while (n < TURNS_MAX && settle_failing(place.path, n))
        n += 97; /* what was moved before stays moved: each start gets further */
    assert_true(n > 97 && n < TURNS_MAX);
    place_remove(&place);
}

static int setup(void **state)
{
    (void)state;
    return memory_install() && zdd_crypto_init() ? 0 : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_definition_comes_in_and_goes_out_or_there_is_an_error),
        cmocka_unit_test(what_is_at_rest_is_moved_however_often_memory_is_short),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
