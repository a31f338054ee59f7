/**
 * @file deploy/lab/balancer/config.c
 * @brief Head, virtual hosts, app ids, frontends, backends: put together.
 */
#include "deploy/lab/balancer/config.h"

#include "deploy/lab/balancer/backend.h"
#include "deploy/lab/balancer/head.h"
#include "deploy/lab/balancer/merge.h"
#include "deploy/lab/balancer/names.h"
#include "deploy/lab/balancer/vhosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The parts as they grow, side by side. */
struct draft {
    const struct zdd_mlb_settings *settings;
    struct zdd_mlb_services services;
    bool *in; /* which of them are configured */
    json_t *binds;
    struct zdd_buf app_ids, app_map, domain_map, frontends, backends;
};

/* Loopback only: whatever else a label asks for becomes the balancer's own address. */
static const char *bind_address(const struct draft *draft, const struct zdd_mlb_service *service)
{
    const bool wanted = service->bind_addr && strncmp(service->bind_addr, "127.", 4) == 0;

    return wanted && draft->settings->is_first ? service->bind_addr : draft->settings->host;
}

static void bind_text(struct zdd_buf *buf, const char *host, uint16_t port)
{
    zdd_buf_printf(buf, "%s:%u", host, port);
    if (buf->err != ZDD_ERR_NONE)
        abort();
}

/* @return false when somebody else has the address; the app is then left out */
static bool take_bind(struct draft *draft, const struct zdd_mlb_service *service,
                      const json_t *avoid, const char *bind)
{
    const char *owner = zdd_json_text(draft->binds, bind, NULL);
    const char *reason = zdd_json_text(avoid, bind, NULL);

    if (owner) {
        zdd_mlb_leave_out(draft->services.left_out, service->app_id, "%s is already %s's", bind,
                          owner);
        return false;
    }
    if (reason) {
        zdd_mlb_leave_out(draft->services.left_out, service->app_id, "%s: %s", bind, reason);
        return false;
    }
    json_object_set_new(draft->binds, bind, json_string(service->app_id));
    return true;
}

static void add_frontend(struct draft *draft, const struct zdd_mlb_service *service,
                         const char *name, const char *bind)
{
    zdd_buf_printf(&draft->frontends,
                   "\nfrontend %s\n"
                   "  bind %s\n"
                   "  mode %s\n"
                   "  use_backend %s\n",
                   name, bind, service->mode, name);
}

/* Requests with the header X-Marathon-App-Id; the first HTTP port of an app is the one. */
static void add_app_id(struct draft *draft, const struct zdd_mlb_service *service, const char *name,
                       const char *last_id)
{
    ZDD_AUTO_BUF struct zdd_buf clean = {0};

    if (!service->http || (last_id && strcmp(last_id, service->app_id) == 0))
        return;
    zdd_mlb_clean(&clean, service->app_id);
    zdd_buf_printf(&draft->app_ids,
                   "  acl app_%s hdr(x-marathon-app-id) -i %s\n"
                   "  use_backend %s if app_%s\n",
                   clean.data, service->app_id, name, clean.data);
    zdd_buf_printf(&draft->app_map, "%s %s\n", service->app_id, name);
}

static bool add_service(struct draft *draft, const struct zdd_mlb_service *service,
                        const json_t *avoid, const char *last_id)
{
    ZDD_AUTO_BUF struct zdd_buf name = {0};
    ZDD_AUTO_BUF struct zdd_buf bind = {0};
    ZDD_AUTO_BUF struct zdd_buf backend = {0};

    bind_text(&bind, bind_address(draft, service), service->port);
    zdd_mlb_backend_name(&name, service->app_id, service->port);
    if (service->server_count == 0)
        return false; /* no backend without servers */
    if (!zdd_mlb_backend(&backend, draft->settings, service, name.data)) {
        zdd_mlb_leave_out(draft->services.left_out, service->app_id,
                          "its BACKEND_SERVER_OPTIONS has a field that is not known, or a lone "
                          "brace");
        return false;
    }
    if (!take_bind(draft, service, avoid, bind.data))
        return false;
    add_app_id(draft, service, name.data, last_id);
    add_frontend(draft, service, name.data, bind.data);
    zdd_buf_append(&draft->backends, backend.data, backend.size);
    return true;
}

