/**
 * @file deploy/lab/balancer/config.h
 * @brief The whole of HAProxy's configuration, as Marathon-LB would write it (pure).
 */
#pragma once

#include "deploy/lab/balancer/services.h"

/* Files of a balancer, in its directory; HAProxy runs there, so all names are relative.
 * endpoints.lua knows some of them too. */
#define ZDD_MLB_CONFIG_FILE "haproxy.cfg"
#define ZDD_MLB_STATE_FILE "state"
#define ZDD_MLB_SOCKET_FILE "socket"
#define ZDD_MLB_SIGNAL_FILE "signal" /* a named pipe: what /_mlb_signal/… writes */
#define ZDD_MLB_LUA_FILE "endpoints.lua"
#define ZDD_MLB_DOMAIN_MAP_FILE "domain2backend.map"
#define ZDD_MLB_APP_MAP_FILE "app2backend.map"

struct zdd_mlb_config {
    char *text;
    char *domain_map, *app_map; /* what /_haproxy_getvhostmap and …getappmap show */
    json_t *binds;              /* "address:port" → app id, of service ports */
    json_t *left_out;           /* app id (or group) → why it is not in the text */
};

/**
 * @param apps   what GET /v2/apps?embed=apps.tasks lists, with the service ports in "ports" (as
 *               Marathon showed them before 1.5); not changed
 * @param avoid  "address:port" → reason: what cannot be bound and is left out, or NULL
 * @param[out] ret_config  to be released; set on success only
 * @param[out] ret_reason  why there is none (see zdd_mlb_merge())
 */
bool zdd_mlb_configure(const struct zdd_mlb_settings *settings, const json_t *apps,
                       const json_t *avoid, struct zdd_mlb_config *ret_config,
                       char ret_reason[static 200]);
void zdd_mlb_config_release(struct zdd_mlb_config *config);
