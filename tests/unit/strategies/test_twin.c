/**
 * @file tests/unit/strategies/test_twin.c
 * @brief The model of Marathon against its rules, one by one (marathon.md §4).
 */
#include "strategies/twin.h"

#include "tests/unit/strategies/facts.h"

/* A twin of 4 healthy instances, and the facts of the definition that is put. */
static struct zdd_twin a_twin(struct zdd_plan plan)
{
    struct zdd_twin twin;

    zdd_twin_init(&twin, &plan);
    return twin;
}

static struct zdd_app_facts shares(double health, double over)
{
    return (struct zdd_app_facts)facts_of_app(.minimum_health_capacity = health,
                                              .maximum_over_capacity = over);
}

static void upgrade(struct zdd_twin *twin, struct zdd_app_facts facts)
{
    assert_true(zdd_twin_put(twin, ZDD_DEFINITION_TARGET, &facts, false));
}

/* @p event happens to all it can happen to now; @return how often */
static int32_t all(struct zdd_twin *twin, enum zdd_twin_event event)
{
    const int32_t count = zdd_twin_possible(twin, event);

    for (int32_t i = 0; i < count; i++)
        zdd_twin_happen(twin, event);
    return count;
}

static void assert_tasks(const struct zdd_twin *twin, int32_t generation, int32_t starting,
                         int32_t fresh, int32_t healthy, int32_t killing)
{
    const struct zdd_twin_generation *g = &twin->generation[generation];

    assert_int_equal(g->starting, starting);
    assert_int_equal(g->fresh, fresh);
    assert_int_equal(g->healthy, healthy);
    assert_int_equal(g->killing, killing);
}

static void it_begins_as_the_plan_saw_it(void **state)
{
    struct zdd_twin twin = a_twin(a_plan(.seen = {.exists = true, .running = 4, .healthy = 3}));

    (void)state;
    assert_tasks(&twin, 0, 0, 1, 3, 0);
    assert_int_equal(twin.definition, ZDD_DEFINITION_PREVIOUS);
    assert_int_equal(zdd_twin_total(&twin), 4);
    assert_int_equal(zdd_twin_serving(&twin), 3);
    twin = a_twin(a_plan(.seen = {0}, .old = {0}));
    assert_false(twin.exists);
    assert_int_equal(twin.definition, ZDD_DEFINITION_ABSENT);
    assert_int_equal(zdd_twin_total(&twin), 0);
}

/* The worked table of §4.4: kills and launches at the start, then the peak and the lowest. */
static void the_worked_table_comes_out_step_by_step(void **state)
{
    static const struct {
        double health, over;
        int32_t killed, launched, peak, lowest;
    } rows[] = {
        {1, 1, 0, 4, 8, 4}, {0.25, 0.25, 3, 1, 5, 1}, {0.5, 0.1, 2, 0, 4, 2},
        {0, 0, 4, 0, 4, 0}, {1, 0, 0, 1, 5, 4},       {0.5, 0.5, 2, 2, 6, 2},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct zdd_twin twin = a_twin(a_plan());
        int32_t peak = 0, lowest = 4;

        upgrade(&twin, shares(rows[i].health, rows[i].over));
        assert_tasks(&twin, 0, 0, 0, 4 - rows[i].killed, rows[i].killed);
        assert_tasks(&twin, 1, rows[i].launched, 0, 0, 0);
        for (int round = 0; twin.deployment != ZDD_TWIN_IDLE && round < 100; round++) {
            for (int event = ZDD_TWIN_ENDED; event <= ZDD_TWIN_HEALTHY; event++) {
                if (zdd_twin_total(&twin) > peak)
                    peak = zdd_twin_total(&twin);
                if (zdd_twin_serving(&twin) < lowest)
                    lowest = zdd_twin_serving(&twin);
                if (zdd_twin_possible(&twin, (enum zdd_twin_event)event))
                    zdd_twin_happen(&twin, (enum zdd_twin_event)event);
            }
        }
        assert_int_equal(peak, rows[i].peak);
        assert_int_equal(lowest, rows[i].lowest);
        assert_tasks(&twin, 1, 0, 0, 4, 0);
        assert_int_equal(zdd_twin_total(&twin), 4);
    }
}

static void a_killed_task_holds_its_place_until_it_has_ended(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    upgrade(&twin, shares(0.25, 0.25));
    assert_int_equal(zdd_twin_total(&twin), 5);
    zdd_twin_happen(&twin, ZDD_TWIN_ENDED); /* rule 2: one ended, one launched */
    assert_tasks(&twin, 0, 0, 0, 1, 2);
    assert_tasks(&twin, 1, 2, 0, 0, 0);
    assert_int_equal(all(&twin, ZDD_TWIN_ENDED), 2);
    assert_tasks(&twin, 1, 4, 0, 0, 0); /* never more than wanted */
}

static void each_new_one_that_serves_costs_exactly_one_old_one(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    upgrade(&twin, shares(1, 1));
    all(&twin, ZDD_TWIN_STARTED);
    assert_tasks(&twin, 0, 0, 0, 4, 0); /* running is not enough */
    zdd_twin_happen(&twin, ZDD_TWIN_HEALTHY);
    assert_tasks(&twin, 0, 0, 0, 3, 1);
    zdd_twin_happen(&twin, ZDD_TWIN_HEALTHY);
    assert_tasks(&twin, 0, 0, 0, 2, 2);
}

