/**
 * @file tests/lab/test_e2e_grid.c
 * @brief The preview against Marathon's own moves, over a grid of roll-outs, moment by moment.
 *
 * A preview tells its moments in one order: what was told to end is gone before what was launched
 * serves. Real processes are held to this order: tests/lab/held_service.c turns healthy and ends
 * only when it is let, and without checks it is the launch that is held back. So each moment of a
 * plan's timeline can be compared with what Marathon's event stream says then, number by number.
 * A roll-out that hangs has come to a point from which Marathon's rules lead nowhere: nothing ends,
 * nothing starts, everything that is there serves, and its deployment is still listed.
 *
 * Each world (a rule, a kind of checks) is a process with its own lab and server:
 * `test_e2e_grid RULE CHECKS` runs one by hand.
 */
#define _GNU_SOURCE /* prctl */
#include "tests/support/spec.h"

#include "tests/lab/e2e.h"
#include "tests/lab/fleet.h"
#include "tests/lab/grid.h"

#include "server/base/clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LANES 5                           /* roll-outs side by side in one lab */
#define PORTS_MAX (LABRUN_PORT_COUNT - 2) /* two stay free for what has just ended */
#define PAUSE_NS 3000000L
#define SPEED "25"           /* the scale check, which takes a surplus away, comes every 12 s */
#define STALL_MS E2E_WAIT_MS /* between two stages of a lane */
#define TRIES_MAX 8          /* Marathon's own scale check may spoil a surplus */
#define COMBINATIONS_MIN 300

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define SHARE 6 /* of the rows one in so many is tried: all are, without sanitizers */
#else
#    define SHARE 1
#endif

enum stage {
    FREE,     /* no app */
    BASE,     /* the old version is being brought up */
    SPOILING, /* instances are being made missing or surplus */
    ORDERED,  /* zdd has the plan; Marathon has not begun */
    ENDING,   /* what was told to end may */
    SERVING,  /* what was launched may serve */
    COMING,   /* what was missing may be launched after all: nothing else can happen */
    AWAY,     /* the app is being removed */
};

static const char *const stage_names[] = {"free",   "base",    "spoiling", "ordered",
                                          "ending", "serving", "coming",   "away"};

/* One app at a time, through one row. */
struct lane {
    enum stage stage;
    const struct grid_row *row;
    int number, tries, ports;
    char app_id[32];
    char health[160], end[160]; /* the gates */
    char stuck[64];             /* what the fault stuck-queue is for: "", or "/app@", or … */
    char stuck_old[64];         /* … those that are missing; stays until the end */
    char deployment[64];        /* the one of Marathon that counts now */
    bool begun, done;           /* of it */
    bool spoilable, spoilt;     /* to be made missing or surplus; Marathon came in between */
    struct fleet fleet;
    json_t *plan;
    char id[E2E_ID_SIZE];
    size_t moment; /* of the timeline, to be compared next */
    int before;    /* instances that count as capacity */
    int lowest, peak, killed_at_once;
    int64_t since_ms;
};

struct world {
    struct e2e *e;
    bool rule_110;
    enum e2e_checks checks;
    struct grid_row rows[GRID_MAX];
    size_t row_count, next, consumed;
    struct lane lane[LANES];
    int compared, hung, apps;
    bool settled; /* the lab, at the last look: nothing that it could do at once is left */
};

static void set_gate(const char *path, bool open)
{
    if (open)
        e2e_gate_open(path);
    else
        (void)unlink(path);
}

/* Tell the lab which apps it may not launch. */
static void tell_stuck(struct world *w)
{
    ZDD_AUTO_JSON json_t *faults = json_array();
    char *text;

    for (size_t i = 0; i < LANES; i++) {
        const char *const paths[] = {w->lane[i].stuck, w->lane[i].stuck_old};

        for (size_t k = 0; k < 2; k++)
            if (*paths[k])
                json_array_append_new(
                    faults, json_pack("{s:s, s:s}", "name", "stuck-queue", "path", paths[k]));
    }
    text = json_dumps(faults, JSON_COMPACT);
    lab_faults(w->e->lab, text);
    free(text);
}

static void stick(struct world *w, struct lane *lane, bool stuck)
{
    snprintf(lane->stuck, sizeof(lane->stuck), "%s%s", stuck ? lane->app_id : "", stuck ? "@" : "");
    tell_stuck(w);
}

