/**
 * @file server/cli/tokens.c
 * @brief token create, list, revoke. They work while a server runs on the same database.
 */
#include "storage/tokens.h"
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/cli/cli.h"
#include "server/json/appdef.h"
#include "storage/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS INT64_C(86400000)
#define EXPIRES_DAYS_MAX 3650
#define SCOPES_SIZE 64

#define DB_OPTION(into)                                                                            \
    {                                                                                              \
        "db", "FILE", "The server's database. Default: the setting (ZDD_DB, or ./zdd.db).", into   \
    }

/* What goes into one transaction. */
struct change {
    struct zdd_token token;
    char hash[ZDD_SHA256_HEX_SIZE];
    char actor[ZDD_ACTOR_SIZE];
    int64_t now_ms;
};

/* "read,plan" */
static void print_scopes(unsigned scopes, char text[static SCOPES_SIZE])
{
    text[0] = '\0';
    for (unsigned bit = 1; bit <= ZDD_SCOPE_ALL; bit <<= 1) {
        const size_t used = strlen(text);

        if (scopes & bit)
            snprintf(text + used, SCOPES_SIZE - used, "%s%s", used > 0 ? "," : "",
                     zdd_scope_name((enum zdd_scope)bit));
    }
}

static enum zdd_err note(struct zdd_tx *tx, const struct change *change, const char *action)
{
    char scopes[SCOPES_SIZE];
    ZDD_AUTO_BUF struct zdd_buf data = {0};
    struct zdd_audit entry = {.time_ms = change->now_ms,
                              .actor = change->actor,
                              .remote = "",
                              .action = action,
                              .app_id = "",
                              .run_id = "",
                              .reason = "",
                              .result = "accepted",
                              .request_id = ""};

    print_scopes(change->token.scopes, scopes);
    zdd_buf_text(&data, "{\"name\":");
    zdd_buf_json_string(&data, change->token.name);
    zdd_buf_printf(&data, ",\"tokenId\":\"%s\",\"scopes\":\"%s\",\"appPrefix\":", change->token.id,
                   scopes);
    zdd_buf_json_string(&data, change->token.app_prefix);
    zdd_buf_text(&data, "}");
    if (data.err != ZDD_ERR_NONE)
        return data.err;
    entry.data = data.data;
    return zdd_audit_append(tx, &entry);
}

static enum zdd_err create_body(struct zdd_tx *tx, void *cls)
{
    struct change *change = cls;
    const enum zdd_err err = zdd_token_insert(tx, &change->token, change->hash);

    return err == ZDD_ERR_NONE ? note(tx, change, "token.create") : err;
}

static enum zdd_err revoke_body(struct zdd_tx *tx, void *cls)
{
    struct change *change = cls;
    const enum zdd_err err = zdd_token_revoke(tx, change->token.id, change->now_ms);

    return err == ZDD_ERR_NONE ? note(tx, change, "token.revoke") : err;
}

/* Write, say what went wrong. */
static int carry_out(const char *db, zdd_tx_body *body, struct change *change)
{
    struct zdd_store *store = zdd_cli_open(db, ZDD_CLI_WRITE);
    enum zdd_err err;

    if (!store)
        return ZDD_EXIT_FAILED;
    zdd_cli_actor(change->actor, sizeof(change->actor));
    err = zdd_store_write(store, body, change);
    zdd_store_free(store);
    if (err == ZDD_ERR_NONE)
        return ZDD_EXIT_OK;
    if (err == ZDD_ERR_TOKEN_NAME_TAKEN)
        zdd_cli_say("a live token is called %s already; take another name, or revoke that one: "
                    "zdd-server token revoke %s",
                    change->token.name, change->token.name);
    else
        zdd_cli_say("%s", zdd_err_text(err));
    return ZDD_EXIT_FAILED;
}

static bool name_fits(const char *name)
{
    const size_t size = strlen(name);

    return size > 0 && size < sizeof(((struct zdd_token *)0)->name) &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@") ==
               size;
}

static bool prefix_fits(const char *prefix)
{
    return strcmp(prefix, "/") == 0 ||
           (strlen(prefix) < ZDD_APP_ID_SIZE && zdd_appdef_id_valid(prefix));
}

/* "30" to milliseconds from @p now_ms; 0 for "". */
static bool read_expiry(const char *days, int64_t now_ms, int64_t *ret_expires_at_ms)
{
    char *end;
    long count;

    *ret_expires_at_ms = 0;
    if (!days)
        return true;
    errno = 0;
    count = strtol(days, &end, 10);
    if (errno != 0 || end == days || *end || count < 1 || count > EXPIRES_DAYS_MAX)
        return false;
    *ret_expires_at_ms = now_ms + count * DAY_MS;
    return true;
}

