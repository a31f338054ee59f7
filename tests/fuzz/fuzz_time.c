/**
 * @file tests/fuzz/fuzz_time.c
 * @brief Times: what is read is written and read back the same; every number has a text.
 */
#include "server/base/clock.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define LATEST_MS INT64_C(253402300799999)

static void check_text(const char *text)
{
    char formatted[ZDD_TIME_SIZE];
    int64_t ms = -7, again;

    if (!zdd_time_parse(text, &ms)) {
        FUZZ_CHECK(ms == -7);
        return;
    }
    zdd_time_format(ms, formatted);
    FUZZ_CHECK(zdd_time_parse(formatted, &again));
    if (ms >= 0 && ms <= LATEST_MS)
        FUZZ_CHECK(ms == again);
    else
        FUZZ_CHECK(again == (ms < 0 ? 0 : LATEST_MS));
}

static void check_number(int64_t ms)
{
    char text[ZDD_TIME_SIZE], next[ZDD_TIME_SIZE];
    int64_t again;

    zdd_time_format(ms, text);
    FUZZ_CHECK(strlen(text) == ZDD_TIME_SIZE - 1 && zdd_time_parse(text, &again));
    if (ms >= 0 && ms < LATEST_MS) {
        FUZZ_CHECK(again == ms);
        zdd_time_format(ms + 1, next);
        FUZZ_CHECK(strcmp(text, next) < 0); /* texts sort as the times do */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 1);
    int64_t ms = 0;

    check_text(parts.text[0]);
    if (size >= sizeof(ms)) {
        memcpy(&ms, data, sizeof(ms));
        check_number(ms);
        check_number(ms % (LATEST_MS + 1));
    }
    return 0;
}
