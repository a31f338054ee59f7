/**
 * @file server/router/names.h
 * @brief How Marathon-LB names backends and servers, as far as statistics are read by it
 * (marathon-lb.md §1.4). Server ids are not needed here: only who writes a configuration gives
 * them.
 */
#pragma once

#include "server/engine/router.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * The backend of one service port: "/shop/cart" and 10000 make "shop_cart_10000".
 * @param group  app id or, when the app is in one, its deployment group; the first slash may miss
 * @return false when it is too long
 */
bool zdd_backend_name(const char *group, uint16_t service_port,
                      char ret_name[static ZDD_BACKEND_SIZE]);

/**
 * @return true when the server named @p server is the one at @p address ("10.0.0.7:31005"): its
 *         name is "10_0_0_7_31005" or, when Marathon knows the host by name, ends in that
 */
bool zdd_server_fits(const char *server, const char *address);
