/**
 * @file server/api/plan_steps.c
 * @brief The steps of a canary as JSON.
 */
#include "server/api/plan_steps.h"

#include "strategies/model/limits.h"
#include "strategies/model/traffic.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MS_OF_S 1000
#define PAUSE_MAX_S 86400
#define EXPIRY_MAX_S (14 * 86400) /* fits into an int32_t of milliseconds */
#define APPROVER_MAX 16
#define SHARE_MIN (1.0 / ZDD_SHARE_PERCENT)

/* One element, whichever it is. */
struct element {
    double weight, by, from;
    int64_t pause_s, scale, every_s, quorum, expires_s;
    const char *gate;
    json_t *approvers;
    int preset, on_expiry;
};

#define AT(member) offsetof(struct element, member)
#define END                                                                                        \
    {                                                                                              \
        .kind = ZDD_FIELD_END                                                                      \
    }

static const char *const linear[] = {"linear", NULL};
static const char *const exponential[] = {"exponential", NULL};
static const char *const presets[] = {"linear", "exponential", NULL};
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
static const struct zdd_field linear_fields[] = {
    {.name = "preset",
     .kind = ZDD_FIELD_CHOICE,
     .offset = AT(preset),
     .required = true,
     .choices = linear,
     .text = "Weights that grow by the same each time."},
    {.name = "by",
     .kind = ZDD_FIELD_REAL,
     .offset = AT(by),
     .required = true,
     .min = SHARE_MIN,
     .max = 100,
     .text = "The first weight, and by how much each is more than the one before, in percent."},
    {.name = "everySeconds",
     .kind = ZDD_FIELD_INT,
     .offset = AT(every_s),
     .required = true,
     .min = 1,
     .max = PAUSE_MAX_S,
     .text = "The pause behind each weight."},
    END,
};
static const struct zdd_field exponential_fields[] = {
    {.name = "preset",
     .kind = ZDD_FIELD_CHOICE,
     .offset = AT(preset),
     .required = true,
     .choices = exponential,
     .text = "Weights that double each time."},
    {.name = "from",
     .kind = ZDD_FIELD_REAL,
     .offset = AT(from),
     .required = true,
     .min = SHARE_MIN,
     .max = 100,
     .text = "The first weight, in percent."},
    {.name = "everySeconds",
     .kind = ZDD_FIELD_INT,
     .offset = AT(every_s),
     .required = true,
     .min = 1,
     .max = PAUSE_MAX_S,
     .text = "The pause behind each weight."},
    END,
};

/* By the member that says which it is; a preset's second one is found by its word. */
static const struct {
    const char *name;
    const struct zdd_field *fields;
    enum zdd_wish_kind kind;
} forms[] = {
    {"weight", weight_fields, ZDD_WISH_WEIGHT},
    {"pauseSeconds", pause_fields, ZDD_WISH_PAUSE},
    {"scale", scale_fields, ZDD_WISH_SCALE},
    {"gate", gate_fields, ZDD_WISH_GATE},
    {"preset", linear_fields, ZDD_WISH_LINEAR},
    {"preset", exponential_fields, ZDD_WISH_EXPONENTIAL},
};
#define FIRST_PRESET 4

/* One element on its way into the wishes. */
struct reading {
    const json_t *object;
    char pointer[ZDD_FIELD_POINTER_SIZE];
    struct zdd_wishes *wishes;
    struct zdd_field_errors *errors;
};

static void refuse(const struct reading *r, const char *member, const char *detail)
{
    char pointer[ZDD_FIELD_POINTER_SIZE];

    zdd_field_pointer(pointer, r->pointer, member);
    zdd_field_error_add(r->errors, pointer, "%s", detail);
}

static int32_t hundredths(double percent)
{
    return (int32_t)lround(percent * ZDD_SHARE_PERCENT);
}

/* @return how many there are; they stand in @p gate */
static size_t read_approvers(const struct reading *r, const struct element *e,
                             struct zdd_gate *gate)
{
    size_t index, used = 0;
    json_t *value;

    json_array_foreach(e->approvers, index, value)
    {
        const char *name = json_string_value(value);

        if (!name || !zdd_gate_approver_valid(name))
            refuse(r, "approvers", "must be names of tokens: letters, digits and . _ @ -");
        else if (*gate->approvers && zdd_gate_allows(gate, name))
            refuse(r, "approvers", "must name each token once");
        else if (used + strlen(name) + 1 >= sizeof(gate->approvers))
            refuse(r, "approvers", "must have fewer names, or shorter ones");
        else
            used += (size_t)snprintf(gate->approvers + used, sizeof(gate->approvers) - used, "%s%s",
                                     used > 0 ? "," : "", name);
    }
    return index;
}

