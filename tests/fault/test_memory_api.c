/**
 * @file tests/fault/test_memory_api.c
 * @brief The n-th allocation of a request fails, for n = 1, 2, … until it passes untouched: it is
 * answered, in JSON, with no-memory; nothing is half done, and asked again it works.
 *
 * From the request target to the reply, without sockets; SQLite's and Jansson's allocations count.
 */
#include "tests/fault/failing_memory.h"
#include "tests/support/secrets_open.h"
#include "tests/support/sparse.h"
#include "tests/support/spec.h"

#include "server/api/inside.h"
#include "server/base/crypto.h"
#include "server/base/log.h"
#include "storage/audit.h"
#include "storage/runs.h"
#include "storage/tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ALLOCATIONS_MAX 100000
#define TOKEN "t"
#define APP "/shop/cart"

#define CHANGE                                                                                     \
    "{\"strategy\":\"rolling\",\"appId\":\"" APP                                                   \
    "\",\"change\":{\"env\":{\"A\":\"2\"}},\"labels\":{\"team\":\"shop\"}}"

#define BLUEPRINT                                                                                     \
    "name: shop\nclusters:\n  cart:\n    services:\n"                                                 \
    "      - breed: {name: cart:2, deployable: 'shop/cart:2', ports: {web: 0/http}, env: {A: '2'}}\n" \
    "        scale: {cpu: 0.1, memory: 32MB}\n"

struct request {
    const char *method, *target; /* {id} stands for the deployment's */
    const char *body;
    unsigned status;  /* when all goes well */
    bool needs_run;   /* there is a deployment already */
    bool starts_runs; /* at the end there is one */
};

static const struct request requests[] = {
    {"POST", "/v1/plans", CHANGE, 201, false, false},
    {"POST", "/v1/deployments", CHANGE, 202, false, true},
    {"POST", "/v1/plans", BLUEPRINT, 201, false, false},
    {"POST", "/v1/deployments/{id}/pause", "{\"reason\":\"look\"}", 202, true, true},
    {"POST", "/v1/deployments/{id}/abort", "{\"reason\":\"no\"}", 202, true, true},
    {"GET", "/v1/deployments/{id}", NULL, 200, true, true},
    {"GET", "/v1/deployments/{id}/steps", NULL, 200, true, true},
    {"GET", "/v1/deployments/{id}/explain", NULL, 200, true, true},
    {"GET", "/v1/deployments?appId=%2Fshop%2Fcart&state=running", NULL, 200, true, true},
    {"GET", "/v1/plans", NULL, 200, true, true},
    {"GET", "/v1/events?limit=5", NULL, 200, true, true},
    {"GET", "/v1/audit?limit=5", NULL, 200, true, true},
    {"GET", "/v1/audit/verify", NULL, 200, true, true},
    {"GET", "/v1/apps", NULL, 200, true, true},
    {"GET", "/v1/apps/%2Fshop%2Fcart", NULL, 200, true, true},
    {"GET", "/v1/apps/%2Fshop%2Fcart/revisions", NULL, 200, true, true},
};

static const char cart[] =
    "{\"app\":{\"id\":\"" APP "\",\"cmd\":\"./serve\",\"instances\":2,\"cpus\":0.1,\"mem\":32,"
    "\"version\":\"2024-05-01T10:00:00.000Z\",\"env\":{\"A\":\"1\"},"
    "\"tasks\":[{\"id\":\"t1\",\"state\":\"TASK_RUNNING\","
    "\"version\":\"2024-05-01T10:00:00.000Z\"}],\"deployments\":[]}}";

