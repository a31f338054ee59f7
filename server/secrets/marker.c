/**
 * @file server/secrets/marker.c
 * @brief Markers.
 */
#include "server/secrets/marker.h"

#include <stdio.h>
#include <string.h>

#define DIGITS ((size_t)ZDD_SECRET_DIGEST_SIZE - 1)

void zdd_marker_write(const char *digest, char ret_marker[static ZDD_MARKER_SIZE])
{
    snprintf(ret_marker, ZDD_MARKER_SIZE, "%s%s%s", ZDD_MARKER_HEAD, digest, ZDD_MARKER_TAIL);
}

bool zdd_marker_read(const char *text, size_t size, char ret_digest[static ZDD_SECRET_DIGEST_SIZE])
{
    const size_t head = strlen(ZDD_MARKER_HEAD);

    if (size != ZDD_MARKER_SIZE - 1 || memcmp(text, ZDD_MARKER_HEAD, head) != 0 ||
        memcmp(text + head + DIGITS, ZDD_MARKER_TAIL, strlen(ZDD_MARKER_TAIL)) != 0)
        return false;
    for (size_t i = 0; i < DIGITS; i++) {
        const char c = text[head + i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        ret_digest[i] = c;
    }
    ret_digest[DIGITS] = '\0';
    return true;
}
