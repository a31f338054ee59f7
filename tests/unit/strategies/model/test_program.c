/**
 * @file tests/unit/strategies/model/test_program.c
 * @brief Programs as text: what is written is read again, and nothing else is.
 */
#include "strategies/model/program.h"

#include "strategies/model/limits.h"
#include "tests/support/spec.h"

#include <string.h>

static void assert_same(const struct zdd_program *a, const struct zdd_program *b)
{
    assert_int_equal(a->count, b->count);
    for (int32_t i = 0; i < a->count; i++) {
        assert_int_equal(a->step[i].kind, b->step[i].kind);
        assert_int_equal(a->step[i].value, b->step[i].value);
    }
}

static void assert_round_trip(const struct zdd_program *program, const char *expected)
{
    char text[ZDD_PROGRAM_TEXT_SIZE];
    struct zdd_program back;

    zdd_program_print(program, text);
    assert_string_equal(text, expected);
    assert_true(zdd_program_parse(text, &back));
    assert_same(program, &back);
}

static void every_kind_of_step_comes_back(void **state)
{
    struct zdd_program program = {0};

    (void)state;
    zdd_program_add(&program, ZDD_STEP_ADOPT, 0);
    zdd_program_add(&program, ZDD_STEP_SHIFT, 0);
    zdd_program_add(&program, ZDD_STEP_START, 4);
    zdd_program_add(&program, ZDD_STEP_JOIN, 0);
    zdd_program_add(&program, ZDD_STEP_VERIFY, 60);
    zdd_program_add(&program, ZDD_STEP_GATE, 0);
    zdd_program_add(&program, ZDD_STEP_SHIFT, 10000);
    zdd_program_add(&program, ZDD_STEP_KEEP, 86400000);
    zdd_program_add(&program, ZDD_STEP_DRAIN, 0);
    zdd_program_add(&program, ZDD_STEP_RETIRE, 0);
    zdd_program_add(&program, ZDD_STEP_SETTLE, 0);
    assert_round_trip(&program,
                      "adopt;shift 0;start 4;join;verify 60;gate;shift 10000;keep 86400000;"
                      "drain;retire;settle");
}

static void the_share_of_a_step_is_that_of_the_last_shift(void **state)
{
    struct zdd_program program = {0};

    (void)state;
    zdd_program_add(&program, ZDD_STEP_START, 4);
    assert_int_equal(zdd_program_share(&program, 0), 10000); /* nobody to share with */
    zdd_program_add(&program, ZDD_STEP_SHIFT, 2500);
    zdd_program_add(&program, ZDD_STEP_JOIN, 0);
    zdd_program_add(&program, ZDD_STEP_SHIFT, 10000);
    assert_int_equal(zdd_program_share(&program, 0), 0);
    assert_int_equal(zdd_program_share(&program, 1), 2500);
    assert_int_equal(zdd_program_share(&program, 2), 2500);
    assert_int_equal(zdd_program_share(&program, 3), 10000);
    assert_int_equal(zdd_program_share(&program, 4), 10000);
}

static void no_step_at_all_is_no_text(void **state)
{
    const struct zdd_program program = {0};

    (void)state;
    assert_round_trip(&program, "");
}

static void each_number_that_a_step_can_have_comes_back(void **state)
{
    static const struct {
        int32_t value;
        const char *text;
    } rows[] = {
        {0, "keep 0"},
        {9, "keep 9"},
        {10, "keep 10"},
        {99, "keep 99"},
        {1000000, "keep 1000000"},
        {INT32_MAX, "keep 2147483647"},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct zdd_program program = {0};

        zdd_program_add(&program, ZDD_STEP_KEEP, rows[i].value);
        assert_round_trip(&program, rows[i].text);
    }
}

