/**
 * @file server/json/appdef_shape.c
 * @brief Which members an app definition has, of which type, in which range (marathon.md §2.2).
 *
 * A table per kind of object, and a table of what is inside what. Only the verdict
 * counts here: every row reads into the same scratch place.
 */
#include "server/json/appdef_parts.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PORT_MAX 65535

/* Where values go that nobody looks at. */
union scratch {
    const char *text;
    int64_t integer;
    double real;
    bool truth;
    int choice;
    json_t *json;
};

/* One kind of object, and what its members hold. */
struct shape {
    const char *member;             /* where it stands in the object around it */
    bool list;                      /* the member is an array of such things */
    const struct zdd_field *fields; /* of the object; NULL: the things are plain values … */
    const struct zdd_field *value;  /* … of this kind */
    const struct shape *inside;     /* ended by a row without member; NULL: nothing */
};

static const char *const engines[] = {"MESOS", "DOCKER", NULL};
static const char *const docker_networks[] = {"BRIDGE", "HOST", "USER", NULL};
static const char *const modes[] = {"host", "container", "container/bridge", NULL};
static const char *const transports[] = {"tcp", "udp", "udp,tcp", "tcp,udp", NULL};
static const char *const read_modes[] = {"RO", "RW", NULL};
static const char *const health_protocols[] = {"HTTP",       "HTTPS",       "TCP",       "COMMAND",
                                               "MESOS_HTTP", "MESOS_HTTPS", "MESOS_TCP", NULL};
static const char *const http_schemes[] = {"HTTP", "HTTPS", NULL};
static const char *const ip_protocols[] = {"IPv4", "IPv6", NULL};
static const char *const kill_selections[] = {"YOUNGEST_FIRST", "OLDEST_FIRST", NULL};
static const char *const disk_types[] = {"root", "path", "mount", NULL};

/* clang-format off */
#define END {.kind = ZDD_FIELD_END}
#define TEXT(name)           {name, ZDD_FIELD_TEXT, .offset = 0}
#define TEXT_SOME(name)      {name, ZDD_FIELD_TEXT, .min = 1, .max = HUGE_VAL}
#define TEXT_NEEDED(name)    {name, ZDD_FIELD_TEXT, .required = true, .min = 1, .max = HUGE_VAL}
#define INT_FROM(name, low)  {name, ZDD_FIELD_INT, .min = (low), .max = INT32_MAX}
#define PORT(name)           {name, ZDD_FIELD_INT, .min = 0, .max = PORT_MAX}
#define REAL_FROM(name, low) {name, ZDD_FIELD_REAL, .min = (low), .max = HUGE_VAL}
#define BOOL(name)           {name, ZDD_FIELD_BOOL, .offset = 0}
#define CHOICE(name, words)  {name, ZDD_FIELD_CHOICE, .choices = (words)}
#define OBJECT(name)         {name, ZDD_FIELD_OBJECT, .offset = 0}
#define LIST(name)           {name, ZDD_FIELD_ARRAY, .offset = 0}
#define TEXTS(name)          {name, ZDD_FIELD_LABELS, .offset = 0}
#define ANY(name)            {name, ZDD_FIELD_ANY, .offset = 0}

static const struct zdd_field app_fields[] = {
    {"id", ZDD_FIELD_TEXT, .required = true, .min = 1, .max = HUGE_VAL},
    {"instances", ZDD_FIELD_INT, .min = 0, .max = ZDD_INSTANCES_MAX},
    REAL_FROM("cpus", 0.001), REAL_FROM("mem", 0), REAL_FROM("disk", 0), INT_FROM("gpus", 0),
    TEXT("cmd"), LIST("args"), TEXT("user"), TEXT("executor"), OBJECT("env"), TEXTS("labels"),
    OBJECT("container"), LIST("networks"), LIST("portDefinitions"), BOOL("requirePorts"),
    LIST("constraints"), LIST("fetch"), LIST("dependencies"), OBJECT("secrets"),
    {"acceptedResourceRoles", ZDD_FIELD_ARRAY, .min = 1, .max = HUGE_VAL},
    INT_FROM("backoffSeconds", 0), REAL_FROM("backoffFactor", 1),
    INT_FROM("maxLaunchDelaySeconds", 0), INT_FROM("taskKillGracePeriodSeconds", 0),
    OBJECT("upgradeStrategy"), CHOICE("killSelection", kill_selections),
    ANY("unreachableStrategy"), LIST("healthChecks"), LIST("readinessChecks"), OBJECT("check"),
    TEXT_SOME("role"), BOOL("tty"), OBJECT("executorResources"), OBJECT("resourceLimits"),
    OBJECT("residency"), OBJECT("ipAddress"), LIST("ports"), LIST("uris"),
    ANY("version"), ANY("versionInfo"), ANY("tasks"), ANY("tasksStaged"), ANY("tasksRunning"),
    ANY("tasksHealthy"), ANY("tasksUnhealthy"), ANY("deployments"), ANY("lastTaskFailure"),
    ANY("readinessCheckResults"), ANY("taskStats"), ANY("tasksStats"), ANY("storeUrls"), END,
};

