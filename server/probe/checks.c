/**
 * @file server/probe/checks.c
 * @brief What may stand in `verify`.
 */
#include "server/probe/checks.h"

#include "server/net/url.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define INTERVAL_MAX_S 3600
#define POINTER_MAX 100
#define MS_OF_S 1000

static const char *const sources[] = {"http", "haproxy", "prometheus", NULL};

/* The members of a check as they stand. */
struct check_members {
    int source;
    const char *url, *pointer;
    double max, min;
    json_t *equals;
};

#define AT(member) offsetof(struct check_members, member)
static const struct zdd_field check_fields[] = {
    {.name = "source",
     .kind = ZDD_FIELD_CHOICE,
     .offset = AT(source),
     .required = true,
     .choices = sources,
     .text = "http: a page that is asked for. haproxy and prometheus are not for blue-green."},
    {.name = "url",
     .kind = ZDD_FIELD_TEXT,
     .offset = AT(url),
     .required = true,
     .min = 1,
     .max = ZDD_CHECK_URL_SIZE - 1,
     .text =
         "A path that every new instance is asked for at its first port, or an http(s) URL of a "
         "host that the server allows."},
    {.name = "pointer",
     .kind = ZDD_FIELD_TEXT,
     .offset = AT(pointer),
     .min = 0,
     .max = POINTER_MAX,
     .text = "JSON Pointer to the value that is judged; without it the status must be 2xx."},
    {.name = "max",
     .kind = ZDD_FIELD_REAL,
     .offset = AT(max),
     .text = "The value must be a number, not above this."},
    {.name = "min",
     .kind = ZDD_FIELD_REAL,
     .offset = AT(min),
     .text = "The value must be a number, not below this."},
    {.name = "equals",
     .kind = ZDD_FIELD_ANY,
     .offset = AT(equals),
     .text = "The value must be this text, number or truth value."},
    {.kind = ZDD_FIELD_END},
};
#undef AT

/* The members of `verify` as they stand. */
struct verify_members {
    json_t *checks;
    int64_t interval_s, count, failure_limit;
    json_t *min_requests, *on_inconclusive;
};

#define AT(member) offsetof(struct verify_members, member)
static const struct zdd_field verify_fields[] = {
    {.name = "checks",
     .kind = ZDD_FIELD_ARRAY,
     .offset = AT(checks),
     .required = true,
     .min = 1,
     .max = ZDD_CHECK_MAX,
     .text = "All of them have to pass in each round."},
    {.name = "intervalSeconds",
     .kind = ZDD_FIELD_INT,
     .offset = AT(interval_s),
     .min = 1,
     .max = INTERVAL_MAX_S,
     .text = "From one round to the next; absent: 10."},
    {.name = "count",
     .kind = ZDD_FIELD_INT,
     .offset = AT(count),
     .min = 1,
     .max = ZDD_ROUND_MAX,
     .text = "Rounds; absent: 6."},
    {.name = "failureLimit",
     .kind = ZDD_FIELD_INT,
     .offset = AT(failure_limit),
     .min = 0,
     .max = ZDD_ROUND_MAX - 1,
     .text = "Rounds that may fail, below count; so many in a row may also say nothing because "
             "another service does not answer. Absent: 1, or 0 with one round."},
    {.name = "minRequests", .kind = ZDD_FIELD_ANY, .offset = AT(min_requests)},
    {.name = "onInconclusive", .kind = ZDD_FIELD_ANY, .offset = AT(on_inconclusive)},
    {.kind = ZDD_FIELD_END},
};
#undef AT

bool zdd_check_asks_instances(const struct zdd_check *check)
{
    return check->url[0] == '/';
}

__attribute__((format(printf, 4, 5))) static void complain(struct zdd_field_errors *errors,
                                                           const char *pointer, const char *name,
                                                           const char *format, ...)
{
    char place[ZDD_FIELD_POINTER_SIZE], detail[200];
    va_list args;

    zdd_field_pointer(place, pointer, name);
    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    zdd_field_error_add(errors, place, "%s", detail);
}

/* Nothing that ends a line, and no half of a character where it is cut. */
static bool is_plain(const char *text, char least)
{
    for (; *text; text++) {
        if (*text < least || *text >= 0x7F)
            return false;
    }
    return true;
}

/* Nothing in a path may end the request line or hide a host. */
static bool is_path(const char *url)
{
    if (url[0] != '/' || url[1] == '/')
        return false;
    return is_plain(url, '!') && !strpbrk(url, "#\\");
}

static void check_url(const struct check_members *m, const char *pointer,
                      struct zdd_field_errors *errors)
{
    if (!is_path(m->url) && !(m->url[0] != '/' && is_plain(m->url, '!') && zdd_url_valid(m->url)))
        complain(errors, pointer, "url",
                 "must be a path like /ready, or an http or https URL without credentials");
}

static bool is_pointer(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at == '~' && at[1] != '0' && at[1] != '1')
            return false;
    }
    return (text[0] == '/' || text[0] == '\0') && is_plain(text, ' ');
}

static void check_value(const struct check_members *m, const char *pointer,
                        struct zdd_field_errors *errors)
{
    const bool bounded = !isnan(m->min) || !isnan(m->max);

