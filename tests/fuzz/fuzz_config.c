/**
 * @file tests/fuzz/fuzz_config.c
 * @brief Any bytes as a settings file and as a file of credentials.
 */
#define _GNU_SOURCE /* memfd_create */
#include "server/base/log.h"
#include "server/config/config_print.h"
#include "server/config/credentials.h"
#include "server/net/url.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAME_SIZE 32

/* One file in memory for the life of the process: each input overwrites it. On a disk its blocks
 * would be written out again and again, a hundred times as slowly. */
static int the_file(char ret_name[static NAME_SIZE])
{
    static int fd = -1;

    if (fd < 0)
        fd = memfd_create("config", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0);
    snprintf(ret_name, NAME_SIZE, "/proc/self/fd/%d", fd);
    return fd;
}

static void write_file(const void *data, size_t size, char ret_name[static NAME_SIZE])
{
    const int fd = the_file(ret_name);

    FUZZ_CHECK(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
}

static void check_values(const struct zdd_config *config)
{
    FUZZ_CHECK(config->workers >= 1 && config->workers <= 64);
    FUZZ_CHECK(config->http_threads >= 1 && config->http_threads <= 64);
    FUZZ_CHECK(config->max_connections >= 16 && config->max_connections <= 100000);
    FUZZ_CHECK(config->marathon_timeout_ms >= 1000 && config->marathon_timeout_ms <= 60000);
    FUZZ_CHECK(config->drain_ms >= 0 && config->drain_ms <= 60000);
    FUZZ_CHECK(config->access_log >= ZDD_LOG_CALLS_CHANGES &&
               config->access_log <= ZDD_LOG_CALLS_OFF);
    FUZZ_CHECK(config->log_level >= ZDD_LOG_DEBUG && config->log_level <= ZDD_LOG_ERROR);
    FUZZ_CHECK(config->listen.host[0] && config->db[0]);
    FUZZ_CHECK(config->marathon.count >= 1 && config->marathon.count <= ZDD_CONFIG_URL_MAX);
    for (size_t i = 0; i < config->marathon.count; i++)
        FUZZ_CHECK(zdd_url_valid(config->marathon.url[i]));
}

static void check_settings(const void *data, size_t size)
{
    char name[NAME_SIZE];
    const struct zdd_config_sources sources = {.file = name};
    ZDD_AUTO_BUF struct zdd_buf problems = {0};
    ZDD_AUTO_BUF struct zdd_buf warnings = {0};
    ZDD_AUTO_BUF struct zdd_buf printed = {0};
    struct zdd_config config;
    bool good;

    write_file(data, size, name);
    good = zdd_config_load(&sources, &config, &problems, &warnings);
    FUZZ_CHECK(good == (problems.size == 0));
    FUZZ_CHECK(warnings.size == 0);
    if (!good) {
        FUZZ_CHECK(problems.data[problems.size - 1] == '\n');
        return;
    }
    FUZZ_CHECK(!memchr(data, '\0', size)); /* what follows one would be lost in silence */
    check_values(&config);
    zdd_config_print(&config, name, &printed);
    FUZZ_CHECK(printed.err == ZDD_ERR_NONE && printed.size > 0);
}

static void check_credentials(const void *data, size_t size)
{
    struct zdd_credentials credentials;
    char why[ZDD_CREDENTIALS_WHY_SIZE] = "";
    char name[NAME_SIZE];
    bool found;

    write_file(data, size, name);
    found = zdd_credentials_read(name, &credentials, why);
    FUZZ_CHECK(found == (credentials.basic[0] || credentials.header[0]));
    FUZZ_CHECK(found || why[0]);
    FUZZ_CHECK(!strpbrk(credentials.basic, "\r\n") && !strpbrk(credentials.header, "\r\n"));
    if (credentials.header[0])
        FUZZ_CHECK(strchr(credentials.header, ':') && !credentials.basic[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!data)
        return 0;
    check_settings(data, size);
    check_credentials(data, size);
    return 0;
}
