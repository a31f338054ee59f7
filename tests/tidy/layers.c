/**
 * @file tests/tidy/layers.c
 * @brief Who may include what: arrows point inwards, each library has its few folders.
 */
#include "tests/tidy/checks.h"
#include "tests/tidy/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_SIZE 256

/* Headers of the system, by what they let a file do. Lists of words: a blank before and behind. */
#define PURE " assert.h limits.h stdbool.h stddef.h stdint.h string.h "
#define C                                                                                            \
    PURE                                                                                             \
        " ctype.h errno.h float.h inttypes.h libgen.h math.h signal.h stdarg.h stdatomic.h stdio.h " \
        "stdlib.h strings.h time.h "
#define FILES                                                                                      \
    " dirent.h fcntl.h pwd.h sys/file.h sys/mman.h sys/resource.h sys/stat.h sys/types.h unistd.h "
#define THREADS " pthread.h "
#define SOCKETS " arpa/inet.h netdb.h netinet/in.h netinet/tcp.h poll.h sys/socket.h sys/un.h "

/*
 * The first row whose folder fits counts. `ours`: the beginnings of the paths that may be
 * included, or whole paths; a header made by the build has no folder.
 */
static const struct row {
    const char *folder;
    const char *ours;
    const char *theirs;
} rows[] = {
    {"strategies/model/", "strategies/model/", PURE},
    {"strategies/judge/", "strategies/judge/ strategies/model/ strategies/say.h", PURE "math.h "},
    {"strategies/", "strategies/", PURE},
    {"storage/", "strategies/model/ storage/ schema_", C FILES THREADS " sqlite3.h sodium.h "},
    {"server/base/", "server/base/ strategies/model/", C FILES THREADS " sodium.h "},
    {"server/metrics/", "server/metrics/ server/base/ strategies/", C FILES THREADS},
    {"server/json/", "server/json/ server/base/ strategies/model/", C " jansson.h "},
    {"server/yaml/", "server/yaml/ server/json/ server/base/ strategies/model/",
     C " jansson.h yaml.h "},
    {"server/net/", "server/net/ server/base/ strategies/model/",
     C FILES THREADS SOCKETS " curl/curl.h "},
    {"server/http/", "server/http/ server/json/ server/base/ strategies/model/",
     C FILES THREADS SOCKETS " microhttpd.h gnutls/abstract.h gnutls/gnutls.h zlib.h "},
    {"server/secrets/",
     "server/secrets/ server/engine/cluster.h server/json/ server/base/ storage/ strategies/model/",
     C FILES THREADS " jansson.h "},
    {"server/ui/", "server/ui/ ui_assets.inc", C},
    {"server/config/", "server/config/ server/json/ server/net/ server/base/ strategies/model/",
     C FILES},
    {"server/engine/", "server/engine/ server/metrics/metrics.h server/base/ storage/ strategies/",
     C THREADS},
    {"server/cluster/",
     "server/cluster/ server/engine/cluster.h server/metrics/metrics.h server/net/ server/json/ "
     "server/base/ "
     "strategies/model/",
     C THREADS " jansson.h "},
    {"server/router/",
     "server/router/ server/engine/router.h server/metrics/metrics.h server/net/ server/json/ "
     "server/base/ "
     "strategies/model/",
     C FILES THREADS SOCKETS " sys/epoll.h "},
    {"server/probe/",
     "server/probe/ server/engine/probe.h server/engine/cluster.h server/net/ server/json/ "
     "server/base/ strategies/model/",
     C THREADS " jansson.h "},
    {"server/api/",
     "server/api/ server/http/ server/ui/assets.h server/json/ server/yaml/ server/base/ server/metrics/metrics.h "
     "server/engine/engine.h "
     "server/engine/cluster.h server/engine/tell.h server/secrets/secrets.h server/router/dress.h server/router/labels.h "
     "server/router/presence.h server/router/sticky.h server/router/traces.h server/probe/verify.h storage/ strategies/ "
     "openapi",
     C THREADS " jansson.h "},
    {"server/cli/", "server/ storage/ strategies/model/ zdd_version.h",
     C FILES THREADS SOCKETS " jansson.h "},
    {"server/main.c", "server/cli/", C},
    {"deploy/lab/",
     "deploy/lab/ server/base/ server/json/ server/http/ server/net/ strategies/model/ "
     "zdd_version.h endpoints.lua.inc",
     C FILES THREADS SOCKETS
     " curl/curl.h jansson.h sys/prctl.h sys/signalfd.h sys/syscall.h sys/wait.h "},
    {"deploy/", "deploy/ server/base/ server/json/ server/http/ server/net/ strategies/model/",
     C FILES THREADS SOCKETS " getopt.h jansson.h sys/time.h "},
};

