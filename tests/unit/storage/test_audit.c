/**
 * @file tests/unit/storage/test_audit.c
 * @brief The audit log: filters, and what the chain notices.
 */
#include "storage/chain.h"
#include "tests/unit/storage/fixture.h"

#include <stdio.h>
#include <string.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define HOUR_MS INT64_C(3600000)

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

static bool see(void *cls, const struct zdd_audit *entry)
{
    char *text = cls;
    const size_t size = strlen(text);

    (void)snprintf(text + size, 400 - size, "%d ", (int)entry->seq);
    return true;
}

static void assert_list(struct zdd_store *store, struct zdd_audit_filter filter,
                        const char *expected)
{
    char text[400] = "";

    assert_good(zdd_audit_list(store, &filter, see, text));
    assert_string_equal(text, expected);
}

#define a_filter(...) ((struct zdd_audit_filter){.limit = 100, __VA_ARGS__})

static void add_some(struct zdd_store *store)
{
    assert_good(append_entry(store, a_new_entry(.time_ms = 10 * HOUR_MS)));
    assert_good(append_entry(
        store, a_new_entry(.time_ms = 20 * HOUR_MS, .app_id = "/shop/cart", .actor = "engine")));
    assert_good(append_entry(
        store, a_new_entry(.time_ms = 30 * HOUR_MS, .app_id = "", .action = "token.create")));
    assert_good(
        append_entry(store, a_new_entry(.time_ms = 40 * HOUR_MS, .app_id = "/shopping",
                                        .action = "deployment.step.skip", .actor = "engine")));
    assert_good(
        append_entry(store, a_new_entry(.time_ms = 50 * HOUR_MS, .action = "deployment.abort")));
}

static void each_filter_leaves_out_what_it_says(void **state)
{
    add_some(*state);
    assert_list(*state, a_filter(.limit = 3), "5 4 3 ");
    assert_list(*state, a_filter(.limit = 3, .before_seq = 3), "2 1 ");
    assert_list(*state, a_filter(.before_seq = 1), "");
    assert_list(*state, a_filter(.oldest_first = true, .limit = 2), "1 2 ");
    assert_list(*state, a_filter(.oldest_first = true, .before_seq = 2), "3 4 5 ");
    assert_list(*state, a_filter(.actor = "engine"), "4 2 ");
    assert_list(*state, a_filter(.app_id = "/shop"), "5 1 ");
    assert_list(*state, a_filter(.app_id = "/shop", .actor = "engine"), "");
    assert_list(*state, a_filter(.app_prefix = "/shop"), "5 2 1 ");
    assert_list(*state, a_filter(.app_prefix = "/shop", .actor = "engine"), "2 ");
    assert_list(*state, a_filter(.app_prefix = "/"), "5 4 3 2 1 ");
}

static void an_action_that_ends_in_a_dot_is_a_prefix(void **state)
{
    add_some(*state);
    assert_list(*state, a_filter(.action = "deployment.create"), "2 1 ");
    assert_list(*state, a_filter(.action = "deployment."), "5 4 2 1 ");
    assert_list(*state, a_filter(.action = "deployment.step."), "4 ");
    assert_list(*state, a_filter(.action = "deployment.create."), "");
    assert_list(*state, a_filter(.action = "deployment"), "");
    assert_list(*state, a_filter(.action = "token.", .oldest_first = true), "3 ");
    assert_list(*state, a_filter(.action = "."), "");
}

static void times_include_the_first_and_exclude_the_last_moment(void **state)
{
    add_some(*state);
    assert_list(*state, a_filter(.since_ms = 20 * HOUR_MS), "5 4 3 2 ");
    assert_list(*state, a_filter(.since_ms = 20 * HOUR_MS + 1), "5 4 3 ");
    assert_list(*state, a_filter(.until_ms = 20 * HOUR_MS), "1 ");
    assert_list(*state, a_filter(.until_ms = 20 * HOUR_MS + 1), "2 1 ");
    assert_list(*state, a_filter(.since_ms = 20 * HOUR_MS, .until_ms = 40 * HOUR_MS), "3 2 ");
    assert_list(*state, a_filter(.since_ms = 20 * HOUR_MS, .oldest_first = true, .before_seq = 3),
                "4 5 ");
    assert_list(*state, a_filter(.since_ms = 20 * HOUR_MS, .actor = "token:ci"), "5 3 ");
}

