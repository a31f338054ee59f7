/**
 * @file server/api/plan_request.c
 * @brief Reading a deployment request: every wrong member is named, none is ignored.
 */
#include "server/api/plan_request.h"

#include "server/api/plan_steps.h"
#include "server/json/appdef.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define STRATEGY_MAX 16

static const char *const busy_names[] = {
    [ZDD_WHEN_BUSY_REJECT] = "reject",
    [ZDD_WHEN_BUSY_QUEUE] = "queue",
    [ZDD_WHEN_BUSY_SUPERSEDE] = "supersede",
    NULL,
};
static const char *const failure_names[] = {
    [ZDD_ON_FAILURE_ROLLBACK] = "rollback",
    [ZDD_ON_FAILURE_HOLD] = "hold",
    NULL,
};

const char *zdd_when_busy_name(enum zdd_when_busy when_busy)
{
    return busy_names[when_busy];
}

/* The members as they stand in the body. */
struct request_members {
    int strategy;
    json_t *app, *change, *options;
    const char *app_id;
    int64_t deadline_s;
    int on_failure, when_busy;
    const char *reason;
    json_t *labels;
};

#define AT(member) offsetof(struct request_members, member)

/* Names of the registry, for the table of fields. */
static void strategy_names(const char *ret_names[static STRATEGY_MAX + 1])
{
    size_t count = 0;

    for (; zdd_strategy_at(count); count++) {
        assert(count < STRATEGY_MAX);
        ret_names[count] = zdd_strategy_at(count)->name;
    }
    ret_names[count] = NULL;
}

static bool read_members(const json_t *body, struct request_members *members,
                         struct zdd_field_errors *errors)
{
    const char *strategies[STRATEGY_MAX + 1];
    const struct zdd_field fields[] = {
        {.name = "strategy",
         .kind = ZDD_FIELD_CHOICE,
         .offset = AT(strategy),
         .required = true,
         .choices = strategies},
        {.name = "app", .kind = ZDD_FIELD_OBJECT, .offset = AT(app)},
        {.name = "appId", .kind = ZDD_FIELD_TEXT, .offset = AT(app_id)},
        {.name = "change", .kind = ZDD_FIELD_OBJECT, .offset = AT(change)},
        {.name = "options", .kind = ZDD_FIELD_OBJECT, .offset = AT(options)},
        {.name = "deadlineSeconds",
         .kind = ZDD_FIELD_INT,
         .offset = AT(deadline_s),
         .min = 1,
         .max = ZDD_DEADLINE_MAX_S},
        {.name = "onFailure",
         .kind = ZDD_FIELD_CHOICE,
         .offset = AT(on_failure),
         .choices = failure_names},
        {.name = "whenBusy",
         .kind = ZDD_FIELD_CHOICE,
         .offset = AT(when_busy),
         .choices = busy_names},
        {.name = "reason",
         .kind = ZDD_FIELD_TEXT,
         .offset = AT(reason),
         .min = 0,
         .max = ZDD_REASON_MAX},
        {.name = "labels",
         .kind = ZDD_FIELD_LABELS,
         .offset = AT(labels),
         .min = 0,
         .max = ZDD_LABEL_MAX},
        {.kind = ZDD_FIELD_END},
    };

    strategy_names(strategies);
    return zdd_fields_read(fields, body, "#", members, errors);
}

/* Keep @p id as the absolute id that Marathon makes of it. */
static void take_app_id(const char *id, const char *pointer, struct zdd_plan_request *request,
                        struct zdd_field_errors *errors)
{
    const int size =
        snprintf(request->app_id, sizeof(request->app_id), "%s%s", id[0] == '/' ? "" : "/", id);

    if ((size_t)size >= sizeof(request->app_id))
        zdd_field_error_add(errors, pointer, "must have at most %d bytes, not %d",
                            ZDD_APP_ID_SIZE - 1, size);
    else if (!zdd_appdef_id_valid(request->app_id))
        zdd_field_error_add(errors, pointer,
                            "must be an app id: parts of a-z, 0-9 and inner -, like /shop/cart");
}

/* Who names one app of a pair means the pair: which of the two is deployed, the other one tells. */
static void take_pair(struct zdd_plan_request *request, const char *pointer,
                      struct zdd_field_errors *errors)
{
    struct zdd_coloured outer;

    if (!request->strategy->write_program)
        return;
    request->is_coloured =
        zdd_coloured_read(request->app_id, strlen(request->app_id), &request->coloured);
    if (!request->is_coloured)
        return;
    request->app_id[request->coloured.pair_size] = '\0';
    if (zdd_coloured_read(request->app_id, strlen(request->app_id), &outer))
        zdd_field_error_add(errors, pointer,
                            "ends in two colours: its pair would be %s, which is the %s app of the "
                            "pair %.*s; give it another name",
                            request->app_id, zdd_colour_name(outer.colour), (int)outer.pair_size,
                            request->app_id);
}

