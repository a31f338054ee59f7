/**
 * @file tests/unit/storage/test_store.c
 * @brief Opening: lock, schema, modes, and what the operator is told.
 */
#include "storage/migrate.h"
#include "tests/unit/storage/fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534
#define PAGE_SIZE 4096

static int setup(void **state)
{
    static struct place place;

    place_make(&place);
    *state = &place;
    return 0;
}

static int teardown(void **state)
{
    place_remove(*state);
    return 0;
}

static void assert_says(const char *reason, const char *part)
{
    if (!strstr(reason, part))
        fail_msg("\"%s\" does not say \"%s\"", reason, part);
    assert_int_equal(reason[strlen(reason) - 1], '.');
}

static void set_schema(const char *path, int version)
{
    char sql[80];

    (void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version);
    tamper(path, sql);
}

/* … which ends in the newest schema's number. */
static void assert_says_newest(const char *reason, const char *part)
{
    char text[80];

    (void)snprintf(text, sizeof(text), "%s %d", part, zdd_store_schema_newest());
    assert_says(reason, text);
}

static void a_file_is_private_and_names_its_schema(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct stat file;
    char lock[200];

    assert_int_equal(stat(place->path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    (void)snprintf(lock, sizeof(lock), "%s.lock", place->path);
    assert_int_equal(stat(lock, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    zdd_store_free(store);
    assert_int_equal(ask(place->path, "PRAGMA user_version"), zdd_store_schema_newest());
}

static void what_was_written_is_there_when_it_is_opened_again(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct zdd_run run = a_run(.reason = "kept");
    char busy[ZDD_ID_SIZE];

    assert_good(insert_run(store, &run, ZDD_WHEN_BUSY_REJECT, busy));
    zdd_store_free(store);
    store = open_file(place->path);
    assert_string_equal(load_run(store, "run-1").reason, "kept");
    zdd_store_free(store);
}

static void a_second_one_is_told_who_holds_the_database(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_with(&(struct zdd_store_options){
        .path = place->path, .holder = "zdd-server pid 4711 on 127.0.0.1:8090"});
    char reason[300];

    assert_err(ZDD_ERR_STORE_HELD,
               open_fails(&(struct zdd_store_options){.path = place->path}, reason));
    assert_says(reason, "held by zdd-server pid 4711 on 127.0.0.1:8090");
    assert_says(reason, place->path);
    zdd_store_free(store);
    store = open_file(place->path);
    zdd_store_free(store);
}

struct standby {
    struct zdd_store_options options;
    enum zdd_err err;
    struct zdd_store *store;
    char reason[300];
};

static void *stand_by(void *cls)
{
    struct standby *standby = cls;

    standby->err = zdd_store_open(&standby->options, &standby->store, standby->reason);
    return NULL;
}

/* How many descriptors of this process are open on @p path. */
static int open_count(const char *path)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char target[300] = "";

        if (readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1) > 0 &&
            strcmp(target, path) == 0)
            count++;
    }
    closedir(dir);
    return count;
}

static void a_standby_takes_over_when_the_holder_ends(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct standby standby = {.options = {.path = place->path, .standby = true}};
    pthread_t thread;
    char lock[200];

    assert_int_equal(pthread_create(&thread, NULL, stand_by, &standby), 0);
    (void)snprintf(lock, sizeof(lock), "%s.lock", place->path);
    for (int i = 0; i < 5000 && open_count(lock) < 2; i++) /* ours and, soon, its own */
        assert_int_equal(nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL), 0);
    assert_int_equal(open_count(lock), 2);
    zdd_store_free(store);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_good(standby.err);
    zdd_store_free(standby.store);
}

static void a_standby_can_give_up(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    bool give_up = false;
    struct standby standby = {
        .options = {.path = place->path, .standby = true, .give_up = &give_up}};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, stand_by, &standby), 0);
    __atomic_store_n(&give_up, true, __ATOMIC_RELAXED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_err(ZDD_ERR_STORE_HELD, standby.err);
    assert_says(standby.reason, "held by test");
    zdd_store_free(store);
}

