/**
 * @file strategies/wishes.h
 * @brief The steps that a caller asks for, before they become steps of a program.
 */
#pragma once

#include "strategies/model/gates.h"
#include "strategies/model/program.h"
#include "strategies/model/verifies.h"

#include <stddef.h>

#define ZDD_WISH_MAX ZDD_PROGRAM_MAX /* each becomes at least one step */

enum zdd_wish_kind {
    ZDD_WISH_WEIGHT,      /* value: share of the new version, in hundredths of a percent */
    ZDD_WISH_PAUSE,       /* value: milliseconds */
    ZDD_WISH_GATE,        /* the next of the gates */
    ZDD_WISH_VERIFY,      /* the next of the sets of checks */
    ZDD_WISH_SCALE,       /* value: instances of the new version */
    ZDD_WISH_LINEAR,      /* value: by so much more each time, in hundredths of a percent */
    ZDD_WISH_EXPONENTIAL, /* value: the first share, in hundredths of a percent; then twice it … */
    ZDD_WISH_KIND_COUNT
};

struct zdd_wish {
    enum zdd_wish_kind kind;
    int32_t value;    /* what it counts depends on the kind; 0 where it has none */
    int32_t every_ms; /* of a preset: the pause behind each weight */
};

/** All that is asked for, in order. */
struct zdd_wishes {
    size_t count;
    struct zdd_wish wish[ZDD_WISH_MAX];
    struct zdd_gates gates;       /* one for each wish of a gate, in order */
    struct zdd_verifies verifies; /* one step for each wish of checks, in order */
};
