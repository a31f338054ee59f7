/**
 * @file server/api/blueprint_request.c
 * @brief The deployment request that a blueprint means.
 */
#include "server/api/blueprint_parts.h"
#include "server/json/writer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The check of whoever names none: is somebody there? Marathon asks it itself. */
#define CHECK_GRACE_S 60
#define CHECK_INTERVAL_S 5
#define CHECK_TIMEOUT_S 5
#define CHECK_FAILURES 3

#define LABEL_SIZE 32

__attribute__((format(printf, 3, 4))) static void note(struct zdd_blueprint *bp, const char *code,
                                                       const char *format, ...)
{
    struct zdd_plan_note *new = &bp->note[bp->note_count];
    va_list arguments;

    assert(bp->note_count < ZDD_PLAN_NOTE_MAX);
    bp->note_count++;
    new->code = code;
    va_start(arguments, format);
    vsnprintf(new->text, sizeof(new->text), format, arguments);
    va_end(arguments);
}

/* A port that Marathon chooses is the container's own only in the host's network. */
static bool uses_host_network(const struct zdd_blueprint_service *s)
{
    for (size_t i = 0; i < s->port_count; i++) {
        if (s->port[i].number != 0)
            return false;
    }
    return true;
}

static void write_container(struct zdd_writer *w, const struct zdd_blueprint_service *s)
{
    zdd_w_object(w, "container");
    zdd_w_text(w, "type", "DOCKER");
    zdd_w_object(w, "docker");
    zdd_w_text(w, "image", s->image);
    zdd_w_end_object(w);
    if (!uses_host_network(s)) {
        zdd_w_array(w, "portMappings");
        for (size_t i = 0; i < s->port_count; i++) {
            zdd_w_object(w, NULL);
            zdd_w_int(w, "containerPort", s->port[i].number);
            zdd_w_int(w, "hostPort", 0);
            zdd_w_end_object(w);
        }
        zdd_w_end_array(w);
    }
    zdd_w_end_object(w);
}

static void write_network(struct zdd_writer *w, const struct zdd_blueprint_service *s)
{
    zdd_w_array(w, "networks");
    zdd_w_object(w, NULL);
    zdd_w_text(w, "mode", uses_host_network(s) ? "host" : "container/bridge");
    zdd_w_end_object(w);
    zdd_w_end_array(w);
    if (!uses_host_network(s))
        return;
    zdd_w_array(w, "portDefinitions");
    for (size_t i = 0; i < s->port_count; i++) {
        zdd_w_object(w, NULL);
        zdd_w_int(w, "port", 0);
        zdd_w_end_object(w);
    }
    zdd_w_end_array(w);
}

static void write_port_label(struct zdd_writer *w, size_t index, const char *suffix,
                             const char *value)
{
    char name[LABEL_SIZE];

    snprintf(name, sizeof(name), "HAPROXY_%zu_%s", index, suffix);
    zdd_w_text(w, name, value);
}

/* What makes Marathon-LB serve the gateways' ports, and no other. */
static void write_labels(struct zdd_writer *w, const struct zdd_blueprint *bp,
                         const struct zdd_blueprint_service *s)
{
    zdd_w_object(w, "labels");
    zdd_w_text(w, "HAPROXY_GROUP", "external");
    for (size_t i = 0; i < s->port_count; i++) {
        char number[16];

        if (s->port[i].gateway == 0) {
            write_port_label(w, i, "ENABLED", "false");
            continue;
        }
        snprintf(number, sizeof(number), "%d", (int)s->port[i].gateway);
        write_port_label(w, i, "PORT", number);
        write_port_label(w, i, "MODE", s->port[i].is_http ? "http" : "tcp");
        if (bp->sticky)
            write_port_label(w, i, "STICKY", "true");
    }
    zdd_w_end_object(w);
}

/* The first port that users ask. */
static size_t first_gateway(const struct zdd_blueprint_service *s)
{
    size_t i = 0;

    while (i < s->port_count && s->port[i].gateway == 0)
        i++;
    return i;
}

static void write_default_check(struct zdd_writer *w, struct zdd_blueprint *bp,
                                const struct zdd_blueprint_service *s)
{
    const size_t index = first_gateway(s);

    zdd_w_array(w, "healthChecks");
    zdd_w_object(w, NULL);
    zdd_w_text(w, "protocol", "TCP");
    zdd_w_int(w, "portIndex", (int64_t)index);
    zdd_w_int(w, "gracePeriodSeconds", CHECK_GRACE_S);
    zdd_w_int(w, "intervalSeconds", CHECK_INTERVAL_S);
    zdd_w_int(w, "timeoutSeconds", CHECK_TIMEOUT_S);
    zdd_w_int(w, "maxConsecutiveFailures", CHECK_FAILURES);
    zdd_w_end_object(w);
    zdd_w_end_array(w);
    note(
        bp, "default-health-check",
        "The breed %s has no health_checks, and requests are sent to healthy instances only. So an "
        "instance counts as healthy when its port %s takes TCP connections, which a sick one may "
        "do too: health_checks with a path of the service would say more.",
        s->name, s->port[index].name);
}

