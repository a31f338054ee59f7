/**
 * @file server/config/config.h
 * @brief The server's settings: from the command line, else the environment, else a file, else the
 * default.
 */
#pragma once

#include "server/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZDD_CONFIG_TEXT_SIZE 512  /* file names and the like; longer ones are refused */
#define ZDD_CONFIG_URL_MAX 8      /* as many as the Marathon adapter takes */
#define ZDD_CONFIG_LINE_MAX 4096  /* bytes in one line of the file */
#define ZDD_CONFIG_LINES_MAX 1000 /* lines in the file */

enum zdd_setting {
#define ZDD_SETTING(name, field, key, env, type, otherwise, min, max, argument, text)              \
    ZDD_SETTING_##name,
#include "server/config/config.def"
#undef ZDD_SETTING
    ZDD_SETTING_COUNT
};

enum zdd_setting_source {
    ZDD_SOURCE_DEFAULT,
    ZDD_SOURCE_FILE,
    ZDD_SOURCE_ENVIRONMENT,
    ZDD_SOURCE_COMMAND_LINE
};

struct zdd_setting_urls {
    size_t count;
    char url[ZDD_CONFIG_URL_MAX][ZDD_CONFIG_TEXT_SIZE];
};

struct zdd_setting_address {
    char host[64];
    uint16_t port;
};

/** The settings, ready to use. */
struct zdd_config {
    struct zdd_setting_address listen;
    char db[ZDD_CONFIG_TEXT_SIZE];
    struct zdd_setting_urls marathon;
    char marathon_auth_file[ZDD_CONFIG_TEXT_SIZE]; /* "" for none */
    char marathon_ca[ZDD_CONFIG_TEXT_SIZE];        /* "" for the system's */
    char marathon_cert[ZDD_CONFIG_TEXT_SIZE];
    char marathon_key[ZDD_CONFIG_TEXT_SIZE];
    char tls_cert[ZDD_CONFIG_TEXT_SIZE];
    char cors_origins[ZDD_CONFIG_TEXT_SIZE]; /* as zdd_cors_valid() takes them */
    char tls_key[ZDD_CONFIG_TEXT_SIZE];
    int64_t marathon_timeout_ms;
    struct zdd_setting_urls balancer;          /* none: count 0 */
    struct zdd_setting_urls haproxy;           /* "HOST:PORT" or "/path"; none: count 0 */
    struct zdd_setting_urls vamp;              /* one or none */
    char vamp_auth_file[ZDD_CONFIG_TEXT_SIZE]; /* "" for none */
    struct zdd_setting_address agent_listen;
    char agent_advertise[ZDD_CONFIG_TEXT_SIZE]; /* "": as agent_listen */
    char verify_hosts[ZDD_CONFIG_TEXT_SIZE];    /* "": none */
    char secret_names[ZDD_CONFIG_TEXT_SIZE];
    char secrets_key_file[ZDD_CONFIG_TEXT_SIZE]; /* "": none */
    int64_t rate_limit;                          /* 0: none */
    int64_t workers, http_threads, max_connections;
    int64_t sweep_ms, blind_sweep_ms, drain_ms;
    bool standby;
    int log_format; /* enum zdd_log_format */
    int access_log; /* enum zdd_log_calls */
    int log_level;  /* enum zdd_log_level */

    struct zdd_setting_origin {
        enum zdd_setting_source source;
        int line;                            /* of the file */
        char text[ZDD_CONFIG_TEXT_SIZE * 2]; /* as it was written */
    } origin[ZDD_SETTING_COUNT];
};

/** Where settings may stand. */
struct zdd_config_sources {
    const char *const *command_line; /* [ZDD_SETTING_COUNT] values of options, NULL: not given;
                                        NULL for none at all */
    char *const *environment;        /* "NAME=value", NULL-terminated; NULL for none */
    const char *file;                /* name, NULL for none */
};

/**
 * Read all settings; every problem is reported, not only the first.
 *
 * @param[out] problems  a line for each: "zdd.conf:3: unknown setting …, did you mean …?"
 * @param[out] warnings  what can be lived with: an unknown ZDD_… variable
 * @return true when there were no problems; @p ret_config is complete then
 */
bool zdd_config_load(const struct zdd_config_sources *sources, struct zdd_config *ret_config,
                     struct zdd_buf *problems, struct zdd_buf *warnings);

/** @return what a setting is called, static storage */
const char *zdd_setting_key(enum zdd_setting setting);
const char *zdd_setting_argument(enum zdd_setting setting); /* NULL: a flag */
const char *zdd_setting_text(enum zdd_setting setting);
const char *zdd_setting_env(enum zdd_setting setting);
const char *zdd_setting_default(enum zdd_setting setting);
/** @return the setting called @p key, or ZDD_SETTING_COUNT */
enum zdd_setting zdd_setting_find(const char *key);
