/**
 * @file server/yaml/document.h
 * @brief PRIVATE to server/yaml/: a document, and where each of its values stands.
 */
#pragma once

#include "server/yaml/yaml.h"

#define ZDD_YAML_TOP SIZE_MAX /* parent of the document's own value */

/** One value: whose it is, what it is called there, and where it stands. */
struct zdd_yaml_entry {
    size_t parent;    /* number of the entry of its container, or ZDD_YAML_TOP */
    const char *name; /* of a member, borrowed from the tree; NULL in a list */
    size_t index;     /* in a list */
    struct zdd_yaml_place place;
};

struct zdd_yaml {
    json_t *tree;
    struct zdd_yaml_entry
        *entry; /* as they come in the text; the first one is the document's own */
    size_t count, room;
};

/** Make room for one more entry. @return false without memory */
bool zdd_yaml_has_room(struct zdd_yaml *yaml);

/** @return the line of member @p name, which is there, of the mapping that is entry @p mapping */
int zdd_yaml_member_line(const struct zdd_yaml *yaml, size_t mapping, const char *name);
