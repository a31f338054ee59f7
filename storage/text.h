/**
 * @file storage/text.h
 * @brief Texts of any length that come out of the database.
 */
#pragma once

#include <stdlib.h>

/** Owned by the caller; NULL when the column is NULL. */
struct zdd_text {
    char *data;
};

static inline void zdd_text_release(struct zdd_text *text)
{
    free(text->data);
    text->data = NULL;
}

#define ZDD_AUTO_TEXT __attribute__((cleanup(zdd_text_release)))
