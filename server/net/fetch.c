/**
 * @file server/net/fetch.c
 * @brief One request, one answer.
 *
 * libcurl itself sends a request again when a kept-alive connection turns out dead
 * before the first byte of an answer. That is wanted for GET. Nothing else may be
 * sent twice unasked (a doubled restart restarts twice), so other methods always
 * get a connection of their own, which libcurl never retries.
 */
#include "server/net/fetch.h"

#include "server/base/trace.h"
#include "server/net/easy.h"
#include "server/net/url.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS_DEFAULT 5000
#define TIMEOUT_MS_DEFAULT 30000
#define IDLE_S_MAX 25L         /* Jetty closes idle connections after 30 s: do not race it */
#define CONNECTIONS_MAX 2L     /* kept alive by one client */
#define HEADER_BYTES_MAX 65536 /* all headers of one answer */

struct zdd_fetch {
    CURL *easy;
    struct zdd_fetch_auth auth; /* copies */
};

/* One request under way. */
struct exchange {
    struct zdd_answer *answer;
    size_t header_bytes;
    bool headers_too_big;
    char curl_says[CURL_ERROR_SIZE];
};

static atomic_bool stopped;

struct zdd_fetch *zdd_fetch_new(const struct zdd_fetch_auth *auth)
{
    struct zdd_fetch *fetch = calloc(1, sizeof(*fetch));

    if (!fetch)
        return NULL;
    fetch->easy = zdd_easy_new();
    if (!fetch->easy || !zdd_fetch_auth_copy(auth, &fetch->auth))
        return zdd_fetch_free(fetch);
    return fetch;
}

struct zdd_fetch *zdd_fetch_free(struct zdd_fetch *fetch)
{
    if (!fetch)
        return NULL;
    curl_easy_cleanup(fetch->easy);
    zdd_fetch_auth_release(&fetch->auth);
    free(fetch);
    return NULL;
}

static size_t take_header(char *line, size_t one, size_t size, void *cls)
{
    struct exchange *exchange = cls;
    struct zdd_answer *answer = exchange->answer;

    (void)one; /* always 1 */
    exchange->header_bytes += size;
    if (exchange->header_bytes > HEADER_BYTES_MAX) {
        exchange->headers_too_big = true;
        return 0;
    }
    if (size >= 5 && memcmp(line, "HTTP/", 5) == 0) /* a new head: forget an interim one */
        answer->type[0] = answer->location[0] = answer->deployment_id[0] = answer->leader[0] = 0;
    zdd_easy_capture(line, size, "Content-Type", answer->type, sizeof(answer->type));
    zdd_easy_capture(line, size, "Location", answer->location, sizeof(answer->location));
    zdd_easy_capture(line, size, "Marathon-Deployment-Id", answer->deployment_id,
                     sizeof(answer->deployment_id));
    zdd_easy_capture(line, size, "X-Marathon-Leader", answer->leader, sizeof(answer->leader));
    return size;
}

static size_t take_body(char *data, size_t one, size_t size, void *cls)
{
    struct exchange *exchange = cls;

    (void)one; /* always 1 */
    zdd_buf_append(&exchange->answer->body, data, size);
    return exchange->answer->body.err == ZDD_ERR_NONE ? size : 0;
}

/* libcurl calls this several times a second while data flows, and once a second when it waits. */
static int look_around(void *cls, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)cls, (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&stopped);
}

/* Content-Length for each body, and no chunks: a standby Marathon forwards a chunked body empty. */
static void set_method(CURL *easy, const struct zdd_request *request)
{
    const bool sends_body = request->body || strcmp(request->method, "POST") == 0 ||
                            strcmp(request->method, "PUT") == 0 ||
                            strcmp(request->method, "PATCH") == 0;
    const char *body = request->body ? request->body : "";

    if (strcmp(request->method, "GET") == 0) {
        assert(!request->body);
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    if (strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (sends_body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
}

static bool add_headers(struct curl_slist **list, const struct zdd_fetch *fetch,
                        const struct zdd_request *request)
{
    char trace[ZDD_TRACE_HEADER_SIZE];
    char line[256];

    snprintf(line, sizeof(line), "Accept: %s",
             request->accept ? request->accept : "application/json");
    if (!zdd_easy_header(list, line) || !zdd_easy_header(list, "Expect:") ||
        !zdd_easy_header(list, request->body ? "Content-Type: application/json" : "Content-Type:"))
        return false;
    if (fetch->auth.header && !zdd_easy_header(list, fetch->auth.header))
        return false;
    if (!request->request_id)
        return true;
    assert(!strpbrk(request->request_id, "\r\n"));
    snprintf(line, sizeof(line), "X-Request-Id: %s", request->request_id);
    if (!zdd_easy_header(list, line))
        return false;
    if (!zdd_trace_write(request->request_id, trace))
        return true; /* it is no id of ours */
    snprintf(line, sizeof(line), "traceparent: %s", trace);
    return zdd_easy_header(list, line);
}

static size_t body_max(const struct zdd_request *request)
{
    return request->body_max ? request->body_max : ZDD_FETCH_BODY_MAX;
}

static void set_limits(CURL *easy, const struct zdd_request *request)
{
    const int64_t connect_ms = request->connect_ms ? request->connect_ms : CONNECT_MS_DEFAULT;
    const int64_t timeout_ms = request->timeout_ms ? request->timeout_ms : TIMEOUT_MS_DEFAULT;

    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_S_MAX);
    curl_easy_setopt(easy, CURLOPT_MAXCONNECTS, CONNECTIONS_MAX);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)body_max(request));
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look_around);
}

