/**
 * @file server/router/places.c
 * @brief Which balancers there are.
 */
#include "server/router/places.h"

#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/base/wait.h"
#include "server/net/url.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define AUTHORITY_SIZE 72 /* host and port */

struct target {
    char name[ZDD_BALANCER_NAME_SIZE]; /* as it is told when nothing better is known */
    char host[64];
    uint16_t port;
    bool is_path, is_address;
    size_t count; /* addresses known; may exceed ZDD_BALANCER_MAX */
    char address[ZDD_BALANCER_MAX][ZDD_SOURCE_SIZE];
};

struct zdd_places {
    zdd_resolve *resolve;
    void *cls;
    int64_t period_ms;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool complete; /* each name has been looked up once */
    bool stop;
    bool threaded;
    pthread_t thread;
    size_t target_count;
    struct target target[ZDD_BALANCER_MAX];
};

static size_t ask_family(int family, const char *host, char (*ret_addresses)[ZDD_SOURCE_SIZE],
                         size_t max)
{
    const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    size_t count = 0;

    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return 0;
    for (const struct addrinfo *one = found; one; one = one->ai_next, count++) {
        if (count < max)
            (void)getnameinfo(one->ai_addr, one->ai_addrlen, ret_addresses[count], ZDD_SOURCE_SIZE,
                              NULL, 0, NI_NUMERICHOST);
    }
    freeaddrinfo(found);
    return count;
}

/* A machine with an address of each family is one balancer: IPv6 counts where there is no IPv4. */
static size_t ask_system(void *cls, const char *host, char (*ret_addresses)[ZDD_SOURCE_SIZE],
                         size_t max)
{
    const size_t count = ask_family(AF_INET, host, ret_addresses, max);

    (void)cls;
    return count > 0 ? count : ask_family(AF_INET6, host, ret_addresses, max);
}

/* "http://lb:9090/x" and "lb:9090" have the authority "lb:9090"; a URL may leave the port out. */
static bool cut_authority(const char *text, char ret_authority[static AUTHORITY_SIZE])
{
    const char *start = strstr(text, "://");
    const char *port = NULL;
    int size;

    if (!start)
        return snprintf(ret_authority, AUTHORITY_SIZE, "%s", text) < AUTHORITY_SIZE;
    if (!zdd_url_valid(text))
        return false;
    start += strlen("://");
    size = (int)strcspn(start, "/?");
    for (const char *at = start; at < start + size; at++)
        port = *at == ':' ? at : *at == ']' ? NULL : port;
    size = snprintf(ret_authority, AUTHORITY_SIZE, "%.*s%s", size, start,
                    port                              ? ""
                    : strncmp(text, "https:", 6) == 0 ? ":443"
                                                      : ":80");
    return size < AUTHORITY_SIZE;
}

