/**
 * @file server/engine/events.c
 * @brief What the engine takes from an event.
 */
#include "server/engine/events.h"

#include "strategies/model/limits.h"

#include <string.h>

bool zdd_event_is_urgent(const char *event)
{
    static const char *const urgent[] = {"deployment_success", "deployment_failed",
                                         "deployment_step_success", "app_terminated_event"};

    for (size_t i = 0; i < ZDD_COUNT(urgent); i++) {
        if (strcmp(event, urgent[i]) == 0)
            return true;
    }
    return false;
}

/* The text behind `"name":` at @p at, blanks aside; NULL when it is no string. */
static const char *value_at(const char *at, const char *name)
{
    const size_t size = strlen(name);

    if (strncmp(at, name, size) != 0)
        return NULL;
    at += size;
    at += strspn(at, " \t");
    if (*at != ':')
        return NULL;
    at++;
    at += strspn(at, " \t");
    return *at == '"' ? at + 1 : NULL;
}

void zdd_event_apps(const char *data, void (*visit)(void *cls, const char *app_id, size_t size),
                    void *cls)
{
    static const char *const members[] = {"\"appId\"", "\"runSpecId\"", "\"app\""};

    for (const char *at = strchr(data, '"'); at; at = strchr(at + 1, '"')) {
        for (size_t i = 0; i < ZDD_COUNT(members); i++) {
            const char *value = value_at(at, members[i]);
            const size_t size = value ? strcspn(value, "\"\\") : 0;

            if (size > 0 && size < ZDD_APP_ID_SIZE && value[size] == '"')
                visit(cls, value, size);
        }
    }
}
