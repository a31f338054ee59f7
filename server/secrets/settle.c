/**
 * @file server/secrets/settle.c
 * @brief Bringing what is at rest up to date.
 */
#include "server/secrets/settle.h"

#include "server/base/cleanup.h"
#include "server/secrets/move.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 32       /* rows in one transaction: some 100 KiB */
#define TOLD_EACH 5000 /* rows: some seconds */
#define QUOTED_MIN 6   /* bytes from which on a value is looked for in what was told before */

/* The pass on its way. */
struct settling {
    const struct zdd_secrets *secrets;
    struct zdd_store *store;
    struct zdd_vault vault;
    struct zdd_settled done;
    const struct zdd_settle_watch *watch;
    int64_t looked_at; /* rows */
    char *reason;
    /* what the next transaction writes */
    struct zdd_kept_row row[BATCH];
    size_t row_count;
    struct zdd_secret_row value[BATCH];
    size_t value_count;
};

/* One more row. @return NONE, or STORE_BUSY when nobody waits any more */
static enum zdd_err go_on(struct settling *s)
{
    s->looked_at++;
    if (s->watch->tell && s->looked_at % TOLD_EACH == 0)
        s->watch->tell(s->watch->cls, s->looked_at);
    return s->watch->give_up && __atomic_load_n(s->watch->give_up, __ATOMIC_RELAXED)
               ? ZDD_ERR_STORE_BUSY
               : ZDD_ERR_NONE;
}

static void drop_batch(struct settling *s)
{
    for (size_t i = 0; i < s->row_count; i++)
        zdd_kept_row_release(&s->row[i]);
    for (size_t i = 0; i < s->value_count; i++)
        zdd_secret_release(&s->value[i].secret);
    s->row_count = 0;
    s->value_count = 0;
}

/* Free pages hold what was there before, so that is noted with it. */
static enum zdd_err write_batch(struct zdd_tx *tx, void *cls)
{
    struct settling *s = cls;
    enum zdd_err err = zdd_vault_save(tx, &s->vault);

    for (size_t i = 0; i < s->row_count && err == ZDD_ERR_NONE; i++)
        err = zdd_kept_replace(tx, &s->row[i]);
    for (size_t i = 0; i < s->value_count && err == ZDD_ERR_NONE; i++)
        err = zdd_secret_replace(tx, &s->value[i]);
    return err;
}

static enum zdd_err flush(struct settling *s)
{
    enum zdd_err err = ZDD_ERR_NONE;

    if (s->row_count + s->value_count > 0) {
        s->vault.residue = true;
        err = zdd_store_write(s->store, write_batch, s);
    }
    drop_batch(s);
    return err;
}

/* All plans, or all revisions. */
static enum zdd_err move_all(struct settling *s, bool revisions)
{
    int64_t after = INT64_MIN;
    enum zdd_err err = ZDD_ERR_NONE;

    while (err == ZDD_ERR_NONE) { /* ends with the rows */
        struct zdd_kept_row *row = &s->row[s->row_count];
        bool changed = false;

        err = zdd_kept_next(s->store, revisions, after, row);
        if (err != ZDD_ERR_NONE || row->no == 0)
            break;
        after = row->no;
        err = go_on(s);
        if (err == ZDD_ERR_NONE)
            err = zdd_secrets_move(s->secrets, row, &changed);
        if (err != ZDD_ERR_NONE || !changed) {
            zdd_kept_row_release(row);
            continue;
        }
        s->done.definitions++;
        s->row_count++;
        if (s->row_count == BATCH)
            err = flush(s);
    }
    return err == ZDD_ERR_NONE ? flush(s) : err;
}

static enum zdd_err miss_key(struct settling *s, const char *id)
{
    snprintf(s->reason, ZDD_SECRETS_REASON_SIZE,
             "Some secrets in this database are encrypted with a key (id %s) that is not "
             "configured: add it in a line behind the first one of secrets-key-file. Nothing is "
             "lost.",
             id);
    return ZDD_ERR_BODY_INVALID;
}

static enum zdd_err seal_anew(struct settling *s, struct zdd_secret *secret)
{
    struct zdd_secret sealed = {0};
    char *value = NULL;
    size_t size = 0;
    enum zdd_err err;

