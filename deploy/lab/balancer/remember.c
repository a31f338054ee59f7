/**
 * @file deploy/lab/balancer/remember.c
 * @brief The last known result of each task.
 */
#include "deploy/lab/balancer/remember.h"

static bool has_passed(const json_t *results)
{
    size_t i;
    const json_t *result;

    json_array_foreach(results, i, result)
    {
        if (zdd_json_bool(result, "alive", 0))
            return true;
    }
    return false;
}

static void remember_task(json_t *task, const json_t *memory, json_t *next)
{
    const json_t *results = json_object_get(task, "healthCheckResults");
    const char *id = zdd_json_text(task, "id", "");
    const bool alive =
        json_array_size(results) ? has_passed(results) : zdd_json_bool(memory, id, 0);

    if (alive)
        json_object_set_new(task, "wasAlive", json_true());
    json_object_set_new(next, id, json_boolean(alive));
}

void zdd_mlb_remember(json_t *apps, json_t *memory)
{
    ZDD_AUTO_JSON json_t *next = json_object();
    size_t i;
    size_t t;
    json_t *app;
    json_t *task;

    json_array_foreach(apps, i, app)
    {
        json_array_foreach(json_object_get(app, "tasks"), t, task)
        {
            remember_task(task, memory, next);
        }
    }
    json_object_clear(memory);
    json_object_update(memory, next);
}

bool zdd_mlb_is_alive(const json_t *task)
{
    return has_passed(json_object_get(task, "healthCheckResults")) ||
           zdd_json_bool(task, "wasAlive", 0);
}
