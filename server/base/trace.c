/**
 * @file server/base/trace.c
 * @brief Header traceparent.
 */
#include "server/base/trace.h"

#include "server/base/crypto.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TRACE_DIGITS 32
#define PARENT_DIGITS 16

static const char digits[] = "0123456789abcdef";

/* So many hex digits, not all of them 0. */
static bool is_id(const char *text, size_t size)
{
    return strspn(text, digits) >= size && strspn(text, "0") < size;
}

bool zdd_trace_read(const char *header, char ret_id[static ZDD_TRACE_ID_SIZE])
{
    const char *id, *flags;

    ret_id[0] = '\0';
    /* "00-<32>-<16>-<2>"; later versions may go on behind that, and "ff" is none. */
    if (!header || strlen(header) < ZDD_TRACE_HEADER_SIZE - 1 || strspn(header, digits) != 2 ||
        header[2] != '-' || strncmp(header, "ff", 2) == 0)
        return false;
    id = header + 3;
    flags = id + TRACE_DIGITS + 1 + PARENT_DIGITS + 1;
    if (!is_id(id, TRACE_DIGITS) || id[TRACE_DIGITS] != '-' ||
        !is_id(id + TRACE_DIGITS + 1, PARENT_DIGITS) || flags[-1] != '-' ||
        strspn(flags, digits) != 2)
        return false;
    if (flags[2] != '\0' && (flags[2] != '-' || strncmp(header, "00", 2) == 0))
        return false;
    memcpy(ret_id, id, TRACE_DIGITS);
    ret_id[TRACE_DIGITS] = '\0';
    return true;
}

bool zdd_trace_write(const char *uuid, char ret_header[static ZDD_TRACE_HEADER_SIZE])
{
    char id[ZDD_TRACE_ID_SIZE];
    uint64_t parent;
    size_t size = 0;

    ret_header[0] = '\0';
    for (const char *c = uuid; *c; c++) {
        if (*c == '-')
            continue;
        if (!strchr(digits, *c) || size == TRACE_DIGITS)
            return false;
        id[size++] = *c;
    }
    id[size] = '\0';
    if (size != TRACE_DIGITS || !is_id(id, TRACE_DIGITS))
        return false;
    zdd_random(&parent, sizeof(parent));
    snprintf(ret_header, ZDD_TRACE_HEADER_SIZE, "00-%s-%016llx-01", id,
             (unsigned long long)(parent | 1));
    return true;
}
