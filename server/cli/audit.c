/**
 * @file server/cli/audit.c
 * @brief audit verify: is the chain whole?
 */
#include "storage/audit.h"
#include "server/cli/cli.h"

#include <inttypes.h>
#include <stdio.h>

int zdd_cli_audit_verify(int argc, char *const *argv)
{
    const char *db = NULL;
    const struct zdd_option options[] = {
        {"db", "FILE", "A database or a backup of one. Default: the setting (ZDD_DB, or ./zdd.db).",
         &db},
    };
    const struct zdd_usage usage = {
        .command = "audit verify",
        .text =
            "Compute every hash of the audit chain anew. Exit code 0: it is whole; 1: an entry\n"
            "was changed or taken out, and which one. Works while the server runs.",
        .options = options,
        .option_count = 1};
    struct zdd_audit_verdict verdict;
    struct zdd_store *store;
    enum zdd_err err;
    int code;

    if (!zdd_cli_parse(&usage, argc, argv, &code))
        return code;
    store = zdd_cli_open(db, ZDD_CLI_READ);
    if (!store)
        return ZDD_EXIT_FAILED;
    err = zdd_audit_verify(store, &verdict);
    zdd_store_free(store);
    if (err != ZDD_ERR_NONE) {
        zdd_cli_say("%s", zdd_err_text(err));
        return ZDD_EXIT_FAILED;
    }
    if (!verdict.ok) {
        zdd_cli_say("the audit chain is broken at entry %" PRId64 ": %s; %" PRId64
                    " entries before it are good",
                    verdict.broken_seq, verdict.why, verdict.entries);
        return ZDD_EXIT_FAILED;
    }
    printf("ok: %" PRId64 " entries, head sha256:%s\n", verdict.entries, verdict.head);
    return ZDD_EXIT_OK;
}
