/**
 * @file server/cli/options.h
 * @brief Options of a command as a table: parsed, explained, and corrected when mistyped.
 */
#pragma once

#include "server/base/buf.h"

#include <stddef.h>

/** One option. A flag has no argument; given alone it has the value "true". */
struct zdd_option {
    const char *name;     /* "db", without the dashes */
    const char *argument; /* "FILE", or NULL for a flag */
    const char *text;     /* one or two sentences */
    const char **value;   /* set when given, borrowed from argv; untouched otherwise */
};

/** What a command understands. */
struct zdd_usage {
    const char *command; /* "token create" */
    const char *text;    /* what it does; may be several lines */
    const struct zdd_option *options;
    size_t option_count;
    const char *operand;        /* "NAME", or NULL: none is taken */
    const char **operand_value; /* exactly one is wanted */
};

enum zdd_parsed { ZDD_PARSED_OK, ZDD_PARSED_HELP, ZDD_PARSED_WRONG };

#define ZDD_OPTION_MAX 64 /* of one command */

/**
 * Read "--name value", "--name=value", "--flag" and the operand.
 *
 * @param argv         what stands after the command's words
 * @param[out] problem on WRONG: one sentence that says what would be right
 * @return ZDD_PARSED_HELP as soon as --help or -h is met
 */
enum zdd_parsed zdd_options_parse(const struct zdd_usage *usage, int argc, char *const *argv,
                                  struct zdd_buf *problem);

/** Append the help of a command. */
void zdd_options_print(const struct zdd_usage *usage, struct zdd_buf *buf);

/** Append @p text broken at spaces, each line behind @p indent spaces and at most 96 wide. */
void zdd_options_wrap(const char *text, int indent, struct zdd_buf *buf);
