/**
 * @file server/json/appdef.h
 * @brief A Marathon app definition: checked, in canonical form, compared.
 *
 * Rules: marathon.md §2 (AppValidation, AppNormalization, PathId of Marathon 1.10).
 * The lab uses the same code, so what is accepted here is accepted there.
 */
#pragma once

#include "server/json/fields.h"

/**
 * @return true when @p id is an absolute app id that Marathon accepts (§2.1): labels of a-z, 0-9
 *         and inner '-', no reserved last segment; and shorter than ZDD_APP_ID_SIZE
 */
bool zdd_appdef_id_valid(const char *id);

/**
 * Check a full definition by Marathon's rules (§2.2), types and ranges and what excludes what.
 * Members that Marathon itself would ignore are not errors here: @p unknown_is_error says so for
 * callers of ours, where a typo must not be ignored.
 * @return true when Marathon would accept it as far as can be known without a cluster
 */
bool zdd_appdef_check(const json_t *definition, const char *pointer, bool unknown_is_error,
                      struct zdd_field_errors *errors);

/** The same for whoever has the canonical form of @p definition at hand; NULL: there was no memory.
 */
bool zdd_appdef_check_with(const json_t *definition, const json_t *canonical, const char *pointer,
                           bool unknown_is_error, struct zdd_field_errors *errors);

/**
 * Check what Marathon finds while it still reads the JSON: members of the wrong type, unknown words
 * of a list of words, mandatory members that are absent. No range and no rule is looked at: it
 * answers 422 in another shape for those (marathon.md §1.3).
 * @return true when Marathon could read it
 */
bool zdd_appdef_check_types(const json_t *definition, const char *pointer,
                            struct zdd_field_errors *errors);

/** Delete every member, at any depth, that Marathon does not know and therefore ignores. */
void zdd_appdef_prune(json_t *definition);

/**
 * The canonical 1.5+ form, without defaults: deprecated inputs become what Marathon makes of them
 * (`uris`→`fetch`, `ports`→`portDefinitions`, `container.docker.network`, `ipAddress` → `networks`,
 * `container.docker.portMappings` → `container.portMappings`), `null` members and empty
 * deprecated ones are dropped, ids are made absolute, port lists that the kind of network has no
 * use for are dropped, and everything Marathon only reports is removed (`version`, `versionInfo`,
 * `tasks*`, `deployments`, `lastTaskFailure`, `readinessCheckResults`, `taskStats`, `tasksStats`).
 * @return new reference, NULL without memory
 */
json_t *zdd_appdef_canonical(const json_t *definition);

/**
 * The canonical form with every default of §2.2 filled in, as Marathon 1.10 answers a GET
 * (service ports stay 0). Empty `env`, `constraints` and the like are left out, as there.
 * @return new reference, NULL without memory
 */
json_t *zdd_appdef_with_defaults(const json_t *canonical);

/**
 * Does @p actual (from Marathon) carry out @p wanted? Both are brought to the canonical form with
 * defaults, then compared; numbers by value (32 equals 32.0), a wanted port 0 fits any assigned
 * port, port lists may have got default names, and `instances` is left out when @p
 * ignore_instances. Members that this code does not know are ignored, and so is what a server fills
 * in by itself where nothing was asked for (role, defaults of other versions, §0) or loses
 * (ignoreHttp1xx).
 */
bool zdd_appdef_fits(const json_t *wanted, const json_t *actual, bool ignore_instances);

/** The same for two definitions that are canonical already. */
bool zdd_appdef_canonical_fits(const json_t *asked, const json_t *answered, bool ignore_instances);

#define ZDD_APPDEF_DIFF_MAX 200 /* rows that plans show */

/**
 * What changes from @p from to @p to, both canonical, in the rows of zdd_json_diff(), without what
 * Marathon fills in by itself: a default that @p to leaves out is no removal, and where @p from has
 * another value the row says which default comes in its place. A port that Marathon is to choose
 * does not change. NULL: a definition that is not there.
 * @return new reference, NULL without memory
 */
json_t *zdd_appdef_diff(const json_t *from, const json_t *to, size_t max);

/** What strategies need to know of a definition. */
struct zdd_appdef_facts {
    int32_t instances;
    double minimum_health_capacity, maximum_over_capacity;
    bool has_health_checks;   /* any */
    bool has_marathon_checks; /* HTTP, HTTPS or TCP: run by Marathon itself */
    bool has_readiness_checks;
    bool single_instance; /* label MARATHON_SINGLE_INSTANCE_APP=true */
    bool require_ports;   /* requirePorts with at least one fixed port */
    bool unique_hostname; /* a constraint ["hostname","UNIQUE"] */
    bool oldest_first;    /* killSelection OLDEST_FIRST */
    bool resident;        /* persistent volumes */
    double cpus, mem_mib;
    int32_t start_timeout_s; /* the longest a healthy new task may need to count, at least 60 */
};

/** Read them, defaults included; wrong types count as absent. */
void zdd_appdef_facts(const json_t *definition, struct zdd_appdef_facts *ret_facts);
/** The same of a definition that is canonical already; NULL counts as one without members. */
void zdd_appdef_canonical_facts(const json_t *canonical, struct zdd_appdef_facts *ret_facts);
