/**
 * @file strategies/model/plan.h
 * @brief What was asked: immutable, of bounded size, with a digest.
 */
#pragma once

#include "strategies/model/gates.h"
#include "strategies/model/limits.h"
#include "strategies/model/names.h"
#include "strategies/model/program.h"
#include "strategies/model/verifies.h"

#include <stdint.h>

/** Which version of Marathon's replace arithmetic applies (marathon.md §4.1 and §4.6). */
enum zdd_replace_rule { ZDD_REPLACE_CLASSIC, ZDD_REPLACE_1_10, ZDD_REPLACE_COUNT };

enum zdd_on_failure { ZDD_ON_FAILURE_ROLLBACK, ZDD_ON_FAILURE_HOLD, ZDD_ON_FAILURE_COUNT };

/** What strategies know of an app definition. */
struct zdd_app_facts {
    int32_t instances;
    double minimum_health_capacity; /* 0..1 */
    double maximum_over_capacity;   /* 0..1 */
    double cpus, mem_mib;           /* of one instance */
    int32_t start_ms; /* the longest a healthy new task may need to count, milliseconds */
    bool has_health_checks;
    bool has_marathon_checks; /* HTTP, HTTPS, TCP: Mesos knows nothing of their result */
    bool has_readiness_checks;
    bool single_instance; /* label MARATHON_SINGLE_INSTANCE_APP */
    bool fixed_ports;     /* requirePorts and a port that is not 0 */
    bool unique_hostname; /* one instance per agent */
    bool oldest_first;    /* killSelection OLDEST_FIRST */
    bool resident;        /* persistent volumes */
};

/** What Marathon showed when the plan was made; the plan rests on it. */
struct zdd_precondition {
    bool exists;
    char version[ZDD_VERSION_SIZE];        /* the app's version, "" when it does not exist */
    char config_version[ZDD_VERSION_SIZE]; /* versionInfo.lastConfigChangeAt */
    int32_t running;                       /* instances that ran */
    int32_t healthy; /* of these, counted as healthy (running, when it has no checks) */
};

/** The two apps of a deployment over a pair. */
/* Who can move the requests of a pair; "auto" takes the first of them that a server has. */
#define ZDD_ROUTER_MARATHON_LB "marathon-lb"
#define ZDD_ROUTER_HAPROXY "haproxy"
#define ZDD_ROUTER_VAMP "vamp"

struct zdd_pair {
    char old_id[ZDD_APP_ID_SIZE]; /* "": nothing ran before */
    char new_id[ZDD_APP_ID_SIZE];
    char router[ZDD_NAME_SIZE];         /* who moves its requests: "marathon-lb" */
    char old_version[ZDD_VERSION_SIZE]; /* as the plan saw it */
    int32_t old_serving;                /* instances that served then */
    int32_t floor; /* instances that take requests at any moment, at least; 0: none are promised */
    int32_t drain_ms;    /* how long requests under way may take to end */
    bool must_adopt;     /* the old app lacks the labels of a pair */
    bool kill_undrained; /* after that: remove the old app all the same */
    bool sticky; /* some users stay with their server while it drains: who leaves is laid to rest */
    bool by_users; /* they do while both versions serve: a weight is a share of new users, who have
                      no cookie yet, and not of the requests */
};

struct zdd_plan {
    char id[ZDD_ID_SIZE];
    char digest[ZDD_DIGEST_SIZE]; /* over the request, the precondition and the target definition */
    char app_id[ZDD_APP_ID_SIZE];
    char strategy[ZDD_NAME_SIZE];
    enum zdd_action action;
    enum zdd_on_failure on_failure;
    enum zdd_replace_rule replace_rule;
    int64_t created_at_ms;
    int64_t deadline_ms;          /* how long the whole may take, milliseconds; at least 1000 */
    struct zdd_app_facts old;     /* what runs now; all zero when the app does not exist */
    struct zdd_app_facts target;  /* what shall run */
    struct zdd_precondition seen; /* of a pair: the new app, which exists only if it takes over */
    struct zdd_pair pair;         /* with a program only */
    struct zdd_program program;   /* empty: a deployment over one app */
    struct zdd_gates gates;       /* of the program */
    struct zdd_verifies verifies; /* of the program */
};

/** @return the gate that stands at step @p step of the program, which is one */
struct zdd_gate zdd_plan_gate(const struct zdd_plan *plan, int32_t step);

const char *zdd_replace_rule_name(enum zdd_replace_rule rule); /* "classic", "1.10" */
const char *zdd_on_failure_name(enum zdd_on_failure on_failure);
bool zdd_replace_rule_parse(const char *name, enum zdd_replace_rule *ret_rule);
bool zdd_on_failure_parse(const char *name, enum zdd_on_failure *ret_on_failure);
