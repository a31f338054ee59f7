/**
 * @file deploy/lab/model.h
 * @brief The nouns of the lab: timers, app versions, instances, deployments.
 *
 * Everything hangs on one struct zdd_lab and is guarded by its one lock. Durations given
 * in an app definition are Marathon's; zdd_lab_scaled() divides them by --speed.
 */
#pragma once

#include "server/base/crypto.h"
#include "server/json/appdef.h"
#include "server/json/json.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define ZDD_LAB_CHECK_MAX 8      /* health checks of one app that are run; more are refused */
#define ZDD_LAB_PORT_MAX 32      /* ports of one app */
#define ZDD_LAB_VERSION_MAX 50   /* zk_max_versions (marathon.md §1.2) */
#define ZDD_LAB_ID_SIZE 320      /* an instance id or a task id */
#define ZDD_LAB_HOST "127.0.0.1" /* the only agent */
#define ZDD_LAB_AGENT "zdd-lab-S0"

struct zdd_lab;

/** One wake-up; lies inside its owner. Zeroed means not set. */
struct zdd_lab_timer {
    int64_t due_ms; /* lab time, see zdd_lab_now() */
    size_t place;   /* position in the heap from 1; 0 when not set */
    void (*fire)(struct zdd_lab *lab, void *cls);
    void *cls;
};

enum zdd_lab_protocol {
    ZDD_LAB_HTTP,
    ZDD_LAB_HTTPS,
    ZDD_LAB_TCP,
    ZDD_LAB_COMMAND,
    ZDD_LAB_MESOS_HTTP,
    ZDD_LAB_MESOS_HTTPS,
    ZDD_LAB_MESOS_TCP
};

/** A health check or readiness check as the definition gives it; texts are borrowed from it. */
struct zdd_lab_check {
    enum zdd_lab_protocol protocol;
    const char *name;    /* readiness only */
    const char *path;    /* "/" when none was given */
    const char *command; /* COMMAND only */
    size_t port_index;
    uint16_t port; /* wins over the index when not 0 */
    int64_t grace_ms, interval_ms, timeout_ms, delay_ms;
    int failure_max; /* maxConsecutiveFailures */
    json_t *json;    /* borrowed */
};

/** One version of one app; shared by reference, never changed. */
struct zdd_lab_spec {
    unsigned refs;
    char *id;
    json_t *def; /* canonical, with defaults, service ports assigned */
    int64_t version_ms, scaled_ms, configured_ms;
    struct zdd_appdef_facts facts;
    struct zdd_lab_check check[ZDD_LAB_CHECK_MAX];
    size_t check_count;
    struct zdd_lab_check readiness; /* when facts.has_readiness_checks */
};

/** An app that exists now. */
struct zdd_lab_app {
    struct zdd_lab_app *next;
    struct zdd_lab_spec *spec;                         /* what GET shows */
    struct zdd_lab_spec *version[ZDD_LAB_VERSION_MAX]; /* oldest first, the current one included */
    size_t version_count;
    json_t *last_failure; /* or NULL */
};

/** A group that was created explicitly; others follow from the apps. */
struct zdd_lab_group {
    struct zdd_lab_group *next;
    char *id;
    json_t *dependencies;
    int64_t version_ms;
};

/** A root state that was. */
struct zdd_lab_root {
    struct zdd_lab_root *next; /* an older one */
    int64_t version_ms;
    size_t count;
    struct zdd_lab_spec *spec[];
};

enum zdd_lab_condition {
    ZDD_LAB_SCHEDULED,
    ZDD_LAB_PROVISIONED,
    ZDD_LAB_STARTING,
    ZDD_LAB_RUNNING,
    ZDD_LAB_KILLING,
    ZDD_LAB_UNREACHABLE,          /* active up to here */
    ZDD_LAB_UNREACHABLE_INACTIVE, /* replaced, but it may come back */
    ZDD_LAB_KILLED,               /* from here on terminal */
    ZDD_LAB_FINISHED,
    ZDD_LAB_FAILED
};

/** What one health check has seen of one task. */
struct zdd_lab_result {
    bool known, alive;
    int failures; /* consecutive */
    int64_t first_success_ms, last_success_ms, last_failure_ms;
    char cause[120];
};

