/**
 * @file tests/unit/server/secrets/old_database.c
 * @brief A database from before.
 */
#include "tests/unit/server/secrets/old_database.h"

#include "server/base/cleanup.h"
#include "storage/idempotency.h"
#include "storage/revisions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 400

char old_database_reason[ZDD_SECRETS_REASON_SIZE];

/* One plan and what came of it. */
struct old {
    int number;
    char id[16], app_id[32];
    char target[TEXT_SIZE], previous[TEXT_SIZE], request[TEXT_SIZE], body[TEXT_SIZE];
};

static void fill(struct old *old, int number)
{
    old->number = number;
    snprintf(old->id, sizeof(old->id), "plan-%d", number);
    snprintf(old->app_id, sizeof(old->app_id), "/old/app-%d%s", number, number % 2 ? "-blue" : "");
    snprintf(old->previous, sizeof(old->previous),
             "{\"env\":{\"DB_PASSWORD\":\"" OLD_CANARY "-former-%d\\\"q\"},\"id\":\"%s\"}", number,
             old->app_id);
    /* This one's password looks like a marker. */
    if (number == 0)
        snprintf(old->previous, sizeof(old->previous),
                 "{\"env\":{\"DB_PASSWORD\":\"" ZDD_MARKER_HEAD
                 "0123456789abcdef0123456789abcdef" ZDD_MARKER_TAIL "\"},\"id\":\"%s\"}",
                 old->app_id);
    snprintf(old->target, sizeof(old->target),
             "{\"env\":{\"DB_PASSWORD\":\"" OLD_CANARY "%d\",\"LATER\":\"" OLD_CANARY
             "-later%d\"},\"id\":\"%s\"}",
             number, number, old->app_id);
    snprintf(old->request, sizeof(old->request), "{\"app\":%.300s,\"strategy\":\"rolling\"}",
             old->target);
    snprintf(old->body, sizeof(old->body),
             "{\"id\":\"plan-%d\",\"digest\":\"sha256:00\",\"diff\":[{\"op\":\"replace\",\"path\":"
             "\"/env/DB_PASSWORD\",\"value\":\"" OLD_CANARY "%d\"}],\"warnings\":[]}",
             number, number);
}

static enum zdd_err write_old(struct zdd_tx *tx, void *cls)
{
    struct old *old = cls;
    char key[16], location[40], data[100];
    struct zdd_plan plan = a_plan(.created_at_ms = old->number);
    const struct zdd_plan_texts texts = {.body = {old->body},
                                         .request = {old->request},
                                         .target = {old->target},
                                         .previous = {old->previous}};
    const struct zdd_revision revision = {.app_id = old->app_id,
                                          .run_id = "run",
                                          .digest = "sha256:00",
                                          .version = "",
                                          .definition = old->target};
    const struct zdd_idem idem = {
        .owner = "me",
        .key = key,
        .operation = "createPlan ",
        .body_hash = "0000000000000000000000000000000000000000000000000000000000000000"};
    struct zdd_event event = a_new_event(.app_id = old->app_id, .data = data);
    const struct zdd_audit entry =
        a_new_entry(.app_id = old->app_id, .data = old->number == 3 ? data : "");
    enum zdd_err err;

    snprintf(key, sizeof(key), "key-%d", old->number);
    snprintf(location, sizeof(location), "/v1/plans/%s", old->id);
    snprintf(data, sizeof(data), "{\"text\":\"" OLD_CANARY "%d is too short\"}", old->number);
    memcpy(plan.id, old->id, sizeof(old->id));
    memcpy(plan.app_id, old->app_id, sizeof(old->app_id));
    err = zdd_plan_insert(tx, &plan, &texts, "token:ci");
    if (err == ZDD_ERR_NONE)
        err = zdd_revision_append(tx, &revision);
    if (err == ZDD_ERR_NONE)
        err = zdd_idem_keep(tx, &idem, 201, location, old->body, 1000);
    if (err == ZDD_ERR_NONE)
        err = zdd_event_append(tx, &event);
    return err == ZDD_ERR_NONE ? zdd_audit_append(tx, &entry) : err;
}

