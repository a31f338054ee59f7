/**
 * @file server/config/config_file.c
 * @brief The settings file: "key = value" lines, # begins a comment.
 */
#include "server/config/setting.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SPACE " \t\r\n"

struct reader {
    const char *name;
    int line;
    struct zdd_config *config;
    struct zdd_buf *problems;
};

__attribute__((format(printf, 2, 3))) static void complain(struct reader *reader,
                                                           const char *format, ...)
{
    char text[300];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    zdd_buf_printf(reader->problems, "%s:%d: %s", reader->name, reader->line, text);
}

/* Cut @p text to what stands between its spaces. */
static char *trim(char *text)
{
    char *end;

    text += strspn(text, SPACE);
    end = text + strlen(text);
    while (end > text && strchr(SPACE, end[-1]))
        end--;
    *end = '\0';
    return text;
}

/* Take away a comment: a # at the start or after a space. */
static void cut_comment(char *text)
{
    for (char *at = text; *at; at++) {
        if (*at == '#' && (at == text || at[-1] == ' ' || at[-1] == '\t')) {
            *at = '\0';
            return;
        }
    }
}

/* Quotes around the whole value are not part of it. */
static char *unquote(char *text)
{
    const size_t size = strlen(text);

    if (size < 2 || text[0] != '"' || text[size - 1] != '"')
        return text;
    text[size - 1] = '\0';
    return text + 1;
}

/* What the system says about @p error. */
static void cannot_read(const char *name, int error, struct zdd_buf *problems)
{
    char why[100];

    if (strerror_r(error, why, sizeof(why)) != 0)
        snprintf(why, sizeof(why), "error %d", error);
    zdd_buf_printf(problems, "%s: cannot be read: %s\n", name, why);
}

static void take_pair(struct reader *reader, const char *key, const char *value)
{
    const enum zdd_setting setting = zdd_setting_find(key);

    if (setting == ZDD_SETTING_COUNT) {
        complain(reader, "unknown setting \"%.100s\"", key);
        zdd_config_suggest(reader->problems, key, false);
        zdd_buf_text(reader->problems, "\n");
    } else if (reader->config->origin[setting].source == ZDD_SOURCE_FILE) {
        complain(reader, "%s was set in line %d already\n", key,
                 reader->config->origin[setting].line);
    } else if (!zdd_config_note(reader->config, setting, ZDD_SOURCE_FILE, reader->line, value)) {
        complain(reader, "the value of %s must be shorter than %d bytes\n", key,
                 ZDD_CONFIG_TEXT_SIZE * 2);
    }
}

static void take_line(struct reader *reader, char *line)
{
    char *text, *equals;

    cut_comment(line);
    text = trim(line);
    if (!*text)
        return;
    equals = strchr(text, '=');
    if (!equals) {
        complain(reader, "expected \"key = value\", not \"%.100s\"\n", text);
        return;
    }
    *equals = '\0';
    take_pair(reader, trim(text), unquote(trim(equals + 1)));
}

/* @return false when the rest of the file is not worth reading */
static bool check_line(struct reader *reader, const char *line, size_t size)
{
    if (strlen(line) < size) {
        complain(reader, "the line has a NUL byte; is this a settings file?\n");
        return false;
    }
    if (size == ZDD_CONFIG_LINE_MAX - 1 && line[size - 1] != '\n') {
        complain(reader, "the line is longer than %d bytes; is this a settings file?\n",
                 ZDD_CONFIG_LINE_MAX - 2);
        return false;
    }
    if (reader->line > ZDD_CONFIG_LINES_MAX) {
        complain(reader, "the file has more than %d lines; is this a settings file?\n",
                 ZDD_CONFIG_LINES_MAX);
        return false;
    }
    return true;
}

/* Read a line that may have NUL bytes inside: the last one in the array is its end. @return false
 * at the end of the file */
static bool read_line(FILE *file, char line[static ZDD_CONFIG_LINE_MAX], size_t *ret_size)
{
    size_t size = ZDD_CONFIG_LINE_MAX;

    memset(line, ' ', ZDD_CONFIG_LINE_MAX);
    if (!fgets(line, ZDD_CONFIG_LINE_MAX, file))
        return false;
    while (line[size - 1] != '\0')
        size--;
    *ret_size = size - 1;
    return true;
}

void zdd_config_read_file(const char *name, struct zdd_config *config, struct zdd_buf *problems)
{
    struct reader reader = {.name = name, .config = config, .problems = problems};
    char line[ZDD_CONFIG_LINE_MAX];
    size_t size;
    FILE *file = fopen(name, "re");

    if (!file) {
        cannot_read(name, errno, problems);
        return;
    }
    while (read_line(file, line, &size)) {
        reader.line++;
        if (!check_line(&reader, line, size))
            break;
        take_line(&reader, line);
    }
    if (ferror(file))
        cannot_read(name, errno, problems);
    fclose(file);
}
