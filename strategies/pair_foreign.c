/**
 * @file strategies/pair_foreign.c
 * @brief Somebody else has changed or removed an app of the pair.
 */
#include "strategies/pair_foreign.h"

#include "strategies/guards.h"
#include "strategies/pair.h"
#include "strategies/pair_shed.h"

static bool old_was_changed(const struct zdd_facts *f)
{
    return f->seen->reachable && zdd_pair_has_old(f) &&
           (f->seen->peer.definition == ZDD_DEFINITION_FOREIGN ||
            f->seen->peer.definition == ZDD_DEFINITION_ABSENT || !zdd_pair_old_has_its_size(f));
}

bool zdd_pair_starts_foreign(const struct zdd_facts *f)
{
    return old_was_changed(f) || zdd_is_foreign(f);
}

bool zdd_pair_old_is_foreign(const struct zdd_facts *f)
{
    return zdd_pair_is_under_way(f) && old_was_changed(f);
}

/* From the moment it has been seen, the new app is ours, and stays as it was ordered. */
bool zdd_pair_new_is_foreign(const struct zdd_facts *f)
{
    return f->run->phase >= ZDD_PHASE_JOINING && f->run->phase <= ZDD_PHASE_RETIRING &&
           f->seen->reachable && !zdd_target_is_seen(f);
}

bool zdd_pair_is_foreign_at_gate(const struct zdd_facts *f)
{
    return zdd_pair_old_is_foreign(f) || zdd_pair_new_is_foreign(f);
}
