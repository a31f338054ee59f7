/**
 * @file tests/unit/server/secrets/test_settle.c
 * @brief Databases from before, other patterns, a first key, another key.
 */
#include "tests/support/spec.h"

#include "server/base/cleanup.h"
#include "storage/idempotency.h"
#include "tests/unit/server/secrets/old_database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
    struct place place;
    struct zdd_store *store;
    struct zdd_secrets *secrets;
    struct zdd_settled settled;
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    place_make(&world->place);
    old_database_make(world->place.path);
    *state = world;
    return 0;
}

static void close_world(struct world *world)
{
    world->secrets = zdd_secrets_free(world->secrets);
    world->store = zdd_store_free(world->store);
}

static int teardown(void **state)
{
    struct world *world = *state;

    close_world(world);
    place_remove(&world->place);
    free(world);
    return 0;
}

/* Start a server's part of it. @return whether it starts */
static bool start(struct world *world, const char *keys, const char *patterns)
{
    const struct zdd_store_options options = {.path = world->place.path, .holder = "test"};

    world->settled = (struct zdd_settled){0};
    world->store = old_database_open(&options, keys, patterns, &world->secrets, &world->settled);
    if (!world->store)
        world->secrets = NULL;
    return world->store != NULL;
}

static int64_t count(const struct world *world, const char *sql)
{
    return ask(world->place.path, sql);
}

static void plain_definitions_are_moved_once_and_for_all(void **state)
{
    struct world *world = *state;
    struct zdd_audit_verdict verdict;

    assert_true(start(world, NULL, OLD_PATTERNS));
    assert_int_equal(world->settled.definitions, 2 * OLD_PLANS);
    assert_int_equal(world->settled.audited, 1); /* it is told, for the chain stays */
    assert_true(world->settled.wrung);
    old_database_check(world->store, world->secrets);
    assert_good(zdd_audit_verify(world->store, &verdict));
    assert_true(verdict.ok);
    close_world(world);
    assert_int_equal(count(world, "SELECT count(*) FROM event WHERE data LIKE '%" OLD_CANARY "%'"),
                     0);
    assert_int_equal(count(world, "SELECT count(*) FROM revision WHERE digest = 'sha256:00'"), 0);

    assert_true(start(world, NULL, OLD_PATTERNS));
    assert_int_equal(world->settled.definitions, 0);
    assert_false(world->settled.wrung);
    old_database_check(world->store, world->secrets);
}

static void answers_that_were_kept_are_given_again_without_secrets(void **state)
{
    struct world *world = *state;
    char hash[ZDD_SHA256_HEX_SIZE];
    struct zdd_idem_answer answer = {0};

    assert_true(start(world, NULL, OLD_PATTERNS));
    zdd_secrets_body_digest(
        world->secrets, "0000000000000000000000000000000000000000000000000000000000000000", hash);
    const struct zdd_idem idem = {
        .owner = "me", .key = "key-7", .operation = "createPlan ", .body_hash = hash};

    assert_good(zdd_idem_find(world->store, &idem, &answer));
    assert_null(strstr(answer.body.data, OLD_CANARY "7"));
    assert_non_null(strstr(answer.body.data, "plan-7"));
    zdd_text_release(&answer.body);
}

static void other_patterns_find_more_and_lose_nothing(void **state)
{
    struct world *world = *state;

    assert_true(start(world, NULL, OLD_PATTERNS));
    close_world(world);
    assert_true(start(world, NULL, OLD_PATTERNS ",LATER"));
    assert_int_equal(world->settled.definitions, 2 * OLD_PLANS);
    old_database_check(world->store, world->secrets);
    close_world(world);
    assert_int_equal(count(world, "SELECT count(*) FROM plan WHERE target LIKE '%" OLD_CANARY "%'"),
                     0);
    assert_true(start(world, NULL, "NOTHING")); /* what is hidden stays so */
    assert_int_equal(world->settled.definitions, 0);
    old_database_check(world->store, world->secrets);
}

