/**
 * @file server/json/appdef_parts.h
 * @brief What the appdef_*.c files share; nothing for others.
 */
#pragma once

#include "server/json/appdef.h"
#include "strategies/model/limits.h"

/* A definition under construction; a lack of memory sticks, so nothing incomplete is handed out. */
struct zdd_draft {
    json_t *app; /* owned */
    bool failed;
};

/**
 * Set a member; takes over @p value. Nothing happens when @p object is no object: what came
 * from outside may be anything.
 */
void zdd_draft_put(struct zdd_draft *draft, json_t *object, const char *key, json_t *value);

/** The same, but only when the member is not there yet. */
void zdd_draft_fill(struct zdd_draft *draft, json_t *object, const char *key, json_t *value);

/** @return the finished definition, or NULL when memory failed; the draft is empty after */
json_t *zdd_draft_take(struct zdd_draft *draft);

/**
 * @return a copy of the object or array @p json, new reference; NULL without memory. Null members
 *         are left out at any depth, and those named in @p without (NULL-terminated, NULL for none)
 *         at the top. Texts and numbers are shared: replace them, never change them.
 */
json_t *zdd_appdef_copy(const json_t *json, const char *const without[]);

/* Members that Marathon reports and nobody sets (marathon.md §9, trap 2). */
extern const char *const zdd_appdef_reported[];

/**
 * Resolve @p id against "/": slashes are doubled or missing, "." and ".." are steps.
 * @return false when it does not fit or leads above the root; it may still be no valid id
 */
bool zdd_appdef_id_absolute(const char *id, char ret_id[static ZDD_APP_ID_SIZE]);

/** @return true when the tasks of @p canonical use the ports of their host */
bool zdd_appdef_host_mode(const json_t *canonical);

/** @return the ports in force: portMappings or, in host mode, portDefinitions; NULL when none */
const json_t *zdd_appdef_ports(const json_t *canonical);

/** @return true for the label MARATHON_SINGLE_INSTANCE_APP=true */
bool zdd_appdef_single_instance(const json_t *definition);

/** @return true when a volume of @p definition has member @p kind ("persistent", "external") */
bool zdd_appdef_has_volume(const json_t *definition, const char *kind);

/** @return true when @p text is one of @p words, NULL-terminated; NULL is none */
bool zdd_appdef_is_one_of(const char *text, const char *const words[]);

/** @return true for health checks that Marathon itself runs: HTTP (the default), HTTPS, TCP */
bool zdd_appdef_marathon_check(const json_t *health_check);

/**
 * @return @p canonical with its defaults, without what decides nothing, sets sorted; new
 *         reference, NULL without memory
 */
json_t *zdd_appdef_comparable(const json_t *canonical);

/**
 * Take from @p wanted and @p actual what a server of Marathon fills in by itself in its own way, as
 * nobody has asked for it in @p asked.
 * @param wanted  @p asked with its defaults
 * @param actual  the answered definition with its defaults
 */
void zdd_appdef_reconcile(const json_t *asked, json_t *wanted, json_t *actual);

/** @return true when member @p key is a port that Marathon was to choose: it fits whatever it chose
 */
bool zdd_appdef_port_is_chosen(const char *key, const json_t *wanted, const json_t *actual);

/** One check of a definition: what every rule gets. */
struct zdd_appdef_view {
    const json_t *given;     /* as it came: types may be wrong */
    const json_t *canonical; /* the same in canonical form, with every default */
    const char *pointer;     /* where it stands */
    bool unknown_is_error;
    struct zdd_field_errors *errors;
};

/** Note an error at @p place below view->pointer: "/cmd", or "" for the definition itself. */
__attribute__((format(printf, 3, 4))) void
zdd_appdef_complain(const struct zdd_appdef_view *view, const char *place, const char *format, ...);

/* The rules, by what they look at. */
void zdd_appdef_check_shape(const struct zdd_appdef_view *view);
void zdd_appdef_check_life(const struct zdd_appdef_view *view);
void zdd_appdef_check_placement(const struct zdd_appdef_view *view);
void zdd_appdef_check_container(const struct zdd_appdef_view *view);
void zdd_appdef_check_ports(const struct zdd_appdef_view *view);
void zdd_appdef_check_probes(const struct zdd_appdef_view *view);
