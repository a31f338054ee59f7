/**
 * @file tests/unit/deploy/load/test_cookies.c
 * @brief What callers keep of a balancer's cookies.
 */
#include "deploy/load/cookies.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

#define ANSWER(lines) "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" lines "\r\n{}"

/* As HAProxy writes it. */
#define SET(value)                                                                                 \
    "Set-Cookie: mesosphere_server_id=" value "; path=/\r\nCache-Control: private\r\n"

static void assert_kept(struct cookies *cookies, const char *answer, const char *kept)
{
    cookies_take(cookies, answer);
    assert_string_equal(cookies->text, kept);
}

static void a_cookie_is_kept_without_its_path_and_until_there_is_another(void **state)
{
    struct cookies cookies = {0};

    (void)state;
    assert_kept(&cookies, ANSWER(""), "");
    assert_kept(&cookies, ANSWER(SET("0a1b2c3d4e")), "mesosphere_server_id=0a1b2c3d4e");
    assert_kept(&cookies, ANSWER(""), "mesosphere_server_id=0a1b2c3d4e");
    assert_kept(&cookies, ANSWER(SET("5f")), "mesosphere_server_id=5f");
    assert_kept(&cookies, ANSWER("set-cookie:b=2\r\n"), "mesosphere_server_id=5f; b=2");
    assert_kept(&cookies, ANSWER(SET("0a")), "b=2; mesosphere_server_id=0a");
}

static void a_cookie_without_a_value_is_forgotten_wherever_it_stands(void **state)
{
    struct cookies cookies = {0};

    (void)state;
    assert_kept(&cookies,
                ANSWER("Set-Cookie: a=1\r\nSet-Cookie: ab=2\r\n"
                       "Set-Cookie: c=3\r\n"),
                "a=1; ab=2; c=3");
    assert_kept(&cookies, ANSWER("Set-Cookie: ab=; Expires=Thu, 01-Jan-1970 00:00:01 GMT\r\n"),
                "a=1; c=3");
    assert_kept(&cookies, ANSWER("Set-Cookie: c=\r\n"), "a=1");
    assert_kept(&cookies, ANSWER("Set-Cookie: x=\r\n"), "a=1");
    assert_kept(&cookies, ANSWER("Set-Cookie: a=\r\n"), "");
}

static void what_is_no_cookie_is_left_alone(void **state)
{
    struct cookies cookies = {0};

    (void)state;
    assert_kept(&cookies, ANSWER("X-Set-Cookie: a=1\r\nSet-Cookie: word\r\nSet-Cookie: =1\r\n"),
                "");
    assert_kept(&cookies, "HTTP/1.1 200 OK\r\n\r\nSet-Cookie: a=1\r\n", "");
    assert_kept(&cookies, "Set-Cookie: a=1", "");
    assert_kept(&cookies, "HTTP/1.1 200 OK\r\nSet-Cookie: a=1", "a=1"); /* it ends there */
}

static void what_has_no_room_is_not_kept(void **state)
{
    struct cookies cookies = {0};
    char answer[2 * COOKIES_SIZE];

    (void)state;
    snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nSet-Cookie: a=%0*d\r\n\r\n",
             COOKIES_SIZE - 3, 1);
    cookies_take(&cookies, answer);
    assert_int_equal(strlen(cookies.text), 0);
    snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nSet-Cookie: a=%0*d\r\n\r\n",
             COOKIES_SIZE - 5, 1);
    cookies_take(&cookies, answer);
    assert_int_equal(strlen(cookies.text), COOKIES_SIZE - 3);
    cookies_take(&cookies, ANSWER("Set-Cookie: b=1\r\n"));
    assert_null(strstr(cookies.text, "b=1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_is_kept_without_its_path_and_until_there_is_another),
        cmocka_unit_test(a_cookie_without_a_value_is_forgotten_wherever_it_stands),
        cmocka_unit_test(what_is_no_cookie_is_left_alone),
        cmocka_unit_test(what_has_no_room_is_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
