/**
 * @file server/config/setting.c
 * @brief The table of settings, and a reader for each type.
 */
#include "server/config/setting.h"

#include "server/base/log.h"
#include "server/net/url.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SOCKET_PATH_SIZE 108 /* of sun_path in struct sockaddr_un */

const struct zdd_setting_row zdd_setting_rows[ZDD_SETTING_COUNT] = {
#define READ_HOSTPORT zdd_setting_read_hostport
#define READ_FILE zdd_setting_read_file
#define READ_URLS zdd_setting_read_urls
#define READ_SOCKETS zdd_setting_read_sockets
#define READ_INT zdd_setting_read_int
#define READ_DURATION zdd_setting_read_duration
#define READ_BOOL zdd_setting_read_bool
#define READ_LEVEL zdd_setting_read_level
#define READ_FORMAT zdd_setting_read_format
#define READ_CALLS zdd_setting_read_calls
#define ZDD_SETTING(name, field, key, env, type, otherwise, min, max, argument, text)              \
    {key, env,      READ_##type, offsetof(struct zdd_config, field), otherwise, min,               \
     max, argument, text},
#include "server/config/config.def"
#undef ZDD_SETTING
};

const char *zdd_setting_key(enum zdd_setting setting)
{
    return zdd_setting_rows[setting].key;
}

const char *zdd_setting_argument(enum zdd_setting setting)
{
    return zdd_setting_rows[setting].argument;
}

const char *zdd_setting_text(enum zdd_setting setting)
{
    return zdd_setting_rows[setting].text;
}

const char *zdd_setting_env(enum zdd_setting setting)
{
    return zdd_setting_rows[setting].env;
}

const char *zdd_setting_default(enum zdd_setting setting)
{
    return zdd_setting_rows[setting].otherwise;
}

enum zdd_setting zdd_setting_find(const char *key)
{
    int setting = 0;

    while (setting < ZDD_SETTING_COUNT && strcmp(zdd_setting_rows[setting].key, key) != 0)
        setting++;
    return (enum zdd_setting)setting;
}

bool zdd_setting_read_hostport(const struct zdd_setting_row *row, const char *text, void *into,
                               char why[static ZDD_SETTING_WHY_SIZE])
{
    struct zdd_setting_address *address = into;

    (void)row;
    if (zdd_hostport_parse(text, address->host, &address->port))
        return true;
    snprintf(why, ZDD_SETTING_WHY_SIZE,
             "must be an address and a port, like 127.0.0.1:8090 or [::1]:8090");
    return false;
}

bool zdd_setting_read_file(const struct zdd_setting_row *row, const char *text, void *into,
                           char why[static ZDD_SETTING_WHY_SIZE])
{
    if (!*text && *row->otherwise) {
        snprintf(why, ZDD_SETTING_WHY_SIZE, "must name a file");
        return false;
    }
    if (strlen(text) >= ZDD_CONFIG_TEXT_SIZE) {
        snprintf(why, ZDD_SETTING_WHY_SIZE, "must be shorter than %d bytes", ZDD_CONFIG_TEXT_SIZE);
        return false;
    }
    snprintf(into, ZDD_CONFIG_TEXT_SIZE, "%s", text);
    return true;
}

/* What a list of addresses may hold. */
struct address_kind {
    bool (*fits)(const char *text);
    const char *wrong; /* what is said of one that does not fit */
    int64_t max;       /* how many */
};

static bool is_url(const char *text)
{
    return zdd_url_valid(text) && !strchr(text, '?');
}

static bool is_socket(const char *text)
{
    struct zdd_setting_address address;

    if (*text == '/')
        return strlen(text) < SOCKET_PATH_SIZE;
    return zdd_hostport_parse(text, address.host, &address.port) && address.port != 0;
}

static bool add_address(struct zdd_setting_urls *urls, const char *text, size_t size,
                        const struct address_kind *kind, char *why)
{
    char *url;

    if ((int64_t)urls->count == kind->max || size >= ZDD_CONFIG_TEXT_SIZE) {
        snprintf(why, ZDD_SETTING_WHY_SIZE, "must be at most %d address%s of at most %d bytes",
                 (int)kind->max, kind->max == 1 ? "" : "es", ZDD_CONFIG_TEXT_SIZE - 1);
        return false;
    }
    url = urls->url[urls->count];
    memcpy(url, text, size);
    url[size] = '\0';
    if (!kind->fits(url)) {
        snprintf(why, ZDD_SETTING_WHY_SIZE, "%s", kind->wrong);
        return false;
    }
    urls->count++;
    return true;
}

static bool read_addresses(const char *text, const struct address_kind *kind,
                           struct zdd_setting_urls *urls, char *why)
{
    for (;;) {
        text += strspn(text, " ");

        const size_t size = strcspn(text, ", ");

        if (!add_address(urls, text, size, kind, why))
            return false;
        text += size;
        text += strspn(text, " ");
        if (!*text)
            return true;
        if (*text++ != ',') {
            snprintf(why, ZDD_SETTING_WHY_SIZE, "must have commas between the addresses");
            return false;
        }
    }
}

bool zdd_setting_read_urls(const struct zdd_setting_row *row, const char *text, void *into,
                           char why[static ZDD_SETTING_WHY_SIZE])
{
    const struct address_kind urls = {
        is_url, "must be http:// or https:// addresses without user, password or query", row->max};
    struct zdd_setting_urls *list = into;

    list->count = 0;
    return (!*text && !*row->otherwise) || read_addresses(text, &urls, list, why);
}

