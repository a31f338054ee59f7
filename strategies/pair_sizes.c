/**
 * @file strategies/pair_sizes.c
 * @brief Through which sizes a new version grows while the old one shrinks.
 */
#include "strategies/pair_sizes.h"

#include <assert.h>

/* Products that would be whole numbers if 0.1 could be written in binary. */
#define SAME 1e-9

static int32_t next_size(const struct zdd_growth *growth, int32_t size, int32_t last)
{
    double more =
        growth->linear > 0 ? (double)growth->linear : (size + 1) * (growth->factor - 1) + SAME;

    if (more >= last - size)
        return last;
    return size + (more < 1 ? 1 : (int32_t)more);
}

bool zdd_sizes_of(const struct zdd_growth *growth, int32_t last, struct zdd_sizes *ret_sizes)
{
    struct zdd_sizes sizes = {0};
    int32_t size = growth->first < last ? growth->first : last;

    assert(size >= 1 && growth->factor >= 1);
    for (; sizes.count < ZDD_SIZES_MAX; size = next_size(growth, size, last)) {
        sizes.size[sizes.count++] = size;
        if (size == last) {
            *ret_sizes = sizes;
            return true;
        }
    }
    return false;
}

int32_t zdd_sizes_stay(int32_t old, int32_t started, int32_t wanted)
{
    const int64_t missing = (int64_t)wanted - started;

    assert(started >= 0 && missing >= 0 && wanted >= 1);
    return (int32_t)((old * missing + wanted - 1) / wanted);
}
