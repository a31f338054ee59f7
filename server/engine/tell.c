/**
 * @file server/engine/tell.c
 * @brief Words for people.
 */
#include "server/engine/tell.h"

#include "strategies/pair.h"
#include "strategies/share.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* An app of a pair that goes: its instances end, then Marathon forgets it. */
static void tell_end(struct zdd_run *run, const char *what, int32_t left)
{
    if (left > 0)
        snprintf(run->waiting_text, ZDD_WAITING_SIZE, "%d %s still have to end.", (int)left, what);
    else
        snprintf(run->waiting_text, ZDD_WAITING_SIZE,
                 "No %s are left; Marathon still has to forget their app.", what);
}

/* Instances of the new version that the present step is about. */
static int32_t wanted_of(const struct zdd_plan *plan, const struct zdd_run *run)
{
    return plan->program.count > 0 ? zdd_program_started(&plan->program, run->step)
                                   : plan->target.instances;
}

static void tell_tasks(struct zdd_run *run, const struct zdd_plan *plan,
                       const struct zdd_observation *seen)
{
    const bool back = zdd_phase_is_undo(run->phase);
    const struct zdd_side *side = &seen->current;
    const int32_t before = seen->put_back_by_us ? seen->instances : plan->old.instances;
    const int32_t wanted = back ? before : wanted_of(plan, run);
    char *const text = run->waiting_text;

    if (run->phase == ZDD_PHASE_ADOPTING) {
        snprintf(text, ZDD_WAITING_SIZE, "%d of %d old instances have the labels of a pair.",
                 (int)seen->peer.current.healthy, (int)plan->old.instances);
    } else if (run->phase == ZDD_PHASE_RETIRING) {
        tell_end(run, "old instances", seen->peer.current.total + seen->peer.outdated.total);
    } else if (run->phase == ZDD_PHASE_SHEDDING) {
        snprintf(text, ZDD_WAITING_SIZE, "%d old instances are there, %d of them stay.",
                 (int)(seen->peer.current.total + seen->peer.outdated.total),
                 (int)run->traffic.old_stay);
    } else if (run->phase == ZDD_PHASE_REGROWING) {
        snprintf(text, ZDD_WAITING_SIZE, "%d of %d old instances serve again.",
                 (int)(seen->peer.current.healthy + seen->peer.outdated.healthy),
                 (int)plan->old.instances);
    } else if (run->phase == ZDD_PHASE_STOPPING) {
        snprintf(text, ZDD_WAITING_SIZE, "%d old instances still have to end.",
                 (int)(side->total + seen->outdated.total));
    } else if (back && plan->program.count > 0) {
        /* Nothing is restored: the old app is whole, and the new one goes. */
        tell_end(run, "instances of the new app", side->total + seen->outdated.total);
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
                 "The last order got no clear answer (%d in a row); it is given again.%s%.160s",
                 (int)run->attempt, *run->error_text ? " What was said: " : "", run->error_text);
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
        [ZDD_HOLD_GATE] =
            "The new version is ready and gets no requests yet: promote switches, abort takes it away.",
        [ZDD_HOLD_FOREIGN] =
            "Somebody else changed the app: resume after the change is undone, roll back over it, or abort to leave the app as it is.",
    };

    snprintf(run->waiting_text, ZDD_WAITING_SIZE, "%s",
             zdd_run_is_condemned(run)
                 ? "Held by the checks: resume takes what they said as read and begins them anew; "
                   "or retry, roll back or abort."
                 : texts[run->hold]);
}

/* Who has to say what: bytes of the names. */
#define APPROVERS_SHOWN 62

