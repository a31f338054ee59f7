/**
 * @file storage/columns.h
 * @brief PRIVATE to storage/: wide rows as tables of fields, bound and read by one loop.
 *
 * An X-list names each column, its kind and the member it is kept in; the SQL and
 * the table of offsets both come from it, so they cannot fall apart.
 */
#pragma once

#include "storage/db.h"

#include <stddef.h>
#include <stdint.h>

/* How a member is stored. Those from PHASE on are enums, stored as their public text. */
enum zdd_column_kind {
    ZDD_COLUMN_TEXT, /* char array, NUL-terminated */
    ZDD_COLUMN_INT32,
    ZDD_COLUMN_INT64,
    ZDD_COLUMN_BOOL,
    ZDD_COLUMN_REAL,
    ZDD_COLUMN_PROGRAM,  /* struct zdd_program, as its text */
    ZDD_COLUMN_GATES,    /* struct zdd_gates, as its text */
    ZDD_COLUMN_VERIFIES, /* struct zdd_verifies, as its text */
    ZDD_COLUMN_TRIAL,    /* struct zdd_trial, as its text */
    ZDD_COLUMN_PHASE,
    ZDD_COLUMN_HOLD,
    ZDD_COLUMN_COMMAND,
    ZDD_COLUMN_CAUSE,
    ZDD_COLUMN_OUTCOME,
    ZDD_COLUMN_ACTION,
    ZDD_COLUMN_ON_FAILURE,
    ZDD_COLUMN_REPLACE_RULE,
    ZDD_COLUMN_SERVING,
    ZDD_COLUMN_ORDER
};

struct zdd_column {
    enum zdd_column_kind kind;
    size_t offset;
    size_t size;
};

/* For X-lists: one row of the table, and the pieces of SQL. */
#define ZDD_COLUMN_OF(type, kind, member)                                                          \
    {                                                                                              \
        ZDD_COLUMN_##kind, offsetof(type, member), sizeof(((type *)0)->member)                     \
    }
#define ZDD_COLUMN_NAME(column, kind, member) ", " #column
#define ZDD_COLUMN_PARAMETER(column, kind, member) ", :" #column
#define ZDD_COLUMN_SET(column, kind, member) ", " #column " = :" #column

/** Bind the members of @p object to the places from @p place on. */
void zdd_columns_bind(struct zdd_stmt *stmt, int place, const struct zdd_column columns[],
                      size_t count, const void *object);

/** Read the columns of the present row from @p first on into @p object; what cannot be sticks. */
void zdd_columns_read(struct zdd_stmt *stmt, int first, const struct zdd_column columns[],
                      size_t count, void *object);

/** Read one enum that is stored as its text. @return its value; 0 when it sticks as damaged */
int zdd_column_word(struct zdd_stmt *stmt, int column, enum zdd_column_kind kind);
