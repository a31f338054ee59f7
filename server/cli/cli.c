/**
 * @file server/cli/cli.c
 * @brief Which command, and what all of them need.
 */
#include "server/cli/cli.h"

#include "server/base/cleanup.h"
#include "server/base/crypto.h"
#include "server/json/words.h"
#include "strategies/model/limits.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REASON_SIZE 300
#define USER_BUFFER_SIZE 4096

extern char **environ;

static const struct zdd_cli_command commands[] = {
    {"serve", "Run the service: API, engine, event stream.", zdd_cli_serve},
    {"token create", "Create a token for callers of the API; prints it once.",
     zdd_cli_token_create},
    {"token list", "List tokens: names, scopes, when they end. Never the secrets.",
     zdd_cli_token_list},
    {"token revoke", "End a token now.", zdd_cli_token_revoke},
    {"check-config", "Show the settings that would be used, or a sample file.",
     zdd_cli_check_config},
    {"audit verify", "Walk the audit chain and say whether it is whole.", zdd_cli_audit_verify},
    {"backup", "Copy the database while the server runs.", zdd_cli_backup},
};

static const char intro[] = "Zero-downtime deployments for Marathon.\n"
                            "\n"
                            "Usage: zdd-server COMMAND [options]\n"
                            "\n"
                            "Commands:\n";

static const char outro[] =
    "\n"
    "zdd-server COMMAND --help explains a command and all of its options.\n"
    "Settings may also stand in a file (--config FILE, zdd-server check-config --sample writes\n"
    "one) or in the environment (ZDD_DB, ZDD_MARATHON, ...); options go before both.\n"
    "\n"
    "First steps, with Marathon on this machine:\n"
    "  TOKEN=$(zdd-server token create --name admin "
    "--scope read,plan,deploy,promote,abort,admin)\n"
    "  zdd-server serve --marathon http://127.0.0.1:8080 &\n"
    "  curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8090/v1/apps\n"
    "\n"
    "Exit codes: 0 it worked, 1 it failed, 2 the command line or a setting is wrong.\n";

void zdd_cli_say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("zdd-server: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

int zdd_cli_print(const struct zdd_buf *buf)
{
    if (buf->err != ZDD_ERR_NONE) {
        zdd_cli_say("%s", zdd_err_text(buf->err));
        return ZDD_EXIT_FAILED;
    }
    if (fwrite(buf->size > 0 ? buf->data : "", 1, buf->size, stdout) != buf->size ||
        fflush(stdout) != 0) {
        zdd_cli_say("standard output cannot be written");
        return ZDD_EXIT_FAILED;
    }
    return ZDD_EXIT_OK;
}

bool zdd_cli_parse(const struct zdd_usage *usage, int argc, char *const *argv, int *ret_exit)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};

    switch (zdd_options_parse(usage, argc, argv, &buf)) {
    case ZDD_PARSED_OK:
        return true;
    case ZDD_PARSED_HELP:
        zdd_options_print(usage, &buf);
        *ret_exit = zdd_cli_print(&buf);
        return false;
    case ZDD_PARSED_WRONG:
        zdd_cli_say("%s (zdd-server %s --help lists what there is)", buf.data ? buf.data : "",
                    usage->command);
        *ret_exit = ZDD_EXIT_USAGE;
        return false;
    }
    return false;
}

const char *zdd_cli_settings_file(const char *file)
{
    for (char *const *variable = environ; !file && variable && *variable; variable++) {
        if (strncmp(*variable, "ZDD_CONFIG=", 11) == 0 && (*variable)[11])
            file = *variable + 11;
    }
    return file;
}

/* Each line of @p lines as a message of its own. */
static void say_lines(const char *lines)
{
    while (lines && *lines) {
        const size_t size = strcspn(lines, "\n");

        zdd_cli_say("%.*s", (int)size, lines);
        lines += size;
        lines += strspn(lines, "\n");
    }
}

bool zdd_cli_settings(const char *const *command_line, const char *file,
                      struct zdd_config *ret_config)
{
    ZDD_AUTO_BUF struct zdd_buf problems = {0};
    ZDD_AUTO_BUF struct zdd_buf warnings = {0};
    const struct zdd_config_sources sources = {
        .command_line = command_line, .environment = environ, .file = zdd_cli_settings_file(file)};
    const bool good = zdd_config_load(&sources, ret_config, &problems, &warnings);

