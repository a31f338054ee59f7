/**
 * @file server/api/strategies.c
 * @brief GET /v1/strategies: the catalogue. It never changes while the program runs, so it is made
 * once.
 */
#include "strategies/strategy.h"

#include "server/api/catalogue.h"
#include "server/api/handlers.h"
#include "server/api/inside.h"
#include "server/api/plan_request.h"
#include "server/api/plan_steps.h"
#include "server/json/writer.h"

/* The object with its members, in place of any object. */
static void add_verify(json_t *schema, const struct zdd_param *param)
{
    json_t *verify =
        zdd_verify_schema(param->kind == ZDD_PARAM_WATCH ? ZDD_VERIFY_SHARED : ZDD_VERIFY_UNSEEN);

    json_object_set_new(verify, "description", json_string(param->text));
    json_object_set_new(json_object_get(schema, "properties"), param->name, verify);
}

static bool write_strategy(struct zdd_writer *w, const struct zdd_strategy *strategy)
{
    struct zdd_field fields[ZDD_OPTION_MAX + 1];
    ZDD_AUTO_JSON json_t *schema = NULL;

    zdd_plan_option_fields(strategy, fields);
    schema = zdd_fields_schema(fields);
    for (size_t i = 0; i < strategy->param_count; i++) {
        if (strategy->params[i].kind == ZDD_PARAM_VERIFY ||
            strategy->params[i].kind == ZDD_PARAM_WATCH)
            add_verify(schema, &strategy->params[i]);
        if (strategy->params[i].kind == ZDD_PARAM_STEPS)
            zdd_plan_steps_schema(
                json_object_get(json_object_get(schema, "properties"), strategy->params[i].name));
    }
    zdd_w_object(w, NULL);
    zdd_w_text(w, "name", strategy->name);
    zdd_w_text(w, "text", strategy->text);
    zdd_w_text(w, "source", strategy->source == ZDD_TARGET_FROM_REQUEST ? "request" : "cluster");
    zdd_w_text(w, "over", strategy->write_program ? "pair" : "app");
    zdd_w_json(w, "options", schema);
    zdd_w_array(w, "steps");
    for (size_t i = 0; i < strategy->step_count; i++) {
        zdd_w_object(w, NULL);
        zdd_w_text(w, "kind", strategy->steps[i].kind);
        zdd_w_text(w, "text", strategy->steps[i].text);
        zdd_w_end_object(w);
    }
    zdd_w_end_array(w);
    zdd_w_end_object(w);
    return schema != NULL;
}

char *zdd_catalogue_new(void)
{
    ZDD_AUTO_BUF struct zdd_buf text = {0};
    struct zdd_writer w = {.buf = &text};
    bool complete = true;

    zdd_w_object(&w, NULL);
    zdd_w_array(&w, "items");
    for (size_t i = 0; zdd_strategy_at(i); i++)
        complete = write_strategy(&w, zdd_strategy_at(i)) && complete;
    zdd_w_end_array(&w);
    zdd_w_null(&w, "nextCursor");
    zdd_w_end_object(&w);
    return complete ? zdd_buf_take(&text) : NULL;
}

enum zdd_err zdd_api_list_strategies(struct zdd_call *call)
{
    const enum zdd_err err = zdd_ask_known(call, NULL, 0);

    zdd_buf_text(&call->reply, zdd_api_of(call)->catalogue);
    return zdd_answer(call, err);
}
