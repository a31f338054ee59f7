/**
 * @file tests/unit/storage/test_runs.c
 * @brief Deployments: insert, load, move, command.
 */
#include "storage/decisions.h"
#include "storage/run_row.h"
#include "tests/unit/storage/fixture.h"

#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    *state = open_memory();
    return 0;
}

static int teardown(void **state)
{
    *state = zdd_store_free(*state);
    return 0;
}

/* Insert, and expect it to work. */
static struct zdd_run inserted(struct zdd_store *store, struct zdd_run run,
                               enum zdd_when_busy when_busy)
{
    char busy[ZDD_ID_SIZE];

    assert_good(insert_run(store, &run, when_busy, busy));
    return run;
}

static struct zdd_run advanced(struct zdd_store *store, struct zdd_run run)
{
    char next[ZDD_ID_SIZE];

    assert_good(advance_run(store, &run, run.revision, false, next));
    return run;
}

/* Every member has a value of its own, so that two swapped columns show. */
static struct zdd_run full_run(void)
{
    return a_run(.active = true, .phase = ZDD_PHASE_ROLLING, .hold = ZDD_HOLD_FAILURE,
                 .cause = ZDD_CAUSE_REFUSED, .outcome = ZDD_OUTCOME_ACKED, .ordered = true,
                 .step = 1, .attempt = 2, .revision = 0, .created_at_ms = 4, .started_at_ms = 5,
                 .ended_at_ms = 6, .phase_since_ms = 7, .ordered_at_ms = 8, .held_since_ms = 9,
                 .deadline_at_ms = 10, .step_deadline_at_ms = 11, .wake_at_ms = 12,
                 .target_version = "target", .revert_version = "revert",
                 .deployment_id = "marathon", .old_side = {"old", 13, 14},
                 .new_side = {"new", 15, 16}, .traffic = {{{ZDD_DRAINS, 19}, {ZDD_RESTS, 20}}},
                 .traffic_seen_at_ms = 21, .new_addresses = "h:1 h:2", .rounds = "pfe",
                 .measured_at_ms = 22, .measured = "said no", .waiting_code = "pause",
                 .waiting_text = "waiting", .waiting_since_ms = 17, .unsure_until_ms = 18,
                 .error_code = "code", .error_text = "text", .created_by = "token:me",
                 .reason = "because");
}

#define SAME(column, kind, member)                                                                 \
    assert_memory_equal(&actual->member, &expected->member, sizeof(expected->member));

static void assert_same_run(const struct zdd_run *expected, const struct zdd_run *actual)
{
    ZDD_RUN_FIXED(SAME)
    ZDD_RUN_LEFT(SAME)
    ZDD_RUN_MOVED(SAME)
    assert_int_equal(actual->active, expected->active);
    assert_int_equal(actual->revision, expected->revision);
}

/* Marks the bytes of a member. */
#define MARK(column, kind, member)                                                                 \
    memset(marks + offsetof(struct zdd_run, member), 1, sizeof(((struct zdd_run *)0)->member));

/* Bytes that belong to no column can only be what the compiler leaves between two members. */
static void every_member_has_a_column(void **state)
{
    unsigned char marks[sizeof(struct zdd_run)] = {0};
    size_t gap = 0;

    (void)state;
    ZDD_RUN_FIXED(MARK)
    ZDD_RUN_LEFT(MARK)
    ZDD_RUN_MOVED(MARK)
    MARK(active, BOOL, active)
    MARK(revision, INT64, revision)
    for (size_t i = 0; i < sizeof(marks); i++) {
        gap = marks[i] ? 0 : gap + 1;
        if (gap >= sizeof(int64_t))
            fail_msg("struct zdd_run has a member at byte %zu that storage/run_row.h lacks",
                     i + 1 - gap);
    }
}

