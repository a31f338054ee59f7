/**
 * @file tests/bench/support/churn.h
 * @brief Deployments that never cease: each app of a lab has one under way, and when it ends the
 * next begins.
 *
 * App 7 is /bench/busy-007: tasks of simpleservice with real health checks, rolled one after the
 * other.
 */
#pragma once

#include <stdint.h>

#define CHURN_APPS_MAX 400
#define CHURN_INSTANCES 2
#define CHURN_INTERVAL_S 25 /* of health checks: a deployment takes one or two of them */

struct churn;

/** Create @p apps apps in the lab at @p lab_port and wait until all their tasks are healthy. Ends
 * the program when it cannot. */
void churn_prepare(uint16_t lab_port, unsigned apps);

/** Keep one deployment under way for each of them. */
struct churn *churn_start(uint16_t port, const char *token, unsigned apps);

/** Write a request for app @p number, as a plan or a deployment. */
void churn_request(unsigned number, unsigned version, char ret_body[static 1400]);

struct churn_counts {
    uint64_t begun;
    unsigned fewest; /* under way at the same time since churn_count_anew(), as the list told */
};
void churn_counts(struct churn *churn, struct churn_counts *ret_counts);
void churn_count_anew(struct churn *churn);

/** Begin no more. @return NULL */
struct churn *churn_free(struct churn *churn);
