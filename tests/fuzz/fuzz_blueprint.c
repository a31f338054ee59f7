/**
 * @file tests/fuzz/fuzz_blueprint.c
 * @brief A blueprint and what runs: refused by places in the document, or a request for one app
 * whose own mistakes are blamed on the document too.
 */
#include "server/api/blueprint.h"
#include "server/api/plan_request.h"
#include "server/base/cleanup.h"
#include "server/json/appdef.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_errors(const struct zdd_field_errors *errors)
{
    FUZZ_CHECK(!errors->no_memory);
    for (size_t i = 0; i < errors->count && i < ZDD_FIELD_ERROR_MAX; i++) {
        FUZZ_CHECK(fuzz_is_pointer(errors->error[i].pointer));
        FUZZ_CHECK(strncmp(errors->error[i].detail, "line ", 5) == 0);
        FUZZ_CHECK(strstr(errors->error[i].detail, ", column ") != NULL);
        FUZZ_CHECK(fuzz_is_utf8(errors->error[i].detail));
    }
}

static void check_notes(const struct zdd_blueprint *bp)
{
    FUZZ_CHECK(bp->note_count <= ZDD_PLAN_NOTE_MAX);
    for (size_t i = 0; i < bp->note_count; i++) {
        FUZZ_CHECK(bp->note[i].code && bp->note[i].text[0]);
        for (size_t k = 0; k < i; k++)
            FUZZ_CHECK(strcmp(bp->note[i].code, bp->note[k].code) != 0);
    }
}

static void check_request(struct zdd_blueprint *bp, const json_t *running)
{
    ZDD_AUTO_JSON json_t *json = zdd_blueprint_request(bp, running);
    ZDD_AUTO_JSON json_t *again = zdd_blueprint_request(bp, running);
    struct zdd_plan_request request;
    struct zdd_field_errors errors = {0};
    const char *strategy = zdd_json_text(json, "strategy", "");

    FUZZ_CHECK(json && zdd_json_same(json, again));
    FUZZ_CHECK(bp->chosen < bp->service_count);
    FUZZ_CHECK((strcmp(strategy, "canary") == 0) == (running && zdd_blueprint_compares(bp)));
    check_notes(bp);
    if (zdd_plan_request_read(json, &request, &errors)) {
        FUZZ_CHECK(strcmp(request.app_id, bp->app_id) == 0);
        return;
    }
    zdd_blueprint_blame(bp, 0, &errors);
    check_errors(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 2);
    ZDD_AUTO_JSON json_t *given = parts.size[1] > 0 ? fuzz_json(&parts, 1) : NULL;
    ZDD_AUTO_JSON json_t *running = json_is_object(given) ? zdd_appdef_canonical(given) : NULL;
    struct zdd_json_error where = {0};
    struct zdd_field_errors errors = {0};
    struct zdd_blueprint *bp = NULL;
    const enum zdd_err err = zdd_blueprint_read(parts.text[0], parts.size[0], &bp, &where, &errors);

    FUZZ_CHECK((err == ZDD_ERR_NONE) == (bp != NULL));
    FUZZ_CHECK((err == ZDD_ERR_BODY_INVALID) == (errors.count > 0));
    FUZZ_CHECK(err != ZDD_ERR_NO_MEMORY);
    check_errors(&errors);
    if (bp) {
        FUZZ_CHECK(zdd_appdef_id_valid(bp->app_id));
        FUZZ_CHECK(bp->service_count >= 1 && bp->service_count <= ZDD_BLUEPRINT_SERVICE_MAX);
        check_request(bp, NULL);
        check_request(bp, running);
    }
    zdd_blueprint_free(bp);
    return 0;
}
