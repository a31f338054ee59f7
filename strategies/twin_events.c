/**
 * @file strategies/twin_events.c
 * @brief A model of one app in Marathon: what happens to its tasks, and what a client sees of them.
 */
#include "strategies/twin.h"

#include "strategies/twin_inside.h"

#include <assert.h>
#include <string.h>

#define SOURCES_MAX 4

/*
 * The counters from which @p event takes an instance of @p g, in the order in which the
 * candidates are counted. @return how many counters
 */
static size_t sources_of(struct zdd_twin_generation *g, enum zdd_twin_event event,
                         int32_t *ret_sources[static SOURCES_MAX])
{
    int32_t *const running[SOURCES_MAX] = {&g->fresh, &g->healthy, &g->ill, &g->starting};

    switch (event) {
    case ZDD_TWIN_ENDED:
        ret_sources[0] = &g->killing;
        return 1;
    case ZDD_TWIN_STARTED:
        ret_sources[0] = &g->starting;
        return 1;
    case ZDD_TWIN_HEALTHY:
        ret_sources[0] = &g->fresh;
        ret_sources[1] = &g->ill;
        return 2;
    case ZDD_TWIN_DIED:
    case ZDD_TWIN_CRASHED:
        memcpy(ret_sources, running, sizeof(running));
        return SOURCES_MAX;
    case ZDD_TWIN_RELAUNCHED:
        ret_sources[0] = &g->waiting;
        return 1;
    case ZDD_TWIN_ILL:
        ret_sources[0] = &g->healthy;
        return 1;
    case ZDD_TWIN_EVENT_COUNT:
        break;
    }
    assert(false && "no such event");
    return 0;
}

static int32_t candidates(const struct zdd_twin *twin, int32_t index, enum zdd_twin_event event)
{
    struct zdd_twin_generation copy = twin->generation[index];
    int32_t *sources[SOURCES_MAX];
    const size_t count = sources_of(&copy, event, sources);
    int32_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += *sources[i];
    return sum;
}

/* The counter that candidate number @p index of @p g stands in. */
static int32_t *source_of(struct zdd_twin_generation *g, enum zdd_twin_event event, int32_t index)
{
    int32_t *sources[SOURCES_MAX];
    const size_t count = sources_of(g, event, sources);

    for (size_t i = 0; i < count; i++) {
        if (index < *sources[i])
            return sources[i];
        index -= *sources[i];
    }
    assert(false && "no such candidate");
    return &g->starting;
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
        (void)zdd_twin_kill_old(twin);
    if (twin->deployment == ZDD_TWIN_SCALE && twin->awaited > 0)
        twin->awaited--;
}

/* Let @p event happen to candidate number @p which of generation number @p index. */
static void happen_to(struct zdd_twin *twin, int32_t index, enum zdd_twin_event event,
                      int32_t which)
{
    struct zdd_twin_generation *g = &twin->generation[index];
    const bool of_current = index == twin->current;
    int32_t *const source = source_of(g, event, which);
    const bool first_time = source == &g->fresh;
    const struct zdd_app_facts *facts = of_current ? &twin->facts : &twin->old_facts;
    const bool checked = facts->has_health_checks || facts->has_readiness_checks;

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
    case ZDD_TWIN_CRASHED:
        if (of_current || twin->deployment != ZDD_TWIN_REPLACE)
            g->waiting++;
        break;
    case ZDD_TWIN_RELAUNCHED:
        g->starting++;
        break;
    case ZDD_TWIN_ILL:
        g->ill++;
        break;
    case ZDD_TWIN_EVENT_COUNT:
        break;
    }
    zdd_twin_proceed(twin);
}

void zdd_twin_happen(struct zdd_twin *twin, enum zdd_twin_event event)
{
    int32_t index = zdd_twin_pick(twin, zdd_twin_possible(twin, event));

    for (int32_t i = 0; i <= twin->current; i++) {
        const int32_t here = candidates(twin, i, event);

        if (index < here) {
            happen_to(twin, i, event, index);
            return;
        }
        index -= here;
    }
    assert(false && "nothing it could happen to");
}

static void add(struct zdd_side *side, const struct zdd_twin_generation *g)
{
    side->total += zdd_twin_total_in(g) - g->waiting;
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
