/**
 * @file tests/unit/strategies/test_canary.c
 * @brief What a canary's options become: steps, visible ones, or a complaint.
 */
#include "strategies/builtin.h"
#include "strategies/share.h"
#include "tests/support/canary_options.h"
#include "tests/unit/strategies/facts.h"

#include <string.h>

static struct zdd_plan a_pair(int32_t old, int32_t wanted)
{
    struct zdd_plan plan =
        a_plan(.strategy = "canary", .action = ZDD_ACTION_CREATE,
               .old = facts_of_app(.instances = old), .target = facts_of_app(.instances = wanted));

    memcpy(plan.pair.old_id, "/x", sizeof("/x"));
    memcpy(plan.pair.new_id, "/x-blue", sizeof("/x-blue"));
    plan.pair.old_serving = old;
    return plan;
}

static void assert_program(const union zdd_option_value *options, struct zdd_plan plan,
                           const char *wanted)
{
    char text[ZDD_PROGRAM_TEXT_SIZE];
    struct zdd_complaint complaint[ZDD_COMPLAINT_MAX];

    assert_int_equal(zdd_canary.check(options, &plan, complaint), 0);
    zdd_canary.write_program(options, &plan);
    zdd_program_print(&plan.program, text);
    assert_string_equal(text, wanted);
}

static void assert_complaint(const union zdd_option_value *options, struct zdd_plan plan,
                             const char *name, int32_t index, const char *text)
{
    struct zdd_complaint complaint[ZDD_COMPLAINT_MAX];

    assert_int_equal(zdd_canary.check(options, &plan, complaint), 1);
    assert_string_equal(complaint[0].name, name);
    assert_int_equal(complaint[0].index, index);
    assert_string_equal(complaint[0].text, text);
}

/* The ZDD lab's case: three old ones, one new one at 80 to 20, then all of it. */
static void one_beside_three_gets_a_fifth_and_then_all(void **state)
{
    const struct zdd_wishes wishes = {
        .count = 2, .wish = {a_weight(20), a_gate}, .gates = {1, {{"go", "", 1, 0, 0}}}};
    const union zdd_option_value options[] = canary_options(wishes_of(&wishes));

    (void)state;
    assert_program(options, a_pair(3, 3),
                   "shift 0;start 1;join;weight 2000;gate;start 3;join;shift 10000;keep 300000;"
                   "drain;retire;settle");
}

static void a_canary_that_is_whole_does_not_start_again(void **state)
{
    const struct zdd_wishes wishes = {.count = 3, .wish = {a_weight(50), a_scale(4), a_pause(5)}};
    const union zdd_option_value options[] = canary_options(
        wishes_of(&wishes), [CANARY_KEEP] = {.integer = 0}, [CANARY_DRAIN] = {.integer = 7});

    (void)state;
    assert_program(options, a_pair(4, 4),
                   "shift 0;start 2;join;weight 5000;start 4;join;pause 5000;shift 10000;drain;"
                   "retire;settle");
}

static void presets_grow_with_their_weights_unless_the_size_is_given(void **state)
{
    const struct zdd_wishes linear = {
        .count = 1, .wish = {{.kind = ZDD_WISH_LINEAR, .value = 2500, .every_ms = 60000}}};
    const struct zdd_wishes exponential = {
        .count = 1, .wish = {{.kind = ZDD_WISH_EXPONENTIAL, .value = 1500, .every_ms = 1000}}};
    const union zdd_option_value growing[] =
        canary_options(wishes_of(&linear), [CANARY_KEEP] = {.integer = 0});
    const union zdd_option_value fixed[] =
        canary_options(wishes_of(&exponential), [CANARY_KEEP] = {.integer = 0},
                       [CANARY_INSTANCES] = {.integer = 2});

    (void)state;
    assert_program(growing, a_pair(4, 4),
                   "shift 0;start 1;join;weight 2500;pause 60000;start 2;join;weight 5000;"
                   "pause 60000;start 3;join;weight 7500;pause 60000;start 4;join;shift 10000;"
                   "drain;retire;settle");
    assert_program(fixed, a_pair(4, 4),
                   "shift 0;start 2;join;weight 1500;pause 1000;weight 3000;pause 1000;"
                   "weight 6000;pause 1000;start 4;join;shift 10000;drain;retire;settle");
}

