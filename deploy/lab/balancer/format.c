/**
 * @file deploy/lab/balancer/format.c
 * @brief Filling in the fields of a template.
 */
#include "deploy/lab/balancer/format.h"

#include <string.h>

static const char *value_of(const struct zdd_mlb_field *fields, size_t count, const char *name,
                            size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(fields[i].name) == size && strncmp(fields[i].name, name, size) == 0)
            return fields[i].value;
    return NULL;
}

bool zdd_mlb_format(struct zdd_buf *buf, const char *template_text,
                    const struct zdd_mlb_field *fields, size_t count)
{
    const char *at = template_text;

    while (*at) {
        const size_t plain = strcspn(at, "{}");
        const char *value;
        size_t size;

        zdd_buf_append(buf, at, plain);
        at += plain;
        if (!*at)
            break;
        if (at[1] == *at) {
            zdd_buf_append(buf, at, 1);
            at += 2;
            continue;
        }
        size = strcspn(at + 1, "{}");
        value = *at == '{' && at[1 + size] == '}' ? value_of(fields, count, at + 1, size) : NULL;
        if (!value)
            return false;
        zdd_buf_text(buf, value);
        at += size + 2;
    }
    return true;
}
