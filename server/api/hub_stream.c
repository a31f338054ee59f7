/**
 * @file server/api/hub_stream.c
 * @brief One reader of the event stream: a position in the ring, or in the database behind it.
 */
#include "server/api/event_json.h"
#include "server/api/hub_inside.h"
#include "server/base/cleanup.h"

#include <stdio.h>
#include <string.h>

#define CATCH_UP_BATCH 64 /* events of one look into the database: what a stream holds at most */

#define LAG_RINGS 16

/* Ask browsers to wait a little before they come back; it also brings the headers out at once. */
static const char greeting[] = "retry: 3000\n\n";
static const char heartbeat[] = ":\n\n";

struct zdd_hub_client {
    struct zdd_hub_client *next, *previous;
    struct zdd_hub *hub;
    struct zdd_stream *stream;
    struct zdd_hub_pass *pass;
    const char *app_id, *run_id, *type, *app_prefix; /* into texts, or NULL */
    int64_t after_seq;                               /* everything up to here is dealt with */
    bool until_end;                                  /* end after the last event of run_id */
    bool live;                                       /* has caught up once */
    bool beat;                                       /* a comment is due */
    bool ended;
    struct zdd_frame *frame; /* being sent */
    size_t offset;           /* bytes of it, or of own, that are sent */
    struct zdd_buf own;      /* frames of this reader alone: greeting, catching up */
    char texts[];
};

struct zdd_frame *zdd_frame_new(const struct zdd_event *event)
{
    ZDD_AUTO_BUF struct zdd_buf text = {0};
    const char *names[] = {event->type, event->app_id ? event->app_id : "",
                           event->run_id ? event->run_id : ""};
    const char *starts[3];
    struct zdd_frame *frame;
    size_t size;

    zdd_event_frame(&text, event);
    size = text.size;
    for (size_t i = 0; i < 3; i++)
        zdd_buf_append(&text, names[i], strlen(names[i]) + 1);
    frame = text.err == ZDD_ERR_NONE ? malloc(sizeof(*frame) + text.size) : NULL;
    if (!frame)
        return NULL;
    memcpy(frame->text, text.data, text.size);
    for (size_t i = 0, at = size; i < 3; i++) {
        starts[i] = frame->text + at;
        at += strlen(names[i]) + 1;
    }
    frame->references = 1;
    frame->seq = event->seq;
    frame->size = size;
    frame->ends_run = zdd_event_ends_run(event->type);
    frame->type = starts[0];
    frame->app_id = starts[1];
    frame->run_id = starts[2];
    return frame;
}

void zdd_frame_release(struct zdd_frame *frame)
{
    if (--frame->references == 0)
        free(frame);
}

static bool below(const char *prefix, const char *app_id)
{
    const size_t size = strlen(prefix);

    return strncmp(app_id, prefix, size) == 0 && (app_id[size] == '\0' || app_id[size] == '/');
}

static bool wants(const struct zdd_hub_client *client, const struct zdd_frame *frame)
{
    return (!client->type || strcmp(client->type, frame->type) == 0) &&
           (!client->app_id || strcmp(client->app_id, frame->app_id) == 0) &&
           (!client->run_id || strcmp(client->run_id, frame->run_id) == 0) &&
           (!client->app_prefix || below(client->app_prefix, frame->app_id));
}

struct catch_up {
    struct zdd_hub_client *client;
    int count;
    int64_t last;
};

static bool take_old(void *cls, const struct zdd_event *event)
{
    struct catch_up *catch = cls;
    struct zdd_hub_client *client = catch->client;

    catch->count++;
    catch->last = event->seq;
    if (!client->type || strcmp(client->type, event->type) == 0)
        zdd_event_frame(&client->own, event);
    if (client->until_end && zdd_event_ends_run(event->type))
        client->ended = true;
    return !client->ended;
}

/* The event asked for is not kept any more (or never was): say so, go on with what there is. */
static bool check_range(struct zdd_hub_client *client)
{
    int64_t first, last;

    if (zdd_event_range(client->hub->options.store, &first, &last) != ZDD_ERR_NONE)
        return false;
    if (client->after_seq == 0 || (client->after_seq >= first - 1 && client->after_seq <= last))
        return true;
    client->after_seq = client->after_seq > last ? last : first - 1;
    zdd_event_reset_frame(&client->own, client->after_seq, first, last);
    return true;
}

/* Read a bounded piece from the database, without the lock. @p oldest is what the ring begins with.
 * @return false when that failed: the stream ends and resumes later */
