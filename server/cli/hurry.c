/**
 * @file server/cli/hurry.c
 * @brief Two deadlines: of the calls, then of the process.
 */
#include "server/cli/hurry.h"

#include "server/base/ticker.h"
#include "server/cli/cli.h"
#include "server/net/fetch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define STUCK_MS 10000 /* cut calls end within a second; what lasts longer will never end */

struct zdd_hurry {
    struct zdd_ticker *ticker;
    bool has_cut;
};

static int64_t lose_patience(void *cls)
{
    struct zdd_hurry *hurry = cls;

    if (hurry->has_cut) {
        zdd_cli_say("stopping took too long, ending now; the next start resumes what was under "
                    "way");
        _exit(ZDD_EXIT_FAILED);
    }
    zdd_fetch_stop_all();
    hurry->has_cut = true;
    return STUCK_MS;
}

struct zdd_hurry *zdd_hurry_start(int64_t after_ms)
{
    struct zdd_hurry *hurry = calloc(1, sizeof(*hurry));

    if (hurry) {
        hurry->ticker = zdd_ticker_start(lose_patience, hurry, after_ms);
        if (hurry->ticker)
            return hurry;
        free(hurry);
    }
    zdd_fetch_stop_all();
    return NULL;
}

struct zdd_hurry *zdd_hurry_free(struct zdd_hurry *hurry)
{
    if (!hurry)
        return NULL;
    zdd_ticker_free(hurry->ticker);
    free(hurry);
    return NULL;
}
