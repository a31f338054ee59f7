/**
 * @file strategies/advice_pair.c
 * @brief What an operator should know of two versions behind one balancer.
 */
#include "strategies/advice_pair.h"

#include "strategies/pair_take.h"
#include "strategies/say.h"
#include "strategies/share.h"

#include <assert.h>

void zdd_advice_warn(struct zdd_preview *v, const char *code, const char *pattern, int64_t a,
                     int64_t b)
{
    struct zdd_warning *w = &v->warning[v->warning_count];

    assert(v->warning_count < ZDD_WARNING_MAX);
    v->warning_count++;
    w->code = code;
    zdd_say(w->text, sizeof(w->text), pattern, a, b);
}

static void warn_of_pair(const struct zdd_plan *plan, struct zdd_preview *v)
{
    if (plan->pair.must_adopt)
        zdd_advice_warn(
            v, "restart-for-label",
            "The %1 instances that run now lack the labels of a pair: Marathon replaces them once, "
            "before the new version starts.",
            plan->old.instances, 0);
    if (plan->pair.must_adopt && plan->old.instances == 1)
        zdd_advice_warn(
            v, "single-instance",
            "Marathon ends the only instance when its replacement is healthy, a moment before the "
            "balancers know that one: requests may fail then. Scale the app to 2 before.",
            0, 0);
    if (zdd_plan_takes_over(plan) && plan->action == ZDD_ACTION_UPGRADE)
        zdd_advice_warn(
            v, "survivor-restarts",
            "The %1 instances that stay lack the labels of a pair, or change: Marathon replaces "
            "them once. Requests under way at an instance that ends can fail.",
            plan->seen.running, 0);
}

/* Who comes back with a cookie goes where that leads, whatever the weights. */
static void warn_of_cookies(const struct zdd_plan *plan, struct zdd_preview *v)
{
    if (!plan->pair.by_users)
        return;
    if (zdd_program_has(&plan->program, ZDD_STEP_WEIGHT))
        zdd_advice_warn(
            v, "sticky-sessions",
            "A weight is the share of new users, not of requests: users stick to their instance, "
            "at weight 0 too. Going back moves those of the new version, the promotion the others.",
            0, 0);
    else
        zdd_advice_warn(
            v, "sticky-users-move",
            "Users stick to their instance: weights divide the new ones, and the others move when "
            "their instance leaves.",
            0, 0);
}

/* Weights that come to something else, or are too much for the instances of that moment: the first
 * of each is told. */
static void warn_of_weights(const struct zdd_plan *plan, struct zdd_preview *v)
{
    struct zdd_share_plan share;

    if (zdd_share_first(plan, zdd_share_is_far, &share))
        zdd_advice_warn(
            v, "share-floor",
            "A weight of %.1 %% comes to %.2 %% with the instances of that moment: give other "
            "instances, or another weight.",
            share.wanted, (int64_t)(share.weights.share_pct * ZDD_SHARE_PERCENT + 0.5));
    if (zdd_share_first(plan, zdd_share_is_heavy, &share))
        zdd_advice_warn(
            v, "canary-overloaded",
            "With a weight of %.1 %% each new instance gets %2 %% of the requests that an old one "
            "has now: give more instances, or a scale before it.",
            share.wanted, zdd_share_load(&share));
}

void zdd_advice_of_pair(const struct zdd_plan *plan, struct zdd_preview *preview)
{
    warn_of_pair(plan, preview);
    warn_of_cookies(plan, preview);
    warn_of_weights(plan, preview);
}
