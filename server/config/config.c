/**
 * @file server/config/config.c
 * @brief Four places a value may come from; the nearest to the user wins.
 */
#include "server/config/config.h"

#include "server/config/setting.h"
#include "server/json/words.h"

#include <stdio.h>
#include <string.h>

static const char env_prefix[] = "ZDD_";

/* Variables with our prefix that are no settings: read elsewhere. */
static const char *const other_variables[] = {"ZDD_CONFIG", "ZDD_TOKEN", "ZDD_SERVER",
                                              "ZDD_SECRETS_KEY"};

bool zdd_config_note(struct zdd_config *config, enum zdd_setting setting,
                     enum zdd_setting_source source, int line, const char *text)
{
    struct zdd_setting_origin *origin = &config->origin[setting];

    if (strlen(text) >= sizeof(origin->text))
        return false;
    origin->source = source;
    origin->line = line;
    snprintf(origin->text, sizeof(origin->text), "%s", text);
    return true;
}

void zdd_config_suggest(struct zdd_buf *buf, const char *name, bool env)
{
    const char *names[ZDD_SETTING_COUNT];
    const char *nearest;

    for (size_t i = 0; i < ZDD_SETTING_COUNT; i++)
        names[i] = env ? zdd_setting_rows[i].env : zdd_setting_rows[i].key;
    nearest = zdd_words_nearest(name, names, ZDD_SETTING_COUNT);
    if (nearest)
        zdd_buf_printf(buf, ", did you mean %s?", nearest);
}

static void too_long(struct zdd_buf *problems, const char *prefix, const char *name)
{
    zdd_buf_printf(problems, "%s%s: the value must be shorter than %d bytes\n", prefix, name,
                   ZDD_CONFIG_TEXT_SIZE * 2);
}

static void use_defaults(struct zdd_config *config)
{
    for (int i = 0; i < ZDD_SETTING_COUNT; i++)
        (void)zdd_config_note(config, (enum zdd_setting)i, ZDD_SOURCE_DEFAULT, 0,
                              zdd_setting_rows[i].otherwise);
}

static bool is_other_variable(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof(other_variables) / sizeof(other_variables[0]); i++) {
        if (strlen(other_variables[i]) == size && strncmp(other_variables[i], name, size) == 0)
            return true;
    }
    return false;
}

static enum zdd_setting find_env(const char *name, size_t size)
{
    int setting = 0;

    while (setting < ZDD_SETTING_COUNT && (strlen(zdd_setting_rows[setting].env) != size ||
                                           strncmp(zdd_setting_rows[setting].env, name, size) != 0))
        setting++;
    return (enum zdd_setting)setting;
}

static void use_variable(struct zdd_config *config, const char *variable, struct zdd_buf *problems,
                         struct zdd_buf *warnings)
{
    const size_t size = strcspn(variable, "=");
    const enum zdd_setting setting = find_env(variable, size);
    char name[64];

    if (is_other_variable(variable, size))
        return;
    snprintf(name, sizeof(name), "%.*s", (int)size, variable);
    if (setting == ZDD_SETTING_COUNT) {
        zdd_buf_printf(warnings, "environment: %s is no setting", name);
        zdd_config_suggest(warnings, name, true);
        zdd_buf_text(warnings, "\n");
    } else if (!zdd_config_note(config, setting, ZDD_SOURCE_ENVIRONMENT, 0, variable + size + 1)) {
        too_long(problems, "environment: ", name);
    }
}

static void use_environment(struct zdd_config *config, char *const *environment,
                            struct zdd_buf *problems, struct zdd_buf *warnings)
{
    for (size_t i = 0; environment && environment[i]; i++) {
        const char *variable = environment[i];

        if (strncmp(variable, env_prefix, sizeof(env_prefix) - 1) == 0 && strchr(variable, '='))
            use_variable(config, variable, problems, warnings);
    }
}

static void use_command_line(struct zdd_config *config, const char *const *values,
                             struct zdd_buf *problems)
{
    for (int i = 0; values && i < ZDD_SETTING_COUNT; i++) {
        const enum zdd_setting setting = (enum zdd_setting)i;

        if (values[i] && !zdd_config_note(config, setting, ZDD_SOURCE_COMMAND_LINE, 0, values[i]))
            too_long(problems, "--", zdd_setting_rows[i].key);
    }
}

/* "--workers", "ZDD_WORKERS" or "zdd.conf:3: workers": the words of where the value stands. */
static void print_place(struct zdd_buf *buf, const struct zdd_config *config, int setting,
                        const char *file)
{
    const struct zdd_setting_row *row = &zdd_setting_rows[setting];
    const struct zdd_setting_origin *origin = &config->origin[setting];

    switch (origin->source) {
    case ZDD_SOURCE_FILE:
        zdd_buf_printf(buf, "%s:%d: %s", file, origin->line, row->key);
        break;
    case ZDD_SOURCE_ENVIRONMENT:
        zdd_buf_printf(buf, "environment: %s", row->env);
        break;
    case ZDD_SOURCE_COMMAND_LINE:
    case ZDD_SOURCE_DEFAULT:
        zdd_buf_printf(buf, "--%s", row->key);
        break;
    }
}

static void read_values(struct zdd_config *config, const char *file, struct zdd_buf *problems)
{
    for (int i = 0; i < ZDD_SETTING_COUNT; i++) {
        const struct zdd_setting_row *row = &zdd_setting_rows[i];
        char why[ZDD_SETTING_WHY_SIZE];

        if (row->read(row, config->origin[i].text, (char *)config + row->offset, why))
            continue;
        print_place(problems, config, i, file);
        zdd_buf_printf(problems, " %s", why);
        if (!strchr(config->origin[i].text, '@')) /* it may be an address with a password */
            zdd_buf_printf(problems, ", not \"%.100s\"", config->origin[i].text);
        zdd_buf_text(problems, "\n");
    }
}

bool zdd_config_load(const struct zdd_config_sources *sources, struct zdd_config *ret_config,
                     struct zdd_buf *problems, struct zdd_buf *warnings)
{
    *ret_config = (struct zdd_config){0};
    use_defaults(ret_config);
    if (sources->file)
        zdd_config_read_file(sources->file, ret_config, problems);
    use_environment(ret_config, sources->environment, problems, warnings);
    use_command_line(ret_config, sources->command_line, problems);
    read_values(ret_config, sources->file, problems);
    return problems->size == 0 && problems->err == ZDD_ERR_NONE;
}
