/**
 * @file tests/unit/server/api/test_plan_steps.c
 * @brief The steps of a canary, read: every wrong member is named by its place.
 */
#include "server/api/plan_steps.h"
#include "strategies/model/traffic.h"
#include "tests/support/spec.h"

#include <string.h>

static struct zdd_field_errors read_text(const char *text, struct zdd_wishes *ret_wishes)
{
    ZDD_AUTO_JSON json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    struct zdd_field_errors errors = {0};
    json_t *checks[ZDD_VERIFY_STEP_MAX];

    assert_non_null(value);
    zdd_plan_steps_read(value, "#/options/steps", ret_wishes, checks, &errors);
    return errors;
}

static void each_form_becomes_a_wish(void **state)
{
    struct zdd_wishes w;
    const struct zdd_field_errors errors = read_text(
        "[{\"weight\":0.5},{\"pauseSeconds\":60},{\"scale\":2},{\"gate\":\"go\",\"approvers\":"
        "[\"alice\",\"bob\"],\"quorum\":2,\"expiresSeconds\":3600,\"onExpiry\":\"reject\"},"
        "{\"preset\":\"linear\",\"by\":12.5,\"everySeconds\":5},"
        "{\"preset\":\"exponential\",\"from\":1,\"everySeconds\":7},{\"gate\":\"plain\"}]",
        &w);
    static const struct zdd_wish wanted[] = {
        {ZDD_WISH_WEIGHT, 50, 0}, {ZDD_WISH_PAUSE, 60000, 0},    {ZDD_WISH_SCALE, 2, 0},
        {ZDD_WISH_GATE, 0, 0},    {ZDD_WISH_LINEAR, 1250, 5000}, {ZDD_WISH_EXPONENTIAL, 100, 7000},
        {ZDD_WISH_GATE, 0, 0},
    };
    char text[ZDD_GATES_TEXT_SIZE];

    (void)state;
    assert_int_equal(errors.count, 0);
    assert_int_equal(w.count, sizeof(wanted) / sizeof(wanted[0]));
    for (size_t i = 0; i < w.count; i++) {
        assert_int_equal(w.wish[i].kind, wanted[i].kind);
        assert_int_equal(w.wish[i].value, wanted[i].value);
        assert_int_equal(w.wish[i].every_ms, wanted[i].every_ms);
    }
    zdd_gates_print(&w.gates, text);
    assert_string_equal(text, "go 2 3600000 reject alice,bob;plain 1 0 hold ");
}

static void one_preset_may_stand_for_the_list(void **state)
{
    struct zdd_wishes w;
    const struct zdd_field_errors errors =
        read_text("{\"preset\":\"linear\",\"by\":10,\"everySeconds\":60}", &w);

    (void)state;
    assert_int_equal(errors.count, 0);
    assert_int_equal(w.count, 1);
    assert_int_equal(w.wish[0].value, 10 * ZDD_SHARE_PERCENT);
}

