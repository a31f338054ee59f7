/**
 * @file storage/migrate.c
 * @brief The schema's steps, and how they are taken.
 */
#include "storage/migrate.h"

#include "storage/store.h"

#include <assert.h>
#include <stdio.h>

/* "zdd1": tells our files from those of other programs that use SQLite. */
#define APPLICATION_ID 0x7a646431

static const char start_sql[] = {
#include "schema_0001.inc"
    , 0};

static const char pair_sql[] = {
#include "schema_0002.inc"
    , 0};

static const char evidence_sql[] = {
#include "schema_0003.inc"
    , 0};

static const char lock_sql[] = {
#include "schema_0004.inc"
    , 0};

static const char floor_sql[] = {
#include "schema_0005.inc"
    , 0};

static const char survivor_sql[] = {
#include "schema_0006.inc"
    , 0};

static const char verify_sql[] = {
#include "schema_0007.inc"
    , 0};

static const char stepwise_sql[] = {
#include "schema_0008.inc"
    , 0};

static const char canary_sql[] = {
#include "schema_0009.inc"
    , 0};

static const char router_sql[] = {
#include "schema_0010.inc"
    , 0};

static const char verifies_sql[] = {
#include "schema_0011.inc"
    , 0};

static const char sticky_sql[] = {
#include "schema_0012.inc"
    , 0};

static const char session_sql[] = {
#include "schema_0013.inc"
    , 0};

static const char trial_sql[] = {
#include "schema_0014.inc"
    , 0};

static const char secret_sql[] = {
#include "schema_0015.inc"
    , 0};

const struct zdd_migration zdd_migrations[] = {
    {1, start_sql},     /* the deployments of one app */
    {2, pair_sql},      /* … and of a pair */
    {3, evidence_sql},  /* where the new instances are */
    {4, lock_sql},      /* a pair and its apps */
    {5, floor_sql},     /* what a plan promises */
    {6, survivor_sql},  /* a pair whose apps both exist */
    {7, verify_sql},    /* checks before the switch */
    {8, stepwise_sql},  /* instances exchanged step by step */
    {9, canary_sql},    /* shares and gates */
    {10, router_sql},   /* who moves a pair's requests */
    {11, verifies_sql}, /* several sets of checks */
    {12, sticky_sql},   /* users who stay with their version */
    {13, session_sql},  /* who has logged in to the dashboard */
    {14, trial_sql},    /* what balancers count of a canary */
    {15, secret_sql},   /* what definitions have markers for */
};
const size_t zdd_migration_count = sizeof(zdd_migrations) / sizeof(zdd_migrations[0]);

int zdd_store_schema_newest(void)
{
    return zdd_migrations[zdd_migration_count - 1].version;
}

/* Version 0 with tables in it, or another mark, is somebody else's. */
enum zdd_err zdd_schema_version(struct zdd_conn *conn, int *ret_version)
{
    int64_t version = 0;
    int64_t mark = 0;
    int64_t tables = 0;
    enum zdd_err err = zdd_conn_number(conn, "PRAGMA user_version", &version);

    if (err == ZDD_ERR_NONE)
        err = zdd_conn_number(conn, "PRAGMA application_id", &mark);
    if (err == ZDD_ERR_NONE)
        err = zdd_conn_number(conn, "SELECT count(*) FROM sqlite_schema", &tables);
    if (err != ZDD_ERR_NONE)
        return err;
    *ret_version = (int)version;
    if (mark == APPLICATION_ID || (version == 0 && mark == 0 && tables == 0))
        return ZDD_ERR_NONE;
    zdd_conn_note(conn, "it is the database of another program", NULL);
    return ZDD_ERR_STORE_CANNOT_OPEN;
}

static enum zdd_err steps(struct zdd_conn *conn, const struct zdd_migration *migration)
{
    char mark[100];
    enum zdd_err err = zdd_conn_exec(conn, migration->sql);

    if (err != ZDD_ERR_NONE)
        return err;
    (void)snprintf(mark, sizeof(mark), "PRAGMA user_version = %d; PRAGMA application_id = %d",
                   migration->version, APPLICATION_ID);
    err = zdd_conn_exec(conn, mark);
    return err == ZDD_ERR_NONE ? zdd_conn_exec(conn, "COMMIT") : err;
}

static enum zdd_err take_step(struct zdd_conn *conn, const struct zdd_migration *migration)
{
    enum zdd_err err = zdd_conn_exec(conn, "BEGIN IMMEDIATE");

    if (err != ZDD_ERR_NONE)
        return err;
    err = steps(conn, migration);
    if (err != ZDD_ERR_NONE && zdd_conn_in_transaction(conn) &&
        zdd_conn_exec(conn, "ROLLBACK") != ZDD_ERR_NONE)
        return ZDD_ERR_STORE_BROKEN; /* closing the connection undoes it */
    return err;
}

enum zdd_err zdd_migrate(struct zdd_conn *conn, const struct zdd_migration list[], size_t count,
                         int found)
{
    enum zdd_err err = found > (int)count ? ZDD_ERR_STORE_NEWER : ZDD_ERR_NONE;

    for (size_t i = 0; i < count && err == ZDD_ERR_NONE; i++) {
        assert(list[i].version == (int)i + 1);
        if (list[i].version > found)
            err = take_step(conn, &list[i]);
    }
    return err;
}
