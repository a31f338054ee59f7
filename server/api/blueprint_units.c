/**
 * @file server/api/blueprint_units.c
 * @brief The small texts of a blueprint.
 */
#include "server/api/blueprint_units.h"

#include "strategies/model/limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65535
#define DIGIT_MAX 12      /* of one number: more than anything here needs */
#define SECONDS_MAX 86400 /* a check that waits longer than a day watches nothing */

/* Read digits with at most one point at @p text. @return what follows, NULL when there is no number
 */
static const char *decimal(const char *text, double *ret_number)
{
    const size_t size = strspn(text, "0123456789.");
    const char *point = memchr(text, '.', size);

    if (size == 0 || size > DIGIT_MAX || text[0] == '.' || text[size - 1] == '.')
        return NULL;
    if (point && memchr(point + 1, '.', size - (size_t)(point + 1 - text)))
        return NULL;
    *ret_number = strtod(text, NULL);
    return text + size;
}

/* A number with one of @p units behind it, which multiply. Blanks between are fine. */
struct unit {
    const char *word;
    double factor;
};

static bool with_unit(const json_t *value, const struct unit *units, size_t count, double *ret)
{
    const char *text = json_string_value(value);
    const char *behind;
    double number;

    if (json_is_number(value)) {
        *ret = json_number_value(value);
        return *ret >= 0;
    }
    behind = text ? decimal(text, &number) : NULL;
    if (!behind)
        return false;
    behind += strspn(behind, " ");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(behind, units[i].word) == 0) {
            *ret = number * units[i].factor;
            return true;
        }
    }
    return false;
}

bool zdd_blueprint_memory(const json_t *value, double *ret_mib)
{
    static const struct unit units[] = {
        {"", 1}, {"MB", 1}, {"MiB", 1}, {"GB", 1024}, {"GiB", 1024}};

    return with_unit(value, units, ZDD_COUNT(units), ret_mib);
}

bool zdd_blueprint_cpus(const json_t *value, double *ret_cpus)
{
    static const struct unit units[] = {{"", 1}, {"m", 0.001}};

    return with_unit(value, units, ZDD_COUNT(units), ret_cpus);
}

bool zdd_blueprint_seconds(const json_t *value, int64_t *ret_seconds)
{
    static const struct unit units[] = {{"s", 1}};
    double seconds;

    if (!with_unit(value, units, ZDD_COUNT(units), &seconds) || seconds > SECONDS_MAX ||
        seconds != floor(seconds))
        return false;
    *ret_seconds = (int64_t)seconds;
    return true;
}

bool zdd_blueprint_percent(const json_t *value, double *ret_percent)
{
    static const struct unit units[] = {{"%", 1}};
    double percent;

    if (!json_is_string(value) || !with_unit(value, units, ZDD_COUNT(units), &percent) ||
        percent > 100)
        return false;
    *ret_percent = percent;
    return true;
}

bool zdd_blueprint_port_text(const char *text, int64_t *ret_port, bool *ret_is_http,
                             bool *ret_typed)
{
    const size_t digits = strspn(text, "0123456789");
    const char *behind = text + digits;
    const bool is_tcp = strcmp(behind, "/tcp") == 0;
    const bool is_http = strcmp(behind, "/http") == 0;
    int64_t port = 0;

    if (digits == 0 || digits > 5 || (*behind && !is_tcp && !is_http))
        return false;
    for (size_t i = 0; i < digits; i++)
        port = port * 10 + (text[i] - '0');
    if (port > PORT_MAX)
        return false;
    *ret_port = port;
    *ret_is_http = !is_tcp;
    *ret_typed = is_tcp || is_http;
    return true;
}

bool zdd_blueprint_port(const json_t *value, int64_t *ret_port, bool *ret_is_http)
{
    bool typed;

    if (json_is_string(value))
        return zdd_blueprint_port_text(json_string_value(value), ret_port, ret_is_http, &typed);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > PORT_MAX)
        return false;
    *ret_port = json_integer_value(value);
    *ret_is_http = true;
    return true;
}