/* Two strategies of asking: bring a definition, or name the app. */
static void check_source(const struct request_members *m, struct zdd_plan_request *request,
                         struct zdd_field_errors *errors)
{
    const char *name = request->strategy->name;

    if (request->take_over != ZDD_TAKE_NONE) {
        if (m->app)
            zdd_field_error_add(errors, "#/app",
                                "takeOver takes what runs now; name the pair by appId instead");
        else if (!m->app_id)
            zdd_field_error_add(errors, "#/appId", "is missing");
        return;
    }
    if (request->strategy->source == ZDD_TARGET_FROM_CLUSTER) {
        if (m->app)
            zdd_field_error_add(errors, "#/app",
                                "%s takes what runs now; name the app by appId instead", name);
        if (m->change)
            zdd_field_error_add(errors, "#/change", "%s changes no definition", name);
        if (!m->app_id)
            zdd_field_error_add(errors, "#/appId", "is missing");
        return;
    }
    if (m->app && m->app_id)
        zdd_field_error_add(errors, "#/appId", "cannot stand beside app, which has its own id");
    if (m->app && m->change)
        zdd_field_error_add(errors, "#/change", "cannot stand beside app; use appId with change");
    if (!m->app && !m->app_id && !m->change)
        zdd_field_error_add(errors, "#/app",
                            "is missing: send app (a whole definition), or appId with change");
    else if (!m->app && !m->app_id)
        zdd_field_error_add(errors, "#/appId", "is missing: change needs to know which app");
    else if (!m->app && !m->change)
        zdd_field_error_add(errors, "#/change", "is missing: what shall be different?");
}

static void check_app(const struct request_members *m, struct zdd_plan_request *request,
                      struct zdd_field_errors *errors)
{
    check_source(m, request, errors);
    if (m->app_id)
        take_app_id(m->app_id, "#/appId", request, errors);
    /* A wrong id is named by the definition's check. */
    if (m->app && request->strategy->source == ZDD_TARGET_FROM_REQUEST &&
        zdd_appdef_check(m->app, "#/app", true, errors))
        take_app_id(zdd_json_text(m->app, "id", ""), "#/app/id", request, errors);
    take_pair(request, m->app ? "#/app/id" : "#/appId", errors);
}

void zdd_plan_option_fields(const struct zdd_strategy *strategy,
                            struct zdd_field ret_fields[static ZDD_OPTION_MAX + 1])
{
    static const enum zdd_field_kind kinds[] = {
        [ZDD_PARAM_REAL] = ZDD_FIELD_REAL,
        [ZDD_PARAM_INT] = ZDD_FIELD_INT,
        [ZDD_PARAM_CHOICE] = ZDD_FIELD_CHOICE,
        [ZDD_PARAM_VERIFY] = ZDD_FIELD_OBJECT,
        [ZDD_PARAM_WATCH] = ZDD_FIELD_OBJECT,
        [ZDD_PARAM_STEPS] = ZDD_FIELD_ANY, /* a list, or one preset */
    };

    assert(strategy->param_count <= ZDD_OPTION_MAX);
    for (size_t i = 0; i < strategy->param_count; i++) {
        const struct zdd_param *param = &strategy->params[i];

        ret_fields[i] = (struct zdd_field){
            .name = param->name,
            .kind = kinds[param->kind],
            .choices = param->choices,
            .offset = i * sizeof(union zdd_option_value),
            .required = param->required,
            .min = param->min,
            .max = param->max,
            .text = param->text,
        };
    }
    ret_fields[strategy->param_count] = (struct zdd_field){.kind = ZDD_FIELD_END};
}

/* The field has only seen that it is there. */
static void read_steps(const json_t *options, const struct zdd_param *param,
                       struct zdd_plan_request *request, size_t index,
                       struct zdd_field_errors *errors)
{
    const json_t *value = json_object_get(options, param->name);
    char pointer[ZDD_FIELD_POINTER_SIZE];

    request->option[index].wishes = NULL;
    if (!value || json_is_null(value))
        return;
    zdd_field_pointer(pointer, "#/options", param->name);
    zdd_plan_steps_read(value, pointer, &request->wishes, &request->checks[1], errors);
    request->option[index].wishes = &request->wishes;
}

/* Those before the switch are a step, the only one of its kind. */
static void read_verify(enum zdd_param_kind kind, struct zdd_plan_request *request, size_t index,
                        struct zdd_field_errors *errors)
{
    const bool watches = kind == ZDD_PARAM_WATCH;
    const json_t *object = request->option[index].object;
    struct zdd_verify_options options;

    request->option[index].verify = NULL;
    if (!object ||
        !zdd_verify_read(object, ZDD_VERIFY_POINTER,
                         watches ? ZDD_VERIFY_SHARED : ZDD_VERIFY_UNSEEN, &options, errors))
        return;
    request->verify = options.verify;
    request->checks[watches ? ZDD_VERIFY_BESIDE : 1] = options.checks;
    request->option[index].verify = &request->verify;
}

