/**
 * @file deploy/lab/balancer/options.c
 * @brief Reading what is said about balancers.
 */
#include "deploy/lab/options.h"
#include "server/net/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_LAST_MAX 250   /* the last number of the first address: the others count on from it */
#define PORT_LAST_MAX 65533 /* two more follow: app ids and the Runtime API */

static uint32_t last_number(struct in_addr address)
{
    return ntohl(address.s_addr) & 0xff;
}

const char *zdd_lab_set_balancer(struct zdd_lab_options *options, const char *value)
{
    static const char wrong[] = "must be a loopback address up to 127.x.x.250 and a port up to "
                                "65533, such as 127.0.0.1:9090, or 127.0.0.1:0 for free ports";
    struct in_addr address;
    char host[64];
    uint16_t port;

    if (!zdd_hostport_parse(value, host, &port) || inet_pton(AF_INET, host, &address) != 1)
        return wrong;
    if (strncmp(host, "127.", 4) != 0 || last_number(address) < 1 ||
        last_number(address) > HOST_LAST_MAX || port > PORT_LAST_MAX)
        return wrong;
    snprintf(options->balancer.host, sizeof(options->balancer.host), "%.15s", host);
    options->balancer.port = port;
    options->balancer.off = false;
    return NULL;
}

const char *zdd_lab_set_no_balancer(struct zdd_lab_options *options, const char *value)
{
    (void)value;
    options->balancer.off = true;
    return NULL;
}

const char *zdd_lab_set_balancers(struct zdd_lab_options *options, const char *value)
{
    if (value[0] < '1' || value[0] > '0' + ZDD_LAB_BALANCER_MAX || value[1])
        return "must be a number from 1 to 4";
    options->balancer.count = value[0] - '0';
    return NULL;
}

const char *zdd_lab_set_balancer_group(struct zdd_lab_options *options, const char *value)
{
    options->balancer.groups = value;
    return *value ? NULL : "must name a group, some with commas between, or * for all";
}

const char *zdd_lab_set_balancer_admin(struct zdd_lab_options *options, const char *value)
{
    (void)value;
    options->balancer.admin = true;
    return NULL;
}

const char *zdd_lab_set_vhost_port(struct zdd_lab_options *options, const char *value)
{
    char *end = NULL;
    const long port = strtol(value, &end, 10);

    if (end == value || *end || port < 0 || port > UINT16_MAX)
        return "must be a port, or 0 for a free one";
    options->balancer.vhost_port = (int)port;
    return NULL;
}

void zdd_lab_balancer_address(const struct zdd_lab_balancer_options *options, int index,
                              char ret[static ZDD_LAB_ADDRESS_SIZE])
{
    struct in_addr address = {0};

    (void)inet_pton(AF_INET, options->host, &address);
    address.s_addr = htonl(ntohl(address.s_addr) + (uint32_t)index);
    (void)inet_ntop(AF_INET, &address, ret, ZDD_LAB_ADDRESS_SIZE);
}