static void the_kill_comes_even_if_others_died_meanwhile(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    upgrade(&twin, shares(1, 0.25));
    all(&twin, ZDD_TWIN_STARTED);
    zdd_twin_happen(&twin, ZDD_TWIN_DIED); /* an old one, by itself: rule 6 */
    assert_tasks(&twin, 0, 0, 0, 3, 0);
    assert_tasks(&twin, 1, 1, 1, 0, 0); /* replaced by the new version */
    zdd_twin_happen(&twin, ZDD_TWIN_HEALTHY);
    assert_tasks(&twin, 0, 0, 0, 2, 1); /* rule 3 asks nothing: 3 serve now */
}

static void without_checks_running_is_enough(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    struct zdd_app_facts facts = shares(1, 0.25);

    (void)state;
    facts.has_health_checks = false;
    upgrade(&twin, facts);
    zdd_twin_happen(&twin, ZDD_TWIN_STARTED);
    assert_tasks(&twin, 1, 0, 0, 1, 0);
    assert_tasks(&twin, 0, 0, 0, 3, 1);

    twin = a_twin(a_plan());
    facts.has_readiness_checks = true;
    upgrade(&twin, facts);
    zdd_twin_happen(&twin, ZDD_TWIN_STARTED);
    assert_tasks(&twin, 1, 0, 1, 0, 0);
}

static void a_new_one_that_dies_is_started_again_and_counts_anew(void **state)
{
    struct zdd_twin twin = a_twin(a_plan(.old = facts_of_app(.instances = 1),
                                         .seen = {.exists = true, .running = 1, .healthy = 1}));

    (void)state;
    upgrade(&twin, (struct zdd_app_facts)facts_of_app(.instances = 2));
    assert_tasks(&twin, 1, 1, 0, 0, 0);
    zdd_twin_happen(&twin, ZDD_TWIN_STARTED);
    zdd_twin_happen(&twin, ZDD_TWIN_HEALTHY);
    assert_tasks(&twin, 0, 0, 0, 0, 1);
    zdd_twin_happen(&twin, ZDD_TWIN_DIED); /* the only one that runs is the new one */
    assert_tasks(&twin, 1, 1, 0, 0, 0);
    assert_int_equal(twin.deployment, ZDD_TWIN_REPLACE);
}

static void one_that_fell_ill_still_counts_for_the_end(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    upgrade(&twin, shares(1, 1));
    all(&twin, ZDD_TWIN_STARTED);
    all(&twin, ZDD_TWIN_HEALTHY);
    /* Candidates are counted generation by generation: the old ones are being killed already. */
    zdd_twin_happen(&twin, ZDD_TWIN_ILL);
    assert_int_equal(twin.generation[1].ill, 1);
    all(&twin, ZDD_TWIN_ENDED);
    assert_int_equal(twin.deployment, ZDD_TWIN_IDLE); /* rule 7: the set never shrinks */
    assert_int_equal(zdd_twin_serving(&twin), 3);
    zdd_twin_happen(&twin, ZDD_TWIN_HEALTHY);
    assert_int_equal(zdd_twin_serving(&twin), 4);
}

static void getting_well_again_costs_no_second_old_one(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    upgrade(&twin, shares(1, 0.25));
    zdd_twin_happen(&twin, ZDD_TWIN_STARTED);
    zdd_twin_happen(&twin, ZDD_TWIN_HEALTHY);
    assert_tasks(&twin, 0, 0, 0, 3, 1);
    twin.generation[1].healthy = 0;
    twin.generation[1].ill = 1;
    zdd_twin_happen(&twin, ZDD_TWIN_HEALTHY);
    assert_tasks(&twin, 0, 0, 0, 3, 1);
    assert_tasks(&twin, 1, 0, 0, 1, 0);
}

static void a_replace_ends_when_all_new_ones_served_and_no_old_one_is_left(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    upgrade(&twin, shares(1, 1));
    all(&twin, ZDD_TWIN_STARTED);
    all(&twin, ZDD_TWIN_HEALTHY);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(twin.deployment, ZDD_TWIN_REPLACE);
        zdd_twin_happen(&twin, ZDD_TWIN_ENDED);
    }
    assert_int_equal(twin.deployment, ZDD_TWIN_IDLE);
}

static void surplus_old_ones_go_at_once(void **state)
{
    struct zdd_twin twin = a_twin(a_plan(.old = facts_of_app(.instances = 3),
                                         .seen = {.exists = true, .running = 3, .healthy = 3}));
    struct zdd_app_facts facts = shares(1, 1);

    (void)state;
    facts.instances = 2;
    upgrade(&twin, facts);
    assert_tasks(&twin, 0, 0, 0, 2, 1);
    assert_tasks(&twin, 1, 1, 0, 0, 0);
    zdd_twin_happen(&twin, ZDD_TWIN_ENDED);
    assert_tasks(&twin, 1, 2, 0, 0, 0);
}

