/**
 * @file server/router/view.h
 * @brief From a balancer's statistics to what the engine asks of a pair (pure).
 */
#pragma once

#include "server/engine/router.h"
#include "server/router/stats_csv.h"

/** @return true when the row is the server of @p endpoint, by its address where the balancer tells
 * it, by its name otherwise */
bool zdd_row_fits(const struct zdd_stats_row *row, const struct zdd_endpoint *endpoint);

/** @return what the server was told to do: in drain, at rest, or serving; a server that is down
 * does not show it and seems to be serving */
enum zdd_serving zdd_row_serving(const struct zdd_stats_row *row);

/** Fill in the sides, the strangers and whether weights are obeyed; the rest stays as it is. */
void zdd_view_fill(struct zdd_balancer_view *view, const struct zdd_stats_table *table,
                   const struct zdd_router_ask *ask);
