/**
 * @file tests/unit/storage/test_stamps.c
 * @brief Stamps: each change of a key is seen, and none is seen too early.
 */
#include "storage/stamps.h"

#include "storage/inside.h"
#include "storage/tokens.h"
#include "tests/unit/storage/fixture.h"

#include <stdio.h>
#include <string.h>

#define HASH "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

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

/* Expect that the stamp of @p key has moved from *@p before, and rests. */
static void assert_moved(struct zdd_store *store, const char *key, uint64_t *before)
{
    const uint64_t now = zdd_stamp_of(store, key);

    assert_true(now > *before);
    assert_true(zdd_stamp_rests(now));
    *before = now;
}

static void every_way_to_change_a_deployment_moves_its_stamp(void **state)
{
    struct zdd_run run = a_run(.id = "one"), second = a_run(.id = "two");
    uint64_t one = zdd_stamp_of(*state, "one"), two = zdd_stamp_of(*state, "two");
    char id[ZDD_ID_SIZE];

    assert_int_not_equal(one, 1);
    assert_good(insert_run(*state, &run, ZDD_WHEN_BUSY_REJECT, id));
    assert_moved(*state, "one", &one);
    run.phase = ZDD_PHASE_ROLLING;
    assert_good(advance_run(*state, &run, 0, false, id));
    assert_moved(*state, "one", &one);
    assert_good(command_run(*state, "one", -1, ZDD_COMMAND_PAUSE, 2000, &run));
    assert_moved(*state, "one", &one);
    assert_good(insert_run(*state, &second, ZDD_WHEN_BUSY_QUEUE, id));
    assert_moved(*state, "two", &two);
    /* The end of one makes the other one live. */
    run.phase = ZDD_PHASE_SUCCEEDED;
    assert_good(advance_run(*state, &run, 1, true, id));
    assert_string_equal(id, "two");
    assert_moved(*state, "one", &one);
    assert_moved(*state, "two", &two);
}

static void superseding_moves_the_stamps_of_all_that_it_ends(void **state)
{
    struct zdd_run live = a_run(.id = "live"), queued = a_run(.id = "queued"),
                   newest = a_run(.id = "newest");
    uint64_t first, second;
    char id[ZDD_ID_SIZE];

    assert_good(insert_run(*state, &live, ZDD_WHEN_BUSY_REJECT, id));
    assert_good(insert_run(*state, &queued, ZDD_WHEN_BUSY_QUEUE, id));
    first = zdd_stamp_of(*state, "live");
    second = zdd_stamp_of(*state, "queued");
    assert_good(insert_run(*state, &newest, ZDD_WHEN_BUSY_SUPERSEDE, id));
    assert_moved(*state, "live", &first);
    assert_moved(*state, "queued", &second);
}

static enum zdd_err token_body(struct zdd_tx *tx, void *cls)
{
    const struct zdd_token token = {
        .id = "token-1", .name = "ci", .scopes = ZDD_SCOPE_READ, .app_prefix = "/"};

    return *(bool *)cls ? zdd_token_insert(tx, &token, HASH)
                        : zdd_token_revoke(tx, "token-1", 2000);
}

static void tokens_have_one_stamp_together(void **state)
{
    uint64_t stamp = zdd_stamp_of(*state, ZDD_STAMP_TOKENS);

    assert_good(zdd_store_write(*state, token_body, &(bool){true}));
    assert_moved(*state, ZDD_STAMP_TOKENS, &stamp);
    assert_good(zdd_store_write(*state, token_body, &(bool){false}));
    assert_moved(*state, ZDD_STAMP_TOKENS, &stamp);
}

static enum zdd_err touch_and_look(struct zdd_tx *tx, void *cls)
{
    zdd_stamp_touch(tx, "one");
    zdd_stamp_touch(tx, "one");
    assert_false(zdd_stamp_rests(zdd_stamp_of(tx->store, "one")));
    return *(enum zdd_err *)cls;
}

static void a_stamp_is_odd_until_its_transaction_has_ended(void **state)
{
    uint64_t stamp = zdd_stamp_of(*state, "one");
    enum zdd_err verdict = ZDD_ERR_NONE;

    assert_good(zdd_store_write(*state, touch_and_look, &verdict));
    assert_moved(*state, "one", &stamp);
    verdict = ZDD_ERR_RUN_STALE; /* undone: it moves all the same, for nothing */
    assert_err(ZDD_ERR_RUN_STALE, zdd_store_write(*state, touch_and_look, &verdict));
    assert_moved(*state, "one", &stamp);
}

static enum zdd_err touch_many(struct zdd_tx *tx, void *cls)
{
    char key[24];

    (void)cls;
    for (int i = 0; i < 100000; i++) {
        (void)snprintf(key, sizeof(key), "key-%d", i);
        zdd_stamp_touch(tx, key);
    }
    return ZDD_ERR_NONE;
}

static void a_transaction_may_touch_more_keys_than_there_are_numbers(void **state)
{
    uint64_t first = zdd_stamp_of(*state, "key-0"), last = zdd_stamp_of(*state, "key-99999");

    assert_good(zdd_store_write(*state, touch_many, NULL));
    assert_moved(*state, "key-0", &first);
    assert_moved(*state, "key-99999", &last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        CASE(every_way_to_change_a_deployment_moves_its_stamp),
        CASE(superseding_moves_the_stamps_of_all_that_it_ends),
        CASE(tokens_have_one_stamp_together),
        CASE(a_stamp_is_odd_until_its_transaction_has_ended),
        CASE(a_transaction_may_touch_more_keys_than_there_are_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
