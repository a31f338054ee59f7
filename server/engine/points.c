/**
 * @file server/engine/points.c
 * @brief Names of the points.
 */
#include "server/engine/points.h"

#include <assert.h>

static const char *const names[] = {
#define ZDD_POINT(name, text_name, text) [ZDD_POINT_##name] = (text_name),
#include "server/engine/points.def"
#undef ZDD_POINT
};

const char *zdd_point_name(enum zdd_point point)
{
    assert(point < ZDD_POINT_COUNT);
    return names[point];
}
