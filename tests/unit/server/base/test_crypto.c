/**
 * @file tests/unit/server/base/test_crypto.c
 * @brief Hashes, ids, tokens.
 */
#include "server/base/crypto.h"
#include "tests/support/spec.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void sha256_gives_the_known_answers(void **state)
{
    char hex[ZDD_SHA256_HEX_SIZE];

    (void)state;
    zdd_sha256_hex("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    zdd_sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void a_uuid7_carries_its_time_version_and_variant(void **state)
{
    char id[ZDD_UUID_SIZE];

    (void)state;
    zdd_uuid7(0x017F22E279B0, id); /* the example of RFC 9562 appendix A.6 */
    assert_memory_equal(id, "017f22e2-79b0-7", 15);
    assert_non_null(strchr("89ab", id[19]));
    assert_true(zdd_uuid_valid(id));
}

static void uuids_sort_by_time_and_then_by_the_order_they_were_made(void **state)
{
    char last[ZDD_UUID_SIZE];
    char next[ZDD_UUID_SIZE];

    (void)state;
    zdd_uuid7(1000, last);
    for (int i = 0; i < 100000; i++) { /* more than 12 bits of counter hold */
        zdd_uuid7(1000, next);
        assert_true(strcmp(last, next) < 0);
        memcpy(last, next, sizeof(last));
    }
    zdd_uuid7(1001, next);
    assert_true(strcmp(last, next) < 0);
    zdd_uuid7(999, next);
    assert_true(strcmp(last, next) > 0);
}

#define THREADS 4
#define IDS_EACH 5000

struct batch {
    char id[IDS_EACH][ZDD_UUID_SIZE];
};

static void *make_ids(void *cls)
{
    struct batch *batch = cls;

    for (size_t i = 0; i < IDS_EACH; i++)
        zdd_uuid7(1000, batch->id[i]);
    return NULL;
}

static int by_text(const void *a, const void *b)
{
    return memcmp(a, b, ZDD_UUID_SIZE);
}

static void ids_of_many_threads_are_all_different(void **state)
{
    struct batch *batches = calloc(THREADS, sizeof(*batches));
    char(*ids)[ZDD_UUID_SIZE] = (char(*)[ZDD_UUID_SIZE])batches;
    pthread_t thread[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, make_ids, &batches[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    qsort(ids, (size_t)THREADS * IDS_EACH, ZDD_UUID_SIZE, by_text);
    for (size_t i = 1; i < (size_t)THREADS * IDS_EACH; i++)
        assert_string_not_equal(ids[i - 1], ids[i]);
    free(batches);
}

static void only_the_lower_case_form_is_a_uuid(void **state)
{
    (void)state;
    assert_true(zdd_uuid_valid("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"));
    assert_false(zdd_uuid_valid(""));
    assert_false(zdd_uuid_valid("017F22E2-79b0-7cc3-98c4-dc0c0c07398f"));
    assert_false(zdd_uuid_valid("017f22e2-79b0-7cc3-98c4-dc0c0c07398"));
    assert_false(zdd_uuid_valid("017f22e2-79b0-7cc3-98c4-dc0c0c07398f0"));
    assert_false(zdd_uuid_valid("017f22e2079b0-7cc3-98c4-dc0c0c07398f"));
    assert_false(zdd_uuid_valid("017f22e2-79b0-7cc3-98c4-dc0c0c07398g"));
    assert_false(zdd_uuid_valid("017f22e2-79b0-7cc3-98c4-dc0c0c0739-f"));
}

static void tokens_have_their_form_and_differ(void **state)
{
    char a[ZDD_TOKEN_SIZE];
    char b[ZDD_TOKEN_SIZE];

    (void)state;
    zdd_token_new(a);
    zdd_token_new(b);
    assert_int_equal(strlen(a), ZDD_TOKEN_SIZE - 1);
    assert_memory_equal(a, "zdd_", 4);
    assert_int_equal(strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
                     ZDD_TOKEN_SIZE - 1);
    assert_string_not_equal(a, b);
}

static void secrets_are_equal_only_when_every_byte_is(void **state)
{
    (void)state;
    assert_true(zdd_secret_equal("", ""));
    assert_true(zdd_secret_equal("secret", "secret"));
    assert_false(zdd_secret_equal("secret", "secreT"));
    assert_false(zdd_secret_equal("secret", "secre"));
    assert_false(zdd_secret_equal("", "s"));
}

static int init(void **state)
{
    (void)state;
    return zdd_crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_known_answers),
        cmocka_unit_test(a_uuid7_carries_its_time_version_and_variant),
        cmocka_unit_test(uuids_sort_by_time_and_then_by_the_order_they_were_made),
        cmocka_unit_test(ids_of_many_threads_are_all_different),
        cmocka_unit_test(only_the_lower_case_form_is_a_uuid),
        cmocka_unit_test(tokens_have_their_form_and_differ),
        cmocka_unit_test(secrets_are_equal_only_when_every_byte_is),
    };

    return cmocka_run_group_tests_name("server/base/crypto", tests, init, NULL);
}
