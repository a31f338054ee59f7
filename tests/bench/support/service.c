/**
 * @file tests/bench/support/service.c
 * @brief The service in this process.
 */
#include "tests/bench/support/service.h"

#include "server/base/clock.h"
#include "server/base/log.h"
#include "storage/tokens.h"
#include "tests/bench/support/figures.h"
#include "tests/bench/support/load.h"
#include "tests/support/secrets_open.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HTTP_GRACE_MS 5000

void service_folder_make(char ret_folder[static 96])
{
    const char *base = getenv("TMPDIR");

    snprintf(ret_folder, 96, "%.70s/zdd-bench-XXXXXX", base && *base ? base : "/var/tmp");
    if (!mkdtemp(ret_folder))
        bench_fail("cannot make %s", ret_folder);
}

void service_folder_remove(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry = dir ? readdir(dir) : NULL;

    for (; entry; entry = readdir(dir)) {
        char path[400];

        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            (void)unlink(path); /* rmdir() below says so when one is left */
    }
    if (dir)
        closedir(dir);
    if (rmdir(folder) != 0)
        perror(folder);
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

static void make_token(struct service *service)
{
    struct token_job job = {
        .token = {.scopes = ZDD_SCOPE_ALL, .created_at_ms = 1, .app_prefix = "/"}};

    zdd_uuid7(zdd_now_ms(), job.token.id);
    snprintf(job.token.name, sizeof(job.token.name), "bench %.8s", job.token.id + 28);
    zdd_token_new(service->token);
    zdd_sha256_hex(service->token, strlen(service->token), job.hash);
    if (zdd_store_write(service->store, write_token, &job) != ZDD_ERR_NONE)
        bench_fail("no token");
}

static void start_http(struct service *service, const struct service_options *options)
{
    struct zdd_http_options http = {.host = "127.0.0.1",
                                    .thread_count = SERVICE_HTTP_THREADS,
                                    .connection_max = options->connection_max};
    char reason[200] = "";

    zdd_api_serve(service->api, &http);
    service->http = zdd_http_start(&http, reason);
    if (!service->http)
        bench_fail("%s", reason);
    service->port = zdd_http_port(service->http);
}

static void open_store(struct service *service, const struct service_options *options)
{
    const struct zdd_store_options store = {
        .path = service->db, .holder = "benchmark", .group_max = options->group_max};
    char reason[300] = "";

    if (options->existing) {
        snprintf(service->db, sizeof(service->db), "%s", options->existing);
    } else {
        service_folder_make(service->folder);
        snprintf(service->db, sizeof(service->db), "%s/zdd.db", service->folder);
    }
    if (zdd_store_open(&store, &service->store, reason) != ZDD_ERR_NONE)
        bench_fail("%s", reason);
}

void service_start(struct service *service, const struct service_options *options)
{
    *service = (struct service){.fleet = options->fleet};
    if (!zdd_crypto_init())
        bench_fail("no randomness");
    zdd_log_level_set(ZDD_LOG_ERROR);
    open_store(service, options);
    service->secrets = secrets_open(service->store);
    service->veil = (struct zdd_veil){service->secrets, fleet_cluster(options->fleet)};
    service->engine = zdd_engine_start(&(struct zdd_engine_options){
        .store = service->store,
        .cluster = zdd_veil_cluster(&service->veil),
        .worker_count = SERVICE_WORKERS,
    });
    service->api = zdd_api_new(&(struct zdd_api_options){
        .store = service->store,
        .engine = service->engine,
        .secrets = service->secrets,
        .cluster = zdd_veil_cluster(&service->veil),
        .version = "bench",
    });
    if (!service->engine || !service->api)
        bench_fail("the service does not start");
    zdd_engine_stream(service->engine, true);
    make_token(service);
    start_http(service, options);
}

void service_stop(struct service *service)
{
    zdd_api_drain(service->api);
    zdd_http_free(service->http, HTTP_GRACE_MS);
    zdd_engine_free(service->engine);
    zdd_api_free(service->api);
    zdd_secrets_free(service->secrets);
    zdd_store_free(service->store);
    if (service->folder[0])
        service_folder_remove(service->folder);
}

size_t service_deploy_request(const struct service *service, const char *path, size_t number,
                              const char *strategy, const char *more, char *text)
{
    char body[1024], app_id[ZDD_APP_ID_SIZE];

    fleet_app_id(number, app_id);
    snprintf(body, sizeof(body),
             "{\"strategy\":\"%s\",\"appId\":\"%.64s\",\"change\":{\"env\":{"
             "\"SIMPLE_SERVICE_VERSION\":\"1.0\"}},\"reason\":\"release 1.0\"%.200s}",
             strategy, app_id, more);
    return load_post(text, path, service->token, body);
}