    say_lines(warnings.data);
    say_lines(problems.data);
    return good;
}

struct zdd_store *zdd_cli_open(const char *db, enum zdd_cli_access access)
{
    const char *command_line[ZDD_SETTING_COUNT] = {[ZDD_SETTING_DB] = db};
    ZDD_AUTO_FREE struct zdd_config *config = calloc(1, sizeof(*config));
    struct zdd_store *store = NULL;
    char reason[REASON_SIZE];

    if (!config || !zdd_cli_settings(command_line, NULL, config))
        return NULL;

    const struct zdd_store_options options = {
        .path = config->db,
        .holder = "a zdd-server command",
        .inline_writer = true,
        .read_only = access == ZDD_CLI_READ,
        .beside = access == ZDD_CLI_WRITE,
        .reader_count = 1,
    };

    if (zdd_store_open(&options, &store, reason) != ZDD_ERR_NONE) {
        zdd_cli_say("%s", reason);
        return NULL;
    }
    return store;
}

void zdd_cli_actor(char *ret_actor, size_t size)
{
    char buffer[USER_BUFFER_SIZE];
    struct passwd entry;
    struct passwd *found = NULL;

    if (getpwuid_r(getuid(), &entry, buffer, sizeof(buffer), &found) == 0 && found)
        snprintf(ret_actor, size, "cli:%.60s", found->pw_name);
    else
        snprintf(ret_actor, size, "cli:%u", (unsigned)getuid());
}

static int print_help(void)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};

    zdd_buf_printf(&buf, "zdd-server %s\n", zdd_cli_version());
    zdd_buf_text(&buf, intro);
    for (size_t i = 0; i < ZDD_COUNT(commands); i++)
        zdd_buf_printf(&buf, "  %-14s %s\n", commands[i].name, commands[i].summary);
    zdd_buf_text(&buf, outro);
    return zdd_cli_print(&buf);
}

/* How many words of @p argv are the name of @p command, 0: it is another one. */
static int words_of(const struct zdd_cli_command *command, int argc, char *const *argv)
{
    const char *name = command->name;
    int words = 0;

    for (;;) {
        const size_t size = strcspn(name, " ");

        if (words >= argc || strlen(argv[words]) != size || strncmp(argv[words], name, size) != 0)
            return 0;
        words++;
        if (!name[size])
            return words;
        name += size + 1;
    }
}

/* "token" alone: the commands that begin with it. @return false when none does */
static bool say_group(const char *word)
{
    const size_t size = strlen(word);
    bool found = false;

    for (size_t i = 0; i < ZDD_COUNT(commands); i++) {
        if (strncmp(commands[i].name, word, size) != 0 || commands[i].name[size] != ' ')
            continue;
        if (!found)
            zdd_cli_say("%s needs one more word:", word);
        found = true;
        fprintf(stderr, "  zdd-server %-14s %s\n", commands[i].name, commands[i].summary);
    }
    return found;
}

static int unknown_command(int argc, char *const *argv)
{
    const bool two = argc > 1 && argv[1][0] != '-';
    const char *names[ZDD_COUNT(commands)];
    char asked[100];
    const char *nearest;

    if (!two && say_group(argv[0]))
        return ZDD_EXIT_USAGE;
    for (size_t i = 0; i < ZDD_COUNT(commands); i++)
        names[i] = commands[i].name;
    snprintf(asked, sizeof(asked), "%.40s%s%.40s", argv[0], two ? " " : "", two ? argv[1] : "");
    nearest = zdd_words_nearest(asked, names, ZDD_COUNT(commands));
    if (nearest)
        zdd_cli_say("there is no command \"%s\", did you mean \"%s\"?", asked, nearest);
    else
        zdd_cli_say("there is no command \"%s\"; zdd-server --help lists them", asked);
    return ZDD_EXIT_USAGE;
}

int zdd_cli_main(int argc, char *const *argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        printf("zdd-server %s\n", zdd_cli_version());
        return ZDD_EXIT_OK;
    }
    if (!zdd_crypto_init()) {
        zdd_cli_say("this system gives no random numbers");
        return ZDD_EXIT_FAILED;
    }
    for (size_t i = 0; i < ZDD_COUNT(commands); i++) {
        const int words = words_of(&commands[i], argc - 1, argv + 1);

        if (words > 0)
            return commands[i].run(argc - 1 - words, argv + 1 + words);
    }
    return unknown_command(argc - 1, argv + 1);
}
