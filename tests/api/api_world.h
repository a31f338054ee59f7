/**
 * @file tests/api/api_world.h
 * @brief The whole service below main.c in one process: a real socket, a real database file, a
 * scripted cluster.
 */
#pragma once

#include "server/api/api.h"
#include "server/http/server.h"
#include "server/metrics/metrics.h"
#include "server/secrets/veil.h"
#include "storage/runs.h"
#include "storage/tokens.h"
#include "tests/api/fake_cluster.h"
#include "tests/support/apiclient.h"
#include "tests/support/spec.h"

struct api_world {
    char folder[64];
    struct fake_cluster cluster;
    struct fake_cluster hasty; /* for explanations, if asked for */
    struct zdd_store *store;
    struct zdd_secrets *secrets;
    struct zdd_veil veil, hasty_veil;
    struct zdd_metrics *metrics;
    struct zdd_engine *engine; /* NULL unless asked for */
    struct zdd_api *api;
    struct zdd_http *http;
    uint16_t port;
    char token[ZDD_TOKEN_SIZE]; /* all scopes, all apps */
    struct apiclient *client;   /* uses that token */
};

/** What differs from test to test; zero is the usual. */
struct api_world_options {
    unsigned engine_workers; /* 0: no engine */
    unsigned ring_size;
    unsigned stream_max;
    unsigned waiter_max;
    int64_t heartbeat_ms;
    int64_t session_ms;
    unsigned rate_limit; /* calls a second of one token; 0: none */
    enum zdd_log_calls log_calls;
    bool hasty;        /* explanations ask world->hasty */
    bool haproxy;      /* the router haproxy is there */
    bool vamp;         /* the router vamp is there */
    const char *agent; /* where balancers would reach the server's agent; NULL: there are none */
};

/** cmocka fixtures with the usual options; *state is a struct api_world. */
int api_world_setup(void **state);
int api_world_teardown(void **state);

struct api_world *api_world_new(const struct api_world_options *options);
void api_world_free(struct api_world *world);

/** Make a token. @p expires_at_ms 0: never. Written to @p ret_token. */
void api_world_token(struct api_world *world, const char *name, unsigned scopes,
                     const char *app_prefix, int64_t expires_at_ms,
                     char ret_token[static ZDD_TOKEN_SIZE]);

/** Revoke a token by its text. */
void api_world_revoke(struct api_world *world, const char *token);

/** The cluster gets /zdd/base: 4 instances of 0.9 without checks. */
void api_world_base(struct api_world *world);

/** Start a deployment of /zdd/base to @p version with these further members of the request
 * (",\"whenBusy\":\"queue\"" or ""). @p ret_id gets its id. */
void api_world_deploy(struct api_world *world, const char *version, const char *more,
                      char ret_id[static ZDD_ID_SIZE]);

/** Move a deployment as the engine does: to @p phase, with an event of @p type in the same
 * transaction. */
void api_world_move(struct api_world *world, const char *id, enum zdd_phase phase,
                    const char *type);

/** Where the engine would have brought a deployment: a running step of its plan. */
struct api_world_standing {
    const char *id;
    enum zdd_phase phase;
    enum zdd_hold hold;
    int32_t step;
};

/** Bring it there. */
void api_world_stand(struct api_world *world, const struct api_world_standing *where);

/** Hold it, with a cause of @p hold. */
void api_world_hold(struct api_world *world, const char *id, enum zdd_hold hold);

/** Append @p count events of @p type that belong to @p app_id and no deployment. */
void api_world_events(struct api_world *world, const char *type, const char *app_id, int count);
