/**
 * @file strategies/pair_traffic.c
 * @brief Moving requests from one version to the other: raise, see it, lower.
 */
#include "strategies/guards.h"
#include "strategies/pair.h"
#include "strategies/pair_floor.h"
#include "strategies/pair_shed.h"
#include "strategies/pair_take.h"
#include "strategies/pair_weigh.h"
#include "strategies/share.h"

/* How a version leaves: its users have to move when the others would stick to it for ever. */
static struct zdd_side_setting leaving(const struct zdd_facts *f)
{
    return (struct zdd_side_setting){f->plan->pair.sticky ? ZDD_RESTS : ZDD_DRAINS, 0};
}

/* Both versions serve, each server by that weight; with 0 for users who stick to it. */
static struct zdd_traffic weighted(const struct zdd_facts *f, int32_t old_weight,
                                   int32_t new_weight)
{
    struct zdd_traffic traffic = {.old_stay = zdd_pair_stay(f)};

    traffic.side[ZDD_SIDE_OLD] = (struct zdd_side_setting){ZDD_SERVES, old_weight};
    traffic.side[ZDD_SIDE_NEW] = (struct zdd_side_setting){ZDD_SERVES, new_weight};
    traffic.side[ZDD_SIDE_LEAVING] = leaving(f);
    return traffic;
}

/* Those that take requests now; while a version has none, those that shall. */
static int32_t servers_of(const struct zdd_facts *f, enum zdd_pair_side side)
{
    const struct zdd_peer *old = &f->seen->peer;
    const int32_t ready =
        side == ZDD_SIDE_OLD ? old->current.ready + old->outdated.ready : f->seen->current.ready;
    const int32_t wanted = side == ZDD_SIDE_OLD ? f->plan->old.instances : zdd_wanted(f);

    return ready > 0 ? ready : wanted;
}

static struct zdd_traffic share_of_new(const struct zdd_facts *f, int32_t share)
{
    struct zdd_traffic traffic =
        weighted(f, share == 0 ? ZDD_WEIGHT_MAX : 0, share == 0 ? 0 : ZDD_WEIGHT_MAX);

    if (share > 0 && share < ZDD_SHARE_ALL) {
        const struct zdd_weights w =
            zdd_weights_for((double)share / ZDD_SHARE_PERCENT, servers_of(f, ZDD_SIDE_OLD),
                            servers_of(f, ZDD_SIDE_NEW));

        traffic.side[ZDD_SIDE_OLD].weight = w.old_weight;
        traffic.side[ZDD_SIDE_NEW].weight = w.new_weight;
    }
    return traffic;
}

struct zdd_traffic zdd_pair_return_aim(const struct zdd_facts *f)
{
    if (zdd_pair_takes_over(f))
        return zdd_traffic_base();

    struct zdd_traffic aim = weighted(f, ZDD_WEIGHT_MAX, 0);

    aim.side[ZDD_SIDE_NEW] = leaving(f);
    return aim;
}

/* Every instance serves like any other, but those that leave. */
static bool is_even(const struct zdd_facts *f)
{
    const enum zdd_phase phase = f->run->phase;

    return phase == ZDD_PHASE_LEAVING || phase == ZDD_PHASE_SHEDDING ||
           phase == ZDD_PHASE_REGROWING ||
           (phase == ZDD_PHASE_SHIFTING &&
            f->plan->program.step[f->run->step].kind == ZDD_STEP_SPREAD);
}

struct zdd_traffic zdd_pair_aim(const struct zdd_facts *f)
{
    const enum zdd_phase phase = f->run->phase;
    struct zdd_traffic aim;

    if (is_even(f))
        return weighted(f, ZDD_WEIGHT_MAX, ZDD_WEIGHT_MAX);
    if (zdd_pair_has_share(f))
        return share_of_new(f, zdd_share_now(f->plan, f->run));
    if (phase == ZDD_PHASE_SETTLING && zdd_pair_keeps_both(f->plan))
        return weighted(f, ZDD_WEIGHT_BASE, ZDD_WEIGHT_BASE);
    if (zdd_phase_is_undo(phase)) {
        aim = zdd_pair_return_aim(f);
        if (phase == ZDD_PHASE_UNDOING)
            aim.side[ZDD_SIDE_OLD].weight = ZDD_WEIGHT_BASE;
        return aim;
    }
    aim = weighted(f, 0, ZDD_WEIGHT_MAX);
    aim.side[ZDD_SIDE_OLD] = leaving(f);
    if (phase == ZDD_PHASE_SETTLING)
        aim.side[ZDD_SIDE_NEW].weight = ZDD_WEIGHT_BASE;
    return aim;
}

