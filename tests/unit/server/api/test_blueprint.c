/**
 * @file tests/unit/server/api/test_blueprint.c
 * @brief What a VAMP blueprint means here, and each refusal with line and column.
 */
#include "server/api/blueprint.h"
#include "server/api/plan_request.h"
#include "server/base/cleanup.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each refusal below changes one piece of this text. */
static const char shop[] = "name: shop\n"                                                /*  1 */
                           "gateways:\n"                                                 /*  2 */
                           "  10080: shop/web\n"                                         /*  3 */
                           "clusters:\n"                                                 /*  4 */
                           "  shop:\n"                                                   /*  5 */
                           "    gateways:\n"                                             /*  6 */
                           "      routes:\n"                                             /*  7 */
                           "        shop:1:\n"                                           /*  8 */
                           "          weight: 90%\n"                                     /*  9 */
                           "        shop:2:\n"                                           /* 10 */
                           "          weight: 10%\n"                                     /* 11 */
                           "    services:\n"                                             /* 12 */
                           "      - breed:\n"                                            /* 13 */
                           "          name: shop:1\n"                                    /* 14 */
                           "          deployable: shop/shop:1\n"                         /* 15 */
                           "          ports:\n"                                          /* 16 */
                           "            web: 8080/http\n"                                /* 17 */
                           "          env:\n"                                            /* 18 */
                           "            LEVEL: info\n"                                   /* 19 */
                           "        scale:\n"                                            /* 20 */
                           "          cpu: 0.5\n"                                        /* 21 */
                           "          memory: 64MB\n"                                    /* 22 */
                           "          instances: 4\n"                                    /* 23 */
                           "      - breed:\n"                                            /* 24 */
                           "          name: shop:2\n"                                    /* 25 */
                           "          deployable: shop/shop:2\n"                         /* 26 */
                           "          ports: {web: 8080/http}\n"                         /* 27 */
                           "          env: {LEVEL: info, NEW: yep}\n"                    /* 28 */
                           "        scale: {cpu: 500m, memory: 0.25GB, instances: 2}\n"; /* 29 */

#define TEXT_SIZE 4000

/* @p text with the first @p old replaced. */
static void change_in(const char *text, const char *old, const char *new,
                      char ret_text[static TEXT_SIZE])
{
    const char *at = strstr(text, old);

    assert_non_null(at);
    assert_in_range(
        snprintf(ret_text, TEXT_SIZE, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)), 0,
        TEXT_SIZE - 1);
}

static void change(const char *old, const char *new, char ret_text[static TEXT_SIZE])
{
    change_in(shop, old, new, ret_text);
}

static struct zdd_blueprint *read(const char *text)
{
    struct zdd_blueprint *bp = NULL;
    struct zdd_json_error where = {0};
    struct zdd_field_errors errors = {0};

    if (zdd_blueprint_read(text, strlen(text), &bp, &where, &errors) != ZDD_ERR_NONE)
        fail_msg("line %d, column %d: %s; %s: %s", where.line, where.column, where.text,
                 errors.error[0].pointer, errors.error[0].detail);
    return bp;
}

static json_t *json_of(const char *text)
{
    json_t *json = NULL;

    assert_int_equal(zdd_json_read(text, strlen(text), &json, NULL), ZDD_ERR_NONE);
    return json;
}

static void assert_json(const json_t *got, const char *pointer, const char *wanted)
{
    ZDD_AUTO_FREE char *text = zdd_json_canonical(zdd_json_at(got, pointer));

    assert_string_equal(text, wanted);
}

/* The request that @p text means while @p running does. */
static json_t *request_of(const char *text, const char *running, struct zdd_blueprint **ret_bp)
{
    ZDD_AUTO_JSON json_t *app = running ? json_of(running) : NULL;
    json_t *request;

    *ret_bp = read(text);
    request = zdd_blueprint_request(*ret_bp, app);
    assert_non_null(request);
    return request;
}

