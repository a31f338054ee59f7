/**
 * @file server/api/notes.h
 * @brief The few figures of a plan that every view of its deployment shows, kept at hand.
 *
 * A plan never changes, so what is kept is never wrong; what is not kept is read again.
 */
#pragma once

#include "storage/plans.h"

struct zdd_note {
    int32_t target_instances, old_instances;
    char rollback_mode[16];
    double rollback_s;     /* estimate */
    int32_t program_steps; /* 0: not over a pair; else its views need the whole plan */
};

/** Take the figures from a plan. */
void zdd_note_read(const struct zdd_plan *plan, struct zdd_note *ret_note);

struct zdd_notes;

/** @return NULL without memory */
struct zdd_notes *zdd_notes_new(struct zdd_store *store);
/** NULL is fine. @return NULL */
struct zdd_notes *zdd_notes_free(struct zdd_notes *notes);

/** The figures of plan @p plan_id, from memory or from the store; zeros and "none" when there is no
 * such plan. From any thread. @return NONE or a store error: then nothing is known */
ZDD_MUST_CHECK enum zdd_err zdd_notes_get(struct zdd_notes *notes, const char *plan_id,
                                          struct zdd_note *ret_note);