static void what_is_wrong_is_named_by_its_place(void **state)
{
    static const struct {
        const char *text, *pointer, *detail;
    } rows[] = {
        {"[]", "#/options/steps", "a list of 1 to 48 steps"},
        {"7", "#/options/steps", "a list of 1 to 48 steps"},
        {"{\"weight\":5}", "#/options/steps", "a list of 1 to 48 steps"},
        {"[{\"weight\":20},{}]", "#/options/steps/1", "one of weight, pauseSeconds"},
        {"[{\"weight\":20},5]", "#/options/steps/1", "one of weight, pauseSeconds"},
        {"[{\"weight\":20,\"scale\":1}]", "#/options/steps/0", "one of weight, pauseSeconds"},
        {"[{\"weight\":1},{\"weight\":2},{\"weight\":100.1}]", "#/options/steps/2/weight",
         "from 0 to 100"},
        {"[{\"weight\":-1}]", "#/options/steps/0/weight", "from 0 to 100"},
        {"[{\"weight\":\"20\"}]", "#/options/steps/0/weight", "number"},
        {"[{\"weight\":1,\"wait\":2}]", "#/options/steps/0/wait", ""},
        {"[{\"pauseSeconds\":0}]", "#/options/steps/0/pauseSeconds", "from 1 to 86400"},
        {"[{\"scale\":0}]", "#/options/steps/0/scale", "from 1"},
        {"[{\"gate\":\"Go\"}]", "#/options/steps/0/gate", "a-z"},
        {"[{\"gate\":\"a\"},{\"gate\":\"a\"}]", "#/options/steps/1/gate", "another name"},
        {"[{\"gate\":\"a\",\"quorum\":2,\"approvers\":[\"x\"]}]", "#/options/steps/0/quorum",
         "number of approvers"},
        {"[{\"gate\":\"a\",\"approvers\":[\"x\",\"x\"]}]", "#/options/steps/0/approvers", "once"},
        {"[{\"gate\":\"a\",\"approvers\":[\"x y\"]}]", "#/options/steps/0/approvers", "names"},
        {"[{\"gate\":\"a\",\"approvers\":[]}]", "#/options/steps/0/approvers", ""},
        {"[{\"gate\":\"a\",\"onExpiry\":\"approve\"}]", "#/options/steps/0/onExpiry",
         "expiresSeconds"},
        {"[{\"preset\":\"cubic\"}]", "#/options/steps/0/preset", "linear"},
        {"[{\"preset\":\"linear\",\"everySeconds\":1}]", "#/options/steps/0/by", "is required"},
        {"[{\"preset\":\"linear\",\"by\":1,\"from\":1,\"everySeconds\":1}]",
         "#/options/steps/0/from", ""},
        {"{\"preset\":\"exponential\",\"from\":0,\"everySeconds\":1}", "#/options/steps/from",
         "0.01"},
        {"[{\"verify\":{}}]", "#/options/steps/0/verify/checks", "required"},
        {"[{\"verify\":7}]", "#/options/steps/0/verify", "object"},
        {"[{\"weight\":5},{\"verify\":{\"checks\":[{\"source\":\"http\",\"url\":\"x\"}]}}]",
         "#/options/steps/1/verify/checks/0/url", "a path like /ready"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct zdd_wishes w;
        const struct zdd_field_errors errors = read_text(rows[i].text, &w);

        assert_true(errors.count >= 1);
        assert_string_equal(errors.error[0].pointer, rows[i].pointer);
        if (!strstr(errors.error[0].detail, rows[i].detail))
            print_error("%s: %s\n", rows[i].text, errors.error[0].detail);
        assert_non_null(strstr(errors.error[0].detail, rows[i].detail));
    }
}

static void more_than_there_is_room_for_is_refused(void **state)
{
    ZDD_AUTO_JSON json_t *list = json_array();
    struct zdd_field_errors errors = {0};
    json_t *checks[ZDD_VERIFY_STEP_MAX];
    struct zdd_wishes w;

    (void)state;
    for (int i = 0; i < ZDD_WISH_MAX; i++)
        json_array_append_new(list, json_pack("{s:i}", "weight", 1));
    zdd_plan_steps_read(list, "#/options/steps", &w, checks, &errors);
    assert_int_equal(errors.count, 0);
    assert_int_equal(w.count, ZDD_WISH_MAX);
    json_array_append_new(list, json_pack("{s:i}", "weight", 1));
    zdd_plan_steps_read(list, "#/options/steps", &w, checks, &errors);
    assert_int_equal(errors.count, 1);
    assert_int_equal(w.count, 0);
    json_array_clear(list);
    for (int i = 0; i < ZDD_GATE_MAX + 1; i++)
        json_array_append_new(list, json_pack("{s:s++}", "gate", "g", i < 5 ? "a" : "b",
                                              (const char *[]){"0", "1", "2", "3", "4"}[i % 5]));
    errors = (struct zdd_field_errors){0};
    zdd_plan_steps_read(list, "#/options/steps", &w, checks, &errors);
    assert_int_equal(errors.count, 1);
    assert_string_equal(errors.error[0].pointer, "#/options/steps/8/gate");
    json_array_clear(list);
    for (int i = 0; i < ZDD_VERIFY_STEP_MAX + 1; i++)
        json_array_append_new(list, json_pack("{s:{s:[{s:s,s:s}]}}", "verify", "checks", "source",
                                              "http", "url", "/"));
    errors = (struct zdd_field_errors){0};
    zdd_plan_steps_read(list, "#/options/steps", &w, checks, &errors);
    assert_int_equal(errors.count, 1);
    assert_string_equal(errors.error[0].pointer, "#/options/steps/8/verify");
}

static void each_step_that_verifies_has_checks_of_its_own(void **state)
{
    ZDD_AUTO_JSON json_t *value = json_loads(
        "[{\"weight\":5},{\"verify\":{\"checks\":[{\"source\":\"http\",\"url\":\"/a\"}],"
        "\"count\":2}},{\"weight\":9},{\"verify\":{\"checks\":[{\"source\":\"http\",\"url\":"
        "\"/b\"}],\"count\":3}}]",
        0, NULL);
    struct zdd_field_errors errors = {0};
    json_t *checks[ZDD_VERIFY_STEP_MAX];
    struct zdd_wishes w;

    (void)state;
    zdd_plan_steps_read(value, "#/options/steps", &w, checks, &errors);
    assert_int_equal(errors.count, 0);
    assert_int_equal(w.count, 4);
    assert_int_equal(w.wish[1].kind, ZDD_WISH_VERIFY);
    assert_int_equal(w.verifies.count, 2);
    assert_int_equal(w.verifies.step[0].rounds, 2);
    assert_int_equal(w.verifies.step[1].rounds, 3);
    assert_string_equal(zdd_json_text(json_array_get(checks[1], 0), "url", ""), "/b");
}

static void the_schema_has_a_form_for_each(void **state)
{
    ZDD_AUTO_JSON json_t *schema = json_object();
    const json_t *items;

    (void)state;
    zdd_plan_steps_schema(schema);
    assert_int_equal(json_array_size(json_object_get(schema, "oneOf")), 3);
    items = json_object_get(json_array_get(json_object_get(schema, "oneOf"), 0), "items");
    assert_int_equal(json_array_size(json_object_get(items, "oneOf")), 7);
    assert_non_null(
        zdd_json_at(items, "/oneOf/4/properties/verify/properties/checks/items/oneOf/2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_becomes_a_wish),
        cmocka_unit_test(one_preset_may_stand_for_the_list),
        cmocka_unit_test(what_is_wrong_is_named_by_its_place),
        cmocka_unit_test(more_than_there_is_room_for_is_refused),
        cmocka_unit_test(each_step_that_verifies_has_checks_of_its_own),
        cmocka_unit_test(the_schema_has_a_form_for_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
