/**
 * @file server/probe/checks.h
 * @brief The checks of one set, read by tables of fields.
 */
#pragma once

#include "server/json/fields.h"
#include "strategies/model/verify.h"

#define ZDD_CHECK_URL_SIZE 256    /* with NUL */
#define ZDD_CHECK_QUERY_SIZE 1001 /* with NUL; longer ones belong into a recording rule */

/** Who is asked. */
enum zdd_source {
    ZDD_SOURCE_HTTP,       /* the new instances themselves, or any page */
    ZDD_SOURCE_HAPROXY,    /* the balancers' counters of both versions */
    ZDD_SOURCE_PROMETHEUS, /* the value of a query */
    ZDD_SOURCE_COUNT
};

/** One check. Borrowed from the JSON. */
struct zdd_check {
    enum zdd_source source;
    bool observe_only;      /* is measured and kept, and decides nothing */
    const char *url;        /* http: "/ready", of each new instance, or http(s), asked as it is;
                               prometheus: where its API is; haproxy: NULL */
    const char *pointer;    /* http: RFC 6901, into the answer; NULL: the status says it */
    const char *query;      /* prometheus: PromQL */
    double min, max;        /* NAN: no bound */
    json_t *equals;         /* http; NULL: anything */
    enum zdd_metric metric; /* haproxy */
    bool worse_than_old;    /* haproxy: it must not be worse than the old version */
};

struct zdd_checks {
    size_t count;
    struct zdd_check check[ZDD_CHECK_MAX];
};

/** @return true when the check asks the new instances themselves */
bool zdd_check_asks_instances(const struct zdd_check *check);

/**
 * Read the list of checks, which stands at @p pointer.
 * @return true when nothing is wrong; else @p errors say what
 */
bool zdd_checks_read(const json_t *list, const char *pointer, struct zdd_checks *ret_checks,
                     struct zdd_field_errors *errors);

/** Complain of each absolute URL in @p list that @p hosts (see hosts.h) does not allow. @return
 * true for none */
bool zdd_checks_hosts_allowed(const json_t *list, const char *pointer, const char *hosts,
                              struct zdd_field_errors *errors);

/** @return a JSON Schema of one check with one of @p sources (a bit for each); new reference */
json_t *zdd_check_schema(unsigned sources);

/** Complain of member @p name of the object at @p pointer. */
__attribute__((format(printf, 4, 5))) void zdd_check_complain(struct zdd_field_errors *errors,
                                                              const char *pointer, const char *name,
                                                              const char *format, ...);
