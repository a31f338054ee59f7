/**
 * @file strategies/model/run.h
 * @brief How far a deployment is. The engine is its only writer; others leave a command.
 */
#pragma once

#include "strategies/model/limits.h"
#include "strategies/model/names.h"
#include "strategies/model/traffic.h"
#include "strategies/model/trial.h"

#include <stdbool.h>
#include <stdint.h>

/** What became of the last order. */
enum zdd_outcome {
    ZDD_OUTCOME_NONE,    /* no order yet, or its fate is not known */
    ZDD_OUTCOME_ACKED,   /* Marathon accepted it */
    ZDD_OUTCOME_REFUSED, /* Marathon refused it for good; asking again would not help */
    ZDD_OUTCOME_LOCKED,  /* another Marathon deployment holds the app */
    ZDD_OUTCOME_FAILED,  /* no answer, or a server error: it may or may not have happened */
    ZDD_OUTCOME_COUNT
};

/** One side of the deployment, as callers see it. */
struct zdd_tally {
    char version[ZDD_VERSION_SIZE]; /* config version of its tasks, "" when unknown */
    int32_t instances;              /* tasks that exist and have not ended */
    int32_t healthy;
};

/** Requests that each version has got since every balancer has had the present weights. */
struct zdd_split {
    int64_t since_ms; /* 0: nothing has been counted */
    int64_t until_ms;
    int64_t old_requests, new_requests;
    int64_t old_chosen, new_chosen; /* of these, that went by the weights: the others have stuck to
                                       their server */
};

struct zdd_run {
    char id[ZDD_ID_SIZE];
    char plan_id[ZDD_ID_SIZE];
    char app_id[ZDD_APP_ID_SIZE];
    char strategy[ZDD_NAME_SIZE];
    bool active; /* false while queued behind another deployment of the app, and after the end */

    enum zdd_phase phase;
    enum zdd_hold hold;
    enum zdd_command command;        /* not yet taken by the engine */
    int32_t command_value;           /* of weight: the share, in hundredths of a percent; of promote
                                        1: all the way; of rollback 1: a gate was rejected */
    char superseded_by[ZDD_ID_SIZE]; /* the newer deployment whose `abort` it is; "" for none */
    enum zdd_cause cause;
    enum zdd_outcome outcome;
    bool ordered; /* at least one order has been committed: the cluster may have changed */
    int32_t step; /* index into the plan's steps */
    int64_t traffic_seen_at_ms; /* a pair: since when every balancer is known to do that; 0: not */
    struct zdd_traffic traffic; /* a pair: what was last ordered of the balancers */
    bool steered;           /* a pair: an operator has said which share the new version gets … */
    int32_t share;          /* … in hundredths of a percent, until the program's next share */
    struct zdd_split split; /* a pair: what came of it */
    int32_t attempt;        /* failures in a row in this phase */
    int64_t revision;       /* grows by one at each change; fences off stale writers; the ETag */

    int64_t created_at_ms, started_at_ms, ended_at_ms; /* 0: not yet */
    int64_t phase_since_ms;
    int64_t ordered_at_ms;   /* when the last order went out */
    int64_t unsure_until_ms; /* an order without an answer may still arrive until then */
    int64_t held_since_ms;   /* 0: not held */
    int64_t
        deadline_at_ms; /* of the whole; moves by the length of each pause; 0 before the start */
    int64_t step_deadline_at_ms; /* of this phase */
    int64_t wake_at_ms;

    char target_version[ZDD_VERSION_SIZE]; /* what Marathon called our target, "" unknown */
    char revert_version[ZDD_VERSION_SIZE]; /* … and the definition we put back */
    char deployment_id[ZDD_ID_SIZE];       /* Marathon's deployment of our last order, "" unknown */

    struct zdd_tally old_side, new_side;
    char new_addresses[ZDD_ADDRESSES_SIZE]; /* a pair: "10.0.0.7:31005 10.0.0.8:31009", the first
                                               ports of the new instances that run, in order */
    int32_t verify_set; /* the plan's checks that run or ran last in a step VERIFY … */
    char rounds[ZDD_ROUND_MAX + 1]; /* … and their last rounds, see verify.h */
    int32_t round_count;            /* all that were made */
    int64_t measured_at_ms;         /* when its last round ended, or they began anew; 0: neither */
    char measured[ZDD_MEASURED_SIZE]; /* what that found, when it was not all well */
    struct zdd_trial trial;           /* of a pair with checks by counters, or beside the steps */
    char waiting_code[ZDD_NAME_SIZE]; /* "" when it waits for nothing */
    char waiting_text[ZDD_WAITING_SIZE];
    int64_t waiting_since_ms;
    char error_code[32];              /* slug of the cause or of zdd_err; "" for none */
    char error_text[ZDD_DETAIL_SIZE]; /* without a code: what came in place of a clear answer to the
                                         last order */

    char created_by[ZDD_ACTOR_SIZE];
    char reason[ZDD_REASON_SIZE];
};

/** @return what callers see */
enum zdd_state zdd_run_state(const struct zdd_run *run);

/** @return true when @p command is accepted now: by the table of state × command, and because it
 * would change something in this phase */
bool zdd_run_allows(const struct zdd_run *run, enum zdd_command command);

/** @return true when it stands at a gate that nobody has decided yet */
bool zdd_run_is_at_gate(const struct zdd_run *run);

/** @return true when it is held because its checks speak against the new version */
bool zdd_run_is_condemned(const struct zdd_run *run);

/** @return when the present round of a step's checks has begun: with the step, with the last round,
 * or when checks began anew */
int64_t zdd_run_round_begun_ms(const struct zdd_run *run);

/** @return what whoever looks at it would most likely do next, one of those that are allowed;
 * ZDD_COMMAND_NONE: look */
enum zdd_command zdd_run_suggests(const struct zdd_run *run);

const char *zdd_outcome_name(enum zdd_outcome outcome);
bool zdd_outcome_parse(const char *name, enum zdd_outcome *ret_outcome);
