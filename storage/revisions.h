/**
 * @file storage/revisions.h
 * @brief Every definition this service deployed, per app, newest first.
 */
#pragma once

#include "storage/store.h"
#include "strategies/model/limits.h"

struct zdd_revision {
    int64_t number; /* 1, 2, … per app */
    const char *app_id;
    const char *run_id;  /* the deployment that brought it */
    const char *digest;  /* of the definition: "sha256:…" */
    const char *version; /* Marathon's, "" unknown */
    int64_t created_at_ms;
    const char *definition; /* canonical JSON */
};
/** Note that @p definition was carried out; the number is given here. */
ZDD_MUST_CHECK enum zdd_err zdd_revision_append(struct zdd_tx *tx,
                                                const struct zdd_revision *revision);
/** Newest first; numbers below @p before (0: all). */
ZDD_MUST_CHECK enum zdd_err
zdd_revision_list(struct zdd_store *store, const char *app_id, int64_t before, int limit,
                  bool (*visit)(void *cls, const struct zdd_revision *revision), void *cls);
/** @return how many @p app_id has */
ZDD_MUST_CHECK enum zdd_err zdd_revision_count(struct zdd_store *store, const char *app_id,
                                               int64_t *ret_count);
