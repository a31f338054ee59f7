/**
 * @file server/probe/hosts.h
 * @brief Which hosts the server may be made to ask. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/**
 * Whether the server may be made to ask @p url, an absolute one.
 * @param hosts  "prometheus.example,10.0.0.7:9090": a host with any port, or with that one; "" for
 * none
 */
bool zdd_check_host_allowed(const char *url, const char *hosts);

/** Write the host of @p url, without its port, cut at @p size. */
void zdd_check_host(const char *url, char *ret_host, size_t size);
