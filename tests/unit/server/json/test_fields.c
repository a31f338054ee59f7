/**
 * @file tests/unit/server/json/test_fields.c
 * @brief What a table of fields reads, refuses, and says about it.
 */
#include "server/base/cleanup.h"
#include "server/json/fields.h"
#include "tests/support/spec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct form {
    const char *name;
    int64_t instances;
    double share;
    bool force;
    int mode;
    json_t *app, *steps, *labels;
    double any;
    int64_t from_one;
    json_t *whatever;
};

static const char *const modes[] = {"rollback", "hold", NULL};

#define AT(member) offsetof(struct form, member)
static const struct zdd_field form_fields[] = {
    {"name", ZDD_FIELD_TEXT, AT(name), true, 1, 8, NULL, "what it is called"},
    {"instances", ZDD_FIELD_INT, AT(instances), .min = 0, .max = 100, .text = "how many"},
    {"share", ZDD_FIELD_REAL, AT(share), .min = 0, .max = 1},
    {"force", ZDD_FIELD_BOOL, AT(force), .required = false},
    {"onFailure", ZDD_FIELD_CHOICE, AT(mode), .choices = modes},
    {"app", ZDD_FIELD_OBJECT, AT(app), .required = false},
    {"steps", ZDD_FIELD_ARRAY, AT(steps), .min = 1, .max = 2},
    {"labels", ZDD_FIELD_LABELS, AT(labels), .min = 0, .max = 2},
    {"any", ZDD_FIELD_REAL, AT(any), .required = false},
    {"fromOne", ZDD_FIELD_INT, AT(from_one), .min = 1, .max = HUGE_VAL},
    {"whatever", ZDD_FIELD_ANY, AT(whatever), .text = "of any kind"},
    {.kind = ZDD_FIELD_END},
};

static json_t *parse(const char *text)
{
    json_t *json = NULL;

    assert_int_equal(zdd_json_read(text, strlen(text), &json, NULL), ZDD_ERR_NONE);
    return json;
}

static struct zdd_field_errors errors_of(const char *text)
{
    struct zdd_field_errors errors = {0};
    struct form form = {0};
    ZDD_AUTO_JSON json_t *json = parse(text);

    const bool read = zdd_fields_read(form_fields, json, "#", &form, &errors);

    assert_int_equal(read, errors.count == 0);
    return errors;
}

static void assert_one_error(const char *text, const char *pointer, const char *detail)
{
    const struct zdd_field_errors errors = errors_of(text);

    assert_int_equal(errors.count, 1);
    assert_string_equal(errors.error[0].pointer, pointer);
    assert_string_equal(errors.error[0].detail, detail);
}

static void every_kind_is_read_into_its_place(void **state)
{
    struct zdd_field_errors errors = {0};
    struct form form = {.any = -7};
    ZDD_AUTO_JSON json_t *json =
        parse("{\"name\":\"x\",\"instances\":3.0,\"share\":1,\"force\":true,\"onFailure\":\"hold\","
              "\"app\":{\"id\":\"/a\"},\"steps\":[1],\"labels\":{\"k\":\"v\"},\"fromOne\":1,"
              "\"whatever\":[false]}");

    (void)state;
    assert_true(zdd_fields_read(form_fields, json, "#", &form, &errors));
    assert_string_equal(form.name, "x");
    assert_int_equal(form.instances, 3);
    assert_true(form.share == 1.0);
    assert_true(form.force);
    assert_int_equal(form.mode, 1);
    assert_string_equal(zdd_json_text(form.app, "id", ""), "/a");
    assert_int_equal(json_array_size(form.steps), 1);
    assert_string_equal(zdd_json_text(form.labels, "k", ""), "v");
    assert_true(form.any == -7.0); /* absent: the caller's default stays */
    assert_int_equal(form.from_one, 1);
    assert_true(json_is_array(form.whatever));
}