static void tell_gate(struct zdd_run *run, const struct zdd_plan *plan)
{
    const struct zdd_gate gate = zdd_plan_gate(plan, run->step);
    const bool unsure = zdd_pair_is_own_gate(plan, run->step);
    char approvers[APPROVERS_SHOWN];

    if (strcmp(gate.name, ZDD_GATE_PROMOTE) == 0 && !zdd_share_is_split(plan, run)) {
        snprintf(run->waiting_text, ZDD_WAITING_SIZE,
                 "The new version is ready and gets no requests yet: promote switches, abort takes "
                 "it away.");
        return;
    }
    zdd_gate_spell(&gate, approvers, sizeof(approvers));
    snprintf(run->waiting_text, ZDD_WAITING_SIZE,
             "Gate %s waits for a decision%s%.90s: approve goes on, reject goes back. %s%s%s",
             gate.name, unsure ? ", the checks say too little: " : "", unsure ? run->measured : "",
             *gate.approvers ? "It asks " : "Anybody who may promote decides", approvers,
             gate.quorum > 1 ? "" : ".");
    if (gate.quorum > 1)
        snprintf(run->waiting_text + strlen(run->waiting_text),
                 ZDD_WAITING_SIZE - strlen(run->waiting_text), "; %d approvals are needed.",
                 (int)gate.quorum);
}

/* Not how much of it is left: the text is kept while that runs down. */
static void tell_pause(struct zdd_run *run, const struct zdd_plan *plan)
{
    snprintf(run->waiting_text, ZDD_WAITING_SIZE, "A pause of %d s.",
             (int)(plan->program.step[run->step].value / 1000));
}

/* Of several the one that is silent has a name; without one, none was asked yet. The first words
 * differ: a text is told anew when they do (move.c). */
static void tell_silence(struct zdd_run *run, const char *reason)
{
    if (reason && *reason)
        snprintf(run->waiting_text, ZDD_WAITING_SIZE, "A balancer is silent: %.200s.", reason);
    else
        snprintf(run->waiting_text, ZDD_WAITING_SIZE, "Not every balancer has answered yet.");
}

static void tell_balancer(struct zdd_run *run, const struct zdd_plan *plan,
                          const struct zdd_observation *seen, const char *reason)
{
    const struct zdd_side_balance *side = seen->balance.side;

    if (!seen->balance.known)
        tell_silence(run, reason);
    else if (run->phase == ZDD_PHASE_JOINING && side[ZDD_SIDE_NEW].servers == 0)
        snprintf(run->waiting_text, ZDD_WAITING_SIZE, "No balancer lists the new instances: %s",
                 strcmp(plan->pair.router, ZDD_ROUTER_VAMP) == 0
                     ? "has a gateway of VAMP a route to them?"
                     : "does one serve the app's HAPROXY_GROUP?");
    else if (run->phase == ZDD_PHASE_JOINING && seen->balance.weights_ignored)
        snprintf(run->waiting_text, ZDD_WAITING_SIZE,
                 "A balancer spreads the requests by an algorithm that does not obey weights: "
                 "roundrobin or random would.");
    else if (run->phase == ZDD_PHASE_JOINING && side[ZDD_SIDE_NEW].up < wanted_of(plan, run))
        snprintf(run->waiting_text, ZDD_WAITING_SIZE,
                 "%d of %d new instances are UP on every balancer.", (int)side[ZDD_SIDE_NEW].up,
                 (int)wanted_of(plan, run));
    else if (!side[ZDD_SIDE_OLD].told || !side[ZDD_SIDE_NEW].told || !side[ZDD_SIDE_LEAVING].told)
        snprintf(run->waiting_text, ZDD_WAITING_SIZE, "Weights are on their way to the balancers.");
    else
        snprintf(run->waiting_text, ZDD_WAITING_SIZE,
                 "UP on every balancer: %d old and %d new instances; %s.",
                 (int)side[ZDD_SIDE_OLD].up, (int)side[ZDD_SIDE_NEW].up,
                 run->phase == ZDD_PHASE_SETTLING
                     ? "each gets its own weight again"
                     : "the side that takes over needs all of its own");
}

