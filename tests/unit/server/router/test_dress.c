/**
 * @file tests/unit/server/router/test_dress.c
 * @brief The labels of a pair, on both of its apps, and what Marathon-LB would not route or obey.
 */
#include "server/router/dress.h"

#include "server/router/label.h"
#include "strategies/model/limits.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_MS 1714557600000 /* 2024-05-01T10:00:00Z */

/* marathon-lb.md §4.e, with base weight 1; the JSON text holds "\\n" for HAProxy and a line feed.
 */
#define AGENT                                                                                      \
    "  server {serverName} {host_ipv4}:{port} id {serverId}{cookieOptions}{healthCheckOptions}"    \
    "{otherOptions} weight 1 fastinter 1s agent-check agent-addr 10.0.0.9 agent-port 8091 "        \
    "agent-inter 200ms "                                                                           \
    "agent-send \"{host_ipv4}:{port}\\n\"\n"

#define CHECKS "\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/ping\"}]"
#define IN_GROUP "\"HAPROXY_GROUP\":\"external\""
#define LABELLED(...) "{\"id\":\"/zdd/base\"," CHECKS ",\"labels\":{" IN_GROUP __VA_ARGS__ "}}"
#define PORT_0 ",\"HAPROXY_0_PORT\":\"10000\""

struct wardrobe {
    struct zdd_pair_dress dress;
    struct zdd_field_errors errors;
    json_t *target, *old;
    enum zdd_err err;
};

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);

    if (!json)
        fail_msg("%s: %s", error.text, text);
    return json;
}

static struct wardrobe dressed_as(const char *target, const char *old, const char *pair_id)
{
    struct wardrobe w = {.target = parse(target), .old = old ? parse(old) : NULL};
    char new_id[300];

    snprintf(new_id, sizeof(new_id), "%s-green", pair_id);
    w.dress = (struct zdd_pair_dress){
        .pair_id = pair_id,
        .new_id = new_id,
        .colour = "green",
        .advertise = "10.0.0.9:8091",
        .now_ms = NOW_MS,
        .target = w.target,
        .old = w.old,
    };
    w.err = zdd_pair_dress(&w.dress, &w.errors);
    w.dress.new_id = NULL; /* borrowed for the call alone */
    return w;
}

static struct wardrobe dressed(const char *target, const char *old)
{
    return dressed_as(target, old, "/zdd/base");
}

static void undress(struct wardrobe *w)
{
    zdd_pair_dress_release(&w->dress);
    json_decref(w->target);
    json_decref(w->old);
}

static const char *label(const json_t *app, const char *name)
{
    return zdd_json_text(json_object_get(app, "labels"), name, "(none)");
}

static void assert_dressed(const struct wardrobe *w, const char *backends)
{
    if (w->err != ZDD_ERR_NONE)
        fail_msg("%s: %s %s", zdd_err_slug(w->err), w->errors.error[0].pointer,
                 w->errors.error[0].detail);
    assert_string_equal(w->dress.backends.data, backends);
}

static void a_new_app_gets_the_labels_of_a_pair_and_its_id(void **state)
{
    struct wardrobe w = dressed(LABELLED(PORT_0 ",\"OWNER\":\"me\""), NULL);

    (void)state;
    assert_dressed(&w, "zdd_base_10000");
    assert_null(w.dress.adopted);
    assert_false(w.dress.sticky.any);
    assert_string_equal(zdd_json_text(w.target, "id", ""), "/zdd/base-green");
    assert_string_equal(label(w.target, "HAPROXY_GROUP"), "external");
    assert_string_equal(label(w.target, "HAPROXY_0_PORT"), "10000");
    assert_string_equal(label(w.target, "HAPROXY_0_BACKEND_SERVER_OPTIONS"), AGENT);
    assert_string_equal(label(w.target, "HAPROXY_DEPLOYMENT_GROUP"), "zdd_base");
    assert_string_equal(label(w.target, "HAPROXY_DEPLOYMENT_TARGET_INSTANCES"), "1000000");
    assert_string_equal(label(w.target, "HAPROXY_DEPLOYMENT_NEW_INSTANCES"), "0");
    assert_string_equal(label(w.target, "HAPROXY_DEPLOYMENT_COLOUR"), "green");
    assert_string_equal(label(w.target, "HAPROXY_DEPLOYMENT_STARTED_AT"),
                        "2024-05-01T10:00:00.000");
    assert_string_equal(label(w.target, "HAPROXY_APP_ID"), "/zdd/base");
    assert_string_equal(label(w.target, "OWNER"), "me");
    assert_int_equal(json_object_size(json_object_get(w.target, "labels")), 10);
    undress(&w);
}

#define OLD_PLAIN                                                                                  \
    "{\"id\":\"/zdd/base\"," CHECKS ",\"instances\":4,\"labels\":{" IN_GROUP PORT_0 "}}"

