/**
 * @file server/json/appdef_id.c
 * @brief Ids of apps (marathon.md §2.1).
 */
#include "server/json/appdef_parts.h"

#include <string.h>

static bool is_letter(int byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

/* Labels of letters, digits and inner '-', joined by dots. */
static bool is_segment(const char *text, size_t size)
{
    int before = '.'; /* stands for the edge of a label */

    for (size_t i = 0; i <= size; i++) {
        const int now = i < size ? text[i] : '.';

        if (now == '.' || now == '-') {
            if (before == '.' || (before == '-' && now == '.'))
                return false; /* an empty label, or one with '-' at its edge */
        } else if (!is_letter(now)) {
            return false;
        }
        before = now;
    }
    return true;
}

/* Last segments that are paths of Marathon's own API. */
static bool is_reserved(const char *segment)
{
    static const char *const reserved[] = {"restart", "tasks", "versions", NULL};

    return zdd_appdef_is_one_of(segment, reserved);
}

bool zdd_appdef_id_valid(const char *id)
{
    const char *segment = id;

    if (id[0] != '/' || strlen(id) >= ZDD_APP_ID_SIZE)
        return false;
    while (*segment == '/') {
        const size_t size = strcspn(++segment, "/");

        if (!is_segment(segment, size))
            return false;
        if (!segment[size])
            return !is_reserved(segment);
        segment += size;
    }
    return false;
}

bool zdd_appdef_id_absolute(const char *id, char ret_id[static ZDD_APP_ID_SIZE])
{
    size_t used = 0;

    while (*id) {
        const size_t size = strcspn(id, "/");

        if (size == 2 && id[0] == '.' && id[1] == '.') {
            if (used == 0)
                return false;
            while (ret_id[--used] != '/')
                ;
        } else if (size > 0 && !(size == 1 && id[0] == '.')) {
            if (used + 1 + size >= ZDD_APP_ID_SIZE)
                return false;
            ret_id[used++] = '/';
            memcpy(ret_id + used, id, size);
            used += size;
        }
        id += size + (id[size] == '/');
    }
    if (used == 0)
        ret_id[used++] = '/';
    ret_id[used] = '\0';
    return true;
}
