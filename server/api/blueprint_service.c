/**
 * @file server/api/blueprint_service.c
 * @brief One service of a blueprint: its breed, scale and environment.
 */
#include "server/api/blueprint_parts.h"
#include "server/api/blueprint_units.h"
#include "server/base/buf.h"
#include "server/json/words.h"

#include <stdlib.h>
#include <string.h>

#define IMAGE_MAX 512 /* bytes; a registry's name, a path, a tag and a digest */

static void refuse_value(const json_t *value, const char *pointer, const char *must_be,
                         struct zdd_field_errors *errors)
{
    char found[ZDD_WORDS_VALUE_SIZE];

    zdd_words_value(value, found);
    zdd_field_error_add(errors, pointer, "must be %s, not %s", must_be, found);
}

/* A breed or a scale by name is another document, which only VAMP has. */
static bool is_written_out(const json_t *value, const char *pointer,
                           struct zdd_field_errors *errors)
{
    if (!json_is_string(value))
        return value != NULL;
    zdd_field_error_add(errors, pointer,
                        "refers to something that only VAMP keeps; write it out here");
    return false;
}

static void read_port(const char *name, const json_t *value, const char *pointer,
                      struct zdd_blueprint_service *service, struct zdd_field_errors *errors)
{
    struct zdd_blueprint_port port = {.name = name};

    if (service->port_count == ZDD_APP_PORT_MAX) {
        zdd_field_error_add(errors, pointer, "a breed has at most %d ports here", ZDD_APP_PORT_MAX);
        return;
    }
    if (!zdd_blueprint_port(value, &port.number, &port.is_http)) {
        refuse_value(value, pointer,
                     "a port like 8080/http, 8080/tcp, or 0/http for Marathon's choice", errors);
        return;
    }
    service->port[service->port_count++] = port;
}

static void read_ports(const json_t *ports, const char *breed,
                       struct zdd_blueprint_service *service, struct zdd_field_errors *errors)
{
    json_t *members = (json_t *)(uintptr_t)ports; /* the walk below changes nothing */
    char list[ZDD_FIELD_POINTER_SIZE], pointer[ZDD_FIELD_POINTER_SIZE];
    const char *name;
    json_t *value;

    zdd_field_pointer(list, breed, "ports");
    json_object_foreach(members, name, value)
    {
        zdd_field_pointer(pointer, list, name);
        read_port(name, value, pointer, service, errors);
    }
}

/* "$$" is a "$"; alone it refers to another part of the blueprint, which VAMP would fill in. */
static json_t *value_of(const char *text)
{
    ZDD_AUTO_BUF struct zdd_buf value = {0};

    for (; *text; text++) {
        zdd_buf_append(&value, text, 1);
        text += *text == '$';
    }
    return value.err == ZDD_ERR_NONE ? json_string(value.data ? value.data : "") : NULL;
}

static bool has_reference(const char *text)
{
    for (const char *at = strchr(text, '$'); at; at = strchr(at + 2, '$')) {
        if (at[1] != '$')
            return true;
    }
    return false;
}

static void read_variable(const char *name, const json_t *value, const char *pointer,
                          struct zdd_blueprint_service *service, struct zdd_field_errors *errors)
{
    if (strchr(name, '['))
        zdd_field_error_add(errors, pointer,
                            "an alias is not carried out; write the name that the container shall "
                            "see");
    else if (!json_is_string(value))
        zdd_field_error_add(errors, pointer, "must be a text in quotes"); /* it may be a secret */
    else if (has_reference(json_string_value(value)))
        zdd_field_error_add(errors, pointer,
                            "refers to another part of the blueprint, which only VAMP fills in; "
                            "write the value, and $$ for a $");
    else if (json_object_set_new(service->env, name, value_of(json_string_value(value))) != 0)
        errors->no_memory = true;
}

/* VAMP's word and its short form. */
struct variables {
    json_t *whole, *brief;
};

static void read_list(const json_t *list, const char *pointer, const char *member,
                      struct zdd_blueprint_service *service, struct zdd_field_errors *errors)
{
    json_t *members = (json_t *)(uintptr_t)list; /* the walk below changes nothing */
    char below[ZDD_FIELD_POINTER_SIZE], full[ZDD_FIELD_POINTER_SIZE];
    const char *name;
    json_t *value;

    zdd_field_pointer(below, pointer, member);
    json_object_foreach(members, name, value)
    {
        zdd_field_pointer(full, below, name);
        read_variable(name, value, full, service, errors);
    }
}

static void read_variables(const struct variables *v, const char *pointer,
                           struct zdd_blueprint_service *service, struct zdd_field_errors *errors)
{
    char full[ZDD_FIELD_POINTER_SIZE];

    if (v->whole && v->brief) {
        zdd_field_pointer(full, pointer, "env");
        zdd_field_error_add(errors, full, "stands beside environment_variables; use one of them");
        return;
    }
    read_list(v->whole, pointer, "environment_variables", service, errors);
    read_list(v->brief, pointer, "env", service, errors);
}

struct breed {
    const char *name, *deployable;
    json_t *ports, *checks;
    struct variables variables;
};

#define AT(member) offsetof(struct breed, member)

