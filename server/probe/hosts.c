/**
 * @file server/probe/hosts.c
 * @brief Which hosts the server may be made to ask.
 */
#include "server/probe/hosts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The part of @p url that says where it leads: "host" or "host:port". */
static const char *authority(const char *url, size_t *ret_size)
{
    const char *at = strstr(url, "://");

    at = at ? at + strlen("://") : url;
    *ret_size = strcspn(at, "/?#");
    return at;
}

/* Without the port; an IPv6 address keeps its brackets. */
static size_t host_size(const char *authority, size_t size)
{
    const size_t literal = strcspn(authority, "]");

    if (authority[0] == '[' && literal < size)
        return literal + 1;
    for (size_t i = 0; i < size; i++) {
        if (authority[i] == ':')
            return i;
    }
    return size;
}

bool zdd_check_host_allowed(const char *url, const char *hosts)
{
    size_t size, entry;
    const char *place = authority(url, &size);
    const size_t host = host_size(place, size);

    for (const char *at = hosts; *at; at += entry + (at[entry] == ',')) {
        entry = strcspn(at, ",");
        if (entry > 0 && (entry == size || entry == host) && strncasecmp(at, place, entry) == 0)
            return true;
    }
    return false;
}

void zdd_check_host(const char *url, char *ret_host, size_t size)
{
    size_t length;
    const char *place = authority(url, &length);

    snprintf(ret_host, size, "%.*s", (int)host_size(place, length), place);
}
