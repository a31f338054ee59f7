/**
 * @file server/net/fetch.h
 * @brief Outgoing HTTP requests, one at a time per client, bounded in time and size.
 *
 * Only this folder knows libcurl.
 */
#pragma once

#include "server/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct zdd_fetch; /* one keep-alive client; not for two threads at once */

/* Bytes of one answer; GET /v2/apps with 10 000 tasks stays below. */
#define ZDD_FETCH_BODY_MAX ((size_t)64 * 1024 * 1024)

struct zdd_fetch_auth {
    const char *basic;                /* "user:password", or NULL */
    const char *header;               /* a whole header line, "Authorization: token=…", or NULL */
    const char *ca_file;              /* PEM, or NULL for the system's */
    const char *cert_file, *key_file; /* PEM, to show who we are; or NULL */
};

/** Copy all that @p auth has. @return false without memory; zdd_fetch_auth_release() is due all the
 * same */
ZDD_MUST_CHECK bool zdd_fetch_auth_copy(const struct zdd_fetch_auth *auth,
                                        struct zdd_fetch_auth *ret_copy);
/** Free a copy, and forget it. */
void zdd_fetch_auth_release(struct zdd_fetch_auth *copy);

struct zdd_request {
    const char *method;     /* "GET", … */
    const char *url;        /* as zdd_url_valid() takes it */
    const char *body;       /* JSON text or NULL; never sent in chunks (marathon.md §8) */
    const char *accept;     /* NULL: application/json */
    const char *address;    /* connect to this IP address whatever the URL's host is called, which
                               stays the name for Host and certificates; NULL: look the host up */
    const char *request_id; /* X-Request-Id, or NULL */
    size_t body_max;        /* bytes of the answer; 0: ZDD_FETCH_BODY_MAX */
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

/** @p auth is copied. @return NULL without memory */
struct zdd_fetch *zdd_fetch_new(const struct zdd_fetch_auth *auth);

/** NULL is fine. @return NULL */
struct zdd_fetch *zdd_fetch_free(struct zdd_fetch *fetch);

/**
 * Send @p request, wait for the whole answer. Redirects are not followed. A kept-alive
 * connection that turns out dead is made anew once, for GET only; every other method
 * gets a connection of its own, so that it can never be sent twice.
 *
 * @param[out] ret_answer  filled whatever status came; to be released by the caller in every case
 * @param[out] ret_reason  on failure: what happened, as one sentence without secrets
 * @return ZDD_ERR_NONE whenever an HTTP answer arrived, also 500; ZDD_ERR_CLUSTER_DOWN (no
 *         connection, none in time, or cut off); ZDD_ERR_CLUSTER_SLOW (connected, but no whole
 *         answer in time); ZDD_ERR_CLUSTER_NONSENSE (not HTTP, too large, or
 *         headers over 64 KiB); ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_fetch_send(struct zdd_fetch *fetch,
                                           const struct zdd_request *request,
                                           struct zdd_answer *ret_answer,
                                           char ret_reason[static 200]);

void zdd_answer_release(struct zdd_answer *answer);

/**
 * Make every request under way on any client of this process fail within about a second, and later
 * ones at once, with ZDD_ERR_CLUSTER_DOWN. There is no way back: this is for the end of the
 * program.
 */
void zdd_fetch_stop_all(void);

/** @return words that follow "answered 401" (403, 407): whether our credentials are wrong, or
 * missing; "" for any other status */
const char *zdd_fetch_refusal(long status, bool has_credentials);
