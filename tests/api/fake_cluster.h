/**
 * @file tests/api/fake_cluster.h
 * @brief A cluster at the interface of engine/cluster.h, that answers what the test says.
 */
#pragma once

#include "server/engine/cluster.h"

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>

struct fake_cluster {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    json_t *apps;                         /* object: id → Marathon's app object */
    json_t *queue;                        /* answer of /queue */
    json_t *deployments;                  /* answer of /deployments */
    char *garbage;                        /* when set, every get answers this text */
    enum zdd_err err;                     /* when set, every call fails so … */
    char reason[ZDD_CLUSTER_REASON_SIZE]; /* … with these words */
    struct zdd_app_view view;             /* what observe answers */
    struct zdd_cluster_info info;
    bool closed;        /* calls wait at the gate … */
    unsigned waiting;   /* … so many of them */
    unsigned get_count; /* calls of get */
};

void fake_cluster_init(struct fake_cluster *fake);
void fake_cluster_release(struct fake_cluster *fake);
struct zdd_cluster fake_cluster_of(struct fake_cluster *fake);

/** Give the cluster an app: a Marathon definition, 4 running and healthy instances. @p json is its
 * text; version, versionInfo, counts and tasks are added unless they are there. */
void fake_cluster_app(struct fake_cluster *fake, const char *json);
void fake_cluster_remove(struct fake_cluster *fake, const char *app_id);
/** Somebody changes the app: member @p key, and a new version. */
void fake_cluster_touch(struct fake_cluster *fake, const char *app_id, const char *key,
                        json_t *value, const char *version);
void fake_cluster_fail(struct fake_cluster *fake, enum zdd_err err, const char *reason);

/** Close the gate, open it, wait until @p count calls stand before it. */
void fake_cluster_close(struct fake_cluster *fake);
void fake_cluster_open(struct fake_cluster *fake);
void fake_cluster_wait(struct fake_cluster *fake, unsigned count);
