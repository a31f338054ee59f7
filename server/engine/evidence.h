/**
 * @file server/engine/evidence.h
 * @brief What was seen when a step of a pair's program ended: the proof that it may have ended.
 */
#pragma once

#include "server/base/buf.h"
#include "server/engine/scene.h"

/** What a step's end rests on. All borrowed. */
struct zdd_evidence {
    const struct zdd_plan *plan;
    const struct zdd_run *before; /* while the step ran */
    const struct zdd_scene *scene;
    const struct zdd_observation *seen;
};

/**
 * Append the members that tell it, each with a comma before it: `marathon` (both apps),
 * `balancers` (each one as it was seen), `share`, `receipts` (who has fetched the weights), and by
 * kind of step `gate`, `kept` or `drain`, the drain proof. Bounded by the numbers of balancers and
 * sources. Nothing for a deployment over one app, and while nothing could be seen.
 */
void zdd_evidence_tell(struct zdd_buf *buf, const struct zdd_evidence *evidence);
