/**
 * @file tests/tidy/banned.c
 * @brief Functions of libc that nobody may call.
 */
#include "tests/tidy/checks.h"
#include "tests/tidy/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *instead;
} banned[] = {
    {"strcpy", "snprintf or memcpy with a size"},
    {"strcat", "struct zdd_buf, or snprintf at an offset"},
    {"strncpy", "snprintf: strncpy may leave out the NUL"},
    {"sprintf", "snprintf"},
    {"vsprintf", "vsnprintf"},
    {"gets", "fgets"},
    {"strtok", "strcspn and strspn: strtok keeps hidden state"},
    {"atoi", "strtol, with its end and errno checked"},
    {"atol", "strtol, with its end and errno checked"},
    {"atoll", "strtoll, with its end and errno checked"},
    {"atof", "strtod, with its end and errno checked"},
    {"gmtime", "gmtime_r: threads"},
    {"localtime", "localtime_r: threads"},
    {"ctime", "zdd_time_format"},
    {"asctime", "zdd_time_format"},
    {"rand", "zdd_random, or a seeded generator of one's own"},
    {"srand", "a seeded generator of one's own"},
    {"tmpnam", "mkstemp or mkdtemp"},
    {"mktemp", "mkstemp or mkdtemp"},
    {"alloca", "a bounded array or malloc"},
    {"system", "posix_spawn with arguments of its own: no shell"},
    {"popen", "posix_spawn with arguments of its own: no shell"},
};

/* A call: the name as a whole word, not a member, and an opening parenthesis behind it. */
static bool is_call(const struct source *source, const char *at, size_t size)
{
    const char *behind = at + size;

    if (at > source->code && (source_is_name(at[-1]) || at[-1] == '.' || at[-1] == '>'))
        return false;
    while (*behind == ' ')
        behind++;
    return *behind == '(';
}

static void look_at(void *cls, const struct source *source)
{
    (void)cls;
    for (size_t i = 0; i < sizeof(banned) / sizeof(banned[0]); i++) {
        const size_t size = strlen(banned[i].name);

        for (const char *at = strstr(source->code, banned[i].name); at;
             at = strstr(at + size, banned[i].name)) {
            if (is_call(source, at, size))
                source_complain(source, source_line(source->code, at),
                                "%s() is banned; right would be: %s", banned[i].name,
                                banned[i].instead);
        }
    }
}

void check_banned(const char *root)
{
    static const char *const folders[] = {"strategies", "storage", "server", "deploy", "tests"};
    size_t files = 0;

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        files += source_walk(root, folders[i], look_at, NULL);
    if (files == 0) {
        fprintf(stderr, "no source files below %s\n", root);
        exit(2);
    }
}
