/**
 * @file tests/tidy/source.h
 * @brief A source file as the checks see it: its lines, and its text without comments and literals.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct source {
    const char *path; /* below the root, "server/engine/due.c" */
    char *text;       /* as it is */
    char *code;       /* the same length; comments and the insides of literals are blanks */
    size_t size;
    size_t line_count;
};

/** @return false when the file cannot be read */
bool source_load(const char *root, const char *path, struct source *ret_source);
void source_release(struct source *source);

/** @return the number of the line, from 1, in which @p at stands; @p base is the text or the code
 * it points into */
size_t source_line(const char *base, const char *at);

/** @return true when @p c may be part of a name */
bool source_is_name(char c);

/** What a check found: one line "path:line: what, and what would be right" on stdout. */
void source_complain(const struct source *source, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** @return how many complaints there were */
size_t source_complaints(void);

/** Call @p visit for each .c and .h file below @p folder of @p root, in alphabetical order. @return
 * how many; 0 when there is no such folder */
size_t source_walk(const char *root, const char *folder,
                   void (*visit)(void *cls, const struct source *source), void *cls);
