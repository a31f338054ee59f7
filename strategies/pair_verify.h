/**
 * @file strategies/pair_verify.h
 * @brief PRIVATE to strategies/: the new version is checked in a step of its own.
 */
#pragma once

#include "strategies/rules.h"

#define ZDD_PROBE_MS 5000 /* a round of checks takes no longer; all instances side by side */

bool zdd_pair_fails_and_stays(const struct zdd_facts *f);
bool zdd_pair_fails_and_returns(const struct zdd_facts *f);
bool zdd_pair_is_verified(const struct zdd_facts *f);
/** @return true while not every new instance serves: a round would say nothing of the rest */
bool zdd_pair_lacks_instances(const struct zdd_facts *f);
/** @return true when all rounds are made, and somebody has to decide what they amount to */
bool zdd_pair_is_unsure(const struct zdd_facts *f);
/** Go on behind the checks, and behind their gate. */
void zdd_pair_pass_verified(const struct zdd_facts *f, struct zdd_decision *d);
bool zdd_pair_should_measure(const struct zdd_facts *f);

void zdd_pair_note_unverified(const struct zdd_facts *f, struct zdd_decision *d);
void zdd_pair_hold_unverified(const struct zdd_facts *f, struct zdd_decision *d);
void zdd_pair_measure(const struct zdd_facts *f, struct zdd_decision *d);
void zdd_pair_wait_for_round(const struct zdd_facts *f, struct zdd_decision *d);
