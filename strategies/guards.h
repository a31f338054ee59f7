/**
 * @file strategies/guards.h
 * @brief Conditions and orders that several rule tables share. All pure.
 */
#pragma once

#include "strategies/rules.h"

/* Conditions. */
bool zdd_always(const struct zdd_facts *f);
bool zdd_is_unreachable(const struct zdd_facts *f);
bool zdd_is_noop(const struct zdd_facts *f); /* the plan has nothing to do */
bool zdd_is_locked(
    const struct zdd_facts *f); /* by a Marathon deployment that is not our last one */
bool zdd_is_foreign(const struct zdd_facts *f);
bool zdd_was_refused(const struct zdd_facts *f);
bool zdd_is_late(const struct zdd_facts *f); /* the step's deadline or the whole one has come */
bool zdd_is_late_and_goes_back(const struct zdd_facts *f);
bool zdd_is_late_and_stays(const struct zdd_facts *f);
/** @return instances of the target that shall be there: all, or as many as the program has started
 * so far */
int32_t zdd_wanted(const struct zdd_facts *f);

bool zdd_target_is_seen(const struct zdd_facts *f); /* definition and instances */
bool zdd_is_done(const struct zdd_facts *f);        /* what the target asks for runs and serves */
bool zdd_should_send(const struct zdd_facts *f);    /* the last order's fate is unknown, or it was
                                                       accepted and never seen */

/** An order whose answer got lost may still arrive: no order that contradicts it goes out before
 * that is over, or the late one would undo it (and by force). */
bool zdd_may_still_arrive(const struct zdd_facts *f);

/** @return when the last order may be given again, if it is still not seen then; 0: at once */
int64_t zdd_next_send_ms(const struct zdd_facts *f);

/** @return false for a restart, which has no other definition to go back to, and while nothing has
 * been ordered: what others did is not undone */
bool zdd_can_undo(const struct zdd_facts *f);

/* Orders and notes. */
void zdd_look_again(const struct zdd_facts *f,
                    struct zdd_decision *d); /* wake when the order may be given again */
void zdd_wait_for_arrival(const struct zdd_facts *f,
                          struct zdd_decision *d); /* wake when nothing can arrive any more */
void zdd_send_target(const struct zdd_facts *f, struct zdd_decision *d);
void zdd_hold_failure(const struct zdd_facts *f, struct zdd_decision *d);
void zdd_note_foreign(const struct zdd_facts *f, struct zdd_decision *d);
void zdd_hold_foreign(const struct zdd_facts *f, struct zdd_decision *d);
void zdd_note_lateness(const struct zdd_facts *f, struct zdd_decision *d);
void zdd_note_refusal(const struct zdd_facts *f, struct zdd_decision *d);

/* Tables that every strategy shares, in the order they are tried around its own rows. */
extern const struct zdd_rule zdd_command_rules[];
extern const size_t zdd_command_rule_count;
extern const struct zdd_rule zdd_forward_rules[];
extern const size_t zdd_forward_rule_count;
extern const struct zdd_rule zdd_undo_rules[];
extern const size_t zdd_undo_rule_count;
