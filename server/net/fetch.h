/**
 * @file server/net/fetch.h
 * @brief Outgoing HTTP requests, one at a time per client, bounded in time and size. fetch.c and
 * sse.c alone know libcurl.
 */
#pragma once

#include "server/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct zdd_fetch; /* one keep-alive client; not for two threads at once */

#define ZDD_FETCH_BODY_MAX                                                                         \
    (64u * 1024 * 1024) /* an answer of GET /v2/apps with 10 000 tasks stays below */

struct zdd_fetch_auth {
    const char *basic;   /* "user:password", or NULL */
    const char *header;  /* a whole header line, "Authorization: token=…", or NULL */
    const char *ca_file; /* PEM, or NULL for the system's */
};

struct zdd_request {
    const char *method; /* "GET", … */
    const char *url;    /* http or https only */
    const char
        *body; /* JSON text or NULL; sent with Content-Length, never chunked (marathon.md §8) */
    const char *accept;     /* NULL: application/json */
    const char *request_id; /* X-Request-Id, or NULL */
    int64_t connect_ms;     /* 0: 5000 */
    int64_t timeout_ms;     /* whole request; 0: 30000 */
};

struct zdd_answer {
    long status;            /* HTTP status */
    struct zdd_buf body;    /* release with zdd_answer_release() */
    char type[96];          /* Content-Type, lower-case, without parameters */
    char location[512];     /* of a redirect, else "" */
    char deployment_id[64]; /* Marathon-Deployment-Id, else "" */
    char leader[256];       /* X-Marathon-Leader, else "" */
};

struct zdd_fetch *zdd_fetch_new(const struct zdd_fetch_auth *auth);
struct zdd_fetch *zdd_fetch_free(struct zdd_fetch *fetch);

/**
 * Send @p request, wait for the whole answer. Redirects are not followed; a kept-alive
 * connection that turns out dead is retried once, for GET only.
 *
 * @param[out] ret_answer  filled whatever status came; to be released by the caller in every case
 * @param[out] ret_reason  on failure: what happened, as one sentence without secrets
 * @return ZDD_ERR_NONE whenever an HTTP answer arrived, also 500; ZDD_ERR_CLUSTER_DOWN (no
 * connection, cut off); ZDD_ERR_CLUSTER_SLOW (timeout); ZDD_ERR_CLUSTER_NONSENSE (not HTTP, or over
 * ZDD_FETCH_BODY_MAX); ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_fetch_send(struct zdd_fetch *fetch,
                                           const struct zdd_request *request,
                                           struct zdd_answer *ret_answer,
                                           char ret_reason[static 200]);

void zdd_answer_release(struct zdd_answer *answer);

/** Make every request under way on any client of this process fail soon, and later ones at once
 * (shutdown). */
void zdd_fetch_stop_all(void);
