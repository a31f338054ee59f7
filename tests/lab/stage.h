/**
 * @file tests/lab/stage.h
 * @brief A lab with its balancers, and what clients and operators see of them.
 *
 * Each stage has loopback addresses of its own, so that service ports can be the same in all tests.
 */
#pragma once

#include "tests/lab/lab.h"

#define STAGE_PORT 10080 /* HAPROXY_0_PORT of the apps below */
#define STAGE_HOST_SIZE 16

struct stage {
    struct lab *lab;
    char host[STAGE_HOST_SIZE];   /* of the first balancer … */
    char second[STAGE_HOST_SIZE]; /* … and of the second */
};

/** Start a lab at speed 50 with a balancer on free ports, and these options (NULL-terminated). */
struct stage *stage_start(const char *const *options);
/** @return NULL */
struct stage *stage_stop(struct stage *stage);

/** A simpleservice. */
struct stage_app {
    const char *id, *version;
    int instances, port; /* port 0: STAGE_PORT */
    const char *labels;  /* more members, JSON: "\"HAPROXY_0_VHOST\": \"x\"" */
    const char *members; /* more members of the app; NULL for none */
    bool unchecked;      /* no health checks */
    int health_ms;       /* how long /health takes */
};

/** PUT it and wait for the end of its deployment, which must be good. */
void stage_deploy(struct stage *stage, const struct stage_app *app);
/** PUT it; no more. */
void stage_put(struct stage *stage, const struct stage_app *app);

/** Ask for a page, and let it come. @return the connection, for stage_answer(); -1 for none */
int stage_ask(const char *host, int port, const char *path, const char *header);
/** @return what comes on it until its end, to be freed; NULL for nothing. Closes it. */
char *stage_answer(int fd);
/** GET by a client that asks once on a connection of its own. @param header "Cookie: a=b" or NULL
 * @return head and body, to be freed; NULL when nobody answers */
char *stage_get(const char *host, int port, const char *path, const char *header);
/** @return the status of that answer, 0 for NULL */
int stage_status(const char *answer);
/** Ask until the status is this one; fails the test after LAB_WAIT_MS. @return the body's
 * "version", or "", in @p ret_version unless that is NULL */
void stage_until_status(const char *host, int port, const char *header, int status,
                        char ret_version[static 32]);

/** A number of balancer @p index, counted from 0, as /lab/state shows it. */
int64_t stage_number(struct stage *stage, int index, const char *key);
/** GET from its statistics port. @return to be freed; fails the test when nobody answers */
char *stage_stats(struct stage *stage, int index, const char *path);

/** One cell of the statistics. @return "" when there is no such row */
void stage_cell(struct stage *stage, int index, const char *proxy, const char *server,
                const char *column, char ret[static 64]);
/** @return how many servers of @p backend have a status that begins so */
int stage_count(struct stage *stage, int index, const char *backend, const char *status);
/** Wait until there are so many of them. */
void stage_until(struct stage *stage, int index, const char *backend, const char *status,
                 int count);

/** Wait until the workers that reloads have replaced have answered their last request and ended. */
void stage_until_one_worker(struct stage *stage, int index);

/* A zdd-load that asks through balancers all the time. */
struct stage_load {
    pid_t pid;
    int out;
};

/** @param urls  NULL-terminated @param header one more of each request, or NULL */
struct stage_load stage_load_start(const char *const *urls, const char *header);
/** The same with options of zdd-load of one's own, and without a wait for the first answers. */
struct stage_load stage_load_open(const char *const *urls, const char *const *options);
/** Let it run until it has had @p more further answers. @return how many it has had */
long stage_load_more(struct stage_load *load, long more);
/** @return its counts so far: "answered", "failed", "retried", "versions"; new reference */
json_t *stage_load_counts(struct stage_load *load);
/** End it. @return its last counts, with the number of "connections"; new reference */
json_t *stage_load_end(struct stage_load *load);
/** End it. @return how many requests failed; @p ret_answered may be NULL */
long stage_load_stop(struct stage_load *load, long *ret_answered);
