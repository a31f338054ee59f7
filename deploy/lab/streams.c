/**
 * @file deploy/lab/streams.c
 * @brief Server-sent events as Marathon frames them (marathon.md §1.8).
 */
#include "deploy/lab/streams.h"

#include "deploy/lab/api.h"
#include "deploy/lab/lab.h"
#include "server/net/url.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILTER_MAX 32 /* event_type parameters of one stream */

struct frame {
    struct frame *next;
    size_t size;
    bool alone; /* goes out in its own write: the two halves of a heartbeat */
    char text[];
};

struct zdd_lab_stream {
    struct zdd_lab_stream *next;
    struct zdd_lab *lab;
    struct zdd_stream *handle; /* NULL until the answer has begun */
    struct frame *first, *last;
    size_t count, sent; /* frames waiting; bytes of the first one that are out */
    size_t filter_count;
    char *filter[FILTER_MAX];
    bool ended; /* close when what is queued before has gone */
    char remote[64];
};

static void drop_frames(struct zdd_lab_stream *stream)
{
    while (stream->first) {
        struct frame *frame = stream->first;

        stream->first = frame->next;
        free(frame);
    }
    stream->last = NULL;
    stream->count = 0;
}

static void push(struct zdd_lab_stream *stream, const char *text, bool alone)
{
    const size_t size = strlen(text);
    struct frame *frame;

    if (stream->ended)
        return;
    if (stream->count == ZDD_LAB_EVENT_QUEUE_MAX) { /* a slow reader: 1.8 and later close */
        drop_frames(stream);
        stream->ended = true;
        return;
    }
    frame = malloc(sizeof(*frame) + size + 1);
    if (!frame)
        abort();
    *frame = (struct frame){.size = size, .alone = alone};
    memcpy(frame->text, text, size + 1);
    if (stream->last)
        stream->last->next = frame;
    else
        stream->first = frame;
    stream->last = frame;
    stream->count++;
}

static bool lets_pass(const struct zdd_lab_stream *stream, const char *type)
{
    if (!type || !stream->filter_count)
        return true;
    for (size_t i = 0; i < stream->filter_count; i++)
        if (strcmp(stream->filter[i], type) == 0)
            return true;
    return false;
}

static void wake(struct zdd_lab_stream *stream)
{
    if (stream->handle)
        zdd_stream_wake(stream->handle);
}

void zdd_lab_streams_send(struct zdd_lab_events *events, const char *type, const char *frame)
{
    pthread_mutex_lock(&events->lock);
    for (struct zdd_lab_stream *s = events->streams; s; s = s->next) {
        if (!lets_pass(s, type))
            continue;
        push(s, frame, type == NULL);
        wake(s);
    }
    pthread_mutex_unlock(&events->lock);
}

void zdd_lab_events_beat(struct zdd_lab *lab)
{
    zdd_lab_streams_send(&lab->events, NULL, "\r");
    zdd_lab_streams_send(&lab->events, NULL, "\n");
}

void zdd_lab_events_close(struct zdd_lab *lab)
{
    pthread_mutex_lock(&lab->events.lock);
    for (struct zdd_lab_stream *s = lab->events.streams; s; s = s->next) {
        s->ended = true;
        wake(s);
    }
    pthread_mutex_unlock(&lab->events.lock);
}

size_t zdd_lab_events_count(struct zdd_lab *lab)
{
    size_t count = 0;

    pthread_mutex_lock(&lab->events.lock);
    for (const struct zdd_lab_stream *s = lab->events.streams; s; s = s->next)
        count++;
    pthread_mutex_unlock(&lab->events.lock);
    return count;
}

void zdd_lab_events_release(struct zdd_lab *lab)
{
    assert(!lab->events.streams); /* the HTTP server has ended them all */
    free(lab->events.held);
    free(lab->events.held_type);
    pthread_mutex_destroy(&lab->events.lock);
}

static size_t take(struct zdd_lab_stream *stream, char *data, size_t max)
{
    struct frame *frame = stream->first;
    const size_t left = frame->size - stream->sent;
    const size_t size = left < max ? left : max;

    memcpy(data, frame->text + stream->sent, size);
    stream->sent += size;
    if (stream->sent == frame->size) {
        stream->sent = 0;
        stream->count--;
        stream->first = frame->next;
        if (!stream->first)
            stream->last = NULL;
        free(frame);
    }
    return size;
}

