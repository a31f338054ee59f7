/**
 * @file tests/lab/test_recorded_stream.c
 * @brief A recorded event stream of a real Marathon, and the lab's stream of the same upgrade: the
 * same events, in the same order where an order is promised, with the same fields.
 *
 * The recording is of Marathon 1.3: /zdd/base-min-over, four instances, both capacities 0.25. What
 * later versions, which the lab follows, do otherwise is listed here with its reason (marathon.md
 * §0 and §6); anything else that differs fails. The recording is not part of the project:
 * ZDD_RECORDED_STREAM says where it is (CMake's variable of the same name); without it the test is
 * skipped.
 */
#include "tests/support/spec.h"

#include "tests/lab/lab.h"

#include "server/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SKIPPED 77 /* ctest shows it as such */
#define APP "/zdd/base-min-over"
#define TASKS_MAX 16
#define LINE_MAX_BYTES (1 << 20)
#define FIELDS_MAX 400
#define FIELD_SIZE 200
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *recording_path;

/* One letter for each kind of event that both streams have. */
static const struct kind {
    const char *type, *status;
    char letter;
} kinds[] = {
    {"deployment_info", NULL, 'i'},
    {"add_health_check_event", NULL, 'a'},
    {"group_change_success", NULL, 'g'},
    {"api_post_event", NULL, 'p'},
    {"status_update_event", "TASK_KILLING", 'K'},
    {"status_update_event", "TASK_KILLED", 'D'},
    {"status_update_event", "TASK_STAGING", 'S'},
    {"status_update_event", "TASK_RUNNING", 'R'},
    {"health_status_changed_event", NULL, 'h'},
    {"deployment_step_success", NULL, 's'},
    {"deployment_success", NULL, 'e'},
};

/* Since 1.4 there are events of instances beside those of tasks. */
static const char *const later_kinds[] = {"instance_changed_event",
                                          "instance_health_changed_event"};

/* Fields that one of the two has alone. Each must be met: else the row is out of date. */
static const struct difference {
    const char *prefix; /* of "type field" */
    bool recorded;      /* only there; else only in the lab */
    const char *reason;
} differences[] = {
    {"deployment_info plan.original", true, "gone since 1.8"},
    {"deployment_info plan.target", true, "gone since 1.8"},
    {"deployment_step_success plan.original", true, "gone since 1.8"},
    {"deployment_step_success plan.target", true, "gone since 1.8"},
    {"deployment_success plan.original", true, "gone since 1.8"},
    {"deployment_success plan.target", true, "gone since 1.8"},
    {"health_status_changed_event taskId", true, "the task's id up to 1.3"},
    {"health_status_changed_event instanceId", false, "the instance's id since 1.4"},
    {"add_health_check_event healthCheck.delaySeconds", false, "since 1.5"},
    {"add_health_check_event healthCheck.ipProtocol", false, "since 1.5"},
    {"status_update_event/TASK_STAGING ipAddresses", false, "a list also when it is empty"},
};

static const struct kind *kind_of(const json_t *event)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strcmp(zdd_json_text(event, "eventType", ""), kinds[i].type) == 0 &&
            (!kinds[i].status ||
             strcmp(zdd_json_text(event, "taskStatus", ""), kinds[i].status) == 0))
            return &kinds[i];
    return NULL;
}

static bool is_later_kind(const json_t *event)
{
    for (size_t i = 0; i < COUNT(later_kinds); i++)
        if (strcmp(zdd_json_text(event, "eventType", ""), later_kinds[i]) == 0)
            return true;
    return false;
}

/* The recording: "event: …" and "data: …" lines. */
static json_t *read_recording(void)
{
    static char line[LINE_MAX_BYTES];
    json_t *events = json_array();
    FILE *file = fopen(recording_path, "re");

    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        json_t *event;

        if (strncmp(line, "data: ", 6) != 0)
            continue;
        event = json_loads(line + 6, 0, NULL);
        assert_non_null(event);
        json_array_append_new(events, event);
    }
    fclose(file);
    assert_true(json_array_size(events) > 0);
    return events;
}

