/**
 * @file server/probe/prometheus.h
 * @brief Instant queries of Prometheus's HTTP API, version 1. Pure.
 *
 * A query may hold {{appId}}, {{oldAppId}} and {{newAppId}}: the deployment's app or the name of
 * its pair, and the pair's two apps; {{oldAppId}} is empty when nothing ran before.
 */
#pragma once

#include "server/base/buf.h"
#include "server/probe/judge.h"
#include "strategies/model/plan.h"

/** @return false when @p query has another placeholder than those above */
bool zdd_prometheus_query_valid(const char *query);

/** Append the URL that asks for the value of @p check's query. */
void zdd_prometheus_url(struct zdd_buf *buf, const struct zdd_check *check,
                        const struct zdd_plan *plan);

/**
 * Judge an answer: a scalar, or a vector of exactly one sample. Everything else, no data and NaN
 * included, is an error, which says nothing about the version.
 */
void zdd_prometheus_judge(const struct zdd_check *check, long status, const char *body, size_t size,
                          struct zdd_probe_verdict *ret_verdict);