/* What lets a launched instance serve: its health, or without checks its launch. */
static void let_serve(struct world *w, struct lane *lane, bool let)
{
    if (w->checks == E2E_NO_CHECKS)
        stick(w, lane, !let);
    else
        set_gate(lane->health, let);
}

static void enter(struct lane *lane, enum stage stage)
{
    lane->stage = stage;
    lane->since_ms = zdd_mono_ms();
}

static json_t *definition(const struct world *w, const struct lane *lane, const char *version,
                          int instances)
{
    static const char often[] =
        "[{\"protocol\":\"HTTP\",\"path\":\"/health\",\"gracePeriodSeconds\":3000,"
        "\"intervalSeconds\":3,\"timeoutSeconds\":300,\"maxConsecutiveFailures\":0}]";
    json_t *app = e2e_app(&(struct e2e_app){.id = lane->app_id,
                                            .version = version,
                                            .checks = w->checks,
                                            .cmd = "exec '" HELD_SERVICE "'"});
    json_t *env = json_object_get(app, "env");

    json_object_set_new(app, "instances", json_integer(instances));
    json_object_set_new(app, "taskKillGracePeriodSeconds", json_integer(300));
    json_object_set_new(env, "HOLD_HEALTH", json_string(lane->health));
    json_object_set_new(env, "HOLD_END", json_string(lane->end));
    json_object_set_new(env, "HOLD_UP", json_sprintf("%s/up", w->e->server.dir));
    if (w->checks == E2E_HEALTH)
        json_object_set_new(app, "healthChecks", json_loads(often, 0, NULL));
    if (w->checks == E2E_READY) {
        json_t *check = json_array_get(json_object_get(app, "readinessChecks"), 0);

        json_object_set_new(check, "intervalSeconds", json_integer(3));
        json_object_set_new(check, "timeoutSeconds", json_integer(2));
    }
    return app;
}

/* Change the app in Marathon; what comes of it is seen in the events. */
static void change(struct world *w, struct lane *lane, const char *method, const char *path,
                   json_t *body, long status)
{
    char *text = json_dumps(body, JSON_COMPACT);
    const long got = lab_change(w->e->lab, method, path, text, lane->deployment);

    if (got != status)
        fail_msg("%s %s: %ld", method, path, got);
    lane->begun = lane->done = false;
    free(text);
    json_decref(body);
}

static int count_before(const struct grid_row *row)
{
    return row->start == GRID_SURPLUS ? 2 * row->before : row->before;
}

/* Host ports that all of it needs, going back included. */
static int count_ports(const struct grid_row *row)
{
    const int before = count_before(row);

    return before + (row->after > before ? row->after : before) + 1;
}

static void begin(struct world *w, struct lane *lane)
{
    const struct grid_row *row = lane->row;

    snprintf(lane->app_id, sizeof(lane->app_id), "/g/a%d", w->apps++);
    lane->fleet = (struct fleet){.checked = w->checks != E2E_NO_CHECKS};
    lane->spoilt = false;
    lane->spoilable = row->start != GRID_WHOLE;
    lane->before = row->start == GRID_MISSING ? row->running : row->before;
    set_gate(lane->health, true);
    set_gate(lane->end, true);
    change(w, lane, "POST", "/v2/apps", definition(w, lane, "0.9", lane->before), 201);
    enter(lane, BASE);
}

static void take_row(struct world *w, struct lane *lane)
{
    int used = 0;

    for (size_t i = 0; i < LANES; i++)
        used += w->lane[i].stage != FREE ? w->lane[i].ports : 0;
    if (w->next == w->row_count || used + count_ports(&w->rows[w->next]) > PORTS_MAX)
        return;
    lane->row = &w->rows[w->next++];
    lane->ports = count_ports(lane->row);
    lane->tries = 0;
    begin(w, lane);
}

static int number(const json_t *plan, const char *pointer)
{
    const json_t *value = zdd_json_at(plan, pointer);

    if (!json_is_integer(value))
        fail_msg("the plan has no number at %s", pointer);
    return (int)json_integer_value(value);
}

