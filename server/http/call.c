/**
 * @file server/http/call.c
 * @brief Reading a call and writing its reply, without any server.
 */
#include "server/http/call.h"

#include "server/http/percent.h"
#include "server/json/json.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* "https://host/path" is allowed in a request line (RFC 9112 section 3.2.2): only the path matters.
 */
static const char *skip_authority(const char *target)
{
    static const char *const schemes[] = {"http://", "https://"};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        const size_t size = strlen(schemes[i]);
        const char *slash;

        if (strncasecmp(target, schemes[i], size) != 0)
            continue;
        slash = strchr(target + size, '/');
        return slash ? slash : "/";
    }
    return target;
}

/* Cut @p text into parameters, in place. */
static enum zdd_err read_query(struct zdd_call *call, char *text)
{
    while (text) {
        char *name = text;
        char *value = NULL;

        text = strchr(name, '&');
        if (text)
            *text++ = '\0';
        if (!*name)
            continue;
        if (call->query_count == ZDD_CALL_QUERY_MAX)
            return zdd_call_fail(call, ZDD_ERR_QUERY_INVALID, "more than %d query parameters",
                                 ZDD_CALL_QUERY_MAX);
        value = strchr(name, '=');
        if (value)
            *value++ = '\0';
        if (!zdd_percent_decode(name, true) || (value && !zdd_percent_decode(value, true)))
            return zdd_call_fail(
                call, ZDD_ERR_QUERY_INVALID,
                "query parameter %zu: broken percent-encoding (each %%XX is a byte "
                "of UTF-8, never 00)",
                call->query_count + 1);
        call->query[call->query_count++] = (struct zdd_call_param){name, value ? value : ""};
    }
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_call_open(struct zdd_call *call, const char *target)
{
    size_t size;
    char *query;

    target = skip_authority(target ? target : "");
    size = strlen(target) + 1;
    free(call->memory);
    call->query_count = 0;
    call->memory = malloc(2 * size); /* the target, and room for the path's decoded arguments */
    if (!call->memory)
        return ZDD_ERR_NO_MEMORY;
    memcpy(call->memory, target, size);
    call->path = call->memory;
    call->arg_memory = call->memory + size;
    query = strchr(call->memory, '?');
    if (query)
        *query++ = '\0';
    return read_query(call, query);
}

void zdd_call_release(struct zdd_call *call)
{
    json_decref(call->json);
    call->json = NULL;
    zdd_buf_release(&call->reply);
    while (call->header_count > 0)
        free(call->header[--call->header_count].value);
    free(call->errors);
    call->errors = NULL;
    free(call->memory);
    call->memory = NULL;
    call->arg_memory = NULL;
    call->path = NULL;
    call->query_count = 0;
}

const char *zdd_call_header(const struct zdd_call *call, const char *name)
{
    return call->carrier && call->carrier->header ? call->carrier->header(call, name) : NULL;
}

const char *zdd_call_query(const struct zdd_call *call, const char *name)
{
    for (size_t i = 0; i < call->query_count; i++) {
        if (strcmp(call->query[i].name, name) == 0)
            return call->query[i].value;
    }
    return NULL;
}

void zdd_call_queries(const struct zdd_call *call,
                      void (*visit)(void *cls, const char *name, const char *value), void *cls)
{
    for (size_t i = 0; i < call->query_count; i++)
        visit(cls, call->query[i].name, call->query[i].value);
}

enum zdd_err zdd_call_query_int(struct zdd_call *call, const char *name, int64_t min, int64_t max,
                                int64_t otherwise, int64_t *ret)
{
    const char *text = zdd_call_query(call, name);
    const char *digits;
    char *end = NULL;
    long long value;

    if (!text) {
        *ret = otherwise;
        return ZDD_ERR_NONE;
    }
    errno = 0;
    value = strtoll(text, &end, 10);
    digits = text + (*text == '-');
    /* strtoll() alone would accept "", " 5" and "+5". */
    if (*digits < '0' || *digits > '9' || *end || errno || value < min || value > max)
        return zdd_call_fail(call, ZDD_ERR_QUERY_INVALID,
                             "%s must be a whole number from %" PRId64 " to %" PRId64
                             ", not \"%.40s\"",
                             name, min, max, text);
    *ret = value;
    return ZDD_ERR_NONE;
}

/* Bytes of the media type that @p content_type begins with; 0 when what follows is no parameter. */
static size_t type_size(const char *content_type)
{
    const size_t size = strcspn(content_type, "; \t");

    return strspn(content_type + size, " \t") == strcspn(content_type + size, ";") ? size : 0;
}

static bool is_json_type(const char *content_type)
{
    const size_t size = type_size(content_type);

    if (size == 16 && strncasecmp(content_type, "application/json", size) == 0)
        return true;
    return size > 5 && strncasecmp(content_type + size - 5, "+json", 5) == 0;
}

bool zdd_call_has_type(const struct zdd_call *call, const char *media_type)
{
    const char *type = zdd_call_header(call, "Content-Type");
    const size_t size = type ? type_size(type) : 0;

    return size > 0 && size == strlen(media_type) && strncasecmp(type, media_type, size) == 0;
}

enum zdd_err zdd_call_coding(struct zdd_call *call)
{
    const char *coding = zdd_call_header(call, "Content-Encoding");

