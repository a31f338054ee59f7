/**
 * @file tests/fault/failing_memory.c
 * @brief malloc() that fails when it is told to.
 */
#include "tests/fault/failing_memory.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The linker's names: --wrap=malloc sends each call of malloc to __wrap_malloc. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static atomic_int countdown; /* 0: off; the allocation that takes it from 1 to 0 fails */
static atomic_bool counts, sqlite_counts;
static sqlite3_mem_methods sqlite;

static bool fails_now(void)
{
    int left = countdown;

    if (!counts)
        return false;
    while (left > 0 && !atomic_compare_exchange_weak(&countdown, &left, left - 1))
        ; /* somebody else counted down: look again */
    return left == 1;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails_now() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = __wrap_malloc(size);

    return copy ? memcpy(copy, text, size) : NULL;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void *sqlite_malloc(int size)
{
    return sqlite_counts && fails_now() ? NULL : sqlite.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
    return sqlite_counts && fails_now() ? NULL : sqlite.xRealloc(old, size);
}

bool memory_install(void)
{
    sqlite3_mem_methods failing;

    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite) != SQLITE_OK)
        return false;
    failing = sqlite;
    failing.xMalloc = sqlite_malloc;
    failing.xRealloc = sqlite_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) == SQLITE_OK;
}

void memory_with_sqlite(bool with)
{
    sqlite_counts = with;
}

void memory_fail_at(int n)
{
    countdown = n;
}

void memory_inside(bool inside)
{
    counts = inside;
}

bool memory_heal(void)
{
    return atomic_exchange(&countdown, 0) == 0;
}