static void null_is_the_same_as_absent(void **state)
{
    struct zdd_field_errors errors = {0};
    struct form form = {.instances = 9, .force = true};
    ZDD_AUTO_JSON json_t *json = parse("{\"name\":\"x\",\"instances\":null,\"force\":null}");

    (void)state;
    assert_true(zdd_fields_read(form_fields, json, "#", &form, &errors));
    assert_int_equal(form.instances, 9);
    assert_true(form.force);
    assert_one_error("{\"name\":null}", "#/name", "is required");
}

static void bounds_are_inside(void **state)
{
    (void)state;
    assert_int_equal(errors_of("{\"name\":\"12345678\",\"instances\":0,\"share\":0}").count, 0);
    assert_int_equal(errors_of("{\"name\":\"1\",\"instances\":100,\"share\":1.0}").count, 0);
    assert_one_error("{\"name\":\"123456789\"}", "#/name", "must have from 1 to 8 bytes, not 9");
    assert_one_error("{\"name\":\"\"}", "#/name", "must have from 1 to 8 bytes, not 0");
    assert_one_error("{\"name\":\"x\",\"instances\":101}", "#/instances",
                     "must be a whole number from 0 to 100, not 101");
    assert_one_error("{\"name\":\"x\",\"instances\":-1}", "#/instances",
                     "must be a whole number from 0 to 100, not -1");
    assert_one_error("{\"name\":\"x\",\"share\":1.01}", "#/share",
                     "must be a number from 0 to 1, not 1.01");
    assert_one_error("{\"name\":\"x\",\"fromOne\":0}", "#/fromOne",
                     "must be a whole number of at least 1, not 0");
    assert_one_error("{\"name\":\"x\",\"steps\":[]}", "#/steps",
                     "must have from 1 to 2 elements, not 0");
    assert_one_error("{\"name\":\"x\",\"steps\":[1,2,3]}", "#/steps",
                     "must have from 1 to 2 elements, not 3");
    assert_one_error("{\"name\":\"x\",\"labels\":{\"a\":\"\",\"b\":\"\",\"c\":\"\"}}", "#/labels",
                     "must have from 0 to 2 members, not 3");
}

static void a_wrong_type_is_named_with_what_would_be_right(void **state)
{
    (void)state;
    assert_one_error("{}", "#/name", "is required");
    assert_one_error("{\"name\":3}", "#/name", "must be text, not 3");
    assert_one_error("{\"name\":\"x\",\"share\":\"a\"}", "#/share",
                     "must be a number from 0 to 1, not the text \"a\"");
    assert_one_error("{\"name\":\"x\",\"any\":false}", "#/any", "must be a number, not false");
    assert_one_error("{\"name\":\"x\",\"instances\":3.5}", "#/instances",
                     "must be a whole number from 0 to 100, not 3.5");
    assert_one_error("{\"name\":\"x\",\"instances\":\"3\"}", "#/instances",
                     "must be a whole number from 0 to 100, not the text \"3\"");
    assert_one_error("{\"name\":\"x\",\"fromOne\":1e300}", "#/fromOne",
                     "must be a whole number of at least 1, not 1e+300");
    assert_one_error("{\"name\":\"x\",\"force\":1}", "#/force", "must be true or false, not 1");
    assert_one_error("{\"name\":\"x\",\"onFailure\":\"holt\"}", "#/onFailure",
                     "must be one of \"rollback\", \"hold\", not the text \"holt\"");
    assert_one_error("{\"name\":\"x\",\"onFailure\":[]}", "#/onFailure",
                     "must be one of \"rollback\", \"hold\", not an array");
    assert_one_error("{\"name\":\"x\",\"app\":[]}", "#/app", "must be an object, not an array");
    assert_one_error("{\"name\":\"x\",\"steps\":{}}", "#/steps", "must be an array, not an object");
    assert_one_error("{\"name\":\"x\",\"labels\":[]}", "#/labels",
                     "must be an object of texts, not an array");
    assert_one_error("{\"name\":\"x\",\"labels\":{\"a/b~c\":1}}", "#/labels/a~1b~0c",
                     "must be text, not 1");
}

