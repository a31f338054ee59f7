/**
 * @file server/router/dress_check.c
 * @brief What is in the way of a pair.
 *
 * While there are two apps, the older one's labels count for both; afterwards the other's do. So
 * each of them has to have what a pair needs, and what users know must not change between them.
 */
#include "server/router/dress_check.h"

#include "server/base/clock.h"
#include "server/router/inherit.h"
#include "server/router/label.h"
#include "server/router/labels.h"
#include "server/router/traces.h"
#include "strategies/model/limits.h"

#include <stdio.h>
#include <string.h>

#define LABELS "#/app/labels"
#define DATE_SIZE 10 /* "2024-05-01" */

struct checking {
    const struct zdd_pair_dress *dress;
    const char *line;
    struct zdd_field_errors *errors;
};

bool zdd_started_has_zone(const char *started)
{
    return started && strlen(started) > DATE_SIZE && strpbrk(started + DATE_SIZE, "Zz+-") != NULL;
}

static bool is_old(const struct checking *c, const json_t *app)
{
    return app == c->dress->old;
}

static void check_balance(const struct checking *c, const json_t *app, size_t index)
{
    const char *balance = zdd_label_of_port(app, index, "BALANCE");
    const char *options = zdd_label_of_port(app, index, "BACKEND_SERVER_OPTIONS");

    if (balance && strcmp(balance, "roundrobin") != 0 && strcmp(balance, "random") != 0)
        zdd_field_error_add(c->errors, LABELS,
                            "HAPROXY_%zu_BALANCE is %.40s%s, which does not obey weights; use "
                            "roundrobin or random",
                            index, balance, is_old(c, app) ? " in the app that runs" : "");
    if (options && strcmp(options, c->line) != 0 && !strstr(options, "agent-check") &&
        !zdd_label_is_ours(options))
        zdd_field_error_add(c->errors, LABELS,
                            "HAPROXY_%zu_BACKEND_SERVER_OPTIONS%s stands where this service's own "
                            "server line belongs; remove it",
                            index, is_old(c, app) ? " of the app that runs" : "");
}

/* When the old app goes, its balancers would lose the port, and others would get it unseen. */
static void check_same_groups(const struct checking *c, size_t index)
{
    const char *new_groups = zdd_ports_groups(c->dress->target, index);
    const char *old_groups = zdd_ports_groups(c->dress->old, index);

    if (!zdd_groups_share(new_groups, old_groups))
        zdd_field_error_add(c->errors, LABELS,
                            "the group of port %zu would change from %.60s to %.60s: the balancers "
                            "that serve it now would lose it; keep the old group beside the new "
                            "one for this deployment",
                            index, old_groups, new_groups);
}

static void check_same_port(const struct checking *c, size_t index)
{
    const int64_t new_port = zdd_ports_public(c->dress->target, index);
    const int64_t old_port = zdd_ports_public(c->dress->old, index);

    if (new_port > 0 && old_port > 0 && new_port != old_port)
        zdd_field_error_add(c->errors, LABELS,
                            "the service port of port %zu would change from %d to %d: whoever "
                            "asks the old one would find nobody; HAPROXY_%zu_PORT=%d keeps it",
                            index, (int)old_port, (int)new_port, index, (int)old_port);
}

/* Two backends of one app would have one name, and HAProxy would refuse the whole configuration. */
static void check_own_port(const struct checking *c, size_t index)
{
    const int64_t port = zdd_ports_public(c->dress->target, index);

    for (size_t i = 0; i < index && port > 0; i++) {
        if (zdd_ports_is_routed(c->dress->target, i) &&
            zdd_ports_public(c->dress->target, i) == port)
            zdd_field_error_add(c->errors, LABELS, "ports %zu and %zu have the same service port",
                                i, index);
    }
}

static void check_routed_port(const struct checking *c, size_t index)
{
    check_balance(c, c->dress->target, index);
    check_own_port(c, index);
    if (!c->dress->old)
        return;
    check_balance(c, c->dress->old, index);
    check_same_groups(c, index);
    check_same_port(c, index);
}