static void a_holder_that_was_killed_holds_nothing(void **state)
{
    const struct place *place = *state;
    int ready[2];
    char byte = 0;
    pid_t child;
    int status;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        struct zdd_store *store = NULL;
        char reason[300];

        if (zdd_store_open(&(struct zdd_store_options){.path = place->path, .holder = "child"},
                           &store, reason) == ZDD_ERR_NONE)
            (void)!write(ready[1], "x", 1);
        pause();
        _exit(1);
    }
    assert_true(child > 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);

    char reason[300];

    assert_err(ZDD_ERR_STORE_HELD,
               open_fails(&(struct zdd_store_options){.path = place->path}, reason));
    assert_says(reason, "held by child");
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    zdd_store_free(open_file(place->path));
    close(ready[0]);
    close(ready[1]);
}

static void a_missing_directory_is_named(void **state)
{
    const struct place *place = *state;
    char path[200];
    char reason[300];

    (void)snprintf(path, sizeof(path), "%s/none/zdd.db", place->dir);
    assert_err(ZDD_ERR_STORE_CANNOT_OPEN,
               open_fails(&(struct zdd_store_options){.path = path}, reason));
    assert_says(reason, "directory does not exist");
    assert_says(reason, path);
}

static void a_directory_is_no_database(void **state)
{
    const struct place *place = *state;
    char reason[300];

    assert_int_equal(mkdir(place->path, 0700), 0);
    assert_err(ZDD_ERR_STORE_CANNOT_OPEN,
               open_fails(&(struct zdd_store_options){.path = place->path}, reason));
    assert_says(reason, place->path);
    assert_int_equal(rmdir(place->path), 0);
}

static void damage(const char *path, long at, const char *bytes)
{
    FILE *file = fopen(path, "r+");

    if (!file)
        file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, strlen(bytes), file), strlen(bytes));
    assert_int_equal(fclose(file), 0);
}

static void a_file_that_is_no_database_is_named_as_damaged(void **state)
{
    const struct place *place = *state;
    char reason[300];

    for (int i = 0; i < 64; i++)
        damage(place->path, i * 64L, "This is a letter to my aunt. It is long, and no database. ");
    assert_err(ZDD_ERR_STORE_CORRUPT,
               open_fails(&(struct zdd_store_options){.path = place->path}, reason));
    assert_says(reason, place->path);
    assert_says(reason, "restore a backup");
}

static void a_damaged_page_shows_when_it_is_read(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct zdd_run run;
    int64_t run_page;
    int64_t event_page;

    assert_good(append_event(store, a_new_event(.app_id = "/shop")));
    zdd_store_free(store);
    run_page = ask(place->path,
                   "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_run_1'");
    event_page = ask(place->path, "SELECT rootpage FROM sqlite_schema WHERE name = 'event'");
    damage(place->path, PAGE_SIZE * (run_page - 1), "damaged!");
    damage(place->path, PAGE_SIZE * (event_page - 1), "damaged!");
    store = open_file(place->path);
    assert_err(ZDD_ERR_STORE_CORRUPT, zdd_run_load(store, "run-1", &run, NULL));
    assert_err(ZDD_ERR_STORE_CORRUPT, append_event(store, a_new_event(.app_id = "/shop")));
    zdd_store_free(store);
}

