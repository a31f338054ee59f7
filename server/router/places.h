/**
 * @file server/router/places.h
 * @brief Which balancers there are: those configured, where a host name with several addresses
 * stands for one balancer each (IPv4 ones if there are any: a machine may have both). Names are
 * looked up again from time to time. Thread-safe.
 */
#pragma once

#include "server/engine/router.h"

/* Names are looked up again so often; in between an address that went away is unreachable. */
#define ZDD_PLACES_PERIOD_MS 30000

/** One balancer. */
struct zdd_place {
    char name[ZDD_BALANCER_NAME_SIZE]; /* "10.0.0.5:9090", "/run/haproxy.sock", or "lb:9090" when
                                          nobody knows an address of lb */
    char address[ZDD_SOURCE_SIZE];     /* "10.0.0.5"; "" for a path, and where none is known */
    uint16_t port;
    size_t target; /* the configured one that it comes from */
    bool known;    /* false: no address is known, it cannot be asked */
};

/** Look a host name up. @return how many addresses; 0: none is known now; may be more than @p max,
 * then the rest is left out */
typedef size_t zdd_resolve(void *cls, const char *host, char (*ret_addresses)[ZDD_SOURCE_SIZE],
                           size_t max);

struct zdd_places_options {
    const char *const *targets; /* URLs, "HOST:PORT", or paths of unix sockets; copied */
    size_t target_count;
    zdd_resolve *resolve; /* NULL: the system's resolver */
    void *cls;
    int64_t period_ms; /* 0: ZDD_PLACES_PERIOD_MS */
};

struct zdd_places;

/**
 * @return ZDD_ERR_NONE; ZDD_ERR_BODY_INVALID with a reason: a target that is none of these, none at
 *         all, or more than ZDD_BALANCER_MAX; ZDD_ERR_NO_MEMORY, ZDD_ERR_INTERNAL (no thread)
 */
ZDD_MUST_CHECK enum zdd_err zdd_places_open(const struct zdd_places_options *options,
                                            struct zdd_places **ret_places,
                                            char reason[static ZDD_ROUTER_REASON_SIZE]);

/** Waits for a lookup under way, which the system's resolver bounds. NULL is fine. @return NULL */
struct zdd_places *zdd_places_close(struct zdd_places *places);

/**
 * The balancers as they are known now; waits for the first lookup, at most @p wait_ms.
 * @return how many; more than ZDD_BALANCER_MAX: only so many are in the list
 */
size_t zdd_places_list(struct zdd_places *places, int64_t wait_ms,
                       struct zdd_place ret_list[static ZDD_BALANCER_MAX]);
