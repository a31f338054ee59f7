/**
 * @file storage/events.h
 * @brief The event log: one growing number for all, so that a stream can resume without loss or
 * repetition.
 */
#pragma once

#include "storage/store.h"
#include "strategies/model/limits.h"

struct zdd_event {
    int64_t seq; /* from 1, no gaps in what is visible; given by the database */
    int64_t time_ms;
    const char *type;   /* "deployment.step.started" */
    const char *run_id; /* or NULL */
    const char *app_id; /* or NULL */
    const char *data;   /* JSON object text */
};

/** @param event  seq is filled in */
ZDD_MUST_CHECK enum zdd_err zdd_event_append(struct zdd_tx *tx, struct zdd_event *event);

struct zdd_event_filter {
    int64_t after_seq;                  /* events with a greater number */
    const char *run_id, *app_id, *type; /* exact, or NULL */
    const char *app_prefix; /* as in zdd_plan_filter; events without app are shown to all-apps
                               callers only */
    int limit;              /* 1..1000 */
};

/** Oldest first. @p visit returns false to stop; the texts are borrowed for the call. */
ZDD_MUST_CHECK enum zdd_err zdd_event_list(struct zdd_store *store,
                                           const struct zdd_event_filter *filter,
                                           bool (*visit)(void *cls, const struct zdd_event *event),
                                           void *cls);

/** Smallest and greatest number kept; 0 and 0 when there is none. */
ZDD_MUST_CHECK enum zdd_err zdd_event_range(struct zdd_store *store, int64_t *ret_first,
                                            int64_t *ret_last);

/** @p wake is called on the writer's thread after each commit that appended events; it must be
 * quick. One listener. */
void zdd_event_listen(struct zdd_store *store, void (*wake)(void *cls, int64_t last_seq),
                      void *cls);