static void a_word_that_nobody_knows_is_damage(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct zdd_run run = a_run();
    char busy[ZDD_ID_SIZE];
    char trouble[ZDD_TROUBLE_SIZE];

    assert_good(insert_run(store, &run, ZDD_WHEN_BUSY_REJECT, busy));
    zdd_store_free(store);
    tamper(place->path, "UPDATE run SET phase = 'dancing'");
    store = open_file(place->path);
    assert_err(ZDD_ERR_STORE_CORRUPT, zdd_run_load(store, "run-1", &run, NULL));
    zdd_store_trouble(store, trouble);
    assert_non_null(strstr(trouble, "a word that the program never writes"));
    zdd_store_free(store);
    tamper(place->path, "UPDATE run SET phase = 'rolling', step = 1 << 40");
    store = open_file(place->path);
    assert_err(ZDD_ERR_STORE_CORRUPT, zdd_run_load(store, "run-1", &run, NULL));
    zdd_store_free(store);
}

static bool note_data(void *cls, const struct zdd_event *event)
{
    char *text = cls;

    (void)snprintf(text, 200, "%s", event->data);
    return true;
}

static void documents_may_be_in_any_language(void **state)
{
    /* Of one to four bytes each, beside each other and alone between ASCII. */
    static const char words[] = "{\"text\":\"Zu\xc3\xbcrich costs 5 \xe2\x82\xac, and so it goes "
                                "\xc3\xa4\xe4\xb8\xad\xf0\x9f\x98\x80!\"}";
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    const struct zdd_event_filter all = {.limit = 10};
    char text[200];

    assert_good(append_event(store, a_new_event(.data = words)));
    assert_good(zdd_event_list(store, &all, note_data, text));
    assert_string_equal(text, words);
    zdd_store_free(store);
}

static void bytes_that_are_no_text_are_damage(void **state)
{
    static const char *const broken[] = {
        "x'7b00'",             /* a NUL */
        "x'22fe22'",           /* a byte that begins nothing */
        "x'22c0af22'",         /* an over-long one */
        "x'22bf22'",           /* a byte that only follows */
        "x'22e282'",           /* cut off */
        "x'22e2822222'",       /* one byte too few */
        "x'22f59f988022'",     /* beyond the last character */
        "x'414141414141c341'", /* behind eight bytes at once */
    };
    const struct place *place = *state;
    const struct zdd_event_filter all = {.limit = 10};
    char text[200];

    zdd_store_free(open_file(place->path));
    tamper(place->path, "INSERT INTO event (seq, time_ms, type, run_id, app_id, data)"
                        " VALUES (1, 1, 'deployment.started', 'run-1', '/shop', '{}')");
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        char sql[100];
        char trouble[ZDD_TROUBLE_SIZE];
        struct zdd_store *store;

        (void)snprintf(sql, sizeof(sql), "UPDATE event SET data = CAST(%s AS TEXT)", broken[i]);
        tamper(place->path, sql);
        store = open_file(place->path);
        assert_err(ZDD_ERR_STORE_CORRUPT, zdd_event_list(store, &all, note_data, text));
        zdd_store_trouble(store, trouble);
        assert_non_null(strstr(trouble, "bytes that are no text"));
        zdd_store_free(store);
    }
}

static void a_text_that_the_program_would_never_write_is_damage(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct zdd_run run = a_run();
    char busy[ZDD_ID_SIZE];

    assert_good(insert_run(store, &run, ZDD_WHEN_BUSY_REJECT, busy));
    zdd_store_free(store);
    /* The schema bounds characters, the program bytes. */
    tamper(place->path,
           "UPDATE run SET created_by = replace(printf('%.*c', 79, 'u'), 'u', char(252))");
    store = open_file(place->path);
    assert_err(ZDD_ERR_STORE_CORRUPT, zdd_run_load(store, "run-1", &run, NULL));
    zdd_store_free(store);
}

static void a_lock_that_cannot_be_made_says_why(void **state)
{
    const struct place *place = *state;
    char lock[200];
    char reason[300];

    (void)snprintf(lock, sizeof(lock), "%s.lock", place->path);
    assert_int_equal(mkdir(lock, S_IRWXU), 0);
    assert_err(ZDD_ERR_STORE_CANNOT_OPEN,
               open_fails(&(struct zdd_store_options){.path = place->path}, reason));
    assert_says(reason, lock);
    assert_says(reason, "it is a directory; name a file");
    assert_int_equal(rmdir(lock), 0);
}

