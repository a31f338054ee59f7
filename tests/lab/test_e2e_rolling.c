/**
 * @file tests/lab/test_e2e_rolling.c
 * @brief Deployments that go well, under load: what callers see, what Marathon sees, what the
 * service's users see.
 */
#include "tests/support/spec.h"

#include "tests/lab/e2e.h"

#include "server/base/clock.h"

#include <stdio.h>
#include <string.h>

static const char *const fast[] = {"--speed", "50", NULL};

struct upgrade {
    const char *title;
    enum e2e_checks checks;
    double m, o;
};

static json_t *version_of(const char *id, const char *version, enum e2e_checks checks)
{
    return e2e_app(&(struct e2e_app){.id = id,
                                     .version = version,
                                     .instances = 4,
                                     .checks = checks,
                                     .health_ms = checks == E2E_NO_CHECKS ? 0 : 30});
}

/* From 0.9 to 1.0 while zdd-load asks. */
static void upgrade_under_load(struct e2e *e, const char *id, const struct upgrade *u)
{
    struct e2e_load load;
    struct e2e_counts counts;

    e2e_deploy_well(e, e2e_rolling(version_of(id, "0.9", u->checks), u->m, u->o));
    load = e2e_load_start(e, id);
    e2e_load_until(&load, "0.9");
    e2e_deploy_well(e, e2e_rolling(version_of(id, "1.0", u->checks), u->m, u->o));
    e2e_load_until(&load, "1.0");
    counts = e2e_load_stop(&load);
    assert_int_equal(counts.failed, 0);
    assert_true(counts.by_old > 0 && counts.by_new > 0);
    e2e_check_app(e, id, "1.0", 4);
    assert_int_equal(e2e_version_count(e, id), 2); /* created, updated: one PUT each */
}

static void no_request_fails_whatever_the_checks_and_the_capacity(void **state)
{
    static const struct upgrade upgrades[] = {
        {"no checks", E2E_NO_CHECKS, 1, 1},
        {"health checks", E2E_HEALTH, 1, 1},
        {"readiness checks", E2E_READY, 1, 1},
        {"minimal overcapacity", E2E_HEALTH, 1, 0.25},
        {"most killed at once", E2E_HEALTH, 0.25, 0.25},
    };
    struct e2e *e = e2e_start(fast, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(upgrades) / sizeof(upgrades[0]); i++) {
        char id[32];

        snprintf(id, sizeof(id), "/up/app-%zu", i);
        print_message("[          ] rolling, %s\n", upgrades[i].title);
        upgrade_under_load(e, id, &upgrades[i]);
    }
    e2e_stop(e);
}

static void recreate_stops_all_and_then_starts_all(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[E2E_ID_SIZE];
    size_t from;
    size_t killed = 0;

    (void)state;
    e2e_deploy_well(e, e2e_rolling(version_of("/shop", "0.9", E2E_HEALTH), 1, 1));
    from = lab_event_count(e->lab);
    e2e_deploy(e, e2e_request("recreate", version_of("/shop", "1.0", E2E_HEALTH)), id);
    e2e_await(e, id, "succeeded");
    e2e_check_app(e, "/shop", "1.0", 4);
    assert_int_equal(e2e_version_count(e, "/shop"), 3); /* created, scaled to 0, updated */
    (void)lab_event_count(e->lab);
    events = lab_events(e->lab, from);
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const char *condition = zdd_json_text(event, "condition", "");

        if (strcmp(condition, "Scheduled") == 0)
            assert_int_equal(killed, 4); /* no new instance before the last old one has ended */
        killed += strcmp(condition, "Killed") == 0;
    }
    assert_int_equal(killed, 4);
    e2e_stop(e);
}

static json_t *scale_to(const char *id, int instances)
{
    return json_pack("{s:s, s:s, s:{s:i}}", "strategy", "scale", "appId", id, "options",
                     "instances", instances);
}

static void scaling_and_restarting_fail_no_request(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    ZDD_AUTO_JSON json_t *before = NULL;
    ZDD_AUTO_JSON json_t *after = NULL;
    struct e2e_load load;
    struct e2e_counts counts;

    (void)state;
    e2e_deploy_well(e, e2e_rolling(version_of("/shop", "0.9", E2E_HEALTH), 1, 1));
    load = e2e_load_start(e, "/shop");
    e2e_load_until(&load, "0.9");
    e2e_deploy_well(e, scale_to("/shop", 7));
    e2e_check_app(e, "/shop", "0.9", 7);
    e2e_deploy_well(e, scale_to("/shop", 2));
    e2e_check_app(e, "/shop", "0.9", 2);
    assert_int_equal(lab_call(e->lab, "GET", "/v2/apps/shop", NULL, &before), 200);
    e2e_deploy_well(e, json_pack("{s:s, s:s}", "strategy", "restart", "appId", "/shop"));
    assert_int_equal(lab_call(e->lab, "GET", "/v2/apps/shop", NULL, &after), 200);
    e2e_check_app(e, "/shop", "0.9", 2);
    assert_string_not_equal(
        json_string_value(zdd_json_at(before, "/app/versionInfo/lastConfigChangeAt")),
        json_string_value(zdd_json_at(after, "/app/versionInfo/lastConfigChangeAt")));
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 2; k++)
            assert_string_not_equal(
                zdd_json_text(json_array_get(zdd_json_at(before, "/app/tasks"), i), "id", "?"),
                zdd_json_text(json_array_get(zdd_json_at(after, "/app/tasks"), k), "id", "?"));
    e2e_load_until(&load, "0.9");
    counts = e2e_load_stop(&load);
    assert_int_equal(counts.failed, 0);
    e2e_stop(e);
}

