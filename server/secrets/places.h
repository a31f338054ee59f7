/**
 * @file server/secrets/places.h
 * @brief Where a Marathon app definition can hold secrets: the one place that knows. Pure.
 *
 * | Where | What is secret |
 * |---|---|
 * | `env`, `labels` | the value under a name that fits the patterns (of labels not those that
 *   Marathon-LB, Marathon or this service read) |
 * | `container.docker.parameters` | the same for `env`, `e`, `label`, `l`: "NAME=value" |
 * | URLs in these, in `fetch` and `uris` | the password before `@` (or all before it), and
 *   parameters of the query whose names fit |
 * | `env`, `secrets`, `container.volumes`, `pullConfig`, `credential` | names of Marathon's
 *   secrets, and their sources |
 *
 * `cmd`, `args`, images and health checks are not looked into.
 */
#pragma once

#include "server/json/fields.h"
#include "server/secrets/globs.h"

/** A value that is secret, or may be one. */
struct zdd_place {
    const char *name; /* what it is, wherever it stands: "env/DB_PASSWORD" */
    const char *text; /* not NUL-terminated */
    size_t size;
    bool secret;                          /* by its name or its place */
    char pointer[ZDD_FIELD_POINTER_SIZE]; /* of the text that it is in */
};

/** Look at one. @param[out] ret_text  what shall stand there instead, to be freed by the walk; left
 * alone, the value stays. An error ends the walk. */
typedef enum zdd_err zdd_place_visit(void *cls, const struct zdd_place *place, char **ret_text);

struct zdd_places {
    const struct zdd_globs *globs; /* NULL: nothing is secret by name */
    zdd_place_visit *visit;
    void *cls;
    struct zdd_field_errors *errors; /* not NULL: a secret that is no text, which a check would
                                        quote, is an error of its own and becomes "" */
};

/**
 * Visit every value of @p definition (Marathon's, canonical, or a merge patch on one) that is
 * secret or could be, and put in what the visitor wants. Values of the wrong type are passed over.
 * @return NONE, NO_MEMORY, or the visitor's error
 */
ZDD_MUST_CHECK enum zdd_err zdd_places_walk(const struct zdd_places *walk, json_t *definition,
                                            const char *pointer);
