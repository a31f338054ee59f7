/**
 * @file tests/lab/test_e2e_odd.c
 * @brief Blue-green where something is odd: other people's hands, users that stick, balancers that
 * serve somebody else. Through a real HAProxy; what is accepted loses no request.
 */
#include "tests/support/spec.h"

#include "tests/lab/site.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLUE "/v2/apps/shop/web-blue"
#define STICKY "HAPROXY_0_STICKY"
#define STARTED "HAPROXY_DEPLOYMENT_STARTED_AT"

static json_t *labelled(const char *version, const char *label, const char *value)
{
    json_t *app = site_app(version, "/health");

    assert_int_equal(json_object_set_new(json_object_get(app, "labels"), label, json_string(value)),
                     0);
    return app;
}

/* Somebody at Marathon's own API, and Marathon has done it. */
static void by_hand(struct site *site, const char *path, const char *body)
{
    char id[64];

    assert_int_equal(lab_change(site->e->lab, "PUT", path, body, id), 200);
    assert_true(lab_await(site->e->lab, id));
}

static void relabel_blue(struct site *site, const char *label, json_t *value)
{
    ZDD_AUTO_JSON json_t *answer = NULL;
    ZDD_AUTO_JSON json_t *change = NULL;
    json_t *labels;
    char *body;

    assert_int_equal(lab_call(site->e->lab, "GET", BLUE, NULL, &answer), 200);
    labels = json_object_get(json_object_get(answer, "app"), "labels");
    if (value)
        json_object_set_new(labels, label, value);
    else
        json_object_del(labels, label);
    change = json_pack("{s:O}", "labels", labels);
    body = json_dumps(change, 0);
    by_hand(site, BLUE, body);
    free(body);
}

static void an_old_version_that_is_scaled_by_hand_holds_the_deployment(void **state)
{
    struct site *site = site_open_old(1);
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy(site->e, site_blue_green(site_app("1.0", "/health"), SITE_HOT), id);
    e2e_until(site->e, id, "/phase", "keeping");
    by_hand(site, BLUE, "{\"instances\":4}");
    e2e_until(site->e, id, "/state", "paused");
    e2e_until_explained(site->e, id, "find out who else changed");
    site_serves(site, "1.0");
    e2e_command(site->e, id, "rollback");
    site_ends(site, id, "rolled-back", SITE_BLUE, "0.9");
    site_close_well(site);
}

/* Marathon-LB takes the app that was scaled last for the new one (marathon-lb.md §1.3). */
static void an_old_version_that_was_scaled_last_makes_no_difference(void **state)
{
    static const char kept[] = "{\"keepOldSeconds\":4,\"drainSeconds\":2}";
    struct site *site = site_open_old(1);
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy(site->e, site_blue_green(site_app("1.0", "/health"), kept), id);
    e2e_until(site->e, id, "/phase", "keeping");
    by_hand(site, BLUE, "{\"instances\":4}");
    e2e_until(site->e, id, "/state", "paused");
    by_hand(site, BLUE, "{\"instances\":3}");
    e2e_command(site->e, id, "resume");
    site_ends(site, id, "succeeded", SITE_GREEN, "1.0");
    site_close_well(site);
}

static void a_plan_that_no_longer_fits_is_refused_at_the_start(void **state)
{
    struct site *site = site_open(1);
    ZDD_AUTO_JSON json_t *request = NULL;
    ZDD_AUTO_JSON json_t *plan = NULL;
    struct apiclient_answer answer;

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), SITE_QUICK));
    request = site_blue_green(site_app("1.0", "/health"), SITE_QUICK);
    plan = e2e_plan(site->e, request);
    by_hand(site, BLUE, "{\"instances\":4}");
    answer = e2e_refused(site->e,
                         json_pack("{s:O, s:O}", "planId", json_object_get(plan, "id"), "digest",
                                   json_object_get(plan, "digest")),
                         409, "plan-stale");
    assert_non_null(strstr(answer.body, "/shop/web-blue was at version"));
    apiclient_answer_release(&answer);
    site_close(site);
}

