/**
 * @file storage/chain.h
 * @brief PRIVATE to storage/: what an audit entry's hash is computed from.
 */
#pragma once

#include "storage/audit.h"
#include "storage/inside.h"

/**
 * SHA-256 over the hash before as 64 hex digits, then seq, time_ms, actor, remote, action, app_id,
 * run_id, reason, result, request_id and data: each as text, and before each its length in bytes
 * as eight bytes, highest first. Anybody can do the same with an export.
 */
void zdd_chain_hash(const unsigned char before[static ZDD_CHAIN_HASH_SIZE],
                    const struct zdd_audit *entry, unsigned char ret_hash[ZDD_CHAIN_HASH_SIZE]);

void zdd_chain_hex(const unsigned char hash[static ZDD_CHAIN_HASH_SIZE],
                   char ret_hex[static ZDD_HASH_SIZE]);

#define ZDD_FAMILY_SIZE 64

/** The action up to and with its first '.', cut to the buffer: what is indexed for the filter by
 * prefix. */
void zdd_audit_family(const char *action, char ret_family[static ZDD_FAMILY_SIZE]);

#define ZDD_AUDIT_COLUMNS                                                                          \
    "seq, time_ms, actor, remote, action, app_id, run_id, reason, result, request_id, data, hash"

/** Read the present row of ZDD_AUDIT_COLUMNS; hash is left NULL. Texts are borrowed. */
void zdd_audit_read(struct zdd_stmt *stmt, struct zdd_audit *ret_entry);
/** Its hash. A column of another size sticks as damaged, and ret_hash is zeros. */
void zdd_audit_read_hash(struct zdd_stmt *stmt, unsigned char ret_hash[ZDD_CHAIN_HASH_SIZE]);
