/**
 * @file tests/support/certs.h
 * @brief Certificates for tests, made on the spot.
 */
#pragma once

#include <stdbool.h>

/** What kind of certificate; zero is the usual. */
struct certs_wish {
    const char *host;             /* whom it is for; NULL: localhost and 127.0.0.1 */
    const char *ca_cert, *ca_key; /* files of who signs it; NULL: it is its own authority */
    bool expired;                 /* an hour ago; else good for an hour */
};

/** Write a new certificate and its key, in PEM; fails the test when that cannot be done. */
void certs_make_as(const char *cert_path, const char *key_path, const struct certs_wish *wish);

/** The usual one: for localhost and 127.0.0.1, its own authority. */
void certs_make(const char *cert_path, const char *key_path);
