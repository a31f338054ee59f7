/**
 * @file server/engine/events.h
 * @brief What the engine takes from an event of Marathon's stream: how soon to look, and at which
 * apps. Events are hints, never the truth.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** @return true for the kinds that end something, after which the next order may be due at once */
bool zdd_event_is_urgent(const char *event);

/**
 * Call @p visit for each app that @p data names (may repeat). The text is searched, not parsed:
 * events of old Marathons carry whole groups, and a wrong hit costs one look. Members: appId,
 * runSpecId, and `app` in the actions of deployment plans (marathon.md §6).
 */
void zdd_event_apps(const char *data, void (*visit)(void *cls, const char *app_id, size_t size),
                    void *cls);