static const struct zdd_field container_fields[] = {
    CHOICE("type", engines), OBJECT("docker"), OBJECT("appc"), LIST("volumes"),
    LIST("portMappings"), OBJECT("linuxInfo"), END,
};
static const struct zdd_field docker_fields[] = {
    TEXT_NEEDED("image"), BOOL("forcePullImage"), BOOL("privileged"), LIST("parameters"),
    OBJECT("pullConfig"), CHOICE("network", docker_networks), LIST("portMappings"),
    ANY("credential"), END,
};
static const struct zdd_field parameter_fields[] = {TEXT_NEEDED("key"), TEXT("value"), END};
static const struct zdd_field secret_ref_fields[] = {TEXT_NEEDED("secret"), END};
static const struct zdd_field mapping_fields[] = {
    PORT("containerPort"), PORT("hostPort"), PORT("servicePort"), CHOICE("protocol", transports),
    TEXT_SOME("name"), TEXTS("labels"), LIST("networkNames"), END,
};
static const struct zdd_field volume_fields[] = {
    TEXT_NEEDED("containerPath"), TEXT_SOME("hostPath"), CHOICE("mode", read_modes),
    OBJECT("persistent"), OBJECT("external"), TEXT_SOME("secret"), END,
};
static const struct zdd_field persistent_fields[] = {
    {"size", ZDD_FIELD_INT, .required = true, .min = 1, .max = HUGE_VAL},
    {"maxSize", ZDD_FIELD_INT, .min = 1, .max = HUGE_VAL},
    CHOICE("type", disk_types), TEXT("profileName"), LIST("constraints"), END,
};
static const struct zdd_field external_fields[] = {
    {"size", ZDD_FIELD_INT, .min = 0, .max = HUGE_VAL}, TEXT("name"), TEXT("provider"),
    TEXTS("options"), BOOL("shared"), END,
};
static const struct zdd_field network_fields[] = {
    CHOICE("mode", modes), TEXT("name"), TEXTS("labels"), END,
};
static const struct zdd_field definition_fields[] = {
    PORT("port"), CHOICE("protocol", transports), TEXT_SOME("name"), TEXTS("labels"), END,
};
static const struct zdd_field fetch_fields[] = {
    TEXT_NEEDED("uri"), BOOL("extract"), BOOL("executable"), BOOL("cache"),
    TEXT_SOME("destPath"), TEXT("outputFile"), END,
};
static const struct zdd_field upgrade_fields[] = {
    {"minimumHealthCapacity", ZDD_FIELD_REAL, .required = true, .min = 0, .max = 1},
    {"maximumOverCapacity", ZDD_FIELD_REAL, .required = true, .min = 0, .max = 1}, END,
};
static const struct zdd_field health_fields[] = {
    CHOICE("protocol", health_protocols), TEXT("path"), PORT("port"), PORT("portIndex"),
    INT_FROM("gracePeriodSeconds", 0), INT_FROM("intervalSeconds", 0),
    INT_FROM("timeoutSeconds", 0), INT_FROM("maxConsecutiveFailures", 0),
    INT_FROM("delaySeconds", 0), BOOL("ignoreHttp1xx"), CHOICE("ipProtocol", ip_protocols),
    OBJECT("command"), END,
};
static const struct zdd_field command_fields[] = {TEXT_NEEDED("value"), END};
static const struct zdd_field readiness_fields[] = {
    TEXT_SOME("name"), CHOICE("protocol", http_schemes), TEXT_SOME("path"), TEXT_SOME("portName"),
    INT_FROM("intervalSeconds", 0), INT_FROM("timeoutSeconds", 1),
    {"httpStatusCodesForReady", ZDD_FIELD_ARRAY, .min = 1, .max = HUGE_VAL},
    BOOL("preserveLastResponse"), END,
};
static const struct zdd_field check_fields[] = {
    OBJECT("http"), OBJECT("tcp"), OBJECT("exec"), INT_FROM("intervalSeconds", 0),
    INT_FROM("timeoutSeconds", 0), INT_FROM("delaySeconds", 0), END,
};
static const struct zdd_field http_check_fields[] = {
    PORT("portIndex"), TEXT("path"), CHOICE("scheme", http_schemes), END,
};
static const struct zdd_field tcp_check_fields[] = {PORT("portIndex"), END};
static const struct zdd_field resource_fields[] = {
    REAL_FROM("cpus", 0), REAL_FROM("mem", 0), REAL_FROM("disk", 0), INT_FROM("gpus", 0), END,
};
static const struct zdd_field ip_address_fields[] = {
    TEXT_SOME("networkName"), TEXTS("labels"), LIST("groups"), OBJECT("discovery"), END,
};
static const struct zdd_field discovery_fields[] = {LIST("ports"), END};
static const struct zdd_field discovery_port_fields[] = {
    PORT("number"), TEXT_NEEDED("name"), CHOICE("protocol", transports), TEXTS("labels"), END,
};

