/**
 * @file tests/lab/test_e2e_shapes.c
 * @brief Blue-green with apps of all shapes that Marathon-LB routes, through a real HAProxy: no
 * request fails at a cutover.
 */
#include "tests/support/spec.h"

#include "tests/lab/site.h"

#include "server/json/patch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_PORT (STAGE_PORT + 1)

/* A second service beside the first, for the second port. */
#define TWO_SERVICES "PORT0=$PORT1 '" SERVICE_PROGRAM "' & exec env -u PORT1 '" SERVICE_PROGRAM "'"
#define CHECK(members)                                                                             \
    "{\"protocol\":\"HTTP\",\"path\":\"/health\",\"gracePeriodSeconds\":300,"                      \
    "\"intervalSeconds\":5,\"timeoutSeconds\":20,\"maxConsecutiveFailures\":100," members "}"

/* What makes site_app() an app of this shape: a merge patch. */
static json_t *shaped(const char *version, const char *patch)
{
    ZDD_AUTO_JSON json_t *app = site_app(version, "/health");
    ZDD_AUTO_JSON json_t *change = json_loads(patch, 0, NULL);
    ZDD_AUTO_JSON json_t *result = NULL;

    assert_non_null(change);
    result = zdd_json_merge_patch(app, change);
    assert_non_null(result);
    return json_deep_copy(result); /* what the patch left alone is shared */
}

/* Two versions follow each other while this port is asked all the time. */
struct shape {
    const char *patch;
    int ports[2];       /* the second one may be 0 */
    bool by_vhost;      /* asked by its name, at the port of all names */
    const char *header; /* of the requests */
};

static struct stage_load ask(struct site *site, const struct shape *shape, int port)
{
    char url[64];
    const char *urls[] = {url, NULL};

    if (shape->by_vhost)
        port = (int)stage_number(site->stage, 0, "vhostPort");
    snprintf(url, sizeof(url), "http://%s:%d", site->stage->host, port);
    return stage_load_start(urls, shape->header);
}

static void is_answered_well(struct stage_load *load)
{
    long answered;

    stage_load_more(load, 100);
    assert_int_equal(stage_load_stop(load, &answered), 0);
    assert_true(answered > 100);
}

static void follow_each_other(const struct shape *shape)
{
    struct site *site = site_open(1);
    struct stage_load loads[2];
    const size_t count = shape->ports[1] ? 2 : 1;
    char seen[32];

    e2e_deploy_well(site->e, site_blue_green(shaped("0.9", shape->patch), SITE_QUICK));
    site_only(site, "/shop/web-blue");
    for (size_t i = 0; i < count; i++)
        loads[i] = ask(site, shape, shape->ports[i]);
    e2e_deploy_well(site->e, site_blue_green(shaped("1.0", shape->patch), SITE_QUICK));
    site_only(site, "/shop/web-green");
    e2e_deploy_well(site->e, site_blue_green(shaped("1.1", shape->patch), SITE_QUICK));
    site_only(site, "/shop/web-blue");
    for (size_t i = 0; i < count; i++) {
        is_answered_well(&loads[i]);
        stage_until_status(site->stage->host, shape->ports[i], NULL, 200, seen);
        assert_string_equal(seen, "1.1");
    }
    site_close(site);
}

#define LABELS "\"labels\":"
#define TWO_PORTS                                                                                  \
    "\"cmd\":\"" TWO_SERVICES "\",\"portDefinitions\":[{\"port\":0},{\"port\":0}],"                \
    "\"healthChecks\":[" CHECK("\"portIndex\":0") "," CHECK("\"portIndex\":1") "]"

static void both_of_two_ports_switch(void **state)
{
    (void)state;
    follow_each_other(&(struct shape){
        .patch =
            "{" TWO_PORTS "," LABELS "{\"HAPROXY_1_PORT\":\"10081\",\"HAPROXY_1_MODE\":\"http\"}}",
        .ports = {STAGE_PORT, SECOND_PORT},
    });
}

static void a_port_that_is_not_routed_does_not_matter(void **state)
{
    (void)state;
    follow_each_other(&(struct shape){
        .patch = "{" TWO_PORTS "," LABELS "{\"HAPROXY_1_ENABLED\":\"false\"}}",
        .ports = {STAGE_PORT},
    });
}

static void the_first_of_two_ports_may_be_the_one_that_is_not_routed(void **state)
{
    (void)state;
    follow_each_other(&(struct shape){
        .patch = "{" TWO_PORTS "," LABELS "{\"HAPROXY_0_ENABLED\":\"no\",\"HAPROXY_0_PORT\":null,"
                 "\"HAPROXY_1_PORT\":\"10081\",\"HAPROXY_1_MODE\":\"http\"}}",
        .ports = {SECOND_PORT},
    });
}

