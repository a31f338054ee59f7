/**
 * @file tests/lab/test_e2e_sticky.c
 * @brief Canaries whose users stick to their version by a cookie, through a real HAProxy: a weight
 * divides new users, the others stay where they are until their version goes, and none of their
 * requests fails.
 */
#include "tests/support/spec.h"

#include "server/base/clock.h"
#include "tests/lab/site.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STICKY "HAPROXY_0_STICKY"
#define OPTIONS                                                                                    \
    "{\"steps\":[{\"weight\":20},{\"gate\":\"go\"}],\"keepOldSeconds\":3,\"drainSeconds\":2}"
#define USERS 60

static json_t *sticky_app(const char *version, bool sticky)
{
    json_t *app = site_app(version, "/health");

    if (sticky)
        assert_int_equal(
            json_object_set_new(json_object_get(app, "labels"), STICKY, json_string("true")), 0);
    return app;
}

static json_t *canary(bool sticky)
{
    json_t *request = site_blue_green(sticky_app("1.0", sticky), OPTIONS);

    json_object_set_new(request, "strategy", json_string("canary"));
    return request;
}

/* Users who come back with their cookies, again and again. */
static struct stage_load users_start(struct site *site)
{
    static const char *const options[] = {"--rate", "300", "--threads", "4", "--users", "60", NULL};
    const char *urls[] = {site->urls[0], NULL};
    struct stage_load load = stage_load_open(urls, options);

    stage_load_more(&load, 2L * USERS); /* each of them has a cookie now, and has come back */
    return load;
}

/* Each of them comes again, and then: @return a figure of theirs, "/moved" or "/versions/1.0" */
static int64_t users(struct stage_load *load, const char *pointer)
{
    char path[40];

    stage_load_more(load, 2L * USERS);
    ZDD_AUTO_JSON json_t *counts = stage_load_counts(load);

    snprintf(path, sizeof(path), "/users%s", pointer);
    return json_integer_value(zdd_json_at(counts, path));
}

static void none_failed(struct stage_load *load)
{
    stage_load_more(load, 2L * USERS);
    assert_int_equal(stage_load_stop(load, NULL), 0);
}

static double real_of(struct site *site, const char *id, const char *pointer)
{
    ZDD_AUTO_JSON json_t *run = e2e_get(site->e, id);

    return json_number_value(zdd_json_at(run, pointer));
}

/* The share of new users, when some hundreds of them have been counted. */
static double measured(struct site *site, const char *id)
{
    const int64_t until_ms = zdd_mono_ms() + 2 * E2E_WAIT_MS;

    while (real_of(site, id, "/new/measuredRequests") < 600) {
        assert_true(zdd_mono_ms() < until_ms);
        stage_load_more(&site->load, 50);
    }
    return real_of(site, id, "/new/measuredWeight");
}

/* Everybody who comes without a cookie is new. */
static struct site *open_with_old(bool sticky)
{
    struct site *site = site_open(1);

    e2e_deploy_well(site->e, site_blue_green(sticky_app("0.9", sticky), SITE_QUICK));
    site_load(site);
    return site;
}

static void assert_warned(const json_t *plan, const char *code)
{
    const json_t *list = json_object_get(plan, "warnings");
    bool found = false;

    for (size_t i = 0; i < json_array_size(list); i++)
        found = found || strcmp(zdd_json_text(json_array_get(list, i), "code", ""), code) == 0;
    assert_true(found);
}

/* Plan it, look what the plan says, and let it go to its gate. */
static void begin(struct site *site, char id[static E2E_ID_SIZE])
{
    ZDD_AUTO_JSON json_t *request = canary(true);
    ZDD_AUTO_JSON json_t *plan = e2e_plan(site->e, request);

    assert_string_equal(zdd_json_text(zdd_json_at(plan, "/pair"), "weightOf", ""), "new-users");
    assert_warned(plan, "sticky-sessions");
    e2e_deploy_plan(site->e, plan, id);
    e2e_until(site->e, id, "/state", "waiting");
}

