/**
 * @file tests/unit/server/api/test_blueprint_units.c
 * @brief The small texts of a blueprint, both sides of each boundary.
 */
#include "server/api/blueprint_units.h"
#include "server/json/json.h"
#include "tests/support/spec.h"

#include <string.h>

static json_t *value(const char *json)
{
    json_t *parsed = NULL;

    assert_int_equal(zdd_json_read(json, strlen(json), &parsed, NULL), ZDD_ERR_NONE);
    return parsed;
}

/* What the reader makes of a JSON text; -1 when it refuses. */
static double read(bool (*reader)(const json_t *, double *), const char *json)
{
    ZDD_AUTO_JSON json_t *parsed = value(json);
    double result = -1;

    if (!reader(parsed, &result))
        assert_true(result == -1);
    return result;
}

static double seconds(const char *json)
{
    ZDD_AUTO_JSON json_t *parsed = value(json);
    int64_t result = -1;

    return zdd_blueprint_seconds(parsed, &result) ? (double)result : -1;
}

static void assert_near(double got, double wanted, const char *json)
{
    if (got - wanted > 1e-9 || wanted - got > 1e-9)
        fail_msg("%s is %g, not %g", json, got, wanted);
}

static void numbers_with_units_are_read(void **state)
{
    static const struct {
        bool (*reader)(const json_t *, double *);
        const char *json;
        double wanted;
    } rows[] = {
        {zdd_blueprint_memory, "\"32MB\"", 32},
        {zdd_blueprint_memory, "\"0.5GB\"", 512},
        {zdd_blueprint_memory, "\"64 MiB\"", 64},
        {zdd_blueprint_memory, "\"2GiB\"", 2048},
        {zdd_blueprint_memory, "\"128\"", 128},
        {zdd_blueprint_memory, "128", 128},
        {zdd_blueprint_memory, "0.5", 0.5},
        {zdd_blueprint_memory, "-1", -1},
        {zdd_blueprint_memory, "\"32KB\"", -1},
        {zdd_blueprint_memory, "\"32mb\"", -1},
        {zdd_blueprint_memory, "\"MB\"", -1},
        {zdd_blueprint_memory, "\".5GB\"", -1},
        {zdd_blueprint_memory, "\"5.GB\"", -1},
        {zdd_blueprint_memory, "\"1.2.3MB\"", -1},
        {zdd_blueprint_memory, "\"1234567890123MB\"", -1},
        {zdd_blueprint_memory, "\"\"", -1},
        {zdd_blueprint_memory, "true", -1},
        {zdd_blueprint_memory, "null", -1},
        {zdd_blueprint_cpus, "0.1", 0.1},
        {zdd_blueprint_cpus, "\"0.25\"", 0.25},
        {zdd_blueprint_cpus, "\"100m\"", 0.1},
        {zdd_blueprint_cpus, "\"1 core\"", -1},
        {zdd_blueprint_percent, "\"80%\"", 80},
        {zdd_blueprint_percent, "\"0%\"", 0},
        {zdd_blueprint_percent, "\"100%\"", 100},
        {zdd_blueprint_percent, "\"0.5 %\"", 0.5},
        {zdd_blueprint_percent, "\"100.1%\"", -1},
        {zdd_blueprint_percent, "80", -1},
        {zdd_blueprint_percent, "\"80\"", -1},
        {zdd_blueprint_percent, "\"-1%\"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_near(read(rows[i].reader, rows[i].json), rows[i].wanted, rows[i].json);
    assert_near(seconds("10"), 10, "10");
    assert_near(seconds("\"10s\""), 10, "10s");
    assert_near(seconds("\"86400s\""), 86400, "86400s");
    assert_near(seconds("\"86401s\""), -1, "86401s");
    assert_near(seconds("\"1.5s\""), -1, "1.5s");
    assert_near(seconds("\"10\""), -1, "a text without unit");
    assert_near(seconds("\"10m\""), -1, "10m");
}

static void ports_have_a_number_and_a_word(void **state)
{
    static const struct {
        const char *json;
        int64_t port; /* -1: refused */
        bool is_http;
    } rows[] = {
        {"\"8080/http\"", 8080, true}, {"\"8080/tcp\"", 8080, false}, {"\"0/http\"", 0, true},
        {"\"65535\"", 65535, true},    {"65535", 65535, true},        {"0", 0, true},
        {"65536", -1, false},          {"\"65536/http\"", -1, false}, {"-1", -1, false},
        {"\"8080/udp\"", -1, false},   {"\"8080/\"", -1, false},      {"\"/http\"", -1, false},
        {"\"123456\"", -1, false},     {"8080.5", -1, false},         {"true", -1, false},
        {"\"80 /http\"", -1, false},   {"\"\"", -1, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ZDD_AUTO_JSON json_t *parsed = value(rows[i].json);
        int64_t port = -1;
        bool is_http = false;

        if (zdd_blueprint_port(parsed, &port, &is_http) != (rows[i].port >= 0) ||
            port != rows[i].port || is_http != rows[i].is_http)
            fail_msg("%s is port %d", rows[i].json, (int)port);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_with_units_are_read),
        cmocka_unit_test(ports_have_a_number_and_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
