/**
 * @file server/secrets/keys.c
 * @brief Reading keys.
 */
#include "server/secrets/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char how[] = "openssl rand -hex 32";

static bool refuse(char ret_why[static ZDD_SECRET_KEYS_WHY_SIZE], int line, const char *why)
{
    snprintf(ret_why, ZDD_SECRET_KEYS_WHY_SIZE,
             "line %d %s; a key is 64 hex digits or 44 signs of "
             "base64, as \"%s\" makes one",
             line, why, how);
    return false;
}

static bool add(const char *text, size_t size, struct zdd_secret_keys *keys, const char **ret_why)
{
    struct zdd_key key;
    char id[ZDD_KEY_ID_SIZE];

    if (!zdd_key_read(text, size, &key)) {
        *ret_why = "has something that is no key";
        return false;
    }
    zdd_key_id(&key, id);
    if (zdd_secret_keys_find(keys, id))
        *ret_why = "has a key that stands before it already";
    else if (keys->count == ZDD_SECRET_KEY_MAX)
        *ret_why = "has one key too many: 16 are the most";
    else
        *ret_why = NULL;
    if (!*ret_why) {
        keys->item[keys->count].key = key;
        memcpy(keys->item[keys->count++].id, id, sizeof(id));
    }
    zdd_wipe(&key, sizeof(key));
    return *ret_why == NULL;
}

/* What stands between keys. */
static bool is_between(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '#';
}

bool zdd_secret_keys_parse(const char *text, size_t size, struct zdd_secret_keys *ret_keys,
                           char ret_why[static ZDD_SECRET_KEYS_WHY_SIZE])
{
    const char *why = NULL;
    int line = 1;

    memset(ret_keys, 0, sizeof(*ret_keys));
    for (size_t at = 0; at < size;) {
        size_t word = 0;

        if (text[at] == '#') {
            while (at < size && text[at] != '\n')
                at++;
            continue;
        }
        while (at + word < size && !is_between(text[at + word]))
            word++;
        if (word > 0 && !add(text + at, word, ret_keys, &why))
            return refuse(ret_why, line, why);
        at += word;
        if (word == 0)
            line += text[at++] == '\n';
    }
    if (ret_keys->count > 0)
        return true;
    snprintf(ret_why, ZDD_SECRET_KEYS_WHY_SIZE, "there is no key in it; \"%s\" makes one", how);
    return false;
}

/* @return how many bytes were read; -1 when it cannot be read */
static ssize_t read_whole(int fd, char *text, size_t size)
{
    size_t used = 0;
    ssize_t got = 1;

    while (used < size && got > 0) {
        got = read(fd, text + used, size - used);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            used += (size_t)got;
    }
    return got < 0 ? -1 : (ssize_t)used;
}

static const char *check_file(int fd)
{
    struct stat status;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return "is no plain file";
    if ((status.st_mode & (S_IRWXO | S_IWGRP)) != 0)
        return "can be read or written by others: chmod 600 it, and make a new key if somebody "
               "may have read it";
    if (status.st_size > ZDD_SECRET_KEYS_TEXT_MAX)
        return "is too long to be a file of keys";
    return NULL;
}

static bool read_file(int fd, const char *path, struct zdd_secret_keys *ret_keys, char *ret_why)
{
    char text[ZDD_SECRET_KEYS_TEXT_MAX], why[ZDD_SECRET_KEYS_WHY_SIZE] = "";
    const char *wrong = check_file(fd);
    const ssize_t size = wrong ? -1 : read_whole(fd, text, sizeof(text));
    bool good = false;

    if (wrong)
        snprintf(ret_why, ZDD_SECRET_KEYS_WHY_SIZE, "%.200s %s", path, wrong);
    else if (size < 0)
        snprintf(ret_why, ZDD_SECRET_KEYS_WHY_SIZE, "%.200s cannot be read", path);
    else if (!(good = zdd_secret_keys_parse(text, (size_t)size, ret_keys, why)))
        snprintf(ret_why, ZDD_SECRET_KEYS_WHY_SIZE, "%.200s: %.190s", path, why);
    zdd_wipe(text, sizeof(text));
    return good;
}

bool zdd_secret_keys_load(const char *path, struct zdd_secret_keys *ret_keys,
                          char ret_why[static ZDD_SECRET_KEYS_WHY_SIZE])
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool good;

    if (fd < 0) {
        snprintf(ret_why, ZDD_SECRET_KEYS_WHY_SIZE, "%.200s cannot be opened (%s)", path,
                 errno == ENOENT ? "there is no such file" : "no permission, or not a file");
        return false;
    }
    good = read_file(fd, path, ret_keys, ret_why);
    close(fd);
    return good;
}

const struct zdd_key *zdd_secret_keys_find(const struct zdd_secret_keys *keys, const char *id)
{
    for (size_t i = 0; keys && i < keys->count; i++) {
        if (strcmp(keys->item[i].id, id) == 0)
            return &keys->item[i].key;
    }
    return NULL;
}
