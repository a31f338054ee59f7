/**
 * @file tests/unit/strategies/model/test_colours.c
 * @brief Which ids name an app of a pair, and which apps exclude each other.
 */
#include "strategies/model/colours.h"

#include "tests/support/spec.h"

#include <string.h>

static const struct {
    const char *id, *pair; /* pair "": it belongs to none */
    enum zdd_naming naming;
    enum zdd_colour colour;
} ids[] = {
    {"/shop-blue", "/shop", ZDD_NAMING_DASH, ZDD_BLUE},
    {"/shop-green", "/shop", ZDD_NAMING_DASH, ZDD_GREEN},
    {"/a/b-c-green", "/a/b-c", ZDD_NAMING_DASH, ZDD_GREEN},
    {"/shop-blue-green", "/shop-blue", ZDD_NAMING_DASH, ZDD_GREEN},
    {"/zdd/blue", "/zdd", ZDD_NAMING_FOLDER, ZDD_BLUE},
    {"/zdd/green", "/zdd", ZDD_NAMING_FOLDER, ZDD_GREEN},
    {"/a/b/green", "/a/b", ZDD_NAMING_FOLDER, ZDD_GREEN},
    {"/a/blue-green", "/a/blue", ZDD_NAMING_DASH, ZDD_GREEN},
    {"/s-blue", "/s", ZDD_NAMING_DASH, ZDD_BLUE},
    {"/shop", "", 0, 0},
    {"/shop-red", "", 0, 0},
    {"/shop-blues", "", 0, 0},
    {"/shopblue", "", 0, 0},
    {"/shop-Blue", "", 0, 0},
    {"/shop.blue", "", 0, 0},
    {"/blue", "", 0, 0},
    {"/-blue", "", 0, 0},
    {"/shop/-blue", "", 0, 0},
    {"-blue", "", 0, 0},
    {"blue", "", 0, 0},
    {"", "", 0, 0},
};

static void an_id_that_ends_in_a_colour_belongs_to_a_pair(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(ids); i++) {
        struct zdd_coloured found = {0};
        const bool coloured = zdd_coloured_read(ids[i].id, strlen(ids[i].id), &found);

        if (coloured != (*ids[i].pair != '\0'))
            fail_msg("%s", ids[i].id);
        if (!coloured)
            continue;
        assert_int_equal(found.pair_size, strlen(ids[i].pair));
        assert_int_equal(found.naming, ids[i].naming);
        assert_int_equal(found.colour, ids[i].colour);
    }
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(ids); i++) {
        char id[ZDD_APP_ID_SIZE];

        if (!*ids[i].pair)
            continue;
        assert_true(zdd_coloured_write(ids[i].pair, ids[i].naming, ids[i].colour, id));
        assert_string_equal(id, ids[i].id);
    }
}

static void only_the_bytes_of_the_id_count(void **state)
{
    struct zdd_coloured found;

    (void)state;
    /* The text goes on behind the id, as it does in an event. */
    assert_true(zdd_coloured_read("/shop-blue\",", strlen("/shop-blue"), &found));
    assert_int_equal(found.pair_size, strlen("/shop"));
    assert_false(zdd_coloured_read("/shop-blue", strlen("/shop-blu"), &found));
}

static void an_id_without_room_for_its_colour_is_not_written(void **state)
{
    char name[ZDD_APP_ID_SIZE], id[ZDD_APP_ID_SIZE];

    (void)state;
    memset(name, 'a', sizeof(name));
    name[0] = '/';
    name[ZDD_APP_ID_SIZE - 1 - strlen("-green")] = '\0';
    assert_true(zdd_coloured_write(name, ZDD_NAMING_DASH, ZDD_GREEN, id));
    assert_int_equal(strlen(id), ZDD_APP_ID_SIZE - 1);
    name[strlen(name)] = 'a';
    name[ZDD_APP_ID_SIZE - strlen("-green")] = '\0';
    assert_true(zdd_coloured_write(name, ZDD_NAMING_DASH, ZDD_BLUE, id));
    assert_false(zdd_coloured_write(name, ZDD_NAMING_DASH, ZDD_GREEN, id));
}

static void both_colours_and_the_plain_app_have_one_lock(void **state)
{
    static const struct {
        const char *id, *lock;
    } rows[] = {
        {"/shop", "/shop"},           {"/shop-blue", "/shop"},
        {"/shop-green", "/shop"},     {"/shop/blue", "/shop"},
        {"/shop-red", "/shop-red"},   {"/blue", "/blue"},
        {"/a/blue-green", "/a"},      {"/a/blue", "/a"},
        {"/a-blue-green-blue", "/a"}, {"/a/blue/web", "/a/blue/web"},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++)
        assert_int_equal(zdd_lock_size(rows[i].id, strlen(rows[i].id)), strlen(rows[i].lock));
    assert_string_equal(zdd_colour_name(ZDD_BLUE), "blue");
    assert_string_equal(zdd_colour_name(ZDD_GREEN), "green");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_that_ends_in_a_colour_belongs_to_a_pair),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(only_the_bytes_of_the_id_count),
        cmocka_unit_test(an_id_without_room_for_its_colour_is_not_written),
        cmocka_unit_test(both_colours_and_the_plain_app_have_one_lock),
    };

    return cmocka_run_group_tests_name("strategies/model/colours", tests, NULL, NULL);
}
