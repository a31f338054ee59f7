/**
 * @file tests/unit/server/cli/test_options.c
 * @brief Command lines: what is understood, and what a mistake is told.
 */
#include "server/cli/options.h"
#include "strategies/model/limits.h"
#include "tests/support/spec.h"

#include <string.h>

#define WORDS_MAX 6

/* A command with a file, a flag and an operand. */
struct given {
    const char *db, *all, *operand;
    struct zdd_buf problem;
    enum zdd_parsed parsed;
};

static struct given parse(bool wants_operand, const char *const words[WORDS_MAX])
{
    struct given given = {0};
    const struct zdd_option options[] = {{"db", "FILE", "The database.", &given.db},
                                         {"all", NULL, "Everything.", &given.all}};
    const struct zdd_usage usage = {.command = "token list",
                                    .text = "Lists.",
                                    .options = options,
                                    .option_count = 2,
                                    .operand = wants_operand ? "NAME" : NULL,
                                    .operand_value = &given.operand};
    char *argv[WORDS_MAX];
    int argc = 0;

    while (argc < WORDS_MAX && words[argc]) {
        argv[argc] = (char *)(uintptr_t)words[argc];
        argc++;
    }
    given.parsed = zdd_options_parse(&usage, argc, argv, &given.problem);
    return given;
}

#define PARSE(...) parse(false, (const char *const[WORDS_MAX]){__VA_ARGS__})
#define PARSE_OPERAND(...) parse(true, (const char *const[WORDS_MAX]){__VA_ARGS__})

static void values_stand_behind_a_space_or_an_equals_sign(void **state)
{
    struct given given = PARSE("--db", "a.db", "--all");

    (void)state;
    assert_int_equal(given.parsed, ZDD_PARSED_OK);
    assert_string_equal(given.db, "a.db");
    assert_string_equal(given.all, "true");

    given = PARSE("--db=b=c.db", "--all=false");
    assert_int_equal(given.parsed, ZDD_PARSED_OK);
    assert_string_equal(given.db, "b=c.db");
    assert_string_equal(given.all, "false");

    given = PARSE(NULL);
    assert_int_equal(given.parsed, ZDD_PARSED_OK);
    assert_null(given.db);
    assert_null(given.all);
}

static void help_is_asked_for_anywhere(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--help").parsed, ZDD_PARSED_HELP);
    assert_int_equal(PARSE("--db", "x", "-h").parsed, ZDD_PARSED_HELP);
}

static void mistakes_say_what_would_be_right(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        const char *problem;
    } rows[] = {
        {{"--alll"}, "there is no option --alll, did you mean --all?"},
        {{"--colour=red"}, "there is no option --colour"},
        {{"--db"}, "--db wants a value: --db FILE"},
        {{"--db", "x", "--db", "y"}, "--db is given twice"},
        {{"x"}, "unexpected \"x\""},
        {{"-db", "x"}, "options begin with two dashes, not as in \"-db\""},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct given given = parse(false, rows[i].words);

        assert_int_equal(given.parsed, ZDD_PARSED_WRONG);
        assert_string_equal(given.problem.data, rows[i].problem);
        zdd_buf_release(&given.problem);
    }
}

static void an_operand_is_wanted_once_where_one_is_taken(void **state)
{
    struct given given = PARSE_OPERAND("ci", "--all");

    (void)state;
    assert_int_equal(given.parsed, ZDD_PARSED_OK);
    assert_string_equal(given.operand, "ci");

    given = PARSE_OPERAND("--all");
    assert_int_equal(given.parsed, ZDD_PARSED_WRONG);
    assert_string_equal(given.problem.data, "NAME is missing");
    zdd_buf_release(&given.problem);

    given = PARSE_OPERAND("a", "b");
    assert_int_equal(given.parsed, ZDD_PARSED_WRONG);
    assert_string_equal(given.problem.data, "unexpected \"b\"");
    zdd_buf_release(&given.problem);
}

static void help_is_wrapped_and_names_every_option(void **state)
{
    const struct zdd_option options[] = {
        {"db", "FILE",
         "A text that is so long that it does not fit into one line of a terminal that is a hundred "
         "columns wide.",
         NULL},
        {"all", NULL, "Short.", NULL}};
    const struct zdd_usage usage = {.command = "token list",
                                    .text = "Lists.",
                                    .options = options,
                                    .option_count = 2,
                                    .operand = "NAME"};
    struct zdd_buf help = {0};

    (void)state;
    zdd_options_print(&usage, &help);
    assert_string_equal(
        help.data,
        "Usage: zdd-server token list [options] NAME\n\nLists.\n\nOptions:\n  --db FILE\n"
        "      A text that is so long that it does not fit into one line of a terminal that is a hundred\n"
        "      columns wide.\n  --all\n      Short.\n");
    zdd_buf_release(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stand_behind_a_space_or_an_equals_sign),
        cmocka_unit_test(help_is_asked_for_anywhere),
        cmocka_unit_test(mistakes_say_what_would_be_right),
        cmocka_unit_test(an_operand_is_wanted_once_where_one_is_taken),
        cmocka_unit_test(help_is_wrapped_and_names_every_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
