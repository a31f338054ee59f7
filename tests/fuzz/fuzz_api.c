/**
 * @file tests/fuzz/fuzz_api.c
 * @brief Any requests to the whole API: handlers, store and audit, with all headers; only the
 * sockets are left out.
 */
#include "server/api/inside.h"
#include "server/base/log.h"
#include "storage/tokens.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/request.h"
#include "tests/support/secrets_open.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN "t" /* short, so that inputs stay short */
#define REASON_SIZE 300

static const char cart[] =
    "{\"app\":{\"id\":\"/shop/cart\",\"cmd\":\"./serve\",\"instances\":2,\"cpus\":0.1,\"mem\":32,"
    "\"version\":\"2024-05-01T10:00:00.000Z\",\"tasks\":[{\"id\":\"t1\",\"state\":\"TASK_RUNNING\","
    "\"version\":\"2024-05-01T10:00:00.000Z\"},{\"id\":\"t2\",\"state\":\"TASK_STAGING\","
    "\"version\":\"2024-05-01T10:00:00.000Z\"}],\"deployments\":[]}}";

static enum zdd_err get(void *cls, const char *path, json_t **ret_json,
                        char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    const char *answer = NULL;

    (void)cls;
    reason[0] = '\0';
    if (strncmp(path, "/apps//shop/cart", 16) == 0)
        answer = cart;
    else if (strncmp(path, "/apps?", 6) == 0)
        answer = "{\"apps\":[]}";
    else if (strncmp(path, "/queue", 6) == 0)
        answer = "{\"queue\":[]}";
    return answer ? zdd_json_read(answer, strlen(answer), ret_json, NULL) : ZDD_ERR_APP_UNKNOWN;
}

static enum zdd_err observe(void *cls, const struct zdd_app_ask *asks, size_t count,
                            struct zdd_app_view *ret_views,
                            char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    (void)cls;
    reason[0] = '\0';
    for (size_t i = 0; i < count; i++)
        ret_views[i] = (struct zdd_app_view){.exists = asks[i].app_id[0] != '\0'};
    return ZDD_ERR_NONE;
}

static enum zdd_err info(void *cls, struct zdd_cluster_info *ret_info,
                         char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    (void)cls;
    reason[0] = '\0';
    *ret_info = (struct zdd_cluster_info){.version = "1.9.109"};
    return ZDD_ERR_NONE;
}

static enum zdd_err refuse(void *cls, const struct zdd_cluster_order *order,
                           struct zdd_cluster_ack *ret_ack)
{
    (void)cls;
    (void)order;
    *ret_ack = (struct zdd_cluster_ack){.status = 503};
    return ZDD_ERR_CLUSTER_UNWELL;
}

static enum zdd_err insert_token(struct zdd_tx *tx, void *cls)
{
    struct zdd_token token = {.name = "fuzz", .scopes = ZDD_SCOPE_ALL, .app_prefix = "/"};
    char hash[ZDD_SHA256_HEX_SIZE];

    (void)cls;
    zdd_uuid7(1, token.id);
    zdd_sha256_hex(TOKEN, sizeof(TOKEN) - 1, hash);
    return zdd_token_insert(tx, &token, hash);
}

struct world {
    struct zdd_store *store;
    struct zdd_secrets *secrets;
    struct zdd_api *api;
    struct zdd_http_options http;
};

static void open_world(struct world *world)
{
    static const struct zdd_cluster_ops ops = {observe, refuse, refuse, refuse, refuse, info, get};
    char reason[REASON_SIZE];

    FUZZ_CHECK(zdd_crypto_init());
    zdd_log_level_set(ZDD_LOG_ERROR);
    FUZZ_CHECK(zdd_store_open(&(struct zdd_store_options){.path = ":memory:", .holder = "fuzz"},
                              &world->store, reason) == ZDD_ERR_NONE);
    FUZZ_CHECK(zdd_store_write(world->store, insert_token, NULL) == ZDD_ERR_NONE);
    world->secrets = secrets_open(world->store);
    world->api = zdd_api_new(&(struct zdd_api_options){
        .store = world->store,
        .secrets = world->secrets,
        .cluster = {.ops = &ops},
        .version = "fuzz",
    });
    FUZZ_CHECK(world->api != NULL);
    zdd_hub_drain(world->api->hub); /* "Prefer: wait" is answered at once */
    zdd_api_serve(world->api, &world->http);
}

static void close_world(struct world *world)
{
    zdd_api_free(world->api);
    zdd_secrets_free(world->secrets);
    zdd_store_free(world->store);
}

static void note(const struct fuzz_request *request)
{
    /* "internal" is a bug of ours, always */
    FUZZ_CHECK(request->call.status != 500 || request->streamed);
}

static void must_succeed(const struct fuzz_request *request)
{
    FUZZ_CHECK(request->call.status == 200);
}

static void must_verify(const struct fuzz_request *request)
{
    must_succeed(request);
    FUZZ_CHECK(strstr(request->call.reply.data, "\"ok\":true"));
}

/* Whatever was written can be read. */
static void look_around(const struct world *world)
{
#define WITH_TOKEN "\nAuthorization: Bearer " TOKEN "\n"
    static const char *const requests[] = {
        "GET /v1/plans" WITH_TOKEN,
        "GET /v1/deployments" WITH_TOKEN,
        "GET /v1/events" WITH_TOKEN,
        "GET /v1/audit" WITH_TOKEN,
        "GET /v1/apps/%2Fshop%2Fcart/revisions" WITH_TOKEN,
    };

    for (size_t i = 0; i < ZDD_COUNT(requests); i++)
        fuzz_request_ask(&world->http, requests[i], must_succeed);
    fuzz_request_ask(&world->http, "GET /v1/audit/verify" WITH_TOKEN, must_verify);
#undef WITH_TOKEN
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, FUZZ_PART_MAX);
    struct world world = {.store = NULL};

    open_world(&world);
    for (size_t i = 0; i < FUZZ_PART_MAX; i++) {
        if (parts.size[i] > 0)
            fuzz_request_play(&world.http, parts.text[i], parts.size[i], note);
    }
    look_around(&world);
    close_world(&world);
    return 0;
}