static const struct zdd_field some_text = TEXT_SOME("");
static const struct zdd_field any_text = TEXT("");
static const struct zdd_field a_port = PORT("");
static const struct zdd_field a_status = {"", ZDD_FIELD_INT, .min = 100, .max = 999};
static const struct zdd_field a_list = LIST("");

/*       member             list   fields              value       inside */
static const struct shape mapping_inside[] = {
        {"networkNames",    true,  NULL,               &some_text, NULL}, {.member = NULL}};
static const struct shape docker_inside[] = {
        {"parameters",      true,  parameter_fields,   NULL,       NULL},
        {"pullConfig",      false, secret_ref_fields,  NULL,       NULL},
        {"portMappings",    true,  mapping_fields,     NULL,       mapping_inside}, {.member = NULL}};
static const struct shape volume_inside[] = {
        {"persistent",      false, persistent_fields,  NULL,       NULL},
        {"external",        false, external_fields,    NULL,       NULL}, {.member = NULL}};
static const struct shape container_inside[] = {
        {"docker",          false, docker_fields,      NULL,       docker_inside},
        {"volumes",         true,  volume_fields,      NULL,       volume_inside},
        {"portMappings",    true,  mapping_fields,     NULL,       mapping_inside}, {.member = NULL}};
static const struct shape health_inside[] = {
        {"command",         false, command_fields,     NULL,       NULL}, {.member = NULL}};
static const struct shape readiness_inside[] = {
        {"httpStatusCodesForReady", true, NULL,        &a_status,  NULL}, {.member = NULL}};
static const struct shape check_inside[] = {
        {"http",            false, http_check_fields,  NULL,       NULL},
        {"tcp",             false, tcp_check_fields,   NULL,       NULL}, {.member = NULL}};
static const struct shape discovery_inside[] = {
        {"ports",           true,  discovery_port_fields, NULL,    NULL}, {.member = NULL}};
static const struct shape ip_address_inside[] = {
        {"discovery",       false, discovery_fields,   NULL,       discovery_inside}, {.member = NULL}};
static const struct shape app_inside[] = {
        {"args",            true,  NULL,               &any_text,  NULL},
        {"dependencies",    true,  NULL,               &some_text, NULL},
        {"acceptedResourceRoles", true, NULL,          &some_text, NULL},
        {"uris",            true,  NULL,               &some_text, NULL},
        {"ports",           true,  NULL,               &a_port,    NULL},
        {"constraints",     true,  NULL,               &a_list,    NULL},
        {"container",       false, container_fields,   NULL,       container_inside},
        {"networks",        true,  network_fields,     NULL,       NULL},
        {"portDefinitions", true,  definition_fields,  NULL,       NULL},
        {"fetch",           true,  fetch_fields,       NULL,       NULL},
        {"upgradeStrategy", false, upgrade_fields,     NULL,       NULL},
        {"healthChecks",    true,  health_fields,      NULL,       health_inside},
        {"readinessChecks", true,  readiness_fields,   NULL,       readiness_inside},
        {"check",           false, check_fields,       NULL,       check_inside},
        {"executorResources", false, resource_fields,  NULL,       NULL},
        {"ipAddress",       false, ip_address_fields,  NULL,       ip_address_inside},
        {.member = NULL}};
/* clang-format on */

