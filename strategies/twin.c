/**
 * @file strategies/twin.c
 * @brief A model of one app in Marathon: its deployments, and what they kill and launch.
 */
#include "strategies/twin.h"

#include "strategies/capacity.h"
#include "strategies/twin_inside.h"

#include <assert.h>

int32_t zdd_twin_alive_in(const struct zdd_twin_generation *g)
{
    return g->starting + g->fresh + g->healthy + g->ill + g->waiting;
}

int32_t zdd_twin_total_in(const struct zdd_twin_generation *g)
{
    return zdd_twin_alive_in(g) + g->killing;
}

static struct zdd_twin_generation *current(struct zdd_twin *twin)
{
    return &twin->generation[twin->current];
}

int32_t zdd_twin_pick(const struct zdd_twin *twin, int32_t count)
{
    const int32_t index = twin->choose ? twin->choose(twin->cls, count) : 0;

    assert(index >= 0 && index < count);
    return index;
}

/* All instances of earlier generations, killing ones too. */
static int32_t old_total(const struct zdd_twin *twin)
{
    int32_t sum = 0;

    for (int32_t i = 0; i < twin->current; i++)
        sum += zdd_twin_total_in(&twin->generation[i]);
    return sum;
}

/* Instances that are not being killed. */
static int32_t all_alive(const struct zdd_twin *twin)
{
    int32_t sum = 0;

    for (int32_t i = 0; i <= twin->current; i++)
        sum += zdd_twin_alive_in(&twin->generation[i]);
    return sum;
}

int32_t zdd_twin_total(const struct zdd_twin *twin)
{
    return old_total(twin) + zdd_twin_total_in(&twin->generation[twin->current]);
}

int32_t zdd_twin_serving(const struct zdd_twin *twin)
{
    int32_t sum = 0;

    for (int32_t i = 0; i <= twin->current; i++)
        sum += twin->generation[i].healthy;
    return sum;
}

/* Send the kill to number @p index of the living instances of @p g; serving ones come first. What
 * only waits is gone at once. */
static void kill_one(struct zdd_twin_generation *g, int32_t index)
{
    int32_t *const states[] = {&g->healthy, &g->ill, &g->fresh, &g->starting, &g->waiting};

    for (size_t i = 0; i < ZDD_COUNT(states); i++) {
        if (index < *states[i]) {
            (*states[i])--;
            g->killing += states[i] != &g->waiting;
            return;
        }
        index -= *states[i];
    }
    assert(false && "no such instance");
}

bool zdd_twin_kill_old(struct zdd_twin *twin)
{
    int32_t candidates = 0;
    int32_t index;

    for (int32_t i = 0; i < twin->current; i++)
        candidates += zdd_twin_alive_in(&twin->generation[i]);
    if (candidates == 0)
        return false;
    index = zdd_twin_pick(twin, candidates);
    for (int32_t i = 0; i < twin->current; i++) {
        const int32_t here = zdd_twin_alive_in(&twin->generation[i]);

        if (index < here) {
            kill_one(&twin->generation[i], index);
            return true;
        }
        index -= here;
    }
    return false;
}

/* Launch at most @p count of the current generation, as far as the cluster has room. */
static int32_t launch(struct zdd_twin *twin, int32_t count)
{
    if (twin->cluster_max > 0) {
        const int32_t room = twin->cluster_max - zdd_twin_total(twin);

        if (count > room)
            count = room < 0 ? 0 : room;
    }
    current(twin)->starting += count;
    return count;
}

/*
 * Which of the running of @p g scaling down takes. In the first generation those that
 * have never been healthy were added later, so they are the youngest; in the others age and
 * health are independent, and it may be any.
 */
static int32_t surplus_victim(const struct zdd_twin *twin, const struct zdd_twin_generation *g)
{
    if (g == &twin->generation[0] && g->fresh > 0 && !twin->facts.oldest_first)
        return g->healthy + g->ill; /* kill_one() counts serving ones first */
    return zdd_twin_pick(twin, zdd_twin_alive_in(g) - g->waiting);
}

/* Scaling down: those that start first, then the youngest generation, and what waits last (§4.7).
 */
