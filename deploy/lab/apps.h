/**
 * @file deploy/lab/apps.h
 * @brief Apps, their versions, and groups: the root state.
 */
#pragma once

#include "deploy/lab/lab.h"

/** @param def  stolen @return one reference */
struct zdd_lab_spec *zdd_lab_spec_new(const char *id, json_t *def, int64_t version_ms,
                                      int64_t scaled_ms, int64_t configured_ms);
struct zdd_lab_spec *zdd_lab_spec_ref(struct zdd_lab_spec *spec);
/** NULL is fine. */
void zdd_lab_spec_unref(struct zdd_lab_spec *spec);

/** @return the host port check @p check of a task with these ports asks, 0 when it has none */
uint16_t zdd_lab_check_port(const struct zdd_lab_check *check,
                            const struct zdd_lab_instance *instance);

/** @return the port numbers the definition lists (service ports), at most ZDD_LAB_PORT_MAX of them
 */
size_t zdd_lab_def_ports(const json_t *def, uint16_t port[static ZDD_LAB_PORT_MAX]);

/** The list the app's ports come from: portDefinitions, or container.portMappings; NULL for none;
 * borrowed. @param ret_key the member that holds the service port */
json_t *zdd_lab_def_port_list(const json_t *def, const char **ret_key);

struct zdd_lab_app *zdd_lab_app_find(const struct zdd_lab *lab, const char *id);

/** Make @p spec (one reference stolen) what app spec->id is now; creates the app. */
struct zdd_lab_app *zdd_lab_app_put(struct zdd_lab *lab, struct zdd_lab_spec *spec);

void zdd_lab_app_remove(struct zdd_lab *lab, const char *id);

/** @return the stored version of @p app, borrowed, or NULL */
struct zdd_lab_spec *zdd_lab_app_version(const struct zdd_lab_app *app, int64_t version_ms);

/** Remember why a task failed (lastTaskFailure). */
void zdd_lab_app_failure(struct zdd_lab *lab, const struct zdd_lab_instance *instance,
                         const char *state, const char *message);

/** Give every port 0 of @p def a number: the one @p former has there, else a free one of 10000 to
 * 20000. */
void zdd_lab_assign_ports(const struct zdd_lab *lab, const char *id, json_t *def,
                          const json_t *former);

/** @return true when two definitions are the same in all that Marathon compares (§2.3) */
bool zdd_lab_def_same(const json_t *a, const json_t *b, bool with_instances);

/** @return true when @p id lies in group @p group ("/" holds all) or is it */
bool zdd_lab_id_within(const char *id, const char *group);

/** Write the id of the group that holds @p id. */
void zdd_lab_id_parent(const char *id, char *ret, size_t size);

struct zdd_lab_group *zdd_lab_group_find(const struct zdd_lab *lab, const char *id);

/** Create the group, or give it a new version. @param dependencies borrowed, or NULL */
void zdd_lab_group_put(struct zdd_lab *lab, const char *id, json_t *dependencies,
                       int64_t version_ms);

/** Remove @p id and every group inside it. */
void zdd_lab_group_remove(struct zdd_lab *lab, const char *id);

/** @return true when the group was created, or an app lies in it; "/" always */
bool zdd_lab_group_exists(const struct zdd_lab *lab, const char *id);

/** Remember the root state as it is now, under lab->root_version_ms. */
void zdd_lab_root_keep(struct zdd_lab *lab);

/** @return the root state of that version, borrowed, or NULL */
const struct zdd_lab_root *zdd_lab_root_find(const struct zdd_lab *lab, int64_t version_ms);

void zdd_lab_roots_release(struct zdd_lab *lab);

void zdd_lab_apps_release(struct zdd_lab *lab);