static bool catch_up(struct zdd_hub_client *client, int64_t oldest)
{
    struct catch_up catch = {.client = client};
    const struct zdd_event_filter filter = {
        .run_id = client->run_id,
        .app_id = client->app_id,
        .app_prefix = client->app_prefix,
        .type = client->until_end ? NULL : client->type, /* else the end would not be seen */
        .limit = CATCH_UP_BATCH,
    };
    struct zdd_event_filter here = filter;

    if (!check_range(client))
        return false;
    here.after_seq = client->after_seq;
    if (zdd_event_list(client->hub->options.store, &here, take_old, &catch) != ZDD_ERR_NONE ||
        client->own.err != ZDD_ERR_NONE)
        return false;
    if (catch.count > 0)
        client->after_seq = catch.last;
    if (catch.count < CATCH_UP_BATCH && !client->ended && client->after_seq < oldest - 1)
        client->after_seq = oldest - 1;
    return true;
}

/* Find the next frame of the ring that the client wants. Under the lock. */
static void advance(struct zdd_hub_client *client)
{
    struct zdd_hub *hub = client->hub;

    while (!client->frame && !client->ended && client->after_seq < hub->newest_seq) {
        struct zdd_frame *frame = hub->ring[(client->after_seq + 1) % hub->options.ring_size];

        client->after_seq++;
        if (wants(client, frame)) {
            frame->references++;
            client->frame = frame;
            client->offset = 0;
        }
        client->ended =
            client->until_end && frame->ends_run && strcmp(client->run_id, frame->run_id) == 0;
    }
    client->live = client->live || client->after_seq == hub->newest_seq;
}

static size_t copy(struct zdd_hub_client *client, const char *text, size_t size, char *data,
                   size_t max)
{
    const size_t left = size - client->offset;
    const size_t here = left < max ? left : max;

    memcpy(data, text + client->offset, here);
    client->offset += here;
    return here;
}

/* Hand on what is at hand: own frames first, they are older. Under the lock. */
static size_t drain(struct zdd_hub_client *client, char *data, size_t max)
{
    size_t here;

    if (client->own.size > 0) {
        here = copy(client, client->own.data, client->own.size, data, max);
        if (client->offset == client->own.size) {
            zdd_buf_release(&client->own); /* an idle stream holds no buffer */
            client->offset = 0;
        }
        return here;
    }
    if (!client->frame)
        return 0;
    here = copy(client, client->frame->text, client->frame->size, data, max);
    if (client->offset == client->frame->size) {
        zdd_frame_release(client->frame);
        client->frame = NULL;
        client->offset = 0;
    }
    return here;
}

/* How far a reader who was live may fall behind: further than any burst of events goes. */
static int64_t lag_max(const struct zdd_hub *hub)
{
    return LAG_RINGS * (int64_t)hub->options.ring_size;
}

/* Make more of it be at hand. Under the lock, which is given up while the database is read. */
static void refill(struct zdd_hub_client *client)
{
    struct zdd_hub *hub = client->hub;
    const int64_t oldest = zdd_hub_oldest(hub);
    bool fine;

    if (client->pass->verdict != ZDD_ERR_NONE) {
        zdd_hub_pass_farewell(client->pass, &client->own);
        client->ended = true;
        return;
    }
    if (client->after_seq >= oldest - 1 && client->after_seq <= hub->newest_seq) {
        advance(client);
        return;
    }
    if (client->live && hub->newest_seq - client->after_seq > lag_max(hub)) {
        client->ended = true; /* too slow: it may come back by Last-Event-ID */
        hub->cut_count++;
        return;
    }
    pthread_mutex_unlock(&hub->lock);
    fine = catch_up(client, oldest);
    pthread_mutex_lock(&hub->lock);
    if (!fine)
        client->ended = true;
}

static ssize_t read_stream(void *cls, char *data, size_t max)
{
    struct zdd_hub_client *client = cls;
    struct zdd_hub *hub = client->hub;
    size_t used = 0;
    ssize_t result;

    pthread_mutex_lock(&hub->lock);
    for (;;) {
        const int64_t before = client->after_seq;

        used += drain(client, data + used, max - used);
        if (used == max || client->ended)
            break;
        if (client->own.size > 0 || client->frame)
            continue;
        refill(client);
        if (client->own.size == 0 && !client->frame && client->after_seq == before)
            break;
    }
    if (client->ended && used < max)
        used += drain(client, data + used, max - used);
    if (client->beat && used == 0 && !client->ended) {
        memcpy(data, heartbeat, sizeof(heartbeat) - 1);
        used = sizeof(heartbeat) - 1;
    }
    client->beat = client->beat && used == 0;
    result = used > 0 || !client->ended ? (ssize_t)used : -1;
    pthread_mutex_unlock(&hub->lock);
    return result;
}

