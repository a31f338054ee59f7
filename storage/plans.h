/**
 * @file storage/plans.h
 * @brief Plans at rest: written once, never changed.
 */
#pragma once

#include "storage/secrets.h"
#include "storage/store.h"
#include "storage/text.h"
#include "strategies/model/plan.h"

/** A plan with the texts that the model does not look into. Borrowed when written, owned when read.
 */
struct zdd_plan_texts {
    struct zdd_text body;    /* the public JSON of the plan, served as it is */
    struct zdd_text request; /* the request it was made from, canonical JSON */
    struct zdd_text target;  /* the definition to be deployed, canonical JSON; NULL for none (action
                                none has one too) */
    struct zdd_text previous; /* the definition that ran, canonical JSON; NULL when the app did not
                                 exist. Of a pair: the old app's */
    struct zdd_text adopted;  /* of a pair: `previous` with the labels that a pair needs, or NULL */
    struct zdd_text survivor; /* of a pair whose apps exist both: the new one as it was, or NULL */
    struct zdd_text backends; /* of a pair: names of the balancers' backends, one for each service
                                 port in their order, with a space between; or NULL */
    struct zdd_text checks;   /* canonical JSON: a list of checks for each set, by its
                                 number; NULL when there are none */
    struct zdd_secrets_kept secrets; /* what the markers in these texts stand for; written, never
                                        read */
};

#define ZDD_AUTO_PLAN_TEXTS __attribute__((cleanup(zdd_plan_texts_release)))
void zdd_plan_texts_release(struct zdd_plan_texts *texts);

ZDD_MUST_CHECK enum zdd_err zdd_plan_insert(struct zdd_tx *tx, const struct zdd_plan *plan,
                                            const struct zdd_plan_texts *texts,
                                            const char *created_by);

/** @param ret_texts may be NULL. @return ZDD_ERR_NONE, ZDD_ERR_PLAN_UNKNOWN or a store error */
ZDD_MUST_CHECK enum zdd_err zdd_plan_load(struct zdd_store *store, const char *id,
                                          struct zdd_plan *ret_plan,
                                          struct zdd_plan_texts *ret_texts);

struct zdd_plan_filter {
    const char *app_id; /* exact, or NULL */
    const char
        *app_prefix; /* what the caller may see: NULL or "/" is all; "/shop" is /shop and /shop/… */
    const char *before_id; /* page: plans older than this id; NULL starts with the newest */
    int limit;             /* 1..200 */
};

/**
 * Newest first. @p visit gets the public JSON text of each; it returns false to stop.
 */
ZDD_MUST_CHECK enum zdd_err
zdd_plan_list(struct zdd_store *store, const struct zdd_plan_filter *filter,
              bool (*visit)(void *cls, const char *id, const char *body), void *cls);
