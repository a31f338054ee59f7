/**
 * @file server/config/credentials.c
 * @brief One line, four forms.
 */
#include "server/config/credentials.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define PREFIX_MAX 32 /* "Authorization: " and the like, which is put before some */

static bool is_plain(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    }
    return true;
}

static bool begins(const char *text, const char *with)
{
    return strncasecmp(text, with, strlen(with)) == 0;
}

static bool understand(const char *line, struct zdd_credentials *credentials)
{
    if (begins(line, "Authorization:"))
        snprintf(credentials->header, sizeof(credentials->header), "%s", line);
    else if (begins(line, "token=") || begins(line, "Bearer ") || begins(line, "Basic "))
        snprintf(credentials->header, sizeof(credentials->header), "Authorization: %s", line);
    else if (strchr(line, ':') && line[0] != ':')
        snprintf(credentials->basic, sizeof(credentials->basic), "%s", line);
    else
        return false;
    return true;
}

/* The first line that says something. @return false when there is none, or it is too long */
static bool read_line(FILE *file, char *line, int size)
{
    while (fgets(line, size, file)) {
        const size_t length = strcspn(line, "\r\n");

        if (!line[length] && !feof(file))
            return false;
        line[length] = '\0';
        if (length > 0 && line[0] != '#')
            return true;
    }
    return false;
}

bool zdd_credentials_read(const char *name, struct zdd_credentials *ret_credentials,
                          char ret_why[static ZDD_CREDENTIALS_WHY_SIZE])
{
    char line[ZDD_CREDENTIALS_SIZE - PREFIX_MAX];
    FILE *file = fopen(name, "re");
    bool found;

    *ret_credentials = (struct zdd_credentials){0};
    if (!file) {
        snprintf(ret_why, ZDD_CREDENTIALS_WHY_SIZE, "%.200s cannot be opened (%s)", name,
                 errno == ENOENT ? "there is no such file" : "no permission, or not a file");
        return false;
    }
    found = read_line(file, line, (int)sizeof(line));
    fclose(file);
    if (found && is_plain(line) && understand(line, ret_credentials))
        return true;
    snprintf(ret_why, ZDD_CREDENTIALS_WHY_SIZE,
             "%.100s must hold one line: user:password, token=..., Bearer ..., or a whole "
             "Authorization: header",
             name);
    return false;
}

bool zdd_credentials_exposed(const char *name)
{
    struct stat status;

    return stat(name, &status) == 0 && (status.st_mode & S_IROTH) != 0;
}
