/**
 * @file tests/lab/e2e.h
 * @brief The whole of it: a zdd-lab, a zdd-server on it, a caller, a load, a stream of events.
 *
 * Everything is real: processes, sockets, SQLite. Each wait has an end, and one that fails tells
 * what the deployment waits for and what the server said last.
 */
#pragma once

#include "tests/lab/lab.h"
#include "tests/support/apiclient.h"
#include "tests/support/serverrun.h"

#define E2E_WAIT_MS 60000
#define E2E_ID_SIZE 40

struct e2e {
    struct lab *lab;
    struct serverrun server;
    const char *const *server_options;
    struct apiclient *api; /* of the server process that runs now */
};

/** Start both; options are NULL-terminated or NULL. */
struct e2e *e2e_start(const char *const *lab_options, const char *const *server_options);
/** Start a server for a lab that runs; e2e_stop() ends that too. */
struct e2e *e2e_on(struct lab *lab, const char *const *server_options);
/** Start a server process on the database again, after e2e_kill() or e2e_drain(). */
void e2e_boot(struct e2e *e);
void e2e_kill(struct e2e *e);
/** SIGTERM. @return its exit status */
int e2e_drain(struct e2e *e);
/** Check e2e_check_records(), end both and check that both ended well. @return NULL */
struct e2e *e2e_stop(struct e2e *e);

enum e2e_checks { E2E_NO_CHECKS, E2E_HEALTH, E2E_READY };

/** A simpleservice. Zero values are left to Marathon's defaults. */
struct e2e_app {
    const char *id, *version; /* of the service, as SIMPLE_SERVICE_VERSION */
    int instances;            /* 0: the member is left out */
    enum e2e_checks checks;
    bool sick;         /* its /health never answers */
    const char *gate;  /* its tasks start to serve only when this file exists */
    const char *cmd;   /* instead of the image */
    const char *image; /* instead of simpleservice */
    int health_ms;     /* how long /health takes */
};

/** A path for a gate, below the server's directory. */
void e2e_gate(const struct e2e *e, char ret_path[static 128]);
void e2e_gate_open(const char *path);

/** The app definition; new reference. */
json_t *e2e_app(const struct e2e_app *app);

/** {"strategy", "app": …, "reason"}; new reference. @p app is stolen. */
json_t *e2e_request(const char *strategy, json_t *app);
/** The same with the options minimumHealthCapacity and maximumOverCapacity. */
json_t *e2e_rolling(json_t *app, double m, double o);

/** POST /v1/plans. @p request is borrowed. @return the plan, new reference */
json_t *e2e_plan(struct e2e *e, const json_t *request);
/** POST /v1/deployments by planId and digest. */
void e2e_deploy_plan(struct e2e *e, const json_t *plan, char ret_id[static E2E_ID_SIZE]);
/** POST /v1/deployments; @p request is stolen. */
void e2e_deploy(struct e2e *e, json_t *request, char ret_id[static E2E_ID_SIZE]);
/** The same to its end, which must be `succeeded`. */
void e2e_deploy_well(struct e2e *e, json_t *request);
/** POST /v1/deployments that must be refused so. @return the problem; release it */
struct apiclient_answer e2e_refused(struct e2e *e, json_t *request, long status, const char *code);

/** Send a command, which must be accepted. */
void e2e_command(struct e2e *e, const char *id, const char *command);
/** Send a command that may come too late. @return false when it did (409) */
bool e2e_try_command(struct e2e *e, const char *id, const char *command);

/** GET the deployment; new reference. */
json_t *e2e_get(struct e2e *e, const char *id);
/** Wait until the deployment has the text @p text at @p pointer. */
void e2e_until(struct e2e *e, const char *id, const char *pointer, const char *text);
/** Wait until the deployment has at least this number at @p pointer. */
void e2e_until_least(struct e2e *e, const char *id, const char *pointer, json_int_t least);
/** Wait for its end, which must be @p state. */
void e2e_await(struct e2e *e, const char *id, const char *state);
/** @return true when the deployment turned back before it had ordered anything, by the server's
 * log: its deadline may pass while the server starts again, or on a busy machine */
bool e2e_had_nothing_to_undo(struct e2e *e, const char *id);
/** Wait until explain, as text, has @p text. */
void e2e_until_explained(struct e2e *e, const char *id, const char *text);
/** Print all that is known of a deployment. */
void e2e_tell(struct e2e *e, const char *id);

/** GET a list to its last page; new reference to the array of all items. */
json_t *e2e_all(struct e2e *e, const char *path);
/** The audit chain is whole; events are numbered from 1 without a gap. */
void e2e_check_records(struct e2e *e);
/** The app as Marathon shows it: exactly @p instances tasks, all running, of the present
 * configuration, whose service says @p version, no deployment, and healthy where there are checks.
 */
void e2e_check_app(struct e2e *e, const char *app_id, const char *version, int instances);
/** @return how many versions of the app Marathon has kept: one for each PUT that changed something
 */
size_t e2e_version_count(struct e2e *e, const char *app_id);

/* A zdd-load that asks an app all the time. */
struct e2e_load {
    pid_t pid;
    int out;
};

struct e2e_counts {
    long answered, failed;
    long by_old, by_new; /* versions "0.9" and "1.0" */
};

/** Start it and wait until it has been answered. */
struct e2e_load e2e_load_start(struct e2e *e, const char *app_id);
/** Let it run until @p version has answered 20 more requests. */
void e2e_load_until(struct e2e_load *load, const char *version);
struct e2e_counts e2e_load_stop(struct e2e_load *load);

/* Events as they come over SSE. */
struct e2e_stream {
    struct zdd_sse *sse;
    char url[256], header[120];
    const char *urls[1];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    json_t *events; /* guarded by lock */
    bool open;      /* guarded by lock */
};

/** Open a stream of the running server ("/v1/events?lastEventId=0") and wait until it is there. */
struct e2e_stream *e2e_stream_open(struct e2e *e, const char *path);
/** Wait until an event of this type, of this deployment unless @p id is NULL, has come. */
void e2e_stream_until(struct e2e_stream *stream, const char *type, const char *id);
/** Close it. @return all events that came, new reference */
json_t *e2e_stream_close(struct e2e_stream *stream);
