/**
 * @file strategies/strategy.h
 * @brief What a strategy is: a name, its options, its steps and a table of rules. A newcomer adds a
 * file and a row in registry.c.
 */
#pragma once

#include "strategies/rules.h"
#include "strategies/wishes.h"

#include <stddef.h>

/* Going back is a step behind those of every strategy, known only when it begins. */
#define ZDD_STEP_BACK_KIND "go-back"
#define ZDD_STEP_BACK_TEXT "Put back what was there before."

/** One option, for checking, for the catalogue and for the form a front end draws. */
struct zdd_param {
    const char *name; /* "minimumHealthCapacity" */
    enum zdd_param_kind {
        ZDD_PARAM_REAL,
        ZDD_PARAM_INT,
        ZDD_PARAM_CHOICE,
        ZDD_PARAM_VERIFY, /* checks before the new version gets any request */
        ZDD_PARAM_WATCH,  /* checks while both versions get requests */
        ZDD_PARAM_STEPS   /* a list of steps: see wishes.h */
    } kind;
    bool required;
    double min, max; /* inclusive; not of a choice; of steps: how many */
    const char *text;
    const char *const *choices; /* ended by NULL; the first is the default */
    int64_t fallback;           /* what an absent INT means to write_program() */
};

/** An option, by the kind of its param. */
union zdd_option_value {
    double real;                     /* NAN when absent */
    int64_t integer;                 /* INT64_MIN when absent */
    const void *object;              /* while it is read */
    int choice;                      /* index of its word; the first when absent */
    const struct zdd_wishes *wishes; /* borrowed; NULL when absent */
    const struct zdd_verify *verify; /* of a VERIFY or a WATCH; the same */
};

/** A step as callers see it: the phase in which it runs. */
struct zdd_step {
    enum zdd_phase phase;
    const char *kind; /* "update-app" */
    const char *text; /* one sentence */
};

#define ZDD_COMPLAINT_MAX 8

/** An option that does not go with the others, or with what shall be deployed. */
struct zdd_complaint {
    const char *name;   /* of its param */
    int32_t index;      /* of a list: which element … */
    const char *member; /* … and its member; NULL: the whole option */
    char text[160];     /* what would be right: "must be …" */
};

/** Whose definition becomes the target. */
enum zdd_target_source {
    ZDD_TARGET_FROM_REQUEST, /* `app`, or `change` on what runs */
    ZDD_TARGET_FROM_CLUSTER, /* what runs now; the request names only the app */
};

struct zdd_strategy {
    const char *name;
    const char *text; /* for the catalogue */
    enum zdd_target_source source;
    const struct zdd_param *params;
    size_t param_count;
    const struct zdd_step *steps;
    size_t step_count; /* at most ZDD_STEP_MAX - 1: going back is a step too */
    const struct zdd_rule *rules;
    size_t rule_count;
    /**
     * Look for contradictions among @p options, in the order of params; NULL: there can be none.
     * @param plan  its facts and its pair are there, its program is not
     * @return how many there are; write_program() must not be called then
     */
    size_t (*check)(const union zdd_option_value *options, const struct zdd_plan *plan,
                    struct zdd_complaint ret_complaints[static ZDD_COMPLAINT_MAX]);
    /**
     * Write the steps of @p plan by its @p options, in the order of params; NULL for strategies
     * over one app, whose steps are always the same.
     */
    void (*write_program)(const union zdd_option_value *options, struct zdd_plan *plan);
};

/** @return the strategy called @p name, or NULL */
const struct zdd_strategy *zdd_strategy_find(const char *name);
/** @return strategy @p index in the order of the catalogue, or NULL past the last */
const struct zdd_strategy *zdd_strategy_at(size_t index);

/** @return what @p strategy does next; pure, never blocks, never allocates */
struct zdd_decision zdd_strategy_decide(const struct zdd_strategy *strategy,
                                        const struct zdd_facts *facts);

/** @return the step that runs in @p phase; step_count for the phases of going back; 0 for PENDING;
 * the last for final ones */
int32_t zdd_strategy_step_of(const struct zdd_strategy *strategy, enum zdd_phase phase);
