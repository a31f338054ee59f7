/**
 * @file server/yaml/document.c
 * @brief A document, and where each of its values stands.
 */
#include "server/yaml/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool zdd_yaml_has_room(struct zdd_yaml *yaml)
{
    const size_t room = yaml->room ? 2 * yaml->room : 64;
    struct zdd_yaml_entry *entry;

    if (yaml->count < yaml->room)
        return true;
    entry = realloc(yaml->entry, room * sizeof(*entry));
    if (!entry)
        return false;
    yaml->entry = entry;
    yaml->room = room;
    return true;
}

int zdd_yaml_member_line(const struct zdd_yaml *yaml, size_t mapping, const char *name)
{
    size_t i = mapping + 1;

    while (yaml->entry[i].parent != mapping || strcmp(yaml->entry[i].name, name) != 0)
        i++;
    return yaml->entry[i].place.line;
}

struct zdd_yaml *zdd_yaml_free(struct zdd_yaml *yaml)
{
    if (!yaml)
        return NULL;
    json_decref(yaml->tree);
    free(yaml->entry);
    free(yaml);
    return NULL;
}

const json_t *zdd_yaml_tree(const struct zdd_yaml *yaml)
{
    return yaml->tree;
}

static bool entry_is(const struct zdd_yaml_entry *entry, const char *token, size_t size)
{
    char number[24];

    if (entry->name)
        return zdd_json_token_is(token, size, entry->name);
    snprintf(number, sizeof(number), "%zu", entry->index);
    return strlen(number) == size && memcmp(number, token, size) == 0;
}

/* The entry below entry @p parent that @p token calls; ZDD_YAML_TOP when there is none. */
static size_t entry_below(const struct zdd_yaml *yaml, size_t parent, const char *token,
                          size_t size)
{
    for (size_t i = parent + 1; i < yaml->count; i++) {
        if (yaml->entry[i].parent == parent && entry_is(&yaml->entry[i], token, size))
            return i;
    }
    return ZDD_YAML_TOP;
}

struct zdd_yaml_place zdd_yaml_place_of(const struct zdd_yaml *yaml, const char *pointer)
{
    size_t at = 0;

    while (*pointer == '/') {
        const size_t size = strcspn(++pointer, "/");
        const size_t below = entry_below(yaml, at, pointer, size);

        if (below == ZDD_YAML_TOP)
            break;
        at = below;
        pointer += size;
    }
    return yaml->entry[at].place;
}
