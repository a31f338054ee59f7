/**
 * @file tests/unit/deploy/lab/balancer/test_names.c
 * @brief Names, ids, cookies and templates, against what a real Marathon-LB wrote.
 */
#include "tests/support/spec.h"

#include "deploy/lab/balancer/format.h"
#include "deploy/lab/balancer/names.h"
#include "deploy/lab/balancer/sha1.h"
#include "server/base/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_text(struct zdd_buf *buf, const char *wanted)
{
    char *text = zdd_buf_take(buf);

    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
}

static void a_backend_is_named_after_the_app_and_its_port(void **state)
{
    struct zdd_buf buf = {0};

    (void)state;
    zdd_mlb_backend_name(&buf, "/svc", 21010);
    assert_text(&buf, "svc_21010");
    zdd_mlb_backend_name(&buf, "/shop/cart/web", 1);
    assert_text(&buf, "shop_cart_web_1");
    zdd_mlb_backend_name(&buf, "/a.b-c", 65535);
    assert_text(&buf, "a.b-c_65535");
}

static void a_server_is_named_after_its_address(void **state)
{
    struct zdd_buf buf = {0};

    (void)state;
    zdd_mlb_server_name(&buf, "127.0.0.1", "127.0.0.1", 22102);
    assert_text(&buf, "127_0_0_1_22102");
    zdd_mlb_server_name(&buf, "agent-1.example", "10.0.0.7", 80);
    assert_text(&buf, "agent-1_example_10_0_0_7_80");
}

/* Every id that marathon-lb.md §3.3 and §4.e show. */
static void ids_are_those_of_a_real_run(void **state)
{
    static const struct {
        uint16_t port;
        unsigned id;
    } rows[] = {
        {22100, 20423}, {22101, 29636}, {22106, 21469}, {22107, 18923},
        {22108, 4448},  {22109, 9401},  {22110, 14484}, {22133, 18435},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct zdd_mlb_ids ids = {0};
        char name[40];

        snprintf(name, sizeof(name), "127_0_0_1_%u", rows[i].port);
        assert_int_equal(zdd_mlb_server_id(&ids, name), rows[i].id);
    }
}

/* The next name is the name and its own hash: the same in every program that follows the rule. */
static void an_id_that_is_taken_leads_to_the_next_one(void **state)
{
    struct zdd_mlb_ids ids = {0};

    (void)state;
    assert_int_equal(zdd_mlb_server_id(&ids, "127_0_0_1_22100"), 20423);
    assert_int_equal(zdd_mlb_server_id(&ids, "127_0_0_1_22100"), 23566);
}

static void no_id_is_zero(void **state)
{
    struct zdd_mlb_ids ids = {0};

    (void)state;
    assert_int_equal(zdd_mlb_server_id(&ids, "10_0_0_148_31217"),
                     267); /* its own hash would give 0 */
}

static void a_cookie_is_the_begin_of_the_names_sha1(void **state)
{
    char cookie[ZDD_MLB_COOKIE_SIZE];

    (void)state;
    zdd_mlb_cookie("127_0_0_1_22100", cookie);
    assert_string_equal(cookie, "c0a31f897c");
}

static void a_full_backend_gives_no_id(void **state)
{
    struct zdd_mlb_ids ids;

    (void)state;
    memset(&ids, 0xff, sizeof(ids));
    assert_int_equal(zdd_mlb_server_id(&ids, "127_0_0_1_22100"), 0);
}

/* FIPS 180's own examples, and lengths around the last block. */
static void sha1_is_sha1(void **state)
{
    static const struct {
        const char *text, *hex;
    } rows[] = {
        {"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
        {"1234567890123456789012345678901234567890123456789012345",
         "827a683fdfdbef225a2421078b7789b134c7eafa"},
        {"1234567890123456789012345678901234567890123456789012345678901234",
         "c71490fc24aa3d19e11282da77032dd9cdb33103"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char hex[ZDD_SHA1_HEX_SIZE];

        zdd_sha1_hex(rows[i].text, strlen(rows[i].text), hex);
        assert_string_equal(hex, rows[i].hex);
    }
}

static const struct zdd_mlb_field fields[] = {{"port", "22133"}, {"host_ipv4", "127.0.0.1"}};

static void a_template_gets_its_fields_and_doubled_braces_become_one(void **state)
{
    struct zdd_buf buf = {0};

    (void)state;
    assert_true(
        zdd_mlb_format(&buf, "a {host_ipv4}:{port} {{ ssl_fc }} \"p {port}\\n\"\n", fields, 2));
    assert_text(&buf, "a 127.0.0.1:22133 { ssl_fc } \"p 22133\\n\"\n");
    assert_true(zdd_mlb_format(&buf, "{{{port}}}", fields, 2));
    assert_text(&buf, "{22133}");
}

static void a_lone_brace_or_an_unknown_field_is_no_template(void **state)
{
    static const char *const wrong[] = {"{",         "}",        "a { b",   "{backend}",
                                        "{port",     "{port!r}", "{po{rt}", "}port}",
                                        "{port} {}", "port}",    "{{port}"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct zdd_buf buf = {0};

        assert_false(zdd_mlb_format(&buf, wrong[i], fields, 2));
        zdd_buf_release(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backend_is_named_after_the_app_and_its_port),
        cmocka_unit_test(a_server_is_named_after_its_address),
        cmocka_unit_test(ids_are_those_of_a_real_run),
        cmocka_unit_test(an_id_that_is_taken_leads_to_the_next_one),
        cmocka_unit_test(no_id_is_zero),
        cmocka_unit_test(a_cookie_is_the_begin_of_the_names_sha1),
        cmocka_unit_test(a_full_backend_gives_no_id),
        cmocka_unit_test(sha1_is_sha1),
        cmocka_unit_test(a_template_gets_its_fields_and_doubled_braces_become_one),
        cmocka_unit_test(a_lone_brace_or_an_unknown_field_is_no_template),
    };

    return zdd_crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
