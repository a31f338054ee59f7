/**
 * @file storage/runs.h
 * @brief Deployments at rest. One live one per app, and per pair of apps (model/colours.h): a
 * unique partial index says so.
 */
#pragma once

#include "storage/store.h"
#include "storage/text.h"
#include "strategies/model/run.h"

/** What to do when the app, or its pair, has a live deployment. */
enum zdd_when_busy { ZDD_WHEN_BUSY_REJECT, ZDD_WHEN_BUSY_QUEUE, ZDD_WHEN_BUSY_SUPERSEDE };

/**
 * Insert a deployment; run->id, plan_id, app_id, strategy, created_*, reason, wake_at_ms must be
 * set. It is active at once when its lock has no live one; else by @p when_busy: ZDD_ERR_APP_BUSY,
 * or it is queued (active false) behind it. SUPERSEDE also ends all that are queued (phase
 * canceled, cause superseded), and leaves the command abort with the live one, in place of one that
 * waited, unless it goes back already; superseded_by of each names the new one.
 *
 * @param labels       JSON object text, kept as it is; NULL for none
 * @param[out] ret_busy id of the live deployment when there is one, else ""; set on success and on
 * ZDD_ERR_APP_BUSY
 */
ZDD_MUST_CHECK enum zdd_err zdd_run_insert(struct zdd_tx *tx, struct zdd_run *run,
                                           const char *labels, enum zdd_when_busy when_busy,
                                           char ret_busy[static ZDD_ID_SIZE]);

/** @return ZDD_ERR_NONE, ZDD_ERR_RUN_UNKNOWN or a store error. @p ret_labels may be NULL; to be
 * freed. */
ZDD_MUST_CHECK enum zdd_err zdd_run_load(struct zdd_store *store, const char *id,
                                         struct zdd_run *ret_run, char **ret_labels);
/** The same inside a transaction. */
ZDD_MUST_CHECK enum zdd_err zdd_run_load_tx(struct zdd_tx *tx, const char *id,
                                            struct zdd_run *ret_run);

/**
 * The engine's only way to move a deployment: write every field of @p run but id, plan_id, app_id,
 * strategy, created_*, reason, command, where the stored revision is @p revision; the stored one
 * becomes revision + 1 and so does run->revision. The stored command is cleared only when @p
 * take_command, and only if it still is run->command (a newer command survives, and the deployment
 * is due at once; but a promote that was said of the step before does not). run->command and
 * superseded_by are then what is stored. `active` becomes false when the phase is final, and the
 * oldest deployment queued for the lock becomes active and due.
 *
 * @param[out] ret_next  id of the deployment that became active, else ""
 * @return ZDD_ERR_NONE; ZDD_ERR_REVISION_STALE and nothing is changed; or a store error
 */
ZDD_MUST_CHECK enum zdd_err zdd_run_advance(struct zdd_tx *tx, struct zdd_run *run,
                                            int64_t revision, bool take_command,
                                            char ret_next[static ZDD_ID_SIZE]);

/**
 * Leave an operator's command and make the deployment due. Never touches the phase or the revision,
 * except that `abort` of a queued deployment cancels it here and now (no engine looks at it).
 *
 * @param revision  what the caller looked at (If-Match); -1: any
 * @return ZDD_ERR_NONE; ZDD_ERR_RUN_UNKNOWN; ZDD_ERR_RUN_STALE; ZDD_ERR_RUN_FINISHED;
 * ZDD_ERR_COMMAND_REFUSED (zdd_run_allows() says no, or another command still waits; *ret_run
 * is filled then too); or a store error
 */
ZDD_MUST_CHECK enum zdd_err zdd_run_command(struct zdd_tx *tx, const char *id, int64_t revision,
                                            enum zdd_command command, int64_t now_ms,
                                            struct zdd_run *ret_run);

/** The same for @p run as it was just loaded in this transaction, with the command's value (see
 * zdd_run.command_value). */
ZDD_MUST_CHECK enum zdd_err zdd_run_tell(struct zdd_tx *tx, enum zdd_command command, int32_t value,
                                         int64_t now_ms, struct zdd_run *run);

struct zdd_run_filter {
    const char *app_id;         /* exact, or NULL */
    const char *app_prefix;     /* as in zdd_plan_filter */
    int state;                  /* enum zdd_state, or -1 for any */
    bool unended;               /* only those that have not ended */
    const char *strategy;       /* or NULL */
    int64_t since_ms, until_ms; /* created in [since, until); 0: open */
    const char *before_id;      /* page; NULL starts with the newest; unknown: an empty page */
    int limit;                  /* 1..200 */
};