/* The definition of the app in a recorded state of the whole cluster. */
static json_t *definition_in(const json_t *root)
{
    /* What a client may not send, or what a later Marathon knows by another name. */
    static const char *const output_only[] = {"version", "versionInfo", "uris", "ports",
                                              "storeUrls"};
    const json_t *apps = zdd_json_at(root, "/groups/0/apps");
    json_t *copy = NULL;
    const char *key;
    json_t *value;
    void *next;

    for (size_t i = 0; i < json_array_size(apps); i++)
        if (strcmp(zdd_json_text(json_array_get(apps, i), "id", ""), APP) == 0)
            copy = json_deep_copy(json_array_get(apps, i));
    assert_non_null(copy);
    for (size_t i = 0; i < COUNT(output_only); i++)
        json_object_del(copy, output_only[i]);
    json_object_foreach_safe(copy, next, key, value)
    {
        if (json_is_null(value))
            json_object_del(copy, key);
    }
    return copy;
}

/* The service is held, so that its end comes when it came in the recording: after a new task has
 * turned healthy. */
static void hold(json_t *definition, const struct lab *lab)
{
    json_t *env = json_object_get(definition, "env");

    json_object_set_new(env, "HOLD_UP", json_sprintf("%s/up", lab->run.dir));
    json_object_set_new(env, "HOLD_HEALTH", json_string("/"));
    json_object_set_new(env, "HOLD_END", json_sprintf("%s/end", lab->run.dir));
    json_object_set_new(definition, "taskKillGracePeriodSeconds", json_integer(300));
}

static void put(struct lab *lab, const json_t *definition, long status, char ret_id[static 64])
{
    char *text = json_dumps(definition, JSON_COMPACT);

    assert_int_equal(lab_change(lab, "PUT", "/v2/apps" APP, text, ret_id), status);
    free(text);
}

static bool has_killed_the_last(const json_t *events, const void *cls)
{
    const size_t *from = cls;
    size_t count = 0;

    for (size_t i = *from; i < json_array_size(events); i++) {
        const struct kind *kind = kind_of(json_array_get(events, i));

        count += kind && kind->letter == 'K';
    }
    return count == 4;
}

/* The lab's stream of the recorded upgrade. */
static json_t *play(const json_t *recorded)
{
    static const char *const options[] = {"--speed",
                                          "100",
                                          "--task-killing",
                                          "--image",
                                          "mhausenblas/simpleservice:*=exec '" HELD_SERVICE "'",
                                          NULL};
    const json_t *info = json_array_get(recorded, 0);
    struct lab *lab = lab_start(options);
    ZDD_AUTO_JSON json_t *before = definition_in(zdd_json_at(info, "/plan/original"));
    ZDD_AUTO_JSON json_t *after = definition_in(zdd_json_at(info, "/plan/target"));
    json_t *events;
    char path[160];
    char id[64];
    size_t from;

    hold(before, lab);
    hold(after, lab);
    put(lab, before, 201, id);
    assert_true(lab_await(lab, id));
    from = lab_event_count(lab);
    put(lab, after, 200, id);
    lab_until(lab, has_killed_the_last, &from);
    snprintf(path, sizeof(path), "%s/end", lab->run.dir);
    fclose(fopen(path, "we"));
    assert_true(lab_await(lab, id));
    (void)lab_event_count(lab);
    events = lab_events(lab, from);
    lab_stop(lab);
    return events;
}

/* A stream as letters, and each task's own letters. */
struct tale {
    char all[200];
    size_t size;
    struct {
        char id[200];
        char letters[16];
    } task[TASKS_MAX];
    size_t count;
};

static void add_to_task(struct tale *tale, const json_t *event, char letter)
{
    const char *id = zdd_json_text(event, "taskId", zdd_json_text(event, "instanceId", ""));
    const char *suffix = strstr(id, "._app.");
    const int size = suffix ? (int)(suffix - id) : (int)strlen(id);
    size_t at = 0;

    if (!*id)
        return;
    while (at < tale->count &&
           (strncmp(tale->task[at].id, id, (size_t)size) != 0 || tale->task[at].id[size] != '\0'))
        at++;
    if (at == tale->count) {
        assert_true(at < TASKS_MAX);
        snprintf(tale->task[at].id, sizeof(tale->task[at].id), "%.*s", size, id);
        tale->count++;
    }
    assert_true(strlen(tale->task[at].letters) + 1 < sizeof(tale->task[at].letters));
    strncat(tale->task[at].letters, &letter, 1);
}

static struct tale tell(const json_t *events)
{
    struct tale tale = {.size = 0};

    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const struct kind *kind = kind_of(event);

        if (is_later_kind(event))
            continue;
        if (!kind)
            fail_msg("an event that the recording does not know: %s",
                     zdd_json_text(event, "eventType", "?"));
        assert_true(tale.size + 1 < sizeof(tale.all));
        tale.all[tale.size++] = kind->letter;
        add_to_task(&tale, event, kind->letter);
    }
    return tale;
}

