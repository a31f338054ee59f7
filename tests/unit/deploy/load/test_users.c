/**
 * @file tests/unit/deploy/load/test_users.c
 * @brief Users who come back: what they ask with, and which versions they met.
 */
#include "deploy/load/users.h"
#include "server/json/json.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

static void a_user_asks_with_his_cookies_beside_the_header_of_all(void **state)
{
    struct user with = {.cookies = {"a=1; b=2"}};
    struct user without = {0};
    char room[USER_HEADER_SIZE];

    (void)state;
    assert_null(user_header(NULL, NULL, room));
    assert_null(user_header(&without, NULL, room));
    assert_string_equal(user_header(&without, "Accept: */*", room), "Accept: */*");
    assert_string_equal(user_header(&with, NULL, room), "Cookie: a=1; b=2");
    assert_string_equal(user_header(&with, "Host: a", room), "Host: a\r\nCookie: a=1; b=2");
}

static void who_met_another_version_than_before_has_moved(void **state)
{
    struct user users[4] = {0};
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_writer w = {.buf = &buf};

    (void)state;
    user_note(&users[0], "0.9");
    user_note(&users[0], "0.9");
    user_note(&users[1], "0.9");
    user_note(&users[1], "1.0");
    user_note(&users[2], "1.0");
    user_note(&users[2], "0.9");
    user_note(&users[2], "1.0");
    zdd_w_object(&w, NULL);
    users_report(&w, users, 4); /* the last one has had no answer */
    zdd_w_end_object(&w);
    assert_string_equal(buf.data, "{\"users\":{\"count\":4,\"moved\":2,\"moves\":3,"
                                  "\"versions\":{\"0.9\":1,\"1.0\":2}}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_asks_with_his_cookies_beside_the_header_of_all),
        cmocka_unit_test(who_met_another_version_than_before_has_moved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
