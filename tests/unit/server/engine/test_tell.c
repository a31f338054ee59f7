/**
 * @file tests/unit/server/engine/test_tell.c
 * @brief Words for people: what it waits for, what went wrong, and the data of events.
 */
#include "server/engine/tell.h"

#include "tests/unit/strategies/facts.h"

#include <stdio.h>
#include <string.h>

static struct zdd_run waiting(struct zdd_run run, const char *code, struct zdd_observation o)
{
    const struct zdd_plan plan = a_plan(.target = facts_of_app(.instances = 6));
    const struct zdd_app_view view = {.lock_count = 1,
                                      .lock = {"aaaaaaaa-0000-4000-8000-000000000001"}};

    zdd_tell_waiting(&run, code, &plan, &o, &view, "connection refused");
    return run;
}

static void the_moment_changes_with_the_code_and_with_nothing_else(void **state)
{
    struct zdd_run run = waiting(a_run(.phase = ZDD_PHASE_ROLLING), "tasks", seen());

    (void)state;
    assert_string_equal(run.waiting_code, "tasks");
    assert_int_equal(run.waiting_since_ms, T0);
    run = waiting(run, "tasks", seen(.now_ms = T0 + 5000, .current = serving(2)));
    assert_int_equal(run.waiting_since_ms, T0);
    run = waiting(run, "marathon", seen(.now_ms = T0 + 6000));
    assert_int_equal(run.waiting_since_ms, T0 + 6000);
    run = waiting(run, NULL, seen(.now_ms = T0 + 7000));
    assert_string_equal(run.waiting_code, "");
    assert_string_equal(run.waiting_text, "");
    assert_int_equal(run.waiting_since_ms, 0);
}

static void who_has_ended_waits_for_nothing(void **state)
{
    const struct zdd_run run =
        waiting(a_run(.phase = ZDD_PHASE_FAILED, .waiting_code = "tasks"), "marathon", seen());

    (void)state;
    assert_string_equal(run.waiting_code, "");
    assert_string_equal(run.waiting_text, "");
}

static void tasks_are_counted_by_what_the_phase_is_about(void **state)
{
    const struct zdd_observation o =
        seen(.current = {.total = 4, .staged = 1, .running = 3, .healthy = 2},
             .outdated = serving(3));

    (void)state;
    assert_string_equal(waiting(a_run(.phase = ZDD_PHASE_ROLLING), "tasks", o).waiting_text,
                        "2 of 6 new instances healthy, 3 running, 1 starting; 3 old still there.");
    assert_string_equal(
        waiting(a_run(.phase = ZDD_PHASE_UNDOING), "tasks", o).waiting_text,
        "2 of 4 restored instances healthy, 3 running, 1 starting; 3 others still there.");
    assert_string_equal(
        waiting(a_run(.phase = ZDD_PHASE_UNDOING), "tasks",
                seen(.instances = 8, .put_back_by_us = true, .current = serving(5)))
            .waiting_text,
        "5 of 8 restored instances healthy, 5 running, 0 starting; 0 others still there.");
    assert_string_equal(
        waiting(a_run(.phase = ZDD_PHASE_UNDOING), "tasks", seen(.current = serving(8)))
            .waiting_text,
        "4 instances are on top of the 4 of before and have to end.");
    assert_string_equal(waiting(a_run(.phase = ZDD_PHASE_STOPPING), "tasks", o).waiting_text,
                        "7 old instances still have to end.");
    assert_non_null(strstr(waiting(a_run(.phase = ZDD_PHASE_CLEARING), "tasks", o).waiting_text,
                           "2 new instances that do not serve are removed"));
}

static void marathon_is_quoted(void **state)
{
    struct zdd_run run;

    (void)state;
    run = waiting(a_run(.phase = ZDD_PHASE_APPLYING), "marathon", seen(.reachable = false));
    assert_string_equal(run.waiting_text, "Marathon does not answer: connection refused");
    run = waiting(a_run(.phase = ZDD_PHASE_APPLYING, .outcome = ZDD_OUTCOME_FAILED, .attempt = 3),
                  "marathon", seen());
    assert_non_null(strstr(run.waiting_text, "3 in a row"));
    run = waiting(a_run(.phase = ZDD_PHASE_APPLYING, .outcome = ZDD_OUTCOME_FAILED, .attempt = 3,
                        .error_text = "Max number (100) of running deployments reached."),
                  "marathon", seen());
    assert_non_null(strstr(run.waiting_text, "given again. What was said: Max number (100) of"));
    run = waiting(a_run(.phase = ZDD_PHASE_APPLYING, .outcome = ZDD_OUTCOME_ACKED), "marathon",
                  seen());
    assert_non_null(strstr(run.waiting_text, "does not show the order's effect yet"));
    run = waiting(a_run(.phase = ZDD_PHASE_APPLYING), "marathon-lock", seen());
    assert_non_null(strstr(run.waiting_text, "aaaaaaaa-0000-4000-8000-000000000001"));
    run = waiting(a_run(.phase = ZDD_PHASE_ROLLING), "marathon-settles",
                  seen(.outdated = serving(2)));
    assert_non_null(strstr(run.waiting_text, "2 old instances"));
}