static void every_member_comes_back_as_it_was(void **state)
{
    const struct zdd_run run = inserted(*state, full_run(), ZDD_WHEN_BUSY_REJECT);
    struct zdd_run back = {0};
    char *labels = NULL;

    assert_good(zdd_run_load(*state, "run-1", &back, &labels));
    assert_same_run(&run, &back);
    assert_string_equal(labels, "{\"commit\":\"4f0c6c1\"}");
    free(labels);
}

static void every_moved_member_comes_back_after_an_advance(void **state)
{
    struct zdd_run run = inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);
    struct zdd_run full = full_run();

    full.created_at_ms = run.created_at_ms;
    memcpy(full.created_by, run.created_by, sizeof(full.created_by));
    memcpy(full.reason, run.reason, sizeof(full.reason));
    full = advanced(*state, full);
    run = load_run(*state, "run-1");
    assert_same_run(&full, &run);
}

static void what_an_advance_must_not_touch_stays(void **state)
{
    const struct zdd_run first = inserted(*state, a_run(.reason = "why"), ZDD_WHEN_BUSY_REJECT);
    struct zdd_run run = first;

    memcpy(run.plan_id, "other", 6);
    memcpy(run.strategy, "other", 6);
    memcpy(run.reason, "other", 6);
    memcpy(run.created_by, "other", 6);
    run.created_at_ms = 5;
    (void)advanced(*state, run);
    run = load_run(*state, "run-1");
    assert_string_equal(run.plan_id, first.plan_id);
    assert_string_equal(run.strategy, first.strategy);
    assert_string_equal(run.reason, first.reason);
    assert_string_equal(run.created_by, first.created_by);
    assert_int_equal(run.created_at_ms, first.created_at_ms);
}

static void an_unknown_deployment_is_unknown(void **state)
{
    struct zdd_run run = a_run(.id = "nobody");
    char next[ZDD_ID_SIZE];

    assert_err(ZDD_ERR_RUN_UNKNOWN, zdd_run_load(*state, "nobody", &run, NULL));
    assert_err(ZDD_ERR_RUN_UNKNOWN, command_run(*state, "nobody", -1, ZDD_COMMAND_ABORT, 1, &run));
    assert_err(ZDD_ERR_REVISION_STALE, advance_run(*state, &run, 0, false, next));
}

static void the_first_deployment_of_an_app_is_live_at_once(void **state)
{
    char busy[ZDD_ID_SIZE] = "x";
    struct zdd_run run = a_run();

    assert_good(insert_run(*state, &run, ZDD_WHEN_BUSY_REJECT, busy));
    assert_true(run.active);
    assert_string_equal(busy, "");
    assert_int_equal(zdd_run_state(&run), ZDD_STATE_RUNNING);
}

static void a_second_one_is_refused_and_names_the_first(void **state)
{
    struct zdd_run second = a_run(.id = "run-2");
    struct zdd_run other = a_run(.id = "run-3", .app_id = "/other");
    char busy[ZDD_ID_SIZE];

    inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);
    assert_err(ZDD_ERR_APP_BUSY, insert_run(*state, &second, ZDD_WHEN_BUSY_REJECT, busy));
    assert_string_equal(busy, "run-1");
    assert_err(ZDD_ERR_RUN_UNKNOWN, zdd_run_load(*state, "run-2", &second, NULL));
    assert_good(insert_run(*state, &other, ZDD_WHEN_BUSY_REJECT, busy));
}

