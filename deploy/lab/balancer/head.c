/**
 * @file deploy/lab/balancer/head.c
 * @brief global, defaults, statistics: Marathon-LB's, without its system paths, TLS and logging of
 * each connection.
 *
 * noreuseport: two programs that want the same port shall hear of it, not share its connections.
 * idle-close-on-response: without it a reload cuts idle connections while a client sends on them.
 */
#include "deploy/lab/balancer/head.h"

#include "deploy/lab/balancer/config.h"

#define THREADS "2"          /* a lab's traffic needs no more, and each costs at every reload */
#define OLD_WORKER_END "60s" /* an old worker ends then, whatever it still has to do */
#define WORKER_HEADER "X-Zdd-Lab-Worker" /* during a reload the old one may still answer */
#define SOCKET_MODE "mode 600"           /* of the unix socket: the user who runs the lab */

static void add_global(struct zdd_buf *buf, const struct zdd_mlb_settings *settings)
{
    zdd_buf_printf(buf,
                   "global\n"
                   "  log stderr format raw daemon notice\n"
                   "  spread-checks 5\n"
                   "  max-spread-checks 15000\n"
                   "  maxconn %u\n"
                   "  nbthread " THREADS "\n"
                   "  noreuseport\n"
                   "  hard-stop-after " OLD_WORKER_END "\n"
                   "  stats socket unix@" ZDD_MLB_SOCKET_FILE " " SOCKET_MODE
                   " level operator expose-fd listeners\n",
                   settings->connections_max);
    if (settings->admin_port)
        zdd_buf_printf(buf, "  stats socket ipv4@%s:%u level admin\n", settings->host,
                       settings->admin_port);
    zdd_buf_text(buf, "  server-state-file " ZDD_MLB_STATE_FILE "\n"
                      "  lua-load " ZDD_MLB_LUA_FILE "\n");
}

static void add_defaults(struct zdd_buf *buf)
{
    zdd_buf_text(buf, "defaults\n"
                      "  load-server-state-from-file global\n"
                      "  log               global\n"
                      "  retries                   3\n"
                      "  backlog               10000\n"
                      "  maxconn               10000\n"
                      "  timeout connect          3s\n"
                      "  timeout client          30s\n"
                      "  timeout server          30s\n"
                      "  timeout tunnel        3600s\n"
                      "  timeout http-keep-alive  1s\n"
                      "  timeout http-request    15s\n"
                      "  timeout queue           30s\n"
                      "  timeout tarpit          60s\n"
                      "  option            dontlognull\n"
                      "  option            http-server-close\n"
                      "  option            idle-close-on-response\n"
                      "  option            redispatch\n");
}

static void add_service(struct zdd_buf *buf, const char *acl, const char *path, const char *service)
{
    zdd_buf_printf(buf,
                   "  acl %s path %s\n"
                   "  http-request use-service %s if %s\n",
                   acl, path, service, acl);
}

static void add_stats(struct zdd_buf *buf, const struct zdd_mlb_settings *settings)
{
    zdd_buf_printf(buf,
                   "listen stats\n"
                   "  bind %s:%u\n"
                   "  balance\n"
                   "  mode http\n"
                   "  stats enable\n"
                   "  monitor-uri /_haproxy_health_check\n"
                   "  http-after-response set-header " WORKER_HEADER " %%pid\n",
                   settings->host, settings->stats_port);
    add_service(buf, "getpid", "/_haproxy_getpids", "lua.getpids");
    add_service(buf, "getvhostmap", "/_haproxy_getvhostmap", "lua.getvhostmap");
    add_service(buf, "getappmap", "/_haproxy_getappmap", "lua.getappmap");
    add_service(buf, "getconfig", "/_haproxy_getconfig", "lua.getconfig");
    add_service(buf, "signalmlbhup", "/_mlb_signal/hup", "lua.signalmlbhup");
    add_service(buf, "signalmlbusr1", "/_mlb_signal/usr1", "lua.signalmlbusr1");
    add_service(buf, "metrics", "/metrics", "prometheus-exporter");
}

void zdd_mlb_head(struct zdd_buf *buf, const struct zdd_mlb_settings *settings)
{
    add_global(buf, settings);
    add_defaults(buf);
    add_stats(buf, settings);
}
