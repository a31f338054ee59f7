/**
 * @file server/http/remote.c
 * @brief Addresses of callers, as text.
 */
#include "server/http/remote.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define V4_OFFSET 12    /* of the IPv4 address in an IPv6 address that stands for it */
#define NETWORK_BYTES 8 /* of an IPv6 address: a /64 */

_Static_assert(ZDD_REMOTE_SIZE >= INET6_ADDRSTRLEN, "any address fits");

void zdd_remote_write(const struct sockaddr *address, char ret_text[static ZDD_REMOTE_SIZE])
{
    const void *any = address;
    const struct sockaddr_in *v4 = any;
    const struct sockaddr_in6 *v6 = any;

    ret_text[0] = '\0';
    if (!address)
        return;
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &v4->sin_addr, ret_text, ZDD_REMOTE_SIZE);
    else if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[V4_OFFSET], ret_text, ZDD_REMOTE_SIZE);
    else if (address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &v6->sin6_addr, ret_text, ZDD_REMOTE_SIZE);
}

void zdd_remote_network(const char *text, char ret_network[static ZDD_REMOTE_SIZE])
{
    struct in6_addr v6;

    snprintf(ret_network, ZDD_REMOTE_SIZE, "%s", text);
    if (inet_pton(AF_INET6, text, &v6) != 1)
        return;
    memset(&v6.s6_addr[NETWORK_BYTES], 0, sizeof(v6.s6_addr) - NETWORK_BYTES);
    inet_ntop(AF_INET6, &v6, ret_network, ZDD_REMOTE_SIZE);
}