static void a_plain_app_is_adopted_with_the_labels_it_lacks(void **state)
{
    struct wardrobe w = dressed(OLD_PLAIN, OLD_PLAIN);
    const json_t *adopted = w.dress.adopted;

    (void)state;
    assert_dressed(&w, "zdd_base_10000");
    assert_non_null(adopted);
    assert_string_equal(zdd_json_text(adopted, "id", ""), "/zdd/base");
    assert_string_equal(label(adopted, "HAPROXY_0_PORT"), "10000");
    assert_string_equal(label(adopted, "HAPROXY_0_BACKEND_SERVER_OPTIONS"), AGENT);
    assert_string_equal(label(adopted, "HAPROXY_DEPLOYMENT_GROUP"), "zdd_base");
    assert_string_equal(label(adopted, "HAPROXY_DEPLOYMENT_TARGET_INSTANCES"), "1000000");
    assert_string_equal(label(adopted, "HAPROXY_DEPLOYMENT_NEW_INSTANCES"), "0");
    /* Older than the new one, so that Marathon-LB takes it for the old one. */
    assert_string_equal(label(adopted, "HAPROXY_DEPLOYMENT_STARTED_AT"), "2024-05-01T09:59:59.000");
    assert_string_equal(label(adopted, "HAPROXY_DEPLOYMENT_COLOUR"), "(none)");
    assert_string_equal(label(adopted, "HAPROXY_APP_ID"), "(none)");
    assert_int_equal(json_object_size(json_object_get(adopted, "labels")), 7);
    /* What runs was looked at and not touched. */
    assert_int_equal(json_object_size(json_object_get(w.old, "labels")), 2);
    undress(&w);
}

static void the_adopted_app_is_replaced_one_by_one(void **state)
{
    static const struct {
        int instances;
        double over;
    } rows[] = {{1, 1}, {2, 0.5}, {3, 0.34}, {4, 0.25}, {7, 0.15}, {100, 0.01}, {101, 0.01}};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        char old[500];

        snprintf(old, sizeof(old),
                 "{\"id\":\"/zdd/base\"," CHECKS ",\"instances\":%d,\"labels\":{" IN_GROUP PORT_0
                 "},\"upgradeStrategy\":{\"minimumHealthCapacity\":0,\"maximumOverCapacity\":0}}",
                 rows[i].instances);

        struct wardrobe w = dressed(LABELLED(PORT_0), old);
        const json_t *both = json_object_get(w.dress.adopted, "upgradeStrategy");

        assert_dressed(&w, "zdd_base_10000");
        assert_true(json_real_value(json_object_get(both, "minimumHealthCapacity")) == 1.0);
        assert_true(json_real_value(json_object_get(both, "maximumOverCapacity")) == rows[i].over);
        undress(&w);
    }
}

static void an_app_of_a_pair_has_all_it_needs_for_the_next_deployment(void **state)
{
    struct wardrobe first = dressed(LABELLED(PORT_0), NULL);
    char *running = json_dumps(first.target, JSON_COMPACT);

    (void)state;
    assert_dressed(&first, "zdd_base_10000");

    /* The next version is a change of what runs, as `change` makes it. */
    struct wardrobe next = dressed(running, running);

    assert_dressed(&next, "zdd_base_10000");
    assert_null(next.dress.adopted);
    undress(&next);

    /* Or it comes as a whole, without any label of a pair. */
    next = dressed(LABELLED(PORT_0), running);
    assert_dressed(&next, "zdd_base_10000");
    assert_null(next.dress.adopted);
    undress(&next);
    free(running);
    undress(&first);
}

static void the_start_of_the_running_version_is_not_inherited(void **state)
{
    static const char old[] =
        LABELLED(PORT_0 ",\"HAPROXY_DEPLOYMENT_STARTED_AT\":\"2023-01-01T00:00:00.000\"");
    struct wardrobe w = dressed(old, old);

    (void)state;
    assert_dressed(&w, "zdd_base_10000");
    assert_string_equal(label(w.target, "HAPROXY_DEPLOYMENT_STARTED_AT"),
                        "2024-05-01T10:00:00.000");
    assert_string_equal(label(w.dress.adopted, "HAPROXY_DEPLOYMENT_STARTED_AT"),
                        "2023-01-01T00:00:00.000");
    undress(&w);
}

static void another_agent_or_another_group_has_to_be_adopted(void **state)
{
    struct wardrobe first = dressed(LABELLED(PORT_0), NULL);
    json_t *labels = json_object_get(first.target, "labels");

    (void)state;
    json_object_set_new(labels, "HAPROXY_0_BACKEND_SERVER_OPTIONS",
                        json_string("  server x weight 1 agent-check agent-addr 10.0.0.8\n"));

    char *running = json_dumps(first.target, JSON_COMPACT);
    struct wardrobe next = dressed(LABELLED(PORT_0), running);

    assert_dressed(&next, "zdd_base_10000");
    assert_string_equal(label(next.dress.adopted, "HAPROXY_0_BACKEND_SERVER_OPTIONS"), AGENT);
    undress(&next);
    free(running);
    undress(&first);
}

static void the_group_is_named_by_the_id_unless_it_has_a_name(void **state)
{
    static const struct {
        const char *id, *target, *old, *backends, *group;
    } rows[] = {
        {"/base", LABELLED(PORT_0), NULL, "base_10000", "base"},
        {"/a/b/c-d", LABELLED(PORT_0), NULL, "a_b_c-d_10000", "a_b_c-d"},
        {"/a", LABELLED(PORT_0 ",\"HAPROXY_DEPLOYMENT_GROUP\":\"shop\""), NULL, "shop_10000",
         "shop"},
        /* The slashes of a name that somebody chose stay in the label; Marathon-LB cleans them. */
        {"/a", LABELLED(PORT_0 ",\"HAPROXY_DEPLOYMENT_GROUP\":\"/my/shop\""), NULL, "my_shop_10000",
         "/my/shop"},
        {"/a", LABELLED(PORT_0), LABELLED(PORT_0 ",\"HAPROXY_DEPLOYMENT_GROUP\":\"old\""),
         "old_10000", "old"},
        {"/a", LABELLED(PORT_0 ",\"HAPROXY_DEPLOYMENT_GROUP\":\"new\""),
         LABELLED(PORT_0 ",\"HAPROXY_DEPLOYMENT_GROUP\":\"old\""), "new_10000", "new"},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct wardrobe w = dressed_as(rows[i].target, rows[i].old, rows[i].id);

        assert_dressed(&w, rows[i].backends);
        assert_string_equal(label(w.target, "HAPROXY_DEPLOYMENT_GROUP"), rows[i].group);
        if (rows[i].old)
            assert_string_equal(label(w.dress.adopted, "HAPROXY_DEPLOYMENT_GROUP"), rows[i].group);
        undress(&w);
    }
}

