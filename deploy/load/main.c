/**
 * @file deploy/load/main.c
 * @brief zdd-load: asks an app without a pause and counts who answered and what failed.
 *
 * It balances as HAProxy does by default: round robin over the healthy instances, and a connection
 * that is refused or cut before an answer is tried again elsewhere (retries 3, redispatch). A
 * request has failed when no instance answered it with 2xx.
 *
 * With --through the balancer is somebody else: each request goes to one URL, once; of several
 * the next one is asked when the connection was refused or cut, as by clients that know several
 * addresses.
 */
#include "deploy/load/targets.h"
#include "server/json/json.h"
#include "server/json/writer.h"
#include "server/net/fetch.h"
#include "server/net/url.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define THREADS_MAX 32
#define VERSIONS_MAX 8
#define TRIES TARGETS_TRIED_MAX /* the first, and HAProxy's three retries */
#define WORDS_SIZE 300
#define TURN_AROUND_NS 50000000L /* before the next try; HAProxy's lasts up to a second */
#define THROUGH_MAX TARGETS_TRIED_MAX
#define WORDS_MAX 5 /* failures told in words; the rest is counted */

struct load {
    const char *marathon, *app, *path;
    const char *through[THROUGH_MAX]; /* balancers; none: we are it */
    unsigned through_count;
    atomic_uint through_turn;
    const char *header;      /* one more line of each request, or NULL */
    long threads, rate;      /* requests per second, all threads together */
    struct targets *targets; /* NULL with --through */
    atomic_bool stop;
    pthread_mutex_t lock;
    /* below: guarded by lock */
    unsigned long answered, failed, retried;
    size_t version_count;
    struct {
        char name[32];
        unsigned long answered;
    } version[VERSIONS_MAX];
};

static void count_version(struct load *load, const char *name)
{
    size_t i = 0;

    while (i < load->version_count && strcmp(load->version[i].name, name) != 0)
        i++;
    if (i == VERSIONS_MAX)
        return;
    if (i == load->version_count)
        snprintf(load->version[load->version_count++].name, sizeof(load->version[0].name), "%s",
                 name);
    load->version[i].answered++;
}

static void note_answer(struct load *load, const struct zdd_answer *answer, unsigned tries)
{
    ZDD_AUTO_JSON json_t *json = NULL;
    const char *version = "?";

    if (answer->body.size > 0 &&
        zdd_json_read(answer->body.data, answer->body.size, &json, NULL) == ZDD_ERR_NONE)
        version = zdd_json_text(json, "version", "?");
    pthread_mutex_lock(&load->lock);
    load->answered++;
    load->retried += tries;
    count_version(load, version);
    pthread_mutex_unlock(&load->lock);
}

static void note_failure(struct load *load, const char *words)
{
    pthread_mutex_lock(&load->lock);
    load->failed++;
    if (load->failed <= WORDS_MAX)
        fprintf(stderr, "zdd-load: request failed: %s\n", words);
    pthread_mutex_unlock(&load->lock);
}

/* @return true when the request is over: answered well, or answered and not well */
static bool ask_one(struct load *load, struct zdd_fetch *fetch, const char *target, unsigned tries,
                    char words[static WORDS_SIZE])
{
    struct zdd_answer answer = {0};
    char url[TARGET_SIZE + 128];
    char reason[200];
    enum zdd_err err;

    snprintf(url, sizeof(url), "%s%s", target, load->path);
    err = zdd_fetch_send(fetch,
                         &(struct zdd_request){.method = "GET", .url = url, .timeout_ms = 30000},
                         &answer, reason);
    if (err == ZDD_ERR_NONE && answer.status / 100 == 2)
        note_answer(load, &answer, tries);
    else if (err == ZDD_ERR_NONE) /* no balancer hides that */
        snprintf(words, WORDS_SIZE, "%s: status %ld", target, answer.status);
    else
        snprintf(words, WORDS_SIZE, "%s: %s", target, reason);
    if (err == ZDD_ERR_NONE && answer.status / 100 != 2)
        note_failure(load, words);
    zdd_answer_release(&answer);
    return err == ZDD_ERR_NONE;
}

/* One request with its retries. */
static void ask(struct load *load, struct zdd_fetch *fetch)
{
    const struct timespec turn_around = {.tv_nsec = TURN_AROUND_NS};
    char words[WORDS_SIZE] = "";
    char trouble[TARGETS_WORDS_SIZE];
    struct targets_tried tried = {0};

    for (unsigned tries = 0; tries < TRIES; tries++) {
        char target[TARGET_SIZE];

        if (!targets_next(load->targets, &tried, target)) {
            targets_refresh(load->targets);
            if (!targets_next(load->targets, &tried, target)) {
                targets_trouble(load->targets, trouble);
                snprintf(words, sizeof(words), "%s", *trouble ? trouble : "no instance is up");
                break;
            }
        }
        memcpy(tried.url[tried.count++], target, TARGET_SIZE);
        if (ask_one(load, fetch, target, tries, words))
            return;
        clock_nanosleep(CLOCK_MONOTONIC, 0, &turn_around, NULL);
        targets_refresh(load->targets);
    }
    note_failure(load, words);
}

static void ask_through(struct load *load, struct zdd_fetch *fetch)
{
    const unsigned turn = atomic_fetch_add(&load->through_turn, 1);
    char words[WORDS_SIZE] = "";

    for (unsigned tries = 0; tries < load->through_count; tries++)
        if (ask_one(load, fetch, load->through[(turn + tries) % load->through_count], tries, words))
            return;
    note_failure(load, words);
}

