/**
 * @file server/probe/checks.c
 * @brief The checks of one set: each source has members of its own.
 */
#include "server/probe/checks.h"

#include "server/net/url.h"
#include "server/probe/hosts.h"
#include "server/probe/prometheus.h"
#include "strategies/model/limits.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define POINTER_MAX 100
#define RESPONSE_MAX_MS 600000 /* beyond, balancers have given up; fits in microseconds */

/* The members of a check as they stand. */
struct check_members {
    int source, measure;
    const char *url, *pointer, *query;
    double max, min;
    json_t *equals;
    bool worse_than_old, observe_only;
};

/* In the order of enum zdd_source. */
static const char *const sources[] = {"http", "haproxy", "prometheus", NULL};
static const char *const http[] = {"http", NULL};
static const char *const haproxy[] = {"haproxy", NULL};
static const char *const prometheus[] = {"prometheus", NULL};
/* In the order of enum zdd_metric. */
static const char *const measures[] = {"errorRate", "connectErrors", "responseMs", NULL};

#define AT(member) offsetof(struct check_members, member)
#define MAX_FIELD                                                                                  \
    {                                                                                              \
        .name = "max", .kind = ZDD_FIELD_REAL, .offset = AT(max),                                  \
        .text = "The value must be a number, not above this."                                      \
    }
#define MIN_FIELD                                                                                  \
    {                                                                                              \
        .name = "min", .kind = ZDD_FIELD_REAL, .offset = AT(min),                                  \
        .text = "The value must be a number, not below this."                                      \
    }
#define OBSERVE_FIELD                                                                              \
    {                                                                                              \
        .name = "observeOnly", .kind = ZDD_FIELD_BOOL, .offset = AT(observe_only),                 \
        .text = "true: it is measured and kept, and decides nothing."                              \
    }
#define END                                                                                        \
    {                                                                                              \
        .kind = ZDD_FIELD_END                                                                      \
    }

static const struct zdd_field http_fields[] = {
    {.name = "source",
     .kind = ZDD_FIELD_CHOICE,
     .offset = AT(source),
     .required = true,
     .choices = http,
     .text = "A page that is asked for."},
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
    MAX_FIELD,
    MIN_FIELD,
    {.name = "equals",
     .kind = ZDD_FIELD_ANY,
     .offset = AT(equals),
     .text = "The value must be this text, number or truth value."},
    OBSERVE_FIELD,
    END,
};

static const struct zdd_field haproxy_fields[] = {
    {.name = "source",
     .kind = ZDD_FIELD_CHOICE,
     .offset = AT(source),
     .required = true,
     .choices = haproxy,
     .text = "What all balancers count of both versions; nothing else has to be installed."},
    {.name = "measure",
     .kind = ZDD_FIELD_CHOICE,
     .offset = AT(measure),
     .required = true,
     .choices = measures,
     .text =
         "errorRate: requests that failed, of all, those included that the balancer tried again "
         "elsewhere. connectErrors: refused connections, of all requests. responseMs: mean time "
         "to the answer."},
    {.name = "max",
     .kind = ZDD_FIELD_REAL,
     .offset = AT(max),
     .min = 0,
     .max = RESPONSE_MAX_MS,
     .text = "The new version must not be above this: a share from 0 to 1 (0.01 is one in a "
             "hundred), or milliseconds."},
    {.name = "worseThanOld",
     .kind = ZDD_FIELD_BOOL,
     .offset = AT(worse_than_old),
     .text = "true: it fails when the new version is worse than the old one beyond chance."},
    OBSERVE_FIELD,
    END,
};

static const struct zdd_field prometheus_fields[] = {
    {.name = "source",
     .kind = ZDD_FIELD_CHOICE,
     .offset = AT(source),
     .required = true,
     .choices = prometheus,
     .text = "The value of a query at this moment."},
    {.name = "url",
     .kind = ZDD_FIELD_TEXT,
     .offset = AT(url),
     .required = true,
     .min = 1,
     .max = ZDD_CHECK_URL_SIZE - 1,
     .text = "Where Prometheus is, like http://prometheus.example:9090, with its path prefix if it "
             "has one; its host must be one that the server allows."},
    {.name = "query",
     .kind = ZDD_FIELD_TEXT,
     .offset = AT(query),
     .required = true,
     .min = 1,
     .max = ZDD_CHECK_QUERY_SIZE - 1,
     .text =
         "PromQL that comes to one number: a scalar, or a vector of one sample. {{appId}}, "
         "{{oldAppId}} and {{newAppId}} in it stand for the app or the name of its pair, and for "
         "the pair's two apps."},
    MAX_FIELD,
    MIN_FIELD,
    OBSERVE_FIELD,
    END,
};
#undef AT

