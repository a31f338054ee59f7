/**
 * @file tests/unit/server/http/test_cors.c
 * @brief Which pages of other origins may call.
 */
#include "server/http/cors.h"
#include "tests/support/spec.h"

#define LIST "https://ops.example, http://127.0.0.1:3000"

static void a_list_has_origins_and_nothing_else(void **state)
{
    static const struct {
        const char *list;
        bool valid;
    } rows[] = {
        {NULL, true},
        {"", true},
        {"*", true},
        {LIST, true},
        {"https://[::1]:8443", true},
        {",https://ops.example,", true},
        {"ops.example", false},
        {"https://", false},
        {"https://ops.example/", false},
        {"https://ops.example/path", false},
        {"https://user@ops.example", false},
        {"ftp://ops.example", false},
        {"https://ops.example,null", false},
        {"**", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (zdd_cors_valid(rows[i].list) != rows[i].valid)
            fail_msg("\"%s\" must be %s", rows[i].list, rows[i].valid ? "valid" : "refused");
    }
}

static void an_origin_is_allowed_when_it_is_one_of_them_as_a_whole(void **state)
{
    static const struct {
        const char *list, *origin;
        bool allowed;
    } rows[] = {
        {LIST, "https://ops.example", true},
        {LIST, "HTTPS://OPS.example", true},
        {LIST, "http://127.0.0.1:3000", true},
        {LIST, "http://127.0.0.1:30000", false},
        {LIST, "http://127.0.0.1:300", false},
        {LIST, "https://ops.example.evil", false},
        {LIST, "https://ops", false},
        {LIST, "http://ops.example", false},
        {LIST, "null", false},
        {LIST, "", false},
        {LIST, NULL, false},
        {"*", "https://anybody", true},
        {"", "https://ops.example", false},
        {NULL, "https://ops.example", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (zdd_cors_allows(rows[i].list, rows[i].origin) != rows[i].allowed)
            fail_msg("\"%s\" by \"%s\" must be %s", rows[i].origin, rows[i].list,
                     rows[i].allowed ? "allowed" : "refused");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_has_origins_and_nothing_else),
        cmocka_unit_test(an_origin_is_allowed_when_it_is_one_of_them_as_a_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