static void ten_to_one_waits_for_nine_to_end(void **state)
{
    struct zdd_twin twin = a_twin(a_plan(.old = facts_of_app(.instances = 10),
                                         .seen = {.exists = true, .running = 10, .healthy = 10}));
    struct zdd_app_facts facts = shares(1, 0);

    (void)state;
    facts.instances = 1;
    upgrade(&twin, facts);
    assert_tasks(&twin, 0, 0, 0, 1, 9);
    for (int i = 0; i < 8; i++)
        zdd_twin_happen(&twin, ZDD_TWIN_ENDED);
    assert_tasks(&twin, 1, 0, 0, 0, 0);
    zdd_twin_happen(&twin, ZDD_TWIN_ENDED);
    assert_tasks(&twin, 1, 1, 0, 0, 0);
}

static void from_nothing_all_start_at_once(void **state)
{
    struct zdd_twin twin =
        a_twin(a_plan(.old = facts_of_app(.instances = 0), .seen = {.exists = true}));

    (void)state;
    upgrade(&twin, shares(1, 0));
    assert_tasks(&twin, 1, 4, 0, 0, 0);
    assert_int_equal(twin.current, 1);
}

static void on_1_10_http_checks_leave_nothing_to_kill(void **state)
{
    struct zdd_twin twin = a_twin(a_plan(.replace_rule = ZDD_REPLACE_1_10));

    (void)state;
    upgrade(&twin, shares(0.25, 0.25));
    assert_tasks(&twin, 0, 0, 0, 4, 0);
    assert_tasks(&twin, 1, 1, 0, 0, 0);

    twin = a_twin(a_plan(.replace_rule = ZDD_REPLACE_1_10));
    upgrade(&twin, shares(0.5, 0.1)); /* it hangs */
    assert_tasks(&twin, 0, 0, 0, 4, 0);
    assert_tasks(&twin, 1, 0, 0, 0, 0);
    assert_int_equal(twin.deployment, ZDD_TWIN_REPLACE);
}

static void on_1_10_it_is_the_old_ones_checks_that_count(void **state)
{
    struct zdd_plan plan = a_plan(.replace_rule = ZDD_REPLACE_1_10);
    struct zdd_twin twin;

    (void)state;
    plan.old.has_health_checks = plan.old.has_marathon_checks = false;
    twin = a_twin(plan);
    upgrade(&twin, shares(0.25, 0.25)); /* the new ones have HTTP checks */
    assert_tasks(&twin, 0, 0, 0, 1, 3);
}

static void on_1_10_going_back_goes_by_the_checks_of_what_ran_last(void **state)
{
    struct zdd_plan plan = a_plan(.replace_rule = ZDD_REPLACE_1_10);
    struct zdd_app_facts back = shares(0.25, 0.25);
    struct zdd_twin twin;

    (void)state;
    plan.old.has_health_checks = plan.old.has_marathon_checks = false;
    back.has_health_checks = back.has_marathon_checks = false;
    twin = a_twin(plan);
    upgrade(&twin, shares(1, 0.25));
    assert_int_equal(zdd_twin_total(&twin), 5);
    /* Those of the target have HTTP checks, so Mesos knows of none that is healthy: only the one
     * that is too many goes. */
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &back, true));
    assert_int_equal(zdd_twin_possible(&twin, ZDD_TWIN_ENDED), 1);
}

static void on_1_10_more_known_than_wanted_are_killed(void **state)
{
    struct zdd_twin twin = a_twin(a_plan(.replace_rule = ZDD_REPLACE_1_10));
    const struct zdd_app_facts facts = shares(1, 1);

    (void)state;
    upgrade(&twin, facts);
    all(&twin, ZDD_TWIN_STARTED); /* 4 old, 4 new that are not healthy */
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, true));
    assert_int_equal(twin.generation[0].killing + twin.generation[1].killing, 4);
}

static void another_deployment_locks_the_app_unless_forced(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    const struct zdd_app_facts facts = shares(1, 1);
    struct zdd_twin before;

    (void)state;
    upgrade(&twin, facts);
    before = twin;
    assert_false(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, false));
    assert_false(zdd_twin_restart(&twin, false));
    assert_false(zdd_twin_delete(&twin, false));
    assert_memory_equal(&twin, &before, sizeof(twin));
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, true));
    assert_int_equal(twin.deployment_number, before.deployment_number + 1);
    assert_int_equal(twin.current, 2); /* a third version, never the first again (§1.6) */
    assert_int_equal(twin.definition, ZDD_DEFINITION_PREVIOUS);
}

static void what_changes_nothing_meets_no_lock_and_stops_nothing(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    const struct zdd_app_facts facts = shares(1, 1);
    struct zdd_twin before;

    (void)state;
    upgrade(&twin, facts);
    before = twin;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_TARGET, &facts, false));
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_TARGET, &facts, true));
    assert_memory_equal(&twin, &before, sizeof(twin));
}

static void what_changes_nothing_leaves_the_rest_to_the_scale_check(void **state)
{
    struct zdd_twin twin = a_twin(a_plan(.seen = {.exists = true, .running = 6, .healthy = 6}));
    const struct zdd_app_facts facts = facts_of_app();

    (void)state;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, false));
    assert_int_equal(twin.deployment, ZDD_TWIN_IDLE);
    assert_tasks(&twin, 0, 0, 0, 4, 2);
}

