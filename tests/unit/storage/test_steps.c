/**
 * @file tests/unit/storage/test_steps.c
 * @brief Steps and the journal of orders.
 */
#include "storage/intents.h"
#include "tests/unit/storage/fixture.h"

#include <stdio.h>
#include <string.h>

static int setup(void **state)
{
    struct zdd_run run = a_run();
    char busy[ZDD_ID_SIZE];

    *state = open_memory();
    assert_good(insert_run(*state, &run, ZDD_WHEN_BUSY_REJECT, busy));
    return 0;
}

static int teardown(void **state)
{
    *state = zdd_store_free(*state);
    return 0;
}

struct step_call {
    const char *run_id;
    struct zdd_step_row step;
    const char *evidence;
};

static enum zdd_err insert_body(struct zdd_tx *tx, void *cls)
{
    const struct step_call *call = cls;

    return zdd_step_insert(tx, call->run_id, &call->step);
}

static enum zdd_err update_body(struct zdd_tx *tx, void *cls)
{
    const struct step_call *call = cls;

    return zdd_step_update(tx, call->run_id, &call->step, call->evidence);
}

#define a_step(...)                                                                                \
    {                                                                                              \
        .kind = "update-app", .text = "one PUT", .state = "pending", __VA_ARGS__                   \
    }

static enum zdd_err insert(struct zdd_store *store, struct step_call call)
{
    return zdd_store_write(store, insert_body, &call);
}

static enum zdd_err update(struct zdd_store *store, struct step_call call)
{
    return zdd_store_write(store, update_body, &call);
}

static bool see_step(void *cls, const struct zdd_step_row *step, const char *evidence)
{
    char *text = cls;
    const size_t size = strlen(text);

    (void)snprintf(text + size, 300 - size, "%d %s %s %s %d-%d/%d %s; ", (int)step->index,
                   step->kind, step->text, step->state, (int)step->started_at_ms,
                   (int)step->ended_at_ms, (int)step->deadline_at_ms, evidence ? evidence : "-");
    return true;
}

static void assert_steps(struct zdd_store *store, const char *expected)
{
    char text[300] = "";

    assert_good(zdd_step_list(store, "run-1", see_step, text));
    assert_string_equal(text, expected);
}

static void steps_come_in_the_order_of_their_index(void **state)
{
    assert_good(insert(*state, (struct step_call){"run-1", a_step(.index = 1), NULL}));
    assert_good(
        insert(*state, (struct step_call){"run-1", a_step(.index = 0, .deadline_at_ms = 9), NULL}));
    assert_steps(*state,
                 "0 update-app one PUT pending 0-0/9 -; 1 update-app one PUT pending 0-0/0 -; ");
}

static void a_step_needs_its_deployment_and_an_index_of_its_own(void **state)
{
    assert_err(ZDD_ERR_STORE_BROKEN,
               insert(*state, (struct step_call){"nobody", a_step(.index = 0), NULL}));
    assert_good(insert(*state, (struct step_call){"run-1", a_step(.index = 0), NULL}));
    assert_err(ZDD_ERR_STORE_BROKEN,
               insert(*state, (struct step_call){"run-1", a_step(.index = 0), NULL}));
    assert_good(
        insert(*state, (struct step_call){"run-1", a_step(.index = ZDD_PROGRAM_MAX), NULL}));
    assert_err(
        ZDD_ERR_STORE_BROKEN,
        insert(*state, (struct step_call){"run-1", a_step(.index = ZDD_PROGRAM_MAX + 1), NULL}));
}

static void a_state_that_no_step_has_is_refused(void **state)
{
    char trouble[ZDD_TROUBLE_SIZE];

    assert_err(ZDD_ERR_STORE_BROKEN,
               insert(*state, (struct step_call){"run-1", a_step(.state = "odd"), NULL}));
    zdd_store_trouble(*state, trouble);
    assert_non_null(strstr(trouble, "CHECK constraint failed"));
    assert_non_null(strstr(trouble, "INSERT INTO step"));
}

static void an_update_moves_state_times_and_evidence_and_nothing_else(void **state)
{
    assert_good(insert(*state, (struct step_call){"run-1", a_step(.index = 0), NULL}));
    assert_good(update(*state, (struct step_call){"run-1",
                                                  {.index = 0,
                                                   .kind = "other",
                                                   .state = "running",
                                                   .started_at_ms = 5,
                                                   .deadline_at_ms = 9},
                                                  "{\"healthy\":1}"}));
    assert_steps(*state, "0 update-app one PUT running 5-0/9 {\"healthy\":1}; ");
    assert_good(
        update(*state, (struct step_call){"run-1", /* a time of 0 leaves what is there */
                                          {.index = 0, .state = "succeeded", .ended_at_ms = 7},
                                          NULL}));
    assert_steps(*state, "0 update-app one PUT succeeded 5-7/9 {\"healthy\":1}; ");
}

