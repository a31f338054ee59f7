/**
 * @file deploy/load/load.c
 * @brief Asking and counting.
 */
#include "deploy/load/load.h"

#include "deploy/load/client.h"
#include "server/json/json.h"
#include "server/json/writer.h"
#include "server/net/fetch.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TRIES TARGETS_TRIED_MAX /* the first, and HAProxy's three retries */
#define WORDS_SIZE 300
#define TURN_AROUND_NS 50000000L /* before the next try; HAProxy's lasts up to a second */
#define WORDS_MAX 5              /* failures told in words; the rest is counted */

/* @return the place of a version in the counts; load->version_count when there are too many. Call
 * with the lock. */
static size_t place_of(struct load *load, const char *name)
{
    size_t i = 0;

    while (i < load->version_count && strcmp(load->version[i].name, name) != 0)
        i++;
    if (i < load->version_count || i == LOAD_VERSIONS_MAX)
        return i;
    snprintf(load->version[i].name, sizeof(load->version[0].name), "%s", name);
    return load->version_count++;
}

/* Who has answered, if he says so: "" else. */
static void read_version(const struct zdd_buf *body, char ret_name[static LOAD_VERSION_SIZE])
{
    ZDD_AUTO_JSON json_t *json = NULL;
    const char *version = "";

    if (body->size > 0 && zdd_json_read(body->data, body->size, &json, NULL) == ZDD_ERR_NONE)
        version = zdd_json_text(json, "version", "");
    snprintf(ret_name, LOAD_VERSION_SIZE, "%s", version);
}

static void note_answer(struct load *load, struct user *user, const struct zdd_buf *body,
                        unsigned tries)
{
    char name[LOAD_VERSION_SIZE] = "";
    size_t place;

    read_version(body, name);
    if (!*name)
        snprintf(name, sizeof(name), "?");
    pthread_mutex_lock(&load->lock);
    load->answered++;
    load->retried += tries;
    place = place_of(load, name);
    if (place < LOAD_VERSIONS_MAX)
        load->version[place].answered++;
    if (user)
        user_note(user, name);
    pthread_mutex_unlock(&load->lock);
}

/* @param body  of a bad answer; NULL when there was none */
static void note_failure(struct load *load, const struct zdd_buf *body, const char *words)
{
    char name[LOAD_VERSION_SIZE] = "";
    size_t place = LOAD_VERSIONS_MAX;

    if (body)
        read_version(body, name);
    pthread_mutex_lock(&load->lock);
    load->failed++;
    if (*name) /* not the balancer's own page */
        place = place_of(load, name);
    if (place < LOAD_VERSIONS_MAX)
        load->version[place].failed++;
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
        note_answer(load, NULL, &answer.body, tries);
    else if (err == ZDD_ERR_NONE) /* no balancer hides that */
        snprintf(words, WORDS_SIZE, "%s: status %ld", target, answer.status);
    else
        snprintf(words, WORDS_SIZE, "%s: %s", target, reason);
    if (err == ZDD_ERR_NONE && answer.status / 100 != 2)
        note_failure(load, &answer.body, words);
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
    note_failure(load, NULL, words);
}

/* Judge an answer: only 2xx is good, and only when the service has taken its time. */
static void note_balanced(struct load *load, struct user *user, const char *url,
                          const struct client_answer *answer, unsigned tries)
{
    char words[WORDS_SIZE];

    if (answer->status / 100 == 2 && answer->took_ms >= load->slow_ms) {
        note_answer(load, user, &answer->body, tries);
        return;
    }
    if (answer->status / 100 == 2)
        snprintf(words, sizeof(words), "%s: cut short after %lld of %ld ms", url,
                 (long long)answer->took_ms, load->slow_ms);
    else
        snprintf(words, sizeof(words), "%s: status %d", url, answer->status);
    note_failure(load, &answer->body, words);
}

