/**
 * @file tests/support/labrun.h
 * @brief A zdd-lab of one's own for a test: free port, own state directory, own task ports.
 *
 * The lab dies with the test however the test ends, and its tasks with it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LABRUN_PORT_COUNT 64 /* host ports each lab has for its tasks */
#define LABRUN_ARG_MAX 32

struct labrun {
    pid_t pid;
    char url[128]; /* "http://127.0.0.1:40123" */
    uint16_t port;
    char dir[128]; /* its state directory, removed by labrun_stop() */
    uint16_t port_from, port_to;
    int reserved_fd; /* holds the range against other tests */
};

/**
 * Start zdd-lab with --listen, --host-ports and --state chosen here and @p options
 * ("--speed", "20", …, NULL) added. Returns once it answers.
 * @return false with a sentence on stderr
 */
bool labrun_start(struct labrun *run, const char *const *options);

/** SIGTERM and wait; SIGKILL when it takes longer than 10 s. @return its exit status, -1 for a
 * signal */
int labrun_stop(struct labrun *run);

/** SIGKILL, as a machine that crashes; then wait. */
void labrun_crash(struct labrun *run);
