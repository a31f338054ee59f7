/**
 * @file deploy/lab/api_guard.c
 * @brief What is refused before any handler is asked: who may call (§8), what may be answered
 * (§1.3).
 */
#include "deploy/lab/api.h"

#include <string.h>

#define PADDING 64 /* the last of the letters */

#define BASE64_SIZE (4 * ((ZDD_LAB_CREDENTIALS_MAX + 2) / 3) + 1)

/* RFC 4648 section 4. */
static void encode(const char *text, char ret[static BASE64_SIZE])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    const size_t size = strlen(text);
    size_t at = 0;

    for (size_t i = 0; i < size; i += 3) {
        const unsigned a = (unsigned char)text[i];
        const unsigned b = i + 1 < size ? (unsigned char)text[i + 1] : 0;
        const unsigned c = i + 2 < size ? (unsigned char)text[i + 2] : 0;

        ret[at++] = letters[a >> 2];
        ret[at++] = letters[(a & 3) << 4 | b >> 4];
        ret[at++] = letters[i + 1 < size ? (b & 15) << 2 | c >> 6 : PADDING];
        ret[at++] = letters[i + 2 < size ? c & 63 : PADDING];
    }
    ret[at] = '\0';
}

static bool may_call(const struct zdd_call *call, const char *credentials)
{
    const char *given = zdd_call_header(call, "Authorization");
    char expected[BASE64_SIZE];

    if (!credentials)
        return true;
    encode(credentials, expected);
    return given && strncmp(given, "Basic ", 6) == 0 && strcmp(given + 6, expected) == 0;
}

/* The REST layer speaks JSON alone; /v2/events and /ping have rules of their own. */
static bool takes_json(const struct zdd_call *call)
{
    const char *accept = zdd_call_header(call, "Accept");

    if (strncmp(call->path, "/v2/", 4) != 0 || strcmp(call->path, "/v2/events") == 0)
        return true;
    return !accept || !*accept || strstr(accept, "*/*") || strstr(accept, "application/*") ||
           strstr(accept, "application/json");
}

bool zdd_lab_call_refused(struct zdd_call *call, const struct zdd_lab *lab)
{
    if (!may_call(call, lab->options->credentials)) { /* Jetty's own words, not the REST layer's */
        zdd_call_add_header(call, "WWW-Authenticate", "Basic realm=\"Mesosphere\"");
        zdd_lab_answer_html(call, 401, "Unauthorized");
        return true;
    }
    if (!takes_json(call)) {
        (void)zdd_lab_refuse(call, 406, NULL, "Not Acceptable");
        return true;
    }
    return false;
}
