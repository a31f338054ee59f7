/**
 * @file server/http/tls_inside.h
 * @brief Inside server/http only: what libmicrohttpd is told about TLS.
 */
#pragma once

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

/** For MHD_OPTION_HTTPS_PRIORITIES: what GnuTLS thinks sound, from TLS 1.2 on. */
#define ZDD_TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/** For MHD_OPTION_HTTPS_CERT_CALLBACK, a gnutls_certificate_retrieve_function2: the certificate
 * that was read last. */
int zdd_tls_choose(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                   const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                   gnutls_pcert_st **ret_certs, unsigned int *ret_count, gnutls_privkey_t *ret_key);

/** A connection begins: the certificates that its handshake may get stay. @return for
 * zdd_tls_let_go(); NULL when there are none */
void *zdd_tls_hold(void);

/** It is closed, its session freed. NULL is fine. */
void zdd_tls_let_go(void *held);