static void check_steps(struct e2e *e, const char *id, const char *state)
{
    static const char *const kinds[] = {"update-app", "replace-tasks"};
    const bool ran = strcmp(state, "succeeded") == 0;
    struct apiclient_answer answer;
    char path[128];
    const json_t *items;

    snprintf(path, sizeof(path), "/v1/deployments/%s/steps", id);
    answer = apiclient_get(e->api, path);
    items = json_object_get(answer.json, "items");
    assert_int_equal(json_array_size(items), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *step = json_array_get(items, i);

        assert_string_equal(zdd_json_text(step, "kind", ""), kinds[i]);
        assert_string_equal(zdd_json_text(step, "state", ""), state);
        assert_int_equal(json_is_string(json_object_get(step, "startedAt")), ran);
        assert_int_equal(json_is_string(json_object_get(step, "endedAt")), ran);
        assert_int_equal(json_is_object(json_object_get(step, "evidence")), ran);
    }
    apiclient_answer_release(&answer);
}

static void a_change_that_changes_nothing_touches_nothing(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    char id[E2E_ID_SIZE];
    size_t before;

    (void)state;
    e2e_deploy_well(e, e2e_rolling(version_of("/shop", "0.9", E2E_HEALTH), 1, 1));
    before = lab_event_count(e->lab);
    e2e_deploy(e, e2e_rolling(version_of("/shop", "0.9", E2E_HEALTH), 1, 1), id);
    e2e_await(e, id, "succeeded");
    check_steps(e, id, "skipped");
    assert_int_equal(lab_event_count(e->lab), before);
    assert_int_equal(e2e_version_count(e, "/shop"), 1);
    e2e_stop(e);
}

/* One deployment's story: the first and last words, no number missing, the same in both forms. */
static void check_story(struct e2e *e, const json_t *streamed, const char *id)
{
    ZDD_AUTO_JSON json_t *listed = e2e_all(e, "/v1/events");
    char path[128];
    ZDD_AUTO_JSON json_t *own = NULL;

    assert_int_equal(json_array_size(streamed), json_array_size(listed));
    for (size_t i = 0; i < json_array_size(streamed); i++) {
        assert_int_equal(zdd_json_int(json_array_get(streamed, i), "seq", -1), (int64_t)i + 1);
        assert_true(json_equal(json_array_get(streamed, i), json_array_get(listed, i)));
    }
    snprintf(path, sizeof(path), "/v1/deployments/%s/events", id);
    own = e2e_all(e, path);
    assert_string_equal(zdd_json_text(json_array_get(own, 0), "type", ""), "deployment.queued");
    assert_string_equal(zdd_json_text(json_array_get(own, 1), "type", ""), "deployment.started");
    assert_string_equal(zdd_json_text(json_array_get(own, json_array_size(own) - 1), "type", ""),
                        "deployment.succeeded");
}

static void check_revisions(struct e2e *e, const char *const *versions, size_t count)
{
    ZDD_AUTO_JSON json_t *revisions = e2e_all(e, "/v1/apps/%2Fshop/revisions");

    assert_int_equal(json_array_size(revisions), count);
    for (size_t i = 0; i < count; i++) {
        const json_t *revision = json_array_get(revisions, i);
        const char *version =
            json_string_value(zdd_json_at(revision, "/definition/env/SIMPLE_SERVICE_VERSION"));

        assert_string_equal(version, versions[i]);
        assert_int_equal(zdd_json_int(revision, "number", 0), (int64_t)(count - i));
    }
}