static void a_path_that_no_system_takes_is_refused(void **state)
{
    static char path[5000];
    char reason[300];

    (void)state;
    memset(path, 'a', sizeof(path) - 1);
    assert_err(ZDD_ERR_STORE_CANNOT_OPEN,
               open_fails(&(struct zdd_store_options){.path = path}, reason));
    assert_says(reason, "Cannot create aaa");
}

static void a_newer_schema_is_left_alone(void **state)
{
    const struct place *place = *state;
    char reason[300];

    zdd_store_free(open_file(place->path));
    set_schema(place->path, 9999);
    assert_err(ZDD_ERR_STORE_NEWER,
               open_fails(&(struct zdd_store_options){.path = place->path}, reason));
    assert_says(reason, "schema 9999");
    assert_says_newest(reason, "up to");
    assert_err(
        ZDD_ERR_STORE_NEWER,
        open_fails(&(struct zdd_store_options){.path = place->path, .read_only = true}, reason));
    set_schema(place->path, zdd_store_schema_newest());
    zdd_store_free(open_file(place->path));
}

static void the_database_of_another_program_is_left_alone(void **state)
{
    const struct place *place = *state;
    char reason[300];

    tamper(place->path, "CREATE TABLE theirs (x)");
    assert_err(ZDD_ERR_STORE_CANNOT_OPEN,
               open_fails(&(struct zdd_store_options){.path = place->path}, reason));
    assert_says(reason, "another program");
    assert_says(reason, place->path);
    tamper(place->path, "SELECT * FROM theirs");
}

static void a_reader_reads_while_the_server_writes(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct zdd_store *reader =
        open_with(&(struct zdd_store_options){.path = place->path, .read_only = true});
    struct zdd_run run = a_run();
    char busy[ZDD_ID_SIZE];

    assert_good(insert_run(store, &run, ZDD_WHEN_BUSY_REJECT, busy));
    assert_string_equal(load_run(reader, "run-1").id, "run-1");
    assert_err(ZDD_ERR_STORE_READ_ONLY, append_event(reader, a_new_event(.app_id = "/shop")));
    assert_false(zdd_store_writable(reader));
    assert_true(zdd_store_writable(store));
    zdd_store_free(reader);
    zdd_store_free(store);
}

static void a_reader_needs_a_database_that_is_there_and_up_to_date(void **state)
{
    const struct place *place = *state;
    const struct zdd_store_options options = {.path = place->path, .read_only = true};
    char reason[300];

    assert_err(ZDD_ERR_STORE_CANNOT_OPEN, open_fails(&options, reason));
    assert_says(reason, place->path);
    tamper(place->path, "PRAGMA application_id = 0; PRAGMA user_version = 0");
    assert_err(ZDD_ERR_STORE_CANNOT_OPEN, open_fails(&options, reason));
    assert_says_newest(reason, "has schema 0, this program needs");
}

/* As a user who may not write here. Root may, so it becomes somebody else first. */
static void try_as_nobody(const char *path)
{
    struct zdd_store *store = NULL;
    char reason[300];
    enum zdd_err err;

    if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
        _exit(3);
    err = zdd_store_open(&(struct zdd_store_options){.path = path}, &store, reason);
    if (err != ZDD_ERR_STORE_READ_ONLY)
        _exit(1);
    _exit(strstr(reason, path) && strstr(reason, "may not write there") ? 0 : 2);
}

