/**
 * @file server/json/fields.c
 * @brief A table of fields reads an object into a C struct, and says by JSON Pointer what is wrong.
 */
#include "server/json/fields.h"

#include "server/json/words.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define FIELDS_MAX 64                      /* rows of one table */
#define EXACT_INTEGER 9.007199254740992e15 /* 2^53: a real beyond may stand for another integer */

/* One member on its way from the document into the struct. */
struct reading {
    const struct zdd_field *field;
    const json_t *value;
    const char *pointer; /* of the value */
    struct zdd_field_errors *errors;
};

bool zdd_field_bounded(const struct zdd_field *field)
{
    return field->min < field->max || field->min != 0;
}

/* "from 1 to 5", or "at least 1" where the table names no end. */
static void bounds_words(const struct zdd_field *field, char ret_text[static 80])
{
    char min[32], max[32];

    zdd_words_number(field->min, min);
    zdd_words_number(field->max, max);
    if (isinf(field->max))
        snprintf(ret_text, 80, "at least %s", min);
    else if (isinf(field->min))
        snprintf(ret_text, 80, "at most %s", max);
    else
        snprintf(ret_text, 80, "from %s to %s", min, max);
}

static bool within(const struct zdd_field *field, double value)
{
    return !zdd_field_bounded(field) || (value >= field->min && value <= field->max);
}

/* Say what it must be, with its bounds if it has any, and what was found instead. */
static bool refuse(const struct reading *r, const char *must_be)
{
    char found[ZDD_WORDS_VALUE_SIZE];
    char bounds[80] = "";

    zdd_words_value(r->value, found);
    if (zdd_field_bounded(r->field))
        bounds_words(r->field, bounds);
    zdd_field_error_add(r->errors, r->pointer, "must be %s%s%s, not %s", must_be,
                        !bounds[0]         ? ""
                        : bounds[0] == 'a' ? " of " /* "at least 1" */
                                           : " ",
                        bounds, found);
    return false;
}

static bool refuse_size(const struct reading *r, const char *unit, size_t found)
{
    char bounds[80];

    bounds_words(r->field, bounds);
    zdd_field_error_add(r->errors, r->pointer, "must have %s %s, not %zu", bounds, unit, found);
    return false;
}

static bool read_text(const struct reading *r, void *into)
{
    const char *text = json_string_value(r->value);

    if (!text) {
        char found[ZDD_WORDS_VALUE_SIZE];

        zdd_words_value(r->value, found);
        zdd_field_error_add(r->errors, r->pointer, "must be text, not %s", found);
        return false;
    }
    if (!within(r->field, (double)strlen(text)))
        return refuse_size(r, "bytes", strlen(text));
    *(const char **)into = text;
    return true;
}

static bool read_int(const struct reading *r, void *into)
{
    const double real = json_number_value(r->value); /* 0 when it is no number */

    if (json_is_real(r->value) && (real != trunc(real) || fabs(real) > EXACT_INTEGER))
        return refuse(r, "a whole number");
    if (!json_is_number(r->value) || !within(r->field, real))
        return refuse(r, "a whole number");
    *(int64_t *)into = json_is_integer(r->value) ? json_integer_value(r->value) : (int64_t)real;
    return true;
}

static bool read_real(const struct reading *r, void *into)
{
    if (!json_is_number(r->value) || !within(r->field, json_number_value(r->value)))
        return refuse(r, "a number");
    *(double *)into = json_number_value(r->value);
    return true;
}

static bool read_bool(const struct reading *r, void *into)
{
    if (!json_is_boolean(r->value))
        return refuse(r, "true or false");
    *(bool *)into = json_is_true(r->value);
    return true;
}

static bool read_choice(const struct reading *r, void *into)
{
    const char *const *choices = r->field->choices;
    const char *text = json_string_value(r->value);
    char found[ZDD_WORDS_VALUE_SIZE], list[120];
    size_t count = 0;

    for (; choices[count]; count++) {
        if (text && strcmp(choices[count], text) == 0) {
            *(int *)into = (int)count;
            return true;
        }
    }
    zdd_words_value(r->value, found);
    zdd_words_list(choices, count, list, sizeof(list));
    zdd_field_error_add(r->errors, r->pointer, "must be one of %s, not %s", list, found);
    return false;
}

