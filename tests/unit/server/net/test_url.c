/**
 * @file tests/unit/server/net/test_url.c
 * @brief Which addresses are taken, and how paths are encoded.
 */
#include "server/net/url.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

static void assert_encoded(const char *text, const char *keep, const char *wanted)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};

    zdd_buf_text(&buf, "=");
    zdd_url_encode(&buf, text, keep);
    assert_string_equal(buf.data + 1, wanted);
}

static void everything_but_unreserved_and_kept_characters_is_encoded(void **state)
{
    (void)state;
    assert_encoded("", NULL, "");
    assert_encoded("aZ09-._~", NULL, "aZ09-._~");
    assert_encoded("/zdd/base", "/", "/zdd/base");
    assert_encoded("/zdd/base", "", "%2Fzdd%2Fbase");
    assert_encoded("a b+c%d&e=f?g#h", NULL, "a%20b%2Bc%25d%26e%3Df%3Fg%23h");
    assert_encoded("\xC3\xA9\x01", NULL, "%C3%A9%01");
}

static void assert_hostport(const char *text, const char *host, unsigned port)
{
    char got[64] = "unchanged";
    uint16_t got_port = 7;

    assert_true(zdd_hostport_parse(text, got, &got_port));
    assert_string_equal(got, host);
    assert_int_equal(got_port, port);
}

static void host_and_port_are_read(void **state)
{
    (void)state;
    assert_hostport("127.0.0.1:8090", "127.0.0.1", 8090);
    assert_hostport("[::1]:8090", "::1", 8090);
    assert_hostport("[fe80::1:2]:1", "fe80::1:2", 1);
    assert_hostport("localhost:65535", "localhost", 65535);
    assert_hostport("a-b.c_d.example:0", "a-b.c_d.example", 0);
}

static void what_is_no_host_and_port_changes_nothing(void **state)
{
    static const char *const texts[] = {
        "",           "8090",        ":8090",       "host",         "host:",     "host:x",
        "host:65536", "host:99999",  "host:123456", "host:-1",      "host:+1",   "host: 1",
        "host:1 ",    "ho st:1",     "::1:8090",    "[::1]",        "[::1]8090", "[::1:8090",
        "[]:1",       "[host]:1",    "[1.2.3.4]:1", "a..b:1",       ".a:1",      "host:1/",
        "http://h:1", "user@host:1", "h\xC3\xA9:1", "[::1%25lo]:1",
    };
    char host[64] = "unchanged";
    uint16_t port = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (zdd_hostport_parse(texts[i], host, &port))
            fail_msg("\"%s\" was taken", texts[i]);
        assert_string_equal(host, "unchanged");
        assert_int_equal(port, 7);
    }
}

static void a_host_of_63_bytes_fits_and_one_of_64_does_not(void **state)
{
    char text[100], host[64];
    uint16_t port;

    (void)state;
    snprintf(text, sizeof(text), "%030d.%032d:1", 0, 0);
    assert_true(zdd_hostport_parse(text, host, &port));
    assert_int_equal(strlen(host), 63);
    snprintf(text, sizeof(text), "%031d.%032d:1", 0, 0);
    assert_false(zdd_hostport_parse(text, host, &port));
}

static void good_urls_are_taken(void **state)
{
    static const char *const urls[] = {
        "http://localhost",
        "http://127.0.0.1:8080",
        "https://marathon.example.com/",
        "https://[::1]:8443/service/marathon",
        "http://h/v2/apps//zdd/base%20x?embed=apps.tasks&label=a==b",
        "http://h?x=1",
        "http://leader_1:8080/v2/events?event_type=a&event_type=b",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        if (!zdd_url_valid(urls[i]))
            fail_msg("\"%s\" was refused", urls[i]);
    }
}

static void bad_urls_are_refused(void **state)
{
    static const char *const urls[] = {
        "",
        "localhost:8080",
        "//h",
        "ftp://h/",
        "file:///etc/passwd",
        "HTTP//h",
        "http:/h",
        "http://",
        "http:///path",
        "http://:80/",
        "http://user@h/",
        "http://user:secret@h/",
        "http://h:0/",
        "http://h:65536/",
        "http://h:/",
        "http://h:8o/",
        "http://h/#fragment",
        "http://h/a b",
        "http://h/a\nHost: x",
        "http://h/\xC3\xA9",
        "http://h\\@evil/",
        "http://[::1/",
        "http://[x]/",
        "http://a..b/",
        "http://h/<script>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        if (zdd_url_valid(urls[i]))
            fail_msg("\"%s\" was taken", urls[i]);
    }
}

static void very_long_urls_are_refused(void **state)
{
    static char url[8002];

    (void)state;
    memset(url, 'a', sizeof(url) - 1);
    memcpy(url, "http://h/", 9);
    assert_false(zdd_url_valid(url));
    url[8000] = '\0';
    assert_true(zdd_url_valid(url));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_but_unreserved_and_kept_characters_is_encoded),
        cmocka_unit_test(host_and_port_are_read),
        cmocka_unit_test(what_is_no_host_and_port_changes_nothing),
        cmocka_unit_test(a_host_of_63_bytes_fits_and_one_of_64_does_not),
        cmocka_unit_test(good_urls_are_taken),
        cmocka_unit_test(bad_urls_are_refused),
        cmocka_unit_test(very_long_urls_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
