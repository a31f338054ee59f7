/**
 * @file tests/support/sparse.h
 * @brief How closely the loops over all that may fail look under the sanitizers.
 */
#pragma once

/* One in so many: each is tried without them, and there it takes a minute, not five. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define SPARSE 6
#else
#    define SPARSE 1
#endif
