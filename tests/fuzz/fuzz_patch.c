/**
 * @file tests/fuzz/fuzz_patch.c
 * @brief Two documents: merge patch and difference, held against what they promise.
 */
#include "server/base/cleanup.h"
#include "server/json/patch.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define ROW_MAX 100000

static void check_patch(const json_t *target, const json_t *patch)
{
    ZDD_AUTO_JSON json_t *once = zdd_json_merge_patch(target, patch);
    ZDD_AUTO_JSON json_t *twice = zdd_json_merge_patch(once, patch);
    ZDD_AUTO_JSON json_t *fresh = zdd_json_merge_patch(NULL, patch);

    FUZZ_CHECK(once && twice && fresh);
    FUZZ_CHECK(zdd_json_same(once, twice));
    if (!json_is_object(patch))
        FUZZ_CHECK(zdd_json_same(once, patch));
    if (json_is_object(patch) && json_object_size(patch) == 0 && json_is_object(target))
        FUZZ_CHECK(zdd_json_same(once, target));
}

/* Cut the last segment off @p path. @return it, unescaped in place */
static char *cut_last(char *path)
{
    char *last = strrchr(path, '/');
    char *to;

    FUZZ_CHECK(last != NULL);
    *last++ = '\0';
    to = last;
    for (const char *from = last; *from; from++) {
        if (*from == '~')
            *to++ = *++from == '1' ? '/' : '~';
        else
            *to++ = *from;
    }
    *to = '\0';
    return last;
}

static void change(json_t *parent, const char *key, const json_t *value)
{
    if (json_is_array(parent)) {
        size_t index = 0;

        for (const char *at = key; *at; at++) {
            FUZZ_CHECK(*at >= '0' && *at <= '9');
            index = index * 10 + (size_t)(*at - '0');
        }
        FUZZ_CHECK(value && json_array_set_new(parent, index, json_deep_copy(value)) == 0);
    } else if (value) {
        FUZZ_CHECK(json_object_set_new(parent, key, json_deep_copy(value)) == 0);
    } else {
        FUZZ_CHECK(json_object_del(parent, key) == 0);
    }
}

/* Carry out one row as RFC 6902 says; "from" must be what is there. */
static void apply(json_t **document, const json_t *row)
{
    const char *op = zdd_json_text(row, "op", "");
    const json_t *value = json_object_get(row, "value");
    const json_t *from = json_object_get(row, "from");
    ZDD_AUTO_FREE char *path = strdup(zdd_json_text(row, "path", "?"));
    const json_t *there;
    const char *key;

    FUZZ_CHECK(path != NULL);
    there = zdd_json_at(*document, path);
    FUZZ_CHECK((strcmp(op, "add") == 0) == (from == NULL) && (there != NULL) == (from != NULL));
    FUZZ_CHECK((strcmp(op, "remove") == 0) == (value == NULL));
    FUZZ_CHECK(!from || zdd_json_same(there, from));
    if (!*path) {
        json_decref(*document);
        *document = json_deep_copy(value);
        return;
    }
    key = cut_last(path);
    change(zdd_json_at(*document, path), key, value);
}

static void check_difference(const json_t *from, const json_t *to)
{
    ZDD_AUTO_JSON json_t *rows = zdd_json_diff(from, to, ROW_MAX);
    ZDD_AUTO_JSON json_t *few = zdd_json_diff(from, to, 2);
    ZDD_AUTO_JSON json_t *document = json_deep_copy(from);
    const size_t count = json_array_size(rows);

    FUZZ_CHECK(rows && few && document);
    FUZZ_CHECK((count == 0) == zdd_json_same(from, to));
    for (size_t i = 0; i < count; i++)
        apply(&document, json_array_get(rows, i));
    FUZZ_CHECK(zdd_json_same(document, to));
    FUZZ_CHECK(json_array_size(few) == (count > 2 ? 3 : count));
    if (count > 2)
        FUZZ_CHECK(strcmp(zdd_json_text(json_array_get(few, 2), "op", ""), "more") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 2);
    ZDD_AUTO_JSON json_t *first = fuzz_json(&parts, 0);
    ZDD_AUTO_JSON json_t *second = fuzz_json(&parts, 1);
    ZDD_AUTO_JSON json_t *nothing = NULL;

    if (!first || !second)
        return 0;
    check_patch(first, second);
    check_difference(first, second);
    check_difference(first, first);
    nothing = zdd_json_diff(NULL, first, ROW_MAX);
    FUZZ_CHECK(json_array_size(nothing) == 1);
    return 0;
}
