/**
 * @file tests/unit/server/engine/test_events.c
 * @brief Which apps an event names, and how soon to look.
 */
#include "server/engine/events.h"

#include "strategies/model/limits.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

struct found {
    size_t count;
    char all[1024]; /* ids, each with a blank behind */
};

static void visit(void *cls, const char *app_id, size_t size)
{
    struct found *found = cls;
    const size_t used = strlen(found->all);

    found->count++;
    snprintf(found->all + used, sizeof(found->all) - used, "%.*s ", (int)size, app_id);
}

static struct found apps_in(const char *data)
{
    struct found found = {0};

    zdd_event_apps(data, visit, &found);
    return found;
}

static void the_end_of_something_is_urgent_and_nothing_else(void **state)
{
    (void)state;
    assert_true(zdd_event_is_urgent("deployment_success"));
    assert_true(zdd_event_is_urgent("deployment_failed"));
    assert_true(zdd_event_is_urgent("deployment_step_success"));
    assert_true(zdd_event_is_urgent("app_terminated_event"));
    assert_false(zdd_event_is_urgent("status_update_event"));
    assert_false(zdd_event_is_urgent("deployment_info"));
    assert_false(zdd_event_is_urgent(""));
    assert_false(zdd_event_is_urgent("deployment_successes"));
}

static void each_member_that_names_an_app_is_found(void **state)
{
    (void)state;
    assert_string_equal(apps_in("{\"appId\":\"/shop/cart\"}").all, "/shop/cart ");
    assert_string_equal(apps_in("{\"runSpecId\":\"/a\",\"x\":1}").all, "/a ");
    assert_string_equal(
        apps_in("{\"plan\":{\"steps\":[{\"actions\":[{\"action\":\"Scale\",\"app\":\"/a\"},"
                "{\"app\":\"/b\",\"action\":\"Restart\"}]}]}}")
            .all,
        "/a /b ");
}

static void blanks_between_do_not_matter(void **state)
{
    (void)state;
    assert_string_equal(apps_in("{ \"appId\" :\t \"/a\" }").all, "/a ");
}

static void what_only_looks_like_it_is_passed_over(void **state)
{
    (void)state;
    assert_int_equal(apps_in("").count, 0);
    assert_int_equal(apps_in("{}").count, 0);
    assert_int_equal(apps_in("{\"appId\":7}").count, 0);
    assert_int_equal(apps_in("{\"appId\":null}").count, 0);
    assert_int_equal(apps_in("{\"appId\":{\"id\":\"/a\"}}").count, 0);
    assert_int_equal(apps_in("{\"appIds\":\"/a\"}").count, 0);
    assert_int_equal(apps_in("{\"groupId\":\"/a\"}").count, 0);
    assert_int_equal(apps_in("{\"appId\":\"\"}").count, 0);
    assert_int_equal(apps_in("{\"appId\":\"/a\\/b\"}").count, 0); /* an id has no escapes */
}

static void text_that_ends_in_the_middle_ends_the_search(void **state)
{
    static const char whole[] = "{\"appId\" : \"/shop/cart\"";
    char part[sizeof(whole)];

    (void)state;
    for (size_t size = 0; size < sizeof(whole) - 1; size++) {
        memcpy(part, whole, size);
        part[size] = '\0';
        assert_int_equal(apps_in(part).count, 0);
    }
    assert_int_equal(apps_in(whole).count, 1);
}

static void an_id_that_no_app_of_ours_can_have_is_passed_over(void **state)
{
    char data[1200];
    char id[1000];

    (void)state;
    memset(id, 'a', sizeof(id));
    id[255] = '\0'; /* the longest we keep */
    snprintf(data, sizeof(data), "{\"appId\":\"%s\"}", id);
    assert_int_equal(apps_in(data).count, 1);
    id[255] = 'a';
    id[256] = '\0';
    snprintf(data, sizeof(data), "{\"appId\":\"%s\"}", id);
    assert_int_equal(apps_in(data).count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_something_is_urgent_and_nothing_else),
        cmocka_unit_test(each_member_that_names_an_app_is_found),
        cmocka_unit_test(blanks_between_do_not_matter),
        cmocka_unit_test(what_only_looks_like_it_is_passed_over),
        cmocka_unit_test(text_that_ends_in_the_middle_ends_the_search),
        cmocka_unit_test(an_id_that_no_app_of_ours_can_have_is_passed_over),
    };

    return cmocka_run_group_tests_name("server/engine/events", tests, NULL, NULL);
}