static void read_options(const json_t *options, struct zdd_plan_request *request,
                         struct zdd_field_errors *errors)
{
    struct zdd_field fields[ZDD_OPTION_MAX + 1];

    for (size_t i = 0; i < request->strategy->param_count; i++) {
        if (request->strategy->params[i].kind == ZDD_PARAM_INT)
            request->option[i].integer = INT64_MIN;
        else if (request->strategy->params[i].kind == ZDD_PARAM_REAL)
            request->option[i].real = (double)NAN;
    }
    zdd_plan_option_fields(request->strategy, fields);
    zdd_fields_read(fields, options, "#/options", request->option, errors);
    for (size_t i = 0; i < request->strategy->param_count; i++) {
        if (strcmp(request->strategy->params[i].name, "takeOver") == 0)
            request->take_over = (enum zdd_take_over)request->option[i].choice;
        if (request->strategy->params[i].kind == ZDD_PARAM_VERIFY ||
            request->strategy->params[i].kind == ZDD_PARAM_WATCH)
            read_verify(request->strategy->params[i].kind, request, i, errors);
        if (request->strategy->params[i].kind == ZDD_PARAM_STEPS)
            read_steps(options, &request->strategy->params[i], request, i, errors);
    }
}

bool zdd_plan_is_reference(const json_t *body)
{
    return json_object_get(body, "planId") || json_object_get(body, "digest");
}

bool zdd_plan_request_read(const json_t *body, struct zdd_plan_request *ret_request,
                           struct zdd_field_errors *errors)
{
    const size_t before = errors->count;
    struct request_members m = {.strategy = -1, .reason = ""};

    *ret_request = (struct zdd_plan_request){0};
    read_members(body, &m, errors);
    if (m.strategy < 0)
        return false; /* without a strategy nobody knows what the rest should be */
    ret_request->strategy = zdd_strategy_at((size_t)m.strategy);
    ret_request->app = m.app;
    ret_request->change = m.change;
    ret_request->deadline_s = m.deadline_s;
    ret_request->on_failure = (enum zdd_on_failure)m.on_failure;
    ret_request->when_busy = (enum zdd_when_busy)m.when_busy;
    ret_request->reason = m.reason;
    ret_request->labels = m.labels;
    read_options(m.options, ret_request, errors);
    check_app(&m, ret_request, errors);
    return errors->count == before;
}

bool zdd_plan_reference_read(const json_t *body, struct zdd_plan_reference *ret_reference,
                             struct zdd_field_errors *errors)
{
    static const struct zdd_field fields[] = {
        {.name = "planId",
         .kind = ZDD_FIELD_TEXT,
         .offset = offsetof(struct zdd_plan_reference, plan_id),
         .required = true},
        {.name = "digest",
         .kind = ZDD_FIELD_TEXT,
         .offset = offsetof(struct zdd_plan_reference, digest),
         .required = true},
        {.name = "whenBusy",
         .kind = ZDD_FIELD_CHOICE,
         .offset = offsetof(struct zdd_plan_reference, when_busy),
         .choices = busy_names},
        {.name = "reason",
         .kind = ZDD_FIELD_TEXT,
         .offset = offsetof(struct zdd_plan_reference, reason),
         .min = 0,
         .max = ZDD_REASON_MAX},
        {.name = "labels",
         .kind = ZDD_FIELD_LABELS,
         .offset = offsetof(struct zdd_plan_reference, labels),
         .min = 0,
         .max = ZDD_LABEL_MAX},
        {.kind = ZDD_FIELD_END},
    };

    *ret_reference = (struct zdd_plan_reference){.when_busy = -1};
    return zdd_fields_read(fields, body, "#", ret_reference, errors);
}

bool zdd_plan_option(const struct zdd_plan_request *request, const char *name, double *ret_value)
{
    for (size_t i = 0; i < request->strategy->param_count; i++) {
        const struct zdd_param *param = &request->strategy->params[i];
        const union zdd_option_value *value = &request->option[i];

        if (strcmp(param->name, name) != 0)
            continue;
        if (param->kind == ZDD_PARAM_INT ? value->integer == INT64_MIN : isnan(value->real))
            return false;
        *ret_value = param->kind == ZDD_PARAM_INT ? (double)value->integer : value->real;
        return true;
    }
    return false;
}

const char *zdd_plan_choice(const struct zdd_plan_request *request, const char *name)
{
    for (size_t i = 0; i < request->strategy->param_count; i++) {
        const struct zdd_param *param = &request->strategy->params[i];

        if (param->kind == ZDD_PARAM_CHOICE && strcmp(param->name, name) == 0)
            return param->choices[request->option[i].choice];
    }
    return NULL;
}