/* One that a balancer has just taken in had a few requests before it was told its weight. */
static bool has_newcomers(const struct zdd_facts *f)
{
    const struct zdd_peer *old = &f->seen->peer;

    return f->seen->current.ready > f->run->new_side.healthy ||
           old->current.ready + old->outdated.ready > f->run->old_side.healthy;
}

static bool leavers_are_told(const struct zdd_facts *f)
{
    return f->run->traffic.old_stay == ZDD_INSTANCES_MAX ||
           f->seen->balance.side[ZDD_SIDE_LEAVING].told;
}

static bool is_told(const struct zdd_facts *f)
{
    const struct zdd_balance *b = &f->seen->balance;

    return b->known && b->side[ZDD_SIDE_OLD].told && b->side[ZDD_SIDE_NEW].told &&
           leavers_are_told(f);
}

bool zdd_pair_is_ordered(const struct zdd_facts *f, const struct zdd_traffic *aim)
{
    return zdd_traffic_same(&f->run->traffic, aim);
}

bool zdd_pair_is_set(const struct zdd_facts *f, const struct zdd_traffic *aim)
{
    return zdd_traffic_same(&f->run->traffic, aim) && is_told(f);
}

bool zdd_pair_is_shifted(const struct zdd_facts *f)
{
    const struct zdd_traffic aim = zdd_pair_aim(f);

    return zdd_pair_is_set(f, &aim);
}

/* What is higher of both, for each side: nobody loses anything by it. */
static struct zdd_traffic raised(const struct zdd_traffic *now, const struct zdd_traffic *aim)
{
    struct zdd_traffic up = *aim;

    for (int i = 0; i < ZDD_SIDE_COUNT; i++) {
        if (now->side[i].serving == ZDD_SERVES)
            up.side[i].serving = ZDD_SERVES;
        if (now->side[i].weight > aim->side[i].weight)
            up.side[i].weight = now->side[i].weight;
    }
    if (now->old_stay > aim->old_stay)
        up.old_stay = now->old_stay;
    return up;
}

static int32_t wanted_up(const struct zdd_facts *f, enum zdd_pair_side side)
{
    const int32_t stay = zdd_pair_stay(f);

    if (side == ZDD_SIDE_NEW)
        return zdd_wanted(f);
    return stay < f->plan->pair.old_serving ? stay : f->plan->pair.old_serving;
}

/* All requests want all instances: a part of the new version never gets them. */
static int32_t wanted_for(const struct zdd_facts *f, enum zdd_pair_side side,
                          const struct zdd_traffic *aim)
{
    if (side == ZDD_SIDE_NEW && aim->side[ZDD_SIDE_OLD].weight == 0)
        return f->plan->target.instances;
    return wanted_up(f, side);
}

/* The version that takes over has all its servers, or at least as many as the one that gives. */
static bool can_carry(const struct zdd_facts *f, const struct zdd_traffic *aim)
{
    const struct zdd_side_balance *seen = f->seen->balance.side;

    for (int i = ZDD_SIDE_OLD; i <= ZDD_SIDE_NEW; i++) {
        const int other = i == ZDD_SIDE_OLD ? ZDD_SIDE_NEW : ZDD_SIDE_OLD;
        const bool gives = aim->side[i].weight < f->run->traffic.side[i].weight &&
                           (aim->side[i].weight == 0 || aim->side[other].weight > 0);

        if (gives && zdd_pair_floor_is_broken(f))
            return false;
        if (gives && seen[other].up < wanted_for(f, (enum zdd_pair_side)other, aim) &&
            seen[other].up < seen[i].up)
            return false;
    }
    return zdd_pair_can_spare(f, aim);
}

void zdd_pair_order(const struct zdd_traffic *traffic, struct zdd_decision *d)
{
    zdd_emit(d, ZDD_ORDER_SET_TRAFFIC, 0, false);
    d->order[d->order_count - 1].traffic = *traffic;
}

/* Going back from a version that no balancer has: there is nobody who could lose a request by it,
 * or be told. */
