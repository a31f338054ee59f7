/**
 * @file server/net/auth.c
 * @brief Copies of who we are.
 */
#include "server/net/fetch.h"

#include <stdlib.h>
#include <string.h>

static bool copy_text(const char *text, const char **ret_copy)
{
    *ret_copy = text ? strdup(text) : NULL;
    return !text || *ret_copy;
}

static void free_copy(const char *text)
{
    free((void *)(uintptr_t)text);
}

bool zdd_fetch_auth_copy(const struct zdd_fetch_auth *auth, struct zdd_fetch_auth *ret_copy)
{
    *ret_copy = (struct zdd_fetch_auth){0};
    return copy_text(auth->basic, &ret_copy->basic) && copy_text(auth->header, &ret_copy->header) &&
           copy_text(auth->ca_file, &ret_copy->ca_file) &&
           copy_text(auth->cert_file, &ret_copy->cert_file) &&
           copy_text(auth->key_file, &ret_copy->key_file);
}

void zdd_fetch_auth_release(struct zdd_fetch_auth *copy)
{
    free_copy(copy->basic);
    free_copy(copy->header);
    free_copy(copy->ca_file);
    free_copy(copy->cert_file);
    free_copy(copy->key_file);
    *copy = (struct zdd_fetch_auth){0};
}
