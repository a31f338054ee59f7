/**
 * @file tests/api/api_world.c
 * @brief The service in one process.
 */
#include "tests/api/api_world.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/log.h"
#include "storage/events.h"
#include "tests/support/secrets_open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HTTP_GRACE_MS 5000

static void open_store(struct api_world *world)
{
    char path[100], reason[300] = "";

    snprintf(world->folder, sizeof(world->folder), "/tmp/zdd-api-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(path, sizeof(path), "%s/zdd.db", world->folder);
    if (zdd_store_open(&(struct zdd_store_options){.path = path, .holder = "test"}, &world->store,
                       reason) != ZDD_ERR_NONE)
        fail_msg("%s", reason);
}

static void start_http(struct api_world *world)
{
    struct zdd_http_options http = {.host = "127.0.0.1", .thread_count = 2, .squeezes = true};
    char reason[200] = "", url[64];

    zdd_api_serve(world->api, &http);
    world->http = zdd_http_start(&http, reason);
    if (!world->http)
        fail_msg("%s", reason);
    world->port = zdd_http_port(world->http);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", (unsigned)world->port);
    world->client = apiclient_new(url, world->token);
}

struct api_world *api_world_new(const struct api_world_options *options)
{
    struct api_world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    assert_true(zdd_crypto_init());
    zdd_log_level_set(ZDD_LOG_ERROR);
    fake_cluster_init(&world->cluster);
    fake_cluster_init(&world->hasty);
    open_store(world);
    world->metrics = zdd_metrics_new();
    assert_non_null(world->metrics);
    world->secrets = secrets_open(world->store);
    world->veil = (struct zdd_veil){world->secrets, fake_cluster_of(&world->cluster)};
    world->hasty_veil = (struct zdd_veil){world->secrets, fake_cluster_of(&world->hasty)};
    if (options->engine_workers > 0) {
        world->engine = zdd_engine_start(&(struct zdd_engine_options){
            .store = world->store,
            .cluster = zdd_veil_cluster(&world->veil),
            .metrics = world->metrics,
            .worker_count = options->engine_workers,
        });
        assert_non_null(world->engine);
    }
    world->api = zdd_api_new(&(struct zdd_api_options){
        .store = world->store,
        .secrets = world->secrets,
        .engine = world->engine,
        .cluster = zdd_veil_cluster(&world->veil),
        .hasty = options->hasty ? zdd_veil_cluster(&world->hasty_veil) : (struct zdd_cluster){0},
        .agent = options->agent,
        .haproxy = options->haproxy,
        .metrics = world->metrics,
        .vamp = options->vamp,
        .version = "1.2.3-test",
        .ring_size = options->ring_size,
        .stream_max = options->stream_max,
        .waiter_max = options->waiter_max,
        .heartbeat_ms = options->heartbeat_ms,
        .rate_limit = options->rate_limit,
        .session_ms = options->session_ms,
        .log_calls = options->log_calls,
    });
    assert_non_null(world->api);
    api_world_token(world, "all", ZDD_SCOPE_ALL, "/", 0, world->token);
    start_http(world);
    return world;
}

static void remove_folder(const char *folder)
{
    static const char *const names[] = {"zdd.db", "zdd.db-wal", "zdd.db-shm", "zdd.db.lock"};
    char path[100];

    for (size_t i = 0; i < ZDD_COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path); /* not all of them are left */
    }
    assert_int_equal(rmdir(folder), 0);
}

void api_world_free(struct api_world *world)
{
    apiclient_free(world->client);
    zdd_api_drain(world->api);
    zdd_http_free(world->http, HTTP_GRACE_MS);
    zdd_engine_free(world->engine);
    zdd_api_free(world->api);
    zdd_secrets_free(world->secrets);
    zdd_store_free(world->store);
    zdd_metrics_free(world->metrics);
    fake_cluster_release(&world->cluster);
    fake_cluster_release(&world->hasty);
    remove_folder(world->folder);
    free(world);
}

int api_world_setup(void **state)
{
    *state = api_world_new(&(struct api_world_options){0});
    return 0;
}

int api_world_teardown(void **state)
{
    api_world_free(*state);
    return 0;
}

struct token_job {
    struct zdd_token token;
    char hash[ZDD_SHA256_HEX_SIZE];
};

static enum zdd_err write_token(struct zdd_tx *tx, void *cls)
{
    struct token_job *job = cls;

    return zdd_token_insert(tx, &job->token, job->hash);
}

void api_world_token(struct api_world *world, const char *name, unsigned scopes,
                     const char *app_prefix, int64_t expires_at_ms,
                     char ret_token[static ZDD_TOKEN_SIZE])
{
    struct token_job job = {
        .token = {.scopes = scopes, .created_at_ms = 1, .expires_at_ms = expires_at_ms}};

    zdd_uuid7(zdd_now_ms(), job.token.id);
    snprintf(job.token.name, sizeof(job.token.name), "%s", name);
    snprintf(job.token.app_prefix, sizeof(job.token.app_prefix), "%s", app_prefix);
    zdd_token_new(ret_token);
    zdd_sha256_hex(ret_token, strlen(ret_token), job.hash);
    assert_int_equal(zdd_store_write(world->store, write_token, &job), ZDD_ERR_NONE);
}

