/**
 * @file server/api/app_pair_json.c
 * @brief The pair that an app belongs to, as callers see it.
 */
#include "server/api/app_pair.h"
#include "server/api/plan_take.h"
#include "server/router/traces.h"

#include <stdio.h>

#define TEXT_SIZE 1200 /* three app ids and a sentence */

static const char *const conditions[] = {
    [ZDD_PAIR_SINGLE] = "single",
    [ZDD_PAIR_TWO_APPS] = "two-apps",
    [ZDD_PAIR_HYBRID] = "hybrid",
    [ZDD_PAIR_STUCK] = "stuck",
    [ZDD_PAIR_OURS_RUNNING] = "ours-running",
};
_Static_assert(ZDD_COUNT(conditions) == ZDD_PAIR_CONDITION_COUNT, "each condition needs a name");

/* The two apps by age; of fewer than two, nothing. */
struct ages {
    const struct zdd_pair_app *newer, *older;
};

static struct ages ages_of(const struct zdd_pair_apps *apps)
{
    const bool first = apps->count == 2 && zdd_pair_is_newer(&apps->app[0], &apps->app[1]);

    if (apps->count != 2)
        return (struct ages){NULL, NULL};
    return (struct ages){&apps->app[first ? 0 : 1], &apps->app[first ? 1 : 0]};
}

static void write_app(struct zdd_writer *w, const struct zdd_pair_app *app)
{
    const struct zdd_traces traces = zdd_traces_of(app->app.canonical);

    zdd_w_object(w, NULL);
    zdd_w_text(w, "appId", app->id);
    zdd_w_text(w, "colour", app->is_plain ? NULL : zdd_colour_name(app->colour));
    zdd_w_text(w, "version", app->app.version);
    zdd_w_int(w, "instances", zdd_json_int(app->app.raw, "instances", 1));
    zdd_w_int(w, "healthy", app->app.healthy);
    zdd_w_text(w, "startedAt", traces.started_at);
    if (traces.target > 0)
        zdd_w_int(w, "targetInstances", traces.target);
    else
        zdd_w_null(w, "targetInstances");
    zdd_w_bool(w, "ours", traces.is_dressed);
    zdd_w_end_object(w);
}

/* "ScaleApplication /x, StopApplication /y"; nothing before the first step. */
static void say_actions(const json_t *deployment, char *text, size_t size)
{
    const json_t *actions = json_object_get(deployment, "currentActions");
    size_t used = 0, index;
    json_t *action;

    text[0] = '\0';
    json_array_foreach(actions, index, action)
    {
        const int more =
            snprintf(text + used, size - used, "%s%.40s %.100s", index > 0 ? ", " : ": ",
                     zdd_json_text(action, "action", "?"), zdd_json_text(action, "app", "?"));

        if (more < 0 || (size_t)more >= size - used)
            return;
        used += (size_t)more;
    }
}

static void say_held(const struct zdd_app_pair *pair, char text[static TEXT_SIZE])
{
    char actions[400];

    say_actions(pair->held_by, actions, sizeof(actions));
    snprintf(
        text, TEXT_SIZE,
        "Marathon deployment %.40s%s%.40s holds the app (step %d of %d%s), and no deployment of "
        "this service stands behind it; wait for its end, or cancel it in Marathon.",
        zdd_json_text(pair->held_by, "id", ""),
        json_object_get(pair->held_by, "version") ? " of " : "",
        zdd_json_text(pair->held_by, "version", ""),
        (int)zdd_json_int(pair->held_by, "currentStep", 0),
        (int)zdd_json_int(pair->held_by, "totalSteps", 0), actions);
}

static void say_why(const struct zdd_app_pair *pair, char text[static TEXT_SIZE / 4])
{
    if (pair->apps.left_whole > 0)
        snprintf(text, TEXT_SIZE / 4,
                 "deployment %s has left both on purpose, to share the requests",
                 pair->apps.left_by);
    else
        snprintf(text, TEXT_SIZE / 4, "%s",
                 pair->condition == ZDD_PAIR_HYBRID
                     ? "zdd.py has left both on purpose, to share the requests"
                     : "a deployment was left half-way, or both stay on purpose");
}

