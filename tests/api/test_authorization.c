/**
 * @file tests/api/test_authorization.c
 * @brief The authorization matrix, generated from the route table: every operation × no, unknown,
 * expired and revoked token × every scope × an app of one's own and somebody else's. A new
 * operation is in it by its row; one whose rights do not follow from its path says so in a table
 * here.
 */
#include "server/api/inside.h"
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "tests/api/api_world.h"

#include <stdio.h>
#include <string.h>

#define WAIT_MS 10000
#define OWN "/zdd/base"      /* the app that everything here is about */
#define NEIGHBOUR "/zdd/bas" /* OWN begins so, and is another one */

/* What a token sees whose prefix is not the app's. */
enum outside {
    OUTSIDE_FOLLOWS, /* from the path: what is named is not there, what is ordered is forbidden,
                        and lists are empty */
    OUTSIDE_SAME,    /* it is about no app */
    OUTSIDE_NOTHING  /* it is about all apps at once: forbidden */
};

static const struct {
    const char *operation;
    enum outside outside;
} exceptions[] = {
    {"listStrategies", OUTSIDE_SAME},     {"getMetrics", OUTSIDE_SAME},
    {"createStreamTicket", OUTSIDE_SAME}, {"getSession", OUTSIDE_SAME},
    {"deleteSession", OUTSIDE_SAME},      {"verifyAudit", OUTSIDE_NOTHING},
};

/* What a call needs besides its path, to be more than a typing error. */
static const struct {
    const char *operation;
    const char *body;
} bodies[] = {
    {"createPlan", "{\"strategy\":\"restart\",\"appId\":\"" OWN "\"}"},
    {"createDeployment", "{\"strategy\":\"restart\",\"appId\":\"" OWN "\"}"},
    {"setDeploymentWeight", "{\"weight\":20}"},
    {"decideGate", "{\"decision\":\"approve\"}"},
    {"createSession", "{\"token\":\"zdd_nobody\"}"},
};

/* What is open answers 200, but for these: they are asked for what they do not have. */
static const struct {
    const char *operation;
    long status;
} refusals[] = {
    {"createSession", 401},
    {"getAsset", 404},
};

/* The world, and the ids that stand in paths. */
struct matrix {
    struct api_world *world;
    char run_id[ZDD_ID_SIZE], plan_id[ZDD_ID_SIZE];
};

static int matrix_setup(void **state)
{
    static struct matrix matrix;
    struct api_world *world = api_world_new(&(struct api_world_options){.engine_workers = 0});
    APICLIENT_AUTO struct apiclient_answer plan = {0};

    matrix.world = world;
    api_world_base(world);
    plan = apiclient_post(world->client, "/v1/plans", bodies[0].body);
    assert_int_equal(plan.status, 201);
    snprintf(matrix.plan_id, sizeof(matrix.plan_id), "%s", apiclient_text(&plan, "/id"));
    api_world_deploy(world, "1.0", "", matrix.run_id);
    *state = &matrix;
    return 0;
}

static int matrix_teardown(void **state)
{
    const struct matrix *matrix = *state;

    api_world_free(matrix->world);
    return 0;
}

/* The route's path with what exists in the place of each argument. */
static void fill_path(const struct matrix *matrix, const struct zdd_route *route,
                      char ret_path[static 200])
{
    const bool of_plan = strncmp(route->path, "/v1/plans/", 10) == 0;
    size_t used = 0;

    for (const char *c = route->path; *c;) {
        const char *value = strncmp(c, "{appId", 6) == 0   ? "%2Fzdd%2Fbase"
                            : strncmp(c, "{name}", 6) == 0 ? "go"
                            : of_plan                      ? matrix->plan_id
                                                           : matrix->run_id;

        if (*c == '{') {
            used += (size_t)snprintf(ret_path + used, 200 - used, "%s", value);
            c = strchr(c, '}') + 1;
        } else {
            ret_path[used++] = *c++;
        }
    }
    ret_path[used] = '\0';
}

static const char *body_of(const struct zdd_route *route)
{
    for (size_t i = 0; i < ZDD_COUNT(bodies); i++) {
        if (strcmp(bodies[i].operation, route->operation) == 0)
            return bodies[i].body;
    }
    return NULL;
}

