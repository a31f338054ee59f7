/**
 * @file strategies/pair_take.h
 * @brief Two apps of a pair exist already, and one takes over: what a killed deployment or a hand
 * left behind.
 *
 * The one that stays is the new app; the way forward is that of any pair, only that both serve
 * until the switch. Going back means to leave both as they are, with even weights: nobody can say
 * which of them was right before.
 */
#pragma once

#include "strategies/rules.h"

/** @return true for a plan whose new app exists already */
bool zdd_plan_takes_over(const struct zdd_plan *plan);
bool zdd_pair_takes_over(const struct zdd_facts *f);

/** @return true when every server has its own weight, seen on every balancer */
bool zdd_pair_is_even(const struct zdd_facts *f);

/** @return true when going back is over: both apps are left */
bool zdd_pair_leaves_both(const struct zdd_facts *f);
/** @return true when it is over after an abort */
bool zdd_pair_leaves_both_for_good(const struct zdd_facts *f);
