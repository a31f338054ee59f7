/**
 * @file tests/unit/deploy/lab/balancer/test_merge.c
 * @brief The merge of a deployment group: every row of the table in marathon-lb.md §1.3.
 */
#include "tests/support/spec.h"

#include "deploy/lab/balancer/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APPS_MAX 3
#define EARLIER "2024-05-01T10:00:00.000Z"
#define LATER "2024-05-01T10:05:00.000Z"
#define NOW_BLUE "2024-05-01T09:00:00.123456"
#define NOW_GREEN "2024-05-01T09:30:00.123456"
#define NOW_THIRD "2024-05-01T09:45:00.123456"

/* An app of the group; NULL leaves a member out. */
struct given {
    const char *name;             /* its tasks are "<name>1", "<name>2", … */
    int instances, missing, sick; /* how many of them have no task, how many are not healthy */
    const char *started, *target, *new_instances, *scaled;
    bool unchecked; /* no health checks */
};

static json_t *tasks_of(const struct given *given)
{
    const int tasks = given->instances - given->missing;
    json_t *list = json_array();

    for (int i = tasks; i > 0; i--) { /* not in the order of their ids */
        char id[32];

        snprintf(id, sizeof(id), "%s%d", given->name, i);
        json_array_append_new(list, json_pack("{s:s, s:[{s:b}]}", "id", id, "healthCheckResults",
                                              "alive", i <= tasks - given->sick));
    }
    return list;
}

static void set_text(json_t *object, const char *key, const char *value)
{
    if (value)
        json_object_set_new(object, key, json_string(value));
}

static json_t *app_of(const struct given *given)
{
    json_t *labels = json_pack("{s:s}", "HAPROXY_DEPLOYMENT_GROUP", "svc");
    json_t *app;

    set_text(labels, "HAPROXY_DEPLOYMENT_STARTED_AT", given->started);
    set_text(labels, "HAPROXY_DEPLOYMENT_TARGET_INSTANCES", given->target);
    set_text(labels, "HAPROXY_DEPLOYMENT_NEW_INSTANCES", given->new_instances);
    set_text(labels, "COLOUR", given->name);
    app = json_pack("{s:s, s:i, s:o, s:o}", "id", given->name, "instances", given->instances,
                    "labels", labels, "tasks", tasks_of(given));
    if (!given->unchecked)
        json_object_set_new(app, "healthChecks", json_pack("[{s:s}]", "protocol", "HTTP"));
    if (given->scaled)
        json_object_set_new(app, "versionInfo", json_pack("{s:s}", "lastScalingAt", given->scaled));
    return app;
}

static json_t *apps_of(const struct given *given, size_t count)
{
    json_t *apps = json_array();

    for (size_t i = 0; i < count && given[i].name; i++)
        json_array_append_new(apps, app_of(&given[i]));
    return apps;
}

/* "b2 b3 b4 g1 | b1": what serves, and what is drained; ids sorted */
static void outcome_of(const json_t *app, char *ret, size_t size)
{
    const json_t *tasks = json_object_get(app, "tasks");
    char drained[200] = "";
    size_t used = 0;
    size_t drained_used = 0;

    *ret = '\0';
    for (size_t i = 0; i < json_array_size(tasks); i++) {
        const json_t *task = json_array_get(tasks, i);
        const char *id = zdd_json_text(task, "id", "?");

        if (zdd_json_bool(task, "draining", 0))
            drained_used +=
                (size_t)snprintf(drained + drained_used, sizeof(drained) - drained_used, " %s", id);
        else
            used += (size_t)snprintf(ret + used, size - used, "%s ", id);
    }
    snprintf(ret + used, size - used, "|%s", drained);
}

/* clang-format off */
#define APP(who, when, scaling, ...) {.name = (who), .started = (when), .scaled = (scaling), .target = "4", \
                                      .new_instances = "0", .instances = __VA_ARGS__}
