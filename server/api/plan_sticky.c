/**
 * @file server/api/plan_sticky.c
 * @brief Which labels keep users at their version during a deployment, in words.
 */
#include "server/api/plan_sticky.h"

#include "strategies/pair_take.h"

#include <stdarg.h>
#include <stdio.h>

struct notes {
    size_t count;
    struct zdd_plan_note *note;
};

__attribute__((format(printf, 3, 4))) static void note(struct notes *list, const char *code,
                                                       const char *format, ...)
{
    struct zdd_plan_note *new = &list->note[list->count++];
    va_list arguments;

    new->code = code;
    va_start(arguments, format);
    vsnprintf(new->text, sizeof(new->text), format, arguments);
    va_end(arguments);
}

/* Marathon-LB takes the labels of the app that is older; of one that was scaled later than the
 * other, those of the other (marathon-lb.md §1.3, 2). */
static bool labels_take_turns(const struct zdd_plan *plan)
{
    return zdd_plan_takes_over(plan) || zdd_program_has(&plan->program, ZDD_STEP_SHED);
}

static void note_old_only(const struct zdd_sticky *s, bool turns, struct notes *list)
{
    if (s->by_old.size > 0)
        note(list, "sticky-one-side",
             turns ? "%s: only the old version has it. While there are two, the labels of one app "
                     "count for both, and which one that is changes: users may stick, or move at "
                     "any time."
                   : "%s: only the old version has it. While there are two, its labels count for "
                     "both, so users stick until it is gone, and no longer then.",
             s->by_old.data);
}

static void note_new_only(const struct zdd_sticky *s, bool turns, struct notes *list)
{
    if (s->by_new.size > 0)
        note(list, "sticky-one-side",
             turns ? "%s: only the new version has it. While there are two, the labels of one app "
                     "count for both, and which one that is changes: users may stick, or move at "
                     "any time."
                   : "%s: only the new version has it. While there are two, the old one's labels "
                     "count for both, so users stick only once that is gone.",
             s->by_new.data);
}

size_t zdd_plan_sticky(const struct zdd_sticky *sticky, struct zdd_plan *plan,
                       struct zdd_plan_note *ret_notes)
{
    struct notes list = {.note = ret_notes};
    const bool turns = labels_take_turns(plan);

    plan->pair.sticky = sticky->any;
    plan->pair.by_users = sticky->now || (turns && sticky->by_new.size > 0);
    note_old_only(sticky, turns, &list);
    note_new_only(sticky, turns, &list);
    if (sticky->partly)
        note(&list, "sticky-some-ports",
             "Users stick by %s; at the app's other ports each request goes by the weights.",
             sticky->kept.data);
    if (sticky->idle.size > 0)
        note(&list, "sticky-needs-http",
             "%s has no effect: a cookie needs HTTP, and the port is balanced as TCP. "
             "HAPROXY_n_MODE=http, a vhost, or a check of the protocol HTTP makes it HTTP.",
             sticky->idle.data);
    return list.count;
}
