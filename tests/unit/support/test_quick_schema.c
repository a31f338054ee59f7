/**
 * @file tests/unit/support/test_quick_schema.c
 * @brief The copied schema, on which most tests rest, is the one that users get.
 */
#include "tests/support/quick_schema.h"
#include "tests/unit/storage/fixture.h"

#include <stdio.h>

#define PATH_SIZE 160

/* Of what there is in @p path, how much is not in @p other? */
static int64_t count_more(const char *path, const char *other)
{
    char sql[600];

    (void)snprintf(sql, sizeof(sql),
                   "ATTACH '%s' AS other; CREATE TABLE more AS"
                   " SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE name <> 'more'"
                   " EXCEPT SELECT type, name, tbl_name, sql FROM other.sqlite_schema",
                   other);
    tamper(path, sql);

    const int64_t count = ask(path, "SELECT count(*) FROM more");

    tamper(path, "DROP TABLE more");
    return count;
}

static void make(const struct place *place, const char *name, char ret_path[static PATH_SIZE])
{
    (void)snprintf(ret_path, PATH_SIZE, "%s/%s", place->dir, name);
    zdd_store_free(open_file(ret_path));
}

static void assert_same(const char *path, const char *other)
{
    static const char *const numbers[] = {"PRAGMA user_version", "PRAGMA application_id",
                                          "SELECT count(*) FROM sqlite_schema"};

    for (size_t i = 0; i < ZDD_COUNT(numbers); i++)
        assert_int_equal(ask(path, numbers[i]), ask(other, numbers[i]));
    assert_true(ask(path, numbers[0]) > 0);
    assert_int_equal(count_more(path, other), 0);
    assert_int_equal(count_more(other, path), 0);
}

static void a_copy_is_what_the_steps_make(void **state)
{
    struct place place;
    char first[PATH_SIZE]; /* made by the steps, and kept */
    char second[PATH_SIZE];
    char third[PATH_SIZE];

    (void)state;
    place_make(&place);
    make(&place, "first.db", first);
    make(&place, "second.db", second);
    assert_same(first, second);
    quick_schema_off();
    make(&place, "third.db", third);
    assert_same(second, third);
    tamper(third, "CREATE INDEX another ON run (app_id)");
    assert_int_equal(count_more(third, second), 1);
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_what_the_steps_make),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