    if (*secret->sealed_by && !zdd_secret_keys_find(&s->secrets->keys->seal, secret->sealed_by))
        return miss_key(s, secret->sealed_by);
    err = zdd_secrets_unseal(s->secrets, secret, &value, &size);
    if (err != ZDD_ERR_NONE)
        return err;
    err = zdd_secrets_seal(s->secrets, value, size, &sealed);
    zdd_wipe(value, size);
    free(value);
    if (err != ZDD_ERR_NONE)
        return err;
    memcpy(sealed.digest, secret->digest, sizeof(sealed.digest));
    zdd_secret_release(secret);
    *secret = sealed;
    return ZDD_ERR_NONE;
}

/* Values first, the vault's own key last: as long as that is sealed by the former key, the former
 * key cannot be forgotten. */
static enum zdd_err seal_values(struct settling *s)
{
    const char *sealer = zdd_secrets_sealer(s->secrets);
    struct zdd_secret_row last = {0};
    enum zdd_err err = ZDD_ERR_NONE;

    while (err == ZDD_ERR_NONE) { /* ends with the rows */
        struct zdd_secret_row *row = &s->value[s->value_count];

        err = zdd_secret_next_other(s->store, sealer, last.app_id, last.secret.digest, row);
        if (err != ZDD_ERR_NONE || !*row->app_id)
            break;
        memcpy(last.app_id, row->app_id, sizeof(last.app_id));
        memcpy(last.secret.digest, row->secret.digest, sizeof(last.secret.digest));
        s->value_count++;
        s->done.sealed++;
        err = go_on(s);
        if (err == ZDD_ERR_NONE)
            err = seal_anew(s, &row->secret);
        if (err == ZDD_ERR_NONE && s->value_count == BATCH)
            err = flush(s);
    }
    return err == ZDD_ERR_NONE ? flush(s) : err;
}

static enum zdd_err save(struct zdd_tx *tx, void *cls)
{
    const struct settling *s = cls;

    return zdd_vault_save(tx, &s->vault);
}

static enum zdd_err seal_vault(struct settling *s)
{
    const struct zdd_key *digest = &s->secrets->keys->digest;
    struct zdd_secret sealed = {0};
    enum zdd_err err;

    if (strcmp(s->vault.sealed_by, zdd_secrets_sealer(s->secrets)) == 0)
        return ZDD_ERR_NONE;
    err = zdd_secrets_seal(s->secrets, digest, sizeof(*digest), &sealed);
    if (err != ZDD_ERR_NONE)
        return err;
    memcpy(s->vault.digest_key, sealed.value, sealed.size);
    s->vault.digest_key_size = sealed.size;
    memcpy(s->vault.sealed_by, sealed.sealed_by, sizeof(sealed.sealed_by));
    zdd_secret_release(&sealed);
    s->vault.residue = true;
    return zdd_store_write(s->store, save, s);
}

/* Marathon's complaints of before may quote what they complain about; both as it is and as JSON
 * writes it. */
static enum zdd_err replace_quotes(struct settling *s, struct zdd_tx *tx,
                                   const struct zdd_secret_row *row, const char *value)
{
    ZDD_AUTO_BUF struct zdd_buf quoted = {0};
    char marker[ZDD_MARKER_SIZE];
    int64_t audited = 0;
    enum zdd_err err;

    zdd_marker_write(row->secret.digest, marker);
    zdd_buf_json_string(&quoted, value);
    if (quoted.err != ZDD_ERR_NONE)
        return quoted.err;
    quoted.data[quoted.size - 1] = '\0'; /* without its quotes */
    err = zdd_quotes_replace(tx, row->app_id, quoted.data + 1, marker, &audited);
    if (err == ZDD_ERR_NONE && strcmp(quoted.data + 1, value) != 0)
        err = zdd_quotes_replace(tx, row->app_id, value, marker, &audited);
    s->done.audited += audited;
    return err;
}

static enum zdd_err hush_value(struct settling *s, struct zdd_tx *tx,
                               const struct zdd_secret_row *row)
{
    char *value = NULL;
    size_t size = 0;
    enum zdd_err err = zdd_secrets_unseal(s->secrets, &row->secret, &value, &size);

    if (err == ZDD_ERR_NONE && size >= QUOTED_MIN)
        err = replace_quotes(s, tx, row, value);
    if (value)
        zdd_wipe(value, size);
    free(value);
    return err;
}

static enum zdd_err hush_batch(struct zdd_tx *tx, void *cls)
{
    struct settling *s = cls;
    enum zdd_err err = ZDD_ERR_NONE;

