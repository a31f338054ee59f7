/**
 * @file server/api/blueprint_checks.c
 * @brief `health_checks` of a blueprint as Marathon has them.
 */
#include "server/api/blueprint_parts.h"
#include "server/api/blueprint_units.h"
#include "server/json/words.h"

#include <stdio.h>
#include <string.h>

#define FAILURES_MAX 1000

enum protocol { HTTP, HTTPS, TCP };
static const char *const protocols[] = {[HTTP] = "HTTP", [HTTPS] = "HTTPS", [TCP] = "TCP", NULL};

struct check {
    int protocol;
    const char *path, *port;
    json_t *delay, *interval, *timeout;
    int64_t failures;
};

#define AT(member) offsetof(struct check, member)

size_t zdd_blueprint_port_find(const struct zdd_blueprint_service *service, const char *name)
{
    size_t i = 0;

    while (i < service->port_count && strcmp(service->port[i].name, name) != 0)
        i++;
    return i;
}

/* Which port is asked; the first one unless one is named. */
static int64_t port_index(const struct check *check, const char *pointer,
                          const struct zdd_blueprint_service *service,
                          struct zdd_field_errors *errors)
{
    const size_t index = check->port ? zdd_blueprint_port_find(service, check->port) : 0;
    char full[ZDD_FIELD_POINTER_SIZE], quoted[ZDD_WORDS_QUOTE_SIZE];

    if (index < service->port_count)
        return (int64_t)index;
    zdd_field_pointer(full, pointer, "port");
    if (check->port) {
        zdd_words_quote(check->port, quoted);
        zdd_field_error_add(errors, full, "the breed has no port called %s", quoted);
    } else {
        zdd_field_error_add(errors, pointer, "the breed has no port that could be asked");
    }
    return 0;
}

/* Marathon's own default holds where the blueprint says nothing. */
static bool set_seconds(json_t *into, const char *name, const json_t *value, const char *pointer,
                        struct zdd_field_errors *errors)
{
    char found[ZDD_WORDS_VALUE_SIZE];
    int64_t seconds;

    if (!value)
        return true;
    if (!zdd_blueprint_seconds(value, &seconds)) {
        zdd_words_value(value, found);
        zdd_field_error_add(errors, pointer, "must be whole seconds like 10s, not %s", found);
        return true;
    }
    return json_object_set_new(into, name, json_integer(seconds)) == 0;
}

static bool set_times(json_t *into, const struct check *check, const char *pointer,
                      struct zdd_field_errors *errors)
{
    const struct {
        const char *theirs, *ours;
        const json_t *value;
    } rows[] = {
        {"initial_delay", "gracePeriodSeconds", check->delay},
        {"interval", "intervalSeconds", check->interval},
        {"timeout", "timeoutSeconds", check->timeout},
    };
    char full[ZDD_FIELD_POINTER_SIZE];

    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        zdd_field_pointer(full, pointer, rows[i].theirs);
        if (!set_seconds(into, rows[i].ours, rows[i].value, full, errors))
            return false;
    }
    return check->failures < 0 ||
           json_object_set_new(into, "maxConsecutiveFailures", json_integer(check->failures)) == 0;
}

static void read_check(const json_t *value, const char *pointer,
                       struct zdd_blueprint_service *service, struct zdd_field_errors *errors)
{
    static const struct zdd_field fields[] = {
        {.name = "protocol",
         .kind = ZDD_FIELD_CHOICE,
         .offset = AT(protocol),
         .choices = protocols},
        {.name = "path", .kind = ZDD_FIELD_TEXT, .offset = AT(path)},
        {.name = "port", .kind = ZDD_FIELD_TEXT, .offset = AT(port)},
        {.name = "initial_delay", .kind = ZDD_FIELD_ANY, .offset = AT(delay)},
        {.name = "interval", .kind = ZDD_FIELD_ANY, .offset = AT(interval)},
        {.name = "timeout", .kind = ZDD_FIELD_ANY, .offset = AT(timeout)},
        {.name = "failures",
         .kind = ZDD_FIELD_INT,
         .offset = AT(failures),
         .min = 0,
         .max = FAILURES_MAX},
        {.kind = ZDD_FIELD_END},
    };
    struct check check = {.protocol = HTTP, .failures = -1};
    ZDD_AUTO_JSON json_t *into = NULL;

    zdd_blueprint_fields(fields, value, pointer, &check, errors);
    into = json_pack("{s:s, s:I}", "protocol", protocols[check.protocol], "portIndex",
                     (json_int_t)port_index(&check, pointer, service, errors));
    if (!into || !set_times(into, &check, pointer, errors) ||
        (check.protocol != TCP &&
         json_object_set_new(into, "path", json_string(check.path ? check.path : "/")) != 0) ||
        json_array_append(service->checks, into) != 0)
        errors->no_memory = true;
}

void zdd_blueprint_checks_read(const json_t *list, const char *pointer,
                               struct zdd_blueprint_service *service,
                               struct zdd_field_errors *errors)
{
    char number[24], full[ZDD_FIELD_POINTER_SIZE];

    for (size_t i = 0; i < json_array_size(list); i++) {
        snprintf(number, sizeof(number), "%zu", i);
        zdd_field_pointer(full, pointer, number);
        read_check(json_array_get(list, i), full, service, errors);
    }
}