/* @return the side whose requests end now, with words for it */
static enum zdd_pair_side draining(enum zdd_phase phase, const char **ret_words)
{
    if (phase == ZDD_PHASE_LEAVING || phase == ZDD_PHASE_SHEDDING) {
        *ret_words = "old instances that go next";
        return ZDD_SIDE_LEAVING;
    }
    *ret_words = phase == ZDD_PHASE_RETURNING ? "new version" : "old version";
    return phase == ZDD_PHASE_RETURNING ? ZDD_SIDE_NEW : ZDD_SIDE_OLD;
}

static void tell_drain(struct zdd_run *run, const struct zdd_observation *seen, const char *reason)
{
    const char *words;
    const int32_t sessions = seen->balance.side[draining(run->phase, &words)].sessions;

    if (!seen->balance.known)
        tell_silence(run, reason);
    else if (sessions > 0)
        snprintf(run->waiting_text, ZDD_WAITING_SIZE,
                 "Requests that are still under way at the %s: %d.", words, (int)sessions);
    else
        snprintf(run->waiting_text, ZDD_WAITING_SIZE,
                 "No request is seen at the %s; those that a reload hid may still end.", words);
}

/* No time that runs down: the text is told once. */
static void tell_kept(struct zdd_run *run, const struct zdd_plan *plan)
{
    snprintf(run->waiting_text, ZDD_WAITING_SIZE,
             "The old version stays hot for %d s in all: going back is one weight.%s",
             (int)(plan->program.step[run->step].value / 1000),
             plan->pair.by_users ? " Users who stick to it stay as long." : "");
}

void zdd_tell_verify(struct zdd_run *run, const struct zdd_plan *plan)
{
    const struct zdd_rounds sum = zdd_rounds_of(run->rounds);

    if (*run->measured)
        snprintf(run->waiting_text, ZDD_WAITING_SIZE, "verify: %d of %d passed, %s",
                 (int)sum.passed, (int)zdd_verifies_set(&plan->verifies, run->verify_set)->rounds,
                 run->measured);
    else
        snprintf(run->waiting_text, ZDD_WAITING_SIZE, "verify: %d of %d passed", (int)sum.passed,
                 (int)zdd_verifies_set(&plan->verifies, run->verify_set)->rounds);
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
    else if (strcmp(code, "promote") == 0 && run->phase == ZDD_PHASE_GATED)
        tell_gate(run, plan);
    else if (strcmp(code, "pause") == 0 && run->phase == ZDD_PHASE_PAUSING)
        tell_pause(run, plan);
    else if (strcmp(code, "operator") == 0)
        tell_operator(run);
    else if (strcmp(code, "balancer") == 0)
        tell_balancer(run, plan, seen, reason);
    else if (strcmp(code, "verify") == 0)
        zdd_tell_verify(run, plan);
    else if (strcmp(code, "drain") == 0)
        tell_drain(run, seen, reason);
    else if (strcmp(code, "keep-old") == 0 && run->phase == ZDD_PHASE_KEEPING)
        tell_kept(run, plan);
    else if (strcmp(code, "floor") == 0)
        snprintf(run->waiting_text, ZDD_WAITING_SIZE,
                 "Fewer than %d instances take requests: nothing is removed until they do.",
                 (int)plan->pair.floor);
    else if (strcmp(code, "marathon-settles") == 0)
        snprintf(run->waiting_text, ZDD_WAITING_SIZE,
                 "Marathon lists no deployment any more, but %d old instances are still there.",
                 (int)seen->outdated.total);
    else if (strcmp(code, "marathon-lock") == 0)
        snprintf(run->waiting_text, ZDD_WAITING_SIZE,
                 "Marathon deployment %s locks the app; it has to end or be cancelled first.",
                 view && view->lock_count > 0 ? view->lock[0] : "(unknown)");
}

