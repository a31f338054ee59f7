/**
 * @file server/engine/reach.h
 * @brief Whether Marathon answers: one silence is met by one probe for all deployments, later and
 * later (a circuit breaker: Nygard, "Release It!").
 */
#pragma once

#include "server/engine/cluster.h"

#include <stdbool.h>
#include <stdint.h>

struct zdd_reach {
    int failures;                          /* looks without an answer, in a row */
    int64_t silent_until_ms;               /* until then no look goes out */
    char silence[ZDD_CLUSTER_REASON_SIZE]; /* why, as the last look said */
};

/** Note what a look at @p now_ms gave; @p reason says why it gave nothing. */
void zdd_reach_note(struct zdd_reach *reach, bool reached, const char *reason, int64_t now_ms);