/* Each field is the one it was; the hash is 64 digits. */
static bool check_fields(void *cls, const struct zdd_audit *entry)
{
    int *count = cls;

    assert_int_equal(entry->time_ms, 7);
    assert_string_equal(entry->actor, "a");
    assert_string_equal(entry->remote, "b");
    assert_string_equal(entry->action, "c");
    assert_string_equal(entry->app_id, "d");
    assert_string_equal(entry->run_id, "e");
    assert_string_equal(entry->reason, "f");
    assert_string_equal(entry->result, "g");
    assert_string_equal(entry->request_id, "h");
    assert_string_equal(entry->data, "i");
    assert_int_equal(strspn(entry->hash, "0123456789abcdef"), 64);
    assert_int_equal(strlen(entry->hash), 64);
    (*count)++;
    return true;
}

static void every_field_comes_back_as_it_was(void **state)
{
    int count = 0;

    assert_good(append_entry(
        *state, (struct zdd_audit){0, 7, "a", "b", "c", "d", "e", "f", "g", "h", "i", NULL}));
    assert_good(zdd_audit_list(*state, &a_filter(.limit = 1), check_fields, &count));
    assert_int_equal(count, 1);
}

static struct zdd_audit_verdict verdict_of(struct zdd_store *store)
{
    struct zdd_audit_verdict verdict;

    assert_good(zdd_audit_verify(store, &verdict));
    return verdict;
}

static void an_empty_chain_is_good(void **state)
{
    const struct zdd_audit_verdict verdict = verdict_of(*state);

    assert_true(verdict.ok);
    assert_int_equal(verdict.entries, 0);
    assert_string_equal(verdict.head, ZEROS);
}

/* Computed outside of this program: with each field's length as eight bytes before it. */
static void the_hash_is_the_documented_one(void **state)
{
    struct zdd_audit_verdict verdict;

    assert_good(append_entry(
        *state, (struct zdd_audit){0, 7, "a", "b", "c", "d", "e", "f", "g", "h", "i", NULL}));
    verdict = verdict_of(*state);
    assert_true(verdict.ok);
    assert_int_equal(verdict.entries, 1);
    assert_string_equal(verdict.head,
                        "49154c639be026836523fb4e8790d2c897b6d300d5391d2866a7cbd8b0496175");
}

static enum zdd_err append_and_fail(struct zdd_tx *tx, void *cls)
{
    const enum zdd_err err = zdd_audit_append(tx, cls);

    return err == ZDD_ERR_NONE ? ZDD_ERR_APP_BUSY : err;
}

static void an_action_without_end_is_its_own_family(void **state)
{
    char action[200];
    char family[ZDD_FAMILY_SIZE];

    (void)state;
    memset(action, 'a', sizeof(action) - 1);
    action[sizeof(action) - 1] = '\0';
    zdd_audit_family(action, family);
    assert_int_equal(strlen(family), ZDD_FAMILY_SIZE - 1);
    zdd_audit_family("order.put-target", family);
    assert_string_equal(family, "order.");
    zdd_audit_family("order", family);
    assert_string_equal(family, "order");
}

static void a_body_that_is_undone_leaves_the_chain_whole(void **state)
{
    struct zdd_audit entry = a_new_entry(.reason = "undone");

    add_some(*state);
    assert_err(ZDD_ERR_APP_BUSY, zdd_store_write(*state, append_and_fail, &entry));
    add_some(*state);
    assert_true(verdict_of(*state).ok);
    assert_int_equal(verdict_of(*state).entries, 10);
}

/* Ten entries in a file, then @p sql behind the program's back. @return what verify says */
static struct zdd_audit_verdict after_tampering(const char *sql, bool append_after)
{
    struct zdd_audit_verdict verdict;
    struct zdd_store *store;
    struct place place;

    place_make(&place);
    store = open_file(place.path);
    add_some(store);
    add_some(store);
    zdd_store_free(store);
    tamper(place.path, sql);
    store = open_file(place.path);
    if (append_after)
        add_some(store);
    verdict = verdict_of(store);
    zdd_store_free(store);
    place_remove(&place);
    return verdict;
}

/* Noticed at once, and still after the program went on writing. */
static void assert_broken(const char *sql, int64_t seq, const char *why)
{
    const struct zdd_audit_verdict at_once = after_tampering(sql, false);
    const struct zdd_audit_verdict later = after_tampering(sql, true);

    assert_false(at_once.ok);
    assert_int_equal(at_once.broken_seq, seq);
    assert_string_equal(at_once.why, why);
    assert_false(later.ok);
    assert_in_range(later.broken_seq, seq, 11);
}

