/**
 * @file deploy/lab/balancer/haproxy.h
 * @brief One HAProxy in master-worker mode: started, checked, reloaded, ended.
 *
 * All calls come from one thread, which lives as long as HAProxy shall: a parent-death signal fires
 * when the thread that forked ends, and only the thread that forked may wait for its children.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ZDD_HAPROXY_PATH_SIZE 700
#define ZDD_HAPROXY_REASON_SIZE 300

struct zdd_haproxy {
    char program[300];
    char dir[ZDD_HAPROXY_PATH_SIZE];
    char check_dir[ZDD_HAPROXY_PATH_SIZE]; /* a configuration is tried there first */
    int dir_fd, check_fd;
    int signal_fd; /* what /_mlb_signal/… writes; readable */
    const char *env[3];
    pid_t master;  /* 0 when it does not run */
    int master_fd; /* readable when it has ended; -1 when it does not run */
    long worker;   /* the one that takes new connections */
};

/** Look for the program in $PATH and where Debian puts it. @return false when there is none */
bool zdd_haproxy_find(char ret_program[static 300]);

/**
 * Make its directory with all but the configuration.
 * @param mark  for its environment ("NAME=value"), borrowed: the net below all others
 * @return false with a reason; to be released in both cases
 */
bool zdd_haproxy_open(struct zdd_haproxy *haproxy, const char *dir, const char *mark,
                      char ret_reason[static ZDD_HAPROXY_REASON_SIZE]);

/** @return true when HAProxy would take this configuration; else false with its first complaint */
bool zdd_haproxy_check(struct zdd_haproxy *haproxy, const char *text,
                       char ret_reason[static ZDD_HAPROXY_REASON_SIZE]);

/** Replace a file in its directory at once. @return false with errno */
bool zdd_haproxy_write(struct zdd_haproxy *haproxy, const char *name, const char *text);

/** Start it on its configuration file and wait until it serves. */
bool zdd_haproxy_start(struct zdd_haproxy *haproxy,
                       char ret_reason[static ZDD_HAPROXY_REASON_SIZE]);

/**
 * Dump the state of its servers, then let a new worker take over the configuration file.
 * @return false when no new worker has come within 10 s; the old one goes on
 */
bool zdd_haproxy_reload(struct zdd_haproxy *haproxy,
                        char ret_reason[static ZDD_HAPROXY_REASON_SIZE]);

/** End it and its workers now; harmless when it does not run or has died. */
void zdd_haproxy_end(struct zdd_haproxy *haproxy);

void zdd_haproxy_release(struct zdd_haproxy *haproxy);