/** A deployment of a list, while it is visited. */
struct zdd_run_peek {
    const char *id; /* borrowed */
    int64_t revision;
    int64_t no;            /* storage's own */
    struct zdd_conn *conn; /* storage's own */
};

/**
 * Newest first, in the order of insertion, which is that of the ids unless the clock was set back
 * (by up to an hour: then times are still exact). @p visit returns false to stop. It is told only
 * which deployment in which revision, as most callers have the rest at hand: zdd_run_peek_load().
 */
ZDD_MUST_CHECK enum zdd_err zdd_run_list(struct zdd_store *store,
                                         const struct zdd_run_filter *filter,
                                         bool (*visit)(void *cls, const struct zdd_run_peek *peek),
                                         void *cls);

/** The whole deployment as the list sees it: in that revision, whatever happens meanwhile. From
 * inside the visitor only. @return ZDD_ERR_NONE or a store error; @p ret_labels as in
 * zdd_run_load() */
ZDD_MUST_CHECK enum zdd_err zdd_run_peek_load(const struct zdd_run_peek *peek,
                                              struct zdd_run *ret_run, char **ret_labels);

/** Ids of the deployments queued for the lock of the app, oldest first: whoever supersedes them
 * writes their events. Call it before zdd_run_insert(), which cancels them. */
ZDD_MUST_CHECK enum zdd_err zdd_run_queued(struct zdd_tx *tx, const char *app_id,
                                           bool (*visit)(void *cls, const char *id), void *cls);

/** All live (active, not ended) deployments, for the engine at its start. */
ZDD_MUST_CHECK enum zdd_err zdd_run_live(struct zdd_store *store,
                                         bool (*visit)(void *cls, const char *id,
                                                       const char *app_id, int64_t wake_at_ms),
                                         void *cls);

/** Live deployment that holds the lock of an app: its id, or "" when there is none. */
ZDD_MUST_CHECK enum zdd_err zdd_run_of_app(struct zdd_store *store, const char *app_id,
                                           char ret_id[static ZDD_ID_SIZE]);
/** Number of deployments of an app, ever. */
ZDD_MUST_CHECK enum zdd_err zdd_run_count(struct zdd_store *store, const char *app_id,
                                          int64_t *ret_count);

/** Steps of a deployment: written with it, moved by the engine. */
struct zdd_step_row {
    int32_t index;
    char kind[ZDD_NAME_SIZE];
    char text[ZDD_WAITING_SIZE];
    char state[16]; /* "pending", "running", "succeeded", "failed", "skipped" */
    int64_t started_at_ms, ended_at_ms, deadline_at_ms; /* 0: not yet */
};
ZDD_MUST_CHECK enum zdd_err zdd_step_insert(struct zdd_tx *tx, const char *run_id,
                                            const struct zdd_step_row *step);
/** Write the state of step @p step->index, its times that are not 0, and, if not NULL, its evidence
 * (JSON text). */
ZDD_MUST_CHECK enum zdd_err zdd_step_update(struct zdd_tx *tx, const char *run_id,
                                            const struct zdd_step_row *step, const char *evidence);
/** Keep a round of checks (JSON text) with the step, behind those before; when they are more than
 * 64 KiB, all but the newest go. */
ZDD_MUST_CHECK enum zdd_err zdd_step_add_round(struct zdd_tx *tx, const char *run_id, int32_t index,
                                               const char *round);
/** The rounds of a step with a comma between, "" for none; to be released. */
ZDD_MUST_CHECK enum zdd_err zdd_step_rounds(struct zdd_tx *tx, const char *run_id, int32_t index,
                                            struct zdd_text *ret_rounds);
ZDD_MUST_CHECK enum zdd_err zdd_step_list(struct zdd_store *store, const char *run_id,
                                          bool (*visit)(void *cls, const struct zdd_step_row *step,
                                                        const char *evidence),
                                          void *cls);
/** One step; ZDD_ERR_RUN_UNKNOWN when there is none with this index. */
ZDD_MUST_CHECK enum zdd_err zdd_step_load(struct zdd_store *store, const char *run_id,
                                          int32_t index, struct zdd_step_row *ret_step,
                                          int32_t *ret_count);
