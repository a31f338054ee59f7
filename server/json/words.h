/**
 * @file server/json/words.h
 * @brief The pieces sentences about wrong JSON are made of.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

#define ZDD_WORDS_QUOTE_SIZE 48 /* enough for any text of zdd_words_quote() */
#define ZDD_WORDS_VALUE_SIZE 64 /* enough for any text of zdd_words_value() */

/** Take away a UTF-8 character that lost its end when @p text was cut to fit. */
void zdd_words_trim(char *text);

/** Copy @p text, cut to fit in @p size bytes at the end of a character. */
void zdd_words_cut(const char *text, char *ret_text, size_t size);

/** Replace by "?" what is no UTF-8: the text can be a JSON string. */
void zdd_words_utf8(char *text);

/** Replace by "?" what is no UTF-8 and every control character: the text stays one line, and can be
 * a JSON string. */
void zdd_words_plain(char *text);

/** Write `"abc"` with its quotes; long text is cut, control characters become "?". */
void zdd_words_quote(const char *value, char ret_text[static ZDD_WORDS_QUOTE_SIZE]);

/**
 * Describe a value for people: `the text "abc"`, `3.5`, `true`, `null`, `an array`, and `nothing`
 * for NULL. Long text is cut.
 */
void zdd_words_value(const json_t *json, char ret_text[static ZDD_WORDS_VALUE_SIZE]);

/** Write @p value as short as it can be read back, without a fraction when it has none. */
void zdd_words_number(double value, char ret_text[static 32]);

/** @return the one of @p names that @p name was meant to be, NULL when none is close */
const char *zdd_words_nearest(const char *name, const char *const names[], size_t count);

/** Write `"a", "b", "c"`; the last ones are left out, with "…", when they do not fit. */
void zdd_words_list(const char *const names[], size_t count, char *ret_text, size_t size);