static void without_an_old_version_all_of_it_starts(void **state)
{
    const struct zdd_wishes wishes = {.count = 2, .wish = {a_weight(20), a_gate}};
    const union zdd_option_value options[] = canary_options(wishes_of(&wishes));
    struct zdd_plan plan = a_pair(0, 3);

    (void)state;
    plan.pair.old_id[0] = '\0';
    assert_program(options, plan, "start 3;join;settle");
}

static void the_first_weight_says_how_many_instances_there_are_at_first(void **state)
{
    static const struct {
        int32_t share, old, wanted, first;
    } rows[] = {{1, 4, 4, 1},     {2500, 4, 4, 1}, {2501, 4, 4, 2}, {10000, 4, 4, 4},
                {5000, 10, 3, 3}, {0, 4, 4, 1},    {5000, 4, 10, 2}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct zdd_wishes wishes = {
            .count = 1, .wish = {{.kind = ZDD_WISH_WEIGHT, .value = rows[i].share}}};
        const union zdd_option_value options[] = canary_options(wishes_of(&wishes));
        struct zdd_plan plan = a_pair(rows[i].old, rows[i].wanted);

        zdd_canary.write_program(options, &plan);
        assert_int_equal(zdd_program_started(&plan.program, 1), rows[i].first);
    }
}

static void a_canary_never_shrinks_and_never_has_more_than_the_app(void **state)
{
    const struct zdd_wishes shrinks = {.count = 2, .wish = {a_weight(20), a_scale(1)}};
    const struct zdd_wishes exceeds = {.count = 2, .wish = {a_weight(20), a_scale(5)}};
    const union zdd_option_value small[] =
        canary_options(wishes_of(&shrinks), [CANARY_INSTANCES] = {.integer = 2});
    const union zdd_option_value large[] = canary_options(wishes_of(&exceeds));
    const union zdd_option_value huge[] =
        canary_options(wishes_of(&exceeds), [CANARY_INSTANCES] = {.integer = 5});
    struct zdd_complaint complaint[ZDD_COMPLAINT_MAX];
    const struct zdd_plan plan = a_pair(4, 4);

    (void)state;
    assert_complaint(small, plan, "steps", 1,
                     "must be from 2, which run then, to 4, all of the app");
    assert_complaint(large, plan, "steps", 1,
                     "must be from 1, which run then, to 4, all of the app");
    assert_true(zdd_canary.check(huge, &plan, complaint) >= 1);
    assert_string_equal(complaint[0].name, "instances");
}

static void a_list_that_is_too_long_is_refused_with_its_length(void **state)
{
    const struct zdd_wishes wishes = {
        .count = 1, .wish = {{.kind = ZDD_WISH_LINEAR, .value = 400, .every_ms = 60000}}};
    const union zdd_option_value options[] = canary_options(wishes_of(&wishes));

    (void)state;
    /* 24 weights with their pauses, three growths of two, eight around them. */
    assert_complaint(options, a_pair(4, 4), "steps", 0,
                     "must be fewer: with what is around them they come to 62 steps, and 48 is the "
                     "most");
}