static void *run(void *cls)
{
    struct load *load = cls;
    struct zdd_fetch *fetch = zdd_fetch_new(&(struct zdd_fetch_auth){.header = load->header});
    const long pause_ns = 1000000000L / load->rate * load->threads;
    struct timespec next;

    if (!fetch)
        return NULL;
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!atomic_load(&load->stop)) {
        if (load->through_count)
            ask_through(load, fetch);
        else
            ask(load, fetch);
        next.tv_nsec += pause_ns % 1000000000L;
        next.tv_sec += pause_ns / 1000000000L + next.tv_nsec / 1000000000L;
        next.tv_nsec %= 1000000000L;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    zdd_fetch_free(fetch);
    return NULL;
}

static void report(struct load *load)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_writer w = {.buf = &buf};

    pthread_mutex_lock(&load->lock);
    zdd_w_object(&w, NULL);
    zdd_w_int(&w, "answered", (int64_t)load->answered);
    zdd_w_int(&w, "failed", (int64_t)load->failed);
    zdd_w_int(&w, "retried", (int64_t)load->retried);
    zdd_w_object(&w, "versions");
    for (size_t i = 0; i < load->version_count; i++)
        zdd_w_int(&w, load->version[i].name, (int64_t)load->version[i].answered);
    zdd_w_end_object(&w);
    zdd_w_end_object(&w);
    pthread_mutex_unlock(&load->lock);
    if (buf.err == ZDD_ERR_NONE)
        printf("%s\n", buf.data);
    fflush(stdout);
}

static void help(void)
{
    puts(
        "zdd-load: ask an app without a pause, and count who answered\n"
        "\n"
        "  --marathon URL   where the app's instances are looked up (http://127.0.0.1:8080)\n"
        "  --app ID         the app, for instance /zdd/base\n"
        "  --through URL    ask this balancer instead, http://127.0.0.1:10080; repeatable\n"
        "  --header LINE    one more header of each request: 'Connection: close', 'Host: shop.local'\n"
        "  --path PATH      what is asked for (/endpoint0)\n"
        "  --rate N         requests per second (100)\n"
        "  --threads N      callers side by side (4, at most 32)\n"
        "\n"
        "It prints one line of JSON when it has started, one at SIGUSR1, and the last at SIGTERM or SIGINT, which end it.\n"
        "Exit status: 0 when no request failed, 1 when some did, 2 for wrong usage.");
}

static bool read_number(const char *name, const char *text, long max, long *ret)
{
    char *end;
    const long value = strtol(text, &end, 10);

    if (*end || end == text || value < 1 || value > max) {
        fprintf(stderr, "zdd-load: %s must be a whole number from 1 to %ld, not \"%s\"\n", name,
                max, text);
        return false;
    }
    *ret = value;
    return true;
}

static bool read_through(struct load *load, const char *url)
{
    if (!zdd_url_valid(url) || strlen(url) >= TARGET_SIZE || load->through_count == THROUGH_MAX) {
        fprintf(stderr,
                "zdd-load: --through wants a URL such as http://127.0.0.1:10080, %d times "
                "at most, not \"%s\"\n",
                THROUGH_MAX, url);
        return false;
    }
    load->through[load->through_count++] = url;
    return true;
}

static bool read_options(int argc, char **argv, struct load *load)
{
    static const struct option options[] = {
        {"marathon", required_argument, NULL, 'm'},
        {"app", required_argument, NULL, 'a'},
        {"path", required_argument, NULL, 'p'},
        {"through", required_argument, NULL, 'T'},
        {"header", required_argument, NULL, 'H'},
        {"rate", required_argument, NULL, 'r'},
        {"threads", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'm')
            load->marathon = optarg;
        else if (option == 'a')
            load->app = optarg;
        else if (option == 'p')
            load->path = optarg;
        else if (option == 'H')
            load->header = optarg;
        else if (option == 'T') {
            if (!read_through(load, optarg))
                return false;
        } else if (option == 'h') {
            help();
            exit(EXIT_SUCCESS);
        } else if (option == 'r' ? !read_number("--rate", optarg, 100000, &load->rate)
                                 : option != 't' || !read_number("--threads", optarg, THREADS_MAX,
                                                                 &load->threads))
            return false;
    }
    if (optind < argc) {
        fprintf(stderr, "zdd-load: unexpected \"%s\"; see --help\n", argv[optind]);
        return false;
    }
    if (load->through_count == 0 && (!load->app || *load->app != '/')) {
        fputs("zdd-load: --app wants an absolute app id, or --through a balancer; see --help\n",
              stderr);
        return false;
    }
    return true;
}

/* Signals are waited for, not caught: block them before the first thread starts. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
    struct load load = {.marathon = "http://127.0.0.1:8080",
                        .path = "/endpoint0",
                        .threads = 4,
                        .rate = 100,
                        .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t thread[THREADS_MAX];
    sigset_t signals;
    int signal_number = 0;
    long started = 0;

    if (!read_options(argc, argv, &load))
        return 2;
    block_signals(&signals);
    if (!load.through_count) {
        load.targets = targets_open(load.marathon, load.app);
        if (!load.targets)
            return EXIT_FAILURE;
    }
    while (started < load.threads && pthread_create(&thread[started], NULL, run, &load) == 0)
        started++;
    report(&load); /* whoever waits for us knows now that signals are heard */
    while (sigwait(&signals, &signal_number) == 0 && signal_number == SIGUSR1)
        report(&load);
    atomic_store(&load.stop, true);
    for (long i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
    targets_free(load.targets);
    report(&load);
    return started > 0 && load.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
