/**
 * @file strategies/twin.c
 * @brief A model of one app in Marathon.
 */
#include "strategies/twin.h"

#include "strategies/capacity.h"

#include <assert.h>

static int32_t alive(const struct zdd_twin_generation *g)
{
    return g->starting + g->fresh + g->healthy + g->ill;
}

static int32_t total(const struct zdd_twin_generation *g)
{
    return alive(g) + g->killing;
}

static struct zdd_twin_generation *current(struct zdd_twin *twin)
{
    return &twin->generation[twin->current];
}

static int32_t pick(const struct zdd_twin *twin, int32_t count)
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
        sum += total(&twin->generation[i]);
    return sum;
}

/* Instances that are not being killed. */
static int32_t all_alive(const struct zdd_twin *twin)
{
    int32_t sum = 0;

    for (int32_t i = 0; i <= twin->current; i++)
        sum += alive(&twin->generation[i]);
    return sum;
}

int32_t zdd_twin_total(const struct zdd_twin *twin)
{
    return old_total(twin) + total(&twin->generation[twin->current]);
}

int32_t zdd_twin_serving(const struct zdd_twin *twin)
{
    int32_t sum = 0;

    for (int32_t i = 0; i <= twin->current; i++)
        sum += twin->generation[i].healthy;
    return sum;
}

/* Send the kill to number @p index of the living instances of @p g; serving ones come first. */
static void kill_one(struct zdd_twin_generation *g, int32_t index)
{
    int32_t *const states[] = {&g->healthy, &g->ill, &g->fresh, &g->starting};

    for (size_t i = 0; i < ZDD_COUNT(states); i++) {
        if (index < *states[i]) {
            (*states[i])--;
            g->killing++;
            return;
        }
        index -= *states[i];
    }
    assert(false && "no such instance");
}

