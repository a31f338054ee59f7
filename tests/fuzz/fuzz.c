/**
 * @file tests/fuzz/fuzz.c
 * @brief What the fuzz targets share.
 */
#include "tests/fuzz/fuzz.h"

#include "server/base/utf8.h"
#include "server/json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_broken(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, condition);
    abort();
}

static void keep(struct fuzz_parts *parts, size_t index, const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    FUZZ_CHECK(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    parts->text[index] = text;
    parts->size[index] = size;
}

struct fuzz_parts fuzz_split(const uint8_t *data, size_t size, size_t count)
{
    struct fuzz_parts parts = {0};

    FUZZ_CHECK(count >= 1 && count <= FUZZ_PART_MAX);
    for (size_t i = 0; i < FUZZ_PART_MAX; i++) {
        const uint8_t *end = i + 1 < count && size > 0 ? memchr(data, FUZZ_SEPARATOR, size) : NULL;
        const size_t here = end ? (size_t)(end - data) : size;

        keep(&parts, i, data, here);
        size -= here + (end != NULL);
        data += size > 0 ? here + (end != NULL) : 0;
    }
    return parts;
}

void fuzz_parts_release(struct fuzz_parts *parts)
{
    for (size_t i = 0; i < FUZZ_PART_MAX; i++)
        free(parts->text[i]);
}

json_t *fuzz_json(const struct fuzz_parts *parts, size_t index)
{
    struct zdd_json_error error = {0};
    json_t *json = NULL;

    if (zdd_json_read(parts->text[index], parts->size[index], &json, &error) == ZDD_ERR_NONE)
        return json;
    FUZZ_CHECK(error.line >= 1 && error.column >= 1 && error.text[0]);
    FUZZ_CHECK(fuzz_is_utf8(error.text));
    return NULL;
}

json_t *fuzz_must_json(const char *text, size_t size)
{
    json_error_t error;
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    if (!json)
        fprintf(stderr, "%s: %.*s\n", error.text, (int)size, text);
    FUZZ_CHECK(json != NULL);
    return json;
}

bool fuzz_is_utf8(const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        const size_t step = zdd_utf8_step(text, left);

        if (step == 0)
            return false;
        text += step;
        left -= step;
    }
    return true;
}

bool fuzz_is_pointer(const char *pointer)
{
    if (pointer[0] != '#' || (pointer[1] && pointer[1] != '/'))
        return false;
    for (const char *at = pointer; (at = strchr(at, '~')) != NULL; at++) {
        if (at[1] != '0' && at[1] != '1')
            return false;
    }
    return fuzz_is_utf8(pointer);
}
