/**
 * @file tests/fuzz/fuzz_url.c
 * @brief Addresses: host and port, URLs, redirects. What is accepted is what it looks like.
 */
#include "server/cluster/marathon_url.h"
#include "server/net/url.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void check_hostport(const char *text)
{
    char host[64], again[64], whole[80];
    uint16_t port, port_again;

    if (!zdd_hostport_parse(text, host, &port))
        return;
    FUZZ_CHECK(host[0] && !strpbrk(host, "[]/@ \r\n"));
    snprintf(whole, sizeof(whole), strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, (unsigned)port);
    FUZZ_CHECK(zdd_hostport_parse(whole, again, &port_again));
    FUZZ_CHECK(strcmp(host, again) == 0 && port == port_again);
}

/* Where a valid URL leads is decided before its first slash; nothing in it hides another host. */
static void check_url(const char *url)
{
    char authority[ZDD_MARATHON_URL_SIZE], origin[ZDD_MARATHON_URL_SIZE];

    if (!zdd_url_valid(url))
        return;
    for (const char *at = url; *at; at++)
        FUZZ_CHECK(*at > ' ' && *at < 0x7F && *at != '\\');
    FUZZ_CHECK(zdd_marathon_authority(url, authority, sizeof(authority)));
    FUZZ_CHECK(!strpbrk(authority, "/?#@") && strrchr(authority, ':'));
    FUZZ_CHECK(zdd_marathon_origin(url, origin, sizeof(origin)));
    FUZZ_CHECK(zdd_url_valid(origin));
    if (strlen(authority) < 290)
        FUZZ_CHECK(zdd_marathon_same_place(url, url) && zdd_marathon_same_host(url, url));
}

static void check_redirect(const char *url, const char *location)
{
    char target[ZDD_MARATHON_URL_SIZE];

    (void)zdd_marathon_same_place(url, location);
    if (zdd_marathon_same_host(url, location))
        FUZZ_CHECK(strncasecmp(url, "https:", 6) != 0 || strncasecmp(location, "https:", 6) == 0);
    if (!zdd_marathon_resolve(url, location, target))
        return;
    FUZZ_CHECK(strlen(target) < sizeof(target));
    if (location[0] == '/' && location[1] != '/')
        FUZZ_CHECK(zdd_marathon_same_place(url, target));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 2);

    check_hostport(parts.text[0]);
    check_url(parts.text[0]);
    check_redirect(parts.text[0], parts.text[1]);
    check_redirect("https://marathon.example:8443/base", parts.text[0]);
    return 0;
}
