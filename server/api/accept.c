/**
 * @file server/api/accept.c
 * @brief Headers with a grammar of their own: Accept, ETags, Prefer. Pure.
 */
#include "server/api/inside.h"
#include "server/http/squeeze.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const media_names[] = {
    [ZDD_MEDIA_NONE] = "",
    [ZDD_MEDIA_JSON] = "application/json",
    [ZDD_MEDIA_SSE] = "text/event-stream",
    [ZDD_MEDIA_NDJSON] = "application/x-ndjson",
    [ZDD_MEDIA_TEXT] = "text/plain",
};

/* Copy the next element of a comma-separated list, without blanks around it, cut to fit. @return
 * what is behind it, NULL at the end */
static const char *next_element(const char *list, char *ret_element, size_t size)
{
    size_t length;
    const char *end;

    list += strspn(list, " \t,");
    if (!*list)
        return NULL;
    length = strcspn(list, ",");
    end = list + length;
    while (length > 0 && (list[length - 1] == ' ' || list[length - 1] == '\t'))
        length--;
    if (length >= size)
        length = size - 1;
    memcpy(ret_element, list, length);
    ret_element[length] = '\0';
    return end;
}

/* How exactly a media range names @p media: 3 fully, 2 as type/…, 1 as anything, 0 not. */
static int precision(const char *range, const char *media)
{
    const size_t size = strcspn(range, "; \t");
    const size_t type_size = strcspn(media, "/") + 1;

    if (size == 3 && strncmp(range, "*/*", 3) == 0)
        return 1;
    if (size == type_size + 1 && strncasecmp(range, media, type_size) == 0 &&
        range[type_size] == '*')
        return 2;
    return size == strlen(media) && strncasecmp(range, media, size) == 0 ? 3 : 0;
}

static double quality(const char *range)
{
    const char *semicolon = strchr(range, ';');

    while (semicolon) {
        const char *name = semicolon + 1 + strspn(semicolon + 1, " \t");

        if (strncasecmp(name, "q=", 2) == 0)
            return strtod(name + 2, NULL);
        semicolon = strchr(name, ';');
    }
    return 1;
}

/* What @p accept thinks of @p media: the most exact range that fits decides. */
static double wish(const char *accept, enum zdd_media media)
{
    char range[128];
    double best = 0;
    int best_precision = 0;

    while ((accept = next_element(accept, range, sizeof(range))) != NULL) {
        const int here = precision(range, media_names[media]);

        if (here > best_precision) {
            best_precision = here;
            best = quality(range);
        }
    }
    return best;
}

static bool offered(enum zdd_media media, unsigned flags)
{
    switch (media) {
    case ZDD_MEDIA_JSON:
        return !(flags & ZDD_ROUTE_TEXT_ONLY);
    case ZDD_MEDIA_SSE:
        return flags & ZDD_ROUTE_SSE;
    case ZDD_MEDIA_NDJSON:
        return flags & ZDD_ROUTE_NDJSON;
    case ZDD_MEDIA_TEXT:
        return flags & (ZDD_ROUTE_TEXT | ZDD_ROUTE_TEXT_ONLY);
    case ZDD_MEDIA_NONE:
        break;
    }
    return false;
}

enum zdd_media zdd_accept_choose(const char *accept, unsigned flags)
{
    enum zdd_media best = ZDD_MEDIA_NONE;
    double best_wish = 0;

    if (!accept || !*accept)
        accept = "*/*";
    for (enum zdd_media media = ZDD_MEDIA_JSON; media <= ZDD_MEDIA_TEXT; media++) {
        const double here = offered(media, flags) ? wish(accept, media) : 0;

        if (here > best_wish) {
            best_wish = here;
            best = media;
        }
    }
    return best;
}

void zdd_accept_words(unsigned flags, char *ret_text, size_t size)
{
    size_t used = 0;

    for (enum zdd_media media = ZDD_MEDIA_JSON; media <= ZDD_MEDIA_TEXT && used < size; media++) {
        if (offered(media, flags))
            used += (size_t)snprintf(ret_text + used, size - used, "%s%s", used ? ", " : "",
                                     media_names[media]);
    }
}

bool zdd_etag_listed(const char *list, int64_t revision)
{
    char wanted[32];

    snprintf(wanted, sizeof(wanted), "\"%" PRId64 "\"", revision);
    return zdd_etag_text_listed(list, wanted);
}

/* Compressed or not, it is the same state of the same thing. */
static bool is_tag(const char *tag, const char *etag)
{
    const size_t size = strlen(etag);

    return strcmp(tag, etag) == 0 || (size > 0 && strncmp(tag, etag, size - 1) == 0 &&
                                      strcmp(tag + size - 1, ZDD_SQUEEZE_TAG "\"") == 0);
}

bool zdd_etag_text_listed(const char *list, const char *etag)
{
    char element[64];

    while ((list = next_element(list, element, sizeof(element))) != NULL) {
        const char *tag = strncmp(element, "W/", 2) == 0 ? element + 2 : element;

        if (is_tag(tag, etag) || strcmp(element, "*") == 0)
            return true;
    }
    return false;
}

int zdd_prefer_wait(const char *prefer, int max)
{
    char element[64] = "";

    while (prefer && (prefer = next_element(prefer, element, sizeof(element))) != NULL) {
        long seconds;

        if (strncasecmp(element, "wait=", 5) != 0 || element[5] < '0' || element[5] > '9')
            continue;
        seconds = strtol(element + 5, NULL, 10);
        return seconds < max ? (int)seconds : max;
    }
    return -1;
}