static void a_forced_change_counts_everything_alive_as_capacity(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    const struct zdd_app_facts facts = shares(1, 1);

    (void)state;
    upgrade(&twin, facts);
    all(&twin, ZDD_TWIN_STARTED); /* 4 that serve and 4 that do not: R is 8 */
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, true));
    assert_tasks(&twin, 0, 0, 0, 0, 4); /* the worst choice, as without a chooser */
    assert_int_equal(zdd_twin_serving(&twin), 0);
}

static int32_t the_last(void *cls, int32_t count)
{
    (void)cls;
    return count - 1;
}

static void whom_it_hits_the_caller_chooses(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    const struct zdd_app_facts facts = shares(1, 1);

    (void)state;
    twin.choose = the_last;
    upgrade(&twin, facts);
    all(&twin, ZDD_TWIN_STARTED);
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, true));
    assert_tasks(&twin, 0, 0, 0, 4, 0);
    assert_tasks(&twin, 1, 0, 0, 0, 4);
}

static void scaling_up_starts_what_is_missing_and_waits_for_exactly_those(void **state)
{
    struct zdd_twin twin = a_twin(a_plan(.seen = {.exists = true, .running = 4, .healthy = 3}));
    const struct zdd_app_facts facts = facts_of_app(.instances = 6);

    (void)state;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, false));
    assert_int_equal(twin.deployment, ZDD_TWIN_SCALE);
    assert_int_equal(twin.current, 0); /* no new config version (§2.3) */
    assert_tasks(&twin, 0, 2, 1, 3, 0);
    all(&twin, ZDD_TWIN_STARTED);
    zdd_twin_happen(&twin, ZDD_TWIN_HEALTHY);
    assert_int_equal(twin.deployment, ZDD_TWIN_SCALE);
    zdd_twin_happen(&twin, ZDD_TWIN_HEALTHY);
    assert_int_equal(twin.deployment, ZDD_TWIN_IDLE);
}

static void scaling_down_takes_the_starting_then_the_youngest(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    struct zdd_app_facts facts = shares(1, 1);

    (void)state;
    upgrade(&twin, facts);
    zdd_twin_happen(&twin, ZDD_TWIN_STARTED);
    zdd_twin_happen(&twin, ZDD_TWIN_STARTED);
    zdd_twin_happen(&twin, ZDD_TWIN_HEALTHY); /* 4 − 1 old; new: 2 starting, 1 fresh, 1 healthy */
    facts.instances = 5;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_TARGET, &facts, true));
    assert_tasks(&twin, 0, 0, 0, 3, 1);
    assert_tasks(&twin, 1, 0, 1, 1, 2); /* the starting ones */
    facts.instances = 3;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_TARGET, &facts, true));
    assert_tasks(&twin, 0, 0, 0, 3, 1);
    assert_tasks(&twin, 1, 0, 0, 0, 4); /* the younger generation, healthy or not */
    facts.instances = 1;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_TARGET, &facts, true));
    assert_tasks(&twin, 0, 0, 0, 1, 3);
}

static void oldest_first_takes_the_originals(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    struct zdd_app_facts facts = shares(1, 1);

    (void)state;
    facts.oldest_first = true;
    upgrade(&twin, facts);
    all(&twin, ZDD_TWIN_STARTED);
    facts.instances = 5;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_TARGET, &facts, true));
    assert_tasks(&twin, 0, 0, 0, 1, 3);
    assert_tasks(&twin, 1, 0, 4, 0, 0);
}

static void a_scale_first_waits_for_the_surplus_to_end(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    struct zdd_app_facts facts = facts_of_app(.instances = 2);

    (void)state;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, false));
    assert_tasks(&twin, 0, 0, 0, 2, 2);
    facts.instances = 4;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, true));
    assert_tasks(&twin, 0, 0, 0, 2, 2);
    zdd_twin_happen(&twin, ZDD_TWIN_ENDED);
    assert_tasks(&twin, 0, 0, 0, 2, 1);
    zdd_twin_happen(&twin, ZDD_TWIN_ENDED);
    assert_tasks(&twin, 0, 2, 0, 2, 0);
}

static void zero_instances_are_a_scale_even_with_another_definition(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    const struct zdd_app_facts facts = facts_of_app(.instances = 0);
    struct zdd_side now, old;

    (void)state;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_TARGET, &facts, false));
    assert_int_equal(twin.deployment, ZDD_TWIN_SCALE);
    zdd_twin_sides(&twin, &now, &old);
    assert_int_equal(now.total, 0);
    assert_int_equal(old.total, 4); /* of an earlier version, and ending */
    all(&twin, ZDD_TWIN_ENDED);
    assert_int_equal(twin.deployment, ZDD_TWIN_IDLE);
    assert_int_equal(zdd_twin_total(&twin), 0);
}

static void a_new_app_is_a_scale_from_nothing(void **state)
{
    struct zdd_twin twin = a_twin(a_plan(.seen = {0}, .old = {0}));
    const struct zdd_app_facts facts = facts_of_app();

    (void)state;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_TARGET, &facts, false));
    assert_true(twin.exists);
    assert_int_equal(twin.deployment, ZDD_TWIN_SCALE);
    assert_tasks(&twin, 0, 4, 0, 0, 0);
    all(&twin, ZDD_TWIN_STARTED);
    all(&twin, ZDD_TWIN_HEALTHY);
    assert_int_equal(twin.deployment, ZDD_TWIN_IDLE);
}