    if (!m->pointer && (bounded || m->equals))
        complain(errors, pointer, "pointer", "is missing: which value shall be judged?");
    if (!m->pointer)
        return;
    if (!is_pointer(m->pointer))
        complain(errors, pointer, "pointer", "must be a JSON Pointer like /errors/rate");
    if (!bounded && !m->equals)
        complain(errors, pointer, "pointer", "needs max, min or equals beside it");
    if (bounded && m->equals)
        complain(errors, pointer, "equals", "cannot stand beside max or min");
    if (!isnan(m->min) && !isnan(m->max) && m->min > m->max)
        complain(errors, pointer, "min", "must not be above max");
    if (json_is_object(m->equals) || json_is_array(m->equals))
        complain(errors, pointer, "equals", "must be a text, a number or a truth value");
}

static void read_check(const json_t *value, const char *pointer, struct zdd_check *ret_check,
                       struct zdd_field_errors *errors)
{
    struct check_members m = {.min = (double)NAN, .max = (double)NAN};
    const char *source = zdd_json_text(value, "source", "");

    if (!json_is_object(value)) {
        zdd_field_error_add(errors, pointer, "must be an object");
        return;
    }
    if (strcmp(source, sources[1]) == 0 || strcmp(source, sources[2]) == 0) {
        complain(errors, pointer, "source",
                 "%s measures requests, and before the switch there are none: use http", source);
        return;
    }
    if (!zdd_fields_read(check_fields, value, pointer, &m, errors))
        return;
    check_url(&m, pointer, errors);
    check_value(&m, pointer, errors);
    *ret_check = (struct zdd_check){m.url, m.pointer, m.min, m.max, m.equals};
}

bool zdd_checks_read(const json_t *list, const char *pointer, struct zdd_checks *ret_checks,
                     struct zdd_field_errors *errors)
{
    const size_t before = errors->count;
    struct zdd_checks checks = {.count = json_array_size(list)};

    if (checks.count > ZDD_CHECK_MAX)
        checks.count = ZDD_CHECK_MAX;
    for (size_t i = 0; i < checks.count; i++) {
        char place[ZDD_FIELD_POINTER_SIZE], name[24];

        snprintf(name, sizeof(name), "%zu", i);
        zdd_field_pointer(place, pointer, name);
        read_check(json_array_get(list, i), place, &checks.check[i], errors);
    }
    *ret_checks = checks;
    return errors->count == before;
}

bool zdd_verify_read(const json_t *object, const char *pointer,
                     struct zdd_verify_options *ret_options, struct zdd_field_errors *errors)
{
    const size_t before = errors->count;
    struct verify_members m = {.interval_s = 10, .count = 6, .failure_limit = -1};
    char place[ZDD_FIELD_POINTER_SIZE];
    struct zdd_checks checks;

    *ret_options = (struct zdd_verify_options){0};
    if (!object)
        return true;
    zdd_fields_read(verify_fields, object, pointer, &m, errors);
    if (m.min_requests)
        complain(errors, pointer, "minRequests", "is for canary: before the switch there are none");
    if (m.on_inconclusive)
        complain(errors, pointer, "onInconclusive",
                 "is for canary: here rounds that say nothing count by failureLimit");
    if (m.failure_limit < 0)
        m.failure_limit = m.count > 1;
    if (m.failure_limit >= m.count)
        complain(errors, pointer, "failureLimit", "must be below count, or nothing is verified");
    zdd_field_pointer(place, pointer, "checks");
    zdd_checks_read(m.checks, place, &checks, errors);
    if (errors->count > before)
        return false;
    *ret_options = (struct zdd_verify_options){
        .verify = {(int32_t)m.count, (int32_t)m.interval_s * MS_OF_S, (int32_t)m.failure_limit},
        .checks = m.checks,
    };
    return true;
}

/* The part of @p url that says where it leads: "host" or "host:port". */
static const char *authority(const char *url, size_t *ret_size)
{
    const char *at = strstr(url, "://");

    at = at ? at + strlen("://") : url;
    *ret_size = strcspn(at, "/?#");
    return at;
}

/* Without the port; an IPv6 address keeps its brackets. */
static size_t host_size(const char *authority, size_t size)
{
    const size_t literal = strcspn(authority, "]");

    if (authority[0] == '[' && literal < size)
        return literal + 1;
    for (size_t i = 0; i < size; i++) {
        if (authority[i] == ':')
            return i;
    }
    return size;
}

bool zdd_check_host_allowed(const char *url, const char *hosts)
{
    size_t size, entry;
    const char *place = authority(url, &size);
    const size_t host = host_size(place, size);

    for (const char *at = hosts; *at; at += entry + (at[entry] == ',')) {
        entry = strcspn(at, ",");
        if (entry > 0 && (entry == size || entry == host) && strncasecmp(at, place, entry) == 0)
            return true;
    }
    return false;
}

bool zdd_checks_hosts_allowed(const json_t *list, const char *pointer, const char *hosts,
                              struct zdd_field_errors *errors)
{
    const size_t before = errors->count;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *url = zdd_json_text(json_array_get(list, i), "url", "/");
        char place[ZDD_FIELD_POINTER_SIZE], name[24];

        if (url[0] == '/' || zdd_check_host_allowed(url, hosts))
            continue;
        snprintf(name, sizeof(name), "%zu", i);
        zdd_field_pointer(place, pointer, name);
        complain(errors, place, "url",
                 "leads to a host that this server may not ask; its setting verify-hosts lists "
                 "those that it may");
    }
    return errors->count == before;
}

json_t *zdd_verify_schema(void)
{
    json_t *schema = zdd_fields_schema(verify_fields);
    json_t *properties = json_object_get(schema, "properties");
    json_t *items = zdd_fields_schema(check_fields);

    json_object_del(properties, "minRequests");
    json_object_del(properties, "onInconclusive");
    json_object_set_new(json_object_get(properties, "checks"), "items", items);
    return schema;
}
