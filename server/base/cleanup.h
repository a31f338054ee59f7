/**
 * @file server/base/cleanup.h
 * @brief Values that end themselves when their scope does.
 */
#pragma once

#include <stdlib.h>

static inline void zdd_auto_free(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}

/* Initialize at once, NULL at least: `ZDD_AUTO_FREE char *text = NULL;` */
#define ZDD_AUTO_FREE __attribute__((cleanup(zdd_auto_free)))

/* Hand a cleanup variable on: gives its value, leaves NULL behind. */
#define ZDD_TAKE(pointer)                                                                          \
    __extension__({                                                                                \
        __typeof__(pointer) taken = (pointer);                                                     \
        (pointer) = NULL;                                                                          \
        taken;                                                                                     \
    })
