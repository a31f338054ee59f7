/**
 * @file storage/points.h
 * @brief Where the writer may be interrupted: the list that fault tests work through.
 */
#pragma once

enum zdd_store_point {
#define ZDD_STORE_POINT(name, text_name, text) ZDD_STORE_POINT_##name,
#include "storage/points.def"
#undef ZDD_STORE_POINT
    ZDD_STORE_POINT_COUNT
};

/** Fault tests: told on the writer's thread that it passes @p point; may end the process. */
typedef void zdd_store_passes(void *cls, enum zdd_store_point point);
