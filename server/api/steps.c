/**
 * @file server/api/steps.c
 * @brief GET /v1/deployments/{id}/steps, and the steps a deployment begins with.
 */
#include "server/api/steps.h"

#include "server/api/handlers.h"
#include "server/api/inside.h"
#include "server/json/writer.h"
#include "strategies/pair_steps.h"

#include <stdio.h>

int32_t zdd_step_count(const struct zdd_strategy *strategy, const struct zdd_plan *plan)
{
    return plan && plan->program.count > 0 ? plan->program.count : (int32_t)strategy->step_count;
}

bool zdd_step_describe(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                       int32_t index, struct zdd_step_row *ret_row)
{
    const int32_t count = zdd_step_count(strategy, plan);

    if (index < 0 || index > count)
        return false;
    *ret_row = (struct zdd_step_row){.index = index, .state = "pending"};
    if (plan && index < plan->program.count) {
        snprintf(ret_row->kind, sizeof(ret_row->kind), "%s",
                 zdd_step_kind_name(plan->program.step[index].kind));
        zdd_pair_step_tell(plan, index, ret_row->text, sizeof(ret_row->text));
        return true;
    }
    snprintf(ret_row->kind, sizeof(ret_row->kind), "%s",
             index == count ? ZDD_STEP_BACK_KIND : strategy->steps[index].kind);
    snprintf(ret_row->text, sizeof(ret_row->text), "%s",
             index == count ? ZDD_STEP_BACK_TEXT : strategy->steps[index].text);
    return true;
}

enum zdd_err zdd_steps_insert(struct zdd_tx *tx, const char *run_id,
                              const struct zdd_strategy *strategy, const struct zdd_plan *plan)
{
    struct zdd_step_row row;
    enum zdd_err err = ZDD_ERR_NONE;

    for (int32_t i = 0; err == ZDD_ERR_NONE && i < zdd_step_count(strategy, plan); i++) {
        zdd_step_describe(strategy, plan, i, &row);
        err = zdd_step_insert(tx, run_id, &row);
    }
    return err;
}

static bool write_row(void *cls, const struct zdd_step_row *step, const char *evidence)
{
    struct zdd_writer *w = cls;

    zdd_w_object(w, NULL);
    zdd_w_int(w, "index", step->index);
    zdd_w_text(w, "kind", step->kind);
    zdd_w_text(w, "text", step->text);
    zdd_w_text(w, "state", step->state);
    zdd_w_time(w, "startedAt", step->started_at_ms);
    zdd_w_time(w, "endedAt", step->ended_at_ms);
    zdd_w_time(w, "deadlineAt", step->deadline_at_ms);
    zdd_w_raw(w, "evidence", evidence);
    zdd_w_end_object(w);
    return true;
}

enum zdd_err zdd_api_list_steps(struct zdd_call *call)
{
    struct zdd_writer w = {.buf = &call->reply};
    struct zdd_run run;
    enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err == ZDD_ERR_NONE)
        err = zdd_ask_run(call, &run, NULL);
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_w_object(&w, NULL);
    zdd_w_array(&w, "items");
    err = zdd_step_list(zdd_store_of(call), run.id, write_row, &w);
    zdd_w_end_array(&w);
    zdd_w_null(&w, "nextCursor");
    zdd_w_end_object(&w);
    return zdd_answer(call, err);
}
