/**
 * @file server/api/deploy_start.h
 * @brief The transaction in which a deployment begins.
 */
#pragma once

#include "server/api/blueprint.h"
#include "server/api/plan_request.h"
#include "server/api/post.h"
#include "storage/plans.h"

/** POST /v1/deployments on its way. */
struct zdd_deploy_job {
    struct zdd_post post;            /* first: the store hands back its address */
    bool by_reference;               /* the plan is in the store already */
    struct zdd_blueprint *blueprint; /* owned; NULL: the body is JSON */
    struct zdd_plan_request request;
    struct zdd_plan plan;
    struct zdd_plan_texts texts; /* owned */
    const struct zdd_strategy *strategy;
    enum zdd_when_busy when_busy;
    const char *reason; /* borrowed from the body or from `planned` */
    json_t *planned;    /* the plan's request, by reference only; owned */
    char *labels;       /* JSON text or NULL; owned */
    struct zdd_run run;
    char busy[ZDD_ID_SIZE]; /* the deployment that runs, "" for none */
};

/** Keep @p labels (NULL for none) as text. */
ZDD_MUST_CHECK enum zdd_err zdd_deploy_keep_labels(struct zdd_deploy_job *job,
                                                   const json_t *labels);

/** A zdd_tx_body over a struct zdd_deploy_job: key, plan, run, steps, first event, audit, answer.
 */
enum zdd_err zdd_deploy_start(struct zdd_tx *tx, void *cls);