/* Kill one instance of an earlier generation, whichever; the order is unspecified (§4.2). */
static bool kill_old(struct zdd_twin *twin)
{
    int32_t candidates = 0;
    int32_t index;

    for (int32_t i = 0; i < twin->current; i++)
        candidates += alive(&twin->generation[i]);
    if (candidates == 0)
        return false;
    index = pick(twin, candidates);
    for (int32_t i = 0; i < twin->current; i++) {
        const int32_t here = alive(&twin->generation[i]);

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
 * Which of the living of @p g scaling down takes. In the first generation those that
 * have never been healthy were added later, so they are the youngest; in the others age and
 * health are independent, and it may be any.
 */
static int32_t surplus_victim(const struct zdd_twin *twin, const struct zdd_twin_generation *g)
{
    if (g == &twin->generation[0] && g->fresh > 0 && !twin->facts.oldest_first)
        return g->healthy + g->ill; /* kill_one() counts serving ones first */
    return pick(twin, alive(g));
}

/* Scaling down: those not running first, then the youngest generation (§4.7). */
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

        while (alive(g) > 0 && all_alive(twin) > twin->facts.instances)
            kill_one(g, surplus_victim(twin, g));
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

/* Whatever the state calls for now: launches of a replace or a scale, and the scale check (§4.7).
 */
static void proceed(struct zdd_twin *twin)
{
    switch (twin->deployment) {
    case ZDD_TWIN_REPLACE:
        launch(twin, zdd_capacity_launch(twin->facts.instances, twin->max_instances,
                                         old_total(twin), alive(current(twin))));
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
    for (int32_t i = 1; i + 1 < ZDD_TWIN_GENERATIONS; i++)
        g[i] = g[i + 1];
    g[ZDD_TWIN_GENERATIONS - 1] = (struct zdd_twin_generation){0};
}

static void begin_replace(struct zdd_twin *twin)
{
    struct zdd_capacity capacity;
    int32_t known;
    int32_t running = all_alive(twin);

    new_generation(twin);
    known = zdd_twin_total(twin);
    begin(twin, ZDD_TWIN_REPLACE);
    capacity = zdd_capacity_of(&(struct zdd_capacity_ask){
        .rule = twin->rule,
        .wanted = twin->facts.instances,
        .minimum_health_capacity = twin->facts.minimum_health_capacity,
        .maximum_over_capacity = twin->facts.maximum_over_capacity,
        .resident = twin->facts.resident,
        .counted =
            zdd_capacity_counted(twin->rule, &twin->old_facts, running, zdd_twin_serving(twin)),
        .known = known,
    });
    twin->max_instances = capacity.max_instances;
    for (int32_t i = 0; i < capacity.kill_at_once; i++) {
        if (!kill_old(twin))
            break;
    }
    proceed(twin);
}

static void begin_scale(struct zdd_twin *twin)
{
    begin(twin, ZDD_TWIN_SCALE);
    kill_surplus(twin);
    proceed(twin);
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
}

bool zdd_twin_put(struct zdd_twin *twin, enum zdd_definition definition,
                  const struct zdd_app_facts *facts, bool force)
{
    const bool fresh = !twin->exists;
    const bool config = fresh || twin->definition != definition;
    const bool same = !config && twin->facts.instances == facts->instances;

    if (same)
        return true; /* a no-op never meets a lock: it affects no app (§1.4 item 6) */
    if (twin->deployment != ZDD_TWIN_IDLE && !force)
        return false;
    twin->exists = true;
    twin->definition = definition;
    if (config)
        twin->old_facts = twin->facts;
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
    if (twin->facts.instances == 0)
        begin_scale(twin);
    else
        begin_replace(twin);
    return true;
}

bool zdd_twin_delete(struct zdd_twin *twin, bool force)
{
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

/* The counter from which @p event takes an instance of @p g. */
static int32_t *source_of(struct zdd_twin_generation *g, enum zdd_twin_event event)
{
    switch (event) {
    case ZDD_TWIN_ENDED:
        return &g->killing;
    case ZDD_TWIN_STARTED:
        return &g->starting;
    case ZDD_TWIN_HEALTHY:
        return g->fresh > 0 ? &g->fresh : &g->ill;
    case ZDD_TWIN_DIED:
        return g->fresh > 0 ? &g->fresh : &g->healthy;
    case ZDD_TWIN_ILL:
        return &g->healthy;
    case ZDD_TWIN_EVENT_COUNT:
        break;
    }
    assert(false && "no such event");
    return &g->starting;
}

static int32_t candidates(const struct zdd_twin *twin, int32_t index, enum zdd_twin_event event)
{
    struct zdd_twin_generation copy = twin->generation[index];

    return *source_of(&copy, event);
}

int32_t zdd_twin_possible(const struct zdd_twin *twin, enum zdd_twin_event event)
{
    int32_t sum = 0;

    for (int32_t i = 0; i <= twin->current; i++)
        sum += candidates(twin, i, event);
    return sum;
}

/* A new instance is healthy and ready: one old one may go (rule 3), one less is awaited (§4.8). */
static void turned_healthy(struct zdd_twin *twin, bool of_current, bool first_time)
{
    if (!of_current || !first_time)
        return;
    if (twin->deployment == ZDD_TWIN_REPLACE)
        (void)kill_old(twin);
    if (twin->deployment == ZDD_TWIN_SCALE && twin->awaited > 0)
        twin->awaited--;
}

static void happen_to(struct zdd_twin *twin, int32_t index, enum zdd_twin_event event)
{
    struct zdd_twin_generation *g = &twin->generation[index];
    const bool of_current = index == twin->current;
    int32_t *const source = source_of(g, event);
    const bool first_time = source == &g->fresh;
    const bool checked = twin->facts.has_health_checks || twin->facts.has_readiness_checks;

    (*source)--;
    switch (event) {
    case ZDD_TWIN_ENDED:
        break;
    case ZDD_TWIN_STARTED:
        /* Without checks, running is all that is asked (§4.3). */
        if (checked) {
            g->fresh++;
        } else {
            g->healthy++;
            turned_healthy(twin, of_current, true);
        }
        break;
    case ZDD_TWIN_HEALTHY:
        g->healthy++;
        turned_healthy(twin, of_current, first_time);
        break;
    case ZDD_TWIN_DIED:
        /* The current version is started again; an old one is replaced by the new (rules 5 and 6).
         */
        if (of_current || twin->deployment != ZDD_TWIN_REPLACE)
            g->starting++;
        break;
    case ZDD_TWIN_ILL:
        g->ill++;
        break;
    case ZDD_TWIN_EVENT_COUNT:
        break;
    }
    proceed(twin);
}

void zdd_twin_happen(struct zdd_twin *twin, enum zdd_twin_event event)
{
    int32_t index = pick(twin, zdd_twin_possible(twin, event));

    for (int32_t i = 0; i <= twin->current; i++) {
        const int32_t here = candidates(twin, i, event);

        if (index < here) {
            happen_to(twin, i, event);
            return;
        }
        index -= here;
    }
    assert(false && "nothing it could happen to");
}

static void add(struct zdd_side *side, const struct zdd_twin_generation *g)
{
    side->total += total(g);
    side->staged += g->starting;
    side->running += g->fresh + g->healthy + g->ill;
    side->healthy += g->healthy;
    side->ready += g->healthy;
}

void zdd_twin_sides(const struct zdd_twin *twin, struct zdd_side *ret_current,
                    struct zdd_side *ret_outdated)
{
    *ret_current = (struct zdd_side){0};
    *ret_outdated = (struct zdd_side){0};
    for (int32_t i = 0; i < twin->current; i++)
        add(ret_outdated, &twin->generation[i]);
    add(ret_current, &twin->generation[twin->current]);
}
