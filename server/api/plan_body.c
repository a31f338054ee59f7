/**
 * @file server/api/plan_body.c
 * @brief The public text of a plan (api.md §3).
 */
#include "server/api/plan_body.h"

#include "server/api/plan_checks.h"
#include "server/api/share_json.h"
#include "server/json/appdef.h"
#include "server/json/writer.h"

#include <string.h>

static void write_verdict(struct zdd_writer *w, const struct zdd_plan_view *view)
{
    const struct zdd_preview *p = view->preview;
    const bool no_room = view->resource_reason[0];

    zdd_w_object(w, "verdict");
    zdd_w_text(w, "arithmetic", zdd_proof_name(p->arithmetic));
    zdd_w_text(w, "placement", zdd_proof_name(p->placement));
    zdd_w_text(w, "resources", zdd_proof_name(no_room ? ZDD_PROOF_REFUTED : p->resources));
    zdd_w_array(w, "reasons");
    for (size_t i = 0; i < p->reason_count; i++)
        zdd_w_text(w, NULL, p->reason[i]);
    if (no_room)
        zdd_w_text(w, NULL, view->resource_reason);
    zdd_w_end_array(w);
    zdd_w_end_object(w);
}

static void write_timeline(struct zdd_writer *w, const struct zdd_preview *p)
{
    zdd_w_array(w, "timeline");
    for (size_t i = 0; i < p->moment_count; i++) {
        const struct zdd_moment *m = &p->moment[i];

        zdd_w_object(w, NULL);
        zdd_w_int(w, "t", m->t);
        zdd_w_int(w, "old", m->old_instances);
        zdd_w_int(w, "new", m->new_instances);
        zdd_w_int(w, "healthyOld", m->healthy_old);
        zdd_w_int(w, "healthyNew", m->healthy_new);
        zdd_w_int(w, "ending", m->ending);
        zdd_w_text(w, "note", m->note);
        zdd_w_end_object(w);
    }
    zdd_w_end_array(w);
}

static void write_capacity(struct zdd_writer *w, const struct zdd_preview *p)
{
    zdd_w_object(w, "capacity");
    zdd_w_int(w, "minHealthy", p->min_healthy);
    zdd_w_int(w, "maxInstances", p->max_instances);
    zdd_w_int(w, "killedAtOnce", p->killed_at_once);
    zdd_w_int(w, "lowestServing", p->lowest_serving);
    zdd_w_int(w, "peakInstances", p->peak_instances);
    zdd_w_object(w, "peakExtra");
    zdd_w_real(w, "cpus", p->peak_extra_cpus);
    zdd_w_real(w, "memMiB", p->peak_extra_mem_mib);
    zdd_w_end_object(w);
    write_timeline(w, p);
    zdd_w_end_object(w);
}

/* Of a step that is one: what has to be said there. */
static void write_gate(struct zdd_writer *w, const struct zdd_plan *plan, int32_t step)
{
    struct zdd_gate gate;

    if (step >= plan->program.count || plan->program.step[step].kind != ZDD_STEP_GATE)
        return;
    gate = zdd_plan_gate(plan, step);
    zdd_w_object(w, "gate");
    zdd_w_text(w, "name", gate.name);
    zdd_w_text(w, "approvers", *gate.approvers ? gate.approvers : NULL);
    zdd_w_int(w, "quorum", gate.quorum);
    if (gate.expires_ms > 0)
        zdd_w_real(w, "expiresSeconds", (double)gate.expires_ms / 1000);
    else
        zdd_w_null(w, "expiresSeconds");
    zdd_w_text(w, "onExpiry", zdd_gate_default_name(gate.on_expiry));
    zdd_w_end_object(w);
}

static bool is_verify(const struct zdd_plan *plan, int32_t step)
{
    return step < plan->program.count && plan->program.step[step].kind == ZDD_STEP_VERIFY;
}

static void write_steps(struct zdd_writer *w, const struct zdd_plan_view *view)
{
    const struct zdd_plan *plan = view->plan;
    const struct zdd_preview *p = view->preview;

    zdd_w_array(w, "steps");
    for (size_t i = 0; i < p->step_count; i++) {
        zdd_w_object(w, NULL);
        zdd_w_int(w, "index", (int64_t)i);
        zdd_w_text(w, "kind", p->step[i].kind);
        zdd_w_text(w, "text", p->step[i].text);
        zdd_w_real(w, "deadlineSeconds", (double)p->step[i].deadline_ms / 1000);
        zdd_w_share(w, plan, (int32_t)i);
        write_gate(w, plan, (int32_t)i);
        if (is_verify(plan, (int32_t)i))
            zdd_plan_checks_write(w, plan, view->request,
                                  zdd_program_verify(&plan->program, (int32_t)i));
        zdd_w_end_object(w);
    }
    zdd_w_end_array(w);
}

static void write_warning(struct zdd_writer *w, const char *code, const char *text)
{
    zdd_w_object(w, NULL);
    zdd_w_text(w, "code", code);
    zdd_w_text(w, "text", text);
    zdd_w_end_object(w);
}

/* Marathon replaces every task for a label as it does for a new image (marathon.md §2.3). */
static bool only_labels_change(const struct zdd_plan *plan, const json_t *diff)
{
    size_t index;
    json_t *row;

    json_array_foreach(diff, index, row)
    {
        if (strncmp(zdd_json_text(row, "path", ""), "/labels", strlen("/labels")) != 0)
            return false;
    }
    return plan->action == ZDD_ACTION_UPGRADE && json_array_size(diff) > 0;
}

