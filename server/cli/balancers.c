/**
 * @file server/cli/balancers.c
 * @brief From settings to routers.
 */
#include "server/cli/balancers.h"

#include "server/cli/cli.h"
#include "server/net/url.h"
#include "server/router/probe.h"
#include "server/router/routers.h"

#include <stdio.h>
#include <string.h>

void zdd_cli_address(const struct zdd_setting_address *address, uint16_t port,
                     char ret_text[static ZDD_CLI_ADDRESS_SIZE])
{
    const bool v6 = strchr(address->host, ':') != NULL;

    snprintf(ret_text, ZDD_CLI_ADDRESS_SIZE, "%s%s%s:%u", v6 ? "[" : "", address->host,
             v6 ? "]" : "", (unsigned)port);
}

/* It goes into the apps' labels: a wrong one would show only when somebody plans. */
static bool is_reachable(const char *address)
{
    struct zdd_setting_address parsed;

    return strlen(address) < ZDD_CLI_ADDRESS_SIZE &&
           zdd_hostport_parse(address, parsed.host, &parsed.port) && parsed.port != 0;
}

bool zdd_balancers_check(const struct zdd_config *config)
{
    if (!*config->agent_advertise || is_reachable(config->agent_advertise))
        return true;
    zdd_cli_say("agent-advertise must be an address and a port other than 0, as balancers reach "
                "this server, like 10.0.0.5:8091, not \"%.200s\"",
                config->agent_advertise);
    return false;
}

static void borrow(const struct zdd_setting_urls *from, const char *to[static ZDD_CONFIG_URL_MAX])
{
    for (size_t i = 0; i < from->count; i++)
        to[i] = from->url[i];
}

static void say_fault(void *cls, const char *text)
{
    (void)cls;
    zdd_cli_say("haproxy: %s", text);
}

bool zdd_balancers_probe(const struct zdd_config *config)
{
    const char *sockets[ZDD_CONFIG_URL_MAX];
    const struct zdd_router_options options = {.balancers = sockets,
                                               .balancer_count = config->haproxy.count};

    borrow(&config->haproxy, sockets);
    return config->haproxy.count == 0 || zdd_haproxy_probe(&options, say_fault, NULL);
}

static bool add(struct zdd_balancers *b, const struct zdd_router_options *options)
{
    struct zdd_router *router = &b->routers.router[b->routers.count];
    char reason[ZDD_ROUTER_REASON_SIZE] = "";
    enum zdd_err err = zdd_router_open(options, router, reason);

    if (err == ZDD_ERR_NONE) {
        b->routers.count++;
        err = zdd_router_start(router, reason);
    }
    if (err != ZDD_ERR_NONE)
        zdd_cli_say("the router %s cannot start: %s", options->driver,
                    *reason ? reason : zdd_err_text(err));
    return err == ZDD_ERR_NONE;
}

/* What our agent says comes from the engine's first looks; whoever asks earlier keeps its weight.
 */
static bool add_marathon_lb(const struct zdd_config *config, struct zdd_metrics *metrics,
                            struct zdd_balancers *b)
{
    char listen[ZDD_CLI_ADDRESS_SIZE];
    const struct zdd_router_options options = {
        .driver = "marathon-lb",
        .balancers = b->urls,
        .balancer_count = config->balancer.count,
        .agent_listen = listen,
        .metrics = metrics,
    };
    struct zdd_agent_stats stats;
    uint16_t port;

    borrow(&config->balancer, b->urls);
    zdd_cli_address(&config->agent_listen, config->agent_listen.port, listen);
    if (!add(b, &options))
        return false;
    if (*config->agent_advertise)
        snprintf(b->agent, sizeof(b->agent), "%.99s", config->agent_advertise);
    else if (zdd_router_agent(&b->routers.router[b->routers.count - 1], &port, &stats))
        zdd_cli_address(&config->agent_listen, port, b->agent);
    return true;
}

static bool add_haproxy(const struct zdd_config *config, struct zdd_balancers *b)
{
    const struct zdd_router_options options = {
        .driver = "haproxy", .balancers = b->sockets, .balancer_count = config->haproxy.count};

    borrow(&config->haproxy, b->sockets);
    (void)zdd_balancers_probe(config); /* said, and no reason not to start */
    b->haproxy = add(b, &options);
    return b->haproxy;
}

bool zdd_balancers_start(const struct zdd_config *config, struct zdd_metrics *metrics,
                         struct zdd_balancers *ret_balancers)
{
    return (config->balancer.count == 0 || add_marathon_lb(config, metrics, ret_balancers)) &&
           (config->haproxy.count == 0 || add_haproxy(config, ret_balancers));
}

void zdd_balancers_close(struct zdd_balancers *balancers)
{
    zdd_choice_close(&balancers->routers);
}
