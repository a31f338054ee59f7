/**
 * @file server/http/tls.h
 * @brief The certificate of the HTTP server, and another one when it is renewed: connections that
 * are open keep theirs, and with the last of them it goes.
 *
 * TLS 1.2 and 1.3 by GnuTLS, which libmicrohttpd stands on. It gives the callback that chooses a
 * certificate no pointer of ours, so there is one at a time in a process.
 */
#pragma once

#include <stdbool.h>

#define ZDD_TLS_REASON_SIZE 300

struct zdd_tls;

/**
 * @param cert_file  PEM: the server's certificate first, then those that lead to the root; copied
 * @param key_file   PEM, without a password; copied
 * @param[out] ret_reason  when NULL is returned: what is wrong with which file, as one sentence
 * @return NULL when the files cannot be used together, without memory, or when there is one already
 */
struct zdd_tls *zdd_tls_new(const char *cert_file, const char *key_file,
                            char ret_reason[static ZDD_TLS_REASON_SIZE]);

/** No server uses it any more. NULL is fine. @return NULL */
struct zdd_tls *zdd_tls_free(struct zdd_tls *tls);

/** @return how many certificates are in memory: one, and those that open connections may use */
unsigned int zdd_tls_kept(void);

/** Read both files again, from any thread. @return false with a reason: then all stays as it was */
bool zdd_tls_reload(struct zdd_tls *tls, char ret_reason[static ZDD_TLS_REASON_SIZE]);
