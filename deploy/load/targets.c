/**
 * @file deploy/load/targets.c
 * @brief Which instances of an app may be asked now.
 */
#include "deploy/load/targets.h"

#include "server/json/json.h"
#include "server/net/sse.h"
#include "server/net/url.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct targets {
    pthread_mutex_t lock;
    struct zdd_fetch *fetch; /* guarded by lock */
    struct zdd_sse *events;
    char app_url[512], events_url[512];
    const char *events_urls[1];
    char trouble[TARGETS_WORDS_SIZE];
    size_t count, turn;
    char url[TARGETS_MAX][TARGET_SIZE];
};

static bool is_alive(const json_t *app, const json_t *task)
{
    const json_t *results = json_object_get(task, "healthCheckResults");
    size_t i;
    const json_t *result;

    if (strcmp(zdd_json_text(task, "state", ""), "TASK_RUNNING") != 0)
        return false;
    if (json_array_size(json_object_get(app, "healthChecks")) == 0)
        return true;
    json_array_foreach(results, i, result)
    {
        if (!zdd_json_bool(result, "alive", 0))
            return false;
    }
    return json_array_size(results) > 0;
}

static void take(struct targets *t, const json_t *app)
{
    const json_t *tasks = json_object_get(app, "tasks");
    size_t i;
    const json_t *task;

    t->count = 0;
    json_array_foreach(tasks, i, task)
    {
        const json_int_t port = json_integer_value(zdd_json_at(task, "/ports/0"));

        if (t->count == TARGETS_MAX || port == 0 || !is_alive(app, task))
            continue;
        snprintf(t->url[t->count++], TARGET_SIZE, "http://%s:%d",
                 zdd_json_text(task, "host", "127.0.0.1"), (int)port);
    }
}

/* With the lock held; t->trouble says what was wrong, if anything. */
static void read_app(struct targets *t)
{
    struct zdd_answer answer = {0};
    ZDD_AUTO_JSON json_t *json = NULL;
    char reason[200] = "";

    t->trouble[0] = '\0';
    if (zdd_fetch_send(
            t->fetch, &(struct zdd_request){.method = "GET", .url = t->app_url, .timeout_ms = 5000},
            &answer, reason) != ZDD_ERR_NONE)
        snprintf(t->trouble, sizeof(t->trouble), "Marathon does not answer: %s", reason);
    else if (answer.status != 200)
        snprintf(t->trouble, sizeof(t->trouble), "Marathon answers %ld for the app", answer.status);
    else if (zdd_json_read(answer.body.data, answer.body.size, &json, NULL) != ZDD_ERR_NONE)
        snprintf(t->trouble, sizeof(t->trouble), "Marathon does not answer in JSON");
    else
        take(t, json_object_get(json, "app"));
    zdd_answer_release(&answer);
}

void targets_refresh(struct targets *t)
{
    pthread_mutex_lock(&t->lock);
    /* When Marathon does not answer, the list that is known stays: a balancer does the same. */
    read_app(t);
    pthread_mutex_unlock(&t->lock);
}

void targets_trouble(struct targets *t, char ret_words[static TARGETS_WORDS_SIZE])
{
    pthread_mutex_lock(&t->lock);
    memcpy(ret_words, t->trouble, TARGETS_WORDS_SIZE);
    pthread_mutex_unlock(&t->lock);
}

static void on_open(void *cls)
{
    targets_refresh(cls);
}

static void on_event(void *cls, const char *event, const char *data, size_t size)
{
    (void)event;
    (void)data;
    (void)size;
    targets_refresh(cls);
}

static void on_lost(void *cls, const char *reason)
{
    (void)cls;
    (void)reason; /* the client reconnects and on_open reads the list again */
}

struct targets *targets_open(const char *marathon, const char *app_id)
{
    struct targets *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    pthread_mutex_init(&t->lock, NULL);
    snprintf(t->app_url, sizeof(t->app_url), "%s/v2/apps/%s", marathon, app_id);
    snprintf(t->events_url, sizeof(t->events_url), "%s/v2/events", marathon);
    t->events_urls[0] = t->events_url;
    t->fetch = zdd_fetch_new(&(struct zdd_fetch_auth){0});
    if (!t->fetch)
        return targets_free(t);
    targets_refresh(t);
    t->events = zdd_sse_start(&(struct zdd_sse_options){
        .urls = t->events_urls,
        .url_count = 1,
        .silence_ms = 30000,
        .retry_min_ms = 100,
        .retry_max_ms = 2000,
        .on_open = on_open,
        .on_event = on_event,
        .on_lost = on_lost,
        .cls = t,
    });
    return t->events ? t : targets_free(t);
}

struct targets *targets_free(struct targets *t)
{
    if (!t)
        return NULL;
    zdd_sse_free(t->events);
    zdd_fetch_free(t->fetch);
    pthread_mutex_destroy(&t->lock);
    free(t);
    return NULL;
}

static bool was_tried(const struct targets_tried *tried, const char *url)
{
    for (size_t i = 0; i < tried->count; i++)
        if (strcmp(tried->url[i], url) == 0)
            return true;
    return false;
}

bool targets_next(struct targets *t, const struct targets_tried *tried,
                  char ret_url[static TARGET_SIZE])
{
    bool found;

    pthread_mutex_lock(&t->lock);
    found = t->count > 0;
    for (size_t i = 0; i < t->count; i++) {
        memcpy(ret_url, t->url[t->turn++ % t->count], TARGET_SIZE);
        if (!was_tried(tried, ret_url))
            break;
    }
    pthread_mutex_unlock(&t->lock);
    return found;
}
