/**
 * @file server/api/explain_text.c
 * @brief The words of an explanation.
 */
#include "server/api/explain.h"

#include "server/api/trial_json.h"

#include "strategies/share.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 4))) static void
add_helper(struct zdd_explanation *e, const char *who, const char *format, ...)
{
    struct zdd_helper *helper = &e->helper[e->helper_count];
    va_list args;

    if (e->helper_count == ZDD_HELPER_MAX)
        return;
    e->helper_count++;
    helper->who = who;
    va_start(args, format);
    vsnprintf(helper->how, sizeof(helper->how), format, args);
    va_end(args);
}

static bool waits_for(const struct zdd_explanation *e, const char *code)
{
    return strcmp(e->run->waiting_code, code) == 0;
}

static void help_with_hold(struct zdd_explanation *e)
{
    switch (e->run->hold) {
    case ZDD_HOLD_OPERATOR:
        add_helper(e, "an operator", "resume it, or abort it");
        break;
    case ZDD_HOLD_FAILURE:
        add_helper(e, "an operator",
                   zdd_run_is_condemned(e->run)
                       ? "look at what the checks found; then roll back or abort, or resume: the "
                         "checks begin anew"
                       : "retry the step, roll back, or abort");
        break;
    case ZDD_HOLD_FOREIGN:
        add_helper(e, "an operator",
                   "find out who else changed %s; then resume, roll back over it, or abort",
                   e->run->app_id);
        break;
    case ZDD_HOLD_GATE:
        add_helper(e, "an operator", "promote it, or abort it");
        break;
    case ZDD_HOLD_NONE:
    case ZDD_HOLD_COUNT:
        break;
    }
}

static void help_with_cluster(struct zdd_explanation *e)
{
    const struct zdd_queue_view *queue = &e->queue;

    if (!e->reachable) {
        add_helper(e, "whoever runs Marathon", "make it answer again: %s", e->trouble);
        return;
    }
    if (waits_for(e, "marathon-lock") && e->view.lock_count > 0)
        add_helper(e, "whoever started a deployment in Marathon",
                   "wait for the end of %s, or cancel it there", e->view.lock[0]);
    if (!queue->waits)
        return;
    if (queue->delay_s > 0)
        add_helper(e, "whoever owns the app",
                   "make its tasks start: after failures Marathon waits another %.0f s",
                   queue->delay_s);
    else if (queue->rejection_count > 0)
        add_helper(e, "whoever runs the cluster", "%s for %d instances (%s)",
                   zdd_queue_reason_text(queue->rejection[0].reason), (int)queue->count,
                   queue->rejection[0].reason);
}

void zdd_explain_help(struct zdd_explanation *e)
{
    const enum zdd_state state = zdd_run_state(e->run);

    if (zdd_state_is_final(state))
        return;
    if (state == ZDD_STATE_QUEUED)
        add_helper(e, "the deployment before it", "end; or abort it, or this one");
    help_with_hold(e);
    help_with_cluster(e);
    if (waits_for(e, "tasks") && e->reachable && e->view.failure[0] &&
        e->view.failed_at_ms >= e->run->started_at_ms)
        add_helper(e, "whoever owns the app", "look why tasks fail: %s", e->view.failure);
    if (e->helper_count > 0)
        return;
    if (waits_for(e, "tasks"))
        add_helper(e, "nobody has to", "the app's tasks start, turn healthy or end by themselves");
    else if (waits_for(e, "verify"))
        add_helper(e, "nobody has to",
                   "the checks go on by themselves, and requests of users make them tell");
    else if (waits_for(e, "keep-old") || waits_for(e, "pause"))
        add_helper(e, "nobody has to", "the time that was asked for passes by itself");
    else if (waits_for(e, "balancer") || waits_for(e, "drain"))
        add_helper(e, "nobody has to",
                   "as soon as every balancer answers it goes on by itself; one that is down, "
                   "whoever runs it has to start");
    else
        add_helper(e, "nobody has to", "Marathon is on its way");
}

static void tell_state(struct zdd_buf *buf, const struct zdd_run *run)
{
    static const char *const phrases[] = {
        [ZDD_STATE_QUEUED] = "waits behind another deployment of the app",
        [ZDD_STATE_RUNNING] = "is under way",
        [ZDD_STATE_PAUSED] = "is held",
        [ZDD_STATE_WAITING] = "waits for a decision",
        [ZDD_STATE_ROLLING_BACK] = "goes back to what ran before",
        [ZDD_STATE_SUCCEEDED] = "has succeeded",
        [ZDD_STATE_ROLLED_BACK] = "has gone back to what ran before",
        [ZDD_STATE_FAILED] = "has failed",
        [ZDD_STATE_CANCELED] = "was canceled",
    };

    _Static_assert(ZDD_COUNT(phrases) == ZDD_STATE_COUNT, "each state needs a phrase");
    zdd_buf_printf(buf, "The %s deployment of %s %s.\n", run->strategy, run->app_id,
                   phrases[zdd_run_state(run)]);
    if (run->error_code[0])
        zdd_buf_printf(buf, "What went wrong: %s\n", run->error_text);
}