bool zdd_setting_read_sockets(const struct zdd_setting_row *row, const char *text, void *into,
                              char why[static ZDD_SETTING_WHY_SIZE])
{
    const struct address_kind sockets = {
        is_socket,
        "must be addresses of Runtime APIs: HOST:PORT with a port other than 0, or the "
        "path of a unix socket, which begins with / and is shorter than 108 bytes",
        row->max};
    struct zdd_setting_urls *list = into;

    list->count = 0;
    return (!*text && !*row->otherwise) || read_addresses(text, &sockets, list, why);
}

/* A whole number at the start of @p text. @return where it ends, NULL when there is none */
static const char *read_number(const char *text, int64_t *ret_value)
{
    char *end;

    errno = 0;
    *ret_value = strtoll(text, &end, 10);
    return errno != 0 || end == text || *text == ' ' || *text == '+' ? NULL : end;
}

bool zdd_setting_read_int(const struct zdd_setting_row *row, const char *text, void *into,
                          char why[static ZDD_SETTING_WHY_SIZE])
{
    int64_t value = 0;
    const char *end = read_number(text, &value);

    if (end && !*end && value >= row->min && value <= row->max) {
        *(int64_t *)into = value;
        return true;
    }
    snprintf(why, ZDD_SETTING_WHY_SIZE, "must be a whole number from %" PRId64 " to %" PRId64,
             row->min, row->max);
    return false;
}

/* Milliseconds in one unit, 0 for an unknown one; without a unit it is seconds. */
static int64_t unit_ms(const char *unit)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].name, unit) == 0)
            return units[i].ms;
    }
    return 0;
}

/* "45s", "500ms": the largest unit that fits without a rest. */
static void print_duration(int64_t ms, char text[static 32])
{
    if (ms % 1000 != 0)
        snprintf(text, 32, "%" PRId64 "ms", ms);
    else if (ms % 60000 != 0 || ms == 0)
        snprintf(text, 32, "%" PRId64 "s", ms / 1000);
    else
        snprintf(text, 32, "%" PRId64 "m", ms / 60000);
}

bool zdd_setting_read_duration(const struct zdd_setting_row *row, const char *text, void *into,
                               char why[static ZDD_SETTING_WHY_SIZE])
{
    int64_t value = 0;
    const char *unit = read_number(text, &value);
    const int64_t factor = unit ? unit_ms(unit) : 0;
    char min[32], max[32];

    if (factor > 0 && value >= 0 && value <= row->max / factor && value * factor >= row->min) {
        *(int64_t *)into = value * factor;
        return true;
    }
    print_duration(row->min, min);
    print_duration(row->max, max);
    snprintf(why, ZDD_SETTING_WHY_SIZE,
             "must be a time from %s to %s: a whole number with ms, s, m or h", min, max);
    return false;
}

bool zdd_setting_read_bool(const struct zdd_setting_row *row, const char *text, void *into,
                           char why[static ZDD_SETTING_WHY_SIZE])
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};

    (void)row;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(words[i], text) == 0) {
            *(bool *)into = i % 2 == 1;
            return true;
        }
    }
    snprintf(why, ZDD_SETTING_WHY_SIZE, "must be true or false");
    return false;
}

struct word {
    const char *name; /* NULL after the last */
    int value;
};

static bool read_word(const struct word *words, const char *text, int *into)
{
    for (; words->name; words++) {
        if (strcmp(words->name, text) == 0) {
            *into = words->value;
            return true;
        }
    }
    return false;
}

bool zdd_setting_read_level(const struct zdd_setting_row *row, const char *text, void *into,
                            char why[static ZDD_SETTING_WHY_SIZE])
{
    static const struct word levels[] = {{"debug", ZDD_LOG_DEBUG},
                                         {"info", ZDD_LOG_INFO},
                                         {"warn", ZDD_LOG_WARN},
                                         {"error", ZDD_LOG_ERROR},
                                         {NULL, 0}};

    (void)row;
    snprintf(why, ZDD_SETTING_WHY_SIZE, "must be debug, info, warn or error");
    return read_word(levels, text, into);
}

bool zdd_setting_read_format(const struct zdd_setting_row *row, const char *text, void *into,
                             char why[static ZDD_SETTING_WHY_SIZE])
{
    static const struct word formats[] = {
        {"logfmt", ZDD_LOG_LOGFMT}, {"json", ZDD_LOG_JSON}, {NULL, 0}};

    (void)row;
    snprintf(why, ZDD_SETTING_WHY_SIZE, "must be logfmt or json");
    return read_word(formats, text, into);
}

bool zdd_setting_read_calls(const struct zdd_setting_row *row, const char *text, void *into,
                            char why[static ZDD_SETTING_WHY_SIZE])
{
    static const struct word calls[] = {{"changes", ZDD_LOG_CALLS_CHANGES},
                                        {"all", ZDD_LOG_CALLS_ALL},
                                        {"off", ZDD_LOG_CALLS_OFF},
                                        {NULL, 0}};

    (void)row;
    snprintf(why, ZDD_SETTING_WHY_SIZE, "must be changes, all or off");
    return read_word(calls, text, into);
}
