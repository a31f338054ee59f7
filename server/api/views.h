/**
 * @file server/api/views.h
 * @brief Deployments as callers see them, as text: written once, served until they change.
 *
 * What callers see follows from a deployment's revision and its plan, which never changes. The
 * latest of them are kept, at most 8 MiB in all. They are never served stale: see storage/stamps.h.
 */
#pragma once

#include "server/api/notes.h"
#include "storage/runs.h"

#include <stdatomic.h>

/** One deployment in one revision; nobody changes it. */
struct zdd_view {
    _Atomic unsigned users;
    int64_t revision;
    bool ended;
    char id[ZDD_ID_SIZE];
    char app_id[ZDD_APP_ID_SIZE];
    size_t size;
    char text[]; /* JSON, NUL-terminated */
};

#define ZDD_AUTO_VIEW __attribute__((cleanup(zdd_view_auto)))

struct zdd_views;

/** @return NULL without memory */
struct zdd_views *zdd_views_new(struct zdd_store *store, struct zdd_notes *notes);
/** NULL is fine. @return NULL */
struct zdd_views *zdd_views_free(struct zdd_views *views);

/**
 * The deployment @p id as it is now. From any thread.
 * @param[out] ret_view  for zdd_view_drop(); set on success only
 * @return NONE, RUN_UNKNOWN, NO_MEMORY or a store error
 */
ZDD_MUST_CHECK enum zdd_err zdd_view_get(struct zdd_views *views, const char *id,
                                         struct zdd_view **ret_view);

/** The same inside a visitor of zdd_run_list(): as the list sees it. */
ZDD_MUST_CHECK enum zdd_err zdd_view_peek(struct zdd_views *views, const struct zdd_run_peek *peek,
                                          struct zdd_view **ret_view);

/** NULL is fine. */
void zdd_view_drop(struct zdd_view *view);
void zdd_view_auto(struct zdd_view **view);