static void write_warnings(struct zdd_writer *w, const struct zdd_plan_view *view,
                           const json_t *diff)
{
    const struct zdd_preview *p = view->preview;

    zdd_w_array(w, "warnings");
    for (size_t i = 0; i < p->warning_count; i++)
        write_warning(w, p->warning[i].code, p->warning[i].text);
    for (size_t i = 0; i < view->request->note_count; i++)
        write_warning(w, view->request->notes[i].code, view->request->notes[i].text);
    for (size_t i = 0; i < view->note_count; i++)
        write_warning(w, view->notes[i].code, view->notes[i].text);
    if (only_labels_change(view->plan, diff))
        write_warning(w, "restart-for-label",
                      "Only labels change, but Marathon replaces every instance for it.");
    zdd_w_end_array(w);
}

static void write_advice(struct zdd_writer *w, const struct zdd_preview *p)
{
    if (p->has_suggestion) {
        zdd_w_object(w, "suggestion");
        zdd_w_real(w, "minimumHealthCapacity", p->suggested_minimum_health_capacity);
        zdd_w_real(w, "maximumOverCapacity", p->suggested_maximum_over_capacity);
        zdd_w_end_object(w);
    } else {
        zdd_w_null(w, "suggestion");
    }
    zdd_w_object(w, "rollback");
    zdd_w_text(w, "mode", p->rollback_mode);
    zdd_w_text(w, "text", p->rollback_text);
    zdd_w_real(w, "estimateSeconds", (double)p->rollback_ms / 1000);
    zdd_w_end_object(w);
}

/* The two apps, when it is a pair. */
static void write_pair(struct zdd_writer *w, const struct zdd_plan *plan)
{
    const struct zdd_pair *pair = &plan->pair;

    if (plan->program.count == 0)
        return;
    zdd_w_object(w, "pair");
    zdd_w_text(w, "oldAppId", *pair->old_id ? pair->old_id : NULL);
    zdd_w_text(w, "newAppId", pair->new_id);
    zdd_w_bool(w, "adopts", pair->must_adopt);
    zdd_w_text(w, "weightOf", zdd_weight_of(plan));
    zdd_w_text(w, "router", pair->router);
    zdd_w_real(w, "drainSeconds", (double)pair->drain_ms / 1000);
    zdd_w_text(w, "onDrainTimeout", pair->kill_undrained ? "kill" : "hold");
    zdd_w_end_object(w);
}

static void write_conditions(struct zdd_writer *w, const struct zdd_plan_view *view)
{
    const struct zdd_plan *plan = view->plan;
    const char *version = plan->program.count > 0 ? plan->pair.old_version : plan->seen.version;

    zdd_w_object(w, "preconditions");
    zdd_w_text(w, "appVersion", *version ? version : NULL);
    zdd_w_int(w, "instances", plan->old.instances);
    zdd_w_end_object(w);
    zdd_w_real(w, "deadlineSeconds", (double)plan->deadline_ms / 1000);
    zdd_w_text(w, "onFailure", zdd_on_failure_name(plan->on_failure));
    zdd_w_text(w, "whenBusy", zdd_when_busy_name(view->request->when_busy));
    zdd_w_text(w, "reason", view->request->reason);
    if (view->request->labels) {
        zdd_w_json(w, "labels", view->request->labels);
    } else {
        zdd_w_object(w, "labels");
        zdd_w_end_object(w);
    }
    zdd_w_object(w, "marathon");
    zdd_w_text(w, "version", view->marathon->version);
    zdd_w_text(w, "replaceRule", zdd_replace_rule_name(plan->replace_rule));
    zdd_w_end_object(w);
}

enum zdd_err zdd_plan_body_write(struct zdd_buf *buf, const struct zdd_plan_view *view)
{
    const struct zdd_plan *plan = view->plan;
    struct zdd_writer writer = {.buf = buf};
    struct zdd_writer *w = &writer;
    ZDD_AUTO_JSON json_t *diff = zdd_appdef_diff(view->previous, view->target, ZDD_APPDEF_DIFF_MAX);

    if (!diff)
        return ZDD_ERR_NO_MEMORY;
    zdd_w_object(w, NULL);
    zdd_w_text(w, "id", plan->id);
    zdd_w_text(w, "digest", plan->digest);
    zdd_w_time(w, "createdAt", plan->created_at_ms);
    zdd_w_text(w, "createdBy", view->created_by);
    zdd_w_text(w, "strategy", plan->strategy);
    zdd_w_text(w, "appId", plan->app_id);
    zdd_w_text(w, "action", zdd_action_name(plan->action));
    write_pair(w, plan);
    zdd_w_json(w, "diff", diff);
    write_verdict(w, view);
    write_capacity(w, view->preview);
    write_steps(w, view);
    if (plan->verifies.beside.rounds > 0)
        zdd_plan_checks_write(w, plan, view->request, ZDD_VERIFY_BESIDE);
    write_warnings(w, view, diff);
    write_advice(w, view->preview);
    write_conditions(w, view);
    zdd_w_end_object(w);
    return buf->err;
}