/* Ask once with these cookies. @return the version, in a buffer of this function */
static const char *version_for(struct site *site, const char *cookie)
{
    static char version[32];

    stage_until_status(site->stage->host, STAGE_PORT, cookie, 200, version);
    return version;
}

static void take_cookie(struct site *site, char ret_header[static 128])
{
    char *answer = stage_get(site->stage->host, STAGE_PORT, "/endpoint0", NULL);
    const char *at = answer ? strstr(answer, "mesosphere_server_id=") : NULL;

    assert_non_null(at);
    snprintf(ret_header, 128, "Cookie: %.*s", (int)strcspn(at, ";\r"), at);
    free(answer);
}

static void
users_that_stick_stay_while_the_old_version_is_kept_and_move_when_it_drains(void **state)
{
    static const char kept[] = "{\"keepOldSeconds\":3,\"drainSeconds\":2}";
    struct site *site = site_open(1);
    struct stage_load sticking;
    const char *urls[] = {site->urls[0], NULL};
    ZDD_AUTO_JSON json_t *request = NULL;
    ZDD_AUTO_JSON json_t *plan = NULL;
    char cookie[128];
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(labelled("0.9", STICKY, "true"), SITE_QUICK));
    site_load(site);
    take_cookie(site, cookie);
    sticking = stage_load_start(urls, cookie);
    request = site_blue_green(labelled("1.0", STICKY, "true"), kept);
    plan = e2e_plan(site->e, request);
    assert_string_equal(zdd_json_text(zdd_json_at(plan, "/warnings/0"), "code", ""),
                        "sticky-users-move");
    e2e_deploy_plan(site->e, plan, id);
    e2e_until(site->e, id, "/phase", "keeping");
    assert_string_equal(version_for(site, NULL), "1.0");
    assert_string_equal(version_for(site, cookie), "0.9");
    e2e_await(site->e, id, "succeeded");
    assert_string_equal(version_for(site, cookie), "1.0");
    stage_load_more(&sticking, 100);
    assert_int_equal(stage_load_stop(&sticking, NULL), 0);
    site_close_well(site);
}

static void a_group_that_no_balancer_serves_is_told_and_changes_nothing(void **state)
{
    static const char *const internal[] = {"--balancer-group", "internal", NULL};
    struct site *site = site_open_with(internal);
    json_t *request = site_blue_green(site_app("0.9", "/health"), SITE_QUICK);
    char id[E2E_ID_SIZE];

    (void)state;
    json_object_set_new(request, "deadlineSeconds", json_integer(8));
    e2e_deploy(site->e, request, id);
    e2e_until_explained(site->e, id, "No balancer lists the new instances");
    e2e_await(site->e, id, "rolled-back");
    lab_until_json(site->e->lab, "/v2/apps", "/apps", "[]");
    site_close(site);
}

static int socket_for(const char *host, uint16_t port, struct sockaddr_in *ret_address)
{
    *ret_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET, host, &ret_address->sin_addr), 1);
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* One line of the Runtime API, which must be carried out without a word. */
static void command_balancer(struct site *site, const char *line)
{
    struct sockaddr_in address;
    const int fd = socket_for(site->stage->host,
                              (uint16_t)stage_number(site->stage, 0, "adminPort"), &address);
    char text[200];
    const int size = snprintf(text, sizeof(text), "%s\n", line);

    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(write(fd, text, (size_t)size), size);
    assert_int_equal(read(fd, text, sizeof(text)), 1);
    assert_int_equal(text[0], '\n');
    close(fd);
}

