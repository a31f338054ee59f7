/**
 * @file strategies/pair_back.h
 * @brief PRIVATE to strategies/: conditions of the way back over a pair.
 */
#pragma once

#include "strategies/rules.h"

/** @return true while something was given up of the old version, or is about to be */
bool zdd_pair_should_regrow(const struct zdd_facts *f);
/** @return true when the old version has all its instances again, and all of them serve */
bool zdd_pair_has_regrown(const struct zdd_facts *f);
/** @return true while an old instance that was told to leave is told so */
bool zdd_pair_lets_some_leave(const struct zdd_facts *f);
/** @return true while those that were killed may still be ending: they must get no requests again
 */
bool zdd_pair_still_sheds(const struct zdd_facts *f);
void zdd_pair_regrow(const struct zdd_facts *f, struct zdd_decision *d);
bool zdd_pair_old_is_in_others_hands(const struct zdd_facts *f);
bool zdd_pair_is_short(const struct zdd_facts *f); /* of old instances */
bool zdd_pair_should_restore(const struct zdd_facts *f);
void zdd_pair_restore(const struct zdd_facts *f, struct zdd_decision *d);

/** @return true while requests may still be under way at the new version, or sent there */
bool zdd_pair_should_return(const struct zdd_facts *f);
/** @return true while Marathon is silent, but balancers are not, and the new version gets requests
 */
bool zdd_pair_returns_blind(const struct zdd_facts *f);
/** Take them from it: that needs the balancers only, which know whether the old one can carry them.
 * All else waits for Marathon. */
void zdd_pair_shift_blind(const struct zdd_facts *f, struct zdd_decision *d);
bool zdd_pair_returns_late(const struct zdd_facts *f);
void zdd_pair_note_late(const struct zdd_facts *f, struct zdd_decision *d);
/** @return true when every balancer has given all requests to the old version and none is under way
 * at the new one, or those that are have had drain_ms */
bool zdd_pair_has_returned(const struct zdd_facts *f);
/** @return true while the old servers have another weight than one that joins them would have */
bool zdd_pair_old_is_uneven(const struct zdd_facts *f);
void zdd_pair_settle_old(const struct zdd_facts *f, struct zdd_decision *d);
