/**
 * @file tests/fuzz/fuzz_json.c
 * @brief Any text: read or refused with a place; what was read is written and read back the same.
 */
#include "server/base/cleanup.h"
#include "server/json/json.h"
#include "server/json/quick.h"
#include "server/json/words.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_round_trip(const json_t *json)
{
    ZDD_AUTO_FREE char *text = zdd_json_canonical(json);
    ZDD_AUTO_FREE char *again = NULL;
    ZDD_AUTO_JSON json_t *back = NULL;

    FUZZ_CHECK(text != NULL);
    FUZZ_CHECK(zdd_json_read(text, strlen(text), &back, NULL) == ZDD_ERR_NONE);
    FUZZ_CHECK(zdd_json_same(json, back));
    again = zdd_json_canonical(back);
    FUZZ_CHECK(again != NULL && strcmp(text, again) == 0);
}

/* The quick reader may leave anything to jansson, but must never read anything else than it. */
static void check_quick(const char *text, size_t size)
{
    ZDD_AUTO_JSON json_t *quick = zdd_json_quick(text, size);
    ZDD_AUTO_JSON json_t *slow =
        json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);

    FUZZ_CHECK(!quick || (slow && json_equal(quick, slow)));
}

static size_t count_values(const json_t *json)
{
    json_t *walked = (json_t *)(uintptr_t)json; /* the walks below change nothing */
    size_t count = 1;
    size_t index;
    const char *key;
    json_t *value;

    json_array_foreach(walked, index, value)
    {
        count += count_values(value);
    }
    json_object_foreach(walked, key, value)
    {
        count += count_values(value);
    }
    return count;
}

static void check_members(const json_t *json)
{
    ZDD_AUTO_FREE const char **keys = zdd_json_keys(json);

    FUZZ_CHECK(keys != NULL);
    for (size_t i = 0; keys[i]; i++) {
        FUZZ_CHECK(i == 0 || strcmp(keys[i - 1], keys[i]) < 0);
        (void)zdd_json_int(json, keys[i], 0);
        (void)zdd_json_real(json, keys[i], 0);
        (void)zdd_json_bool(json, keys[i], 0);
        (void)zdd_words_nearest(keys[i], keys, i);
    }
}

static void check_words(const json_t *json)
{
    char words[ZDD_WORDS_VALUE_SIZE];

    zdd_words_value(json, words);
    FUZZ_CHECK(fuzz_is_utf8(words));
    FUZZ_CHECK(!strpbrk(words, "\n\r\t\x7f"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 2);
    ZDD_AUTO_JSON json_t *json = fuzz_json(&parts, 0);
    const json_t *found;

    check_quick(parts.text[0], parts.size[0]);
    if (!json)
        return 0;
    FUZZ_CHECK(count_values(json) <= zdd_json_count(parts.text[0], parts.size[0]));
    check_round_trip(json);
    check_members(json);
    check_words(json);
    FUZZ_CHECK(zdd_json_at(json, "") == json);
    found = zdd_json_at(json, parts.text[1]);
    if (found)
        check_words(found);
    return 0;
}