static int free_port(void)
{
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    const int fd = socket_for("127.0.0.1", 0, &address);

    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* Who says what a server does while a deployment is under way: the deployment. */
static void
a_server_that_an_operator_disables_serves_again_while_a_deployment_needs_it(void **state)
{
    static const char *const admin[] = {"--balancer-admin", NULL};
    struct site *site = site_open_with(admin);
    ZDD_AUTO_JSON json_t *answer = NULL;
    char id[E2E_ID_SIZE];
    char line[200];
    char name[100];

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), SITE_QUICK));
    site_load(site);
    e2e_deploy(site->e, site_blue_green(site_app("1.0", "/health"), SITE_HOT), id);
    e2e_until(site->e, id, "/phase", "keeping");
    assert_int_equal(lab_call(site->e->lab, "GET", "/v2/apps/shop/web-green/tasks", NULL, &answer),
                     200);
    snprintf(name, sizeof(name), "127_0_0_1_%d",
             (int)json_integer_value(zdd_json_at(answer, "/tasks/0/ports/0")));
    snprintf(line, sizeof(line), "set server shop_web_10080/%s state maint", name);
    command_balancer(site, line);
    stage_until(site->stage, 0, "shop_web_10080", "UP", 6);
    e2e_command(site->e, id, "rollback");
    e2e_await(site->e, id, "rolled-back");
    site_only(site, SITE_BLUE);
    site_close_well(site);
}

static void deploys_over(const char *label, json_t *value)
{
    struct site *site = site_open(1);
    ZDD_AUTO_JSON json_t *request = NULL;

    e2e_deploy_well(site->e, site_blue_green(site_app("0.9", "/health"), SITE_QUICK));
    relabel_blue(site, label, value);
    site_load(site);
    request = site_blue_green(site_app("1.0", "/health"), SITE_QUICK);
    e2e_deploy_well(site->e, json_incref(request));
    site_only(site, SITE_GREEN);
    site_serves(site, "1.0");
    stage_load_stop(&site->load, NULL);
    site_close(site);
}

/* A mix of starts with and without a zone would break Marathon-LB for every app. */
static void a_start_with_a_time_zone_is_followed_by_one_with_a_zone(void **state)
{
    (void)state;
    deploys_over(STARTED, json_string("2024-05-01T10:00:00.000+02:00"));
}

/* Without it Marathon-LB would go by a target of one instance. */
static void a_label_of_the_pair_that_got_lost_is_put_back(void **state)
{
    (void)state;
    deploys_over("HAPROXY_DEPLOYMENT_NEW_INSTANCES", NULL);
}

/* Both versions want the same ports of the same host, and there is one host. */
static void ports_that_both_versions_want_keep_the_new_one_waiting(void **state)
{
    struct site *site = site_open(1);
    json_t *app = site_app("0.9", "/health");
    json_t *request;
    char id[E2E_ID_SIZE];

    (void)state;
    json_object_set_new(app, "instances", json_integer(1));
    json_object_set_new(app, "requirePorts", json_true());
    json_object_set_new(app, "portDefinitions", json_pack("[{s:i}]", "port", free_port()));
    e2e_deploy_well(site->e, site_blue_green(json_deep_copy(app), SITE_QUICK));
    site_load(site);
    request = site_blue_green(app, SITE_QUICK);
    json_object_set_new(json_object_get(json_object_get(request, "app"), "env"),
                        "SIMPLE_SERVICE_VERSION", json_string("1.0"));
    json_object_set_new(request, "deadlineSeconds", json_integer(5));
    e2e_deploy(site->e, request, id);
    e2e_await(site->e, id, "rolled-back");
    site_only(site, SITE_BLUE);
    site_close_well(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_version_that_is_scaled_by_hand_holds_the_deployment),
        cmocka_unit_test(an_old_version_that_was_scaled_last_makes_no_difference),
        cmocka_unit_test(a_plan_that_no_longer_fits_is_refused_at_the_start),
        cmocka_unit_test(
            users_that_stick_stay_while_the_old_version_is_kept_and_move_when_it_drains),
        cmocka_unit_test(a_group_that_no_balancer_serves_is_told_and_changes_nothing),
        cmocka_unit_test(
            a_server_that_an_operator_disables_serves_again_while_a_deployment_needs_it),
        cmocka_unit_test(a_start_with_a_time_zone_is_followed_by_one_with_a_zone),
        cmocka_unit_test(a_label_of_the_pair_that_got_lost_is_put_back),
        cmocka_unit_test(ports_that_both_versions_want_keep_the_new_one_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