#define WITH(more) "{\"id\":\"/zdd/base\"," CHECKS ",\"labels\":{" IN_GROUP "}," more "}"
#define DEFINITIONS(...) "\"portDefinitions\":[" __VA_ARGS__ "]"
#define MAPPINGS(...) "\"container\":{\"portMappings\":[" __VA_ARGS__ "]}"

static void the_public_port_comes_from_the_first_that_tells(void **state)
{
    static const struct {
        const char *target, *old, *backends;
    } rows[] = {
        {WITH(DEFINITIONS("{\"port\":9000}")), NULL, "zdd_base_9000"},
        {WITH(MAPPINGS("{\"containerPort\":80,\"servicePort\":9001}")), NULL, "zdd_base_9001"},
        /* Mappings count where there are both, as for Marathon-LB. */
        {WITH(DEFINITIONS("{\"port\":9000}") "," MAPPINGS("{\"servicePort\":9001}")), NULL,
         "zdd_base_9001"},
        {WITH(DEFINITIONS("{\"port\":0}")), WITH(DEFINITIONS("{\"port\":9002}")), "zdd_base_9002"},
        {WITH(MAPPINGS("{\"servicePort\":0}")), WITH(DEFINITIONS("{\"port\":9002}")),
         "zdd_base_9002"},
        {LABELLED(), WITH(DEFINITIONS("{\"port\":9002}")), "zdd_base_9002"},
        /* The label of what runs is what users know. */
        {WITH(DEFINITIONS("{\"port\":0}")), LABELLED(PORT_0), "zdd_base_10000"},
        {WITH(DEFINITIONS("{\"port\":10000}")), LABELLED(PORT_0), "zdd_base_10000"},
        {LABELLED(PORT_0), WITH(DEFINITIONS("{\"port\":10000}")), "zdd_base_10000"},
        {LABELLED(",\"HAPROXY_0_PORT\":\"65535\""), NULL, "zdd_base_65535"},
        {LABELLED(",\"HAPROXY_0_PORT\":\"1\""), NULL, "zdd_base_1"},
        /* Several ports, each from where it is told. */
        {"{\"id\":\"/x\"," CHECKS ",\"labels\":{" IN_GROUP
         ",\"HAPROXY_1_PORT\":\"7001\"}," DEFINITIONS(
             "{\"port\":7000},{\"port\":0},{\"port\":7002}") "}",
         NULL, "zdd_base_7000 zdd_base_7001 zdd_base_7002"},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct wardrobe w = dressed(rows[i].target, rows[i].old);

        assert_dressed(&w, rows[i].backends);
        undress(&w);
    }
}

static void every_port_gets_its_own_labels_and_a_free_service_port(void **state)
{
    struct wardrobe w = dressed(
        WITH(MAPPINGS("{\"containerPort\":80,\"servicePort\":7000},{\"servicePort\":7001}")),
        WITH(MAPPINGS("{\"containerPort\":80,\"servicePort\":7000},{\"servicePort\":7001}")));
    const json_t *mappings =
        json_object_get(json_object_get(w.target, "container"), "portMappings");

    (void)state;
    assert_dressed(&w, "zdd_base_7000 zdd_base_7001");
    assert_string_equal(label(w.target, "HAPROXY_0_PORT"), "7000");
    assert_string_equal(label(w.target, "HAPROXY_1_PORT"), "7001");
    assert_string_equal(label(w.target, "HAPROXY_1_BACKEND_SERVER_OPTIONS"), AGENT);
    assert_string_equal(label(w.dress.adopted, "HAPROXY_1_PORT"), "7001");
    assert_string_equal(label(w.dress.adopted, "HAPROXY_1_BACKEND_SERVER_OPTIONS"), AGENT);
    assert_string_equal(label(w.target, "HAPROXY_2_PORT"), "(none)");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(zdd_json_int(json_array_get(mappings, i), "servicePort", -1), 0);
    assert_int_equal(zdd_json_int(json_array_get(mappings, 0), "containerPort", -1), 80);
    undress(&w);
}

static void required_ports_stay_as_they_are(void **state)
{
    struct wardrobe w =
        dressed(WITH(DEFINITIONS("{\"port\":9000}") ",\"requirePorts\":true"), NULL);
    struct wardrobe free_one =
        dressed(WITH(DEFINITIONS("{\"port\":9000}") ",\"requirePorts\":false"), NULL);

    (void)state;
    assert_dressed(&w, "zdd_base_9000");
    assert_int_equal(
        zdd_json_int(json_array_get(json_object_get(w.target, "portDefinitions"), 0), "port", -1),
        9000);
    assert_dressed(&free_one, "zdd_base_9000");
    assert_int_equal(
        zdd_json_int(json_array_get(json_object_get(free_one.target, "portDefinitions"), 0), "port",
                     -1),
        0);
    undress(&w);
    undress(&free_one);
}

