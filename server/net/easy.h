/**
 * @file server/net/easy.h
 * @brief What every libcurl handle of ours has in common. Only files of this folder know libcurl.
 */
#pragma once

#include "server/net/fetch.h"

#include <curl/curl.h>
#include <stdbool.h>

/** @return a new handle, NULL without memory; the first call prepares libcurl, and has SIGPIPE
 * ignored unless the program handles it */
CURL *zdd_easy_new(void);

/**
 * Forget the former request, keep the connections, and set what all requests share: http and https
 * only, HTTP/1.1, no proxy and no redirect, no signals, credentials, our name.
 * @p auth stays borrowed for the request.
 */
void zdd_easy_prepare(CURL *easy, const struct zdd_fetch_auth *auth);

/** Append @p line to @p list. @return false without memory; the list stays as it was */
bool zdd_easy_header(struct curl_slist **list, const char *line);

/** If @p line ("Name: value\r\n", not terminated) is header @p name, any case, copy its value when
 * it fits in @p max bytes with the NUL, else "". */
void zdd_easy_capture(const char *line, size_t size, const char *name, char *ret_value, size_t max);

/** Make a media type comparable: cut the parameters, lower the letters. */
void zdd_easy_media_type(char *type);

/** Write what libcurl says about a failure into @p ret_reason, without the query of @p url. */
void zdd_easy_reason(const char *method, const char *url, const char *what,
                     char ret_reason[static 200]);

#define ZDD_EASY_WORDS_SIZE 180

/** Say what @p code means, from what libcurl @p said ("" for nothing): of certificates which of
 * ours, or whose, is wrong and why. */
void zdd_easy_explain(const struct zdd_fetch_auth *auth, CURLcode code, const char *said,
                      char ret_words[static ZDD_EASY_WORDS_SIZE]);
