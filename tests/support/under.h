/**
 * @file tests/support/under.h
 * @brief Programs that a test starts can run under another one: valgrind, strace, a debugger.
 */
#pragma once

/**
 * Become the program @p argv[0]; or, when the environment variable TEST_UNDER names one, become
 * that with @p argv behind its own name. tests/support/under-valgrind is made for it.
 *
 * @param argv NULL-terminated, at most UNDER_ARG_MAX with the NULL
 */
_Noreturn void under_exec(const char *const *argv);

#define UNDER_ARG_MAX 40
