/**
 * @file server/api/plan_note.h
 * @brief A warning of a plan that strategies do not see.
 */
#pragma once

#define ZDD_PLAN_NOTE_MAX 10 /* one of each code, and two of sticky-one-side */

/** A warning about names, labels, or how the request was written. */
struct zdd_plan_note {
    const char *code;
    char text[900]; /* two app ids and a sentence, or some labels' names: longer is cut */
};
