/**
 * @file tests/unit/server/secrets/test_keys.c
 * @brief Keys: their forms, their file, and what they seal.
 */
#include "tests/support/spec.h"

#include "server/secrets/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEX_B "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define BASE64_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static struct zdd_secret_keys keys;
static char why[ZDD_SECRET_KEYS_WHY_SIZE];

static bool parse(const char *text)
{
    return zdd_secret_keys_parse(text, strlen(text), &keys, why);
}

static void a_key_is_hex_or_base64_and_both_are_the_same_key(void **state)
{
    char id[ZDD_KEY_ID_SIZE];

    (void)state;
    assert_true(parse(HEX_A "\n"));
    assert_int_equal(keys.count, 1);
    memcpy(id, keys.item[0].id, sizeof(id));
    assert_int_equal(keys.item[0].key.bytes[31], 0x1f);
    assert_true(parse(BASE64_A));
    assert_string_equal(keys.item[0].id, id);
    assert_true(parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"));
    assert_string_equal(keys.item[0].id, id);
    assert_null(strstr(HEX_A, id));
}

static void several_keys_stand_in_lines_with_comments_or_behind_commas(void **state)
{
    (void)state;
    assert_true(parse("# of May\n\n" HEX_B " # new\r\n" HEX_A "\n"));
    assert_int_equal(keys.count, 2);
    assert_int_equal(keys.item[0].key.bytes[0], 0xff);
    assert_true(parse(HEX_A "," HEX_B));
    assert_ptr_equal(zdd_secret_keys_find(&keys, keys.item[1].id), &keys.item[1].key);
    assert_null(zdd_secret_keys_find(&keys, ""));
    assert_null(zdd_secret_keys_find(NULL, keys.item[1].id));
}

static void what_is_no_key_is_refused_by_its_line_and_never_quoted(void **state)
{
    static const char *const wrong[] = {
        "",
        "# nothing\n",
        HEX_A "0",
        "000102",
        HEX_A "\nsecret-word",
        HEX_A "\n" HEX_A,
        "00 01",
        "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==" /* 31 bytes */};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(parse(wrong[i]));
        assert_null(strstr(why, "secret-word"));
        assert_null(strstr(why, "000102"));
    }
    assert_false(parse("\n\n" HEX_A "\n broken\n"));
    assert_non_null(strstr(why, "line 4"));
}

static void no_more_than_sixteen_keys_are_read(void **state)
{
    char text[17 * 65 + 1] = "";

    (void)state;
    for (int i = 0; i < 17; i++)
        snprintf(text + (size_t)i * 65, 66, "%062x%02x\n", 0, i);
    assert_false(parse(text));
    text[(size_t)16 * 65] = '\0';
    assert_true(parse(text));
    assert_int_equal(keys.count, ZDD_SECRET_KEY_MAX);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void a_file_that_others_may_read_is_refused(void **state)
{
    static const struct {
        mode_t mode;
        bool good;
    } modes[] = {{0600, true},  {0400, true},  {0640, true}, {0604, false},
                 {0602, false}, {0620, false}, {0601, false}};
    char dir[] = "/tmp/zdd-keys-XXXXXX";
    char path[64];

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/key", dir);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        write_file(path, HEX_A "\n", modes[i].mode);
        assert_int_equal(zdd_secret_keys_load(path, &keys, why), modes[i].good);
        if (!modes[i].good)
            assert_non_null(strstr(why, "chmod"));
        unlink(path);
    }
    assert_false(zdd_secret_keys_load(path, &keys, why));
    assert_non_null(strstr(why, "no such file"));
    assert_false(zdd_secret_keys_load(dir, &keys, why));
    rmdir(dir);
}

static void what_is_sealed_opens_with_its_key_only_and_unchanged_only(void **state)
{
    unsigned char sealed[7 + ZDD_SEAL_BYTES], again[7 + ZDD_SEAL_BYTES];
    char plain[8] = "";

    (void)state;
    assert_true(parse(HEX_A "," HEX_B));
    zdd_seal(&keys.item[0].key, "hunter2", 7, sealed);
    zdd_seal(&keys.item[0].key, "hunter2", 7, again);
    assert_memory_not_equal(sealed, again, sizeof(sealed));
    assert_true(zdd_unseal(&keys.item[0].key, sealed, sizeof(sealed), plain));
    assert_string_equal(plain, "hunter2");
    assert_false(zdd_unseal(&keys.item[1].key, sealed, sizeof(sealed), plain));
    assert_false(zdd_unseal(&keys.item[0].key, sealed, ZDD_SEAL_BYTES - 1, plain));
    for (size_t i = 0; i < sizeof(sealed); i++) {
        sealed[i] ^= 1;
        assert_false(zdd_unseal(&keys.item[0].key, sealed, sizeof(sealed), plain));
        sealed[i] ^= 1;
    }
}

static void a_digest_tells_texts_apart_wherever_they_are_cut(void **state)
{
    static const char *const one[] = {"ab", "c"};
    static const char *const other[] = {"a", "bc"};
    char first[ZDD_KEYED_DIGEST_SIZE], second[ZDD_KEYED_DIGEST_SIZE];

    (void)state;
    assert_true(parse(HEX_A "," HEX_B));
    zdd_keyed_digest(&keys.item[0].key, one, 2, first);
    assert_int_equal(strlen(first), ZDD_KEYED_DIGEST_SIZE - 1);
    zdd_keyed_digest(&keys.item[0].key, other, 2, second);
    assert_string_not_equal(first, second);
    zdd_keyed_digest(&keys.item[1].key, one, 2, second);
    assert_string_not_equal(first, second);
    zdd_keyed_digest(&keys.item[0].key, one, 2, second);
    assert_string_equal(first, second);
}

static int setup(void **state)
{
    (void)state;
    return zdd_crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_hex_or_base64_and_both_are_the_same_key),
        cmocka_unit_test(several_keys_stand_in_lines_with_comments_or_behind_commas),
        cmocka_unit_test(what_is_no_key_is_refused_by_its_line_and_never_quoted),
        cmocka_unit_test(no_more_than_sixteen_keys_are_read),
        cmocka_unit_test(a_file_that_others_may_read_is_refused),
        cmocka_unit_test(what_is_sealed_opens_with_its_key_only_and_unchanged_only),
        cmocka_unit_test(a_digest_tells_texts_apart_wherever_they_are_cut),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
