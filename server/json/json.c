/**
 * @file server/json/json.c
 * @brief Reading JSON from outside safely, and walking it.
 */
#include "server/json/json.h"

#include "server/base/cleanup.h"
#include "server/json/quick.h"
#include "server/json/words.h"
#include "server/json/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INT64_LIMIT 9.2233720368547758e18 /* 2^63 */

/* Without memory the parser often says "invalid token", as if the text were wrong. */
static _Thread_local bool memory_lacked;

static void *allocate(size_t size)
{
    void *memory = malloc(size);

    memory_lacked = memory_lacked || !memory;
    return memory;
}

/* Before main(), so that no thread sees it change. */
__attribute__((constructor)) static void watch_memory(void)
{
    json_set_alloc_funcs(allocate, free);
}

static void fail_at(struct zdd_json_error *error, int line, int column, const char *text)
{
    if (!error)
        return;
    error->line = line > 0 ? line : 1;
    error->column = column > 0 ? column : 1;
    snprintf(error->text, sizeof(error->text), "%s", text);
    zdd_words_trim(error->text);
    zdd_words_plain(
        error->text); /* a name is quoted, and may be cut in the middle of a character */
}

/* Where the text first goes too deep; @p size when it never does. Strings are skipped, wrong JSON
 * is not noticed. */
static size_t too_deep_at(const char *text, size_t size)
{
    size_t depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < size; i++) {
        const char byte = text[i];

        if (in_string) {
            if (byte == '\\')
                i++;
            else if (byte == '"')
                in_string = false;
        } else if (byte == '"') {
            in_string = true;
        } else if (byte == '[' || byte == '{') {
            if (++depth > ZDD_JSON_DEPTH_MAX)
                return i;
        } else if ((byte == ']' || byte == '}') && depth > 0) {
            depth--;
        }
    }
    return size;
}

static void fail_deep(struct zdd_json_error *error, const char *text, size_t at)
{
    char words[sizeof(error->text)];
    int line = 1, column = 1;

    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80) { /* characters, not bytes */
            column++;
        }
    }
    snprintf(words, sizeof(words), "more than %d arrays and objects inside each other",
             ZDD_JSON_DEPTH_MAX);
    fail_at(error, line, column, words);
}

/* The parser's words, but where they speak of its own switches, or quote the input: that may be a
 * secret. Of a member twice it is the name. */
static const char *words_of(json_error_t *error)
{
    char *near = strstr(error->text, " near '");

    switch ((int)json_error_code(error)) {
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "the character \\u0000 is not allowed in a text";
    case json_error_duplicate_key:
        return error->text;
    default:
        if (near)
            *near = '\0';
        return error->text;
    }
}

enum zdd_err zdd_json_read(const char *text, size_t size, json_t **ret_json,
                           struct zdd_json_error *ret_error)
{
    json_error_t error;
    json_t *json;
    size_t deep;

    if (size == 0) {
        fail_at(ret_error, 1, 1, "a JSON value is expected, but the text is empty");
        return ZDD_ERR_BODY_MALFORMED;
    }
    json = zdd_json_quick(text, size);
    if (json) {
        *ret_json = json;
        return ZDD_ERR_NONE;
    }
    deep = too_deep_at(text, size);
    if (deep < size) {
        fail_deep(ret_error, text, deep);
        return ZDD_ERR_BODY_MALFORMED;
    }
    memory_lacked = false;
    json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!json && memory_lacked)
        return ZDD_ERR_NO_MEMORY;
    if (!json) {
        fail_at(ret_error, error.line, error.column, words_of(&error));
        return ZDD_ERR_BODY_MALFORMED;
    }
    *ret_json = json;
    return ZDD_ERR_NONE;
}

/* Each value but the first one of all stands behind a comma, or is the first one in its container.
 */
size_t zdd_json_count(const char *text, size_t size)
{
    size_t count = 1;
    bool in_string = false;

    for (size_t i = 0; i < size; i++) {
        const char byte = text[i];

        if (in_string && byte == '\\')
            i++;
        else if (byte == '"')
            in_string = !in_string;
        else if (!in_string && (byte == ',' || byte == '[' || byte == '{'))
            count++;
    }
    return count;
}

