/**
 * @file strategies/pair_shed.h
 * @brief PRIVATE to strategies/: giving up instances of the old version while the new one grows.
 *
 * The oldest go first, so that it stays the same ones whatever dies and starts meanwhile. They get
 * no new requests, drain as the whole old version does, and are then killed by their ids.
 */
#pragma once

#include "strategies/rules.h"

/** @return how many old instances the program lets stay, in the present phase and step;
 * ZDD_INSTANCES_MAX: all, and always when going back */
int32_t zdd_pair_stay(const struct zdd_facts *f);

/** @return the fewest instances of both versions that have to take requests while some leave */
int32_t zdd_pair_promise(const struct zdd_plan *plan);

/** @return true when both versions stay in the end */
bool zdd_pair_keeps_both(const struct zdd_plan *plan);

/** @return true when the balancers have enough to take requests once @p aim holds, even if all that
 * leave by it took some; true also when none leaves */
bool zdd_pair_can_spare(const struct zdd_facts *f, const struct zdd_traffic *aim);

/** @return true when the old app has as many instances as the program has left it */
bool zdd_pair_old_has_its_size(const struct zdd_facts *f);

/* LEAVING and SHEDDING. */
bool zdd_pair_has_left(const struct zdd_facts *f);
bool zdd_pair_leaves_too_long_and_dies(const struct zdd_facts *f);
bool zdd_pair_may_reach_leaving(const struct zdd_facts *f);
bool zdd_pair_should_kill(const struct zdd_facts *f);
bool zdd_pair_has_shed(const struct zdd_facts *f);
void zdd_pair_kill(const struct zdd_facts *f, struct zdd_decision *d);
void zdd_pair_wait_shed(const struct zdd_facts *f, struct zdd_decision *d);
