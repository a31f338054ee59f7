/**
 * @file server/secrets/globs.c
 * @brief Patterns of names.
 */
#include "server/secrets/globs.h"

#include <ctype.h>
#include <string.h>

static bool is_allowed(char c)
{
    return isalnum((unsigned char)c) != 0 || (c != '\0' && strchr("_-.*?", c));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* @return what is wrong with the @p size bytes at @p glob, or NULL */
static const char *add(const char *glob, size_t size, struct zdd_globs *globs)
{
    if (size == 0)
        return "has a pattern without signs between its commas";
    if (size >= ZDD_GLOB_SIZE)
        return "has a pattern of more than 63 signs";
    if (globs->count == ZDD_GLOB_MAX)
        return "has more than 48 patterns";
    for (size_t i = 0; i < size; i++) {
        if (!is_allowed(glob[i]))
            return "has a pattern with a sign other than letters, digits, _ - . * ?";
    }
    memcpy(globs->glob[globs->count], glob, size);
    globs->glob[globs->count++][size] = '\0';
    return NULL;
}

const char *zdd_globs_read(const char *list, struct zdd_globs *ret_globs)
{
    const char *wrong = NULL;

    *ret_globs = (struct zdd_globs){0};
    list += strspn(list, " \t");
    while (*list && !wrong) {
        size_t size = strcspn(list, ",");
        const bool last = list[size] == '\0';
        const char *next = list + size + (last ? 0 : 1);

        while (size > 0 && is_blank(list[size - 1]))
            size--;
        wrong = add(list, size, ret_globs);
        next += strspn(next, " \t");
        if (!wrong && !last && !*next)
            wrong = "has a pattern without signs between its commas";
        list = next;
    }
    return wrong;
}

/* The last `*` is the only one that has to be gone back to: what is before it fits as it is. */
static bool fits(const char *glob, const char *name, size_t size)
{
    const char *star = NULL;
    size_t from = 0;
    size_t i = 0;

    while (i < size) { /* each round goes on in the name, or moves `from` */
        if (*glob == '*') {
            star = glob++;
            from = i;
        } else if (*glob == '?' ||
                   (*glob && toupper((unsigned char)*glob) == toupper((unsigned char)name[i]))) {
            glob++;
            i++;
        } else if (star) {
            glob = star + 1;
            i = ++from;
        } else {
            return false;
        }
    }
    return glob[strspn(glob, "*")] == '\0';
}

bool zdd_globs_fit(const struct zdd_globs *globs, const char *name, size_t size)
{
    for (size_t i = 0; i < globs->count; i++) {
        if (fits(globs->glob[i], name, size))
            return true;
    }
    return false;
}