static const struct row *row_of(const char *path)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strncmp(path, rows[i].folder, strlen(rows[i].folder)) == 0)
            return &rows[i];
    }
    return NULL;
}

/* The next word of the list at @p at; NULL at its end. */
static const char *next_word(const char *at, char ret_word[static WORD_SIZE])
{
    size_t size;

    at += strspn(at, " ");
    size = strcspn(at, " ");
    if (size == 0 || size >= WORD_SIZE)
        return NULL;
    memcpy(ret_word, at, size);
    ret_word[size] = '\0';
    return at + size;
}

/* A word that ends in `/` or has no dot is a beginning, any other a whole path. */
static bool is_ours(const struct row *row, const char *header)
{
    char word[WORD_SIZE];

    for (const char *at = next_word(row->ours, word); at; at = next_word(at, word)) {
        const bool whole = word[strlen(word) - 1] != '/' && strchr(word, '.');

        if (whole ? strcmp(header, word) == 0 : strncmp(header, word, strlen(word)) == 0)
            return true;
    }
    return false;
}

static bool is_theirs(const struct row *row, const char *header)
{
    char word[WORD_SIZE];

    for (const char *at = next_word(row->theirs, word); at; at = next_word(at, word)) {
        if (strcmp(header, word) == 0)
            return true;
    }
    return false;
}

/* A header whose first lines say "PRIVATE to <folder>/" is for that folder alone. */
static void check_private(const char *root, const struct source *includer, size_t line,
                          const char *header)
{
    static const char mark[] = "@brief PRIVATE to ";
    struct source included;
    const char *owner;
    size_t size;

    if (!source_load(root, header, &included))
        return; /* made by the build */
    owner = strstr(included.text, mark);
    if (owner) {
        owner += strlen(mark);
        size = strcspn(owner, ": \n");
        if (size > 0 && strncmp(includer->path, owner, size) != 0)
            source_complain(includer, line,
                            "%s is private to %.*s; right would be: its public header", header,
                            (int)size, owner);
    }
    source_release(&included);
}

static void check_include(const char *root, const struct row *row, const struct source *source,
                          const char *at)
{
    const size_t line = source_line(source->text, at);
    const char *open = at + strcspn(at, "\"<\n");
    char header[WORD_SIZE];
    size_t size;

    if (*open == '\n' || !*open)
        return;
    size = strcspn(open + 1, "\">\n");
    if (size >= WORD_SIZE)
        return;
    memcpy(header, open + 1, size);
    header[size] = '\0';
    if (*open == '<') {
        if (!is_theirs(row, header))
            source_complain(source, line, "<%s> is not for %s; right would be one of:%s", header,
                            row->folder, row->theirs);
        return;
    }
    if (!is_ours(row, header))
        source_complain(source, line, "\"%s\" is not for %s; right would be one of: %s", header,
                        row->folder, row->ours);
    check_private(root, source, line, header);
}

static void look_at(void *cls, const struct source *source)
{
    const struct row *row = row_of(source->path);

    if (!row) {
        source_complain(
            source, 1,
            "no row of the folder table; right would be: add one to tests/tidy/layers.c");
        return;
    }
    /* Comments are blank in the code, so what stands in one is no include. */
    for (const char *at = strstr(source->code, "#"); at; at = strstr(at + 1, "#")) {
        const char *word = at + 1 + strspn(at + 1, " \t");

        if (strncmp(word, "include", 7) == 0)
            check_include(cls, row, source, source->text + (at - source->code));
    }
}

void check_layers(const char *root)
{
    static const char *const folders[] = {"strategies", "storage", "server", "deploy"};
    char copy[WORD_SIZE];
    size_t files = 0;

    snprintf(copy, sizeof(copy), "%s", root);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        files += source_walk(root, folders[i], look_at, copy);
    if (files == 0) {
        fprintf(stderr, "no source files below %s\n", root);
        exit(2);
    }
}
