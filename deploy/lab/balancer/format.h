/**
 * @file deploy/lab/balancer/format.h
 * @brief Templates of labels: "{field}" is replaced, "{{" and "}}" are braces (Python's format,
 * without its conversions).
 */
#pragma once

#include "server/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct zdd_mlb_field {
    const char *name, *value;
};

/** @return false when a brace is alone or a field is not known; then @p buf holds a part */
bool zdd_mlb_format(struct zdd_buf *buf, const char *template_text,
                    const struct zdd_mlb_field *fields, size_t count);