static void a_directory_that_cannot_be_written_is_named(void **state)
{
    const struct place *place = *state;
    pid_t child;
    int status;

    assert_int_equal(chmod(place->dir, 0555), 0);
    child = fork();
    if (child == 0)
        try_as_nobody(place->path);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(place->dir, 0700), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* The mechanism of migrations, with steps made for it. */
static enum zdd_err migrate(const char *path, const struct zdd_migration list[], size_t count,
                            int *ret_found)
{
    struct zdd_trouble trouble = {.lock = PTHREAD_MUTEX_INITIALIZER};
    static struct zdd_conn conn; /* large */
    enum zdd_err err;

    assert_good(zdd_conn_open(&conn, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &trouble));
    assert_good(zdd_schema_version(&conn, ret_found));
    err = zdd_migrate(&conn, list, count, *ret_found);
    zdd_conn_close(&conn);
    return err;
}

static const struct zdd_migration good_steps[] = {
    {1, "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)"},
    {2, "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1"},
    {3, "CREATE TABLE b (z INTEGER) STRICT; INSERT INTO b SELECT y + 1 FROM a"},
};

static const struct zdd_migration broken_steps[] = {
    {1, "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)"},
    {2, "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1"},
    {3, "CREATE TABLE b (z INTEGER) STRICT; INSERT INTO b VALUES ('not a number')"},
};

static void migrations_reach_the_newest_from_every_older_version(void **state)
{
    const struct place *place = *state;
    int found = -1;

    for (size_t from = 0; from <= 3; from++) {
        assert_good(migrate(place->path, good_steps, from, &found));
        assert_good(migrate(place->path, good_steps, 3, &found));
        assert_int_equal(found, (int)from);
        assert_int_equal(ask(place->path, "SELECT z FROM b"), 3);
        assert_int_equal(ask(place->path, "PRAGMA user_version"), 3);
        assert_int_equal(unlink(place->path), 0);
    }
}

static void a_migration_that_is_interrupted_leaves_the_version_before(void **state)
{
    const struct place *place = *state;
    int found = -1;

    assert_err(ZDD_ERR_STORE_BROKEN, migrate(place->path, broken_steps, 3, &found));
    assert_good(migrate(place->path, good_steps, 3, &found));
    assert_int_equal(found, 2); /* the third was undone, its table too, and now works */
    assert_err(ZDD_ERR_STORE_NEWER, migrate(place->path, good_steps, 2, &found));
    assert_int_equal(found, 3);
}

static void the_program_s_own_migrations_are_numbered_without_gaps(void **state)
{
    (void)state;
    for (size_t i = 0; i < zdd_migration_count; i++)
        assert_int_equal(zdd_migrations[i].version, (int)i + 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_file_is_private_and_names_its_schema),
        CASE(what_was_written_is_there_when_it_is_opened_again),
        CASE(a_second_one_is_told_who_holds_the_database),
        CASE(a_standby_takes_over_when_the_holder_ends),
        CASE(a_standby_can_give_up),
        CASE(a_holder_that_was_killed_holds_nothing),
        CASE(a_missing_directory_is_named),
        CASE(a_directory_is_no_database),
        CASE(a_file_that_is_no_database_is_named_as_damaged),
        CASE(a_damaged_page_shows_when_it_is_read),
        CASE(a_word_that_nobody_knows_is_damage),
        CASE(documents_may_be_in_any_language),
        CASE(bytes_that_are_no_text_are_damage),
        CASE(a_text_that_the_program_would_never_write_is_damage),
        CASE(a_lock_that_cannot_be_made_says_why),
        CASE(a_path_that_no_system_takes_is_refused),
        CASE(a_newer_schema_is_left_alone),
        CASE(the_database_of_another_program_is_left_alone),
        CASE(a_reader_reads_while_the_server_writes),
        CASE(a_reader_needs_a_database_that_is_there_and_up_to_date),
        CASE(a_directory_that_cannot_be_written_is_named),
        CASE(migrations_reach_the_newest_from_every_older_version),
        CASE(a_migration_that_is_interrupted_leaves_the_version_before),
        CASE(the_program_s_own_migrations_are_numbered_without_gaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
