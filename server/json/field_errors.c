/**
 * @file server/json/field_errors.c
 * @brief Noting what is wrong, and where.
 */
#include "server/json/fields.h"

#include "server/json/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KNOWN_MAX 8 /* so many known members are listed for an unknown one */

void zdd_field_error_add(struct zdd_field_errors *errors, const char *pointer, const char *format,
                         ...)
{
    struct zdd_field_error *error;
    va_list args;

    if (errors->count++ >= ZDD_FIELD_ERROR_MAX)
        return;
    error = &errors->error[errors->count - 1];
    snprintf(error->pointer, sizeof(error->pointer), "%s", pointer);
    zdd_words_trim(error->pointer);
    va_start(args, format);
    vsnprintf(error->detail, sizeof(error->detail), format, args);
    va_end(args);
    zdd_words_trim(error->detail);
}

void zdd_field_pointer(char ret_pointer[static ZDD_FIELD_POINTER_SIZE], const char *pointer,
                       const char *name)
{
    char whole[ZDD_FIELD_POINTER_SIZE]; /* apart, so that both may be the same */
    size_t used = strnlen(pointer, sizeof(whole) - 2);

    memcpy(whole, pointer, used);
    whole[used++] = '/';
    for (; *name && used + 3 < sizeof(whole); name++) {
        if (*name == '~' || *name == '/')
            whole[used++] = '~';
        whole[used++] = *name;
        if (*name == '~' || *name == '/')
            whole[used - 1] = *name == '~' ? '0' : '1';
    }
    whole[used] = '\0';
    zdd_words_trim(whole);
    memcpy(ret_pointer, whole, strlen(whole) + 1);
}

void zdd_field_unknown(struct zdd_field_errors *errors, const char *pointer, const char *name,
                       const char *const known[], size_t count)
{
    const char *nearest;
    char full[ZDD_FIELD_POINTER_SIZE];
    char list[150];

    if (errors->count >=
        ZDD_FIELD_ERROR_MAX) { /* nobody would read it: a megabyte of typos is cheap */
        errors->count++;
        return;
    }
    nearest = zdd_words_nearest(name, known, count);
    zdd_field_pointer(full, pointer, name);
    zdd_words_list(known, count, list, sizeof(list));
    if (nearest)
        zdd_field_error_add(errors, full, "unknown member; did you mean \"%s\"?", nearest);
    else if (count > 0 && count <= KNOWN_MAX)
        zdd_field_error_add(errors, full, "unknown member; known here: %s", list);
    else
        zdd_field_error_add(errors, full, "unknown member");
}