static void write_app(struct zdd_writer *w, struct zdd_blueprint *bp, bool scaled)
{
    const struct zdd_blueprint_service *s = &bp->service[bp->chosen];

    zdd_w_object(w, "app");
    zdd_w_text(w, "id", bp->app_id);
    zdd_w_real(w, "cpus", s->cpus);
    zdd_w_real(w, "mem", s->mem_mib);
    if (scaled)
        zdd_w_int(w, "instances", s->instances);
    write_container(w, s);
    write_network(w, s);
    zdd_w_json(w, "env", s->env);
    if (bp->has_gateway)
        write_labels(w, bp, s);
    if (json_array_size(s->checks) > 0)
        zdd_w_json(w, "healthChecks", s->checks);
    else if (bp->has_gateway)
        write_default_check(w, bp, s);
    zdd_w_end_object(w);
}

/* The share stays until somebody says that it may be all: a blueprint names no end. */
static void write_canary(struct zdd_writer *w, const struct zdd_blueprint_service *s)
{
    zdd_w_object(w, "options");
    zdd_w_int(w, "instances", s->instances);
    zdd_w_array(w, "steps");
    zdd_w_object(w, NULL);
    zdd_w_real(w, "weight", s->weight);
    zdd_w_end_object(w);
    zdd_w_object(w, NULL);
    zdd_w_text(w, "gate", "promote");
    zdd_w_end_object(w);
    zdd_w_end_array(w);
    zdd_w_end_object(w);
}

static bool has_text(const json_t *env, const char *name, const json_t *wanted)
{
    const json_t *value = json_object_get(env, name);

    return value && json_equal(value, wanted);
}

bool zdd_blueprint_runs(const struct zdd_blueprint *bp, size_t index, const json_t *app)
{
    const struct zdd_blueprint_service *s = &bp->service[index];
    const json_t *image = zdd_json_at(app, "/container/docker/image");
    const json_t *env = json_object_get(app, "env");
    const char *name;
    json_t *value;

    if (!json_is_string(image) || strcmp(json_string_value(image), s->image) != 0)
        return false;
    json_object_foreach(s->env, name, value)
    {
        if (!has_text(env, name, value))
            return false;
    }
    for (size_t i = 0; i < bp->service_count; i++) {
        json_object_foreach(bp->service[i].env, name, value)
        {
            if (json_object_get(env, name) && !json_object_get(s->env, name))
                return false;
        }
    }
    return true;
}

/* Which of two services is the old one. */
static size_t old_service(const struct zdd_blueprint *bp, const json_t *running)
{
    const bool first = running && zdd_blueprint_runs(bp, 0, running);
    const bool second = running && zdd_blueprint_runs(bp, 1, running);

    if (first != second)
        return first ? 0 : 1;
    return bp->service[1].weight > bp->service[0].weight ? 1 : 0;
}

bool zdd_blueprint_compares(const struct zdd_blueprint *bp)
{
    return bp->service_count > 1;
}

/* @return true when the chosen service comes beside another one */
static bool choose(struct zdd_blueprint *bp, const json_t *running)
{
    const size_t old = zdd_blueprint_compares(bp) ? old_service(bp, running) : 0;
    const size_t new = 1 - old;

    bp->note_count = 0;
    bp->chosen = old;
    if (!zdd_blueprint_compares(bp))
        return false;
    if (!running) {
        note(bp, "blueprint-first",
             "Nothing runs yet, so this deploys %s alone. Send the blueprint again when it serves: "
             "then %s gets its %g %%.",
             bp->service[old].name, bp->service[new].name, bp->service[new].weight);
        return false;
    }
    bp->chosen = new;
    if (zdd_json_int(running, "instances", 0) != bp->service[old].instances)
        note(bp, "blueprint-instances",
             "%d instances of the version that runs are wanted now, and that stays; the blueprint "
             "says %d. Strategy scale changes it.",
             (int)zdd_json_int(running, "instances", 0), (int)bp->service[old].instances);
    return true;
}

json_t *zdd_blueprint_request(struct zdd_blueprint *bp, const json_t *running)
{
    ZDD_AUTO_BUF struct zdd_buf text = {0};
    struct zdd_writer writer = {.buf = &text};
    const bool canary = choose(bp, running);
    json_t *request = NULL;

    zdd_w_object(&writer, NULL);
    zdd_w_text(&writer, "strategy", canary ? "canary" : bp->has_gateway ? "blue-green" : "rolling");
    write_app(&writer, bp, !canary);
    if (canary)
        write_canary(&writer, &bp->service[bp->chosen]);
    zdd_w_object(&writer, "labels");
    zdd_w_text(&writer, "blueprint", bp->name);
    zdd_w_end_object(&writer);
    zdd_w_end_object(&writer);
    if (text.err != ZDD_ERR_NONE ||
        zdd_json_read(text.data, text.size, &request, NULL) != ZDD_ERR_NONE)
        return NULL;
    return request;
}
