/**
 * @file storage/backup.c
 * @brief SQLite's online backup into a file that gets its name when it is whole.
 */
#include "storage/backup.h"

#include "storage/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define REASON_SIZE 300

/* One file without a log beside it, readable from anywhere; the server turns the log on again. */
static const char settle_sql[] = "PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE;";

static enum zdd_err fail(enum zdd_err err, char *ret_reason, const char *what, const char *path)
{
    (void)snprintf(ret_reason, REASON_SIZE, "%.80s %.200s.", what, path);
    return err;
}

/* An empty file that nobody else may read: the database holds who did what. */
static enum zdd_err create(const char *path, char *ret_reason)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd >= 0) {
        close(fd);
        return ZDD_ERR_NONE;
    }
    if (errno == EEXIST)
        return fail(ZDD_ERR_STORE_HELD, ret_reason,
                    "Another backup is being written, or was left unfinished; remove", path);
    return fail(errno == ENOSPC ? ZDD_ERR_STORE_FULL : ZDD_ERR_STORE_CANNOT_OPEN, ret_reason,
                "Cannot create", path);
}

static enum zdd_err copy(struct zdd_conn *from, struct zdd_conn *to)
{
    sqlite3_backup *backup;
    int code, end;

    errno = 0;
    backup = sqlite3_backup_init(to->raw, "main", from->raw, "main");
    if (!backup)
        return zdd_conn_fail(to, sqlite3_extended_errcode(to->raw), NULL);
    code = sqlite3_backup_step(backup, -1); /* all in one read transaction: nobody waits for it */
    end = sqlite3_backup_finish(backup);    /* what the step said, or better */
    if (code == SQLITE_DONE && end == SQLITE_OK)
        return zdd_conn_exec(to, settle_sql);
    return zdd_conn_fail(to, end != SQLITE_OK ? end : code, NULL);
}

static enum zdd_err copy_to(struct zdd_store *store, const char *part)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    struct zdd_conn to = {0};
    enum zdd_err err = reader.err;

    if (err == ZDD_ERR_NONE)
        err = zdd_conn_open(&to, part, SQLITE_OPEN_READWRITE, &store->trouble);
    if (err != ZDD_ERR_NONE)
        return err;
    err = copy(reader.conn, &to);
    zdd_conn_close(&to);
    return err;
}

/* A rename is on the disk when its directory is. */
static bool sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char dir[PATH_SIZE];
    int fd;
    bool good;

    if (slash) /* with the slash: the root has nothing else */
        (void)snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path) + 1, path);
    else
        (void)snprintf(dir, sizeof(dir), ".");
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    good = fsync(fd) == 0;
    close(fd);
    return good;
}

static enum zdd_err give_name(const char *part, const char *to, char *ret_reason)
{
    if (rename(part, to) != 0)
        return fail(ZDD_ERR_STORE_CANNOT_OPEN, ret_reason, "Cannot create", to);
    if (!sync_directory(to))
        return fail(ZDD_ERR_STORE_BROKEN, ret_reason, "Cannot put on the disk the directory of",
                    to);
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_store_backup(struct zdd_store *store, const char *to, char ret_reason[static 300])
{
    char part[PATH_SIZE];
    enum zdd_err err;

    ret_reason[0] = '\0';
    if (snprintf(part, sizeof(part), "%s.part", to) >= (int)sizeof(part))
        return fail(ZDD_ERR_STORE_CANNOT_OPEN, ret_reason, "The name is too long:", to);
    if (access(to, F_OK) == 0)
        return fail(ZDD_ERR_STORE_HELD, ret_reason, "There is a file of that name already:", to);
    err = create(part, ret_reason);
    if (err != ZDD_ERR_NONE)
        return err;
    err = copy_to(store, part);
    if (err != ZDD_ERR_NONE)
        (void)fail(err, ret_reason, zdd_err_text(err), part);
    else
        err = give_name(part, to, ret_reason);
    if (err != ZDD_ERR_NONE)
        (void)unlink(part);
    return err;
}