static struct zdd_plan a_pair_plan(void)
{
    struct zdd_plan plan = a_plan(.target = facts_of_app(.instances = 6));

    zdd_program_add(&plan.program, ZDD_STEP_START, 6);
    zdd_program_add(&plan.program, ZDD_STEP_KEEP, 300000);
    return plan;
}

static void assert_pair_waits(struct zdd_run run, const char *code, struct zdd_observation o,
                              const char *expected)
{
    const struct zdd_plan plan = a_pair_plan();

    zdd_tell_waiting(&run, code, &plan, &o, NULL, NULL);
    assert_string_equal(run.waiting_code, code);
    assert_string_equal(run.waiting_text, expected);
}

static void tasks_of_a_pair_are_counted_on_the_side_that_moves(void **state)
{
    const struct zdd_observation o =
        seen(.current = {.total = 4, .staged = 1, .running = 3, .healthy = 2},
             .peer = {.current = serving(3), .outdated = ending(2)});

    (void)state;
    assert_pair_waits(a_run(.phase = ZDD_PHASE_ADOPTING), "tasks", o,
                      "3 of 4 old instances have the labels of a pair.");
    assert_pair_waits(a_run(.phase = ZDD_PHASE_RETIRING), "tasks", o,
                      "5 old instances still have to end.");
    assert_pair_waits(a_run(.phase = ZDD_PHASE_ROLLING), "tasks", o,
                      "2 of 6 new instances healthy, 3 running, 1 starting; 0 old still there.");
    /* Whatever happens, the old app is not restored: it never went. */
    assert_pair_waits(a_run(.phase = ZDD_PHASE_UNDOING), "tasks", o,
                      "4 instances of the new app still have to end.");
    assert_pair_waits(a_run(.phase = ZDD_PHASE_CLEARING), "tasks", o,
                      "4 instances of the new app still have to end.");
}

static void a_silent_balancer_is_named(void **state)
{
    struct zdd_run run = a_run(.phase = ZDD_PHASE_JOINING);
    const struct zdd_plan plan = a_plan(.target = facts_of_app(.instances = 6));
    const struct zdd_observation o = seen(.balance = {.known = false});

    (void)state;
    zdd_tell_waiting(&run, "balancer", &plan, &o, NULL, "10.0.0.5:9090 does not answer");
    assert_string_equal(run.waiting_text, "A balancer is silent: 10.0.0.5:9090 does not answer.");
    zdd_tell_waiting(&run, "drain", &plan, &o, NULL, "10.0.0.5:9090 does not answer");
    assert_string_equal(run.waiting_text, "A balancer is silent: 10.0.0.5:9090 does not answer.");
}

static void an_app_without_instances_waits_for_marathon_and_not_for_none(void **state)
{
    (void)state;
    assert_pair_waits(a_run(.phase = ZDD_PHASE_RETIRING), "tasks", seen(),
                      "No old instances are left; Marathon still has to forget their app.");
    assert_pair_waits(a_run(.phase = ZDD_PHASE_UNDOING), "tasks", seen(),
                      "No instances of the new app are left; Marathon still has to forget their "
                      "app.");
}

#define a_balance(...)                                                                             \
    {                                                                                              \
        .known = true, .side = {                                                                   \
            [ZDD_SIDE_LEAVING] = {.told = true},                                                   \
            [ZDD_SIDE_OLD] = __VA_ARGS__                                                           \
        }                                                                                          \
    }