static void a_deleted_app_is_gone_at_once_and_its_tasks_a_little_later(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    assert_true(zdd_twin_delete(&twin, false));
    assert_false(twin.exists);
    assert_int_equal(twin.definition, ZDD_DEFINITION_ABSENT);
    assert_int_equal(twin.deployment, ZDD_TWIN_STOP);
    assert_tasks(&twin, 0, 0, 0, 0, 4);
    assert_true(zdd_twin_delete(&twin, false)); /* gone already */
    assert_int_equal(all(&twin, ZDD_TWIN_ENDED), 4);
    assert_int_equal(twin.deployment, ZDD_TWIN_IDLE);
    assert_int_equal(zdd_twin_total(&twin), 0);
}

static void a_restart_replaces_all_by_the_same(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    assert_true(zdd_twin_restart(&twin, false));
    assert_int_equal(twin.deployment, ZDD_TWIN_REPLACE);
    assert_int_equal(twin.current, 1);
    assert_tasks(&twin, 0, 0, 0, 4, 0);
    assert_tasks(&twin, 1, 1, 0, 0, 0); /* within its own capacity, 1.0/0.25 */
    twin = a_twin(a_plan(.old = facts_of_app(.instances = 0), .seen = {.exists = true}));
    assert_true(zdd_twin_restart(&twin, false));
    assert_int_equal(twin.deployment, ZDD_TWIN_IDLE);
}

static void a_cancelled_deployment_stops_where_it_is_and_the_scale_check_tidies_up(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    upgrade(&twin, shares(1, 1));
    all(&twin, ZDD_TWIN_STARTED);
    zdd_twin_cancel(&twin);
    assert_int_equal(zdd_twin_total(&twin), 8);
    zdd_twin_happen(&twin, ZDD_TWIN_HEALTHY); /* kills none: nobody replaces any more … */
    assert_tasks(&twin, 0, 0, 0, 4, 0); /* … and trimming takes the youngest: the new (§1.6) */
    assert_tasks(&twin, 1, 0, 0, 0, 4);
}

static void a_new_leader_begins_again_and_counts_what_is_there_as_capacity(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    int32_t number;

    (void)state;
    upgrade(&twin, shares(1, 1));
    all(&twin, ZDD_TWIN_STARTED); /* 4 old that serve, 4 new that do not: R is 8, and 4 may go */
    number = twin.deployment_number;
    zdd_twin_failover(&twin);
    assert_tasks(&twin, 0, 0, 0, 0, 4);
    assert_tasks(&twin, 1, 0, 4, 0, 0); /* adopted, not started again */
    assert_int_equal(twin.deployment, ZDD_TWIN_REPLACE);
    assert_int_equal(twin.deployment_number, number); /* the same id (§3.2) */

    twin = a_twin(a_plan());
    zdd_twin_failover(&twin); /* nothing under way: nothing begins */
    assert_int_equal(twin.deployment, ZDD_TWIN_IDLE);
    assert_tasks(&twin, 0, 0, 0, 4, 0);
}

static void a_new_leader_repeats_a_scale(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    const struct zdd_app_facts facts = facts_of_app(.instances = 6);

    (void)state;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, false));
    zdd_twin_failover(&twin);
    assert_tasks(&twin, 0, 2, 0, 4, 0); /* those that start already are not started twice … */
    assert_int_equal(twin.deployment,
                     ZDD_TWIN_IDLE); /* … nor waited for: nothing is missing (§4.8) */
}

static void the_scale_check_starts_what_a_cancelled_deployment_left_out(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    const struct zdd_app_facts facts = facts_of_app(.instances = 6);

    (void)state;
    twin.cluster_max = 5;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, false));
    assert_tasks(&twin, 0, 1, 0, 4, 0);
    zdd_twin_cancel(&twin);
    twin.cluster_max = 0;
    zdd_twin_happen(&twin, ZDD_TWIN_STARTED);
    assert_tasks(&twin, 0, 1, 1, 4, 0);
}

static void of_a_deleted_app_nothing_is_started_again(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    assert_true(zdd_twin_delete(&twin, false));
    zdd_twin_cancel(&twin);
    all(&twin, ZDD_TWIN_ENDED);
    assert_int_equal(zdd_twin_total(&twin), 0);
}

static void outside_of_deployments_a_dead_task_comes_back_as_it_was(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    zdd_twin_happen(&twin, ZDD_TWIN_DIED);
    assert_tasks(&twin, 0, 1, 0, 3, 0);
    assert_int_equal(twin.deployment, ZDD_TWIN_IDLE);

    twin = a_twin(a_plan());
    upgrade(&twin, shares(1, 0.25));
    zdd_twin_cancel(&twin);
    zdd_twin_happen(&twin, ZDD_TWIN_DIED); /* an old one; with its own version (§0) */
    assert_tasks(&twin, 0, 1, 0, 3, 0);
    assert_tasks(&twin, 1, 0, 0, 0, 1); /* the fifth is trimmed */
}

