/**
 * @file server/router/hangs.c
 * @brief Balancers that take a question and do not answer.
 */
#include "server/router/hangs.h"

#include "server/base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A failure that took this part of the limit was no refusal. */
#define LONG_PART 4

struct hang {
    struct zdd_hangs *hangs;
    struct zdd_place place; /* name "": free */
    int64_t ask_at_ms;      /* monotonic */
    int64_t wait_ms;        /* before the next question */
    int64_t used_at_ms;     /* somebody wanted to look */
    bool asking;            /* there is a thread */
    bool asked;             /* … which has its answer */
    enum zdd_err err;       /* … this */
    pthread_t thread;
    char reason[ZDD_ROUTER_REASON_SIZE];
};

struct zdd_hangs {
    zdd_stats_look *look;
    void *cls;
    int64_t limit_ms;
    pthread_mutex_t lock;
    struct hang hang[2 * ZDD_BALANCER_MAX]; /* guarded by lock; some may have gone */
};

struct zdd_hangs *zdd_hangs_new(zdd_stats_look *look, void *cls, int64_t limit_ms)
{
    struct zdd_hangs *hangs = calloc(1, sizeof(*hangs));

    if (hangs && pthread_mutex_init(&hangs->lock, NULL) != 0) {
        free(hangs);
        return NULL;
    }
    if (!hangs)
        return NULL;
    hangs->look = look;
    hangs->cls = cls;
    hangs->limit_ms = limit_ms;
    return hangs;
}

struct zdd_hangs *zdd_hangs_free(struct zdd_hangs *hangs)
{
    if (!hangs)
        return NULL;
    for (size_t i = 0; i < ZDD_COUNT(hangs->hang); i++) {
        if (hangs->hang[i].asking)
            pthread_join(hangs->hang[i].thread, NULL);
    }
    pthread_mutex_destroy(&hangs->lock);
    free(hangs);
    return NULL;
}

static struct hang *find(struct zdd_hangs *hangs, const char *name)
{
    for (size_t i = 0; i < ZDD_COUNT(hangs->hang); i++) {
        if (strcmp(hangs->hang[i].place.name, name) == 0)
            return &hangs->hang[i];
    }
    return NULL;
}

/* A free one, or that of the balancer that nobody has asked for longest. @return NULL when all are
 * being asked */
static struct hang *make_room(struct zdd_hangs *hangs)
{
    struct hang *oldest = NULL;

    for (size_t i = 0; i < ZDD_COUNT(hangs->hang); i++) {
        struct hang *hang = &hangs->hang[i];

        if (!hang->asking && (!oldest || hang->used_at_ms < oldest->used_at_ms))
            oldest = hang;
    }
    return oldest;
}

void zdd_hangs_note(struct zdd_hangs *hangs, const struct zdd_place *place, int64_t took_ms,
                    const char *reason)
{
    const int64_t now_ms = zdd_mono_ms();
    struct hang *hang;

    if (took_ms < hangs->limit_ms / LONG_PART)
        return;
    pthread_mutex_lock(&hangs->lock);
    hang = find(hangs, place->name);
    if (!hang)
        hang = make_room(hangs);
    if (hang) {
        *hang = (struct hang){.hangs = hangs,
                              .place = *place,
                              .ask_at_ms = now_ms + ZDD_HANGS_BASE_MS,
                              .wait_ms = ZDD_HANGS_BASE_MS,
                              .used_at_ms = now_ms};
        memcpy(hang->reason, reason, sizeof(hang->reason));
    }
    pthread_mutex_unlock(&hangs->lock);
}

static void *ask(void *cls)
{
    struct hang *hang = cls;
    struct zdd_hangs *hangs = hang->hangs;
    struct zdd_stats_answer answer = {0};
    char reason[ZDD_ROUTER_REASON_SIZE] = "";
    struct zdd_place place;
    enum zdd_err err;

    pthread_mutex_lock(&hangs->lock);
    place = hang->place;
    pthread_mutex_unlock(&hangs->lock);
    err = hangs->look(hangs->cls, &place, hangs->limit_ms, &answer, reason);
    if (err == ZDD_ERR_NONE)
        zdd_stats_table_release(&answer.table); /* whoever looks next asks for himself */
    pthread_mutex_lock(&hangs->lock);
    hang->asked = true;
    hang->err = err;
    memcpy(hang->reason, reason, sizeof(hang->reason));
    pthread_mutex_unlock(&hangs->lock);
    return NULL;
}

/* Take the answer of a question in the background, if there is one. @return true when it hangs no
 * more */
static bool has_recovered(struct hang *hang, int64_t now_ms)
{
    if (!hang->asked)
        return false;
    pthread_join(hang->thread, NULL);
    hang->asking = hang->asked = false;
    if (hang->err == ZDD_ERR_NONE) {
        *hang = (struct hang){.place = {.name = ""}};
        return true;
    }
    hang->wait_ms = 2 * hang->wait_ms < ZDD_HANGS_MAX_MS ? 2 * hang->wait_ms : ZDD_HANGS_MAX_MS;
    hang->ask_at_ms = now_ms + hang->wait_ms;
    return false;
}

bool zdd_hangs_does(struct zdd_hangs *hangs, const struct zdd_place *place,
                    char ret_reason[static ZDD_ROUTER_REASON_SIZE])
{
    const int64_t now_ms = zdd_mono_ms();
    struct hang *hang;
    bool does = false;

    pthread_mutex_lock(&hangs->lock);
    hang = find(hangs, place->name);
    if (hang && !has_recovered(hang, now_ms)) {
        does = true;
        hang->used_at_ms = now_ms;
        if (!hang->asking && now_ms >= hang->ask_at_ms)
            hang->asking = pthread_create(&hang->thread, NULL, ask, hang) == 0;
        memcpy(ret_reason, hang->reason, ZDD_ROUTER_REASON_SIZE);
    }
    pthread_mutex_unlock(&hangs->lock);
    return does;
}