/* Add what is known of the new instances to the error that begins with @p used bytes. */
static void tell_instances(struct zdd_run *run, const struct zdd_plan *plan,
                           const struct zdd_app_view *view, int used)
{
    const size_t size = sizeof(run->error_text);

    if (run->cause == ZDD_CAUSE_UNWELL && view)
        used += snprintf(run->error_text + used, size - (size_t)used,
                         " Of %d new instances %d ran, %d of them ill.", (int)view->instances,
                         (int)view->current.running, (int)view->current.sick);
    else if (run->cause != ZDD_CAUSE_UNWELL)
        used += snprintf(run->error_text + used, size - (size_t)used,
                         " %d of %d new instances were healthy.", (int)run->new_side.healthy,
                         (int)plan->target.instances);
    if (view && view->failed_at_ms >= run->started_at_ms && *view->failure)
        snprintf(run->error_text + used, size - (size_t)used, " Last task failure: %s",
                 view->failure);
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
    if (run->cause == ZDD_CAUSE_VERIFY_FAILED)
        snprintf(run->error_text + used, sizeof(run->error_text) - (size_t)used,
                 " %d of %d rounds passed: %s.", (int)zdd_rounds_of(run->rounds).passed,
                 (int)zdd_verifies_set(&plan->verifies, run->verify_set)->rounds, run->measured);
    if (run->cause != ZDD_CAUSE_DEADLINE && run->cause != ZDD_CAUSE_STEP_DEADLINE &&
        run->cause != ZDD_CAUSE_UNDO_DEADLINE && run->cause != ZDD_CAUSE_UNWELL)
        return;
    tell_instances(run, plan, view, used);
}

static void tell_side(struct zdd_buf *buf, const char *name, const struct zdd_tally *t)
{
    zdd_buf_printf(buf, ",\"%s\":{\"version\":", name);
    zdd_buf_json_string(buf, *t->version ? t->version : NULL);
    zdd_buf_printf(buf, ",\"instances\":%d,\"healthy\":%d", (int)t->instances, (int)t->healthy);
}

/* What the new version gets, shall get, and was counted to have got: the past can be shown by it.
 */
static void tell_share(struct zdd_buf *buf, const struct zdd_plan *plan, const struct zdd_run *run)
{
    const bool is_pair = plan->program.count > 0;
    const struct zdd_share_count count = zdd_share_counted(plan, run);

    zdd_buf_printf(buf, ",\"weight\":%.4g", zdd_share_given(run, is_pair, ZDD_SIDE_NEW));
    if (!is_pair)
        return;
    zdd_buf_printf(buf, ",\"wantedWeight\":%.4g,\"measuredRequests\":%" PRId64,
                   (double)zdd_share_now(plan, run) / ZDD_SHARE_PERCENT, count.all);
    if (count.all > 0)
        zdd_buf_printf(buf, ",\"measuredWeight\":%.4g",
                       100.0 * (double)count.new_ones / (double)count.all);
}

void zdd_tell_run(struct zdd_buf *buf, const struct zdd_plan *plan, const struct zdd_run *run,
                  const char *rule)
{
    zdd_buf_printf(buf, "{\"state\":\"%s\",\"phase\":\"%s\",\"step\":%d,\"revision\":%" PRId64,
                   zdd_state_name(zdd_run_state(run)), zdd_phase_name(run->phase), (int)run->step,
                   run->revision);
    tell_side(buf, "old", &run->old_side);
    zdd_buf_text(buf, "}");
    tell_side(buf, "new", &run->new_side);
    if (plan)
        tell_share(buf, plan, run);
    zdd_buf_text(buf, "}");
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
}

void zdd_tell_event(struct zdd_buf *buf, const struct zdd_plan *plan, const struct zdd_run *run,
                    const char *rule)
{
    zdd_tell_run(buf, plan, run, rule);
    zdd_buf_text(buf, "}");
}

void zdd_tell_floor(struct zdd_buf *buf, const struct zdd_run *run, int32_t floor, int32_t serving,
                    const char *balancer)
{
    zdd_tell_run(buf, NULL, run, NULL);
    zdd_buf_printf(buf, ",\"floor\":%d,\"serving\":%d,\"balancer\":", (int)floor, (int)serving);
    zdd_buf_json_string(buf, balancer);
    zdd_buf_text(buf, "}");
}
