/**
 * @file deploy/lab/api_tasks.c
 * @brief Listing and killing tasks (marathon.md §1.5).
 */
#include "deploy/lab/api.h"
#include "deploy/lab/apps.h"
#include "deploy/lab/deployments.h"
#include "deploy/lab/tasks.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct states {
    bool running, staging;
};

static void note_status(void *cls, const char *name, const char *value)
{
    struct states *states = cls;

    if (strcmp(name, "status") != 0 && strcmp(name, "status[]") != 0)
        return;
    states->running = states->running || strcmp(value, "running") == 0;
    states->staging = states->staging || strcmp(value, "staging") == 0;
}

static bool passes(const struct states *states, const json_t *task)
{
    const char *state = zdd_json_text(task, "state", "");

    if (!states->running && !states->staging)
        return true;
    return (states->running && strcmp(state, "TASK_RUNNING") == 0) ||
           (states->staging && strcmp(state, "TASK_STAGING") == 0);
}

enum zdd_err zdd_lab_get_tasks(struct zdd_call *call, struct zdd_lab *lab)
{
    struct states states = {0};
    json_t *list = zdd_lab_tasks_json(lab, NULL, false, true);

    zdd_call_queries(call, note_status, &states);
    for (size_t i = json_array_size(list); i > 0; i--)
        if (!passes(&states, json_array_get(list, i - 1)))
            json_array_remove(list, i - 1);
    return zdd_lab_answer(call, 200, json_pack("{s:o}", "tasks", list));
}

/* What a kill is asked to do besides. */
struct mode {
    bool scale, wipe, force;
};

static struct mode read_mode(const struct zdd_call *call)
{
    return (struct mode){.scale = zdd_lab_query_bool(call, "scale", false),
                         .wipe = zdd_lab_query_bool(call, "wipe", false),
                         .force = zdd_lab_query_bool(call, "force", false)};
}

/* One change per app among the condemned, with their ids as the sentence. */
static void sentence(struct zdd_lab *lab, struct zdd_lab_update *update,
                     struct zdd_lab_instance *const *instances, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *id = instances[i]->spec->id;
        const struct zdd_lab_app *app = zdd_lab_app_find(lab, id);
        struct zdd_lab_change *change = NULL;
        int64_t left;

        if (!app || !instances[i]->wanted)
            continue;
        for (size_t c = 0; c < update->count; c++)
            if (strcmp(update->change[c].id, id) == 0)
                change = &update->change[c];
        if (!change) {
            change = &update->change[update->count++];
            *change = (struct zdd_lab_change){
                .id = id, .def = json_deep_copy(app->spec->def), .sentenced = json_array()};
        }
        json_array_append_new(change->sentenced, json_string(instances[i]->id));
        left = zdd_json_int(change->def, "instances", 0);
        if (left > 0 && zdd_lab_is_active(instances[i]) && !instances[i]->kill_sent)
            json_object_set_new(change->def, "instances", json_integer(left - 1));
    }
}

static enum zdd_err kill_and_scale(struct zdd_call *call, struct zdd_lab *lab,
                                   struct zdd_lab_instance *const *instances, size_t count,
                                   bool force)
{
    struct zdd_lab_update update = {.group = "/", .force = force};
    enum zdd_lab_update_end end;

    update.change = calloc(count + 1, sizeof(*update.change));
    if (!update.change)
        abort();
    sentence(lab, &update, instances, count);
    end = zdd_lab_update(lab, &update);
    free(update.change);
    return zdd_lab_answer_update(call, 200, end, &update);
}

static enum zdd_err kill_all(struct zdd_call *call, struct zdd_lab *lab,
                             struct zdd_lab_instance *const *instances, size_t count, bool single)
{
    const struct mode mode = read_mode(call);
    enum zdd_err err;
    json_t *list;
    json_t *body;

    if (mode.scale && mode.wipe)
        return zdd_lab_refuse(call, 400, NULL, "You cannot use scale and wipe at the same time.");
    if (mode.scale)
        return kill_and_scale(call, lab, instances, count, mode.force);
    list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, zdd_lab_task_json(instances[i], false));
    body = single ? json_pack("{s:O}", "task", json_array_get(list, 0))
                  : json_pack("{s:O}", "tasks", list);
    json_decref(list);
    err = zdd_lab_answer(call, 200, body);
    if (mode.wipe && err == ZDD_ERR_NONE)
        return zdd_lab_wipe(call, lab, instances, count);
    for (size_t i = 0; i < count; i++)
        zdd_lab_instance_kill(lab, instances[i], false);
    return err;
}

static size_t count_instances(const struct zdd_lab *lab)
{
    size_t count = 0;

    for (const struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i))
        count++;
    return count;
}

enum zdd_err zdd_lab_kill_tasks(struct zdd_call *call, struct zdd_lab *lab,
                                const struct zdd_lab_target *target)
{
    const char *host = zdd_call_query(call, "host");
    const bool right_host = !host || strcmp(host, "*") == 0 || strcmp(host, ZDD_LAB_HOST) == 0;
    struct zdd_lab_instance **instances =
        calloc(count_instances(lab) + 1, sizeof(struct zdd_lab_instance *));
    const struct zdd_lab_instance *one =
        *target->item ? zdd_lab_instance_find(lab, target->item) : NULL;
    size_t count = 0;
    enum zdd_err err;

    if (!instances)
        abort();
    for (struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i))
        if (i->incarnation && right_host && zdd_lab_is_of(i, target->id) &&
            (!*target->item || i == one))
            instances[count++] = i;
    if (!zdd_lab_app_find(lab, target->id))
        err = zdd_lab_refuse(call, 404, NULL, "App '%s' does not exist", target->id);
    else if (*target->item && !count)
        err = zdd_lab_refuse(call, 404, NULL, "Task '%s' does not exist", target->item);
    else
        err = kill_all(call, lab, instances, count, *target->item != '\0');
    free(instances);
    return err;
}

/* "<app>.<…>": what upstream can read as a task id. */
static bool is_task_id(const char *text)
{
    const char *dot = strrchr(text, '.');

    return dot && dot != text && dot[1] && !isspace((unsigned char)*text);
}

enum zdd_err zdd_lab_post_tasks_delete(struct zdd_call *call, struct zdd_lab *lab)
{
    enum zdd_err err = zdd_call_json(call);
    const json_t *ids = json_object_get(call->json, "ids");
    struct zdd_lab_instance **instances;
    size_t count = 0;

    if (err != ZDD_ERR_NONE)
        return err;
    instances = calloc(json_array_size(ids) + 1, sizeof(struct zdd_lab_instance *));
    if (!instances)
        abort();
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        struct zdd_lab_instance *instance;

        if (!id || !is_task_id(id)) {
            free(instances);
            return zdd_lab_refuse(call, 400, NULL, "unknown task id: '%s'", id ? id : "");
        }
        instance = zdd_lab_instance_find(lab, id);
        if (instance)
            instances[count++] = instance;
    }
    err = kill_all(call, lab, instances, count, false);
    free(instances);
    return err;
}
