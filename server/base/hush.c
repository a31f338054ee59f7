/**
 * @file server/base/hush.c
 * @brief Looking for secrets in what others say.
 */
#include "server/base/hush.h"

#include <ctype.h>
#include <string.h>

#define ANYWHERE_MIN 4 /* bytes from which on a text is looked for inside words */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) != 0;
}

/* @return how many bytes of @p wanted, which is not NUL-terminated, stand at @p at */
static size_t match(const char *text, const char *at, const char *wanted, size_t size)
{
    if (size == 0 || strncmp(at, wanted, size) != 0)
        return 0;
    if (size < ANYWHERE_MIN && ((at > text && is_word(at[-1])) || is_word(at[size])))
        return 0;
    return size;
}

/* The same for the way JSON writes it, where that is another one. */
static size_t match_quoted(const char *text, const char *at, const char *wanted, enum zdd_err *err)
{
    ZDD_AUTO_BUF struct zdd_buf quoted = {0};

    if ((*at != *wanted && *at != '\\') || !strpbrk(wanted, "\"\\\b\f\n\r\t"))
        return 0;
    zdd_buf_json_string(&quoted, wanted);
    if (quoted.err != ZDD_ERR_NONE)
        *err = quoted.err;
    return quoted.err == ZDD_ERR_NONE ? match(text, at, quoted.data + 1, quoted.size - 2) : 0;
}

static const struct zdd_unspoken *longest(const char *text, const char *at,
                                          const struct zdd_unspoken_list *list, size_t *ret_size,
                                          enum zdd_err *err)
{
    const struct zdd_unspoken *found = NULL;

    *ret_size = 0;
    for (size_t i = 0; i < list->count; i++) {
        const char *wanted = list->item[i].text;
        size_t size = match(text, at, wanted, strlen(wanted));

        if (size == 0)
            size = match_quoted(text, at, wanted, err);
        if (size > *ret_size) {
            *ret_size = size;
            found = &list->item[i];
        }
    }
    return found;
}

bool zdd_hush(struct zdd_buf *buf, const char *text, const struct zdd_unspoken_list *list)
{
    enum zdd_err err = ZDD_ERR_NONE;
    bool replaced = false;

    for (const char *at = text; *at;) {
        size_t size;
        const struct zdd_unspoken *found = longest(text, at, list, &size, &err);

        if (found)
            zdd_buf_text(buf, found->instead);
        else
            zdd_buf_append(buf, at, 1);
        at += found ? size : 1;
        replaced = replaced || found;
    }
    if (buf->err == ZDD_ERR_NONE)
        buf->err = err; /* rather no text than one that may tell */
    return replaced;
}
