/**
 * @file tests/bench/support/fleet.h
 * @brief A cluster of any number of apps at the interface of engine/cluster.h, which answers at
 * once: what is left to measure is ours.
 *
 * App number 7 is /bench/app-0000007: 4 instances with health checks. An order moves it on as its
 * `carry` says; nothing else happens by itself.
 */
#pragma once

#include "server/engine/cluster.h"

#include <stdatomic.h>

struct fleet;

/** What becomes of an app that got an order. */
enum fleet_carry {
    FLEET_AT_ONCE,  /* the next look sees it done */
    FLEET_WHEN_TOLD /* Marathon is at work until fleet_finish() */
};

struct fleet *fleet_new(size_t app_count, enum fleet_carry carry);
struct fleet *fleet_free(struct fleet *fleet);
struct zdd_cluster fleet_cluster(struct fleet *fleet);

/** Write the id of app @p number. */
void fleet_app_id(size_t number, char ret_id[static ZDD_APP_ID_SIZE]);

/** The order that app @p number got is carried out now. */
void fleet_finish(struct fleet *fleet, size_t number);

/** Orders that app @p number got so far. */
unsigned fleet_orders_of(const struct fleet *fleet, size_t number);

/** Call @p seen on the engine's thread at each order, before it is answered. */
void fleet_listen(struct fleet *fleet, void (*seen)(void *cls, size_t number), void *cls);

struct fleet_counts {
    uint64_t looks, orders, gets, infos;
};
void fleet_counts(const struct fleet *fleet, struct fleet_counts *ret_counts);
