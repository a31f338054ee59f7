/**
 * @file tests/sim/sim.c
 * @brief Every strategy of the registry, the real engine step and the real store against a seeded
 * world of faults.
 *
 * `sim` runs seeds 1 to 200, `sim --seeds N` seeds 1 to N, `sim --from A --seeds N` N seeds from A
 * on, `sim SEED` replays one and tells its story. `sim --pair …`, `sim --canary …` and `sim
 * --rescue …` do the same over two apps behind balancers: blue-green, canaries, and pairs whose
 * apps both exist. Seeds that once failed stand in seeds.txt, pair_seeds.txt … and run each time.
 * Invariants: design.md §3. Virtual time; nothing sleeps.
 */
#include "server/base/crypto.h"
#include "server/base/log.h"
#include "storage/audit.h"
#include "tests/sim/play.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define STORE_SEEDS 250  /* then a fresh database, so that its size does not tell */
#define REPLAY_EVERY 250 /* seeds of which one is played again: the same seed, the same story */

static const struct scenery *const sceneries[] = {&one_app, &two_apps, &canary, &rescue};
static const struct scenery *scenery = &one_app;

static struct zdd_store *open_store(void)
{
    struct zdd_store *store = NULL;
    char reason[300];

    if (zdd_store_open(
            &(struct zdd_store_options){.path = ":memory:", .holder = "sim", .inline_writer = true},
            &store, reason) != ZDD_ERR_NONE) {
        fprintf(stderr, "sim: %s\n", reason);
        exit(EXIT_FAILURE);
    }
    return store;
}

/* Play @p seed in a database of its own. */
static void play_alone(uint64_t seed, FILE *story, struct sim *ret_sim)
{
    struct zdd_store *store = open_store();

    play(ret_sim, scenery, seed, store, story);
    zdd_store_free(store);
}

static char *story_of(uint64_t seed)
{
    static struct sim s;
    char *text = NULL;
    size_t size = 0;
    FILE *story = open_memstream(&text, &size);

    if (!story)
        return NULL;
    play_alone(seed, story, &s);
    fclose(story);
    return text;
}

/* No clock, no chance but the seed's, nothing left over from the seed before. */
static bool tells_the_same_twice(uint64_t seed)
{
    char *first = story_of(seed);
    char *second = story_of(seed);
    const bool same = first && second && strcmp(first, second) == 0;

    if (!same)
        printf("seed %" PRIu64 " has two stories:\n%s\n-- and --\n%s\n", seed,
               first ? first : "(no memory)", second ? second : "(no memory)");
    free(first);
    free(second);
    return same;
}

/* @return false, and the story printed, when the seed fails */
static bool run_seed(uint64_t seed, struct zdd_store *store, size_t ended[ZDD_PHASE_COUNT])
{
    static struct sim s;

    play(&s, scenery, seed, store, NULL);
    ended[s.run.phase]++;
    if (*s.failure) {
        printf("seed %" PRIu64 " failed: %s\nIts story (replay: sim %s %" PRIu64 "):\n", seed,
               s.failure, scenery->option, seed);
        play_alone(seed, stdout, &s);
        return false;
    }
    return seed % REPLAY_EVERY != 0 || tells_the_same_twice(seed);
}

static bool run_kept_seeds(struct zdd_store *store, size_t ended[ZDD_PHASE_COUNT])
{
    FILE *file = fopen(scenery->seeds_file, "r");
    char line[200]; /* the seed, and why it is kept */
    bool good = true;

    if (!file) {
        fprintf(stderr, "sim: cannot read %s\n", scenery->seeds_file);
        return false;
    }
    while (good && fgets(line, sizeof(line), file))
        good = run_seed(strtoull(line, NULL, 10), store, ended);
    fclose(file);
    return good;
}

static bool chain_is_whole(struct zdd_store *store)
{
    struct zdd_audit_verdict verdict;

    if (zdd_audit_verify(store, &verdict) != ZDD_ERR_NONE || !verdict.ok) {
        printf("the audit chain is broken at %" PRId64 ": %s\n", verdict.broken_seq, verdict.why);
        return false;
    }
    return verdict.entries > 0;
}

static int run_seeds(uint64_t from, uint64_t count)
{
    struct zdd_store *store = open_store();
    size_t ended[ZDD_PHASE_COUNT] = {0};
    bool good = run_kept_seeds(store, ended);

    for (uint64_t i = 0; good && i < count; i++) {
        good = run_seed(from + i, store, ended);
        if (good && (i + 1) % STORE_SEEDS == 0) {
            good = chain_is_whole(store);
            zdd_store_free(store);
            store = open_store();
        }
    }
    good = good && (count % STORE_SEEDS == 0 || chain_is_whole(store));
    zdd_store_free(store);
    printf("%" PRIu64 " seeds: %zu succeeded, %zu rolled back, %zu canceled, %zu failed\n", count,
           ended[ZDD_PHASE_SUCCEEDED], ended[ZDD_PHASE_ROLLED_BACK], ended[ZDD_PHASE_CANCELED],
           ended[ZDD_PHASE_FAILED]);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int usage(void)
{
    fprintf(stderr, "usage: sim [--pair | --canary | --rescue] [SEED | [--from SEED] --seeds N]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static struct sim s;
    uint64_t from = 1, count = 200;
    int at = 1;

    /* One thread: SQLite's locks would cost a tenth of the seeds. */
    if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK || !zdd_crypto_init())
        return EXIT_FAILURE;
    zdd_log_level_set(ZDD_LOG_ERROR);
    for (size_t i = 0; argc > 1 && i < ZDD_COUNT(sceneries); i++) {
        if (strcmp(argv[1], sceneries[i]->option) == 0) {
            scenery = sceneries[i];
            argv++;
            argc--;
        }
    }
    if (argc == 2 && argv[1][0] != '-') {
        play_alone(strtoull(argv[1], NULL, 10), stdout, &s);
        return *s.failure ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    for (; at + 1 < argc; at += 2) {
        if (strcmp(argv[at], "--from") == 0)
            from = strtoull(argv[at + 1], NULL, 10);
        else if (strcmp(argv[at], "--seeds") == 0)
            count = strtoull(argv[at + 1], NULL, 10);
        else
            return usage();
    }
    return at == argc ? run_seeds(from, count) : usage();
}