/* What Marathon said of the app last, as far as it was looked at. */
static void tell_events(const struct world *w, const struct lane *lane)
{
    ZDD_AUTO_JSON json_t *events = lab_events(w->e->lab, 0);

    fprintf(stderr, "%zu of %zu events were looked at, the lab was%s settled; %s:\n", w->consumed,
            json_array_size(events), w->settled ? "" : " not", lane->app_id);
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const char *type = zdd_json_text(event, "eventType", "");
        const json_t *action = zdd_json_at(event, "/currentStep/actions/0");

        if (strcmp(zdd_json_text(event, "runSpecId", ""), lane->app_id) == 0 ||
            strcmp(zdd_json_text(action, "app", ""), lane->app_id) == 0)
            fprintf(stderr, "  %zu %s %s %s %s\n", i, zdd_json_text(event, "timestamp", ""), type,
                    zdd_json_text(event, "condition", ""), zdd_json_text(event, "instanceId", ""));
    }
}

static void explain(const struct world *w, const struct lane *lane)
{
    static const char *const starts[] = {"", ", some missing", ", a surplus"};
    const struct grid_row *row = lane->row;
    char *timeline = json_dumps(zdd_json_at(lane->plan, "/capacity"), JSON_INDENT(0));

    fprintf(stderr, "%s, checks %d: %d to %d (%.17g, %.17g)%s, running %d; moment %zu of %s\n",
            w->rule_110 ? "1.10" : "classic", (int)w->checks, row->before, row->after, row->m,
            row->o, starts[row->start], row->running, lane->moment, timeline ? timeline : "none");
    free(timeline);
    tell_events(w, lane);
}

static void compare(const struct world *w, const struct lane *lane, const char *what, int planned,
                    int seen)
{
    if (planned == seen)
        return;
    explain(w, lane);
    fail_msg("%s: the preview says %d, Marathon %d", what, planned, seen);
}

/* The kill of an instance that was missing makes room at once, and what is launched there may serve
 * in the same breath: then only the start can be told moment by moment. */
static bool is_loose(const struct lane *lane)
{
    return lane->row->start == GRID_MISSING;
}

