/**
 * @file tests/lab/haproxy_rig.h
 * @brief A real HAProxy for a test: master and worker as Marathon-LB runs them, one frontend, one
 * backend with the server lines of our own label. It ends with the test, however that ends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RIG_BACKEND "svc_80"
#define RIG_SERVER_MAX 8

struct rig_options {
    const char *balance; /* NULL: roundrobin */
    const char *source;  /* where its agent questions come from, "127.0.0.2"; NULL: anywhere */
    const char *extra;   /* words at the end of each server line, or NULL */
    uint16_t agent_port; /* 0: no agent */
    int64_t agent_interval_ms; /* 0: 50 */
    bool state_file;           /* keep weights and states over a reload */
    bool no_metrics;           /* no /metrics: nobody tells when the process started */
    bool no_legends;    /* its statistics do not tell algorithms, as Marathon-LB's do not, but its
                           configuration can be read */
    bool operator_only; /* its Runtime API takes no orders */
    size_t server_count;
    uint16_t port[RIG_SERVER_MAX];
    size_t other_count; /* servers of somebody else's backend, which nobody asks */
};

struct rig {
    struct rig_options options;
    pid_t pid;   /* of the master; 0: not running */
    int lock_fd; /* holds the ports */
    uint16_t front_port, stats_port, cli_port;
    char dir[40];
    char cli_path[64];
    char stats_url[40]; /* "http://127.0.0.1:14001" */
    char cli_url[40];   /* "127.0.0.1:14002" */
};

/** @return false when there is no HAProxy here: skip the test */
bool rig_possible(void);

/** Start it and wait until it answers. Fails the test when it does not. */
void rig_start(struct rig *rig, const struct rig_options *options);

/** Change the configuration: other servers, another algorithm. Takes effect with a reload. */
void rig_change(struct rig *rig, const struct rig_options *options);

/** Dump the state where there is a file for it, reload, wait for the new worker. */
void rig_reload(struct rig *rig);

/** End it, at once; rig_again() starts it on the same ports. */
void rig_kill(struct rig *rig);
void rig_again(struct rig *rig);

/** Ask its Runtime API. @return its answer, static storage */
const char *rig_ask(struct rig *rig, const char *line);

/** End it and remove all it has left. One that was never started is fine. */
void rig_stop(struct rig *rig);