static void a_plan_knows_what_weights_can_do(void **state)
{
    const struct zdd_wishes wishes = {.count = 2, .wish = {a_weight(20), a_weight(0.1)}};
    const union zdd_option_value options[] = canary_options(wishes_of(&wishes));
    struct zdd_plan plan = a_pair(3, 3);
    struct zdd_share_plan share;

    (void)state;
    zdd_canary.write_program(options, &plan);
    assert_false(zdd_share_of_step(&plan, 1, &share));
    assert_true(zdd_share_of_step(&plan, 3, &share));
    assert_int_equal(share.old_instances, 3);
    assert_int_equal(share.new_instances, 1);
    assert_int_equal(share.weights.old_weight, 256);
    assert_int_equal(share.weights.new_weight, 192);
    assert_false(zdd_share_is_far(&share));
    assert_int_equal(zdd_share_load(&share), 60);
    assert_true(zdd_share_first(&plan, zdd_share_is_far, &share));
    assert_int_equal(share.wanted, 10);
    assert_false(zdd_share_first(&plan, zdd_share_is_heavy, &share));
}

static void steps_that_verify_stand_where_they_were_asked_for(void **state)
{
    const struct zdd_wishes wishes = {
        .count = 4,
        .wish = {a_verify, a_weight(20), a_verify, a_weight(100)},
        .verifies = {.count = 2, .step = {{.rounds = 3}, {.rounds = 6, .counted_count = 1}}}};
    const struct zdd_verify beside = {.rounds = 9};
    const union zdd_option_value options[] =
        canary_options(wishes_of(&wishes), [CANARY_VERIFY] = {.verify = &beside},
                       [CANARY_INSTANCES] = {.integer = 3});
    struct zdd_plan plan = a_pair(3, 3);

    (void)state;
    assert_program(options, plan,
                   "shift 0;start 3;join;verify 3;weight 2000;verify 6;weight 10000;shift 10000;"
                   "keep 300000;drain;retire;settle");
    zdd_canary.write_program(options, &plan);
    assert_int_equal(plan.verifies.beside.rounds, 9);
    assert_int_equal(plan.verifies.count, 2);
    assert_int_equal(zdd_program_verify(&plan.program, 2), 0);
    assert_int_equal(zdd_program_verify(&plan.program, 3), 1);
    assert_int_equal(zdd_program_verify(&plan.program, 4), 1);
    assert_int_equal(zdd_program_verify(&plan.program, 5), 2);
    plan = a_pair(0, 3); /* nobody to compare with, and no steps */
    plan.pair.old_id[0] = '\0';
    zdd_canary.write_program(options, &plan);
    assert_int_equal(plan.verifies.beside.rounds, 0);
    assert_int_equal(plan.verifies.count, 0);
}

static void counters_are_looked_at_where_there_are_requests(void **state)
{
    const struct zdd_verify counts = {.rounds = 1, .counted_count = 1};
    const struct zdd_verify compares = {
        .rounds = 1, .counted_count = 1, .counted = {{.worse_than_old = true}}};
    const struct zdd_wishes early = {.count = 3,
                                     .wish = {a_verify, a_weight(20), a_verify},
                                     .verifies = {.count = 2, .step = {counts, compares}}};
    const struct zdd_wishes late = {.count = 3,
                                    .wish = {a_weight(100), a_verify, a_verify},
                                    .verifies = {.count = 2, .step = {counts, compares}}};
    const union zdd_option_value too_early[] = canary_options(wishes_of(&early));
    const union zdd_option_value too_late[] =
        canary_options(wishes_of(&late), [CANARY_INSTANCES] = {.integer = 4});

    (void)state;
    assert_complaint(too_early, a_pair(4, 4), "steps", 0,
                     "must come behind a weight above 0: haproxy measures requests, and the new "
                     "version gets none before");
    assert_complaint(too_late, a_pair(4, 4), "steps", 2,
                     "must come before the weight of 100: worseThanOld compares with an old "
                     "version that gets requests");
}

