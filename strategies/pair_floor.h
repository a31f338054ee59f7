/**
 * @file strategies/pair_floor.h
 * @brief PRIVATE to strategies/: what the rules of a pair do while fewer instances serve than the
 * plan promises (floor.h).
 *
 * Nothing is removed and nothing is lowered. When the new version takes requests, it is the one
 * that is not trusted any more: the deployment goes back, or is held for an operator.
 */
#pragma once

#include "strategies/rules.h"

/** @return true while the floor is broken */
bool zdd_pair_floor_is_broken(const struct zdd_facts *f);

/** @return true when that calls for a way back, and neither an operator nor somebody else's change
 * holds the deployment: a gate does not count, nobody has decided anything there */
bool zdd_pair_floor_calls(const struct zdd_facts *f);
bool zdd_pair_floor_goes_back(const struct zdd_facts *f);
bool zdd_pair_floor_stays(const struct zdd_facts *f);

/** @return true when all that is left to do is a removal, which has to wait */
bool zdd_pair_floor_keeps(const struct zdd_facts *f);

void zdd_pair_floor_wait(const struct zdd_facts *f, struct zdd_decision *d);

/* Both order that the old version serves with all it has. */
void zdd_pair_floor_back(const struct zdd_facts *f, struct zdd_decision *d);
void zdd_pair_floor_hold(const struct zdd_facts *f, struct zdd_decision *d);