static enum zdd_err get(void *cls, const char *path, json_t **ret_json,
                        char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    const char *answer = strncmp(path, "/queue", 6) == 0         ? "{\"queue\":[]}"
                         : strcmp(path, "/apps//shop/cart") == 0 ? cart
                         : strncmp(path, "/apps//", 7) == 0      ? NULL
                                                                 : "{\"apps\":[]}";

    (void)cls;
    reason[0] = '\0';
    if (!answer)
        return ZDD_ERR_APP_UNKNOWN;
    return zdd_json_read(answer, strlen(answer), ret_json, NULL);
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

static enum zdd_err never(void *cls, const struct zdd_cluster_order *order,
                          struct zdd_cluster_ack *ret_ack)
{
    (void)cls;
    (void)order;
    (void)ret_ack;
    fail_msg("no handler gives orders");
    return ZDD_ERR_INTERNAL;
}

/* One server without sockets, and the deployment there may be. */
struct world {
    struct zdd_store *store;
    struct zdd_secrets *secrets;
    struct zdd_api *api;
    struct zdd_http_options http;
    char id[ZDD_ID_SIZE];
};

/* What comes back. */
struct reply {
    unsigned status;
    char code[40];
    char id[ZDD_ID_SIZE];
};

struct exchange {
    char key[220]; /* one for each target: asked again it is the same request */
    bool finished;
    enum zdd_err err;
};

static const char *header_of(const struct zdd_call *call, const char *name)
{
    if (strcasecmp(name, "Authorization") == 0)
        return "Bearer " TOKEN;
    if (strcasecmp(name, "Content-Type") == 0)
        return call->body && call->body[0] == '{' ? "application/json" : "application/yaml";
    if (strcasecmp(name, "Idempotency-Key") == 0 && strcmp(call->method, "POST") == 0)
        return ((const struct exchange *)call->exchange)->key;
    return NULL;
}

static void finish(struct zdd_call *call, enum zdd_err err)
{
    struct exchange *exchange = call->exchange;

    assert_false(exchange->finished);
    exchange->finished = true;
    exchange->err = err;
}

static struct zdd_stream *no_stream(struct zdd_call *call, struct zdd_stream_source source,
                                    bool plain)
{
    (void)call;
    (void)source;
    (void)plain;
    return NULL;
}

static const struct zdd_carrier carrier = {header_of, finish, no_stream};

static enum zdd_err insert_token(struct zdd_tx *tx, void *cls)
{
    struct zdd_token token = {.name = "test", .scopes = ZDD_SCOPE_ALL, .app_prefix = "/"};
    char hash[ZDD_SHA256_HEX_SIZE];

    (void)cls;
    zdd_uuid7(1, token.id);
    zdd_sha256_hex(TOKEN, sizeof(TOKEN) - 1, hash);
    return zdd_token_insert(tx, &token, hash);
}

static enum zdd_err handle(struct zdd_call *call, const struct zdd_http_options *http,
                           const char *target, const struct exchange *exchange)
{
    enum zdd_err err = zdd_call_open(call, target);

    if (err == ZDD_ERR_NONE)
        err = zdd_call_route(call, http->routes, http->route_count);
    if (err == ZDD_ERR_NONE)
        err = http->before(call);
    if (err == ZDD_ERR_NONE)
        err = call->route->handler(call);
    if (err != ZDD_ERR_LATER)
        return err;
    assert_true(exchange->finished); /* nothing here has threads */
    return exchange->err;
}

static void put_id(const struct world *world, const char *target, char ret_target[static 200])
{
    const char *place = strstr(target, "{id}");

    if (place)
        snprintf(ret_target, 200, "%.*s%s%s", (int)(place - target), target, world->id, place + 4);
    else
        snprintf(ret_target, 200, "%s", target);
}

static void read_reply(const struct zdd_call *call, struct reply *ret_reply)
{
    json_t *json = json_loadb(call->reply.data, call->reply.size, 0, NULL);

    assert_int_equal(call->reply.err, ZDD_ERR_NONE);
    assert_non_null(json);
    ret_reply->status = call->status;
    snprintf(ret_reply->code, sizeof(ret_reply->code), "%s", zdd_json_text(json, "code", ""));
    snprintf(ret_reply->id, sizeof(ret_reply->id), "%s", zdd_json_text(json, "id", ""));
    json_decref(json);
}

static struct reply ask(struct world *world, const struct request *request)
{
    struct exchange exchange = {.err = ZDD_ERR_NONE};
    struct zdd_call call = {.app = world->http.app,
                            .method = request->method,
                            .status = 200,
                            .type = "application/json",
                            .remote = "127.0.0.1",
                            .carrier = &carrier,
                            .exchange = &exchange,
                            .now_ms = 1000,
                            .request_id = "test",
                            .body = request->body,
                            .body_size = request->body ? strlen(request->body) : 0};
    struct reply reply;
    char target[200];
    enum zdd_err err;

    put_id(world, request->target, target);
    snprintf(exchange.key, sizeof(exchange.key), "\"%s\"", target);
    memory_inside(true);
    err = handle(&call, &world->http, target, &exchange);
    if (err != ZDD_ERR_NONE)
        (world->http.fail)(&call, err); /* not the macro of cmocka */
    memory_inside(false);
    read_reply(&call, &reply);
    world->http.after(&call);
    zdd_call_release(&call);
    return reply;
}

static void open_world(struct world *world, bool needs_run)
{
    static const struct zdd_cluster_ops ops = {observe, never, never, never, never, info, get};
    char reason[300];

    *world = (struct world){.store = NULL};
    assert_int_equal(zdd_store_open(
                         &(struct zdd_store_options){
                             .path = ":memory:", .holder = "test", .inline_writer = true},
                         &world->store, reason),
                     ZDD_ERR_NONE);
    assert_int_equal(zdd_store_write(world->store, insert_token, NULL), ZDD_ERR_NONE);
    world->secrets = secrets_open(world->store);
    world->api = zdd_api_new(&(struct zdd_api_options){.store = world->store,
                                                       .secrets = world->secrets,
                                                       .cluster = {.ops = &ops},
                                                       .version = "test"});
    assert_non_null(world->api);
    zdd_api_serve(world->api, &world->http);
    if (needs_run) {
        const struct reply reply = ask(world, &requests[1]);

        assert_int_equal(reply.status, 202);
        snprintf(world->id, sizeof(world->id), "%s", reply.id);
    }
}

static void check_store(struct world *world, const struct request *request)
{
    struct zdd_audit_verdict verdict;
    int64_t count;

    assert_int_equal(zdd_run_count(world->store, APP, &count), ZDD_ERR_NONE);
    assert_int_equal(count, request->starts_runs);
    assert_int_equal(zdd_audit_verify(world->store, &verdict), ZDD_ERR_NONE);
    assert_true(verdict.ok);
}

/* @return whether an allocation failed */
static bool fail_at(const struct request *request, int n, int *errors)
{
    struct world world;
    struct reply reply;
    bool failed;

    open_world(&world, request->needs_run);
    memory_fail_at(n);
    reply = ask(&world, request);
    failed = memory_heal();
    if (reply.status != request->status) {
        if (!failed || reply.status != 500 || strcmp(reply.code, "no-memory") != 0)
            fail_msg("%s %s, allocation %d: %u %s", request->method, request->target, n,
                     reply.status, reply.code);
        (*errors)++;
    }
    reply = ask(&world, request);
    if (reply.status != request->status)
        fail_msg("%s %s, after allocation %d: %u %s", request->method, request->target, n,
                 reply.status, reply.code);
    check_store(&world, request);
    zdd_api_free(world.api);
    zdd_secrets_free(world.secrets);
    zdd_store_free(world.store);
    return failed;
}

static void fail_each(int more)
{
    for (size_t i = 0; i < ZDD_COUNT(requests); i++) {
        int errors = 0;
        int n = 1;

        while (n < ALLOCATIONS_MAX && fail_at(&requests[i], n, &errors))
            n += 1 + n * (more + SPARSE - 1) / 100;
        print_message("%s %s: untouched at allocation %d, %d errors\n", requests[i].method,
                      requests[i].target, n, errors);
        assert_true(n < ALLOCATIONS_MAX);
        assert_true(errors > 1); /* else the loop fails nothing */
    }
}

static void any_allocation_of_a_request_may_fail(void **state)
{
    (void)state;
    fail_each(0);
}

static void or_of_sqlite_below_it(void **state)
{
    (void)state;
    memory_with_sqlite(true);
    fail_each(5);
    memory_with_sqlite(false);
}

static int setup(void **state)
{
    (void)state;
    zdd_log_level_set(ZDD_LOG_ERROR);
    return memory_install() && zdd_crypto_init() ? 0 : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_allocation_of_a_request_may_fail),
        cmocka_unit_test(or_of_sqlite_below_it),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
