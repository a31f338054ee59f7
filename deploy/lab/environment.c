/**
 * @file deploy/lab/environment.c
 * @brief The environment of a task (marathon.md §2.4).
 */
#include "deploy/lab/apps.h"
#include "deploy/lab/tasks.h"
#include "server/base/buf.h"
#include "server/base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_KEY_MAX 493 /* longer keys are left out */
#define LABEL_VALUE_MAX 512

struct list {
    char **text;
    size_t count, capacity;
    bool failed;
};

static void append(struct list *list, char *text)
{
    if (list->count + 2 > list->capacity) {
        const size_t capacity = list->capacity ? list->capacity * 2 : 64;
        char **bigger = realloc(list->text, capacity * sizeof(char *));

        if (!bigger) {
            list->failed = true;
            free(text);
            return;
        }
        list->text = bigger;
        list->capacity = capacity;
    }
    list->text[list->count++] = text;
    list->text[list->count] = NULL;
}

/* The last one wins: what the user sets overrides what Marathon sets. */
static void set(struct list *list, const char *name, const char *value)
{
    struct zdd_buf line = {0};
    char *text;

    zdd_buf_printf(&line, "%s=%s", name, value);
    text = zdd_buf_take(&line);
    if (!text) {
        list->failed = true;
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (strncmp(list->text[i], text, strlen(name) + 1) == 0) {
            free(list->text[i]);
            list->text[i] = text;
            return;
        }
    }
    append(list, text);
}

static void set_number(struct list *list, const char *name, double value)
{
    char text[40];

    snprintf(text, sizeof(text), value == (double)(int64_t)value ? "%.1f" : "%.12g", value);
    set(list, name, text);
}

/* Runs of other characters become one '_', letters become capitals. */
static void sanitize(const char *text, char *ret, size_t size)
{
    size_t at = 0;

    for (const char *c = text; *c && at + 1 < size; c++) {
        if (isalnum((unsigned char)*c))
            ret[at++] = (char)toupper((unsigned char)*c);
        else if (at == 0 || ret[at - 1] != '_')
            ret[at++] = '_';
    }
    ret[at] = '\0';
}

static void set_labels(struct list *list, json_t *labels)
{
    struct zdd_buf names = {0};
    char name[LABEL_KEY_MAX + 1];
    char variable[LABEL_KEY_MAX + 32];

    for (void *at = json_object_iter(labels); at; at = json_object_iter_next(labels, at)) {
        const char *key = json_object_iter_key(at);
        const char *value = json_string_value(json_object_iter_value(at));

        if (!value || strlen(key) >= LABEL_KEY_MAX || strlen(value) >= LABEL_VALUE_MAX)
            continue;
        sanitize(key, name, sizeof(name));
        snprintf(variable, sizeof(variable), "MARATHON_APP_LABEL_%s", name);
        set(list, variable, value);
        zdd_buf_printf(&names, "%s%s", names.size ? " " : "", name);
    }
    set(list, "MARATHON_APP_LABELS", names.size ? names.data : "");
    zdd_buf_release(&names);
}

static void set_ports(struct list *list, const struct zdd_lab_instance *instance)
{
    const char *key;
    const json_t *defs = zdd_lab_def_port_list(instance->spec->def, &key);
    struct zdd_buf all = {0};
    char name[96];
    char label[80];
    char number[8];

    for (size_t i = 0; i < instance->port_count; i++) {
        const json_t *def = json_array_get(defs, i);
        const int64_t declared =
            zdd_json_int(def, strcmp(key, "port") == 0 ? "port" : "containerPort", 0);

        snprintf(number, sizeof(number), "%u", instance->port[i]);
        zdd_buf_printf(&all, "%s%s", i ? "," : "", number);
        snprintf(name, sizeof(name), "PORT%zu", i);
        set(list, name, number);
        snprintf(name, sizeof(name), "PORT_%lld",
                 (long long)(declared ? declared : instance->port[i]));
        set(list, name, number);
        sanitize(zdd_json_text(def, "name", ""), label, sizeof(label));
        snprintf(name, sizeof(name), "PORT_%s", label);
        if (*label)
            set(list, name, number);
        if (i == 0)
            set(list, "PORT", number);
    }
    if (all.size)
        set(list, "PORTS", all.data);
    zdd_buf_release(&all);
}

static void set_inherited(struct list *list)
{
    static const char *const names[] = {"PATH", "HOME", "LANG", "TMPDIR", "USER"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);

        if (value)
            set(list, names[i], value);
    }
    if (!getenv("PATH"))
        set(list, "PATH", "/usr/local/bin:/usr/bin:/bin");
}

static void set_marathon(struct list *list, const struct zdd_lab_instance *instance)
{
    const struct zdd_lab_spec *spec = instance->spec;
    const char *image = zdd_json_text(
        json_object_get(json_object_get(spec->def, "container"), "docker"), "image", NULL);
    char task[ZDD_LAB_ID_SIZE];
    char version[ZDD_TIME_SIZE];

    zdd_lab_task_id(instance, task);
    zdd_time_format(spec->version_ms, version);
    set(list, "MESOS_TASK_ID", task);
    set(list, "MARATHON_APP_ID", spec->id);
    set(list, "MARATHON_APP_VERSION", version);
    if (image)
        set(list, "MARATHON_APP_DOCKER_IMAGE", image);
    set_number(list, "MARATHON_APP_RESOURCE_CPUS", zdd_json_real(spec->def, "cpus", 1));
    set_number(list, "MARATHON_APP_RESOURCE_MEM", zdd_json_real(spec->def, "mem", 128));
    set_number(list, "MARATHON_APP_RESOURCE_DISK", zdd_json_real(spec->def, "disk", 0));
    set_number(list, "MARATHON_APP_RESOURCE_GPUS", zdd_json_real(spec->def, "gpus", 0));
    set(list, "HOST", ZDD_LAB_HOST);
}

char **zdd_lab_environment(const struct zdd_lab *lab, const struct zdd_lab_instance *instance)
{
    struct list list = {0};
    json_t *env = json_object_get(instance->spec->def, "env");

    set_inherited(&list);
    set_marathon(&list, instance);
    set_labels(&list, json_object_get(instance->spec->def, "labels"));
    set_ports(&list, instance);
    for (void *at = json_object_iter(env); at; at = json_object_iter_next(env, at))
        if (json_is_string(json_object_iter_value(at)))
            set(&list, json_object_iter_key(at), json_string_value(json_object_iter_value(at)));
    append(&list, strdup(lab->mark)); /* last, and no variable of the user's can hide it */
    if (!list.failed)
        return list.text;
    zdd_lab_environment_free(list.text);
    return NULL;
}

void zdd_lab_environment_free(char **environment)
{
    for (char **at = environment; at && *at; at++)
        free(*at);
    free(environment);
}
