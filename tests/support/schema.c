/**
 * @file tests/support/schema.c
 * @brief Checking a value against a schema, keyword by keyword.
 */
#include "tests/support/schema.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/json/json.h"
#include "tests/support/spec.h"

#include <math.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define POINTER_SIZE 300

/* One value on its way through a schema. */
struct check {
    const json_t *document;
    const json_t *schema;
    const json_t *value;
    const char *pointer;
    char *error;
};

typedef bool keyword_check(const struct check *c, const json_t *argument);

static bool fits(const struct check *c);

__attribute__((format(printf, 2, 3))) static bool wrong(const struct check *c, const char *format,
                                                        ...)
{
    char why[200];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    snprintf(c->error, SCHEMA_ERROR_SIZE, "%s: %s", c->pointer[0] ? c->pointer : "/", why);
    return false;
}

const json_t *schema_follow(const json_t *document, const json_t *json)
{
    const char *ref = zdd_json_text(json, "$ref", NULL);
    const json_t *target;

    if (!ref)
        return json;
    target = ref[0] == '#' ? zdd_json_at(document, ref + 1) : NULL;
    if (!target)
        fail_msg("the reference %s leads nowhere", ref);
    return schema_follow(document, target);
}

static bool is_a(const json_t *value, const char *type)
{
    static const struct {
        const char *name;
        json_type type;
    } types[] = {{"object", JSON_OBJECT}, {"array", JSON_ARRAY},  {"string", JSON_STRING},
                 {"null", JSON_NULL},     {"boolean", JSON_TRUE}, {"boolean", JSON_FALSE}};

    if (strcmp(type, "number") == 0)
        return json_is_number(value);
    if (strcmp(type, "integer") == 0)
        return json_is_number(value) && json_number_value(value) == trunc(json_number_value(value));
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].name, type) == 0 && json_typeof(value) == types[i].type)
            return true;
    }
    return false;
}

static bool check_type(const struct check *c, const json_t *argument)
{
    size_t index;
    json_t *type;

    if (json_is_string(argument))
        return is_a(c->value, json_string_value(argument)) ||
               wrong(c, "is no %s", json_string_value(argument));
    json_array_foreach(argument, index, type)
    {
        if (is_a(c->value, json_string_value(type)))
            return true;
    }
    return wrong(c, "has none of the types");
}

static struct check below(const struct check *c, const json_t *schema, const json_t *value,
                          const char *name, char *pointer)
{
    snprintf(pointer, POINTER_SIZE, "%s/%s", c->pointer, name);
    return (struct check){c->document, schema, value, pointer, c->error};
}

static bool check_properties(const struct check *c, const json_t *argument)
{
    const json_t *others = json_object_get(c->schema, "additionalProperties");
    const char *key;
    json_t *value;
    json_t *object = (json_t *)(uintptr_t)c->value;

    json_object_foreach(object, key, value)
    {
        const json_t *schema = json_object_get(argument, key);
        char pointer[POINTER_SIZE];
        struct check member;

        if (!schema && !others)
            return wrong(c, "has the member \"%s\", which the contract does not name", key);
        if (!schema)
            continue;
        member = below(c, schema, value, key, pointer);
        if (!fits(&member))
            return false;
    }
    return true;
}

static bool check_others(const struct check *c, const json_t *argument)
{
    const json_t *named = json_object_get(c->schema, "properties");
    const char *key;
    json_t *value;
    json_t *object = (json_t *)(uintptr_t)c->value;

    json_object_foreach(object, key, value)
    {
        char pointer[POINTER_SIZE];
        struct check member = below(c, argument, value, key, pointer);

        if (!json_object_get(named, key) && !fits(&member))
            return false;
    }
    return true;
}

static bool check_required(const struct check *c, const json_t *argument)
{
    size_t index;
    json_t *name;

    if (!json_is_object(c->value))
        return true;
    json_array_foreach(argument, index, name)
    {
        if (!json_object_get(c->value, json_string_value(name)))
            return wrong(c, "lacks the member \"%s\"", json_string_value(name));
    }
    return true;
}

static bool check_items(const struct check *c, const json_t *argument)
{
    size_t index;
    json_t *item;

    json_array_foreach(c->value, index, item)
    {
        char name[24], pointer[POINTER_SIZE];
        struct check element;

        snprintf(name, sizeof(name), "%zu", index);
        element = below(c, argument, item, name, pointer);
        if (!fits(&element))
            return false;
    }
    return true;
}

static bool check_enum(const struct check *c, const json_t *argument)
{
    size_t index;
    json_t *choice;

    json_array_foreach(argument, index, choice)
    {
        if (zdd_json_same(choice, c->value))
            return true;
    }
    return wrong(c, "is none of the choices");
}

static bool check_const(const struct check *c, const json_t *argument)
{
    return zdd_json_same(argument, c->value) || wrong(c, "is not the constant");
}