static void say_two(const struct zdd_app_pair *pair, char text[static TEXT_SIZE])
{
    const struct ages ages = ages_of(&pair->apps);
    char why[TEXT_SIZE / 4];

    if (!ages.newer) {
        snprintf(text, TEXT_SIZE,
                 "There are %zu apps where a pair has two: %s, %s and %s. Remove those that shall "
                 "not serve.",
                 pair->apps.count, pair->apps.app[0].id, pair->apps.app[1].id,
                 pair->apps.app[2].id);
        return;
    }
    say_why(pair, why);
    snprintf(text, TEXT_SIZE,
             "%s has %d instances and the newer %s has %d, where one of them should have %d: %s.",
             ages.older->id, (int)zdd_json_int(ages.older->app.raw, "instances", 1), ages.newer->id,
             (int)zdd_json_int(ages.newer->app.raw, "instances", 1),
             (int)zdd_pair_whole(&pair->apps), why);
}

static void say(const struct zdd_app_pair *pair, char text[static TEXT_SIZE])
{
    switch (pair->condition) {
    case ZDD_PAIR_SINGLE:
        snprintf(text, TEXT_SIZE, "%s serves alone.",
                 pair->apps.count > 0 ? pair->apps.app[0].id : pair->name);
        break;
    case ZDD_PAIR_TWO_APPS:
    case ZDD_PAIR_HYBRID:
        say_two(pair, text);
        break;
    case ZDD_PAIR_STUCK:
        say_held(pair, text);
        break;
    case ZDD_PAIR_OURS_RUNNING:
    case ZDD_PAIR_CONDITION_COUNT:
        snprintf(text, TEXT_SIZE, "Deployment %s is under way.", pair->run_id);
        break;
    }
}

static void write_move(struct zdd_writer *w, const struct zdd_app_pair *pair, bool newer)
{
    const struct ages ages = ages_of(&pair->apps);
    const struct zdd_pair_app *stays = newer ? ages.newer : ages.older;
    const struct zdd_pair_app *goes = newer ? ages.older : ages.newer;
    char text[TEXT_SIZE];

    snprintf(text, sizeof(text), "Give all requests to %s with %d instances, then remove %s.",
             stays->id, (int)zdd_pair_whole(&pair->apps), goes->id);
    zdd_w_object(w, NULL);
    zdd_w_text(w, "do", newer ? "finish" : "go-back");
    zdd_w_text(w, "text", text);
    zdd_w_object(w, "request");
    zdd_w_text(w, "strategy", "blue-green");
    zdd_w_text(w, "appId", stays->id);
    zdd_w_object(w, "options");
    zdd_w_text(w, "takeOver", newer ? "newer" : "older");
    zdd_w_end_object(w);
    zdd_w_end_object(w);
    zdd_w_end_object(w);
}

static void write_offers(struct zdd_writer *w, const struct zdd_app_pair *pair)
{
    zdd_w_array(w, "offers");
    if (pair->condition != ZDD_PAIR_SINGLE && pair->condition != ZDD_PAIR_OURS_RUNNING) {
        if (pair->apps.count == 2 && pair->can_move) {
            write_move(w, pair, true);
            write_move(w, pair, false);
        }
        zdd_w_object(w, NULL);
        zdd_w_text(w, "do", "leave");
        zdd_w_text(w, "text", "Leave it as it is: this service does nothing by itself.");
        zdd_w_null(w, "request");
        zdd_w_end_object(w);
    }
    zdd_w_end_array(w);
}

void zdd_w_app_pair(struct zdd_writer *w, const struct zdd_app_pair *pair)
{
    char text[TEXT_SIZE];

    say(pair, text);
    zdd_w_object(w, "pair");
    zdd_w_text(w, "name", pair->name);
    zdd_w_array(w, "apps");
    for (size_t i = 0; i < pair->apps.count; i++)
        write_app(w, &pair->apps.app[i]);
    zdd_w_end_array(w);
    zdd_w_text(w, "condition", conditions[pair->condition]);
    zdd_w_text(w, "text", text);
    write_offers(w, pair);
    zdd_w_end_object(w);
}
