/**
 * @file server/cli/settings.h
 * @brief The settings as options of a command.
 */
#pragma once

#include "server/cli/options.h"
#include "server/config/config.h"

#include <stdbool.h>

/** What stood on the command line. */
struct zdd_settings_line {
    const char *value[ZDD_SETTING_COUNT]; /* NULL: not given */
    const char *file;                     /* --config */
    int exit;                             /* the exit code when the command is not to go on */
};

/**
 * Parse a command whose options are the settings, --config, and perhaps one @p more.
 * @param more  or NULL
 * @return true when the command goes on
 */
bool zdd_settings_parse(const char *command, const char *text, const struct zdd_option *more,
                        int argc, char *const *argv, struct zdd_settings_line *ret_line);
