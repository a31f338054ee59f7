/**
 * @file server/http/visits.h
 * @brief Inside server/http only: connections whose next request does not arrive.
 *
 * libmicrohttpd cuts a connection that says nothing for a while, so one that says a byte now and
 * then could stay for ever without asking anything. Each connection is a visit; a thread cuts
 * those that have waited too long for a whole request head.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct zdd_visits;

/** One connection. */
struct zdd_visit {
    struct zdd_visit *next, *previous;
    int fd;
    void *certificates;          /* what it holds, see tls_inside.h; for mhd.c */
    bool over_limit;             /* it came when there were enough */
    int64_t waits_since_mono_ms; /* 0 while a request is under way */
};

/** Start the thread. @return NULL when there is no memory or no thread */
struct zdd_visits *zdd_visits_start(int64_t patience_ms);

/** A connection has come, and waits for its first request. @return NULL without memory: then nobody
 * would watch it, so it counts as one too many */
struct zdd_visit *zdd_visit_begin(struct zdd_visits *visits, int fd, bool over_limit);

/** A request head has arrived (@p waits false), or its reply is sent and the next one is waited
 * for. NULL is fine. */
void zdd_visit_wait(struct zdd_visits *visits, struct zdd_visit *visit, bool waits);

/** The connection is about to be closed: its descriptor is still the same one. NULL is fine. */
void zdd_visit_end(struct zdd_visits *visits, struct zdd_visit *visit);

/** End the thread; every visit has ended. NULL is fine. @return NULL */
struct zdd_visits *zdd_visits_free(struct zdd_visits *visits);
