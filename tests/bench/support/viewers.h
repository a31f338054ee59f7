/**
 * @file tests/bench/support/viewers.h
 * @brief Open dashboards: each has the event stream and reads again what its events name, as
 * server/ui/live.js and store.js do.
 */
#pragma once

#include <stdint.h>

#define VIEWERS_MAX 64

struct viewers;

/** Open @p count of them, a thread each. Ends the program when it cannot. */
struct viewers *viewers_start(uint16_t port, const char *token, unsigned count);

struct viewers_counts {
    uint64_t events, lists, singles; /* events told; lists and deployments read */
};
void viewers_counts(const struct viewers *viewers, struct viewers_counts *ret_counts);

/** Close them. @return NULL */
struct viewers *viewers_free(struct viewers *viewers);
