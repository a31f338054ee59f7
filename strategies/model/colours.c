/**
 * @file strategies/model/colours.c
 * @brief Names of the apps of a pair.
 */
#include "strategies/model/colours.h"

#include <string.h>

static const char *const colours[] = {[ZDD_BLUE] = "blue", [ZDD_GREEN] = "green"};
_Static_assert(ZDD_COUNT(colours) == ZDD_COLOUR_COUNT, "each colour needs a name");

/* What stands between the name of the pair and the colour. */
static const char separators[] = {[ZDD_NAMING_DASH] = '-', [ZDD_NAMING_FOLDER] = '/'};
_Static_assert(sizeof(separators) == ZDD_NAMING_COUNT, "each way of naming needs a separator");

const char *zdd_colour_name(enum zdd_colour colour)
{
    return colours[colour];
}

/* The size of what is before the colour and its separator; 0 when they are not there. */
static size_t size_before(const char *app_id, size_t size, char separator, const char *colour)
{
    const size_t length = strlen(colour);

    if (size <= length || memcmp(app_id + size - length, colour, length) != 0 ||
        app_id[size - length - 1] != separator)
        return 0;
    return size - length - 1;
}

bool zdd_coloured_read(const char *app_id, size_t size, struct zdd_coloured *ret_coloured)
{
    for (int naming = 0; naming < ZDD_NAMING_COUNT; naming++) {
        for (int colour = 0; colour < ZDD_COLOUR_COUNT; colour++) {
            const size_t before = size_before(app_id, size, separators[naming], colours[colour]);

            if (before < 2 || app_id[before - 1] == '/')
                continue; /* "/blue" and "/shop/-blue" name no pair */
            *ret_coloured =
                (struct zdd_coloured){(enum zdd_naming)naming, (enum zdd_colour)colour, before};
            return true;
        }
    }
    return false;
}

bool zdd_coloured_write(const char *pair_id, enum zdd_naming naming, enum zdd_colour colour,
                        char ret_id[static ZDD_APP_ID_SIZE])
{
    const size_t size = strlen(pair_id), length = strlen(colours[colour]);

    if (size + 1 + length >= ZDD_APP_ID_SIZE)
        return false;
    memcpy(ret_id, pair_id, size);
    ret_id[size] = separators[naming];
    memcpy(ret_id + size + 1, colours[colour], length + 1);
    return true;
}

size_t zdd_lock_size(const char *app_id, size_t size)
{
    struct zdd_coloured coloured;

    /* "/shop/blue-green" is an app of "/shop/blue", which is one of "/shop": all one lock. */
    while (zdd_coloured_read(app_id, size, &coloured))
        size = coloured.pair_size;
    return size;
}
