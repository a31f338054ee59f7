/**
 * @file server/router/dress_check.h
 * @brief PRIVATE to server/router/: what Marathon-LB would not route, would not obey, or would lose
 * at the end of a deployment.
 */
#pragma once

#include "server/router/dress.h"

#define ZDD_STARTED_AT "HAPROXY_DEPLOYMENT_STARTED_AT"

/** @return true when the text has a time zone; NULL has none */
bool zdd_started_has_zone(const char *started);

/** Name all that is in the way of a pair. @param line  the server line that both apps will have */
void zdd_dress_check(const struct zdd_pair_dress *dress, const char *line,
                     struct zdd_field_errors *errors);
