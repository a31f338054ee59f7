/**
 * @file strategies/clearing.h
 * @brief Going back without losing what serves: what has to go before the previous definition is
 * put back.
 *
 * Marathon cannot return to an earlier version: putting the previous definition back replaces every
 * task, and at its start Marathon kills "old" tasks of its own choice, counting sick new ones as
 * capacity (marathon.md §1.6, §4.1). A sick new version could so cost the healthy originals.
 * Scaling down takes the unstarted and then the youngest instances first (§4.7): that removes the
 * sick ones before.
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
