/**
 * @file deploy/lab/streams.h
 * @brief The listeners of /v2/events: a bounded queue of frames each.
 */
#pragma once

#include "deploy/lab/events.h"

/** Queue @p frame for every stream whose filter lets @p type pass; type NULL passes all filters
 * (heartbeats). */
void zdd_lab_streams_send(struct zdd_lab_events *events, const char *type, const char *frame);