/* "3 min 5 s" says more at night than 185. */
static void tell_duration(struct zdd_buf *buf, int64_t ms)
{
    const long long s = ms / 1000;

    if (s >= 3600)
        zdd_buf_printf(buf, "%lld h %lld min", s / 3600, s % 3600 / 60);
    else if (s >= 60)
        zdd_buf_printf(buf, "%lld min %lld s", s / 60, s % 60);
    else
        zdd_buf_printf(buf, "%lld s", s);
}

static void tell_waiting(struct zdd_buf *buf, const struct zdd_run *run, int64_t now_ms)
{
    if (!run->waiting_code[0])
        return;
    if (run->waiting_since_ms > 0 && now_ms >= run->waiting_since_ms) {
        zdd_buf_text(buf, "It has waited for ");
        tell_duration(buf, now_ms - run->waiting_since_ms);
    } else {
        zdd_buf_text(buf, "It waits");
    }
    zdd_buf_printf(buf, ": %s\n", run->waiting_text);
    if (run->step_deadline_at_ms > now_ms && run->hold == ZDD_HOLD_NONE) {
        zdd_buf_text(buf, "This step has ");
        tell_duration(buf, run->step_deadline_at_ms - now_ms);
        zdd_buf_text(buf, " left.\n");
    }
}

static void tell_tasks(struct zdd_buf *buf, const struct zdd_explanation *e)
{
    const struct zdd_app_view *view = &e->view;

    if (!e->reachable) {
        zdd_buf_printf(buf, "Marathon does not answer now: %s\n", e->trouble);
        return;
    }
    if (!view->exists) {
        zdd_buf_printf(buf, "Marathon has no app %s now.\n", e->app_id);
        return;
    }
    zdd_buf_printf(
        buf,
        "Marathon wants %d instances; %d of the present version exist, %d run, %d are healthy; %d "
        "of earlier versions are left.\n",
        (int)view->instances, (int)view->current.total, (int)view->current.running,
        (int)view->current.healthy, (int)view->outdated.total);
    if (!view->fits_target && !view->fits_previous)
        zdd_buf_text(buf, "The app's definition is neither the new one nor the one before.\n");
    if (view->failure[0])
        zdd_buf_printf(buf, "The last task failure: %s\n", view->failure);
}

static void tell_queue(struct zdd_buf *buf, const struct zdd_explanation *e)
{
    const struct zdd_queue_view *queue = &e->queue;

    if (!queue->waits)
        return;
    zdd_buf_printf(buf, "%d %s in Marathon's launch queue", (int)queue->count,
                   queue->count == 1 ? "instance waits" : "instances wait");
    if (queue->delay_s > 0)
        zdd_buf_printf(buf, ", the next for %.0f s after failures", queue->delay_s);
    if (queue->rejection_count > 0)
        zdd_buf_printf(buf, ": %s (%s, %d of %d offers)",
                       zdd_queue_reason_text(queue->rejection[0].reason),
                       queue->rejection[0].reason, (int)queue->rejection[0].declined,
                       (int)queue->rejection[0].processed);
    zdd_buf_text(buf, ".\n");
}

static void tell_floor(struct zdd_buf *buf, const struct zdd_engine_floor *floor)
{
    if (!floor->watched)
        return;
    zdd_buf_printf(buf, "%d instances take requests on balancer %s, and %d are promised.",
                   (int)floor->serving, floor->balancer, (int)floor->promised);
    if (floor->broken)
        zdd_buf_text(buf, " The old version helps, and nothing is removed until enough serve.");
    zdd_buf_text(buf, "\n");
}

static double part_of(int64_t part, int64_t rest)
{
    return part + rest > 0 ? 100.0 * (double)part / (double)(part + rest) : 0;
}

/* Whoever sticks to his version follows no weight: his requests do not make a share wrong. */
static void tell_share(struct zdd_buf *buf, const struct zdd_plan *plan, const struct zdd_run *run)
{
    const struct zdd_split *m = &run->split;
    double wanted;

    if (!plan || !*plan->pair.old_id || !zdd_share_is_split(plan, run))
        return;
    wanted = (double)zdd_share_now(plan, run) / ZDD_SHARE_PERCENT;
    if (plan->pair.by_users)
        zdd_buf_printf(buf,
                       "The new version is given %g %% of the new users, and got %.2f %% of the "
                       "%lld requests counted that no cookie led. Other users stick to their "
                       "version: of all requests it got %.2f %%.\n",
                       wanted, part_of(m->new_chosen, m->old_chosen),
                       (long long)(m->old_chosen + m->new_chosen),
                       part_of(m->new_requests, m->old_requests));
    else
        zdd_buf_printf(
            buf,
            "The new version is given %g %% of the requests, and got %.2f %% of the %lld counted.\n",
            wanted, part_of(m->new_requests, m->old_requests),
            (long long)(m->old_requests + m->new_requests));
}

void zdd_explain_text(struct zdd_buf *buf, const struct zdd_explanation *e, int64_t now_ms)
{
    tell_state(buf, e->run);
    if (zdd_phase_is_final(e->run->phase))
        return;
    tell_waiting(buf, e->run, now_ms);
    tell_tasks(buf, e);
    tell_share(buf, e->plan, e->run);
    if (e->plan)
        zdd_trial_say(buf, e->plan, e->run);
    tell_floor(buf, &e->floor);
    tell_queue(buf, e);
    for (size_t i = 0; i < e->helper_count; i++)
        zdd_buf_printf(buf, "Who can help: %s: %s.\n", e->helper[i].who, e->helper[i].how);
}
