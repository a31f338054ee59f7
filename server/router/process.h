/**
 * @file server/router/process.h
 * @brief Telling the processes of one balancer apart: each reload begins a new one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** What is known of a balancer's process. All zero: nothing yet. */
struct zdd_process {
    bool known;
    int64_t start_ms;   /* 0: it does not tell */
    bool approximate;   /* start_ms is computed from its age: by a second or two */
    int64_t pid;        /* 0: it does not tell */
    int64_t requests;   /* that its frontends have served */
    bool counts_itself; /* each look is one of them, unless there are none at all */
};

/** Find in @p text when a process started: as Prometheus has it or as "show info" does, with its
 * start or only its age at @p now_ms, and its pid. Sets start_ms, approximate and pid. */
void zdd_process_read(const char *text, int64_t now_ms, struct zdd_process *process);

/**
 * Remember @p now, seen after @p last. They are two processes when start or pid differ; where these
 * are the same or not told, when the counter fell.
 * @return true when they are two; false when one or when nothing was known before
 */
bool zdd_process_follow(struct zdd_process *last, const struct zdd_process *now);