static void the_oldest_queued_one_follows_the_live_one(void **state)
{
    struct zdd_run first = inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);
    struct zdd_run second = a_run(.id = "run-2");
    char busy[ZDD_ID_SIZE];
    char next[ZDD_ID_SIZE] = "x";

    assert_good(insert_run(*state, &second, ZDD_WHEN_BUSY_QUEUE, busy));
    assert_string_equal(busy, "run-1");
    assert_int_equal(zdd_run_state(&second), ZDD_STATE_QUEUED);
    /* its id is smaller: the order of arrival counts */
    inserted(*state, a_run(.id = "run-0"), ZDD_WHEN_BUSY_QUEUE);

    first.attempt = 1;
    assert_good(advance_run(*state, &first, 0, false, next));
    assert_string_equal(next, ""); /* still live */
    first.phase = ZDD_PHASE_SUCCEEDED;
    first.ended_at_ms = 7000;
    assert_good(advance_run(*state, &first, 1, false, next));
    assert_string_equal(next, "run-2");
    assert_false(first.active);
    assert_false(load_run(*state, "run-1").active);

    second = load_run(*state, "run-2");
    assert_true(second.active);
    assert_int_equal(second.wake_at_ms, 7000);
    assert_int_equal(second.revision, 1);
    assert_false(load_run(*state, "run-0").active);
}

static void a_stale_revision_changes_nothing(void **state)
{
    struct zdd_run run = inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);
    struct zdd_run stale = run;
    char next[ZDD_ID_SIZE];

    run = advanced(*state, run);
    assert_int_equal(run.revision, 1);
    stale.phase = ZDD_PHASE_FAILED;
    assert_err(ZDD_ERR_REVISION_STALE, advance_run(*state, &stale, 0, false, next));
    assert_true(stale.active);
    assert_int_equal(stale.revision, 0);
    stale = load_run(*state, "run-1");
    assert_int_equal(stale.phase, ZDD_PHASE_PENDING);
    assert_int_equal(stale.revision, 1);
}

static void a_revision_that_never_was_changes_nothing(void **state)
{
    struct zdd_run run = inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);
    char next[ZDD_ID_SIZE];

    assert_err(ZDD_ERR_REVISION_STALE, advance_run(*state, &run, 1, false, next));
    assert_int_equal(load_run(*state, "run-1").revision, 0);
}

static void the_end_of_one_that_only_waited_activates_nobody(void **state)
{
    struct zdd_run waiting;
    char next[ZDD_ID_SIZE] = "x";

    inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);
    waiting = inserted(*state, a_run(.id = "run-2"), ZDD_WHEN_BUSY_QUEUE);
    inserted(*state, a_run(.id = "run-3"), ZDD_WHEN_BUSY_QUEUE);
    waiting.phase = ZDD_PHASE_CANCELED;
    assert_good(advance_run(*state, &waiting, 0, false, next));
    assert_string_equal(next, "");
    assert_true(load_run(*state, "run-1").active);
    assert_false(load_run(*state, "run-3").active);
}

static void a_taken_command_is_cleared(void **state)
{
    struct zdd_run run = inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);
    char next[ZDD_ID_SIZE];

    assert_good(command_run(*state, "run-1", -1, ZDD_COMMAND_PAUSE, 2000, &run));
    assert_int_equal(run.command, ZDD_COMMAND_PAUSE);
    assert_int_equal(run.wake_at_ms, 2000);
    assert_int_equal(run.revision, 0); /* the engine alone moves it on */

    assert_good(advance_run(*state, &run, 0, false, next));
    assert_int_equal(load_run(*state, "run-1").command, ZDD_COMMAND_PAUSE);
    assert_good(advance_run(*state, &run, 1, true, next));
    assert_int_equal(run.command, ZDD_COMMAND_NONE);
    assert_int_equal(load_run(*state, "run-1").command, ZDD_COMMAND_NONE);
}

static void a_command_that_came_meanwhile_survives_and_wakes(void **state)
{
    struct zdd_run run = inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);
    struct zdd_run commanded;
    char next[ZDD_ID_SIZE];

    assert_good(command_run(*state, "run-1", -1, ZDD_COMMAND_ABORT, 2000, &commanded));
    run.wake_at_ms = 90000; /* the engine decided without having seen it */
    assert_good(advance_run(*state, &run, 0, true, next));
    assert_int_equal(run.command, ZDD_COMMAND_ABORT);
    assert_int_equal(run.wake_at_ms, 0);
    run = load_run(*state, "run-1");
    assert_int_equal(run.command, ZDD_COMMAND_ABORT);
    assert_int_equal(run.wake_at_ms, 0);
}