#define STICKY(word) LABELLED(PORT_0 ",\"HAPROXY_0_STICKY\":\"" word "\"")

static void sticky_is_what_marathon_lb_takes_for_it_on_either_app(void **state)
{
    static const struct {
        const char *target, *old;
        bool sticky;
    } rows[] = {
        {STICKY("true"), NULL, true},
        {STICKY("Yes"), NULL, true},
        {STICKY("t"), NULL, true},
        {STICKY("y"), NULL, true},
        {STICKY("false"), NULL, false},
        {STICKY(""), NULL, false},
        {STICKY("1"), NULL, false},
        {LABELLED(PORT_0), STICKY("true"), true},
        /* While both are there, the older one's word counts. */
        {STICKY("false"), STICKY("true"), true},
        {LABELLED(PORT_0), LABELLED(PORT_0), false},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct wardrobe w = dressed(rows[i].target, rows[i].old);

        assert_dressed(&w, "zdd_base_10000");
        assert_int_equal(w.dress.sticky.any, rows[i].sticky);
        undress(&w);
    }
}

static void an_algorithm_that_obeys_weights_is_fine(void **state)
{
    static const char *const targets[] = {LABELLED(PORT_0 ",\"HAPROXY_0_BALANCE\":\"roundrobin\""),
                                          LABELLED(PORT_0 ",\"HAPROXY_0_BALANCE\":\"random\"")};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(targets); i++) {
        struct wardrobe w = dressed(targets[i], LABELLED(PORT_0));

        assert_dressed(&w, "zdd_base_10000");
        undress(&w);
    }
}

#define ENABLED(n, word) ",\"HAPROXY_" #n "_ENABLED\":\"" word "\""
#define TWO_PORTS(more)                                                                            \
    "{\"id\":\"/x\"," CHECKS ",\"labels\":{" IN_GROUP more                                         \
    "}," DEFINITIONS("{\"port\":7000},{\"port\":7001}") "}"

static void a_port_that_no_balancer_serves_keeps_its_place_and_gets_no_labels(void **state)
{
    static const struct {
        const char *target, *backends, *absent;
    } rows[] = {
        {TWO_PORTS(ENABLED(1, "false")), "zdd_base_7000 -", "HAPROXY_1_PORT"},
        {TWO_PORTS(ENABLED(0, "no")), "- zdd_base_7001", "HAPROXY_0_PORT"},
        {TWO_PORTS(ENABLED(0, "")), "- zdd_base_7001", "HAPROXY_0_BACKEND_SERVER_OPTIONS"},
        {TWO_PORTS(ENABLED(0, "yes") ENABLED(1, "TRUE")), "zdd_base_7000 zdd_base_7001", "NONE"},
        /* The second port has no group. */
        {"{\"id\":\"/x\"," CHECKS ",\"labels\":{\"HAPROXY_0_GROUP\":\"external\"}," DEFINITIONS(
             "{\"port\":7000},{\"port\":0}") "}",
         "zdd_base_7000 -", "HAPROXY_1_PORT"},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct wardrobe w = dressed(rows[i].target, rows[i].target);

        assert_dressed(&w, rows[i].backends);
        assert_string_equal(label(w.target, rows[i].absent), "(none)");
        assert_string_equal(label(w.dress.adopted, rows[i].absent), "(none)");
        undress(&w);
    }
}

#define STARTED(text) LABELLED(PORT_0 ",\"HAPROXY_DEPLOYMENT_STARTED_AT\":\"" text "\"")

static void starts_of_a_pair_have_a_zone_both_or_neither(void **state)
{
    static const struct {
        const char *old, *started;
    } rows[] = {
        {STARTED("2023-01-01T00:00:00.000"), "2024-05-01T10:00:00.000"},
        {STARTED("2023-01-01 00:00:00.000123"), "2024-05-01T10:00:00.000"},
        {STARTED("2023-01-01"), "2024-05-01T10:00:00.000"},
        {STARTED("2023-01-01T00:00:00Z"), "2024-05-01T10:00:00.000Z"},
        {STARTED("2023-01-01T00:00:00+02:00"), "2024-05-01T10:00:00.000Z"},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct wardrobe w = dressed(LABELLED(PORT_0), rows[i].old);

        assert_dressed(&w, "zdd_base_10000");
        assert_string_equal(label(w.target, "HAPROXY_DEPLOYMENT_STARTED_AT"), rows[i].started);
        undress(&w);
    }
}

static void balancers_may_be_added_when_one_stays(void **state)
{
    static const char *const groups[] = {"external", "internal,external", "a,external,b"};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(groups); i++) {
        char target[500];
        struct wardrobe w;

        snprintf(target, sizeof(target),
                 "{\"id\":\"/x\"," CHECKS ",\"labels\":{\"HAPROXY_GROUP\":\"%s\"" PORT_0 "}}",
                 groups[i]);
        w = dressed(target, LABELLED(PORT_0));
        assert_dressed(&w, "zdd_base_10000");
        undress(&w);
    }
}

static void a_group_of_each_port_is_a_group_too(void **state)
{
    struct wardrobe w = dressed(
        "{\"id\":\"/x\"," CHECKS ",\"labels\":{\"HAPROXY_0_GROUP\":\"external\"" PORT_0 "}}", NULL);

    (void)state;
    assert_dressed(&w, "zdd_base_10000");
    undress(&w);
}

