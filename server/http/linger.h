/**
 * @file server/http/linger.h
 * @brief Inside server/http only: closing a connection whose caller still sends.
 *
 * To close a socket with unread bytes makes the system send a reset, and the reset can overtake the
 * reply. So a call that is refused before its body was read keeps its socket a little longer: what
 * comes is read and dropped, within bounds (RFC 9112 section 9.6).
 */
#pragma once

struct zdd_linger;

/** Start the thread that reads and drops. @return NULL when there is no memory or no thread */
struct zdd_linger *zdd_linger_start(void);

/** Keep socket @p fd open (by a duplicate; the caller closes its own) until it is drained. */
void zdd_linger_keep(struct zdd_linger *linger, int fd);

/** Close what is kept and end the thread. NULL is fine. @return NULL */
struct zdd_linger *zdd_linger_free(struct zdd_linger *linger);