static void checks_that_may_ask_have_a_gate_of_their_own(void **state)
{
    const struct zdd_verify asks = {
        .rounds = 3, .counted_count = 1, .on_inconclusive = ZDD_INCONCLUSIVE_GATES};
    struct zdd_wishes wishes = {.count = 4,
                                .wish = {a_weight(20), a_verify, {.kind = ZDD_WISH_GATE}, a_verify},
                                .verifies = {.count = 2, .step = {asks, asks}}};
    const union zdd_option_value options[] =
        canary_options(wishes_of(&wishes), [CANARY_INSTANCES] = {.integer = 3});
    struct zdd_plan plan = a_pair(3, 3);
    struct zdd_gate gate = zdd_gate_plain();

    (void)state;
    memcpy(gate.name, "go", sizeof("go"));
    zdd_gates_add(&wishes.gates, &gate);
    assert_program(options, plan,
                   "shift 0;start 3;join;weight 2000;verify 3;gate;gate;verify 3;gate;shift 10000;"
                   "keep 300000;drain;retire;settle");
    zdd_canary.write_program(options, &plan);
    assert_int_equal(plan.gates.count, 3);
    assert_string_equal(zdd_plan_gate(&plan, 5).name, "verify-1");
    assert_string_equal(zdd_plan_gate(&plan, 6).name, "go");
    assert_string_equal(zdd_plan_gate(&plan, 8).name, "verify-2");
    memcpy(wishes.gates.gate[0].name, "verify-2", sizeof("verify-2"));
    assert_complaint(options, a_pair(3, 3), "steps", 3,
                     "asks at a gate of its own, verify-n for the n-th such step: no other gate "
                     "may be called so");
}

static void checks_beside_the_steps_have_the_last_word(void **state)
{
    const struct zdd_wishes wishes = {.count = 1, .wish = {a_weight(20)}};
    struct zdd_verify beside = {.rounds = 6,
                                .failure_limit = 2,
                                .counted_count = 1,
                                .on_inconclusive = ZDD_INCONCLUSIVE_GATES};
    const union zdd_option_value options[] =
        canary_options(wishes_of(&wishes), [CANARY_VERIFY] = {.verify = &beside},
                       [CANARY_INSTANCES] = {.integer = 3});
    struct zdd_plan plan = a_pair(3, 3);

    (void)state;
    assert_program(options, plan,
                   "shift 0;start 3;join;weight 2000;verify 1;gate;shift 10000;keep 300000;drain;"
                   "retire;settle");
    zdd_canary.write_program(options, &plan);
    assert_int_equal(plan.verifies.step[0].rounds, 1);
    assert_int_equal(plan.verifies.step[0].failure_limit, 0);
    assert_int_equal(plan.verifies.beside.rounds, 6);
    assert_string_equal(zdd_plan_gate(&plan, 5).name, "verify-1");
    beside.on_inconclusive = ZDD_INCONCLUSIVE_PASSES;
    assert_program(options, a_pair(3, 3),
                   "shift 0;start 3;join;weight 2000;shift 10000;keep 300000;drain;retire;settle");
    beside.on_inconclusive = ZDD_INCONCLUSIVE_WAITS;
    beside.counted_count = 0; /* other sources need no requests */
    assert_program(options, a_pair(3, 3),
                   "shift 0;start 3;join;weight 2000;shift 10000;keep 300000;drain;retire;settle");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_beside_three_gets_a_fifth_and_then_all),
        cmocka_unit_test(a_canary_that_is_whole_does_not_start_again),
        cmocka_unit_test(presets_grow_with_their_weights_unless_the_size_is_given),
        cmocka_unit_test(without_an_old_version_all_of_it_starts),
        cmocka_unit_test(the_first_weight_says_how_many_instances_there_are_at_first),
        cmocka_unit_test(a_canary_never_shrinks_and_never_has_more_than_the_app),
        cmocka_unit_test(a_list_that_is_too_long_is_refused_with_its_length),
        cmocka_unit_test(a_plan_knows_what_weights_can_do),
        cmocka_unit_test(steps_that_verify_stand_where_they_were_asked_for),
        cmocka_unit_test(checks_that_may_ask_have_a_gate_of_their_own),
        cmocka_unit_test(checks_beside_the_steps_have_the_last_word),
        cmocka_unit_test(counters_are_looked_at_where_there_are_requests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
