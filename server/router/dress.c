/**
 * @file server/router/dress.c
 * @brief Labels of a pair (marathon-lb.md §1.2, §1.3, §2.2, §4.e).
 */
#include "server/router/dress.h"

#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/engine/router.h"
#include "server/router/label.h"
#include "server/router/names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LABEL_SIZE 64
#define PORT_MAX 65535
#define STARTED_SIZE 32

/* More servers than any pair has: Marathon-LB then drains none by itself (marathon-lb.md §1.3). */
#define TARGET_INSTANCES "1000000"

struct dressing {
    struct zdd_pair_dress *dress;
    struct zdd_field_errors *errors;
    char group[ZDD_APP_ID_SIZE];
    char agent[1024]; /* value of HAPROXY_{n}_BACKEND_SERVER_OPTIONS */
    bool failed;      /* without memory */
};

static const char *label_of(const json_t *app, const char *name)
{
    return zdd_json_text(json_object_get(app, "labels"), name, NULL);
}

static const char *port_label_of(const json_t *app, size_t index, const char *suffix)
{
    char name[LABEL_SIZE];

    snprintf(name, sizeof(name), "HAPROXY_%zu_%s", index, suffix);
    return label_of(app, name);
}

/* What counts for both: the request's own word, else what the old app has. */
static const char *either(const struct zdd_pair_dress *d, size_t index, const char *suffix)
{
    const char *own = port_label_of(d->target, index, suffix);

    return own ? own : port_label_of(d->old, index, suffix);
}

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
    char name[LABEL_SIZE];

    snprintf(name, sizeof(name), "HAPROXY_%zu_%s", index, suffix);
    set_label(s, app, name, value);
}

/* The app's service ports: of mappings in a container's network or behind a bridge, else of
 * definitions. */
static json_t *port_list(const json_t *app, const char **ret_key)
{
    json_t *mappings = json_object_get(json_object_get(app, "container"), "portMappings");

    *ret_key = mappings ? "servicePort" : "port";
    return mappings ? mappings : json_object_get(app, "portDefinitions");
}

static int64_t service_port(const json_t *app, size_t index)
{
    const char *key;
    const json_t *list = port_list(app, &key);

    return zdd_json_int(json_array_get(list, index), key, 0);
}

/* Ports of a definition; Marathon gives one to an app in the host's network that names none. */
static size_t port_count(const json_t *app)
{
    const char *key;
    const json_t *list = port_list(app, &key);

    return list ? json_array_size(list) : 1;
}

/* The port that users know: it stays, whichever app serves behind it. 0: there is none yet. */
static int64_t public_port(const struct zdd_pair_dress *d, size_t index)
{
    const char *label = either(d, index, "PORT");
    int64_t port = 0;

    if (label) {
        for (; *label >= '0' && *label <= '9' && port <= PORT_MAX; label++)
            port = port * 10 + (*label - '0');
        return *label || port > PORT_MAX ? 0 : port;
    }
    port = service_port(d->target, index);
    return port > 0 ? port : service_port(d->old, index);
}

/* Two apps cannot have one service port; Marathon finds a free one for the new app. */
static void free_service_port(struct dressing *s, size_t index)
{
    const char *key;
    json_t *port = json_array_get(port_list(s->dress->target, &key), index);

    if (port && !json_is_true(json_object_get(s->dress->target, "requirePorts")) &&
        json_object_set_new(port, key, json_integer(0)) != 0)
        s->failed = true;
}

/* While there are two apps, the older one's labels count for both; afterwards the other's do. So
 * each of them has to have what a pair needs. */
