/**
 * @file deploy/load/main.c
 * @brief zdd-load: asks an app without a pause and counts who answered and what failed.
 */
#include "deploy/load/client.h"
#include "deploy/load/load.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOW_MAX_MS 10000 /* simpleservice's own limit */

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
        "  --slow MS        ask simpleservice for an answer that takes so long; one that comes\n"
        "                   sooner was cut short and counts as failed. Only with --through\n"
        "  --rate N         requests per second (100)\n"
        "  --threads N      callers side by side (4, at most 32)\n"
        "  --users N        so many users take turns, each with the cookies that he was given; without\n"
        "                   it everybody who asks is new. Only with --through\n"
        "\n"
        "It prints one line of JSON when it has started, one at SIGUSR1, and the last at SIGTERM or SIGINT, which end it.\n"
        "\"versions\" counts who answered well, \"failedBy\" who answered badly and said who he was.\n"
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
    if (!client_can_reach(url) || load->through_count == LOAD_THROUGH_MAX) {
        fprintf(stderr,
                "zdd-load: --through wants a URL such as http://127.0.0.1:10080, %d times "
                "at most, not \"%s\"\n",
                LOAD_THROUGH_MAX, url);
        return false;
    }
    load->through[load->through_count++] = url;
    return true;
}

static bool read_slow(struct load *load, const char *text)
{
    if (!read_number("--slow", text, SLOW_MAX_MS, &load->slow_ms))
        return false;
    snprintf(load->slow_path, sizeof(load->slow_path), "/slow/%ld", load->slow_ms);
    load->path = load->slow_path;
    return true;
}

static bool read_users(struct load *load, const char *text)
{
    long count;

    if (!read_number("--users", text, USERS_MAX, &count))
        return false;
    load->user_count = (size_t)count;
    return true;
}

/* Options that can be wrong. */
static bool read_checked(struct load *load, int option, const char *text)
{
    switch (option) {
    case 'T':
        return read_through(load, text);
    case 's':
        return read_slow(load, text);
    case 'r':
        return read_number("--rate", text, 100000, &load->rate);
    case 't':
        return read_number("--threads", text, LOAD_THREADS_MAX, &load->threads);
    case 'u':
        return read_users(load, text);
    default:
        return false;
    }
}

/* Options that do not fit together. */
static bool check_together(struct load *load)
{
    if (load->through_count == 0 && (!load->app || *load->app != '/')) {
        fputs("zdd-load: --app wants an absolute app id, or --through a balancer; see --help\n",
              stderr);
        return false;
    }
    if (load->through_count == 0 && load->user_count > 0) {
        fputs("zdd-load: --users wants --through a balancer, which gives them cookies\n", stderr);
        return false;
    }
    if (load->user_count > 0 && (size_t)load->threads > load->user_count) /* each caller has one */
        load->threads = (long)load->user_count;
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
        {"slow", required_argument, NULL, 's'},
        {"rate", required_argument, NULL, 'r'},
        {"threads", required_argument, NULL, 't'},
        {"users", required_argument, NULL, 'u'},
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
        else if (option == 'h') {
            help();
            exit(EXIT_SUCCESS);
        } else if (!read_checked(load, option, optarg))
            return false;
    }
    if (optind < argc) {
        fprintf(stderr, "zdd-load: unexpected \"%s\"; see --help\n", argv[optind]);
        return false;
    }
    return check_together(load);
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
    pthread_t thread[LOAD_THREADS_MAX];
    sigset_t signals;
    int signal_number = 0;
    long started = 0;

    if (!read_options(argc, argv, &load))
        return 2;
    if (load.user_count > 0) {
        load.users = calloc(load.user_count, sizeof(*load.users));
        if (!load.users)
            return EXIT_FAILURE;
    }
    block_signals(&signals);
    if (!load.through_count) {
        load.targets = targets_open(load.marathon, load.app);
        if (!load.targets)
            return EXIT_FAILURE;
    }
    while (started < load.threads && pthread_create(&thread[started], NULL, load_run, &load) == 0)
        started++;
    load_report(&load); /* whoever waits for us knows now that signals are heard */
    while (sigwait(&signals, &signal_number) == 0 && signal_number == SIGUSR1)
        load_report(&load);
    atomic_store(&load.stop, true);
    for (long i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
    targets_free(load.targets);
    load_report(&load);
    free(load.users);
    return started > 0 && load.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