/* @return true when a pair is about this port */
static bool is_port_of_pair(const struct checking *c, size_t index)
{
    const bool by_new = zdd_ports_is_routed(c->dress->target, index);
    const bool by_old = zdd_ports_is_routed(c->dress->old, index);

    if (c->dress->old && by_new != by_old)
        zdd_field_error_add(
            c->errors, LABELS,
            "port %zu is routed in %s only: while there are two versions Marathon-LB takes "
            "the ports of the older one, so %s; bring this change by another strategy",
            index, by_new ? "the new version" : "the version that runs",
            by_new ? "nobody could see the new one serve it"
                   : "its users would find nobody from the cutover on");
    return by_new && (by_old || !c->dress->old);
}

static bool has_group(const json_t *app)
{
    for (size_t i = 0; i < zdd_ports_count(app); i++) {
        if (zdd_ports_groups(app, i))
            return true;
    }
    return false;
}

static void check_ports(const struct checking *c)
{
    const json_t *apps[] = {c->dress->target, c->dress->old};
    const size_t before = c->errors->count;
    size_t routed = 0;

    for (size_t i = 0; i < ZDD_COUNT(apps) && apps[i]; i++) {
        if (!is_old(c, apps[i]) && !zdd_labels_route(apps[i]))
            zdd_field_error_add(
                c->errors, LABELS,
                "has no label for the balancers%s; Marathon-LB needs HAPROXY_GROUP, like external, "
                "and HAPROXY_0_PORT, the port that users know",
                c->dress->old ? ", and the app that runs has none to take over" : "");
        else if (!has_group(apps[i]))
            zdd_field_error_add(c->errors, LABELS,
                                "HAPROXY_GROUP is missing%s: without it Marathon-LB does not route "
                                "the app",
                                is_old(c, apps[i]) ? " in the app that runs" : "");
    }
    for (size_t i = 0; i < ZDD_APP_PORT_MAX && c->errors->count == before; i++) {
        if (!is_port_of_pair(c, i))
            continue;
        check_routed_port(c, i);
        routed++;
    }
    if (routed == 0 && c->errors->count == before)
        zdd_field_error_add(c->errors, LABELS,
                            "no port is routed: each has HAPROXY_n_ENABLED=false or no group");
}

/* One that Marathon-LB cannot read breaks its configuration for every app. */
static void check_started(const struct checking *c)
{
    const char *started = zdd_label_of(c->dress->old, ZDD_STARTED_AT);
    int64_t ms;

    if (started && !zdd_started_parse(started, &ms))
        zdd_field_error_add(c->errors, LABELS,
                            ZDD_STARTED_AT " of the app that runs is %.40s, which is no time that "
                                           "Marathon-LB could read; correct it",
                            started);
}

/* It would send requests to both apps by its own lights, and nobody could move those. */
static void check_unlabelled(const struct checking *c)
{
    const json_t *apps[] = {c->dress->target, c->dress->old};

    for (size_t i = 0; i < ZDD_COUNT(apps); i++) {
        if (has_group(apps[i]))
            zdd_field_error_add(c->errors, LABELS,
                                "HAPROXY_GROUP%s makes Marathon-LB serve the app, beside the "
                                "router that shall move its requests; remove it, or let "
                                "marathon-lb move them",
                                is_old(c, apps[i]) ? " in the app that runs" : "");
    }
}

void zdd_dress_check(const struct zdd_pair_dress *dress, const char *line,
                     struct zdd_field_errors *errors)
{
    const struct checking c = {dress, line, errors};
    const size_t count = zdd_ports_count(dress->target);

    if (json_array_size(json_object_get(dress->target, "healthChecks")) == 0)
        zdd_field_error_add(errors, "#/app/healthChecks",
                            "is missing: without a check nobody knows when the new version can "
                            "take requests");
    if (!dress->unlabelled)
        check_started(&c);
    if (count == 0)
        zdd_field_error_add(errors, "#/app", "has no port that a balancer could send to");
    else if (count > ZDD_APP_PORT_MAX)
        zdd_field_error_add(errors, "#/app", "has more than %d ports", ZDD_APP_PORT_MAX);
    else if (dress->unlabelled)
        check_unlabelled(&c);
    else
        check_ports(&c);
}