static void behind_a_bridge(void **state)
{
    (void)state;
    follow_each_other(&(struct shape){
        .patch = "{\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":{\"portMappings\":"
                 "[{\"containerPort\":8080,\"hostPort\":0,\"servicePort\":10080}]}," LABELS
                 "{\"HAPROXY_0_PORT\":null}}",
        .ports = {STAGE_PORT},
    });
}

static void behind_a_bridge_as_it_was_written_before_1_5(void **state)
{
    (void)state;
    follow_each_other(&(struct shape){
        .patch = "{\"networks\":null,\"container\":{\"docker\":{\"network\":\"BRIDGE\","
                 "\"portMappings\":[{\"containerPort\":8080,\"hostPort\":0,"
                 "\"servicePort\":10080}]}}," LABELS "{\"HAPROXY_0_PORT\":null}}",
        .ports = {STAGE_PORT},
    });
}

static void in_the_hosts_network_with_a_service_port_of_its_definition(void **state)
{
    (void)state;
    follow_each_other(&(struct shape){
        .patch = "{\"portDefinitions\":[{\"port\":10080,\"name\":\"http\"}]," LABELS
                 "{\"HAPROXY_0_PORT\":null}}",
        .ports = {STAGE_PORT},
    });
}

static void in_the_hosts_network_with_any_port(void **state)
{
    (void)state;
    follow_each_other(&(struct shape){
        .patch = "{\"portDefinitions\":[{\"port\":0,\"name\":\"http\"}]}",
        .ports = {STAGE_PORT},
    });
}

static void with_ports_as_they_were_written_before_1_5(void **state)
{
    (void)state;
    follow_each_other(&(struct shape){
        .patch = "{\"networks\":null,\"ports\":[10080]," LABELS "{\"HAPROXY_0_PORT\":null}}",
        .ports = {STAGE_PORT},
    });
}

static void by_the_name_of_a_virtual_host(void **state)
{
    (void)state;
    follow_each_other(&(struct shape){
        .patch = "{" LABELS "{\"HAPROXY_0_VHOST\":\"shop.local\",\"HAPROXY_0_MODE\":null}}",
        .ports = {STAGE_PORT},
        .by_vhost = true,
        .header = "Host: shop.local",
    });
}

/* Its service port is the one that Marathon gave it. The lab is slow enough for Marathon to replace
 * instances at a pace that balancers can follow, as it is on a cluster. */
static void a_plain_app_that_has_only_a_name_is_adopted(void **state)
{
    static const char *const slowly[] = {"--speed", "2", NULL};
    static const char patch[] = "{" LABELS "{\"HAPROXY_0_VHOST\":\"shop.local\","
                                "\"HAPROXY_0_MODE\":null,\"HAPROXY_0_PORT\":null}}";
    const struct shape shape = {.by_vhost = true, .header = "Host: shop.local"};
    struct site *site = site_open_with(slowly);
    struct apiclient_answer answer;
    struct stage_load load;
    char seen[32];

    (void)state;
    answer = e2e_refused(site->e, site_blue_green(shaped("0.9", patch), SITE_QUICK), 422,
                         "body-invalid");
    assert_non_null(strstr(answer.body, "a pair needs a service port that stays"));
    apiclient_answer_release(&answer);
    e2e_deploy_well(site->e, e2e_request("rolling", shaped("0.9", patch)));
    stage_until_status(site->stage->host, (int)stage_number(site->stage, 0, "vhostPort"),
                       shape.header, 200, seen);
    load = ask(site, &shape, 0);
    e2e_deploy_well(site->e, site_blue_green(shaped("1.0", patch), SITE_QUICK));
    site_only(site, "/shop/web-blue");
    is_answered_well(&load);
    site_close(site);
}

static void as_plain_tcp(void **state)
{
    (void)state;
    follow_each_other(&(struct shape){
        .patch = "{" LABELS "{\"HAPROXY_0_MODE\":\"tcp\"}}",
        .ports = {STAGE_PORT},
        .header = "Connection: close",
    });
}

/* Without the label's word such an app is tcp (marathon-lb.md §1.2). */
static void with_checks_that_mesos_does(void **state)
{
    (void)state;
    follow_each_other(&(struct shape){
        .patch = "{" LABELS "{\"HAPROXY_0_MODE\":null},\"healthChecks\":[{\"protocol\":"
                 "\"MESOS_HTTP\",\"path\":\"/health\",\"portIndex\":0,\"gracePeriodSeconds\":300,"
                 "\"intervalSeconds\":5,\"timeoutSeconds\":20,\"delaySeconds\":1,"
                 "\"maxConsecutiveFailures\":100}]}",
        .ports = {STAGE_PORT},
        .header = "Connection: close",
    });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_of_two_ports_switch),
        cmocka_unit_test(a_port_that_is_not_routed_does_not_matter),
        cmocka_unit_test(the_first_of_two_ports_may_be_the_one_that_is_not_routed),
        cmocka_unit_test(behind_a_bridge),
        cmocka_unit_test(behind_a_bridge_as_it_was_written_before_1_5),
        cmocka_unit_test(in_the_hosts_network_with_a_service_port_of_its_definition),
        cmocka_unit_test(in_the_hosts_network_with_any_port),
        cmocka_unit_test(with_ports_as_they_were_written_before_1_5),
        cmocka_unit_test(by_the_name_of_a_virtual_host),
        cmocka_unit_test(a_plain_app_that_has_only_a_name_is_adopted),
        cmocka_unit_test(as_plain_tcp),
        cmocka_unit_test(with_checks_that_mesos_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