static bool read_labels(const struct reading *r, void *into)
{
    const size_t errors_before = r->errors->count;
    const char *key;
    json_t *object = (json_t *)(uintptr_t)r->value; /* the walk below changes nothing */
    json_t *value;

    if (!json_is_object(object)) {
        char found[ZDD_WORDS_VALUE_SIZE];

        zdd_words_value(object, found);
        zdd_field_error_add(r->errors, r->pointer, "must be an object of texts, not %s", found);
        return false;
    }
    if (!within(r->field, (double)json_object_size(object)))
        return refuse_size(r, "members", json_object_size(object));
    json_object_foreach(object, key, value)
    {
        char pointer[ZDD_FIELD_POINTER_SIZE], found[ZDD_WORDS_VALUE_SIZE];

        if (json_is_string(value))
            continue;
        zdd_field_pointer(pointer, r->pointer, key);
        zdd_words_value(value, found);
        zdd_field_error_add(r->errors, pointer, "must be text, not %s", found);
    }
    *(json_t **)into = object;
    return r->errors->count == errors_before;
}

static bool read_container(const struct reading *r, void *into)
{
    const bool is_array = r->field->kind == ZDD_FIELD_ARRAY;
    json_t *value =
        (json_t *)(uintptr_t)r->value; /* lent on to the caller, who owns the document */
    char found[ZDD_WORDS_VALUE_SIZE];

    if (is_array ? !json_is_array(value) : !json_is_object(value)) {
        zdd_words_value(value, found);
        zdd_field_error_add(r->errors, r->pointer, "must be %s, not %s",
                            is_array ? "an array" : "an object", found);
        return false;
    }
    if (is_array && !within(r->field, (double)json_array_size(value)))
        return refuse_size(r, "elements", json_array_size(value));
    *(json_t **)into = value;
    return true;
}

static bool read_value(const struct reading *r, void *into)
{
    switch (r->field->kind) {
    case ZDD_FIELD_TEXT:
        return read_text(r, into);
    case ZDD_FIELD_INT:
        return read_int(r, into);
    case ZDD_FIELD_REAL:
        return read_real(r, into);
    case ZDD_FIELD_BOOL:
        return read_bool(r, into);
    case ZDD_FIELD_CHOICE:
        return read_choice(r, into);
    case ZDD_FIELD_LABELS:
        return read_labels(r, into);
    case ZDD_FIELD_OBJECT:
    case ZDD_FIELD_ARRAY:
        return read_container(r, into);
    case ZDD_FIELD_ANY:
        *(json_t **)into = (json_t *)(uintptr_t)r->value; /* lent on, as above */
        return true;
    case ZDD_FIELD_END:
        break;
    }
    assert(false && "a field of no kind");
    return false;
}

static void find_unknown(const struct zdd_field *fields, const json_t *object, const char *pointer,
                         struct zdd_field_errors *errors)
{
    const char *known[FIELDS_MAX];
    size_t count = 0;
    json_t *members = (json_t *)(uintptr_t)object; /* the walk below changes nothing */
    const char *key;
    json_t *value;

    for (; fields[count].kind != ZDD_FIELD_END; count++) {
        assert(count < FIELDS_MAX);
        known[count] = fields[count].name;
    }
    json_object_foreach(members, key, value)
    {
        size_t i = 0;

        while (i < count && (known[i][0] != key[0] || strcmp(known[i], key) != 0))
            i++;
        if (i == count)
            zdd_field_unknown(errors, pointer, key, known, count);
    }
}

bool zdd_field_value_read(const struct zdd_field *field, const json_t *value, const char *pointer,
                          void *into, struct zdd_field_errors *errors)
{
    return read_value(&(struct reading){field, value, pointer, errors}, into);
}

static void read_field(const struct zdd_field *field, const json_t *object, const char *pointer,
                       void *into, struct zdd_field_errors *errors)
{
    const json_t *value = json_object_get(object, field->name);
    const bool absent = !value || json_is_null(value);
    char full[ZDD_FIELD_POINTER_SIZE];

    if (absent && !field->required)
        return;
    zdd_field_pointer(full, pointer, field->name);
    if (absent)
        zdd_field_error_add(errors, full, "is required");
    else
        zdd_field_value_read(field, value, full, (char *)into + field->offset, errors);
}

bool zdd_fields_read_known(const struct zdd_field *fields, const json_t *object,
                           const char *pointer, void *into, struct zdd_field_errors *errors)
{
    const size_t errors_before = errors->count;

    if (object && !json_is_object(object)) {
        char found[ZDD_WORDS_VALUE_SIZE];

        zdd_words_value(object, found);
        zdd_field_error_add(errors, pointer, "must be an object, not %s", found);
        return false;
    }
    for (const struct zdd_field *field = fields; field->kind != ZDD_FIELD_END; field++)
        read_field(field, object, pointer, into, errors);
    return errors->count == errors_before;
}

bool zdd_fields_read(const struct zdd_field *fields, const json_t *object, const char *pointer,
                     void *into, struct zdd_field_errors *errors)
{
    const size_t errors_before = errors->count;

    if (zdd_fields_read_known(fields, object, pointer, into, errors) || !object ||
        json_is_object(object))
        find_unknown(fields, object, pointer, errors);
    return errors->count == errors_before;
}
