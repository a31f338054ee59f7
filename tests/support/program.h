/**
 * @file tests/support/program.h
 * @brief A program as its user runs it: words in, words out on both channels, an exit status.
 */
#pragma once

#include "server/base/buf.h"

#include <sys/types.h>

#define PROGRAM_ARG_MAX 10

struct program {
    pid_t pid;
    int out;
};

struct program_end {
    int status;           /* -1 for a signal */
    struct zdd_buf words; /* on both channels; to be released */
};

/** Start it. @param words  the program's path first, NULL-terminated */
struct program program_start(const char *const *words);

/** Read what it says until it has ended. */
struct program_end program_end(struct program program);

/** The same, and fail the test unless it ends with @p status after words with @p text. */
void program_expect(struct program program, int status, const char *text);
