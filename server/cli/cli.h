/**
 * @file server/cli/cli.h
 * @brief The commands of zdd-server, and what they share.
 */
#pragma once

#include "server/cli/options.h"
#include "server/config/config.h"
#include "storage/store.h"

#include <stdbool.h>
#include <stddef.h>

/** Exit codes of every command. */
enum zdd_exit { ZDD_EXIT_OK = 0, ZDD_EXIT_FAILED = 1, ZDD_EXIT_USAGE = 2 };

/** A command gets what stands after its words and returns an exit code. */
typedef int zdd_cli_run(int argc, char *const *argv);

struct zdd_cli_command {
    const char *name;    /* "token create" */
    const char *summary; /* one line */
    zdd_cli_run *run;
};

/** Run the command that @p argv (with the program's name first) asks for. @return an exit code */
int zdd_cli_main(int argc, char *const *argv);

zdd_cli_run zdd_cli_serve, zdd_cli_check_config;
zdd_cli_run zdd_cli_token_create, zdd_cli_token_list, zdd_cli_token_revoke;
zdd_cli_run zdd_cli_audit_verify, zdd_cli_backup;

/** @return this build's version, "0.1.0-12-g55305e4"; static text */
const char *zdd_cli_version(void);

/**
 * Parse a command's options; print its help, or what is wrong.
 * @param[out] ret_exit  the exit code when the command is not to go on
 * @return true when the command goes on
 */
bool zdd_cli_parse(const struct zdd_usage *usage, int argc, char *const *argv, int *ret_exit);

/** Print "zdd-server: …" as one line to standard error. */
__attribute__((format(printf, 1, 2))) void zdd_cli_say(const char *format, ...);

/** Print all of @p buf to standard output. @return an exit code */
int zdd_cli_print(const struct zdd_buf *buf);

/**
 * Read the settings: options given, environment, file. Problems are printed.
 * @param command_line  as in struct zdd_config_sources
 * @param file          --config, or NULL: then ZDD_CONFIG, if that is set
 * @return false when there were problems
 */
bool zdd_cli_settings(const char *const *command_line, const char *file,
                      struct zdd_config *ret_config);

/** @return the settings file that zdd_cli_settings() reads, NULL for none */
const char *zdd_cli_settings_file(const char *file);

/** How a command that is not the server opens the database. */
enum zdd_cli_access { ZDD_CLI_READ, ZDD_CLI_WRITE };

/**
 * Open the database for a command; a server may be running on it. What is wrong is printed.
 * @param db  --db, or NULL: then the setting
 * @return NULL when it cannot be opened
 */
struct zdd_store *zdd_cli_open(const char *db, enum zdd_cli_access access);

/** Write who runs this command, for the audit: "cli:root". */
void zdd_cli_actor(char *ret_actor, size_t size);
