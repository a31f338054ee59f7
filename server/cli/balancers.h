/**
 * @file server/cli/balancers.h
 * @brief The routers that the settings ask for, opened and started.
 */
#pragma once

#include "server/config/config.h"
#include "server/config/credentials.h"
#include "server/router/choice.h"
#include "server/router/presence.h"

#define ZDD_CLI_ADDRESS_SIZE 100

struct zdd_metrics;

struct zdd_balancers {
    const char *urls[ZDD_CONFIG_URL_MAX];     /* borrowed from the settings */
    const char *sockets[ZDD_CONFIG_URL_MAX];  /* the same */
    const char *vamp_url[ZDD_CONFIG_URL_MAX]; /* the same; one at most */
    struct zdd_credentials vamp_credentials;
    struct zdd_choice routers;
    struct zdd_presence *presence;    /* which balancers answer; NULL: there are no routers */
    bool haproxy, vamp;               /* there is one */
    char agent[ZDD_CLI_ADDRESS_SIZE]; /* where balancers reach our agent; "" without marathon-lb */
};

/** Write an address as people do, IPv6 in brackets. */
void zdd_cli_address(const struct zdd_setting_address *address, uint16_t port,
                     char ret_text[static ZDD_CLI_ADDRESS_SIZE]);

/** @return false after saying what is wrong: `agent-advertise` is no address that can be reached */
bool zdd_balancers_check(const struct zdd_config *config);

/** Ask every balancer of the settings once. @return false after saying what is wrong with which
 * address */
bool zdd_balancers_probe(const struct zdd_config *config);

/**
 * Open and start what @p config asks for, which has to outlive it. Balancers that cannot be used
 * now are told and asked again later: they may start after us.
 * @param metrics  borrowed; NULL: nothing is counted
 * @return false after saying why not; zdd_balancers_close() is due all the same
 */
bool zdd_balancers_start(const struct zdd_config *config, struct zdd_metrics *metrics,
                         struct zdd_balancers *ret_balancers);
/** One that was never started (all zero) is fine. */
void zdd_balancers_close(struct zdd_balancers *balancers);