static void close_stream(void *cls)
{
    struct zdd_hub_client *client = cls;
    struct zdd_hub *hub = client->hub;

    pthread_mutex_lock(&hub->lock);
    if (client->previous)
        client->previous->next = client->next;
    else
        hub->clients = client->next;
    if (client->next)
        client->next->previous = client->previous;
    hub->client_count--;
    client->pass->streams--;
    if (client->frame)
        zdd_frame_release(client->frame);
    pthread_mutex_unlock(&hub->lock);
    zdd_buf_release(&client->own);
    free(client);
}

void zdd_hub_wake_clients(struct zdd_hub *hub, bool beat)
{
    for (struct zdd_hub_client *client = hub->clients; client; client = client->next) {
        client->beat = client->beat || beat;
        zdd_stream_wake(client->stream);
    }
}

void zdd_hub_wake_ended(struct zdd_hub *hub)
{
    for (struct zdd_hub_client *client = hub->clients; client; client = client->next) {
        if (client->pass->verdict != ZDD_ERR_NONE)
            zdd_stream_wake(client->stream);
    }
}

static const char *keep_text(char **room, const char *text)
{
    char *here = *room;
    const size_t size = text ? strlen(text) + 1 : 0;

    if (!text)
        return NULL;
    memcpy(here, text, size);
    *room += size;
    return here;
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static enum zdd_err new_client(struct zdd_hub *hub, const struct zdd_hub_ask *ask,
                               struct zdd_hub_client **ret_client)
{
    int64_t first, after_seq = ask->after_seq;
    enum zdd_err err = ZDD_ERR_NONE;
    struct zdd_hub_client *client;
    char *room;

    /* "Now" is what the database says: the ring may be a moment behind. */
    if (after_seq < 0)
        err = zdd_event_range(hub->options.store, &first, &after_seq);
    if (err != ZDD_ERR_NONE)
        return err;
    client = calloc(1, sizeof(*client) + size_of(ask->app_id) + size_of(ask->run_id) +
                           size_of(ask->type) + size_of(ask->app_prefix));
    if (!client)
        return ZDD_ERR_NO_MEMORY;
    room = client->texts;
    client->hub = hub;
    client->app_id = keep_text(&room, ask->app_id);
    client->run_id = keep_text(&room, ask->run_id);
    client->type = keep_text(&room, ask->type);
    client->app_prefix = keep_text(&room, ask->app_prefix);
    client->after_seq = after_seq;
    client->until_end = ask->until_end;
    zdd_buf_text(&client->own, greeting);
    *ret_client = client;
    return ZDD_ERR_NONE;
}

/* From here on the hub wakes it. */
static void enlist(struct zdd_hub *hub, struct zdd_hub_client *client)
{
    client->next = hub->clients;
    if (hub->clients)
        hub->clients->previous = client;
    hub->clients = client;
    hub->client_count++;
}

/* Under the lock: no read before it is in the list, no wake before it has a stream. */
static enum zdd_err let_in(struct zdd_hub_client *client, struct zdd_call *call,
                           const struct zdd_ticket *shown)
{
    client->pass = zdd_hub_pass_take(client->hub, shown);
    if (!client->pass)
        return ZDD_ERR_NO_MEMORY;
    client->stream =
        zdd_call_stream(call, (struct zdd_stream_source){read_stream, close_stream, client}, false);
    if (!client->stream) {
        client->pass->streams--;
        return ZDD_ERR_NO_MEMORY;
    }
    enlist(client->hub, client);
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_hub_stream(struct zdd_hub *hub, struct zdd_call *call,
                            const struct zdd_hub_ask *ask)
{
    struct zdd_hub_client *client = NULL;
    enum zdd_err err = new_client(hub, ask, &client);

    if (err != ZDD_ERR_NONE)
        return err;
    pthread_mutex_lock(&hub->lock);
    err = hub->client_count < hub->options.stream_max ? let_in(client, call, ask->shown)
                                                      : ZDD_ERR_TOO_MANY_CALLS;
    pthread_mutex_unlock(&hub->lock);
    if (err != ZDD_ERR_NONE) {
        zdd_buf_release(&client->own);
        free(client);
    }
    return err;
}
