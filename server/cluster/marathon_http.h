/**
 * @file server/cluster/marathon_http.h
 * @brief Calls to Marathon: which address, which client, how long, how many redirects.
 */
#pragma once

#include "server/cluster/marathon.h"
#include "server/cluster/marathon_error.h"
#include "server/cluster/marathon_pool.h"

#include <jansson.h>
#include <pthread.h>

#define ZDD_MARATHON_LEADER_SIZE 256

struct zdd_marathon {
    char *base[ZDD_MARATHON_BASE_MAX]; /* without a slash at the end */
    size_t base_count;
    int64_t connect_ms, timeout_ms;
    bool has_credentials;
    struct zdd_marathon_pool *pool;
    struct zdd_metrics *metrics;   /* or NULL */
    zdd_marathon_conceal *conceal; /* or NULL */
    const void *secrets;

    pthread_mutex_t lock;                  /* for what follows; never held across a call */
    size_t preferred;                      /* index of the base that worked last */
    char leader[ZDD_MARATHON_LEADER_SIZE]; /* from X-Marathon-Leader, "" unknown */
    struct zdd_cluster_info info;
    int64_t info_until_ms; /* monotonic; 0: nothing remembered */
};

/** An answer and its JSON; release both with zdd_marathon_reply_release(). */
struct zdd_marathon_reply {
    struct zdd_answer answer;
    json_t *json; /* NULL when the body is none */
};

#define ZDD_AUTO_REPLY __attribute__((cleanup(zdd_marathon_reply_release)))
void zdd_marathon_reply_release(struct zdd_marathon_reply *reply);

/**
 * GET @p path ("/v2/info") from the first base that gives a sensible answer.
 * @param[out] reply       zeroed by the caller; filled with the last answer
 * @param[out] ret_reason  on failure: what each base said
 * @return as struct zdd_cluster_ops promises for looking; ZDD_ERR_APP_UNKNOWN for Marathon's 404
 */
ZDD_MUST_CHECK enum zdd_err zdd_marathon_look(struct zdd_marathon *marathon, const char *path,
                                              struct zdd_marathon_reply *reply,
                                              char ret_reason[static ZDD_CLUSTER_REASON_SIZE]);

/** What to order. */
struct zdd_marathon_order {
    enum zdd_marathon_verb verb;
    const char *method, *path; /* path with query */
    const char *body;          /* JSON text or NULL */
    const char *request_id;    /* or NULL */
};

/**
 * Send an order once, to the base that worked last; redirects are followed to our own bases and
 * to Marathon's leader only.
 * @return the verdict of zdd_marathon_judge(), or why there is no answer
 */
ZDD_MUST_CHECK enum zdd_err zdd_marathon_command(struct zdd_marathon *marathon,
                                                 const struct zdd_marathon_order *order,
                                                 struct zdd_marathon_reply *reply,
                                                 char ret_reason[static ZDD_CLUSTER_REASON_SIZE]);
