/**
 * @file deploy/lab/balancer/home.c
 * @brief Where HAProxy is found, and the directory it lives in.
 */
#include "deploy/lab/balancer/config.h"
#include "deploy/lab/balancer/files.h"
#include "deploy/lab/balancer/haproxy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char endpoints[] = {
#include "endpoints.lua.inc"
};

static bool is_program(const char *dir, size_t size, char ret_program[static 300])
{
    if (size == 0 || size + sizeof("/haproxy") > 300)
        return false;
    snprintf(ret_program, 300, "%.*s/haproxy", (int)size, dir);
    return access(ret_program, X_OK) == 0;
}

bool zdd_haproxy_find(char ret_program[static 300])
{
    /* Debian's place is not in the path of everybody. */
    static const char *const usual[] = {"/usr/sbin", "/usr/local/sbin"};
    const char *path = getenv("PATH");

    for (const char *at = path ? path : ""; *at; at += strcspn(at, ":"), at += *at == ':')
        if (*at == '/' && is_program(at, strcspn(at, ":"), ret_program))
            return true;
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        if (is_program(usual[i], strlen(usual[i]), ret_program))
            return true;
    return false;
}

static int open_dir(const char *path)
{
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return -1;
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* What a run before this one has left would be wrong: state of other servers, an old pipe. */
static bool furnish(int dir_fd)
{
    static const char *const empty[] = {ZDD_MLB_STATE_FILE, ZDD_MLB_DOMAIN_MAP_FILE,
                                        ZDD_MLB_APP_MAP_FILE};

    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
        if (!zdd_file_replace(dir_fd, empty[i], "", 0))
            return false;
    return zdd_file_replace(dir_fd, ZDD_MLB_LUA_FILE, endpoints, sizeof(endpoints));
}

/* Open for both, so that a writer never waits for a reader nor a reader for a writer. */
static int make_pipe(int dir_fd)
{
    (void)unlinkat(dir_fd, ZDD_MLB_SIGNAL_FILE, 0);
    if (mkfifoat(dir_fd, ZDD_MLB_SIGNAL_FILE, 0600) != 0)
        return -1;
    return openat(dir_fd, ZDD_MLB_SIGNAL_FILE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

bool zdd_haproxy_open(struct zdd_haproxy *haproxy, const char *dir, const char *mark,
                      char ret_reason[static ZDD_HAPROXY_REASON_SIZE])
{
    static const char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    *haproxy = (struct zdd_haproxy){
        .dir_fd = -1, .check_fd = -1, .signal_fd = -1, .master_fd = -1, .env = {mark, path, NULL}};
    snprintf(haproxy->dir, sizeof(haproxy->dir), "%s", dir);
    snprintf(haproxy->check_dir, sizeof(haproxy->check_dir), "%.*s/check",
             (int)sizeof(haproxy->check_dir) - 8, dir);
    if (!zdd_haproxy_find(haproxy->program)) {
        snprintf(ret_reason, ZDD_HAPROXY_REASON_SIZE,
                 "HAProxy is not installed (apt-get install haproxy)");
        return false;
    }
    haproxy->dir_fd = open_dir(haproxy->dir);
    if (haproxy->dir_fd >= 0)
        haproxy->check_fd = open_dir(haproxy->check_dir);
    if (haproxy->check_fd >= 0 && furnish(haproxy->dir_fd) && furnish(haproxy->check_fd))
        haproxy->signal_fd = make_pipe(haproxy->dir_fd);
    if (haproxy->signal_fd >= 0)
        return true;
    snprintf(ret_reason, ZDD_HAPROXY_REASON_SIZE, "%.200s: %s", haproxy->dir, strerror(errno));
    return false;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void zdd_haproxy_release(struct zdd_haproxy *haproxy)
{
    close_one(&haproxy->signal_fd);
    close_one(&haproxy->check_fd);
    close_one(&haproxy->dir_fd);
}
