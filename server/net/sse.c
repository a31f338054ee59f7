/**
 * @file server/net/sse.c
 * @brief A thread that keeps one event stream open.
 *
 * It drives its transfer through libcurl's multi interface, because that one can be
 * woken: zdd_sse_free() need not wait for a packet.
 */
#include "server/net/sse.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/net/easy.h"
#include "server/net/url.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SILENCE_MS_DEFAULT 30000
#define RETRY_MIN_MS_DEFAULT 250
#define RETRY_MAX_MS_DEFAULT 30000
#define CONNECT_MS 5000L
#define POLL_MS_MAX 1000 /* how long one wait lasts at most; a wake-up ends it at once */
#define REDIRECT_MAX 3   /* a standby leads to the leader in one step */
#define DOUBLINGS_MAX 20
#define HEADER_BYTES_MAX 65536 /* all headers of one answer */

struct zdd_sse {
    struct zdd_sse_options options;
    struct zdd_sse_parser parser;
    struct curl_slist *headers;
    CURLM *multi;
    CURL *easy;
    pthread_t thread;
    atomic_bool stop;

    /* the request under way */
    char url[2048];
    char location[2048]; /* as the answer has it */
    bool redirected;     /* the answer leads to location */
    char type[96];
    long status;
    size_t header_bytes;
    int64_t heard_ms; /* when the last byte came */
    char curl_says[CURL_ERROR_SIZE];
    char reason[200]; /* why it ended; "" while nobody knows */
};

static void end_with(struct zdd_sse *sse, const char *what)
{
    if (!sse->reason[0])
        zdd_easy_reason("GET", sse->url, what, sse->reason);
}

/* The head of the answer is complete. @return whether its body is an event stream */
static bool judge_head(struct zdd_sse *sse)
{
    char words[160];

    zdd_easy_media_type(sse->type);
    sse->redirected = sse->status >= 300 && sse->status < 400 && sse->location[0];
    if (sse->redirected)
        return false; /* follow() goes on from here */
    if (sse->status == 200 && strcmp(sse->type, "text/event-stream") == 0) {
        sse->options.on_open(sse->options.cls);
        return true;
    }
    if (sse->status == 200)
        snprintf(words, sizeof(words), "answered with \"%s\" instead of an event stream",
                 sse->type);
    else
        snprintf(
            words, sizeof(words), "answered %ld%s", sse->status,
            zdd_fetch_refusal(sse->status, sse->options.auth.basic || sse->options.auth.header));
    end_with(sse, words);
    return false;
}

static size_t take_header(char *line, size_t one, size_t size, void *cls)
{
    struct zdd_sse *sse = cls;

    (void)one; /* always 1 */
    sse->heard_ms = zdd_mono_ms();
    sse->header_bytes += size;
    if (sse->header_bytes > HEADER_BYTES_MAX) {
        end_with(sse, "the headers of the answer are larger than 64 KiB");
        return 0;
    }
    if (size >= 12 && memcmp(line, "HTTP/", 5) == 0) { /* a new head: forget an interim one */
        const char *space = memchr(line, ' ', size);

        sse->status = space ? strtol(space, NULL, 10) : 0;
        sse->type[0] = sse->location[0] = '\0';
    }
    zdd_easy_capture(line, size, "Content-Type", sse->type, sizeof(sse->type));
    zdd_easy_capture(line, size, "Location", sse->location, sizeof(sse->location));
    if (line[0] != '\r' && line[0] != '\n')
        return size;
    return sse->status < 200 || judge_head(sse) ? size : 0;
}

static size_t take_body(char *data, size_t one, size_t size, void *cls)
{
    struct zdd_sse *sse = cls;

    (void)one; /* always 1 */
    sse->heard_ms = zdd_mono_ms();
    if (sse->options.on_heard)
        sse->options.on_heard(sse->options.cls);
    zdd_sse_feed(&sse->parser, data, size);
    return size;
}

