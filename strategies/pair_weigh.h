/**
 * @file strategies/pair_weigh.h
 * @brief PRIVATE to strategies/: steps in which both versions serve, each its share: weights,
 * pauses, gates, and the growth of the new version between them.
 */
#pragma once

#include "strategies/rules.h"

/** @return true in phases in which the new version has a share by weights that follow the numbers
 * of instances */
bool zdd_pair_has_share(const struct zdd_facts *f);

/** @return true when instances have come or gone, so that the share is another one than it shall
 * be, and new weights can be ordered at once */
bool zdd_pair_is_tilted(const struct zdd_facts *f);
/** @return true when that is so in a step whose own rows do not see to it */
bool zdd_pair_should_keep_share(const struct zdd_facts *f);

/** @return true when an operator has just asked for a share that can be given */
bool zdd_pair_is_told_a_share(const struct zdd_facts *f);
void zdd_pair_take_share(const struct zdd_facts *f, struct zdd_decision *d);

/** @return true while the share that an operator has asked for is not seen on every balancer */
bool zdd_pair_is_steering(const struct zdd_facts *f);

void zdd_pair_pass_weighed(const struct zdd_facts *f, struct zdd_decision *d);

/* PAUSING. */
bool zdd_pair_has_paused(const struct zdd_facts *f);
void zdd_pair_pause(const struct zdd_facts *f, struct zdd_decision *d);

/* GATED: it has expired, with that default. */
bool zdd_pair_gate_passes(const struct zdd_facts *f);
bool zdd_pair_gate_rejects(const struct zdd_facts *f);
void zdd_pair_leave_gate(const struct zdd_facts *f, struct zdd_decision *d);
void zdd_pair_reject(const struct zdd_facts *f, struct zdd_decision *d);
void zdd_pair_steer_gate(const struct zdd_facts *f, struct zdd_decision *d);
void zdd_pair_hold_gate(const struct zdd_facts *f, struct zdd_decision *d);

/** Go on behind a gate or a pause; when that was said, to the next gate or to the promotion. */
void zdd_pair_promote(const struct zdd_facts *f, struct zdd_decision *d);
