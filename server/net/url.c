/**
 * @file server/net/url.c
 * @brief Building and judging URLs.
 */
#include "server/net/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define URL_MAX_BYTES 8000 /* what fits into the request head that Marathon reads */
#define HOST_MAX_BYTES 253 /* a DNS name */
#define LABEL_MAX_BYTES 63 /* one part of it */

static bool is_alnum(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

static bool is_unreserved(char byte)
{
    return is_alnum(byte) || (byte && strchr("-._~", byte));
}

void zdd_url_encode(struct zdd_buf *buf, const char *text, const char *keep)
{
    for (; *text; text++) {
        if (is_unreserved(*text) || (keep && strchr(keep, *text)))
            zdd_buf_append(buf, text, 1);
        else
            zdd_buf_printf(buf, "%%%02X", (unsigned)(unsigned char)*text);
    }
}

/* A name of the DNS, or an IPv4 address, which has the same letters. */
static bool is_host_name(const char *text, size_t size)
{
    size_t label = 0;

    if (size == 0 || size > HOST_MAX_BYTES)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if (!(is_alnum(text[i]) || text[i] == '-' || text[i] == '_') ||
                   ++label > LABEL_MAX_BYTES) {
            return false;
        }
    }
    return true;
}

static bool is_ipv6(const char *text, size_t size)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (size >= sizeof(copy))
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    return inet_pton(AF_INET6, copy, &address) == 1;
}

/* Bytes of the host that @p text starts with, brackets of IPv6 included; 0 when there is none. */
static size_t host_size(const char *text)
{
    size_t size;

    if (*text != '[') {
        size = strcspn(text, ":/?#@[]\\ ");
        return is_host_name(text, size) ? size : 0;
    }
    size = strcspn(text, "]");
    if (text[size] != ']' || !is_ipv6(text + 1, size - 1))
        return 0;
    return size + 1;
}

/* 1 to 65535 in at most five digits (0 too where @p zero_too); @return digits read, 0 when it is no
 * port */
static size_t read_port(const char *text, bool zero_too, uint16_t *ret_port)
{
    unsigned port = 0;
    size_t size = 0;

    for (; size < 5 && text[size] >= '0' && text[size] <= '9'; size++)
        port = port * 10 + (unsigned)(text[size] - '0');
    if (size == 0 || port > UINT16_MAX || (port == 0 && !zero_too))
        return 0;
    *ret_port = (uint16_t)port;
    return size;
}

bool zdd_hostport_parse(const char *text, char ret_host[static 64], uint16_t *ret_port)
{
    const size_t size = host_size(text);
    const bool bracketed = *text == '[';
    const size_t host = bracketed && size ? size - 2 : size;
    uint16_t port;
    size_t digits;

    if (size == 0 || host >= 64 || text[size] != ':')
        return false;
    digits = read_port(text + size + 1, true, &port);
    if (digits == 0 || text[size + 1 + digits])
        return false;
    memcpy(ret_host, text + bracketed, host);
    ret_host[host] = '\0';
    *ret_port = port;
    return true;
}

/* A path and a query: visible ASCII without what RFC 3986 never allows. */
static bool is_path(const char *text)
{
    for (; *text; text++) {
        if (*text <= ' ' || *text >= 0x7F || strchr("\"<>\\^`{|}#", *text))
            return false;
    }
    return true;
}

bool zdd_url_valid(const char *url)
{
    const char *host = NULL;
    size_t size;
    uint16_t port;

    if (strlen(url) > URL_MAX_BYTES)
        return false;
    if (strncmp(url, "http://", 7) == 0)
        host = url + 7;
    else if (strncmp(url, "https://", 8) == 0)
        host = url + 8;
    size = host ? host_size(host) : 0;
    if (size == 0)
        return false;
    host += size;
    if (*host == ':') {
        const size_t digits = read_port(host + 1, false, &port);

        if (digits == 0)
            return false;
        host += 1 + digits;
    }
    return (!*host || *host == '/' || *host == '?') && is_path(host);
}
