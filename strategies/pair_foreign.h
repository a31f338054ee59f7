/**
 * @file strategies/pair_foreign.h
 * @brief Somebody else has changed or removed an app of the pair.
 */
#pragma once

#include "strategies/rules.h"

/** @return true when the apps are not what the plan saw any more, before the first order */
bool zdd_pair_starts_foreign(const struct zdd_facts *f);

/** @return true when the old app is neither what the plan saw nor that with our labels */
bool zdd_pair_old_is_foreign(const struct zdd_facts *f);

/** @return true when the new app, which has been seen, is not as it was ordered any more */
bool zdd_pair_new_is_foreign(const struct zdd_facts *f);

/** @return true when one of them is so at a gate; rows before it have taken every command */
bool zdd_pair_is_foreign_at_gate(const struct zdd_facts *f);
