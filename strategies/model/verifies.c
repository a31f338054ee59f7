/**
 * @file strategies/model/verifies.c
 * @brief Sets of checks as text, and back.
 */
#include "strategies/model/verifies.h"

#include "strategies/model/limits.h"
#include "strategies/model/text.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum { HAS_MAX = 1, WORSE_THAN_OLD = 2, OBSERVE_ONLY = 4, FLAG_END = 8 };

void zdd_verifies_add(struct zdd_verifies *verifies, const struct zdd_verify *verify)
{
    assert(verifies->count < ZDD_VERIFY_STEP_MAX);
    assert(verify->rounds >= 1 && verify->rounds <= ZDD_ROUND_MAX);
    verifies->step[verifies->count++] = *verify;
}

const struct zdd_verify *zdd_verifies_set(const struct zdd_verifies *verifies, int32_t set)
{
    assert(set >= 0 && set <= verifies->count);
    return set == ZDD_VERIFY_BESIDE ? &verifies->beside : &verifies->step[set - 1];
}

/* The numbers of a set, in the order of its text. */
#define NUMBER_COUNT 5
static void numbers_of(struct zdd_verify *v, int32_t *ret_numbers[static NUMBER_COUNT])
{
    ret_numbers[0] = &v->rounds;
    ret_numbers[1] = &v->interval_ms;
    ret_numbers[2] = &v->failure_limit;
    ret_numbers[3] = &v->error_limit;
    ret_numbers[4] = &v->min_requests;
}

static char *print_number(char *at, int32_t value)
{
    *at++ = ' ';
    return zdd_text_append_number(at, value);
}

static char *print_counted(char *at, const struct zdd_counted *c)
{
    *at++ = ' ';
    at = zdd_text_append(at, zdd_metric_name(c->metric));
    at = print_number(at, c->place);
    at = print_number(at, (c->has_max ? HAS_MAX : 0) | (c->worse_than_old ? WORSE_THAN_OLD : 0) |
                              (c->observe_only ? OBSERVE_ONLY : 0));
    return print_number(at, c->max);
}

static char *print_set(char *at, struct zdd_verify v)
{
    int32_t *number[NUMBER_COUNT];

    numbers_of(&v, number);
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        at = zdd_text_append_number(at, *number[i]);
        *at++ = ' ';
    }
    at = zdd_text_append(at, zdd_on_inconclusive_name(v.on_inconclusive));
    for (int32_t i = 0; i < v.counted_count; i++)
        at = print_counted(at, &v.counted[i]);
    return at;
}

void zdd_verifies_print(const struct zdd_verifies *verifies,
                        char ret_text[static ZDD_VERIFIES_TEXT_SIZE])
{
    char *at = ret_text;

    if (verifies->beside.rounds > 0)
        at = print_set(at, verifies->beside);
    for (int32_t i = 0; i < verifies->count; i++) {
        *at++ = ';';
        at = print_set(at, verifies->step[i]);
    }
    *at = '\0';
}

static bool read_number(const char **at, int32_t *ret_value)
{
    return zdd_text_read_number(at, ret_value) && *(*at)++ == ' ';
}

/* A word that ends with a space, a semicolon or the text; the end is not passed. */
static bool read_word(const char **at, char word[static 24])
{
    const size_t size = strcspn(*at, " ;");

    if (size == 0 || size >= 24)
        return false;
    memcpy(word, *at, size);
    word[size] = '\0';
    *at += size;
    return true;
}

static bool read_counted(const char **at, struct zdd_counted *c)
{
    int32_t flags;
    char word[24];

    if (!read_word(at, word) || !zdd_metric_parse(word, &c->metric) || *(*at)++ != ' ' ||
        !read_number(at, &c->place) || !read_number(at, &flags) ||
        !zdd_text_read_number(at, &c->max))
        return false;
    c->has_max = flags & HAS_MAX;
    c->worse_than_old = flags & WORSE_THAN_OLD;
    c->observe_only = flags & OBSERVE_ONLY;
    return c->place < ZDD_CHECK_MAX && flags < FLAG_END;
}

static bool read_set(const char **at, struct zdd_verify *v)
{
    int32_t *number[NUMBER_COUNT];
    char word[24];

    numbers_of(v, number);
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        if (!read_number(at, number[i]))
            return false;
    }
    if (!read_word(at, word) || !zdd_on_inconclusive_parse(word, &v->on_inconclusive))
        return false;
    while (**at == ' ') {
        (*at)++;
        if (v->counted_count == ZDD_CHECK_MAX || !read_counted(at, &v->counted[v->counted_count]))
            return false;
        v->counted_count++;
    }
    return v->rounds >= 1 && v->rounds <= ZDD_ROUND_MAX;
}

bool zdd_verifies_parse(const char *text, struct zdd_verifies *ret_verifies)
{
    struct zdd_verifies verifies = {0};
    const char *at = text;

    if (*at && *at != ';' && !read_set(&at, &verifies.beside))
        return false;
    while (*at) {
        if (*at++ != ';' || verifies.count == ZDD_VERIFY_STEP_MAX ||
            !read_set(&at, &verifies.step[verifies.count]))
            return false;
        verifies.count++;
    }
    *ret_verifies = verifies;
    return true;
}