enum zdd_lab_tristate { ZDD_LAB_UNKNOWN = -1, ZDD_LAB_NO = 0, ZDD_LAB_YES = 1 };

/** One slot of an app: at most one task at a time, relaunched under the same id. */
struct zdd_lab_instance {
    struct zdd_lab_instance *prev, *next; /* creation order */
    struct zdd_lab_instance *next_near;   /* the same among those of one crowd */
    struct zdd_lab_spec *spec;
    char id[ZDD_LAB_ID_SIZE];
    unsigned incarnation; /* 0 before the first launch */
    enum zdd_lab_condition condition;
    bool wanted;             /* goal Running; else Decommissioned */
    bool kill_sent;          /* the executor was asked to kill the task */
    bool kill_waits;         /* it will be, when there is room (§4.2) */
    bool ended_unseen;       /* its process ended while its agent was out of sight */
    bool expunged;           /* gone; the core thread frees it soon */
    int64_t linger_until_ms; /* an expunged one is still listed until then (fault late-vanish) */
    int64_t staged_ms, started_ms, since_ms; /* UTC */
    int64_t running_at_ms;                   /* lab time when it became Running */
    pid_t pid; /* leader of its process group; 0 when there is no process */
    uint16_t port[ZDD_LAB_PORT_MAX];
    size_t port_count;
    struct zdd_lab_timer start, escalate, ready_tick, mesos_tick[ZDD_LAB_CHECK_MAX];
    struct zdd_lab_timer give_up;   /* unreachable: becomes inactive, then is expunged */
    struct zdd_lab_timer come_back; /* its agent is in sight again; outlives an expunge */
    struct zdd_lab_result result[ZDD_LAB_CHECK_MAX];
    enum zdd_lab_tristate health;       /* the aggregate of all checks */
    enum zdd_lab_tristate mesos_health; /* the flag a Mesos-side check reports */
    /* its part in the deployment of its app; cleared when one begins */
    bool is_old, is_new, is_healthy, is_ready, is_queued;
    int ready_status; /* HTTP status of the last readiness answer; 0 none yet */
    bool ready_accepted;
    bool ready_polling;
    char ready_type[64], ready_body[256];
};

enum zdd_lab_action_kind { ZDD_LAB_START, ZDD_LAB_SCALE, ZDD_LAB_RESTART, ZDD_LAB_STOP };

struct zdd_lab_action {
    enum zdd_lab_action_kind kind;
    struct zdd_lab_spec *from, *to; /* NULL: did not exist, shall not exist */
    json_t *sentenced;              /* instance ids to kill first (kill with scale), or NULL */
    bool begun, launching, done;
    int min_healthy, max_capacity; /* replace */
    int wait_for; /* scale: how many started instances must turn healthy and ready */
    struct zdd_lab_timer reconcile;
};

/** A plan under way. Actions are sorted by step. */
struct zdd_lab_deployment {
    struct zdd_lab_deployment *next;
    char id[ZDD_UUID_SIZE];
    int64_t version_ms;
    struct zdd_lab_action *action;
    size_t *step_end;                      /* step i holds actions step_end[i-1] to step_end[i]-1 */
    size_t action_count, step_count, step; /* step counts from 0; == step_count when finished */
    bool entered;                          /* the current step's deployment_info is out */
    bool hidden;                           /* stored but not yet started (forced update, §1.6) */
};

/** What keeps one configuration of one app from being launched: its delay (§7.1), its refused
 * offers (§7.2). */
struct zdd_lab_delay {
    struct zdd_lab_delay *next;
    char *app;
    int64_t configured_ms;
    int64_t delay_ms;     /* unscaled; 0 none */
    int64_t reference_ms; /* lab time */
    struct zdd_lab_timer wake;
    const char *reason; /* why the last offer was refused; static text, or NULL */
    int64_t processed, declined, last_processed, last_declined;
    int64_t since_utc_ms, unused_utc_ms;
};

/** @return compact text, to free(); NULL without memory */
char *zdd_lab_text(json_t *json);
