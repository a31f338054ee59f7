/**
 * @file server/router/traces.h
 * @brief What the labels of an app tell of the deployment that it came by: ours or one of zdd.py
 * (marathon-lb.md §1.2, §2.2). Pure.
 */
#pragma once

#include "server/json/json.h"

#include <stdbool.h>
#include <stdint.h>

struct zdd_traces {
    const char *started_at; /* as it stands there, borrowed; NULL: it does not */
    int64_t started_ms;     /* the same; 0: it is absent or no time */
    int32_t target;         /* instances in the end; 0: absent, or larger than any app */
    int32_t new_instances;  /* of them of the new version, when both shall stay; 0: not so */
    bool is_dressed;        /* it has all that this service writes */
};

/** Read the labels of @p app. */
struct zdd_traces zdd_traces_of(const json_t *app);

/** @return false when @p started is no time that Marathon-LB could read */
bool zdd_started_parse(const char *started, int64_t *ret_ms);
