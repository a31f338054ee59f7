/**
 * @file server/net/address.c
 * @brief Host names as addresses, remembered for a while.
 */
#include "server/net/address.h"

#include "server/base/clock.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define KNOWN_MAX 256 /* agents of a large cluster; beyond, the oldest is asked again */
#define KEPT_MS 60000
#define HOST_SIZE 256 /* RFC 1035: 253 characters */

static struct {
    pthread_mutex_t lock;
    size_t next; /* the place that is used next */
    struct {
        char host[HOST_SIZE];
        char ip[ZDD_NET_ADDRESS_SIZE];
        int64_t until_ms;
    } known[KNOWN_MAX];
} memory = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static bool recall(const char *host, char *ret_ip)
{
    bool found = false;

    pthread_mutex_lock(&memory.lock);
    for (size_t i = 0; i < KNOWN_MAX && !found; i++) {
        found = strcmp(memory.known[i].host, host) == 0 && zdd_mono_ms() < memory.known[i].until_ms;
        if (found)
            memcpy(ret_ip, memory.known[i].ip, ZDD_NET_ADDRESS_SIZE);
    }
    pthread_mutex_unlock(&memory.lock);
    return found;
}

static void remember(const char *host, const char *ip)
{
    pthread_mutex_lock(&memory.lock);
    snprintf(memory.known[memory.next].host, HOST_SIZE, "%s", host);
    memcpy(memory.known[memory.next].ip, ip, ZDD_NET_ADDRESS_SIZE);
    memory.known[memory.next].until_ms = zdd_mono_ms() + KEPT_MS;
    memory.next = (memory.next + 1) % KNOWN_MAX;
    pthread_mutex_unlock(&memory.lock);
}

static bool resolve(const char *host, char *ret_ip)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    const struct addrinfo *best;

    if (getaddrinfo(host, NULL, &wanted, &list) != 0)
        return false;
    best = list;
    for (const struct addrinfo *at = list; at; at = at->ai_next) {
        if (at->ai_family == AF_INET) {
            best = at;
            break;
        }
    }
    const bool told = best && getnameinfo(best->ai_addr, best->ai_addrlen, ret_ip,
                                          ZDD_NET_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST) == 0;

    freeaddrinfo(list);
    return told;
}

bool zdd_net_address(const char *host, char ret_ip[static ZDD_NET_ADDRESS_SIZE])
{
    if (!*host || strlen(host) >= HOST_SIZE)
        return false;
    if (is_address(host)) {
        snprintf(ret_ip, ZDD_NET_ADDRESS_SIZE, "%s", host);
        return true;
    }
    if (recall(host, ret_ip))
        return true;
    if (!resolve(host, ret_ip))
        return false;
    remember(host, ret_ip);
    return true;
}
