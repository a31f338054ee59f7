/**
 * @file server/api/blueprint_parts.h
 * @brief PRIVATE to server/api/: the parts of a blueprint's reader.
 */
#pragma once

#include "server/api/blueprint.h"

/**
 * Read @p object by @p fields as zdd_fields_read() does; members that VAMP knows and nothing here
 * carries out are refused with what would be right instead.
 * @return true when nothing was wrong
 */
bool zdd_blueprint_fields(const struct zdd_field *fields, const json_t *object, const char *pointer,
                          void *into, struct zdd_field_errors *errors);

/** Read element @p pointer of `services`: its breed, scale, environment and checks. */
void zdd_blueprint_service_read(const json_t *value, const char *pointer,
                                struct zdd_blueprint_service *service,
                                struct zdd_field_errors *errors);

/** Read `health_checks` into service->checks; its ports are known. */
void zdd_blueprint_checks_read(const json_t *list, const char *pointer,
                               struct zdd_blueprint_service *service,
                               struct zdd_field_errors *errors);

/** @return the number of the service's port @p name, port_count when it has none */
size_t zdd_blueprint_port_find(const struct zdd_blueprint_service *service, const char *name);

/** Read the blueprint's `gateways`: which port users find where. */
void zdd_blueprint_gateways_read(const json_t *gateways, struct zdd_blueprint *blueprint,
                                 struct zdd_field_errors *errors);

/** Read the cluster's `gateways` at @p pointer: weights of the routes, stickiness. */
void zdd_blueprint_routes_read(const json_t *gateways, const char *pointer,
                               struct zdd_blueprint *blueprint, struct zdd_field_errors *errors);

/** @return true when @p app, canonical, is what service @p index describes */
bool zdd_blueprint_runs(const struct zdd_blueprint *blueprint, size_t index, const json_t *app);

/** Each detail gets the line and column of its pointer, from error number @p first on. */
void zdd_blueprint_place(const struct zdd_blueprint *blueprint, size_t first,
                         struct zdd_field_errors *errors);