static void kill_surplus(struct zdd_twin *twin)
{
    for (int32_t i = twin->current; i >= 0; i--) {
        struct zdd_twin_generation *g = &twin->generation[i];

        while (g->starting > 0 && all_alive(twin) > twin->facts.instances) {
            g->starting--;
            g->killing++;
        }
    }
    for (int32_t n = 0; n <= twin->current && all_alive(twin) > twin->facts.instances; n++) {
        struct zdd_twin_generation *g =
            &twin->generation[twin->facts.oldest_first ? n : twin->current - n];

        while (zdd_twin_alive_in(g) > g->waiting && all_alive(twin) > twin->facts.instances)
            kill_one(g, surplus_victim(twin, g));
    }
    for (int32_t i = twin->current; i >= 0; i--) {
        struct zdd_twin_generation *g = &twin->generation[i];

        while (g->waiting > 0 && all_alive(twin) > twin->facts.instances)
            g->waiting--;
    }
}

static int32_t all_killing(const struct zdd_twin *twin)
{
    int32_t sum = 0;

    for (int32_t i = 0; i <= twin->current; i++)
        sum += twin->generation[i].killing;
    return sum;
}

/* Ends the deployment when its work is done (§4.2 rule 7, §4.8). */
static void check_done(struct zdd_twin *twin)
{
    const struct zdd_twin_generation *now = current(twin);

    switch (twin->deployment) {
    case ZDD_TWIN_IDLE:
        break;
    case ZDD_TWIN_REPLACE:
        if (now->healthy + now->ill >= twin->facts.instances && old_total(twin) == 0)
            twin->deployment = ZDD_TWIN_IDLE;
        break;
    case ZDD_TWIN_SCALE:
        if (all_killing(twin) == 0 && twin->awaited == 0 &&
            all_alive(twin) >= twin->facts.instances)
            twin->deployment = ZDD_TWIN_IDLE;
        break;
    case ZDD_TWIN_STOP:
        if (zdd_twin_total(twin) == 0)
            twin->deployment = ZDD_TWIN_IDLE;
        break;
    }
}

void zdd_twin_proceed(struct zdd_twin *twin)
{
    switch (twin->deployment) {
    case ZDD_TWIN_REPLACE:
        launch(twin, zdd_capacity_launch(twin->facts.instances, twin->max_instances,
                                         old_total(twin), zdd_twin_alive_in(current(twin))));
        break;
    case ZDD_TWIN_SCALE:
        if (all_killing(twin) == 0 && all_alive(twin) < twin->facts.instances)
            twin->awaited += launch(twin, twin->facts.instances - all_alive(twin));
        break;
    case ZDD_TWIN_IDLE:
        if (!twin->exists)
            break;
        kill_surplus(twin);
        if (all_alive(twin) < twin->facts.instances)
            launch(twin, twin->facts.instances - all_alive(twin));
        break;
    case ZDD_TWIN_STOP:
        break;
    }
    check_done(twin);
}

static void begin(struct zdd_twin *twin, enum zdd_twin_deployment deployment)
{
    twin->deployment = deployment;
    twin->deployment_number++;
    twin->awaited = 0;
}

/* Make room for a generation; when all are taken, the two oldest become one. */
static void new_generation(struct zdd_twin *twin)
{
    struct zdd_twin_generation *g = twin->generation;

    if (twin->current + 1 < ZDD_TWIN_GENERATIONS) {
        twin->current++;
        return;
    }
    g[0].starting += g[1].starting;
    g[0].fresh += g[1].fresh;
    g[0].healthy += g[1].healthy;
    g[0].ill += g[1].ill;
    g[0].killing += g[1].killing;
    g[0].waiting += g[1].waiting;
    for (int32_t i = 1; i + 1 < ZDD_TWIN_GENERATIONS; i++)
        g[i] = g[i + 1];
    g[ZDD_TWIN_GENERATIONS - 1] = (struct zdd_twin_generation){0};
}

