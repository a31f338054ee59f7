/**
 * @file deploy/lab/labels.c
 * @brief Label selectors: `a, b==c, d!=e, f in (g,h), i notin (j)` (LabelSelector).
 */
#include "deploy/lab/api.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define WORD_SIZE 256

/* A word ends at a character outside A-Za-z0-9._- unless that is escaped. @return false when there
 * is none */
static bool read_word(const char **at, char ret[static WORD_SIZE])
{
    size_t size = 0;

    while (isspace((unsigned char)**at))
        (*at)++;
    while (**at && size + 1 < WORD_SIZE) {
        if (**at == '\\' && (*at)[1])
            (*at)++;
        else if (!isalnum((unsigned char)**at) && !strchr("._-", **at))
            break;
        ret[size++] = *(*at)++;
    }
    ret[size] = '\0';
    while (isspace((unsigned char)**at))
        (*at)++;
    return size > 0;
}

static bool accept(const char **at, const char *token)
{
    const size_t size = strlen(token);

    if (strncmp(*at, token, size) != 0)
        return false;
    *at += size;
    return true;
}

/* "(a, b)": does it hold @p value? */
static bool read_set(const char **at, const char *value, bool *ret_found)
{
    char word[WORD_SIZE];

    *ret_found = false;
    if (!accept(at, "("))
        return false;
    do {
        if (!read_word(at, word))
            return false;
        *ret_found = *ret_found || strcmp(word, value) == 0;
    } while (accept(at, ","));
    return accept(at, ")");
}

/* One clause; every operator needs the key to exist. @return false when it cannot be read */
static bool read_clause(const char **at, const json_t *labels, bool *ret_fits)
{
    char key[WORD_SIZE];
    char word[WORD_SIZE];
    const char *value;
    bool found;

    if (!read_word(at, key))
        return false;
    value = json_string_value(json_object_get(labels, key));
    *ret_fits = value != NULL;
    if (accept(at, "==") || accept(at, "!=")) {
        const bool equal = (*at)[-2] == '=';

        if (!read_word(at, word))
            return false;
        *ret_fits = value && (strcmp(value, word) == 0) == equal;
    } else if (isalpha((unsigned char)**at)) {
        const bool inside = !accept(at, "notin");

        if (inside && !accept(at, "in"))
            return false;
        while (isspace((unsigned char)**at))
            (*at)++;
        if (!read_set(at, value ? value : "", &found))
            return false;
        *ret_fits = value && found == inside;
    }
    while (isspace((unsigned char)**at))
        (*at)++;
    return true;
}

bool zdd_lab_labels_fit(const json_t *labels, const char *selector, bool *ret_valid)
{
    bool all = true;
    bool fits = false;

    do {
        if (!read_clause(&selector, labels, &fits)) {
            *ret_valid = false;
            return false;
        }
        all = all && fits;
    } while (accept(&selector, ","));
    *ret_valid = !*selector;
    return all && *ret_valid;
}
