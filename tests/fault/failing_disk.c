/**
 * @file tests/fault/failing_disk.c
 * @brief A disk that fails when it is told to: SQLite's own VFS with three methods replaced.
 */
#include "tests/fault/failing_disk.h"

#include <assert.h>
#include <signal.h>
#include <sqlite3.h>
#include <stddef.h>

#define FILE_KIND_MAX 4

static sqlite3_vfs *real;
static sqlite3_vfs failing;
/* Each kind of file (database, log) has methods of its own. */
static struct {
    const sqlite3_io_methods *real;
    sqlite3_io_methods failing;
} kinds[FILE_KIND_MAX];
static struct {
    const struct disk_fault *fault; /* NULL: all is well */
    int left;                       /* calls until it fails; 0 and less: it fails */
    bool came;
} state;

/* @return SQLITE_OK, or what the caller is to be told */
static int fate_of(bool sync)
{
    if (!state.fault || state.fault->sync != sync)
        return SQLITE_OK;
    state.left--;
    if (state.left > 0 || state.left <= -state.fault->times)
        return SQLITE_OK;
    state.came = true;
    if (state.fault->result == DISK_KILLS)
        (void)raise(SIGKILL);
    return state.fault->result;
}

static const sqlite3_io_methods *real_of(const sqlite3_file *file)
{
    for (size_t i = 0; i < FILE_KIND_MAX; i++) {
        if (file->pMethods == &kinds[i].failing)
            return kinds[i].real;
    }
    assert(false && "a file that was not opened here");
    return NULL;
}

static int fail_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
    const int result = fate_of(false);

    return result == SQLITE_OK ? real_of(file)->xWrite(file, data, size, at) : result;
}

static int fail_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    const int result = fate_of(false);

    return result == SQLITE_OK ? real_of(file)->xTruncate(file, size) : result;
}

static int fail_sync(sqlite3_file *file, int flags)
{
    (void)file;
    (void)flags;
    return fate_of(true);
}

static int open_file_of(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                        int *ret_flags)
{
    const int result = real->xOpen(vfs, name, file, flags, ret_flags);

    size_t i = 0;

    if (result != SQLITE_OK || !file->pMethods)
        return result;
    while (i < FILE_KIND_MAX && kinds[i].real && kinds[i].real != file->pMethods)
        i++;
    assert(i < FILE_KIND_MAX);
    if (!kinds[i].real) {
        kinds[i].real = file->pMethods;
        kinds[i].failing = *file->pMethods;
        kinds[i].failing.xWrite = fail_write;
        kinds[i].failing.xTruncate = fail_truncate;
        kinds[i].failing.xSync = fail_sync;
    }
    file->pMethods = &kinds[i].failing;
    return result;
}

bool disk_install(void)
{
    real = sqlite3_vfs_find(NULL);
    if (!real)
        return false;
    failing = *real;
    failing.zName = "failing";
    failing.xOpen = open_file_of;
    return sqlite3_vfs_register(&failing, 1) == SQLITE_OK;
}

void disk_fail_at(int n, const struct disk_fault *fault)
{
    state.fault = fault;
    state.left = n;
    state.came = false;
}

bool disk_heal(void)
{
    state.fault = NULL;
    return state.came;
}
