/**
 * @file tests/unit/storage/fixture.h
 * @brief Stores to test with, builders of rows, and each write as one call.
 */
#pragma once

#include "storage/audit.h"
#include "storage/events.h"
#include "storage/plans.h"
#include "storage/runs.h"
#include "storage/store.h"
#include "tests/support/spec.h"

#include <pthread.h>

/* Compared by slug, so that a failure can be read. */
#define assert_err(expected, actual)                                                               \
    assert_string_equal(zdd_err_slug(actual), zdd_err_slug(expected))
#define assert_good(actual) assert_err(ZDD_ERR_NONE, actual)

/** A directory of its own for a test. */
struct place {
    char dir[64];
    char path[128]; /* of a database in it; not there yet */
};
void place_make(struct place *place);
/** With all that is in it. */
void place_remove(struct place *place);

/** In memory, without a thread. A failure to open ends the test and says why; so below. */
struct zdd_store *open_memory(void);
/** A file, with the writer's thread. */
struct zdd_store *open_file(const char *path);
/** As @p options say. */
struct zdd_store *open_with(const struct zdd_store_options *options);
/** Expect that it cannot be opened. */
enum zdd_err open_fails(const struct zdd_store_options *options, char ret_reason[static 300]);

/** Run SQL on the file behind the program's back. */
void tamper(const char *path, const char *sql);
/** The number that @p sql gives. */
int64_t ask(const char *path, const char *sql);

#define a_run(...)                                                                                 \
    ((struct zdd_run){.id = "run-1",                                                               \
                      .plan_id = "plan-1",                                                         \
                      .app_id = "/shop",                                                           \
                      .strategy = "rolling",                                                       \
                      .created_at_ms = 1000,                                                       \
                      .created_by = "token:ci",                                                    \
                      .wake_at_ms = 1000,                                                          \
                      __VA_ARGS__})
#define a_plan(...)                                                                                \
    ((struct zdd_plan){.id = "plan-1",                                                             \
                       .digest = "sha256:00",                                                      \
                       .app_id = "/shop",                                                          \
                       .strategy = "rolling",                                                      \
                       .created_at_ms = 1000,                                                      \
                       .deadline_ms = 60000,                                                       \
                       __VA_ARGS__})
#define a_new_event(...)                                                                           \
    ((struct zdd_event){.time_ms = 1000, .type = "deployment.started", .data = "{}", __VA_ARGS__})
#define a_new_entry(...)                                                                           \
    ((struct zdd_audit){.time_ms = 1000,                                                           \
                        .actor = "token:ci",                                                       \
                        .remote = "127.0.0.1",                                                     \
                        .action = "deployment.create",                                             \
                        .app_id = "/shop",                                                         \
                        .run_id = "run-1",                                                         \
                        .reason = "",                                                              \
                        .result = "accepted",                                                      \
                        .request_id = "req-1",                                                     \
                        .data = "{}",                                                              \
                        __VA_ARGS__})

/* Each in a transaction of its own. */
enum zdd_err insert_run(struct zdd_store *store, struct zdd_run *run, enum zdd_when_busy when_busy,
                        char ret_busy[static ZDD_ID_SIZE]);
enum zdd_err advance_run(struct zdd_store *store, struct zdd_run *run, int64_t revision,
                         bool take_command, char ret_next[static ZDD_ID_SIZE]);
enum zdd_err command_run(struct zdd_store *store, const char *id, int64_t revision,
                         enum zdd_command command, int64_t now_ms, struct zdd_run *ret_run);
enum zdd_err append_event(struct zdd_store *store, struct zdd_event event);
enum zdd_err append_entry(struct zdd_store *store, struct zdd_audit entry);
enum zdd_err insert_plan(struct zdd_store *store, const struct zdd_plan *plan, const char *body);

/** Load what must be there. */
struct zdd_run load_run(struct zdd_store *store, const char *id);

/** Add @p count plans, deployments, events and audit entries, of apps /<below>/0, /<below>/1, … */
void add_many(struct zdd_store *store, const char *below, int count);

/** Holds the writer, so that what comes after waits together. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool entered, open;
};
void gate_init(struct gate *gate);
void gate_destroy(struct gate *gate);
/** Return when the writer stands at the gate. */
void gate_close(struct zdd_store *store, struct gate *gate);
void gate_open(struct gate *gate);