static void with_a_key_no_byte_of_the_files_is_of_a_secret(void **state)
{
    struct world *world = *state;

    tamper(world->place.path, "DELETE FROM audit WHERE data LIKE '%" OLD_CANARY "%'");
    assert_true(start(world, NULL, OLD_PATTERNS ",LATER"));
    close_world(world);
    assert_true(start(world, OLD_KEY, OLD_PATTERNS ",LATER"));
    assert_true(world->settled.sealed > 2 * OLD_PLANS);
    assert_true(world->settled.wrung);
    old_database_check(world->store, world->secrets);
    old_database_search(world->place.path, OLD_CANARY); /* while it runs … */
    close_world(world);
    old_database_search(world->place.path, OLD_CANARY); /* … and after */
    assert_int_equal(count(world, "SELECT count(*) FROM secret WHERE sealed_by = ''"), 0);
}

static void a_sealed_database_without_its_key_is_refused_and_nothing_is_lost(void **state)
{
    struct world *world = *state;

    assert_true(start(world, OLD_KEY, OLD_PATTERNS));
    close_world(world);
    assert_false(start(world, NULL, OLD_PATTERNS));
    assert_non_null(strstr(old_database_reason, "secrets-key-file"));
    assert_false(start(world, NEW_KEY, OLD_PATTERNS));
    assert_non_null(strstr(old_database_reason, "another key"));
    assert_null(strstr(old_database_reason, NEW_KEY));
    assert_true(start(world, OLD_KEY, OLD_PATTERNS));
    old_database_check(world->store, world->secrets);
}

static void a_new_first_key_seals_all_anew_and_then_does_without_the_former(void **state)
{
    struct world *world = *state;

    assert_true(start(world, OLD_KEY, OLD_PATTERNS));
    close_world(world);
    assert_true(start(world, NEW_KEY "\n" OLD_KEY, OLD_PATTERNS));
    assert_int_equal(world->settled.sealed, 2 * OLD_PLANS);
    close_world(world);
    assert_true(start(world, NEW_KEY, OLD_PATTERNS));
    assert_int_equal(world->settled.sealed, 0);
    old_database_check(world->store, world->secrets);
    close_world(world);
    assert_false(start(world, OLD_KEY, OLD_PATTERNS));
}

/* Somebody takes the former key away before all is sealed anew. */
static void a_value_of_a_key_that_is_missing_is_named_and_not_dropped(void **state)
{
    struct world *world = *state;

    assert_true(start(world, OLD_KEY, OLD_PATTERNS));
    close_world(world);
    assert_true(start(world, NEW_KEY "," OLD_KEY, OLD_PATTERNS));
    close_world(world);
    tamper(world->place.path, "UPDATE secret SET sealed_by = '0123456789abcdef'"
                              " WHERE digest = (SELECT max(digest) FROM secret)");
    assert_false(start(world, NEW_KEY, OLD_PATTERNS));
    assert_non_null(strstr(old_database_reason, "0123456789abcdef"));
    assert_int_equal(count(world, "SELECT count(*) FROM secret"), 2 * OLD_PLANS);
}

/* Told to stop in the middle: what was moved is moved, and the next start goes on. */
static void a_start_may_be_given_up_at_any_row(void **state)
{
    struct world *world = *state;
    const struct zdd_store_options options = {.path = world->place.path, .holder = "test"};
    const bool give_up = true;
    char reason[ZDD_SECRETS_REASON_SIZE];

    world->store = open_with(&options);
    assert_good(zdd_secrets_open(
        &(struct zdd_secrets_options){.store = world->store, .patterns = OLD_PATTERNS},
        &world->secrets, reason));
    assert_err(ZDD_ERR_STORE_BUSY,
               zdd_secrets_settle(world->secrets, &(struct zdd_settle_watch){.give_up = &give_up},
                                  &world->settled, reason));
    close_world(world);
    assert_true(start(world, NULL, OLD_PATTERNS));
    old_database_check(world->store, world->secrets);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(plain_definitions_are_moved_once_and_for_all),
        TEST(answers_that_were_kept_are_given_again_without_secrets),
        TEST(other_patterns_find_more_and_lose_nothing),
        TEST(with_a_key_no_byte_of_the_files_is_of_a_secret),
        TEST(a_sealed_database_without_its_key_is_refused_and_nothing_is_lost),
        TEST(a_new_first_key_seals_all_anew_and_then_does_without_the_former),
        TEST(a_start_may_be_given_up_at_any_row),
        TEST(a_value_of_a_key_that_is_missing_is_named_and_not_dropped),
    };

    return zdd_crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