static void the_stream_the_list_the_steps_and_the_history_tell_the_same_story(void **state)
{
    static const char *const newest_first[] = {"1.0", "0.9"};
    struct e2e *e = e2e_start(fast, NULL);
    struct e2e_stream *stream = e2e_stream_open(e, "/v1/events?lastEventId=0");
    ZDD_AUTO_JSON json_t *all = NULL;
    ZDD_AUTO_JSON json_t *rest = NULL;
    char id[E2E_ID_SIZE];
    char path[64];

    (void)state;
    e2e_deploy_well(e, e2e_rolling(version_of("/shop", "0.9", E2E_HEALTH), 1, 0.25));
    e2e_deploy(e, e2e_rolling(version_of("/shop", "1.0", E2E_HEALTH), 1, 0.25), id);
    e2e_stream_until(stream, "deployment.succeeded", id);
    e2e_await(e, id, "succeeded");
    all = e2e_stream_close(stream);
    check_story(e, all, id);
    check_steps(e, id, "succeeded");
    check_revisions(e, newest_first, 2);

    /* Whoever lost the stream after the fifth event goes on with the sixth. */
    snprintf(path, sizeof(path), "/v1/events?lastEventId=5");
    stream = e2e_stream_open(e, path);
    e2e_stream_until(stream, "deployment.succeeded", id);
    rest = e2e_stream_close(stream);
    assert_int_equal(json_array_size(rest), json_array_size(all) - 5);
    for (size_t i = 0; i < json_array_size(rest); i++)
        assert_true(json_equal(json_array_get(rest, i), json_array_get(all, i + 5)));
    e2e_stop(e);
}

#define SETTLE_MS 40 /* the engine looks once for all events that come this close together */
#define CALLS_BEYOND_LOOKS 6

/* How many looks the events of the app can have caused: one for each burst, one for each event
 * that is worth an immediate look. */
static int64_t count_bursts(const json_t *events)
{
    static const char *const urgent[] = {"deployment_success", "deployment_step_success"};
    int64_t burst_ms = 0;
    int64_t count = 0;

    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        int64_t at_ms = 0;

        assert_true(zdd_time_parse(zdd_json_text(event, "timestamp", ""), &at_ms));
        for (size_t k = 0; k < 2; k++)
            count += strcmp(zdd_json_text(event, "eventType", ""), urgent[k]) == 0;
        if (at_ms - burst_ms < SETTLE_MS)
            continue;
        burst_ms = at_ms;
        count++;
    }
    return count;
}

static int64_t count_calls(struct e2e *e)
{
    ZDD_AUTO_JSON json_t *inside = NULL;

    assert_int_equal(lab_call(e->lab, "GET", "/lab/state", NULL, &inside), 200);
    return zdd_json_int(inside, "calls", -1);
}

/* What was carried out is in the figures. */
static void a_deployment_is_counted_when_it_ends(void **state)
{
    static const char *const lines[] = {
        "\nzdd_deployments_ended_total{strategy=\"rolling\",outcome=\"succeeded\"} 1\n",
        "\nzdd_deployment_duration_seconds_count{strategy=\"rolling\"} 1\n",
        "\nzdd_phase_duration_seconds_count{phase=\"rolling\"} 1\n",
    };
    struct e2e *e = e2e_start(fast, NULL);
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    int64_t until_ms;
    const char *calls;

    (void)state;
    e2e_deploy_well(e, e2e_rolling(version_of("/shop", "0.9", E2E_HEALTH), 1, 0.25));
    until_ms = zdd_mono_ms() + E2E_WAIT_MS;
    /* The end is seen when it is committed, and counted right after that, its time last. */
    for (answer = apiclient_get(e->api, "/metrics");
         !strstr(answer.body, lines[1]) && zdd_mono_ms() < until_ms;
         answer = apiclient_get(e->api, "/metrics"))
        apiclient_answer_release(&answer);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (!strstr(answer.body, lines[i]))
            fail_msg("%s is not in %s", lines[i], answer.body);
    }
    calls = strstr(answer.body, "\nzdd_marathon_calls_total{code=\"200\"} ");
    assert_non_null(calls);
    assert_true(strtod(strchr(calls, ' '), NULL) > 0);
    e2e_stop(e);
}

static void marathon_is_asked_once_for_each_burst_of_events(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    ZDD_AUTO_JSON json_t *events = NULL;
    int64_t calls;
    int64_t looks;
    size_t from;

    (void)state;
    e2e_deploy_well(e, e2e_rolling(version_of("/shop", "0.9", E2E_HEALTH), 1, 0.25));
    from = lab_event_count(e->lab);
    calls = count_calls(e);
    e2e_deploy_well(e, e2e_rolling(version_of("/shop", "1.0", E2E_HEALTH), 1, 0.25));
    calls = count_calls(e) - calls - 1; /* that call itself */
    events = lab_events(e->lab, from);
    looks = count_bursts(events);
    print_message("             %d calls to Marathon, %d bursts of %zu events\n", (int)calls,
                  (int)looks, json_array_size(events));
    assert_true(calls <= looks + CALLS_BEYOND_LOOKS);
    e2e_stop(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_request_fails_whatever_the_checks_and_the_capacity),
        cmocka_unit_test(recreate_stops_all_and_then_starts_all),
        cmocka_unit_test(scaling_and_restarting_fail_no_request),
        cmocka_unit_test(a_change_that_changes_nothing_touches_nothing),
        cmocka_unit_test(the_stream_the_list_the_steps_and_the_history_tell_the_same_story),
        cmocka_unit_test(a_deployment_is_counted_when_it_ends),
        cmocka_unit_test(marathon_is_asked_once_for_each_burst_of_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