static void a_balancer_is_waited_for_with_what_it_lacks(void **state)
{
    const struct zdd_run shifting = a_run(.phase = ZDD_PHASE_SHIFTING);

    (void)state;
    assert_pair_waits(shifting, "balancer", seen(.balance = {.known = false}),
                      "Not every balancer has answered yet.");
    assert_pair_waits(a_run(.phase = ZDD_PHASE_JOINING), "balancer",
                      seen(.balance = {.known = false}), "Not every balancer has answered yet.");
    assert_pair_waits(a_run(.phase = ZDD_PHASE_JOINING), "balancer",
                      seen(.balance = a_balance({.up = 4}, {0})),
                      "No balancer lists the new instances: does one serve the app's "
                      "HAPROXY_GROUP?");
    assert_pair_waits(a_run(.phase = ZDD_PHASE_JOINING), "balancer",
                      seen(.balance = {.known = true,
                                       .weights_ignored = true,
                                       .side = {{.up = 4}, {.servers = 6, .up = 6}}}),
                      "A balancer spreads the requests by an algorithm that does not obey weights: "
                      "roundrobin or random would.");
    assert_pair_waits(a_run(.phase = ZDD_PHASE_JOINING), "balancer",
                      seen(.balance = a_balance({.up = 4}, {.servers = 6, .up = 5})),
                      "5 of 6 new instances are UP on every balancer.");
    assert_pair_waits(shifting, "balancer",
                      seen(.balance = a_balance({.told = true}, {.told = false})),
                      "Weights are on their way to the balancers.");
    assert_pair_waits(shifting, "balancer",
                      seen(.balance = a_balance({.told = false}, {.told = true})),
                      "Weights are on their way to the balancers.");
    assert_pair_waits(shifting, "balancer",
                      seen(.balance = a_balance({.told = true, .up = 4}, {.told = true, .up = 5})),
                      "UP on every balancer: 4 old and 5 new instances; the side that takes over "
                      "needs all of its own.");
    assert_pair_waits(a_run(.phase = ZDD_PHASE_SETTLING), "balancer",
                      seen(.balance = a_balance({.told = true}, {.told = true, .up = 5})),
                      "UP on every balancer: 0 old and 5 new instances; each gets its own weight "
                      "again.");
}

static void a_drain_is_waited_for_with_its_requests(void **state)
{
    const struct zdd_run run = a_run(.phase = ZDD_PHASE_DRAINING);

    (void)state;
    assert_pair_waits(run, "drain", seen(.balance = {.known = false}),
                      "Not every balancer has answered yet.");
    assert_pair_waits(run, "drain", seen(.balance = a_balance({.sessions = 1}, {.sessions = 99})),
                      "Requests that are still under way at the old version: 1.");
    assert_pair_waits(run, "drain", seen(.balance = a_balance({.sessions = 0}, {.sessions = 99})),
                      "No request is seen at the old version; those that a reload hid may still "
                      "end.");
    assert_pair_waits(a_run(.phase = ZDD_PHASE_RETURNING), "drain",
                      seen(.balance = a_balance({.sessions = 1}, {.sessions = 99})),
                      "Requests that are still under way at the new version: 99.");
}

static void a_kept_version_says_how_long(void **state)
{
    const struct zdd_run run = a_run(.phase = ZDD_PHASE_KEEPING, .step = 1);

    (void)state;
    assert_pair_waits(run, "keep-old", seen(),
                      "The old version stays hot for 300 s in all: going back is one weight.");
    /* It is told once, so it stays true. */
    assert_pair_waits(run, "keep-old", seen(.now_ms = T0 + 299001),
                      "The old version stays hot for 300 s in all: going back is one weight.");
    /* Once it is left, the step is another one and has no time of its own. */
    assert_pair_waits(a_run(.phase = ZDD_PHASE_DRAINING, .step = 0), "keep-old", seen(), "");
}

static void a_gate_says_which_word_it_waits_for(void **state)
{
    const struct zdd_run gate = a_run(.phase = ZDD_PHASE_GATED, .hold = ZDD_HOLD_GATE);

    (void)state;
    assert_pair_waits(gate, "promote", seen(),
                      "The new version is ready and gets no requests yet: promote switches, abort "
                      "takes it away.");
}

static void an_endless_reason_is_cut(void **state)
{
    const struct zdd_plan plan = a_plan();
    const struct zdd_observation o = seen(.reachable = false);
    struct zdd_run run = a_run(.phase = ZDD_PHASE_APPLYING);
    char reason[1000];

    (void)state;
    memset(reason, 'x', sizeof(reason) - 1);
    reason[sizeof(reason) - 1] = '\0';
    zdd_tell_waiting(&run, "marathon", &plan, &o, NULL, reason);
    assert_true(strlen(run.waiting_text) < ZDD_WAITING_SIZE);
    zdd_tell_waiting(&run, "marathon", &plan, &o, NULL, NULL);
    assert_string_equal(run.waiting_text, "Marathon does not answer: no reason given");
    zdd_tell_waiting(&run, "marathon-lock", &plan, &o, NULL, NULL);
    assert_non_null(strstr(run.waiting_text, "(unknown)"));
}

