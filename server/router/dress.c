/**
 * @file server/router/dress.c
 * @brief Labels of a pair (marathon-lb.md §1.2, §1.3, §2.2, §4.e).
 */
#include "server/router/dress.h"

#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/engine/router.h"
#include "server/router/dress_check.h"
#include "server/router/inherit.h"
#include "server/router/label.h"
#include "server/router/labels.h"
#include "server/router/names.h"

#include <stdio.h>
#include <string.h>

#define STARTED_SIZE 32

/* More servers than any pair has: Marathon-LB then drains none by itself (marathon-lb.md §1.3). */
#define TARGET_INSTANCES "1000000"

#define ALTERNATE_PORT "HAPROXY_DEPLOYMENT_ALT_PORT"

struct dressing {
    struct zdd_pair_dress *dress;
    struct zdd_field_errors *errors;
    char group[ZDD_APP_ID_SIZE];
    char line[1024]; /* value of HAPROXY_{n}_BACKEND_SERVER_OPTIONS */
    bool failed;     /* without memory */
};

static void set_label(struct dressing *s, json_t *app, const char *name, const char *value)
{
    json_t *labels = json_object_get(app, "labels");

    if (!labels) {
        labels = json_object();
        if (json_object_set_new(app, "labels", labels) != 0) {
            s->failed = true;
            return;
        }
    }
    if (json_object_set_new(labels, name, json_string(value)) != 0)
        s->failed = true;
}

static void set_port_label(struct dressing *s, json_t *app, size_t index, const char *suffix,
                           const char *value)
{
    char name[ZDD_LABEL_NAME_SIZE];

    snprintf(name, sizeof(name), "HAPROXY_%zu_%s", index, suffix);
    set_label(s, app, name, value);
}

/* The port that users know: it stays, whichever app serves behind it. 0: there is none yet. */
static int64_t public_port(const struct zdd_pair_dress *d, size_t index)
{
    const int64_t own = zdd_ports_public(d->target, index);

    if (own > 0 || zdd_label_of_port(d->target, index, "PORT"))
        return own;
    return zdd_ports_public(d->old, index);
}

/* Two apps cannot have one service port; Marathon finds a free one for the new app. */
static void free_service_port(struct dressing *s, size_t index)
{
    const char *key;
    json_t *port = json_array_get(zdd_ports_list(s->dress->target, &key), index);

    if (port && !s->dress->exists &&
        !json_is_true(json_object_get(s->dress->target, "requirePorts")) &&
        json_object_set_new(port, key, json_integer(0)) != 0)
        s->failed = true;
}

static void add_name(struct dressing *s, const char *name)
{
    if (s->dress->backends.size > 0)
        zdd_buf_text(&s->dress->backends, " ");
    zdd_buf_text(&s->dress->backends, name);
}

static void add_backend(struct dressing *s, int64_t port)
{
    char name[ZDD_BACKEND_SIZE];

    if (!zdd_backend_name(s->group, (uint16_t)port, name)) {
        zdd_field_error_add(s->errors, "#/app/id", "is too long for the name of a backend");
        return;
    }
    add_name(s, name);
}

static void dress_port(struct dressing *s, size_t index)
{
    struct zdd_pair_dress *d = s->dress;
    const int64_t port = public_port(d, index);
    char text[16];

    if (port < 1) {
        zdd_field_error_add(s->errors, "#/app/labels",
                            "HAPROXY_%zu_PORT is missing or no port: a pair needs a service port "
                            "that stays; a port that no balancer serves needs "
                            "HAPROXY_%zu_ENABLED=false instead",
                            index, index);
        return;
    }
    snprintf(text, sizeof(text), "%d", (int)port);
    set_port_label(s, d->target, index, "PORT", text);
    set_port_label(s, d->target, index, "BACKEND_SERVER_OPTIONS", s->line);
    if (d->adopted) {
        set_port_label(s, d->adopted, index, "PORT", text);
        set_port_label(s, d->adopted, index, "BACKEND_SERVER_OPTIONS", s->line);
    }
    free_service_port(s, index);
    add_backend(s, port);
}

/* Nobody asks for it, but its place stays: names and ports go together by their order. */
static void skip_port(struct dressing *s, size_t index)
{
    free_service_port(s, index);
    add_name(s, ZDD_BACKEND_NONE);
}

/* As zdd.py writes it, without a zone, unless the old app has one: a mix breaks Marathon-LB. */
static void started_text(const struct dressing *s, int64_t ms, char ret_text[static STARTED_SIZE])
{
    const bool zoned = zdd_started_has_zone(zdd_label_of(s->dress->old, ZDD_STARTED_AT));
    char stamp[ZDD_VERSION_SIZE];

    zdd_time_format(ms, stamp);
    snprintf(ret_text, STARTED_SIZE, "%.23s%s", stamp, zoned ? "Z" : ""); /* "…T10:00:00.000" */
}

static void dress_app(struct dressing *s, json_t *app, int64_t started_ms)
{
    char started[STARTED_SIZE];

    started_text(s, started_ms, started);
    set_label(s, app, "HAPROXY_DEPLOYMENT_GROUP", s->group);
    set_label(s, app, "HAPROXY_DEPLOYMENT_TARGET_INSTANCES", TARGET_INSTANCES);
    set_label(s, app, "HAPROXY_DEPLOYMENT_NEW_INSTANCES", "0");
    if (!zdd_label_of(app, ZDD_STARTED_AT))
        set_label(s, app, ZDD_STARTED_AT, started);
}

/*
 * Marathon replaces the instances of an app that runs for their labels. Were all of them replaced
 * together, the last old ones would end before the balancers know the new ones; so it is one by
 * one.
 */
