/**
 * @file server/cluster/marathon_url.c
 * @brief Just enough of RFC 3986 for redirects between cluster members.
 */
#include "server/cluster/marathon_url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define AUTHORITY_SIZE 300

/* The scheme, and what follows "://"; NULL for another scheme. */
static const char *after_scheme(const char *url, bool *ret_tls)
{
    if (strncasecmp(url, "http://", 7) == 0) {
        *ret_tls = false;
        return url + 7;
    }
    if (strncasecmp(url, "https://", 8) == 0) {
        *ret_tls = true;
        return url + 8;
    }
    return NULL;
}

/* A port at the end of an authority; IPv6 addresses hold colons of their own. */
static bool has_port(const char *authority)
{
    const char *colon = strrchr(authority, ':');
    const char *bracket = strrchr(authority, ']');

    return colon && (!bracket || colon > bracket);
}

bool zdd_marathon_authority(const char *url, char *ret_authority, size_t size)
{
    bool tls;
    const char *start = after_scheme(url, &tls);

    if (!start)
        return false;

    const size_t length = strcspn(start, "/?#");
    const char *at = memchr(start, '@', length);

    if (length == 0 || length + sizeof(":443") > size || at)
        return false;
    for (size_t i = 0; i < length; i++) {
        const char c = start[i];

        ret_authority[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    ret_authority[length] = '\0';
    if (!has_port(ret_authority))
        snprintf(ret_authority + length, size - length, "%s", tls ? ":443" : ":80");
    return true;
}

bool zdd_marathon_origin(const char *url, char *ret_origin, size_t size)
{
    char authority[AUTHORITY_SIZE];
    bool tls;
    int length;

    if (!after_scheme(url, &tls) || !zdd_marathon_authority(url, authority, sizeof(authority)))
        return false;
    length = snprintf(ret_origin, size, "%s://%s", tls ? "https" : "http", authority);
    return length > 0 && (size_t)length < size;
}

bool zdd_marathon_same_place(const char *a, const char *b)
{
    char first[AUTHORITY_SIZE], second[AUTHORITY_SIZE];

    return zdd_marathon_authority(a, first, sizeof(first)) &&
           zdd_marathon_authority(b, second, sizeof(second)) && strcmp(first, second) == 0;
}

bool zdd_marathon_same_host(const char *from, const char *to)
{
    char first[AUTHORITY_SIZE], second[AUTHORITY_SIZE];
    bool from_tls, to_tls;

    if (!after_scheme(from, &from_tls) || !after_scheme(to, &to_tls) || (from_tls && !to_tls))
        return false;
    if (!zdd_marathon_authority(from, first, sizeof(first)) ||
        !zdd_marathon_authority(to, second, sizeof(second)))
        return false;
    *strrchr(first, ':') = '\0';
    *strrchr(second, ':') = '\0';
    return strcmp(first, second) == 0;
}

bool zdd_marathon_resolve(const char *url, const char *location,
                          char ret_url[static ZDD_MARATHON_URL_SIZE])
{
    char origin[AUTHORITY_SIZE];
    int size;

    if (!zdd_marathon_origin(url, origin, sizeof(origin)))
        return false;
    if (strncmp(location, "//", 2) == 0)
        size = snprintf(ret_url, ZDD_MARATHON_URL_SIZE, "%.*s:%s", (int)strcspn(origin, ":"),
                        origin, location);
    else if (location[0] == '/')
        size = snprintf(ret_url, ZDD_MARATHON_URL_SIZE, "%s%s", origin, location);
    else
        size = snprintf(ret_url, ZDD_MARATHON_URL_SIZE, "%s", location);
    return size > 0 && size < ZDD_MARATHON_URL_SIZE &&
           zdd_marathon_origin(ret_url, origin, sizeof(origin));
}
