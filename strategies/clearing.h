/**
 * @file strategies/clearing.h
 * @brief Going back without losing what serves: what has to go before the previous definition is
 * put back.
 *
 * Marathon cannot return to an earlier version: putting the previous definition back replaces every
 * task, and at its start Marathon kills "old" tasks of its own choice, counting sick new ones as
 * capacity (marathon.md §1.6, §4.1). A sick new version could so cost the healthy originals.
 * Scaling down takes the starting and then the youngest running instances first (§4.7): that
 * removes the sick ones before.
 *
 * Instances that crash at once, or that the cluster has no room for, cannot be removed like this:
 * mostly they are not even running, Marathon counts them all the same, and scaling down would take
 * running ones before them. Then more instances than before are put back, so many that Marathon's
 * arithmetic kills none at the start; when all of them are healthy, the surplus goes.
 */
#pragma once

#include "strategies/rules.h"

#define ZDD_CLEARING_NONE (-1)

/**
 * @return the number of instances that the target must be scaled to before the previous definition
 * may be put back; ZDD_CLEARING_NONE when no choice of Marathon's can cost more than the previous
 * definition allows. While the count is there already: wait until it has taken effect, or until the
 * others are healthy.
 */
int32_t zdd_clearing_keep(const struct zdd_facts *f);

/**
 * @return with how many instances the previous definition is put back: as many as before, or more
 * when that saves those that serve. With a small minimumHealthCapacity by the classic rule no
 * bearable number may do; then it is as many as before, and Marathon kills what it likes.
 */
int32_t zdd_clearing_restored(const struct zdd_facts *f);

/**
 * @return true while no number of instances is safe to put back that will be when those that have
 * been told to end have ended: the rule of 1.10 counts them, and would kill as many others
 */
bool zdd_clearing_waits(const struct zdd_facts *f);

/** @return the most that zdd_clearing_restored() may give for this plan */
int32_t zdd_clearing_restored_max(const struct zdd_plan *plan);