static void a_task_of_the_old_version_is_judged_by_its_own_checks(void **state)
{
    struct zdd_plan plan = a_plan();
    struct zdd_twin twin;

    (void)state;
    plan.old.has_health_checks = plan.old.has_marathon_checks = false;
    twin = a_twin(plan);
    zdd_twin_happen(&twin, ZDD_TWIN_DIED);
    upgrade(&twin, shares(1, 1));
    assert_tasks(&twin, 0, 1, 0, 3, 0);
    zdd_twin_happen(&twin, ZDD_TWIN_STARTED);
    assert_tasks(&twin, 0, 0, 0, 4, 0);
}

static void a_full_cluster_launches_when_there_is_room(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    twin.cluster_max = 5;
    upgrade(&twin, shares(1, 1));
    assert_tasks(&twin, 1, 1, 0, 0, 0);
    zdd_twin_happen(&twin, ZDD_TWIN_STARTED);
    zdd_twin_happen(&twin, ZDD_TWIN_HEALTHY);
    assert_tasks(&twin, 1, 0, 0, 1, 0); /* the old one still takes its room */
    zdd_twin_happen(&twin, ZDD_TWIN_ENDED);
    assert_tasks(&twin, 1, 1, 0, 1, 0);
    twin.cluster_max = 3;
    zdd_twin_happen(&twin, ZDD_TWIN_STARTED);
    assert_tasks(&twin, 1, 0, 1, 1, 0);
}

static void any_task_that_runs_or_starts_may_die(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    twin.generation[0] = (struct zdd_twin_generation){
        .starting = 1, .fresh = 1, .healthy = 1, .ill = 1, .killing = 3};
    assert_int_equal(zdd_twin_possible(&twin, ZDD_TWIN_DIED), 4);
    assert_int_equal(zdd_twin_possible(&twin, ZDD_TWIN_HEALTHY), 2);
    assert_int_equal(zdd_twin_possible(&twin, ZDD_TWIN_ILL), 1);
    assert_int_equal(zdd_twin_possible(&twin, ZDD_TWIN_ENDED), 3);
    twin.deployment = ZDD_TWIN_SCALE;
    for (int i = 0; i < 3; i++)
        zdd_twin_happen(&twin, ZDD_TWIN_DIED);
    assert_tasks(&twin, 0, 4, 0, 0, 3);
}

static void a_client_sees_the_present_version_and_the_rest(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    struct zdd_side now, old;

    (void)state;
    twin.current = 2;
    twin.generation[1] = (struct zdd_twin_generation){.ill = 2, .killing = 1};
    twin.generation[2] = (struct zdd_twin_generation){
        .starting = 1, .fresh = 2, .healthy = 3, .ill = 4, .killing = 5};
    zdd_twin_sides(&twin, &now, &old);
    assert_int_equal(now.total, 15);
    assert_int_equal(now.staged, 1);
    assert_int_equal(now.running, 9);
    assert_int_equal(now.healthy, 3);
    assert_int_equal(now.ready, 3);
    assert_int_equal(old.total, 7);
    assert_int_equal(old.running, 6);
    assert_int_equal(old.healthy, 4);
    assert_int_equal(zdd_twin_serving(&twin), 7);
    assert_int_equal(zdd_twin_total(&twin), 22);
}

static void many_versions_lose_no_task(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    const struct zdd_app_facts facts = shares(1, 1);

    (void)state;
    twin.choose = the_last; /* so that something of each version stays */
    for (int i = 0; i < 3 * ZDD_TWIN_GENERATIONS; i++) {
        const enum zdd_definition definition =
            i % 2 ? ZDD_DEFINITION_PREVIOUS : ZDD_DEFINITION_FOREIGN;
        const int32_t before = zdd_twin_total(&twin);

        assert_true(zdd_twin_put(&twin, definition, &facts, true));
        assert_true(zdd_twin_total(&twin) >= before);
        assert_true(twin.current < ZDD_TWIN_GENERATIONS);
        all(&twin, ZDD_TWIN_STARTED);
    }
    all(&twin, ZDD_TWIN_HEALTHY);
    while (zdd_twin_possible(&twin, ZDD_TWIN_ENDED))
        zdd_twin_happen(&twin, ZDD_TWIN_ENDED);
    all(&twin, ZDD_TWIN_STARTED);
    all(&twin, ZDD_TWIN_HEALTHY);
    while (zdd_twin_possible(&twin, ZDD_TWIN_ENDED))
        zdd_twin_happen(&twin, ZDD_TWIN_ENDED);
    assert_int_equal(twin.deployment, ZDD_TWIN_IDLE);
    assert_int_equal(zdd_twin_total(&twin), 4);
    assert_int_equal(zdd_twin_serving(&twin), 4);
}

static void the_two_oldest_versions_become_one_with_all_their_tasks(void **state)
{
    const struct zdd_twin_generation one_of_each = {1, 1, 1, 1, 1, 1};
    const struct zdd_app_facts many = facts_of_app(.instances = 40); /* so none is killed */
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    twin.current = ZDD_TWIN_GENERATIONS - 1;
    twin.generation[0] = twin.generation[1] = one_of_each;
    twin.generation[2].ill = 3;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_FOREIGN, &many, false));
    assert_int_equal(twin.current, ZDD_TWIN_GENERATIONS - 1);
    assert_tasks(&twin, 0, 2, 2, 2, 2);
    assert_int_equal(twin.generation[0].ill, 2);
    assert_int_equal(twin.generation[0].waiting, 2);
    assert_int_equal(twin.generation[1].ill, 3);
    assert_int_equal(twin.generation[2].ill, 0);
}

