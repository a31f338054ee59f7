/**
 * @file tests/tidy/bad/impure.c
 * @brief What strategies/ must not be: it reads a clock, and remembers.
 */
#include <time.h>

long impure_step(void);

static long last;

long impure_step(void)
{
    last += (long)time(NULL);
    return last;
}