static void check_balance(struct dressing *s, const json_t *app, size_t index)
{
    const char *balance = port_label_of(app, index, "BALANCE");
    const char *options = port_label_of(app, index, "BACKEND_SERVER_OPTIONS");

    if (balance && strcmp(balance, "roundrobin") != 0 && strcmp(balance, "random") != 0)
        zdd_field_error_add(s->errors, "#/app/labels",
                            "HAPROXY_%zu_BALANCE is %.40s%s, which does not obey weights; use "
                            "roundrobin or random",
                            index, balance, app == s->dress->old ? " in the app that runs" : "");
    if (options && strcmp(options, s->agent) != 0 && !strstr(options, "agent-check"))
        zdd_field_error_add(s->errors, "#/app/labels",
                            "HAPROXY_%zu_BACKEND_SERVER_OPTIONS%s stands where this service's own "
                            "server line belongs; remove it",
                            index, app == s->dress->old ? " of the app that runs" : "");
}

static void check_group(struct dressing *s, const json_t *app, size_t index)
{
    if (!label_of(app, "HAPROXY_GROUP") && !port_label_of(app, index, "GROUP"))
        zdd_field_error_add(s->errors, "#/app/labels",
                            "HAPROXY_GROUP is missing%s: without it Marathon-LB does not route the "
                            "app",
                            app == s->dress->old ? " in the app that runs" : "");
}

static void check_port(struct dressing *s, size_t index)
{
    const json_t *apps[] = {s->dress->target, s->dress->old};

    for (size_t i = 0; i < ZDD_COUNT(apps) && apps[i]; i++) {
        check_group(s, apps[i], index);
        check_balance(s, apps[i], index);
    }
}

/* What Marathon-LB takes for true. */
static bool is_sticky(const json_t *app, size_t index)
{
    static const char *const words[] = {"true", "t", "yes", "y"};
    const char *label = port_label_of(app, index, "STICKY");

    for (size_t i = 0; label && i < ZDD_COUNT(words); i++) {
        if (strcasecmp(label, words[i]) == 0)
            return true;
    }
    return false;
}

static void add_backend(struct dressing *s, int64_t port)
{
    char name[ZDD_BACKEND_SIZE];

    if (!zdd_backend_name(s->group, (uint16_t)port, name)) {
        zdd_field_error_add(s->errors, "#/app/id", "is too long for the name of a backend");
        return;
    }
    if (s->dress->backends.size > 0)
        zdd_buf_text(&s->dress->backends, " ");
    zdd_buf_text(&s->dress->backends, name);
}

static void dress_port(struct dressing *s, size_t index)
{
    struct zdd_pair_dress *d = s->dress;
    const int64_t port = public_port(d, index);
    char text[16];

    if (port < 1) {
        zdd_field_error_add(s->errors, "#/app/labels",
                            "HAPROXY_%zu_PORT is missing or no port: a pair needs a service port "
                            "that stays",
                            index);
        return;
    }
    check_port(s, index);
    snprintf(text, sizeof(text), "%d", (int)port);
    set_port_label(s, d->target, index, "PORT", text);
    set_port_label(s, d->target, index, "BACKEND_SERVER_OPTIONS", s->agent);
    if (d->adopted) {
        set_port_label(s, d->adopted, index, "PORT", text);
        set_port_label(s, d->adopted, index, "BACKEND_SERVER_OPTIONS", s->agent);
    }
    free_service_port(s, index);
    add_backend(s, port);
    d->sticky = d->sticky || is_sticky(d->target, index) || is_sticky(d->old, index);
}

/* As zdd.py writes it, without a zone: a mix of both kinds breaks Marathon-LB. */
static void started_text(int64_t ms, char ret_text[static STARTED_SIZE])
{
    char stamp[ZDD_VERSION_SIZE];

    zdd_time_format(ms, stamp);
    snprintf(ret_text, STARTED_SIZE, "%.23s", stamp); /* "2024-05-01T10:00:00.000" */
}

static void dress_app(struct dressing *s, json_t *app, int64_t started_ms)
{
    char started[STARTED_SIZE];

    started_text(started_ms, started);
    set_label(s, app, "HAPROXY_DEPLOYMENT_GROUP", s->group);
    set_label(s, app, "HAPROXY_DEPLOYMENT_TARGET_INSTANCES", TARGET_INSTANCES);
    set_label(s, app, "HAPROXY_DEPLOYMENT_NEW_INSTANCES", "0");
    if (!label_of(app, "HAPROXY_DEPLOYMENT_STARTED_AT"))
        set_label(s, app, "HAPROXY_DEPLOYMENT_STARTED_AT", started);
}

