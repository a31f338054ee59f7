/**
 * @file server/api/blueprint_gateways.c
 * @brief Gateways of a blueprint: where users find the app, and who gets how much of it.
 */
#include "server/api/blueprint_parts.h"
#include "server/api/blueprint_units.h"
#include "server/json/words.h"

#include <math.h>
#include <string.h>

#define WEIGHT_EXACT 0.001 /* percent: what sums of fractions lose is far less */

/* One row of the blueprint's `gateways`: "10099: cluster/port". */
struct gateway {
    int64_t port;
    bool is_http, typed;
};

/* @return the port's name in "cluster/port", NULL when it is none of this cluster's */
static const char *port_name(const struct zdd_blueprint *bp, const char *text)
{
    const size_t size = strlen(bp->cluster);

    return strncmp(text, bp->cluster, size) == 0 && text[size] == '/' ? text + size + 1 : NULL;
}

static bool attach(struct zdd_blueprint_service *service, const char *name,
                   const struct gateway *gateway, const char *pointer,
                   struct zdd_field_errors *errors)
{
    const size_t index = zdd_blueprint_port_find(service, name);
    struct zdd_blueprint_port *port = index < service->port_count ? &service->port[index] : NULL;
    const size_t before = errors->count;

    if (!port)
        zdd_field_error_add(errors, pointer, "the breed %.63s has no port called \"%.40s\"",
                            service->name, name);
    else if (port->gateway != 0)
        zdd_field_error_add(errors, pointer,
                            "the port has a gateway already, %d; leave one of them",
                            (int)port->gateway);
    else if (gateway->typed && gateway->is_http != port->is_http)
        zdd_field_error_add(errors, pointer, "the port of the breed %.63s is %s", service->name,
                            port->is_http ? "http" : "tcp");
    else
        port->gateway = gateway->port;
    return errors->count == before;
}

static void read_gateway(const char *name, const json_t *value, const char *pointer,
                         struct zdd_blueprint *bp, struct zdd_field_errors *errors)
{
    const char *text = json_string_value(value);
    const char *port = text ? port_name(bp, text) : NULL;
    struct gateway gateway;

    if (!zdd_blueprint_port_text(name, &gateway.port, &gateway.is_http, &gateway.typed) ||
        gateway.port == 0) {
        zdd_field_error_add(errors, pointer,
                            "must be called by the port that users know, like 10080 or 10080/http");
        return;
    }
    if (!port) {
        char found[ZDD_WORDS_VALUE_SIZE];

        zdd_words_value(value, found);
        zdd_field_error_add(errors, pointer,
                            "must name a port of the cluster, like %.63s/port, not %s", bp->cluster,
                            found);
        return;
    }
    bp->has_gateway = true;
    for (size_t i = 0; i < bp->service_count; i++) {
        if (!attach(&bp->service[i], port, &gateway, pointer, errors))
            break; /* the other service most likely has the same fault */
    }
}

void zdd_blueprint_gateways_read(const json_t *gateways, struct zdd_blueprint *bp,
                                 struct zdd_field_errors *errors)
{
    json_t *members = (json_t *)(uintptr_t)gateways; /* the walk below changes nothing */
    const size_t before = errors->count;
    char pointer[ZDD_FIELD_POINTER_SIZE];
    const char *name;
    json_t *value;

    json_object_foreach(members, name, value)
    {
        zdd_field_pointer(pointer, "#/gateways", name);
        read_gateway(name, value, pointer, bp, errors);
    }
    if (bp->service_count > 1 && !bp->has_gateway && errors->count == before)
        zdd_field_error_add(errors, "#/gateways",
                            "is missing: two services share requests behind a port that users "
                            "know, like 10080: %.63s/port",
                            bp->cluster);
}

static struct zdd_blueprint_service *service_called(struct zdd_blueprint *bp, const char *name)
{
    for (size_t i = 0; i < bp->service_count; i++) {
        if (strcmp(bp->service[i].name, name) == 0)
            return &bp->service[i];
    }
    return NULL;
}

/* One route: weight of the service that bears its name. */
static void read_route(const char *name, const json_t *value, const char *pointer,
                       struct zdd_blueprint *bp, struct zdd_field_errors *errors)
{
    struct members {
        json_t *weight;
    } m = {0};
    static const struct zdd_field fields[] = {
        {.name = "weight",
         .kind = ZDD_FIELD_ANY,
         .offset = offsetof(struct members, weight),
         .required = true},
        {.kind = ZDD_FIELD_END},
    };
    struct zdd_blueprint_service *service = service_called(bp, name);
    char full[ZDD_FIELD_POINTER_SIZE], found[ZDD_WORDS_VALUE_SIZE];
    double weight;

