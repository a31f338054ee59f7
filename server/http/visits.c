/**
 * @file server/http/visits.c
 * @brief One ticker that cuts connections which keep a request for themselves.
 */
#include "server/http/visits.h"

#include "server/base/clock.h"
#include "server/base/ticker.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#define LOOKS 8 /* looks at everybody within the patience: so exact is it */

struct zdd_visits {
    int64_t patience_ms;
    struct zdd_ticker *ticker;
    pthread_mutex_t lock;
    struct zdd_visit *first; /* under the lock */
};

/* Under the lock: so no descriptor is closed, and perhaps another one by now, when it is cut. */
static int64_t cut_the_late(void *cls)
{
    struct zdd_visits *visits = cls;
    const int64_t latest_ms = zdd_mono_ms() - visits->patience_ms;

    pthread_mutex_lock(&visits->lock);
    for (struct zdd_visit *visit = visits->first; visit; visit = visit->next) {
        if (visit->waits_since_mono_ms == 0 || visit->waits_since_mono_ms > latest_ms)
            continue;
        shutdown(visit->fd, SHUT_RDWR); /* libmicrohttpd notices, and closes it */
        visit->waits_since_mono_ms = 0;
    }
    pthread_mutex_unlock(&visits->lock);
    return visits->patience_ms / LOOKS + 1;
}

static void destroy(struct zdd_visits *visits)
{
    pthread_mutex_destroy(&visits->lock);
    free(visits);
}

struct zdd_visits *zdd_visits_start(int64_t patience_ms)
{
    struct zdd_visits *visits = calloc(1, sizeof(*visits));

    if (!visits)
        return NULL;
    visits->patience_ms = patience_ms;
    pthread_mutex_init(&visits->lock, NULL);
    visits->ticker = zdd_ticker_start(cut_the_late, visits, patience_ms / LOOKS + 1);
    if (visits->ticker)
        return visits;
    destroy(visits);
    return NULL;
}

struct zdd_visit *zdd_visit_begin(struct zdd_visits *visits, int fd, bool over_limit)
{
    struct zdd_visit *visit = calloc(1, sizeof(*visit));

    if (!visit)
        return NULL;
    visit->fd = fd;
    visit->over_limit = over_limit;
    visit->waits_since_mono_ms = zdd_mono_ms();
    pthread_mutex_lock(&visits->lock);
    visit->next = visits->first;
    if (visits->first)
        visits->first->previous = visit;
    visits->first = visit;
    pthread_mutex_unlock(&visits->lock);
    return visit;
}

void zdd_visit_wait(struct zdd_visits *visits, struct zdd_visit *visit, bool waits)
{
    if (!visit)
        return;
    pthread_mutex_lock(&visits->lock);
    visit->waits_since_mono_ms = waits ? zdd_mono_ms() : 0;
    pthread_mutex_unlock(&visits->lock);
}

void zdd_visit_end(struct zdd_visits *visits, struct zdd_visit *visit)
{
    if (!visit)
        return;
    pthread_mutex_lock(&visits->lock);
    if (visit->next)
        visit->next->previous = visit->previous;
    if (visit->previous)
        visit->previous->next = visit->next;
    else
        visits->first = visit->next;
    pthread_mutex_unlock(&visits->lock);
    free(visit);
}

struct zdd_visits *zdd_visits_free(struct zdd_visits *visits)
{
    if (!visits)
        return NULL;
    zdd_ticker_free(visits->ticker);
    assert(!visits->first);
    destroy(visits);
    return NULL;
}