static ssize_t read_stream(void *cls, char *data, size_t max)
{
    struct zdd_lab_stream *stream = cls;
    size_t size = 0;

    pthread_mutex_lock(&stream->lab->events.lock);
    while (stream->first && size < max) {
        const bool alone = stream->first->alone;

        if (alone && size)
            break;
        size += take(stream, data + size, max - size);
        if (alone)
            break;
    }

    const bool over = !size && stream->ended;

    pthread_mutex_unlock(&stream->lab->events.lock);
    return over ? -1 : (ssize_t)size;
}

static void publish(struct zdd_lab *lab, const char *type, const char *remote)
{
    zdd_lab_event(lab, type, json_pack("{s:s}", "remoteAddress", remote));
}

static void free_stream(struct zdd_lab_stream *stream)
{
    drop_frames(stream);
    for (size_t i = 0; i < stream->filter_count; i++)
        free(stream->filter[i]);
    free(stream);
}

static void close_stream(void *cls)
{
    struct zdd_lab_stream *stream = cls;
    struct zdd_lab *lab = stream->lab;

    pthread_mutex_lock(&lab->events.lock);
    for (struct zdd_lab_stream **at = &lab->events.streams; *at; at = &(*at)->next)
        if (*at == stream) {
            *at = stream->next;
            break;
        }
    pthread_mutex_unlock(&lab->events.lock);
    pthread_mutex_lock(&lab->lock);
    publish(lab, "event_stream_detached", stream->remote);
    pthread_mutex_unlock(&lab->lock);
    free_stream(stream);
}

static void note_filter(void *cls, const char *name, const char *value)
{
    struct zdd_lab_stream *stream = cls;

    if (strcmp(name, "event_type") == 0 && stream->filter_count < FILTER_MAX)
        stream->filter[stream->filter_count++] = strdup(value);
}

static void copy_parameter(void *cls, const char *name, const char *value)
{
    struct zdd_buf *target = cls;

    zdd_buf_text(target, strchr(target->data, '?') ? "&" : "?");
    zdd_url_encode(target, name, "");
    zdd_buf_text(target, "=");
    zdd_url_encode(target, value, "");
}

/* To the leader, with the same query. */
static enum zdd_err redirect(struct zdd_call *call, const struct zdd_lab *lab)
{
    struct zdd_buf target = {0};

    zdd_buf_printf(&target, "%s/v2/events", lab->url);
    if (target.data)
        zdd_call_queries(call, copy_parameter, &target);
    call->status = 302;
    zdd_call_add_header(call, "Location", "%s", target.data ? target.data : "");
    zdd_buf_release(&target);
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_lab_events_open(struct zdd_call *call)
{
    struct zdd_lab *lab = call->app;
    const char *accept = zdd_call_header(call, "Accept");
    struct zdd_lab_stream *stream;

    if (!accept || strcmp(accept, "text/event-stream") != 0)
        return ZDD_ERR_METHOD_UNKNOWN; /* Jetty: the servlet has no other GET */
    if (zdd_lab_fault_strikes(&lab->faults, ZDD_LAB_FAULT_EVENTS_302, NULL, NULL, NULL))
        return redirect(call, lab);
    stream = calloc(1, sizeof(*stream));
    if (!stream)
        return ZDD_ERR_NO_MEMORY;
    stream->lab = lab;
    snprintf(stream->remote, sizeof(stream->remote), "%s", call->remote ? call->remote : "");
    zdd_call_queries(call, note_filter, stream);
    if (zdd_lab_fault_strikes(&lab->faults, ZDD_LAB_FAULT_EVENTS_200_CLOSE, NULL, NULL, NULL))
        stream->ended = true;
    call->type = "text/event-stream;charset=utf-8";
    stream->handle = zdd_call_stream(
        call, (struct zdd_stream_source){.read = read_stream, .close = close_stream, .cls = stream},
        true);
    if (!stream->handle) {
        free_stream(stream);
        return ZDD_ERR_NO_MEMORY;
    }
    pthread_mutex_lock(&lab->events.lock);
    stream->next = lab->events.streams;
    lab->events.streams = stream;
    pthread_mutex_unlock(&lab->events.lock);
    if (!stream->ended)
        publish(lab, "event_stream_attached", stream->remote);
    return ZDD_ERR_NONE;
}
