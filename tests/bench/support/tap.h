/**
 * @file tests/bench/support/tap.h
 * @brief A tap between zdd-server and Marathon: hands everything on and counts requests, and
 * bursts of events.
 */
#pragma once

#include <stdint.h>

struct tap;

/** Listen on a free port of 127.0.0.1 and hand on to @p to_port. Ends the program when it cannot.
 */
struct tap *tap_start(uint16_t to_port);
struct tap *tap_free(struct tap *tap);
uint16_t tap_port(const struct tap *tap);

struct tap_counts {
    unsigned requests;
    unsigned bursts; /* groups of events, 40 ms or more of silence between them */
};
void tap_counts(const struct tap *tap, struct tap_counts *ret_counts);
