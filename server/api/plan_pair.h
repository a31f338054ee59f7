/**
 * @file server/api/plan_pair.h
 * @brief Which two apps a deployment over a pair is about. Workers only: it asks Marathon.
 */
#pragma once

#include "server/api/cluster_app.h"
#include "server/api/plan_request.h"
#include "strategies/model/plan.h"

/** An app of a pair that exists. */
struct zdd_pair_app {
    struct zdd_cluster_app app; /* owned */
    char id[ZDD_APP_ID_SIZE];
    bool is_plain; /* it has the pair's own name: what ran before there was a pair */
    enum zdd_naming naming;
    enum zdd_colour colour; /* unless it is plain */
};

/* Each colour by each way of naming, and the plain one. */
#define ZDD_PAIR_APP_MAX (ZDD_NAMING_COUNT * ZDD_COLOUR_COUNT + 1)

/** What exists of a pair. */
struct zdd_pair_apps {
    size_t count;
    struct zdd_pair_app app[ZDD_PAIR_APP_MAX];
    int32_t left_whole; /* our last deployment has left both on purpose, as they are: instances that
                           one of them has for all requests; 0: not so */
    char left_by[ZDD_ID_SIZE]; /* that deployment */
};

#define ZDD_AUTO_PAIR_APPS __attribute__((cleanup(zdd_pair_apps_release)))
void zdd_pair_apps_release(struct zdd_pair_apps *apps);

/**
 * Look for the apps of pair @p pair_id.
 * @param asked  one of them, whose way of naming alone counts then; NULL: any
 * @return ZDD_ERR_NONE; ZDD_ERR_BODY_INVALID: the name leaves no room for a colour; the cluster's
 *         error
 */
ZDD_MUST_CHECK enum zdd_err zdd_pair_look(struct zdd_call *call, const char *pair_id,
                                          const struct zdd_coloured *asked,
                                          struct zdd_pair_apps *ret_apps);

/** The two apps of a deployment. */
struct zdd_pair_find {
    struct zdd_cluster_app old;      /* what serves now; raw NULL: nothing. Owned */
    struct zdd_cluster_app survivor; /* the new one, when it exists and takes over. Owned */
    int32_t instances;               /* that it shall have then */
    char old_id[ZDD_APP_ID_SIZE];
    char new_id[ZDD_APP_ID_SIZE];
    enum zdd_colour colour; /* of the new one; ZDD_COLOUR_COUNT: it is the plain one */
};

/**
 * Look which app of @p request's pair serves, and which is to be deployed: the other colour; when
 * none serves or a plain one does, the colour that was asked for, else blue. When both exist, the
 * one that takes over is the new one.
 * @return ZDD_ERR_NONE; as zdd_pair_refuse(): two of them exist and none takes over; as
 *         zdd_pair_take() and zdd_pair_look()
 */
ZDD_MUST_CHECK enum zdd_err zdd_pair_find(struct zdd_call *call,
                                          const struct zdd_plan_request *request,
                                          struct zdd_pair_find *ret_find);

/** @return ZDD_ERR_NONE when both apps still are as @p plan saw them; ZDD_ERR_PLAN_STALE with the
 * detail; as zdd_plan_check_router(); the cluster's error */
ZDD_MUST_CHECK enum zdd_err zdd_pair_check_fresh(struct zdd_call *call,
                                                 const struct zdd_plan *plan);