/* 4 originals that serve, and 4 of the target that have crashed. */
static struct zdd_twin a_twin_that_crashes(void)
{
    struct zdd_twin twin = a_twin(a_plan());

    upgrade(&twin, shares(1, 1));
    twin.choose = the_last;
    for (int i = 0; i < 4; i++)
        zdd_twin_happen(&twin, ZDD_TWIN_CRASHED);
    twin.choose = NULL;
    return twin;
}

static void what_crashes_is_listed_nowhere_until_it_is_launched_again(void **state)
{
    struct zdd_twin twin = a_twin_that_crashes();
    struct zdd_side now, before;

    (void)state;
    assert_int_equal(twin.generation[1].waiting, 4);
    zdd_twin_sides(&twin, &now, &before);
    assert_int_equal(now.total, 0);
    assert_int_equal(before.healthy, 4);
    assert_int_equal(twin.deployment, ZDD_TWIN_REPLACE);
    assert_int_equal(all(&twin, ZDD_TWIN_RELAUNCHED), 4);
    assert_tasks(&twin, 1, 4, 0, 0, 0);
    assert_int_equal(twin.generation[1].waiting, 0);
}

static void what_has_crashed_counts_as_capacity_and_costs_what_serves(void **state)
{
    const struct zdd_app_facts facts = shares(1, 1);
    struct zdd_twin twin = a_twin_that_crashes();

    (void)state;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, true));
    assert_tasks(&twin, 0, 0, 0, 0, 4);
    assert_int_equal(twin.generation[1].waiting, 4);
    twin = a_twin_that_crashes();
    twin.choose = the_last; /* what only waits is gone at once */
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, true));
    assert_tasks(&twin, 0, 0, 0, 4, 0);
    assert_int_equal(twin.generation[1].waiting + twin.generation[1].killing, 0);
}

static void scaling_down_takes_running_ones_before_those_that_wait(void **state)
{
    struct zdd_app_facts facts = shares(1, 1);
    struct zdd_twin twin = a_twin_that_crashes();

    (void)state;
    facts.instances = 5;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_TARGET, &facts, true));
    assert_tasks(&twin, 0, 0, 0, 1, 3);
    assert_int_equal(twin.generation[1].waiting, 4);
    facts.instances = 2;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_TARGET, &facts, true));
    assert_tasks(&twin, 0, 0, 0, 0, 4);
    assert_int_equal(twin.generation[1].waiting, 2);
}

static void an_app_made_anew_does_not_take_over_the_tasks_of_the_deleted_one(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    const struct zdd_app_facts facts = facts_of_app(.instances = 2);

    (void)state;
    assert_true(zdd_twin_delete(&twin, false));
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_FOREIGN, &facts, true));
    assert_tasks(&twin, 0, 0, 0, 0, 4); /* they still end */
    assert_tasks(&twin, 1, 0, 0, 0, 0); /* a scale launches after that */
    assert_int_equal(all(&twin, ZDD_TWIN_ENDED), 4);
    assert_tasks(&twin, 1, 2, 0, 0, 0);
}

static void a_restart_meets_the_lock_unless_forced(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    upgrade(&twin, shares(1, 0.25));
    assert_false(zdd_twin_restart(&twin, false));
    assert_int_equal(twin.current, 1);
    assert_true(zdd_twin_restart(&twin, true));
    assert_int_equal(twin.current, 2);
    assert_int_equal(twin.deployment, ZDD_TWIN_REPLACE);
}

static void an_old_one_that_crashes_waits_only_where_it_is_started_again(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());

    (void)state;
    upgrade(&twin, shares(1, 1));
    zdd_twin_happen(&twin, ZDD_TWIN_CRASHED); /* the new version replaces it: rule 6 */
    assert_tasks(&twin, 0, 0, 0, 3, 0);
    assert_int_equal(twin.generation[0].waiting, 0);

    twin = a_twin(a_plan());
    upgrade(&twin, shares(1, 1));
    zdd_twin_cancel(&twin);
    zdd_twin_happen(&twin, ZDD_TWIN_CRASHED);
    assert_tasks(&twin, 0, 0, 0, 3, 0);
    assert_int_equal(twin.generation[0].waiting, 1);
}

static void oldest_first_takes_originals_that_serve_before_younger_ones_that_do_not(void **state)
{
    struct zdd_app_facts facts = facts_of_app(.instances = 2, .oldest_first = true);
    struct zdd_plan plan = a_plan(.seen = {.exists = true, .running = 4, .healthy = 2});
    struct zdd_twin twin = a_twin(plan);

    (void)state;
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, false));
    assert_tasks(&twin, 0, 0, 2, 0, 2);
    /* Youngest first, as usual: those that have never served were added later. */
    facts.oldest_first = false;
    twin = a_twin(plan);
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &facts, false));
    assert_tasks(&twin, 0, 0, 0, 2, 2);
}

