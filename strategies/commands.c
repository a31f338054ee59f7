/**
 * @file strategies/commands.c
 * @brief What operators may tell a deployment in any phase, and what holds it.
 *
 * These rows come before a strategy's own: an operator always has the first word.
 */
#include "strategies/guards.h"
#include "strategies/pair.h"
#include "strategies/pair_floor.h"

static bool paused(const struct zdd_facts *f)
{
    return f->run->command == ZDD_COMMAND_PAUSE;
}

static bool resumed(const struct zdd_facts *f)
{
    return f->run->command == ZDD_COMMAND_RESUME;
}

static bool retried(const struct zdd_facts *f)
{
    return f->run->command == ZDD_COMMAND_RETRY;
}

static bool told_to_end(const struct zdd_facts *f)
{
    return f->run->command == ZDD_COMMAND_ABORT || f->run->command == ZDD_COMMAND_ROLLBACK;
}

static bool told_while_going_back(const struct zdd_facts *f)
{
    return told_to_end(f) && zdd_phase_is_undo(f->run->phase) && f->run->hold == ZDD_HOLD_NONE;
}

/* Somebody else's definition is in place: abort leaves it alone, rollback puts ours back over it.
 */
static bool aborted_over_foreign(const struct zdd_facts *f)
{
    return f->run->command == ZDD_COMMAND_ABORT && f->run->hold == ZDD_HOLD_FOREIGN;
}

/* Commands that have no use here and now; the API refuses them, a race may not. */
static bool meaningless(const struct zdd_facts *f)
{
    return (f->run->command == ZDD_COMMAND_PROMOTE && !zdd_pair_is_promoted(f)) ||
           (f->run->command == ZDD_COMMAND_WEIGHT && !zdd_pair_can_be_steered(f)) ||
           (told_to_end(f) && zdd_pair_is_past_return(f) && !aborted_over_foreign(f));
}

static bool ended_before_any_order(const struct zdd_facts *f)
{
    return told_to_end(f) && !f->run->ordered;
}

static bool ended_without_way_back(const struct zdd_facts *f)
{
    return told_to_end(f) && !zdd_can_undo(f);
}

static bool held(const struct zdd_facts *f)
{
    /* A gate holds the program, not its share: its own rows see to that. */
    return f->run->hold != ZDD_HOLD_NONE && !zdd_pair_stands_at_gate(f) && !zdd_pair_floor_calls(f);
}

static void take(const struct zdd_facts *f, struct zdd_decision *d)
{
    (void)f;
    d->take_command = true;
}

static void pause(const struct zdd_facts *f, struct zdd_decision *d)
{
    take(f, d);
    if (d->hold == ZDD_HOLD_NONE)
        d->hold = ZDD_HOLD_OPERATOR;
}

/* While it goes back, the cause says why, and how it will have ended. */
static void resume(const struct zdd_facts *f, struct zdd_decision *d)
{
    take(f, d);
    d->hold = ZDD_HOLD_NONE;
    /* Whoever goes on has seen what the checks said; else it would hold again at once. */
    d->fresh_evidence = zdd_run_is_condemned(f->run);
    if (!zdd_phase_is_undo(f->run->phase))
        d->cause = ZDD_CAUSE_NONE;
}

static void retry(const struct zdd_facts *f, struct zdd_decision *d)
{
    resume(f, d);
    d->fresh_deadlines = true;
    d->fresh_evidence = true;
}

static void note_command(const struct zdd_facts *f, struct zdd_decision *d)
{
    take(f, d);
    d->hold = ZDD_HOLD_NONE;
    if (f->run->command == ZDD_COMMAND_ROLLBACK)
        d->cause = f->run->command_value ? ZDD_CAUSE_REJECTED : ZDD_CAUSE_OPERATOR;
    else
        d->cause = *f->run->superseded_by ? ZDD_CAUSE_SUPERSEDED : ZDD_CAUSE_ABORTED;
}

/* clang-format off */
const struct zdd_rule zdd_command_rules[] = {
    /* id                          in phase        when                    go to               and order      waits for */
    {"common/pause",               ZDD_ANY_PHASE,  paused,                 ZDD_SAME_PHASE,     pause,         "operator"},
    {"common/resume",              ZDD_ANY_PHASE,  resumed,                ZDD_SAME_PHASE,     resume,        NULL},
    {"common/retry",               ZDD_ANY_PHASE,  retried,                ZDD_SAME_PHASE,     retry,         NULL},
    {"common/no-such-command",     ZDD_ANY_PHASE,  meaningless,            ZDD_SAME_PHASE,     take,          NULL},
    {"common/going-back-already",  ZDD_ANY_PHASE,  told_while_going_back,  ZDD_SAME_PHASE,     take,          NULL},
    {"common/leave-to-others",     ZDD_ANY_PHASE,  aborted_over_foreign,   ZDD_PHASE_CANCELED, note_command,  NULL},
    {"common/end-unstarted",       ZDD_ANY_PHASE,  ended_before_any_order, ZDD_PHASE_CANCELED, note_command,  NULL},
    {"common/end-as-it-is",        ZDD_ANY_PHASE,  ended_without_way_back, ZDD_PHASE_CANCELED, note_command,  NULL},
    {"common/go-back",             ZDD_ANY_PHASE,  told_to_end,            ZDD_PHASE_CLEARING, note_command,  "marathon"},
    {"common/held",                ZDD_ANY_PHASE,  held,                   ZDD_SAME_PHASE,     NULL,          "operator"},
};
/* clang-format on */
const size_t zdd_command_rule_count = ZDD_COUNT(zdd_command_rules);
