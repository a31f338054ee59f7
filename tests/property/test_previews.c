/**
 * @file tests/property/test_previews.c
 * @brief Half a million small plans: each preview ends as the plan wants, or says why not.
 */
#include "strategies/preview.h"
#include "tests/support/spec.h"

#include <string.h>

#define INSTANCES_MAX 5
#define RUNNING_MAX 6

static const double shares[] = {0, 0.25, 0.5, 1};
static const char *const names[] = {"rolling", "recreate", "scale", "restart"};

#define must(plan, condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            describe(plan);                                                                        \
            print_error("violates: %s\n", #condition);                                             \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

static void describe(const struct zdd_plan *p)
{
    print_error("%s %s rule %s checks %d%d%d: %d -> %d, min %.2f over %.2f, %d of %d healthy\n",
                p->strategy, zdd_action_name(p->action), zdd_replace_rule_name(p->replace_rule),
                p->old.has_health_checks, p->old.has_marathon_checks, p->old.has_readiness_checks,
                (int)p->old.instances, (int)p->target.instances, p->target.minimum_health_capacity,
                p->target.maximum_over_capacity, (int)p->seen.healthy, (int)p->seen.running);
}

static bool is_replace(const struct zdd_plan *p)
{
    return (p->action == ZDD_ACTION_UPGRADE || p->action == ZDD_ACTION_RESTART) &&
           strcmp(p->strategy, "recreate") != 0 && p->target.instances > 0;
}

static void check_end(const struct zdd_plan *p, const struct zdd_preview *v)
{
    const struct zdd_moment *last = &v->moment[v->moment_count - 1];

    if (p->action == ZDD_ACTION_NONE)
        return;
    must(p, last->old_instances + last->new_instances == p->target.instances);
    must(p, last->ending == 0);
    if (p->action != ZDD_ACTION_SCALE) /* a scale leaves those alone that were ill before */
        must(p, last->healthy_new == p->target.instances);
}

static void check(const struct zdd_plan *p)
{
    struct zdd_preview v;

    zdd_preview_make(zdd_strategy_find(p->strategy), p, &v);
    must(p, v.moment_count >= 1 && v.moment_count <= ZDD_TIMELINE_MAX);
    must(p, v.lowest_serving >= 0 && v.lowest_serving <= p->seen.healthy);
    must(p, v.peak_instances >= p->seen.running);
    must(p, v.killed_at_once >= 0 && v.killed_at_once <= p->seen.running);
    if (v.hangs) {
        must(p, is_replace(p) && p->replace_rule == ZDD_REPLACE_1_10);
        must(p, v.arithmetic == ZDD_PROOF_REFUTED);
    } else {
        check_end(p, &v);
    }
    if (v.has_suggestion)
        must(p, strcmp(p->strategy, "rolling") == 0 && (v.killed_at_once > 0 || v.hangs));
    if (v.arithmetic == ZDD_PROOF_PROVED && is_replace(p))
        must(p, v.lowest_serving >= v.min_healthy || v.lowest_serving >= p->seen.healthy);
}

/* All plans of @p facts: how many are wanted, run, and are healthy. @return how many plans */
static size_t check_numbers(struct zdd_plan *p, const struct zdd_app_facts *facts)
{
    const bool checked = facts->has_health_checks || facts->has_readiness_checks;
    size_t count = 0;

    for (int32_t n = 0; n < (INSTANCES_MAX + 1) * (INSTANCES_MAX + 1) * (RUNNING_MAX + 1); n++) {
        p->old = p->target = *facts;
        p->old.instances = n % (INSTANCES_MAX + 1);
        p->target.instances = n / (INSTANCES_MAX + 1) % (INSTANCES_MAX + 1);
        p->seen.running = n / (INSTANCES_MAX + 1) / (INSTANCES_MAX + 1);
        if (strcmp(p->strategy, "restart") == 0)
            p->target.instances = p->old.instances;
        if (strcmp(p->strategy, "scale") == 0)
            p->action =
                p->old.instances == p->target.instances ? ZDD_ACTION_NONE : ZDD_ACTION_SCALE;
        for (int32_t healthy = checked ? 0 : p->seen.running; healthy <= p->seen.running;
             healthy++) {
            p->seen.healthy = healthy;
            check(p);
            count++;
        }
    }
    return count;
}

/* All shares and kinds of checks. */
static size_t check_facts(struct zdd_plan *p)
{
    size_t count = 0;

    for (size_t i = 0; i < ZDD_COUNT(shares) * ZDD_COUNT(shares) * 4; i++) {
        const size_t checks = i / ZDD_COUNT(shares) / ZDD_COUNT(shares);
        const struct zdd_app_facts facts = {
            .minimum_health_capacity = shares[i % ZDD_COUNT(shares)],
            .maximum_over_capacity = shares[i / ZDD_COUNT(shares) % ZDD_COUNT(shares)],
            .has_health_checks = checks == 1 || checks == 2,
            .has_marathon_checks = checks == 1,
            .has_readiness_checks = checks == 3,
        };

        count += check_numbers(p, &facts);
    }
    return count;
}

static void every_preview_ends_as_wanted_or_says_why_not(void **state)
{
    size_t count = 0;

    (void)state;
    for (size_t s = 0; s < ZDD_COUNT(names); s++) {
        for (int rule = 0; rule < ZDD_REPLACE_COUNT; rule++) {
            struct zdd_plan plan = {.action = strcmp(names[s], "restart") == 0 ? ZDD_ACTION_RESTART
                                                                               : ZDD_ACTION_UPGRADE,
                                    .replace_rule = (enum zdd_replace_rule)rule,
                                    .seen = {.exists = true}};

            memcpy(plan.strategy, names[s], strlen(names[s]) + 1);
            count += check_facts(&plan);
        }
    }
    assert_true(count > 400000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_preview_ends_as_wanted_or_says_why_not),
    };

    return cmocka_run_group_tests_name("property/previews", tests, NULL, NULL);
}