/* What the operator gave for a new token. */
struct wish {
    const char *db, *name, *scope, *app, *days;
};

/* @return false after saying what is wrong */
static bool read_wish(const struct wish *wish, struct zdd_token *token)
{
    if (!wish->name || !name_fits(wish->name)) {
        zdd_cli_say("--name is needed: 1 to 63 letters, digits and - _ . @, as in --name ci");
        return false;
    }
    token->scopes = zdd_scopes_parse(wish->scope ? wish->scope : "");
    if (token->scopes == 0) {
        zdd_cli_say("--scope must be some of read,plan,deploy,promote,abort,admin, separated by "
                    "commas, not \"%.60s\"",
                    wish->scope ? wish->scope : "");
        return false;
    }
    if (!prefix_fits(wish->app)) {
        zdd_cli_say("--app must be / or the path of an app or a group, as in /shop");
        return false;
    }
    if (!read_expiry(wish->days, token->created_at_ms, &token->expires_at_ms)) {
        zdd_cli_say("--expires-days must be a whole number from 1 to %d", EXPIRES_DAYS_MAX);
        return false;
    }
    snprintf(token->name, sizeof(token->name), "%s", wish->name);
    snprintf(token->app_prefix, sizeof(token->app_prefix), "%s", wish->app);
    return true;
}

/* The secret alone on standard output, so that TOKEN=$(…) works; words go to standard error. */
static int show_token(const struct zdd_token *token, const char *secret)
{
    char scopes[SCOPES_SIZE];
    char until[ZDD_TIME_SIZE] = "it is revoked";

    if (printf("%s\n", secret) < 0 || fflush(stdout) != 0) {
        zdd_cli_say("standard output cannot be written; revoke the token: zdd-server token revoke "
                    "%s",
                    token->name);
        return ZDD_EXIT_FAILED;
    }
    print_scopes(token->scopes, scopes);
    if (token->expires_at_ms > 0)
        zdd_time_format(token->expires_at_ms, until);
    fprintf(stderr,
            "Token %s may %s for %s, until %s.\nIt is shown only this once. Use it as: "
            "Authorization: Bearer zdd_...\n",
            token->name, scopes,
            strcmp(token->app_prefix, "/") == 0 ? "every app" : token->app_prefix, until);
    return ZDD_EXIT_OK;
}

int zdd_cli_token_create(int argc, char *const *argv)
{
    struct wish wish = {.app = "/"};
    const struct zdd_option options[] = {
        {"name", "NAME", "What the token is called: in the audit log, and to revoke it.",
         &wish.name},
        {"scope", "LIST",
         "What it may do, separated by commas: read plan deploy promote abort admin.", &wish.scope},
        {"app", "PATH", "The app or group it reaches, with everything below. Default: / (all).",
         &wish.app},
        {"expires-days", "N", "Days until it ends by itself, 1 to 3650. Default: it does not.",
         &wish.days},
        DB_OPTION(&wish.db),
    };
    const struct zdd_usage usage = {
        .command = "token create",
        .text = "Create a token for callers of the API. The token alone goes to standard output;\n"
                "only its SHA-256 is kept, so it cannot be shown again. Works while the server "
                "runs.\n"
                "\n"
                "  TOKEN=$(zdd-server token create --name ci --scope read,plan,deploy --app /shop)",
        .options = options,
        .option_count = ZDD_COUNT(options)};
    struct change change = {.now_ms = zdd_now_ms()};
    char secret[ZDD_TOKEN_SIZE];
    int code;

    if (!zdd_cli_parse(&usage, argc, argv, &code))
        return code;
    change.token.created_at_ms = change.now_ms;
    if (!read_wish(&wish, &change.token))
        return ZDD_EXIT_USAGE;
    zdd_uuid7(change.now_ms, change.token.id);
    zdd_token_new(secret);
    zdd_sha256_hex(secret, strlen(secret), change.hash);
    code = carry_out(wish.db, create_body, &change);
    return code == ZDD_EXIT_OK ? show_token(&change.token, secret) : code;
}

/* A table under way. */
struct table {
    int64_t now_ms;
    bool all;
    size_t rows;
};

static const char *state_of(const struct zdd_token *token, int64_t now_ms)
{
    if (token->revoked_at_ms > 0)
        return "revoked";
    return token->expires_at_ms > 0 && token->expires_at_ms <= now_ms ? "expired" : "live";
}