#define UNGROUPED "{\"id\":\"/x\"," CHECKS ",\"labels\":{\"HAPROXY_0_PORT\":\"10000\"}}"
#define BALANCED(word) LABELLED(PORT_0 ",\"HAPROXY_0_BALANCE\":\"" word "\"")
#define SERVED LABELLED(PORT_0 ",\"HAPROXY_0_BACKEND_SERVER_OPTIONS\":\"  server mine\"")
#define NINE                                                                                       \
    "{\"port\":1},{\"port\":2},{\"port\":3},{\"port\":4},{\"port\":5},{\"port\":6},{\"port\":7},"  \
    "{\"port\":8},{\"port\":9}"

static void what_marathon_lb_would_not_route_or_obey_is_refused(void **state)
{
    static const struct {
        const char *target, *old, *pointer, *words;
    } rows[] = {
        {UNGROUPED, NULL, "#/app/labels", "HAPROXY_GROUP is missing: without it Marathon-LB"},
        {UNGROUPED, LABELLED(PORT_0), "#/app/labels", "HAPROXY_GROUP is missing: without"},
        {LABELLED(PORT_0), UNGROUPED, "#/app/labels",
         "HAPROXY_GROUP is missing in the app that runs"},
        {TWO_PORTS(ENABLED(0, "false") ENABLED(1, "off")), NULL, "#/app/labels",
         "no port is routed"},
        {TWO_PORTS(), TWO_PORTS(ENABLED(1, "false")), "#/app/labels",
         "port 1 is routed in the new version only"},
        {TWO_PORTS(ENABLED(1, "false")), TWO_PORTS(), "#/app/labels",
         "port 1 is routed in the version that runs only"},
        {TWO_PORTS(), WITH(DEFINITIONS("{\"port\":7000}")), "#/app/labels",
         "port 1 is routed in the new version only"},
        {WITH(DEFINITIONS("{\"port\":7000}")), TWO_PORTS(), "#/app/labels",
         "port 1 is routed in the version that runs only"},
        {TWO_PORTS(",\"HAPROXY_1_PORT\":\"7000\""), NULL, "#/app/labels",
         "ports 0 and 1 have the same service port"},
        {LABELLED(",\"HAPROXY_0_PORT\":\"10001\""), LABELLED(PORT_0), "#/app/labels",
         "the service port of port 0 would change from 10000 to 10001"},
        {WITH(DEFINITIONS("{\"port\":9000}")), LABELLED(PORT_0), "#/app/labels",
         "would change from 10000 to 9000"},
        {"{\"id\":\"/x\"," CHECKS ",\"labels\":{\"HAPROXY_GROUP\":\"extern\"" PORT_0 "}}",
         LABELLED(PORT_0), "#/app/labels", "would change from external to extern:"},
        {LABELLED(PORT_0), STARTED("yesterday"), "#/app/labels", "is yesterday, which is no time"},
        {LABELLED(PORT_0), STARTED(""), "#/app/labels", "which is no time"},
        {"{\"id\":\"/x\",\"labels\":{" IN_GROUP PORT_0 "}}", NULL, "#/app/healthChecks",
         "is missing: without a check nobody knows"},
        {"{\"id\":\"/x\",\"healthChecks\":[],\"labels\":{" IN_GROUP PORT_0 "}}", NULL,
         "#/app/healthChecks", "is missing"},
        {WITH(DEFINITIONS()), NULL, "#/app", "has no port"},
        {WITH(DEFINITIONS(NINE)), NULL, "#/app", "has more than 8 ports"},
        {LABELLED(), NULL, "#/app/labels", "HAPROXY_0_PORT is missing or no port"},
        {LABELLED(",\"HAPROXY_0_PORT\":\"0\""), NULL, "#/app/labels", "HAPROXY_0_PORT is missing"},
        {LABELLED(",\"HAPROXY_0_PORT\":\"65536\""), NULL, "#/app/labels", "HAPROXY_0_PORT"},
        {LABELLED(",\"HAPROXY_0_PORT\":\"99999999999999999999\""), NULL, "#/app/labels",
         "HAPROXY_0_PORT"},
        {LABELLED(",\"HAPROXY_0_PORT\":\"80x\""), NULL, "#/app/labels", "HAPROXY_0_PORT"},
        {LABELLED(",\"HAPROXY_0_PORT\":\"-1\""), NULL, "#/app/labels", "HAPROXY_0_PORT"},
        {LABELLED(",\"HAPROXY_0_PORT\":\"\""), NULL, "#/app/labels", "HAPROXY_0_PORT"},
        /* A label that is no port is not passed over for one that is. */
        {LABELLED(",\"HAPROXY_0_PORT\":\"x\""), LABELLED(PORT_0), "#/app/labels", "HAPROXY_0_PORT"},
        {WITH(DEFINITIONS("{\"port\":1},{\"port\":0}")), NULL, "#/app/labels",
         "HAPROXY_1_PORT is missing"},
        {BALANCED("leastconn"), NULL, "#/app/labels",
         "HAPROXY_0_BALANCE is leastconn, which does not obey weights"},
        {BALANCED("source"), NULL, "#/app/labels", "HAPROXY_0_BALANCE is source"},
        {LABELLED(PORT_0), BALANCED("leastconn"), "#/app/labels",
         "HAPROXY_0_BALANCE is leastconn in the app that runs"},
        {BALANCED("roundrobin"), BALANCED("leastconn"), "#/app/labels", "in the app that runs"},
        {SERVED, NULL, "#/app/labels", "HAPROXY_0_BACKEND_SERVER_OPTIONS stands where"},
        {LABELLED(PORT_0), SERVED, "#/app/labels",
         "HAPROXY_0_BACKEND_SERVER_OPTIONS of the app that runs stands"},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct wardrobe w = dressed(rows[i].target, rows[i].old);

        if (w.err != ZDD_ERR_BODY_INVALID || w.errors.count != 1)
            fail_msg("row %zu: %s, %zu errors", i, zdd_err_slug(w.err), w.errors.count);
        assert_string_equal(w.errors.error[0].pointer, rows[i].pointer);
        if (!strstr(w.errors.error[0].detail, rows[i].words))
            fail_msg("row %zu: %s", i, w.errors.error[0].detail);
        undress(&w);
    }
}

