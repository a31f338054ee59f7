/**
 * @file tests/lab/test_e2e_walk.c
 * @brief The ZDD lab's own walk with its own two files: blue runs, green takes over, and back
 * again.
 *
 * blue.json names its host as a URL, green.json has no labels at all, and their ids are no colours
 * of one name but two names in one group.
 */
#include "tests/support/spec.h"

#include "tests/lab/site.h"

#include <stdio.h>
#include <string.h>

#define HOST "Host: ec2-52-25-126-14.us-west-2.compute.amazonaws.com"

static json_t *file_app(const char *name)
{
    char path[400];
    json_t *app;

    snprintf(path, sizeof(path), "%s/%s.json", EXAMPLES, name);
    app = json_load_file(path, 0, NULL);
    assert_non_null(app);
    return app;
}

static void deploy(struct site *site, const char *name, const char *options)
{
    e2e_deploy_well(site->e, site_blue_green(file_app(name), options));
}

/* At the service port, and by the host's name. */
static void serves(struct site *site, const char *app_id, const char *version)
{
    char seen[32];

    site_only(site, app_id);
    site_serves(site, version);
    stage_until_status(site->stage->host, (int)stage_number(site->stage, 0, "vhostPort"), HOST, 200,
                       seen);
    assert_string_equal(seen, version);
}

static void blue_green_and_back_again_without_a_failed_request(void **state)
{
    struct site *site = site_open(1);
    char id[E2E_ID_SIZE];

    (void)state;
    deploy(site, "blue", SITE_QUICK);
    serves(site, "/zdd/blue", "0.9");
    site_load(site);

    e2e_deploy(site->e, site_blue_green(file_app("green"), SITE_HOT), id);
    e2e_until(site->e, id, "/phase", "keeping");
    site_serves(site, "1.0");
    e2e_command(site->e, id, "rollback");
    e2e_await(site->e, id, "rolled-back");
    serves(site, "/zdd/blue", "0.9");

    deploy(site, "green", SITE_QUICK);
    serves(site, "/zdd/green", "1.0");
    deploy(site, "blue", SITE_QUICK);
    serves(site, "/zdd/blue", "0.9");
    site_close_well(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blue_green_and_back_again_without_a_failed_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
