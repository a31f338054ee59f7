/**
 * @file tests/support/under.c
 * @brief Programs that a test starts can run under another one.
 */
#include "tests/support/under.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define EXIT_NO_PROGRAM 127 /* as a shell says it */

_Noreturn void under_exec(const char *const *argv)
{
    const char *const under = getenv("TEST_UNDER");
    const char *all[UNDER_ARG_MAX + 1] = {under};
    size_t count = under && *under ? 1 : 0;

    while (*argv && count < UNDER_ARG_MAX)
        all[count++] = *argv++;
    all[count] = NULL;
    execv(all[0], (char *const *)(uintptr_t)all);
    _exit(EXIT_NO_PROGRAM);
}
