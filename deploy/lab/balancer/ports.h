/**
 * @file deploy/lab/balancer/ports.h
 * @brief Addresses of this machine: may they be bound, and which ports are free?
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** @param bind "127.0.0.1:10080" @return 0, or the errno that binding ends with */
int zdd_bind_try(const char *bind);

/** Find @p count different free ports of @p host. @return 0, or an errno */
int zdd_ports_find(const char *host, uint16_t *ret_port, size_t count);
