/**
 * @file server/http/remote.h
 * @brief Callers by the address they come from.
 */
#pragma once

#define ZDD_REMOTE_SIZE 46 /* an IPv6 address and NUL, as INET6_ADDRSTRLEN */

struct sockaddr;

/** Write an address as text: IPv4 that comes over IPv6 as IPv4, "" for anything else. */
void zdd_remote_write(const struct sockaddr *address, char ret_text[static ZDD_REMOTE_SIZE]);

/**
 * Whose address is it? Who has one IPv6 address has 2^64 of them, so all of a /64 network (RFC
 * 6177) are one caller: it is written in the place of its addresses. Any other text is copied, cut
 * to fit.
 */
void zdd_remote_network(const char *text, char ret_network[static ZDD_REMOTE_SIZE]);