static void all_that_the_app_lacks_is_told_together(void **state)
{
    struct wardrobe w = dressed("{\"id\":\"/x\"," DEFINITIONS(NINE) "}", NULL);

    (void)state;
    assert_int_equal(w.err, ZDD_ERR_BODY_INVALID);
    assert_int_equal(w.errors.count, 2);
    assert_string_equal(w.errors.error[0].pointer, "#/app/healthChecks");
    assert_string_equal(w.errors.error[1].pointer, "#/app");
    undress(&w);
}

#define BARE "{\"id\":\"/zdd/base\"," CHECKS "}"
#define OWNED                                                                                      \
    "{\"id\":\"/zdd/base\"," CHECKS ",\"labels\":{\"OWNER\":\"me\",\"HAPROXY_APP_ID\":\"/y\"}}"
#define KNOWN                                                                                      \
    LABELLED(PORT_0 ",\"HAPROXY_0_VHOST\":\"zdd.example\",\"OWNER\":\"you\","                      \
                    "\"HAPROXY_DEPLOYMENT_GROUP\":\"zdd\",\"HAPROXY_DEPLOYMENT_STARTED_AT\":"      \
                    "\"2023-01-01T00:00:00.000\",\"HAPROXY_DEPLOYMENT_ALT_PORT\":\"10001\","       \
                    "\"HAPROXY_APP_ID\":\"/other\"")

static void a_definition_without_labels_for_balancers_takes_over_those_of_the_old_app(void **state)
{
    static const char *const targets[] = {BARE, OWNED};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(targets); i++) {
        struct wardrobe w = dressed(targets[i], KNOWN);

        assert_dressed(&w, "zdd_10000");
        assert_string_equal(w.dress.inherited.data,
                            "HAPROXY_GROUP, HAPROXY_0_PORT, HAPROXY_0_VHOST");
        assert_string_equal(label(w.target, "HAPROXY_0_VHOST"), "zdd.example");
        assert_string_equal(label(w.target, "HAPROXY_0_PORT"), "10000");
        assert_string_equal(label(w.target, "OWNER"), i == 0 ? "(none)" : "me");
        assert_string_equal(label(w.target, "HAPROXY_APP_ID"), "/zdd/base");
        assert_string_equal(label(w.target, "HAPROXY_DEPLOYMENT_STARTED_AT"),
                            "2024-05-01T10:00:00.000");
        assert_string_equal(label(w.target, "HAPROXY_DEPLOYMENT_ALT_PORT"), "10001");
        undress(&w);
    }
}

#define HALF_WAY(colour, started, more)                                                            \
    "{\"id\":\"/zdd/base-" colour "\",\"instances\":3," CHECKS ",\"portDefinitions\":[{\"port\":"  \
    "10001}],\"upgradeStrategy\":{\"minimumHealthCapacity\":0.5,\"maximumOverCapacity\":1}"        \
    ",\"labels\":{" IN_GROUP PORT_0 ",\"HAPROXY_DEPLOYMENT_GROUP\":\"base\","                      \
    "\"HAPROXY_DEPLOYMENT_COLOUR\":\"" colour "\",\"HAPROXY_DEPLOYMENT_STARTED_AT\":\"" started    \
    "\",\"HAPROXY_DEPLOYMENT_TARGET_INSTANCES\":\"4\"" more "}}"
#define BLUE HALF_WAY("blue", "2024-04-01T10:00:00.123456", "")
#define GREEN HALF_WAY("green", "2024-04-02T10:00:00.123456", "")

/* Dress @p target, which runs already, as the one that takes over from @p old. */
static struct wardrobe dressed_to_stay(const char *target, const char *old, const char *id,
                                       const char *colour)
{
    struct wardrobe w = {.target = parse(target), .old = parse(old)};

    w.dress = (struct zdd_pair_dress){.pair_id = "/zdd/base",
                                      .new_id = id,
                                      .colour = colour,
                                      .exists = true,
                                      .advertise = "10.0.0.9:8091",
                                      .now_ms = NOW_MS,
                                      .target = w.target,
                                      .old = w.old};
    w.err = zdd_pair_dress(&w.dress, &w.errors);
    w.dress.new_id = NULL; /* borrowed for the call alone */
    return w;
}

#define PLAIN                                                                                      \
    "  server {serverName} {host_ipv4}:{port} id {serverId}{cookieOptions}{healthCheckOptions}"    \
    "{otherOptions} weight 1 fastinter 1s\n"

