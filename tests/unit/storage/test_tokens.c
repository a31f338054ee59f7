/**
 * @file tests/unit/storage/test_tokens.c
 * @brief Bearer tokens and kept answers.
 */
#include "storage/idempotency.h"
#include "storage/tokens.h"
#include "tests/unit/storage/fixture.h"

#include <stdio.h>
#include <string.h>

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static int setup(void **state)
{
    *state = open_memory();
    return 0;
}

static int teardown(void **state)
{
    *state = zdd_store_free(*state);
    return 0;
}

#define a_token(...)                                                                               \
    ((struct zdd_token){.id = "token-1",                                                           \
                        .name = "ci",                                                              \
                        .scopes = ZDD_SCOPE_READ | ZDD_SCOPE_DEPLOY,                               \
                        .app_prefix = "/",                                                         \
                        .created_at_ms = 1000,                                                     \
                        __VA_ARGS__})

struct token_call {
    struct zdd_token token;
    const char *hash;
    int64_t now_ms;
};

static enum zdd_err insert_body(struct zdd_tx *tx, void *cls)
{
    const struct token_call *call = cls;

    return zdd_token_insert(tx, &call->token, call->hash);
}

static enum zdd_err insert(struct zdd_store *store, struct zdd_token token, const char *hash)
{
    struct token_call call = {.token = token, .hash = hash};

    return zdd_store_write(store, insert_body, &call);
}

static enum zdd_err revoke_body(struct zdd_tx *tx, void *cls)
{
    const struct token_call *call = cls;

    return zdd_token_revoke(tx, call->token.id, call->now_ms);
}

static enum zdd_err revoke(struct zdd_store *store, const char *id, int64_t now_ms)
{
    struct token_call call = {.now_ms = now_ms};

    (void)snprintf(call.token.id, sizeof(call.token.id), "%s", id);
    return zdd_store_write(store, revoke_body, &call);
}

static void a_token_is_found_by_its_hash(void **state)
{
    struct zdd_token token = {0};

    assert_good(insert(*state, a_token(.app_prefix = "/shop", .expires_at_ms = 5000), HASH_A));
    assert_err(ZDD_ERR_TOKEN_UNKNOWN, zdd_token_find(*state, HASH_B, 2000, &token));
    assert_good(zdd_token_find(*state, HASH_A, 2000, &token));
    assert_string_equal(token.id, "token-1");
    assert_string_equal(token.name, "ci");
    assert_int_equal(token.scopes, ZDD_SCOPE_READ | ZDD_SCOPE_DEPLOY);
    assert_string_equal(token.app_prefix, "/shop");
    assert_int_equal(token.created_at_ms, 1000);
    assert_int_equal(token.expires_at_ms, 5000);
    assert_int_equal(token.revoked_at_ms, 0);
}

static void the_moment_of_expiry_is_already_too_late(void **state)
{
    struct zdd_token token;

    assert_good(insert(*state, a_token(.expires_at_ms = 5000), HASH_A));
    assert_good(zdd_token_find(*state, HASH_A, 4999, &token));
    assert_err(ZDD_ERR_TOKEN_UNKNOWN, zdd_token_find(*state, HASH_A, 5000, &token));
}

static void a_revoked_token_is_unknown(void **state)
{
    struct zdd_token token;

    assert_good(insert(*state, a_token(.expires_at_ms = 0), HASH_A));
    assert_err(ZDD_ERR_TOKEN_UNKNOWN, revoke(*state, "nobody", 2000));
    assert_good(revoke(*state, "token-1", 2000));
    assert_err(ZDD_ERR_TOKEN_UNKNOWN, zdd_token_find(*state, HASH_A, 2000, &token));
}

static bool see_token(void *cls, const struct zdd_token *token)
{
    char *text = cls;
    const size_t size = strlen(text);

    (void)snprintf(text + size, 200 - size, "%s:%s:%d ", token->id, token->name,
                   (int)token->revoked_at_ms);
    return true;
}