/* In the order of enum zdd_source. */
static const struct zdd_field *const tables[] = {http_fields, haproxy_fields, prometheus_fields};
_Static_assert(ZDD_COUNT(tables) == ZDD_SOURCE_COUNT, "each source needs its members");
_Static_assert(ZDD_COUNT(measures) == ZDD_METRIC_COUNT + 1, "each measure needs its word");

bool zdd_check_asks_instances(const struct zdd_check *check)
{
    return check->source == ZDD_SOURCE_HTTP && check->url[0] == '/';
}

void zdd_check_complain(struct zdd_field_errors *errors, const char *pointer, const char *name,
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

static bool is_absolute(const char *url)
{
    return url[0] != '/' && is_plain(url, '!') && zdd_url_valid(url);
}

static bool is_pointer(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at == '~' && at[1] != '0' && at[1] != '1')
            return false;
    }
    return (text[0] == '/' || text[0] == '\0') && is_plain(text, ' ');
}

static bool is_bounded(const struct check_members *m)
{
    return !isnan(m->min) || !isnan(m->max);
}

static void check_bounds(const struct check_members *m, const char *pointer,
                         struct zdd_field_errors *errors)
{
    if (!isnan(m->min) && !isnan(m->max) && m->min > m->max)
        zdd_check_complain(errors, pointer, "min", "must not be above max");
}

static void check_value(const struct check_members *m, const char *pointer,
                        struct zdd_field_errors *errors)
{
    if (!m->pointer && (is_bounded(m) || m->equals))
        zdd_check_complain(errors, pointer, "pointer", "is missing: which value shall be judged?");
    if (!m->pointer)
        return;
    if (!is_pointer(m->pointer))
        zdd_check_complain(errors, pointer, "pointer", "must be a JSON Pointer like /errors/rate");
    if (!is_bounded(m) && !m->equals)
        zdd_check_complain(errors, pointer, "pointer", "needs max, min or equals beside it");
    if (is_bounded(m) && m->equals)
        zdd_check_complain(errors, pointer, "equals", "cannot stand beside max or min");
    check_bounds(m, pointer, errors);
    if (json_is_object(m->equals) || json_is_array(m->equals))
        zdd_check_complain(errors, pointer, "equals", "must be a text, a number or a truth value");
}

static void check_http(const struct check_members *m, const char *pointer,
                       struct zdd_field_errors *errors)
{
    if (!is_path(m->url) && !is_absolute(m->url))
        zdd_check_complain(
            errors, pointer, "url",
            "must be a path like /ready, or an http or https URL without credentials");
    check_value(m, pointer, errors);
}

static void check_haproxy(const struct check_members *m, const char *pointer,
                          struct zdd_field_errors *errors)
{
    if (isnan(m->max) && !m->worse_than_old)
        zdd_check_complain(errors, pointer, "max",
                           "is missing: say max, \"worseThanOld\":true, or both");
    if (m->measure != ZDD_METRIC_RESPONSE_MS && m->max > 1)
        zdd_check_complain(
            errors, pointer, "max",
            "must be from 0 to 1: a share of all requests, 0.01 for one in a hundred");
}

static void check_prometheus(const struct check_members *m, const char *pointer,
                             struct zdd_field_errors *errors)
{
    if (!is_absolute(m->url) || strpbrk(m->url, "?#"))
        zdd_check_complain(errors, pointer, "url",
                           "must be an http or https URL without credentials and without what "
                           "follows a ?, like http://prometheus.example:9090");
    if (!zdd_prometheus_query_valid(m->query))
        zdd_check_complain(errors, pointer, "query",
                           "must have no {{…}} but {{appId}}, {{oldAppId}} and {{newAppId}}");
    if (!is_bounded(m))
        zdd_check_complain(errors, pointer, "max",
                           "is missing: between which min and max is the value well? One is "
                           "enough");
    check_bounds(m, pointer, errors);
}

