/**
 * @file tests/sim/store_faults.c
 * @brief Commits that fail: not begun, undone, or done without anybody hearing of it. Linked with
 * --wrap, so that each write of the engine and of the operators comes by.
 */
#include "tests/sim/play.h"

#define BROKEN_MAX_MS 30000

/* The linker's names: --wrap=f sends each call of f to __wrap_f. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)
 */
enum zdd_err __real_zdd_store_write(struct zdd_store *store, zdd_tx_body *body, void *cls);
enum zdd_err __wrap_zdd_store_write(struct zdd_store *store, zdd_tx_body *body, void *cls);

static struct sim *playing;

void store_faults_of(struct sim *s)
{
    playing = s;
    if (s)
        s->storing = true;
}

struct doomed {
    zdd_tx_body *body;
    void *cls;
    enum zdd_err err;
};

/* All of it runs, and nothing of it stays. */
static enum zdd_err run_in_vain(struct zdd_tx *tx, void *cls)
{
    struct doomed *doomed = cls;
    const enum zdd_err err = doomed->body(tx, doomed->cls);

    return err != ZDD_ERR_NONE ? err : doomed->err;
}

static enum zdd_err fail_write(struct sim *s, zdd_tx_body *body, void *cls)
{
    static const enum zdd_err errors[] = {ZDD_ERR_STORE_FULL, ZDD_ERR_STORE_BROKEN,
                                          ZDD_ERR_STORE_BUSY, ZDD_ERR_STORE_READ_ONLY};
    struct doomed doomed = {body, cls, errors[world_draw(&s->world) % ZDD_COUNT(errors)]};
    enum zdd_err err;

    s->store_failed = true;
    switch (world_draw(&s->world) % 3) {
    case 0:
        world_tell(&s->world, "a commit does not begin: %s", zdd_err_slug(doomed.err));
        return doomed.err;
    case 1:
        world_tell(&s->world, "a commit fails: %s", zdd_err_slug(doomed.err));
        return __real_zdd_store_write(s->store, run_in_vain, &doomed);
    default:
        world_tell(&s->world, "a commit is done, and says: %s", zdd_err_slug(doomed.err));
        err = __real_zdd_store_write(s->store, body, cls);
        return err != ZDD_ERR_NONE ? err : doomed.err;
    }
}

enum zdd_err __wrap_zdd_store_write(struct zdd_store *store, zdd_tx_body *body, void *cls)
{
    struct sim *s = playing;

    if (!s || !s->storing)
        return __real_zdd_store_write(store, body, cls);
    if (world_fault(&s->world, s->world.faults.store_breaks)) {
        s->broken_until_ms = s->world.now_ms + (int64_t)(world_draw(&s->world) % BROKEN_MAX_MS);
        world_tell(&s->world, "the store breaks until %.1f s", (double)s->broken_until_ms / 1000.0);
    }
    if (s->world.now_ms < s->broken_until_ms || world_fault(&s->world, s->world.faults.store_fails))
        return fail_write(s, body, cls);
    return __real_zdd_store_write(store, body, cls);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)
 */
