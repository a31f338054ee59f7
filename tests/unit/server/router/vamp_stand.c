/**
 * @file tests/unit/server/router/vamp_stand.c
 * @brief A stand-in for VAMP 0.9.
 */
#include "tests/unit/server/router/vamp_stand.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH "/api/v1/gateways"

static json_t *find(const json_t *gateways, const char *name)
{
    size_t index;
    json_t *gateway;

    json_array_foreach(gateways, index, gateway)
    {
        if (strcmp(json_string_value(json_object_get(gateway, "name")), name) == 0)
            return gateway;
    }
    return NULL;
}

static int percent_of(const json_t *route)
{
    const char *text = json_string_value(json_object_get(route, "weight"));

    return text ? (int)strtol(text, NULL, 10) : -1;
}

static void answer(int fd, int status, const json_t *json, const char *raw)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : strdup(raw ? raw : "");
    char head[200];

    snprintf(head, sizeof(head),
             "HTTP/1.1 %d x\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
             status, strlen(text));
    peer_say(fd, head);
    peer_say(fd, text);
    free(text);
}

static void answer_list(struct vamp_stand *stand, int fd, const char *request)
{
    const char *at = strstr(request, "?page=");
    const size_t page = at ? strtoul(at + strlen("?page="), NULL, 10) : 1;
    const char *size_at = strstr(request, "per_page=");
    const size_t size = size_at ? strtoul(size_at + strlen("per_page="), NULL, 10) : 30;
    json_t *part = json_array();

    if (stand->discover)
        stand->discover(stand->cls, stand->gateways);
    assert(page >= 1 && size >= 1);
    if (!stand->paged)
        json_array_extend(part, stand->gateways);
    for (size_t i = (page - 1) * size; stand->paged && i < page * size; i++)
        if (json_array_get(stand->gateways, i))
            json_array_append(part, json_array_get(stand->gateways, i));
    answer(fd, 200, part, NULL);
    json_decref(part);
}

/* VAMP's own rule: weights add up to 100, or there are none. */
static bool adds_up(const json_t *gateway)
{
    json_t *routes = json_object_get(gateway, "routes");
    const char *name;
    json_t *route;
    int sum = 0;

    json_object_foreach(routes, name, route)
    {
        if (percent_of(route) < 0)
            return false;
        sum += percent_of(route);
    }
    return sum == 0 || sum == 100;
}

static void take(struct vamp_stand *stand, int fd, const char *request)
{
    char name[200];
    const char *path = request + strlen("PUT " PATH "/");
    const char *body = strstr(request, "\r\n\r\n") + 4;
    json_t *gateway = json_loads(body, 0, NULL);
    json_t *kept;

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(path, " "), path);
    kept = find(stand->gateways, name);
    if (!kept || !gateway || !adds_up(gateway)) {
        answer(fd, kept ? 400 : 404, NULL, "{}");
    } else {
        json_object_clear(kept);
        json_object_update(kept, gateway);
        stand->puts++;
        answer(fd, 200, kept, NULL);
    }
    json_decref(gateway);
}

static void reply(struct vamp_stand *stand, int fd, const char *request)
{
    stand->requests++;
    if (stand->mute)
        return;
    if (stand->status)
        answer(fd, stand->status, NULL, "{}");
    else if (strncmp(request, "PUT " PATH "/", strlen("PUT " PATH "/")) == 0)
        take(stand, fd, request);
    else if (stand->garbage)
        answer(fd, 200, NULL, stand->garbage);
    else
        answer_list(stand, fd, request);
}

static void serve(struct peer *peer, int fd, int index)
{
    struct vamp_stand *stand = peer->cls;
    char *request;
    size_t size;

    (void)index;
    while ((request = peer_take(fd, &size)) != NULL) {
        pthread_mutex_lock(&stand->lock);
        reply(stand, fd, request);
        pthread_mutex_unlock(&stand->lock);
        free(request);
    }
}

void vamp_stand_start(struct vamp_stand *stand)
{
    memset(stand, 0, sizeof(*stand));
    pthread_mutex_init(&stand->lock, NULL);
    stand->gateways = json_array();
    stand->paged = true;
    peer_start(&stand->peer, serve, stand);
}

void vamp_stand_stop(struct vamp_stand *stand)
{
    peer_stop(&stand->peer);
    json_decref(stand->gateways);
    pthread_mutex_destroy(&stand->lock);
}

void vamp_stand_add(struct vamp_stand *stand, const char *json)
{
    json_t *gateway = json_loads(json, 0, NULL);

    assert(gateway);
    pthread_mutex_lock(&stand->lock);
    json_array_append_new(stand->gateways, gateway);
    pthread_mutex_unlock(&stand->lock);
}

int vamp_stand_weight(struct vamp_stand *stand, const char *gateway, const char *route)
{
    int percent;

    pthread_mutex_lock(&stand->lock);
    percent = percent_of(
        json_object_get(json_object_get(find(stand->gateways, gateway), "routes"), route));
    pthread_mutex_unlock(&stand->lock);
    return percent;
}

void vamp_stand_clear(struct vamp_stand *stand)
{
    pthread_mutex_lock(&stand->lock);
    json_array_clear(stand->gateways);
    pthread_mutex_unlock(&stand->lock);
}

void vamp_stand_spoil(struct vamp_stand *stand, int status, const char *garbage)
{
    pthread_mutex_lock(&stand->lock);
    stand->status = status;
    stand->garbage = garbage;
    pthread_mutex_unlock(&stand->lock);
}

void vamp_stand_mute(struct vamp_stand *stand, bool mute)
{
    pthread_mutex_lock(&stand->lock);
    stand->mute = mute;
    pthread_mutex_unlock(&stand->lock);
}

void vamp_stand_discover(struct vamp_stand *stand, void (*discover)(void *cls, json_t *gateways),
                         void *cls)
{
    pthread_mutex_lock(&stand->lock);
    stand->discover = discover;
    stand->cls = cls;
    pthread_mutex_unlock(&stand->lock);
}

void vamp_stand_set(struct vamp_stand *stand, const char *gateway, const char *route, int percent)
{
    char text[16];

    snprintf(text, sizeof(text), "%d%%", percent);
    pthread_mutex_lock(&stand->lock);
    json_object_set_new(
        json_object_get(json_object_get(find(stand->gateways, gateway), "routes"), route), "weight",
        json_string(text));
    pthread_mutex_unlock(&stand->lock);
}

void vamp_stand_unpage(struct vamp_stand *stand)
{
    pthread_mutex_lock(&stand->lock);
    stand->paged = false;
    pthread_mutex_unlock(&stand->lock);
}

int vamp_stand_puts(struct vamp_stand *stand)
{
    int puts;

    pthread_mutex_lock(&stand->lock);
    puts = stand->puts;
    pthread_mutex_unlock(&stand->lock);
    return puts;
}

json_t *vamp_stand_gateway(struct vamp_stand *stand, size_t index)
{
    json_t *copy;

    pthread_mutex_lock(&stand->lock);
    copy = json_deep_copy(json_array_get(stand->gateways, index));
    pthread_mutex_unlock(&stand->lock);
    return copy;
}