static void a_weight_divides_new_users_and_going_back_moves_those_of_the_canary(void **state)
{
    struct site *site = open_with_old(true);
    struct stage_load old_users = users_start(site), new_users;
    int64_t canary_users;
    char id[E2E_ID_SIZE];
    double share;

    (void)state;
    begin(site, id);
    new_users = users_start(site);
    canary_users = users(&new_users, "/versions/1.0");
    share = measured(site, id);
    print_message("20 %% of new users wanted, %.2f %% measured, %.2f %% of all requests; %d of %d "
                  "users got the canary\n",
                  share, real_of(site, id, "/new/measuredRequestWeight"), (int)canary_users, USERS);
    assert_true(fabs(share - 20) < 1.5);
    assert_true(canary_users > 0 && canary_users < USERS / 2);
    e2e_until_explained(site->e, id, "20 % of the new users");

    e2e_kill(site->e);
    assert_int_equal(users(&old_users, "/moved"), 0);
    e2e_boot(site->e);
    e2e_until(site->e, id, "/state", "waiting");
    assert_int_equal(users(&old_users, "/moved"), 0);
    assert_int_equal(users(&new_users, "/moved"), 0);

    e2e_command(site->e, id, "rollback");
    e2e_await(site->e, id, "rolled-back");
    site_only(site, "/shop/web-blue");
    assert_int_equal(users(&new_users, "/versions/0.9"), USERS);
    assert_int_equal(users(&new_users, "/moved"), canary_users);
    assert_int_equal(users(&new_users, "/moves"), canary_users);
    assert_int_equal(users(&old_users, "/moved"), 0);
    none_failed(&old_users);
    none_failed(&new_users);
    site_none_failed(site);
    site_close(site);
}

static void the_promotion_moves_the_users_of_the_old_version_when_that_goes(void **state)
{
    struct site *site = open_with_old(true);
    struct stage_load old_users = users_start(site);
    char id[E2E_ID_SIZE];

    (void)state;
    begin(site, id);
    e2e_command(site->e, id, "promote");
    e2e_until(site->e, id, "/phase", "keeping");
    e2e_kill(site->e);
    site_serves(site, "1.0"); /* to who is new */
    assert_int_equal(users(&old_users, "/moved"), 0);
    e2e_boot(site->e);
    e2e_await(site->e, id, "succeeded");
    site_only(site, "/shop/web-green");
    assert_int_equal(users(&old_users, "/versions/1.0"), USERS);
    assert_int_equal(users(&old_users, "/moves"), USERS);
    none_failed(&old_users);
    site_none_failed(site);
    site_close(site);
}

/* The old one's labels count for both while there are two. */
static void users_of_a_version_that_alone_is_sticky_are_moved_too(void **state)
{
    struct site *site = open_with_old(true);
    struct stage_load old_users = users_start(site);
    ZDD_AUTO_JSON json_t *request = canary(false);
    ZDD_AUTO_JSON json_t *plan = e2e_plan(site->e, request);
    char id[E2E_ID_SIZE];

    (void)state;
    assert_warned(plan, "sticky-one-side");
    e2e_deploy_plan(site->e, plan, id);
    e2e_until(site->e, id, "/state", "waiting");
    assert_int_equal(users(&old_users, "/moved"), 0);
    e2e_command(site->e, id, "promote");
    e2e_await(site->e, id, "succeeded");
    assert_int_equal(users(&old_users, "/versions/1.0"), USERS);
    none_failed(&old_users);
    site_none_failed(site);
    site_close(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_weight_divides_new_users_and_going_back_moves_those_of_the_canary),
        cmocka_unit_test(the_promotion_moves_the_users_of_the_old_version_when_that_goes),
        cmocka_unit_test(users_of_a_version_that_alone_is_sticky_are_moved_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
