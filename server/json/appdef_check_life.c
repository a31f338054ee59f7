/**
 * @file server/json/appdef_check_life.c
 * @brief The rules for how many instances there are, where they go, and how they are replaced.
 */
#include "server/json/appdef_parts.h"
#include "server/json/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CONSTRAINT_WORDS_MAX 3

/* Whether an operator of a constraint takes a value, and of which kind. */
static const struct constraint_rule {
    const char *name;
    enum { VALUE_NONE, VALUE_TEXT, VALUE_INT, VALUE_INT_OR_NONE } value;
} constraint_rules[] = {
    {"UNIQUE", VALUE_NONE}, {"CLUSTER", VALUE_TEXT}, {"GROUP_BY", VALUE_INT_OR_NONE},
    {"LIKE", VALUE_TEXT},   {"UNLIKE", VALUE_TEXT},  {"MAX_PER", VALUE_INT_OR_NONE},
    {"IS", VALUE_TEXT},
};

static void check_single_instance(const struct zdd_appdef_view *view)
{
    const json_t *upgrade = json_object_get(view->given, "upgradeStrategy");

    if (!zdd_appdef_single_instance(view->given))
        return;
    if (zdd_json_real(view->given, "instances", 1) > 1)
        zdd_appdef_complain(view, "/instances",
                            "must be 0 or 1 with the label MARATHON_SINGLE_INSTANCE_APP");
    if (zdd_json_real(upgrade, "minimumHealthCapacity", 0) > 0 ||
        zdd_json_real(upgrade, "maximumOverCapacity", 0) > 0)
        zdd_appdef_complain(
            view, "/upgradeStrategy",
            "both capacities must be 0 with the label MARATHON_SINGLE_INSTANCE_APP");
}

static void check_resident(const struct zdd_appdef_view *view)
{
    const json_t *upgrade = json_object_get(view->given, "upgradeStrategy");

    if (!zdd_appdef_has_volume(view->given, "persistent"))
        return;
    if (zdd_json_real(upgrade, "maximumOverCapacity", 0) > 0)
        zdd_appdef_complain(view, "/upgradeStrategy/maximumOverCapacity",
                            "must be 0 for an app with persistent volumes");
    if (json_is_object(json_object_get(view->given, "unreachableStrategy")))
        zdd_appdef_complain(view, "/unreachableStrategy",
                            "must be \"disabled\" for an app with persistent volumes");
}

static void check_unreachable(const struct zdd_appdef_view *view)
{
    static const struct zdd_field fields[] = {
        {"inactiveAfterSeconds", ZDD_FIELD_INT, .min = 0, .max = HUGE_VAL},
        {"expungeAfterSeconds", ZDD_FIELD_INT, .min = 0, .max = HUGE_VAL},
        {.kind = ZDD_FIELD_END},
    };
    const json_t *value = json_object_get(view->given, "unreachableStrategy");
    char pointer[ZDD_FIELD_POINTER_SIZE], found[ZDD_WORDS_VALUE_SIZE];
    int64_t scratch;

    if (!value || json_is_null(value) ||
        (json_is_string(value) && strcmp(json_string_value(value), "disabled") == 0))
        return;
    zdd_words_value(value, found);
    if (!json_is_object(value)) {
        zdd_appdef_complain(view, "/unreachableStrategy",
                            "must be \"disabled\" or an object with inactiveAfterSeconds and "
                            "expungeAfterSeconds, not %s",
                            found);
        return;
    }
    zdd_field_pointer(pointer, view->pointer, "unreachableStrategy");
    if (view->unknown_is_error)
        zdd_fields_read(fields, value, pointer, &scratch, view->errors);
    else
        zdd_fields_read_known(fields, value, pointer, &scratch, view->errors);
    if (zdd_json_real(value, "inactiveAfterSeconds", -HUGE_VAL) >
        zdd_json_real(value, "expungeAfterSeconds",
                      HUGE_VAL)) /* their default depends on the version */
        zdd_appdef_complain(view, "/unreachableStrategy/inactiveAfterSeconds",
                            "must not be more than expungeAfterSeconds");
}

void zdd_appdef_check_life(const struct zdd_appdef_view *view)
{
    check_single_instance(view);
    check_resident(view);
    check_unreachable(view);
}

static bool is_integer(const char *text)
{
    const char *digits = text + (*text == '-' || *text == '+');

    return *digits && strspn(digits, "0123456789") == strlen(digits);
}

static const struct constraint_rule *find_rule(const char *name)
{
    for (size_t i = 0; i < sizeof(constraint_rules) / sizeof(constraint_rules[0]); i++) {
        if (strcmp(constraint_rules[i].name, name) == 0)
            return &constraint_rules[i];
    }
    return NULL;
}

/* @return what is wrong with a constraint, NULL when nothing is */
static const char *judge_constraint(const json_t *constraint)
{
    const size_t size = json_array_size(constraint);
    const struct constraint_rule *rule;
    const char *value = json_string_value(json_array_get(constraint, 2));

    for (size_t i = 0; i < size && size <= CONSTRAINT_WORDS_MAX; i++) {
        if (!json_is_string(json_array_get(constraint, i)))
            return "must hold only texts: field, operator and, for some operators, a value";
    }
    if (size < 2 || size > CONSTRAINT_WORDS_MAX)
        return "must have 2 or 3 texts: field, operator and, for some operators, a value";
    rule = find_rule(json_string_value(json_array_get(constraint, 1)));
    if (!rule)
        return "has an unknown operator: UNIQUE, CLUSTER, GROUP_BY, LIKE, UNLIKE, MAX_PER and IS "
               "are known";
    if (rule->value == VALUE_NONE && value)
        return "must not have a value: UNIQUE takes none";
    if (rule->value == VALUE_TEXT && (!value || !value[0]))
        return "must have a third text, the value of the operator";
    if (rule->value == VALUE_INT_OR_NONE && value && !is_integer(value))
        return "must have a whole number, as text, for its value";
    return NULL;
}

static void check_constraints(const struct zdd_appdef_view *view)
{
    const json_t *constraints = json_object_get(view->given, "constraints");
    char place[48];

    for (size_t i = 0; i < json_array_size(constraints); i++) {
        const json_t *constraint = json_array_get(constraints, i);
        const char *wrong = json_is_array(constraint) ? judge_constraint(constraint) : NULL;

        snprintf(place, sizeof(place), "/constraints/%zu", i);
        if (wrong)
            zdd_appdef_complain(view, place, "%s", wrong);
    }
}

static void check_limit(const struct zdd_appdef_view *view, const char *name)
{
    const json_t *value = json_object_get(json_object_get(view->given, "resourceLimits"), name);
    const char *text = json_string_value(value);
    char place[48], found[ZDD_WORDS_VALUE_SIZE];

    if (!value || json_is_null(value) || (text && strcmp(text, "unlimited") == 0) ||
        (json_is_number(value) && json_number_value(value) >= 0))
        return;
    zdd_words_value(value, found);
    snprintf(place, sizeof(place), "/resourceLimits/%s", name);
    zdd_appdef_complain(view, place, "must be a number of at least 0 or \"unlimited\", not %s",
                        found);
}

void zdd_appdef_check_placement(const struct zdd_appdef_view *view)
{
    check_constraints(view);
    check_limit(view, "cpus");
    check_limit(view, "mem");
}
