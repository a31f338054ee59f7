/**
 * @file tests/unit/storage/test_plans.c
 * @brief Plans and revisions at rest.
 */
#include "storage/revisions.h"
#include "tests/unit/storage/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    *state = open_memory();
    return 0;
}

static int teardown(void **state)
{
    *state = zdd_store_free(*state);
    return 0;
}

static const struct zdd_app_facts old_facts = {
    .instances = 1,
    .minimum_health_capacity = 0.25,
    .maximum_over_capacity = 0.5,
    .cpus = 0.1,
    .mem_mib = 32.5,
    .start_ms = 2,
    .has_health_checks = true,
    .has_readiness_checks = true,
    .fixed_ports = true,
    .oldest_first = true,
};

static const struct zdd_app_facts new_facts = {
    .instances = ZDD_INSTANCES_MAX,
    .minimum_health_capacity = 1.0,
    .maximum_over_capacity = 1.0 / 3.0,
    .cpus = 2.0,
    .mem_mib = 64.0,
    .start_ms = 3,
    .has_marathon_checks = true,
    .single_instance = true,
    .unique_hostname = true,
    .resident = true,
};

static void assert_same_facts(const struct zdd_app_facts *expected,
                              const struct zdd_app_facts *actual)
{
    assert_int_equal(actual->instances, expected->instances);
    assert_true(actual->minimum_health_capacity == expected->minimum_health_capacity);
    assert_true(actual->maximum_over_capacity == expected->maximum_over_capacity);
    assert_true(actual->cpus == expected->cpus);
    assert_true(actual->mem_mib == expected->mem_mib);
    assert_int_equal(actual->start_ms, expected->start_ms);
    assert_int_equal(actual->has_health_checks, expected->has_health_checks);
    assert_int_equal(actual->has_marathon_checks, expected->has_marathon_checks);
    assert_int_equal(actual->has_readiness_checks, expected->has_readiness_checks);
    assert_int_equal(actual->single_instance, expected->single_instance);
    assert_int_equal(actual->fixed_ports, expected->fixed_ports);
    assert_int_equal(actual->unique_hostname, expected->unique_hostname);
    assert_int_equal(actual->oldest_first, expected->oldest_first);
    assert_int_equal(actual->resident, expected->resident);
}

static void every_member_of_a_plan_comes_back_as_it_was(void **state)
{
    const struct zdd_plan plan =
        a_plan(.action = ZDD_ACTION_UPGRADE, .on_failure = ZDD_ON_FAILURE_HOLD,
               .replace_rule = ZDD_REPLACE_1_10, .created_at_ms = 5, .deadline_ms = 6,
               .old = old_facts, .target = new_facts,
               .seen = {.exists = true,
                        .version = "v",
                        .config_version = "c",
                        .running = 7,
                        .healthy = 8});
    struct zdd_plan back;

    assert_good(insert_plan(*state, &plan, "{}"));
    assert_good(zdd_plan_load(*state, "plan-1", &back, NULL));
    assert_string_equal(back.id, plan.id);
    assert_string_equal(back.digest, plan.digest);
    assert_string_equal(back.app_id, plan.app_id);
    assert_string_equal(back.strategy, plan.strategy);
    assert_int_equal(back.action, plan.action);
    assert_int_equal(back.on_failure, plan.on_failure);
    assert_int_equal(back.replace_rule, plan.replace_rule);
    assert_int_equal(back.created_at_ms, plan.created_at_ms);
    assert_int_equal(back.deadline_ms, plan.deadline_ms);
    assert_same_facts(&old_facts, &back.old);
    assert_same_facts(&new_facts, &back.target);
    assert_true(back.seen.exists);
    assert_string_equal(back.seen.version, "v");
    assert_string_equal(back.seen.config_version, "c");
    assert_int_equal(back.seen.running, 7);
    assert_int_equal(back.seen.healthy, 8);
}

static void the_texts_of_a_plan_come_back_and_none_stays_none(void **state)
{
    ZDD_AUTO_PLAN_TEXTS struct zdd_plan_texts texts = {0};
    struct zdd_plan plan;

    assert_good(insert_plan(*state, &a_plan(.created_at_ms = 5), "{\"id\":\"plan-1\"}"));
    assert_good(zdd_plan_load(*state, "plan-1", &plan, &texts));
    assert_string_equal(texts.body.data, "{\"id\":\"plan-1\"}");
    assert_string_equal(texts.request.data, "{\"strategy\":\"rolling\"}");
    assert_null(texts.target.data);
    assert_null(texts.previous.data);
}

static void a_text_of_a_megabyte_comes_back_whole(void **state)
{
    const size_t size = 1024UL * 1024;
    ZDD_AUTO_PLAN_TEXTS struct zdd_plan_texts texts = {0};
    struct zdd_plan plan;
    char *body = malloc(size + 1);

    assert_non_null(body);
    memset(body, 'x', size);
    body[size] = '\0';
    assert_good(insert_plan(*state, &a_plan(.created_at_ms = 5), body));
    assert_good(zdd_plan_load(*state, "plan-1", &plan, &texts));
    assert_string_equal(texts.body.data, body);
    free(body);
}