#define BLUE(...) APP("b", NOW_BLUE, EARLIER, __VA_ARGS__)
#define GREEN(...) APP("g", NOW_GREEN, LATER, __VA_ARGS__)
#define THIRD(...) APP("c", NOW_THIRD, LATER, __VA_ARGS__)

static const struct row {
    const char *name;
    struct given app[APPS_MAX];
    const char *outcome; /* NULL: the whole configuration fails */
    const char *labels;  /* of which app; the older one's by the rule */
} rows[] = {
    {"b4 g1 healthy",
     {BLUE(4), GREEN(1)},
     "b2 b3 b4 g1 | b1", "b"},
    {"b4 g1, g unhealthy",
     {BLUE(4), GREEN(1, .sick = 1)},
     "b1 b2 b3 b4 g1 |", "b"},
    {"b4 g2, one g unhealthy",
     {BLUE(4), GREEN(2, .sick = 1)},
     "b2 b3 b4 g2 g1 | b1", "b"},
    {"b3 g1, b was scaled last: the roles are swapped, but nothing is over",
     {BLUE(3, .scaled = LATER), GREEN(1, .scaled = EARLIER)},
     "g1 b3 b2 b1 |", "g"},
    {"b4 g1, b was scaled after g was created: the new one is drained",
     {BLUE(4, .scaled = LATER), GREEN(1, .scaled = EARLIER)},
     "b4 b3 b2 b1 | g1", "g"},
    {"b2 g4",
     {BLUE(2), GREEN(4)},
     "g4 g3 g2 g1 | b1 b2", "b"},
    {"b1 g4, b scaled last (partial kill)",
     {BLUE(1, .scaled = LATER), GREEN(4, .scaled = EARLIER)},
     "g2 g3 g4 b1 | g1", "g"},
    {"NEW_INSTANCES absent: the target is 1, whatever TARGET says",
     {BLUE(4, .new_instances = NULL), GREEN(3, .new_instances = NULL)},
     "b4 g3 g2 g1 | b1 b2 b3", "b"},
    {"no STARTED_AT on either: the one met first is new",
     {BLUE(4, .started = NULL, .new_instances = NULL), GREEN(1, .started = NULL, .new_instances = NULL)},
     "b4 b3 b2 b1 | g1", "g"},
    {"no health checks, g has 2 instances but no task yet: capacity is lost",
     {BLUE(4, .unchecked = true), GREEN(2, .missing = 2, .unchecked = true)},
     "b3 b4 | b1 b2", "b"},
    {"three apps b4 g1 c1",
     {BLUE(4), GREEN(1), THIRD(1)},
     "b2 b3 b4 g1 c1 | b1", "b"},
    {"TARGET 8 on both",
     {BLUE(4, .target = "8"), GREEN(4, .target = "8")},
     "b1 b2 b3 b4 g4 g3 g2 g1 |", "b"},
    {"TARGET 1000000 on both, b scaled last",
     {BLUE(4, .target = "1000000", .scaled = LATER), GREEN(4, .target = "1000000", .scaled = EARLIER)},
     "g1 g2 g3 g4 b4 b3 b2 b1 |", "g"},
    {"NEW_INSTANCES present, no versionInfo",
     {BLUE(4, .scaled = NULL), GREEN(1, .scaled = NULL)},
     NULL, NULL},
    /* what the text says besides the table */
    {"scaled at the same moment: the roles stay",
     {BLUE(4, .scaled = LATER), GREEN(1)},
     "b2 b3 b4 g1 | b1", "b"},
    {"more green ones than there is a surplus",
     {BLUE(2), GREEN(3)},
     "b2 g3 g2 g1 | b1", "b"},
    {"NEW_INSTANCES absent, the last old task still runs",
     {BLUE(0, .missing = -1, .new_instances = NULL), GREEN(1, .new_instances = NULL)},
     "b1 g1 |", "b"},
    {"NEW_INSTANCES on the old one alone: the target is 1",
     {BLUE(4, .target = "8"), GREEN(1, .target = "8", .new_instances = NULL)},
     "b2 b3 b4 g1 | b1", "b"},
    {"listed the other way round",
     {GREEN(1), BLUE(4)},
     "b2 b3 b4 g1 | b1", "b"},
    {"times with and without zone in one group",
     {BLUE(4), GREEN(1, .started = LATER)},
     NULL, NULL},
    {"one time with a zone, none on the other",
     {BLUE(4, .started = NULL), GREEN(1, .started = LATER)},
     NULL, NULL},
    {"NEW_INSTANCES present, no TARGET on the new one",
     {BLUE(4), GREEN(1, .target = NULL)},
     NULL, NULL},
    {"a time that is none",
     {BLUE(4), GREEN(1, .started = "yesterday")},
     NULL, NULL},
    {"times with a zone, on both",
     {BLUE(4, .started = "2024-05-01 10:00:00+02:00"), GREEN(1, .started = "2024-05-01T08:30:00Z")},
     "b2 b3 b4 g1 | b1", "b"},
    {"health checks count only where the app that is visited last has them",
     {BLUE(4), GREEN(1, .sick = 1, .unchecked = true)},
     "b2 b3 b4 g1 | b1", "b"},
};
/* clang-format on */

