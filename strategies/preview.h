/**
 * @file strategies/preview.h
 * @brief What a plan will do, before anything is done: arithmetic, timeline, warnings, suggestion.
 *
 * Driven by the same rules and the same model of Marathon as the simulator
 * (design.md §2): there is no second description of what a strategy does.
 */
#pragma once

#include "strategies/strategy.h"

enum zdd_proof { ZDD_PROOF_PROVED, ZDD_PROOF_REFUTED, ZDD_PROOF_UNKNOWN };

#define ZDD_PREVIEW_TEXT_SIZE 200
#define ZDD_STEP_TEXT_SIZE 120

struct zdd_moment {
    int32_t t; /* counts moments, not seconds: how long each takes is the tasks' affair */
    int32_t old_instances, new_instances; /* that have not been told to end */
    int32_t healthy_old, healthy_new;     /* of these, that serve */
    int32_t ending;                       /* that have been told to end and still take room */
    char note[80];
};

struct zdd_preview_step {
    const char *kind;
    char text[ZDD_STEP_TEXT_SIZE]; /* one sentence */
    int64_t deadline_ms;
};

struct zdd_warning {
    const char *code; /* "kills-at-once", …: api.md §3 */
    char text[ZDD_PREVIEW_TEXT_SIZE];
};

struct zdd_preview {
    /* what Marathon's replace arithmetic gives (marathon.md §4.1) */
    int32_t min_healthy, max_instances, killed_at_once;
    int32_t lowest_serving, peak_instances;
    double peak_extra_cpus, peak_extra_mem_mib; /* above what runs now */
    bool hangs;                                 /* it would never end (marathon.md §4.6) */
    size_t moment_count;
    struct zdd_moment moment[ZDD_TIMELINE_MAX];

    enum zdd_proof arithmetic, placement, resources;
    size_t reason_count;
    char reason[4][ZDD_PREVIEW_TEXT_SIZE];

    size_t step_count;
    struct zdd_preview_step step[ZDD_PROGRAM_MAX];
    int64_t deadline_ms; /* suggested for the whole */

    size_t warning_count;
    struct zdd_warning warning[ZDD_WARNING_MAX];

    bool has_suggestion;
    double suggested_minimum_health_capacity, suggested_maximum_over_capacity;

    const char *rollback_mode; /* "restart", "scale", "delete", "none" */
    char rollback_text[ZDD_PREVIEW_TEXT_SIZE];
    int64_t rollback_ms; /* estimate */
};

const char *zdd_proof_name(enum zdd_proof proof); /* "proved", "refuted", "unknown" */

/** Compute the preview of @p plan (action, facts, precondition and rule set). Pure. */
void zdd_preview_make(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                      struct zdd_preview *ret_preview);
