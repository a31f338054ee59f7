/**
 * @file server/api/plan_form.h
 * @brief The forms that a step of a canary may have. Pure.
 */
#pragma once

#include "server/json/fields.h"
#include "strategies/wishes.h"

/** One element of the steps, whichever form it has. */
struct zdd_plan_element {
    double weight, by, from;
    int64_t pause_s, scale, every_s, quorum, expires_s;
    const char *gate;
    json_t *approvers, *verify;
    int preset, on_expiry;
};

struct zdd_plan_form {
    const char *name;               /* the member that says which it is */
    const struct zdd_field *fields; /* of struct zdd_plan_element */
    enum zdd_wish_kind kind;
};

/** @return the form of @p object; NULL when it has none, or more than one */
const struct zdd_plan_form *zdd_plan_form_of(const json_t *object);