    if (!service)
        zdd_field_error_add(errors, pointer, "no service of the cluster has a breed of this name");
    zdd_blueprint_fields(fields, value, pointer, &m, errors);
    if (!m.weight)
        return;
    zdd_field_pointer(full, pointer, "weight");
    if (!zdd_blueprint_percent(m.weight, &weight)) {
        zdd_words_value(m.weight, found);
        zdd_field_error_add(errors, full, "must be a share from 0%% to 100%%, like 20%%, not %s",
                            found);
    } else if (service && service->weight >= 0 && service->weight != weight) {
        zdd_field_error_add(errors, full,
                            "is another share than at another port of the cluster; all ports of an "
                            "app share alike");
    } else if (service) {
        service->weight = weight;
    }
}

/* Of one port, or of the cluster's only one. */
static void read_port_routes(const json_t *value, const char *pointer, struct zdd_blueprint *bp,
                             struct zdd_field_errors *errors)
{
    static const char *const sticky_names[] = {"none", "service", "route", "instance", NULL};
    struct members {
        json_t *routes;
        int sticky;
    } m = {0};
    static const struct zdd_field fields[] = {
        {.name = "routes", .kind = ZDD_FIELD_OBJECT, .offset = offsetof(struct members, routes)},
        {.name = "sticky",
         .kind = ZDD_FIELD_CHOICE,
         .offset = offsetof(struct members, sticky),
         .choices = sticky_names},
        {.kind = ZDD_FIELD_END},
    };
    char list[ZDD_FIELD_POINTER_SIZE], full[ZDD_FIELD_POINTER_SIZE];
    const char *name;
    json_t *route;

    zdd_blueprint_fields(fields, value, pointer, &m, errors);
    bp->sticky = bp->sticky || m.sticky > 0;
    zdd_field_pointer(list, pointer, "routes");
    json_object_foreach(m.routes, name, route)
    {
        zdd_field_pointer(full, list, name);
        read_route(name, route, full, bp, errors);
    }
}

static bool is_port(const struct zdd_blueprint *bp, const char *name)
{
    for (size_t i = 0; i < bp->service_count; i++) {
        if (zdd_blueprint_port_find(&bp->service[i], name) < bp->service[i].port_count)
            return true;
    }
    return false;
}

/* Either the gateway of the cluster's only port, or one below the name of each port. */
static void read_all_routes(const json_t *gateways, const char *pointer, struct zdd_blueprint *bp,
                            struct zdd_field_errors *errors)
{
    json_t *members = (json_t *)(uintptr_t)gateways; /* the walk below changes nothing */
    char full[ZDD_FIELD_POINTER_SIZE];
    const char *name;
    json_t *value;

    if (json_object_get(gateways, "routes") || json_object_get(gateways, "sticky")) {
        read_port_routes(gateways, pointer, bp, errors);
        return;
    }
    json_object_foreach(members, name, value)
    {
        zdd_field_pointer(full, pointer, name);
        if (is_port(bp, name))
            read_port_routes(value, full, bp, errors);
        else
            zdd_field_error_add(errors, full,
                                "no breed of the cluster has a port of this name; routes belong "
                                "below a port, or below gateways when there is but one");
    }
}

static void check_weights(const char *pointer, const struct zdd_blueprint *bp,
                          struct zdd_field_errors *errors)
{
    double sum = 0;

    for (size_t i = 0; i < bp->service_count; i++) {
        if (bp->service[i].weight < 0) {
            zdd_field_error_add(errors, pointer,
                                "routes without a weight for %.63s; right would be routes: {NAME: "
                                "{weight: 80%%}} for each service",
                                bp->service[i].name);
            return;
        }
        sum += bp->service[i].weight;
    }
    if (fabs(sum - 100) > WEIGHT_EXACT)
        zdd_field_error_add(errors, pointer,
                            "the weights of the routes add up to %g%%, not to 100%%", sum);
}

void zdd_blueprint_routes_read(const json_t *gateways, const char *pointer,
                               struct zdd_blueprint *bp, struct zdd_field_errors *errors)
{
    const size_t before = errors->count;

    for (size_t i = 0; i < bp->service_count; i++)
        bp->service[i].weight = -1; /* until a route says so */
    read_all_routes(gateways, pointer, bp, errors);
    if (bp->service_count == 1 && bp->service[0].weight < 0)
        bp->service[0].weight = 100;
    if (errors->count == before)
        check_weights(pointer, bp, errors);
}