/* Said of a pause that ended at the same moment, it must not open the gate behind it. */
static void a_promote_of_the_step_before_is_forgotten(void **state)
{
    struct zdd_run run = inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);
    struct zdd_run commanded;
    char next[ZDD_ID_SIZE];

    run.phase = ZDD_PHASE_PAUSING;
    run.step = 4;
    assert_good(advance_run(*state, &run, 0, false, next));
    assert_good(command_run(*state, "run-1", -1, ZDD_COMMAND_PROMOTE, 2000, &commanded));
    assert_good(advance_run(*state, &run, 1, false, next));
    assert_int_equal(run.command, ZDD_COMMAND_PROMOTE); /* the same step */
    run.command = ZDD_COMMAND_NONE; /* the engine decided without having seen it */
    run.phase = ZDD_PHASE_GATED;
    run.step = 5;
    assert_good(advance_run(*state, &run, 2, false, next));
    assert_int_equal(run.command, ZDD_COMMAND_NONE);
    assert_int_equal(load_run(*state, "run-1").command, ZDD_COMMAND_NONE);
}

struct deciding {
    int32_t quorum;
    struct zdd_run run;
    struct zdd_word word;
    struct zdd_gate_tally tally;
};

static enum zdd_err decide(struct zdd_tx *tx, void *cls)
{
    struct deciding *d = cls;
    struct zdd_gate gate = zdd_gate_plain();
    enum zdd_err err = zdd_run_load_tx(tx, "run-1", &d->run);

    gate.quorum = d->quorum;
    return err == ZDD_ERR_NONE ? zdd_decision_take(tx, &gate, &d->word, false, &d->run, &d->tally)
                               : err;
}

/* The engine has not heard of it yet. @p quorum 2: the approval would not open the gate, and yet
 * take the rejection's place. */
static void cannot_approve_any_more(struct zdd_store *store, int32_t quorum)
{
    struct deciding d = {.quorum = quorum,
                         .word = {.step = 4, .actor = "ann", .approves = true, .time_ms = 2000}};

    assert_err(ZDD_ERR_COMMAND_REFUSED, zdd_store_write(store, decide, &d));
    d.word.approves = false;
    assert_good(zdd_store_write(store, decide, &d));
    assert_true(d.tally.rejected);
    assert_int_equal(d.tally.approvals, 0);
}

static void who_has_rejected_a_gate_cannot_approve_it(void **state)
{
    struct zdd_run run = inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);
    struct deciding d = {.quorum = 2, .word = {.step = 4, .actor = "ann", .time_ms = 2000}};
    char next[ZDD_ID_SIZE];

    run.phase = ZDD_PHASE_GATED;
    run.hold = ZDD_HOLD_GATE;
    run.step = 4;
    assert_good(advance_run(*state, &run, 0, false, next));
    assert_good(zdd_store_write(*state, decide, &d));
    assert_true(d.tally.rejected);
    assert_int_equal(load_run(*state, "run-1").command, ZDD_COMMAND_ROLLBACK);
    cannot_approve_any_more(*state, 1);
    cannot_approve_any_more(*state, 2);
}

static void a_command_needs_the_revision_that_the_caller_saw(void **state)
{
    struct zdd_run run = inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);

    run = advanced(*state, run);
    assert_err(ZDD_ERR_RUN_STALE, command_run(*state, "run-1", 0, ZDD_COMMAND_PAUSE, 1, &run));
    assert_err(ZDD_ERR_RUN_STALE, command_run(*state, "run-1", 2, ZDD_COMMAND_PAUSE, 1, &run));
    assert_good(command_run(*state, "run-1", 1, ZDD_COMMAND_PAUSE, 1, &run));
}