static bool check_pattern(const struct check *c, const json_t *argument)
{
    regex_t regex;
    bool found;

    if (!json_is_string(c->value))
        return true;
    assert_int_equal(regcomp(&regex, json_string_value(argument), REG_EXTENDED | REG_NOSUB), 0);
    found = regexec(&regex, json_string_value(c->value), 0, NULL, 0) == 0;
    regfree(&regex);
    return found || wrong(c, "\"%.60s\" does not fit %s", json_string_value(c->value),
                          json_string_value(argument));
}

static bool check_format(const struct check *c, const json_t *argument)
{
    const char *format = json_string_value(argument);
    const char *text = json_string_value(c->value);
    int64_t ms;

    if (!text)
        return true;
    if (strcmp(format, "uuid") == 0)
        return zdd_uuid_valid(text) || wrong(c, "\"%.60s\" is no UUID", text);
    if (strcmp(format, "date-time") == 0)
        return zdd_time_parse(text, &ms) || wrong(c, "\"%.60s\" is no time", text);
    fail_msg("the format %s is not known to this check", format);
    return false;
}

/* The size that a bound speaks of: a number, a text's or an array's length; NAN when none. */
static double size_of(const json_t *value, const char *keyword)
{
    if (strstr(keyword, "imum"))
        return json_is_number(value) ? json_number_value(value) : (double)NAN;
    if (strstr(keyword, "Length"))
        return json_is_string(value) ? (double)json_string_length(value) : (double)NAN;
    if (strstr(keyword, "Items"))
        return json_is_array(value) ? (double)json_array_size(value) : (double)NAN;
    return json_is_object(value) ? (double)json_object_size(value) : (double)NAN;
}

static bool check_bound(const struct check *c, const char *keyword, const json_t *argument)
{
    const double size = size_of(c->value, keyword);
    const double bound = json_number_value(argument);

    if (isnan(size) || (keyword[1] == 'i' ? size >= bound : size <= bound))
        return true;
    return wrong(c, "breaks %s %g with %g", keyword, bound, size);
}

static size_t count_fitting(const struct check *c, const json_t *schemas)
{
    size_t count = 0, index;
    json_t *schema;

    json_array_foreach(schemas, index, schema)
    {
        const struct check one = {c->document, schema, c->value, c->pointer, c->error};

        count += fits(&one);
    }
    return count;
}

static bool check_any_of(const struct check *c, const json_t *argument)
{
    return count_fitting(c, argument) >= 1; /* the last one's error is as good as any */
}

static bool check_one_of(const struct check *c, const json_t *argument)
{
    const size_t count = count_fitting(c, argument);

    if (count > 1)
        return wrong(c, "fits %zu alternatives instead of one", count);
    return count == 1;
}

static bool check_ref(const struct check *c, const json_t *argument)
{
    const struct check target = {c->document, schema_follow(c->document, c->schema), c->value,
                                 c->pointer, c->error};

    (void)argument;
    return fits(&target);
}

static bool check_nothing(const struct check *c, const json_t *argument)
{
    (void)c;
    (void)argument;
    return true;
}

static const struct {
    const char *keyword;
    keyword_check *check; /* NULL: a bound */
} keywords[] = {
    {"type", check_type},
    {"properties", check_properties},
    {"additionalProperties", check_others},
    {"required", check_required},
    {"items", check_items},
    {"enum", check_enum},
    {"const", check_const},
    {"pattern", check_pattern},
    {"format", check_format},
    {"anyOf", check_any_of},
    {"oneOf", check_one_of},
    {"$ref", check_ref},
    {"minimum", NULL},
    {"maximum", NULL},
    {"minLength", NULL},
    {"maxLength", NULL},
    {"minItems", NULL},
    {"maxItems", NULL},
    {"maxProperties", NULL},
    {"description", check_nothing},
    {"default", check_nothing},
    {"examples", check_nothing},
};

static bool check_keyword(const struct check *c, const char *keyword, const json_t *argument)
{
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (strcmp(keywords[i].keyword, keyword) != 0)
            continue;
        return keywords[i].check ? keywords[i].check(c, argument)
                                 : check_bound(c, keyword, argument);
    }
    fail_msg("the schema keyword \"%s\" is not known to this check", keyword);
    return false;
}

static bool fits(const struct check *c)
{
    json_t *schema = (json_t *)(uintptr_t)c->schema;
    const char *keyword;
    json_t *argument;

    if (json_is_boolean(schema))
        return json_is_true(schema) || wrong(c, "must not be there");
    if (!json_is_object(schema))
        fail_msg("%s: the schema is no object", c->pointer);
    json_object_foreach(schema, keyword, argument)
    {
        if (!check_keyword(c, keyword, argument))
            return false;
    }
    return true;
}

bool schema_fits(const json_t *document, const json_t *schema, const json_t *value,
                 char ret_error[static SCHEMA_ERROR_SIZE])
{
    const struct check check = {document, schema, value, "", ret_error};

    ret_error[0] = '\0';
    return fits(&check);
}