static void a_step_that_does_not_exist_cannot_be_moved_or_loaded(void **state)
{
    struct zdd_step_row step;
    int32_t count = -1;

    assert_good(insert(*state, (struct step_call){"run-1", a_step(.index = 0), NULL}));
    assert_err(ZDD_ERR_RUN_UNKNOWN,
               update(*state, (struct step_call){"run-1", a_step(.index = 1), NULL}));
    assert_err(ZDD_ERR_RUN_UNKNOWN, zdd_step_load(*state, "run-1", 1, &step, &count));
    assert_int_equal(count, -1);
    assert_good(zdd_step_load(*state, "run-1", 0, &step, &count));
    assert_int_equal(count, 1);
    assert_string_equal(step.text, "one PUT");
    assert_string_equal(step.kind, "update-app");
}

static void steps_that_never_began_are_skipped_at_the_end(void **state)
{
    struct zdd_run run;
    char next[ZDD_ID_SIZE];

    assert_good(insert(*state, (struct step_call){"run-1", a_step(.index = 0), NULL}));
    assert_good(insert(*state, (struct step_call){"run-1", a_step(.index = 1), NULL}));
    assert_good(update(
        *state,
        (struct step_call){"run-1", {.index = 0, .state = "failed", .started_at_ms = 5}, NULL}));
    assert_good(zdd_run_load(*state, "run-1", &run, NULL));
    run.phase = ZDD_PHASE_ROLLING;
    assert_good(advance_run(*state, &run, run.revision, false, next));
    assert_steps(*state,
                 "0 update-app one PUT failed 5-0/0 -; 1 update-app one PUT pending 0-0/0 -; ");
    run.phase = ZDD_PHASE_FAILED;
    run.active = false;
    assert_good(advance_run(*state, &run, run.revision, false, next));
    assert_steps(*state,
                 "0 update-app one PUT failed 5-0/0 -; 1 update-app one PUT skipped 0-0/0 -; ");
}

struct intent_call {
    const char *run_id;
    struct zdd_order order;
    int64_t seq;
    enum zdd_outcome outcome;
};

static enum zdd_err open_body(struct zdd_tx *tx, void *cls)
{
    struct intent_call *call = cls;

    return zdd_intent_open(
        tx, &(struct zdd_intent){call->run_id, 3, "rolling/apply", &call->order, 100}, &call->seq);
}

static enum zdd_err close_body(struct zdd_tx *tx, void *cls)
{
    const struct intent_call *call = cls;

    return zdd_intent_close(tx, call->seq, call->outcome, "Marathon's words", 200);
}

static bool see_intent(void *cls, const struct zdd_intent_row *row, const char *detail)
{
    char *text = cls;
    const size_t size = strlen(text);

    (void)snprintf(text + size, 400 - size, "%d %s %s%s %d %d-%d %s %s; ", (int)row->revision,
                   row->rule, zdd_order_name(row->order.kind), row->order.force ? "!" : "",
                   (int)row->order.instances, (int)row->opened_at_ms, (int)row->closed_at_ms,
                   zdd_outcome_name(row->outcome), detail);
    return true;
}

static void the_journal_tells_orders_and_what_became_of_them(void **state)
{
    struct intent_call first = {"run-1",
                                {.kind = ZDD_ORDER_PUT_TARGET, .instances = 4, .force = false},
                                0,
                                ZDD_OUTCOME_NONE};
    struct intent_call second = {
        "run-1", {.kind = ZDD_ORDER_DELETE, .instances = 0, .force = true}, 0, ZDD_OUTCOME_REFUSED};
    char text[400] = "";

    assert_good(zdd_store_write(*state, open_body, &first));
    assert_good(zdd_store_write(*state, open_body, &second));
    assert_true(second.seq > first.seq);
    assert_good(zdd_store_write(*state, close_body, &second));
    assert_good(zdd_intent_list(*state, "run-1", see_intent, text));
    assert_string_equal(text, "3 rolling/apply put-target 4 100-0 none ; "
                              "3 rolling/apply delete! 0 100-200 refused Marathon's words; ");
}

static void an_outcome_is_noted_once(void **state)
{
    struct intent_call call = {
        "run-1", {.kind = ZDD_ORDER_RESTART, .instances = 1, .force = false}, 0, ZDD_OUTCOME_ACKED};
    struct intent_call nobody = {"nobody",
                                 {.kind = ZDD_ORDER_RESTART, .instances = 1, .force = false},
                                 0,
                                 ZDD_OUTCOME_ACKED};

    assert_good(zdd_store_write(*state, open_body, &call));
    assert_good(zdd_store_write(*state, close_body, &call));
    assert_err(ZDD_ERR_REVISION_STALE, zdd_store_write(*state, close_body, &call));
    call.seq++;
    assert_err(ZDD_ERR_REVISION_STALE, zdd_store_write(*state, close_body, &call));
    assert_err(ZDD_ERR_STORE_BROKEN, zdd_store_write(*state, open_body, &nobody));
}

