/**
 * @file storage/chain.c
 * @brief Hashes of the audit chain, and the walk that checks it.
 */
#include "storage/chain.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* Entries read at once: each page is a short transaction, so that the walk holds nobody up. */
#define PAGE_SIZE 10000

_Static_assert(ZDD_CHAIN_HASH_SIZE == crypto_hash_sha256_BYTES, "SHA-256");

static void add(crypto_hash_sha256_state *state, const char *text)
{
    const uint64_t size = text ? strlen(text) : 0;
    unsigned char length[8];

    for (unsigned i = 0; i < 8; i++)
        length[i] = (unsigned char)(size >> (56 - 8 * i));
    crypto_hash_sha256_update(state, length, sizeof(length));
    if (size > 0)
        crypto_hash_sha256_update(state, (const unsigned char *)text, size);
}

static void add_number(crypto_hash_sha256_state *state, int64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRId64, number);
    add(state, text);
}

void zdd_chain_hex(const unsigned char hash[static ZDD_CHAIN_HASH_SIZE],
                   char ret_hex[static ZDD_HASH_SIZE])
{
    sodium_bin2hex(ret_hex, ZDD_HASH_SIZE, hash, ZDD_CHAIN_HASH_SIZE);
}

void zdd_chain_hash(const unsigned char before[static ZDD_CHAIN_HASH_SIZE],
                    const struct zdd_audit *entry, unsigned char ret_hash[ZDD_CHAIN_HASH_SIZE])
{
    crypto_hash_sha256_state state;
    char hex[ZDD_HASH_SIZE];

    zdd_chain_hex(before, hex);
    crypto_hash_sha256_init(&state);
    add(&state, hex);
    add_number(&state, entry->seq);
    add_number(&state, entry->time_ms);
    add(&state, entry->actor);
    add(&state, entry->remote);
    add(&state, entry->action);
    add(&state, entry->app_id);
    add(&state, entry->run_id);
    add(&state, entry->reason);
    add(&state, entry->result);
    add(&state, entry->request_id);
    add(&state, entry->data);
    crypto_hash_sha256_final(&state, ret_hash);
}

/* Where the walk is. */
struct walk {
    int64_t seq; /* of the last good entry */
    unsigned char hash[ZDD_CHAIN_HASH_SIZE];
    struct zdd_audit_verdict verdict;
};

static void break_at(struct walk *walk, int64_t seq, const char *why)
{
    walk->verdict.ok = false;
    walk->verdict.broken_seq = seq;
    (void)snprintf(walk->verdict.why, sizeof(walk->verdict.why), "%s", why);
}

static void check_entry(struct walk *walk, const struct zdd_audit *entry,
                        const unsigned char stored[static ZDD_CHAIN_HASH_SIZE])
{
    unsigned char hash[ZDD_CHAIN_HASH_SIZE];

    if (entry->seq != walk->seq + 1) {
        break_at(walk, walk->seq + 1, "The entry is missing.");
        return;
    }
    zdd_chain_hash(walk->hash, entry, hash);
    if (memcmp(hash, stored, sizeof(hash)) != 0) {
        break_at(walk, entry->seq,
                 "The entry does not fit its hash: it, or its hash, was changed.");
        return;
    }
    walk->seq = entry->seq;
    memcpy(walk->hash, hash, sizeof(hash));
}

/* Walk one page. @param[out] ret_end  whether it was the last one */
static enum zdd_err walk_page(struct zdd_conn *conn, struct walk *walk, bool *ret_end)
{
    ZDD_STMT stmt = zdd_stmt_prepare(conn, "SELECT " ZDD_AUDIT_COLUMNS " FROM audit"
                                           " WHERE seq > :seq ORDER BY seq LIMIT :limit");
    int count = 0;

    zdd_bind_int(&stmt, ":seq", walk->seq);
    zdd_bind_int(&stmt, ":limit", PAGE_SIZE);
    while (walk->verdict.ok && zdd_stmt_next(&stmt)) { /* ends with the limit */
        struct zdd_audit entry;
        unsigned char stored[ZDD_CHAIN_HASH_SIZE];

        zdd_audit_read(&stmt, &entry);
        zdd_audit_read_hash(&stmt, stored);
        if (stmt.err != ZDD_ERR_NONE)
            return stmt.err;
        check_entry(walk, &entry, stored);
        count++;
    }
    *ret_end = !walk->verdict.ok || count < PAGE_SIZE;
    return stmt.err;
}

/* After the last entry: is it the one that audit_head names? */
static enum zdd_err check_head(struct zdd_conn *conn, struct walk *walk)
{
    ZDD_STMT stmt = zdd_stmt_prepare(conn, "SELECT entries, hash FROM audit_head");
    enum zdd_err err = zdd_stmt_row(&stmt, ZDD_ERR_RUN_UNKNOWN);

    if (err == ZDD_ERR_RUN_UNKNOWN) {
        if (walk->seq != 0)
            break_at(walk, walk->seq + 1, "The note of the newest entry was removed.");
        return ZDD_ERR_NONE;
    }
    if (err != ZDD_ERR_NONE)
        return err;

    const void *hash = sqlite3_column_blob(stmt.raw, 1);
    const int size = sqlite3_column_bytes(stmt.raw, 1);

    if (zdd_column_int(&stmt, 0) > walk->seq)
        break_at(walk, walk->seq + 1, "The newest entries were removed.");
    else if (zdd_column_int(&stmt, 0) < walk->seq)
        break_at(walk, zdd_column_int(&stmt, 0) + 1, "The entry was added by another program.");
    else if (size != ZDD_CHAIN_HASH_SIZE || memcmp(hash, walk->hash, ZDD_CHAIN_HASH_SIZE) != 0)
        break_at(walk, walk->seq, "The newest entry is not the one that was noted.");
    return ZDD_ERR_NONE;
}

/* One page and, after the last one, the head: in one transaction, so that both are of one moment.
 * A savepoint, because in memory the reader may stand inside the writer's transaction. */
static enum zdd_err walk_on(struct zdd_conn *conn, struct walk *walk, bool *ret_end)
{
    enum zdd_err err = zdd_conn_run(conn, "SAVEPOINT walk");
    enum zdd_err released;

    if (err != ZDD_ERR_NONE)
        return err;
    err = walk_page(conn, walk, ret_end);
    if (err == ZDD_ERR_NONE && *ret_end && walk->verdict.ok)
        err = check_head(conn, walk);
    released = zdd_conn_run(conn, "RELEASE walk");
    return err == ZDD_ERR_NONE ? released : err;
}

enum zdd_err zdd_audit_verify(struct zdd_store *store, struct zdd_audit_verdict *ret_verdict)
{
    struct walk walk = {.verdict = {.ok = true}};
    enum zdd_err err = ZDD_ERR_NONE;
    bool end = false;

    while (!end && err == ZDD_ERR_NONE) { /* ends with the entries */
        ZDD_READER reader = zdd_reader_borrow(store);

        err = reader.err;
        if (err == ZDD_ERR_NONE)
            err = walk_on(reader.conn, &walk, &end);
    }
    if (err != ZDD_ERR_NONE)
        return err;
    walk.verdict.entries = walk.seq;
    zdd_chain_hex(walk.hash, walk.verdict.head);
    *ret_verdict = walk.verdict;
    return ZDD_ERR_NONE;
}
