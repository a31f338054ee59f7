/**
 * @file server/json/appdef_check.c
 * @brief The rules for what runs: id, command, environment (marathon.md §2.1 and §2.2).
 *
 * The shape is checked apart, so every rule here is silent about wrong types.
 */
#include "server/json/appdef_parts.h"
#include "server/json/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void zdd_appdef_complain(const struct zdd_appdef_view *view, const char *place, const char *format,
                         ...)
{
    char pointer[ZDD_FIELD_POINTER_SIZE];
    char detail[sizeof(view->errors->error[0].detail)];
    va_list args;

    snprintf(pointer, sizeof(pointer), "%s%s", view->pointer, place);
    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    zdd_field_error_add(view->errors, pointer, "%s", detail);
}

static void check_id(const struct zdd_appdef_view *view)
{
    const json_t *value = json_object_get(view->given, "id");
    const char *id = zdd_json_text(view->given, "id", "");
    char absolute[ZDD_APP_ID_SIZE], found[ZDD_WORDS_VALUE_SIZE];

    if (!id[0])
        return;
    zdd_words_value(value, found);
    if (strlen(id) >= ZDD_APP_ID_SIZE)
        zdd_appdef_complain(view, "/id", "must be shorter than %d bytes, not %zu", ZDD_APP_ID_SIZE,
                            strlen(id));
    else if (!zdd_appdef_id_absolute(id, absolute) || strcmp(absolute, "/") == 0)
        zdd_appdef_complain(view, "/id", "must be an id such as \"/group/app\", not %s", found);
    else if (!zdd_appdef_id_valid(absolute))
        zdd_appdef_complain(view, "/id",
                            "must be parts of a-z, 0-9 and inner '-', joined by '/', and must not "
                            "end in restart, tasks or versions, not %s",
                            found);
}

static void check_dependencies(const struct zdd_appdef_view *view)
{
    const json_t *dependencies = json_object_get(view->given, "dependencies");
    char place[48], absolute[ZDD_APP_ID_SIZE], found[ZDD_WORDS_VALUE_SIZE];

    for (size_t i = 0; i < json_array_size(dependencies); i++) {
        const json_t *value = json_array_get(dependencies, i);
        const char *id = json_string_value(value);

        if (!id || !id[0] ||
            (zdd_appdef_id_absolute(id, absolute) && zdd_appdef_id_valid(absolute)))
            continue;
        zdd_words_value(value, found);
        snprintf(place, sizeof(place), "/dependencies/%zu", i);
        zdd_appdef_complain(view, place, "must be the id of an app or group, not %s", found);
    }
}

static size_t count_characters(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static void check_command(const struct zdd_appdef_view *view)
{
    const json_t *value = json_object_get(view->given, "cmd");
    const char *cmd = json_string_value(value);
    const bool args = json_array_size(json_object_get(view->given, "args")) > 0;
    const bool image = zdd_json_at(view->given, "/container/docker/image") ||
                       zdd_json_at(view->given, "/container/appc");

    if (cmd && count_characters(cmd) <= 1) {
        char quoted[ZDD_WORDS_QUOTE_SIZE];

        zdd_words_quote(cmd, quoted);
        zdd_appdef_complain(view, "/cmd", "must be longer than one character, not %s", quoted);
    }
    if (cmd && args)
        zdd_appdef_complain(view, "/args", "must not be given together with cmd: choose one");
    if (!cmd && !args && !image && (!value || json_is_null(value)))
        zdd_appdef_complain(view, "", "has nothing to run: needs cmd, args or a container image");
}

/* Empty, "//cmd", or a path without empty parts. */
static void check_executor(const struct zdd_appdef_view *view)
{
    const char *executor = zdd_json_text(view->given, "executor", "");
    const size_t size = strlen(executor);
    char quoted[ZDD_WORDS_QUOTE_SIZE];

    if (size == 0 || strcmp(executor, "//cmd") == 0)
        return;
    if (!strstr(executor, "//") && executor[size - 1] != '/')
        return;
    zdd_words_quote(executor, quoted);
    zdd_appdef_complain(view, "/executor", "must be \"//cmd\" or a path, not %s", quoted);
}

static bool is_declared(const struct zdd_appdef_view *view, const char *secret)
{
    return json_object_get(json_object_get(view->given, "secrets"), secret) != NULL;
}

static void check_variable(const struct zdd_appdef_view *view, const char *name,
                           const json_t *value)
{
    const char *secret = zdd_json_text(value, "secret", NULL);
    char place[ZDD_FIELD_POINTER_SIZE], found[ZDD_WORDS_VALUE_SIZE];
    char quoted[ZDD_WORDS_QUOTE_SIZE];

    if (json_is_string(value))
        return;
    zdd_field_pointer(place, "/env", name);
    zdd_words_value(value, found);
    zdd_words_quote(secret ? secret : "", quoted);
    if (!json_is_object(value))
        zdd_appdef_complain(view, place, "must be text or {\"secret\": \"name\"}, not %s", found);
    else if (!secret || json_object_size(value) > 1)
        zdd_appdef_complain(view, place, "must be an object with \"secret\" alone");
    else if (!is_declared(view, secret))
        zdd_appdef_complain(view, place, "names the secret %s, which secrets lacks", quoted);
}

static void check_environment(const struct zdd_appdef_view *view)
{
    json_t *env = json_object_get(view->given, "env");
    json_t *secrets = json_object_get(view->given, "secrets");
    const char *name;
    json_t *value;

    json_object_foreach(env, name, value)
    {
        check_variable(view, name, value);
    }
    json_object_foreach(secrets, name, value)
    {
        char place[ZDD_FIELD_POINTER_SIZE];

        if (zdd_json_text(value, "source", NULL))
            continue;
        zdd_field_pointer(place, "/secrets", name);
        zdd_appdef_complain(view, place, "must be an object with the text \"source\"");
    }
}

bool zdd_appdef_check(const json_t *definition, const char *pointer, bool unknown_is_error,
                      struct zdd_field_errors *errors)
{
    ZDD_AUTO_JSON json_t *canonical = zdd_appdef_canonical(definition);

    return zdd_appdef_check_with(definition, canonical, pointer, unknown_is_error, errors);
}

bool zdd_appdef_check_with(const json_t *definition, const json_t *canonical, const char *pointer,
                           bool unknown_is_error, struct zdd_field_errors *errors)
{
    const size_t errors_before = errors->count;
    ZDD_AUTO_JSON json_t *full = zdd_appdef_with_defaults(canonical);
    const struct zdd_appdef_view view = {definition, full, pointer, unknown_is_error, errors};

    zdd_appdef_check_shape(&view);
    if (!json_is_object(definition))
        return false;
    if (!full) {
        zdd_field_error_add(errors, pointer, "could not be checked: no memory");
        errors->no_memory = true;
        return false;
    }
    check_id(&view);
    check_dependencies(&view);
    check_command(&view);
    check_executor(&view);
    check_environment(&view);
    zdd_appdef_check_life(&view);
    zdd_appdef_check_placement(&view);
    zdd_appdef_check_container(&view);
    zdd_appdef_check_ports(&view);
    zdd_appdef_check_probes(&view);
    return errors->count == errors_before;
}
