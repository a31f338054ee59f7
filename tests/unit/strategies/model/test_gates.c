/**
 * @file tests/unit/strategies/model/test_gates.c
 * @brief Gates as text, and who may decide there.
 */
#include "strategies/model/gates.h"

#include "strategies/model/plan.h"
#include "tests/support/spec.h"

#include <string.h>

static void gates_are_read_as_they_were_written(void **state)
{
    static const char *const texts[] = {
        "",
        "promote 1 0 hold ",
        "go-live 2 3600000 reject alice,bob",
        "a 1 1000 approve x;b 16 2147483647 reject y,z;c 1 0 hold ",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct zdd_gates gates = {.count = 7};
        char text[ZDD_GATES_TEXT_SIZE];

        assert_true(zdd_gates_parse(texts[i], &gates));
        zdd_gates_print(&gates, text);
        assert_string_equal(text, texts[i]);
    }
}

static void what_is_no_gate_is_refused(void **state)
{
    static const char *const texts[] = {
        "promote",        "promote 1 0 hold", "promote 0 0 hold ",
        "-a 1 0 hold ",   "A 1 0 hold ",      "a 1 0 holds ",
        "a 1 0 hold ;",   "a 1 x hold ",      "a 2147483648 0 hold ",
        "a 1 0 hold x;b", " 1 0 hold ",       "a  1 0 hold ",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct zdd_gates gates = {.count = 7};

        assert_false(zdd_gates_parse(texts[i], &gates));
        assert_int_equal(gates.count, 7);
    }
}

static void the_longest_gates_have_room(void **state)
{
    struct zdd_gates gates = {0}, again;
    char text[ZDD_GATES_TEXT_SIZE];

    (void)state;
    for (int i = 0; i < ZDD_GATE_MAX; i++) {
        struct zdd_gate gate = {
            .quorum = INT32_MAX, .expires_ms = INT32_MAX, .on_expiry = ZDD_GATE_APPROVES};

        memset(gate.name, 'a' + i, sizeof(gate.name) - 1);
        memset(gate.approvers, 'x', sizeof(gate.approvers) - 1);
        zdd_gates_add(&gates, &gate);
    }
    zdd_gates_print(&gates, text);
    assert_true(zdd_gates_parse(text, &again));
    assert_memory_equal(&gates, &again, sizeof(gates));
}

static void only_the_approvers_that_are_named_decide(void **state)
{
    const struct zdd_gate open = zdd_gate_plain();
    const struct zdd_gate gate = {.name = "go", .quorum = 1, .approvers = "alice,bob"};

    (void)state;
    assert_true(zdd_gate_allows(&open, "anybody"));
    assert_true(zdd_gate_allows(&gate, "alice"));
    assert_true(zdd_gate_allows(&gate, "bob"));
    assert_false(zdd_gate_allows(&gate, "ali"));
    assert_false(zdd_gate_allows(&gate, "alice,bob"));
    assert_false(zdd_gate_allows(&gate, ""));
}

static void the_nth_gate_belongs_to_the_nth_step_that_is_one(void **state)
{
    struct zdd_plan plan = {0};

    (void)state;
    assert_true(zdd_program_parse("shift 0;gate;pause 1000;gate;gate", &plan.program));
    assert_true(zdd_gates_parse("a 1 0 hold ;b 1 0 hold ", &plan.gates));
    assert_string_equal(zdd_plan_gate(&plan, 1).name, "a");
    assert_string_equal(zdd_plan_gate(&plan, 3).name, "b");
    /* Plans of before gates had names. */
    assert_string_equal(zdd_plan_gate(&plan, 4).name, ZDD_GATE_PROMOTE);
    assert_int_equal(zdd_plan_gate(&plan, 4).quorum, 1);
}

static void names_are_what_a_path_can_carry(void **state)
{
    (void)state;
    assert_true(zdd_gate_name_valid("go-live-2"));
    assert_false(zdd_gate_name_valid(""));
    assert_false(zdd_gate_name_valid("go-"));
    assert_false(zdd_gate_name_valid("go live"));
    assert_false(zdd_gate_name_valid("aaaaaaaaaabbbbbbbbbbccccccccccdd"));
    assert_true(zdd_gate_name_valid("aaaaaaaaaabbbbbbbbbbccccccccccd"));
    assert_true(zdd_gate_approver_valid("Ann.Lee_1@ops-2"));
    assert_false(zdd_gate_approver_valid("a,b"));
    assert_false(zdd_gate_approver_valid(""));
}

static void approvers_are_spelt_out_for_people(void **state)
{
    struct zdd_gate gate = {.approvers = "ann,bob,the.cat"};
    char text[40], cut[8];

    (void)state;
    zdd_gate_spell(&gate, text, sizeof(text));
    assert_string_equal(text, "ann, bob, the.cat");
    zdd_gate_spell(&gate, cut, sizeof(cut));
    assert_string_equal(cut, "ann, b");
    gate.approvers[0] = '\0';
    zdd_gate_spell(&gate, text, sizeof(text));
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gates_are_read_as_they_were_written),
        cmocka_unit_test(what_is_no_gate_is_refused),
        cmocka_unit_test(the_longest_gates_have_room),
        cmocka_unit_test(only_the_approvers_that_are_named_decide),
        cmocka_unit_test(the_nth_gate_belongs_to_the_nth_step_that_is_one),
        cmocka_unit_test(names_are_what_a_path_can_carry),
        cmocka_unit_test(approvers_are_spelt_out_for_people),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
