/**
 * @file server/config/setting.h
 * @brief The rows of config.def as data, and how each type is read. For server/config only.
 */
#pragma once

#include "server/config/config.h"

#define ZDD_SETTING_WHY_SIZE 200

struct zdd_setting_row;

/** Read @p text into @p into; on failure say what would be right. */
typedef bool zdd_setting_reader(const struct zdd_setting_row *row, const char *text, void *into,
                                char why[static ZDD_SETTING_WHY_SIZE]);

struct zdd_setting_row {
    const char *key, *env;
    zdd_setting_reader *read;
    size_t offset; /* in struct zdd_config */
    const char *otherwise;
    int64_t min, max;
    const char *argument, *text;
};

extern const struct zdd_setting_row zdd_setting_rows[ZDD_SETTING_COUNT];

zdd_setting_reader zdd_setting_read_hostport, zdd_setting_read_file, zdd_setting_read_urls,
    zdd_setting_read_sockets, zdd_setting_read_int, zdd_setting_read_duration,
    zdd_setting_read_bool, zdd_setting_read_level, zdd_setting_read_format, zdd_setting_read_calls;

/** Read file @p name into @p config->origin; unknown keys, doubled ones and lines that are none go
 * to @p problems. */
void zdd_config_read_file(const char *name, struct zdd_config *config, struct zdd_buf *problems);

/** Note where a value of @p setting was found. @return false when it is too long */
bool zdd_config_note(struct zdd_config *config, enum zdd_setting setting,
                     enum zdd_setting_source source, int line, const char *text);

/** Append ", did you mean X?" when one of the keys (or, with @p env, variables) is close to @p
 * name. */
void zdd_config_suggest(struct zdd_buf *buf, const char *name, bool env);
