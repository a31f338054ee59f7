/**
 * @file deploy/lab/spawn.c
 * @brief From a definition to a process: what to run, where its output goes, which ports it gets.
 */
#include "deploy/lab/apps.h"
#include "deploy/lab/process.h"
#include "deploy/lab/tasks.h"
#include "server/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARG_MAX_COUNT 256
#define PATH_SIZE 1200

static const char bundled[] = "mhausenblas/simpleservice:*";

static bool name_fits(const char *pattern, size_t size, const char *image)
{
    if (size >= 2 && strncmp(pattern + size - 2, ":*", 2) == 0) {
        size -= 2;
        return strncmp(pattern, image, size) == 0 && (image[size] == ':' || image[size] == '\0');
    }
    return strlen(image) == size && strncmp(pattern, image, size) == 0;
}

/* The program next to this one, as a command for the shell. */
static bool bundled_command(char ret[static PATH_SIZE])
{
    char self[PATH_SIZE - 64];
    const ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    if (size <= 0)
        return false;
    self[size] = '\0';
    slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    snprintf(ret, PATH_SIZE, "exec '%s/simpleservice'", self);
    return true;
}

/* @return false when nothing tells what the image runs */
static bool image_command(const struct zdd_lab *lab, const char *image, char ret[static PATH_SIZE])
{
    for (int i = 0; i < lab->options->image_count; i++) {
        const struct zdd_lab_image *row = &lab->options->image[i];

        if (name_fits(row->name, (size_t)(row->command - row->name) - 1, image)) {
            snprintf(ret, PATH_SIZE, "%s", row->command);
            return true;
        }
    }
    return name_fits(bundled, sizeof(bundled) - 1, image) && bundled_command(ret);
}

static void make_dir(const struct zdd_lab *lab, const char *task, char ret[static PATH_SIZE])
{
    snprintf(ret, PATH_SIZE, "%s/%s", lab->state_dir, task);
    if (mkdir(ret, 0755) != 0 && errno != EEXIST)
        *ret = '\0';
}

struct plan {
    const char *argv[ARG_MAX_COUNT + 8];
    size_t argc;
    char command[PATH_SIZE], line[PATH_SIZE + 16];
};

static void add_args(struct plan *plan, const json_t *args)
{
    for (size_t i = 0; i < json_array_size(args) && i < ARG_MAX_COUNT; i++)
        plan->argv[plan->argc++] = json_string_value(json_array_get(args, i));
}

static void shell(struct plan *plan, const char *line)
{
    plan->argv[plan->argc++] = "/bin/sh";
    plan->argv[plan->argc++] = "-c";
    plan->argv[plan->argc++] = line;
}

/* `cmd` runs as it is; with `args` an image's command gets them as "$@"; args alone are an argv. */
static bool make_plan(const struct zdd_lab *lab, const json_t *def, struct plan *plan,
                      char ret_reason[static 200])
{
    const char *cmd = zdd_json_text(def, "cmd", NULL);
    const json_t *args = json_object_get(def, "args");
    const char *image =
        zdd_json_text(json_object_get(json_object_get(def, "container"), "docker"), "image", NULL);

    if (cmd) {
        shell(plan, cmd);
    } else if (image) {
        if (!image_command(lab, image, plan->command)) {
            snprintf(ret_reason, 200, "no command is known for the image %.100s; see --image",
                     image);
            return false;
        }
        snprintf(plan->line, sizeof(plan->line), "%s \"$@\"", plan->command);
        shell(plan, plan->line);
        plan->argv[plan->argc++] = image;
        add_args(plan, args);
    } else {
        plan->argv[plan->argc++] = "/usr/bin/env"; /* looks the program up in PATH */
        plan->argv[plan->argc++] = "--";
        add_args(plan, args);
    }
    return true;
}

pid_t zdd_lab_task_spawn(struct zdd_lab *lab, const struct zdd_lab_instance *instance,
                         const char *check, char ret_reason[static 200])
{
    char task[ZDD_LAB_ID_SIZE];
    char dir[PATH_SIZE];
    struct plan plan = {0};
    char **environment;
    pid_t pid;

    if (check)
        shell(&plan, check);
    else if (!make_plan(lab, instance->spec->def, &plan, ret_reason))
        return -1;
    environment = zdd_lab_environment(lab, instance);
    if (!environment) {
        snprintf(ret_reason, 200, "out of memory");
        return -1;
    }
    zdd_lab_task_id(instance, task);
    make_dir(lab, task, dir);

    /* exec wants `char *const *` for historic reasons and changes nothing */
    const struct zdd_lab_command command = {
        .argv = (char *const *)(uintptr_t)plan.argv, .env = environment, .dir = *dir ? dir : NULL};

    pid = zdd_lab_process_start(&command);
    if (pid < 0)
        snprintf(ret_reason, 200, "fork: %s", strerror(errno));
    zdd_lab_environment_free(environment);
    return pid;
}

static bool can_bind(uint16_t port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    bool fits;

    if (fd < 0)
        return false;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    fits = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 1) == 0;
    close(fd);
    return fits;
}

static bool is_free(const struct zdd_lab *lab, uint16_t port)
{
    if (port == lab->port)
        return false;
    for (const struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i))
        for (size_t p = 0; zdd_lab_is_active(i) && p < i->port_count; p++)
            if (i->port[p] == port)
                return false;
    return can_bind(port);
}

static uint16_t next_free(struct zdd_lab *lab)
{
    const int size = lab->options->port_to - lab->options->port_from + 1;

    for (int i = 0; i < size; i++) {
        const uint16_t port = lab->next_port;

        lab->next_port =
            port >= lab->options->port_to ? lab->options->port_from : (uint16_t)(port + 1);
        if (is_free(lab, port))
            return port;
    }
    return 0;
}

static uint16_t wanted_port(const json_t *def, const json_t *entry, const char *key)
{
    if (strcmp(key, "servicePort") == 0)
        return (uint16_t)zdd_json_int(entry, "hostPort", 0);
    return zdd_json_bool(def, "requirePorts", 0) ? (uint16_t)zdd_json_int(entry, "port", 0) : 0;
}

bool zdd_lab_ports_take(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    const json_t *def = instance->spec->def;
    const char *key;
    const json_t *list = zdd_lab_def_port_list(def, &key);
    size_t count = json_array_size(list);

    instance->port_count = 0;
    if (count > ZDD_LAB_PORT_MAX)
        count = ZDD_LAB_PORT_MAX;
    for (size_t i = 0; i < count; i++) {
        uint16_t port = wanted_port(def, json_array_get(list, i), key);

        if (port && !is_free(lab, port))
            return false;
        if (!port)
            port = next_free(lab);
        if (!port)
            return false;
        instance->port[i] = port;
    }
    instance->port_count = count;
    return true;
}
