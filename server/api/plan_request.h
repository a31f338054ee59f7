/**
 * @file server/api/plan_request.h
 * @brief The body of POST /v1/plans and POST /v1/deployments, read and checked. Pure.
 */
#pragma once

#include "server/api/plan_note.h"
#include "server/json/fields.h"
#include "server/probe/verify.h"
#include "storage/runs.h"
#include "storage/secrets.h"
#include "strategies/model/colours.h"
#include "strategies/model/plan.h"
#include "strategies/strategy.h"

#define ZDD_OPTION_MAX 16  /* options of one strategy */
#define ZDD_LABEL_MAX 16   /* labels of one deployment */
#define ZDD_REASON_MAX 500 /* bytes of a reason; api.md leaves it open */
#define ZDD_DEADLINE_MAX_S 86400
#define ZDD_VERIFY_POINTER "#/options/verify" /* where checks stand in a request … */
#define ZDD_STEPS_POINTER "#/options/steps"   /* … and where steps do, which may have some too */

/** Of the two apps of a pair that exist already, which one shall get everything; in the order of
 * the option's words. */
enum zdd_take_over { ZDD_TAKE_NONE, ZDD_TAKE_NEWER, ZDD_TAKE_OLDER };

/** A deployment request. JSON is borrowed from the body. */
struct zdd_plan_request {
    const struct zdd_strategy *strategy;
    char app_id[ZDD_APP_ID_SIZE]; /* absolute; over a pair, the pair's name */
    bool is_coloured;             /* one app of the pair was named … */
    struct zdd_coloured coloured; /* … this one */
    enum zdd_take_over take_over;
    json_t *app;                                   /* the whole definition, or NULL */
    json_t *change;                                /* a merge patch on what runs, or NULL */
    union zdd_option_value option[ZDD_OPTION_MAX]; /* by the strategy's params */
    struct zdd_verify verify;                      /* what the option of that name points to */
    struct zdd_wishes wishes;                      /* what a list of steps among them points to */
    json_t *checks[ZDD_VERIFY_SET_MAX];            /* of each of the plan's sets, or NULL */
    int64_t deadline_s;                            /* 0: computed */
    enum zdd_on_failure on_failure;
    enum zdd_when_busy when_busy;
    const char *reason;                /* "" for none */
    json_t *labels;                    /* or NULL */
    const struct zdd_plan_note *notes; /* about how it was written; borrowed */
    size_t note_count;
    struct zdd_secrets_kept *secrets; /* what its markers stand for, as far as it brought them;
                                         borrowed */
};

/** `{"planId","digest"}`: start what was planned. */
struct zdd_plan_reference {
    const char *plan_id;
    const char *digest;
    int when_busy;      /* enum zdd_when_busy, or -1 for the plan's */
    const char *reason; /* or NULL for the plan's */
    json_t *labels;     /* or NULL for the plan's */
};

/** @return true when @p body means a plan that was made before */
bool zdd_plan_is_reference(const json_t *body);

/** @return true when nothing is wrong; else @p errors say what */
bool zdd_plan_request_read(const json_t *body, struct zdd_plan_request *ret_request,
                           struct zdd_field_errors *errors);
bool zdd_plan_reference_read(const json_t *body, struct zdd_plan_reference *ret_reference,
                             struct zdd_field_errors *errors);

/** @return true and the value when option @p name was given */
bool zdd_plan_option(const struct zdd_plan_request *request, const char *name, double *ret_value);

/** @return the word of an option that is a choice, which is the first one when it was not given;
 * NULL: the strategy has no such option */
const char *zdd_plan_choice(const struct zdd_plan_request *request, const char *name);

/** Rows for the options of @p strategy, ended by ZDD_FIELD_END; offsets are index × sizeof(union
 * zdd_option_value).
 */
void zdd_plan_option_fields(const struct zdd_strategy *strategy,
                            struct zdd_field ret_fields[static ZDD_OPTION_MAX + 1]);

const char *zdd_when_busy_name(enum zdd_when_busy when_busy);