static void a_cluster_that_has_shrunk_launches_nothing_and_the_scale_goes_on(void **state)
{
    struct zdd_twin twin = a_twin(a_plan());
    const struct zdd_app_facts more = facts_of_app(.instances = 6);

    (void)state;
    twin.cluster_max = 3; /* fewer than run */
    assert_true(zdd_twin_put(&twin, ZDD_DEFINITION_PREVIOUS, &more, false));
    assert_tasks(&twin, 0, 0, 0, 4, 0);
    assert_int_equal(twin.deployment, ZDD_TWIN_SCALE);
    twin.cluster_max = 0;
    zdd_twin_happen(&twin, ZDD_TWIN_ILL);
    assert_int_equal(twin.generation[0].starting, 2);
    assert_int_equal(twin.deployment, ZDD_TWIN_SCALE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_as_the_plan_saw_it),
        cmocka_unit_test(the_worked_table_comes_out_step_by_step),
        cmocka_unit_test(a_killed_task_holds_its_place_until_it_has_ended),
        cmocka_unit_test(each_new_one_that_serves_costs_exactly_one_old_one),
        cmocka_unit_test(the_kill_comes_even_if_others_died_meanwhile),
        cmocka_unit_test(without_checks_running_is_enough),
        cmocka_unit_test(a_new_one_that_dies_is_started_again_and_counts_anew),
        cmocka_unit_test(one_that_fell_ill_still_counts_for_the_end),
        cmocka_unit_test(getting_well_again_costs_no_second_old_one),
        cmocka_unit_test(a_replace_ends_when_all_new_ones_served_and_no_old_one_is_left),
        cmocka_unit_test(surplus_old_ones_go_at_once),
        cmocka_unit_test(ten_to_one_waits_for_nine_to_end),
        cmocka_unit_test(from_nothing_all_start_at_once),
        cmocka_unit_test(on_1_10_http_checks_leave_nothing_to_kill),
        cmocka_unit_test(on_1_10_it_is_the_old_ones_checks_that_count),
        cmocka_unit_test(on_1_10_going_back_goes_by_the_checks_of_what_ran_last),
        cmocka_unit_test(on_1_10_more_known_than_wanted_are_killed),
        cmocka_unit_test(another_deployment_locks_the_app_unless_forced),
        cmocka_unit_test(what_changes_nothing_meets_no_lock_and_stops_nothing),
        cmocka_unit_test(what_changes_nothing_leaves_the_rest_to_the_scale_check),
        cmocka_unit_test(a_forced_change_counts_everything_alive_as_capacity),
        cmocka_unit_test(whom_it_hits_the_caller_chooses),
        cmocka_unit_test(scaling_up_starts_what_is_missing_and_waits_for_exactly_those),
        cmocka_unit_test(scaling_down_takes_the_starting_then_the_youngest),
        cmocka_unit_test(oldest_first_takes_the_originals),
        cmocka_unit_test(a_scale_first_waits_for_the_surplus_to_end),
        cmocka_unit_test(zero_instances_are_a_scale_even_with_another_definition),
        cmocka_unit_test(a_new_app_is_a_scale_from_nothing),
        cmocka_unit_test(a_deleted_app_is_gone_at_once_and_its_tasks_a_little_later),
        cmocka_unit_test(a_restart_replaces_all_by_the_same),
        cmocka_unit_test(a_cancelled_deployment_stops_where_it_is_and_the_scale_check_tidies_up),
        cmocka_unit_test(a_new_leader_begins_again_and_counts_what_is_there_as_capacity),
        cmocka_unit_test(a_new_leader_repeats_a_scale),
        cmocka_unit_test(the_scale_check_starts_what_a_cancelled_deployment_left_out),
        cmocka_unit_test(of_a_deleted_app_nothing_is_started_again),
        cmocka_unit_test(outside_of_deployments_a_dead_task_comes_back_as_it_was),
        cmocka_unit_test(a_task_of_the_old_version_is_judged_by_its_own_checks),
        cmocka_unit_test(a_full_cluster_launches_when_there_is_room),
        cmocka_unit_test(any_task_that_runs_or_starts_may_die),
        cmocka_unit_test(a_client_sees_the_present_version_and_the_rest),
        cmocka_unit_test(many_versions_lose_no_task),
        cmocka_unit_test(the_two_oldest_versions_become_one_with_all_their_tasks),
        cmocka_unit_test(what_crashes_is_listed_nowhere_until_it_is_launched_again),
        cmocka_unit_test(what_has_crashed_counts_as_capacity_and_costs_what_serves),
        cmocka_unit_test(scaling_down_takes_running_ones_before_those_that_wait),
        cmocka_unit_test(an_app_made_anew_does_not_take_over_the_tasks_of_the_deleted_one),
        cmocka_unit_test(a_restart_meets_the_lock_unless_forced),
        cmocka_unit_test(an_old_one_that_crashes_waits_only_where_it_is_started_again),
        cmocka_unit_test(oldest_first_takes_originals_that_serve_before_younger_ones_that_do_not),
        cmocka_unit_test(a_cluster_that_has_shrunk_launches_nothing_and_the_scale_goes_on),
    };

    return cmocka_run_group_tests_name("strategies/twin", tests, NULL, NULL);
}