static bool is_noted(const struct zdd_blueprint *bp, const char *code, const char *words)
{
    for (size_t i = 0; i < bp->note_count; i++) {
        if (strcmp(bp->note[i].code, code) == 0)
            return strstr(bp->note[i].text, words) != NULL;
    }
    return false;
}

#define RUNNING(image, env)                                                                        \
    "{\"instances\":4,\"container\":{\"docker\":{\"image\":\"" image "\"}},\"env\":{" env "}}"
#define RUNS_1 RUNNING("shop/shop:1", "\"LEVEL\":\"info\"")
#define RUNS_2 RUNNING("shop/shop:2", "\"LEVEL\":\"info\",\"NEW\":\"yep\",\"MORE\":\"x\"")

static void the_service_that_does_not_run_becomes_the_canary(void **state)
{
    struct zdd_blueprint *bp;
    ZDD_AUTO_JSON json_t *request = request_of(shop, RUNS_1, &bp);

    (void)state;
    assert_json(request, "",
                "{\"app\":{\"container\":{\"docker\":{\"image\":\"shop/shop:2\"},"
                "\"portMappings\":[{\"containerPort\":8080,\"hostPort\":0}],\"type\":\"DOCKER\"},"
                "\"cpus\":0.5,\"env\":{\"LEVEL\":\"info\",\"NEW\":\"yep\"},"
                "\"healthChecks\":[{\"gracePeriodSeconds\":60,\"intervalSeconds\":5,"
                "\"maxConsecutiveFailures\":3,\"portIndex\":0,\"protocol\":\"TCP\","
                "\"timeoutSeconds\":5}],\"id\":\"/shop\",\"labels\":{\"HAPROXY_0_MODE\":\"http\","
                "\"HAPROXY_0_PORT\":\"10080\",\"HAPROXY_GROUP\":\"external\"},\"mem\":256,"
                "\"networks\":[{\"mode\":\"container/bridge\"}]},\"labels\":{\"blueprint\":"
                "\"shop\"},\"options\":{\"instances\":2,\"steps\":[{\"weight\":10},"
                "{\"gate\":\"promote\"}]},\"strategy\":\"canary\"}");
    assert_true(is_noted(bp, "default-health-check", "web takes TCP connections"));
    assert_int_equal(bp->note_count, 1); /* 4 instances run, as the blueprint says */
    zdd_blueprint_free(bp);
}

static void the_other_way_round_the_first_service_gets_its_own_share(void **state)
{
    struct zdd_blueprint *bp;
    ZDD_AUTO_JSON json_t *request = request_of(shop, RUNS_2, &bp);

    (void)state;
    assert_json(request, "/app/container/docker/image", "\"shop/shop:1\"");
    assert_json(request, "/options",
                "{\"instances\":4,\"steps\":[{\"weight\":90},"
                "{\"gate\":\"promote\"}]}");
    assert_true(is_noted(bp, "blueprint-instances", "4 instances"));
    zdd_blueprint_free(bp);
}