static struct apiclient_answer call(const struct matrix *matrix, const struct zdd_route *route,
                                    const char *token)
{
    char path[200];

    fill_path(matrix, route, path);
    return apiclient_send(
        matrix->world->client,
        &(struct apiclient_request){
            .method = route->method, .path = path, .token = token, .body = body_of(route)});
}

static unsigned scopes_of(const struct zdd_route *route)
{
    return route->flags & ZDD_ROUTE_SCOPES;
}

static long open_status(const struct zdd_route *route)
{
    for (size_t i = 0; i < ZDD_COUNT(refusals); i++) {
        if (strcmp(refusals[i].operation, route->operation) == 0)
            return refusals[i].status;
    }
    return 200;
}

/* Whoever is known may call it. */
static bool needs_no_scope(const struct zdd_route *route)
{
    return !(route->flags & ZDD_ROUTE_OPEN) && scopes_of(route) == 0;
}

/* One cell. @p code NULL: any answer of somebody who was let in. */
static void expect(const struct matrix *matrix, const struct zdd_route *route, const char *token,
                   long status, const char *code)
{
    APICLIENT_AUTO struct apiclient_answer answer = call(matrix, route, token);
    const char *said = apiclient_text(&answer, "/code");
    const bool let_in = answer.status != 401 && answer.status != 403 &&
                        strcmp(said, "deployment-unknown") != 0 &&
                        strcmp(said, "plan-unknown") != 0 && strcmp(said, "app-unknown") != 0;

    if (route->flags & ZDD_ROUTE_OPEN ? answer.status != open_status(route)
        : code                        ? answer.status != status || strcmp(said, code) != 0
                                      : !let_in)
        fail_msg("%s: %ld %s instead of %ld %s", route->operation, answer.status, said, status,
                 code ? code : "whatever comes after the door");
}

#define EACH_ROUTE(route)                                                                          \
    for (const struct zdd_route *route = zdd_routes; route < zdd_routes + zdd_route_count; route++)

static void nobody_comes_in_without_a_valid_token(void **state)
{
    const struct matrix *matrix = *state;
    char expired[ZDD_TOKEN_SIZE], revoked[ZDD_TOKEN_SIZE];

    api_world_token(matrix->world, "expired", ZDD_SCOPE_ALL, "/", zdd_now_ms() - 1, expired);
    api_world_token(matrix->world, "revoked", ZDD_SCOPE_ALL, "/", 0, revoked);
    api_world_revoke(matrix->world, revoked);
    EACH_ROUTE(route)
    {
        expect(matrix, route, "", 401, "token-missing");
        expect(matrix, route, "zdd_nobody", 401, "token-unknown");
        expect(matrix, route, expired, 401, "token-unknown");
        expect(matrix, route, revoked, 401, "token-unknown");
    }
}

static void each_scope_opens_its_operations_and_no_other(void **state)
{
    const struct matrix *matrix = *state;
    char token[ZDD_TOKEN_SIZE];

    for (unsigned scope = ZDD_SCOPE_READ; scope <= ZDD_SCOPE_ADMIN; scope <<= 1) {
        api_world_token(matrix->world, zdd_scope_name((enum zdd_scope)scope), scope, OWN, 0, token);
        EACH_ROUTE(route)
        {
            if (strcmp(route->operation, "verifyAudit") == 0 && scope == ZDD_SCOPE_ADMIN)
                expect(matrix, route, token, 403, "app-forbidden");
            else if (scopes_of(route) == scope || needs_no_scope(route))
                expect(matrix, route, token, 0, NULL);
            else
                expect(matrix, route, token, 403, "scope-missing");
        }
    }
}

static enum outside outside_of(const struct zdd_route *route)
{
    for (size_t i = 0; i < ZDD_COUNT(exceptions); i++) {
        if (strcmp(exceptions[i].operation, route->operation) == 0)
            return exceptions[i].outside;
    }
    return OUTSIDE_FOLLOWS;
}