static void an_unknown_member_is_an_error_and_the_nearest_known_one_is_offered(void **state)
{
    (void)state;
    assert_one_error("{\"name\":\"x\",\"instance\":1}", "#/instance",
                     "unknown member; did you mean \"instances\"?");
    assert_one_error("{\"name\":\"x\",\"lables\":{}}", "#/lables",
                     "unknown member; did you mean \"labels\"?");
    assert_one_error("{\"name\":\"x\",\"onfailure\":\"hold\"}", "#/onfailure",
                     "unknown member; did you mean \"onFailure\"?");
    assert_one_error("{\"name\":\"x\",\"zzzzzz\":1}", "#/zzzzzz", "unknown member");
    assert_one_error("{\"name\":\"x\",\"a/b\":null}", "#/a~1b", "unknown member");
}

static void a_short_list_of_known_members_is_told(void **state)
{
    static const struct zdd_field two[] = {
        {"weight", ZDD_FIELD_REAL, .offset = 0},
        {"reason", ZDD_FIELD_TEXT, .offset = 0},
        {.kind = ZDD_FIELD_END},
    };
    struct zdd_field_errors errors = {0};
    ZDD_AUTO_JSON json_t *json = parse("{\"zz\":1}");
    double place = 0;

    (void)state;
    assert_false(zdd_fields_read(two, json, "#/options", &place, &errors));
    assert_string_equal(errors.error[0].pointer, "#/options/zz");
    assert_string_equal(errors.error[0].detail,
                        "unknown member; known here: \"weight\", \"reason\"");
}

static void unknown_members_can_be_left_alone(void **state)
{
    struct zdd_field_errors errors = {0};
    struct form form = {0};
    ZDD_AUTO_JSON json_t *json = parse("{\"name\":\"x\",\"zz\":1}");
    ZDD_AUTO_JSON json_t *wrong = parse("{\"name\":1,\"zz\":1}");

    (void)state;
    assert_true(zdd_fields_read_known(form_fields, json, "#", &form, &errors));
    assert_string_equal(form.name, "x");
    assert_false(zdd_fields_read_known(form_fields, wrong, "#", &form, &errors));
    assert_int_equal(errors.count, 1);
    assert_string_equal(errors.error[0].pointer, "#/name");
}

static void a_megabyte_of_typos_is_counted_and_cheap(void **state)
{
    struct zdd_field_errors errors = {0};
    struct form form = {.name = NULL};
    ZDD_AUTO_JSON json_t *json = json_object();
    char name[40];

    (void)state;
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "instances_%d", i);
        json_object_set_new(json, name, json_null());
    }
    assert_false(zdd_fields_read(form_fields, json, "#", &form, &errors));
    assert_int_equal(errors.count, 100001);
}

static void what_is_no_object_has_no_fields(void **state)
{
    struct zdd_field_errors errors = {0};
    struct form form = {0};
    ZDD_AUTO_JSON json_t *json = parse("[1]");

    (void)state;
    assert_false(zdd_fields_read(form_fields, json, "#/app", &form, &errors));
    assert_false(zdd_fields_read(form_fields, NULL, "#", &form, &errors));
    assert_int_equal(errors.count, 2);
    assert_string_equal(errors.error[0].pointer, "#/app");
    assert_string_equal(errors.error[0].detail, "must be an object, not an array");
    assert_string_equal(errors.error[1].detail, "is required");
}

static void all_errors_are_collected_in_order(void **state)
{
    const struct zdd_field_errors errors =
        errors_of("{\"nam\":1,\"share\":2,\"instances\":\"many\",\"force\":\"yes\"}");

    (void)state;
    assert_int_equal(errors.count, 5);
    assert_string_equal(errors.error[0].pointer, "#/name");
    assert_string_equal(errors.error[1].pointer, "#/instances");
    assert_string_equal(errors.error[2].pointer, "#/share");
    assert_string_equal(errors.error[3].pointer, "#/force");
    assert_string_equal(errors.error[4].pointer, "#/nam");
}

static void errors_beyond_what_fits_are_counted_only(void **state)
{
    struct zdd_field_errors errors = {0};

    (void)state;
    for (int i = 0; i < ZDD_FIELD_ERROR_MAX + 3; i++)
        zdd_field_error_add(&errors, "#/x", "number %d", i);
    assert_int_equal(errors.count, ZDD_FIELD_ERROR_MAX + 3);
    assert_string_equal(errors.error[ZDD_FIELD_ERROR_MAX - 1].detail, "number 15");
}

