/**
 * @file server/yaml/yaml.h
 * @brief Reading YAML from outside safely: one bounded document becomes a JSON tree, and every
 * value in it remembers its line and column.
 *
 * Only this folder knows libyaml.
 */
#pragma once

#include "server/json/json.h"

/* What people write by hand stays far below all of these; what they bound is work and memory. */
#define ZDD_YAML_SIZE_MAX ((size_t)64 * 1024) /* bytes of a document */
#define ZDD_YAML_VALUE_MAX ((size_t)4000)     /* values: mappings, lists, texts, … */
#define ZDD_YAML_DEPTH_MAX 16                 /* mappings and lists inside each other */
#define ZDD_YAML_NAME_MAX 255                 /* bytes of a member's name */

/** Where something stands in the text, both from 1; columns are characters. */
struct zdd_yaml_place {
    int line;
    int column;
};

struct zdd_yaml; /* a document that was read */

/**
 * Read a whole text as one YAML document.
 *
 * Refused, with the place: what is no YAML or no UTF-8; a second document; aliases and anchors (a
 * few bytes of them stand for gigabytes), tags and directives; members that stand twice, names that
 * are no texts or too long; more depth than ZDD_YAML_DEPTH_MAX; the character U+0000. Plain words
 * that YAML 1.1 and 1.2 read differently are refused too, rather than guessed: yes, no, on, off,
 * 010, 0x10, 1_000, 10:30, .inf. Other plain words are null, a truth value, a number or a text, as
 * in YAML 1.2's core schema; numbers that no int64 or double holds are refused.
 *
 * @param[out] ret_yaml   set on success only; to be freed with zdd_yaml_free()
 * @param[out] ret_error  filled on failure
 * @return ZDD_ERR_NONE; ZDD_ERR_BODY_MALFORMED; ZDD_ERR_BODY_TOO_BIG (bytes or values);
 *         ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_yaml_read(const char *text, size_t size, struct zdd_yaml **ret_yaml,
                                          struct zdd_json_error *ret_error);

/** NULL is fine. @return NULL */
struct zdd_yaml *zdd_yaml_free(struct zdd_yaml *yaml);

/** @return the document's tree, members in the order of the text; borrowed */
const json_t *zdd_yaml_tree(const struct zdd_yaml *yaml);

/**
 * Where the value at @p pointer (RFC 6901, "" for the document) stands: a member that holds a
 * mapping or a list where its name begins, everything else where it begins itself. When the pointer
 * leads on to what is not there, it is the place of the last value on the way.
 */
struct zdd_yaml_place zdd_yaml_place_of(const struct zdd_yaml *yaml, const char *pointer);
