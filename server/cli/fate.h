/**
 * @file server/cli/fate.h
 * @brief For tests only: end this process by SIGKILL at a named point, so that they can see what
 * the next start makes of it.
 *
 * ZDD_TEST_DIE_AT="<point>:<n>" in the environment says where: at the n-th passing (1 is the
 * first) of a point of server/engine/points.def or storage/points.def. Not set, nothing happens;
 * nobody but a test should set it.
 */
#pragma once

#include "server/engine/points.h"
#include "storage/points.h"

#include <stdatomic.h>
#include <stdbool.h>

#define ZDD_FATE_ENV "ZDD_TEST_DIE_AT"

struct zdd_fate {
    int point;        /* of the engine's and then the store's; -1: none */
    _Atomic int left; /* passings until the end */
};

/** Read the environment, once and before there are threads. @return false after saying what is
 * wrong with it */
bool zdd_fate_read(struct zdd_fate *ret_fate);

/** A zdd_dies and a zdd_store_passes; @p cls is the struct zdd_fate. */
bool zdd_fate_dies(void *cls, enum zdd_point point);
void zdd_fate_passes(void *cls, enum zdd_store_point point);