static bool print_row(void *cls, const struct zdd_token *token)
{
    struct table *table = cls;
    const char *state = state_of(token, table->now_ms);
    char scopes[SCOPES_SIZE];
    char created[ZDD_TIME_SIZE];
    char expires[ZDD_TIME_SIZE] = "never";

    if (!table->all && strcmp(state, "live") != 0)
        return true;
    if (table->rows++ == 0)
        printf("%-20s %-8s %-38s %-16s %-24s %-24s %s\n", "NAME", "STATE", "SCOPES", "APPS",
               "CREATED", "EXPIRES", "ID");
    print_scopes(token->scopes, scopes);
    zdd_time_format(token->created_at_ms, created);
    if (token->expires_at_ms > 0)
        zdd_time_format(token->expires_at_ms, expires);
    printf("%-20s %-8s %-38s %-16s %-24s %-24s %s\n", token->name, state, scopes, token->app_prefix,
           created, expires, token->id);
    return true;
}

int zdd_cli_token_list(int argc, char *const *argv)
{
    const char *db = NULL;
    const char *all = NULL;
    const struct zdd_option options[] = {
        {"all", NULL, "Also those that have expired or were revoked.", &all},
        DB_OPTION(&db),
    };
    const struct zdd_usage usage = {.command = "token list",
                                    .text = "List tokens. The secrets are not kept, so they are "
                                            "not shown.",
                                    .options = options,
                                    .option_count = ZDD_COUNT(options)};
    struct table table = {.now_ms = zdd_now_ms()};
    struct zdd_store *store;
    enum zdd_err err;
    int code;

    if (!zdd_cli_parse(&usage, argc, argv, &code))
        return code;
    store = zdd_cli_open(db, ZDD_CLI_READ);
    if (!store)
        return ZDD_EXIT_FAILED;
    table.all = all != NULL;
    err = zdd_token_list(store, print_row, &table);
    zdd_store_free(store);
    if (err != ZDD_ERR_NONE) {
        zdd_cli_say("%s", zdd_err_text(err));
        return ZDD_EXIT_FAILED;
    }
    if (table.rows == 0)
        zdd_cli_say("there are no %stokens; zdd-server token create makes one",
                    table.all ? "" : "live ");
    return ZDD_EXIT_OK;
}

/* Looking for one live token by name or id. */
struct search {
    const char *wanted;
    int64_t now_ms;
    bool found;
    struct zdd_token token;
};

static bool match(void *cls, const struct zdd_token *token)
{
    struct search *search = cls;

    if (strcmp(state_of(token, search->now_ms), "live") != 0 ||
        (strcmp(token->name, search->wanted) != 0 && strcmp(token->id, search->wanted) != 0))
        return true;
    search->found = true;
    search->token = *token;
    return false;
}

static int find_token(const char *db, struct search *search)
{
    struct zdd_store *store = zdd_cli_open(db, ZDD_CLI_READ);
    enum zdd_err err;

    if (!store)
        return ZDD_EXIT_FAILED;
    err = zdd_token_list(store, match, search);
    zdd_store_free(store);
    if (err != ZDD_ERR_NONE)
        zdd_cli_say("%s", zdd_err_text(err));
    else if (!search->found)
        zdd_cli_say("no live token is called %.80s; zdd-server token list shows them",
                    search->wanted);
    return err == ZDD_ERR_NONE && search->found ? ZDD_EXIT_OK : ZDD_EXIT_FAILED;
}

/* A server may have found the token just before, and keeps it for so long. */
static void wait_until_forgotten(void)
{
    struct timespec left = {ZDD_TOKEN_KEPT_MS / 1000, ZDD_TOKEN_KEPT_MS % 1000 * 1000000L};

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

int zdd_cli_token_revoke(int argc, char *const *argv)
{
    const char *db = NULL;
    struct search search = {.now_ms = zdd_now_ms()};
    const struct zdd_option options[] = {DB_OPTION(&db)};
    const struct zdd_usage usage = {.command = "token revoke",
                                    .text = "End a token now; when the command has ended, "
                                            "calls that use it get 401.",
                                    .options = options,
                                    .option_count = ZDD_COUNT(options),
                                    .operand = "NAME",
                                    .operand_value = &search.wanted};
    struct change change = {.now_ms = search.now_ms};
    int code;

    if (!zdd_cli_parse(&usage, argc, argv, &code))
        return code;
    code = find_token(db, &search);
    if (code != ZDD_EXIT_OK)
        return code;
    change.token = search.token;
    code = carry_out(db, revoke_body, &change);
    if (code != ZDD_EXIT_OK)
        return code;
    wait_until_forgotten();
    printf("Token %s (%s) is revoked.\n", search.token.name, search.token.id);
    return code;
}
