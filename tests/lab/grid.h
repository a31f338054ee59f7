/**
 * @file tests/lab/grid.h
 * @brief Which roll-outs are tried: every corner of the arithmetic, and every pair of values.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define GRID_WORLDS 6 /* two rules, three kinds of checks */
#define GRID_MAX 160  /* rows of one world */

/** How the app is found. */
enum grid_start {
    GRID_WHOLE,   /* as its definition says */
    GRID_MISSING, /* only `running` of its instances run, the others cannot be launched */
    GRID_SURPLUS, /* twice as many: somebody stopped a roll-out half-way */
};

struct grid_row {
    int before; /* instances that the definition asks for; with GRID_SURPLUS there are twice as many
                 */
    int after;
    double m, o; /* minimumHealthCapacity, maximumOverCapacity */
    enum grid_start start;
    int running; /* GRID_MISSING */
};

/**
 * The rows of one world.
 * @param has_checks  a surplus can only be made with checks
 * @return how many
 */
size_t grid_make(size_t world, bool has_checks, struct grid_row ret_rows[static GRID_MAX]);