static void the_first_revocation_counts(void **state)
{
    char text[200] = "";

    assert_good(insert(*state, a_token(.id = "a"), HASH_A));
    assert_good(insert(*state, a_token(.id = "b", .name = "other"), HASH_B));
    assert_good(revoke(*state, "a", 2000));
    assert_good(revoke(*state, "a", 3000));
    assert_good(zdd_token_list(*state, see_token, text));
    assert_string_equal(text, "a:ci:2000 b:other:0 ");
}

static void a_name_is_free_again_when_its_token_is_no_longer_live(void **state)
{
    assert_good(insert(*state, a_token(.id = "a"), HASH_A));
    assert_err(ZDD_ERR_TOKEN_NAME_TAKEN, insert(*state, a_token(.id = "b"), HASH_B));
    assert_good(revoke(*state, "a", 2000));
    assert_good(insert(*state, a_token(.id = "b", .expires_at_ms = 5000), HASH_B));
    assert_err(ZDD_ERR_TOKEN_NAME_TAKEN,
               insert(*state, a_token(.id = "c", .created_at_ms = 4999),
                      "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"));
    assert_good(insert(*state, a_token(.id = "c", .created_at_ms = 5000),
                       "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"));
}

static void a_token_needs_a_scope_and_a_path(void **state)
{
    assert_err(ZDD_ERR_STORE_BROKEN, insert(*state, a_token(.scopes = 0), HASH_A));
    assert_err(ZDD_ERR_STORE_BROKEN, insert(*state, a_token(.scopes = 64), HASH_A));
    assert_err(ZDD_ERR_STORE_BROKEN, insert(*state, a_token(.app_prefix = "shop"), HASH_A));
    assert_err(ZDD_ERR_STORE_BROKEN, insert(*state, a_token(.id = "a"), "too short"));
    assert_good(insert(*state, a_token(.scopes = ZDD_SCOPE_ALL), HASH_A));
}

static void scopes_are_read_from_a_list(void **state)
{
    (void)state;
    assert_int_equal(zdd_scopes_parse("read"), ZDD_SCOPE_READ);
    assert_int_equal(zdd_scopes_parse("read,plan,deploy,promote,abort,admin"), ZDD_SCOPE_ALL);
    assert_int_equal(zdd_scopes_parse("abort,abort"), ZDD_SCOPE_ABORT);
    assert_int_equal(zdd_scopes_parse(""), 0);
    assert_int_equal(zdd_scopes_parse(NULL), 0);
    assert_int_equal(zdd_scopes_parse("read,"), 0);
    assert_int_equal(zdd_scopes_parse(",read"), 0);
    assert_int_equal(zdd_scopes_parse("reader"), 0);
    assert_int_equal(zdd_scopes_parse("rea"), 0);
    assert_int_equal(zdd_scopes_parse("read, plan"), 0);
    assert_string_equal(zdd_scope_name(ZDD_SCOPE_PROMOTE), "promote");
    assert_string_equal(zdd_scope_name(ZDD_SCOPE_ALL), "");
}

#define a_key(...)                                                                                 \
    ((struct zdd_idem){.owner = "token-1",                                                         \
                       .key = "key",                                                               \
                       .operation = "createDeployment",                                            \
                       .body_hash = HASH_A,                                                        \
                       __VA_ARGS__})

struct idem_call {
    struct zdd_idem idem;
    int64_t now_ms;
    int max;
    struct zdd_idem_answer answer;
};

static enum zdd_err keep_body(struct zdd_tx *tx, void *cls)
{
    const struct idem_call *call = cls;

    return zdd_idem_keep(tx, &call->idem, 202, "/v1/deployments/run-1", "{\"id\":\"run-1\"}",
                         call->now_ms);
}

static enum zdd_err keep(struct zdd_store *store, struct zdd_idem idem, int64_t now_ms)
{
    struct idem_call call = {.idem = idem, .now_ms = now_ms};

    return zdd_store_write(store, keep_body, &call);
}

static enum zdd_err find_body(struct zdd_tx *tx, void *cls)
{
    struct idem_call *call = cls;

    return zdd_idem_find_tx(tx, &call->idem, &call->answer);
}

static enum zdd_err prune_body(struct zdd_tx *tx, void *cls)
{
    const struct idem_call *call = cls;

