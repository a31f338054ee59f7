/**
 * @file deploy/lab/options.h
 * @brief The command line of zdd-lab.
 */
#pragma once

#include "deploy/lab/balancer/options.h"

#include <stdbool.h>
#include <stdint.h>

#define ZDD_LAB_IMAGE_MAX 64
#define ZDD_LAB_CREDENTIALS_MAX 120

struct zdd_lab_options {
    char host[64];     /* a loopback address */
    uint16_t port;     /* 0: any free one */
    bool marathon_110; /* size the immediate kill by the rule of 1.10.5 and later (marathon.md §4.6)
                        */
    double speed;      /* Marathon's timers are divided by it */
    uint16_t port_from, port_to;
    const char *state_dir; /* NULL: a fresh one under $TMPDIR */
    int instances_max;     /* 0: no limit */
    int deployment_max;    /* Marathon's max_running_deployments */
    int offer_max;         /* tasks launched in one round of offers; 0: no limit */
    int64_t start_delay_ms;
    int64_t kill_grace_ms; /* SIGTERM to SIGKILL where the app says nothing */
    bool task_killing;
    const char *credentials; /* "user:password", or NULL: nobody is asked */
    const char *faults_file;
    struct zdd_lab_image {
        const char *name; /* the part before '=', maybe ending in ":*" */
        const char *command;
    } image[ZDD_LAB_IMAGE_MAX];
    int image_count;
    struct zdd_lab_balancer_options balancer;
};

enum zdd_lab_options_end { ZDD_LAB_OPTIONS_RUN, ZDD_LAB_OPTIONS_DONE, ZDD_LAB_OPTIONS_WRONG };

/**
 * Read the command line. Texts are borrowed from @p argv. Help and version go to stdout, what is
 * wrong to stderr.
 * @return RUN; DONE (exit 0) after --help or --version; WRONG (exit 2)
 */
enum zdd_lab_options_end zdd_lab_options_read(int argc, char **argv,
                                              struct zdd_lab_options *ret_options);

/** @return the version of this program, "0.1.0+g3e403c3" */
const char *zdd_lab_version(void);