static void check(const struct row *row)
{
    ZDD_AUTO_JSON json_t *apps = apps_of(row->app, APPS_MAX);
    ZDD_AUTO_JSON json_t *before = json_deep_copy(apps);
    char reason[200] = "";
    char outcome[400];
    ZDD_AUTO_JSON json_t *merged = zdd_mlb_merge(apps, reason);
    const json_t *group = json_array_get(merged, 0);

    if (!row->outcome) {
        assert_null(merged);
        assert_string_not_equal(reason, "");
        return;
    }
    if (!merged)
        fail_msg("%s: %s", row->name, reason);
    assert_int_equal(json_array_size(merged), 1);
    outcome_of(group, outcome, sizeof(outcome));
    if (strcmp(outcome, row->outcome) != 0)
        fail_msg("%s: \"%s\", expected \"%s\"", row->name, outcome, row->outcome);
    assert_string_equal(zdd_json_text(group, "id", ""), "/svc");
    assert_string_equal(zdd_json_text(json_object_get(group, "labels"), "COLOUR", ""), row->labels);
    assert_true(json_equal(apps, before)); /* what was given stays as it is */
}

static void each_row_of_the_table_comes_out_as_in_a_real_run(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(&rows[i]);
}

static void apps_without_a_group_come_first_and_stay_as_they_are(void **state)
{
    static const struct given given[] = {BLUE(1), GREEN(1)};
    ZDD_AUTO_JSON json_t *apps = apps_of(given, 2);
    json_t *plain = json_pack("{s:s, s:{}, s:[]}", "id", "/plain", "labels", "tasks");
    char reason[200];

    (void)state;
    json_array_append_new(apps, plain);

    ZDD_AUTO_JSON json_t *merged = zdd_mlb_merge(apps, reason);

    assert_int_equal(json_array_size(merged), 2);
    assert_ptr_equal(json_array_get(merged, 0), plain);
    assert_string_equal(zdd_json_text(json_array_get(merged, 1), "id", ""), "/svc");
}

static void a_single_app_of_a_group_gets_its_name(void **state)
{
    static const struct given given[] = {GREEN(2)};
    ZDD_AUTO_JSON json_t *apps = apps_of(given, 1);
    char reason[200];
    char outcome[100];
    ZDD_AUTO_JSON json_t *merged = zdd_mlb_merge(apps, reason);

    (void)state;
    outcome_of(json_array_get(merged, 0), outcome, sizeof(outcome));
    assert_string_equal(outcome, "g2 g1 |");
    assert_string_equal(zdd_json_text(json_array_get(merged, 0), "id", ""), "/svc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_of_the_table_comes_out_as_in_a_real_run),
        cmocka_unit_test(apps_without_a_group_come_first_and_stay_as_they_are),
        cmocka_unit_test(a_single_app_of_a_group_gets_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