static void prepare(struct zdd_sse *sse)
{
    zdd_sse_release(&sse->parser);
    sse->reason[0] = sse->location[0] = sse->type[0] = sse->curl_says[0] = '\0';
    sse->status = 0;
    sse->redirected = false;
    sse->header_bytes = 0;
    sse->heard_ms = zdd_mono_ms();
    zdd_easy_prepare(sse->easy, &sse->options.auth);
    curl_easy_setopt(sse->easy, CURLOPT_URL, sse->url);
    curl_easy_setopt(sse->easy, CURLOPT_HTTPHEADER, sse->headers);
    curl_easy_setopt(sse->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(sse->easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(sse->easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(sse->easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(sse->easy, CURLOPT_ERRORBUFFER, sse->curl_says);
    curl_easy_setopt(sse->easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(sse->easy, CURLOPT_HEADERDATA, sse);
    curl_easy_setopt(sse->easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(sse->easy, CURLOPT_WRITEDATA, sse);
}

static void read_result(struct zdd_sse *sse)
{
    int left;
    const CURLMsg *message = curl_multi_info_read(sse->multi, &left);

    if (message && message->msg == CURLMSG_DONE && message->data.result != CURLE_OK) {
        char words[ZDD_EASY_WORDS_SIZE];

        zdd_easy_explain(&sse->options.auth, message->data.result, sse->curl_says, words);
        end_with(sse, words);
    } else {
        end_with(sse, "the server ended the stream");
    }
}

/* Until the transfer ends, falls silent, or we are to stop. */
static void transfer(struct zdd_sse *sse)
{
    int running = 1;

    if (curl_multi_add_handle(sse->multi, sse->easy) != CURLM_OK) {
        end_with(sse, "no memory");
        return;
    }
    while (!atomic_load(&sse->stop)) {
        int64_t left_ms;

        if (curl_multi_perform(sse->multi, &running) != CURLM_OK || !running) {
            read_result(sse);
            break;
        }
        left_ms = sse->options.silence_ms - (zdd_mono_ms() - sse->heard_ms);
        if (left_ms <= 0) {
            end_with(sse, "silent for too long");
            break;
        }
        curl_multi_poll(sse->multi, NULL, 0, (int)(left_ms < POLL_MS_MAX ? left_ms : POLL_MS_MAX),
                        NULL);
    }
    curl_multi_remove_handle(sse->multi, sse->easy);
}

/* Make sse->location absolute. @return NULL when all is well, else what is wrong with it */
static const char *resolve(struct zdd_sse *sse)
{
    CURLU *parts = curl_url();
    char *absolute = NULL;
    const char *wrong = NULL;

    if (!parts || curl_url_set(parts, CURLUPART_URL, sse->url, 0) != CURLUE_OK ||
        curl_url_set(parts, CURLUPART_URL, sse->location, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_URL, &absolute, 0) != CURLUE_OK || !zdd_url_valid(absolute) ||
        strlen(absolute) >= sizeof(sse->location))
        wrong = "redirects to what is no http or https URL";
    else if (strncmp(sse->url, "https:", 6) == 0 && strncmp(absolute, "https:", 6) != 0)
        wrong = "redirects from https to http"; /* our credentials would travel in the clear */
    else
        snprintf(sse->location, sizeof(sse->location), "%s", absolute);
    curl_free(absolute);
    curl_url_cleanup(parts);
    return wrong;
}

/* One stream from its request to its end. Redirects are followed here: libcurl would drop the
 * credentials. */
static void follow(struct zdd_sse *sse, const char *url)
{
    const char *wrong =
        zdd_url_valid(url) && strlen(url) < sizeof(sse->url) ? NULL : "not an http or https URL";

    snprintf(sse->url, sizeof(sse->url), "%s", url);
    sse->reason[0] = '\0';
    for (int hop = 0; !wrong && !atomic_load(&sse->stop); hop++) {
        prepare(sse);
        transfer(sse);
        if (!sse->redirected)
            return;
        sse->reason[0] = '\0'; /* it was our own doing that libcurl complained about */
        wrong = hop < REDIRECT_MAX ? resolve(sse) : "redirects too often";
        if (!wrong)
            memcpy(sse->url, sse->location, sizeof(sse->url));
    }
    if (wrong)
        end_with(sse, wrong);
}

/* Half of the pause is certain, half is chance: many clients must not come back at once. */
static int64_t pause_ms(const struct zdd_sse *sse, unsigned failures)
{
    const unsigned doublings = failures - 1 < DOUBLINGS_MAX ? failures - 1 : DOUBLINGS_MAX;
    int64_t longest = sse->options.retry_min_ms << doublings;
    uint32_t chance;

    if (longest > sse->options.retry_max_ms)
        longest = sse->options.retry_max_ms;
    zdd_random(&chance, sizeof(chance));
    return longest / 2 + (int64_t)(chance % (uint64_t)(longest / 2 + 1));
}

static void rest(struct zdd_sse *sse, int64_t ms)
{
    const int64_t until_ms = zdd_mono_ms() + ms;
    int64_t left_ms = ms;

    while (left_ms > 0 && !atomic_load(&sse->stop)) {
        curl_multi_poll(sse->multi, NULL, 0, (int)(left_ms < POLL_MS_MAX ? left_ms : POLL_MS_MAX),
                        NULL);
        left_ms = until_ms - zdd_mono_ms();
    }
}

static void *run(void *cls)
{
    struct zdd_sse *sse = cls;
    unsigned failures = 0;

    for (size_t turn = 0; !atomic_load(&sse->stop); turn = (turn + 1) % sse->options.url_count) {
        const int64_t start_ms = zdd_mono_ms();

        follow(sse, sse->options.urls[turn]);
        if (atomic_load(&sse->stop))
            break;
        sse->options.on_lost(sse->options.cls, sse->reason);
        /* A stream that ends at once is a failure too: so it looks while a leader is elected. */
        if (zdd_mono_ms() - start_ms >= sse->options.retry_max_ms)
            failures = 0;
        rest(sse, pause_ms(sse, ++failures));
    }
    zdd_sse_release(&sse->parser);
    return NULL;
}

static void set_defaults(struct zdd_sse_options *options)
{
    if (options->silence_ms <= 0)
        options->silence_ms = SILENCE_MS_DEFAULT;
    if (options->retry_min_ms <= 0)
        options->retry_min_ms = RETRY_MIN_MS_DEFAULT;
    if (options->retry_max_ms <= 0)
        options->retry_max_ms = RETRY_MAX_MS_DEFAULT;
}

static struct zdd_sse *discard(struct zdd_sse *sse)
{
    curl_multi_cleanup(sse->multi);
    curl_easy_cleanup(sse->easy);
    curl_slist_free_all(sse->headers);
    free(sse);
    return NULL;
}

/* Exactly this one Accept line: Marathon answers 405 to any other. */
static bool make_handles(struct zdd_sse *sse)
{
    sse->easy = zdd_easy_new();
    sse->multi = curl_multi_init();
    return sse->easy && sse->multi && zdd_easy_header(&sse->headers, "Accept: text/event-stream") &&
           (!sse->options.auth.header || zdd_easy_header(&sse->headers, sse->options.auth.header));
}

struct zdd_sse *zdd_sse_start(const struct zdd_sse_options *options)
{
    struct zdd_sse *sse = calloc(1, sizeof(*sse));
    sigset_t all, before;
    int failed;

    assert(options->url_count > 0);
    if (!sse)
        return NULL;
    sse->options = *options;
    set_defaults(&sse->options);
    sse->parser.on_event = options->on_event;
    sse->parser.cls = options->cls;
    if (!make_handles(sse))
        return discard(sse);
    sigfillset(&all); /* signals are for the main thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&sse->thread, NULL, run, sse);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? discard(sse) : sse;
}

struct zdd_sse *zdd_sse_free(struct zdd_sse *sse)
{
    if (!sse)
        return NULL;
    atomic_store(&sse->stop, true);
    curl_multi_wakeup(sse->multi);
    pthread_join(sse->thread, NULL);
    return discard(sse);
}
