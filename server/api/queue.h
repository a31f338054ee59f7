/**
 * @file server/api/queue.h
 * @brief Marathon's launch queue (marathon.md §7.2), read for one app. Pure.
 */
#pragma once

#include "server/json/json.h"
#include "strategies/model/limits.h"

#include <stdbool.h>
#include <stdint.h>

#define ZDD_REJECTION_MAX 10 /* Marathon knows ten reasons */

struct zdd_queue_view {
    bool waits;    /* the app has instances that are not launched */
    int32_t count; /* how many */
    char since[ZDD_VERSION_SIZE];
    double delay_s; /* until the next launch, after failures */
    size_t rejection_count;
    struct zdd_rejection {
        char reason[40]; /* "InsufficientCpus" */
        int32_t declined, processed;
    } rejection[ZDD_REJECTION_MAX]; /* the most frequent first, those with 0 left out */
};

/** Read the answer of GET /v2/queue. */
void zdd_queue_read(const json_t *answer, const char *app_id, struct zdd_queue_view *ret_view);

/** @return what the reason of Marathon @p reason means, as words; "other reasons" for an unknown
 * one */
const char *zdd_queue_reason_text(const char *reason);
