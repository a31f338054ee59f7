/**
 * @file strategies/pair_unwell.h
 * @brief PRIVATE to strategies/: an instance of the new version fails while it has a share of the
 * requests, and the old version still has the others.
 *
 * Nobody waits for a second one, nor for Marathon to start it anew: the deployment goes back, or is
 * held for an operator. An operator's own hold and an app that somebody else has changed come
 * first.
 */
#pragma once

#include "strategies/rules.h"

/** @return true when fewer instances run than have joined, or one of them is ill */
bool zdd_pair_is_unwell(const struct zdd_facts *f);
bool zdd_pair_unwell_goes_back(const struct zdd_facts *f);
bool zdd_pair_unwell_stays(const struct zdd_facts *f);

void zdd_pair_unwell_back(const struct zdd_facts *f, struct zdd_decision *d);
void zdd_pair_unwell_hold(const struct zdd_facts *f, struct zdd_decision *d);
