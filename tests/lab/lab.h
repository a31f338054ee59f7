/**
 * @file tests/lab/lab.h
 * @brief What tests of the lab share: calls, a recorder of events, waits with an end, small apps.
 */
#pragma once

#include "server/json/json.h"
#include "tests/support/labrun.h"

#include <pthread.h>

#define LAB_WAIT_MS 20000

struct lab {
    struct labrun run;
    struct zdd_fetch *fetch;
    int stream_fd;
    pthread_t reader;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    json_t *events; /* all that came, in order */
};

/** Start a lab with @p options (NULL-terminated) and record its events. Fails the test when it
 * cannot. */
struct lab *lab_start(const char *const *options);

/** Stop it and check that it ended well. @return NULL */
struct lab *lab_stop(struct lab *lab);

/** The recorder and the client only; the process is the caller's. @return NULL */
struct lab *lab_leave(struct lab *lab);

/** Call the API. @param body JSON text or NULL @param[out] ret_json may be NULL; new reference,
 * NULL for no JSON @return the status */
long lab_call(struct lab *lab, const char *method, const char *path, const char *body,
              json_t **ret_json);

/** The same, and the deployment's id in @p ret_id. */
long lab_change(struct lab *lab, const char *method, const char *path, const char *body,
                char ret_id[static 64]);

/** Wait for deployment_success or deployment_failed of @p id. @return true for success; fails the
 * test after LAB_WAIT_MS */
bool lab_await(struct lab *lab, const char *id);

/** Wait until @p fits says yes about the events so far. Fails the test after LAB_WAIT_MS. */
void lab_until(struct lab *lab, bool (*fits)(const json_t *events, const void *cls),
               const void *cls);

/** @return a copy of the events from place @p from on; new reference */
json_t *lab_events(struct lab *lab, size_t from);

/** @return how many events have been published; all of them are recorded when it returns. Not while
 * events are dropped. */
size_t lab_event_count(struct lab *lab);

/** @return how many events among @p events have this type; and, when not NULL, this value in member
 * @p key */
size_t lab_count(const json_t *events, const char *type, const char *key, const char *value);

/** Wait until path @p path answers a document in which @p pointer has this JSON text. Fails the
 * test after LAB_WAIT_MS. */
void lab_until_json(struct lab *lab, const char *path, const char *pointer, const char *text);

/** Give the lab a bad day. @p faults is the JSON text of the list. */
void lab_faults(struct lab *lab, const char *faults);
