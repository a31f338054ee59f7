/**
 * @file tests/support/certs.c
 * @brief Certificates by GnuTLS.
 */
#include "tests/support/certs.h"

#include "tests/support/spec.h"

#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HOUR_S 3600

static void write_text(const char *path, const gnutls_datum_t *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text->data, 1, text->size, file), text->size);
    assert_int_equal(fclose(file), 0);
}

static gnutls_datum_t read_text(const char *path)
{
    gnutls_datum_t text;

    assert_int_equal(gnutls_load_file(path, &text), 0);
    return text;
}

static void fill_names(gnutls_x509_crt_t cert, const char *host)
{
    static const unsigned char loopback[] = {127, 0, 0, 1};
    const char *name = host ? host : "localhost";
    char subject[100];

    snprintf(subject, sizeof(subject), "CN=%s", name);
    assert_int_equal(gnutls_x509_crt_set_dn(cert, subject, NULL), 0);
    assert_int_equal(gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_DNSNAME, name,
                                                          (unsigned)strlen(name), GNUTLS_FSAN_SET),
                     0);
    if (!host)
        assert_int_equal(gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_IPADDRESS, loopback,
                                                              sizeof(loopback), GNUTLS_FSAN_APPEND),
                         0);
}

static void fill(gnutls_x509_crt_t cert, gnutls_x509_privkey_t key, const struct certs_wish *wish)
{
    const time_t begin = time(NULL) - HOUR_S * (wish->expired ? 3 : 1);
    unsigned char serial[8];

    assert_int_equal(gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial)), 0);
    serial[0] = 1; /* positive, and no zero in front */
    assert_int_equal(gnutls_x509_crt_set_version(cert, 3), 0);
    assert_int_equal(gnutls_x509_crt_set_serial(cert, serial, sizeof(serial)), 0);
    assert_int_equal(gnutls_x509_crt_set_activation_time(cert, begin), 0);
    assert_int_equal(gnutls_x509_crt_set_expiration_time(cert, begin + 2 * HOUR_S), 0);
    fill_names(cert, wish->host);
    assert_int_equal(gnutls_x509_crt_set_basic_constraints(cert, !wish->ca_cert, -1), 0);
    assert_int_equal(gnutls_x509_crt_set_key(cert, key), 0);
}

static void sign_by(gnutls_x509_crt_t cert, const struct certs_wish *wish)
{
    gnutls_datum_t cert_text = read_text(wish->ca_cert), key_text = read_text(wish->ca_key);
    gnutls_x509_crt_t ca;
    gnutls_x509_privkey_t key;

    assert_int_equal(gnutls_x509_crt_init(&ca), 0);
    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    assert_int_equal(gnutls_x509_crt_import(ca, &cert_text, GNUTLS_X509_FMT_PEM), 0);
    assert_int_equal(gnutls_x509_privkey_import(key, &key_text, GNUTLS_X509_FMT_PEM), 0);
    assert_int_equal(gnutls_x509_crt_sign2(cert, ca, key, GNUTLS_DIG_SHA256, 0), 0);
    gnutls_x509_privkey_deinit(key);
    gnutls_x509_crt_deinit(ca);
    gnutls_free(key_text.data);
    gnutls_free(cert_text.data);
}

void certs_make_as(const char *cert_path, const char *key_path, const struct certs_wish *wish)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t cert;
    gnutls_datum_t text;

    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    assert_int_equal(gnutls_x509_crt_init(&cert), 0);
    assert_int_equal(gnutls_x509_privkey_generate2(key, GNUTLS_PK_EC,
                                                   GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
                                                   0, NULL, 0),
                     0);
    fill(cert, key, wish);
    if (wish->ca_cert)
        sign_by(cert, wish);
    else
        assert_int_equal(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &text), 0);
    write_text(key_path, &text);
    gnutls_free(text.data);
    assert_int_equal(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &text), 0);
    write_text(cert_path, &text);
    gnutls_free(text.data);
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_privkey_deinit(key);
}

void certs_make(const char *cert_path, const char *key_path)
{
    certs_make_as(cert_path, key_path, &(struct certs_wish){0});
}