static void own_port(struct draft *draft, uint16_t port)
{
    ZDD_AUTO_BUF struct zdd_buf bind = {0};

    bind_text(&bind, draft->settings->host, port);
    json_object_set_new(draft->binds, bind.data, json_string("the balancer"));
}

static void forget_own_port(struct draft *draft, uint16_t port)
{
    ZDD_AUTO_BUF struct zdd_buf bind = {0};

    bind_text(&bind, draft->settings->host, port);
    json_object_del(draft->binds, bind.data);
}

static void add_services(struct draft *draft, const json_t *avoid)
{
    const uint16_t own[] = {draft->settings->stats_port, draft->settings->app_id_port,
                            draft->settings->vhost_port, draft->settings->admin_port};
    const char *last_id = NULL;

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        own_port(draft, own[i]);
    for (size_t i = 0; i < draft->services.count; i++) {
        const struct zdd_mlb_service *service = &draft->services.service[i];

        draft->in[i] = add_service(draft, service, avoid, last_id);
        if (draft->in[i] && service->http)
            last_id = service->app_id;
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        forget_own_port(draft, own[i]);
}

static void put_together(struct draft *draft, struct zdd_mlb_config *ret)
{
    struct zdd_buf text = {0};

    zdd_mlb_head(&text, draft->settings);
    zdd_mlb_vhosts(&text, &draft->domain_map, draft->settings, &draft->services, draft->in);
    zdd_buf_printf(&text, "\nfrontend marathon_http_appid_in\n  bind %s:%u\n  mode http\n%s",
                   draft->settings->host, draft->settings->app_id_port,
                   draft->app_ids.size ? draft->app_ids.data : "");
    zdd_buf_append(&text, draft->frontends.data, draft->frontends.size);
    zdd_buf_append(&text, draft->backends.data, draft->backends.size);
    *ret = (struct zdd_mlb_config){.text = zdd_buf_take(&text),
                                   .domain_map = zdd_buf_take(&draft->domain_map),
                                   .app_map = zdd_buf_take(&draft->app_map),
                                   .binds = json_incref(draft->binds),
                                   .left_out = json_incref(draft->services.left_out)};
    zdd_buf_release(&text);
}

static void release_draft(struct draft *draft)
{
    zdd_mlb_services_release(&draft->services);
    free(draft->in);
    json_decref(draft->binds);
    zdd_buf_release(&draft->app_ids);
    zdd_buf_release(&draft->app_map);
    zdd_buf_release(&draft->domain_map);
    zdd_buf_release(&draft->frontends);
    zdd_buf_release(&draft->backends);
}

bool zdd_mlb_configure(const struct zdd_mlb_settings *settings, const json_t *apps,
                       const json_t *avoid, struct zdd_mlb_config *ret_config,
                       char ret_reason[static 200])
{
    struct draft draft = {.settings = settings, .binds = json_object()};
    json_t *merged = zdd_mlb_merge(apps, ret_reason);
    bool done = false;

    if (merged) {
        draft.services = zdd_mlb_services(settings, merged);
        draft.in = calloc(draft.services.count + 1, sizeof(*draft.in));
        if (!draft.in)
            abort();
        add_services(&draft, avoid);
        put_together(&draft, ret_config);
        done = ret_config->text && ret_config->domain_map && ret_config->app_map;
        if (!done) {
            zdd_mlb_config_release(ret_config);
            snprintf(ret_reason, 200, "the configuration is too big");
        }
    }
    release_draft(&draft);
    return done;
}

void zdd_mlb_config_release(struct zdd_mlb_config *config)
{
    free(config->text);
    free(config->domain_map);
    free(config->app_map);
    json_decref(config->binds);
    json_decref(config->left_out);
    *config = (struct zdd_mlb_config){0};
}