    return zdd_idem_prune(tx, call->now_ms, call->max);
}

static void the_same_call_gets_the_kept_answer(void **state)
{
    struct zdd_idem_answer answer = {0};
    struct idem_call inside = {.idem = a_key(.key = "key")};

    assert_err(ZDD_ERR_RUN_UNKNOWN, zdd_idem_find(*state, &inside.idem, &answer));
    assert_good(keep(*state, inside.idem, 1000));
    assert_good(zdd_idem_find(*state, &inside.idem, &answer));
    assert_int_equal(answer.status, 202);
    assert_string_equal(answer.location, "/v1/deployments/run-1");
    assert_string_equal(answer.body.data, "{\"id\":\"run-1\"}");
    zdd_text_release(&answer.body);

    assert_good(zdd_store_write(*state, find_body, &inside));
    assert_string_equal(inside.answer.body.data, "{\"id\":\"run-1\"}");
    zdd_text_release(&inside.answer.body);
}

static void a_key_belongs_to_one_call_of_one_caller(void **state)
{
    struct zdd_idem_answer answer;

    assert_good(keep(*state, a_key(.key = "key"), 1000));
    assert_err(ZDD_ERR_KEY_REUSED, zdd_idem_find(*state, &a_key(.body_hash = HASH_B), &answer));
    assert_err(ZDD_ERR_KEY_REUSED, zdd_idem_find(*state, &a_key(.operation = "x"), &answer));
    assert_err(ZDD_ERR_RUN_UNKNOWN, zdd_idem_find(*state, &a_key(.owner = "other"), &answer));
    assert_err(ZDD_ERR_RUN_UNKNOWN, zdd_idem_find(*state, &a_key(.key = "other"), &answer));
    assert_err(ZDD_ERR_KEY_REUSED, keep(*state, a_key(.key = "key"), 2000));
    assert_good(keep(*state, a_key(.owner = "other"), 2000));
}

static void old_answers_are_forgotten_a_few_at_a_time(void **state)
{
    struct idem_call prune = {.now_ms = 1001, .max = 1};
    struct zdd_idem_answer answer = {0};

    assert_good(keep(*state, a_key(.key = "a"), 999));
    assert_good(keep(*state, a_key(.key = "b"), 1000));
    assert_good(keep(*state, a_key(.key = "c"), 1001));
    assert_good(zdd_store_write(*state, prune_body, &prune));
    assert_err(ZDD_ERR_RUN_UNKNOWN, zdd_idem_find(*state, &a_key(.key = "a"), &answer));
    assert_good(zdd_idem_find(*state, &a_key(.key = "b"), &answer));
    zdd_text_release(&answer.body);
    prune.max = 100;
    assert_good(zdd_store_write(*state, prune_body, &prune));
    assert_err(ZDD_ERR_RUN_UNKNOWN, zdd_idem_find(*state, &a_key(.key = "b"), &answer));
    assert_good(zdd_idem_find(*state, &a_key(.key = "c"), &answer));
    zdd_text_release(&answer.body);
}

static void a_key_has_1_to_255_bytes(void **state)
{
    char key[257];

    memset(key, 'k', sizeof(key));
    key[256] = '\0';
    assert_err(ZDD_ERR_STORE_BROKEN, keep(*state, a_key(.key = key), 1));
    key[255] = '\0';
    assert_good(keep(*state, a_key(.key = key), 1));
    assert_err(ZDD_ERR_STORE_BROKEN, keep(*state, a_key(.key = ""), 1));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_token_is_found_by_its_hash),
        CASE(the_moment_of_expiry_is_already_too_late),
        CASE(a_revoked_token_is_unknown),
        CASE(the_first_revocation_counts),
        CASE(a_name_is_free_again_when_its_token_is_no_longer_live),
        CASE(a_token_needs_a_scope_and_a_path),
        cmocka_unit_test(scopes_are_read_from_a_list),
        CASE(the_same_call_gets_the_kept_answer),
        CASE(a_key_belongs_to_one_call_of_one_caller),
        CASE(old_answers_are_forgotten_a_few_at_a_time),
        CASE(a_key_has_1_to_255_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
