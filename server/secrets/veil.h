/**
 * @file server/secrets/veil.h
 * @brief The outlet: a cluster that gets whole definitions from those who know markers only.
 */
#pragma once

#include "server/engine/cluster.h"
#include "server/secrets/secrets.h"

/** Both borrowed; may be used by several threads at once. */
struct zdd_veil {
    const struct zdd_secrets *secrets;
    struct zdd_cluster inner;
};

/**
 * @return the cluster of @p veil: in definitions to be put, and in those to compare with, markers
 * have become values; what the cluster says to them has markers in place of the values. An order
 * whose value is missing is never sent: STORE_CORRUPT.
 */
struct zdd_cluster zdd_veil_cluster(struct zdd_veil *veil);
