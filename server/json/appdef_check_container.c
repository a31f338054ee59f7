/**
 * @file server/json/appdef_check_container.c
 * @brief The rules for containers, and for what only some of them can do.
 */
#include "server/json/appdef_parts.h"

#include <stdio.h>
#include <string.h>

static bool is_docker_engine(const json_t *given)
{
    const json_t *container = json_object_get(given, "container");

    return json_is_object(container) &&
           strcmp(zdd_json_text(container, "type", "DOCKER"), "DOCKER") == 0;
}

static bool is_given(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return value && !json_is_null(value) &&
           json_object_size(value) + json_array_size(value) + json_is_string(value) > 0;
}

static void check_docker_engine(const struct zdd_appdef_view *view, const json_t *container)
{
    const json_t *docker = json_object_get(container, "docker");

    if (!docker || json_is_null(docker))
        zdd_appdef_complain(view, "/container/docker",
                            "is required for the DOCKER engine: an object with an image");
    if (is_given(docker, "pullConfig"))
        zdd_appdef_complain(view, "/container/docker/pullConfig",
                            "works with the MESOS engine only");
    if (is_given(container, "appc"))
        zdd_appdef_complain(view, "/container/appc", "works with the MESOS engine only");
    if (zdd_json_real(view->given, "gpus", 0) > 0)
        zdd_appdef_complain(view, "/gpus", "must be 0: GPUs work with the MESOS engine only");
    if (is_given(view->given, "check"))
        zdd_appdef_complain(view, "/check", "works with the MESOS engine only");
}

static void check_mesos_engine(const struct zdd_appdef_view *view, const json_t *container)
{
    static const char *const dockers[] = {"network", "parameters", "portMappings"};
    const json_t *docker = json_object_get(container, "docker");
    char place[48];

    for (size_t i = 0; i < sizeof(dockers) / sizeof(dockers[0]); i++) {
        snprintf(place, sizeof(place), "/container/docker/%s", dockers[i]);
        if (is_given(docker, dockers[i]))
            zdd_appdef_complain(view, place, "works with the DOCKER engine only");
    }
    if (is_given(docker, "image") && is_given(container, "appc"))
        zdd_appdef_complain(view, "/container/appc",
                            "must not be given together with a Docker image");
}

static void check_volumes(const struct zdd_appdef_view *view)
{
    static const char *const kinds[] = {"hostPath", "persistent", "external", "secret"};
    const json_t *volumes = zdd_json_at(view->given, "/container/volumes");
    char place[48];

    for (size_t i = 0; i < json_array_size(volumes); i++) {
        const json_t *volume = json_array_get(volumes, i);
        size_t given = 0;

        for (size_t j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++)
            given += is_given(volume, kinds[j]);
        snprintf(place, sizeof(place), "/container/volumes/%zu", i);
        if (given != 1 && json_is_object(volume))
            zdd_appdef_complain(view, place,
                                "must have exactly one of hostPath, persistent, external, secret");
    }
}

static void check_generic_check(const struct zdd_appdef_view *view)
{
    static const char *const kinds[] = {"http", "tcp", "exec"};
    const json_t *check = json_object_get(view->given, "check");
    size_t given = 0;

    if (!json_is_object(check))
        return;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        given += json_is_object(json_object_get(check, kinds[i]));
    if (given != 1)
        zdd_appdef_complain(view, "/check", "must have exactly one of http, tcp, exec");
}

void zdd_appdef_check_container(const struct zdd_appdef_view *view)
{
    const json_t *container = json_object_get(view->given, "container");

    check_generic_check(view);
    if (!json_is_object(container))
        return;
    if (is_docker_engine(view->given))
        check_docker_engine(view, container);
    else
        check_mesos_engine(view, container);
    if (is_given(json_object_get(container, "docker"), "credential"))
        zdd_appdef_complain(view, "/container/docker/credential",
                            "is no longer supported: use pullConfig with a secret");
    check_volumes(view);
}