static void each_hold_says_what_an_operator_can_do(void **state)
{
    (void)state;
    for (int a = ZDD_HOLD_OPERATOR; a < ZDD_HOLD_COUNT; a++) {
        const struct zdd_run run = waiting(
            a_run(.phase = ZDD_PHASE_ROLLING, .hold = (enum zdd_hold)a), "operator", seen());

        assert_true(strlen(run.waiting_text) > 40);
        assert_true(strlen(run.waiting_text) < ZDD_WAITING_SIZE - 1); /* not cut */
        for (int b = ZDD_HOLD_OPERATOR; b < a; b++) {
            const struct zdd_run other = waiting(
                a_run(.phase = ZDD_PHASE_ROLLING, .hold = (enum zdd_hold)b), "operator", seen());

            assert_string_not_equal(run.waiting_text, other.waiting_text);
        }
    }
}

static struct zdd_run failed(struct zdd_run run, const struct zdd_app_view *view)
{
    const struct zdd_plan plan = a_plan();

    zdd_tell_error(&run, &plan, view);
    return run;
}

static void a_deadline_tells_how_far_it_got_and_what_broke_last(void **state)
{
    struct zdd_app_view view = {.failed_at_ms = T0, .failure = "TASK_FAILED: exit 1"};
    struct zdd_run run = a_run(.phase = ZDD_PHASE_CLEARING, .cause = ZDD_CAUSE_DEADLINE,
                               .new_side = {.instances = 2, .healthy = 1});

    (void)state;
    run = failed(run, &view);
    assert_string_equal(run.error_code, "deadline");
    assert_string_equal(
        run.error_text,
        "The deployment took longer than its deadline allows. 1 of 4 new instances were healthy."
        " Last task failure: TASK_FAILED: exit 1");
    view.failed_at_ms = T0 - 1; /* before this deployment began */
    assert_null(strstr(failed(run, &view).error_text, "TASK_FAILED"));
    assert_null(strstr(failed(run, NULL).error_text, "TASK_FAILED"));
    run.cause = ZDD_CAUSE_UNDO_DEADLINE;
    assert_non_null(strstr(failed(run, &view).error_text, "1 of 4"));
    run.cause = ZDD_CAUSE_STEP_DEADLINE;
    assert_non_null(strstr(failed(run, &view).error_text, "1 of 4"));
}

static void other_causes_are_their_sentence(void **state)
{
    const struct zdd_run run = failed(a_run(.cause = ZDD_CAUSE_ABORTED), NULL);

    (void)state;
    assert_string_equal(run.error_code, "aborted");
    assert_string_equal(run.error_text, zdd_cause_text(ZDD_CAUSE_ABORTED));
}

static void before_any_order_a_foreign_change_has_cost_nothing(void **state)
{
    struct zdd_run run = a_run(.cause = ZDD_CAUSE_FOREIGN_CHANGE);

    (void)state;
    assert_non_null(strstr(failed(run, NULL).error_text, "Nothing was changed; make a new plan."));
    run.ordered = true;
    assert_string_equal(failed(run, NULL).error_text, zdd_cause_text(ZDD_CAUSE_FOREIGN_CHANGE));
}

static void marathons_own_words_about_a_refusal_stay(void **state)
{
    const struct zdd_run run =
        failed(a_run(.cause = ZDD_CAUSE_REFUSED, .error_code = "marathon-refused",
                     .error_text = "#/app/cpus must be positive"),
               NULL);

    (void)state;
    assert_string_equal(run.error_code, "marathon-refused");
    assert_string_equal(run.error_text, "#/app/cpus must be positive");
}

static void without_a_cause_there_is_no_error(void **state)
{
    const struct zdd_run run =
        failed(a_run(.error_code = "deadline", .error_text = "Too late."), NULL);

    (void)state;
    assert_string_equal(run.error_code, "");
    assert_string_equal(run.error_text, "");
}

