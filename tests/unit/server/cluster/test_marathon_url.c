/**
 * @file tests/unit/server/cluster/test_marathon_url.c
 * @brief Where redirects lead, and which places are the same.
 */
#include "server/cluster/marathon_url.h"
#include "strategies/model/limits.h"
#include "tests/support/spec.h"

static void a_place_is_host_and_port_whatever_the_spelling(void **state)
{
    (void)state;
    assert_true(zdd_marathon_same_place("http://a:8080/x", "http://A:8080"));
    assert_true(zdd_marathon_same_place("http://a/", "http://a:80?q"));
    assert_true(zdd_marathon_same_place("https://a", "HTTPS://a:443/"));
    assert_true(zdd_marathon_same_place("http://[::1]", "http://[::1]:80"));
    assert_false(zdd_marathon_same_place("http://a:8080", "http://a:8081"));
    assert_false(zdd_marathon_same_place("http://a", "https://a"));
    assert_false(zdd_marathon_same_place("", ""));
    assert_false(zdd_marathon_same_place("ftp://a", "ftp://a"));
    assert_false(zdd_marathon_same_place("http://u:p@a", "http://u:p@a"));
}

static void a_host_is_the_same_on_another_port_unless_tls_is_dropped(void **state)
{
    (void)state;
    assert_true(zdd_marathon_same_host("http://a:8080", "http://a:9090"));
    assert_true(zdd_marathon_same_host("http://a", "https://a"));
    assert_true(zdd_marathon_same_host("http://[::1]:1", "http://[::1]:2"));
    assert_false(zdd_marathon_same_host("https://a", "http://a"));
    assert_false(zdd_marathon_same_host("http://a", "http://a.evil"));
    assert_false(zdd_marathon_same_host("http://[::1]:1", "http://[::2]:1"));
}

static void locations_are_resolved(void **state)
{
    static const struct {
        const char *url, *location, *expected; /* NULL: refused */
    } rows[] = {
        {"http://a:1/v2/apps?x=1", "http://b:2/v2/apps?x=1", "http://b:2/v2/apps?x=1"},
        {"http://a:1/v2/apps", "/ui/", "http://a:1/ui/"},
        {"https://a/v2/apps", "/ui/", "https://a:443/ui/"},
        {"https://a/v2/apps", "//b/c", "https://b/c"},
        {"http://a/v2/apps", "javascript:alert(1)", NULL},
        {"http://a/v2/apps", "file:///etc/passwd", NULL},
        {"http://a/v2/apps", "apps/", NULL},
        {"http://a/v2/apps", "http://u:p@b/", NULL},
        {"http://a/v2/apps", "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        char url[ZDD_MARATHON_URL_SIZE];
        const bool good = zdd_marathon_resolve(rows[i].url, rows[i].location, url);

        assert_int_equal(good, rows[i].expected != NULL);
        if (good)
            assert_string_equal(url, rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_is_host_and_port_whatever_the_spelling),
        cmocka_unit_test(a_host_is_the_same_on_another_port_unless_tls_is_dropped),
        cmocka_unit_test(locations_are_resolved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