    for (size_t i = 0; i < s->value_count && err == ZDD_ERR_NONE; i++)
        err = hush_value(s, tx, &s->value[i]);
    return err;
}

static enum zdd_err hush_quotes(struct settling *s)
{
    struct zdd_secret_row last = {0};
    enum zdd_err err = ZDD_ERR_NONE;
    bool more = true;

    while (more && err == ZDD_ERR_NONE) { /* ends with the rows */
        struct zdd_secret_row *row = &s->value[s->value_count];

        /* "-" is nobody's key: all of them */
        err = zdd_secret_next_other(s->store, "-", last.app_id, last.secret.digest, row);
        more = err == ZDD_ERR_NONE && *row->app_id;
        if (more) {
            memcpy(last.app_id, row->app_id, sizeof(last.app_id));
            memcpy(last.secret.digest, row->secret.digest, sizeof(last.secret.digest));
            s->value_count++;
        }
        if (err == ZDD_ERR_NONE)
            err = go_on(s);
        if (err == ZDD_ERR_NONE && s->value_count > 0 && (!more || s->value_count == BATCH)) {
            err = zdd_store_write(s->store, hush_batch, s);
            drop_batch(s);
        }
    }
    return err;
}

static void rehash(void *cls, const char *old, char *ret_new)
{
    const struct settling *s = cls;

    zdd_secrets_body_digest(s->secrets, old, ret_new);
}

/* All is moved. Digests of bodies are made anew once, in the transaction that says so. */
static enum zdd_err close_move(struct zdd_tx *tx, void *cls)
{
    struct settling *s = cls;
    const bool first = !*s->vault.rules;
    const enum zdd_err err = zdd_idem_rewrite(tx, first ? rehash : NULL, s);

    if (err != ZDD_ERR_NONE)
        return err;
    memcpy(s->vault.rules, s->secrets->rules, sizeof(s->vault.rules));
    return zdd_vault_save(tx, &s->vault);
}

static enum zdd_err move_definitions(struct settling *s)
{
    enum zdd_err err;

    if (strcmp(s->vault.rules, s->secrets->rules) == 0)
        return ZDD_ERR_NONE;
    err = move_all(s, false);
    if (err == ZDD_ERR_NONE)
        err = move_all(s, true);
    if (err == ZDD_ERR_NONE && s->vault.residue)
        err = hush_quotes(s);
    return err == ZDD_ERR_NONE ? zdd_store_write(s->store, close_move, s) : err;
}

/* A full disk is no reason not to serve: the next start tries again. */
static enum zdd_err wring(struct settling *s)
{
    if (!s->vault.residue)
        return ZDD_ERR_NONE;
    s->done.wring_err = zdd_store_wring(s->store);
    if (s->done.wring_err != ZDD_ERR_NONE)
        return ZDD_ERR_NONE;
    s->done.wrung = true;
    s->vault.residue = false;
    return zdd_store_write(s->store, save, s);
}

enum zdd_err zdd_secrets_settle(const struct zdd_secrets *secrets,
                                const struct zdd_settle_watch *watch,
                                struct zdd_settled *ret_settled,
                                char ret_reason[static ZDD_SECRETS_REASON_SIZE])
{
    struct settling *s = calloc(1, sizeof(*s));
    enum zdd_err err = ZDD_ERR_NO_MEMORY;

    ret_reason[0] = '\0';
    if (s) {
        s->secrets = secrets;
        s->store = secrets->store;
        s->watch = watch;
        s->reason = ret_reason;
        err = zdd_vault_load(s->store, &s->vault);
    }
    if (err == ZDD_ERR_NONE)
        err = seal_values(s);
    if (err == ZDD_ERR_NONE)
        err = seal_vault(s);
    if (err == ZDD_ERR_NONE)
        err = move_definitions(s);
    if (err == ZDD_ERR_NONE)
        err = wring(s);
    if (err == ZDD_ERR_NONE)
        *ret_settled = s->done;
    else if (!*ret_reason)
        snprintf(ret_reason, ZDD_SECRETS_REASON_SIZE,
                 "The secrets in the database cannot be brought up to date: %s%s",
                 zdd_err_text(err), zdd_secrets_remedy(err));
    if (s) {
        drop_batch(s);
        zdd_wipe(&s->vault, sizeof(s->vault));
    }
    free(s);
    return err;
}