static void an_unknown_plan_is_unknown(void **state)
{
    struct zdd_plan plan;

    assert_err(ZDD_ERR_PLAN_UNKNOWN, zdd_plan_load(*state, "nobody", &plan, NULL));
}

static void a_plan_is_written_once(void **state)
{
    assert_good(insert_plan(*state, &a_plan(.created_at_ms = 5), "{}"));
    assert_err(ZDD_ERR_STORE_BROKEN, insert_plan(*state, &a_plan(.created_at_ms = 6), "{}"));
}

static bool see_plan(void *cls, const char *id, const char *body)
{
    char *text = cls;
    const size_t size = strlen(text);

    (void)snprintf(text + size, 200 - size, "%s=%s ", id, body);
    return true;
}

static void assert_plans(struct zdd_store *store, struct zdd_plan_filter filter,
                         const char *expected)
{
    char text[200] = "";

    assert_good(zdd_plan_list(store, &filter, see_plan, text));
    assert_string_equal(text, expected);
}

#define a_filter(...) ((struct zdd_plan_filter){.limit = 100, __VA_ARGS__})

static void plans_are_listed_newest_first_by_page_and_filter(void **state)
{
    assert_good(insert_plan(*state, &a_plan(.id = "a", .app_id = "/shop"), "1"));
    assert_good(insert_plan(*state, &a_plan(.id = "b", .app_id = "/shop/cart"), "2"));
    assert_good(insert_plan(*state, &a_plan(.id = "c", .app_id = "/shopping"), "3"));
    assert_good(insert_plan(*state, &a_plan(.id = "d", .app_id = "/shop"), "4"));
    assert_plans(*state, a_filter(.limit = 2), "d=4 c=3 ");
    assert_plans(*state, a_filter(.limit = 2, .before_id = "c"), "b=2 a=1 ");
    assert_plans(*state, a_filter(.before_id = "a"), "");
    assert_plans(*state, a_filter(.before_id = "nobody"), "");
    assert_plans(*state, a_filter(.app_id = "/shop"), "d=4 a=1 ");
    assert_plans(*state, a_filter(.app_id = "/shop", .before_id = "d"), "a=1 ");
    assert_plans(*state, a_filter(.app_prefix = "/shop"), "d=4 b=2 a=1 ");
    assert_plans(*state, a_filter(.app_prefix = "/"), "d=4 c=3 b=2 a=1 ");
    assert_plans(*state, a_filter(.app_prefix = "/bank"), "");
}

static enum zdd_err append_revision(struct zdd_tx *tx, void *cls)
{
    return zdd_revision_append(tx, cls);
}

static bool see_revision(void *cls, const struct zdd_revision *revision)
{
    char *text = cls;
    const size_t size = strlen(text);

    (void)snprintf(text + size, 300 - size, "%s#%d %s %s %s %d %s; ", revision->app_id,
                   (int)revision->number, revision->run_id, revision->digest, revision->version,
                   (int)revision->created_at_ms, revision->definition);
    return true;
}

static void revisions_are_numbered_per_app(void **state)
{
    struct zdd_revision revision = {.app_id = "/shop",
                                    .run_id = "run-1",
                                    .digest = "sha256:0",
                                    .version = "",
                                    .created_at_ms = 5,
                                    .definition = "{}"};
    char text[300] = "";
    int64_t count = -1;

    assert_good(zdd_store_write(*state, append_revision, &revision));
    revision.definition = "{\"cpus\":1}";
    assert_good(zdd_store_write(*state, append_revision, &revision));
    revision.app_id = "/bank";
    assert_good(zdd_store_write(*state, append_revision, &revision));
    assert_good(zdd_revision_list(*state, "/shop", 0, 100, see_revision, text));
    assert_string_equal(text, "/shop#2 run-1 sha256:0  5 {\"cpus\":1}; "
                              "/shop#1 run-1 sha256:0  5 {}; ");
    text[0] = '\0';
    assert_good(zdd_revision_list(*state, "/shop", 2, 100, see_revision, text));
    assert_string_equal(text, "/shop#1 run-1 sha256:0  5 {}; ");
    text[0] = '\0';
    assert_good(zdd_revision_list(*state, "/shop", 1, 100, see_revision, text));
    assert_string_equal(text, "");
    assert_good(zdd_revision_count(*state, "/shop", &count));
    assert_int_equal(count, 2);
    assert_good(zdd_revision_count(*state, "/nobody", &count));
    assert_int_equal(count, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(every_member_of_a_plan_comes_back_as_it_was),
        CASE(the_texts_of_a_plan_come_back_and_none_stays_none),
        CASE(a_text_of_a_megabyte_comes_back_whole),
        CASE(an_unknown_plan_is_unknown),
        CASE(a_plan_is_written_once),
        CASE(plans_are_listed_newest_first_by_page_and_filter),
        CASE(revisions_are_numbered_per_app),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