static bool is_taken(const struct zdd_gates *gates, const char *name)
{
    for (int32_t i = 0; i < gates->count; i++) {
        if (strcmp(gates->gate[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool read_gate(const struct reading *r, const struct element *e)
{
    struct zdd_gate gate = {.quorum = (int32_t)e->quorum,
                            .expires_ms = (int32_t)e->expires_s * MS_OF_S,
                            .on_expiry = (enum zdd_gate_default)e->on_expiry};
    const size_t before = r->errors->count;
    const size_t approvers = e->approvers ? read_approvers(r, e, &gate) : 0;

    if (e->approvers && approvers < (size_t)e->quorum)
        refuse(r, "quorum", "must be at most the number of approvers");
    if (e->on_expiry != ZDD_GATE_HOLDS && e->expires_s == 0)
        refuse(r, "onExpiry", "needs expiresSeconds");
    if (!zdd_gate_name_valid(e->gate))
        refuse(r, "gate", "must be a name of a-z, 0-9 and inner -");
    else if (is_taken(&r->wishes->gates, e->gate))
        refuse(r, "gate", "must be another name: a gate before has it");
    else if (r->wishes->gates.count == ZDD_GATE_MAX)
        refuse(r, "gate", "must be left out: a plan has 8 gates at most");
    if (r->errors->count > before)
        return false;
    snprintf(gate.name, sizeof(gate.name), "%s", e->gate);
    zdd_gates_add(&r->wishes->gates, &gate);
    return true;
}

static bool take(const struct reading *r, enum zdd_wish_kind kind, const struct element *e)
{
    struct zdd_wish wish = {.kind = kind, .every_ms = (int32_t)e->every_s * MS_OF_S};

    switch (kind) {
    case ZDD_WISH_WEIGHT:
        wish.value = hundredths(e->weight);
        break;
    case ZDD_WISH_PAUSE:
        wish.value = (int32_t)e->pause_s * MS_OF_S;
        break;
    case ZDD_WISH_SCALE:
        wish.value = (int32_t)e->scale;
        break;
    case ZDD_WISH_LINEAR:
        wish.value = hundredths(e->by);
        break;
    case ZDD_WISH_EXPONENTIAL:
        wish.value = hundredths(e->from);
        break;
    case ZDD_WISH_GATE:
        if (!read_gate(r, e))
            return false;
        break;
    case ZDD_WISH_KIND_COUNT:
        return false;
    }
    r->wishes->wish[r->wishes->count++] = wish;
    return true;
}

/* @return which form it has, ZDD_COUNT(forms) for none */
static size_t form_of(const struct reading *r)
{
    const char *preset = zdd_json_text(r->object, "preset", "");
    size_t found = ZDD_COUNT(forms);
    size_t count = 0;

    for (size_t i = 0; i <= FIRST_PRESET; i++) {
        if (json_object_get(r->object, forms[i].name)) {
            found = i;
            count++;
        }
    }
    if (count != 1)
        return ZDD_COUNT(forms);
    if (found != FIRST_PRESET || strcmp(preset, linear[0]) == 0)
        return found;
    return strcmp(preset, exponential[0]) == 0 ? FIRST_PRESET + 1 : ZDD_COUNT(forms);
}

static void read_element(const struct reading *r)
{
    static const struct zdd_field any_preset = {.kind = ZDD_FIELD_CHOICE, .choices = presets};
    struct element e = {.quorum = 1};
    const size_t form = form_of(r);
    const json_t *preset = json_object_get(r->object, "preset");
    char pointer[ZDD_FIELD_POINTER_SIZE];
    int unused;

    if (json_object_get(r->object, "verify")) {
        refuse(r, "verify", "must be left out: steps that verify are not there yet");
        return;
    }
    if (form < ZDD_COUNT(forms)) {
        if (zdd_fields_read(forms[form].fields, r->object, r->pointer, &e, r->errors))
            (void)take(r, forms[form].kind, &e);
        return;
    }
    zdd_field_pointer(pointer, r->pointer, "preset");
    if (!preset || zdd_field_value_read(&any_preset, preset, pointer, &unused, r->errors))
        zdd_field_error_add(r->errors, r->pointer,
                            "must be an object with one of weight, pauseSeconds, scale, gate and "
                            "preset");
}

void zdd_plan_steps_read(const json_t *value, const char *pointer, struct zdd_wishes *ret_wishes,
                         struct zdd_field_errors *errors)
{
    struct reading r = {.object = value, .wishes = ret_wishes, .errors = errors};
    const size_t count = json_array_size(value);

    *ret_wishes = (struct zdd_wishes){0};
    snprintf(r.pointer, sizeof(r.pointer), "%s", pointer);
    if (json_is_object(value) && json_object_get(value, "preset")) {
        read_element(&r);
        return;
    }
    if (!json_is_array(value) || count == 0 || count > ZDD_WISH_MAX) {
        zdd_field_error_add(errors, pointer, "must be a list of 1 to %d steps, or one preset",
                            ZDD_WISH_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char index[16];

        r.object = json_array_get(value, i);
        snprintf(index, sizeof(index), "%zu", i);
        zdd_field_pointer(r.pointer, pointer, index);
        read_element(&r);
    }
}

static json_t *schemas_of(size_t first)
{
    json_t *list = json_array();

    for (size_t i = first; i < ZDD_COUNT(forms); i++)
        json_array_append_new(list, zdd_fields_schema(forms[i].fields));
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