static void the_longest_program_fits_into_its_text(void **state)
{
    char text[ZDD_PROGRAM_TEXT_SIZE + 1];
    struct zdd_program back;

    (void)state;
    for (int kind = 0; kind < ZDD_STEP_KIND_COUNT; kind++) {
        struct zdd_program program = {0};
        const bool has_value = kind == ZDD_STEP_SHIFT || kind == ZDD_STEP_START ||
                               kind == ZDD_STEP_KEEP || kind == ZDD_STEP_WEIGHT ||
                               kind == ZDD_STEP_PAUSE;

        while (program.count < ZDD_PROGRAM_MAX)
            zdd_program_add(&program, (enum zdd_step_kind)kind, has_value ? INT32_MAX : 0);
        memset(text, '#', sizeof(text));
        zdd_program_print(&program, text);
        assert_non_null(memchr(text, '\0', ZDD_PROGRAM_TEXT_SIZE));
        assert_int_equal(text[ZDD_PROGRAM_TEXT_SIZE], '#');
        assert_true(zdd_program_parse(text, &back));
        assert_same(&program, &back);
    }
}

static void assert_refused(const char *text)
{
    struct zdd_program program = {.count = 7};

    if (zdd_program_parse(text, &program))
        fail_msg("'%s' is a program of %d steps", text, (int)program.count);
    assert_int_equal(program.count, 7); /* untouched */
}

static void whatever_is_no_program_is_refused(void **state)
{
    static const char *const texts[] = {
        /* words */
        "wait 3",
        "Join",
        "joi",
        "joinn",
        "star 4",
        "start4",
        "shift-0",
        "0",
        /* values that miss, that nobody wants, that are no numbers */
        "start",
        "start ",
        "start;join",
        "start ;join",
        "join 0",
        "drain 1",
        "start x",
        "start 4x",
        "start 4 ",
        "start  4",
        "start -1",
        "start +1",
        "start 4.0",
        "start 0x4",
        "start 4 5",
        /* too large */
        "keep 2147483648",
        "keep 99999999999999999999999999",
        /* between the steps */
        ";",
        ";join",
        "join;",
        "join;;drain",
        "join; drain",
        "join ;drain",
        " join",
        "join ",
        "join,drain",
        "join\n",
        "start 4;",
        "start 4;;",
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(texts); i++)
        assert_refused(texts[i]);
}

static void one_step_too_many_is_refused(void **state)
{
    char text[ZDD_PROGRAM_TEXT_SIZE] = "join";
    struct zdd_program program;

    (void)state;
    for (int i = 1; i < ZDD_PROGRAM_MAX; i++)
        memcpy(text + strlen(text), ";join", sizeof(";join"));
    assert_true(zdd_program_parse(text, &program));
    assert_int_equal(program.count, ZDD_PROGRAM_MAX);
    memcpy(text + strlen(text), ";join", sizeof(";join"));
    assert_refused(text);
}

static void each_kind_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < ZDD_STEP_KIND_COUNT; a++) {
        assert_true(strlen(zdd_step_kind_name((enum zdd_step_kind)a)) > 0);
        for (int b = 0; b < a; b++)
            assert_string_not_equal(zdd_step_kind_name((enum zdd_step_kind)a),
                                    zdd_step_kind_name((enum zdd_step_kind)b));
    }
    assert_string_equal(zdd_step_kind_name(ZDD_STEP_START), "start");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_step_comes_back),
        cmocka_unit_test(the_share_of_a_step_is_that_of_the_last_shift),
        cmocka_unit_test(no_step_at_all_is_no_text),
        cmocka_unit_test(each_number_that_a_step_can_have_comes_back),
        cmocka_unit_test(the_longest_program_fits_into_its_text),
        cmocka_unit_test(whatever_is_no_program_is_refused),
        cmocka_unit_test(one_step_too_many_is_refused),
        cmocka_unit_test(each_kind_has_a_name_of_its_own),
    };

    return cmocka_run_group_tests_name("strategies/model/program", tests, NULL, NULL);
}