struct revocation {
    char hash[ZDD_SHA256_HEX_SIZE];
    struct zdd_store *store;
    int64_t now_ms;
};

static enum zdd_err write_revocation(struct zdd_tx *tx, void *cls)
{
    const struct revocation *job = cls;
    struct zdd_token token;
    enum zdd_err err = zdd_token_find(job->store, job->hash, job->now_ms, &token);

    return err == ZDD_ERR_NONE ? zdd_token_revoke(tx, token.id, job->now_ms) : err;
}

void api_world_revoke(struct api_world *world, const char *token)
{
    struct revocation job = {.store = world->store, .now_ms = zdd_now_ms()};

    zdd_sha256_hex(token, strlen(token), job.hash);
    assert_int_equal(zdd_store_write(world->store, write_revocation, &job), ZDD_ERR_NONE);
}

void api_world_base(struct api_world *world)
{
    fake_cluster_app(&world->cluster,
                     "{\"id\":\"/zdd/base\",\"instances\":4,\"cpus\":0.1,\"mem\":32,"
                     "\"cmd\":\"./serve\",\"env\":{\"SIMPLE_SERVICE_VERSION\":\"0.9\"}}");
}

void api_world_deploy(struct api_world *world, const char *version, const char *more,
                      char ret_id[static ZDD_ID_SIZE])
{
    char body[600];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    snprintf(body, sizeof(body),
             "{\"strategy\":\"rolling\",\"appId\":\"/zdd/base\",\"change\":{\"env\":{"
             "\"SIMPLE_SERVICE_VERSION\":\"%s\"}}%s}",
             version, more);
    answer = apiclient_post(world->client, "/v1/deployments", body);
    if (answer.status != 202)
        fail_msg("%ld %s", answer.status, answer.body);
    snprintf(ret_id, ZDD_ID_SIZE, "%s", apiclient_text(&answer, "/id"));
}

struct move_job {
    const char *id;
    enum zdd_phase phase;
    enum zdd_hold hold;
    const char *type;
};

static enum zdd_err write_move(struct zdd_tx *tx, void *cls)
{
    const struct move_job *job = cls;
    struct zdd_run run;
    char next[ZDD_ID_SIZE];
    enum zdd_err err = zdd_run_load_tx(tx, job->id, &run);
    struct zdd_event event = {
        .time_ms = zdd_now_ms(), .type = job->type, .run_id = job->id, .data = "{}"};

    if (err != ZDD_ERR_NONE)
        return err;
    run.phase = job->phase == ZDD_PHASE_COUNT ? run.phase : job->phase;
    run.hold = job->hold;
    if (run.started_at_ms == 0)
        run.started_at_ms = event.time_ms;
    if (zdd_phase_is_final(run.phase))
        run.ended_at_ms = event.time_ms;
    event.app_id = run.app_id;
    err = zdd_run_advance(tx, &run, run.revision, true, next);
    return err == ZDD_ERR_NONE ? zdd_event_append(tx, &event) : err;
}

void api_world_move(struct api_world *world, const char *id, enum zdd_phase phase, const char *type)
{
    struct move_job job = {.id = id, .phase = phase, .type = type};

    assert_int_equal(zdd_store_write(world->store, write_move, &job), ZDD_ERR_NONE);
}

void api_world_hold(struct api_world *world, const char *id, enum zdd_hold hold)
{
    struct move_job job = {
        .id = id, .phase = ZDD_PHASE_COUNT, .hold = hold, .type = "deployment.paused"};

    assert_int_equal(zdd_store_write(world->store, write_move, &job), ZDD_ERR_NONE);
}

static enum zdd_err stand(struct zdd_tx *tx, void *cls)
{
    const struct api_world_standing *s = cls;
    struct zdd_step_row row = {.index = s->step, .state = "running", .started_at_ms = zdd_now_ms()};
    struct zdd_run run;
    char next[ZDD_ID_SIZE];
    enum zdd_err err = zdd_run_load_tx(tx, s->id, &run);

    if (err != ZDD_ERR_NONE)
        return err;
    run.phase = s->phase;
    run.hold = s->hold;
    run.step = s->step;
    run.started_at_ms = run.phase_since_ms = row.started_at_ms;
    err = zdd_run_advance(tx, &run, run.revision, true, next);
    return err == ZDD_ERR_NONE ? zdd_step_update(tx, s->id, &row, NULL) : err;
}

void api_world_stand(struct api_world *world, const struct api_world_standing *where)
{
    struct api_world_standing s = *where;

    assert_int_equal(zdd_store_write(world->store, stand, &s), ZDD_ERR_NONE);
}

struct events_job {
    const char *type, *app_id;
    int count;
};

static enum zdd_err write_events(struct zdd_tx *tx, void *cls)
{
    const struct events_job *job = cls;
    enum zdd_err err = ZDD_ERR_NONE;

    for (int i = 0; i < job->count && err == ZDD_ERR_NONE; i++) {
        struct zdd_event event = {
            .time_ms = zdd_now_ms(), .type = job->type, .app_id = job->app_id, .data = "{}"};

        err = zdd_event_append(tx, &event);
    }
    return err;
}

void api_world_events(struct api_world *world, const char *type, const char *app_id, int count)
{
    struct events_job job = {type, app_id, count};

    assert_int_equal(zdd_store_write(world->store, write_events, &job), ZDD_ERR_NONE);
}
