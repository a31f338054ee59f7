/**
 * @file server/cluster/marathon_http.c
 * @brief Looking may wander from address to address; an order goes out once.
 */
#include "server/cluster/marathon_http.h"

#include "server/base/clock.h"
#include "server/cluster/marathon_url.h"
#include "server/json/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REDIRECT_MAX 3
#define FETCH_REASON_SIZE 200

/* One request on its way through redirects. */
struct trip {
    struct zdd_marathon *marathon;
    struct zdd_fetch *fetch;    /* borrowed from the pool */
    struct zdd_fetch *stranger; /* without credentials, once a redirect left known ground */
    int64_t until_ms;           /* monotonic */
    size_t base;                /* index of the base it goes to */
    char url[ZDD_MARATHON_URL_SIZE];
    char *reason; /* ZDD_CLUSTER_REASON_SIZE bytes */
};

void zdd_marathon_reply_release(struct zdd_marathon_reply *reply)
{
    zdd_answer_release(&reply->answer);
    json_decref(reply->json);
    reply->json = NULL;
}

static size_t preferred(struct zdd_marathon *marathon)
{
    pthread_mutex_lock(&marathon->lock);

    const size_t index = marathon->preferred;

    pthread_mutex_unlock(&marathon->lock);
    return index;
}

static void prefer(struct zdd_marathon *marathon, size_t index)
{
    pthread_mutex_lock(&marathon->lock);
    marathon->preferred = index;
    pthread_mutex_unlock(&marathon->lock);
}

static void remember_leader(struct zdd_marathon *marathon, const struct zdd_answer *answer)
{
    if (!answer->leader[0])
        return;
    pthread_mutex_lock(&marathon->lock);
    snprintf(marathon->leader, sizeof(marathon->leader), "%s", answer->leader);
    pthread_mutex_unlock(&marathon->lock);
}

static bool is_leader(struct zdd_marathon *marathon, const char *url)
{
    pthread_mutex_lock(&marathon->lock);

    const bool same = zdd_marathon_same_place(marathon->leader, url);

    pthread_mutex_unlock(&marathon->lock);
    return same;
}

/* @return the base that @p url leads to, or base_count */
static size_t base_at(const struct zdd_marathon *marathon, const char *url)
{
    size_t index = 0;

    while (index < marathon->base_count && !zdd_marathon_same_place(marathon->base[index], url))
        index++;
    return index;
}

static bool set_url(struct trip *trip, const char *base, const char *path)
{
    const int size = snprintf(trip->url, sizeof(trip->url), "%s%s", base, path);

    return size > 0 && (size_t)size < sizeof(trip->url);
}

static bool is_redirect(const struct zdd_answer *answer)
{
    switch (answer->status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return answer->location[0] != '\0';
    default:
        return false;
    }
}

__attribute__((format(printf, 2, 3))) static void explain(struct trip *trip, const char *format,
                                                          ...)
{
    const size_t place = (size_t)snprintf(trip->reason, ZDD_CLUSTER_REASON_SIZE, "%.100s ",
                                          trip->marathon->base[trip->base]);
    va_list args;

    va_start(args, format);
    vsnprintf(trip->reason + place, ZDD_CLUSTER_REASON_SIZE - place, format, args);
    va_end(args);
    zdd_words_trim(trip->reason);
}

/* One request and its answer, whatever the status. */
static enum zdd_err ask(struct trip *trip, const struct zdd_marathon_order *order,
                        struct zdd_marathon_reply *reply)
{
    const int64_t begun_ms = zdd_mono_ms();
    const int64_t left_ms = trip->until_ms - begun_ms;
    const struct zdd_request request = {
        .method = order->method,
        .url = trip->url,
        .body = order->body,
        .request_id = order->request_id,
        .connect_ms = trip->marathon->connect_ms,
        .timeout_ms = left_ms > 1 ? left_ms : 1,
    };
    char why[FETCH_REASON_SIZE] = "";
    enum zdd_err err;

    zdd_marathon_reply_release(reply);
    err = zdd_fetch_send(trip->stranger ? trip->stranger : trip->fetch, &request, &reply->answer,
                         why);
    zdd_metrics_marathon(trip->marathon->metrics, err == ZDD_ERR_NONE ? reply->answer.status : 0,
                         zdd_mono_ms() - begun_ms);
    if (err != ZDD_ERR_NONE)
        snprintf(trip->reason, ZDD_CLUSTER_REASON_SIZE, "%s", why);
    else
        remember_leader(trip->marathon, &reply->answer);
    return err;
}