static bool see_traffic(void *cls, const struct zdd_intent_row *row, const char *detail)
{
    struct zdd_order *order = cls;

    (void)detail;
    *order = row->order;
    return true;
}

static void the_journal_tells_what_balancers_were_told(void **state)
{
    struct intent_call call = {
        .run_id = "run-1",
        .order = {.kind = ZDD_ORDER_SET_TRAFFIC,
                  .traffic = {{{ZDD_RESTS, 0}, {ZDD_DRAINS, ZDD_WEIGHT_MAX}}}}};
    struct zdd_order back = {0};

    assert_good(zdd_store_write(*state, open_body, &call));
    assert_good(zdd_intent_list(*state, "run-1", see_traffic, &back));
    assert_int_equal(back.kind, ZDD_ORDER_SET_TRAFFIC);
    assert_int_equal(back.traffic.side[ZDD_SIDE_OLD].serving, ZDD_RESTS);
    assert_int_equal(back.traffic.side[ZDD_SIDE_OLD].weight, 0);
    assert_int_equal(back.traffic.side[ZDD_SIDE_NEW].serving, ZDD_DRAINS);
    assert_int_equal(back.traffic.side[ZDD_SIDE_NEW].weight, ZDD_WEIGHT_MAX);
}

static void a_program_has_room_for_all_its_steps_and_no_more(void **state)
{
    struct step_call last = {"run-1", {.kind = "settle", .text = "", .state = "pending"}, NULL};

    last.step.index = ZDD_PROGRAM_MAX;
    assert_good(zdd_store_write(*state, insert_body, &last));
    last.step.index = ZDD_PROGRAM_MAX + 1;
    assert_err(ZDD_ERR_STORE_BROKEN, zdd_store_write(*state, insert_body, &last));
}

struct rounds_call {
    const char *add; /* NULL: nothing */
    int32_t index;
    struct zdd_text text;
};

static enum zdd_err rounds_body(struct zdd_tx *tx, void *cls)
{
    struct rounds_call *call = cls;
    enum zdd_err err = ZDD_ERR_NONE;

    if (call->add)
        err = zdd_step_add_round(tx, "run-1", call->index, call->add);
    zdd_text_release(&call->text);
    return err == ZDD_ERR_NONE ? zdd_step_rounds(tx, "run-1", call->index, &call->text) : err;
}

static void rounds_of_a_step_are_kept_in_their_order_and_within_bounds(void **state)
{
    struct rounds_call call = {0};
    struct step_call step = {"run-1", {.kind = "verify", .text = "", .state = "running"}, NULL};
    char *large = calloc(1, 65537 + 1);

    assert_non_null(large);
    memset(large, '1', 65537);
    assert_good(zdd_store_write(*state, insert_body, &step));
    assert_good(zdd_store_write(*state, rounds_body, &call));
    assert_string_equal(call.text.data, "");
    call.add = "{\"a\":1}";
    assert_good(zdd_store_write(*state, rounds_body, &call));
    call.add = "2";
    assert_good(zdd_store_write(*state, rounds_body, &call));
    assert_string_equal(call.text.data, "{\"a\":1},2");
    call.add = large;
    assert_good(zdd_store_write(*state, rounds_body, &call));
    call.add = "3";
    assert_good(zdd_store_write(*state, rounds_body, &call));
    assert_string_equal(call.text.data, "3");
    call.index = 7;
    assert_err(ZDD_ERR_RUN_UNKNOWN, zdd_store_write(*state, rounds_body, &call));
    call.add = NULL;
    assert_err(ZDD_ERR_RUN_UNKNOWN, zdd_store_write(*state, rounds_body, &call));
    zdd_text_release(&call.text);
    free(large);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(steps_come_in_the_order_of_their_index),
        CASE(a_step_needs_its_deployment_and_an_index_of_its_own),
        CASE(a_state_that_no_step_has_is_refused),
        CASE(an_update_moves_state_times_and_evidence_and_nothing_else),
        CASE(a_step_that_does_not_exist_cannot_be_moved_or_loaded),
        CASE(steps_that_never_began_are_skipped_at_the_end),
        CASE(the_journal_tells_orders_and_what_became_of_them),
        CASE(an_outcome_is_noted_once),
        CASE(the_journal_tells_what_balancers_were_told),
        CASE(a_program_has_room_for_all_its_steps_and_no_more),
        CASE(rounds_of_a_step_are_kept_in_their_order_and_within_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
