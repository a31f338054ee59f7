/**
 * @file storage/audit.h
 * @brief Who did what: a hash chain, so that nothing can be taken out or changed unseen.
 *
 * hash = SHA-256 over the previous hash and the entry's fields in a fixed order, each with its
 * length before it (after Certificate Transparency's and Go's checksum database's idea of an
 * append-only log; a chain is enough here). The first entry hangs on 64 zeros;
 * storage/chain.h tells the order of the fields.
 *
 * Number and hash of the newest entry are kept beside the log. So a walk notices an
 * entry that was changed, added or taken out, wherever it stood, the newest too. It
 * cannot notice somebody who may write the file and computes the whole chain anew:
 * for that, note the head elsewhere from time to time, and compare.
 */
#pragma once

#include "storage/store.h"
#include "strategies/model/limits.h"

#define ZDD_HASH_SIZE 65

/** Texts are never NULL when written: "" for what does not apply. */
struct zdd_audit {
    int64_t seq;
    int64_t time_ms;
    const char *actor;  /* "token:ci", "engine", "cli:root" */
    const char *remote; /* address of the caller */
    const char *action; /* "deployment.create", "deployment.abort", "order.put-target" … */
    const char *app_id, *run_id;
    const char *reason;
    const char *result; /* "accepted", "refused: app-busy", "acked" … */
    const char *request_id;
    const char *data; /* JSON text or "" */
    const char *hash; /* hex; only when read */
};

/** Append; seq and hash of @p entry are given here. */
ZDD_MUST_CHECK enum zdd_err zdd_audit_append(struct zdd_tx *tx, const struct zdd_audit *entry);

struct zdd_audit_filter {
    const char *actor, *action, *app_id; /* exact, or NULL; an action ending in '.' is a prefix */
    const char *app_prefix;              /* as in zdd_plan_filter */
    int64_t since_ms, until_ms;          /* [since, until), 0: open */
    int64_t before_seq;                  /* page, newest first; 0 starts with the newest */
    bool oldest_first;                   /* export; then before_seq means after_seq */
    int limit;                           /* 1..1000 */
};
ZDD_MUST_CHECK enum zdd_err zdd_audit_list(struct zdd_store *store,
                                           const struct zdd_audit_filter *filter,
                                           bool (*visit)(void *cls, const struct zdd_audit *entry),
                                           void *cls);

struct zdd_audit_verdict {
    bool ok;
    int64_t entries;
    char head[ZDD_HASH_SIZE]; /* of the last good entry; zeros when empty */
    int64_t broken_seq;       /* the first entry that does not fit, when !ok */
    char why[100];
};
/** Walk the whole chain. @return ZDD_ERR_NONE also when it is broken; the verdict says so */
ZDD_MUST_CHECK enum zdd_err zdd_audit_verify(struct zdd_store *store,
                                             struct zdd_audit_verdict *ret_verdict);
