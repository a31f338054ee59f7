/**
 * @file tests/support/certs.h
 * @brief Certificates for tests: made on the spot, good for an hour, each its own authority.
 */
#pragma once

/** Write a new certificate for localhost and 127.0.0.1, and its key, in PEM; fails the test when
 * that cannot be done. */
void certs_make(const char *cert_path, const char *key_path);
