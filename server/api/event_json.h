/**
 * @file server/api/event_json.h
 * @brief An event as callers see it, as JSON and as a frame of a stream.
 */
#pragma once

#include "server/json/writer.h"
#include "storage/events.h"

#include <stdbool.h>

void zdd_w_event(struct zdd_writer *w, const char *key, const struct zdd_event *event);

/** Append the server-sent event: id, event, data, empty line. */
void zdd_event_frame(struct zdd_buf *buf, const struct zdd_event *event);

/** Append `event: reset`: what came before is not kept; the stream goes on after @p after_seq. */
void zdd_event_reset_frame(struct zdd_buf *buf, int64_t after_seq, int64_t first, int64_t last);

/** Every type there is (api.md §5), also those that a later version will tell. */
extern const char *const zdd_event_types[];
extern const size_t zdd_event_type_count;

/** @return true when nothing follows an event of this type for its deployment */
bool zdd_event_ends_run(const char *type);
