/**
 * @file tests/unit/server/cli/program.h
 * @brief Run zdd-server as its users do, and read what it says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROGRAM_TEXT_SIZE 32768
#define PROGRAM_ARGS_MAX 24

/** A finished program. */
struct outcome {
    int code; /* exit code; 128 and the signal's number when one ended it */
    char out[PROGRAM_TEXT_SIZE];
    char err[PROGRAM_TEXT_SIZE];
};

/** A program that runs. */
struct program {
    pid_t pid;
    int out, err; /* its pipes */
    char url[64]; /* of a server, once program_wait_url() was called */
};

/** Run `zdd-server ARGS…` (ended by NULL) in directory @p dir and wait for its end, at most 20 s.
 */
struct outcome program_run(const char *dir, const char *const *args);

/** Start it. */
struct program program_start(const char *dir, const char *const *args);

/** Wait, at most 20 s, for the line with the server's address. @return false when none came */
bool program_wait_url(struct program *program);

/** Wait for the end, at most 20 s, and read the rest; after that long it is killed and the code is
 * -1. */
struct outcome program_end(struct program *program);

/** Wait, at most 20 s, until it has written a line with @p text to standard error. */
bool program_wait_line(struct program *program, const char *text);
