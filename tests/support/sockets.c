/**
 * @file tests/support/sockets.c
 * @brief What the kernel tells about sockets.
 */
#include "tests/support/sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_WAIT 6

/* "  3: 0100007F:1F9B 0100007F:C3A2 06 …": number, local and remote address, state */
static int is_one(const char *line, uint16_t port)
{
    const char *local = strchr(line, ':') ? strchr(strchr(line, ':') + 1, ':') : NULL;
    const char *remote = local ? strchr(local + 1, ':') : NULL;

    return remote && strtoul(local + 1, NULL, 16) == port &&
           strtoul(remote + 1 + strcspn(remote, " "), NULL, 16) == TIME_WAIT;
}

int sockets_in_time_wait(uint16_t port)
{
    FILE *file = fopen("/proc/net/tcp", "r");
    char line[256];
    int count = 0;

    if (!file)
        return -1;
    while (fgets(line, sizeof(line), file))
        count += is_one(line, port);
    fclose(file);
    return count;
}