static void replace_one_by_one(struct dressing *s, json_t *app)
{
    const int64_t instances = zdd_json_int(app, "instances", 1);
    const int64_t percent =
        instances > 1 ? (100 + instances - 1) / instances : 100; /* rounded up */
    const double over = (double)percent / 100;
    json_t *both =
        json_pack("{s:f, s:f}", "minimumHealthCapacity", 1.0, "maximumOverCapacity", over);

    /* jansson takes the reference, also when it fails */
    if (json_object_set_new(app, "upgradeStrategy", both) != 0)
        s->failed = true;
}

static void name_group(struct dressing *s)
{
    const struct zdd_pair_dress *d = s->dress;
    const char *own = zdd_label_of(d->target, "HAPROXY_DEPLOYMENT_GROUP");
    const char *group = own ? own : zdd_label_of(d->old, "HAPROXY_DEPLOYMENT_GROUP");

    snprintf(s->group, sizeof(s->group), "%s", group ? group : d->pair_id + 1);
    for (char *at = s->group; !group && *at; at++)
        if (*at == '/')
            *at = '_';
}

static enum zdd_err write_line(struct dressing *s)
{
    ZDD_AUTO_BUF struct zdd_buf text = {.max = sizeof(s->line) - 1};
    const enum zdd_err err =
        s->dress->advertise ? zdd_agent_label(&text, s->dress->advertise, ZDD_AGENT_INTERVAL_MS)
                            : zdd_plain_label(&text);

    if (err == ZDD_ERR_NONE)
        snprintf(s->line, sizeof(s->line), "%s", text.data);
    return err;
}

static void dress_new(struct dressing *s)
{
    struct zdd_pair_dress *d = s->dress;

    const char *alternate = zdd_label_of(d->old, ALTERNATE_PORT);

    if (!d->exists) /* a new label would replace all instances of one that runs */
        json_object_del(json_object_get(d->target, "labels"), ZDD_STARTED_AT);
    if (alternate && !zdd_label_of(d->target, ALTERNATE_PORT)) /* zdd.py goes on with it */
        set_label(s, d->target, ALTERNATE_PORT, alternate);
    dress_app(s, d->target, d->now_ms);
    if (d->colour)
        set_label(s, d->target, "HAPROXY_DEPLOYMENT_COLOUR", d->colour);
    set_label(s, d->target, "HAPROXY_APP_ID", d->pair_id);
    if (json_object_set_new(d->target, "id", json_string(d->new_id)) != 0)
        s->failed = true;
}

static enum zdd_err dress_unlabelled(struct dressing *s)
{
    struct zdd_pair_dress *d = s->dress;
    const size_t before = s->errors->count;
    char name[ZDD_LABEL_NAME_SIZE];

    zdd_dress_check(d, s->line, s->errors);
    if (s->errors->count > before)
        return ZDD_ERR_BODY_INVALID;
    for (size_t i = 0; i < zdd_ports_count(d->target); i++) {
        free_service_port(s, i);
        snprintf(name, sizeof(name), "port-%zu", i);
        add_name(s, name);
    }
    if (json_object_set_new(d->target, "id", json_string(d->new_id)) != 0)
        s->failed = true;
    return s->failed || d->backends.err != ZDD_ERR_NONE ? ZDD_ERR_NO_MEMORY : ZDD_ERR_NONE;
}

enum zdd_err zdd_pair_dress(struct zdd_pair_dress *dress, struct zdd_field_errors *errors)
{
    if (dress->unlabelled)
        return dress_unlabelled(&(struct dressing){.dress = dress, .errors = errors});

    ZDD_AUTO_JSON json_t *worn = json_deep_copy(json_object_get(dress->target, "labels"));
    struct dressing s = {.dress = dress, .errors = errors};
    const size_t before = errors->count;
    enum zdd_err err = write_line(&s);

    if (err != ZDD_ERR_NONE)
        return err;
    err = zdd_labels_inherit(dress->target, dress->old, &dress->inherited);
    if (err != ZDD_ERR_NONE)
        return err;
    name_group(&s);
    zdd_dress_check(dress, s.line, errors);
    if (dress->old && !(dress->adopted = json_deep_copy(dress->old)))
        return ZDD_ERR_NO_MEMORY;
    for (size_t i = 0; i < zdd_ports_count(dress->target) && errors->count == before; i++)
        if (zdd_ports_is_routed(dress->target, i))
            dress_port(&s, i);
        else
            skip_port(&s, i);
    if (errors->count > before)
        return ZDD_ERR_BODY_INVALID;
    dress_new(&s);
    if (dress->adopted)
        dress_app(&s, dress->adopted, dress->now_ms - 1000); /* older than the new one */
    err = zdd_sticky_read(dress->target, dress->old, &dress->sticky);
    if (s.failed || dress->backends.err != ZDD_ERR_NONE || err != ZDD_ERR_NONE)
        return ZDD_ERR_NO_MEMORY;
    if (dress->adopted && json_equal(dress->adopted, dress->old)) {
        json_decref(dress->adopted);
        dress->adopted = NULL;
    }
    if (dress->adopted)
        replace_one_by_one(&s, dress->adopted);
    if (dress->exists && !json_equal(json_object_get(dress->target, "labels"), worn))
        replace_one_by_one(&s, dress->target);
    return s.failed ? ZDD_ERR_NO_MEMORY : ZDD_ERR_NONE;
}

void zdd_pair_dress_release(struct zdd_pair_dress *dress)
{
    json_decref(dress->adopted);
    dress->adopted = NULL;
    zdd_buf_release(&dress->backends);
    zdd_buf_release(&dress->inherited);
    zdd_sticky_release(&dress->sticky);
}
