/**
 * @file server/api/plan_body.h
 * @brief The public text of a plan. Pure.
 */
#pragma once

#include "server/api/plan_note.h"
#include "server/api/plan_request.h"
#include "server/base/buf.h"
#include "server/engine/cluster.h"
#include "strategies/preview.h"

/** Everything a plan shows; all borrowed. */
struct zdd_plan_view {
    const struct zdd_plan *plan;
    const struct zdd_plan_request *request;
    const struct zdd_preview *preview;
    const struct zdd_cluster_info *marathon;
    const json_t *target;   /* canonical */
    const json_t *previous; /* canonical, or NULL */
    const char *created_by;
    const char *resource_reason; /* what the launch queue says against it, "" for nothing */
    const struct zdd_plan_note *notes;
    size_t note_count;
};

/** Append the JSON text of the plan. @return NONE or NO_MEMORY */
ZDD_MUST_CHECK enum zdd_err zdd_plan_body_write(struct zdd_buf *buf,
                                                const struct zdd_plan_view *view);
