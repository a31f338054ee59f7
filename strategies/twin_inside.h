/**
 * @file strategies/twin_inside.h
 * @brief What the two files of the twin share.
 */
#pragma once

#include "strategies/twin.h"

/** @return instances of @p g that are not being killed */
int32_t zdd_twin_alive_in(const struct zdd_twin_generation *g);
/** @return instances of @p g, killing ones too */
int32_t zdd_twin_total_in(const struct zdd_twin_generation *g);

/** @return which of @p count candidates the caller of the twin chooses */
int32_t zdd_twin_pick(const struct zdd_twin *twin, int32_t count);

/** Kill one instance of an earlier generation, whichever; the order is unspecified (§4.2). @return
 * false when there is none */
bool zdd_twin_kill_old(struct zdd_twin *twin);

/** Do what the state calls for now: launches of a replace or a scale, and the scale check (§4.7).
 */
void zdd_twin_proceed(struct zdd_twin *twin);
