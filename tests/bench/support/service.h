/**
 * @file tests/bench/support/service.h
 * @brief The whole service below main.c in this process, on a database of its own.
 */
#pragma once

#include "server/api/api.h"
#include "server/base/crypto.h"
#include "server/secrets/veil.h"
#include "tests/bench/support/fleet.h"

#define SERVICE_HTTP_THREADS 2 /* the server's defaults */
#define SERVICE_WORKERS 8

struct service {
    char folder[96];
    char db[128];
    struct fleet *fleet; /* borrowed */
    struct zdd_store *store;
    struct zdd_secrets *secrets;
    struct zdd_veil veil;
    struct zdd_engine *engine;
    struct zdd_api *api;
    struct zdd_http *http;
    uint16_t port;
    char token[ZDD_TOKEN_SIZE];
};

struct service_options {
    struct fleet *fleet;
    unsigned group_max;   /* as in zdd_store_options */
    const char *existing; /* a database to open, which stays; NULL: a new one, removed at the end */
    unsigned connection_max;
};

/** Start it; ends the program when it cannot. The database is below $TMPDIR, else /var/tmp: on a
 * disk, as fsync is part of what is measured. */
void service_start(struct service *service, const struct service_options *options);
void service_stop(struct service *service);

/** Make a folder of one's own there; remove it with what files it has. */
void service_folder_make(char ret_folder[static 96]);
void service_folder_remove(const char *folder);

/** Write a request for a deployment of app @p number to @p path. @return its bytes */
size_t service_deploy_request(const struct service *service, const char *path, size_t number,
                              const char *strategy, const char *more, char *text);
