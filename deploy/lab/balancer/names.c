/**
 * @file deploy/lab/balancer/names.c
 * @brief Names, ids and cookies as Marathon-LB makes them.
 */
#include "deploy/lab/balancer/names.h"

#include "deploy/lab/balancer/sha1.h"
#include "server/base/crypto.h"

#include <stdbool.h>
#include <string.h>

#define ID_TRIES 64

void zdd_mlb_backend_name(struct zdd_buf *buf, const char *app_id, uint16_t service_port)
{
    for (const char *c = app_id + (*app_id == '/'); *c; c++)
        zdd_buf_append(buf, *c == '/' ? "_" : c, 1);
    zdd_buf_printf(buf, "_%u", service_port);
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

void zdd_mlb_clean(struct zdd_buf *buf, const char *text)
{
    for (const char *c = text; *c; c++)
        zdd_buf_append(buf, is_plain(*c) ? c : "_", 1);
}

void zdd_mlb_server_name(struct zdd_buf *buf, const char *host, const char *ip, uint16_t port)
{
    if (strcmp(host, ip) != 0) {
        zdd_mlb_clean(buf, host);
        zdd_buf_text(buf, "_");
    }
    zdd_mlb_clean(buf, ip);
    zdd_buf_printf(buf, "_%u", port);
}

void zdd_mlb_cookie(const char *server_name, char ret_cookie[static ZDD_MLB_COOKIE_SIZE])
{
    char hex[ZDD_SHA1_HEX_SIZE];

    zdd_sha1_hex(server_name, strlen(server_name), hex);
    memcpy(ret_cookie, hex, ZDD_MLB_COOKIE_SIZE - 1);
    ret_cookie[ZDD_MLB_COOKIE_SIZE - 1] = '\0';
}

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The whole hash is one number of 256 bits; its remainder is taken digit by digit. */
static unsigned remainder_of(const char *hex)
{
    unsigned rest = 0;

    for (; *hex; hex++)
        rest = (rest * 16 + digit(*hex)) % ZDD_MLB_ID_MAX;
    return rest;
}

static bool take(struct zdd_mlb_ids *ids, unsigned id)
{
    const uint8_t bit = (uint8_t)(1u << id % 8);

    if (id == 0 || (ids->taken[id / 8] & bit))
        return false;
    ids->taken[id / 8] |= bit;
    return true;
}

unsigned zdd_mlb_server_id(struct zdd_mlb_ids *ids, const char *server_name)
{
    ZDD_AUTO_BUF struct zdd_buf name = {0};
    char hex[ZDD_SHA256_HEX_SIZE];

    zdd_buf_text(&name, server_name);
    for (int tries = 0; tries < ID_TRIES && name.err == ZDD_ERR_NONE; tries++) {
        unsigned id;

        zdd_sha256_hex(name.data, name.size, hex);
        id = remainder_of(hex);
        if (take(ids, id))
            return id;
        zdd_buf_printf(&name, " %s", hex); /* Marathon-LB's next name after a collision */
    }
    return 0;
}
