/**
 * @file server/json/fields_schema.c
 * @brief A table of fields as a JSON Schema.
 */
#include "server/json/fields.h"

#include <math.h>

#define EXACT_INTEGER 9.007199254740992e15 /* 2^53 */

/* Whole numbers look better without a fraction. */
static json_t *number(double value)
{
    if (value == trunc(value) && fabs(value) <= EXACT_INTEGER)
        return json_integer((json_int_t)value);
    return json_real(value);
}

static void schema_bounds(json_t *schema, const struct zdd_field *field, const char *min,
                          const char *max)
{
    if (!zdd_field_bounded(field))
        return;
    if (!isinf(field->min))
        json_object_set_new(schema, min, number(field->min));
    if (!isinf(field->max))
        json_object_set_new(schema, max, number(field->max));
}

static json_t *choice_names(const struct zdd_field *field)
{
    json_t *names = json_array();

    for (size_t i = 0; field->choices[i]; i++)
        json_array_append_new(names, json_string(field->choices[i]));
    return names;
}

static json_t *schema_of(const struct zdd_field *field)
{
    static const struct {
        const char *type, *min, *max;
    } words[] = {
        [ZDD_FIELD_TEXT] = {"string", "minLength", "maxLength"},
        [ZDD_FIELD_INT] = {"integer", "minimum", "maximum"},
        [ZDD_FIELD_REAL] = {"number", "minimum", "maximum"},
        [ZDD_FIELD_BOOL] = {"boolean", NULL, NULL},
        [ZDD_FIELD_CHOICE] = {"string", NULL, NULL},
        [ZDD_FIELD_OBJECT] = {"object", NULL, NULL},
        [ZDD_FIELD_ARRAY] = {"array", "minItems", "maxItems"},
        [ZDD_FIELD_LABELS] = {"object", "minProperties", "maxProperties"},
        [ZDD_FIELD_ANY] = {NULL, NULL, NULL},
    };
    json_t *schema = json_object();

    if (words[field->kind].type)
        json_object_set_new(schema, "type", json_string(words[field->kind].type));
    if (field->kind == ZDD_FIELD_CHOICE)
        json_object_set_new(schema, "enum", choice_names(field));
    if (words[field->kind].min)
        schema_bounds(schema, field, words[field->kind].min, words[field->kind].max);
    if (field->kind == ZDD_FIELD_LABELS)
        json_object_set_new(schema, "additionalProperties", json_pack("{s:s}", "type", "string"));
    if (field->text)
        json_object_set_new(schema, "description", json_string(field->text));
    return schema;
}

json_t *zdd_fields_schema(const struct zdd_field *fields)
{
    json_t *properties = json_object();
    json_t *required = json_array();

    for (; fields->kind != ZDD_FIELD_END; fields++) {
        json_object_set_new(properties, fields->name, schema_of(fields));
        if (fields->required)
            json_array_append_new(required, json_string(fields->name));
    }
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties, "required",
                     required, "additionalProperties", 0);
}
