/**
 * @file tests/support/serverrun.h
 * @brief A zdd-server of one's own for a test: free port, own database, a token, its log kept.
 *
 * One serverrun is one database; the process on it may be started, stopped and killed many times.
 * It dies with the test however the test ends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define SERVERRUN_ARG_MAX 32

struct serverrun {
    pid_t pid;      /* 0: it does not run */
    int out;        /* its standard output, until it has said where it serves */
    char url[64];   /* "http://127.0.0.1:40123", once it serves */
    char dir[96];   /* database and log; removed by serverrun_close() */
    char db[128];   /* may be set to another path before the token is made */
    char log[128];  /* what all processes on this database said */
    char token[80]; /* all scopes, all apps */
    char marathon[128];
};

/** Make the directory. @return false with a sentence on stderr */
bool serverrun_open(struct serverrun *run, const char *marathon);

/** Make run->token with `zdd-server token create`. @return false with its words on stderr */
bool serverrun_token(struct serverrun *run);

/** Start `zdd-server serve` on a free port with @p options ("--standby", …, NULL) added; do not
 * wait. @return false with a sentence on stderr */
bool serverrun_spawn(struct serverrun *run, const char *const *options);

/** Wait until a spawned one answers /readyz with 200. @return false, with its log on stderr */
bool serverrun_await(struct serverrun *run);

/** Both. */
bool serverrun_start(struct serverrun *run, const char *const *options);

/** SIGTERM and wait; SIGKILL when it takes longer than 15 s. @return as serverrun_wait() */
int serverrun_stop(struct serverrun *run);

/** Wait for one that ends by itself; SIGKILL after @p limit_ms. @return its exit status, 128 + the
 * signal that ended it, -1 when it had to be killed */
int serverrun_wait(struct serverrun *run, int64_t limit_ms);

/** SIGKILL, as a machine that crashes; wait until the kernel has taken it away. */
void serverrun_kill(struct serverrun *run);

/** Kill it if it runs, remove the directory. */
void serverrun_close(struct serverrun *run);

/** Copy the last @p lines lines of the log to @p to. */
void serverrun_log_tail(const struct serverrun *run, size_t lines, FILE *to);

/** @return whether the log has a line with @p text */
bool serverrun_log_has(const struct serverrun *run, const char *text);

/**
 * Run zdd-server with @p args ("audit", "verify", …, NULL) to its end.
 * @param[out] ret_out  its standard output and standard error, cut to fit
 * @return its exit status, -1 when it could not be run
 */
int serverrun_command(const char *const *args, char *ret_out, size_t size);
