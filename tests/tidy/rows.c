/**
 * @file tests/tidy/rows.c
 * @brief Each row of marathon.md has a test, each test of its files has a row.
 */
#include "tests/tidy/checks.h"
#include "tests/tidy/source.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TEST_MAX 1024
#define NAME_SIZE 128
#define PATH_SIZE 128

static const char rows_path[] = "tests/lab/marathon_rows.txt";

struct registered {
    size_t count;
    struct test {
        char name[NAME_SIZE], path[PATH_SIZE];
        size_t line;
        bool has_row;
    } test[TEST_MAX];
};

static void add(struct registered *all, const struct source *source, const char *at)
{
    struct test *test = &all->test[all->count];
    size_t size = 0;

    at += strspn(at, " \n");
    while (source_is_name(at[size]))
        size++;
    if (size >= NAME_SIZE || all->count == TEST_MAX) {
        source_complain(source, source_line(source->code, at),
                        "a test too many, or its name too long: see TEST_MAX, NAME_SIZE");
        return;
    }
    snprintf(test->name, NAME_SIZE, "%.*s", (int)size, at);
    snprintf(test->path, PATH_SIZE, "%s", source->path);
    test->line = source_line(source->code, at);
    all->count++;
}

/* MARATHON_TEST(name) and MARATHON_TEST_KILLING(name) put a test into the list that is run. */
static void collect(void *cls, const struct source *source)
{
    static const char macro[] = "MARATHON_TEST";

    if (strncmp(source->path, "tests/lab/test_marathon_", 24) != 0)
        return;
    for (const char *at = strstr(source->code, macro); at; at = strstr(at + 1, macro)) {
        const char *behind = at + sizeof(macro) - 1;

        while (source_is_name(*behind))
            behind++;
        if (*behind == '(')
            add(cls, source, behind + 1);
    }
}

static struct test *find(struct registered *all, const char *name, size_t size)
{
    for (size_t i = 0; i < all->count; i++)
        if (strlen(all->test[i].name) == size && strncmp(all->test[i].name, name, size) == 0)
            return &all->test[i];
    return NULL;
}

/* "row | test test" */
static void check_row(struct registered *all, const struct source *source, const char *row,
                      size_t size)
{
    const size_t line = source_line(source->text, row);
    const char *at = memchr(row, '|', size);
    const char *end = row + size;
    bool any = false;

    while (at && at < end) {
        size_t name = 0;

        at++;
        while (at + name < end && at[name] != ' ')
            name++;
        if (!name)
            continue;
        any = true;
        if (find(all, at, name))
            find(all, at, name)->has_row = true;
        else
            source_complain(source, line, "there is no test %.*s", (int)name, at);
        at += name;
    }
    if (!any)
        source_complain(source, line, "a row without a test: add one to tests/lab/test_marathon_*");
}

static void check_list(struct registered *all, const struct source *source)
{
    for (const char *at = source->text; *at; at += strspn(at, "\n")) {
        const size_t size = strcspn(at, "\n");

        if (*at != '#')
            check_row(all, source, at, size);
        at += size;
    }
}

void check_rows(const char *root)
{
    static struct registered all;
    struct source list;

    source_walk(root, "tests/lab", collect, &all);
    if (!source_load(root, rows_path, &list)) {
        source_complain(&(struct source){.path = rows_path}, 1, "cannot be read");
        return;
    }
    check_list(&all, &list);
    source_release(&list);
    for (size_t i = 0; i < all.count; i++)
        if (!all.test[i].has_row)
            source_complain(&(struct source){.path = all.test[i].path}, all.test[i].line,
                            "%s belongs to no row of %s", all.test[i].name, rows_path);
}
