/**
 * @file server/cli/settings.c
 * @brief One option per row of config.def.
 */
#include "server/cli/settings.h"

#include "server/cli/cli.h"

#include <stdio.h>

#define TEXT_SIZE 400

bool zdd_settings_parse(const char *command, const char *text, const struct zdd_option *more,
                        int argc, char *const *argv, struct zdd_settings_line *ret_line)
{
    struct zdd_option options[ZDD_SETTING_COUNT + 2];
    char texts[ZDD_SETTING_COUNT][TEXT_SIZE];
    struct zdd_usage usage = {.command = command, .text = text, .options = options};

    *ret_line = (struct zdd_settings_line){0};
    for (int i = 0; i < ZDD_SETTING_COUNT; i++) {
        const enum zdd_setting setting = (enum zdd_setting)i;
        const char *otherwise = zdd_setting_default(setting);

        snprintf(texts[i], TEXT_SIZE, "%s Default: %s. (%s)", zdd_setting_text(setting),
                 *otherwise ? otherwise : "none", zdd_setting_env(setting));
        options[usage.option_count++] = (struct zdd_option){
            zdd_setting_key(setting), zdd_setting_argument(setting), texts[i], &ret_line->value[i]};
    }
    options[usage.option_count++] = (struct zdd_option){
        "config", "FILE",
        "Settings file: \"key = value\" lines, # begins a comment. Keys are the options' names. "
        "(ZDD_CONFIG)",
        &ret_line->file};
    if (more)
        options[usage.option_count++] = *more;
    return zdd_cli_parse(&usage, argc, argv, &ret_line->exit);
}
