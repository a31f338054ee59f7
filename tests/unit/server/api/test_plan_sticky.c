/**
 * @file tests/unit/server/api/test_plan_sticky.c
 * @brief Which rule a plan follows for users with cookies, and what is said of labels on one side.
 */
#include "server/api/plan_sticky.h"

#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

struct words {
    struct zdd_plan plan;
    size_t count;
    struct zdd_plan_note note[ZDD_STICKY_NOTE_MAX];
};

/* A list of labels, or none for "". */
static struct zdd_buf names(const char *text)
{
    struct zdd_buf list = {0};

    zdd_buf_text(&list, text);
    return list;
}

struct labels {
    bool now, partly;
    const char *by_old, *by_new, *idle;
};

static struct words words_of(struct labels labels, bool takes_over, enum zdd_step_kind kind)
{
    struct words w = {.plan = {.seen = {.exists = takes_over}, .pair = {.old_id = "/a-blue"}}};
    struct zdd_sticky s = {.any = true,
                           .now = labels.now,
                           .partly = labels.partly,
                           .kept = names("KEPT"),
                           .by_old = names(labels.by_old ? labels.by_old : ""),
                           .by_new = names(labels.by_new ? labels.by_new : ""),
                           .idle = names(labels.idle ? labels.idle : "")};

    zdd_program_add(&w.plan.program, kind, 1);
    w.count = zdd_plan_sticky(&s, &w.plan, w.note);
    zdd_sticky_release(&s);
    return w;
}

#define words(takes_over, kind, ...) words_of((struct labels){__VA_ARGS__}, takes_over, kind)

static void assert_note(const struct words *w, size_t index, const char *code, const char *part)
{
    assert_true(index < w->count);
    assert_string_equal(w->note[index].code, code);
    if (!strstr(w->note[index].text, part))
        fail_msg("%s lacks: %s", w->note[index].text, part);
}

static void labels_on_both_sides_need_no_words(void **state)
{
    struct words w = words(false, ZDD_STEP_WEIGHT, .now = true);

    (void)state;
    assert_int_equal(w.count, 0);
    assert_true(w.plan.pair.sticky);
    assert_true(w.plan.pair.by_users);
}

static void on_one_side_the_old_one_counts_while_there_are_two(void **state)
{
    const struct words old = words(false, ZDD_STEP_WEIGHT, .now = true, .by_old = "S0");
    const struct words new = words(false, ZDD_STEP_WEIGHT, .by_new = "S0");
    const struct words both =
        words(false, ZDD_STEP_WEIGHT, .now = true, .by_old = "S0", .by_new = "S1");

    (void)state;
    assert_note(&old, 0, "sticky-one-side", "S0: only the old version has it.");
    assert_note(&old, 0, "sticky-one-side", "users stick until it is gone");
    assert_true(old.plan.pair.by_users);
    assert_note(&new, 0, "sticky-one-side", "S0: only the new version has it.");
    assert_note(&new, 0, "sticky-one-side", "users stick only once that is gone");
    assert_false(new.plan.pair.by_users);
    assert_true(new.plan.pair.sticky); /* it may be left after a take-over of roles */
    assert_note(&both, 0, "sticky-one-side", "S0: only the old");
    assert_note(&both, 1, "sticky-one-side", "S1: only the new");
    assert_int_equal(both.count, 2);
}

/* Marathon-LB changes roles when the older app is scaled last. */
static void where_roles_change_one_label_may_count_at_any_time(void **state)
{
    const struct words sheds = words(false, ZDD_STEP_SHED, .by_new = "S0");
    const struct words takes = words(true, ZDD_STEP_START, .now = true, .by_old = "S0");

    (void)state;
    assert_note(&sheds, 0, "sticky-one-side", "users may stick, or move at any time");
    assert_true(sheds.plan.pair.by_users);
    assert_note(&takes, 0, "sticky-one-side", "users may stick, or move at any time");
    assert_true(takes.plan.pair.by_users);
}

static void ports_where_nobody_sticks_are_named(void **state)
{
    const struct words some = words(false, ZDD_STEP_WEIGHT, .now = true, .partly = true);
    const struct words idle = words(false, ZDD_STEP_WEIGHT, .idle = "S1");

    (void)state;
    assert_note(&some, 0, "sticky-some-ports", "Users stick by KEPT;");
    assert_note(&idle, 0, "sticky-needs-http", "S1 has no effect");
    assert_int_equal(idle.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_on_both_sides_need_no_words),
        cmocka_unit_test(on_one_side_the_old_one_counts_while_there_are_two),
        cmocka_unit_test(where_roles_change_one_label_may_count_at_any_time),
        cmocka_unit_test(ports_where_nobody_sticks_are_named),
    };

    return cmocka_run_group_tests_name("server/api/plan_sticky", tests, NULL, NULL);
}
