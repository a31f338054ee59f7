/**
 * @file storage/migrate.h
 * @brief PRIVATE to storage/: numbered steps from an older schema to the present one.
 */
#pragma once

#include "storage/db.h"

#include <stddef.h>

/** The steps have the numbers 1, 2, … without gaps. */
struct zdd_migration {
    int version;     /* user_version of the file after it */
    const char *sql; /* statements without BEGIN and COMMIT */
};

/** The program's own steps. */
extern const struct zdd_migration zdd_migrations[];
extern const size_t zdd_migration_count;

/**
 * Whose file is it, and how old?
 * @param[out] ret_version  0 for an empty file; set when it could be read
 * @return ZDD_ERR_NONE; ZDD_ERR_STORE_CANNOT_OPEN when it is the database of another program; or a
 * failure of the database
 */
ZDD_MUST_CHECK enum zdd_err zdd_schema_version(struct zdd_conn *conn, int *ret_version);

/**
 * Take the file from @p found to the newest version; each step is a transaction of its own together
 * with its number, so that an interruption leaves a file that some version knows.
 * @return ZDD_ERR_NONE; ZDD_ERR_STORE_NEWER; or a failure of the database
 */
ZDD_MUST_CHECK enum zdd_err zdd_migrate(struct zdd_conn *conn, const struct zdd_migration list[],
                                        size_t count, int found);
