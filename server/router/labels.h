/**
 * @file server/router/labels.h
 * @brief An app definition as Marathon-LB reads it: which of its ports are routed, and behind which
 * service port (marathon-lb.md §1.1, §1.2). Pure.
 */
#pragma once

#include "server/json/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZDD_LABEL_NAME_SIZE 64 /* "HAPROXY_7_BACKEND_SERVER_OPTIONS" and NUL, with room */

/** @return the value of a label, borrowed; NULL: it has none. @p app may be NULL here and below */
const char *zdd_label_of(const json_t *app, const char *name);
/** The same for HAPROXY_{index}_{suffix}. */
const char *zdd_label_of_port(const json_t *app, size_t index, const char *suffix);
/** @return true when that label has a word that Marathon-LB takes for true */
bool zdd_label_flag(const json_t *app, size_t index, const char *suffix, bool otherwise);

/** The list that the app's service ports come from: the mappings of a container behind a bridge or
 * in its own network, else the port definitions; NULL for none. Borrowed.
 * @param ret_key  the member that holds the service port */
json_t *zdd_ports_list(const json_t *app, const char **ret_key);

/** @return how many ports the app has; Marathon gives one to an app in the host's network that
 * names none */
size_t zdd_ports_count(const json_t *app);

/** @return the groups of balancers that a port is meant for, with commas, borrowed; NULL: none */
const char *zdd_ports_groups(const json_t *app, size_t index);

/** @return true when two such lists have a group in common */
bool zdd_groups_share(const char *a, const char *b);

/** @return true when Marathon-LB routes port @p index: it is there, is enabled, and has a group */
bool zdd_ports_is_routed(const json_t *app, size_t index);

/** @return true when Marathon-LB balances port @p index request by request: by its mode, or because
 * it has a vhost or is checked by HTTP; else connection by connection */
bool zdd_ports_is_http(const json_t *app, size_t index);

/** @return the port that users know: the label's, else that of the definition; 0: there is none
 * yet, or the label is no port */
int64_t zdd_ports_public(const json_t *app, size_t index);
