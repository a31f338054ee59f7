/**
 * @file strategies/start.c
 * @brief How a deployment over one app begins: one order, when nothing stands in the way.
 */
#include "strategies/builtin.h"
#include "strategies/guards.h"

static bool is_locked_at_all(const struct zdd_facts *f)
{
    return f->seen->locked;
}

/* clang-format off */
const struct zdd_rule zdd_start_rules[ZDD_START_RULES] = {
    /* id                    in phase           when                go to                and order          waits for */
    {"start/nothing-to-do",  ZDD_PHASE_PENDING, zdd_is_noop,        ZDD_PHASE_SUCCEEDED, NULL,              NULL},
    {"start/late",           ZDD_PHASE_PENDING, zdd_is_late,        ZDD_PHASE_FAILED,    zdd_note_lateness, NULL},
    {"start/no-answer",      ZDD_PHASE_PENDING, zdd_is_unreachable, ZDD_SAME_PHASE,      NULL,              "marathon"},
    {"start/foreign",        ZDD_PHASE_PENDING, zdd_is_foreign,     ZDD_PHASE_FAILED,    zdd_note_foreign,  NULL},
    {"start/locked",         ZDD_PHASE_PENDING, is_locked_at_all,   ZDD_SAME_PHASE,      NULL,              "marathon-lock"},
    {"start/already-there",  ZDD_PHASE_PENDING, zdd_target_is_seen, ZDD_PHASE_ROLLING,   NULL,              "tasks"},
    {"start/apply",          ZDD_PHASE_PENDING, zdd_always,         ZDD_PHASE_APPLYING,  zdd_send_target,   "marathon"},
};
/* clang-format on */
