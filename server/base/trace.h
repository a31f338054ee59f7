/**
 * @file server/base/trace.h
 * @brief Header traceparent (W3C Trace Context, Level 1): which larger piece of work a call belongs
 * to.
 *
 * A deployment is a trace of its own, which outlives the call that began it: its trace-id is its id
 * without hyphens. The audit entry of that call has both ids.
 */
#pragma once

#include <stdbool.h>

#define ZDD_TRACE_ID_SIZE 33     /* 32 hex digits and NUL */
#define ZDD_TRACE_HEADER_SIZE 56 /* "00-<trace-id>-<parent-id>-01" and NUL */

/** @param header  may be NULL. @return false, and "" in @p ret_id, when it is no traceparent */
bool zdd_trace_read(const char *header, char ret_id[static ZDD_TRACE_ID_SIZE]);

/** Write a header for a request about @p uuid, with a parent-id of its own. @return false, and "",
 * when @p uuid is none */
bool zdd_trace_write(const char *uuid, char ret_header[static ZDD_TRACE_HEADER_SIZE]);
