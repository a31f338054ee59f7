/**
 * @file server/router/names.c
 * @brief Names of backends and servers.
 */
#include "server/router/names.h"

#include <stdio.h>
#include <string.h>

bool zdd_backend_name(const char *group, uint16_t service_port,
                      char ret_name[static ZDD_BACKEND_SIZE])
{
    const int size =
        snprintf(ret_name, ZDD_BACKEND_SIZE, "%s_%u", group + (*group == '/'), service_port);

    if (size < 0 || size >= ZDD_BACKEND_SIZE)
        return false;
    for (char *at = ret_name; *at; at++) {
        if (*at == '/')
            *at = '_';
    }
    return true;
}

static char cleaned(char byte)
{
    if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
        (byte >= '0' && byte <= '9') || byte == '-')
        return byte;
    return '_';
}

bool zdd_server_fits(const char *server, const char *address)
{
    const size_t all = strlen(server), size = strlen(address);

    if (size == 0 || all < size)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (server[all - size + i] != cleaned(address[i]))
            return false;
    }
    /* An address has all its numbers, so none is a part of another behind a line. */
    return all == size || server[all - size - 1] == '_';
}