    if (!coding || !*coding || strcasecmp(coding, "identity") == 0)
        return ZDD_ERR_NONE;
    return zdd_call_fail(call, ZDD_ERR_MEDIA_TYPE,
                         "bodies are read as they are, not in the Content-Encoding \"%.40s\"",
                         coding);
}

enum zdd_err zdd_call_json(struct zdd_call *call)
{
    const char *type = zdd_call_header(call, "Content-Type");
    struct zdd_json_error where = {0};
    enum zdd_err err;

    if (call->json)
        return ZDD_ERR_NONE;
    if (!call->body || call->body_size == 0)
        return zdd_call_fail(call, ZDD_ERR_BODY_MALFORMED,
                             "the request has no body, but this operation reads a JSON document");
    if (!type)
        return zdd_call_fail(call, ZDD_ERR_MEDIA_TYPE,
                             "the request has no Content-Type; send application/json");
    if (!is_json_type(type))
        return zdd_call_fail(call, ZDD_ERR_MEDIA_TYPE,
                             "this operation reads application/json, not \"%.80s\"", type);
    err = zdd_call_coding(call);
    if (err != ZDD_ERR_NONE)
        return err;
    if (zdd_json_count(call->body, call->body_size) > ZDD_CALL_VALUE_MAX)
        return zdd_call_fail(call, ZDD_ERR_BODY_TOO_BIG,
                             "the body holds more than %d JSON values; no request needs so many",
                             ZDD_CALL_VALUE_MAX);
    err = zdd_json_read(call->body, call->body_size, &call->json, &where);
    if (err == ZDD_ERR_BODY_MALFORMED)
        return zdd_call_fail(call, err, "line %d, column %d: %s", where.line, where.column,
                             where.text);
    return err;
}

enum zdd_err zdd_call_fail(struct zdd_call *call, enum zdd_err err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(call->detail, sizeof(call->detail), format, args);
    va_end(args);
    return err;
}

struct zdd_field_errors *zdd_call_errors(struct zdd_call *call)
{
    static _Thread_local struct zdd_field_errors nowhere;

    if (!call->errors)
        call->errors = calloc(1, sizeof(*call->errors));
    nowhere.count = 0;
    nowhere.no_memory = false;
    return call->errors ? call->errors : &nowhere;
}

void zdd_call_add_header(struct zdd_call *call, const char *name, const char *format, ...)
{
    char value[ZDD_CALL_HEADER_SIZE];
    va_list args;
    int size;
    char *copy;

    assert(call->header_count < ZDD_CALL_HEADER_MAX);
    va_start(args, format);
    size = vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    if (size <= 0)
        return;
    if ((size_t)size >= sizeof(value)) {
        call->overlong = name;
        return;
    }
    for (char *c = value; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7F)
            *c = '?';
    }
    copy = strdup(value);
    if (copy)
        call->header[call->header_count++] = (struct zdd_call_header){name, copy};
}

const char *zdd_call_added(const struct zdd_call *call, const char *name)
{
    for (size_t i = 0; i < call->header_count; i++) {
        if (strcasecmp(call->header[i].name, name) == 0)
            return call->header[i].value;
    }
    return NULL;
}

void zdd_call_finish(struct zdd_call *call, enum zdd_err err)
{
    assert(err != ZDD_ERR_LATER);
    call->carrier->finish(call, err);
}

struct zdd_stream *zdd_call_stream(struct zdd_call *call, struct zdd_stream_source source,
                                   bool plain)
{
    return call->carrier->stream(call, source, plain);
}