static void a_second_command_waits_for_the_first(void **state)
{
    struct zdd_run run = inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);

    assert_good(command_run(*state, "run-1", -1, ZDD_COMMAND_PAUSE, 1, &run));
    run = (struct zdd_run){0};
    assert_err(ZDD_ERR_COMMAND_REFUSED,
               command_run(*state, "run-1", -1, ZDD_COMMAND_ABORT, 1, &run));
    assert_string_equal(run.id, "run-1");
    assert_int_equal(run.command, ZDD_COMMAND_PAUSE);
}

static void the_table_of_commands_decides(void **state)
{
    struct zdd_run run = inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);

    assert_err(ZDD_ERR_COMMAND_REFUSED,
               command_run(*state, "run-1", -1, ZDD_COMMAND_RESUME, 1, &run));
    assert_int_equal(load_run(*state, "run-1").command, ZDD_COMMAND_NONE);
    run.hold = ZDD_HOLD_OPERATOR;
    run = advanced(*state, run);
    assert_good(command_run(*state, "run-1", -1, ZDD_COMMAND_RESUME, 1, &run));
}

static void an_ended_deployment_takes_no_command(void **state)
{
    struct zdd_run run = inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);

    run.phase = ZDD_PHASE_ROLLED_BACK;
    run = advanced(*state, run);
    assert_err(ZDD_ERR_RUN_FINISHED, command_run(*state, "run-1", -1, ZDD_COMMAND_ABORT, 1, &run));
}

static void abort_cancels_a_queued_deployment_here_and_now(void **state)
{
    struct zdd_run queued;

    inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);
    inserted(*state, a_run(.id = "run-2"), ZDD_WHEN_BUSY_QUEUE);
    assert_err(ZDD_ERR_COMMAND_REFUSED,
               command_run(*state, "run-2", -1, ZDD_COMMAND_PAUSE, 1, &queued));
    assert_good(command_run(*state, "run-2", -1, ZDD_COMMAND_ABORT, 5000, &queued));
    assert_int_equal(zdd_run_state(&queued), ZDD_STATE_CANCELED);
    queued = load_run(*state, "run-2");
    assert_int_equal(queued.phase, ZDD_PHASE_CANCELED);
    assert_int_equal(queued.cause, ZDD_CAUSE_ABORTED);
    assert_int_equal(queued.ended_at_ms, 5000);
    assert_int_equal(queued.revision, 1);
    assert_string_equal(queued.error_code, "aborted");
    assert_int_equal(queued.command, ZDD_COMMAND_NONE);
}

static void superseding_aborts_the_live_one_and_cancels_those_that_wait(void **state)
{
    struct zdd_run run;
    char busy[ZDD_ID_SIZE];

    inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);
    assert_good(command_run(*state, "run-1", -1, ZDD_COMMAND_PAUSE, 1, &run));
    inserted(*state, a_run(.id = "run-2"), ZDD_WHEN_BUSY_QUEUE);
    inserted(*state, a_run(.id = "run-3"), ZDD_WHEN_BUSY_QUEUE);
    inserted(*state, a_run(.id = "run-x", .app_id = "/other"), ZDD_WHEN_BUSY_QUEUE);
    run = a_run(.id = "run-4", .created_at_ms = 6000);
    assert_good(insert_run(*state, &run, ZDD_WHEN_BUSY_SUPERSEDE, busy));
    assert_string_equal(busy, "run-1");
    assert_int_equal(zdd_run_state(&run), ZDD_STATE_QUEUED);

    run = load_run(*state, "run-1");
    assert_int_equal(run.command, ZDD_COMMAND_ABORT);
    assert_string_equal(run.superseded_by, "run-4");
    assert_int_equal(run.wake_at_ms, 6000);
    for (int i = 2; i <= 3; i++) {
        run = load_run(*state, i == 2 ? "run-2" : "run-3");
        assert_int_equal(run.phase, ZDD_PHASE_CANCELED);
        assert_int_equal(run.cause, ZDD_CAUSE_SUPERSEDED);
        assert_string_equal(run.superseded_by, "run-4");
        assert_int_equal(run.ended_at_ms, 6000);
    }
    assert_true(load_run(*state, "run-x").active);
    assert_int_equal(load_run(*state, "run-4").phase, ZDD_PHASE_PENDING);
}

