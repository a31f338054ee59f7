/**
 * @file deploy/lab/balancer/services.h
 * @brief From apps to what a balancer serves: one entry per service port, with its labels read and
 * its tasks as servers (pure).
 */
#pragma once

#include "server/json/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZDD_MLB_HOSTNAME_SIZE 256

/** What the rules need to know of the balancer they configure. */
struct zdd_mlb_settings {
    const char *host; /* everything is bound to this address */
    uint16_t stats_port, app_id_port, vhost_port;
    uint16_t admin_port; /* 0: no Runtime API over TCP */
    unsigned connections_max;
    const char *groups; /* HAPROXY_GROUP it serves, with commas; "*": every app that names one */
    double speed;       /* intervals of health checks are divided by it */
    bool is_first;      /* a BIND_ADDR of one's own is the first balancer's */
};

struct zdd_mlb_server {
    const char *host;
    uint16_t port;
    bool draining;
};

/** One service port. Texts are borrowed from the apps. */
struct zdd_mlb_service {
    const char *app_id;
    uint16_t port;
    bool http;                          /* what mode comes to … */
    const char *mode;                   /* … and as a word: "http", "tcp" or the label's own */
    const char *balance, *vhost, *path; /* vhost and path: NULL for none */
    const char *bind_addr, *server_template; /* NULL: as the others */
    bool sticky;
    long weight;         /* places its ACLs before others' */
    const json_t *check; /* or NULL */
    struct zdd_mlb_server *server;
    size_t server_count;
};

struct zdd_mlb_services {
    json_t *apps;                    /* what the texts are borrowed from */
    struct zdd_mlb_service *service; /* sorted by app and port */
    size_t count;
    json_t *left_out; /* app id → why */
};

/**
 * @param apps  as zdd_mlb_merge() gives them, each with its service ports in "ports"; stolen
 * @return to be released
 */
struct zdd_mlb_services zdd_mlb_services(const struct zdd_mlb_settings *settings, json_t *apps);
void zdd_mlb_services_release(struct zdd_mlb_services *services);

/** Leave @p app_id out for this reason; the first reason stays. */
__attribute__((format(printf, 3, 4))) void zdd_mlb_leave_out(json_t *left_out, const char *app_id,
                                                             const char *format, ...);