static void long_words_are_cut_between_characters(void **state)
{
    char text[700] = "{\"name\":\"x\",\"force\":\"";
    struct zdd_field_errors errors;

    (void)state;
    for (int i = 0; i < 100; i++)
        strncat(text, "\xE2\x82\xAC", sizeof(text) - strlen(text) - 1);
    strncat(text, "\",\"", sizeof(text) - strlen(text) - 1);
    for (int i = 0; i < 60; i++)
        strncat(text, "\xC3\xA9/", sizeof(text) - strlen(text) - 1);
    strncat(text, "\":1}", sizeof(text) - strlen(text) - 1);
    errors = errors_of(text);
    assert_int_equal(errors.count, 2);
    for (size_t i = 0; i < errors.count; i++) {
        ZDD_AUTO_JSON json_t *pointer = json_string(errors.error[i].pointer); /* checks UTF-8 */
        ZDD_AUTO_JSON json_t *detail = json_string(errors.error[i].detail);

        assert_non_null(pointer);
        assert_non_null(detail);
    }
    assert_non_null(strstr(errors.error[0].detail, "\xE2\x80\xA6\""));
    assert_true(strlen(errors.error[1].pointer) > ZDD_FIELD_POINTER_SIZE - 5);
}

static void a_control_character_never_reaches_a_detail(void **state)
{
    (void)state;
    assert_one_error("{\"name\":\"x\",\"force\":\"a\\nb\"}", "#/force",
                     "must be true or false, not the text \"a?b\"");
}

static void the_schema_says_the_same_as_the_table(void **state)
{
    ZDD_AUTO_JSON json_t *schema = zdd_fields_schema(form_fields);
    ZDD_AUTO_FREE char *text = zdd_json_canonical(schema);

    (void)state;
    assert_string_equal(
        text,
        "{\"additionalProperties\":false,\"properties\":{"
        "\"any\":{\"type\":\"number\"},"
        "\"app\":{\"type\":\"object\"},"
        "\"force\":{\"type\":\"boolean\"},"
        "\"fromOne\":{\"minimum\":1,\"type\":\"integer\"},"
        "\"instances\":{\"description\":\"how many\",\"maximum\":100,\"minimum\":0,\"type\":\"integer\"},"
        "\"labels\":{\"additionalProperties\":{\"type\":\"string\"},\"maxProperties\":2,\"minProperties\":0,\"type\":\"object\"},"
        "\"name\":{\"description\":\"what it is called\",\"maxLength\":8,\"minLength\":1,\"type\":\"string\"},"
        "\"onFailure\":{\"enum\":[\"rollback\",\"hold\"],\"type\":\"string\"},"
        "\"share\":{\"maximum\":1,\"minimum\":0,\"type\":\"number\"},"
        "\"steps\":{\"maxItems\":2,\"minItems\":1,\"type\":\"array\"},"
        "\"whatever\":{\"description\":\"of any kind\"}},"
        "\"required\":[\"name\"],\"type\":\"object\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read_into_its_place),
        cmocka_unit_test(null_is_the_same_as_absent),
        cmocka_unit_test(bounds_are_inside),
        cmocka_unit_test(a_wrong_type_is_named_with_what_would_be_right),
        cmocka_unit_test(an_unknown_member_is_an_error_and_the_nearest_known_one_is_offered),
        cmocka_unit_test(a_short_list_of_known_members_is_told),
        cmocka_unit_test(unknown_members_can_be_left_alone),
        cmocka_unit_test(a_megabyte_of_typos_is_counted_and_cheap),
        cmocka_unit_test(what_is_no_object_has_no_fields),
        cmocka_unit_test(all_errors_are_collected_in_order),
        cmocka_unit_test(errors_beyond_what_fits_are_counted_only),
        cmocka_unit_test(long_words_are_cut_between_characters),
        cmocka_unit_test(a_control_character_never_reaches_a_detail),
        cmocka_unit_test(the_schema_says_the_same_as_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
