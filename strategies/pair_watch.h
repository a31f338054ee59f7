/**
 * @file strategies/pair_watch.h
 * @brief PRIVATE to strategies/: checks beside the steps, while both versions get requests.
 *
 * They go on whatever step waits for something, and take the deployment back, or hold it, as soon
 * as they are bad. An operator's own hold comes first, and so does what he says.
 */
#pragma once

#include "strategies/rules.h"

/** How often what balancers have counted is read while a check waits for it, milliseconds. */
#define ZDD_JUDGE_POLL_MS 1000

/** @return true while something is judged by the requests that come */
bool zdd_pair_is_watched(const struct zdd_facts *f);

bool zdd_pair_watch_goes_back(const struct zdd_facts *f);
bool zdd_pair_watch_stays(const struct zdd_facts *f);
bool zdd_pair_watch_is_due(const struct zdd_facts *f);

/** Make a round of them; the step goes on beside. */
void zdd_pair_watch(const struct zdd_facts *f, struct zdd_decision *d);
/** @return when the next round is made; INT64_MAX: there is none */
int64_t zdd_pair_watch_next_ms(const struct zdd_facts *f);
/** @return when the balancers' counters are to be looked at again, whatever the step waits for;
 * INT64_MAX: they need not be */
int64_t zdd_pair_watch_wakes_ms(const struct zdd_facts *f);
