/**
 * @file tests/unit/server/api/test_passes.c
 * @brief Tokens that are kept: found again, and never for too long.
 */
#include "server/api/passes.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "tests/unit/storage/fixture.h"

#include <stdio.h>
#include <string.h>

struct world {
    struct place place;
    struct zdd_store *store;
    struct zdd_passes *passes;
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    place_make(&world->place);
    world->store = open_file(world->place.path);
    world->passes = zdd_passes_new(world->store);
    assert_non_null(world->passes);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    zdd_passes_free(world->passes);
    zdd_store_free(world->store);
    place_remove(&world->place);
    free(world);
    return 0;
}

struct token_job {
    struct zdd_token token;
    char hash[ZDD_SHA256_HEX_SIZE];
};

static enum zdd_err insert_body(struct zdd_tx *tx, void *cls)
{
    const struct token_job *job = cls;

    return zdd_token_insert(tx, &job->token, job->hash);
}

static void add(struct world *world, const char *secret, int64_t expires_at_ms)
{
    struct token_job job = {
        .token = {.scopes = ZDD_SCOPE_READ, .app_prefix = "/", .expires_at_ms = expires_at_ms}};

    (void)snprintf(job.token.id, sizeof(job.token.id), "id-%s", secret);
    (void)snprintf(job.token.name, sizeof(job.token.name), "name-%s", secret);
    zdd_sha256_hex(secret, strlen(secret), job.hash);
    assert_good(zdd_store_write(world->store, insert_body, &job));
}

static enum zdd_err find(struct world *world, const char *secret, int64_t now_ms)
{
    struct zdd_token token = {0};
    char name[64];
    const enum zdd_err err = zdd_passes_find(world->passes, ZDD_PASS_TOKEN, secret, now_ms, &token);

    (void)snprintf(name, sizeof(name), "name-%s", secret);
    assert_string_equal(token.name, err == ZDD_ERR_NONE ? name : "");
    return err;
}

static enum zdd_err revoke_body(struct zdd_tx *tx, void *cls)
{
    const char *const *id = cls;

    return zdd_token_revoke(tx, *id, 2000);
}

/* Any change of tokens makes all of them forgotten. */
static void forget_all(struct world *world)
{
    static int count;
    char secret[16];

    (void)snprintf(secret, sizeof(secret), "other-%d", count++);
    add(world, secret, 0);
}

static void a_token_is_found_again_without_the_database(void **state)
{
    struct world *world = *state;
    bool from_memory = false;

    add(world, "a", 0);
    for (int i = 0; i < 100 && !from_memory; i++) { /* a slow machine may forget it in between */
        struct zdd_token token;

        assert_good(find(world, "a", 1000));
        tamper(world->place.path, "UPDATE token SET name = 'other' WHERE id = 'id-a'");
        assert_good(zdd_passes_find(world->passes, ZDD_PASS_TOKEN, "a", 1000, &token));
        from_memory = strcmp(token.name, "name-a") == 0;
        tamper(world->place.path, "UPDATE token SET name = 'name-a' WHERE id = 'id-a'");
        forget_all(world);
    }
    assert_true(from_memory);
}

static void a_revoked_token_is_refused_at_once(void **state)
{
    struct world *world = *state;
    const char *id = "id-a";

    add(world, "a", 0);
    add(world, "b", 0);
    assert_good(find(world, "a", 1000));
    assert_good(find(world, "b", 1000));
    assert_good(zdd_store_write(world->store, revoke_body, &id));
    assert_err(ZDD_ERR_TOKEN_UNKNOWN, find(world, "a", 1000));
    assert_good(find(world, "b", 1000));
}

static void what_another_process_revokes_is_refused_after_the_time_it_waits(void **state)
{
    struct world *world = *state;
    int64_t revoked_mono_ms;
    enum zdd_err err = ZDD_ERR_NONE;

    add(world, "a", 0);
    assert_good(find(world, "a", 1000));
    tamper(world->place.path, "UPDATE token SET revoked_at_ms = 1");
    revoked_mono_ms = zdd_mono_ms();
    while (err == ZDD_ERR_NONE && zdd_mono_ms() <= revoked_mono_ms + ZDD_TOKEN_KEPT_MS)
        err = find(world, "a", 1000);
    assert_err(ZDD_ERR_TOKEN_UNKNOWN, find(world, "a", 1000));
}

static void a_token_expires_while_it_is_kept(void **state)
{
    struct world *world = *state;

    add(world, "a", 5000);
    assert_good(find(world, "a", 4999));
    assert_err(ZDD_ERR_TOKEN_UNKNOWN, find(world, "a", 5000));
}

static void an_unknown_token_is_known_as_soon_as_it_is_made(void **state)
{
    struct world *world = *state;

    assert_err(ZDD_ERR_TOKEN_UNKNOWN, find(world, "a", 1000));
    add(world, "a", 0);
    assert_good(find(world, "a", 1000));
}

static void more_tokens_than_places_are_all_told_apart(void **state)
{
    struct world *world = *state;
    char secret[16];

    for (int i = 0; i < 300; i++) {
        (void)snprintf(secret, sizeof(secret), "%d", i);
        add(world, secret, 0);
    }
    for (int i = 0; i < 600; i++) {
        (void)snprintf(secret, sizeof(secret), "%d", i % 300);
        assert_good(find(world, secret, 1000));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        CASE(a_token_is_found_again_without_the_database),
        CASE(a_revoked_token_is_refused_at_once),
        CASE(what_another_process_revokes_is_refused_after_the_time_it_waits),
        CASE(a_token_expires_while_it_is_kept),
        CASE(an_unknown_token_is_known_as_soon_as_it_is_made),
        CASE(more_tokens_than_places_are_all_told_apart),
    };

    if (!zdd_crypto_init())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
