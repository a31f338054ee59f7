/**
 * @file server/probe/checks.h
 * @brief What may stand in `verify`, read by tables of fields.
 */
#pragma once

#include "server/json/fields.h"
#include "strategies/model/verify.h"

#define ZDD_CHECK_MAX 4        /* of one deployment: each is asked of each instance */
#define ZDD_CHECK_URL_SIZE 256 /* with NUL */

/** One check. Borrowed from the JSON. */
struct zdd_check {
    const char *url;     /* "/ready": of each new instance; else http or https, asked as it is */
    const char *pointer; /* RFC 6901, into the answer; NULL: the status says it */
    double min, max;     /* NAN: no bound */
    json_t *equals;      /* NULL: anything */
};

struct zdd_checks {
    size_t count;
    struct zdd_check check[ZDD_CHECK_MAX];
};

/** `verify` as a whole. */
struct zdd_verify_options {
    struct zdd_verify verify;
    json_t *checks; /* borrowed */
};

/** @return true when the check asks the new instances themselves */
bool zdd_check_asks_instances(const struct zdd_check *check);

/**
 * @param object   NULL: nothing is checked
 * @param pointer  where it stands
 * @return true when nothing is wrong; else @p errors say what
 */
bool zdd_verify_read(const json_t *object, const char *pointer,
                     struct zdd_verify_options *ret_options, struct zdd_field_errors *errors);

/** Read the list of checks, at @p pointer. @return as above */
bool zdd_checks_read(const json_t *list, const char *pointer, struct zdd_checks *ret_checks,
                     struct zdd_field_errors *errors);

/**
 * Whether the server may be made to ask @p url, an absolute one.
 * @param hosts  "prometheus.example,10.0.0.7:9090": a host with any port, or with that one; "" for
 * none
 */
bool zdd_check_host_allowed(const char *url, const char *hosts);

/** Complain of each absolute URL in @p list that @p hosts does not allow. @return true for none */
bool zdd_checks_hosts_allowed(const json_t *list, const char *pointer, const char *hosts,
                              struct zdd_field_errors *errors);

/** @return a JSON Schema of `verify`; new reference */
json_t *zdd_verify_schema(void);