static void superseding_one_that_goes_back_only_waits_for_it(void **state)
{
    struct zdd_run run = inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);

    run.phase = ZDD_PHASE_UNDOING;
    (void)advanced(*state, run);
    inserted(*state, a_run(.id = "run-2"), ZDD_WHEN_BUSY_SUPERSEDE);
    run = load_run(*state, "run-1");
    assert_int_equal(run.command, ZDD_COMMAND_NONE);
    assert_string_equal(run.superseded_by, "");
    assert_false(load_run(*state, "run-2").active);
}

static void an_advance_brings_the_news_of_being_superseded(void **state)
{
    struct zdd_run run = inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);

    inserted(*state, a_run(.id = "run-2"), ZDD_WHEN_BUSY_SUPERSEDE);
    run = advanced(*state, run);
    assert_int_equal(run.command, ZDD_COMMAND_ABORT);
    assert_string_equal(run.superseded_by, "run-2");
    assert_string_equal(load_run(*state, "run-1").superseded_by, "run-2");
}

static bool note_id(void *cls, const char *id)
{
    char *ids = cls;
    const size_t size = strlen(ids);

    memcpy(ids + size, id, strlen(id) + 1);
    return true;
}

static enum zdd_err list_queued(struct zdd_tx *tx, void *cls)
{
    return zdd_run_queued(tx, "/shop", note_id, cls);
}

static void the_queue_of_an_app_can_be_listed_oldest_first(void **state)
{
    char ids[100] = "";

    inserted(*state, a_run(), ZDD_WHEN_BUSY_REJECT);
    inserted(*state, a_run(.id = "b,"), ZDD_WHEN_BUSY_QUEUE);
    inserted(*state, a_run(.id = "a,"), ZDD_WHEN_BUSY_QUEUE);
    inserted(*state, a_run(.id = "c,", .app_id = "/other"), ZDD_WHEN_BUSY_QUEUE);
    assert_good(zdd_store_write(*state, list_queued, ids));
    assert_string_equal(ids, "b,a,");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_has_a_column),
        CASE(every_member_comes_back_as_it_was),
        CASE(every_moved_member_comes_back_after_an_advance),
        CASE(what_an_advance_must_not_touch_stays),
        CASE(an_unknown_deployment_is_unknown),
        CASE(the_first_deployment_of_an_app_is_live_at_once),
        CASE(a_second_one_is_refused_and_names_the_first),
        CASE(the_oldest_queued_one_follows_the_live_one),
        CASE(a_stale_revision_changes_nothing),
        CASE(a_revision_that_never_was_changes_nothing),
        CASE(the_end_of_one_that_only_waited_activates_nobody),
        CASE(a_taken_command_is_cleared),
        CASE(a_command_that_came_meanwhile_survives_and_wakes),
        CASE(a_promote_of_the_step_before_is_forgotten),
        CASE(who_has_rejected_a_gate_cannot_approve_it),
        CASE(a_command_needs_the_revision_that_the_caller_saw),
        CASE(a_second_command_waits_for_the_first),
        CASE(the_table_of_commands_decides),
        CASE(an_ended_deployment_takes_no_command),
        CASE(abort_cancels_a_queued_deployment_here_and_now),
        CASE(superseding_aborts_the_live_one_and_cancels_those_that_wait),
        CASE(superseding_one_that_goes_back_only_waits_for_it),
        CASE(an_advance_brings_the_news_of_being_superseded),
        CASE(the_queue_of_an_app_can_be_listed_oldest_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
