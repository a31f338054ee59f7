/**
 * @file server/cli/balancers.c
 * @brief From settings to routers.
 */
#include "server/cli/balancers.h"

#include "server/cli/cli.h"
#include "server/net/url.h"
#include "server/router/probe.h"
#include "server/router/routers.h"
#include "strategies/model/plan.h"

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

static bool probe_sockets(const struct zdd_config *config)
{
    const char *sockets[ZDD_CONFIG_URL_MAX];
    const struct zdd_router_options options = {.balancers = sockets,
                                               .balancer_count = config->haproxy.count};

    borrow(&config->haproxy, sockets);
    return config->haproxy.count == 0 || zdd_haproxy_probe(&options, say_fault, NULL);
}

/* Look once, as deployments do. @param setting  that names the balancers */
static bool look_once(const char *setting, const struct zdd_router_options *options)
{
    const struct zdd_router_ask nothing = {.pair = ""};
    struct zdd_router_view view = {0};
    struct zdd_router router = {0};
    char reason[ZDD_ROUTER_REASON_SIZE] = "";
    bool good = true;

    if (zdd_router_open(options, &router, reason) == ZDD_ERR_NONE)
        (void)router.ops->observe(router.cls, &nothing, 1, 0, &view, reason);
    for (size_t i = 0; i < view.balancer_count; i++) {
        if (view.balancer[i].reachable)
            continue;
        good = false;
        zdd_cli_say("%s: %s does not answer%s%s", setting, view.balancer[i].name,
                    *reason ? ": " : "", reason);
    }
    if (view.balancer_count == 0)
        zdd_cli_say("%s: %s", setting, *reason ? reason : zdd_err_text(ZDD_ERR_NO_MEMORY));
    zdd_router_close(&router);
    return good && view.balancer_count > 0;
}

static bool read_vamp_credentials(const struct zdd_config *config, struct zdd_credentials *ret)
{
    char why[ZDD_CREDENTIALS_WHY_SIZE];

    if (!*config->vamp_auth_file || zdd_credentials_read(config->vamp_auth_file, ret, why))
        return true;
    zdd_cli_say("%s", why);
    return false;
}

static struct zdd_router_options marathon_lb_options(const struct zdd_config *config,
                                                     const char *urls[static ZDD_CONFIG_URL_MAX],
                                                     const char *listen)
{
    borrow(&config->balancer, urls);
    return (struct zdd_router_options){.driver = ZDD_ROUTER_MARATHON_LB,
                                       .balancers = urls,
                                       .balancer_count = config->balancer.count,
                                       .agent_listen = listen};
}

static struct zdd_router_options vamp_options(const struct zdd_config *config,
                                              const char *url[static ZDD_CONFIG_URL_MAX],
                                              const struct zdd_credentials *credentials)
{
    borrow(&config->vamp, url);
    return (struct zdd_router_options){
        .driver = ZDD_ROUTER_VAMP,
        .balancers = url,
        .balancer_count = config->vamp.count,
        .auth = {.basic = *credentials->basic ? credentials->basic : NULL,
                 .header = *credentials->header ? credentials->header : NULL}};
}

bool zdd_balancers_probe(const struct zdd_config *config)
{
    struct zdd_credentials credentials = {0};
    const char *urls[ZDD_CONFIG_URL_MAX], *vamp[ZDD_CONFIG_URL_MAX];
    const struct zdd_router_options marathon_lb = marathon_lb_options(config, urls, "127.0.0.1:0");
    bool good = config->balancer.count == 0 || look_once("balancer", &marathon_lb);

    good = probe_sockets(config) && good;
    if (!read_vamp_credentials(config, &credentials))
        return false;

    const struct zdd_router_options of_vamp = vamp_options(config, vamp, &credentials);

    return (config->vamp.count == 0 || look_once("vamp", &of_vamp)) && good;
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
    struct zdd_agent_stats stats;
    uint16_t port;

    zdd_cli_address(&config->agent_listen, config->agent_listen.port, listen);

    struct zdd_router_options options = marathon_lb_options(config, b->urls, listen);

    options.metrics = metrics;
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
    const struct zdd_router_options options = {.driver = ZDD_ROUTER_HAPROXY,
                                               .balancers = b->sockets,
                                               .balancer_count = config->haproxy.count};

    borrow(&config->haproxy, b->sockets);
    (void)probe_sockets(config); /* said, and no reason not to start */
    b->haproxy = add(b, &options);
    return b->haproxy;
}

static bool add_vamp(const struct zdd_config *config, struct zdd_balancers *b)
{
    if (!read_vamp_credentials(config, &b->vamp_credentials))
        return false;

    const struct zdd_router_options options =
        vamp_options(config, b->vamp_url, &b->vamp_credentials);

    b->vamp = add(b, &options);
    return b->vamp;
}

static bool watch(struct zdd_balancers *b)
{
    if (b->routers.count == 0)
        return true;
    b->presence = zdd_presence_start(b->routers.router, b->routers.count, ZDD_PRESENCE_EVERY_MS);
    if (!b->presence)
        zdd_cli_say("balancers cannot be watched: no memory or no threads");
    return b->presence != NULL;
}

bool zdd_balancers_start(const struct zdd_config *config, struct zdd_metrics *metrics,
                         struct zdd_balancers *ret_balancers)
{
    return (config->balancer.count == 0 || add_marathon_lb(config, metrics, ret_balancers)) &&
           (config->haproxy.count == 0 || add_haproxy(config, ret_balancers)) &&
           (config->vamp.count == 0 || add_vamp(config, ret_balancers)) && watch(ret_balancers);
}

void zdd_balancers_close(struct zdd_balancers *balancers)
{
    balancers->presence = zdd_presence_free(balancers->presence);
    zdd_choice_close(&balancers->routers);
}