void old_database_make(const char *path)
{
    struct zdd_store *store = open_file(path);

    for (int i = 0; i < OLD_PLANS; i++) {
        struct old old;

        fill(&old, i);
        assert_good(zdd_store_write(store, write_old, &old));
    }
    zdd_store_free(store);
    tamper(path, "DROP TABLE secret; DROP TABLE vault; PRAGMA user_version = 14");
}

struct zdd_store *old_database_open(const struct zdd_store_options *options, const char *keys,
                                    const char *patterns, struct zdd_secrets **ret_secrets,
                                    struct zdd_settled *ret_settled)
{
    struct zdd_secret_keys parsed;
    char why[ZDD_SECRET_KEYS_WHY_SIZE];
    struct zdd_store *store = open_with(options);
    const struct zdd_secrets_options vault = {
        .store = store, .patterns = patterns, .keys = keys ? &parsed : NULL};
    enum zdd_err err;

    *ret_secrets = NULL;
    old_database_reason[0] = '\0';
    if (keys)
        assert_true(zdd_secret_keys_parse(keys, strlen(keys), &parsed, why));
    err = zdd_secrets_open(&vault, ret_secrets, old_database_reason);
    if (err == ZDD_ERR_NONE)
        err = zdd_secrets_settle(*ret_secrets, &(struct zdd_settle_watch){0}, ret_settled,
                                 old_database_reason);
    if (err == ZDD_ERR_NONE)
        return store;
    zdd_secrets_free(*ret_secrets);
    zdd_store_free(store);
    return NULL;
}

static void check_text(const struct zdd_secrets *secrets, const char *app_id, const char *shown,
                       const char *expected)
{
    ZDD_AUTO_REVEALED struct zdd_revealed revealed = {0};

    assert_null(strstr(shown, "\"DB_PASSWORD\":\"" OLD_CANARY));
    assert_good(zdd_secrets_reveal(secrets, app_id, shown, &revealed));
    assert_string_equal(revealed.text, expected);
}

void old_database_check(struct zdd_store *store, const struct zdd_secrets *secrets)
{
    for (int i = 0; i < OLD_PLANS; i++) {
        ZDD_AUTO_PLAN_TEXTS struct zdd_plan_texts texts = {0};
        struct zdd_plan plan;
        struct old old;

        fill(&old, i);
        assert_good(zdd_plan_load(store, old.id, &plan, &texts));
        check_text(secrets, old.app_id, texts.target.data, old.target);
        check_text(secrets, old.app_id, texts.previous.data, old.previous);
        assert_null(strstr(texts.body.data, "\"" OLD_CANARY "0"));
        assert_non_null(strstr(texts.body.data, "/env/DB_PASSWORD"));
        assert_non_null(strstr(texts.body.data, plan.digest));
        assert_string_not_equal(plan.digest, "sha256:00");
    }
}

void old_database_search(const char *path, const char *text)
{
    static const char *const ends[] = {"", "-wal"};

    for (size_t i = 0; i < ZDD_COUNT(ends); i++) {
        char name[200];
        char window[2][4096] = {{0}};
        FILE *file;
        size_t got;

        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        file = fopen(name, "r");
        if (!file)
            continue;
        /* The end of the piece before stands in front of each one. */
        while ((got = fread(window[1], 1, sizeof(window[1]), file)) > 0) {
            const char *joined = window[0] + sizeof(window[0]) - 64;

            for (const char *at = joined; at + strlen(text) <= window[1] + got; at++) {
                if (memcmp(at, text, strlen(text)) == 0)
                    fail_msg("%s has %.40s", name, at);
            }
            memcpy(window[0], window[1], sizeof(window[0]));
        }
        fclose(file);
    }
}