/* Dress a new version by @p advertise (NULL: no agent) over an old one with the line @p worn. */
static struct wardrobe dressed_over(const char *worn, const char *advertise)
{
    struct wardrobe w = {.target = parse(GREEN), .old = parse(BLUE)};

    json_object_set_new(json_object_get(w.old, "labels"), "HAPROXY_0_BACKEND_SERVER_OPTIONS",
                        json_string(worn));
    w.dress = (struct zdd_pair_dress){.pair_id = "/zdd/base",
                                      .new_id = "/zdd/base-green",
                                      .colour = "green",
                                      .advertise = advertise,
                                      .now_ms = NOW_MS,
                                      .target = w.target,
                                      .old = w.old};
    w.err = zdd_pair_dress(&w.dress, &w.errors);
    w.dress.new_id = NULL; /* borrowed for the call alone */
    return w;
}

/* Dress for a router that reads no labels. */
static struct wardrobe left_bare(const char *target, const char *old)
{
    struct wardrobe w = {.target = parse(target), .old = old ? parse(old) : NULL};

    w.dress = (struct zdd_pair_dress){.pair_id = "/zdd/base",
                                      .new_id = "/zdd/base-green",
                                      .colour = "green",
                                      .unlabelled = true,
                                      .now_ms = NOW_MS,
                                      .target = w.target,
                                      .old = w.old};
    w.err = zdd_pair_dress(&w.dress, &w.errors);
    return w;
}

static void a_router_that_reads_no_labels_needs_none_and_every_port_counts(void **state)
{
#define PORTS_ALONE                                                                                \
    "{\"id\":\"/zdd/base\"," CHECKS ",\"portDefinitions\":[{\"port\":10000},{\"port\":10001}]}"
    struct wardrobe w = left_bare(PORTS_ALONE, PORTS_ALONE);
    const json_t *ports = json_object_get(w.target, "portDefinitions");

    (void)state;
    assert_dressed(&w, "port-0 port-1");
    assert_string_equal(zdd_json_text(w.target, "id", ""), "/zdd/base-green");
    assert_null(json_object_get(w.target, "labels"));
    assert_null(w.dress.adopted);
    assert_int_equal(zdd_json_int(json_array_get(ports, 0), "port", -1), 0); /* not the old one's */
    undress(&w);
}

static void beside_a_router_that_reads_no_labels_marathon_lb_must_not_serve(void **state)
{
    struct wardrobe old = left_bare(PORTS_ALONE, LABELLED(PORT_0)),
                    new = left_bare(LABELLED(""), NULL);
    struct wardrobe unchecked = left_bare("{\"id\":\"/zdd/base\"}", NULL);

    (void)state;
    assert_int_equal(old.err, ZDD_ERR_BODY_INVALID);
    assert_non_null(strstr(old.errors.error[0].detail, "in the app that runs"));
    assert_int_equal(new.err, ZDD_ERR_BODY_INVALID);
    assert_int_equal(unchecked.err, ZDD_ERR_BODY_INVALID);
    assert_string_equal(unchecked.errors.error[0].pointer, "#/app/healthChecks");
    undress(&old);
    undress(&new);
    undress(&unchecked);
}

static void without_an_agent_both_get_a_line_that_asks_nobody(void **state)
{
    static const char *const worn[] = {AGENT, PLAIN};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(worn); i++) {
        struct wardrobe plain = dressed_over(worn[i], NULL);
        struct wardrobe asking = dressed_over(worn[i], "10.0.0.9:8091");

        assert_int_equal(plain.err, ZDD_ERR_NONE);
        assert_string_equal(label(plain.target, "HAPROXY_0_BACKEND_SERVER_OPTIONS"), PLAIN);
        assert_string_equal(label(plain.dress.adopted, "HAPROXY_0_BACKEND_SERVER_OPTIONS"), PLAIN);
        assert_int_equal(asking.err, ZDD_ERR_NONE);
        assert_string_equal(label(asking.target, "HAPROXY_0_BACKEND_SERVER_OPTIONS"), AGENT);
        assert_string_equal(label(asking.dress.adopted, "HAPROXY_0_BACKEND_SERVER_OPTIONS"), AGENT);
        undress(&plain);
        undress(&asking);
    }
}

static void who_takes_over_keeps_its_age_and_port_and_is_replaced_one_by_one(void **state)
{
    struct wardrobe w = dressed_to_stay(BLUE, GREEN, "/zdd/base-blue", "blue");
    const json_t *both = json_object_get(w.target, "upgradeStrategy");

    (void)state;
    assert_dressed(&w, "base_10000");
    assert_string_equal(label(w.target, "HAPROXY_DEPLOYMENT_STARTED_AT"),
                        "2024-04-01T10:00:00.123456");
    assert_string_equal(label(w.dress.adopted, "HAPROXY_DEPLOYMENT_STARTED_AT"),
                        "2024-04-02T10:00:00.123456");
    assert_string_equal(label(w.target, "HAPROXY_0_BACKEND_SERVER_OPTIONS"), AGENT);
    assert_string_equal(label(w.target, "HAPROXY_DEPLOYMENT_COLOUR"), "blue");
    assert_string_equal(label(w.target, "HAPROXY_DEPLOYMENT_TARGET_INSTANCES"), "1000000");
    assert_int_equal(json_integer_value(zdd_json_at(w.target, "/portDefinitions/0/port")), 10001);
    assert_true(json_real_value(json_object_get(both, "minimumHealthCapacity")) == 1.0);
    assert_true(json_real_value(json_object_get(both, "maximumOverCapacity")) == 0.34);
    undress(&w);
}