static bool leaves_unlisted(const struct zdd_facts *f)
{
    const struct zdd_balance *b = &f->seen->balance;

    return zdd_phase_is_undo(f->run->phase) && b->known && b->side[ZDD_SIDE_OLD].told &&
           leavers_are_told(f) && b->side[ZDD_SIDE_NEW].servers == 0;
}

/* Nothing was seen in the future: somebody has set the clock between two processes. */
static bool is_of_another_clock(const struct zdd_facts *f)
{
    return f->run->traffic_seen_at_ms > f->seen->now_ms;
}

static bool serves(const struct zdd_side_setting *setting)
{
    return setting->serving == ZDD_SERVES && setting->weight > 0;
}

/* Whoever shall take requests does already, because somebody has ordered it. */
static bool takes_already(const struct zdd_traffic *now, const struct zdd_traffic *aim)
{
    const struct zdd_traffic base = zdd_traffic_base();
    bool some = false;

    if (zdd_traffic_same(now, &base))
        return false;
    for (int i = ZDD_SIDE_OLD; i <= ZDD_SIDE_NEW; i++) {
        if (serves(&aim->side[i]) && !serves(&now->side[i]))
            return false;
        some = some || serves(&aim->side[i]);
    }
    return some && now->old_stay == aim->old_stay;
}

/* With both versions at work whatever is seen late does no harm; one that gets none any more wants
 * the other to be seen at work. */
bool zdd_pair_can_go_straight(const struct zdd_facts *f, const struct zdd_traffic *aim)
{
    const bool both = serves(&aim->side[ZDD_SIDE_OLD]) && serves(&aim->side[ZDD_SIDE_NEW]);

    return f->seen->balance.known && takes_already(&f->run->traffic, aim) && (both || is_told(f)) &&
           can_carry(f, aim);
}

void zdd_pair_move(const struct zdd_facts *f, const struct zdd_traffic *aim, struct zdd_decision *d)
{
    const bool straight = zdd_pair_can_go_straight(f, aim);
    const struct zdd_traffic up = straight ? *aim : raised(&f->run->traffic, aim);

    d->wake_at_ms = f->seen->now_ms + ZDD_BALANCER_POLL_MS;
    d->sight = is_told(f) && !has_newcomers(f) && !is_of_another_clock(f) ? ZDD_SIGHT_SEEN
                                                                          : ZDD_SIGHT_LOST;
    if (!zdd_traffic_same(&f->run->traffic, &up))
        zdd_pair_order(&up, d);
    else if (!zdd_traffic_same(&f->run->traffic, aim) && (is_told(f) || leaves_unlisted(f)) &&
             can_carry(f, aim))
        zdd_pair_order(aim, d);
}

void zdd_pair_shift(const struct zdd_facts *f, struct zdd_decision *d)
{
    const struct zdd_traffic aim = zdd_pair_aim(f);

    zdd_pair_move(f, &aim, d);
}

void zdd_pair_poll(const struct zdd_facts *f, struct zdd_decision *d)
{
    d->wake_at_ms = f->seen->now_ms + ZDD_BALANCER_POLL_MS;
}

/* An instance that has come since, or may have come before this process began to look, had
 * requests later than the setting was seen. */
bool zdd_pair_drain_time_is_over(const struct zdd_facts *f)
{
    const int64_t seen_at_ms = f->run->traffic_seen_at_ms;
    const int64_t since_ms =
        f->seen->same_since_ms > seen_at_ms ? f->seen->same_since_ms : seen_at_ms;

    return seen_at_ms > 0 && f->seen->now_ms >= since_ms + f->plan->pair.drain_ms;
}

enum zdd_drain zdd_pair_drain_of(const struct zdd_facts *f, enum zdd_pair_side side)
{
    const struct zdd_balance *b = &f->seen->balance;

    if (f->run->traffic_seen_at_ms == 0 || !b->known || b->side[side].sessions > 0)
        return ZDD_DRAIN_OPEN;
    if (f->seen->now_ms >= b->reloaded_at_ms + f->plan->pair.drain_ms)
        return ZDD_DRAIN_NO_OLD_WORKER;
    return zdd_pair_drain_time_is_over(f) ? ZDD_DRAIN_TIME : ZDD_DRAIN_OPEN;
}

bool zdd_pair_is_drained(const struct zdd_facts *f, enum zdd_pair_side side)
{
    return zdd_pair_drain_of(f, side) != ZDD_DRAIN_OPEN;
}
