/**
 * @file server/http/squeeze.c
 * @brief gzip by zlib.
 */
#include "server/http/squeeze.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define LEVEL 1        /* a caller waits for it; JSON shrinks to a fifth all the same */
#define GZIP_WINDOW 31 /* 15 for the largest window, and 16 for a head in gzip's form */
#define MEMORY 8       /* zlib's own default */

static const char *const types[] = {"application/json", "application/problem+json", "text/"};

bool zdd_squeeze_fits(const char *type)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strncmp(type, types[i], strlen(types[i])) == 0)
            return strcmp(type, "text/event-stream") != 0;
    }
    return false;
}

/* The weight of one element, "gzip;q=0.5", cut at its end. */
static bool is_allowed(const char *element, size_t size)
{
    const char *q = memchr(element, ';', size);
    char text[16] = "1";

    if (!q)
        return true;
    q += 1 + strspn(q + 1, " \t");
    if (strncasecmp(q, "q=", 2) != 0 || q + 2 > element + size)
        return true;
    q += 2;
    size -= (size_t)(q - element);
    size = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
    memcpy(text, q, size);
    text[size] = '\0';
    return strtod(text, NULL) > 0;
}

bool zdd_squeeze_wanted(const char *accept_encoding)
{
    const char *at = accept_encoding ? accept_encoding : "";
    bool anything = false;

    while (*at) {
        const size_t size = strcspn(at += strspn(at, " \t,"), ",");
        const size_t name = strcspn(at, ";, \t");

        if (name == 4 && strncasecmp(at, "gzip", 4) == 0)
            return is_allowed(at, size);
        if (name == 1 && *at == '*')
            anything = is_allowed(at, size);
        at += size;
    }
    return anything;
}

/* @return the header's place in the reply, NULL when there is none */
static struct zdd_call_header *tag_of(struct zdd_call *call)
{
    for (size_t i = 0; i < call->header_count; i++) {
        if (strcasecmp(call->header[i].name, "ETag") == 0)
            return &call->header[i];
    }
    return NULL;
}

/* "7" to "7-gzip", in quotes both. @return NULL without memory, and for what is no tag */
static char *marked(const char *tag)
{
    const size_t size = strlen(tag);
    char *text = size > 1 && tag[size - 1] == '"' ? malloc(size + sizeof(ZDD_SQUEEZE_TAG)) : NULL;

    if (text)
        snprintf(text, size + sizeof(ZDD_SQUEEZE_TAG), "%.*s" ZDD_SQUEEZE_TAG "\"", (int)size - 1,
                 tag);
    return text;
}

static void set_tag(struct zdd_call *call, struct zdd_call_header *header, char *value)
{
    free(header->value);
    header->value = value;
    if (!value)
        *header = call->header[--call->header_count];
}

void zdd_squeeze_tag(struct zdd_call *call)
{
    struct zdd_call_header *header = tag_of(call);

    if (header)
        set_tag(call, header, marked(header->value));
}

void zdd_squeeze_tag_known(struct zdd_call *call)
{
    const char *known = zdd_call_header(call, "If-None-Match");
    struct zdd_call_header *header = tag_of(call);
    char *other = known && header ? marked(header->value) : NULL;

    if (other && strstr(known, other) && !strstr(known, header->value))
        set_tag(call, header, other);
    else
        free(other);
}

/* @return bytes written, 0 when they do not fit */
static size_t deflate_all(const struct zdd_buf *reply, unsigned char *room, size_t size)
{
    z_stream z = {0};
    size_t written = 0;

    if (deflateInit2(&z, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    z.next_in = (unsigned char *)reply->data;
    z.avail_in = (uInt)reply->size;
    z.next_out = room;
    z.avail_out = (uInt)size;
    if (deflate(&z, Z_FINISH) == Z_STREAM_END)
        written = size - z.avail_out;
    deflateEnd(&z);
    return written;
}

bool zdd_squeeze(struct zdd_buf *reply)
{
    const size_t size = reply->size;
    unsigned char *room = size > 0 && size <= UINT32_MAX ? malloc(size) : NULL;
    const size_t written = room ? deflate_all(reply, room, size) : 0;

    if (written > 0) {
        zdd_buf_clear(reply);
        zdd_buf_append(reply, (const char *)room, written);
    }
    free(room);
    return written > 0;
}
