/**
 * @file deploy/lab/events.h
 * @brief The event stream: what is published, and who listens (marathon.md §1.8, §6).
 */
#pragma once

#include "deploy/lab/model.h"
#include "server/http/call.h"

#include <pthread.h>

#define ZDD_LAB_EVENT_QUEUE_MAX 1024 /* event_stream_max_outstanding_messages */
#define ZDD_LAB_HEARTBEAT_MS 10000   /* event_stream keep-alive */

struct zdd_lab_stream;

struct zdd_lab_events {
    pthread_mutex_t lock; /* of the streams; taken after the lab's lock or alone */
    struct zdd_lab_stream *streams;
    uint64_t published; /* how many so far; under the lab's lock */
    char *held;         /* fault reorder-events: a frame that waits for the next one */
    char *held_type;
};

/** Publish @p fields (stolen) as an event of @p type, with eventType and timestamp added. */
void zdd_lab_event(struct zdd_lab *lab, const char *type, json_t *fields);

void zdd_lab_event_status(struct zdd_lab *lab, const struct zdd_lab_instance *instance,
                          const char *status, const char *message);
void zdd_lab_event_instance(struct zdd_lab *lab, const struct zdd_lab_instance *instance);
void zdd_lab_event_health(struct zdd_lab *lab, const struct zdd_lab_instance *instance);
/** @param suffix "info", "step_success", "success" or "failed" */
void zdd_lab_event_deployment(struct zdd_lab *lab, const struct zdd_lab_deployment *deployment,
                              const char *suffix, const char *reason);
void zdd_lab_event_group(struct zdd_lab *lab, const char *group, int64_t version_ms,
                         const char *reason);

/** Handler of GET /v2/events. */
enum zdd_err zdd_lab_events_open(struct zdd_call *call);

/** Send every stream the two bytes of a heartbeat, one after the other. */
void zdd_lab_events_beat(struct zdd_lab *lab);

/** Close every stream, as a change of leader does. */
void zdd_lab_events_close(struct zdd_lab *lab);

size_t zdd_lab_events_count(struct zdd_lab *lab);

void zdd_lab_events_release(struct zdd_lab *lab);