static void begin_replace(struct zdd_twin *twin)
{
    struct zdd_capacity capacity;

    begin(twin, ZDD_TWIN_REPLACE);
    capacity = zdd_capacity_of(&(struct zdd_capacity_ask){
        .rule = twin->rule,
        .wanted = twin->facts.instances,
        .minimum_health_capacity = twin->facts.minimum_health_capacity,
        .maximum_over_capacity = twin->facts.maximum_over_capacity,
        .resident = twin->facts.resident,
        .counted = zdd_capacity_counted(twin->rule, &twin->old_facts, all_alive(twin),
                                        zdd_twin_serving(twin)),
        .known = zdd_twin_total(twin),
    });
    twin->max_instances = capacity.max_instances;
    for (int32_t i = 0; i < capacity.kill_at_once; i++) {
        if (!zdd_twin_kill_old(twin))
            break;
    }
    zdd_twin_proceed(twin);
}

static void begin_scale(struct zdd_twin *twin)
{
    begin(twin, ZDD_TWIN_SCALE);
    kill_surplus(twin);
    zdd_twin_proceed(twin);
}

void zdd_twin_init(struct zdd_twin *twin, const struct zdd_plan *plan)
{
    *twin = (struct zdd_twin){
        .rule = plan->replace_rule,
        .exists = plan->seen.exists,
        .definition = plan->seen.exists ? ZDD_DEFINITION_PREVIOUS : ZDD_DEFINITION_ABSENT,
        .facts = plan->old,
        .old_facts = plan->old,
    };
    twin->generation[0].healthy = plan->seen.healthy;
    twin->generation[0].fresh = plan->seen.running - plan->seen.healthy;
    twin->generation[0].waiting = zdd_capacity_present(plan) - plan->seen.running;
}

bool zdd_twin_put(struct zdd_twin *twin, enum zdd_definition definition,
                  const struct zdd_app_facts *facts, bool force)
{
    const bool fresh = !twin->exists;
    const bool config = fresh || twin->definition != definition;
    const bool same = !config && twin->facts.instances == facts->instances;

    if (same) { /* a no-op never meets a lock: it affects no app (§1.4 item 6) */
        if (twin->deployment == ZDD_TWIN_IDLE)
            zdd_twin_proceed(twin); /* the scale check comes by, sooner or later */
        return true;
    }
    if (twin->deployment != ZDD_TWIN_IDLE && !force)
        return false;
    twin->exists = true;
    twin->definition = definition;
    if (config)
        twin->old_facts = twin->facts;
    if (config && (!fresh || zdd_twin_total(twin) > 0)) /* down to zero is another version too */
        new_generation(twin);
    twin->facts = *facts;
    if (fresh || !config || facts->instances == 0)
        begin_scale(twin);
    else
        begin_replace(twin);
    return true;
}

bool zdd_twin_restart(struct zdd_twin *twin, bool force)
{
    if (twin->deployment != ZDD_TWIN_IDLE && !force)
        return false;
    twin->definition = ZDD_DEFINITION_TARGET;
    twin->old_facts = twin->facts;
    new_generation(twin);
    if (twin->facts.instances == 0)
        begin_scale(twin);
    else
        begin_replace(twin);
    return true;
}

void zdd_twin_failover(struct zdd_twin *twin)
{
    const int32_t number = twin->deployment_number;

    /* What the new version has by now counts as capacity again: the flaw of §4.6. */
    if (twin->deployment == ZDD_TWIN_REPLACE)
        begin_replace(twin);
    else if (twin->deployment == ZDD_TWIN_SCALE)
        begin_scale(twin);
    twin->deployment_number = number;
}

bool zdd_twin_delete(struct zdd_twin *twin, bool force)
{
    if (!twin->exists)
        return true;
    if (twin->deployment != ZDD_TWIN_IDLE && !force)
        return false;
    twin->exists = false;
    twin->definition = ZDD_DEFINITION_ABSENT;
    twin->facts.instances = 0;
    begin(twin, ZDD_TWIN_STOP);
    kill_surplus(twin);
    check_done(twin);
    return true;
}

void zdd_twin_cancel(struct zdd_twin *twin)
{
    twin->deployment = ZDD_TWIN_IDLE;
}
