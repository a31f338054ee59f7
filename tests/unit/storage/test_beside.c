/**
 * @file tests/unit/storage/test_beside.c
 * @brief A command writes beside a running server; a backup is taken while it writes.
 */
#include "storage/audit.h"
#include "storage/backup.h"
#include "storage/store.h"
#include "storage/tokens.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory of its own for each test. */
struct place {
    char dir[64];
    char db[100];
    char to[100];
    char reason[300];
};

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    if (!place)
        return -1;
    snprintf(place->dir, sizeof(place->dir), "/tmp/zdd-beside-XXXXXX");
    if (!mkdtemp(place->dir))
        return -1;
    snprintf(place->db, sizeof(place->db), "%s/a.db", place->dir);
    snprintf(place->to, sizeof(place->to), "%s/b.db", place->dir);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    static const char *const names[] = {"a.db", "a.db-wal",  "a.db-shm", "a.db.lock",
                                        "b.db", "b.db.part", "b.db-wal", "b.db-shm"};
    struct place *place = *state;

    for (size_t i = 0; i < ZDD_COUNT(names); i++) {
        char path[200];

        snprintf(path, sizeof(path), "%s/%s", place->dir, names[i]);
        unlink(path);
    }
    rmdir(place->dir);
    free(place);
    return 0;
}

static struct zdd_store *open_store(struct place *place, struct zdd_store_options options)
{
    struct zdd_store *store = NULL;

    if (!options.path)
        options.path = place->db;
    options.holder = "the test";
    if (zdd_store_open(&options, &store, place->reason) != ZDD_ERR_NONE)
        return NULL;
    return store;
}

#define A_SERVER                                                                                   \
    (struct zdd_store_options)                                                                     \
    {                                                                                              \
        0                                                                                          \
    }
#define A_COMMAND                                                                                  \
    (struct zdd_store_options)                                                                     \
    {                                                                                              \
        .beside = true, .inline_writer = true                                                      \
    }
#define A_READER                                                                                   \
    (struct zdd_store_options)                                                                     \
    {                                                                                              \
        .read_only = true                                                                          \
    }

static enum zdd_err append(struct zdd_tx *tx, void *cls)
{
    const struct zdd_audit entry = {.time_ms = 1,
                                    .actor = cls,
                                    .remote = "",
                                    .action = "test.append",
                                    .app_id = "",
                                    .run_id = "",
                                    .reason = "",
                                    .result = "",
                                    .request_id = "",
                                    .data = ""};

    return zdd_audit_append(tx, &entry);
}

static void note(struct zdd_store *store, const char *actor)
{
    assert_int_equal(zdd_store_write(store, append, (void *)(uintptr_t)actor), ZDD_ERR_NONE);
}

static void assert_chain(struct zdd_store *store, int64_t entries)
{
    struct zdd_audit_verdict verdict;

    assert_int_equal(zdd_audit_verify(store, &verdict), ZDD_ERR_NONE);
    if (!verdict.ok)
        fail_msg("entry %d: %s", (int)verdict.broken_seq, verdict.why);
    assert_int_equal(verdict.entries, entries);
}

static void server_and_command_write_by_turns_into_one_chain(void **state)
{
    struct place *place = *state;
    struct zdd_store *server = open_store(place, A_SERVER);
    struct zdd_store *command;

    assert_non_null(server);
    note(server, "server");
    command = open_store(place, A_COMMAND);
    assert_non_null(command);
    note(command, "command");
    note(server, "server");
    note(server, "server");
    note(command, "command");
    note(server, "server");
    assert_chain(server, 6);
    assert_chain(command, 6);
    zdd_store_free(command);
    note(server, "server");
    assert_chain(server, 7);
    zdd_store_free(server);
}

static void a_command_creates_the_database_when_there_is_none(void **state)
{
    struct place *place = *state;
    struct zdd_store *command = open_store(place, A_COMMAND);
    struct stat status;

    assert_non_null(command);
    note(command, "command");
    assert_chain(command, 1);
    zdd_store_free(command);
    assert_int_equal(stat(place->db, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void two_servers_still_exclude_each_other(void **state)
{
    struct place *place = *state;
    struct zdd_store *server = open_store(place, A_SERVER);

    assert_non_null(server);
    assert_null(open_store(place, A_SERVER));
    assert_non_null(strstr(place->reason, "the test"));
    zdd_store_free(server);
}

static void a_backup_holds_what_was_there_when_it_began(void **state)
{
    struct place *place = *state;
    struct zdd_store *server = open_store(place, A_SERVER);
    struct zdd_store *reader, *copy;
    struct stat status;

    note(server, "server");
    reader = open_store(place, A_READER);
    assert_non_null(reader);
    assert_int_equal(zdd_store_backup(reader, place->to, place->reason), ZDD_ERR_NONE);
    zdd_store_free(reader);
    note(server, "server");
    assert_chain(server, 2);
    zdd_store_free(server);

    assert_int_equal(stat(place->to, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    copy = open_store(place, (struct zdd_store_options){.path = place->to, .read_only = true});
    assert_non_null(copy);
    assert_chain(copy, 1);
    zdd_store_free(copy);
}

static void a_backup_replaces_nothing(void **state)
{
    struct place *place = *state;
    struct zdd_store *server = open_store(place, A_SERVER);
    char part[120];
    FILE *file;

    note(server, "server");
    assert_int_equal(zdd_store_backup(server, place->to, place->reason), ZDD_ERR_NONE);
    assert_int_equal(zdd_store_backup(server, place->to, place->reason), ZDD_ERR_STORE_HELD);
    assert_non_null(strstr(place->reason, "already"));

    unlink(place->to);
    snprintf(part, sizeof(part), "%s.part", place->to);
    file = fopen(part, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(zdd_store_backup(server, place->to, place->reason), ZDD_ERR_STORE_HELD);
    assert_int_not_equal(access(place->to, F_OK), 0);
    assert_int_equal(access(part, F_OK), 0);

    assert_int_equal(zdd_store_backup(server, "/nowhere/at/all.db", place->reason),
                     ZDD_ERR_STORE_CANNOT_OPEN);
    zdd_store_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(server_and_command_write_by_turns_into_one_chain,
                                        make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_command_creates_the_database_when_there_is_none,
                                        make_place, remove_place),
        cmocka_unit_test_setup_teardown(two_servers_still_exclude_each_other, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(a_backup_holds_what_was_there_when_it_began, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(a_backup_replaces_nothing, make_place, remove_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
