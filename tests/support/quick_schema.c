/**
 * @file tests/support/quick_schema.c
 * @brief One schema, made once and copied.
 */
#include "tests/support/quick_schema.h"

#include "storage/migrate.h"

#include <pthread.h>
#include <sqlite3.h>

/* The linker's names: --wrap=zdd_migrate sends each call of zdd_migrate to __wrap_zdd_migrate. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
enum zdd_err __real_zdd_migrate(struct zdd_conn *conn, const struct zdd_migration list[],
                                size_t count, int found);
enum zdd_err __wrap_zdd_migrate(struct zdd_conn *conn, const struct zdd_migration list[],
                                size_t count, int found);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sqlite3 *model; /* NULL: none was made yet; kept until the process ends */
static bool off;

static enum zdd_err copy(struct zdd_conn *conn, sqlite3 *to, sqlite3 *from)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    int result = SQLITE_ERROR;

    if (backup) {
        (void)sqlite3_backup_step(backup, -1);
        result = sqlite3_backup_finish(backup);
    }
    return zdd_conn_fail(conn, result, "copy of the schema");
}

static enum zdd_err take_steps(struct zdd_conn *conn)
{
    sqlite3 *first = NULL;
    enum zdd_err err = __real_zdd_migrate(conn, zdd_migrations, zdd_migration_count, 0);

    if (err == ZDD_ERR_NONE)
        err = zdd_conn_fail(conn, sqlite3_open(":memory:", &first), "a place for the schema");
    if (err == ZDD_ERR_NONE)
        err = copy(conn, first, conn->raw);
    if (err == ZDD_ERR_NONE)
        model = first;
    else
        sqlite3_close(first);
    return err;
}

enum zdd_err __wrap_zdd_migrate(struct zdd_conn *conn, const struct zdd_migration list[],
                                size_t count, int found)
{
    enum zdd_err err;

    pthread_mutex_lock(&lock);
    if (off || found != 0 || list != zdd_migrations || count != zdd_migration_count)
        err = __real_zdd_migrate(conn, list, count, found);
    else if (model)
        err = copy(conn, conn->raw, model);
    else
        err = take_steps(conn);
    pthread_mutex_unlock(&lock);
    return err;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

void quick_schema_off(void)
{
    pthread_mutex_lock(&lock);
    off = true;
    pthread_mutex_unlock(&lock);
}