/* The moment that the plan tells next, against the fleet as it is. */
static void compare_moment(const struct world *w, struct lane *lane)
{
    const json_t *timeline = zdd_json_at(lane->plan, "/capacity/timeline");
    const json_t *planned = json_array_get(timeline, lane->moment);
    const struct fleet_moment now = fleet_count(&lane->fleet);
    const int serving = fleet_serving(&now);
    const int existing = fleet_existing(&now);
    const struct {
        const char *name;
        int seen;
    } rows[] = {{"old", now.old},
                {"new", now.new},
                {"ending", now.ending},
                {"healthyOld", now.healthy_old},
                {"healthyNew", now.healthy_new}};

    lane->lowest = serving < lane->lowest ? serving : lane->lowest;
    lane->peak = existing > lane->peak ? existing : lane->peak;
    if (lane->moment++ > 1 && is_loose(lane))
        return;
    if (!planned) {
        explain(w, lane);
        fail_msg("Marathon goes on where the timeline ends");
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        compare(w, lane, rows[i].name, (int)zdd_json_int(planned, rows[i].name, -1), rows[i].seen);
}

static void look(struct world *w);
static void retry(struct world *w, struct lane *lane);

/* All is there: from now on only what is let happen does. */
static void order(struct world *w, struct lane *lane)
{
    const struct grid_row *row = lane->row;
    json_t *request;

    set_gate(lane->end, false);
    let_serve(w, lane, false);
    fleet_age(&lane->fleet);
    lane->before = (int)lane->fleet.count;
    lane->lowest = FLEET_MAX;
    lane->peak = lane->killed_at_once = 0;
    lane->moment = 0;
    request = e2e_rolling(definition(w, lane, "1.0", row->after), row->m, row->o);
    json_decref(lane->plan);
    lane->plan = e2e_plan(w->e, request);
    json_decref(request);
    *lane->deployment = '\0';
    lane->begun = lane->done = false;
    look(w);
    if (lane->spoilt) { /* the plan has seen it, or the order will */
        retry(w, lane);
        return;
    }
    compare_moment(w, lane);
    e2e_deploy_plan(w->e, lane->plan, lane->id);
    enter(lane, ORDERED);
}

/* Ask for more than can be launched, or stop a roll-out half-way. */
static void spoil(struct world *w, struct lane *lane)
{
    const struct grid_row *row = lane->row;
    char path[64];

    lane->spoilable = false;
    snprintf(path, sizeof(path), "/v2/apps/%s", lane->app_id);
    if (row->start == GRID_MISSING) {
        stick(w, lane, true);
        change(w, lane, "PUT", path, json_pack("{s:i}", "instances", row->before), 200);
    } else {
        set_gate(lane->health, false);
        change(w, lane, "PUT", path, definition(w, lane, "0.95", row->before), 200);
    }
    enter(lane, SPOILING);
}

static bool is_spoilt_enough(const struct lane *lane, const struct fleet_moment *now)
{
    const struct grid_row *row = lane->row;

    if (row->start == GRID_MISSING)
        return now->waiting_new == row->before - row->running;
    return now->new + now->old == 2 * row->before && now->starting + now->waiting_new == 0;
}

/* Marathon forgets its deployment; what it has wanted stays wanted. */
static void cancel(struct world *w, struct lane *lane)
{
    char path[128];
    ZDD_AUTO_JSON json_t *app = NULL;

    snprintf(path, sizeof(path), "/v2/deployments/%s?force=true", lane->deployment);
    assert_int_equal(lab_call(w->e->lab, "DELETE", path, NULL, NULL), 202);
    snprintf(path, sizeof(path), "/v2/apps/%s", lane->app_id);
    assert_int_equal(lab_call(w->e->lab, "GET", path, NULL, &app), 200);
    if (lane->row->start == GRID_SURPLUS) {
        set_gate(lane->health, true);
        if (w->checks == E2E_READY) /* nobody asks any more */
            fleet_age(&lane->fleet);
        enter(lane, BASE);
        lane->done = true;
        lane->before = 2 * lane->row->before;
        return;
    }
    snprintf(lane->stuck_old, sizeof(lane->stuck_old), "%s@%s", lane->app_id,
             zdd_json_text(json_object_get(app, "app"), "version", ""));
    stick(w, lane, false);
    order(w, lane);
}

static void clear_away(struct world *w, struct lane *lane)
{
    char path[64];

    *lane->stuck_old = '\0';
    stick(w, lane, false);
    set_gate(lane->end, true);
    snprintf(path, sizeof(path), "/v2/apps/%s", lane->app_id);
    change(w, lane, "DELETE", path, NULL, 200);
    enter(lane, AWAY);
}

static void finish_hanging(struct world *w, struct lane *lane)
{
    const struct fleet_moment now = fleet_count(&lane->fleet);
    const int existing = fleet_existing(&now);
    ZDD_AUTO_JSON json_t *running = NULL;
    bool listed = false;

    assert_int_equal(now.ending + now.starting + now.waiting_new, 0);
    assert_int_equal(lab_call(w->e->lab, "GET", "/v2/deployments", NULL, &running), 200);
    for (size_t i = 0; i < json_array_size(running); i++)
        listed = listed ||
                 strcmp(zdd_json_text(json_array_get(running, i), "id", ""), lane->deployment) == 0;
    assert_true(listed);
    compare(w, lane, "hangs", 1,
            strcmp(json_string_value(zdd_json_at(lane->plan, "/verdict/arithmetic")), "refuted") ==
                0);
    compare(w, lane, "what stays", existing, fleet_serving(&now));
    let_serve(w, lane, true);
    *lane->stuck_old = '\0';
    tell_stuck(w);
    set_gate(lane->end, true);
    e2e_command(w->e, lane->id, "abort");
    e2e_await(w->e, lane->id, "canceled");
    e2e_check_app(w->e, lane->app_id, lane->row->start == GRID_SURPLUS ? "0.95" : "0.9",
                  lane->row->before);
    w->hung++;
}

/* Fewer than were there, or than are promised, is told as such. */
static bool keeps_its_word(const struct lane *lane)
{
    const json_t *first = zdd_json_at(lane->plan, "/capacity/timeline/0");
    const int served = (int)zdd_json_int(first, "healthyOld", 0);
    const int promised = number(lane->plan, "/capacity/minHealthy");

    return lane->lowest >= (served < promised ? served : promised);
}

static bool warns(const json_t *plan, const char *code)
{
    const json_t *warnings = json_object_get(plan, "warnings");

    for (size_t i = 0; i < json_array_size(warnings); i++)
        if (strcmp(zdd_json_text(json_array_get(warnings, i), "code", ""), code) == 0)
            return true;
    return false;
}

/* Nothing more can happen: the plan must have said so too. */
static void finish(struct world *w, struct lane *lane)
{
    const json_t *timeline = zdd_json_at(lane->plan, "/capacity/timeline");
    const struct fleet_moment now = fleet_count(&lane->fleet);

    if (!is_loose(lane))
        compare(w, lane, "moments", (int)json_array_size(timeline), (int)lane->moment);
    compare(w, lane, "killed at once", number(lane->plan, "/capacity/killedAtOnce"),
            lane->killed_at_once);
    compare(w, lane, "lowest serving", number(lane->plan, "/capacity/lowestServing"), lane->lowest);
    compare(w, lane, "peak", number(lane->plan, "/capacity/peakInstances"), lane->peak);
    compare(w, lane, "hangs", warns(lane->plan, "hangs-on-1.10"), !lane->done);
    w->compared++;
    if (!lane->done) {
        finish_hanging(w, lane);
        return;
    }
    assert_string_equal(json_string_value(zdd_json_at(lane->plan, "/verdict/arithmetic")),
                        keeps_its_word(lane) ? "proved" : "refuted");
    compare(w, lane, "serves none", warns(lane->plan, "serves-none"),
            lane->before > 0 && lane->lowest == 0);
    assert_int_equal(now.new, lane->row->after);
    assert_int_equal(now.healthy_new, lane->row->after);
    let_serve(w, lane, true);
    e2e_await(w->e, lane->id, "succeeded");
    e2e_check_app(w->e, lane->app_id, "1.0", lane->row->after);
}

/* Marathon's scale check came in between: once more with another app. */
static void retry(struct world *w, struct lane *lane)
{
    let_serve(w, lane, true);
    set_gate(lane->end, true);
    if (lane->stage == ORDERED)
        e2e_await(w->e, lane->id, "succeeded");
    assert_true(++lane->tries < TRIES_MAX);
    clear_away(w, lane);
}

/* What happens next, in the order in which a preview tells it; where it cannot be told so, what is
 * told to end goes last, which makes the most exist together. */
static void go_on(struct world *w, struct lane *lane)
{
    const struct fleet_moment now = fleet_count(&lane->fleet);
    const bool some_may_serve = now.new > now.healthy_new;

    if (now.ending > 0 && !(is_loose(lane) && some_may_serve)) {
        set_gate(lane->end, true);
        enter(lane, ENDING);
    } else if (some_may_serve) {
        let_serve(w, lane, true);
        enter(lane, SERVING);
    } else if (now.waiting_old > 0) {
        *lane->stuck_old = '\0';
        let_serve(w, lane, true);
        tell_stuck(w);
        enter(lane, COMING);
    } else {
        finish(w, lane);
        clear_away(w, lane);
    }
}

/* Each process says when it hears signals; before, a kill would simply end it. */
static bool all_hear(const struct world *w, const struct lane *lane)
{
    for (size_t i = 0; i < lane->fleet.count; i++) {
        char path[400];

        snprintf(path, sizeof(path), "%s/up-%s._app.1", w->e->server.dir, lane->fleet.task[i].id);
        if (access(path, F_OK) != 0)
            return false;
    }
    return true;
}

static bool is_over(const struct world *w, const struct lane *lane)
{
    const struct fleet_moment now = fleet_count(&lane->fleet);
    const int to_run = now.starting + now.waiting_new;
    const bool held = w->checks == E2E_NO_CHECKS;

    switch (lane->stage) {
    case FREE:
        return true;
    case BASE:
        return lane->spoilt || (lane->done && fleet_serving(&now) == lane->before &&
                                now.ending + to_run == 0 && all_hear(w, lane));
    case SPOILING:
        return is_spoilt_enough(lane, &now);
    case ORDERED:
        return lane->begun && (held || to_run == 0);
    case ENDING:
        return now.ending == 0 && (held || to_run == 0);
    case SERVING:
        return now.new == now.healthy_new;
    case COMING:
        return now.waiting_old + now.starting == 0 && now.old == now.healthy_old;
    case AWAY:
        return lane->done;
    }
    return false;
}

static void leave(struct world *w, struct lane *lane)
{
    switch (lane->stage) {
    case FREE:
        take_row(w, lane);
        break;
    case BASE:
        if (lane->spoilt)
            retry(w, lane);
        else if (lane->spoilable)
            spoil(w, lane);
        else
            order(w, lane);
        break;
    case SPOILING:
        cancel(w, lane);
        break;
    case ORDERED:
        if (lane->spoilt) {
            retry(w, lane);
        } else {
            compare_moment(w, lane);
            go_on(w, lane);
        }
        break;
    case ENDING:
        set_gate(lane->end, false);
        compare_moment(w, lane);
        go_on(w, lane);
        break;
    case SERVING:
    case COMING:
        let_serve(w, lane, false);
        compare_moment(w, lane);
        go_on(w, lane);
        break;
    case AWAY:
        enter(lane, FREE);
        if (lane->spoilt)
            begin(w, lane);
        break;
    }
}

static void note_task(const struct world *w, struct lane *lane, const json_t *event)
{
    struct fleet_task *task = fleet_take(&lane->fleet, event);
    const bool is_kill = strcmp(zdd_json_text(event, "condition", ""), "Killing") == 0;
    struct fleet_moment now;

    if (lane->stage == BASE)
        lane->spoilt = lane->spoilt || is_kill;
    if (task && task->old && w->checks == E2E_READY) /* readiness is asked of new ones only */
        task->healthy = task->state == FLEET_RUNNING;
    if (!task || lane->stage < ORDERED || lane->stage == AWAY)
        return;
    if (is_kill) {
        lane->spoilt = lane->spoilt || !lane->begun;
        lane->killed_at_once += lane->stage == ORDERED;
    }
    now = fleet_count(&lane->fleet);
    lane->peak = fleet_existing(&now) > lane->peak ? fleet_existing(&now) : lane->peak;
    /* Who is ready is no event: there only the moments tell. */
    if (w->checks != E2E_READY && fleet_serving(&now) < lane->lowest)
        lane->lowest = fleet_serving(&now);
}

static void note_deployment(struct lane *lane, const json_t *event)
{
    const char *type = zdd_json_text(event, "eventType", "");
    const char *id = zdd_json_text(event, "id", "");

    if (strcmp(type, "deployment_info") == 0) {
        const json_t *action = zdd_json_at(event, "/currentStep/actions/0");

        if (strcmp(zdd_json_text(action, "app", ""), lane->app_id) != 0)
            return;
        snprintf(lane->deployment, sizeof(lane->deployment), "%s",
                 zdd_json_text(json_object_get(event, "plan"), "id", ""));
        lane->begun = true;
    }
    if (strcmp(type, "deployment_success") == 0 && strcmp(id, lane->deployment) == 0) {
        lane->done = true;
        if (lane->fleet.checked) /* it would not have ended otherwise */
            for (size_t i = 0; i < lane->fleet.count; i++)
                lane->fleet.task[i].healthy = true;
    }
}

static void take_events(struct world *w, size_t published)
{
    ZDD_AUTO_JSON json_t *events = lab_events(w->e->lab, w->consumed);

    for (size_t i = 0; w->consumed < published; i++, w->consumed++) {
        const json_t *event = json_array_get(events, i);
        const char *app_id = zdd_json_text(event, "runSpecId", "");

        for (size_t k = 0; k < LANES; k++) {
            if (strcmp(app_id, w->lane[k].app_id) == 0)
                note_task(w, &w->lane[k], event);
            else if (w->lane[k].stage != FREE)
                note_deployment(&w->lane[k], event);
        }
    }
}

/* Readiness is no event either. What has been accepted by now has had its effect before. */
static void take_readiness(struct world *w)
{
    ZDD_AUTO_JSON json_t *running = NULL;

    assert_int_equal(lab_call(w->e->lab, "GET", "/v2/deployments", NULL, &running), 200);
    for (size_t i = 0; i < json_array_size(running); i++) {
        const json_t *action = zdd_json_at(json_array_get(running, i), "/currentActions/0");
        const json_t *results = json_object_get(action, "readinessCheckResults");

        for (size_t r = 0; r < json_array_size(results); r++) {
            const json_t *result = json_array_get(results, r);

            for (size_t k = 0; k < LANES && zdd_json_bool(result, "ready", false); k++)
                if (strcmp(zdd_json_text(action, "app", ""), w->lane[k].app_id) == 0)
                    fleet_serve(&w->lane[k].fleet, zdd_json_text(result, "taskId", ""));
        }
    }
}

static bool has_come(const json_t *events, const void *cls)
{
    const size_t *published = cls;

    return json_array_size(events) >= *published;
}

/* Bring all lanes to what the lab has done so far. */
static void look(struct world *w)
{
    ZDD_AUTO_JSON json_t *inside = NULL;
    size_t published;

    if (w->checks == E2E_READY)
        take_readiness(w);
    assert_int_equal(lab_call(w->e->lab, "GET", "/lab/state", NULL, &inside), 200);
    published = (size_t)zdd_json_int(inside, "published", 0);
    lab_until(w->e->lab, has_come, &published);
    take_events(w, published);
    w->settled = zdd_json_bool(inside, "settled", false);
}

static void watch(struct world *w, struct lane *lane)
{
    if (lane->stage == FREE || zdd_mono_ms() - lane->since_ms < STALL_MS)
        return;
    explain(w, lane);
    if (*lane->id)
        e2e_tell(w->e, lane->id);
    fail_msg("nothing moves in stage \"%s\"", stage_names[lane->stage]);
}

static bool is_finished(const struct world *w)
{
    for (size_t i = 0; i < LANES; i++)
        if (w->lane[i].stage != FREE)
            return false;
    return w->next == w->row_count;
}

static void play(struct world *w)
{
    while (!is_finished(w)) {
        look(w);
        for (size_t i = 0; i < LANES; i++) {
            if (w->settled && is_over(w, &w->lane[i]))
                leave(w, &w->lane[i]);
            watch(w, &w->lane[i]);
        }
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
}

static size_t take_share(struct grid_row *rows, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i += SHARE)
        rows[kept++] = rows[i];
    return kept;
}

static void what_a_plan_says_is_what_marathon_does(void **state)
{
    struct world *w = *state;
    const char *const options[] = {
        "--speed", SPEED, "--marathon", w->rule_110 ? "1.10" : "classic", "--task-killing", NULL};

    w->e = e2e_start(options, NULL);
    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &w->lane[i];

        snprintf(lane->health, sizeof(lane->health), "%s/health-%zu", w->e->server.dir, i);
        snprintf(lane->end, sizeof(lane->end), "%s/end-%zu", w->e->server.dir, i);
    }
    play(w);
    print_message("             %s, checks %d: %d compared, %d of them hang\n",
                  w->rule_110 ? "1.10" : "classic", (int)w->checks, w->compared, w->hung);
    assert_int_equal(w->compared, w->row_count);
    assert_int_equal(w->hung > 0, w->rule_110 && w->checks != E2E_NO_CHECKS);
    for (size_t i = 0; i < LANES; i++)
        json_decref(w->lane[i].plan);
    e2e_stop(w->e);
}