/* Read the answer's JSON and judge it. */
static enum zdd_err judge(struct trip *trip, enum zdd_marathon_verb verb,
                          struct zdd_marathon_reply *reply)
{
    const struct zdd_buf *body = &reply->answer.body;
    enum zdd_err err;

    if (body->size > 0 &&
        zdd_json_read(body->data, body->size, &reply->json, NULL) == ZDD_ERR_NO_MEMORY)
        return ZDD_ERR_NO_MEMORY;
    err = zdd_marathon_judge(verb, &reply->answer, reply->json);
    if (err != ZDD_ERR_NONE) {
        const bool shown = trip->marathon->has_credentials && !trip->stranger;
        const char *refusal =
            err == ZDD_ERR_CLUSTER_FORBIDDEN ? zdd_fetch_refusal(reply->answer.status, shown) : "";
        char words[ZDD_CLUSTER_REASON_SIZE];

        zdd_marathon_words(&reply->answer, reply->json, words, sizeof(words));
        if (zdd_json_text(reply->json, "message", NULL))
            explain(trip, "answered %ld%s: %s", reply->answer.status, refusal, words);
        else
            explain(trip, "%s%s", words, refusal);
    }
    return err;
}

/* Looking may follow anywhere, but credentials stay with the hosts they were given for. */
static enum zdd_err follow_look(struct trip *trip, const char *location)
{
    char next[ZDD_MARATHON_URL_SIZE];

    if (!zdd_marathon_resolve(trip->url, location, next)) {
        explain(trip, "redirects to what is no http address");
        return ZDD_ERR_CLUSTER_NONSENSE;
    }
    if (!trip->stranger && !zdd_marathon_same_host(trip->url, next) &&
        base_at(trip->marathon, next) == trip->marathon->base_count &&
        !is_leader(trip->marathon, next)) {
        trip->stranger = zdd_marathon_pool_stranger(trip->marathon->pool);
        if (!trip->stranger)
            return ZDD_ERR_NO_MEMORY;
    }
    memcpy(trip->url, next, sizeof(next));
    return ZDD_ERR_NONE;
}

/* An order keeps its method and its query and goes to known members only. */
static enum zdd_err follow_order(struct trip *trip, const char *location, const char *path)
{
    struct zdd_marathon *marathon = trip->marathon;
    char next[ZDD_MARATHON_URL_SIZE];
    char place[ZDD_MARATHON_URL_SIZE];
    bool fits = false;

    if (zdd_marathon_resolve(trip->url, location, next)) {
        const size_t index = base_at(marathon, next);

        if (index < marathon->base_count) {
            trip->base = index;
            fits = set_url(trip, marathon->base[index], path);
        } else if (is_leader(marathon, next) && zdd_marathon_origin(next, place, sizeof(place))) {
            fits = set_url(trip, place, path);
        }
    }
    if (fits)
        return ZDD_ERR_NONE;
    explain(trip, "redirects orders to a place that is not known as Marathon's: %s", location);
    return ZDD_ERR_CLUSTER_NONSENSE;
}

static enum zdd_err travel(struct trip *trip, const struct zdd_marathon_order *order,
                           struct zdd_marathon_reply *reply)
{
    for (int hop = 0; hop <= REDIRECT_MAX; hop++) {
        enum zdd_err err = ask(trip, order, reply);

        if (err != ZDD_ERR_NONE)
            return err;
        if (!is_redirect(&reply->answer))
            return judge(trip, order->verb, reply);
        err = order->verb == ZDD_MARATHON_GET
                  ? follow_look(trip, reply->answer.location)
                  : follow_order(trip, reply->answer.location, order->path);
        if (err != ZDD_ERR_NONE)
            return err;
    }
    explain(trip, "redirects more than %d times", REDIRECT_MAX);
    return ZDD_ERR_CLUSTER_NONSENSE;
}

static enum zdd_err start_trip(struct zdd_marathon *marathon, struct trip *trip)
{
    trip->marathon = marathon;
    trip->until_ms = zdd_mono_ms() + marathon->timeout_ms;
    return zdd_marathon_pool_take(marathon->pool, trip->until_ms, &trip->fetch);
}

static void end_trip(struct trip *trip)
{
    zdd_fetch_free(trip->stranger);
    zdd_marathon_pool_give(trip->marathon->pool, trip->fetch);
}

