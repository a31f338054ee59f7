/**
 * @file server/api/cookie.c
 * @brief Reading the header Cookie (RFC 6265 section 4.2). Pure.
 */
#include "server/api/session.h"

#include <string.h>

bool zdd_cookie_read(const char *header, const char *name, char *ret_value, size_t size)
{
    const size_t name_size = strlen(name);

    while (header && *header) {
        const size_t length = strcspn(header, ";");

        if (length > name_size && strncmp(header, name, name_size) == 0 &&
            header[name_size] == '=') {
            const size_t value_size = length - name_size - 1;

            if (value_size == 0 || value_size >= size)
                return false;
            memcpy(ret_value, header + name_size + 1, value_size);
            ret_value[value_size] = '\0';
            return true;
        }
        header += length;
        header += strspn(header, "; ");
    }
    return false;
}
