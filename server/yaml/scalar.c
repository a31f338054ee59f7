/**
 * @file server/yaml/scalar.c
 * @brief What a plain word of YAML means.
 */
#include "server/yaml/scalar.h"

#include "strategies/model/limits.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

static bool is_among(const char *word, const char *const words[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

static bool is_null(const char *word)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};

    return is_among(word, words, ZDD_COUNT(words));
}

static bool is_true(const char *word)
{
    static const char *const words[] = {"true", "True", "TRUE"};

    return is_among(word, words, ZDD_COUNT(words));
}

static bool is_false(const char *word)
{
    static const char *const words[] = {"false", "False", "FALSE"};

    return is_among(word, words, ZDD_COUNT(words));
}

static const char *after_sign(const char *word)
{
    return word + (*word == '-' || *word == '+');
}

/* A truth value in YAML 1.1, a text in 1.2. */
static bool is_old_truth(const char *word)
{
    static const char *const words[] = {"yes", "Yes", "YES", "no",  "No",  "NO",
                                        "on",  "On",  "ON",  "off", "Off", "OFF"};

    return is_among(word, words, ZDD_COUNT(words));
}

/* Infinity or no number in YAML, and nothing that JSON has. */
static bool is_no_number(const char *word)
{
    static const char *const words[] = {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"};

    return is_among(after_sign(word), words, ZDD_COUNT(words));
}

/* "010" is 8 or 10, "0x1F" and "0b1" are numbers or texts, "1_000" and "10:30" too. */
static bool is_old_number(const char *word)
{
    const char *digits = after_sign(word);
    const size_t leading = strspn(digits, DIGITS);

    if (leading == 0)
        return false;
    if (digits[0] == '0' && strchr("xob", digits[1] ? digits[1] : ' '))
        return digits[2] && strspn(digits + 2, DIGITS "abcdefABCDEF_") == strlen(digits + 2);
    if (strspn(digits, DIGITS "_:.") != strlen(digits))
        return false;
    if (digits[0] == '0' && leading > 1)
        return true;
    return strpbrk(digits, "_:") != NULL;
}

/* [-+]? ( digits [. digits*] | . digits ) [ e [-+]? digits ]; which it is says @p ret_whole. */
static bool is_number(const char *word, bool *ret_whole)
{
    const char *at = after_sign(word);
    const size_t before = strspn(at, DIGITS);
    size_t behind = 0;

    at += before;
    *ret_whole = *at == '\0';
    if (*at == '.') {
        behind = strspn(++at, DIGITS);
        at += behind;
    }
    if (before + behind == 0)
        return false;
    if (*at == 'e' || *at == 'E') {
        at = after_sign(at + 1);
        if (strspn(at, DIGITS) == 0)
            return false;
        at += strspn(at, DIGITS);
    }
    return *at == '\0';
}

static bool number_fits(const char *word, bool whole)
{
    if (!whole)
        return isfinite(strtod(word, NULL));
    errno = 0;
    (void)strtoll(word, NULL, 10);
    return errno == 0;
}

static enum zdd_err keep(json_t *json, json_t **ret_json)
{
    if (!json)
        return ZDD_ERR_NO_MEMORY;
    *ret_json = json;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_yaml_scalar(const char *word, json_t **ret_json, const char **ret_why)
{
    bool whole;

    if (is_null(word))
        return keep(json_null(), ret_json);
    if (is_true(word) || is_false(word))
        return keep(json_boolean(is_true(word)), ret_json);
    if (is_old_truth(word)) {
        *ret_why = "can be read in two ways; write true or false, or put the text in quotes";
        return ZDD_ERR_BODY_MALFORMED;
    }
    if (is_old_number(word)) {
        *ret_why = "can be read in two ways; write a plain decimal number, or put the text in "
                   "quotes";
        return ZDD_ERR_BODY_MALFORMED;
    }
    if (is_no_number(word)) {
        *ret_why = "is no number that anything here could be; put the text in quotes if it is one";
        return ZDD_ERR_BODY_MALFORMED;
    }
    if (!is_number(word, &whole))
        return keep(json_string(word), ret_json);
    if (!number_fits(word, whole)) {
        *ret_why = "is too large a number; put it in quotes if it is a text";
        return ZDD_ERR_BODY_MALFORMED;
    }
    return keep(whole ? json_integer(strtoll(word, NULL, 10)) : json_real(strtod(word, NULL)),
                ret_json);
}
