/**
 * @file tests/unit/storage/test_sessions.c
 * @brief Sessions of the dashboard: they end by themselves, with their token, and by being too
 * many.
 */
#include "storage/sessions.h"
#include "tests/unit/storage/fixture.h"

#include <stdio.h>
#include <string.h>

static enum zdd_err insert_token(struct zdd_tx *tx, void *cls)
{
    const struct zdd_token *token = cls;
    char hash[ZDD_SESSION_HASH_SIZE];

    (void)snprintf(hash, sizeof(hash), "%064d", (int)strlen(token->id));
    return zdd_token_insert(tx, token, hash);
}

static int setup(void **state)
{
    struct zdd_token token = {.id = "token-1",
                              .name = "ann",
                              .scopes = ZDD_SCOPE_READ,
                              .app_prefix = "/shop",
                              .created_at_ms = 500,
                              .expires_at_ms = 90000};

    *state = open_memory();
    assert_good(zdd_store_write(*state, insert_token, &token));
    return 0;
}

static int teardown(void **state)
{
    *state = zdd_store_free(*state);
    return 0;
}

static enum zdd_err insert_body(struct zdd_tx *tx, void *cls)
{
    return zdd_session_insert(tx, cls);
}

static enum zdd_err delete_body(struct zdd_tx *tx, void *cls)
{
    return zdd_session_delete(tx, cls);
}

static enum zdd_err revoke_body(struct zdd_tx *tx, void *cls)
{
    return zdd_token_revoke(tx, cls, 2000);
}

/* 64 digits that end in @p number. */
static const char *hash_of(int number)
{
    static char hash[ZDD_SESSION_HASH_SIZE];

    (void)snprintf(hash, sizeof(hash), "%064d", number);
    return hash;
}

static void add(struct zdd_store *store, int number, int64_t created_at_ms, int64_t expires_at_ms)
{
    struct zdd_session session = {
        .token_id = "token-1", .created_at_ms = created_at_ms, .expires_at_ms = expires_at_ms};

    memcpy(session.hash, hash_of(number), sizeof(session.hash));
    assert_good(zdd_store_write(store, insert_body, &session));
}

static enum zdd_err find(struct zdd_store *store, int number, int64_t now_ms,
                         struct zdd_token *ret_token)
{
    return zdd_session_find(store, hash_of(number), now_ms, ret_token);
}

static void a_session_is_its_token_until_the_first_of_both_ends(void **state)
{
    struct zdd_token token = {0};

    add(*state, 1, 1000, 5000);
    add(*state, 2, 1000, 200000);
    assert_err(ZDD_ERR_SESSION_UNKNOWN, find(*state, 3, 1000, &token));
    assert_good(find(*state, 1, 4999, &token));
    assert_string_equal(token.id, "token-1");
    assert_string_equal(token.name, "ann");
    assert_string_equal(token.app_prefix, "/shop");
    assert_int_equal(token.scopes, ZDD_SCOPE_READ);
    assert_int_equal(token.expires_at_ms, 5000);
    assert_err(ZDD_ERR_SESSION_UNKNOWN, find(*state, 1, 5000, &token));
    assert_good(find(*state, 2, 89999, &token));
    assert_int_equal(token.expires_at_ms, 90000);
    assert_err(ZDD_ERR_SESSION_UNKNOWN, find(*state, 2, 90000, &token));
}

static void it_ends_when_it_is_deleted_or_its_token_revoked(void **state)
{
    struct zdd_token token;
    char first[ZDD_SESSION_HASH_SIZE], id[] = "token-1";

    add(*state, 1, 1000, 5000);
    add(*state, 2, 1000, 5000);
    memcpy(first, hash_of(1), sizeof(first));
    assert_good(zdd_store_write(*state, delete_body, first));
    assert_good(zdd_store_write(*state, delete_body, first)); /* it has ended: no error */
    assert_err(ZDD_ERR_SESSION_UNKNOWN, find(*state, 1, 1500, &token));
    assert_good(find(*state, 2, 1500, &token));
    assert_good(zdd_store_write(*state, revoke_body, id));
    assert_err(ZDD_ERR_SESSION_UNKNOWN, find(*state, 2, 1500, &token));
}

static void one_too_many_ends_the_oldest(void **state)
{
    struct zdd_token token;

    for (int i = 0; i < ZDD_SESSION_MAX; i++)
        add(*state, i, 1000 + i, 80000);
    assert_good(find(*state, 0, 2000, &token));
    add(*state, ZDD_SESSION_MAX, 3000, 80000);
    assert_err(ZDD_ERR_SESSION_UNKNOWN, find(*state, 0, 3000, &token));
    assert_good(find(*state, 1, 3000, &token));
    assert_good(find(*state, ZDD_SESSION_MAX, 3000, &token));
}

static void those_that_have_expired_make_room(void **state)
{
    struct zdd_token token;

    for (int i = 0; i < ZDD_SESSION_MAX; i++)
        add(*state, i, 1000 + i, i == 5 ? 2500 : 80000);
    add(*state, ZDD_SESSION_MAX, 2500, 80000);
    assert_good(find(*state, 0, 2500, &token));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        CASE(a_session_is_its_token_until_the_first_of_both_ends),
        CASE(it_ends_when_it_is_deleted_or_its_token_revoked),
        CASE(one_too_many_ends_the_oldest),
        CASE(those_that_have_expired_make_room),
#undef CASE
    };

    return cmocka_run_group_tests_name("storage/sessions", tests, NULL, NULL);
}
