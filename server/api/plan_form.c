/**
 * @file server/api/plan_form.c
 * @brief The forms that a step of a canary may have.
 */
#include "server/api/plan_form.h"

#include "server/api/plan_steps.h"
#include "server/probe/verify.h"
#include "strategies/model/limits.h"
#include "strategies/model/traffic.h"

#include <string.h>

#define PAUSE_MAX_S 86400
#define EXPIRY_MAX_S (14 * 86400) /* fits into an int32_t of milliseconds */
#define APPROVER_MAX 16
#define SHARE_MIN (1.0 / ZDD_SHARE_PERCENT)

#define AT(member) offsetof(struct zdd_plan_element, member)
#define END                                                                                        \
    {                                                                                              \
        .kind = ZDD_FIELD_END                                                                      \
    }

static const char *const linear[] = {"linear", NULL};
static const char *const exponential[] = {"exponential", NULL};
/* In the order of enum zdd_gate_default. */
static const char *const expiries[] = {"hold", "approve", "reject", NULL};

static const struct zdd_field weight_fields[] = {
    {.name = "weight",
     .kind = ZDD_FIELD_REAL,
     .offset = AT(weight),
     .required = true,
     .max = 100,
     .text = "Share of the requests that the new version gets, in percent; it ends when every "
             "balancer has it. Hundredths count."},
    END,
};
static const struct zdd_field pause_fields[] = {
    {.name = "pauseSeconds",
     .kind = ZDD_FIELD_INT,
     .offset = AT(pause_s),
     .required = true,
     .min = 1,
     .max = PAUSE_MAX_S,
     .text = "Wait so long; promote ends it."},
    END,
};
static const struct zdd_field scale_fields[] = {
    {.name = "scale",
     .kind = ZDD_FIELD_INT,
     .offset = AT(scale),
     .required = true,
     .min = 1,
     .max = ZDD_INSTANCES_MAX,
     .text = "Instances of the new version from here on, not fewer than before; its share stays."},
    END,
};
static const struct zdd_field gate_fields[] = {
    {.name = "gate",
     .kind = ZDD_FIELD_TEXT,
     .offset = AT(gate),
     .required = true,
     .min = 1,
     .max = ZDD_GATE_NAME_SIZE - 1,
     .text = "Name of a gate, where somebody has to decide: a-z, 0-9 and inner -."},
    {.name = "approvers",
     .kind = ZDD_FIELD_ARRAY,
     .offset = AT(approvers),
     .min = 1,
     .max = APPROVER_MAX,
     .text = "Names of the tokens that may decide; absent: any with the scope promote that reaches "
             "the app."},
    {.name = "quorum",
     .kind = ZDD_FIELD_INT,
     .offset = AT(quorum),
     .min = 1,
     .max = ZDD_QUORUM_MAX,
     .text = "Approvals by different tokens; absent: 1. From 2 on, whoever has asked for the "
             "deployment is never the only one."},
    {.name = "expiresSeconds",
     .kind = ZDD_FIELD_INT,
     .offset = AT(expires_s),
     .min = 1,
     .max = EXPIRY_MAX_S,
     .text = "When the gate expires after it was opened; absent: never."},
    {.name = "onExpiry",
     .kind = ZDD_FIELD_CHOICE,
     .offset = AT(on_expiry),
     .choices = expiries,
     .text =
         "What happens then: hold waits on, approve lets pass, reject goes back; absent: hold."},
    END,
};
/* What every preset has. */
#define PRESET(words, what)                                                                        \
    {                                                                                              \
        .name = "preset", .kind = ZDD_FIELD_CHOICE, .offset = AT(preset), .required = true,        \
        .choices = (words), .text = (what)                                                         \
    }
#define PERCENT(word, member, what)                                                                \
    {                                                                                              \
        .name = (word), .kind = ZDD_FIELD_REAL, .offset = AT(member), .required = true,            \
        .min = SHARE_MIN, .max = 100, .text = (what)                                               \
    }
#define EVERY                                                                                      \
    {                                                                                              \
        .name = "everySeconds", .kind = ZDD_FIELD_INT, .offset = AT(every_s), .required = true,    \
        .min = 1, .max = PAUSE_MAX_S, .text = "The pause behind each weight."                      \
    }

static const struct zdd_field linear_fields[] = {
    PRESET(linear, "Weights that grow by the same each time."),
    PERCENT("by", by,
            "The first weight, and by how much each is more than the one before, in percent."),
    EVERY,
    END,
};
static const struct zdd_field exponential_fields[] = {
    PRESET(exponential, "Weights that double each time."),
    PERCENT("from", from, "The first weight, in percent."),
    EVERY,
    END,
};

static const struct zdd_field verify_fields[] = {
    {.name = "verify",
     .kind = ZDD_FIELD_OBJECT,
     .offset = AT(verify),
     .required = true,
     .text = "Checks that the new version has to pass before the steps go on."},
    END,
};

/* By the member that says which it is; a preset's second one is found by its word. */
static const struct zdd_plan_form forms[] = {
    {"weight", weight_fields, ZDD_WISH_WEIGHT},
    {"pauseSeconds", pause_fields, ZDD_WISH_PAUSE},
    {"scale", scale_fields, ZDD_WISH_SCALE},
    {"gate", gate_fields, ZDD_WISH_GATE},
    {"verify", verify_fields, ZDD_WISH_VERIFY},
    {"preset", linear_fields, ZDD_WISH_LINEAR},
    {"preset", exponential_fields, ZDD_WISH_EXPONENTIAL},
};
#define FIRST_PRESET 5

const struct zdd_plan_form *zdd_plan_form_of(const json_t *object)
{
    const char *preset = zdd_json_text(object, "preset", "");
    size_t found = ZDD_COUNT(forms);
    size_t count = 0;

    for (size_t i = 0; i <= FIRST_PRESET; i++) {
        if (json_object_get(object, forms[i].name)) {
            found = i;
            count++;
        }
    }
    if (count != 1)
        return NULL;
    if (found != FIRST_PRESET || strcmp(preset, linear[0]) == 0)
        return &forms[found];
    return strcmp(preset, exponential[0]) == 0 ? &forms[FIRST_PRESET + 1] : NULL;
}

/* With its members, in place of any object. */
static json_t *schema_of(const struct zdd_plan_form *form)
{
    json_t *schema = zdd_fields_schema(form->fields);
    json_t *properties = json_object_get(schema, "properties");

    if (form->kind == ZDD_WISH_VERIFY) {
        json_t *verify = zdd_verify_schema(ZDD_VERIFY_SHARED);

        json_object_set_new(verify, "description", json_string(form->fields[0].text));
        json_object_set_new(properties, form->name, verify);
    }
    return schema;
}

static json_t *schemas_of(size_t first)
{
    json_t *list = json_array();

    for (size_t i = first; i < ZDD_COUNT(forms); i++)
        json_array_append_new(list, schema_of(&forms[i]));
    return list;
}

void zdd_plan_steps_schema(json_t *schema)
{
    json_t *forms_of_steps = schemas_of(FIRST_PRESET);

    json_array_insert_new(forms_of_steps, 0,
                          json_pack("{s:s, s:i, s:i, s:{s:o}}", "type", "array", "minItems", 1,
                                    "maxItems", ZDD_WISH_MAX, "items", "oneOf", schemas_of(0)));
    json_object_set_new(schema, "oneOf", forms_of_steps);
}
