/**
 * @file deploy/lab/balancer/balancers.h
 * @brief The balancers of a lab: each a real HAProxy, configured as Marathon-LB does it.
 *
 * Each has a thread and an address of its own, as on a host of its own. It looks at the lab's apps
 * through the lab's lock; it never holds another lock meanwhile.
 */
#pragma once

#include "deploy/lab/balancer/options.h"
#include "server/json/json.h"

#include <stdbool.h>

struct zdd_lab;

/**
 * Start what the options want and wait until each serves.
 * @return false with a sentence on stderr; what has started is to be stopped
 */
bool zdd_lab_balancers_start(struct zdd_lab *lab);

/** An event of @p type was published: those Marathon-LB listens to make it look again, soon. */
void zdd_lab_balancers_poke(struct zdd_lab *lab, const char *type);

/** End them all. Without the lab's lock. */
void zdd_lab_balancers_stop(struct zdd_lab *lab);

/** Stop balancer @p number (from 1) as if its host were down, or let it run again; from any thread.
 * @return false when there is none */
bool zdd_lab_balancer_switch(struct zdd_lab *lab, int number, bool running);

/** What /lab/state shows; new reference. */
json_t *zdd_lab_balancers_json(struct zdd_lab *lab);

/** One line for each on stdout: where it is. */
void zdd_lab_balancers_print(struct zdd_lab *lab);
