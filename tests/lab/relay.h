/**
 * @file tests/lab/relay.h
 * @brief A wire between a client and a server on loopback that a test can cut and mend.
 */
#pragma once

#include <stdint.h>

struct relay;

/** Forward connections from a free port to @p port. Fails the test when it cannot. */
struct relay *relay_open(uint16_t port);

/** @return where it listens */
uint16_t relay_port(const struct relay *relay);

/** End all connections and refuse new ones, from now on. */
void relay_cut(struct relay *relay);

/** Take connections again, on the same port. */
void relay_mend(struct relay *relay);

/** @return NULL */
struct relay *relay_close(struct relay *relay);
