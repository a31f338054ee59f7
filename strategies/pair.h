/**
 * @file strategies/pair.h
 * @brief Two versions as two apps behind one balancer: the rules that carry out a program.
 *
 * Requests move from one version to the other by weights, always in this order: raise, see it on
 * every balancer, then lower (marathon-lb.md §0, 3: both at once cost requests). Nothing is removed
 * before every balancer shows that no request is under way there.
 *
 * The new app is deployed as any app that did not exist before (forward.c), and taken away as one
 * (undo.c), after the old version has got all requests back.
 */
#pragma once

#include "strategies/rules.h"

/** @return true for a deployment over a pair */
bool zdd_pair_is(const struct zdd_facts *f);

/** @return true when somebody has said promote at a gate, or in a pause */
bool zdd_pair_is_promoted(const struct zdd_facts *f);

/** @return true while the program waits for a decision: that holds it, not its share */
bool zdd_pair_stands_at_gate(const struct zdd_facts *f);

/** @return true while an operator may say which share the new version gets */
bool zdd_pair_can_be_steered(const struct zdd_facts *f);

/** @return true once the old app is being removed: there is nothing to go back to */
bool zdd_pair_is_past_return(const struct zdd_facts *f);

/** @return true in the phases in which there is a way back */
bool zdd_pair_is_under_way(const struct zdd_facts *f);

/** @return true when going back can begin with weights alone: the new version gets requests, and
 * the old one was never made smaller for it */
bool zdd_pair_gives_back(const struct zdd_plan *plan, const struct zdd_run *run);

/** @return true when an app was there before */
bool zdd_pair_has_old(const struct zdd_facts *f);

/** @return the phase in which a step of @p kind begins */
enum zdd_phase zdd_pair_phase_of(enum zdd_step_kind kind);

/** @return true when step @p step is the gate for rounds that say too little: nobody stands there
 * otherwise */
bool zdd_pair_is_own_gate(const struct zdd_plan *plan, int32_t step);

/** Go on to the step behind the present one. */
void zdd_pair_pass(const struct zdd_facts *f, struct zdd_decision *d);
/** Go on to step @p step. */
void zdd_pair_enter(const struct zdd_facts *f, int32_t step, struct zdd_decision *d);

/** @return what the balancers shall do in the end, in the present phase and step: SHIFTING,
 * LEAVING, DRAINING, SETTLING, or going back */
struct zdd_traffic zdd_pair_aim(const struct zdd_facts *f);

/** Order @p traffic at once. */
void zdd_pair_order(const struct zdd_traffic *traffic, struct zdd_decision *d);

/** @return that with which going back begins: the old version gets all requests */
struct zdd_traffic zdd_pair_return_aim(const struct zdd_facts *f);

/** @return true when @p aim is what was last ordered */
bool zdd_pair_is_ordered(const struct zdd_facts *f, const struct zdd_traffic *aim);

/** @return true when @p aim has been ordered and every balancer shows it */
bool zdd_pair_is_set(const struct zdd_facts *f, const struct zdd_traffic *aim);

/**
 * Order the next move towards @p aim: first what rises, and once that is seen and the version that
 * rises can carry it, what falls. No order while there is something to wait for.
 */
void zdd_pair_move(const struct zdd_facts *f, const struct zdd_traffic *aim,
                   struct zdd_decision *d);

/** @return true when every balancer has had the present setting for drain_ms */
bool zdd_pair_drain_time_is_over(const struct zdd_facts *f);

/** Why no request can be under way at a version any more. */
enum zdd_drain {
    ZDD_DRAIN_OPEN,          /* one may be */
    ZDD_DRAIN_NO_OLD_WORKER, /* none is seen, and no worker is young enough for the one before it
                                to hide any */
    ZDD_DRAIN_TIME,          /* none is seen, and those that a reload hid have had drain_ms */
};

/** @return what speaks for @p side, which the present setting gives no new requests */
enum zdd_drain zdd_pair_drain_of(const struct zdd_facts *f, enum zdd_pair_side side);

/** @return true when anything does */
bool zdd_pair_is_drained(const struct zdd_facts *f, enum zdd_pair_side side);

/** Order the next move towards what the present phase and step want. */
void zdd_pair_shift(const struct zdd_facts *f, struct zdd_decision *d);
/** Look at the balancers again soon. */
void zdd_pair_poll(const struct zdd_facts *f, struct zdd_decision *d);

/** @return true when every balancer shows what the present phase and step want */
bool zdd_pair_is_shifted(const struct zdd_facts *f);

/** @return true when the next order towards @p aim would go out now: both versions take requests
 * all the time, so nothing has to be seen before */
bool zdd_pair_can_go_straight(const struct zdd_facts *f, const struct zdd_traffic *aim);

/** How often what balancers have counted is read while a share waits, milliseconds. */
#define ZDD_SHARE_POLL_MS 5000
/** How often balancers are looked at while something is under way there, milliseconds. */
#define ZDD_BALANCER_POLL_MS 100
