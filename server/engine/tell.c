/**
 * @file server/engine/tell.c
 * @brief Words for people.
 */
#include "server/engine/tell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void tell_tasks(struct zdd_run *run, const struct zdd_plan *plan,
                       const struct zdd_observation *seen)
{
    const bool back = zdd_phase_is_undo(run->phase);
    const struct zdd_side *side = &seen->current;
    const int32_t before = seen->put_back_by_us ? seen->instances : plan->old.instances;
    const int32_t wanted = back ? before : plan->target.instances;
    char *const text = run->waiting_text;

    if (run->phase == ZDD_PHASE_STOPPING) {
        snprintf(text, ZDD_WAITING_SIZE, "%d old instances still have to end.",
                 (int)(side->total + seen->outdated.total));
    } else if (run->phase == ZDD_PHASE_CLEARING) {
        snprintf(
            text, ZDD_WAITING_SIZE,
            "%d new instances that do not serve are removed before the old version is put back.",
            (int)(side->total - side->healthy));
    } else if (back && side->total > wanted) {
        snprintf(text, ZDD_WAITING_SIZE,
                 "%d instances are on top of the %d of before and have to end.",
                 (int)(side->total - wanted), (int)wanted);
    } else {
        snprintf(text, ZDD_WAITING_SIZE,
                 "%d of %d %s instances healthy, %d running, %d starting; %d %s still there.",
                 (int)side->healthy, (int)wanted, back ? "restored" : "new", (int)side->running,
                 (int)side->staged, (int)seen->outdated.total, back ? "others" : "old");
    }
}

static void tell_marathon(struct zdd_run *run, const struct zdd_observation *seen,
                          const char *reason)
{
    if (!seen->reachable)
        snprintf(run->waiting_text, ZDD_WAITING_SIZE, "Marathon does not answer: %.200s",
                 reason && *reason ? reason : "no reason given");
    else if (run->outcome == ZDD_OUTCOME_FAILED)
        snprintf(run->waiting_text, ZDD_WAITING_SIZE,
                 "The last order got no clear answer (%d in a row); it is given again.",
                 (int)run->attempt);
    else
        snprintf(run->waiting_text, ZDD_WAITING_SIZE,
                 "Marathon does not show the order's effect yet.");
}

static void tell_operator(struct zdd_run *run)
{
    static const char *const texts[] = {
        [ZDD_HOLD_NONE] = "Waits for an operator.",
        [ZDD_HOLD_OPERATOR] =
            "Paused by an operator: no further orders until resume. What Marathon has begun goes on.",
        [ZDD_HOLD_FAILURE] = "Held after a failure: retry, roll back or abort.",
        [ZDD_HOLD_FOREIGN] =
            "Somebody else changed the app: resume after the change is undone, roll back over it, or abort to leave the app as it is.",
    };

    snprintf(run->waiting_text, ZDD_WAITING_SIZE, "%s", texts[run->hold]);
}

void zdd_tell_waiting(struct zdd_run *run, const char *code, const struct zdd_plan *plan,
                      const struct zdd_observation *seen, const struct zdd_app_view *view,
                      const char *reason)
{
    if (zdd_phase_is_final(run->phase))
        code = NULL;
    if (!code)
        code = "";
    if (strcmp(run->waiting_code, code) != 0) {
        snprintf(run->waiting_code, sizeof(run->waiting_code), "%s", code);
        run->waiting_since_ms = *code ? seen->now_ms : 0;
    }
    run->waiting_text[0] = '\0';
    if (strcmp(code, "tasks") == 0)
        tell_tasks(run, plan, seen);
    else if (strcmp(code, "marathon") == 0)
        tell_marathon(run, seen, reason);
    else if (strcmp(code, "operator") == 0)
        tell_operator(run);
    else if (strcmp(code, "marathon-settles") == 0)
        snprintf(run->waiting_text, ZDD_WAITING_SIZE,
                 "Marathon lists no deployment any more, but %d old instances are still there.",
                 (int)seen->outdated.total);
    else if (strcmp(code, "marathon-lock") == 0)
        snprintf(run->waiting_text, ZDD_WAITING_SIZE,
                 "Marathon deployment %s locks the app; it has to end or be cancelled first.",
                 view && view->lock_count > 0 ? view->lock[0] : "(unknown)");
}

void zdd_tell_error(struct zdd_run *run, const struct zdd_plan *plan,
                    const struct zdd_app_view *view)
{
    int used;

    if (run->cause == ZDD_CAUSE_NONE) {
        run->error_code[0] = run->error_text[0] = '\0';
        return;
    }
    if (run->cause == ZDD_CAUSE_REFUSED)
        return; /* Marathon's own words are there already */
    snprintf(run->error_code, sizeof(run->error_code), "%s", zdd_cause_name(run->cause));
    used = snprintf(run->error_text, sizeof(run->error_text), "%s",
                    run->cause == ZDD_CAUSE_FOREIGN_CHANGE && !run->ordered
                        ? "The app is not what the plan rests on any more. Nothing was changed; "
                          "make a new plan."
                        : zdd_cause_text(run->cause));
    if (run->cause != ZDD_CAUSE_DEADLINE && run->cause != ZDD_CAUSE_STEP_DEADLINE &&
        run->cause != ZDD_CAUSE_UNDO_DEADLINE)
        return;
    used += snprintf(run->error_text + used, sizeof(run->error_text) - (size_t)used,
                     " %d of %d new instances were healthy.", (int)run->new_side.healthy,
                     (int)plan->target.instances);
    if (view && view->failed_at_ms >= run->started_at_ms && *view->failure)
        snprintf(run->error_text + used, sizeof(run->error_text) - (size_t)used,
                 " Last task failure: %s", view->failure);
}

static void tell_side(struct zdd_buf *buf, const char *name, const struct zdd_tally *t)
{
    zdd_buf_printf(buf, ",\"%s\":{\"version\":", name);
    zdd_buf_json_string(buf, *t->version ? t->version : NULL);
    zdd_buf_printf(buf, ",\"instances\":%d,\"healthy\":%d}", (int)t->instances, (int)t->healthy);
}

void zdd_tell_event(struct zdd_buf *buf, const struct zdd_run *run, const char *rule)
{
    zdd_buf_printf(buf, "{\"state\":\"%s\",\"phase\":\"%s\",\"step\":%d,\"revision\":%" PRId64,
                   zdd_state_name(zdd_run_state(run)), zdd_phase_name(run->phase), (int)run->step,
                   run->revision);
    tell_side(buf, "old", &run->old_side);
    tell_side(buf, "new", &run->new_side);
    if (*run->waiting_code) {
        zdd_buf_printf(buf, ",\"waitingFor\":{\"code\":\"%s\",\"text\":", run->waiting_code);
        zdd_buf_json_string(buf, run->waiting_text);
        zdd_buf_text(buf, "}");
    }
    if (run->cause != ZDD_CAUSE_NONE) {
        zdd_buf_printf(buf, ",\"cause\":\"%s\",\"text\":", zdd_cause_name(run->cause));
        zdd_buf_json_string(buf, *run->error_text ? run->error_text : zdd_cause_text(run->cause));
    }
    if (rule)
        zdd_buf_printf(buf, ",\"rule\":\"%s\"", rule);
    zdd_buf_text(buf, "}");
}
