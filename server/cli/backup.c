/**
 * @file server/cli/backup.c
 * @brief backup: a copy of the database while the server runs.
 */
#include "storage/backup.h"

#include "server/cli/cli.h"

#include <stdio.h>

#define REASON_SIZE 300

int zdd_cli_backup(int argc, char *const *argv)
{
    const char *db = NULL;
    const char *to = NULL;
    const struct zdd_option options[] = {
        {"to", "FILE",
         "The file to write. It must not exist, and has this name only when it is "
         "complete.",
         &to},
        {"db", "FILE", "The server's database. Default: the setting (ZDD_DB, or ./zdd.db).", &db},
    };
    const struct zdd_usage usage = {
        .command = "backup",
        .text = "Copy the database as it is at one moment. The server may run and is not held up.\n"
                "To restore: stop the server, put the copy in the database's place (and remove\n"
                "FILE-wal and FILE-shm beside it), start the server.",
        .options = options,
        .option_count = 2};
    char reason[REASON_SIZE];
    struct zdd_store *store;
    enum zdd_err err;
    int code;

    if (!zdd_cli_parse(&usage, argc, argv, &code))
        return code;
    if (!to) {
        zdd_cli_say("--to is needed: the file to write");
        return ZDD_EXIT_USAGE;
    }
    store = zdd_cli_open(db, ZDD_CLI_READ);
    if (!store)
        return ZDD_EXIT_FAILED;
    err = zdd_store_backup(store, to, reason);
    zdd_store_free(store);
    if (err != ZDD_ERR_NONE) {
        zdd_cli_say("%s", reason);
        return ZDD_EXIT_FAILED;
    }
    printf("The backup is complete: %s\n", to);
    return ZDD_EXIT_OK;
}