/* Look at one thing, not at what is inside it. */
typedef void looker(const struct zdd_appdef_view *view, const struct shape *shape,
                    const json_t *thing, const char *pointer);

static void look_at_all(const struct zdd_appdef_view *view, const struct shape *shape,
                        const json_t *thing, const char *pointer)
{
    union scratch scratch;

    if (!shape->fields)
        zdd_field_value_read(shape->value, thing, pointer, &scratch, view->errors);
    else if (view->unknown_is_error)
        zdd_fields_read(shape->fields, thing, pointer, &scratch, view->errors);
    else
        zdd_fields_read_known(shape->fields, thing, pointer, &scratch, view->errors);
}

/* The same rows without their bounds. */
static void look_at_types(const struct zdd_appdef_view *view, const struct shape *shape,
                          const json_t *thing, const char *pointer)
{
    struct zdd_field row[2] = {{.kind = ZDD_FIELD_END}, {.kind = ZDD_FIELD_END}};
    union scratch scratch;

    if (!shape->fields) {
        assert(shape->value);
        row[0] = *shape->value;
        row[0].min = row[0].max = 0;
        zdd_field_value_read(row, thing, pointer, &scratch, view->errors);
        return;
    }
    if (!json_is_object(thing)) /* once, not once a row */
        zdd_fields_read_known(&row[1], thing, pointer, &scratch, view->errors);
    for (const struct zdd_field *field = shape->fields;
         field->kind != ZDD_FIELD_END && json_is_object(thing); field++) {
        row[0] = *field;
        row[0].min = row[0].max = 0;
        zdd_fields_read_known(row, thing, pointer, &scratch, view->errors);
    }
}

static void visit_inside(const struct zdd_appdef_view *view, const struct shape *inside,
                         const json_t *object, const char *pointer, looker *look);

static void visit_thing(const struct zdd_appdef_view *view, const struct shape *shape,
                        const json_t *thing, const char *pointer, looker *look)
{
    look(view, shape, thing, pointer);
    if (shape->fields && shape->inside)
        visit_inside(view, shape->inside, thing, pointer, look);
}

/* A member of the wrong type was reported with the object around it: here it is passed over. */
static void visit_inside(const struct zdd_appdef_view *view, const struct shape *inside,
                         const json_t *object, const char *pointer, looker *look)
{
    for (; inside->member; inside++) {
        const json_t *value = json_object_get(object, inside->member);
        char here[ZDD_FIELD_POINTER_SIZE], index[24];

        if (!value)
            continue;
        zdd_field_pointer(here, pointer, inside->member);
        if (!inside->list && json_is_object(value))
            visit_thing(view, inside, value, here, look);
        for (size_t i = 0; inside->list && i < json_array_size(value); i++) {
            char element[ZDD_FIELD_POINTER_SIZE];

            snprintf(index, sizeof(index), "%zu", i);
            zdd_field_pointer(element, here, index);
            visit_thing(view, inside, json_array_get(value, i), element, look);
        }
    }
}

static const struct shape app_shape = {NULL, false, app_fields, NULL, app_inside};

void zdd_appdef_check_shape(const struct zdd_appdef_view *view)
{
    visit_thing(view, &app_shape, view->given, view->pointer, look_at_all);
}

bool zdd_appdef_check_types(const json_t *definition, const char *pointer,
                            struct zdd_field_errors *errors)
{
    const size_t errors_before = errors->count;
    const struct zdd_appdef_view view = {.given = definition, .pointer = pointer, .errors = errors};

    visit_thing(&view, &app_shape, definition, pointer, look_at_types);
    return errors->count == errors_before;
}

static bool is_known(const struct zdd_field *fields, const char *name)
{
    while (fields->kind != ZDD_FIELD_END && strcmp(fields->name, name) != 0)
        fields++;
    return fields->kind != ZDD_FIELD_END;
}

static void prune(const struct shape *shape, json_t *thing)
{
    const char *name;
    json_t *value;
    void *next;

    json_object_foreach_safe(thing, next, name, value)
    {
        if (!is_known(shape->fields, name))
            json_object_del(thing, name);
    }
    for (const struct shape *inside = shape->inside; inside && inside->member; inside++) {
        json_t *member = json_object_get(thing, inside->member);

        if (!inside->fields)
            continue;
        if (!inside->list)
            prune(inside, member);
        for (size_t i = 0; inside->list && i < json_array_size(member); i++)
            prune(inside, json_array_get(member, i));
    }
}

void zdd_appdef_prune(json_t *definition)
{
    prune(&app_shape, definition);
}