static size_t fill(struct world *w, size_t world)
{
    w->rule_110 = world >= GRID_WORLDS / 2;
    w->checks = (enum e2e_checks)(world % (GRID_WORLDS / 2));
    w->row_count = grid_make(world, w->checks != E2E_NO_CHECKS, w->rows);
    w->row_count = take_share(w->rows, w->row_count);
    return w->row_count;
}

/* In a process of its own: this world, from beginning to end. */
static int work_on(size_t world)
{
    struct world *w = calloc(1, sizeof(*w));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(what_a_plan_says_is_what_marathon_does, w)};
    int failed;

    if (!w)
        return 1;
    (void)fill(w, world);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(w);
    return failed;
}

static void begin_world(size_t world)
{
    char text[12];
    const char *const argv[] = {"test_e2e_grid", text, NULL};
    pid_t pid;

    snprintf(text, sizeof(text), "%zu", world);
    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
    _exit(127);
}

static void in_every_world(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    size_t combinations = 0;
    int failed = 0;

    (void)state;
    assert_non_null(w);
    for (size_t world = 0; world < GRID_WORLDS; world++) {
        combinations += fill(w, world);
        begin_world(world);
    }
    free(w);
    for (size_t world = 0; world < GRID_WORLDS; world++) {
        int status = 0;

        assert_true(waitpid(-1, &status, 0) > 0); /* each has its own end of waiting */
        failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
    print_message("             %zu combinations\n", combinations);
    assert_int_equal(failed, 0);
    if (SHARE == 1)
        assert_true(combinations >= COMBINATIONS_MIN);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_every_world)};

    if (argc == 2)
        return work_on(strtoul(argv[1], NULL, 10) % GRID_WORLDS);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