char *zdd_json_canonical(const json_t *json)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_writer w = {.buf = &buf};

    zdd_w_json(&w, NULL, json);
    return buf.err == ZDD_ERR_NONE ? zdd_buf_take(&buf) : NULL;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **zdd_json_keys(const json_t *object)
{
    const size_t count = json_object_size(object);
    const char **keys = calloc(count + 1, sizeof(*keys));
    size_t used = 0;

    if (!keys)
        return NULL;
    /* The iterators take no const, but they change nothing. */
    for (void *at = json_object_iter((json_t *)(uintptr_t)object); at && used < count;
         at = json_object_iter_next((json_t *)(uintptr_t)object, at))
        keys[used++] = json_object_iter_key(at);
    qsort(keys, used, sizeof(*keys), compare_keys);
    return keys;
}

static bool same_objects(const json_t *a, const json_t *b)
{
    if (json_object_size(a) != json_object_size(b))
        return false;
    for (void *at = json_object_iter((json_t *)(uintptr_t)a); at;
         at = json_object_iter_next((json_t *)(uintptr_t)a, at)) {
        const json_t *other = json_object_get(b, json_object_iter_key(at));

        if (!other || !zdd_json_same(json_object_iter_value(at), other))
            return false;
    }
    return true;
}

static bool same_arrays(const json_t *a, const json_t *b)
{
    if (json_array_size(a) != json_array_size(b))
        return false;
    for (size_t i = 0; i < json_array_size(a); i++) {
        if (!zdd_json_same(json_array_get(a, i), json_array_get(b, i)))
            return false;
    }
    return true;
}

bool zdd_json_same(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b))
        return json_integer_value(a) == json_integer_value(b);
    if (json_is_number(a) && json_is_number(b))
        return json_number_value(a) == json_number_value(b);
    if (!a || !b || json_typeof(a) != json_typeof(b))
        return a == b;
    if (json_is_object(a))
        return same_objects(a, b);
    if (json_is_array(a))
        return same_arrays(a, b);
    return json_equal(a, b);
}

const char *zdd_json_text(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : otherwise;
}

int64_t zdd_json_int(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    double real;

    if (json_is_integer(value))
        return json_integer_value(value);
    if (!json_is_real(value))
        return otherwise;
    real = json_real_value(value);
    if (real >= INT64_LIMIT)
        return INT64_MAX;
    return real <= -INT64_LIMIT ? INT64_MIN : (int64_t)real;
}

double zdd_json_real(const json_t *object, const char *key, double otherwise)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : otherwise;
}

int zdd_json_bool(const json_t *object, const char *key, int otherwise)
{
    const json_t *value = json_object_get(object, key);

    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

bool zdd_json_token_is(const char *token, size_t size, const char *key)
{
    size_t i = 0;

    for (; i < size && *key; i++, key++) {
        char wanted = token[i];

        if (wanted == '~') {
            if (++i == size || (token[i] != '0' && token[i] != '1'))
                return false;
            wanted = token[i] == '0' ? '~' : '/';
        }
        if (wanted != *key)
            return false;
    }
    return i == size && !*key;
}

static json_t *member_at(const json_t *object, const char *token, size_t size)
{
    for (void *at = json_object_iter((json_t *)(uintptr_t)object); at;
         at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
        if (zdd_json_token_is(token, size, json_object_iter_key(at)))
            return json_object_iter_value(at);
    }
    return NULL;
}

static json_t *element_at(const json_t *array, const char *token, size_t size)
{
    size_t index = 0;

    if (size == 0 || size > 9 || (token[0] == '0' && size > 1)) /* "01" is no index (RFC 6901) */
        return NULL;
    for (size_t i = 0; i < size; i++) {
        if (token[i] < '0' || token[i] > '9')
            return NULL;
        index = index * 10 + (size_t)(token[i] - '0');
    }
    return json_array_get(array, index);
}

json_t *zdd_json_at(const json_t *json, const char *pointer)
{
    json_t *at = (json_t *)(uintptr_t)json; /* borrowed from whoever owns the document */

    while (at && *pointer) {
        size_t size;

        if (*pointer++ != '/')
            return NULL;
        size = strcspn(pointer, "/");
        at = json_is_array(at) ? element_at(at, pointer, size) : member_at(at, pointer, size);
        pointer += size;
    }
    return at;
}
