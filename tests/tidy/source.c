/**
 * @file tests/tidy/source.c
 * @brief Reading source files, and blanking out what is not code.
 */
#include "tests/tidy/source.h"

#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_SIZE 1024
#define WHOLE_SIZE 4096          /* the root, and a path */
#define FILE_SIZE_MAX (4L << 20) /* no source file of ours is near that */

static size_t complaints;

bool source_is_name(char c)
{
    return c == '_' || isalnum((unsigned char)c);
}

/* The end of the literal or comment that begins at @p at; NULL when nothing begins there. */
static char *skip(char *at)
{
    const char quote = *at;

    if (at[0] == '/' && at[1] == '*') {
        char *end = strstr(at + 2, "*/");

        return end ? end + 2 : at + strlen(at);
    }
    if (at[0] == '/' && at[1] == '/')
        return at + strcspn(at, "\n");
    if (quote != '"' && quote != '\'')
        return NULL;
    for (at++; *at && *at != quote && *at != '\n'; at++) {
        if (*at == '\\' && at[1])
            at++;
    }
    return *at == quote ? at + 1 : at;
}

/* Quotes stay, so that a literal is still seen to be one. */
static void blank_out(char *code)
{
    for (char *at = code; *at;) {
        char *end = skip(at);
        const bool literal = *at == '"' || *at == '\'';

        if (!end) {
            at++;
            continue;
        }
        for (char *c = literal ? at + 1 : at; c < (literal ? end - 1 : end); c++) {
            if (*c != '\n')
                *c = ' ';
        }
        at = end;
    }
}

static char *read_whole(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long size = -1;

    if (!file)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size >= 0 && size <= FILE_SIZE_MAX && fseek(file, 0, SEEK_SET) == 0)
        text = calloc((size_t)size + 1, 1);
    if (text && fread(text, 1, (size_t)size, file) != (size_t)size) {
        free(text);
        text = NULL;
    }
    fclose(file);
    *ret_size = text ? (size_t)size : 0;
    return text;
}

bool source_load(const char *root, const char *path, struct source *ret_source)
{
    struct source source = {.path = path};
    char whole[WHOLE_SIZE];

    snprintf(whole, sizeof(whole), "%s/%s", root, path);
    source.text = read_whole(whole, &source.size);
    source.code = source.text ? malloc(source.size + 1) : NULL;
    if (!source.code) {
        source_release(&source);
        return false;
    }
    memcpy(source.code, source.text, source.size + 1);
    blank_out(source.code);
    for (const char *at = source.text; *at; at++)
        source.line_count += *at == '\n';
    *ret_source = source;
    return true;
}

void source_release(struct source *source)
{
    free(source->text);
    free(source->code);
}

size_t source_line(const char *base, const char *at)
{
    size_t line = 1;

    for (const char *c = base; c < at; c++)
        line += *c == '\n';
    return line;
}

void source_complain(const struct source *source, size_t line, const char *format, ...)
{
    va_list values;

    complaints++;
    printf("%s:%zu: ", source->path, line);
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    printf("\n");
}

size_t source_complaints(void)
{
    return complaints;
}

static bool is_source(const char *name)
{
    const size_t size = strlen(name);

    return size > 2 && name[size - 2] == '.' && (name[size - 1] == 'c' || name[size - 1] == 'h');
}

static void visit_file(const char *root, const char *path,
                       void (*visit)(void *cls, const struct source *source), void *cls)
{
    struct source source;

    if (!source_load(root, path, &source)) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(2);
    }
    visit(cls, &source);
    source_release(&source);
}

size_t source_walk(const char *root, const char *folder,
                   void (*visit)(void *cls, const struct source *source), void *cls)
{
    struct dirent **entries;
    char whole[WHOLE_SIZE];
    size_t found = 0;
    int count;

    snprintf(whole, sizeof(whole), "%s/%s", root, folder);
    count = scandir(whole, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char path[PATH_SIZE];
        struct stat info;

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        snprintf(whole, sizeof(whole), "%s/%s", root, path);
        if (name[0] != '.' && stat(whole, &info) == 0) {
            if (S_ISDIR(info.st_mode)) {
                found += source_walk(root, path, visit, cls);
            } else if (is_source(name)) {
                visit_file(root, path, visit, cls);
                found++;
            }
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return found;
}
