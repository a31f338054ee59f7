/**
 * @file server/cluster/marathon_error.h
 * @brief What Marathon's answers mean when they are no plain success (marathon.md §1.3): pure
 * functions.
 */
#pragma once

#include "server/engine/cluster.h"
#include "server/json/json.h"
#include "server/net/fetch.h"

#include <stddef.h>

/** What an order was, as far as the meaning of its answer depends on it. */
enum zdd_marathon_verb { ZDD_MARATHON_GET, ZDD_MARATHON_PUT, ZDD_MARATHON_OTHER };

/**
 * The verdict on an answer.
 *
 * A 404 counts as "no such app" only when Marathon itself says so in JSON: the 404 of a proxy
 * before it must never look like a deleted app.
 *
 * @param body  the answer's JSON, NULL when it is none
 * @return as struct zdd_cluster_ops promises; ZDD_ERR_NONE for 2xx with JSON
 */
enum zdd_err zdd_marathon_judge(enum zdd_marathon_verb verb, const struct zdd_answer *answer,
                                const json_t *body);

/** Write Marathon's own words about a failure: message and details, JSON pointers instead of its
 * paths; of a body that is no JSON only its kind ("answered 502 with an HTML page"). Cut to
 * fit. */
void zdd_marathon_words(const struct zdd_answer *answer, const json_t *body, char *ret_words,
                        size_t size);

/** Write the details as a JSON array of {"pointer","detail"}, "" when there are none; rows that do
 * not fit are left out. */
void zdd_marathon_errors(const json_t *body, char *ret_errors, size_t size);

/** Turn Marathon's "/healthChecks(0)/path" into "#/app/healthChecks/0/path"; the root "/" and ""
 * become "#/app". Cut to fit. */
void zdd_marathon_pointer(const char *path, char *ret_pointer, size_t size);