/* "::ADDRESS:": whatever host and port, go to this address, with the port as it is. */
static bool set_address(CURL *easy, const char *address, struct curl_slist **ret_list)
{
    char line[80];

    if (!address)
        return true;
    snprintf(line, sizeof(line), strchr(address, ':') ? "::[%.64s]:" : "::%.64s:", address);
    if (!zdd_easy_header(ret_list, line))
        return false;
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, *ret_list);
    return true;
}

static CURLcode perform(struct zdd_fetch *fetch, const struct zdd_request *request,
                        struct exchange *exchange)
{
    struct curl_slist *headers = NULL, *address = NULL;
    CURLcode code = CURLE_OUT_OF_MEMORY;

    zdd_easy_prepare(fetch->easy, &fetch->auth);
    set_method(fetch->easy, request);
    set_limits(fetch->easy, request);
    curl_easy_setopt(fetch->easy, CURLOPT_URL, request->url);
    curl_easy_setopt(fetch->easy, CURLOPT_ERRORBUFFER, exchange->curl_says);
    curl_easy_setopt(fetch->easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(fetch->easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(fetch->easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(fetch->easy, CURLOPT_WRITEDATA, exchange);
    if (add_headers(&headers, fetch, request) &&
        set_address(fetch->easy, request->address, &address)) {
        curl_easy_setopt(fetch->easy, CURLOPT_HTTPHEADER, headers);
        code = curl_easy_perform(fetch->easy);
    }
    curl_easy_setopt(fetch->easy, CURLOPT_ERRORBUFFER, NULL); /* it dies with this call */
    curl_easy_setopt(fetch->easy, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(fetch->easy, CURLOPT_CONNECT_TO, NULL);
    curl_slist_free_all(headers);
    curl_slist_free_all(address);
    return code;
}

static bool answer_began(CURL *easy)
{
    curl_off_t first_byte_us = 0;

    return curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte_us) == CURLE_OK &&
           first_byte_us > 0;
}

/* A connection that never came about is no slow answer: nobody can be there. */
static bool was_connected(CURL *easy)
{
    curl_off_t connected_us = 0;

    return curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected_us) == CURLE_OK &&
           connected_us > 0;
}

static enum zdd_err judge(CURL *easy, const struct exchange *exchange, CURLcode code)
{
    if (exchange->answer->body.err == ZDD_ERR_NO_MEMORY)
        return ZDD_ERR_NO_MEMORY;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return was_connected(easy) ? ZDD_ERR_CLUSTER_SLOW : ZDD_ERR_CLUSTER_DOWN;
    if (code == CURLE_OUT_OF_MEMORY && !answer_began(easy))
        return ZDD_ERR_NO_MEMORY;
    if (code == CURLE_UNSUPPORTED_PROTOCOL /* no "HTTP/1." at the start */ ||
        code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_FILESIZE_EXCEEDED ||
        code == CURLE_WRITE_ERROR /* a limit of ours */ ||
        code == CURLE_OUT_OF_MEMORY /* of libcurl: a header line over 100 KiB */)
        return ZDD_ERR_CLUSTER_NONSENSE;
    return ZDD_ERR_CLUSTER_DOWN;
}

/* NULL: libcurl knows best. */
static const char *words_for(const struct exchange *exchange, CURLcode code)
{
    if (exchange->answer->body.err == ZDD_ERR_BODY_TOO_BIG || code == CURLE_FILESIZE_EXCEEDED)
        return "the answer is too large";
    if (exchange->headers_too_big || (code == CURLE_OUT_OF_MEMORY && exchange->header_bytes > 0))
        return "the headers of the answer are larger than 64 KiB";
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return "given up, the program is stopping";
    if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY)
        return "the answer is not HTTP";
    return NULL;
}

enum zdd_err zdd_fetch_send(struct zdd_fetch *fetch, const struct zdd_request *request,
                            struct zdd_answer *ret_answer, char ret_reason[static 200])
{
    struct exchange exchange = {.answer = ret_answer};
    CURLcode code;

    *ret_answer = (struct zdd_answer){.body.max = body_max(request)};
    if (!zdd_url_valid(request->url)) {
        zdd_easy_reason(request->method, request->url, "not an http or https URL", ret_reason);
        return ZDD_ERR_CLUSTER_DOWN;
    }
    if (atomic_load(&stopped)) {
        zdd_easy_reason(request->method, request->url, "not sent, the program is stopping",
                        ret_reason);
        return ZDD_ERR_CLUSTER_DOWN;
    }
    code = perform(fetch, request, &exchange);
    if (code != CURLE_OK) {
        const char *ours = words_for(&exchange, code);
        char words[ZDD_EASY_WORDS_SIZE];

        if (!ours)
            zdd_easy_explain(&fetch->auth, code, exchange.curl_says, words);
        zdd_easy_reason(request->method, request->url, ours ? ours : words, ret_reason);
        return judge(fetch->easy, &exchange, code);
    }
    curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &ret_answer->status);
    zdd_easy_media_type(ret_answer->type);
    return ZDD_ERR_NONE;
}

void zdd_answer_release(struct zdd_answer *answer)
{
    zdd_buf_release(&answer->body);
}

void zdd_fetch_stop_all(void)
{
    atomic_store(&stopped, true);
}
