/**
 * @file deploy/lab/process.h
 * @brief Child processes in their own groups, and the certainty that they end.
 *
 * Three nets, one below the other: a normal end signals the groups; a parent-death signal
 * reaches direct children; the warden, a second process, sees the lab vanish and kills
 * everything that carries the lab's mark in its environment, grandchildren too.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct zdd_lab_command {
    char *const *argv; /* argv[0] is looked up as a path; NULL-terminated */
    char *const *env;  /* the whole environment, "NAME=value", NULL-terminated */
    const char *dir;   /* where it starts; its files stdout and stderr go there; NULL: nowhere */
};

/**
 * Start a process as leader of a new group. Only from a thread that lives as long as it shall (the
 * core, or a balancer's): the parent-death signal fires when the thread ends.
 * @return its pid, or -1 with errno set
 */
pid_t zdd_lab_process_start(const struct zdd_lab_command *command);

/** Send @p signal to the whole group of @p pid. */
void zdd_lab_process_signal(pid_t pid, int signal);

/** Kill every process whose environment holds @p mark ("NAME=value"). @return how many there were
 */
int zdd_lab_process_sweep(const char *mark);

/**
 * Fork the warden: it sleeps until this process is gone, then sweeps @p mark and ends.
 * To be called before any socket or thread exists.
 * @return false with errno set
 */
bool zdd_lab_warden_start(const char *mark);