static void who_is_dressed_already_is_not_replaced(void **state)
{
    struct wardrobe first = dressed_to_stay(BLUE, GREEN, "/zdd/base-blue", "blue");
    char *stays = json_dumps(first.target, JSON_COMPACT);
    char *goes = json_dumps(first.dress.adopted, JSON_COMPACT);
    struct wardrobe again = dressed_to_stay(stays, goes, "/zdd/base-blue", "blue");

    (void)state;
    assert_dressed(&again, "base_10000");
    assert_null(again.dress.adopted);
    assert_true(json_equal(again.target, first.target));
    undress(&again);
    undress(&first);
    free(stays);
    free(goes);
}

static void a_plain_app_that_stays_gets_no_colour(void **state)
{
    struct wardrobe w = dressed_to_stay(OLD_PLAIN, GREEN, "/zdd/base", NULL);

    (void)state;
    assert_dressed(&w, "base_10000");
    assert_string_equal(label(w.target, "HAPROXY_DEPLOYMENT_COLOUR"), "(none)");
    assert_string_equal(zdd_json_text(w.target, "id", ""), "/zdd/base");
    undress(&w);
}

static void a_definition_with_one_label_for_balancers_takes_over_none(void **state)
{
    struct wardrobe w = dressed(LABELLED(PORT_0), KNOWN);

    (void)state;
    assert_dressed(&w, "zdd_10000");
    assert_int_equal(w.dress.inherited.size, 0);
    assert_string_equal(label(w.target, "HAPROXY_0_VHOST"), "(none)");
    undress(&w);
}

static void the_longest_id_still_names_a_backend(void **state)
{
    char id[ZDD_APP_ID_SIZE] = "/";
    struct wardrobe w;

    (void)state;
    memset(id + 1, 'a', 254);
    w = dressed_as(LABELLED(PORT_0), NULL, id);
    assert_int_equal(w.err, ZDD_ERR_NONE);
    assert_int_equal(strlen(w.dress.backends.data), 254 + strlen("_10000"));
    undress(&w);
}

static void an_agent_that_nobody_could_reach_is_refused(void **state)
{
    static const char *const places[] = {"", "10.0.0.9", "10.0.0.9:0", "10.0.0.9:65536", ":8091"};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(places); i++) {
        json_t *target = parse(LABELLED(PORT_0));
        struct zdd_field_errors errors = {0};
        struct zdd_pair_dress dress = {.pair_id = "/x",
                                       .new_id = "/x-blue",
                                       .colour = "blue",
                                       .advertise = places[i],
                                       .target = target};

        assert_int_equal(zdd_pair_dress(&dress, &errors), ZDD_ERR_BODY_INVALID);
        zdd_pair_dress_release(&dress);
        json_decref(target);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_app_gets_the_labels_of_a_pair_and_its_id),
        cmocka_unit_test(a_plain_app_is_adopted_with_the_labels_it_lacks),
        cmocka_unit_test(the_adopted_app_is_replaced_one_by_one),
        cmocka_unit_test(an_app_of_a_pair_has_all_it_needs_for_the_next_deployment),
        cmocka_unit_test(the_start_of_the_running_version_is_not_inherited),
        cmocka_unit_test(another_agent_or_another_group_has_to_be_adopted),
        cmocka_unit_test(the_group_is_named_by_the_id_unless_it_has_a_name),
        cmocka_unit_test(the_public_port_comes_from_the_first_that_tells),
        cmocka_unit_test(every_port_gets_its_own_labels_and_a_free_service_port),
        cmocka_unit_test(required_ports_stay_as_they_are),
        cmocka_unit_test(sticky_is_what_marathon_lb_takes_for_it_on_either_app),
        cmocka_unit_test(an_algorithm_that_obeys_weights_is_fine),
        cmocka_unit_test(a_port_that_no_balancer_serves_keeps_its_place_and_gets_no_labels),
        cmocka_unit_test(starts_of_a_pair_have_a_zone_both_or_neither),
        cmocka_unit_test(balancers_may_be_added_when_one_stays),
        cmocka_unit_test(a_group_of_each_port_is_a_group_too),
        cmocka_unit_test(what_marathon_lb_would_not_route_or_obey_is_refused),
        cmocka_unit_test(all_that_the_app_lacks_is_told_together),
        cmocka_unit_test(a_definition_without_labels_for_balancers_takes_over_those_of_the_old_app),
        cmocka_unit_test(a_router_that_reads_no_labels_needs_none_and_every_port_counts),
        cmocka_unit_test(beside_a_router_that_reads_no_labels_marathon_lb_must_not_serve),
        cmocka_unit_test(without_an_agent_both_get_a_line_that_asks_nobody),
        cmocka_unit_test(who_takes_over_keeps_its_age_and_port_and_is_replaced_one_by_one),
        cmocka_unit_test(who_is_dressed_already_is_not_replaced),
        cmocka_unit_test(a_plain_app_that_stays_gets_no_colour),
        cmocka_unit_test(a_definition_with_one_label_for_balancers_takes_over_none),
        cmocka_unit_test(the_longest_id_still_names_a_backend),
        cmocka_unit_test(an_agent_that_nobody_could_reach_is_refused),
    };

    return cmocka_run_group_tests_name("server/router/dress", tests, NULL, NULL);
}
