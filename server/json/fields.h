/**
 * @file server/json/fields.h
 * @brief A table of fields reads an object into a C struct, and says by JSON Pointer what is wrong.
 *
 * Every member that no row names is an error: a typo must not be ignored.
 */
#pragma once

#include "server/json/json.h"

#include <stdbool.h>

enum zdd_field_kind {
    ZDD_FIELD_TEXT,   /* const char *: borrowed from the JSON; min/max are bytes */
    ZDD_FIELD_INT,    /* int64_t; min/max inclusive; 3.0 is accepted, 3.5 is not */
    ZDD_FIELD_REAL,   /* double; min/max inclusive */
    ZDD_FIELD_BOOL,   /* bool */
    ZDD_FIELD_CHOICE, /* int: index into `choices`, NULL-terminated */
    ZDD_FIELD_OBJECT, /* json_t *: borrowed */
    ZDD_FIELD_ARRAY,  /* json_t *: borrowed; min/max elements */
    ZDD_FIELD_LABELS, /* json_t *: borrowed object of texts; min/max members */
    ZDD_FIELD_ANY,    /* json_t *: borrowed, of any kind */
    ZDD_FIELD_END     /* last row of a table */
};

struct zdd_field {
    const char *name;
    enum zdd_field_kind kind;
    size_t offset; /* offsetof() in the caller's struct */
    bool required;
    double min, max; /* both 0: no bounds; HUGE_VAL: no end on that side */
    const char *const *choices;
    const char *text; /* what it means; also becomes the description in a JSON Schema */
};

#define ZDD_FIELD_ERROR_MAX 16
#define ZDD_FIELD_POINTER_SIZE 128

/** What is wrong, in the order found; more than fit are counted only. */
struct zdd_field_errors {
    bool no_memory; /* something could not be checked: that is no fault of whoever wrote it */
    size_t count;
    struct zdd_field_error {
        char pointer[ZDD_FIELD_POINTER_SIZE]; /* "#/options/minimumHealthCapacity" */
        char detail[200]; /* "must be a number from 0 to 1, not the text \"a\"" */
    } error[ZDD_FIELD_ERROR_MAX];
};

/**
 * Read @p object by @p fields (ended by a ZDD_FIELD_END row) into @p into.
 *
 * Absent members leave the struct as the caller initialized it (its defaults). A
 * JSON null counts as absent. All errors are collected, not only the first.
 * For an unknown member the detail names the closest known one ("did you mean …?").
 *
 * @param object   NULL counts as one without members
 * @param pointer  where @p object stands, "#" for the document itself
 * @param errors   appended to
 * @return true when nothing was wrong
 */
bool zdd_fields_read(const struct zdd_field *fields, const json_t *object, const char *pointer,
                     void *into, struct zdd_field_errors *errors);

/** The same, but members that no row names are left alone. */
bool zdd_fields_read_known(const struct zdd_field *fields, const json_t *object,
                           const char *pointer, void *into, struct zdd_field_errors *errors);

/**
 * Read one @p value, not NULL, by one row; its name, offset and `required` do not matter.
 * @return true when nothing was wrong
 */
bool zdd_field_value_read(const struct zdd_field *field, const json_t *value, const char *pointer,
                          void *into, struct zdd_field_errors *errors);

/** @return true when @p field has bounds */
bool zdd_field_bounded(const struct zdd_field *field);

/** Note one more error; @p pointer as in struct zdd_field_error. */
__attribute__((format(printf, 3, 4))) void
zdd_field_error_add(struct zdd_field_errors *errors, const char *pointer, const char *format, ...);

/** Note that the object at @p pointer has no member @p name, and which @p known one was meant. */
void zdd_field_unknown(struct zdd_field_errors *errors, const char *pointer, const char *name,
                       const char *const known[], size_t count);

/**
 * Write the pointer of member @p name below @p pointer, escaped by RFC 6901 and cut to fit.
 * Both may be the same array.
 */
void zdd_field_pointer(char ret_pointer[static ZDD_FIELD_POINTER_SIZE], const char *pointer,
                       const char *name);

/** @return a JSON Schema (2020-12) object that describes @p fields; new reference */
json_t *zdd_fields_schema(const struct zdd_field *fields);
