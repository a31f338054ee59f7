/**
 * @file deploy/lab/balancer/names.h
 * @brief How Marathon-LB names what it configures (pure). Texts are appended to a buffer.
 */
#pragma once

#include "server/base/buf.h"

#include <stddef.h>
#include <stdint.h>

#define ZDD_MLB_ID_MAX                                                                             \
    32767 /* server ids lie below; more servers than that in one backend: none                     \
           */
#define ZDD_MLB_COOKIE_SIZE 11 /* ten hex digits and the final NUL */

/** Frontend and backend: the id without its first slash, others as '_', then "_PORT". */
void zdd_mlb_backend_name(struct zdd_buf *buf, const char *app_id, uint16_t service_port);

/** @p text with everything but letters, digits and '-' as '_'. */
void zdd_mlb_clean(struct zdd_buf *buf, const char *text);

/** "ip_port", or "host_ip_port" where the host is no address; cleaned. */
void zdd_mlb_server_name(struct zdd_buf *buf, const char *host, const char *ip, uint16_t port);

/** What a sticky client's cookie holds for this server. */
void zdd_mlb_cookie(const char *server_name, char ret_cookie[static ZDD_MLB_COOKIE_SIZE]);

/** Ids that one backend has given away. */
struct zdd_mlb_ids {
    uint8_t taken[ZDD_MLB_ID_MAX / 8 + 1];
};

/**
 * The same name gets the same id in every configuration as long as no other one has taken it: the
 * state file finds its servers by it.
 * @return 1 to 32766; 0 when 64 tries in a row were taken, as in a backend that is nearly full
 */
unsigned zdd_mlb_server_id(struct zdd_mlb_ids *ids, const char *server_name);
