/**
 * @file server/engine/router.h
 * @brief What the engine needs of whoever spreads requests over instances, as an interface:
 * Marathon-LB behind it, an HAProxy one owns, nobody at all, or the simulator.
 *
 * A pair is two versions of one app behind the same service ports: the old side and the new side.
 * Implementations translate, they decide nothing. Calls may be made from several threads at once
 * and are bounded in time: some 5 s at most, and as long again while the host names of the
 * balancers have never been looked up.
 */
#pragma once

#include "strategies/model/err.h"
#include "strategies/model/limits.h"
#include "strategies/model/traffic.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZDD_ROUTER_REASON_SIZE 300
#define ZDD_BALANCER_MAX 8        /* balancers of one cluster; more are refused at the start */
#define ZDD_BALANCER_NAME_SIZE 80 /* "10.0.0.5:9090" */
#define ZDD_SOURCE_MAX 16         /* that are remembered; the one silent for longest goes */
#define ZDD_SOURCE_SIZE 46        /* an address without port, IPv6 at most */
#define ZDD_ADDRESS_SIZE 64       /* "[2001:db8::1]:31005" and NUL, with room for a zone */
#define ZDD_BACKEND_SIZE 280      /* app id and "_65535" */
#define ZDD_BACKEND_NONE "-"      /* in a list of names: that port is behind no balancer */

/** One instance behind one service port. */
struct zdd_endpoint {
    char backend[ZDD_BACKEND_SIZE]; /* "zdd_base_10000" (marathon-lb.md §1.4) */
    char address[ZDD_ADDRESS_SIZE]; /* "10.0.0.7:31005": where the balancer connects to; an IP
                                       address, as Marathon-LB has it: host names are resolved by
                                       whoever fills this in */
};

struct zdd_side_order {
    enum zdd_serving serving;
    int32_t weight; /* of each server, 0 to ZDD_WEIGHT_MAX */
    const struct zdd_endpoint *endpoints;
    size_t endpoint_count;
};

/** All that the balancers shall do with one pair: absolute, the same one twice is harmless. */
struct zdd_router_order {
    const char *pair; /* the pair's name, "/zdd/base" */
    struct zdd_side_order side[ZDD_SIDE_COUNT];
    const char *router; /* that moves the pair, by name: where there are several */
};

/** A pair to look at. Borrowed. */
struct zdd_router_ask {
    const char *pair;
    const struct zdd_endpoint *endpoints[ZDD_SIDE_COUNT];
    size_t endpoint_count[ZDD_SIDE_COUNT];
    const char *router; /* as above */
};

/** Counters of a side's servers since the balancer's worker process started (marathon-lb.md §5). */
struct zdd_traffic_counters {
    int64_t requests;  /* stot */
    int64_t chosen;    /* lbtot: of these, that no cookie has sent there, but the weights */
    int64_t answers;   /* all hrsp_* */
    int64_t errors;    /* hrsp_5xx */
    int64_t broken;    /* eresp */
    int64_t refused;   /* econ */
    int64_t retried;   /* wretr */
    int64_t rerouted;  /* wredis */
    int64_t answer_ms; /* rtime × answers of each server, summed: the mean is answer_ms / answers */
};

/** One side as one balancer has it. */
struct zdd_side_traffic {
    int32_t servers; /* endpoints that have a row there */
    uint64_t mark;   /* of these by name: another value is another set of servers */
    int32_t stopped; /* of these: in DRAIN or MAINT */
    int32_t listed;  /* of these: in the backend that lists the fewest */
    int32_t up;      /* take requests as far as health goes, whatever the weight: in the backend
                        where the fewest do, for an instance serves with all its ports */
    int32_t weight_min, weight_max; /* over the rows; 0 when there is none */
    int64_t weight_sum;             /* of those that are up and not stopped */
    int32_t sessions, queue;        /* scur and qcur, summed */
    struct zdd_traffic_counters counters;
};

/** One balancer. */
struct zdd_balancer_view {
    char name[ZDD_BALANCER_NAME_SIZE];
    bool reachable;        /* false: nothing below is known */
    int64_t started_at_ms; /* of its worker process, at least as new as the figures below: another
                              value is a reload, and sessions of the process before are not in
                              `sessions`. 0 and small values: the balancer does not tell the time,
                              but another value still is a reload */
    int32_t strangers;     /* servers of the pair's backends that belong to neither side */
    int32_t serving;       /* servers, strangers too, that get new requests: up, not stopped, with
                              a weight; in the backend where the fewest do */
    bool weights_obeyed;   /* false: a backend's algorithm ignores weights or obeys them badly
                              (marathon-lb.md §4.a); true also when the balancer does not tell */
    struct zdd_side_traffic side[ZDD_SIDE_COUNT];
};

/** Who has fetched the last order of the pair by himself, where balancers do (agent-check). What
 * they made of it is in the views; a source that is no balancer of the list is one too many. */
struct zdd_router_receipt {
    char source[ZDD_SOURCE_SIZE]; /* "10.0.0.5" */
    int32_t fetched, total;       /* servers of the pair: answered as last ordered, and all */
    int64_t last_ms;              /* when it asked for any of them */
};

struct zdd_router_view {
    int64_t taken_at_ms;   /* the oldest of its parts */
    size_t balancer_count; /* 0: there are none, and nothing can be known (see means) */
    struct zdd_balancer_view balancer[ZDD_BALANCER_MAX];
    size_t receipt_count;
    struct zdd_router_receipt receipt[ZDD_SOURCE_MAX];
};

/** How a share of the requests can be had. */
enum zdd_router_means {
    ZDD_MEANS_WEIGHTS, /* by weights: set and observe do what they say */
    ZDD_MEANS_COUNTS,  /* by numbers of instances alone: all that are healthy serve alike */
    ZDD_MEANS_NOTHING, /* not at all */
    ZDD_MEANS_COUNT
};

/*
 * Errors of all calls: ZDD_ERR_NO_MEMORY; ZDD_ERR_ROUTER_DOWN when no balancer could be asked (some
 * that could not are told by `reachable`).
 */
struct zdd_router_ops {
    const char *name; /* of the driver: "marathon-lb" */
    enum zdd_router_means means;
    /** From now on the balancers are told this of the pair's servers; what was said of the pair's
     * other servers is forgotten. Returns when it is said, not when it is obeyed: see observe. */
    enum zdd_err (*set)(void *cls, const struct zdd_router_order *order,
                        char reason[static ZDD_ROUTER_REASON_SIZE]);
    /** Look at @p count pairs on all balancers, not older than @p max_age_ms; what a look costs
     * does not depend on how many pairs or callers there are. */
    enum zdd_err (*observe)(void *cls, const struct zdd_router_ask *asks, size_t count,
                            int64_t max_age_ms, struct zdd_router_view *ret_views,
                            char reason[static ZDD_ROUTER_REASON_SIZE]);
    /** Say nothing of the pair any more. An unknown one is fine. Its servers keep what they were
     * told last, so make all of them serve with weight 1 before: servers that come later do. */
    void (*forget)(void *cls, const char *pair);
};

struct zdd_router {
    const struct zdd_router_ops *ops;
    void *cls;
};
