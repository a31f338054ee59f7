/**
 * @file server/api/explain.h
 * @brief Why a deployment stands where it stands: the facts, who can do something, and sentences.
 */
#pragma once

#include "server/api/notes.h"
#include "server/api/queue.h"
#include "server/base/buf.h"
#include "server/engine/cluster.h"
#include "server/engine/engine.h"
#include "storage/runs.h"

#define ZDD_HELPER_MAX 8

/** Who can unblock it, and how. */
struct zdd_helper {
    const char *who;
    char how[300];
};

/** Everything an explanation says. */
struct zdd_explanation {
    const struct zdd_run *run;
    const struct zdd_plan *plan; /* of a deployment over a pair; else NULL */
    struct zdd_note note;
    bool reachable;                        /* Marathon answered */
    char trouble[ZDD_CLUSTER_REASON_SIZE]; /* … or why not */
    char app_id[ZDD_APP_ID_SIZE]; /* whose tasks and queue are told; of a pair the new one */
    struct zdd_app_view view;     /* only when reachable */
    bool queue_known;
    struct zdd_queue_view queue;
    struct zdd_engine_floor floor; /* of a pair: what the watchdog has seen */
    size_t helper_count;
    struct zdd_helper helper[ZDD_HELPER_MAX];
};

/** Fill helper: who can do something about it. Pure. */
void zdd_explain_help(struct zdd_explanation *e);

/** Append what a tired operator understands, one sentence a line. Pure. */
void zdd_explain_text(struct zdd_buf *buf, const struct zdd_explanation *e, int64_t now_ms);

/** Append the JSON form; @p text is the other one. Pure. */
void zdd_explain_json(struct zdd_buf *buf, const struct zdd_explanation *e, const char *text);
