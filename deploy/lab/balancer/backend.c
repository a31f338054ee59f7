/**
 * @file deploy/lab/balancer/backend.c
 * @brief One backend, line by line.
 */
#include "deploy/lab/balancer/backend.h"

#include "deploy/lab/balancer/format.h"
#include "deploy/lab/balancer/names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_SIZE 128
#define NUMBER_MAX 1000000
#define FASTINTER " fastinter "
#define INTERVAL_MIN_MS 20 /* of a health check; --speed shall not make HAProxy do nothing else */

/* Stock's template, with the ids that the state file needs. */
static const char server_template[] = "  server {serverName} {host_ipv4}:{port} id {serverId}"
                                      "{cookieOptions}{healthCheckOptions}{otherOptions}\n";

static bool is_tcp_check(const struct zdd_mlb_service *service)
{
    const char *protocol = zdd_json_text(service->check, "protocol", "");

    return !service->http || strcmp(protocol, "TCP") == 0 || strcmp(protocol, "MESOS_TCP") == 0;
}

/* What Marathon would refuse may still be read here: it must only not be nonsense. */
static long long number(const json_t *check, const char *name, int64_t otherwise)
{
    const int64_t value = zdd_json_int(check, name, otherwise);

    return value < 0 ? 0 : value > NUMBER_MAX ? NUMBER_MAX : value;
}

/* How long a check may take is the service's own pace: --speed does not touch it. */
static void add_check(struct zdd_buf *buf, const struct zdd_mlb_service *service)
{
    if (!service->check || is_tcp_check(service))
        return;
    zdd_buf_printf(buf,
                   "  option  httpchk GET %s\n"
                   "  timeout check %llds\n",
                   zdd_json_text(service->check, "path", "/"),
                   number(service->check, "timeoutSeconds", 20));
}

static void interval_text(const struct zdd_mlb_settings *settings, long long seconds,
                          char ret[static 32])
{
    long long ms = llround((double)seconds * 1000.0 / settings->speed);

    if (ms < INTERVAL_MIN_MS)
        ms = INTERVAL_MIN_MS;
    if (ms % 1000 == 0)
        snprintf(ret, 32, "%llds", ms / 1000);
    else
        snprintf(ret, 32, "%lldms", ms);
}

static void check_options(const struct zdd_mlb_settings *settings, const json_t *check,
                          char ret[static CHECK_SIZE])
{
    const long long port = number(check, "port", 0);
    char interval[32];
    char ports[32] = "";

    interval_text(settings, number(check, "intervalSeconds", 60), interval);
    if (port)
        snprintf(ports, sizeof(ports), " port %lld", port);
    snprintf(ret, CHECK_SIZE, " check inter %s fall %lld%s", interval,
             number(check, "maxConsecutiveFailures", 3) + 1, ports);
}

/* A template's own interval between checks in doubt is divided by --speed like all others. */
static void add_line(struct zdd_buf *buf, const struct zdd_mlb_settings *settings, const char *line)
{
    const char *at = strstr(line, FASTINTER);
    char *end = NULL;
    const long seconds = at ? strtol(at + strlen(FASTINTER), &end, 10) : 0;
    char interval[32];

    if (!at || *end != 's' || seconds < 1 || seconds > NUMBER_MAX) {
        zdd_buf_text(buf, line);
        return;
    }
    interval_text(settings, seconds, interval);
    zdd_buf_append(buf, line, (size_t)(at - line));
    zdd_buf_printf(buf, FASTINTER "%s%s", interval, end + 1);
}

/* A task's host is an address here, so it is host and host_ipv4 at once. */
static bool add_server(struct zdd_buf *buf, const struct zdd_mlb_settings *settings,
                       const struct zdd_mlb_service *service, const struct zdd_mlb_server *server,
                       struct zdd_mlb_ids *ids)
{
    ZDD_AUTO_BUF struct zdd_buf name = {0};
    ZDD_AUTO_BUF struct zdd_buf line = {0};
    char port[8];
    char id[8];
    char cookie[32] = "";
    char check[CHECK_SIZE] = "";
    char hash[ZDD_MLB_COOKIE_SIZE];

    zdd_mlb_server_name(&name, server->host, server->host, server->port);
    if (name.err != ZDD_ERR_NONE)
        return false;
    snprintf(port, sizeof(port), "%u", server->port);
    snprintf(id, sizeof(id), "%u", zdd_mlb_server_id(ids, name.data));
    zdd_mlb_cookie(name.data, hash);
    if (service->sticky)
        snprintf(cookie, sizeof(cookie), " check cookie %s", hash);
    if (service->check)
        check_options(settings, service->check, check);

    const struct zdd_mlb_field fields[] = {
        {"host", server->host},
        {"host_ipv4", server->host},
        {"port", port},
        {"serverName", name.data},
        {"serverId", id},
        {"cookieOptions", cookie},
        {"healthCheckOptions", check},
        {"otherOptions", server->draining ? " disabled" : ""},
    };

    if (!zdd_mlb_format(&line,
                        service->server_template ? service->server_template : server_template,
                        fields, sizeof(fields) / sizeof(fields[0])))
        return false;
    if (line.err == ZDD_ERR_NONE)
        add_line(buf, settings, line.size ? line.data : "");
    return line.err == ZDD_ERR_NONE;
}

bool zdd_mlb_backend(struct zdd_buf *buf, const struct zdd_mlb_settings *settings,
                     const struct zdd_mlb_service *service, const char *name)
{
    struct zdd_mlb_ids ids = {0};

    zdd_buf_printf(buf, "\nbackend %s\n  balance %s\n  mode %s\n", name, service->balance,
                   service->mode);
    if (service->http)
        zdd_buf_text(buf, "  option forwardfor\n"
                          "  http-request set-header X-Forwarded-Port %[dst_port]\n"
                          "  http-request add-header X-Forwarded-Proto https if { ssl_fc }\n");
    if (service->sticky)
        zdd_buf_text(buf, "  cookie mesosphere_server_id insert indirect nocache\n");
    add_check(buf, service);
    for (size_t i = 0; i < service->server_count; i++)
        if (!add_server(buf, settings, service, &service->server[i], &ids))
            return false;
    return true;
}