/* What the bases said, one after the other, as far as it fits. */
static void add_reason(char *reason, const char *why)
{
    const size_t used = strlen(reason);

    snprintf(reason + used, ZDD_CLUSTER_REASON_SIZE - used, "%s%s", used > 0 ? "; " : "", why);
    zdd_words_trim(reason);
}

/* The more an error tells, the more it counts: a base that is down may be down for good. */
static enum zdd_err worse(enum zdd_err known, enum zdd_err err)
{
    return known == ZDD_ERR_NONE || known == ZDD_ERR_CLUSTER_DOWN ? err : known;
}

/* One base: NONE and APP_UNKNOWN are answers, everything else a reason to ask elsewhere. */
static enum zdd_err look_at(struct trip *trip, const struct zdd_marathon_order *order,
                            struct zdd_marathon_reply *reply)
{
    const char *base = trip->marathon->base[trip->base];
    enum zdd_err err = ZDD_ERR_CLUSTER_NONSENSE;

    if (set_url(trip, base, order->path))
        err = travel(trip, order, reply);
    else
        explain(trip, "leads to an address that is too long");
    trip->stranger = zdd_fetch_free(trip->stranger);
    return err;
}

static enum zdd_err look_around(struct trip *trip, const struct zdd_marathon_order *order,
                                struct zdd_marathon_reply *reply, char *ret_reason)
{
    struct zdd_marathon *marathon = trip->marathon;
    const size_t first = preferred(marathon);
    const int64_t end_ms = trip->until_ms;
    enum zdd_err worst = ZDD_ERR_NONE;

    for (size_t i = 0; i < marathon->base_count; i++) {
        const int64_t left_ms = end_ms - zdd_mono_ms();
        const bool last = i + 1 == marathon->base_count;
        char why[ZDD_CLUSTER_REASON_SIZE] = "";

        if (i > 0 && left_ms <= 0)
            break;
        trip->base = (first + i) % marathon->base_count;
        trip->until_ms = last ? end_ms : end_ms - left_ms / 2; /* leave time for the others */
        trip->reason = why;

        const enum zdd_err err = look_at(trip, order, reply);

        if (err == ZDD_ERR_NONE || err == ZDD_ERR_APP_UNKNOWN) {
            prefer(marathon, trip->base);
            return err;
        }
        add_reason(ret_reason, why);
        worst = worse(worst, err);
        if (err == ZDD_ERR_NO_MEMORY)
            return err;
    }
    return worst;
}

static enum zdd_err no_client(enum zdd_err err, char *ret_reason)
{
    snprintf(ret_reason, ZDD_CLUSTER_REASON_SIZE, "%s",
             err == ZDD_ERR_CLUSTER_SLOW ? "all connections to Marathon are busy"
                                         : zdd_err_text(err));
    return err;
}

enum zdd_err zdd_marathon_look(struct zdd_marathon *marathon, const char *path,
                               struct zdd_marathon_reply *reply,
                               char ret_reason[static ZDD_CLUSTER_REASON_SIZE])
{
    const struct zdd_marathon_order order = {ZDD_MARATHON_GET, "GET", path, NULL, NULL};
    struct trip trip = {0};
    enum zdd_err err = start_trip(marathon, &trip);

    ret_reason[0] = '\0';
    if (err != ZDD_ERR_NONE)
        return no_client(err, ret_reason);
    err = look_around(&trip, &order, reply, ret_reason);
    end_trip(&trip);
    return err;
}

enum zdd_err zdd_marathon_command(struct zdd_marathon *marathon,
                                  const struct zdd_marathon_order *order,
                                  struct zdd_marathon_reply *reply,
                                  char ret_reason[static ZDD_CLUSTER_REASON_SIZE])
{
    char why[ZDD_CLUSTER_REASON_SIZE] = "";
    struct trip trip = {.reason = why};
    enum zdd_err err = start_trip(marathon, &trip);

    ret_reason[0] = '\0';
    if (err != ZDD_ERR_NONE)
        return no_client(err, ret_reason);
    trip.base = preferred(marathon);
    err = look_at(&trip, order, reply);
    add_reason(ret_reason, why);
    /* Not sent again: it may have arrived. But whoever looks next starts where it may work. */
    prefer(marathon,
           err == ZDD_ERR_CLUSTER_DOWN ? (trip.base + 1) % marathon->base_count : trip.base);
    end_trip(&trip);
    return err;
}
