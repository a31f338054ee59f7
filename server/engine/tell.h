/**
 * @file server/engine/tell.h
 * @brief Words for people: what a deployment waits for, why it went wrong, and the data of events.
 */
#pragma once

#include "server/base/buf.h"
#include "server/engine/cluster.h"
#include "strategies/rules.h"

/** Set run->waiting_* from @p code (NULL: nothing) and what was seen; `since` changes with the code
 * only. @p reason  why Marathon, or a balancer, was silent; NULL or "": it was not. */
void zdd_tell_waiting(struct zdd_run *run, const char *code, const struct zdd_plan *plan,
                      const struct zdd_observation *seen, const struct zdd_app_view *view,
                      const char *reason);

/** Set run->waiting_text to how the checks went so far. */
void zdd_tell_verify(struct zdd_run *run, const struct zdd_plan *plan);

/** Set run->error_* from run->cause and what was seen; clears them when there is no cause. */
void zdd_tell_error(struct zdd_run *run, const struct zdd_plan *plan,
                    const struct zdd_app_view *view);

/** Append the data object of an event about @p run without its end: more members may follow.
 * @param plan  its plan, for the shares of the new version; NULL: they are not told
 * @param rule  that decided; NULL for none */
void zdd_tell_run(struct zdd_buf *buf, const struct zdd_plan *plan, const struct zdd_run *run,
                  const char *rule);

/** Append the data object of an event about @p run: state, phase, step, both sides, rule, cause. */
void zdd_tell_event(struct zdd_buf *buf, const struct zdd_plan *plan, const struct zdd_run *run,
                    const char *rule);

/** Append the data object of an event about the floor of @p run's pair: the same, and how many
 * instances are promised, how many serve, and on which balancer. */
void zdd_tell_floor(struct zdd_buf *buf, const struct zdd_run *run, int32_t floor, int32_t serving,
                    const char *balancer);
