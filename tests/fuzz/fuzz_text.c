/**
 * @file tests/fuzz/fuzz_text.c
 * @brief Any bytes on their way out: into JSON, into sentences, cut to fit.
 */
#include "server/base/buf.h"
#include "server/base/cleanup.h"
#include "server/json/fields.h"
#include "server/json/words.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_json_string(const char *text)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    ZDD_AUTO_JSON json_t *json = NULL;

    zdd_buf_json_string(&buf, text);
    FUZZ_CHECK(buf.err == ZDD_ERR_NONE);
    json = fuzz_must_json(buf.data, buf.size);
    FUZZ_CHECK(json_is_string(json));
    if (fuzz_is_utf8(text))
        FUZZ_CHECK(strcmp(json_string_value(json), text) == 0);
}

/* Cutting UTF-8 anywhere and trimming it leaves UTF-8. */
static void check_trim(const char *text)
{
    const size_t size = strlen(text);
    ZDD_AUTO_FREE char *copy = strdup(text);

    FUZZ_CHECK(copy != NULL);
    zdd_words_trim(copy);
    FUZZ_CHECK(strlen(copy) <= size && strlen(copy) + 3 >= size);
    if (!fuzz_is_utf8(text))
        return;
    FUZZ_CHECK(strcmp(copy, text) == 0);
    for (size_t cut = size; cut > 0 && cut + 5 > size; cut--) {
        memcpy(copy, text, size + 1);
        copy[cut] = '\0';
        zdd_words_trim(copy);
        FUZZ_CHECK(fuzz_is_utf8(copy));
    }
}

static void check_cut(const char *text)
{
    ZDD_AUTO_FREE char *copy = strdup(text);
    char narrow[10];

    FUZZ_CHECK(copy != NULL);
    zdd_words_utf8(copy);
    FUZZ_CHECK(fuzz_is_utf8(copy) && strlen(copy) == strlen(text));
    if (fuzz_is_utf8(text))
        FUZZ_CHECK(strcmp(copy, text) == 0);
    zdd_words_cut(copy, narrow, sizeof(narrow));
    FUZZ_CHECK(fuzz_is_utf8(narrow) && strncmp(narrow, copy, strlen(narrow)) == 0);
    FUZZ_CHECK(strlen(narrow) == strlen(copy) || strlen(narrow) + 4 >= sizeof(narrow));
}

static void check_words(const char *text)
{
    static const char *const known[] = {"strategy", "appId", "options", "deadlineSeconds"};
    char quote[ZDD_WORDS_QUOTE_SIZE], pointer[ZDD_FIELD_POINTER_SIZE] = "#";
    struct zdd_field_errors errors = {0};

    zdd_words_quote(text, quote);
    FUZZ_CHECK(strlen(quote) >= 2 && !strpbrk(quote, "\r\n"));
    (void)zdd_words_nearest(text, known, sizeof(known) / sizeof(known[0]));
    if (!fuzz_is_utf8(text))
        return; /* names of members come out of JSON */
    FUZZ_CHECK(fuzz_is_utf8(quote));
    for (int depth = 0; depth < 20; depth++) {
        zdd_field_pointer(pointer, pointer, text);
        FUZZ_CHECK(fuzz_is_pointer(pointer));
    }
    zdd_field_unknown(&errors, "#", text, known, sizeof(known) / sizeof(known[0]));
    FUZZ_CHECK(errors.count == 1 && fuzz_is_utf8(errors.error[0].detail));
}

static void check_number(double value)
{
    char text[32];
    ZDD_AUTO_JSON json_t *json = NULL;

    if (value - value != 0)
        return; /* NaN and infinities are no JSON */
    zdd_words_number(value, text);
    json = fuzz_must_json(text, strlen(text));
    FUZZ_CHECK(json_is_number(json));
    FUZZ_CHECK(json_number_value(json) == value || (value > 1e15 || value < -1e15));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 1);
    double value;

    check_json_string(parts.text[0]);
    check_trim(parts.text[0]);
    check_cut(parts.text[0]);
    check_words(parts.text[0]);
    if (size >= sizeof(value)) {
        memcpy(&value, data, sizeof(value));
        check_number(value);
    }
    return 0;
}