static int compare_letters(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

static int compare_tasks(const void *a, const void *b)
{
    return strcmp((const char *)a + 200, (const char *)b + 200);
}

/* Each launch but the first needs an end before it: five may exist. */
static bool launches_follow_ends(const struct tale *tale)
{
    int ends = 0;
    int launches = 0;

    for (size_t i = 0; i < tale->size; i++) {
        ends += tale->all[i] == 'D';
        launches += tale->all[i] == 'S';
        if (launches > 1 + ends)
            return false;
    }
    return launches == 4 && ends == 4;
}

/*
 * What is promised of the order (marathon.md §6, 2): the beginning; at the start kills and launches
 * among each other as they like; a healthy one before the next kill; each task's own way; the end.
 */
static void promises_of(struct tale *tale, struct zdd_buf *text)
{
    const size_t head = strcspn(tale->all, "R");

    assert_true(tale->size > head + 3 && head > 4);
    zdd_buf_printf(text, "begins %.4s\n", tale->all);
    qsort(tale->all + 4, head - 4, 1, compare_letters);
    zdd_buf_printf(text, "at the start %.*s, then %.3s\n", (int)head - 4, tale->all + 4,
                   tale->all + head);
    qsort(tale->task, tale->count, sizeof(tale->task[0]), compare_tasks);
    for (size_t i = 0; i < tale->count; i++)
        zdd_buf_printf(text, "a task: %s\n", tale->task[i].letters);
    zdd_buf_printf(text, "launches follow ends: %d\n", launches_follow_ends(tale));
    zdd_buf_printf(text, "ends %s\n", tale->all + tale->size - 3);
}

static void the_same_events_in_the_same_order(void **state)
{
    ZDD_AUTO_JSON json_t *recorded = read_recording();
    ZDD_AUTO_JSON json_t *played = play(recorded);
    struct tale a = tell(recorded);
    struct tale b = tell(played);
    struct zdd_buf promised = {0};
    struct zdd_buf kept = {0};

    (void)state;
    print_message("             recorded: %s\n             the lab:  %s\n", a.all, b.all);
    promises_of(&a, &promised);
    promises_of(&b, &kept);
    assert_string_equal(promised.data, kept.data);
    zdd_buf_release(&promised);
    zdd_buf_release(&kept);
}

struct fields {
    char text[FIELDS_MAX][FIELD_SIZE];
    size_t count;
};

static const char *type_name(const json_t *json)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "object",  [JSON_ARRAY] = "array", [JSON_STRING] = "string",
        [JSON_INTEGER] = "number", [JSON_REAL] = "number", [JSON_TRUE] = "boolean",
        [JSON_FALSE] = "boolean",  [JSON_NULL] = "null"};

    return names[json_typeof(json)];
}

static void add_field(struct fields *fields, const char *path, const json_t *value)
{
    char text[FIELD_SIZE];

    snprintf(text, sizeof(text), "%s %s", path, type_name(value));
    for (size_t i = 0; i < fields->count; i++)
        if (strcmp(fields->text[i], text) == 0)
            return;
    assert_true(fields->count < FIELDS_MAX);
    memcpy(fields->text[fields->count++], text, sizeof(text));
}

/* Each member of @p value, and of its members; null is the same as absent (since 1.5 it is). The
 * members of definitions belong to other tests: they changed a lot. */
static void add_fields(struct fields *fields, const char *path, json_t *value)
{
    char below[FIELD_SIZE];
    const char *key;
    json_t *member;
    size_t i;

    if (json_is_null(value))
        return;
    add_field(fields, path, value);
    if (strstr(path, "appDefinition") || strstr(path, "original") || strstr(path, "target"))
        return;
    json_object_foreach(value, key, member)
    {
        snprintf(below, sizeof(below), "%s%c%s", path, strchr(path, ' ') ? '.' : ' ', key);
        add_fields(fields, below, member);
    }
    json_array_foreach(value, i, member)
    {
        snprintf(below, sizeof(below), "%s[]", path);
        add_fields(fields, below, member);
    }
}

static struct fields *fields_of(const json_t *events)
{
    struct fields *fields = calloc(1, sizeof(*fields));

