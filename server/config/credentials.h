/**
 * @file server/config/credentials.h
 * @brief Credentials for Marathon, from a file: never from the command line, where everybody on
 * the machine can read them.
 */
#pragma once

#include <stdbool.h>

#define ZDD_CREDENTIALS_SIZE 4096 /* a DC/OS token is about 1 KiB */
#define ZDD_CREDENTIALS_WHY_SIZE 300

/** One of them is set, the other is "". */
struct zdd_credentials {
    char basic[ZDD_CREDENTIALS_SIZE];  /* "user:password" */
    char header[ZDD_CREDENTIALS_SIZE]; /* a whole "Authorization: …" line */
};

/**
 * Read the first line of file @p name: "user:password", "token=…", "Bearer …", or a whole
 * "Authorization: …" line. Empty lines and lines that begin with # are skipped.
 *
 * @param[out] ret_why  on failure: what is wrong, without any of the secret
 * @return false when there is nothing usable
 */
bool zdd_credentials_read(const char *name, struct zdd_credentials *ret_credentials,
                          char ret_why[static ZDD_CREDENTIALS_WHY_SIZE]);

/** @return true when file @p name may be read by others than its owner and group */
bool zdd_credentials_exposed(const char *name);
