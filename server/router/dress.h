/**
 * @file server/router/dress.h
 * @brief The labels that make two apps a pair for Marathon-LB, as zdd.py has them, so that both can
 * follow each other on a cluster. Pure.
 */
#pragma once

#include "server/base/buf.h"
#include "server/json/fields.h"
#include "server/router/sticky.h"

struct zdd_pair_dress {
    /* given, borrowed */
    const char *pair_id;   /* "/zdd/base" */
    const char *new_id;    /* "/zdd/base-green" */
    const char *colour;    /* "green"; NULL: it stays the plain app that it is */
    bool exists;           /* the new app runs already, and takes over */
    const char *advertise; /* the agent's HOST:PORT, as balancers reach it; NULL: weights are set by
                              the Runtime API, so balancers ask nobody */
    bool unlabelled;       /* who moves the requests reads no labels: none is needed or written, and
                              Marathon-LB must not serve the apps beside him */
    int64_t now_ms;
    json_t *target;    /* definition of the new app, canonical; becomes the one to deploy */
    const json_t *old; /* definition of the old app, canonical; NULL: there is none */
    /* found, owned by the caller */
    json_t *adopted;          /* `old` with the labels it lacks; NULL: it lacks none */
    struct zdd_buf backends;  /* names of the balancers' backends in the order of the app's ports,
                                 with a space between; ZDD_BACKEND_NONE for a port that is not
                                 routed */
    struct zdd_buf inherited; /* names of the labels that were taken over, for people */
    struct zdd_sticky sticky;
};

/**
 * Dress both apps.
 * @return ZDD_ERR_NONE; ZDD_ERR_BODY_INVALID with @p errors: Marathon-LB would not route the app,
 * or would not obey; ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_pair_dress(struct zdd_pair_dress *dress,
                                           struct zdd_field_errors *errors);
void zdd_pair_dress_release(struct zdd_pair_dress *dress);
