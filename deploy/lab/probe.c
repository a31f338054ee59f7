/**
 * @file deploy/lab/probe.c
 * @brief Health and readiness probes over libcurl's multi interface.
 */
#include "deploy/lab/probe.h"

#include "server/base/cleanup.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct flight {
    struct flight *prev, *next;
    struct zdd_lab_probe probe;
    struct zdd_lab_probe_answer answer;
    size_t body_size;
    CURL *easy;
};

struct zdd_lab_probes {
    CURLM *multi;
    struct flight *flights;
};

struct zdd_lab_probes *zdd_lab_probes_new(void)
{
    ZDD_AUTO_FREE struct zdd_lab_probes *probes = calloc(1, sizeof(*probes));

    if (!probes)
        return NULL;
    probes->multi = curl_multi_init();
    if (!probes->multi)
        return NULL;
    curl_multi_setopt(probes->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)ZDD_LAB_PROBE_MAX);
    return ZDD_TAKE(probes);
}

static size_t keep_body(char *data, size_t one, size_t count, void *cls)
{
    struct flight *flight = cls;
    const size_t room = sizeof(flight->answer.body) - 1 - flight->body_size;
    const size_t size = count < room ? count : room;

    (void)one; /* always 1, says libcurl */
    memcpy(flight->answer.body + flight->body_size, data, size);
    flight->body_size += size;
    return count;
}

static void set_up(struct flight *flight)
{
    CURL *easy = flight->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, flight);
    curl_easy_setopt(easy, CURLOPT_URL, flight->probe.url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)flight->probe.timeout_ms);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER,
                     0L); /* as Marathon: an own certificate is healthy */
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, flight->probe.connect_only ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, flight);
}

void zdd_lab_probe_send(struct zdd_lab_probes *probes, const struct zdd_lab_probe *probe)
{
    struct flight *flight = calloc(1, sizeof(*flight));

    if (!flight)
        return;
    flight->probe = *probe;
    flight->easy = curl_easy_init();
    if (!flight->easy) {
        free(flight);
        return;
    }
    set_up(flight);
    flight->probe.url = NULL; /* libcurl has its copy */
    flight->next = probes->flights;
    if (flight->next)
        flight->next->prev = flight;
    probes->flights = flight;
    curl_multi_add_handle(probes->multi, flight->easy);
}

void zdd_lab_probes_wait(struct zdd_lab_probes *probes, int fd, int64_t timeout_ms)
{
    struct curl_waitfd extra = {.fd = fd, .events = CURL_WAIT_POLLIN};
    int running;

    curl_multi_perform(probes->multi, &running);
    curl_multi_poll(probes->multi, &extra, 1, (int)timeout_ms, NULL);
    curl_multi_perform(probes->multi, &running);
}

static void land(struct zdd_lab_probes *probes, struct flight *flight)
{
    curl_multi_remove_handle(probes->multi, flight->easy);
    curl_easy_cleanup(flight->easy);
    if (flight->prev)
        flight->prev->next = flight->next;
    else
        probes->flights = flight->next;
    if (flight->next)
        flight->next->prev = flight->prev;
    free(flight);
}

static void read_answer(struct flight *flight, CURLcode code)
{
    struct zdd_lab_probe_answer *answer = &flight->answer;
    char *type = NULL;

    answer->answered = code == CURLE_OK;
    curl_easy_getinfo(flight->easy, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_easy_getinfo(flight->easy, CURLINFO_CONTENT_TYPE, &type);
    snprintf(answer->type, sizeof(answer->type), "%s", type ? type : "text/plain");
    if (!answer->answered)
        snprintf(answer->cause, sizeof(answer->cause), "%s", curl_easy_strerror(code));
}

void zdd_lab_probes_collect(struct zdd_lab_probes *probes, struct zdd_lab *lab)
{
    int left;

    for (CURLMsg *message = curl_multi_info_read(probes->multi, &left); message;
         message = curl_multi_info_read(probes->multi, &left)) {
        struct flight *flight = NULL;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &flight);
        read_answer(flight, message->data.result);
        flight->probe.done(lab, flight->probe.key, flight->probe.check, &flight->answer);
        land(probes, flight);
    }
}

void zdd_lab_probes_wake(struct zdd_lab_probes *probes)
{
    curl_multi_wakeup(probes->multi);
}

struct zdd_lab_probes *zdd_lab_probes_free(struct zdd_lab_probes *probes)
{
    if (!probes)
        return NULL;
    while (probes->flights)
        land(probes, probes->flights);
    curl_multi_cleanup(probes->multi);
    free(probes);
    return NULL;
}
