/**
 * @file server/api/plan_steps.c
 * @brief The steps of a canary as JSON.
 */
#include "server/api/plan_steps.h"

#include "server/api/plan_form.h"
#include "server/probe/verify.h"
#include "strategies/model/limits.h"
#include "strategies/model/traffic.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MS_OF_S 1000

/* One element on its way into the wishes. */
struct reading {
    const json_t *object;
    char pointer[ZDD_FIELD_POINTER_SIZE];
    struct zdd_wishes *wishes;
    json_t **checks; /* of each set, with the wishes */
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
static size_t read_approvers(const struct reading *r, const struct zdd_plan_element *e,
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

static bool read_gate(const struct reading *r, const struct zdd_plan_element *e)
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

static bool read_verify(const struct reading *r, const struct zdd_plan_element *e)
{
    struct zdd_verifies *verifies = &r->wishes->verifies;
    struct zdd_verify_options options;
    char pointer[ZDD_FIELD_POINTER_SIZE];

    zdd_field_pointer(pointer, r->pointer, "verify");
    if (!zdd_verify_read(e->verify, pointer, ZDD_VERIFY_SHARED, &options, r->errors))
        return false;
    if (verifies->count == ZDD_VERIFY_STEP_MAX) {
        refuse(r, "verify", "must be left out: a plan has 8 steps that verify at most");
        return false;
    }
    r->checks[verifies->count] = options.checks;
    zdd_verifies_add(verifies, &options.verify);
    return true;
}

static bool take(const struct reading *r, enum zdd_wish_kind kind, const struct zdd_plan_element *e)
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
    case ZDD_WISH_VERIFY:
        if (!read_verify(r, e))
            return false;
        break;
    case ZDD_WISH_KIND_COUNT:
        return false;
    }
    r->wishes->wish[r->wishes->count++] = wish;
    return true;
}

static void read_element(const struct reading *r)
{
    static const char *const presets[] = {"linear", "exponential", NULL};
    static const struct zdd_field any_preset = {.kind = ZDD_FIELD_CHOICE, .choices = presets};
    struct zdd_plan_element e = {.quorum = 1};
    const struct zdd_plan_form *form = zdd_plan_form_of(r->object);
    const json_t *preset = json_object_get(r->object, "preset");
    char pointer[ZDD_FIELD_POINTER_SIZE];
    int unused;

    if (form) {
        if (zdd_fields_read(form->fields, r->object, r->pointer, &e, r->errors))
            (void)take(r, form->kind, &e);
        return;
    }
    zdd_field_pointer(pointer, r->pointer, "preset");
    if (!preset || zdd_field_value_read(&any_preset, preset, pointer, &unused, r->errors))
        zdd_field_error_add(r->errors, r->pointer,
                            "must be an object with one of weight, pauseSeconds, scale, gate, "
                            "verify and preset");
}

void zdd_plan_steps_read(const json_t *value, const char *pointer, struct zdd_wishes *ret_wishes,
                         json_t *ret_checks[static ZDD_VERIFY_STEP_MAX],
                         struct zdd_field_errors *errors)
{
    struct reading r = {
        .object = value, .wishes = ret_wishes, .checks = ret_checks, .errors = errors};
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
