/**
 * @file server/api/app_pair.h
 * @brief The pair that an app belongs to: what state it was left in, and what can be done.
 */
#pragma once

#include "server/api/plan_pair.h"
#include "server/json/writer.h"

enum zdd_pair_condition {
    ZDD_PAIR_SINGLE,       /* one app, as between deployments */
    ZDD_PAIR_TWO_APPS,     /* both, and nobody works on them */
    ZDD_PAIR_HYBRID,       /* both, as zdd.py or this service leave them when told to */
    ZDD_PAIR_STUCK,        /* a Marathon deployment holds one, and it is none of ours */
    ZDD_PAIR_OURS_RUNNING, /* a deployment of this service is under way */
    ZDD_PAIR_CONDITION_COUNT
};

/** A pair at one moment. */
struct zdd_app_pair {
    char name[ZDD_APP_ID_SIZE];
    struct zdd_pair_apps apps; /* that the caller may see */
    char run_id[ZDD_ID_SIZE];  /* live deployment, "" for none */
    json_t *held_by;           /* Marathon's deployment, when it is stuck; owned; else NULL */
    bool can_move;             /* the server knows balancers */
    enum zdd_pair_condition condition;
};

#define ZDD_AUTO_APP_PAIR __attribute__((cleanup(zdd_app_pair_release)))
void zdd_app_pair_release(struct zdd_app_pair *pair);

/**
 * Look at the pair of @p app_id: up to six requests to Marathon. Workers only.
 * @return ZDD_ERR_NONE, also when there is no app of it; a cluster or store error
 */
ZDD_MUST_CHECK enum zdd_err zdd_app_pair_look(struct zdd_call *call, const char *app_id,
                                              struct zdd_app_pair *ret_pair);

/** @return the app that @p app_id means: itself, or for the name of a pair without an app of its
 * own the one that has most healthy instances; NULL: there is none */
const struct zdd_pair_app *zdd_app_pair_lead(const struct zdd_app_pair *pair, const char *app_id);

/** Write member "pair". */
void zdd_w_app_pair(struct zdd_writer *w, const struct zdd_app_pair *pair);
