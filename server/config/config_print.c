/**
 * @file server/config/config_print.c
 * @brief The table of settings, printed.
 */
#include "server/config/config_print.h"

#include "server/config/setting.h"

#include <inttypes.h>
#include <string.h>

#define WRAP_COLUMN 96

static void print_source(const struct zdd_setting_origin *origin, const char *file,
                         const struct zdd_setting_row *row, struct zdd_buf *buf)
{
    switch (origin->source) {
    case ZDD_SOURCE_DEFAULT:
        zdd_buf_text(buf, "default");
        break;
    case ZDD_SOURCE_FILE:
        zdd_buf_printf(buf, "%s:%d", file, origin->line);
        break;
    case ZDD_SOURCE_ENVIRONMENT:
        zdd_buf_text(buf, row->env);
        break;
    case ZDD_SOURCE_COMMAND_LINE:
        zdd_buf_text(buf, "command line");
        break;
    }
}

void zdd_config_print(const struct zdd_config *config, const char *file, struct zdd_buf *buf)
{
    for (int i = 0; i < ZDD_SETTING_COUNT; i++) {
        const struct zdd_setting_row *row = &zdd_setting_rows[i];

        zdd_buf_printf(buf, "%-18s = %-32s # ", row->key, config->origin[i].text);
        print_source(&config->origin[i], file, row, buf);
        zdd_buf_text(buf, "\n");
    }
}

/* Comment lines of at most WRAP_COLUMN characters, broken at spaces. */
static void print_comment(const char *text, struct zdd_buf *buf)
{
    size_t column = 0;

    while (*text) {
        const size_t word = strcspn(text, " ");

        if (column > 0 && column + 1 + word > WRAP_COLUMN) {
            zdd_buf_text(buf, "\n");
            column = 0;
        }
        zdd_buf_text(buf, column == 0 ? "# " : " ");
        zdd_buf_append(buf, text, word);
        column += word + (column == 0 ? 2 : 1);
        text += word;
        text += strspn(text, " ");
    }
    zdd_buf_text(buf, "\n");
}

void zdd_config_print_sample(struct zdd_buf *buf)
{
    zdd_buf_text(buf, "# Settings of zdd-server. Every line is the default; take away the # to "
                      "change it.\n"
                      "# An environment variable goes before this file, an option of the command "
                      "line before both.\n");
    for (int i = 0; i < ZDD_SETTING_COUNT; i++) {
        const struct zdd_setting_row *row = &zdd_setting_rows[i];

        zdd_buf_text(buf, "\n");
        print_comment(row->text, buf);
        zdd_buf_printf(buf, "# (%s, --%s%s%s)\n#%s = %s\n", row->env, row->key,
                       row->argument ? " " : "", row->argument ? row->argument : "", row->key,
                       row->otherwise);
    }
}
