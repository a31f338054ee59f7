/**
 * @file deploy/lab/roots.c
 * @brief The root states that were: the versions of groups (marathon.md §1.2).
 */
#include "deploy/lab/apps.h"

#include <stdlib.h>

static void free_root(struct zdd_lab_root *root)
{
    for (size_t i = 0; i < root->count; i++)
        zdd_lab_spec_unref(root->spec[i]);
    free(root);
}

/* The newest ZDD_LAB_VERSION_MAX stay. */
static void trim(struct zdd_lab *lab)
{
    struct zdd_lab_root **at = &lab->roots;

    for (size_t i = 0; i < ZDD_LAB_VERSION_MAX && *at; i++)
        at = &(*at)->next;
    while (*at) {
        struct zdd_lab_root *old = *at;

        *at = old->next;
        free_root(old);
    }
}

void zdd_lab_root_keep(struct zdd_lab *lab)
{
    struct zdd_lab_root *root;
    size_t count = 0;

    for (const struct zdd_lab_app *app = lab->apps; app; app = app->next)
        count++;
    root = calloc(1, sizeof(*root) + count * sizeof(struct zdd_lab_spec *));
    if (!root)
        abort();
    root->version_ms = lab->root_version_ms;
    for (const struct zdd_lab_app *app = lab->apps; app; app = app->next)
        root->spec[root->count++] = zdd_lab_spec_ref(app->spec);
    root->next = lab->roots;
    lab->roots = root;
    trim(lab);
}

const struct zdd_lab_root *zdd_lab_root_find(const struct zdd_lab *lab, int64_t version_ms)
{
    const struct zdd_lab_root *root = lab->roots;

    while (root && root->version_ms != version_ms)
        root = root->next;
    return root;
}

void zdd_lab_roots_release(struct zdd_lab *lab)
{
    while (lab->roots) {
        struct zdd_lab_root *root = lab->roots;

        lab->roots = root->next;
        free_root(root);
    }
}