static void a_changed_entry_is_noticed(void **state)
{
    const char *changed = "The entry does not fit its hash: it, or its hash, was changed.";

    (void)state;
    assert_broken("UPDATE audit SET reason = 'x' WHERE seq = 1", 1, changed);
    assert_broken("UPDATE audit SET actor = 'engine', remote = 'x' WHERE seq = 4", 4, changed);
    assert_broken("UPDATE audit SET time_ms = time_ms + 1 WHERE seq = 10", 10, changed);
    /* text moved from one field to the next */
    assert_broken("UPDATE audit SET actor = 'token:c', remote = 'i127.0.0.1' WHERE seq = 1", 1,
                  changed);
    assert_broken("UPDATE audit SET hash = zeroblob(32) WHERE seq = 3", 3, changed);
}

static void a_removed_entry_is_noticed_wherever_it_was(void **state)
{
    (void)state;
    assert_broken("DELETE FROM audit WHERE seq = 1", 1, "The entry is missing.");
    assert_broken("DELETE FROM audit WHERE seq = 5", 5, "The entry is missing.");
    assert_broken("DELETE FROM audit WHERE seq >= 9", 9, "The newest entries were removed.");
    assert_broken("DELETE FROM audit", 1, "The newest entries were removed.");
}

/* The gap stays and tells. */
static void numbers_that_were_cut_off_are_not_given_again(void **state)
{
    struct zdd_store *store;
    struct place place;

    (void)state;
    place_make(&place);
    store = open_file(place.path);
    add_some(store);
    zdd_store_free(store);
    tamper(place.path, "DELETE FROM audit WHERE seq >= 4");
    store = open_file(place.path);
    add_some(store);
    assert_list(store, a_filter(.oldest_first = true), "1 2 3 6 7 8 9 10 ");
    assert_int_equal(verdict_of(store).broken_seq, 4);
    zdd_store_free(store);
    place_remove(&place);
}

static void an_entry_that_somebody_added_is_noticed(void **state)
{
    (void)state;
    assert_broken("INSERT INTO audit SELECT 11, time_ms, actor, remote, action, family, app_id,"
                  " run_id, reason, result, request_id, data, hash FROM audit WHERE seq = 10",
                  11, "The entry does not fit its hash: it, or its hash, was changed.");
    /* … with the hash that it would have */
    assert_broken(
        "UPDATE audit_head SET entries = 9, hash = (SELECT hash FROM audit WHERE seq = 9)", 10,
        "The entry was added by another program.");
}

static void a_tampered_note_of_the_newest_entry_is_noticed(void **state)
{
    (void)state;
    assert_broken("DELETE FROM audit_head", 11, "The note of the newest entry was removed.");
    assert_broken("UPDATE audit_head SET hash = zeroblob(32)", 10,
                  "The newest entry is not the one that was noted.");
}

static void the_verdict_tells_how_far_the_chain_is_good(void **state)
{
    const struct zdd_audit_verdict verdict =
        after_tampering("DELETE FROM audit WHERE seq = 5", false);
    const struct zdd_audit_verdict whole = after_tampering("SELECT 1", false);
    const struct zdd_audit_verdict more = after_tampering("SELECT 1", true);

    (void)state;
    assert_int_equal(verdict.entries, 4);
    assert_true(whole.ok);
    assert_int_equal(whole.entries, 10);
    assert_true(more.ok);
    assert_int_equal(more.entries, 15);
    assert_string_not_equal(more.head, whole.head);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(each_filter_leaves_out_what_it_says),
        CASE(an_action_that_ends_in_a_dot_is_a_prefix),
        CASE(times_include_the_first_and_exclude_the_last_moment),
        CASE(every_field_comes_back_as_it_was),
        CASE(an_empty_chain_is_good),
        CASE(the_hash_is_the_documented_one),
        cmocka_unit_test(an_action_without_end_is_its_own_family),
        CASE(a_body_that_is_undone_leaves_the_chain_whole),
        cmocka_unit_test(a_changed_entry_is_noticed),
        cmocka_unit_test(a_removed_entry_is_noticed_wherever_it_was),
        cmocka_unit_test(numbers_that_were_cut_off_are_not_given_again),
        cmocka_unit_test(an_entry_that_somebody_added_is_noticed),
        cmocka_unit_test(a_tampered_note_of_the_newest_entry_is_noticed),
        cmocka_unit_test(the_verdict_tells_how_far_the_chain_is_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
