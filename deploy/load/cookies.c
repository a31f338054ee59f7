/**
 * @file deploy/load/cookies.c
 * @brief Name and value of each Set-Cookie; path, age and the rest do not matter to one address.
 */
#include "deploy/load/cookies.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SET "Set-Cookie:"

/* Where the pair with this name begins; NULL: there is none. */
static char *find(struct cookies *cookies, const char *name, size_t size)
{
    char *at = cookies->text;

    while (*at) {
        const char *end = strstr(at, "; ");

        if (strncmp(at, name, size) == 0 && at[size] == '=')
            return at;
        at = end ? at + (end - at) + 2 : at + strlen(at);
    }
    return NULL;
}

static void forget(struct cookies *cookies, const char *name, size_t size)
{
    char *at = find(cookies, name, size);
    char *next = at ? strstr(at, "; ") : NULL;

    if (next)
        memmove(at, next + 2, strlen(next + 2) + 1);
    else if (at)
        *(at > cookies->text ? at - 2 : at) = '\0';
}

static void keep(struct cookies *cookies, const char *pair, size_t size)
{
    const size_t used = strlen(cookies->text);

    if (used + strlen("; ") + size < COOKIES_SIZE)
        snprintf(cookies->text + used, COOKIES_SIZE - used, "%s%.*s", used > 0 ? "; " : "",
                 (int)size, pair);
}

/* @param pair  "name=value; Path=/", up to the end of its line */
static void take(struct cookies *cookies, const char *pair)
{
    const size_t size = strcspn(pair, ";\r\n");
    const size_t name = strcspn(pair, "=;\r\n");

    if (name == 0 || name >= size)
        return;
    forget(cookies, pair, name);
    if (size > name + 1)
        keep(cookies, pair, size);
}

void cookies_take(struct cookies *cookies, const char *head)
{
    const char *line = strchr(head, '\n');

    for (; line && line[1] != '\r' && line[1] != '\0'; line = strchr(line + 1, '\n')) {
        if (strncasecmp(line + 1, SET, strlen(SET)) == 0)
            take(cookies, line + 1 + strlen(SET) + strspn(line + 1 + strlen(SET), " \t"));
    }
}
