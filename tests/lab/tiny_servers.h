/**
 * @file tests/lab/tiny_servers.h
 * @brief A few HTTP servers on free ports of loopback, in one thread: each answers with its number.
 */
#pragma once

#include <stdint.h>

#define TINY_SERVER_MAX 8

struct tiny_servers;

/** Fails the test when it cannot. */
struct tiny_servers *tiny_start(int count);
uint16_t tiny_port(const struct tiny_servers *servers, int number);

/** Requests for "/slow…" are answered from tiny_release() on. @return how many wait at @p number */
int tiny_waiting(struct tiny_servers *servers, int number);
void tiny_release(struct tiny_servers *servers);

/** @return how many requests server @p number has read */
int tiny_requests(struct tiny_servers *servers, int number);

/** @return NULL */
struct tiny_servers *tiny_stop(struct tiny_servers *servers);
