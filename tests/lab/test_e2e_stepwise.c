/**
 * @file tests/lab/test_e2e_stepwise.c
 * @brief Instances of two versions exchanged a few at a time through a real HAProxy, with requests
 * running all the time: none fails, whatever happens to the deployment.
 */
#include "tests/support/spec.h"

#include "tests/lab/site.h"

#include <stdio.h>
#include <string.h>

static const char stepwise[] = "{\"cutover\":\"stepwise\",\"drainSeconds\":2}";
static const char at_once[] = "{\"keepOldSeconds\":0,\"drainSeconds\":2}";
static const char hybrid[] = "{\"cutover\":\"stepwise\",\"newInstances\":1,\"drainSeconds\":2}";

static json_t *app_of(const char *version, int instances)
{
    json_t *app = site_app(version, "/health");

    json_object_set_new(app, "instances", json_integer(instances));
    return app;
}

/* The app wants so many instances, and so many serve. */
static void has(struct site *site, const char *app_id, int instances)
{
    ZDD_AUTO_JSON json_t *answer = NULL;
    const json_t *app;
    char path[128];

    snprintf(path, sizeof(path), "/v2/apps%s", app_id);
    assert_int_equal(lab_call(site->e->lab, "GET", path, NULL, &answer), 200);
    app = json_object_get(answer, "app");
    assert_int_equal(zdd_json_int(app, "instances", -1), instances);
    assert_int_equal(zdd_json_int(app, "tasksHealthy", -1), instances);
    assert_int_equal(json_array_size(json_object_get(app, "tasks")), instances);
}

static void four_old_instances_are_exchanged_for_four_new_ones(void **state)
{
    struct site *site = site_open(2);

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(app_of("0.9", 4), stepwise));
    site_load(site);
    e2e_deploy_well(site->e, site_blue_green(app_of("1.0", 4), stepwise));
    site_only(site, SITE_GREEN);
    has(site, SITE_GREEN, 4);
    site_serves(site, "1.0");
    site_close_well(site);
}

static void instances_may_change_with_the_version(void **state)
{
    static const struct {
        const char *version, *options, *app_id;
        int instances;
    } rows[] = {
        {"v1", stepwise, SITE_GREEN, 5},
        {"v2", stepwise, SITE_BLUE, 2},
        {"v3", at_once, SITE_GREEN, 5},
        {"v4", at_once, SITE_BLUE, 2},
    };
    struct site *site = site_open(1);

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(app_of("v0", 2), at_once));
    site_load(site);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        e2e_deploy_well(
            site->e, site_blue_green(app_of(rows[i].version, rows[i].instances), rows[i].options));
        site_only(site, rows[i].app_id);
        has(site, rows[i].app_id, rows[i].instances);
        site_serves(site, rows[i].version);
    }
    site_close_well(site);
}

/* The new version has got an instance, or more, and of the old one as many have gone. */
static void until_new(struct site *site, const char *id, int instances)
{
    char pointer[] = "/step/text", text[100];

    snprintf(text, sizeof(text), "Start %d instances of the new version; healthy and ready.",
             instances);
    e2e_until(site->e, id, pointer, text);
}

static void an_abort_in_the_middle_makes_the_old_version_whole_again(void **state)
{
    struct site *site = site_open(1);
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(app_of("0.9", 4), stepwise));
    site_load(site);
    e2e_deploy(site->e, site_blue_green(app_of("1.0", 4), stepwise), id);
    until_new(site, id, 3);
    e2e_command(site->e, id, "abort");
    e2e_await(site->e, id, "canceled");
    site_only(site, SITE_BLUE);
    has(site, SITE_BLUE, 4);
    site_serves(site, "0.9");
    site_close_well(site);
}

static json_t *two_stepwise(const char *version)
{
    return site_blue_green(app_of(version, 2), stepwise);
}

static void a_server_killed_in_any_phase_goes_on_where_it_was(void **state)
{
    static const char *const phases[] = {"shifting", "rolling",  "joining", "leaving",
                                         "shedding", "draining", "retiring"};
    struct site *site = site_open(1);

    (void)state;
    e2e_deploy_well(site->e, two_stepwise("v0"));
    site_load(site);
    site_kill_in_each(site, two_stepwise, phases, sizeof(phases) / sizeof(phases[0]));
    site_close_well(site);
}

static void a_server_killed_on_the_way_back_goes_on_there(void **state)
{
    static const char *const phases[] = {"regrowing", "returning", "reverting"};
    struct site *site = site_open(1);

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(app_of("0.9", 3), stepwise));
    site_load(site);
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        char id[E2E_ID_SIZE];

        e2e_deploy(site->e, site_blue_green(app_of("1.0", 3), stepwise), id);
        until_new(site, id, 2);
        e2e_command(site->e, id, "rollback");
        site_until_phase(site, id, phases[i]);
        e2e_kill(site->e);
        e2e_boot(site->e);
        e2e_await(site->e, id, "rolled-back");
        site_only(site, SITE_BLUE);
        has(site, SITE_BLUE, 3);
    }
    site_close_well(site);
}

static void both_versions_stay_when_fewer_new_instances_are_asked_for(void **state)
{
    struct site *site = site_open(1);

    (void)state;
    e2e_deploy_well(site->e, site_blue_green(app_of("0.9", 3), stepwise));
    site_load(site);
    e2e_deploy_well(site->e, site_blue_green(app_of("1.0", 3), hybrid));
    has(site, SITE_BLUE, 2);
    has(site, SITE_GREEN, 1);
    site_close_well(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_old_instances_are_exchanged_for_four_new_ones),
        cmocka_unit_test(instances_may_change_with_the_version),
        cmocka_unit_test(an_abort_in_the_middle_makes_the_old_version_whole_again),
        cmocka_unit_test(a_server_killed_in_any_phase_goes_on_where_it_was),
        cmocka_unit_test(a_server_killed_on_the_way_back_goes_on_there),
        cmocka_unit_test(both_versions_stay_when_fewer_new_instances_are_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