    assert_non_null(fields);
    for (size_t i = 0; i < json_array_size(events); i++) {
        json_t *event = json_array_get(events, i);
        const struct kind *kind = kind_of(event);
        char path[FIELD_SIZE];

        if (!kind)
            continue;
        snprintf(path, sizeof(path), "%s%s%s", kind->type, kind->status ? "/" : "",
                 kind->status ? kind->status : "");
        add_fields(fields, path, event);
    }
    return fields;
}

static bool is_listed(const char *field, bool recorded, bool met[static COUNT(differences)])
{
    for (size_t i = 0; i < COUNT(differences); i++) {
        const char *prefix = differences[i].prefix;

        if (differences[i].recorded == recorded && strncmp(field, prefix, strlen(prefix)) == 0)
            return met[i] = true;
    }
    return false;
}

/* @return how many fields of @p a are not in @p b and not listed */
static int count_alone(const struct fields *a, const struct fields *b, bool recorded,
                       bool met[static COUNT(differences)])
{
    int alone = 0;

    for (size_t i = 0; i < a->count; i++) {
        bool both = false;

        for (size_t k = 0; k < b->count && !both; k++)
            both = strcmp(a->text[i], b->text[k]) == 0;
        if (both || is_listed(a->text[i], recorded, met))
            continue;
        print_error("only in %s: %s\n", recorded ? "the recording" : "the lab", a->text[i]);
        alone++;
    }
    return alone;
}

static void the_same_fields_of_the_same_types(void **state)
{
    ZDD_AUTO_JSON json_t *recorded = read_recording();
    ZDD_AUTO_JSON json_t *played = play(recorded);
    struct fields *a = fields_of(recorded);
    struct fields *b = fields_of(played);
    bool met[COUNT(differences)] = {false};
    int alone;

    (void)state;
    alone = count_alone(a, b, true, met) + count_alone(b, a, false, met);
    free(a);
    free(b);
    assert_int_equal(alone, 0);
    for (size_t i = 0; i < COUNT(differences); i++)
        if (!met[i])
            fail_msg("no difference any more: %s (%s)", differences[i].prefix,
                     differences[i].reason);
}

static const json_t *first_of(const json_t *events, const char *type)
{
    for (size_t i = 0; i < json_array_size(events); i++)
        if (strcmp(zdd_json_text(json_array_get(events, i), "eventType", ""), type) == 0)
            return json_array_get(events, i);
    fail_msg("no %s", type);
    return NULL;
}

static void the_same_plans_steps_and_actions(void **state)
{
    static const struct {
        const char *type, *pointer;
    } same[] = {
        {"deployment_info", "/plan/steps"},
        {"deployment_info", "/currentStep"},
        {"deployment_step_success", "/plan/steps"},
        {"deployment_step_success", "/currentStep"},
        {"deployment_success", "/plan/steps"},
        {"group_change_success", "/groupId"},
        {"api_post_event", "/uri"},
        {"add_health_check_event", "/appId"},
        {"add_health_check_event", "/healthCheck/path"},
        {"add_health_check_event", "/healthCheck/intervalSeconds"},
        {"status_update_event", "/appId"},
        {"health_status_changed_event", "/alive"},
        {"api_post_event", "/appDefinition/upgradeStrategy"},
    };
    ZDD_AUTO_JSON json_t *recorded = read_recording();
    ZDD_AUTO_JSON json_t *played = play(recorded);

    (void)state;
    for (size_t i = 0; i < COUNT(same); i++) {
        json_t *a = zdd_json_at(first_of(recorded, same[i].type), same[i].pointer);
        json_t *b = zdd_json_at(first_of(played, same[i].type), same[i].pointer);

        if (!a || !json_equal(a, b))
            fail_msg("%s %s differs", same[i].type, same[i].pointer);
    }
    /* One plan has one id and one version from its first event to its last. */
    assert_string_equal(
        json_string_value(zdd_json_at(first_of(played, "deployment_info"), "/plan/id")),
        zdd_json_text(first_of(played, "deployment_success"), "id", ""));
    assert_string_equal(
        json_string_value(zdd_json_at(first_of(played, "deployment_info"), "/plan/version")),
        zdd_json_text(first_of(played, "group_change_success"), "version", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_events_in_the_same_order),
        cmocka_unit_test(the_same_fields_of_the_same_types),
        cmocka_unit_test(the_same_plans_steps_and_actions),
    };

    recording_path = getenv("ZDD_RECORDED_STREAM");
    if (!recording_path || access(recording_path, R_OK) != 0) {
        printf("skipped: the recorded stream is not at \"%s\"\n",
               recording_path && *recording_path ? recording_path : "$ZDD_RECORDED_STREAM");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