static void read_breed(const json_t *value, const char *pointer, struct breed *breed,
                       struct zdd_blueprint_service *service, struct zdd_field_errors *errors)
{
    static const struct zdd_field fields[] = {
        {.name = "name",
         .kind = ZDD_FIELD_TEXT,
         .offset = AT(name),
         .required = true,
         .min = 1,
         .max = ZDD_BLUEPRINT_NAME_MAX},
        {.name = "deployable",
         .kind = ZDD_FIELD_TEXT,
         .offset = AT(deployable),
         .required = true,
         .min = 1,
         .max = IMAGE_MAX},
        {.name = "ports", .kind = ZDD_FIELD_OBJECT, .offset = AT(ports)},
        {.name = "environment_variables", .kind = ZDD_FIELD_OBJECT, .offset = AT(variables.whole)},
        {.name = "env", .kind = ZDD_FIELD_OBJECT, .offset = AT(variables.brief)},
        {.name = "health_checks", .kind = ZDD_FIELD_ARRAY, .offset = AT(checks)},
        {.kind = ZDD_FIELD_END},
    };

    zdd_blueprint_fields(fields, value, pointer, breed, errors);
    service->name = breed->name ? breed->name : "";
    service->image = breed->deployable ? breed->deployable : "";
    read_ports(breed->ports, pointer, service, errors);
    read_variables(&breed->variables, pointer, service, errors);
}

struct scale {
    json_t *cpu, *memory;
    int64_t instances;
};

static void read_scale(const json_t *value, const char *pointer,
                       struct zdd_blueprint_service *service, struct zdd_field_errors *errors)
{
    static const struct zdd_field fields[] = {
        {.name = "cpu",
         .kind = ZDD_FIELD_ANY,
         .offset = offsetof(struct scale, cpu),
         .required = true},
        {.name = "memory",
         .kind = ZDD_FIELD_ANY,
         .offset = offsetof(struct scale, memory),
         .required = true},
        {.name = "instances",
         .kind = ZDD_FIELD_INT,
         .offset = offsetof(struct scale, instances),
         .min = 1,
         .max = ZDD_INSTANCES_MAX},
        {.kind = ZDD_FIELD_END},
    };
    struct scale scale = {.instances = 1};
    char full[ZDD_FIELD_POINTER_SIZE];

    zdd_blueprint_fields(fields, value, pointer, &scale, errors);
    service->instances = scale.instances;
    zdd_field_pointer(full, pointer, "cpu");
    if (scale.cpu && !zdd_blueprint_cpus(scale.cpu, &service->cpus))
        refuse_value(scale.cpu, full, "cores like 0.5 or 500m", errors);
    zdd_field_pointer(full, pointer, "memory");
    if (scale.memory && !zdd_blueprint_memory(scale.memory, &service->mem_mib))
        refuse_value(scale.memory, full, "memory like 64MB or 0.5GB", errors);
}

struct members {
    json_t *breed, *scale, *checks;
    struct variables variables;
};

static void read_checks(const struct members *m, const struct breed *breed, const char *pointer,
                        struct zdd_blueprint_service *service, struct zdd_field_errors *errors)
{
    char full[ZDD_FIELD_POINTER_SIZE];

    zdd_field_pointer(full, pointer, m->checks ? "health_checks" : "breed");
    if (m->checks && breed->checks) {
        zdd_field_error_add(errors, full, "stands in the breed too; leave one of them");
        return;
    }
    if (!m->checks)
        zdd_field_pointer(full, full, "health_checks");
    zdd_blueprint_checks_read(m->checks ? m->checks : breed->checks, full, service, errors);
}

void zdd_blueprint_service_read(const json_t *value, const char *pointer,
                                struct zdd_blueprint_service *service,
                                struct zdd_field_errors *errors)
{
    static const struct zdd_field fields[] = {
        {.name = "breed",
         .kind = ZDD_FIELD_ANY,
         .offset = offsetof(struct members, breed),
         .required = true},
        {.name = "scale",
         .kind = ZDD_FIELD_ANY,
         .offset = offsetof(struct members, scale),
         .required = true},
        {.name = "environment_variables",
         .kind = ZDD_FIELD_OBJECT,
         .offset = offsetof(struct members, variables.whole)},
        {.name = "env",
         .kind = ZDD_FIELD_OBJECT,
         .offset = offsetof(struct members, variables.brief)},
        {.name = "health_checks",
         .kind = ZDD_FIELD_ARRAY,
         .offset = offsetof(struct members, checks)},
        {.kind = ZDD_FIELD_END},
    };
    struct members m = {0};
    struct breed breed = {0};
    char full[ZDD_FIELD_POINTER_SIZE];

    service->name = service->image = "";
    service->env = json_object();
    service->checks = json_array();
    if (!service->env || !service->checks) {
        errors->no_memory = true;
        return;
    }
    zdd_blueprint_fields(fields, value, pointer, &m, errors);
    zdd_field_pointer(full, pointer, "breed");
    if (is_written_out(m.breed, full, errors))
        read_breed(m.breed, full, &breed, service, errors);
    zdd_field_pointer(full, pointer, "scale");
    if (is_written_out(m.scale, full, errors))
        read_scale(m.scale, full, service, errors);
    read_variables(&m.variables, pointer, service, errors);
    read_checks(&m, &breed, pointer, service, errors);
}
