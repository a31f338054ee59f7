/**
 * @file tests/bench/support/churn.c
 * @brief Deployments that never cease.
 */
#include "tests/bench/support/churn.h"

#include "tests/bench/support/figures.h"
#include "tests/bench/support/talk.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 250  /* how often it is looked for apps without a deployment */
#define SPREAD_MS 60 /* between the first ones, so that they do not go in step */
#define PREPARE_MS 120000
#define ID_FORMAT "/bench/busy-%03u"
#define LIST "/v1/deployments?ended=false&limit=200"

struct churn {
    uint16_t port;
    const char *token;
    unsigned apps, version;
    pthread_t thread;
    atomic_bool stop;
    atomic_ullong begun;
    atomic_uint fewest;
    bool under_way[CHURN_APPS_MAX];
};

/* The version is that of the service: each deployment brings another one. */
static void write_app(unsigned number, unsigned version, char ret_text[static 1200])
{
    snprintf(ret_text, 1200,
             "{\"id\":\"" ID_FORMAT "\",\"instances\":%d,\"cpus\":0.1,\"mem\":32,\"container\":{"
             "\"type\":\"DOCKER\",\"docker\":{\"image\":\"mhausenblas/simpleservice:0.4.0\"}},"
             "\"networks\":[{\"mode\":\"host\"}],\"env\":{\"SIMPLE_SERVICE_VERSION\":\"%u\"},"
             "\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/health\",\"gracePeriodSeconds\":"
             "60,\"intervalSeconds\":%d,\"delaySeconds\":5,\"timeoutSeconds\":10,"
             "\"maxConsecutiveFailures\":3}]}",
             number, CHURN_INSTANCES, version, CHURN_INTERVAL_S);
}

void churn_request(unsigned number, unsigned version, char ret_body[static 1400])
{
    char app[1200];

    write_app(number, version, app);
    snprintf(
        ret_body, 1400,
        "{\"strategy\":\"rolling\",\"options\":{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":0.5},\"app\":%s,\"reason\":\"release %u\"}",
        app, version);
}

static unsigned count_of(const char *text, const char *mark)
{
    unsigned count = 0;

    for (text = strstr(text, mark); text; text = strstr(text + 1, mark))
        count++;
    return count;
}

void churn_prepare(uint16_t lab_port, unsigned apps)
{
    const int64_t end_ns = bench_now_ns() + PREPARE_MS * INT64_C(1000000);
    unsigned healthy = 0;

    if (apps > CHURN_APPS_MAX)
        bench_fail("at most %d apps", CHURN_APPS_MAX);
    for (unsigned i = 0; i < apps; i++) {
        char app[1200], path[64];

        write_app(i, 0, app);
        snprintf(path, sizeof(path), "/v2/apps/" ID_FORMAT, i);
        free(talk(lab_port, 201, "PUT", path, NULL, app));
    }
    while (healthy < apps) {
        char *list = talk(lab_port, 200, "GET", "/v2/apps", NULL, NULL);

        healthy = count_of(list, "\"tasksHealthy\":2");
        free(list);
        if (bench_now_ns() > end_ns)
            bench_fail("only %u of %u apps are healthy", healthy, apps);
        bench_sleep_ms(LOOK_MS);
    }
}

static void begin(struct churn *churn, unsigned number)
{
    char body[1400];

    churn_request(number, ++churn->version, body);
    free(talk(churn->port, 202, "POST", "/v1/deployments", churn->token, body));
    atomic_fetch_add(&churn->begun, 1);
}

/* @return how many are under way on this page of the list; @p ret_cursor "" on the last one */
static unsigned read_page(struct churn *churn, const char *path, char ret_cursor[static 400])
{
    char *list = talk(churn->port, 200, "GET", path, churn->token, NULL);
    const char *next = strstr(list, "\"nextCursor\":\"");
    const char *at = list;
    unsigned count = 0;

    while ((at = strstr(at, "\"appId\":\"/bench/busy-")) != NULL) {
        const unsigned long number = strtoul(at += strlen("\"appId\":\"/bench/busy-"), NULL, 10);

        count += number < churn->apps && !churn->under_way[number] ? 1 : 0;
        if (number < churn->apps)
            churn->under_way[number] = true;
    }
    ret_cursor[0] = '\0';
    if (next)
        snprintf(ret_cursor, 400, "%.*s", (int)strcspn(next + 14, "\""), next + 14);
    free(list);
    return count;
}

static unsigned read_list(struct churn *churn)
{
    char cursor[400] = "", path[500] = LIST;
    unsigned count = 0;

    memset(churn->under_way, 0, sizeof(churn->under_way));
    do {
        count += read_page(churn, path, cursor);
        snprintf(path, sizeof(path), LIST "&cursor=%s", cursor);
    } while (cursor[0]);
    return count;
}

static void *keep_going(void *cls)
{
    struct churn *churn = cls;

    while (!atomic_load(&churn->stop)) {
        const bool first = atomic_load(&churn->begun) == 0;
        const unsigned count = read_list(churn);

        if (count < atomic_load(&churn->fewest))
            atomic_store(&churn->fewest, count);
        for (unsigned i = 0; i < churn->apps && !atomic_load(&churn->stop); i++) {
            if (churn->under_way[i])
                continue;
            begin(churn, i);
            if (first)
                bench_sleep_ms(SPREAD_MS);
        }
        bench_sleep_ms(LOOK_MS);
    }
    return NULL;
}

struct churn *churn_start(uint16_t port, const char *token, unsigned apps)
{
    struct churn *churn = calloc(1, sizeof(*churn));

    if (!churn)
        bench_fail("no memory for the churn");
    churn->port = port;
    churn->token = token;
    churn->apps = apps;
    if (pthread_create(&churn->thread, NULL, keep_going, churn) != 0)
        bench_fail("no thread for the churn");
    return churn;
}

void churn_counts(struct churn *churn, struct churn_counts *ret_counts)
{
    *ret_counts = (struct churn_counts){atomic_load(&churn->begun), atomic_load(&churn->fewest)};
}

void churn_count_anew(struct churn *churn)
{
    atomic_store(&churn->fewest, churn->apps);
}

struct churn *churn_free(struct churn *churn)
{
    atomic_store(&churn->stop, true);
    pthread_join(churn->thread, NULL);
    free(churn);
    return NULL;
}