static void an_event_says_where_it_stands(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    const struct zdd_run run =
        a_run(.phase = ZDD_PHASE_ROLLING, .step = 1, .revision = 7,
              .old_side = {.version = "v1", .instances = 3, .healthy = 2},
              .new_side = {.instances = 1}, .waiting_code = "tasks", .waiting_text = "a \"b\"");

    (void)state;
    zdd_tell_event(&buf, NULL, &run, "forward/wait-tasks");
    assert_int_equal(buf.err, ZDD_ERR_NONE);
    assert_string_equal(buf.data,
                        "{\"state\":\"running\",\"phase\":\"rolling\",\"step\":1,\"revision\":7,"
                        "\"old\":{\"version\":\"v1\",\"instances\":3,\"healthy\":2},"
                        "\"new\":{\"version\":null,\"instances\":1,\"healthy\":0},"
                        "\"waitingFor\":{\"code\":\"tasks\",\"text\":\"a \\\"b\\\"\"},"
                        "\"rule\":\"forward/wait-tasks\"}");
}

/* What the past can be drawn from. */
static void an_event_of_a_pair_says_what_the_new_version_gets(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    const struct zdd_plan plan =
        a_plan(.program = {.count = 1, .step = {{.kind = ZDD_STEP_WEIGHT, .value = 2500}}});
    struct zdd_run run =
        a_run(.phase = ZDD_PHASE_WEIGHING, .old_side = {.instances = 3, .healthy = 3},
              .new_side = {.instances = 1, .healthy = 1},
              .traffic = {
                  .side = {[ZDD_SIDE_OLD] = {.weight = 100}, [ZDD_SIDE_NEW] = {.weight = 75}},
                  .old_stay = 3});

    (void)state;
    zdd_tell_event(&buf, &plan, &run, NULL);
    assert_non_null(strstr(buf.data, "\"new\":{\"version\":null,\"instances\":1,\"healthy\":1,"
                                     "\"weight\":20,\"wantedWeight\":25,\"measuredRequests\":0}"));
    run.split = (struct zdd_split){.old_requests = 802, .new_requests = 198};
    zdd_buf_clear(&buf);
    zdd_tell_event(&buf, &plan, &run, NULL);
    assert_non_null(strstr(buf.data, ",\"measuredRequests\":1000,\"measuredWeight\":19.8}"));
}

static void who_sticks_and_who_leaves_has_no_part_in_a_told_share(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    const struct zdd_plan plan =
        a_plan(.pair = {.by_users = true},
               .program = {.count = 1, .step = {{.kind = ZDD_STEP_WEIGHT, .value = 5000}}});
    const struct zdd_run run =
        a_run(.phase = ZDD_PHASE_WEIGHING, .old_side = {.instances = 3, .healthy = 3},
              .new_side = {.instances = 1, .healthy = 1},
              .traffic = {.side = {[ZDD_SIDE_OLD] = {.weight = 1}, [ZDD_SIDE_NEW] = {.weight = 1}},
                          .old_stay = 1},
              .split = {
                  .old_requests = 900, .new_requests = 100, .old_chosen = 60, .new_chosen = 40});

    (void)state;
    zdd_tell_event(&buf, &plan, &run, NULL);
    assert_non_null(strstr(buf.data, "\"weight\":50,\"wantedWeight\":50,\"measuredRequests\":100,"
                                     "\"measuredWeight\":40}"));
}

static void an_event_of_one_app_has_the_share_of_its_healthy_instances(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    const struct zdd_plan plan = a_plan(.action = ZDD_ACTION_UPGRADE);
    struct zdd_run run = a_run(.old_side = {.healthy = 2}, .new_side = {.healthy = 1});

    (void)state;
    zdd_tell_event(&buf, &plan, &run, NULL);
    assert_non_null(strstr(buf.data, ",\"healthy\":1,\"weight\":33.33}"));
    run.old_side.healthy = run.new_side.healthy = 0;
    zdd_buf_clear(&buf);
    zdd_tell_event(&buf, &plan, &run, NULL);
    assert_non_null(strstr(buf.data, ",\"weight\":0}"));
}

static void an_event_names_the_cause_with_its_words(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_run run = a_run(.phase = ZDD_PHASE_FAILED, .active = false,
                               .cause = ZDD_CAUSE_REFUSED, .error_text = "no \n good");

    (void)state;
    zdd_tell_event(&buf, NULL, &run, NULL);
    assert_non_null(strstr(buf.data, ",\"cause\":\"refused\",\"text\":\"no \\n good\"}"));
    assert_null(strstr(buf.data, "rule"));
    assert_null(strstr(buf.data, "waitingFor"));
    zdd_buf_clear(&buf);
    run.error_text[0] = '\0';
    zdd_tell_event(&buf, NULL, &run, NULL);
    assert_non_null(strstr(buf.data, zdd_cause_text(ZDD_CAUSE_REFUSED)));
}