/* @param user  who asks; NULL: somebody new */
static void ask_through(struct load *load, struct client *const *client, struct user *user)
{
    const unsigned turn = atomic_fetch_add(&load->through_turn, 1);
    char room[USER_HEADER_SIZE];
    const char *header = user_header(user, load->header, room);
    char words[WORDS_SIZE] = "";

    for (unsigned tries = 0; tries < load->through_count; tries++) {
        const unsigned at = (turn + tries) % load->through_count;
        struct client_answer answer;
        char reason[CLIENT_WORDS_SIZE];

        if (client_get(client[at], load->path, header, &answer, reason)) {
            if (user)
                cookies_take(&user->cookies, client_answered(client[at]));
            note_balanced(load, user, load->through[at], &answer, tries);
            zdd_buf_release(&answer.body);
            return;
        }
        snprintf(words, sizeof(words), "%s: %s", load->through[at], reason);
    }
    note_failure(load, NULL, words);
}

static void pause_until_next(const struct load *load, struct timespec *next)
{
    const long pause_ns = 1000000000L / load->rate * load->threads;

    next->tv_nsec += pause_ns % 1000000000L;
    next->tv_sec += pause_ns / 1000000000L + next->tv_nsec / 1000000000L;
    next->tv_nsec %= 1000000000L;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL);
}

static void run_to_instances(struct load *load)
{
    struct zdd_fetch *fetch = zdd_fetch_new(&(struct zdd_fetch_auth){.header = load->header});
    struct timespec next;

    if (!fetch)
        return;
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!atomic_load(&load->stop)) {
        ask(load, fetch);
        pause_until_next(load, &next);
    }
    zdd_fetch_free(fetch);
}

static void free_clients(struct load *load, struct client **client)
{
    for (unsigned i = 0; i < load->through_count; i++) {
        if (client[i]) {
            pthread_mutex_lock(&load->lock);
            load->connections += client_opened(client[i]);
            pthread_mutex_unlock(&load->lock);
        }
        client_free(client[i]);
    }
}

/* The caller's users take turns. @return NULL when everybody is new */
static struct user *next_user(struct load *load, size_t caller, size_t *turn)
{
    const size_t at = caller + *turn * (size_t)load->threads;

    if (load->user_count == 0)
        return NULL;
    *turn = at + (size_t)load->threads < load->user_count ? *turn + 1 : 0;
    return &load->users[at];
}

static void run_through(struct load *load)
{
    const size_t caller = atomic_fetch_add(&load->callers, 1);
    size_t turn = 0;
    struct client *client[LOAD_THROUGH_MAX] = {0};
    struct timespec next;
    bool ready = true;

    for (unsigned i = 0; i < load->through_count; i++) {
        client[i] = client_new(load->through[i]);
        ready = ready && client[i];
    }
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (ready && !atomic_load(&load->stop)) {
        ask_through(load, client, next_user(load, caller, &turn));
        pause_until_next(load, &next);
    }
    free_clients(load, client);
}

void *load_run(void *cls)
{
    struct load *load = cls;

    if (load->through_count)
        run_through(load);
    else
        run_to_instances(load);
    return NULL;
}

void load_report(struct load *load)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_writer w = {.buf = &buf};

    pthread_mutex_lock(&load->lock);
    zdd_w_object(&w, NULL);
    zdd_w_int(&w, "answered", (int64_t)load->answered);
    zdd_w_int(&w, "failed", (int64_t)load->failed);
    zdd_w_int(&w, "retried", (int64_t)load->retried);
    if (load->through_count)
        zdd_w_int(&w, "connections", (int64_t)load->connections);
    zdd_w_object(&w, "versions");
    for (size_t i = 0; i < load->version_count; i++)
        if (load->version[i].answered > 0)
            zdd_w_int(&w, load->version[i].name, (int64_t)load->version[i].answered);
    zdd_w_end_object(&w);
    zdd_w_object(&w, "failedBy");
    for (size_t i = 0; i < load->version_count; i++)
        if (load->version[i].failed > 0)
            zdd_w_int(&w, load->version[i].name, (int64_t)load->version[i].failed);
    zdd_w_end_object(&w);
    if (load->user_count)
        users_report(&w, load->users, load->user_count);
    zdd_w_end_object(&w);
    pthread_mutex_unlock(&load->lock);
    if (buf.err == ZDD_ERR_NONE)
        printf("%s\n", buf.data);
    fflush(stdout);
}