static void (*const checkers[])(const struct check_members *m, const char *pointer,
                                struct zdd_field_errors *errors) = {
    [ZDD_SOURCE_HTTP] = check_http,
    [ZDD_SOURCE_HAPROXY] = check_haproxy,
    [ZDD_SOURCE_PROMETHEUS] = check_prometheus,
};
_Static_assert(ZDD_COUNT(checkers) == ZDD_SOURCE_COUNT, "each source needs a check of its members");

/* @return ZDD_SOURCE_COUNT, after a complaint, when it names none */
static enum zdd_source source_of(const json_t *value, const char *pointer,
                                 struct zdd_field_errors *errors)
{
    static const struct zdd_field source = {
        .name = "source", .kind = ZDD_FIELD_CHOICE, .required = true, .choices = sources};
    const struct zdd_field fields[] = {source, END};
    int index = ZDD_SOURCE_COUNT;

    (void)zdd_fields_read_known(fields, value, pointer, &index, errors);
    return (enum zdd_source)index;
}

static void read_check(const json_t *value, const char *pointer, struct zdd_check *ret_check,
                       struct zdd_field_errors *errors)
{
    struct check_members m = {.min = (double)NAN, .max = (double)NAN};
    enum zdd_source source;

    if (!json_is_object(value)) {
        zdd_field_error_add(errors, pointer, "must be an object");
        return;
    }
    source = source_of(value, pointer, errors);
    if (source == ZDD_SOURCE_COUNT || !zdd_fields_read(tables[source], value, pointer, &m, errors))
        return;
    checkers[source](&m, pointer, errors);
    *ret_check = (struct zdd_check){
        .source = source,
        .observe_only = m.observe_only,
        .url = m.url,
        .pointer = m.pointer,
        .query = m.query,
        .min = m.min,
        .max = m.max,
        .equals = m.equals,
        .metric = (enum zdd_metric)m.measure,
        .worse_than_old = m.worse_than_old,
    };
}

static void place_of(char ret_place[static ZDD_FIELD_POINTER_SIZE], const char *pointer,
                     size_t index)
{
    char name[24];

    snprintf(name, sizeof(name), "%zu", index);
    zdd_field_pointer(ret_place, pointer, name);
}

bool zdd_checks_read(const json_t *list, const char *pointer, struct zdd_checks *ret_checks,
                     struct zdd_field_errors *errors)
{
    const size_t before = errors->count;
    struct zdd_checks checks = {.count = json_array_size(list)};

    if (checks.count > ZDD_CHECK_MAX)
        checks.count = ZDD_CHECK_MAX;
    for (size_t i = 0; i < checks.count; i++) {
        char place[ZDD_FIELD_POINTER_SIZE];

        place_of(place, pointer, i);
        read_check(json_array_get(list, i), place, &checks.check[i], errors);
    }
    *ret_checks = checks;
    return errors->count == before;
}

bool zdd_checks_hosts_allowed(const json_t *list, const char *pointer, const char *hosts,
                              struct zdd_field_errors *errors)
{
    const size_t before = errors->count;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *url = zdd_json_text(json_array_get(list, i), "url", "/");
        char place[ZDD_FIELD_POINTER_SIZE], host[80];

        if (url[0] == '/' || zdd_check_host_allowed(url, hosts))
            continue;
        place_of(place, pointer, i);
        zdd_check_host(url, host, sizeof(host));
        zdd_check_complain(errors, place, "url",
                           "leads to %s, which this server may not ask: its setting verify-hosts "
                           "lists the hosts that it may",
                           host);
    }
    return errors->count == before;
}

json_t *zdd_check_schema(unsigned wanted)
{
    json_t *forms = json_array();

    for (size_t i = 0; i < ZDD_COUNT(tables); i++) {
        if (wanted & (1U << i))
            json_array_append_new(forms, zdd_fields_schema(tables[i]));
    }
    return json_pack("{s:o}", "oneOf", forms);
}
