/**
 * @file tests/tidy/sizes.c
 * @brief How much fits into a head: lines of a function and of a file, parameters, nesting.
 *
 * The code is read as clang-format leaves it: a function's body is the brace that follows
 * a closing parenthesis outside of everything, a compound literal has no blank before its brace.
 */
#include "tests/tidy/checks.h"
#include "tests/tidy/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUNCTION_LINES_MAX 70
#define FILE_LINES_MAX 400
#define PARAMETERS_MAX 6
#define NESTING_MAX 4
#define BRACES_MAX 64 /* open at the same time; more would be found as nesting anyway */

/* Signatures that a library imposes on its callbacks: "path", "function". */
static const struct {
    const char *path;
    const char *function;
} imposed[] = {
    {"server/http/mhd.c", "on_request"},     /* MHD_AccessHandlerCallback */
    {"server/http/tls.c", "zdd_tls_choose"}, /* gnutls_certificate_retrieve_function2 */
};

enum brace { BRACE_OTHER, BRACE_FUNCTION, BRACE_BLOCK };

struct reader {
    const struct source *source;
    enum brace open[BRACES_MAX];
    size_t depth;
    const char *function; /* its brace */
    size_t nesting, deepest;
    const char *deepest_at;
};

static size_t line_of(const struct reader *r, const char *at)
{
    return source_line(r->source->code, at);
}

/* The last character before @p at that is no blank; the first character of the file when there is
 * none. */
static const char *before(const struct reader *r, const char *at)
{
    while (at > r->source->code) {
        at--;
        if (*at != ' ' && *at != '\n' && *at != '\t')
            break;
    }
    return at;
}

static bool ends_with(const struct reader *r, const char *last, const char *word)
{
    const size_t size = strlen(word);
    const char *first = last + 1 - size;

    if (last + 1 < r->source->code + size || strncmp(first, word, size) != 0)
        return false;
    return first == r->source->code || !source_is_name(first[-1]);
}

/* A block is what follows `)`, `else`, `do` or another statement; the rest are initializers and
 * types. */
static enum brace kind_of(const struct reader *r, const char *at)
{
    const char *last = before(r, at);

    if (r->depth > 0 && r->open[r->depth - 1] == BRACE_OTHER)
        return BRACE_OTHER;
    if (r->depth == 0)
        return *last == ')' ? BRACE_FUNCTION : BRACE_OTHER;
    if (*last == ')')
        return last + 1 < at ? BRACE_BLOCK : BRACE_OTHER;
    if (strchr(";{}:", *last) || ends_with(r, last, "else") || ends_with(r, last, "do"))
        return BRACE_BLOCK;
    return BRACE_OTHER;
}

/* The parenthesis that the one at @p close belongs to. */
static const char *opening(const struct reader *r, const char *close)
{
    size_t depth = 0;

    for (const char *at = close; at >= r->source->code; at--) {
        depth += *at == ')';
        depth -= *at == '(';
        if (depth == 0)
            return at;
    }
    return r->source->code;
}

static size_t parameters_between(const char *open, const char *close)
{
    size_t depth = 0, count = 1;

    for (const char *at = open + 1; at < close; at++) {
        depth += *at == '(';
        depth -= *at == ')';
        count += *at == ',' && depth == 0;
    }
    return count;
}

/* @p open: the parenthesis behind the function's name. */
static bool is_imposed(const struct reader *r, const char *open)
{
    for (size_t i = 0; i < sizeof(imposed) / sizeof(imposed[0]); i++) {
        if (strcmp(r->source->path, imposed[i].path) == 0 &&
            ends_with(r, before(r, open), imposed[i].function))
            return true;
    }
    return false;
}

static void begin_function(struct reader *r, const char *at)
{
    const char *close = before(r, at);
    const char *open = opening(r, close);
    const size_t count = parameters_between(open, close);

    r->function = at;
    r->nesting = r->deepest = 0;
    if (count > PARAMETERS_MAX && !is_imposed(r, open))
        source_complain(r->source, line_of(r, close),
                        "%zu parameters; right would be: at most %d, or a struct of them", count,
                        PARAMETERS_MAX);
}

static void end_function(struct reader *r, const char *at)
{
    const size_t lines = line_of(r, at) - line_of(r, r->function) - 1;

    if (lines > FUNCTION_LINES_MAX)
        source_complain(r->source, line_of(r, r->function),
                        "a function of %zu lines; right would be: at most %d, better 25", lines,
                        FUNCTION_LINES_MAX);
    if (r->deepest > NESTING_MAX)
        source_complain(r->source, line_of(r, r->deepest_at),
                        "blocks nested %zu deep; right would be: at most %d, or an early return",
                        r->deepest, NESTING_MAX);
}

static void open_brace(struct reader *r, const char *at)
{
    const enum brace kind = kind_of(r, at);

    if (r->depth == BRACES_MAX) {
        fprintf(stderr, "%s: too many braces\n", r->source->path);
        exit(2);
    }
    if (kind == BRACE_FUNCTION)
        begin_function(r, at);
    if (kind == BRACE_BLOCK && ++r->nesting > r->deepest) {
        r->deepest = r->nesting;
        r->deepest_at = at;
    }
    r->open[r->depth++] = kind;
}

static void close_brace(struct reader *r, const char *at)
{
    if (r->depth == 0)
        return; /* the halves of an #if each have their own; what follows is counted anew */
    r->depth--;
    if (r->open[r->depth] == BRACE_FUNCTION)
        end_function(r, at);
    if (r->open[r->depth] == BRACE_BLOCK)
        r->nesting--;
}

/* Preprocessor lines are no code of a function. */
static const char *skip_directive(const char *at)
{
    while (*at && *at != '\n') {
        if (*at == '\\' && at[1] == '\n')
            at++;
        at++;
    }
    return at;
}

static void look_at(void *cls, const struct source *source)
{
    struct reader r = {.source = source};
    bool line_begins = true;

    (void)cls;
    if (source->line_count > FILE_LINES_MAX)
        source_complain(source, source->line_count,
                        "a file of %zu lines; right would be: at most %d, better 250",
                        source->line_count, FILE_LINES_MAX);
    for (const char *at = source->code; *at; at++) {
        if (line_begins && *at == '#') {
            at = skip_directive(at);
            if (!*at)
                break;
        }
        if (*at == '{')
            open_brace(&r, at);
        if (*at == '}')
            close_brace(&r, at);
        if (*at == '\n')
            line_begins = true;
        else if (*at != ' ' && *at != '\t')
            line_begins = false;
    }
}

void check_sizes(const char *root)
{
    static const char *const folders[] = {"strategies", "storage", "server", "deploy"};
    size_t files = 0;

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        files += source_walk(root, folders[i], look_at, NULL);
    if (files == 0) {
        fprintf(stderr, "no source files below %s\n", root);
        exit(2);
    }
}
