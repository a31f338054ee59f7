/**
 * @file deploy/lab/balancer/vhosts.c
 * @brief Which host and path lead to which backend.
 */
#include "deploy/lab/balancer/vhosts.h"

#include "deploy/lab/balancer/names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* One host of a VHOST label, in lower case. Of a URL only the host counts: people paste them. */
static void read_host(const char *text, size_t size, char ret[static ZDD_MLB_HOSTNAME_SIZE])
{
    size_t at = 0;

    for (size_t i = 0; i + 3 <= size; i++)
        if (strncmp(text + i, "://", 3) == 0) {
            text += i + 3;
            size -= i + 3;
            break;
        }
    while (size > 0 && isspace((unsigned char)*text)) {
        text++;
        size--;
    }
    for (; at < size && at + 1 < ZDD_MLB_HOSTNAME_SIZE && !strchr("/:?# ", text[at]); at++)
        ret[at] = (char)tolower((unsigned char)text[at]);
    ret[at] = '\0';
}

/* What names the ACL: the first host, and the app. */
static void acl_name(struct zdd_buf *buf, const struct zdd_mlb_service *service)
{
    char host[ZDD_MLB_HOSTNAME_SIZE];

    read_host(service->vhost, strcspn(service->vhost, ","), host);
    zdd_mlb_clean(buf, host);
    zdd_buf_text(buf, "_");
    for (const char *c = service->app_id + (*service->app_id == '/'); *c; c++)
        zdd_buf_append(buf, *c == '/' ? "_" : c, 1);
}

/* The port a client adds to its Host header is not compared: here it is seldom 80. */
static void add_hosts(struct zdd_buf *buf, struct zdd_buf *map,
                      const struct zdd_mlb_service *service, const char *name, const char *backend)
{
    for (const char *at = service->vhost; *at; at += strcspn(at, ","), at += *at == ',') {
        char host[ZDD_MLB_HOSTNAME_SIZE];

        read_host(at, strcspn(at, ","), host);
        if (!*host)
            continue;
        zdd_buf_printf(buf, "  acl host_%s hdr(host),field(1,:) -i %s\n", name, host);
        zdd_buf_printf(map, "%s %s\n", host, backend);
    }
}

static void add_service(struct zdd_buf *buf, struct zdd_buf *map,
                        const struct zdd_mlb_service *service)
{
    ZDD_AUTO_BUF struct zdd_buf name = {0};
    ZDD_AUTO_BUF struct zdd_buf backend = {0};

    acl_name(&name, service);
    zdd_mlb_backend_name(&backend, service->app_id, service->port);
    if (name.err != ZDD_ERR_NONE || backend.err != ZDD_ERR_NONE)
        abort();
    add_hosts(buf, map, service, name.data, backend.data);
    if (service->path)
        zdd_buf_printf(buf, "  acl path_%s path_beg %s\n", backend.data, service->path);
    zdd_buf_printf(buf, "  use_backend %s if host_%s", backend.data, name.data);
    if (service->path)
        zdd_buf_printf(buf, " path_%s", backend.data);
    zdd_buf_text(buf, "\n");
}

struct place {
    const struct zdd_mlb_service *service;
    size_t place; /* equal weights stay in order */
};

static int by_weight(const void *a, const void *b)
{
    const struct place *left = a;
    const struct place *right = b;

    if (left->service->weight != right->service->weight)
        return left->service->weight > right->service->weight ? -1 : 1;
    return left->place < right->place ? -1 : 1;
}

void zdd_mlb_vhosts(struct zdd_buf *buf, struct zdd_buf *map,
                    const struct zdd_mlb_settings *settings,
                    const struct zdd_mlb_services *services, const bool *in)
{
    struct place *place = calloc(services->count + 1, sizeof(*place));
    size_t count = 0;

    if (!place)
        abort();
    zdd_buf_printf(buf, "\nfrontend marathon_http_in\n  bind %s:%u\n  mode http\n", settings->host,
                   settings->vhost_port);
    for (size_t i = 0; i < services->count; i++)
        if (in[i] && services->service[i].vhost)
            place[count++] = (struct place){.service = &services->service[i], .place = i};
    if (count)
        qsort(place, count, sizeof(*place), by_weight);
    for (size_t i = 0; i < count; i++)
        add_service(buf, map, place[i].service);
    free(place);
}
