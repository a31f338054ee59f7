/**
 * @file server/net/address.h
 * @brief Host names as addresses.
 */
#pragma once

#include <stdbool.h>

#define ZDD_NET_ADDRESS_SIZE 46 /* IPv6 and NUL, as INET6_ADDRSTRLEN */

/**
 * @param host  an address, or a name that the system's resolver is asked about; what it said is
 *              remembered for a minute, so that a fleet on one agent costs one question
 * @return false when nobody knows an address; IPv4 is preferred, as Marathon-LB does
 */
bool zdd_net_address(const char *host, char ret_ip[static ZDD_NET_ADDRESS_SIZE]);
