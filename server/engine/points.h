/**
 * @file server/engine/points.h
 * @brief Where a step may be interrupted: the list that fault tests work through.
 */
#pragma once

#include <stdbool.h>

enum zdd_point {
#define ZDD_POINT(name, text_name, text) ZDD_POINT_##name,
#include "server/engine/points.def"
#undef ZDD_POINT
    ZDD_POINT_COUNT
};

/** Simulator and fault tests: @return true to end the step at @p point, as if the process had
 * died there. From any worker. */
typedef bool zdd_dies(void *cls, enum zdd_point point);

/** @return its name, static storage */
const char *zdd_point_name(enum zdd_point point);
