/**
 * @file server/net/words.c
 * @brief What goes wrong with certificates and credentials, for who has to mend it.
 */
#define _GNU_SOURCE /* strcasestr */
#include "server/net/easy.h"

#include <stdio.h>
#include <string.h>

#define PROBLEM "SSL certificate problem: "

/* The server has broken off the handshake with an alert (RFC 8446 section 6.2). */
static void explain_alert(const struct zdd_fetch_auth *auth, const char *said,
                          char ret_words[static ZDD_EASY_WORDS_SIZE])
{
    const char *alert = strstr(said, "alert ");
    const char *why = NULL;

    if (!auth->cert_file) {
        snprintf(ret_words, ZDD_EASY_WORDS_SIZE, "%s",
                 strcasestr(said, "certificate") || strcasestr(said, "handshake failure")
                     ? "the server demands a client certificate, and none is configured"
                     : said);
        return;
    }
    if (strcasestr(said, "expired"))
        why = "it has expired";
    else if (strcasestr(said, "unknown ca"))
        why = "it does not trust the CA that signed it";
    else if (strcasestr(said, "revoked"))
        why = "it is revoked";
    snprintf(ret_words, ZDD_EASY_WORDS_SIZE, "the server refuses our client certificate %.60s: %s",
             auth->cert_file, why ? why : alert);
}

/* We do not believe the server's certificate. */
static void explain_doubt(const struct zdd_fetch_auth *auth, const char *said,
                          char ret_words[static ZDD_EASY_WORDS_SIZE])
{
    const char *problem = strstr(said, PROBLEM);
    const char *what = problem ? problem + strlen(PROBLEM) : said;

    if (strcasestr(said, "expired") || strcasestr(said, "not yet valid"))
        snprintf(ret_words, ZDD_EASY_WORDS_SIZE, "the server's %s", what);
    else if (strcasestr(said, "does not match") || strcasestr(said, "subject name"))
        snprintf(ret_words, ZDD_EASY_WORDS_SIZE, "the server's certificate is for another host: %s",
                 what);
    else
        snprintf(ret_words, ZDD_EASY_WORDS_SIZE,
                 "the server's certificate is not trusted (by %.60s): %s",
                 auth->ca_file ? auth->ca_file : "the system", what);
}

void zdd_easy_explain(const struct zdd_fetch_auth *auth, CURLcode code, const char *said,
                      char ret_words[static ZDD_EASY_WORDS_SIZE])
{
    const char *words = said[0] ? said : curl_easy_strerror(code);

    if (code == CURLE_PEER_FAILED_VERIFICATION)
        explain_doubt(auth, words, ret_words);
    else if (code == CURLE_SSL_CERTPROBLEM && auth->cert_file && auth->key_file)
        snprintf(ret_words, ZDD_EASY_WORDS_SIZE,
                 "the client certificate %.50s and the key %.50s cannot be used together",
                 auth->cert_file, auth->key_file);
    else if (code == CURLE_SSL_CACERT_BADFILE && auth->ca_file)
        snprintf(ret_words, ZDD_EASY_WORDS_SIZE, "%.90s holds no certificates to trust",
                 auth->ca_file);
    else if (strstr(words, "alert "))
        explain_alert(auth, words, ret_words);
    else
        snprintf(ret_words, ZDD_EASY_WORDS_SIZE, "%s", words);
}

const char *zdd_fetch_refusal(long status, bool has_credentials)
{
    switch (status) {
    case 401:
    case 407:
        return has_credentials ? ": it does not accept our credentials"
                               : ": it wants credentials, and none are configured";
    case 403:
        return has_credentials ? ": our credentials do not allow this"
                               : ": it does not allow this without credentials";
    default:
        return "";
    }
}
