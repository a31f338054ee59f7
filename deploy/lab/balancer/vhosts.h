/**
 * @file deploy/lab/balancer/vhosts.h
 * @brief The frontend of virtual hosts: HAPROXY_n_VHOST and _PATH (pure).
 */
#pragma once

#include "deploy/lab/balancer/services.h"
#include "server/base/buf.h"

/** Append the frontend, and each host with its backend to @p map. @param in which of the services
 * are configured */
void zdd_mlb_vhosts(struct zdd_buf *buf, struct zdd_buf *map,
                    const struct zdd_mlb_settings *settings,
                    const struct zdd_mlb_services *services, const bool *in);
