/**
 * @file server/cli/options.c
 * @brief Reading a command line by a table.
 */
#include "server/cli/options.h"

#include "server/json/words.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WRAP_COLUMN 96
#define TEXT_INDENT 6

/* A command line under way. */
struct line {
    const struct zdd_usage *usage;
    int argc;
    char *const *argv;
    int at;
    bool given[ZDD_OPTION_MAX];
    bool operand_given;
    struct zdd_buf *problem;
};

static size_t find(const struct zdd_usage *usage, const char *name, size_t size)
{
    size_t index = 0;

    while (index < usage->option_count && (strlen(usage->options[index].name) != size ||
                                           strncmp(usage->options[index].name, name, size) != 0))
        index++;
    return index;
}

static bool unknown(struct line *line, const char *argument)
{
    const struct zdd_usage *usage = line->usage;
    const char *names[ZDD_OPTION_MAX];
    char name[64];
    const char *nearest;

    for (size_t i = 0; i < usage->option_count; i++)
        names[i] = usage->options[i].name;
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(argument, "="), argument);
    nearest = zdd_words_nearest(name, names, usage->option_count);
    zdd_buf_printf(line->problem, "there is no option --%s", name);
    if (nearest)
        zdd_buf_printf(line->problem, ", did you mean --%s?", nearest);
    return false;
}

static bool take_option(struct line *line)
{
    const char *argument = line->argv[line->at] + 2;
    const size_t size = strcspn(argument, "=");
    const size_t index = find(line->usage, argument, size);

    if (index == line->usage->option_count)
        return unknown(line, argument);

    const struct zdd_option *option = &line->usage->options[index];
    const char *value = NULL;

    if (line->given[index]) {
        zdd_buf_printf(line->problem, "--%s is given twice", option->name);
        return false;
    }
    if (argument[size] == '=')
        value = argument + size + 1;
    else if (!option->argument)
        value = "true";
    else if (line->at + 1 < line->argc)
        value = line->argv[++line->at];
    if (!value) {
        zdd_buf_printf(line->problem, "--%s wants a value: --%s %s", option->name, option->name,
                       option->argument);
        return false;
    }
    line->given[index] = true;
    *option->value = value;
    return true;
}

static bool take_operand(struct line *line)
{
    const char *operand = line->argv[line->at];

    if (operand[0] == '-' && operand[1]) {
        zdd_buf_printf(line->problem, "options begin with two dashes, not as in \"%.60s\"",
                       operand);
        return false;
    }
    if (!line->usage->operand || line->operand_given) {
        zdd_buf_printf(line->problem, "unexpected \"%.60s\"", operand);
        return false;
    }
    line->operand_given = true;
    *line->usage->operand_value = operand;
    return true;
}

enum zdd_parsed zdd_options_parse(const struct zdd_usage *usage, int argc, char *const *argv,
                                  struct zdd_buf *problem)
{
    struct line line = {.usage = usage, .argc = argc, .argv = argv, .problem = problem};

    assert(usage->option_count <= ZDD_OPTION_MAX);
    for (; line.at < argc; line.at++) {
        const char *argument = argv[line.at];
        bool good;

        if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)
            return ZDD_PARSED_HELP;
        good = strncmp(argument, "--", 2) == 0 ? take_option(&line) : take_operand(&line);
        if (!good)
            return ZDD_PARSED_WRONG;
    }
    if (usage->operand && !line.operand_given) {
        zdd_buf_printf(problem, "%s is missing", usage->operand);
        return ZDD_PARSED_WRONG;
    }
    return ZDD_PARSED_OK;
}

void zdd_options_wrap(const char *text, int indent, struct zdd_buf *buf)
{
    size_t column = 0;

    while (*text) {
        const size_t word = strcspn(text, " ");

        if (column > 0 && column + 1 + word > WRAP_COLUMN) {
            zdd_buf_text(buf, "\n");
            column = 0;
        }
        if (column == 0) {
            zdd_buf_printf(buf, "%*s", indent, "");
            column = (size_t)indent;
        } else {
            zdd_buf_text(buf, " ");
            column++;
        }
        zdd_buf_append(buf, text, word);
        column += word;
        text += word;
        text += strspn(text, " ");
    }
    zdd_buf_text(buf, "\n");
}

void zdd_options_print(const struct zdd_usage *usage, struct zdd_buf *buf)
{
    zdd_buf_printf(buf, "Usage: zdd-server %s%s%s%s\n\n", usage->command,
                   usage->option_count > 0 ? " [options]" : "", usage->operand ? " " : "",
                   usage->operand ? usage->operand : "");
    zdd_buf_printf(buf, "%s\n", usage->text);
    if (usage->option_count > 0)
        zdd_buf_text(buf, "\nOptions:\n");
    for (size_t i = 0; i < usage->option_count; i++) {
        const struct zdd_option *option = &usage->options[i];

        zdd_buf_printf(buf, "  --%s%s%s\n", option->name, option->argument ? " " : "",
                       option->argument ? option->argument : "");
        zdd_options_wrap(option->text, TEXT_INDENT, buf);
    }
}