/*
 * Marathon replaces the old app's instances for their labels. Were all of them replaced together,
 * the last old ones would end before the balancers know the new ones; so it is one by one.
 */
static void replace_one_by_one(struct dressing *s)
{
    json_t *app = s->dress->adopted;
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
    const char *own = label_of(d->target, "HAPROXY_DEPLOYMENT_GROUP");
    const char *group = own ? own : label_of(d->old, "HAPROXY_DEPLOYMENT_GROUP");

    snprintf(s->group, sizeof(s->group), "%s", group ? group : d->pair_id + 1);
    for (char *at = s->group; !group && *at; at++)
        if (*at == '/')
            *at = '_';
}

static enum zdd_err write_agent(struct dressing *s)
{
    ZDD_AUTO_BUF struct zdd_buf text = {.max = sizeof(s->agent) - 1};
    const enum zdd_err err = zdd_agent_label(&text, s->dress->advertise, ZDD_AGENT_INTERVAL_MS);

    if (err == ZDD_ERR_NONE)
        snprintf(s->agent, sizeof(s->agent), "%s", text.data);
    return err;
}

static void check_app(struct dressing *s)
{
    const struct zdd_pair_dress *d = s->dress;

    if (json_array_size(json_object_get(d->target, "healthChecks")) == 0)
        zdd_field_error_add(s->errors, "#/app/healthChecks",
                            "is missing: without a check nobody knows when the new version can "
                            "take requests");
    if (port_count(d->target) == 0)
        zdd_field_error_add(s->errors, "#/app", "has no port that a balancer could send to");
    if (port_count(d->target) > ZDD_APP_PORT_MAX)
        zdd_field_error_add(s->errors, "#/app", "has more than %d ports", ZDD_APP_PORT_MAX);
}

static void dress_new(struct dressing *s)
{
    struct zdd_pair_dress *d = s->dress;

    json_object_del(json_object_get(d->target, "labels"), "HAPROXY_DEPLOYMENT_STARTED_AT");
    dress_app(s, d->target, d->now_ms);
    set_label(s, d->target, "HAPROXY_DEPLOYMENT_COLOUR", d->colour);
    set_label(s, d->target, "HAPROXY_APP_ID", d->pair_id);
    if (json_object_set_new(d->target, "id", json_string(d->new_id)) != 0)
        s->failed = true;
}

enum zdd_err zdd_pair_dress(struct zdd_pair_dress *dress, struct zdd_field_errors *errors)
{
    struct dressing s = {.dress = dress, .errors = errors};
    const size_t before = errors->count;
    enum zdd_err err = write_agent(&s);

    if (err != ZDD_ERR_NONE)
        return err;
    name_group(&s);
    check_app(&s);
    if (dress->old && !(dress->adopted = json_deep_copy(dress->old)))
        return ZDD_ERR_NO_MEMORY;
    for (size_t i = 0; i < port_count(dress->target) && errors->count == before; i++)
        dress_port(&s, i);
    if (errors->count > before)
        return ZDD_ERR_BODY_INVALID;
    dress_new(&s);
    if (dress->adopted)
        dress_app(&s, dress->adopted, dress->now_ms - 1000); /* older than the new one */
    if (s.failed || dress->backends.err != ZDD_ERR_NONE)
        return ZDD_ERR_NO_MEMORY;
    if (dress->adopted && json_equal(dress->adopted, dress->old)) {
        json_decref(dress->adopted);
        dress->adopted = NULL;
    }
    if (dress->adopted)
        replace_one_by_one(&s);
    return s.failed ? ZDD_ERR_NO_MEMORY : ZDD_ERR_NONE;
}

void zdd_pair_dress_release(struct zdd_pair_dress *dress)
{
    json_decref(dress->adopted);
    dress->adopted = NULL;
    zdd_buf_release(&dress->backends);
}
