/**
 * @file server/api/blueprint_fields.c
 * @brief Members of a blueprint: known, unknown, and known to VAMP alone.
 */
#include "server/api/blueprint_parts.h"

#include <assert.h>
#include <string.h>

#define KNOWN_MAX 16 /* members of one object */

#define IN_SERVICE "belongs into a service or its breed"
#define BY_WEIGHT "is not carried out: requests are shared by weight alone; remove it"
#define BY_LOAD "is not carried out: nothing scales by load here; remove it"

/* What VAMP would do, and what to write instead. */
static const struct {
    const char *name, *words;
} foreign[] = {
    {"dialects",
     "is not carried out: it is Marathon's own language; send the definition as JSON, in "
     "\"app\" of a deployment request"},
    {"sla", BY_LOAD},
    {"slas", BY_LOAD},
    {"escalations", BY_LOAD},
    {"workflows", "is not carried out: workflows run inside VAMP; remove it"},
    {"condition", BY_WEIGHT},
    {"conditions", BY_WEIGHT},
    {"condition_strength", BY_WEIGHT},
    {"filters", BY_WEIGHT},
    {"selector", BY_WEIGHT},
    {"rewrites", BY_WEIGHT},
    {"virtual_hosts", "is not carried out; the label HAPROXY_0_VHOST of a JSON request does that"},
    {"dependencies",
     "is not carried out: write the other app's address into environment_variables"},
    {"constants", "is not carried out: write the values out where they are used"},
    {"traits", "is not carried out: write the values out where they are used"},
    {"arguments", "is not carried out: send the definition as JSON, in \"app\" of a deployment "
                  "request"},
    {"network", "is not carried out: the network follows from the ports; port 0 is the host's "
                "network, any other a bridge"},
    {"environment_variables", IN_SERVICE},
    {"env", IN_SERVICE},
    {"health_checks", IN_SERVICE},
};

static void refuse_member(const char *known[], size_t count, const char *pointer, const char *name,
                          struct zdd_field_errors *errors)
{
    char full[ZDD_FIELD_POINTER_SIZE];

    for (size_t i = 0; i < ZDD_COUNT(foreign); i++) {
        if (strcmp(foreign[i].name, name) == 0) {
            zdd_field_pointer(full, pointer, name);
            zdd_field_error_add(errors, full, "%s", foreign[i].words);
            return;
        }
    }
    zdd_field_unknown(errors, pointer, name, known, count);
}

static bool is_known(const char *const known[], size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(known[i], name) == 0)
            return true;
    }
    return false;
}

bool zdd_blueprint_fields(const struct zdd_field *fields, const json_t *object, const char *pointer,
                          void *into, struct zdd_field_errors *errors)
{
    const size_t before = errors->count;
    json_t *members = (json_t *)(uintptr_t)object; /* the walk below changes nothing */
    const char *known[KNOWN_MAX];
    size_t count = 0;
    const char *name;
    json_t *value;

    zdd_fields_read_known(fields, object, pointer, into, errors);
    for (; fields[count].kind != ZDD_FIELD_END; count++) {
        assert(count < KNOWN_MAX);
        known[count] = fields[count].name;
    }
    json_object_foreach(members, name, value)
    {
        if (!is_known(known, count, name))
            refuse_member(known, count, pointer, name, errors);
    }
    return errors->count == before;
}