static void checks_say_how_many_passed_and_what_was_wrong_last(void **state)
{
    const struct zdd_plan plan = a_plan(.verifies = {.count = 1, .step = {{.rounds = 6}}});
    struct zdd_run run = a_run(.phase = ZDD_PHASE_VERIFYING, .verify_set = 1, .rounds = "ppp");

    (void)state;
    zdd_tell_verify(&run, &plan);
    assert_string_equal(run.waiting_text, "verify: 3 of 6 passed");
    run = a_run(.phase = ZDD_PHASE_VERIFYING, .verify_set = 1, .rounds = "pfpp",
                .measured = "/health of 10.0.0.1:31005 said 503");
    zdd_tell_waiting(&run, "verify", &plan, &seen(), NULL, NULL);
    assert_string_equal(run.waiting_text,
                        "verify: 3 of 6 passed, /health of 10.0.0.1:31005 said 503");
    run.cause = ZDD_CAUSE_VERIFY_FAILED;
    zdd_tell_error(&run, &plan, NULL);
    assert_string_equal(run.error_code, "verify-failed");
    assert_string_equal(run.error_text,
                        "The new version did not pass its checks. 3 of 6 rounds passed: /health of "
                        "10.0.0.1:31005 said 503.");
}

static void a_canary_that_fell_ill_is_told_with_its_last_failure(void **state)
{
    struct zdd_run run = a_run(.cause = ZDD_CAUSE_UNWELL, .started_at_ms = T0);
    const struct zdd_plan plan = a_plan();
    struct zdd_app_view view = {.instances = 2, .current = {.running = 1, .sick = 1}};

    (void)state;
    zdd_tell_error(&run, &plan, &view);
    assert_string_equal(run.error_code, "canary-unwell");
    assert_string_equal(run.error_text, "An instance of the new version failed while it got "
                                        "requests. Of 2 new instances 1 ran, 1 of them ill.");
    view.failed_at_ms = T0;
    snprintf(view.failure, sizeof(view.failure), "TASK_FAILED: exited with status 1");
    zdd_tell_error(&run, &plan, &view);
    assert_non_null(strstr(run.error_text, "1 of them ill. Last task failure: TASK_FAILED: "
                                           "exited with status 1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_canary_that_fell_ill_is_told_with_its_last_failure),
        cmocka_unit_test(the_moment_changes_with_the_code_and_with_nothing_else),
        cmocka_unit_test(who_has_ended_waits_for_nothing),
        cmocka_unit_test(tasks_are_counted_by_what_the_phase_is_about),
        cmocka_unit_test(marathon_is_quoted),
        cmocka_unit_test(tasks_of_a_pair_are_counted_on_the_side_that_moves),
        cmocka_unit_test(a_silent_balancer_is_named),
        cmocka_unit_test(an_app_without_instances_waits_for_marathon_and_not_for_none),
        cmocka_unit_test(a_balancer_is_waited_for_with_what_it_lacks),
        cmocka_unit_test(a_drain_is_waited_for_with_its_requests),
        cmocka_unit_test(a_kept_version_says_how_long),
        cmocka_unit_test(a_gate_says_which_word_it_waits_for),
        cmocka_unit_test(an_endless_reason_is_cut),
        cmocka_unit_test(each_hold_says_what_an_operator_can_do),
        cmocka_unit_test(a_deadline_tells_how_far_it_got_and_what_broke_last),
        cmocka_unit_test(other_causes_are_their_sentence),
        cmocka_unit_test(before_any_order_a_foreign_change_has_cost_nothing),
        cmocka_unit_test(marathons_own_words_about_a_refusal_stay),
        cmocka_unit_test(without_a_cause_there_is_no_error),
        cmocka_unit_test(checks_say_how_many_passed_and_what_was_wrong_last),
        cmocka_unit_test(an_event_says_where_it_stands),
        cmocka_unit_test(an_event_of_a_pair_says_what_the_new_version_gets),
        cmocka_unit_test(who_sticks_and_who_leaves_has_no_part_in_a_told_share),
        cmocka_unit_test(an_event_of_one_app_has_the_share_of_its_healthy_instances),
        cmocka_unit_test(an_event_names_the_cause_with_its_words),
    };

    return cmocka_run_group_tests_name("server/engine/tell", tests, NULL, NULL);
}