static void who_runs_is_told_by_image_and_environment(void **state)
{
    static const struct {
        const char *running, *new_image;
    } rows[] = {
        {RUNNING("shop/shop:2", "\"LEVEL\":\"info\",\"NEW\":\"yep\""), "\"shop/shop:1\""},
        /* neither of both: the larger weight counts as the old one */
        {RUNNING("shop/shop:2", "\"LEVEL\":\"info\""), "\"shop/shop:2\""},
        {RUNNING("shop/shop:2", "\"LEVEL\":\"loud\",\"NEW\":\"yep\""), "\"shop/shop:2\""},
        {RUNNING("shop/shop:2", "\"LEVEL\":{\"secret\":\"s\"},\"NEW\":\"yep\""), "\"shop/shop:2\""},
        {RUNNING("shop/shop:1", "\"LEVEL\":\"info\",\"NEW\":\"yep\""), "\"shop/shop:2\""},
        {RUNNING("other", ""), "\"shop/shop:2\""},
        {"{\"cmd\":\"./serve\"}", "\"shop/shop:2\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct zdd_blueprint *bp;
        ZDD_AUTO_JSON json_t *request = request_of(shop, rows[i].running, &bp);

        assert_json(request, "/strategy", "\"canary\"");
        assert_json(request, "/app/container/docker/image", rows[i].new_image);
        zdd_blueprint_free(bp);
    }
}

static void with_equal_shares_the_first_one_is_the_old_one(void **state)
{
    char text[TEXT_SIZE];
    struct zdd_blueprint *bp;
    ZDD_AUTO_JSON json_t *request = NULL;

    (void)state;
    change("90%\n        shop:2:\n          weight: 10%", "50%\n        shop:2: {weight: 50%}",
           text);
    request = request_of(text, "{}", &bp);
    assert_json(request, "/app/container/docker/image", "\"shop/shop:2\"");
    zdd_blueprint_free(bp);
}

static void where_nothing_runs_the_old_version_comes_first(void **state)
{
    struct zdd_blueprint *bp;
    ZDD_AUTO_JSON json_t *request = request_of(shop, NULL, &bp);

    (void)state;
    assert_json(request, "/strategy", "\"blue-green\"");
    assert_json(request, "/app/container/docker/image", "\"shop/shop:1\"");
    assert_json(request, "/app/instances", "4");
    assert_null(json_object_get(request, "options"));
    assert_true(is_noted(bp, "blueprint-first", "shop:2 gets its 10 %"));
    zdd_blueprint_free(bp);
}

/* One service, written with the other words that VAMP knows. */
static const char alone[] = "kind: blueprints\n"
                            "name: web\n"
                            "metadata: {team: shop}\n"
                            "clusters:\n"
                            "  front-end:\n"
                            "    services:\n"
                            "      - breed:\n"
                            "          name: front\n"
                            "          deployable: shop/front:7\n"
                            "          ports: {api: 0/tcp, admin: 0}\n"
                            "          environment_variables: {A: '1', PRICE: '5$$'}\n"
                            "          health_checks:\n"
                            "            - {initial_delay: 30s, interval: 10, timeout: 5s,\n"
                            "               failures: 2, port: admin, path: /ping}\n"
                            "            - {protocol: TCP}\n"
                            "        environment_variables: {A: '2', B: ''}\n"
                            "        scale: {cpu: 1, memory: 512}\n";

static void a_service_alone_without_gateway_is_a_rolling_deployment(void **state)
{
    struct zdd_blueprint *bp;
    ZDD_AUTO_JSON json_t *request = request_of(alone, NULL, &bp);

    (void)state;
    assert_false(zdd_blueprint_compares(bp));
    assert_json(request, "",
                "{\"app\":{\"container\":{\"docker\":{\"image\":\"shop/front:7\"},\"type\":"
                "\"DOCKER\"},\"cpus\":1,\"env\":{\"A\":\"2\",\"B\":\"\",\"PRICE\":\"5$\"},"
                "\"healthChecks\":[{\"gracePeriodSeconds\":30,\"intervalSeconds\":10,"
                "\"maxConsecutiveFailures\":2,\"path\":\"/ping\",\"portIndex\":1,\"protocol\":"
                "\"HTTP\",\"timeoutSeconds\":5},{\"portIndex\":0,\"protocol\":\"TCP\"}],"
                "\"id\":\"/web/front-end\",\"instances\":1,\"mem\":512,\"networks\":[{\"mode\":"
                "\"host\"}],\"portDefinitions\":[{\"port\":0},{\"port\":0}]},\"labels\":"
                "{\"blueprint\":\"web\"},\"strategy\":\"rolling\"}");
    assert_int_equal(bp->note_count, 0);
    zdd_blueprint_free(bp);
}

static void ports_without_gateway_are_not_served_and_sticky_users_stay(void **state)
{
    char text[2 * TEXT_SIZE];
    struct zdd_blueprint *bp;
    ZDD_AUTO_JSON json_t *request = NULL;

    (void)state;
    snprintf(
        text, sizeof(text),
        "gateways: {10081: front-end/admin}\n%.*s    gateways: {admin: {sticky: instance}}\n%s",
        (int)(strstr(alone, "    services") - alone), alone, strstr(alone, "    services"));
    request = request_of(text, NULL, &bp);
    assert_json(request, "/strategy", "\"blue-green\"");
    assert_json(request, "/app/labels",
                "{\"HAPROXY_0_ENABLED\":\"false\",\"HAPROXY_1_MODE\":\"http\",\"HAPROXY_1_PORT\":"
                "\"10081\",\"HAPROXY_1_STICKY\":\"true\",\"HAPROXY_GROUP\":\"external\"}");
    zdd_blueprint_free(bp);
}

/* What is wrong with a changed text, and where. */
struct refusal {
    const char *old, *new, *pointer;
    int line, column;
    const char *words;
};

static void assert_refused(const char *text, const struct refusal *r)
{
    struct zdd_blueprint *bp = NULL;
    struct zdd_json_error where = {0};
    struct zdd_field_errors errors = {0};
    char place[40];

    assert_int_equal(zdd_blueprint_read(text, strlen(text), &bp, &where, &errors),
                     ZDD_ERR_BODY_INVALID);
    assert_null(bp);
    snprintf(place, sizeof(place), "line %d, column %d: ", r->line, r->column);
    if (errors.count != 1 || strcmp(errors.error[0].pointer, r->pointer) != 0 ||
        strncmp(errors.error[0].detail, place, strlen(place)) != 0 ||
        !strstr(errors.error[0].detail, r->words))
        fail_msg("%s -> %s\n%zu errors, the first at %s: %s", r->old, r->new, errors.count,
                 errors.error[0].pointer, errors.error[0].detail);
}

#define SHOP "#/clusters/shop"
#define ONE SHOP "/services/0"
#define TWO SHOP "/services/1"

static void what_cannot_be_carried_out_is_refused_by_its_place(void **state)
{
    static const struct refusal rows[] = {
        /* the document */
        {"name: shop\n", "", "#/name", 1, 1, "is required"},
        {"name: shop\n", "name: 5\n", "#/name", 1, 7, "must be text, not 5"},
        {"name: shop", "name: shop\nkind: breeds", "#/kind", 2, 7, "\"blueprints\""},
        {"name: shop", "name: Shop", SHOP, 5, 3, "becomes the app /Shop/shop"},
        {"name: shop", "name: shop\nnmae: x", "#/nmae", 2, 7, "did you mean \"name\""},
        {"name: shop", "name: shop\nworkflows: []", "#/workflows", 2, 1, "run inside VAMP"},
        {"name: shop", "name: shop\nenvironment_variables: {A: b}", "#/environment_variables", 2, 1,
         "belongs into a service"},
        {"clusters:\n  shop:", "clusters:\n  more: {services: []}\n  shop:", SHOP, 6, 3,
         "send each cluster as a blueprint of its own"},
        /* where users find it */
        {"gateways:\n  10080: shop/web\n", "", "#/gateways", 1, 1, "like 10080: shop/port"},
        {"10080: shop/web", "10080: web", "#/gateways/10080", 3, 10, "like shop/port, not"},
        {"10080: shop/web", "10080: {port: web}", "#/gateways/10080", 3, 3, "not an object"},
        {"10080: shop/web", "web: shop/web", "#/gateways/web", 3, 8, "like 10080 or 10080/http"},
        {"10080: shop/web", "0: shop/web", "#/gateways/0", 3, 6, "like 10080"},
        {"10080: shop/web", "10080/tcp: shop/web", "#/gateways/10080~1tcp", 3, 14, "is http"},
        {"10080: shop/web", "10080: shop/web\n  10081: shop/web", "#/gateways/10081", 4, 10,
         "has a gateway already, 10080"},
        {"            web: 8080/http", "            api: 8080/http", "#/gateways/10080", 3, 10,
         "the breed shop:1 has no port called \"web\""},
        /* shares */
        {"90%", "91%", SHOP "/gateways", 6, 5, "add up to 101%"},
        {"90%", "90", SHOP "/gateways/routes/shop:1/weight", 9, 19, "like 20%, not 90"},
        {"        shop:1:\n          weight: 90%\n", "", SHOP "/gateways", 6, 5,
         "routes without a weight for shop:1"},
        {"shop:1:\n", "shop:3:\n", SHOP "/gateways/routes/shop:3", 8, 9, "no service"},
        {"weight: 90%", "condition: User-Agent = x\n          weight: 90%",
         SHOP "/gateways/routes/shop:1/condition", 9, 22, "shared by weight alone"},
        {"weight: 90%", "filters: [x]\n          weight: 90%",
         SHOP "/gateways/routes/shop:1/filters", 9, 11, "shared by weight alone"},
        {"shop:1:\n          weight: 90%", "shop:1: {}", SHOP "/gateways/routes/shop:1/weight", 8,
         9, "is required"},
        {"      routes:", "      sticky: never\n      routes:", SHOP "/gateways/sticky", 7, 15,
         "must be one of"},
        {"      routes:", "      virtual_hosts: [a]\n      routes:", SHOP "/gateways/virtual_hosts",
         7, 7, "HAPROXY_0_VHOST"},
        {"      routes:", "      http:", SHOP "/gateways/http", 7, 7,
         "no breed of the cluster has a port of this name"},
        /* services */
        {"    services:", "    slas: []\n    services:", SHOP "/slas", 12, 5,
         "nothing scales by load"},
        {"    services:", "    dialects: {marathon: {}}\n    services:", SHOP "/dialects", 12, 5,
         "send the definition as JSON"},
        {"    services:\n", "    services:\n      - {breed: x, scale: y}\n", SHOP "/services", 12,
         5, "must have one service, or two"},
        {"name: shop:2", "name: shop:1", TWO, 24, 9, "the same breed as the first"},
        {"scale: {cpu: 500m, memory: 0.25GB, instances: 2}", "scale: small", TWO "/scale", 29, 16,
         "only VAMP keeps; write it out"},
        {"scale: {cpu: 500m, memory: 0.25GB, instances: 2}",
         "dialects: {}\n        scale: {cpu: 1, memory: 1}", TWO "/dialects", 29, 9, "\"app\""},
        {"          cpu: 0.5\n", "", ONE "/scale/cpu", 20, 9, "is required"},
        {"cpu: 0.5", "cpu: much", ONE "/scale/cpu", 21, 16, "cores like 0.5 or 500m, not"},
        {"64MB", "64KB", ONE "/scale/memory", 22, 19, "like 64MB or 0.5GB, not"},
        {"instances: 4", "instances: 0", ONE "/scale/instances", 23, 22, "from 1 to 10000"},
        /* breeds */
        {"deployable: shop/shop:1\n", "deployable: {type: x}\n", ONE "/breed/deployable", 15, 11,
         "must be text, not an object"},
        {"deployable: shop/shop:1\n", "dependencies: {db: x}\n          deployable: x\n",
         ONE "/breed/dependencies", 15, 11, "write the other app's address"},
        {"8080/http\n          env", "8080/udp\n          env", ONE "/breed/ports/web", 17, 18,
         "a port like 8080/http"},
        {"LEVEL: info", "LEVEL: 0.9", ONE "/breed/env/LEVEL", 19, 20, "must be a text in quotes"},
        {"LEVEL: info", "LEVEL: $db.host", ONE "/breed/env/LEVEL", 19, 20, "and $$ for a $"},
        {"LEVEL: info", "LEVEL: a$", ONE "/breed/env/LEVEL", 19, 20, "and $$ for a $"},
        {"LEVEL: info", "LEVEL[X]: info", ONE "/breed/env/LEVEL[X]", 19, 23, "alias"},
        {"          env:\n", "          environment_variables: {A: b}\n          env:\n",
         ONE "/breed/env", 19, 11, "use one of them"},
        /* checks */
        {"          env:\n", "          health_checks: [{port: x}]\n          env:\n",
         ONE "/breed/health_checks/0/port", 18, 34, "no port called \"x\""},
        {"          env:\n", "          health_checks: [{interval: 1m}]\n          env:\n",
         ONE "/breed/health_checks/0/interval", 18, 38, "whole seconds like 10s"},
        {"          env:\n", "          health_checks: [{protocol: UDP}]\n          env:\n",
         ONE "/breed/health_checks/0/protocol", 18, 38, "\"HTTP\", \"HTTPS\", \"TCP\""},
        {"          env:\n", "          health_checks: [{failures: -1}]\n          env:\n",
         ONE "/breed/health_checks/0/failures", 18, 38, "from 0 to 1000"},
        {"        scale: {cpu: 5", "        health_checks: [{path: 5}]\n        scale: {cpu: 5",
         TWO "/health_checks/0/path", 29, 32, "must be text, not 5"},
        {"          env: {LEVEL: info, NEW: yep}\n",
         "          health_checks: []\n        health_checks: []\n", TWO "/health_checks", 29, 9,
         "stands in the breed too"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[TEXT_SIZE];

        change(rows[i].old, rows[i].new, text);
        assert_refused(text, &rows[i]);
    }
}

static void a_name_that_tells_versions_apart_is_refused(void **state)
{
    static const struct refusal colour = {"front-end", "green", "#/clusters/green",
                                          5,           3,       "use a name without it"};
    char text[TEXT_SIZE];

    (void)state;
    change_in(alone, colour.old, colour.new, text);
    assert_refused(text, &colour);
}

static void every_mistake_is_told_not_only_the_first(void **state)
{
    static const char text[] = "nam: x\nclusters: {a: {services: [], sla: x}}\ngateways: []\n";
    struct zdd_blueprint *bp = NULL;
    struct zdd_json_error where;
    struct zdd_field_errors errors = {0};

    (void)state;
    assert_int_equal(zdd_blueprint_read(text, strlen(text), &bp, &where, &errors),
                     ZDD_ERR_BODY_INVALID);
    assert_int_equal(errors.count, 3);
    for (size_t i = 0; i < errors.count; i++)
        assert_memory_equal(errors.error[i].detail, "line ", 5);
}

static void a_text_that_is_no_yaml_has_its_place_too(void **state)
{
    struct zdd_blueprint *bp = NULL;
    struct zdd_json_error where;
    struct zdd_field_errors errors = {0};

    (void)state;
    assert_int_equal(zdd_blueprint_read("a: &x 1", 7, &bp, &where, &errors),
                     ZDD_ERR_BODY_MALFORMED);
    assert_int_equal(where.column, 4);
    assert_int_equal(errors.count, 0);
}

/* What the request's own reader finds wrong is told of the blueprint. */
static void what_is_wrong_with_the_request_is_blamed_on_the_blueprint(void **state)
{
    static const struct {
        const char *request, *document;
        int line, column;
    } rows[] = {
        {"#/app/container/docker/image", TWO "/breed/deployable", 26, 23},
        {"#/app/cpus", TWO "/scale/cpu", 29, 22},
        {"#/app/mem", TWO "/scale/memory", 29, 36},
        {"#/app/instances", TWO "/scale/instances", 29, 55},
        {"#/options/instances", TWO "/scale/instances", 29, 55},
        {"#/app/container/portMappings/0/containerPort", TWO "/breed/ports", 27, 11},
        {"#/app/portDefinitions", TWO "/breed/ports", 27, 11},
        {"#/app/env/NEW", TWO "/breed/env/NEW", 28, 35},
        {"#/app/env", TWO "/breed/env", 28, 11},
        {"#/app/healthChecks/0", TWO, 24, 9},
        {"#/app/somewhere", TWO, 24, 9},
        {"#/app/labels", "#/gateways", 2, 1},
        {"#/options/steps/0/weight", SHOP "/gateways", 6, 5},
        {"#/strategy", SHOP, 5, 3},
        {"#/application", SHOP, 5, 3},
    };
    struct zdd_blueprint *bp;
    ZDD_AUTO_JSON json_t *request = request_of(shop, RUNS_1, &bp);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct zdd_field_errors errors = {0};
        char wanted[80];

        zdd_field_error_add(&errors, "#/before", "as it was");
        zdd_field_error_add(&errors, rows[i].request, "is wrong");
        zdd_blueprint_blame(bp, 1, &errors);
        snprintf(wanted, sizeof(wanted), "line %d, column %d: is wrong", rows[i].line,
                 rows[i].column);
        assert_string_equal(errors.error[0].detail, "as it was");
        assert_string_equal(errors.error[1].pointer, rows[i].document);
        assert_string_equal(errors.error[1].detail, wanted);
    }
    zdd_blueprint_free(bp);
}

/* The definition is one that Marathon takes. */
static void the_request_reads_as_a_deployment_request(void **state)
{
    static const char *const texts[] = {shop, alone};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct zdd_blueprint *bp;
        ZDD_AUTO_JSON json_t *json = request_of(texts[i], NULL, &bp);
        struct zdd_plan_request request;
        struct zdd_field_errors errors = {0};

        if (!zdd_plan_request_read(json, &request, &errors))
            fail_msg("%s: %s", errors.error[0].pointer, errors.error[0].detail);
        assert_string_equal(request.app_id, bp->app_id);
        zdd_blueprint_free(bp);
    }
}

