/**
 * @file tests/fuzz/fuzz_events.c
 * @brief Any bytes as an event: the apps it names are found, whatever stands around them.
 */
#include "server/engine/events.h"
#include "server/json/json.h"
#include "strategies/model/limits.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

struct search {
    const char *data, *end;
    const char *wanted; /* NULL: anything */
    bool found;
};

static void visit(void *cls, const char *app_id, size_t size)
{
    struct search *search = cls;

    FUZZ_CHECK(app_id > search->data && app_id + size < search->end);
    FUZZ_CHECK(size > 0 && size < ZDD_APP_ID_SIZE);
    FUZZ_CHECK(!memchr(app_id, '"', size) && !memchr(app_id, '\\', size));
    if (search->wanted && strlen(search->wanted) == size &&
        memcmp(search->wanted, app_id, size) == 0)
        search->found = true;
}

/* A parser must not know of an app that the search has missed. */
static void check_member(const struct fuzz_parts *parts, const json_t *event, const char *member)
{
    const char *wanted = zdd_json_text(event, member, NULL);
    struct search search = {parts->text[0], parts->text[0] + parts->size[0], wanted, false};

    if (!wanted || !*wanted || strlen(wanted) >= ZDD_APP_ID_SIZE)
        return;
    zdd_event_apps(parts->text[0], visit, &search);
    FUZZ_CHECK(search.found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 1);
    struct search search = {parts.text[0], parts.text[0] + parts.size[0], NULL, false};
    ZDD_AUTO_JSON json_t *event = NULL;

    (void)zdd_event_is_urgent(parts.text[0]);
    zdd_event_apps(parts.text[0], visit, &search);
    if (strpbrk(parts.text[0], "\n\r\\"))
        return 0; /* Marathon writes events on one line, and needs no escapes for an app id */
    event = fuzz_json(&parts, 0);
    check_member(&parts, event, "appId");
    check_member(&parts, event, "runSpecId");
    check_member(&parts, event, "app");
    return 0;
}