static void expect_nothing_listed(const struct matrix *matrix, const struct zdd_route *route,
                                  const char *token)
{
    APICLIENT_AUTO struct apiclient_answer answer = call(matrix, route, token);
    const json_t *items = json_object_get(answer.json, "items");

    if (answer.status != 200 || !json_is_array(items) || json_array_size(items) > 0)
        fail_msg("%s shows an app of others: %ld %s", route->operation, answer.status, answer.body);
}

static void expect_outside(const struct matrix *matrix, const struct zdd_route *route,
                           const char *token)
{
    const enum outside outside = outside_of(route);

    if (outside == OUTSIDE_SAME || (route->flags & ZDD_ROUTE_OPEN))
        expect(matrix, route, token, 0, NULL);
    else if (outside == OUTSIDE_NOTHING)
        expect(matrix, route, token, 403, "app-forbidden");
    else if (strstr(route->path, "{appId"))
        expect(matrix, route, token, 404, "app-unknown");
    else if (strncmp(route->path, "/v1/plans/{", 11) == 0)
        expect(matrix, route, token, 404, "plan-unknown");
    else if (strchr(route->path, '{'))
        expect(matrix, route, token, 404, "deployment-unknown");
    else if (strcmp(route->method, "GET") != 0)
        expect(matrix, route, token, 403, "app-forbidden");
    else
        expect_nothing_listed(matrix, route, token);
}

static void all_scopes_show_nothing_of_the_apps_of_others(void **state)
{
    static const char *const prefixes[] = {NEIGHBOUR, OWN "/below", "/shop"};
    const struct matrix *matrix = *state;

    for (size_t i = 0; i < ZDD_COUNT(prefixes); i++) {
        char token[ZDD_TOKEN_SIZE], name[16];

        snprintf(name, sizeof(name), "outside-%zu", i);
        api_world_token(matrix->world, name, ZDD_SCOPE_ALL, prefixes[i], 0, token);
        EACH_ROUTE(route)
        expect_outside(matrix, route, token);
    }
}

static void the_prefix_above_opens_what_is_below(void **state)
{
    const struct matrix *matrix = *state;
    char token[ZDD_TOKEN_SIZE];

    api_world_token(matrix->world, "above", ZDD_SCOPE_ALL, "/zdd", 0, token);
    EACH_ROUTE(route)
    {
        if (outside_of(route) == OUTSIDE_NOTHING)
            expect(matrix, route, token, 403, "app-forbidden");
        else
            expect(matrix, route, token, 0, NULL);
    }
}

/* Refusals are noted beside the answer: wait until there are so many. @return how many came */
static size_t await_refusals(const struct matrix *matrix, const char *actor, size_t wanted)
{
    const int64_t until_ms = zdd_mono_ms() + WAIT_MS;
    char path[100];
    size_t count = 0;

    snprintf(path, sizeof(path), "/v1/audit?limit=100&actor=%s", actor);
    while (count < wanted && zdd_mono_ms() < until_ms) {
        APICLIENT_AUTO struct apiclient_answer answer = apiclient_get(matrix->world->client, path);
        const json_t *items = json_object_get(answer.json, "items");
        const json_t *item;
        size_t i;

        count = json_array_size(items);
        json_array_foreach(items, i, item) assert_string_equal(
            json_string_value(json_object_get(item, "result")), "refused: scope-missing");
    }
    return count;
}

static void every_refused_operation_is_in_the_audit(void **state)
{
    const struct matrix *matrix = *state;
    char token[ZDD_TOKEN_SIZE];
    size_t refused = 0;

    api_world_token(matrix->world, "powerless", ZDD_SCOPE_PROMOTE, OWN, 0, token);
    EACH_ROUTE(route)
    {
        if (scopes_of(route) == 0 || scopes_of(route) == ZDD_SCOPE_PROMOTE)
            continue;
        expect(matrix, route, token, 403, "scope-missing");
        refused++;
    }
    assert_true(refused > 0);
    assert_int_equal(await_refusals(matrix, "token:powerless", refused), refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, matrix_setup, matrix_teardown)
        TEST(nobody_comes_in_without_a_valid_token),
        TEST(each_scope_opens_its_operations_and_no_other),
        TEST(all_scopes_show_nothing_of_the_apps_of_others),
        TEST(the_prefix_above_opens_what_is_below),
        TEST(every_refused_operation_is_in_the_audit),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