static void the_blueprint_of_the_zdd_lab_is_taken_as_it_is(void **state)
{
    static char text[TEXT_SIZE];
    FILE *file = fopen(ZDD_LAB_BLUEPRINT, "r");
    struct zdd_blueprint *bp;
    ZDD_AUTO_JSON json_t *request = NULL;

    (void)state;
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    request = request_of(text, "{\"instances\":3}", &bp);
    assert_string_equal(bp->app_id, "/simpleservice");
    assert_json(request, "/options",
                "{\"instances\":1,\"steps\":[{\"weight\":20},"
                "{\"gate\":\"promote\"}]}");
    assert_json(request, "/app/env", "{\"SIMPLE_SERVICE_VERSION\":\"1.0\"}");
    assert_json(request, "/app/labels/HAPROXY_0_PORT", "\"10099\"");
    zdd_blueprint_free(bp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_service_that_does_not_run_becomes_the_canary),
        cmocka_unit_test(the_other_way_round_the_first_service_gets_its_own_share),
        cmocka_unit_test(who_runs_is_told_by_image_and_environment),
        cmocka_unit_test(with_equal_shares_the_first_one_is_the_old_one),
        cmocka_unit_test(where_nothing_runs_the_old_version_comes_first),
        cmocka_unit_test(a_service_alone_without_gateway_is_a_rolling_deployment),
        cmocka_unit_test(ports_without_gateway_are_not_served_and_sticky_users_stay),
        cmocka_unit_test(what_cannot_be_carried_out_is_refused_by_its_place),
        cmocka_unit_test(a_name_that_tells_versions_apart_is_refused),
        cmocka_unit_test(every_mistake_is_told_not_only_the_first),
        cmocka_unit_test(a_text_that_is_no_yaml_has_its_place_too),
        cmocka_unit_test(what_is_wrong_with_the_request_is_blamed_on_the_blueprint),
        cmocka_unit_test(the_request_reads_as_a_deployment_request),
        cmocka_unit_test(the_blueprint_of_the_zdd_lab_is_taken_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
