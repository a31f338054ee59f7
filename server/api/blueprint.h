/**
 * @file server/api/blueprint.h
 * @brief A VAMP blueprint (0.9) as this service understands it, and the deployment request it
 * means. Pure.
 *
 * One cluster is one app; a service in it is one version of that app. Two services are a canary:
 * the one that runs is the old version, the other one gets the share that its route says. What has
 * no counterpart here is refused by its place in the text, never left out in silence.
 */
#pragma once

#include "server/api/plan_note.h"
#include "server/json/fields.h"
#include "server/yaml/yaml.h"
#include "strategies/model/limits.h"

#define ZDD_BLUEPRINT_SERVICE_MAX 2
#define ZDD_BLUEPRINT_NAME_MAX 63 /* bytes of a name that goes into a label */

/** One port of a breed. */
struct zdd_blueprint_port {
    const char *name;
    int64_t
        number; /* inside the container; 0: the one that Marathon gives, in the host's network */
    bool is_http;
    int64_t gateway; /* where users find it; 0: nowhere */
};

/** One service of the cluster: a version of the app. Texts are borrowed from the document. */
struct zdd_blueprint_service {
    const char *name; /* of the breed */
    const char *image;
    struct zdd_blueprint_port port[ZDD_APP_PORT_MAX];
    size_t port_count;
    json_t *env;    /* owned: of the breed, and over it the service's own */
    json_t *checks; /* owned: Marathon's healthChecks; an empty list for none */
    double cpus, mem_mib;
    int64_t instances;
    double weight; /* percent of the requests; with one service 100 */
};

struct zdd_blueprint {
    struct zdd_yaml *yaml; /* owned */
    const char *name;
    const char *cluster;
    char app_id[ZDD_APP_ID_SIZE];
    bool has_gateway; /* users find the app at a port */
    bool sticky;
    size_t service_count;
    struct zdd_blueprint_service service[ZDD_BLUEPRINT_SERVICE_MAX];
    /* since zdd_blueprint_request() */
    size_t chosen; /* the service that is to be deployed */
    size_t note_count;
    struct zdd_plan_note note[ZDD_PLAN_NOTE_MAX];
};

/**
 * Read a blueprint.
 *
 * @param[out] ret_blueprint  set on success only; to be freed with zdd_blueprint_free()
 * @param[out] ret_where      filled when the text is no YAML that is read
 * @param errors              filled when it is, but no blueprint that can be carried out: JSON
 *                            Pointers into the document, each detail with line and column
 * @return ZDD_ERR_NONE; ZDD_ERR_BODY_MALFORMED or ZDD_ERR_BODY_TOO_BIG with @p ret_where;
 *         ZDD_ERR_BODY_INVALID with @p errors; ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_blueprint_read(const char *text, size_t size,
                                               struct zdd_blueprint **ret_blueprint,
                                               struct zdd_json_error *ret_where,
                                               struct zdd_field_errors *errors);

/** NULL is fine. @return NULL */
struct zdd_blueprint *zdd_blueprint_free(struct zdd_blueprint *blueprint);

/** @return true when what runs decides which service is deployed: zdd_blueprint_request() needs it
 */
bool zdd_blueprint_compares(const struct zdd_blueprint *blueprint);

/**
 * The deployment request that the blueprint means (api.md §2), and notes for its plan.
 *
 * Of two services the old one is the one that runs: its image, and its environment as far as the
 * blueprint speaks of it. When none or both of them are, it is the one with the larger weight, or
 * the first one. When nothing runs at all the old one is deployed first, with nothing beside it.
 *
 * @param running  definition of what runs, canonical; NULL: nothing does, or it does not matter
 * @return new reference, NULL without memory
 */
json_t *zdd_blueprint_request(struct zdd_blueprint *blueprint, const json_t *running);

/**
 * What was found wrong with the request becomes what is wrong with the document: pointers lead into
 * it, and each detail begins with line and column. Errors before number @p first are left alone.
 */
void zdd_blueprint_blame(const struct zdd_blueprint *blueprint, size_t first,
                         struct zdd_field_errors *errors);
