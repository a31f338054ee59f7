/**
 * @file tests/fuzz/fuzz_secrets.c
 * @brief Any file of keys, any patterns, any definition: nothing of a key is told, what comes in
 * goes out the same, what is secret is not in between, and what a caller sends is refused or whole.
 */
#include "server/base/cleanup.h"
#include "server/json/json.h"
#include "server/secrets/globs.h"
#include "server/secrets/places.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/secrets_open.h"

#include <stdlib.h>
#include <string.h>

#define PART_SIZE 12 /* bytes in a row that would tell something of a key */

/* What is said of a file that is refused quotes none of it: our words have no such row of digits.
 */
static bool tells(const char *why, const char *text, size_t size)
{
    for (size_t i = 0; i + PART_SIZE <= size; i++) {
        char part[PART_SIZE + 1];

        memcpy(part, text + i, PART_SIZE);
        part[PART_SIZE] = '\0';
        if (strspn(part, "0123456789abcdefABCDEF") == PART_SIZE && strstr(why, part))
            return true;
    }
    return false;
}

static void check_keys(const char *text, size_t size)
{
    struct zdd_secret_keys keys;
    char why[ZDD_SECRET_KEYS_WHY_SIZE] = "";
    const bool good = zdd_secret_keys_parse(text, size, &keys, why);

    FUZZ_CHECK(good == (keys.count > 0 && !*why));
    FUZZ_CHECK(keys.count <= ZDD_SECRET_KEY_MAX);
    for (size_t i = 0; good && i < keys.count; i++)
        FUZZ_CHECK(zdd_secret_keys_find(&keys, keys.item[i].id) == &keys.item[i].key);
    FUZZ_CHECK(!tells(why, text, size));
}

struct seen {
    size_t count;
};

static enum zdd_err look(void *cls, const struct zdd_place *place, char **ret_text)
{
    struct seen *seen = cls;

    (void)ret_text;
    FUZZ_CHECK(place->size > 0 && *place->name);
    FUZZ_CHECK(fuzz_is_pointer(place->pointer));
    seen->count++;
    return ZDD_ERR_NONE;
}

/* Nothing that the visitor is shown is anything but a marker any more. */
static enum zdd_err see_marker(void *cls, const struct zdd_place *place, char **ret_text)
{
    char digest[ZDD_SECRET_DIGEST_SIZE];

    (void)cls;
    (void)ret_text;
    FUZZ_CHECK(zdd_marker_read(place->text, place->size, digest));
    return ZDD_ERR_NONE;
}

static void check_walk(const struct zdd_globs *globs, json_t *definition, zdd_place_visit *visit)
{
    struct seen seen = {0};
    const struct zdd_places walk = {.globs = globs, .visit = visit, .cls = &seen};

    FUZZ_CHECK(zdd_places_walk(&walk, definition, "#") == ZDD_ERR_NONE);
}

static enum zdd_err write_kept(struct zdd_tx *tx, void *cls)
{
    return zdd_secrets_write(tx, cls);
}

/* In as Marathon answers it, and out again. */
static void check_way(struct zdd_store *store, const struct zdd_secrets *secrets, json_t *before,
                      const struct zdd_globs *globs)
{
    ZDD_AUTO_SECRETS_KEPT struct zdd_secrets_kept kept = {0};
    ZDD_AUTO_REVEALED struct zdd_revealed revealed = {0};
    ZDD_AUTO_JSON json_t *json = json_deep_copy(before);
    ZDD_AUTO_JSON json_t *after = NULL;
    ZDD_AUTO_FREE char *shown = NULL;
    const struct zdd_conceal how = {.app_id = "/a", .pointer = "#", .kept = &kept};

    FUZZ_CHECK(zdd_secrets_conceal(secrets, &how, json) == ZDD_ERR_NONE);
    check_walk(globs, json, see_marker);
    FUZZ_CHECK(zdd_store_write(store, write_kept, &kept) == ZDD_ERR_NONE);
    shown = zdd_json_canonical(json);
    FUZZ_CHECK(zdd_secrets_reveal(secrets, "/a", shown, &revealed) == ZDD_ERR_NONE);
    after = revealed.text ? fuzz_must_json(revealed.text, strlen(revealed.text))
                          : fuzz_must_json(shown, strlen(shown));
    FUZZ_CHECK(zdd_json_same(before, after));
}

static void check_request(const struct zdd_secrets *secrets, const json_t *sent)
{
    ZDD_AUTO_SECRETS_KEPT struct zdd_secrets_kept kept = {0};
    ZDD_AUTO_JSON json_t *json = json_deep_copy(sent);
    struct zdd_field_errors errors = {0};
    const struct zdd_conceal how = {
        .app_id = "/a", .pointer = "#/app", .kept = &kept, .errors = &errors};
    enum zdd_err err = zdd_secrets_conceal(secrets, &how, json);

    if (err == ZDD_ERR_NONE)
        err = zdd_secrets_check(secrets, &how, json);
    FUZZ_CHECK(err == (errors.count > 0 ? ZDD_ERR_BODY_INVALID : ZDD_ERR_NONE));
    for (size_t i = 0; i < errors.count && i < ZDD_FIELD_ERROR_MAX; i++)
        FUZZ_CHECK(fuzz_is_pointer(errors.error[i].pointer));
}

static void check_definition(json_t *definition, const char *patterns)
{
    const struct zdd_store_options memory = {
        .path = ":memory:", .holder = "fuzz", .inline_writer = true};
    char reason[ZDD_SECRETS_REASON_SIZE];
    struct zdd_store *store = NULL;
    struct zdd_secrets *secrets = NULL;
    struct zdd_globs globs;

    if (zdd_globs_read(patterns, &globs))
        return;
    FUZZ_CHECK(zdd_store_open(&memory, &store, reason) == ZDD_ERR_NONE);
    FUZZ_CHECK(zdd_secrets_open(&(struct zdd_secrets_options){.store = store, .patterns = patterns},
                                &secrets, reason) == ZDD_ERR_NONE);
    check_walk(&globs, definition, look);
    check_way(store, secrets, definition, &globs);
    check_request(secrets, definition);
    zdd_secrets_free(secrets);
    zdd_store_free(store);
}

/* Three parts: keys, patterns, a definition. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 3);
    ZDD_AUTO_JSON json_t *definition = fuzz_json(&parts, 2);

    FUZZ_CHECK(zdd_crypto_init());
    check_keys(parts.text[0], parts.size[0]);
    if (json_is_object(definition))
        check_definition(definition, parts.text[1]);
    return 0;
}
