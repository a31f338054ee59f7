/**
 * @file tests/lab/test_e2e_watchdog.c
 * @brief The watchdog through a real HAProxy: when the new version falters after the switch, the
 * old one gets requests again within seconds, and nothing is removed before enough serve.
 */
#include "tests/support/spec.h"

#include "tests/lab/site.h"

#include "server/base/clock.h"

#include <stdio.h>
#include <string.h>

#define INSTANCES 3 /* of each version: so many are promised */

/* What is killed stays away. */
static const char no_starts[] = "{\"name\":\"stuck-queue\"}";

/* A deployment that has switched, and keeps the old version hot. */
struct switched {
    struct site *site;
    struct e2e_stream *stream;
    char id[E2E_ID_SIZE];
    int64_t broken_at_ms;
};

static void switch_over(struct switched *s, const char *on_failure)
{
    json_t *request;

    *s = (struct switched){.site = site_open(1)};
    e2e_deploy_well(s->site->e, site_blue_green(site_app("0.9", "/health"), SITE_QUICK));
    request = site_blue_green(site_app("1.0", "/health"), SITE_HOT);
    assert_int_equal(json_object_set_new(request, "onFailure", json_string(on_failure)), 0);
    s->stream = e2e_stream_open(s->site->e, "/v1/events?lastEventId=0");
    site_load(s->site);
    e2e_deploy(s->site->e, request, s->id);
    e2e_until(s->site->e, s->id, "/phase", "keeping");
    site_serves(s->site, "1.0");
}

/* Fewer than promised: one of the new instances ends, and does not come back. */
static void kill_one(struct switched *s, const char *more_faults)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    char faults[400], path[300];

    assert_int_equal(
        lab_call(s->site->e->lab, "GET", "/v2/apps/shop/web-green/tasks", NULL, &tasks), 200);
    snprintf(path, sizeof(path), "/v2/apps/shop/web-green/tasks/%s",
             zdd_json_text(zdd_json_at(tasks, "/tasks/0"), "id", ""));
    snprintf(faults, sizeof(faults), "[%s%s]", no_starts, more_faults);
    lab_faults(s->site->e->lab, faults);
    s->broken_at_ms = zdd_mono_ms();
    assert_int_equal(lab_call(s->site->e->lab, "DELETE", path, NULL, NULL), 200);
}

static void until_old_serves(struct switched *s)
{
    char version[32] = "";

    while (strcmp(version, "0.9") != 0 && zdd_mono_ms() < s->broken_at_ms + E2E_WAIT_MS)
        stage_until_status(s->site->stage->host, STAGE_PORT, NULL, 200, version);
    assert_string_equal(version, "0.9");
    print_message("the old version serves again after %d ms\n",
                  (int)(zdd_mono_ms() - s->broken_at_ms));
}

/* @return the event, borrowed */
static const json_t *find_event(const json_t *events, const char *type)
{
    const json_t *event;
    size_t i;

    json_array_foreach(events, i, event)
    {
        if (strcmp(zdd_json_text(event, "type", ""), type) == 0)
            return event;
    }
    fail_msg("there is no event %s", type);
    return NULL;
}

/* The floor was crossed as it was, mended before anything was removed, and both were recorded. */
static void check_events(struct switched *s)
{
    /* The end is there to be read a moment before its event has come. */
    e2e_stream_until(s->stream, "deployment.rolled-back", s->id);

    ZDD_AUTO_JSON json_t *events = e2e_stream_close(s->stream);
    const json_t *violated = find_event(events, "deployment.floor.violated");
    const json_t *restored = find_event(events, "deployment.floor.restored");
    const json_t *back = find_event(events, "deployment.rolled-back");

    assert_int_equal(zdd_json_int(zdd_json_at(violated, "/data"), "floor", 0), INSTANCES);
    assert_int_equal(zdd_json_int(zdd_json_at(violated, "/data"), "serving", 0), INSTANCES - 1);
    assert_true(*zdd_json_text(zdd_json_at(violated, "/data"), "balancer", ""));
    assert_true(zdd_json_int(zdd_json_at(restored, "/data"), "serving", 0) >= INSTANCES);
    assert_true(zdd_json_int(violated, "seq", 0) < zdd_json_int(restored, "seq", 0));
    assert_true(zdd_json_int(restored, "seq", 0) < zdd_json_int(back, "seq", 0));
}

static void end_well(struct switched *s)
{
    long answered;

    site_only(s->site, "/shop/web-blue");
    site_serves(s->site, "0.9");
    check_events(s);
    stage_load_more(&s->site->load, 200);
    /* What an instance had accepted when it was killed is lost, and nothing else. */
    assert_true(stage_load_stop(&s->site->load, &answered) <= 1);
    site_close(s->site);
}

static void too_few_new_instances_bring_the_old_version_back(void **state)
{
    struct switched s;

    (void)state;
    switch_over(&s, "rollback");
    kill_one(&s, "");
    until_old_serves(&s);
    e2e_stream_until(s.stream, "deployment.floor.violated", s.id);
    lab_faults(s.site->e->lab, "[]");
    e2e_await(s.site->e, s.id, "rolled-back");
    end_well(&s);
}

static void on_failure_hold_leaves_the_rest_to_an_operator(void **state)
{
    struct switched s;
    ZDD_AUTO_JSON json_t *run = NULL;

    (void)state;
    switch_over(&s, "hold");
    kill_one(&s, "");
    until_old_serves(&s);
    e2e_until(s.site->e, s.id, "/state", "paused");
    e2e_until_explained(s.site->e, s.id, "Fewer instances took requests than the plan promises.");
    run = e2e_get(s.site->e, s.id);
    assert_string_equal(zdd_json_text(zdd_json_at(run, "/error"), "code", ""), "floor-broken");
    e2e_stream_until(s.stream, "deployment.floor.restored", s.id);
    lab_faults(s.site->e->lab, "[]");
    e2e_command(s.site->e, s.id, "rollback");
    e2e_await(s.site->e, s.id, "rolled-back");
    end_well(&s);
}

static void it_needs_no_marathon(void **state)
{
    struct switched s;

    (void)state;
    switch_over(&s, "rollback");
    /* Every look at Marathon hangs, and with it the worker that takes it. */
    kill_one(&s,
             ",{\"name\":\"slow-answer\",\"method\":\"GET\",\"path\":\"/v2/apps\",\"ms\":60000}");
    until_old_serves(&s);
    e2e_stream_until(s.stream, "deployment.floor.violated", s.id);
    lab_faults(s.site->e->lab, "[]");
    e2e_await(s.site->e, s.id, "rolled-back");
    end_well(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_few_new_instances_bring_the_old_version_back),
        cmocka_unit_test(on_failure_hold_leaves_the_rest_to_an_operator),
        cmocka_unit_test(it_needs_no_marathon),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
