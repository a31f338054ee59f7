/**
 * @file server/router/inherit.h
 * @brief Labels that a new definition takes over from the app that runs. Pure.
 */
#pragma once

#include "server/base/buf.h"
#include "server/json/json.h"

/** @return true when @p app has a label that Marathon-LB reads; @p app may be NULL */
bool zdd_labels_route(const json_t *app);

/**
 * Give @p target the labels for the balancers that @p old has, without those of a deployment, if it
 * has none itself: users go on to reach the app where it was. Else nothing is done.
 *
 * @param old        NULL: there is none
 * @param ret_names  appended to: the names of what was taken over, "A, B"
 */
ZDD_MUST_CHECK enum zdd_err zdd_labels_inherit(json_t *target, const json_t *old,
                                               struct zdd_buf *ret_names);
