/**
 * @file tests/fuzz/fuzz_appdef.c
 * @brief Any JSON as an app definition: the forms are stable, and everything fits itself.
 */
#include "server/base/cleanup.h"
#include "server/json/appdef.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <string.h>

static bool check(const json_t *definition, bool unknown_is_error)
{
    struct zdd_field_errors errors = {0};
    const bool good = zdd_appdef_check(definition, "#/app", unknown_is_error, &errors);

    FUZZ_CHECK(good == (errors.count == 0));
    for (size_t i = 0; i < errors.count && i < ZDD_FIELD_ERROR_MAX; i++) {
        FUZZ_CHECK(strncmp(errors.error[i].pointer, "#/app", 5) == 0);
        FUZZ_CHECK(fuzz_is_pointer(errors.error[i].pointer));
        FUZZ_CHECK(errors.error[i].detail[0] && fuzz_is_utf8(errors.error[i].detail));
    }
    return good;
}

static void check_facts(const json_t *definition, bool good)
{
    struct zdd_appdef_facts facts;

    zdd_appdef_facts(definition, &facts);
    FUZZ_CHECK(facts.instances >= 0 && facts.start_timeout_s >= 60);
    FUZZ_CHECK(isfinite(facts.cpus) && isfinite(facts.mem_mib));
    if (!good)
        return;
    FUZZ_CHECK(facts.minimum_health_capacity >= 0 && facts.minimum_health_capacity <= 1);
    FUZZ_CHECK(facts.maximum_over_capacity >= 0 && facts.maximum_over_capacity <= 1);
    FUZZ_CHECK(facts.cpus >= 0 && facts.mem_mib >= 0);
}

/* One of a pair whose other half has a default that depends on Marathon's version: only Marathon
 * can tell whether they go together. */
static bool is_half_unreachable(const json_t *canonical)
{
    const json_t *given = json_object_get(canonical, "unreachableStrategy");

    return json_object_get(given, "inactiveAfterSeconds") &&
           !json_object_get(given, "expungeAfterSeconds");
}

/* Each form made again is the same form, and what fits before it fits after it. */
static void check_forms(const json_t *definition, bool good)
{
    ZDD_AUTO_JSON json_t *canonical = zdd_appdef_canonical(definition);
    ZDD_AUTO_JSON json_t *canonical_again = zdd_appdef_canonical(canonical);
    ZDD_AUTO_JSON json_t *full = zdd_appdef_with_defaults(canonical);
    ZDD_AUTO_JSON json_t *full_again = zdd_appdef_with_defaults(full);
    ZDD_AUTO_JSON json_t *full_canonical = zdd_appdef_canonical(full);

    FUZZ_CHECK(canonical && canonical_again && full && full_again && full_canonical);
    FUZZ_CHECK(zdd_json_same(canonical, canonical_again));
    FUZZ_CHECK(zdd_json_same(full, full_again));
    FUZZ_CHECK(zdd_json_same(full, full_canonical));
    FUZZ_CHECK(zdd_appdef_fits(definition, definition, false));
    FUZZ_CHECK(zdd_appdef_fits(definition, canonical, false));
    FUZZ_CHECK(zdd_appdef_fits(canonical, definition, false));
    FUZZ_CHECK(zdd_appdef_fits(canonical, full, false));
    if (!good)
        return;
    FUZZ_CHECK(check(canonical, false));
    FUZZ_CHECK(is_half_unreachable(canonical) || check(full, false));
    FUZZ_CHECK(zdd_appdef_id_valid(zdd_json_text(canonical, "id", "")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 2);
    ZDD_AUTO_JSON json_t *first = fuzz_json(&parts, 0);
    ZDD_AUTO_JSON json_t *second = fuzz_json(&parts, 1);
    bool good;

    (void)zdd_appdef_id_valid(parts.text[0]);
    if (!first)
        return 0;
    good = check(first, false);
    if (check(first, true))
        FUZZ_CHECK(good);
    check_facts(first, good);
    check_forms(first, good);
    if (second && zdd_appdef_fits(first, second, false))
        FUZZ_CHECK(zdd_appdef_fits(first, second, true));
    return 0;
}