static bool is_address(const char *host)
{
    struct in6_addr any;

    return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

static bool read_target(const char *text, struct target *target)
{
    char authority[AUTHORITY_SIZE];

    if (*text == '/') {
        target->is_path = true;
        return snprintf(target->name, sizeof(target->name), "%s", text) < (int)sizeof(target->name);
    }
    if (!cut_authority(text, authority) ||
        !zdd_hostport_parse(authority, target->host, &target->port) || target->port == 0)
        return false;
    snprintf(target->name, sizeof(target->name), "%s", authority);
    target->is_address = is_address(target->host);
    if (target->is_address)
        snprintf(target->address[target->count++], ZDD_SOURCE_SIZE, "%.45s", target->host);
    return true;
}

static void look_up(struct zdd_places *places, struct target *target)
{
    char address[ZDD_BALANCER_MAX][ZDD_SOURCE_SIZE] = {{0}};
    const size_t count =
        places->resolve(places->cls, target->host, address, ZDD_BALANCER_MAX); /* takes its time */

    pthread_mutex_lock(&places->lock);
    if (count > 0) { /* else the ones known before are better than nothing */
        memcpy(target->address, address, sizeof(address));
        target->count = count;
    }
    pthread_mutex_unlock(&places->lock);
}

/* With the lock held: wait for the period, or for the end. */
static void rest(struct zdd_places *places, int64_t ms)
{
    const int64_t until_ms = zdd_mono_ms() + ms;

    while (!places->stop && zdd_cond_wait(&places->changed, &places->lock, until_ms))
        ; /* something else has changed */
}

static void *run(void *cls)
{
    struct zdd_places *places = cls;

    pthread_mutex_lock(&places->lock);
    while (!places->stop) {
        for (size_t i = 0; !places->stop && i < places->target_count; i++) {
            struct target *target = &places->target[i];

            pthread_mutex_unlock(&places->lock);
            if (!target->is_path && !target->is_address)
                look_up(places, target);
            pthread_mutex_lock(&places->lock);
        }
        places->complete = true;
        pthread_cond_broadcast(&places->changed);
        rest(places, places->period_ms);
    }
    pthread_mutex_unlock(&places->lock);
    return NULL;
}

static bool needs_thread(const struct zdd_places *places)
{
    for (size_t i = 0; i < places->target_count; i++) {
        if (!places->target[i].is_path && !places->target[i].is_address)
            return true;
    }
    return false;
}

static bool start_thread(struct zdd_places *places)
{
    sigset_t all, before;

    sigfillset(&all); /* signals are for the main thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    places->threaded = pthread_create(&places->thread, NULL, run, places) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return places->threaded;
}

static enum zdd_err read_targets(const struct zdd_places_options *options,
                                 struct zdd_places *places,
                                 char reason[static ZDD_ROUTER_REASON_SIZE])
{
    if (options->target_count == 0 || options->target_count > ZDD_BALANCER_MAX) {
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "%zu load balancers; right would be 1 to %d",
                 options->target_count, ZDD_BALANCER_MAX);
        return ZDD_ERR_BODY_INVALID;
    }
    for (size_t i = 0; i < options->target_count; i++) {
        if (!read_target(options->targets[i], &places->target[i])) {
            snprintf(reason, ZDD_ROUTER_REASON_SIZE,
                     "\"%.100s\" is no load balancer; right would be http://HOST:PORT, HOST:PORT "
                     "or the path of a socket",
                     options->targets[i]);
            return ZDD_ERR_BODY_INVALID;
        }
    }
    places->target_count = options->target_count;
    return ZDD_ERR_NONE;
}

static bool prepare(struct zdd_places *places)
{
    if (pthread_mutex_init(&places->lock, NULL) != 0)
        return false;
    zdd_cond_init(&places->changed);
    return true;
}

enum zdd_err zdd_places_open(const struct zdd_places_options *options,
                             struct zdd_places **ret_places,
                             char reason[static ZDD_ROUTER_REASON_SIZE])
{
    ZDD_AUTO_FREE struct zdd_places *places = calloc(1, sizeof(*places));
    enum zdd_err err;

    if (!places)
        return ZDD_ERR_NO_MEMORY;
    places->resolve = options->resolve ? options->resolve : ask_system;
    places->cls = options->cls;
    places->period_ms = options->period_ms ? options->period_ms : ZDD_PLACES_PERIOD_MS;
    err = read_targets(options, places, reason);
    if (err != ZDD_ERR_NONE)
        return err;
    if (!prepare(places))
        return ZDD_ERR_NO_MEMORY;
    places->complete = !needs_thread(places);
    if (!places->complete && !start_thread(places)) {
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "no thread to look host names up");
        zdd_places_close(ZDD_TAKE(places));
        return ZDD_ERR_INTERNAL;
    }
    *ret_places = ZDD_TAKE(places);
    return ZDD_ERR_NONE;
}

struct zdd_places *zdd_places_close(struct zdd_places *places)
{
    if (!places)
        return NULL;
    if (places->threaded) {
        pthread_mutex_lock(&places->lock);
        places->stop = true;
        pthread_cond_broadcast(&places->changed);
        pthread_mutex_unlock(&places->lock);
        pthread_join(places->thread, NULL);
    }
    pthread_cond_destroy(&places->changed);
    pthread_mutex_destroy(&places->lock);
    free(places);
    return NULL;
}

/* A target that has no address is one balancer that cannot be asked, not none. */
static size_t list_target(const struct target *target, size_t number, size_t count,
                          struct zdd_place list[static ZDD_BALANCER_MAX])
{
    const size_t own = target->count > 0 ? target->count : 1;

    for (size_t i = 0; i < own && count + i < ZDD_BALANCER_MAX; i++) {
        struct zdd_place *place = &list[count + i];
        const char *address = i < target->count ? target->address[i] : "";

        *place = (struct zdd_place){
            .target = number, .port = target->port, .known = target->is_path || target->count > 0};
        snprintf(place->address, sizeof(place->address), "%s", address);
        if (*address)
            snprintf(place->name, sizeof(place->name), strchr(address, ':') ? "[%s]:%u" : "%s:%u",
                     address, target->port);
        else
            snprintf(place->name, sizeof(place->name), "%s", target->name);
    }
    return count + own;
}

size_t zdd_places_list(struct zdd_places *places, int64_t wait_ms,
                       struct zdd_place ret_list[static ZDD_BALANCER_MAX])
{
    const int64_t until_ms = zdd_mono_ms() + wait_ms;
    size_t count = 0;

    pthread_mutex_lock(&places->lock);
    while (!places->complete && zdd_cond_wait(&places->changed, &places->lock, until_ms))
        ; /* not all of them yet */
    for (size_t i = 0; i < places->target_count; i++)
        count = list_target(&places->target[i], i, count, ret_list);
    pthread_mutex_unlock(&places->lock);
    return count;
}
